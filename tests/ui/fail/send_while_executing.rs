//! A generator is not resumed while it executes.

use frame_runtime::machine::generator::Executing;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Executing> = Handle::new();
    handle.send();
}
