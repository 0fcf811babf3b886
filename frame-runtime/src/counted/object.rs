//! The memory of counted objects: a head with the count and the kind, and behind it what an object of the kind has.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::{self, NonNull};

use super::{CodeObject, Counted, CountedVm, FunctionObject};
use crate::frame::or_else;
use crate::frame_object::FrameObject;
use crate::generator::{Generator, Part};
use crate::stack_ref::StackRef;

/// What is behind a head.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// [`CountedVm::Object`]
    Object,
    /// [`CodeObject`]
    Code,
    /// [`FunctionObject`]
    Function,
    /// [`FrameObject`]
    Frame,
    /// [`Cell`](crate::cell::Cell)
    Cell,
    /// [`Generator`], and behind that its frame
    Generator,
    /// [`Part`], any other
    Part,
}

/// What every object begins with.
pub(super) struct Head {
    count: Cell<usize>,
    kind: Kind,
    is_finalized: Cell<bool>,
}

#[repr(C)]
struct Block<B> {
    head: Head,
    body: B,
}

impl Head {
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Notes that it is finalized; whether it was not before.
    pub(super) fn begin_finalizing(&self) -> bool {
        !self.is_finalized.replace(true)
    }
}

fn head(kind: Kind) -> Head {
    Head { count: Cell::new(1), kind, is_finalized: Cell::new(false) }
}

/// Takes memory from the thread's pool, or from the global allocator.
///
/// # Safety
///
/// The layout's size must not be 0.
#[inline(always)]
unsafe fn take<M: CountedVm>(layout: Layout) -> Option<NonNull<u8>> {
    let mut memory = None;
    M::with_pool(|pool| memory = pool.take(layout));
    // SAFETY: its size is not 0, by the contract.
    memory.or_else(|| NonNull::new(unsafe { alloc(layout) }))
}

/// Gives it back.
///
/// # Safety
///
/// It must come from [`take`] with this layout, and nobody may use it.
#[inline(always)]
unsafe fn give<M: CountedVm>(memory: NonNull<u8>, layout: Layout) {
    let mut is_kept = false;
    // SAFETY: all that comes from `take` is the global allocator's, and nobody else uses it, by the contract.
    M::with_pool(|pool| is_kept = unsafe { pool.keep(memory, layout) });
    if !is_kept {
        // SAFETY: as above, and no pool has it.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }
}

/// An object with one reference. `B` is what objects of the kind have: it is made where it stays.
#[inline]
pub(super) fn make<M: CountedVm, B>(kind: Kind, body: impl FnOnce() -> B) -> NonNull<Head> {
    M::allocated();
    let layout = Layout::new::<Block<B>>();
    // SAFETY: a block is larger than 0 bytes.
    let memory = unsafe { take::<M>(layout) };
    let Some(block) = memory.map(NonNull::cast::<Block<B>>) else { handle_alloc_error(layout) };
    // SAFETY: it was just allocated for this. If the body is not made, the memory is lost, and no more.
    unsafe { block.write(Block { head: head(kind), body: body() }) };
    block.cast()
}

/// Where the body of an object lies.
///
/// # Safety
///
/// The object must have such a body, and be there.
#[inline(always)]
pub(super) unsafe fn body<B>(object: NonNull<Head>) -> NonNull<B> {
    let block = object.cast::<Block<B>>().as_ptr();
    // SAFETY: the place is within the block.
    let body = unsafe { &raw mut (*block).body };
    // SAFETY: it is within an allocation.
    unsafe { NonNull::new_unchecked(body) }
}

/// The block of an object and, behind it, what the runtime asks for; where that begins.
#[inline(always)]
fn layout<B>(tail: Layout) -> Option<(Layout, usize)> {
    Layout::new::<Block<B>>().extend(tail).ok()
}

/// Where the memory of a generator lies behind its object.
///
/// # Safety
///
/// It must be an object of [`Kind::Generator`].
#[inline(always)]
pub(super) unsafe fn tail<M: CountedVm>(object: NonNull<Head>) -> NonNull<u8> {
    // SAFETY: the block of such an object is longer than that.
    unsafe { object.cast::<Block<Generator<M>>>().add(1) }.cast()
}

/// Takes the memory of an object with this body and of its frame, and gives its tail to the runtime.
#[inline(always)]
pub(super) fn allocate<M: CountedVm, B>(wanted: Layout) -> Option<NonNull<u8>> {
    M::allocated();
    let (layout, offset) = layout::<B>(wanted)?;
    // SAFETY: a block is larger than 0 bytes.
    let memory = unsafe { take::<M>(layout) }?;
    // SAFETY: the offset is within the block.
    Some(unsafe { memory.add(offset) })
}

/// Gives the memory back.
///
/// # Safety
///
/// It must come from [`allocate`] with this layout and body, and nobody may use it; the object, if it was made, must have
/// ended.
#[inline(always)]
pub(super) unsafe fn free<M: CountedVm, B>(memory: NonNull<u8>, wanted: Layout) {
    let Some((layout, offset)) = layout::<B>(wanted) else { unreachable!("it was allocated with this layout") };
    // SAFETY: the tail lies so far behind the block's beginning.
    let memory = unsafe { memory.sub(offset) };
    // SAFETY: it was allocated with this layout, and nobody uses it, by the contract.
    unsafe { give::<M>(memory, layout) };
}

/// Makes the object of a generator, in front of its frame.
pub(super) fn make_generator<M: CountedVm>(generator: Generator<M>) -> NonNull<Head> {
    // SAFETY: its memory is one of `allocate` for this body, and nobody else is told of what lies in front: a generator is
    // made into an object once.
    unsafe { make_in_front(Kind::Generator, generator.memory(), generator) }
}

/// Makes a frame object in front of the memory for its frame.
#[inline(always)]
pub(super) fn make_frame<M: CountedVm>(frame: FrameObject<M>) -> NonNull<Head> {
    // SAFETY: its memory is one of `allocate` for this body, and nobody else is told of what lies in front: a frame object is
    // made into an object once.
    unsafe { make_in_front(Kind::Frame, frame.memory(), frame) }
}

/// Makes an object in front of memory of the runtime's.
///
/// # Safety
///
/// The memory must come from [`allocate`] for this body, and what lies in front of it be the caller's alone.
#[inline(always)]
unsafe fn make_in_front<B>(kind: Kind, memory: NonNull<u8>, body: B) -> NonNull<Head> {
    // What the runtime asks for is aligned to words, as blocks are: so nothing lies between.
    const { assert!(align_of::<Block<B>>() == align_of::<usize>()) };
    // SAFETY: the block begins so far in front.
    let place = unsafe { memory.cast::<Block<B>>().sub(1) };
    // SAFETY: there is room for this, which is the caller's alone.
    unsafe { place.write(Block { head: head(kind), body }) };
    place.cast()
}

/// The last reference to an object.
pub struct Last<M: CountedVm>(NonNull<Head>, PhantomData<M::Object>);

impl<M: CountedVm> Drop for Last<M> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: it is the last reference, and goes.
        unsafe { end::<M>(self.0) };
    }
}

/// An object without references ends.
///
/// # Safety
///
/// There must be no reference to it, and it must be there.
#[cold]
#[inline(never)]
unsafe fn end<M: CountedVm>(object: NonNull<Head>) {
    // SAFETY: it is there.
    let head = unsafe { object.as_ref() };
    let kind = head.kind;
    if !head.is_finalized.get() {
        let has_finalizer = match kind {
            Kind::Object => {
                // SAFETY: an object of this kind has this body.
                let body = unsafe { body::<M::Object>(object) };
                // SAFETY: it is there until it is dropped below.
                M::has_finalizer(unsafe { body.as_ref() })
            }
            Kind::Generator | Kind::Part => true,
            _ => false,
        };
        if has_finalizer {
            head.is_finalized.set(true);
            head.count.set(1);
            let held = Counted::<M>::from_head(object);
            M::finalize(&held);
            // Ends here once more, unless somebody holds it now.
            return;
        }
    }
    StackRef::<M>::object_ends(object.cast());
    match kind {
        // SAFETY: it is an object of this kind, and ends once; so are those below.
        Kind::Object => unsafe { drop_block::<M, M::Object>(object) },
        // SAFETY: as above.
        Kind::Code => unsafe { drop_block::<M, CodeObject<M>>(object) },
        // SAFETY: as above.
        Kind::Function => unsafe { drop_block::<M, FunctionObject<M>>(object) },
        Kind::Frame => {
            // SAFETY: as above.
            let frame = unsafe { body::<FrameObject<M>>(object) };
            // SAFETY: nobody reads it again. The memory that it lies in goes with the room for its frame, which is behind it.
            drop(unsafe { frame.read() });
        }
        // SAFETY: as above.
        Kind::Cell => unsafe { drop_block::<M, crate::cell::Cell<M>>(object) },
        // SAFETY: as above.
        Kind::Part => unsafe { drop_block::<M, Part<M>>(object) },
        Kind::Generator => {
            // SAFETY: as above.
            let generator = unsafe { body::<Generator<M>>(object) };
            // SAFETY: nobody reads it again. The memory that it lies in goes with it, or with its frame.
            drop(unsafe { generator.read() });
        }
    }
}

/// Drops what an object has, and frees it.
///
/// # Safety
///
/// It must come from [`make`] with this body, and nobody may use it.
#[inline(always)]
unsafe fn drop_block<M: CountedVm, B>(object: NonNull<Head>) {
    let block = object.cast::<Block<B>>();
    or_else!(
        // SAFETY: it is dropped once, and its memory is there until the end of this.
        unsafe { ptr::drop_in_place(block.as_ptr()) },
        // SAFETY: it was allocated with this layout, and what was in it is gone.
        unsafe { give::<M>(block.cast(), Layout::new::<Block<B>>()) }
    );
    // SAFETY: as above.
    unsafe { give::<M>(block.cast(), Layout::new::<Block<B>>()) };
}

impl<M: CountedVm> Clone for Counted<M> {
    #[inline(always)]
    fn clone(&self) -> Self {
        if let Some(head) = self.head() {
            // As many references as a word can count would need more memory than there is, or 500 years of forgetting.
            head.count.set(head.count.get().wrapping_add(1));
        }
        Counted::from_head(self.word)
    }
}

impl<M: CountedVm> Drop for Counted<M> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(head) = self.head() {
            let count = head.count.get() - 1;
            head.count.set(count);
            if count == 0 {
                // SAFETY: it was the last reference.
                unsafe { end::<M>(self.word) };
            }
        }
    }
}

impl<M: CountedVm> Counted<M> {
    /// Whether this is the only reference to an object.
    #[inline(always)]
    pub fn is_unique(&self) -> bool {
        self.head().is_some_and(|head| head.count.get() == 1)
    }

    /// Gives the reference back, unless it is the last one.
    #[inline(always)]
    pub(super) fn give_back(self) -> Option<Last<M>> {
        let this = ManuallyDrop::new(self);
        let head = this.head()?;
        let count = head.count.get() - 1;
        head.count.set(count);
        (count == 0).then(|| Last(this.word, PhantomData))
    }

    #[inline(always)]
    pub(super) fn into_word(self) -> NonNull<()> {
        let word = self.word.cast();
        mem::forget(self);
        word
    }

    #[inline(always)]
    pub(super) fn word(&self) -> NonNull<()> {
        self.word.cast()
    }

    #[inline(always)]
    pub(super) const fn from_word(word: NonNull<()>) -> Self {
        Counted::from_head(word.cast())
    }
}
