//! A body that returned is over: its frame holds nothing.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;

fn return_value<V: GeneratorVm>(mut frame: Running<'_, V, Generator>) {
    let _resumer = frame.return_from_body();
    frame.push_null();
}

fn main() {}
