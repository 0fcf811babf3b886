//! A stack stays where it is while it is entered.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;

fn replace<V: FrameVm>(mut stack: DataStack<V>, other: DataStack<V>, shim: V::Value) {
    let _ = stack.enter(shim, |_| stack = other);
}

fn main() {}
