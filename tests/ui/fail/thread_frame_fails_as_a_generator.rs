//! An exception that leaves a frame of the thread pops it: no generator is over by that.

use frame_runtime::machine::generator::Cleared;
use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn fail<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Thread>) {
    let _ = frame.fail::<Cleared>();
}

fn main() {}
