//! From 3.13 on `clear` of a frame is refused while its generator waits.

use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::{Cleared, Suspended};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn clear<V: FrameVm<Python = Cpython3_14>>(generator: &Generator<V>) {
    let Some(frame) = generator.take::<Suspended>() else { return };
    frame.clear::<Cleared>().put_back();
}

fn main() {}
