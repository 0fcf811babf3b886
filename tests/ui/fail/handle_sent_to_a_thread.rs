//! A frame is run by the thread that entered its stack.

use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::thread;

fn send(frame: Running<'_, Blank<Cpython3_14>>) {
    thread::scope(|scope| {
        scope.spawn(move || drop(frame));
    });
}

fn main() {}
