//! What leaves a frame of the thread pops it: it is no body of a generator.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::machine::owner::Thread;
use frame_runtime::running::Running;

fn raise<V: GeneratorVm>(frame: Running<'_, V, Thread>) {
    let _ = frame.raise_from_body();
}

fn main() {}
