//! A frame that returned is gone.

use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn ret<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Thread>) {
    let _caller = frame.ret();
    let _ = frame.depth();
}

fn main() {}
