//! A generator that runs is not resumed a second time.

use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn resume<V>(one: Entry<'_, V>, two: Entry<'_, V>, generator: GeneratorFrame<V, Suspended>)
where
    V: FrameVm<Python = Cpython3_14>,
{
    let _running = one.send(generator);
    let _again = two.send(generator);
}

fn main() {}
