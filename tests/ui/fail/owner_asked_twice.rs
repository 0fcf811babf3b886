//! A frame has one owner: the handle that is asked becomes one of that owner.

use frame_runtime::running::{ByOwner, Running};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn end<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V>) {
    if let ByOwner::Thread(frame) = frame.by_owner() {
        let _ = frame.ret();
    } else if let ByOwner::Generator(frame) = frame.by_owner() {
        let _ = frame.finish();
    }
}

fn main() {}
