//! A generator's frame is in its generator: it makes no second one.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::machine::generator::Flavour;
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;

fn make<V: GeneratorVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let _ = frame.return_generator(Flavour::Generator);
}

fn main() {}
