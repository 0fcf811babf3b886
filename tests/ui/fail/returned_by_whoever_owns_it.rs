//! A return must know who owns the frame: `by_owner` asks.

use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::FrameVm;

fn ret<V: FrameVm<Python = Cpython3_12>>(frame: Running<'_, V>) {
    let _ = frame.ret();
}

fn main() {}
