//! A generator that waits does not return.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Suspended> = Handle::new();
    handle.return_();
}
