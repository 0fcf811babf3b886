//! From 3.15 on a generator that is over is cleared: none is only completed.

use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::Completed;
use frame_runtime::version::Cpython3_15;
use frame_runtime::vm::FrameVm;

fn take<V: FrameVm<Python = Cpython3_15>>(generator: &Generator<V>) -> bool {
    generator.take::<Completed>().is_some()
}

fn main() {}
