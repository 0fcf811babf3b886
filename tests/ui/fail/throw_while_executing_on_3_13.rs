//! From 3.13 on nothing is thrown into an executing generator, also while it delegates.

use frame_runtime::machine::generator::Executing;
use frame_runtime::version::Cpython3_13;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_13, Executing> = Handle::new();
    handle.throw();
}
