//! A reference is shown to a visitor in passing: it stays the frame's.

use frame_runtime::visit::Visit;
use frame_runtime::vm::FrameVm;
use std::mem::ManuallyDrop;

struct Keep<'a, V: FrameVm>(Vec<&'a mut ManuallyDrop<V::Value>>);

// SAFETY: it is not: a reference is kept.
#[expect(unsafe_code, reason = "visitors promise what they do")]
unsafe impl<V: FrameVm> Visit<V> for Keep<'_, V> {
    fn owned(&mut self, reference: &mut ManuallyDrop<V::Value>) {
        self.0.push(reference);
    }

    fn borrowed(&mut self, _: &mut ManuallyDrop<V::Value>) {}
}

fn main() {}
