//! Closing an awaitable that is over does nothing: it is no transition.

use frame_runtime::machine::athrow::Closed;
use frame_runtime::version::Cpython3_12;
use frame_tests::typed::athrow::Handle;

fn main() {
    let handle: Handle<Cpython3_12, Closed> = Handle::new();
    handle.close();
}
