//! A frame object and its frame share what they hold: both are of one thread.

use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::thread;

fn send(object: FrameObject<Blank<Cpython3_14>>) {
    thread::scope(|scope| {
        scope.spawn(move || drop(object));
    });
}

fn main() {}
