//! Leaving ends the frame and all below it, down to the entry.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn leave<V: FrameVm>(frame: Running<'_, V>) {
    let _entry = frame.leave();
    let _ = frame.depth();
}

fn main() {}
