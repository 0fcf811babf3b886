//! What the VM added to a frame goes with the frame.

use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn ret<V: FrameVm<Python = Cpython3_14, FrameExtra = u64>>(frame: Running<'_, V, Thread>) -> u64 {
    let extra = frame.extra();
    let _caller = frame.ret();
    *extra
}

fn main() {}
