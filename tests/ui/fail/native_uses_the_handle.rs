//! While a native runs nobody has the handle of the frame that called it.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn native<V: FrameVm>(frame: Running<'_, V>) {
    let _ = frame.escape(|_| frame.depth());
}

fn main() {}
