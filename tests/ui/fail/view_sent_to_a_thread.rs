//! Frames are looked at by their own thread only.

use frame_runtime::data_stack::DataStack;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;
use std::ops::ControlFlow;
use std::thread;

fn send(stack: &DataStack<Blank<Cpython3_14>>) {
    let _ = stack.walk(|view| {
        thread::scope(|scope| {
            scope.spawn(move || view.lasti());
        });
        ControlFlow::<()>::Continue(())
    });
}

fn main() {}
