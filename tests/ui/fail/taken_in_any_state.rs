//! Which state a handle is taken in is said: what may be done with it follows from that.

use frame_runtime::generator::Generator;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn take<V: FrameVm<Python = Cpython3_14>>(generator: &Generator<V>) {
    let _frame = generator.take();
}

fn main() {}
