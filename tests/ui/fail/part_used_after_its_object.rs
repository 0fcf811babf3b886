//! A generator is in an object, and ends with it.

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{GeneratorVm, PartRef};

fn close<V: GeneratorVm>(stack: &DataStack<V>, object: V::Value) {
    let Some(PartRef::Generator(generator)) = V::part(&object) else { return };
    drop(object);
    let _ = generator.close(stack);
}

fn main() {}
