//! A handle lives as long as its entry: a thread cannot keep it.

use frame_runtime::data_stack::DataStack;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{Blank, NoValue};
use std::cell::RefCell;

thread_local! {
    static KEPT: RefCell<Option<Running<'static, Blank<Cpython3_14>>>> = const { RefCell::new(None) };
}

fn keep(stack: &DataStack<Blank<Cpython3_14>>, shim: NoValue) {
    let _ = stack.unpark(shim, |frame| {
        KEPT.set(Some(frame));
    });
}

fn main() {}
