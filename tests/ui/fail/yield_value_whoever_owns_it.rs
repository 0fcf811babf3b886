//! A yield must know that a generator owns the frame: `by_owner` asks.

use frame_runtime::generator::{GeneratorVm, Yield};
use frame_runtime::running::Running;

fn yield_value<V: GeneratorVm>(frame: Running<'_, V>) {
    let _ = frame.yield_value(Yield::From);
}

fn main() {}
