//! A generator that waits does not yield.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_12;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_12, Suspended> = Handle::new();
    handle.yield_();
}
