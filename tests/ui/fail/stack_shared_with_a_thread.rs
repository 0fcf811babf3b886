//! The frames of a thread are looked at by that thread only.

use frame_runtime::data_stack::DataStack;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::thread;

fn share(stack: &DataStack<Blank<Cpython3_14>>) {
    thread::scope(|scope| {
        scope.spawn(move || stack.bytes());
    });
}

fn main() {}
