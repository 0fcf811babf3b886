//! A frame that was called is cleared when its entry is left: its handle cannot come out.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;

fn keep<V: FrameVm>(stack: &DataStack<V>, shim: V::Value, function: V::Value) {
    let _frame = stack.enter(shim, |entry| entry.call(function, &mut []));
}

fn main() {}
