//! A generator that has not begun does not yield.

use frame_runtime::machine::generator::Created;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Created> = Handle::new();
    handle.yield_();
}
