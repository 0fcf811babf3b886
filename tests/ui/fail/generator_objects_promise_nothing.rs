//! What a VM says of the objects around its generators is a promise that memory safety rests on.

use frame_runtime::generator::GeneratorObjects;
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

impl GeneratorObjects for Machine {}

fn main() {}
