//! A handle lives as long as its entry: the VM cannot keep it.

use frame_runtime::data_stack::DataStack;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{FrameVm, NoValue, Vm};
use std::cell::RefCell;

#[derive(Default)]
struct Machine {
    kept: RefCell<Option<Running<'static, Machine>>>,
}

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = NoValue;
    type FrameExtra = ();
}

// SAFETY: it has no frame objects.
unsafe impl FrameVm for Machine {}

fn keep(stack: &DataStack<Machine>, shim: NoValue) {
    let _ = stack.unpark(shim, |frame| {
        stack.vm().kept.replace(Some(frame));
    });
}

fn main() {}
