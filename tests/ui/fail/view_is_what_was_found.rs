//! A walk finds what outlives it: the frame's object, not a look at the frame.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;
use std::ops::ControlFlow;

fn topmost<V: FrameVm>(stack: &DataStack<V>) {
    let _frame = stack.walk(|view| ControlFlow::Break(view));
}

fn main() {}
