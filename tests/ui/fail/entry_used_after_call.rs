//! A call takes the entry; it comes back when the frame that was called leaves.

use frame_runtime::entry::Entry;
use frame_runtime::vm::FrameVm;

fn call<V: FrameVm>(entry: Entry<'_, V>, function: V::Value) {
    let _callee = entry.call(function, &mut []);
    let _ = entry.stack();
}

fn main() {}
