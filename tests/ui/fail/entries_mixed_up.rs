//! What is of an inner entry is none of the outer one's.

use frame_runtime::entry::Entry;
use frame_runtime::vm::FrameVm;

fn mix<'outer, 'inner, V: FrameVm>(outer: &mut Entry<'outer, V>, inner: Entry<'inner, V>) {
    *outer = inner;
}

fn main() {}
