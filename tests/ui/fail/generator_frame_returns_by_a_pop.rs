//! The frame of a generator is not on the data stack: it finishes, and is not popped.

use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn ret<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let _ = frame.return_value();
}

fn main() {}
