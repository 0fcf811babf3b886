//! A generator is not asked for a value while it executes.

use frame_runtime::machine::generator::Executing;
use frame_runtime::version::Cpython3_11;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_11, Executing> = Handle::new();
    handle.next();
}
