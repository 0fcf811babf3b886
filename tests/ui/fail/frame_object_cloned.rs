//! A frame has one object: who wants to keep it takes a reference to that.

use frame_runtime::frame_object::FrameObject;
use frame_runtime::vm::FrameVm;

fn copy<V: FrameVm>(object: &FrameObject<V>) -> FrameObject<V> {
    object.clone()
}

fn main() {}
