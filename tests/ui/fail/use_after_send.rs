//! A handle is used once: what it was before a transition is gone.

use frame_runtime::machine::generator::{Created, Executing};
use frame_runtime::version::Cpython3_14;
use frame_tests::typed::generator::Handle;

fn main() {
    let created: Handle<Cpython3_14, Created> = Handle::new();
    let _running: Handle<_, Executing> = created.send();
    let _again: Handle<_, Executing> = created.send();
}
