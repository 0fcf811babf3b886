//! A frame on the data stack is popped, not freed.

use frame_runtime::machine::owner::Thread;
use frame_runtime::version::Cpython3_15;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_15, Thread> = Handle::new();
    handle.free();
}
