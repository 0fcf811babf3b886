//! Frames that generators own: one block of their own, moved there by `RETURN_GENERATOR`, resumed in place.
//!
//! The handle's type says what state the generator is in, and so which of its methods exist. It knows nothing of
//! generator objects: those hold a handle while the frame does not run.

#![expect(unsafe_code, reason = "the frame's block is raw memory")]

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::bounds::Bounds;
use crate::frame::{FramePtr, InterpreterFrame, Specials};
use crate::machine::Numbers;
use crate::machine::generator::{Created, Executing, OnFrameClear, OnRaise, OnRelease, OnReturn, OnYield, Over};
use crate::machine::owner::{self, OnMakeGenerator};
use crate::running::{Returned, Running, only};
use crate::stack_ref::StackRef;
use crate::version::{Frames, FramesOf};
use crate::vm::FrameVm;

/// The frame of a generator in state `S`, while it does not run.
///
/// Dropping it releases everything the frame holds, in the order of the version.
pub struct GeneratorFrame<V: FrameVm, S> {
    frame: FramePtr<V>,
    state: PhantomData<S>,
}

/// Who goes on after a generator's frame stopped, and that frame.
pub type Stopped<'t, V, B, S> = (Returned<'t, V, B>, GeneratorFrame<V, S>);

/// There is no memory for a generator's frame. What was to become one is as it was.
pub struct NoMemory<H>(pub H);

impl<H> fmt::Debug for NoMemory<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoMemory")
    }
}

impl<V: FrameVm, S> GeneratorFrame<V, S> {
    /// CPython's number of the state (`gi_frame_state`).
    pub fn raw_state(&self) -> i8
    where
        V::Python: Numbers<S>,
    {
        <V::Python as Numbers<S>>::RAW
    }

    /// Where the frame stands in its code, in code units: what `f_lasti` says, halved.
    pub fn lasti(&self) -> Option<isize> {
        use crate::vm::FrameCode;

        let start = self.frame.code()?.units().as_ptr();
        let at = self.frame.specials().instruction().get();
        let bytes = at.addr().wrapping_sub(start.addr()).cast_signed();
        Some(bytes / size_of::<crate::vm::CodeUnit>().cast_signed())
    }

    /// What the VM added to the frame.
    pub fn extra(&self) -> &V::FrameExtra {
        self.frame.extra()
    }

    /// A slot in use: the locals, then the evaluation stack.
    pub fn slot(&self, index: u32) -> Option<&StackRef<V>> {
        use crate::frame::StackTop;

        let slots = self.frame.slots();
        let slot = slots.wrapping_add(index as usize);
        let top = self.frame.specials().stack_top().get(slots)?;
        // SAFETY: slots below the end of the stack are initialised, and only this handle can change them.
        (slot < top).then(|| unsafe { &*slot })
    }

    #[inline(always)]
    pub(crate) fn into_frame(self) -> FramePtr<V> {
        ManuallyDrop::new(self).frame
    }

    #[inline(always)]
    fn into_state<N>(self) -> GeneratorFrame<V, N> {
        GeneratorFrame { frame: self.into_frame(), state: PhantomData }
    }

    /// CPython's number of the owner (`owner`), or one of an owner of the VM's own.
    pub fn raw_owner(&self) -> i8 {
        self.frame.owner()
    }

    /// Notes an owner of the VM's own, for those who read the frame: the block stays this handle's.
    ///
    /// # Panics
    ///
    /// When the number is that of a frame on a data stack, or of a shim: memory goes back by it.
    pub fn note_owner<O>(&mut self)
    where
        V::Python: Numbers<O>,
    {
        let owner = <V::Python as Numbers<O>>::RAW;
        let reserved = [<FramesOf<V> as Numbers<owner::Thread>>::RAW, <FramesOf<V> as Frames>::SHIM];
        assert!(!reserved.contains(&owner), "a generator's frame lies in no data stack");
        self.frame.specials().owner().set(owner);
    }

    /// Takes a transition that the runtime has no method for: one of a version of your own. Ask for it with the trait of
    /// your event.
    pub fn transition<N>(self) -> GeneratorFrame<V, N> {
        self.into_state()
    }

    /// Drops what the frame holds, except its code; nothing of its body runs. So ends a generator that is closed before it
    /// began, or that has nothing to do when it is closed.
    pub fn release<N>(self) -> GeneratorFrame<V, N>
    where
        S: OnRelease<V::Python, N>,
    {
        self.frame.clear_except_code();
        self.into_state()
    }

    /// `clear` of its frame object, where that runs nothing of the body: what the frame holds is dropped, except its code.
    ///
    /// Where a suspended generator may be cleared (until 3.12) it is closed for that, and so runs: throw `GeneratorExit`
    /// into it. From 3.13 on it cannot be cleared at all, and this does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use frame_runtime::{generator_frame::GeneratorFrame, machine::generator::Suspended, version::Cpython3_14, vm::Vm};
    /// fn clear<V: FrameVm<Python = Cpython3_14>>(frame: GeneratorFrame<V, Suspended>) {
    ///     frame.clear();
    /// }
    /// ```
    pub fn clear<N>(self) -> GeneratorFrame<V, N>
    where
        S: OnFrameClear<V::Python, N>,
        N: Over,
    {
        self.frame.clear_except_code();
        self.into_state()
    }
}

impl<V: FrameVm, S> Drop for GeneratorFrame<V, S> {
    fn drop(&mut self) {
        // SAFETY: the handle owns the block, and is gone.
        unsafe { end(self.frame) };
    }
}

fn layout<V: FrameVm>(words: usize) -> Option<Layout> {
    Layout::from_size_align(words * size_of::<usize>(), align_of::<InterpreterFrame<V>>()).ok()
}

/// Ends a generator's frame and frees its block.
///
/// # Safety
///
/// The frame must be in a block of its own, not linked, and nobody may use it afterwards.
pub(crate) unsafe fn end<V: FrameVm>(frame: FramePtr<V>) {
    // The size is the code's, and the code goes before the memory.
    let layout = layout::<V>(frame.words());
    frame.end(|| {
        if let Some(layout) = layout {
            // SAFETY: the block was allocated with this layout, since code does not change its sizes; nobody uses it.
            unsafe { dealloc(frame.memory().as_ptr().cast(), layout) };
        }
    });
}

impl<'t, V: FrameVm, O: 'static, B: Bounds> Running<'t, V, O, B> {
    /// `RETURN_GENERATOR`: moves the frame off the data stack into a block of its own. The caller goes on.
    ///
    /// References move; those that were borrowed become counted ones.
    ///
    /// # Errors
    ///
    /// [`NoMemory`], with the handle as it was.
    pub fn make_generator(self) -> Result<Stopped<'t, V, B, Created>, NoMemory<Self>>
    where
        O: OnMakeGenerator<V::Python, owner::Generator>,
    {
        only::<O, owner::Thread>();
        // Taking references is code of the VM's: spilled, the frame loses nothing if it panics.
        self.spill();
        let (first, top) = self.used();
        let mut slot = first;
        while slot < top {
            // SAFETY: slots in use are initialised; the frame is in nobody's hands but the handle's.
            let reference = unsafe { &mut *slot };
            if !reference.is_owned() {
                *reference = reference.duplicate();
            }
            slot = slot.wrapping_add(1);
        }
        // SAFETY: a header is larger than 0 bytes.
        let block = layout::<V>(self.frame.words()).and_then(|layout| NonNull::new(unsafe { alloc(layout) }));
        let Some(block) = block else {
            self.hold();
            return Err(NoMemory(self));
        };

        let (frame, stack) = (self.frame, self.stack);
        self.stand(<FramesOf<V> as Frames>::CREATED);
        let previous = self.unlink();
        let used = (top.addr() - frame.memory().addr().get()) / size_of::<usize>();
        let source = frame.memory().as_ptr().cast::<*mut ()>();
        // SAFETY: header and used slots are initialised, and the block has room for all slots. They move: the source is
        // popped without being cleared.
        unsafe { source.copy_to_nonoverlapping(block.as_ptr().cast(), used) };
        // SAFETY: the header was just moved there, and the block is as large as the code asks.
        let moved = unsafe { FramePtr::<V>::new(block.cast()) };
        moved.spill(moved.slots().wrapping_add((top.addr() - first.addr()) / size_of::<usize>()));
        moved.specials().previous().set(None);
        moved.specials().owner().set(<FramesOf<V> as Numbers<owner::Generator>>::RAW);
        // Owns the block from here on.
        let generator = GeneratorFrame { frame: moved, state: PhantomData };
        // SAFETY: it was the topmost frame, and was moved away.
        unsafe { stack.pop(frame.memory()) };
        // SAFETY: the frame below is the topmost one, was spilled when it called, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, <FramesOf<V> as Frames>::AFTER_RETURN) };
        Ok((returned, generator))
    }
}

impl<'t, V: FrameVm, B: Bounds> Running<'t, V, owner::Generator, B> {
    /// `YIELD_VALUE`: the frame waits in its block, and the one below goes on. The value is for the caller to pop before,
    /// and to push there.
    ///
    /// The next instruction must be the one behind the yielding one.
    #[inline(always)]
    pub fn suspend<N>(self) -> Stopped<'t, V, B, N>
    where
        Executing: OnYield<V::Python, N>,
    {
        let (frame, stack) = (self.frame, self.stack);
        self.stand(<FramesOf<V> as Frames>::SUSPENDED);
        let previous = self.unlink();
        self.spill_top();
        frame.specials().previous().set(None);
        // Owns the block from here on.
        let generator = GeneratorFrame { frame, state: PhantomData };
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, <FramesOf<V> as Frames>::AFTER_YIELD) };
        (returned, generator)
    }

    /// The body returned: the frame is cleared except for its code, and the one below goes on behind the jump of its
    /// [`Site`](crate::running::Site).
    pub fn finish<N>(self) -> Stopped<'t, V, B, N>
    where
        Executing: OnReturn<V::Python, N>,
    {
        self.stop()
    }

    /// An exception left the body: the frame is cleared except for its code, and the one below is where the exception goes
    /// on.
    pub fn fail<N>(self) -> Stopped<'t, V, B, N>
    where
        Executing: OnRaise<V::Python, N>,
    {
        self.stop()
    }

    fn stop<N>(self) -> Stopped<'t, V, B, N> {
        let stack = self.stack;
        let previous = self.unlink();
        self.spill_top();
        self.frame.specials().previous().set(None);
        // Owns the block from here on: it is freed if a destructor panics.
        let generator = GeneratorFrame { frame: self.frame, state: PhantomData };
        generator.frame.clear_except_code();
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, <FramesOf<V> as Frames>::AFTER_RETURN) };
        (returned, generator)
    }
}
