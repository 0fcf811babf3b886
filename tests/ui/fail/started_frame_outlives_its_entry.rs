//! A body runs on the entry of its loop, and no longer.

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{GeneratorVm, Resume};

fn run<V: GeneratorVm>(stack: &DataStack<V>, shim: V::Value, resume: Resume<V>) {
    let _started = stack.enter(shim, |entry| resume.start(entry));
}

fn main() {}
