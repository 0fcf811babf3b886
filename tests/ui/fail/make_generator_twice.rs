//! A frame that lies in a generator does not move into one.

use frame_runtime::machine::owner::Generator;
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::owner::Handle;

fn main() {
    let handle: Handle<Cpython3_14, Generator> = Handle::new();
    handle.make_generator();
}
