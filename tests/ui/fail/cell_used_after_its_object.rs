//! A cell is in an object, and ends with it.

use frame_runtime::cell::Cell;
use frame_runtime::vm::FrameVm;

fn content<V: FrameVm>(object: V::Value) -> Option<V::Value> {
    let cell: &Cell<V> = V::cell(&object)?;
    drop(object);
    cell.get()
}

fn main() {}
