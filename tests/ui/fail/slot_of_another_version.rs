//! A slot means what its own version says: tags differ.

use frame_runtime::running::Running;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_13, Cpython3_14};
use frame_runtime::vm::Blank;

fn push(frame: &mut Running<'_, Blank<Cpython3_14>>, slot: StackRef<Blank<Cpython3_13>>) {
    frame.push(slot);
}

fn main() {}
