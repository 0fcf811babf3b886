//! A call takes the caller's handle; it comes back when the callee returns.

use frame_runtime::running::{Arguments, Running, Site};
use frame_runtime::vm::FrameVm;

fn call<V: FrameVm>(caller: Running<'_, V>, function: V::Value) {
    let _callee = caller.call(function, Arguments::default(), Site::default());
    let _ = caller.depth();
}

fn main() {}
