//! Until 3.12 `throw()` does not begin an awaitable.

use frame_runtime::machine::asend::Init;
use frame_runtime::version::Cpython3_12;
use frame_tests::typed::asend::Handle;

fn main() {
    let handle: Handle<Cpython3_12, Init> = Handle::new();
    let _: Handle<_, frame_runtime::machine::asend::Closed> = handle.yielded();
}
