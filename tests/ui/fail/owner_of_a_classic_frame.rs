//! Frames of 3.10 are objects: nobody else owns their memory.

use frame_runtime::machine::{Runs, owner};
use frame_runtime::version::Cpython3_10;

fn main() {
    let _ = <Cpython3_10 as Runs<owner::Machine>>::RULES;
}
