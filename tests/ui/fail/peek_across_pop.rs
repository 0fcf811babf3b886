//! A pop moves the slot off the stack: what was peeked at is not there any more.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn pop<V: FrameVm>(frame: &mut Running<'_, V>) -> bool {
    let top = frame.peek(0);
    drop(frame.pop());
    top.is_null()
}

fn main() {}
