//! A generator that executes is not resumed, whoever has its handle.

use frame_runtime::entry::Entry;
use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::Executing;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn resume<V: FrameVm<Python = Cpython3_14>>(entry: Entry<'_, V>, generator: &Generator<V>) {
    let Some(frame) = generator.take::<Executing>() else { return };
    let _ = entry.send(frame);
}

fn main() {}
