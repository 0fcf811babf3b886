//! What a generator holds that executes is not released, whoever has its handle.

use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::{Cleared, Executing};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn close<V: FrameVm<Python = Cpython3_14>>(generator: &Generator<V>) {
    let Some(frame) = generator.take::<Executing>() else { return };
    frame.release::<Cleared>().put_back();
}

fn main() {}
