//! A frame that yielded waits with its generator.

use frame_runtime::generator::{GeneratorVm, Yield};
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;

fn yield_value<V: GeneratorVm>(frame: Running<'_, V, Generator>) -> usize {
    let _resumer = frame.yield_value(Yield::Own);
    frame.depth()
}

fn main() {}
