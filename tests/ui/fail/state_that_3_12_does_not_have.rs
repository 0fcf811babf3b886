//! 3.12 does not tell a `yield from` from a yield: no frame of it is in such a state.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::SuspendedYieldFrom;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::FrameVm;

fn state<V: FrameVm<Python = Cpython3_12>>(frame: &GeneratorFrame<V, SuspendedYieldFrom>) -> i8 {
    frame.raw_state()
}

fn main() {}
