//! Frames that generators own: one block of their own, moved there by `RETURN_GENERATOR`, resumed in place.
//!
//! The handle's type says what state the generator is in, and so which of its methods exist; the block notes it as well,
//! for those who look. A generator object holds the handle while the frame does not run.

#![expect(unsafe_code, reason = "the frame's block is raw memory")]

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::exception::ExceptionState;
use crate::frame::{Finally, FramePtr, InterpreterFrame, NoSlot, Place, Plain, Specials};
use crate::machine::Numbers;
use crate::machine::generator::{
    Cleared, Created, Executing, Flavour, OnFrameClear, OnRaise, OnRelease, OnReturn, OnYield, Over, state,
};
use crate::machine::owner::{self, OnMakeGenerator};
use crate::running::{Returned, Running, after_raise, lost, only};
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf, Position, keeps_link};
use crate::visit::{Kind, Visit, show_cell};
use crate::vm::{FrameVm, Value};

/// What lies in front of a generator's frame. Bytes before the frame, as in CPython: names 48 and 40, the exception that is
/// handled 32, origin or finalizer 16, the flags of async generators 8, the state 5. Where CPython has the weak references,
/// 56 bytes before, is the object.
///
/// Source: `_PyGenObject_HEAD`, Include/internal/pycore_interpframe_structs.h.
#[repr(C)]
pub(crate) struct Head<V: FrameVm> {
    /// The generator, not counted; null before it is made, and when it is gone.
    object: Cell<*mut ()>,
    pub(crate) name: Plain<V>,
    pub(crate) qualname: Plain<V>,
    exception: ExceptionState<V>,
    /// Of a coroutine where it was made, of an async generator the hook that was captured.
    pub(crate) origin_or_finalizer: Plain<V>,
    pub(crate) hooks_inited: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    pub(crate) running_async: Cell<bool>,
    state: Cell<i8>,
    /// Flavour, holders ([`HOME`], [`OBJECT`], [`LINKED`], [`WAITS`], [`EMPTY`]) and [`ASYNC`], how deep below the top of the
    /// stack what it waits for lies, from 1 (0 when it waits for nothing), and what an instruction may send to it without asking
    /// its machine again: [`TAKES_NONE`], [`TAKES_ANY`], which say nothing of an async generator; nothing wherever the handle is
    /// not at home, or the state was not stored by a yield or at the beginning. One byte each, the first one lowest: a yield and a
    /// resume change all of them at once.
    notes: Cell<u32>,
}

/// `None` may be sent.
pub(crate) const TAKES_NONE: u8 = 1;
/// Any other value may be sent.
pub(crate) const TAKES_ANY: u8 = 2;

const FLAVOUR: u32 = 0;
const HOLDERS: u32 = 8;
const DELEGATE: u32 = 16;
const READY: u32 = 24;

/// Words of a head.
const HEAD: usize = 7;

/// The handle is with its [`Generator`](crate::generator::Generator).
const HOME: u8 = 1;
/// There is a [`Generator`](crate::generator::Generator).
const OBJECT: u8 = 2;
/// The frame is in the chain.
const LINKED: u8 = 4;
/// The driver has the handle, while what the body waits for handles what was thrown.
const WAITS: u8 = 8;
/// What the frame holds was released.
const EMPTY: u8 = 16;
/// It is an async generator, as the flavour says: nothing is sent to it but by its awaitables. A bit of its own, so that a
/// resume asks for this and for what may be sent in one comparison.
const ASYNC: u8 = 32;

impl<V: FrameVm> Head<V> {
    const fn new() -> Self {
        const { assert!(size_of::<Self>() == HEAD * size_of::<usize>()) };
        Head {
            object: Cell::new(ptr::null_mut()),
            name: Plain::null(),
            qualname: Plain::null(),
            exception: ExceptionState::new(),
            origin_or_finalizer: Plain::null(),
            hooks_inited: Cell::new(false),
            closed: Cell::new(false),
            running_async: Cell::new(false),
            state: Cell::new(0),
            notes: Cell::new(0),
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

    #[inline(always)]
    pub(crate) fn state(&self) -> i8 {
        self.state.get()
    }

    #[inline(always)]
    pub(crate) fn set_state(&self, state: i8) {
        self.state.set(state);
        self.set_ready(0);
    }

    #[inline(always)]
    pub(crate) fn exception(&self) -> &ExceptionState<V> {
        &self.exception
    }

    #[inline(always)]
    fn has(&self, holder: u8) -> bool {
        self.notes.get() & u32::from(holder) << HOLDERS != 0
    }

    #[inline(always)]
    fn set(&self, holder: u8, is: bool) {
        let holder = u32::from(holder) << HOLDERS;
        let others = self.notes.get() & !holder;
        self.notes.set(if is { others | holder } else { others });
    }

    #[inline(always)]
    fn note(&self, at: u32) -> u8 {
        self.notes.get().wrapping_shr(at).to_le_bytes()[0]
    }

    #[inline(always)]
    fn set_note(&self, at: u32, note: u8) {
        self.notes.set(self.notes.get() & !(0xFF << at) | u32::from(note) << at);
    }

    #[inline(always)]
    pub(crate) fn flavour(&self) -> u8 {
        self.note(FLAVOUR)
    }

    pub(crate) fn set_flavour(&self, flavour: Flavour) {
        self.set_note(FLAVOUR, flavour as u8);
        self.set(ASYNC, flavour == Flavour::AsyncGenerator);
    }

    /// How deep below the top of the stack what it waits for lies, from 1; 0 when it waits for nothing.
    pub(crate) fn delegate(&self) -> u8 {
        self.note(DELEGATE)
    }

    #[inline(always)]
    pub(crate) fn set_delegate(&self, depth: u8) {
        self.set_note(DELEGATE, depth);
    }

    /// The frame runs from here on. Says whether it was emptied before.
    #[inline(always)]
    pub(crate) fn begin(&self, state: i8, keeps_delegate: bool) -> bool {
        let notes = self.notes.get();
        let gone =
            u32::from(HOME | EMPTY) << HOLDERS | 0xFF << READY | if keeps_delegate { 0 } else { 0xFF << DELEGATE };
        self.notes.set(notes & !gone | u32::from(LINKED) << HOLDERS);
        self.state.set(state);
        notes & u32::from(EMPTY) << HOLDERS != 0
    }

    /// The frame rests from here on, at home if it has one: it says so.
    #[inline(always)]
    pub(crate) fn rest(&self, state: i8, delegate: u8, ready: u8) -> bool {
        let notes = self.notes.get();
        let gone = u32::from(LINKED) << HOLDERS | 0xFF << READY | 0xFF << DELEGATE;
        let rests = notes & !gone | u32::from(delegate) << DELEGATE;
        let has_home = notes & u32::from(OBJECT) << HOLDERS != 0;
        // It mostly has, and need not wait for the answer.
        self.notes.set(rests | u32::from(HOME) << HOLDERS | u32::from(ready) << READY);
        self.state.set(state);
        if !has_home {
            self.notes.set(rests);
        }
        has_home
    }

    /// Whether an instruction may send this to it without asking; to an async generator none may.
    #[inline(always)]
    pub(crate) fn takes(&self, what: u8) -> bool {
        let (may, not) = (u32::from(what) << READY, u32::from(ASYNC) << HOLDERS);
        self.notes.get() & (may | not) == may
    }

    /// Notes what may be sent in the state that was just stored, of a frame whose handle is at home, or goes there next.
    #[inline(always)]
    pub(crate) fn set_ready(&self, ready: u8) {
        self.set_note(READY, ready);
    }

    /// Whether the frame's handle is with the generator.
    #[inline(always)]
    pub(crate) fn is_home(&self) -> bool {
        self.has(HOME)
    }

    /// Whether the driver has the handle, while what the body waits for handles what was thrown. Then the frame stays as it is.
    pub(crate) fn waits(&self) -> bool {
        self.has(WAITS)
    }

    pub(crate) fn set_waits(&self, waits: bool) {
        self.set(WAITS, waits);
    }

    /// Whether what the frame holds was released.
    pub(crate) fn is_empty(&self) -> bool {
        self.has(EMPTY)
    }

    /// Whether the frame is in the chain.
    pub(crate) fn is_linked(&self) -> bool {
        self.has(LINKED)
    }

    #[inline(always)]
    pub(crate) fn set_linked(&self, linked: bool) {
        self.set(LINKED, linked);
    }

    /// Notes the object that holds the block's [`Generator`](crate::generator::Generator).
    ///
    /// # Safety
    ///
    /// It must hold it as long as it is there.
    pub(crate) unsafe fn set_object(&self, object: &V::Value) {
        self.object.set(object.as_raw().as_ptr());
    }

    /// The generator.
    pub(crate) fn object(&self) -> Option<V::Value> {
        // SAFETY: whoever noted it promised that it is the object that holds the frame's handle, which is there as long.
        NonNull::new(self.object.get()).map(|raw| unsafe { Ref::<V>::new(raw) }.counted())
    }

    /// Shows what is the generator's own and not its frame's.
    pub(crate) fn visit_own(&self, visit: &mut dyn Visit<V>) {
        self.name.visit(visit);
        self.qualname.visit(visit);
        self.origin_or_finalizer.visit(visit);
    }
}

/// Gives a block to a generator: from here on its handle is at home.
#[inline(always)]
pub(crate) fn settle<V: FrameVm>(key: GeneratorFrame<V, Created>) -> FramePtr<V> {
    let head = Head::of(key.frame);
    assert!(!head.has(OBJECT), "the frame has a generator already");
    let frame = key.into_frame();
    head.set(OBJECT | HOME, true);
    frame
}

/// Whether a frame has a generator that no object is known to hold.
pub(crate) fn is_loose<V: FrameVm>(frame: FramePtr<V>) -> bool {
    let head = Head::of(frame);
    head.has(OBJECT) && head.object.get().is_null()
}

/// Releases what a generator's frame holds, except its code.
pub(crate) fn empty<V: FrameVm>(frame: FramePtr<V>) {
    Head::of(frame).set(EMPTY, true);
    frame.clear_except_code();
}

/// Takes the handle of a generator's frame from its home, whatever its state is. The caller gives it back, or ends it.
#[inline(always)]
pub(crate) fn leave_home<V: FrameVm>(frame: FramePtr<V>) {
    let head = Head::of(frame);
    debug_assert!(head.is_home());
    head.set(HOME, false);
    head.set_ready(0);
}

/// The handle of a frame goes to its generator. Where that is gone meanwhile the frame ends.
#[inline(always)]
pub(crate) fn go_home<V: FrameVm>(frame: FramePtr<V>) {
    let head = Head::of(frame);
    if head.has(OBJECT) {
        head.set(HOME, true);
    } else {
        // SAFETY: the caller had the handle, and gives it away.
        unsafe { end(frame) };
    }
}

/// The generator goes, and with it the block, unless somebody has the handle: then the block goes with that.
///
/// # Safety
///
/// The generator must be the block's, and nobody may use it afterwards.
pub(crate) unsafe fn leave_block<V: FrameVm>(frame: FramePtr<V>) {
    let head = Head::of(frame);
    head.object.set(ptr::null_mut());
    head.set(OBJECT, false);
    if head.has(HOME) {
        head.set(HOME, false);
        // SAFETY: it is not linked, since its handle was at home; nobody has it any more.
        unsafe { end(frame) };
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

    /// Shows all references to a visitor. The generator itself is a borrowed one. For those who hold handles in objects of
    /// their own: a [`Generator`](crate::generator::Generator) shows its frame also while somebody else has the handle.
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
    pub(crate) fn of(frame: FramePtr<V>) -> GeneratorFrame<V, S>
    where
        V::Python: Numbers<S>,
    {
        Head::of(frame).set_state(<V::Python as Numbers<S>>::RAW);
        GeneratorFrame { frame, state: PhantomData }
    }

    /// The handle of a frame, in whatever state it is noted to be.
    pub(crate) fn with(frame: FramePtr<V>) -> GeneratorFrame<V, S> {
        GeneratorFrame { frame, state: PhantomData }
    }

    /// Gives the frame back to its generator. Where that is gone the frame ends.
    pub fn put_back(self) {
        go_home(self.into_frame());
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
        empty(self.frame);
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
            empty(self.frame);
        }
        self.into_state()
    }
}

impl<V: FrameVm, S> Drop for GeneratorFrame<V, S> {
    fn drop(&mut self) {
        // SAFETY: the handle is gone.
        unsafe { drop_key(self.frame) };
    }
}

/// Ends a frame whose handle goes: what it holds is released. The block goes too, unless a generator has it.
///
/// # Safety
///
/// The frame must not be linked, and nobody else may have its handle.
unsafe fn drop_key<V: FrameVm>(frame: FramePtr<V>) {
    let head = Head::of(frame);
    if !head.has(OBJECT) {
        // SAFETY: as promised by the caller.
        return unsafe { end(frame) };
    }
    let _home = Finally(|| go_home(frame));
    // The block outlives the one below.
    let _link = Finally(|| frame.specials().previous().set(None));
    let _handled = Finally(|| drop(head.exception.value.take()));
    head.set_state(<V::Python as Numbers<Cleared>>::RAW);
    head.set_delegate(0);
    empty(frame);
}

fn layout<V: FrameVm>(words: usize) -> Option<Layout> {
    Layout::from_size_align((HEAD + words) * size_of::<usize>(), align_of::<InterpreterFrame<V>>()).ok()
}

/// The frame of a generator whose block begins here.
///
/// # Safety
///
/// It must be one that is there.
#[inline(always)]
pub(crate) unsafe fn in_block<V: FrameVm>(memory: NonNull<u8>) -> FramePtr<V> {
    // SAFETY: a block is as large as a head at least.
    let frame = unsafe { memory.cast::<Head<V>>().add(1) };
    // SAFETY: the frame lies behind the head, and is there as long as the block.
    unsafe { FramePtr::new(frame.cast()) }
}

/// The memory that a generator's frame lies in, as it was allocated. Not by way of a reference to the head: the VM may have
/// more in front of it.
pub(crate) fn block<V: FrameVm>(frame: FramePtr<V>) -> NonNull<u8> {
    // SAFETY: callers pass a frame of a generator's block, which begins with a head.
    unsafe { frame.memory().cast::<Head<V>>().sub(1) }.cast()
}

/// Shows what is in the block of a generator's frame. What is the generator's own it shows itself, where there is one.
pub(crate) fn visit_block<V: FrameVm>(frame: FramePtr<V>, visit: &mut dyn Visit<V>) {
    let head = Head::<V>::of(frame);
    // SAFETY: it is there as long as the block.
    unsafe { show_cell::<V>(&head.object, Kind::Borrowed, visit) };
    frame.visit(visit);
    head.exception.value.visit(visit);
    if !head.has(OBJECT) {
        head.visit_own(visit);
    }
}

/// Ends a generator's frame that is in the chain no more, and what it handled.
///
/// # Safety
///
/// As for [`end`]; its item must be the topmost of what is handled, or no item at all.
pub(crate) unsafe fn end_linked<V: FrameVm>(stack: &DataStack<V>, frame: FramePtr<V>) {
    let head = Head::of(frame);
    stack.handled.pop(head.exception());
    head.set_linked(false);
    // SAFETY: as promised by the caller; what links it has its handle.
    unsafe { drop_key(frame) };
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
                unsafe { V::free_generator(block(frame), layout) };
            }
        });
        let _origin = Finally(|| drop(head.origin_or_finalizer.take()));
        let _qualname = Finally(|| drop(head.qualname.take()));
        let _name = Finally(|| drop(head.name.take()));
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
        let vm = self.stack.vm();
        let block = layout::<V>(self.frame.words()).and_then(|layout| vm.allocate_generator(layout));
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
        self.suspend_in(<V::Python as Numbers<N>>::RAW)
    }

    /// The same, in the state of this number.
    #[inline(always)]
    pub(crate) fn suspend_in<N>(self, state: i8) -> Stopped<'t, V, B, N> {
        let stack = self.stack;
        let (previous, generator) = self.suspend_alone(state);
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, <FramesOf<V> as Frames>::AFTER_YIELD) };
        (returned, generator)
    }

    /// The same, and the frame below is not taken up yet, nor anything noted in the head.
    #[inline(always)]
    pub(crate) fn suspend_linked(&self) -> FramePtr<V> {
        let (frame, stack) = (self.frame, self.stack);
        self.stand(<FramesOf<V> as Frames>::SUSPENDED);
        let previous = self.unlink();
        self.spill_top();
        frame.specials().previous().set(None);
        stack.handled.pop(Head::of(frame).exception());
        previous
    }

    /// The same, and the frame below is not taken up yet.
    #[inline(always)]
    pub(crate) fn suspend_alone<N>(self, state: i8) -> (FramePtr<V>, GeneratorFrame<V, N>) {
        let frame = self.frame;
        let previous = self.suspend_linked();
        let head = Head::of(frame);
        head.set_linked(false);
        head.set_state(state);
        // Owns the block from here on.
        (previous, GeneratorFrame::with(frame))
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
        self.foresee_stop();
        let stack = self.stack;
        let (previous, generator) = self.stop_in(<V::Python as Numbers<N>>::RAW);
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up(previous, position) };
        (returned, generator)
    }

    /// What the end of the body needs made is made, while everything is where a collector finds it.
    #[inline(always)]
    pub(crate) fn foresee_stop(&self) {
        if self.frame.specials().frame_object().pointer().is_some() {
            // Where it stands is where its object stays.
            self.spill();
            if keeps_link::<V>() {
                self.frame.before_end(self.stack);
            }
            self.hold();
        }
    }

    /// The end of a body that was [foreseen](Self::foresee_stop), in the state of this number. The frame below is not taken up
    /// yet.
    pub(crate) fn stop_in<N>(self, state: i8) -> (FramePtr<V>, GeneratorFrame<V, N>) {
        let (frame, stack) = (self.frame, self.stack);
        self.spill_top();
        let previous = self.unlink();
        if !keeps_link::<V>() {
            frame.specials().previous().set(None);
        }
        let head = Head::of(frame);
        stack.handled.pop(head.exception());
        head.set_linked(false);
        head.set_state(state);
        // Owns the block from here on: it is freed if a destructor panics.
        let generator = GeneratorFrame::with(frame);
        {
            let _link = Finally(|| frame.specials().previous().set(None));
            let _handled = Finally(|| drop(head.exception.value.take()));
            empty(frame);
        }
        (previous, generator)
    }
}
