//! Until 3.12 `frame.clear()` closes a suspended generator.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_12;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_12, Suspended> = Handle::new();
    let _: Handle<_, frame_runtime::machine::generator::Executing> = handle.frame_clear();
}
