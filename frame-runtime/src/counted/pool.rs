//! Memory that objects left, for those that come.

use alloc::alloc::dealloc;
use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

const WORD: usize = size_of::<usize>();

/// The largest blocks that are kept, in words.
const LARGEST: usize = 64;

/// Blocks of one size that are kept.
const MOST: usize = 128;

/// Memory of objects that ended, by size: taking a block from here and putting it back is cheaper than asking the global
/// allocator. A VM has one for each thread ([`CountedVm::with_pool`](super::CountedVm::with_pool)).
///
/// Blocks of up to 64 words are kept, 128 of each size; they are freed with the pool.
pub struct Pool {
    /// The first block of each size, in words.
    first: [Cell<Option<NonNull<Kept>>>; LARGEST + 1],
}

/// What is in a block while it is kept.
struct Kept {
    next: Option<NonNull<Kept>>,
    /// Blocks from this one on.
    length: usize,
}

/// Takes the first block out of a list.
#[inline(always)]
fn first_of(list: &Cell<Option<NonNull<Kept>>>) -> Option<NonNull<u8>> {
    let block = list.get()?;
    // SAFETY: it was written when the block was kept, and nobody else has the block.
    list.set(unsafe { block.as_ref() }.next);
    Some(block.cast())
}

impl Pool {
    /// A pool with nothing in it.
    pub const fn new() -> Pool {
        Pool { first: [const { Cell::new(None) }; LARGEST + 1] }
    }

    /// Where blocks of this layout are. `None`: they are not kept.
    #[inline(always)]
    fn list(&self, layout: Layout) -> Option<&Cell<Option<NonNull<Kept>>>> {
        let fits = layout.align() == align_of::<Kept>() && layout.size() >= size_of::<Kept>();
        self.first.get(layout.size() / WORD).filter(|_| fits && layout.size().is_multiple_of(WORD))
    }

    /// A block of this layout, uninitialised, which is the caller's from now on.
    #[inline(always)]
    pub(super) fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        first_of(self.list(layout)?)
    }

    /// Keeps a block, if there is room; else it stays the caller's.
    ///
    /// # Safety
    ///
    /// It must come from the global allocator, with this layout, and be the caller's alone.
    #[inline(always)]
    pub(super) unsafe fn keep(&self, memory: NonNull<u8>, layout: Layout) -> bool {
        let Some(list) = self.list(layout) else { return false };
        let next = list.get();
        // SAFETY: it was written when the block was kept, and nobody else has the block.
        let length = next.map_or(0, |next| unsafe { next.as_ref() }.length) + 1;
        if length > MOST {
            return false;
        }
        let block = memory.cast::<Kept>();
        // SAFETY: a block of this layout is as large as that at least, and aligned for it; it is the caller's alone.
        unsafe { block.write(Kept { next, length }) };
        list.set(Some(block));
        true
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (words, list) in self.first.iter().enumerate() {
            let Ok(layout) = Layout::array::<usize>(words) else { continue };
            while let Some(block) = first_of(list) {
                // SAFETY: blocks in this list were allocated with this layout, and this one is in it no more.
                unsafe { dealloc(block.as_ptr(), layout) };
            }
        }
    }
}
