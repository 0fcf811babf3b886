//! The frame owns its function: who wants to keep it takes a reference of its own.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn function<V: FrameVm>(frame: &Running<'_, V>) -> Option<V::Value> {
    frame.function().map(|function| *function)
}

fn main() {}
