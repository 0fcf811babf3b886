//! Until 3.12 `frame.clear()` closes a suspended generator; later it is an error.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Suspended> = Handle::new();
    handle.frame_clear();
}
