//! A push changes the stack: what was peeked at is looked at no longer.

use frame_runtime::running::Running;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::vm::FrameVm;

fn push<V: FrameVm>(frame: &mut Running<'_, V>) -> bool {
    let top = frame.peek(0);
    frame.push(StackRef::null());
    top.is_null()
}

fn main() {}
