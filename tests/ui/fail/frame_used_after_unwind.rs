//! An exception takes the frame to its handler, or out of it.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn raise<V: FrameVm>(frame: Running<'_, V>, exception: V::Value) {
    let _unwound = frame.unwind(exception);
    let _ = frame.depth();
}

fn main() {}
