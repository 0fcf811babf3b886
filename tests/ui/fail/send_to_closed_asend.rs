//! An awaitable is awaited once.

use frame_runtime::machine::asend::Closed;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::asend::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Closed> = Handle::new();
    handle.send();
}
