//! A shim has no frame object.

use frame_runtime::machine::owner::Interpreter;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Interpreter> = Handle::new();
    handle.take_over();
}
