//! The frame of a generator that is over is not resumed.

use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Cleared;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn resume<V: FrameVm<Python = Cpython3_14>>(entry: Entry<'_, V>, frame: GeneratorFrame<V, Cleared>) {
    let _ = entry.send(frame);
}

fn main() {}
