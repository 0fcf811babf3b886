//! A generator runs on a stack of its own VM.

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{Generator, GeneratorVm};

fn next<V: GeneratorVm, W: GeneratorVm>(stack: &DataStack<W>, generator: &Generator<V>) {
    let _ = generator.next(stack);
}

fn main() {}
