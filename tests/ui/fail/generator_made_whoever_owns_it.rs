//! A frame that becomes a generator is one of the thread: `by_owner` asks.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::machine::generator::Flavour;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;

fn make<V: GeneratorVm<Python = Cpython3_14>>(frame: Running<'_, V>) {
    let _ = frame.return_generator(Flavour::Coroutine);
}

fn main() {}
