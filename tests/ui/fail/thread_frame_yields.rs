//! A frame that the thread owns does not yield: it would have no place to wait in.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::machine::owner::{Generator, Thread};
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn yield_value<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let (_resumer, _waiting) = frame.suspend::<Suspended>();
}

fn run<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Thread>) {
    yield_value(frame);
}

fn main() {}
