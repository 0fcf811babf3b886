//! What a generator asks of its VM is in `GeneratorVm`; to be sent something it needs the answers.

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::Generator;
use frame_runtime::vm::FrameVm;

fn next<V: FrameVm>(stack: &DataStack<V>, generator: &Generator<V>) {
    let _ = generator.next(stack);
}

fn main() {}
