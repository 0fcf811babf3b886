//! A look at what is in a slot ends with the slot.

use frame_runtime::running::Running;
use frame_runtime::stack_ref::Ref;
use frame_runtime::vm::FrameVm;

fn top<'a, V: FrameVm>(frame: &'a mut Running<'_, V>) -> Option<Ref<'a, V>> {
    let slot = frame.pop();
    slot.as_value()
}

fn main() {}
