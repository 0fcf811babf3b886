//! A yield must know that a generator owns the frame: `by_owner` asks.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn yield_value<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let (_resumer, _waiting) = frame.suspend::<Suspended>();
}

fn run<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V>) {
    yield_value(frame);
}

fn main() {}
