//! A frame: CPython's header, what the VM adds, and the slots, in one block.
//!
//! The header is generated, one struct per version, from the cells below; [`Specials`] hides how versions differ. What
//! knows the rules is here: what is released when a frame ends, and in which order.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::{self, NonNull};

use crate::machine::Numbers;
use crate::machine::owner;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{ClearStep, Frames, FramesOf};
use crate::vm::{CodeUnit, FrameCode, FrameVm, Value};

/// One activation record: `_PyInterpreterFrame`.
///
/// If the VM adds nothing, every offset is CPython's.
///
/// Source: `struct _PyInterpreterFrame`, Include/internal/pycore_frame.h (from 3.14 pycore_interpframe_structs.h).
#[repr(C)]
pub struct InterpreterFrame<V: FrameVm> {
    specials: <FramesOf<V> as Frames>::Specials<V>,
    extra: ManuallyDrop<V::FrameExtra>,
    slots: [StackRef<V>; 0],
}

impl<V: FrameVm> InterpreterFrame<V> {
    /// Bytes before the slots.
    pub const SLOTS_OFFSET: usize = mem::offset_of!(Self, slots);

    /// Words before the slots (`FRAME_SPECIALS_SIZE` if the VM adds nothing).
    pub const SPECIALS_WORDS: usize = {
        assert!(align_of::<Self>() == size_of::<usize>(), "a frame is aligned as a word");
        assert!(size_of::<Self>() == Self::SLOTS_OFFSET);
        assert!(size_of::<V::Value>() == size_of::<usize>(), "a reference is one word");
        Self::SLOTS_OFFSET / size_of::<usize>()
    };
}

/// The header of a frame, whichever fields a version has and wherever they are. For generated types; see
/// [`Vouched`](crate::version::Vouched).
///
/// All fields are cells: frames are reached through shared references.
pub trait Specials<V: FrameVm>: Sized {
    /// A header.
    fn new(start: Start<V>) -> Self;
    /// The code object (`f_code`, `f_executable`): strong.
    fn executable(&self) -> &impl Place<V>;
    /// The function (`f_func`, `f_funcobj`): strong.
    fn function(&self) -> &impl Place<V>;
    /// The globals (`f_globals`): borrowed from the function.
    fn globals(&self) -> &Lent<V>;
    /// The builtins (`f_builtins`): borrowed from the function.
    fn builtins(&self) -> &Lent<V>;
    /// The namespace of a module or class (`f_locals`): strong, may be null.
    fn locals(&self) -> &impl Place<V>;
    /// The frame object (`frame_obj`): strong, null until someone looks.
    fn frame_object(&self) -> &impl Place<V>;
    /// The caller (`previous`): not counted.
    fn previous(&self) -> &Link<V>;
    /// The instruction (`prev_instr`, `instr_ptr`); see [`Position`](crate::version::Position).
    fn instruction(&self) -> &Cell<*const CodeUnit>;
    /// The end of the evaluation stack (`stacktop`, `stackpointer`).
    fn stack_top(&self) -> &impl StackTop<V>;
    /// What the caller skips when its callee returns (`return_offset`), in code units. None in 3.11.
    fn return_offset(&self) -> Option<&Cell<u16>>;
    /// Who owns the frame's memory (`owner`).
    fn owner(&self) -> &Cell<i8>;
}

/// What a new header is made from. Fields that are not here start as null or 0.
pub struct Start<V: FrameVm> {
    /// The code object.
    pub executable: V::Value,
    /// The function; none in a shim.
    pub function: Option<V::Value>,
    /// The globals.
    pub globals: Lent<V>,
    /// The builtins.
    pub builtins: Lent<V>,
    /// The caller.
    pub previous: Link<V>,
    /// The instruction.
    pub instruction: *const CodeUnit,
    /// The owner.
    pub owner: i8,
    /// Whether the caller is a shim (`is_entry` of 3.11).
    pub is_entry: bool,
}

/// A field that holds a counted reference or nothing.
pub trait Place<V: FrameVm> {
    /// Takes the reference out.
    fn take(&self) -> Option<V::Value>;
    /// The pointer of the reference.
    fn pointer(&self) -> Option<NonNull<()>>;
}

/// A field of type `PyObject *` that owns its reference: null or a plain pointer, in every version.
#[repr(transparent)]
pub struct Plain<V: FrameVm>(Cell<*mut ()>, PhantomData<V::Value>);

impl<V: FrameVm> Plain<V> {
    /// A field with this in it.
    #[inline(always)]
    pub fn new(value: Option<V::Value>) -> Self {
        Plain(Cell::new(value.map_or(ptr::null_mut(), |value| value.into_raw().as_ptr())), PhantomData)
    }

    /// Puts this in, and hands out what was there.
    #[inline(always)]
    pub fn replace(&self, value: Option<V::Value>) -> Option<V::Value> {
        let old = self.take();
        self.0.set(value.map_or(ptr::null_mut(), |value| value.into_raw().as_ptr()));
        old
    }
}

impl<V: FrameVm> Place<V> for Plain<V> {
    #[inline(always)]
    fn take(&self) -> Option<V::Value> {
        // SAFETY: the pointer came from `into_raw` in `new`, and nobody else takes it since it is replaced here.
        NonNull::new(self.0.replace(ptr::null_mut())).map(|raw| unsafe { V::Value::from_raw(raw) })
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.0.get())
    }
}

/// A field of type `_PyStackRef` that owns its reference: encoded like a slot.
#[repr(transparent)]
pub struct Tagged<V: FrameVm>(Cell<StackRef<V>>);

impl<V: FrameVm> Tagged<V> {
    /// A field with this in it.
    #[inline(always)]
    pub fn new(value: Option<V::Value>) -> Self {
        Tagged(Cell::new(value.map_or(const { StackRef::null() }, StackRef::owned)))
    }

    #[inline(always)]
    fn word(&self) -> &StackRef<V> {
        // SAFETY: the reference is used by `pointer` alone, which reads one word and returns; nothing is set meanwhile.
        unsafe { &*self.0.as_ptr() }
    }
}

impl<V: FrameVm> Place<V> for Tagged<V> {
    #[inline(always)]
    fn take(&self) -> Option<V::Value> {
        self.0.take().into_value()
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        self.word().pointer()
    }
}

/// A field that points to an object without owning a reference.
#[repr(transparent)]
pub struct Lent<V: FrameVm>(Cell<*mut ()>, PhantomData<V>);

impl<V: FrameVm> Lent<V> {
    /// A field that points to this.
    #[inline(always)]
    pub fn new(value: Option<&V::Value>) -> Self {
        Lent(Cell::new(value.map_or(ptr::null_mut(), |value| value.as_raw().as_ptr())), PhantomData)
    }

    #[inline(always)]
    pub(crate) fn pointer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.0.get())
    }

    /// The object may be gone.
    #[inline(always)]
    fn clear(&self) {
        self.0.set(ptr::null_mut());
    }
}

/// A field that points to another frame.
#[repr(transparent)]
pub struct Link<V: FrameVm>(Cell<Option<FramePtr<V>>>);

impl<V: FrameVm> Link<V> {
    #[inline(always)]
    pub(crate) const fn new(frame: Option<FramePtr<V>>) -> Self {
        Link(Cell::new(frame))
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<FramePtr<V>> {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, frame: Option<FramePtr<V>>) {
        self.0.set(frame);
    }
}

/// The field that says where the evaluation stack ends.
///
/// While an eval loop runs the frame it keeps the end to itself, and the field says so: -1 as in CPython until 3.13, null
/// as in CPython's debug builds from 3.14. What such a frame has on its stack is unknown; its locals are valid.
pub trait StackTop<V: FrameVm> {
    /// The end of the stack of the frame with these slots; none if a loop holds it.
    fn get(&self, slots: *mut StackRef<V>) -> Option<*mut StackRef<V>>;
    /// Notes the end of the stack.
    fn set(&self, slots: *mut StackRef<V>, top: *mut StackRef<V>);
    /// A loop holds it from now on.
    fn hold(&self);
    /// Whether a loop holds it.
    fn is_held(&self) -> bool;
}

/// `stacktop`: an `int`, index into the slots; -1 while a loop holds it. Until 3.13.
#[repr(transparent)]
pub struct StackIndex(Cell<i32>);

impl StackIndex {
    /// A loop holds it.
    #[inline(always)]
    pub const fn held() -> Self {
        StackIndex(Cell::new(-1))
    }
}

impl<V: FrameVm> StackTop<V> for StackIndex {
    #[inline(always)]
    fn get(&self, slots: *mut StackRef<V>) -> Option<*mut StackRef<V>> {
        let index = self.0.get();
        (index >= 0).then(|| slots.wrapping_offset(index as isize))
    }

    #[inline(always)]
    fn set(&self, slots: *mut StackRef<V>, top: *mut StackRef<V>) {
        let words = (top.addr() - slots.addr()) / size_of::<StackRef<V>>();
        // A frame's size is checked when it is pushed: the index fits.
        self.0.set(words as i32);
    }

    #[inline(always)]
    fn hold(&self) {
        self.0.set(-1);
    }

    #[inline(always)]
    fn is_held(&self) -> bool {
        self.0.get() < 0
    }
}

/// `stackpointer`: a pointer; null while a loop holds it. From 3.14.
#[repr(transparent)]
pub struct StackPointer<V: FrameVm>(Cell<*mut StackRef<V>>);

impl<V: FrameVm> StackPointer<V> {
    /// A loop holds it.
    #[inline(always)]
    pub const fn held() -> Self {
        StackPointer(Cell::new(ptr::null_mut()))
    }
}

impl<V: FrameVm> StackTop<V> for StackPointer<V> {
    #[inline(always)]
    fn get(&self, _: *mut StackRef<V>) -> Option<*mut StackRef<V>> {
        let top = self.0.get();
        (!top.is_null()).then_some(top)
    }

    #[inline(always)]
    fn set(&self, _: *mut StackRef<V>, top: *mut StackRef<V>) {
        self.0.set(top);
    }

    #[inline(always)]
    fn hold(&self) {
        self.0.set(ptr::null_mut());
    }

    #[inline(always)]
    fn is_held(&self) -> bool {
        self.0.get().is_null()
    }
}

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
    unsafe fn look<'a>(raw: NonNull<()>) -> Ref<'a, V> {
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

    /// Releases what the frame holds except its code, in the order of its version ([`Frames::CLEAR`]). Then nothing is left to
    /// release, and doing it again does nothing. If a destructor panics, the rest is released all the same.
    ///
    /// The frame must not be reachable from a running handle or from the head of a thread's chain: destructors run
    /// anything.
    ///
    /// Source: `_PyFrame_ClearExceptCode`, Python/frame.c.
    #[inline(always)]
    pub(crate) fn clear_except_code(self) {
        self.clear_up_to(self.stack_end());
    }

    /// The end of the slots that can be released. What a loop held is lost, but not what no loop holds: the locals.
    #[inline(always)]
    fn stack_end(self) -> *mut StackRef<V> {
        self.specials().stack_top().get(self.slots()).unwrap_or_else(|| self.stack_base())
    }

    /// Makes a frame that was cleared one whose locals are not bound: a version may allow that it runs again. What it
    /// borrowed from its function went with that.
    #[inline(always)]
    pub(crate) fn refill(self) {
        if self.specials().function().pointer().is_none() {
            self.specials().globals().clear();
            self.specials().builtins().clear();
        }
        let first = self.slots();
        let base = self.stack_base();
        if let Some(top) = self.specials().stack_top().get(first)
            && top < base
        {
            let mut slot = top;
            while slot < base {
                // SAFETY: it is one of the locals, none of which is initialised from here on.
                unsafe { slot.write(StackRef::null()) };
                slot = slot.wrapping_add(1);
            }
            self.spill(base);
        }
    }

    /// The same for a frame whose stack is known to end here, whatever it says itself.
    #[inline(always)]
    fn clear_up_to(self, end: *mut StackRef<V>) {
        const { assert!(<FramesOf<V> as Frames>::CLEAR.len() <= 5, "a step more than are written here") };
        self.spill(self.slots());
        // One after the other, each also when a destructor of one before it panics.
        let _fifth = Finally(|| self.clear_step(4, end));
        let _fourth = Finally(|| self.clear_step(3, end));
        let _third = Finally(|| self.clear_step(2, end));
        let _second = Finally(|| self.clear_step(1, end));
        self.clear_step(0, end);
    }

    /// One step of the version's order. What is there is taken before it is dropped.
    #[inline(always)]
    fn clear_step(self, step: usize, end: *mut StackRef<V>) {
        let specials = self.specials();
        match <FramesOf<V> as Frames>::CLEAR.get(step) {
            // SAFETY: slots below the end of the stack are initialised, and all locals always are. The frame's own end was
            // set to the first slot, so nobody else takes them; steps differ, so this is the only one.
            Some(ClearStep::SlotsAscending) => unsafe { release_slots::<V, true>(self.slots(), end) },
            // SAFETY: as above.
            Some(ClearStep::SlotsDescending) => unsafe { release_slots::<V, false>(self.slots(), end) },
            Some(ClearStep::FrameObject) => drop(specials.frame_object().take()),
            Some(ClearStep::Locals) => drop(specials.locals().take()),
            Some(ClearStep::Function) => drop(specials.function().take()),
            // The size of the memory is the code's.
            Some(ClearStep::Executable) | None => {}
        }
    }

    /// Ends the frame: [`clear_except_code`](Self::clear_except_code), then what the VM added, the code, and the memory
    /// last, which `free` is for.
    pub(crate) fn end(self, free: impl FnOnce()) {
        self.end_at(self.stack_end(), free);
    }

    /// The same for a frame whose stack is known to end here, whatever it says itself.
    #[inline(always)]
    pub(crate) fn end_at(self, end: *mut StackRef<V>, free: impl FnOnce()) {
        let mut free = Some(free);
        let _memory = Finally(|| {
            if let Some(free) = free.take() {
                free();
            }
        });
        let _code = Finally(|| drop(self.specials().executable().take()));
        let _extra = Finally(|| self.drop_extra());
        self.clear_up_to(end);
    }

    #[inline(always)]
    fn drop_extra(self) {
        if mem::needs_drop::<V::FrameExtra>() {
            // SAFETY: `end` runs once per frame and is the last to use the header's addition; the place is within the block,
            // aligned as the struct says.
            let extra = unsafe { &raw mut (*self.0.as_ptr()).extra };
            // SAFETY: it was initialised with the frame, and `end` is called once.
            unsafe { extra.cast::<V::FrameExtra>().drop_in_place() };
        }
    }
}

/// Releases the slots from `first` up to `end`, upwards or downwards; goes on if a destructor panics.
///
/// # Safety
///
/// All of them must be initialised, and nobody may use them afterwards.
#[inline(always)]
unsafe fn release_slots<V: FrameVm, const ASCENDING: bool>(first: *mut StackRef<V>, end: *mut StackRef<V>) {
    struct Rest<V: FrameVm, const ASCENDING: bool> {
        first: *mut StackRef<V>,
        end: *mut StackRef<V>,
    }

    impl<V: FrameVm, const ASCENDING: bool> Rest<V, ASCENDING> {
        #[inline(always)]
        fn run(&mut self) {
            while self.first < self.end {
                let slot = if ASCENDING {
                    let slot = self.first;
                    self.first = slot.wrapping_add(1);
                    slot
                } else {
                    self.end = self.end.wrapping_sub(1);
                    self.end
                };
                // SAFETY: it is one of the slots, which are initialised, and is not read again since it left the range.
                drop(unsafe { slot.read() });
            }
        }
    }

    impl<V: FrameVm, const ASCENDING: bool> Drop for Rest<V, ASCENDING> {
        #[cold]
        fn drop(&mut self) {
            self.run();
        }
    }

    let mut rest = Rest::<V, ASCENDING> { first, end };
    rest.run();
    mem::forget(rest);
}

/// Does something at the end of its scope, also when a panic passes.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    #[inline(always)]
    fn drop(&mut self) {
        (self.0)();
    }
}
