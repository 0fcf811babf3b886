//! The memory of frames that threads own: chunks, each frame's header and slots in one piece, push and pop a bump.
//!
//! It knows sizes, order and limits, and which frame is the topmost; not what is in a frame.
//!
//! Source: `_PyThreadState_PushFrame`, `push_chunk`, `_PyThreadState_PopFrame`, Python/pystate.c.

#![expect(unsafe_code, reason = "chunks are raw memory")]

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::mem::offset_of;
use core::ptr::{self, NonNull};

use crate::exception::Handled;
use crate::frame::{Finally, FramePtr};
use crate::trace::Delivery;
use crate::vm::FrameVm;

/// Bytes of a chunk, unless a frame needs more (`DATA_STACK_CHUNK_SIZE`).
pub const CHUNK_BYTES: usize = 16 * 1024;

/// Words that must be free in a new chunk besides the frame that it is for (`MINIMUM_OVERHEAD`).
const MINIMUM_OVERHEAD: usize = 1000;

const WORD: usize = size_of::<usize>();

/// The head of a chunk; its words follow.
///
/// Source: `struct _stack_chunk`, Include/cpython/pystate.h.
#[repr(C)]
struct Chunk {
    /// The chunk below.
    previous: *mut Chunk,
    /// Bytes of the whole chunk.
    size: usize,
    /// Words in use; only valid while another chunk is the current one.
    top: usize,
}

/// Words of a chunk's head: its first word of data has this index.
const DATA: usize = size_of::<Chunk>() / WORD;

/// Why there is no room for another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// As many activations as allowed are running.
    Recursion,
    /// The chunks would need more memory than allowed, or than there is.
    Memory,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Full::Recursion => "maximum recursion depth exceeded",
            Full::Memory => "the data stack needs more memory than it may have",
        })
    }
}

impl core::error::Error for Full {}

/// A recursion limit that is reached already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitTooLow {
    /// The limit that was asked for.
    pub limit: u32,
    /// Activations that run.
    pub depth: u32,
}

impl fmt::Display for LimitTooLow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.limit == 0 {
            return f.write_str("recursion limit must be greater or equal than 1");
        }
        let LimitTooLow { limit, depth } = self;
        write!(f, "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low")
    }
}

impl core::error::Error for LimitTooLow {}

/// What a data stack may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Activations that may run at a time (`sys.setrecursionlimit`). Shims do not count.
    pub recursion: u32,
    /// Bytes of all chunks together, the spare one included.
    pub bytes: usize,
}

impl Default for Limits {
    /// 1000 activations, as much memory as there is.
    fn default() -> Self {
        Limits { recursion: 1000, bytes: usize::MAX }
    }
}

/// The frames of one thread of a VM.
///
/// Everything is done through shared references, so that a thread that is shared by reference can hold one; hence it is
/// not `Sync`. The only way in is [`enter`](Self::enter).
pub struct DataStack<V: FrameVm> {
    /// The next free word, null before the first frame.
    top: Cell<*mut usize>,
    /// The end of the current chunk.
    limit: Cell<*mut usize>,
    /// The current chunk.
    chunk: Cell<*mut Chunk>,
    /// One chunk that is not used, so that a loop that goes over a chunk's edge does not allocate each time.
    spare: Cell<*mut Chunk>,
    /// The topmost frame.
    pub(crate) current: Cell<Option<FramePtr<V>>>,
    /// Activations that may still be added.
    pub(crate) remaining: Cell<u32>,
    /// Frames that wait for their loop to go on, while nothing of this stack runs.
    pub(crate) parked: Cell<Option<Parked<V>>>,
    /// What a trace function or monitoring tool is being told.
    pub(crate) delivery: Cell<Option<Delivery<V>>>,
    /// How often the chain is being walked.
    pub(crate) walks: Cell<u32>,
    /// Exceptions that are being handled.
    pub(crate) handled: Handled<V>,
    /// Bytes of all chunks.
    bytes: Cell<usize>,
    limits: Cell<Limits>,
    vm: V,
}

/// The ends of a chain of frames that waits.
pub(crate) struct Parked<V: FrameVm> {
    pub(crate) top: FramePtr<V>,
    pub(crate) bottom: FramePtr<V>,
}

impl<V: FrameVm> Clone for Parked<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for Parked<V> {}

// SAFETY: between two entries, and only then can a stack be moved to another thread, nobody has a handle of its frames.
// What it holds then, of frames that are parked, are values and extras, which may go. Its chunks are memory of the global
// allocator.
unsafe impl<V: FrameVm + Send> Send for DataStack<V>
where
    V::Value: Send,
    V::FrameExtra: Send,
{
}

impl<V: FrameVm> DataStack<V> {
    /// Where the next free word is noted, in bytes from the stack's own address. For machine code that pushes and pops:
    /// a frame has room when its words are fewer than those between this and [`LIMIT_OFFSET`](Self::LIMIT_OFFSET).
    pub const TOP_OFFSET: usize = offset_of!(Self, top);
    /// Where the end of the chunk is noted.
    pub const LIMIT_OFFSET: usize = offset_of!(Self, limit);
    /// Where the topmost frame is noted; null when there is none.
    pub const CURRENT_OFFSET: usize = offset_of!(Self, current);
    /// Where it is noted how many activations may still be added: 32 bits. A call takes one, its end gives it back.
    pub const REMAINING_OFFSET: usize = offset_of!(Self, remaining);

    /// An empty stack of a VM. Allocates with the first frame.
    pub const fn new(vm: V, limits: Limits) -> Self {
        DataStack {
            top: Cell::new(ptr::null_mut()),
            limit: Cell::new(ptr::null_mut()),
            chunk: Cell::new(ptr::null_mut()),
            spare: Cell::new(ptr::null_mut()),
            current: Cell::new(None),
            remaining: Cell::new(limits.recursion),
            parked: Cell::new(None),
            delivery: Cell::new(None),
            walks: Cell::new(0),
            handled: Handled::new(),
            bytes: Cell::new(0),
            limits: Cell::new(limits),
            vm,
        }
    }

    /// The VM.
    pub fn vm(&self) -> &V {
        &self.vm
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        self.limits.get()
    }

    /// Changes how many activations may run at a time.
    ///
    /// # Errors
    ///
    /// [`LimitTooLow`], if as many run already.
    ///
    /// Source: `sys_setrecursionlimit_impl`, Python/sysmodule.c.
    pub fn set_recursion_limit(&self, limit: u32) -> Result<(), LimitTooLow> {
        let limits = self.limits.get();
        let depth = limits.recursion - self.remaining.get();
        if depth >= limit {
            return Err(LimitTooLow { limit, depth });
        }
        self.remaining.set(limit - depth);
        self.limits.set(Limits { recursion: limit, ..limits });
        Ok(())
    }

    /// The exception that is being handled: that of the topmost generator or thread that handles one.
    pub fn handled(&self) -> Option<V::Value> {
        self.handled.get()
    }

    /// Changes what is being handled by the generator that runs, or by the thread where none does. Returns what was.
    ///
    /// Dropping that may run code of the program.
    pub fn replace_handled(&self, exception: Option<V::Value>) -> Option<V::Value> {
        self.handled.replace(exception)
    }

    /// Whether an eval loop has the topmost frame in its hands.
    pub(crate) fn is_held(&self) -> bool {
        self.current.get().is_some_and(FramePtr::is_held)
    }

    /// Another activation runs; there must be room.
    pub(crate) fn take_one(&self) {
        self.remaining.set(self.remaining.get() - 1);
    }

    /// Activations that may still be added.
    pub fn remaining(&self) -> u32 {
        self.remaining.get()
    }

    /// Bytes of all chunks, the spare one included.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Takes memory for a frame off the top.
    ///
    /// Strictly less than what is free: one word at least stays unused, as in CPython.
    #[inline(always)]
    pub(crate) fn push(&self, words: usize) -> Result<NonNull<()>, Full> {
        let top = self.top.get();
        if words * WORD < self.limit.get().addr() - top.addr() {
            self.top.set(top.wrapping_add(words));
            // SAFETY: there is free room, so there is a chunk, and its words are not at address 0.
            return Ok(unsafe { NonNull::new_unchecked(top.cast()) });
        }
        // A pointer and not a result: that would be in memory also when there is room.
        self.push_chunk(words).ok_or(Full::Memory)
    }

    #[cold]
    #[inline(never)]
    fn push_chunk(&self, words: usize) -> Option<NonNull<()>> {
        if self.top.get().addr() == self.chunk.get().addr() + DATA * WORD {
            // It is empty, and too small.
            self.leave_chunk();
            let top = self.top.get();
            if words * WORD < self.limit.get().addr() - top.addr() {
                self.top.set(top.wrapping_add(words));
                return NonNull::new(top.cast());
            }
        }
        let mut size = CHUNK_BYTES;
        while size < WORD * (words + MINIMUM_OVERHEAD) {
            size = size.checked_mul(2)?;
        }
        let chunk = self.take_spare(size).or_else(|| self.allocate(size))?;
        let below = self.chunk.get();
        if let Some(below) = NonNull::new(below) {
            // SAFETY: the current chunk is allocated, and aligned as the struct.
            let used = (self.top.get().addr() - below.addr().get()) / WORD - DATA;
            // SAFETY: as above; nobody holds a reference to the head of a chunk.
            unsafe { (*below.as_ptr()).top = used };
        }
        // SAFETY: the chunk is allocated with room for its head, and is ours alone.
        unsafe { (*chunk.as_ptr()).previous = below };
        // SAFETY: as above.
        let size = unsafe { (*chunk.as_ptr()).size };
        // As in CPython, whose root chunk would be left else by the pop of its first frame.
        let skip = usize::from(below.is_null());
        let memory = chunk.as_ptr().cast::<usize>().wrapping_add(DATA + skip);
        self.chunk.set(chunk.as_ptr());
        self.limit.set(chunk.as_ptr().wrapping_byte_add(size).cast());
        self.top.set(memory.wrapping_add(words));
        NonNull::new(memory.cast())
    }

    fn take_spare(&self, wanted: usize) -> Option<NonNull<Chunk>> {
        let spare = NonNull::new(self.spare.get())?;
        // SAFETY: the spare chunk is allocated and nobody else's.
        if unsafe { spare.as_ref() }.size < wanted {
            return None;
        }
        self.spare.set(ptr::null_mut());
        Some(spare)
    }

    #[cold]
    #[inline(never)]
    fn allocate(&self, size: usize) -> Option<NonNull<Chunk>> {
        if size > self.limits.get().bytes.saturating_sub(self.bytes.get()) {
            self.free(self.spare.replace(ptr::null_mut()));
            if size > self.limits.get().bytes.saturating_sub(self.bytes.get()) {
                return None;
            }
        }
        let layout = Layout::from_size_align(size, align_of::<Chunk>()).ok()?;
        // SAFETY: the size is not 0.
        let memory = unsafe { alloc(layout) };
        let chunk = NonNull::new(memory.cast::<Chunk>())?;
        // SAFETY: it was just allocated, larger than the head and aligned for it.
        unsafe { chunk.write(Chunk { previous: ptr::null_mut(), size, top: 0 }) };
        self.bytes.set(self.bytes.get() + size);
        Some(chunk)
    }

    #[cold]
    #[inline(never)]
    fn free(&self, chunk: *mut Chunk) {
        let Some(chunk) = NonNull::new(chunk) else { return };
        // SAFETY: callers pass a chunk that is allocated and that they took out of the stack.
        let size = unsafe { chunk.as_ref() }.size;
        let Ok(layout) = Layout::from_size_align(size, align_of::<Chunk>()) else { return };
        self.bytes.set(self.bytes.get() - size);
        // SAFETY: it was allocated with this layout in `allocate`, and nobody has it any more.
        unsafe { dealloc(chunk.as_ptr().cast(), layout) };
    }

    /// Gives the memory of the topmost frame back.
    ///
    /// # Safety
    ///
    /// The frame must be the last one that was pushed and not popped, and nobody may use it afterwards.
    #[inline(always)]
    pub(crate) unsafe fn pop(&self, frame: NonNull<()>) {
        let (chunk, limit) = (self.chunk.get().addr(), self.limit.get().addr());
        // One comparison: what is in front of the chunk is far behind it. A chunk is left when the first frame below it goes,
        // not when it is empty: a call loop on its edge finds it again.
        if frame.addr().get().wrapping_sub(chunk) >= limit - chunk {
            self.leave_chunk();
        }
        self.top.set(frame.as_ptr().cast());
    }

    /// Goes back to the chunk below; the one that is left is the spare one. The root chunk is never left.
    #[cold]
    #[inline(never)]
    fn leave_chunk(&self) {
        let Some(chunk) = NonNull::new(self.chunk.get()) else { return };
        // SAFETY: the current chunk is allocated; it holds no frame any more.
        let previous = unsafe { chunk.as_ref() }.previous;
        let Some(below) = NonNull::new(previous) else { return };
        // SAFETY: chunks below the current one stay allocated.
        let (size, used) = (unsafe { below.as_ref() }.size, unsafe { below.as_ref() }.top);
        self.chunk.set(previous);
        self.top.set(previous.cast::<usize>().wrapping_add(DATA + used));
        self.limit.set(previous.wrapping_byte_add(size).cast());
        let spare = self.spare.replace(chunk.as_ptr());
        if !spare.is_null() {
            self.free(spare);
        }
    }
}

impl<V: FrameVm> Drop for DataStack<V> {
    fn drop(&mut self) {
        // Its destructors may look at the stack, but nobody can enter it any more but they.
        let _memory = Finally(|| self.free_chunks());
        let _handled = Finally(|| drop(self.handled.take_own()));
        self.clear_parked();
    }
}

impl<V: FrameVm> DataStack<V> {
    fn free_chunks(&self) {
        self.free(self.spare.replace(ptr::null_mut()));
        // No frame is left, so only the root chunk is; walking down costs nothing.
        let mut chunk = self.chunk.get();
        while let Some(at) = NonNull::new(chunk) {
            // SAFETY: chunks of the list are allocated.
            chunk = unsafe { at.as_ref() }.previous;
            self.free(at.as_ptr());
        }
    }
}

impl<V: FrameVm + Default> Default for DataStack<V> {
    fn default() -> Self {
        Self::new(V::default(), Limits::default())
    }
}

impl<V: FrameVm> fmt::Debug for DataStack<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStack")
            .field("remaining", &self.remaining.get())
            .field("bytes", &self.bytes.get())
            .field("limits", &self.limits.get())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::version::Cpython3_14;
    use crate::vm::Blank;

    type Stack = DataStack<Blank<Cpython3_14>>;

    fn pop(stack: &Stack, frame: NonNull<()>) {
        // SAFETY: tests pop in the opposite order and use no memory.
        unsafe { stack.pop(frame) }
    }

    #[test]
    fn frames_fill_a_chunk_as_in_cpython() {
        let stack = Stack::default();
        let frames: Vec<_> = (0..136).map(|_| stack.push(15).expect("room")).collect();
        assert_eq!(stack.bytes(), CHUNK_BYTES, "136 frames of 15 words in one chunk");
        assert_eq!(frames[0].addr().get() - stack.chunk.get().addr(), 32, "the first frame of a thread");
        assert_eq!(frames[135].addr().get() - frames[0].addr().get(), 135 * 15 * WORD);
        let next = stack.push(15).expect("room");
        assert_eq!(next.addr().get() - stack.chunk.get().addr(), 24, "not the root chunk");
        assert_eq!(stack.bytes(), 2 * CHUNK_BYTES);
        pop(&stack, next);
        for &frame in frames.iter().rev() {
            pop(&stack, frame);
        }
        assert_eq!(stack.top.get().addr() - stack.chunk.get().addr(), 32);
    }

    #[test]
    fn one_word_stays_unused() {
        // 2045 words of data, one skipped in the root chunk.
        let stack = Stack::default();
        let first = stack.push(1000).expect("room");
        let exact = stack.push(1044).expect("room");
        assert_eq!(stack.bytes(), 2 * CHUNK_BYTES, "1044 words are free, so 1044 do not fit");
        pop(&stack, exact);
        pop(&stack, first);
        let first = stack.push(1000).expect("room");
        let less = stack.push(1043).expect("room");
        assert_eq!(less.addr().get() - first.addr().get(), 1000 * WORD);
    }

    #[test]
    fn chunks_double_until_a_thousand_words_are_over() {
        for (words, size) in [(1048, 16), (1049, 32), (3096, 32), (3097, 64), (100_000, 1024)] {
            let stack = Stack::default();
            stack.push(words).expect("room");
            assert_eq!(stack.bytes(), size * 1024, "{words} words");
        }
    }

    #[test]
    fn a_chunk_is_kept() {
        let stack = Stack::default();
        let first = stack.push(1000).expect("room");
        let edge = stack.push(1044).expect("room");
        for _ in 0..10 {
            pop(&stack, edge);
            assert_eq!(stack.push(1044), Ok(edge), "the spare chunk again");
        }
        pop(&stack, edge);
        let large = stack.push(5000).expect("room");
        assert_eq!(stack.bytes(), (16 + 16 + 64) * 1024);
        pop(&stack, large);
        pop(&stack, first);
        assert_eq!(stack.bytes(), (16 + 64) * 1024, "the one that came last is kept");
        let low = stack.push(2000).expect("room");
        let high = stack.push(5000).expect("room in the spare chunk");
        pop(&stack, high);
        assert_eq!(stack.push(6000), Ok(high), "an empty chunk is used as it is");
        pop(&stack, high);
        let larger = stack.push(20_000).expect("room");
        assert_eq!(stack.bytes(), (16 + 64 + 256) * 1024, "and left where it is too small");
        pop(&stack, larger);
        pop(&stack, low);
    }

    #[test]
    fn the_memory_limit_gives_the_spare_chunk_up_first() {
        let stack = Stack::new(Blank::default(), Limits { bytes: 3 * CHUNK_BYTES, ..Limits::default() });
        let first = stack.push(1000).expect("room");
        let second = stack.push(1044).expect("room");
        assert_eq!(stack.push(5000), Err(Full::Memory));
        pop(&stack, second);
        let larger = stack.push(3000).expect("room for 32 KiB without the spare chunk");
        assert_eq!(stack.bytes(), 3 * CHUNK_BYTES);
        pop(&stack, larger);
        pop(&stack, first);
    }
}
