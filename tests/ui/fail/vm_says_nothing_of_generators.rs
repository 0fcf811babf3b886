//! A VM with generators says so: `impl GeneratorVm`.

use frame_runtime::generator::Resume;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{FrameVm, NoValue, Vm};

struct Machine;

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = NoValue;
    type FrameExtra = ();
}

// SAFETY: it has no frame objects.
unsafe impl FrameVm for Machine {}

fn run(_: Resume<Machine>) {}

fn main() {}
