//! Memory for one frame that is not on a data stack.

#![expect(unsafe_code, reason = "raw memory")]

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::ptr::NonNull;

/// A block of words, freed when it is dropped. What is in it is not the room's business.
pub(crate) struct Room {
    memory: NonNull<()>,
    words: usize,
}

fn layout(words: usize) -> Option<Layout> {
    Layout::array::<usize>(words).ok()
}

impl Room {
    /// `None`: there is no memory.
    pub(crate) fn new(words: usize) -> Option<Room> {
        let layout = layout(words).filter(|layout| layout.size() > 0)?;
        // SAFETY: the size is not 0.
        let memory = NonNull::new(unsafe { alloc(layout) })?;
        Some(Room { memory: memory.cast(), words })
    }

    #[inline(always)]
    pub(crate) const fn memory(&self) -> NonNull<()> {
        self.memory
    }

    pub(crate) const fn words(&self) -> usize {
        self.words
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(layout) = layout(self.words) {
            // SAFETY: it was allocated with this layout, and nobody has it any more.
            unsafe { dealloc(self.memory.as_ptr().cast(), layout) };
        }
    }
}
