//! The frame of a generator is not on the data stack: `raise_from_body` ends it.

use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn raise<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let _ = frame.raise();
}

fn main() {}
