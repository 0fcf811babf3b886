//! What is in a slot is taken out once.

use frame_runtime::stack_ref::StackRef;
use frame_runtime::vm::FrameVm;

fn take<V: FrameVm>(slot: StackRef<V>) -> [Option<V::Value>; 2] {
    [slot.into_value(), slot.into_value()]
}

fn main() {}
