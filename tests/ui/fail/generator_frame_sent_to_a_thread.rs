//! What a generator holds is counted by its own thread.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::thread;

fn send(frame: GeneratorFrame<Blank<Cpython3_14>, Suspended>) {
    thread::scope(|scope| {
        scope.spawn(move || drop(frame));
    });
}

fn main() {}
