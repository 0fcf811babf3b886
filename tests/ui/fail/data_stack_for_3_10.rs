//! Frames of 3.10 do not lie on a data stack.

use frame_runtime::data_stack::DataStack;
use frame_runtime::version::Cpython3_10;
use frame_runtime::vm::Blank;

fn run(_: &DataStack<Blank<Cpython3_10>>) {}

fn main() {}
