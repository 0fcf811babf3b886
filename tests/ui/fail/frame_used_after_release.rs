//! What runs when an object ends may look at the frame: its handle is put down for that, and comes back.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn drop_value<V: FrameVm>(mut frame: Running<'_, V>) {
    let value = frame.pop();
    let _ = frame.release(value);
    let _ = frame.depth();
}

fn main() {}
