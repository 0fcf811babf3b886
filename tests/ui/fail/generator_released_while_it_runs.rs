//! A generator that runs is not released: whoever runs it has its frame.

use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Created};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn resume<V>(entry: Entry<'_, V>, generator: GeneratorFrame<V, Created>) -> GeneratorFrame<V, Cleared>
where
    V: FrameVm<Python = Cpython3_14>,
{
    let _running = entry.send(generator);
    generator.release()
}

fn main() {}
