//! From 3.12 on a jump is allowed when a generator is resumed.

use frame_runtime::machine::trace::{Line, PyResume};
use frame_runtime::version::{Cpython3_11, Cpython3_12};
use frame_tests::typed::trace::Handle;

fn main() {
    let handle: Handle<Cpython3_12, PyResume> = Handle::new();
    let _: Handle<Cpython3_12, PyResume> = handle.set_lineno();
    let handle: Handle<Cpython3_11, Line> = Handle::new();
    let _: Handle<Cpython3_11, Line> = handle.set_lineno();
}
