//! A frame that yielded waits in its generator.

use frame_runtime::machine::generator::Suspended;
use frame_runtime::machine::owner::Generator;
use frame_runtime::running::Running;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::FrameVm;

fn suspend<V: FrameVm<Python = Cpython3_12>>(frame: Running<'_, V, Generator>) {
    let _waiting = frame.suspend::<Suspended>();
    let _ = frame.depth();
}

fn main() {}
