//! A generator's frame is looked at by its own thread only.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::thread;

fn share(frame: &GeneratorFrame<Blank<Cpython3_14>, Suspended>) {
    thread::scope(|scope| {
        scope.spawn(move || frame.lasti());
    });
}

fn main() {}
