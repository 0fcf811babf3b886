//! A generator has one frame: references to its object are counted, not the generator.

use frame_runtime::generator::Generator;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;

fn copy(generator: Generator<Blank<Cpython3_14>>) -> [Generator<Blank<Cpython3_14>>; 2] {
    [generator.clone(), generator]
}

fn main() {}
