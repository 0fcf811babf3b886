//! `RETURN_GENERATOR` must know that the frame is on the data stack: `by_owner` asks.

use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_11;
use frame_runtime::vm::FrameVm;

fn make<V: FrameVm<Python = Cpython3_11>>(frame: Running<'_, V>) {
    let _ = frame.make_generator();
}

fn main() {}
