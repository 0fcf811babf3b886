//! What is in a slot is counted where it is copied: `duplicate` says so.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn copy<V: FrameVm>(frame: &mut Running<'_, V>) {
    let top = frame.pop();
    frame.push(top.clone());
    frame.push(top);
}

fn main() {}
