//! A frame is popped once.

use frame_runtime::running::{ByOwner, Running};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn pop<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V>) {
    if let ByOwner::Thread(frame) = frame.by_owner() {
        let _caller = frame.ret();
        let _caller = frame.ret();
    }
}

fn main() {}
