//! A frame of the thread is popped: it is no body of a generator.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;

fn return_value<V: GeneratorVm>(frame: Running<'_, V, Thread>) {
    let _ = frame.return_from_body();
}

fn main() {}
