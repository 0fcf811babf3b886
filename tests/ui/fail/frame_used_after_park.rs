//! A frame that is parked waits; `unpark` goes on with it.

use frame_runtime::running::{Running, Site};
use frame_runtime::vm::FrameVm;

fn park<V: FrameVm>(frame: Running<'_, V>) {
    let _entry = frame.park(Site::default());
    let _ = frame.depth();
}

fn main() {}
