//! A VM with frames says so: `unsafe impl FrameVm`.

use frame_runtime::data_stack::DataStack;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{NoValue, Vm};

struct Machine;

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = NoValue;
    type FrameExtra = ();
}

fn run(_: &DataStack<Machine>) {}

fn main() {}
