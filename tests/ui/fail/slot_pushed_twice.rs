//! A reference is in one slot: a second one needs a second reference.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn copy<V: FrameVm>(frame: &mut Running<'_, V>) {
    let top = frame.pop();
    frame.push(top);
    frame.push(top);
}

fn main() {}
