//! What begins a loop begins one: the generator's handle is in it.

use frame_runtime::entry::Entry;
use frame_runtime::generator::{GeneratorVm, Resume};

fn run<V: GeneratorVm>(one: Entry<'_, V>, two: Entry<'_, V>, resume: Resume<V>) {
    let _running = resume.start(one);
    let _again = resume.start(two);
}

fn main() {}
