//! A generator that is over delegates no more.

use frame_runtime::machine::generator::Cleared;
use frame_runtime::version::Cpython3_13;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_13, Cleared> = Handle::new();
    handle.yield_from();
}
