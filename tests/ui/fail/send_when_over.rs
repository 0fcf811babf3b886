//! A generator that is over is not resumed.

use frame_runtime::machine::generator::Cleared;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Cleared> = Handle::new();
    handle.send();
}
