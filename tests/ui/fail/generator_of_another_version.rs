//! A generator runs on frames of its own version.

use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Suspended;
use frame_runtime::version::{Cpython3_13, Cpython3_14};
use frame_runtime::vm::Blank;

fn resume(entry: Entry<'_, Blank<Cpython3_14>>, generator: GeneratorFrame<Blank<Cpython3_13>, Suspended>) {
    let _ = entry.send(generator);
}

fn main() {}
