//! The frame owns its function, and it may end with the frame.

use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn ret<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Thread>) -> bool {
    let function = frame.function();
    let _caller = frame.ret();
    function.is_some()
}

fn main() {}
