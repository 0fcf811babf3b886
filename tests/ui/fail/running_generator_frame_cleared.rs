//! A frame that runs is not cleared.

use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::FrameVm;

fn clear<V: FrameVm<Python = Cpython3_12>>(frame: Running<'_, V, Generator>) {
    let _ = frame.clear();
}

fn main() {}
