//! Searching a handler is a state of 3.10 only.

use frame_runtime::machine::generator::Executing;
use frame_runtime::version::Cpython3_12;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_12, Executing> = Handle::new();
    handle.fail();
}
