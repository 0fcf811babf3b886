//! A generator has one frame, and its frame one handle.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::vm::FrameVm;

fn copy<V: FrameVm>(frame: &GeneratorFrame<V, Suspended>) -> GeneratorFrame<V, Suspended> {
    frame.clone()
}

fn main() {}
