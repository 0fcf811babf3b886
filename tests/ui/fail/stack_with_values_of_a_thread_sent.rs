//! A stack with references that one thread counts stays on that thread.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;
use std::thread;

fn send<V: FrameVm + Send>(stack: DataStack<V>)
where
    V::FrameExtra: Send,
{
    thread::spawn(move || drop(stack));
}

fn main() {}
