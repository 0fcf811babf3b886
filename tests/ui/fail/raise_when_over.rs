//! No exception leaves a generator that is over.

use frame_runtime::machine::generator::Cleared;
use frame_runtime::version::Cpython3_15;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_15, Cleared> = Handle::new();
    handle.raise();
}
