//! A frame object is made of a frame.

use frame_runtime::frame_object::FrameObject;
use frame_runtime::vm::FrameVm;

fn make<V: FrameVm>() -> FrameObject<V> {
    FrameObject::default()
}

fn main() {}
