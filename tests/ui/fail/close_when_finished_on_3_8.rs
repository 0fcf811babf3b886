//! Closing a generator that is over does nothing: it is no transition.

use frame_runtime::machine::generator::Finished;
use frame_runtime::version::Cpython3_8;
use frame_tests::typed::generator::Handle;

fn main() {
    let handle: Handle<Cpython3_8, Finished> = Handle::new();
    handle.close();
}
