//! A pointer to a frame, and what is read and noted through it.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::{InterpreterFrame, Place, Specials, StackTop, Start};
use crate::machine::Numbers;
use crate::machine::owner;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf};
use crate::vm::{FrameCode, FrameVm, Value};

/// The most slots a frame may have: what `stacktop` can count.
pub(crate) const MOST_SLOTS: usize = i32::MAX as usize;

/// A pointer to a frame that is there.
///
/// Whoever makes one promises that the frame's header is initialised, that its memory, with the slots of its code, is
/// reached through this pointer, and that nobody uses a copy after the frame is gone.
#[repr(transparent)]
pub(crate) struct FramePtr<V: FrameVm>(NonNull<InterpreterFrame<V>>);

impl<V: FrameVm> Clone for FramePtr<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for FramePtr<V> {}

impl<V: FrameVm> PartialEq for FramePtr<V> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<V: FrameVm> FramePtr<V> {
    /// A pointer to a frame that is there already.
    ///
    /// # Safety
    ///
    /// See the type.
    #[inline(always)]
    pub(crate) const unsafe fn new(frame: NonNull<InterpreterFrame<V>>) -> Self {
        FramePtr(frame)
    }

    /// Makes a frame in memory that is there. Its slots are left as they are; a loop is taken to hold its stack.
    ///
    /// # Safety
    ///
    /// `memory` must be aligned as a word, have room for the header and for the slots that the code asks for, and belong
    /// to nobody else until the frame is gone.
    #[inline(always)]
    pub(crate) unsafe fn init(memory: NonNull<()>, start: Start<V>, extra: V::FrameExtra) -> Self {
        let frame = memory.cast::<InterpreterFrame<V>>();
        let specials = <FramesOf<V> as Frames>::Specials::<V>::new(start);
        let header = InterpreterFrame { specials, extra: ManuallyDrop::new(extra), slots: [] };
        // SAFETY: the memory is aligned, large enough and nobody else's, by the contract.
        unsafe { frame.write(header) };
        FramePtr(frame)
    }

    /// The frame, as it lies in memory.
    #[inline(always)]
    pub(super) const fn block(self) -> *mut InterpreterFrame<V> {
        self.0.as_ptr()
    }

    #[inline(always)]
    pub(crate) const fn memory(self) -> NonNull<()> {
        self.0.cast()
    }

    #[inline(always)]
    pub(crate) fn header<'a>(self) -> &'a InterpreterFrame<V> {
        // SAFETY: the frame is there and its header initialised, as promised when the pointer was made; the header is only
        // ever reached through shared references.
        unsafe { self.0.as_ref() }
    }

    #[inline(always)]
    pub(crate) fn specials<'a>(self) -> &'a <FramesOf<V> as Frames>::Specials<V> {
        &self.header().specials
    }

    #[inline(always)]
    pub(crate) fn extra<'a>(self) -> &'a V::FrameExtra {
        &self.header().extra
    }

    /// The first slot. Derived from the block and not from the header, whose provenance ends before the slots.
    #[inline(always)]
    pub(crate) const fn slots(self) -> *mut StackRef<V> {
        self.0.as_ptr().cast::<StackRef<V>>().wrapping_add(InterpreterFrame::<V>::SPECIALS_WORDS)
    }

    #[inline(always)]
    pub(crate) fn previous(self) -> Option<FramePtr<V>> {
        self.specials().previous().get()
    }

    #[inline(always)]
    pub(crate) fn owner(self) -> i8 {
        self.specials().owner().get()
    }

    #[inline(always)]
    pub(crate) fn is_shim(self) -> bool {
        self.owner() == <FramesOf<V> as Frames>::SHIM
    }

    #[inline(always)]
    pub(crate) fn is_by_thread(self) -> bool {
        self.owner() == <FramesOf<V> as Numbers<owner::Thread>>::RAW
    }

    /// Whether it lies in a generator's block, whatever number a VM noted as its owner.
    pub(crate) fn is_by_generator(self) -> bool {
        let by_object = self.owner() == <FramesOf<V> as Numbers<owner::FrameObject>>::RAW;
        !(by_object || self.is_by_thread() || self.is_shim())
    }

    /// Whether it has reached its first `RESUME`: others are not seen by anybody.
    ///
    /// Source: `_PyFrame_IsIncomplete`, Include/internal/pycore_frame.h.
    pub(crate) fn is_complete(self) -> bool {
        if self.is_shim() {
            return false;
        }
        let Some(code) = self.code() else { return false };
        let first = code.units().as_ptr().wrapping_add(code.first_traceable());
        self.specials().instruction().get().addr() >= first.addr() || self.is_by_generator()
    }

    /// The first complete frame from this one on, downwards.
    pub(crate) fn complete(frame: Option<FramePtr<V>>) -> Option<FramePtr<V>> {
        let mut at = frame;
        while let Some(frame) = at
            && !frame.is_complete()
        {
            at = frame.previous();
        }
        at
    }

    #[inline(always)]
    pub(crate) fn spill(self, top: *mut StackRef<V>) {
        self.specials().stack_top().set(self.slots(), top);
    }

    #[inline(always)]
    pub(crate) fn is_held(self) -> bool {
        self.specials().stack_top().is_held()
    }

    /// Takes the end of the stack out of the frame.
    #[inline(always)]
    pub(crate) fn hold(self) -> Option<*mut StackRef<V>> {
        let top = self.specials().stack_top().get(self.slots());
        self.specials().stack_top().hold();
        top
    }

    /// A look at what a field points to.
    ///
    /// # Safety
    ///
    /// The pointer must be that of a field of this frame, and the frame must hold the field as long as what is returned.
    #[inline(always)]
    pub(super) unsafe fn look<'a>(raw: NonNull<()>) -> Ref<'a, V> {
        // SAFETY: the field, or the function in case of globals and builtins, keeps the object alive.
        unsafe { Ref::new(raw) }
    }

    /// The code object; none in a frame that is gone but for its memory.
    #[inline(always)]
    pub(crate) fn executable<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame holds its code until its memory goes.
        self.specials().executable().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    /// The function; none in a shim, and when the frame has ended.
    #[inline(always)]
    pub(crate) fn function<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame holds its function until it ends.
        self.specials().function().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    #[inline(always)]
    pub(crate) fn globals<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the function keeps its globals, and the frame the function; callers look only at frames that run, and
        // `refill` sees to it that one that runs without its function points to none.
        self.specials().globals().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    #[inline(always)]
    pub(crate) fn builtins<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: as for the globals.
        self.specials().builtins().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    /// The code that the frame runs. None in a shim.
    #[inline(always)]
    pub(crate) fn code<'a>(self) -> Option<&'a <V::Value as Value>::Code> {
        let executable = self.executable()?;
        let code = NonNull::from(executable.as_code()?);
        // SAFETY: code stays where it is while a reference to its object lives, by the contract of `Value`, and the frame
        // holds one until its memory goes.
        Some(unsafe { code.as_ref() })
    }

    /// The end of the locals, where the evaluation stack begins.
    #[inline(always)]
    pub(crate) fn stack_base(self) -> *mut StackRef<V> {
        self.slots().wrapping_add(self.code().map_or(0, |code| code.nlocalsplus() as usize))
    }

    /// Words of the whole block.
    pub(crate) fn words(self) -> usize {
        let (locals, stack) = self.code().map_or((0, 0), |code| (code.nlocalsplus(), code.stacksize()));
        InterpreterFrame::<V>::SPECIALS_WORDS + locals as usize + stack as usize
    }
}
