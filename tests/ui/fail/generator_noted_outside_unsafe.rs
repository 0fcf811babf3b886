//! That an object holds a generator's frame is for the VM to promise.

use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::Created;
use frame_runtime::vm::FrameVm;

fn note<V: FrameVm>(frame: &GeneratorFrame<V, Created>, generator: &V::Value) {
    frame.set_generator(generator);
}

fn main() {}
