//! That a loop keeps within its frames unchecked is for the loop to promise.

use frame_runtime::entry::Entry;
use frame_runtime::vm::FrameVm;

fn quick<V: FrameVm>(entry: Entry<'_, V>) {
    let _ = entry.trusted();
}

fn main() {}
