//! A local stays in its slot: `duplicate` counts it, `set_local` moves it out.

use frame_runtime::running::Running;
use frame_runtime::vm::FrameVm;

fn load<V: FrameVm>(frame: &mut Running<'_, V>) {
    let local = *frame.local(0);
    frame.push(local);
}

fn main() {}
