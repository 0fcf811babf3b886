//! The frame that sends waits below the one that it resumed.

use frame_runtime::generator::GeneratorVm;
use frame_runtime::running::{Running, Site};

fn send<V: GeneratorVm>(frame: Running<'_, V>) -> usize {
    let _resumed = frame.send_value(Site::default());
    frame.depth()
}

fn main() {}
