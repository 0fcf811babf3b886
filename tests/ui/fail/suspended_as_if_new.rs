//! A frame that yields waits; it is not new again.

use frame_runtime::machine::generator::Created;
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::FrameVm;

fn suspend<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, Generator>) {
    let _ = frame.suspend::<Created>();
}

fn main() {}
