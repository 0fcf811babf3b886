//! A frame is looked at during the walk; later it may be gone.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;
use std::ops::ControlFlow;

fn keep<V: FrameVm>(stack: &DataStack<V>) {
    let mut kept = None;
    let _ = stack.walk(|view| {
        kept = Some(view);
        ControlFlow::<()>::Break(())
    });
}

fn main() {}
