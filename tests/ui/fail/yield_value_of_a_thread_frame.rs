//! A frame of the thread has no generator to wait in: it does not yield.

use frame_runtime::generator::{GeneratorVm, Yield};
use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;

fn yield_value<V: GeneratorVm>(frame: Running<'_, V, Thread>) {
    let _ = frame.yield_value(Yield::Own);
}

fn main() {}
