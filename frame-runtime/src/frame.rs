//! A frame: CPython's header, what the VM adds, and the slots, in one block.
//!
//! The header is generated, one struct per version, from the cells below; [`Specials`] hides how versions differ. What
//! knows the rules is here: what is released when a frame ends, and in which order.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::{self, NonNull};

use crate::data_stack::DataStack;
use crate::frame_object::FrameObject;
use crate::localsplus::Region;
use crate::machine::Numbers;
use crate::machine::owner;
use crate::running::lost;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{ClearStep, Frames, FramesOf, Version};
use crate::visit::{Kind, Visit, show};
use crate::vm::{CodeUnit, FrameCode, FrameVm, Value};

/// Does something, and something else if that panics. What that needs should be few words, which it copies: they stay in
/// registers then, where those that are only pointed to would be in memory also when nothing panics. What is done first
/// stands where it is, and not in a closure that may be called.
macro_rules! or_else {
    ($body:expr, $panicked:expr) => {
        let guard = Finally(move || $panicked);
        $body;
        mem::forget(guard);
    };
}

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

    /// Where the fields lie that every version has, for code that reaches them without the runtime.
    pub const OFFSETS: Offsets = <<FramesOf<V> as Frames>::Specials<V> as Specials<V>>::OFFSETS;

    /// Words before the slots (`FRAME_SPECIALS_SIZE` if the VM adds nothing).
    pub const SPECIALS_WORDS: usize = {
        assert!(align_of::<Self>() == size_of::<usize>(), "a frame is aligned as a word");
        assert!(size_of::<Self>() == Self::SLOTS_OFFSET);
        assert!(size_of::<V::Value>() == size_of::<usize>(), "a reference is one word");
        Self::SLOTS_OFFSET / size_of::<usize>()
    };
}

/// Where the fields of a frame's header lie, for a JIT: each in bytes from the start of the frame.
///
/// A field that is no integer is one word. Pointers are plain ones; where [`TAGS`](Frames::TAGS) says that slots have tags,
/// `executable` and `function` are encoded like slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offsets {
    /// The code object (`f_code`, `f_executable`): strong.
    pub executable: usize,
    /// The function (`f_func`, `f_funcobj`): strong.
    pub function: usize,
    /// The globals (`f_globals`): borrowed from the function.
    pub globals: usize,
    /// The builtins (`f_builtins`): borrowed from the function.
    pub builtins: usize,
    /// The namespace of a module or class (`f_locals`): strong, may be null.
    pub locals: usize,
    /// The frame object (`frame_obj`): strong, null until someone looks.
    pub frame_object: usize,
    /// The caller (`previous`): a pointer to the start of its frame, not counted.
    pub previous: usize,
    /// The instruction (`prev_instr`, `instr_ptr`): a pointer into the code's units;
    /// [`Position`](crate::version::Position) says where it stands when.
    pub instruction: usize,
    /// The end of the evaluation stack. Until 3.13 (`stacktop`) an `i32`: slots in use, counted from the first local; -1
    /// while a loop holds the end. From 3.14 on (`stackpointer`) a pointer behind the topmost slot in use; null while a
    /// loop holds the end.
    pub stack_top: usize,
    /// What the caller skips when its callee returns (`return_offset`): a `u16`, in code units. `None` in 3.11.
    pub return_offset: Option<usize>,
    /// Who owns the frame's memory (`owner`): an `i8`, a number of the version's.
    pub owner: usize,
}

/// The header of a frame, whichever fields a version has and wherever they are. For generated types; see
/// [`Vouched`](crate::version::Vouched).
///
/// All fields are cells: frames are reached through shared references.
pub trait Specials<V: FrameVm>: Sized {
    /// Where the fields lie.
    const OFFSETS: Offsets;

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
    /// Puts a reference into a field that has none.
    fn put(&self, value: V::Value);
    /// The pointer of the reference.
    fn pointer(&self) -> Option<NonNull<()>>;
    /// Shows the reference to a visitor, and notes where its object is now.
    fn visit(&self, visit: &mut dyn Visit<V>);
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

    /// A field with nothing in it.
    #[inline(always)]
    pub(crate) const fn null() -> Self {
        Plain(Cell::new(ptr::null_mut()), PhantomData)
    }

    /// Puts this in it, and returns what was there.
    #[inline(always)]
    pub fn replace(&self, value: Option<V::Value>) -> Option<V::Value> {
        let old = self.take();
        self.0.set(value.map_or(ptr::null_mut(), |value| value.into_raw().as_ptr()));
        old
    }

    /// A look at what is in it. It must not be changed meanwhile.
    #[inline(always)]
    pub(crate) fn look(&self) -> Option<Ref<'_, V>> {
        // SAFETY: the pointer is one of `into_raw`, of a reference that is owned by the field; callers look at it only for as
        // long as nothing else is done.
        self.pointer().map(|raw| unsafe { Ref::new(raw) })
    }

    /// Another reference to what is in it.
    pub(crate) fn get(&self) -> Option<V::Value> {
        self.look().map(|value| V::Value::clone(&value))
    }
}

impl<V: FrameVm> Place<V> for Plain<V> {
    #[inline(always)]
    fn take(&self) -> Option<V::Value> {
        // SAFETY: the pointer came from `into_raw` in `new`, and nobody else takes it since it is replaced here.
        NonNull::new(self.0.replace(ptr::null_mut())).map(|raw| unsafe { V::Value::from_raw(raw) })
    }

    fn put(&self, value: V::Value) {
        self.0.set(value.into_raw().as_ptr());
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.0.get())
    }

    fn visit(&self, visit: &mut dyn Visit<V>) {
        let Some(raw) = self.pointer() else { return };
        // SAFETY: the reference is owned by the field.
        let now = unsafe { show::<V>(raw, Kind::Owned, visit) };
        if let Some(now) = now
            && self.pointer() == Some(raw)
        {
            self.0.set(now.as_ptr());
        }
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

    fn put(&self, value: V::Value) {
        self.0.set(StackRef::owned(value));
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        self.word().pointer()
    }

    fn visit(&self, visit: &mut dyn Visit<V>) {
        // SAFETY: the field is a slot that is initialised.
        unsafe { StackRef::visit(self.0.as_ptr(), visit) };
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

    fn visit(&self, visit: &mut dyn Visit<V>) {
        let Some(raw) = self.pointer() else { return };
        // SAFETY: what lends it keeps it: callers visit frames that have their function.
        let now = unsafe { show::<V>(raw, Kind::Borrowed, visit) };
        if let Some(now) = now
            && self.pointer() == Some(raw)
        {
            self.0.set(now.as_ptr());
        }
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

    /// Where it stands in its code, in code units; -1 before the first one. 0 without code.
    pub(crate) fn unit(self) -> isize {
        let Some(code) = self.code() else { return 0 };
        let bytes = self.specials().instruction().get().addr().wrapping_sub(code.units().as_ptr().addr());
        bytes.cast_signed() / size_of::<CodeUnit>().cast_signed()
    }

    /// The frame's object, made if there is none. `None`: there is no memory.
    ///
    /// The frame must be complete and spilled, and stay there while the VM makes the object.
    ///
    /// Source: `_PyFrame_MakeAndSetFrameObject`, Python/frame.c.
    pub(crate) fn object(self, vm: &V) -> Option<V::Value> {
        self.object_if(vm, || true)
    }

    /// The same of a frame that may end while the VM makes the object: then `is_there` says so, and there is none.
    pub(crate) fn object_if(self, vm: &V, is_there: impl Fn() -> bool) -> Option<V::Value> {
        if let Some(object) = self.existing_object() {
            return Some(object);
        }
        let object = vm.make_frame_object(FrameObject::new(self)?)?;
        if !is_there() {
            return None;
        }
        // Whoever was asked for memory may have asked for this frame's object.
        if let Some(first) = self.existing_object() {
            // Its end may run anything: the first one stays.
            drop(object);
            return Some(first);
        }
        let Some(made) = V::frame_object(&object) else { no_frame_object() };
        // A clone may panic: it comes before the frame is told.
        let own = V::Value::clone(&object);
        made.attach(self);
        self.specials().frame_object().put(own);
        Some(object)
    }

    /// The frame's object, if there is one.
    pub(crate) fn existing_object(self) -> Option<V::Value> {
        self.existing_object_ref().map(|object| V::Value::clone(&object))
    }

    /// The frame was moved here: its object, if there is one, finds it here from now on.
    pub(crate) fn tell_object(self) {
        if let Some(object) = self.existing_object_ref().as_deref().and_then(V::frame_object) {
            object.follow(self);
        }
    }

    /// A look at the frame's object, if there is one. It must not be changed meanwhile.
    fn existing_object_ref<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame owns the reference; callers look at it only for as long as nothing else is done.
        self.specials().frame_object().pointer().map(|raw| unsafe { Ref::new(raw) })
    }

    /// Sees to it that what the frame's object needs when the activation ends is there: its caller's object. The frame is
    /// spilled and linked.
    #[inline(always)]
    pub(crate) fn before_end(self, stack: &DataStack<V>) {
        if self.specials().frame_object().pointer().is_some() {
            self.make_back(stack);
        }
    }

    #[cold]
    #[inline(never)]
    fn make_back(self, stack: &DataStack<V>) {
        let unique = self.existing_object_ref().is_some_and(|object| V::is_unique(&object));
        if !unique && let Some(caller) = FramePtr::complete(self.previous()) {
            // Without memory the link is lost, as in CPython.
            drop(caller.object(stack.vm()));
        }
    }

    /// The frame's object takes what the frame holds: its references, the stack included, and what the VM added. The frame
    /// keeps its code, and nothing else.
    ///
    /// `f_back` is the object of the first complete frame below, if it was made ([`before_end`](Self::before_end)).
    ///
    /// Source: `take_ownership`, Python/frame.c.
    fn take_over(self, end: *mut StackRef<V>) {
        // A clone that panics comes before anything moves: the object loses its frame, which is cleared as any other.
        let given_up = Finally(|| {
            let object = self.existing_object_ref();
            if let Some(object) = object.as_deref().and_then(V::frame_object) {
                object.detach();
            }
            self.clear_steps::<true>(end);
        });
        let mut slot = self.slots();
        while slot < end {
            // SAFETY: slots below the end are initialised, and the frame is not in the chain.
            let reference = unsafe { &mut *slot };
            if !reference.is_owned() {
                *reference = reference.duplicate();
            }
            slot = slot.wrapping_add(1);
        }
        let code = self.executable().map(|code| V::Value::clone(&code));
        let mut back = FramePtr::complete(self.previous()).and_then(FramePtr::existing_object);
        mem::forget(given_up);

        let specials = self.specials();
        let Some(object) = specials.frame_object().take() else { lost() };
        let Some(holder) = V::frame_object(&object) else { no_frame_object() };
        let words = (end.addr() - self.memory().addr().get()) / size_of::<usize>();
        // SAFETY: the header and these slots are initialised; they move, and what is left is made harmless below.
        let moved = unsafe { holder.receive(self, words) };
        moved.spill(moved.slots().wrapping_add((end.addr() - self.slots().addr()) / size_of::<usize>()));
        moved.specials().previous().set(None);
        moved.specials().owner().set(<FramesOf<V> as Numbers<owner::FrameObject>>::RAW);
        if !moved.is_complete() {
            // It never began: as if its first `RESUME` had run.
            let code = moved.code();
            let first = code.map_or(ptr::null(), |code| code.units().as_ptr().wrapping_add(code.first_traceable()));
            let stands = <FramesOf<V> as Frames>::CREATED.resolve(0, 0);
            moved.specials().instruction().set(first.wrapping_offset(stands));
        }
        mem::forget(specials.locals().take());
        mem::forget(specials.function().take());
        specials.globals().clear();
        specials.builtins().clear();
        // The copy has the reference that was here, this one keeps another.
        mem::forget(code);
        let _object = Finally(|| holder.set_back(back.take()));
        V::frame_object_owns(&object);
    }

    /// Shows all references to a visitor, in the order of the version. Slots of which only a loop knows are not seen.
    ///
    /// Source: `_PyFrame_Traverse`, Python/frame.c.
    pub(crate) fn visit(self, visit: &mut dyn Visit<V>) {
        let specials = self.specials();
        if specials.function().pointer().is_some() {
            specials.globals().visit(visit);
            specials.builtins().visit(visit);
        }
        for step in <FramesOf<V> as Frames>::TRAVERSE {
            match step {
                ClearStep::FrameObject => specials.frame_object().visit(visit),
                ClearStep::Locals => specials.locals().visit(visit),
                ClearStep::Function => specials.function().visit(visit),
                ClearStep::Executable => specials.executable().visit(visit),
                ClearStep::SlotsAscending | ClearStep::SlotsDescending => self.visit_slots(visit),
            }
        }
        visit.extra(self.extra());
    }

    fn visit_slots(self, visit: &mut dyn Visit<V>) {
        let mut slot = self.slots();
        // The end is asked for each time: a visitor may do anything.
        while slot < self.stack_end() {
            // SAFETY: it is initialised, since the stack ends behind it.
            unsafe { StackRef::visit(slot, visit) };
            slot = slot.wrapping_add(1);
        }
    }

    /// The region that a slot is in.
    pub(crate) fn region(self, index: u32) -> Option<&'static Region> {
        let localsplus = <V::Python as Version>::LOCALSPLUS;
        let code = self.code()?;
        let regions = localsplus.regions;
        if index >= code.nlocalsplus() {
            return regions.last().filter(|_| index - code.nlocalsplus() < code.stacksize());
        }
        let kind = code.kind(index)?;
        let fits = |region: &&Region| region.holds & kind != 0 && region.without & kind == 0;
        let mut fitting = regions.iter().filter(fits);
        let first = fitting.next();
        // Arguments and other locals are of the same kinds.
        let second = fitting.next().filter(|_| index >= code.parameters());
        second.or(first)
    }

    /// A slot in use that nobody holds: a local, or one of the stack.
    pub(crate) fn used_slot(self, index: u32) -> Result<*mut StackRef<V>, NoSlot> {
        let slots = self.slots();
        let end = self.specials().stack_top().get(slots).ok_or(NoSlot::Held)?;
        let slot = slots.wrapping_add(index as usize);
        if slot < end { Ok(slot) } else { Err(NoSlot::Unused) }
    }

    /// What is in a slot.
    pub(crate) fn get_slot(self, index: u32) -> Result<StackRef<V>, NoSlot> {
        let slot = self.used_slot(index)?;
        // SAFETY: the slot is initialised, and making a copy changes no frame.
        Ok(unsafe { &*slot }.duplicate())
    }

    /// Changes a local, and returns what was there.
    pub(crate) fn replace_local(self, index: u32, value: StackRef<V>) -> Result<StackRef<V>, NotSet<StackRef<V>>> {
        let count = self.code().map_or(0, FrameCode::nlocalsplus);
        match self.used_slot(index) {
            Ok(_) if index >= count => Err(NotSet { why: NoSlot::Unused, value }),
            // SAFETY: the slot is initialised, and no reference to it is anywhere: no loop holds the frame.
            Ok(slot) => Ok(unsafe { slot.replace(value.into_owned()) }),
            Err(why) => Err(NotSet { why, value }),
        }
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

    /// The mapping of names; none in a function.
    #[inline(always)]
    pub(crate) fn namespace<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame holds it until it is changed or cleared; callers look at it only for as long as nothing is.
        self.specials().locals().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    /// Changes the mapping of names, and returns what was there.
    pub(crate) fn replace_namespace(self, namespace: Option<V::Value>) -> Option<V::Value> {
        let field = self.specials().locals();
        let old = field.take();
        if let Some(namespace) = namespace {
            field.put(namespace);
        }
        old
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
        self.specials().stack_top().get(self.slots()).unwrap_or_else(|| {
            crate::borrows::forget_all();
            self.stack_base()
        })
    }

    /// If a loop held the frame, its handle is lost: what was on the stack is, too, and what is left can be seen.
    pub(crate) fn give_up_stack(self) {
        if self.is_held() {
            self.spill(self.stack_end());
        }
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
    ///
    /// If somebody holds its frame object, everything moves there instead, and nothing is dropped.
    #[inline(always)]
    fn clear_up_to(self, end: *mut StackRef<V>) {
        self.clear_known(end, self.specials().frame_object().pointer().is_some());
    }

    /// The same, where it is known whether there is a frame object.
    #[inline(always)]
    fn clear_known(self, end: *mut StackRef<V>, seen: bool) {
        const { assert!(<FramesOf<V> as Frames>::CLEAR.len() <= 5, "a step more than are written here") };
        self.spill(self.slots());
        if seen {
            self.clear_seen(end);
        } else {
            self.clear_steps::<false>(end);
        }
    }

    /// The same for a frame that has an object. If nobody else holds that, it is dropped in its turn.
    #[cold]
    #[inline(never)]
    fn clear_seen(self, end: *mut StackRef<V>) {
        if self.existing_object_ref().is_some_and(|object| V::is_unique(&object)) {
            self.clear_steps::<true>(end);
        } else {
            self.take_over(end);
        }
    }

    /// One step after the other, each also when a destructor of one before it panics.
    #[inline(always)]
    fn clear_steps<const SEEN: bool>(self, end: *mut StackRef<V>) {
        or_else!(self.clear_step::<SEEN>(0, end), self.clear_rest::<SEEN>(1, end));
        or_else!(self.clear_step::<SEEN>(1, end), self.clear_rest::<SEEN>(2, end));
        or_else!(self.clear_step::<SEEN>(2, end), self.clear_rest::<SEEN>(3, end));
        or_else!(self.clear_step::<SEEN>(3, end), self.clear_rest::<SEEN>(4, end));
        self.clear_step::<SEEN>(4, end);
    }

    /// The steps from this one on, after a panic.
    #[cold]
    #[inline(never)]
    fn clear_rest<const SEEN: bool>(self, step: usize, end: *mut StackRef<V>) {
        if step < <FramesOf<V> as Frames>::CLEAR.len() {
            let _rest = Finally(|| self.clear_rest::<SEEN>(step + 1, end));
            self.clear_step::<SEEN>(step, end);
        }
    }

    /// One step of the version's order. What is there is taken before it is dropped.
    #[inline(always)]
    fn clear_step<const SEEN: bool>(self, step: usize, end: *mut StackRef<V>) {
        let step = <FramesOf<V> as Frames>::CLEAR.get(step);
        if SEEN || step != Some(&ClearStep::FrameObject) {
            self.release_step(step, end);
        }
    }

    #[inline(always)]
    fn release_step(self, step: Option<&ClearStep>, end: *mut StackRef<V>) {
        let specials = self.specials();
        match step {
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

    /// Ends a frame that lies in its object, which goes: what it holds is released in the order for that
    /// ([`Frames::OWN_CLEAR`]), `rest` does what the object holds besides.
    pub(crate) fn end_own(self, rest: impl FnOnce()) {
        let end = self.stack_end();
        self.spill(self.slots());
        let take_code = || drop(self.specials().executable().take());
        // Code that is last goes behind all else.
        let _code = Finally(take_code);
        let _extra = Finally(|| self.drop_extra());
        let mut rest = Some(rest);
        let _rest = Finally(|| {
            if let Some(rest) = rest.take() {
                rest();
            }
        });
        let order = <FramesOf<V> as Frames>::OWN_CLEAR;
        let code_is_last = order.last() == Some(&ClearStep::Executable);
        each(order, &|step| match step {
            ClearStep::Executable if !code_is_last => take_code(),
            _ => self.release_step(Some(step), end),
        });
    }

    /// Releases the slots, in the order of the version, and the mapping of names if `namespace` says so: `clear()` of a frame
    /// that is over. Those that are not released yet are seen meanwhile.
    ///
    /// Source: `frame_tp_clear`, Objects/frameobject.c.
    pub(crate) fn clear_locals(self, namespace: bool) {
        let _namespace = Finally(|| {
            if namespace {
                drop(self.specials().locals().take());
            }
        });
        let _end = Finally(|| self.spill(self.slots()));
        if <FramesOf<V> as Frames>::CLEAR.contains(&ClearStep::SlotsAscending) {
            Emptied::<V, true> { frame: self, index: 0 }.run();
        } else {
            Emptied::<V, false> { frame: self, index: self.used() }.run();
        }
    }

    /// Where it stands in its code, in bytes; -1 before the first instruction.
    pub(crate) fn lasti(self) -> i32 {
        let unit = self.unit();
        if unit < 0 { -1 } else { i32::try_from(2 * unit).unwrap_or(i32::MAX) }
    }

    /// The line where it stands.
    pub(crate) fn line(self) -> Option<i32> {
        self.code()?.line_at(self.lasti())
    }

    /// Slots in use.
    pub(crate) fn used(self) -> u32 {
        let slots = self.slots();
        let end = self.specials().stack_top().get(slots).unwrap_or(slots);
        // A frame's size is checked when it is made: the count fits.
        ((end.addr() - slots.addr()) / size_of::<StackRef<V>>()) as u32
    }

    /// Puts something else in the place of what the VM added, which has moved.
    ///
    /// # Safety
    ///
    /// What was there must have moved.
    pub(crate) unsafe fn overwrite_extra(self, extra: V::FrameExtra) {
        // SAFETY: the place is within the block, aligned as the struct says.
        let place = unsafe { &raw mut (*self.0.as_ptr()).extra };
        // SAFETY: nobody has a reference to what has moved.
        unsafe { place.write(ManuallyDrop::new(extra)) };
    }

    /// Ends the frame: [`clear_except_code`](Self::clear_except_code), then what the VM added, the code, and the memory
    /// last, which `free` is for.
    pub(crate) fn end(self, free: impl Fn() + Copy) {
        self.end_at(self.stack_end(), self.specials().frame_object().pointer().is_some(), free);
    }

    /// The same for a frame whose stack is known to end here, whatever it says itself, and that has an object or not.
    #[inline(always)]
    pub(crate) fn end_at(self, end: *mut StackRef<V>, seen: bool, free: impl Fn() + Copy) {
        or_else!(self.clear_known(end, seen), self.end_rest(true, free));
        or_else!(self.drop_extra(), self.end_rest(false, free));
        or_else!(drop(self.specials().executable().take()), free());
        free();
    }

    /// What is left to do after a panic.
    #[cold]
    #[inline(never)]
    fn end_rest(self, extra: bool, free: impl Fn() + Copy) {
        let _memory = Finally(free);
        let _code = Finally(|| drop(self.specials().executable().take()));
        if extra {
            self.drop_extra();
        }
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

/// Why a slot cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSlot {
    /// An eval loop holds the frame.
    Held,
    /// The frame has no such local, and its stack is not as deep.
    Unused,
    /// There is no frame.
    NoFrame,
}

impl core::fmt::Display for NoSlot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            NoSlot::Held => "an eval loop holds the frame",
            NoSlot::Unused => "the frame has no such local, and its stack is not as deep",
            NoSlot::NoFrame => "there is no frame",
        })
    }
}

impl core::error::Error for NoSlot {}

/// What was to be put into a frame, and why it was not.
pub struct NotSet<T> {
    /// Why.
    pub why: NoSlot,
    /// What was given.
    pub value: T,
}

impl<T> core::fmt::Debug for NotSet<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("NotSet").field(&self.why).finish()
    }
}

#[cold]
#[inline(never)]
fn no_frame_object() -> ! {
    panic!("what the VM made for a frame object holds none")
}

/// Releases the slots from `first` up to `end`, upwards or downwards; goes on if a destructor panics.
///
/// # Safety
///
/// All of them must be initialised, and nobody may use them afterwards.
#[inline(always)]
pub(crate) unsafe fn release_slots<V: FrameVm, const ASCENDING: bool>(first: *mut StackRef<V>, end: *mut StackRef<V>) {
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

/// Does a step after the other, each also when one before it panics.
pub(crate) fn each<T>(steps: &[T], step: &dyn Fn(&T)) {
    if let [first, rest @ ..] = steps {
        let _rest = Finally(|| each(rest, step));
        step(first);
    }
}

/// Slots that are emptied one by one, upwards from `index`, or downwards from below it; goes on if a destructor panics.
///
/// Whether a slot is in use is asked anew each time: a destructor may empty them all.
struct Emptied<V: FrameVm, const ASCENDING: bool> {
    frame: FramePtr<V>,
    index: u32,
}

impl<V: FrameVm, const ASCENDING: bool> Emptied<V, ASCENDING> {
    fn next(&mut self) -> Option<*mut StackRef<V>> {
        if ASCENDING {
            let slot = self.frame.used_slot(self.index).ok();
            self.index += 1;
            return slot;
        }
        while let Some(below) = self.index.checked_sub(1) {
            self.index = below;
            if let Ok(slot) = self.frame.used_slot(below) {
                return Some(slot);
            }
        }
        None
    }

    fn run(&mut self) {
        while let Some(slot) = self.next() {
            // SAFETY: it is in use, and so initialised; no reference to it is anywhere.
            let value = unsafe { slot.replace(StackRef::null()) };
            drop(value);
        }
    }
}

impl<V: FrameVm, const ASCENDING: bool> Drop for Emptied<V, ASCENDING> {
    #[cold]
    fn drop(&mut self) {
        self.run();
    }
}

/// Does something at the end of its scope, also when a panic passes.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    #[inline(always)]
    fn drop(&mut self) {
        (self.0)();
    }
}
