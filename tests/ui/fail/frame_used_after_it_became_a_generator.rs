//! A frame that became a generator is no longer on the data stack, and does not run.

use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn make<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Thread>) {
    let _generator = frame.make_generator();
    let _ = frame.depth();
}

fn main() {}
