//! A native may look at the frame: its handle is put down for that, and comes back.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn native<V: FrameVm>(frame: Running<'_, V>) {
    let _ = frame.escape(|stack| stack.bytes());
    let _ = frame.depth();
}

fn main() {}
