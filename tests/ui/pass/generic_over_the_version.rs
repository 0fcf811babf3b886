//! Code for all versions uses what is legal in all of them, and asks for the rest.

use frame_runtime::machine::generator::{Executing, OnYieldFrom, Suspended, SuspendedYieldFrom};
use frame_runtime::machine::owner::{OnPop, Thread};
use frame_runtime::machine::Gone;
use frame_runtime::version::{Activation, Cpython3_12, Cpython3_14};

fn delegates<V: Activation, N>()
where
    Executing: OnYieldFrom<V, N>,
    Thread: OnPop<V, Gone>,
{
}

fn main() {
    delegates::<Cpython3_12, Suspended>();
    delegates::<Cpython3_14, SuspendedYieldFrom>();
}
