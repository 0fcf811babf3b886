//! What is thrown into a generator is an object of its VM.

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{Generator, GeneratorVm, Throw};

fn throw<V: GeneratorVm, W: GeneratorVm>(stack: &DataStack<V>, generator: &Generator<V>, throw: &Throw<W::Value>) {
    let _ = generator.throw(stack, throw);
}

fn main() {}
