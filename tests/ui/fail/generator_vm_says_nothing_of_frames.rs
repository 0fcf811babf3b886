//! A VM that has generators has frames: `unsafe impl FrameVm`.

use frame_runtime::generator::Generator;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{NoValue, Vm};

struct Machine;

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = NoValue;
    type FrameExtra = ();
}

fn look(_: &Generator<Machine>) {}

fn main() {}
