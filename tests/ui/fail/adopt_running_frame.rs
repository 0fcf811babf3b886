//! A generator is made of a frame object whose activation is over.

use frame_runtime::machine::owner::Thread;
use frame_runtime::version::Cpython3_11;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_11, Thread> = Handle::new();
    handle.adopt();
}
