//! A handle lives as long as its entry: behind it the frame is gone.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;

fn keep<V: FrameVm>(stack: &DataStack<V>, shim: V::Value) {
    let mut kept = None;
    let _ = stack.enter(shim, |entry| kept = Some(entry));
}

fn main() {}
