//! An inline cache is read while the frame runs, not while it waits for its callee.

use frame_runtime::running::{Arguments, Running, Site};
use frame_runtime::vm::FrameVm;

fn call<V: FrameVm>(frame: Running<'_, V>, function: V::Value) -> u16 {
    let cache = frame.unit(0);
    let _callee = frame.call(function, Arguments::default(), Site::default());
    cache.get()
}

fn main() {}
