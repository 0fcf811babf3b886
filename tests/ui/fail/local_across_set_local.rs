//! A local that is set is another one: what was in it moves out.

use frame_runtime::running::Running;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::vm::FrameVm;

fn set<V: FrameVm>(frame: &mut Running<'_, V>) -> bool {
    let local = frame.local(0);
    drop(frame.set_local(0, StackRef::null()));
    local.is_null()
}

fn main() {}
