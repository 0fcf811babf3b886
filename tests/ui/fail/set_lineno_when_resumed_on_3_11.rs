//! From 3.12 on a jump is allowed when a generator is resumed; 3.11 does not tell that from a new frame.

use frame_runtime::machine::trace::PyResume;
use frame_runtime::version::Cpython3_11;
use frame_tests::typed::trace::Handle;

fn main() {
    let handle: Handle<Cpython3_11, PyResume> = Handle::new();
    handle.set_lineno();
}
