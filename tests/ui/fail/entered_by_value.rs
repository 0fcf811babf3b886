//! A stack is entered where it is: it is lent, not given away.

use frame_runtime::data_stack::DataStack;
use frame_runtime::vm::FrameVm;

fn enter<V: FrameVm>(stack: DataStack<V>, shim: V::Value) {
    let _ = DataStack::enter(stack, shim, |_| ());
}

fn main() {}
