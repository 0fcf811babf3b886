//! The evaluation loop is left through a shim.

use frame_runtime::machine::owner::Thread;
use frame_runtime::version::Cpython3_13;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_13, Thread> = Handle::new();
    handle.leave();
}
