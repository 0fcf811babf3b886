//! 3.12 does not tell a `yield from` from a `yield`.

use frame_runtime::machine::Numbers;
use frame_runtime::machine::generator::SuspendedYieldFrom;
use frame_runtime::version::Cpython3_12;

fn main() {
    let _ = <Cpython3_12 as Numbers<SuspendedYieldFrom>>::RAW;
}
