//! From 3.13 on an awaitable is being awaited before anything comes out of it.

use frame_runtime::machine::asend::Init;
use frame_runtime::version::Cpython3_13;
use frame_tests::typed::asend::Handle;

fn main() {
    let handle: Handle<Cpython3_13, Init> = Handle::new();
    handle.yielded();
}
