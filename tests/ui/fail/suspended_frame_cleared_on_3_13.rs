//! From 3.13 on the frame of a generator that waits is not cleared.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Suspended};
use frame_runtime::version::Cpython3_13;
use frame_runtime::vm::FrameVm;

fn clear<V: FrameVm<Python = Cpython3_13>>(frame: GeneratorFrame<V, Suspended>) -> GeneratorFrame<V, Cleared> {
    frame.clear()
}

fn main() {}
