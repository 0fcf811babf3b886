//! An exception that leaves a frame must know who owns it: `by_owner` asks.

use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_13;
use frame_runtime::vm::FrameVm;

fn raise<V: FrameVm<Python = Cpython3_13>>(frame: Running<'_, V>) {
    let _ = frame.raise();
}

fn main() {}
