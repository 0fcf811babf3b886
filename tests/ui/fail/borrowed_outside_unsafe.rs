//! That something else keeps a reference that is not counted is for the loop to promise.

use frame_runtime::running::Running;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::vm::FrameVm;

fn push<V: FrameVm>(frame: &mut Running<'_, V>, value: &V::Value) {
    frame.push(StackRef::borrowed(value));
}

fn main() {}
