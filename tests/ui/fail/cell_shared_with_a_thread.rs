//! What is in a cell changes without a lock: it is of one thread.

use frame_runtime::cell::Cell;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;

fn share(cell: &Cell<Blank<Cpython3_14>>) {
    std::thread::scope(|scope| {
        scope.spawn(|| cell.is_empty());
    });
}

fn main() {}
