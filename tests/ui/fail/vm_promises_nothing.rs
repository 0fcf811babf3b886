//! What a VM says of its frame objects is a promise that memory safety rests on.

use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{FrameVm, NoValue, Vm};

struct Machine;

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = NoValue;
    type FrameExtra = ();
}

impl FrameVm for Machine {}

fn main() {}
