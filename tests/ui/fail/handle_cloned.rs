//! A frame has one handle.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn both<'t, V: FrameVm>(frame: Running<'t, V>) -> [Running<'t, V>; 2] {
    [frame.clone(), frame]
}

fn main() {}
