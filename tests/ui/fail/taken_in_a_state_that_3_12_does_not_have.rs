//! 3.12 does not tell a `yield from` from a `yield`: no generator of it is taken in that state.

use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::SuspendedYieldFrom;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::FrameVm;

fn take<V: FrameVm<Python = Cpython3_12>>(generator: &Generator<V>) -> bool {
    generator.take::<SuspendedYieldFrom>().is_some()
}

fn main() {}
