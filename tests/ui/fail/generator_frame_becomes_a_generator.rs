//! `RETURN_GENERATOR` moves a frame off the data stack.

use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_15;
use frame_runtime::vm::FrameVm;

fn again<V: FrameVm<Python = Cpython3_15>>(frame: Running<'_, V, Generator>) {
    let _ = frame.make_generator();
}

fn main() {}
