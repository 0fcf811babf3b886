//! Who puts a handle back has it no more.

use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn look<V: FrameVm<Python = Cpython3_14>>(generator: &Generator<V>) -> Option<isize> {
    let frame = generator.take::<Suspended>()?;
    frame.put_back();
    frame.lasti()
}

fn main() {}
