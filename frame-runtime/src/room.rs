//! Memory for one frame that is not on a data stack.

#![expect(unsafe_code, reason = "raw memory")]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::vm::FrameVm;

/// A block of words of the VM's, which goes back to it when it is dropped. What is in it is not the room's business.
pub(crate) struct Room<V: FrameVm> {
    memory: NonNull<()>,
    words: usize,
    vm: PhantomData<fn(V)>,
}

#[inline(always)]
fn layout(words: usize) -> Option<Layout> {
    Layout::array::<usize>(words).ok()
}

impl<V: FrameVm> Room<V> {
    /// `None`: there is no memory.
    #[inline(always)]
    pub(crate) fn new(vm: &V, words: usize) -> Option<Room<V>> {
        let layout = layout(words).filter(|layout| layout.size() > 0)?;
        let memory = vm.allocate_frame(layout)?;
        Some(Room { memory: memory.cast(), words, vm: PhantomData })
    }

    #[inline(always)]
    pub(crate) const fn memory(&self) -> NonNull<()> {
        self.memory
    }

    #[inline(always)]
    pub(crate) const fn words(&self) -> usize {
        self.words
    }
}

impl<V: FrameVm> Drop for Room<V> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(layout) = layout(self.words) {
            // SAFETY: it was allocated with this layout, and nobody has it any more.
            unsafe { V::free_frame(self.memory.cast(), layout) };
        }
    }
}
