//! 3.14 numbers an owner that it never stores.

use frame_runtime::machine::owner::Cstack;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Cstack> = Handle::new();
    handle.leave();
}
