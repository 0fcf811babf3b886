//! Frames that generators own: one block of their own, moved there by `RETURN_GENERATOR`, resumed in place.
//!
//! The handle's type says what state the generator is in, and so which of its methods exist; the block notes it as well,
//! for those who look. A generator object holds the handle while the frame does not run.

#![expect(unsafe_code, reason = "the frame's block is raw memory")]

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::exception::ExceptionState;
use crate::frame::{Finally, FramePtr, InterpreterFrame, NoSlot, Place, Specials};
use crate::machine::Numbers;
use crate::machine::generator::{
    Cleared, Created, Executing, OnFrameClear, OnRaise, OnRelease, OnReturn, OnYield, Over, state,
};
use crate::machine::owner::{self, OnMakeGenerator};
use crate::running::{Returned, Running, after_raise, lost, only};
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf, Position, keeps_link};
use crate::visit::{Kind, Visit, show_cell};
use crate::vm::{FrameVm, Value};

/// What lies in front of a generator's frame: its state 5 bytes before the frame and its exception 32, as in CPython.
///
/// Source: `_PyGenObject_HEAD`, Include/internal/pycore_interpframe_structs.h.
#[repr(C)]
pub(crate) struct Head<V: FrameVm> {
    exception: ExceptionState<V>,
    /// The object that holds the frame's handle, not counted.
    object: Cell<*mut ()>,
    flags: [u8; 3],
    state: Cell<i8>,
    rest: [u8; 4],
}

/// Words of a head.
const HEAD: usize = 4;

impl<V: FrameVm> Head<V> {
    const fn new() -> Self {
        const { assert!(size_of::<Self>() == HEAD * size_of::<usize>()) };
        Head {
            exception: ExceptionState::new(),
            object: Cell::new(ptr::null_mut()),
            flags: [0; 3],
            state: Cell::new(0),
            rest: [0; 4],
        }
    }

    /// The head of a frame that lies in a generator's block.
    #[inline(always)]
    pub(crate) fn of<'a>(frame: FramePtr<V>) -> &'a Self {
        debug_assert!(frame.is_by_generator());
        // SAFETY: callers pass a frame of a generator's block, which begins with a head, and use it no longer than the block
        // is there.
        unsafe { &*frame.memory().as_ptr().cast::<Self>().wrapping_sub(1) }
    }

    pub(crate) fn state(&self) -> i8 {
        self.state.get()
    }

    #[inline(always)]
    pub(crate) fn set_state(&self, state: i8) {
        self.state.set(state);
    }

    #[inline(always)]
    pub(crate) fn exception(&self) -> &ExceptionState<V> {
        &self.exception
    }

    /// The generator.
    pub(crate) fn object(&self) -> Option<V::Value> {
        // SAFETY: whoever noted it promised that it is the object that holds the frame's handle, which is there as long.
        NonNull::new(self.object.get()).map(|raw| V::Value::clone(&*unsafe { Ref::<V>::new(raw) }))
    }
}

/// The frame of a generator in state `S`, while it does not run.
///
/// Dropping it releases everything the frame holds, in the order of the version.
pub struct GeneratorFrame<V: FrameVm, S> {
    frame: FramePtr<V>,
    state: PhantomData<S>,
}

/// Who goes on after a generator's frame stopped, and that frame.
pub type Stopped<'t, V, B, S> = (Returned<'t, V, B>, GeneratorFrame<V, S>);

/// There is no memory for what was to be made. What it was to be made of is as it was.
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
        self.frame.code().map(|_| self.frame.unit())
    }

    /// Notes the generator that holds this handle, for `f_generator`. It is not counted.
    ///
    /// # Safety
    ///
    /// The object must hold this handle until the handle is dropped, but for the time in which its frame runs, and must
    /// exist until then.
    pub unsafe fn set_generator(&self, generator: &V::Value) {
        Head::of(self.frame).object.set(generator.as_raw().as_ptr());
    }

    /// The frame's object (`gi_frame`), made if there is none. `None`: there is no memory.
    pub fn object(&self, vm: &V) -> Option<V::Value> {
        self.frame.object(vm)
    }

    /// Shows all references to a visitor. The generator itself is a borrowed one.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        visit_block(self.frame, visit);
    }

    /// What the VM added to the frame.
    pub fn extra(&self) -> &V::FrameExtra {
        self.frame.extra()
    }

    /// What is in a slot in use, counted: the locals, then the evaluation stack.
    ///
    /// # Errors
    ///
    /// [`NoSlot`]
    pub fn get(&self, index: u32) -> Result<StackRef<V>, NoSlot> {
        self.frame.get_slot(index)
    }

    #[inline(always)]
    pub(crate) fn into_frame(self) -> FramePtr<V> {
        ManuallyDrop::new(self).frame
    }

    #[inline(always)]
    fn into_state<N>(self) -> GeneratorFrame<V, N>
    where
        V::Python: Numbers<N>,
    {
        GeneratorFrame::of(self.into_frame())
    }

    /// Owns the block from here on.
    #[inline(always)]
    fn of(frame: FramePtr<V>) -> GeneratorFrame<V, S>
    where
        V::Python: Numbers<S>,
    {
        Head::of(frame).set_state(<V::Python as Numbers<S>>::RAW);
        GeneratorFrame { frame, state: PhantomData }
    }

    /// CPython's number of the owner (`owner`), or one of an owner of the VM's own.
    pub fn raw_owner(&self) -> i8 {
        self.frame.owner()
    }

    /// Notes an owner of the VM's own, for those who read the frame: the block stays this handle's.
    ///
    /// # Panics
    ///
    /// When the number is that of a frame on a data stack or in a frame object, or of a shim: memory goes back by it.
    pub fn note_owner<O>(&mut self)
    where
        V::Python: Numbers<O>,
    {
        let owner = <V::Python as Numbers<O>>::RAW;
        let reserved = [
            <FramesOf<V> as Numbers<owner::Thread>>::RAW,
            <FramesOf<V> as Numbers<owner::FrameObject>>::RAW,
            <FramesOf<V> as Frames>::SHIM,
        ];
        assert!(!reserved.contains(&owner), "a generator's frame lies in no data stack and in no frame object");
        self.frame.specials().owner().set(owner);
    }

    /// Takes a transition that the runtime has no method for: one of a version of your own. Ask for it with the trait of
    /// your event.
    pub fn transition<N>(self) -> GeneratorFrame<V, N>
    where
        V::Python: Numbers<N>,
    {
        self.into_state()
    }

    /// Drops what the frame holds, except its code; nothing of its body runs. So ends a generator that is closed before it
    /// began, or that has nothing to do when it is closed.
    pub fn release<N>(self) -> GeneratorFrame<V, N>
    where
        S: OnRelease<V::Python, N>,
        V::Python: Numbers<N>,
    {
        self.frame.clear_except_code();
        self.into_state()
    }

    /// `clear` of its frame object, where that runs nothing of the body: what the frame holds is dropped, except its code. 3.12
    /// only notes of a generator that has not begun that it is [`Completed`](crate::machine::generator::Completed): what it holds
    /// goes with the generator.
    ///
    /// Where a suspended generator may be cleared (until 3.12) it is closed for that, and so runs: throw `GeneratorExit`
    /// into it. From 3.13 on it cannot be cleared at all, and this does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use frame_runtime::{generator_frame::GeneratorFrame, machine::generator::Suspended, version::Cpython3_14, vm::FrameVm};
    /// fn clear<V: FrameVm<Python = Cpython3_14>>(frame: GeneratorFrame<V, Suspended>) {
    ///     frame.clear();
    /// }
    /// ```
    pub fn clear<N>(self) -> GeneratorFrame<V, N>
    where
        S: OnFrameClear<V::Python, N>,
        N: Over,
        V::Python: Numbers<N>,
    {
        if N::STATE != state::COMPLETED {
            self.frame.clear_except_code();
        }
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
    Layout::from_size_align((HEAD + words) * size_of::<usize>(), align_of::<InterpreterFrame<V>>()).ok()
}

fn visit_block<V: FrameVm>(frame: FramePtr<V>, visit: &mut dyn Visit<V>) {
    let head = Head::<V>::of(frame);
    // SAFETY: it is there as long as the block.
    unsafe { show_cell::<V>(&head.object, Kind::Borrowed, visit) };
    frame.visit(visit);
    head.exception.value.visit(visit);
}

/// Shows what a generator's frame that runs holds besides what is in every frame.
pub(crate) fn visit_linked<V: FrameVm>(frame: FramePtr<V>, visit: &mut dyn Visit<V>) {
    visit_block(frame, visit);
}

/// Ends a generator's frame that is in the chain no more, and what it handled.
///
/// # Safety
///
/// As for [`end`]; its item must be the topmost of what is handled, or no item at all.
pub(crate) unsafe fn end_linked<V: FrameVm>(stack: &DataStack<V>, frame: FramePtr<V>) {
    stack.handled.pop(Head::of(frame).exception());
    // SAFETY: as promised by the caller.
    unsafe { end(frame) };
}

/// Ends a generator's frame and frees its block.
///
/// # Safety
///
/// The frame must be in a block of its own, not linked, and nobody may use it afterwards.
pub(crate) unsafe fn end<V: FrameVm>(frame: FramePtr<V>) {
    // The size is the code's, and the code goes before the memory.
    let layout = layout::<V>(frame.words());
    let head = Head::of(frame);
    // Whoever asks from here on finds no generator.
    head.object.set(ptr::null_mut());
    head.set_state(<V::Python as Numbers<Cleared>>::RAW);
    frame.end(|| {
        let _memory = Finally(|| {
            if let Some(layout) = layout {
                // SAFETY: the block was allocated with this layout, since code does not change its sizes; nobody uses it.
                unsafe { dealloc(ptr::from_ref(head).cast_mut().cast(), layout) };
            }
        });
        drop(head.exception.value.take());
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

        // SAFETY: the block is as large as a head at least, and nobody else's.
        unsafe { block.cast::<Head<V>>().write(Head::new()) };
        let (frame, stack) = (self.frame, self.stack);
        self.stand(<FramesOf<V> as Frames>::CREATED);
        let previous = self.unlink();
        let used = (top.addr() - frame.memory().addr().get()) / size_of::<usize>();
        let source = frame.memory().as_ptr().cast::<*mut ()>();
        // SAFETY: header and used slots are initialised, and the block has room for all slots. They move: the source is
        // popped without being cleared.
        let place = block.as_ptr().cast::<*mut ()>().wrapping_add(HEAD);
        // SAFETY: as above.
        unsafe { source.copy_to_nonoverlapping(place, used) };
        let Some(place) = NonNull::new(place) else { lost() };
        // SAFETY: the header was just moved there, and the block is as large as the code asks.
        let moved = unsafe { FramePtr::<V>::new(place.cast()) };
        moved.spill(moved.slots().wrapping_add((top.addr() - first.addr()) / size_of::<usize>()));
        moved.specials().previous().set(None);
        moved.specials().owner().set(<FramesOf<V> as Numbers<owner::Generator>>::RAW);
        moved.tell_object();
        let generator = GeneratorFrame::of(moved);
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
        V::Python: Numbers<N>,
    {
        let (frame, stack) = (self.frame, self.stack);
        self.stand(<FramesOf<V> as Frames>::SUSPENDED);
        let previous = self.unlink();
        self.spill_top();
        frame.specials().previous().set(None);
        stack.handled.pop(Head::of(frame).exception());
        let generator = GeneratorFrame::of(frame);
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, <FramesOf<V> as Frames>::AFTER_YIELD) };
        (returned, generator)
    }

    /// The body returned: the frame is cleared except for its code, and the one below goes on behind the jump of its
    /// [`Site`](crate::running::Site).
    pub fn finish<N>(self) -> Stopped<'t, V, B, N>
    where
        Executing: OnReturn<V::Python, N>,
        V::Python: Numbers<N>,
    {
        self.stop(<FramesOf<V> as Frames>::AFTER_RETURN)
    }

    /// An exception left the body: the frame is cleared except for its code, and the one below is where the exception goes
    /// on.
    pub fn fail<N>(self) -> Stopped<'t, V, B, N>
    where
        Executing: OnRaise<V::Python, N>,
        V::Python: Numbers<N>,
    {
        self.stop(after_raise::<V>())
    }

    fn stop<N>(self, position: Position) -> Stopped<'t, V, B, N>
    where
        V::Python: Numbers<N>,
    {
        let (frame, stack) = (self.frame, self.stack);
        let keeps = keeps_link::<V>();
        if frame.specials().frame_object().pointer().is_some() {
            // Where it stands is where its object stays.
            self.spill();
            if keeps {
                frame.before_end(stack);
            }
        } else {
            self.spill_top();
        }
        let previous = self.unlink();
        if !keeps {
            frame.specials().previous().set(None);
        }
        stack.handled.pop(Head::of(frame).exception());
        // Owns the block from here on: it is freed if a destructor panics.
        let generator = GeneratorFrame::of(frame);
        {
            let _link = Finally(|| frame.specials().previous().set(None));
            let _handled = Finally(|| drop(Head::of(frame).exception.value.take()));
            frame.clear_except_code();
        }
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, position) };
        (returned, generator)
    }
}
