//! Frame objects: what the program sees of an activation, made when somebody looks.
//!
//! A [`FrameObject`] is a part of an object of the VM, which [`make_frame_object`](FrameVm::make_frame_object) makes. The
//! frame owns a reference to that object; the object points back without counting. When the activation ends and somebody
//! else holds the object, everything that the frame holds moves into it: the room for that was reserved when it was made.
//!
//! Source: `PyFrameObject`, Objects/frameobject.c, Python/frame.c.

#![expect(unsafe_code, reason = "the frame lies in the object's own memory when it is over")]

mod attribute;
mod fields;
mod lineno;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use core::hint::cold_path;
use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;

pub use attribute::ATTRIBUTES;
pub use fields::ObjectFields;
pub use lineno::{Lineno, LinenoError};

use crate::frame::{Finally, FramePtr, InterpreterFrame, NoSlot, NotSet, Place, or_else};
use crate::generator_frame::Head;
use crate::localsplus::Region;
use crate::machine::generator::{self, event};
use crate::machine::{Machine, Message, Numbers, Outcome, Runs};
use crate::room::Room;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf, ObjectStep};
use crate::visit::{Kind, Visit, show};
use crate::vm::{FrameCode, FrameVm, Value};

/// The fields of a version.
type Fields<V> = <FramesOf<V> as Frames>::ObjectFields<V>;

/// A frame as the program sees it.
///
/// All of it is reached through shared references: an object may be asked while it is asked.
///
/// Source: `struct _frame`, Include/internal/pycore_frame.h.
#[repr(C)]
pub struct FrameObject<V: FrameVm> {
    fields: Fields<V>,
    /// Where the frame goes when the activation is over (`_f_frame_data`).
    room: Room<V>,
    /// Stays in the old place of the frame when what the VM added to it moves here; gone then.
    spare: Cell<Option<V::FrameExtra>>,
    /// What locals had that were [set](Self::set): `f_overwritten_fast_locals`, as a list that grows without being copied.
    #[expect(clippy::box_collection, reason = "it is hardly ever there: one word is enough")]
    kept: Cell<Option<Box<Vec<V::Value>>>>,
}

impl<V: FrameVm> FrameObject<V> {
    /// An object with room for a frame, which is not yet its frame's.
    #[inline(always)]
    pub(crate) fn new(room: Room<V>) -> Self {
        let spare = Cell::new(Some(V::FrameExtra::default()));
        FrameObject { fields: Fields::<V>::new(), room, spare, kept: Cell::default() }
    }

    /// Makes it that of a frame of so many words, which is there and owns a reference to it.
    pub(crate) fn attach(&self, frame: FramePtr<V>, words: usize) {
        let fits = self.room.words() >= words;
        assert!(self.frame().is_none() && fits, "the VM made an object with another frame's frame object");
        self.fields.frame().set(Some(frame));
    }

    /// Its frame lies here from now on.
    pub(crate) fn follow(&self, frame: FramePtr<V>) {
        self.fields.frame().set(Some(frame));
    }

    /// The frame goes, and is not moved here: nothing can be asked from here on.
    pub(crate) fn detach(&self) {
        self.fields.frame().set(None);
    }

    /// Moves a frame of so many words in here.
    ///
    /// # Safety
    ///
    /// The words must be initialised and the object be the frame's. What is left is a header whose references are the
    /// caller's to forget.
    pub(crate) unsafe fn receive(&self, frame: FramePtr<V>, words: usize) -> FramePtr<V> {
        assert!(self.frame() == Some(frame) && words <= self.room.words(), "another frame's frame object");
        let room = self.room.memory();
        // Between fields that are smaller than a word nothing is initialised.
        let source = frame.memory().as_ptr().cast::<MaybeUninit<*mut ()>>();
        let target = room.as_ptr().cast::<MaybeUninit<*mut ()>>();
        // Volatile, so that it stays a copy of words: a wide read of what was just written as words waits for the cache.
        for word in 0..words {
            // SAFETY: the words are the frame's.
            let moved = unsafe { source.wrapping_add(word).read_volatile() };
            // SAFETY: the room was made for this frame.
            unsafe { target.wrapping_add(word).write(moved) };
        }
        if let Some(spare) = self.spare.take() {
            // SAFETY: what was there has moved.
            unsafe { frame.overwrite_extra(spare) };
        }
        // SAFETY: the header was just moved there, and the room is as large as the code asks.
        let moved = unsafe { FramePtr::new(room.cast::<InterpreterFrame<V>>()) };
        self.fields.frame().set(Some(moved));
        moved
    }

    /// The caller's frame object, as the activation ends.
    pub(crate) fn set_back(&self, back: Option<V::Value>) {
        if let Some(old) = self.fields.back().replace(back) {
            cold_path();
            drop(old);
        }
    }

    fn frame(&self) -> Option<FramePtr<V>> {
        self.fields.frame().get()
    }

    /// Whether the activation is over, and what it held is in here.
    pub fn is_over(&self) -> bool {
        self.frame().is_some_and(|frame| frame.memory() == self.room.memory())
    }

    /// The frame, if it still has the function that keeps its globals and builtins.
    fn lending(&self) -> Option<FramePtr<V>> {
        self.frame().filter(|frame| frame.function().is_some())
    }

    /// The code object (`f_code`). `None` in an object that no frame has.
    pub fn code(&self) -> Option<V::Value> {
        self.frame()?.executable().map(Ref::counted)
    }

    /// The function that was called; `None` when the frame was cleared.
    pub fn function(&self) -> Option<V::Value> {
        self.frame()?.function().map(Ref::counted)
    }

    /// The globals (`f_globals`).
    pub fn globals(&self) -> Option<V::Value> {
        self.lending()?.globals().map(Ref::counted)
    }

    /// The builtins (`f_builtins`).
    pub fn builtins(&self) -> Option<V::Value> {
        self.lending()?.builtins().map(Ref::counted)
    }

    /// The mapping that holds the names of a module or class; until 3.12 also the snapshot of a function's locals.
    pub fn namespace(&self) -> Option<V::Value> {
        self.frame()?.namespace().map(Ref::counted)
    }

    /// Changes that mapping, and returns what was there. Dropping that may run code of the program.
    ///
    /// # Errors
    ///
    /// [`NotSet`]: an eval loop holds the frame, or there is none.
    pub fn set_namespace(&self, namespace: Option<V::Value>) -> Result<Option<V::Value>, NotSet<Option<V::Value>>> {
        match self.frame() {
            Some(frame) if frame.is_held() => Err(NotSet { why: NoSlot::Held, value: namespace }),
            Some(frame) => Ok(frame.replace_namespace(namespace)),
            None => Err(NotSet { why: NoSlot::NoFrame, value: namespace }),
        }
    }

    /// The dict of names that are no local variables (`f_extra_locals`, since 3.13). `None` until one is written.
    pub fn extra_locals(&self) -> Option<V::Value> {
        self.fields.extra_locals()?.get()
    }

    /// Whether the version has such a dict.
    pub(crate) fn has_extra_locals(&self) -> bool {
        self.fields.extra_locals().is_some()
    }

    /// The dict of locals that C borrows (`f_locals_cache`, since 3.13). `None` until it asks.
    pub(crate) fn locals_cache(&self) -> Option<V::Value> {
        self.fields.locals_cache()?.get()
    }

    /// Changes that dict, and returns what was there.
    pub(crate) fn set_locals_cache(&self, dict: Option<V::Value>) -> Option<V::Value> {
        self.fields.locals_cache()?.replace(dict)
    }

    /// Whether a snapshot of the locals was taken that goes back (`f_fast_as_locals`, until 3.12).
    pub(crate) fn is_snapshot(&self) -> bool {
        self.fields.fast_as_locals().is_some_and(|flag| flag.get() != 0)
    }

    /// Sets that.
    pub(crate) fn set_snapshot(&self, taken: bool) {
        if let Some(flag) = self.fields.fast_as_locals() {
            flag.set(taken.into());
        }
    }

    /// Changes the dict of names that are no local variables, and returns what was there (`f_extra_locals`, since 3.13).
    ///
    /// Dropping what comes back may run code of the program.
    ///
    /// # Errors
    ///
    /// The dict, where the version has none: until 3.12 they are in the [namespace](Self::namespace).
    pub fn set_extra_locals(&self, dict: Option<V::Value>) -> Result<Option<V::Value>, Option<V::Value>> {
        match self.fields.extra_locals() {
            Some(field) => Ok(field.replace(dict)),
            None => Err(dict),
        }
    }

    /// Where the frame stands, in bytes of code; -1 before the first instruction (`f_lasti`).
    ///
    /// Source: `PyFrame_GetLasti`, Objects/frameobject.c.
    pub fn lasti(&self) -> i32 {
        self.frame().map_or(-1, FramePtr::lasti)
    }

    /// The line (`f_lineno`): the one that was [set](Self::set_line), else that of the instruction. `None` where it has none.
    ///
    /// Source: `PyFrame_GetLineNumber`, Objects/frameobject.c.
    pub fn line(&self) -> Option<i32> {
        let set = self.fields.line().get();
        if set > 0 { Some(set) } else { self.frame().and_then(FramePtr::line) }
    }

    /// The line that an instruction of the frame's code comes from, by its place in bytes.
    pub fn line_at(&self, lasti: i32) -> Option<i32> {
        self.frame()?.code()?.line_at(lasti)
    }

    /// Says which line the frame is at, from 1 on, while a trace function looks at it; `None` when that is over. To send the
    /// frame to another line is [`set_lineno`](Self::set_lineno).
    pub fn set_line(&self, line: Option<i32>) {
        self.fields.line().set(line.unwrap_or(0).max(0));
    }

    /// The caller's frame object (`f_back`), made if there is none. `None`: nobody called, or there is no memory.
    ///
    /// Source: `PyFrame_GetBack`, Objects/frameobject.c.
    pub fn back(&self, vm: &V) -> Option<V::Value> {
        if let Some(back) = self.fields.back().get() {
            return Some(back);
        }
        let caller = || FramePtr::complete(self.frame().filter(|_| !self.is_over())?.previous());
        let frame = caller()?;
        // While its object is made, frames that were parked may go on, and end: as long as this one runs its caller does.
        match frame.object_if(vm, || caller() == Some(frame)) {
            None => self.fields.back().get(),
            back => back,
        }
    }

    /// The generator that the frame is in (`f_generator`, since 3.14), while it is.
    pub fn generator(&self) -> Option<V::Value> {
        let frame = self.frame().filter(|frame| frame.is_by_generator())?;
        Head::of(frame).object()
    }

    /// The function that gets the frame's trace events (`f_trace`).
    pub fn trace(&self) -> Option<V::Value> {
        self.fields.trace().get()
    }

    /// Changes the trace function, and returns the old one.
    pub fn set_trace(&self, function: Option<V::Value>) -> Option<V::Value> {
        self.fields.trace().replace(function)
    }

    /// Whether lines are traced (`f_trace_lines`): at first they are.
    pub fn trace_lines(&self) -> bool {
        self.fields.trace_lines().get() != 0
    }

    /// Sets whether lines are traced.
    pub fn set_trace_lines(&self, traced: bool) {
        self.fields.trace_lines().set(traced.into());
    }

    /// Whether instructions are traced (`f_trace_opcodes`): at first they are not.
    pub fn trace_opcodes(&self) -> bool {
        self.fields.trace_opcodes().get() != 0
    }

    /// Sets whether instructions are traced.
    pub fn set_trace_opcodes(&self, traced: bool) {
        self.fields.trace_opcodes().set(traced.into());
    }

    /// What the VM added to the frame, once the activation is over: before, the frame may still move.
    pub fn extra(&self) -> Option<&V::FrameExtra> {
        self.frame().filter(|_| self.is_over()).map(FramePtr::extra)
    }

    /// Slots in use: the locals, then what is on the stack. 0 while an eval loop holds the frame.
    pub fn used(&self) -> u32 {
        self.frame().map_or(0, FramePtr::used)
    }

    /// The region that a slot is in: an argument, another local, a cell, a free variable, the stack. `None` where the code
    /// does not say what kinds its variables are, and behind the last slot.
    pub fn region(&self, index: u32) -> Option<&'static Region> {
        self.frame()?.region(index)
    }

    /// What is in a slot, counted.
    ///
    /// # Errors
    ///
    /// [`NoSlot`]
    pub fn get(&self, index: u32) -> Result<StackRef<V>, NoSlot> {
        self.frame().ok_or(NoSlot::NoFrame)?.get_slot(index)
    }

    /// Changes a local. What was in it comes back; but from 3.14 on, where a stack may hold a borrowed reference to it, the
    /// object keeps it until it is [cleared](Self::clear) or gone, and nothing comes back (`f_overwritten_fast_locals`).
    ///
    /// What goes in is counted from then on.
    ///
    /// # Errors
    ///
    /// [`NotSet`]
    pub fn set(&self, index: u32, value: StackRef<V>) -> Result<StackRef<V>, NotSet<StackRef<V>>> {
        let Some(frame) = self.frame() else { return Err(NotSet { why: NoSlot::NoFrame, value }) };
        let old = frame.replace_local(index, value)?;
        if <FramesOf<V> as Frames>::TAGS.borrowed == 0 || !old.is_owned() {
            return Ok(old);
        }
        let mut kept = self.kept.take().unwrap_or_default();
        kept.extend(old.into_value());
        self.kept.set(Some(kept));
        Ok(StackRef::null())
    }

    /// Whether there is something in a local.
    pub(crate) fn is_bound(&self, index: u32) -> Result<bool, NoSlot> {
        self.frame().ok_or(NoSlot::NoFrame)?.is_bound(index)
    }

    /// Like [`set`](Self::set). A frame that was cleared has all its locals again, unbound, as CPython's memory does.
    pub(crate) fn rebind(&self, index: u32, value: StackRef<V>) -> Result<StackRef<V>, NotSet<StackRef<V>>> {
        if let Some(frame) = self.frame().filter(|_| self.is_over()) {
            frame.refill();
        }
        self.set(index, value)
    }

    /// Drops what an ended activation's frame held, and the trace function (`clear()`).
    ///
    /// # Errors
    ///
    /// [`ClearError`], if the activation is not over: [`ClearError::Generator`] when it is a generator's, which decides, else
    /// [`ClearError::Refused`] with CPython's error.
    ///
    /// Source: `frame_clear`, Objects/frameobject.c.
    pub fn clear(&self) -> Result<(), ClearError<V>> {
        let Some(frame) = self.frame() else { return Ok(()) };
        if !self.is_over() {
            return Err(self.refusal(frame));
        }
        let _slots = Finally(|| frame.clear_locals(self.fields.extra_locals().is_some()));
        self.clear_fields::<false>();
        Ok(())
    }

    /// Whether it is the frame of a generator that waits at a `yield`.
    pub(crate) fn is_suspended(&self) -> bool {
        let suspended = <V::Python as Numbers<generator::Suspended>>::RAW;
        self.frame().is_some_and(|frame| frame.is_by_generator() && Head::of(frame).state() == suspended)
    }

    #[cold]
    fn refusal(&self, frame: FramePtr<V>) -> ClearError<V> {
        if frame.is_by_generator() {
            return ClearError::Generator(Head::of(frame).object());
        }
        let rules = <V::Python as Runs<generator::Machine>>::RULES;
        let flavour = generator::Flavour::Generator as u8;
        match rules.step(generator::state::EXECUTING, event::FRAME_CLEAR, flavour, |_| false).outcome {
            Outcome::Refuses(kind, message) => ClearError::Refused(kind, message),
            _ => unreachable!("an executing frame is never cleared"),
        }
    }

    /// What is not the frame's; `ALL` with the link to the caller.
    #[inline(always)]
    fn clear_fields<const ALL: bool>(&self) {
        const { assert!(<FramesOf<V> as Frames>::OBJECT_CLEAR.len() <= 6, "a step more than are written here") };
        or_else!(self.clear_field::<ALL>(0), self.clear_rest::<ALL>(1));
        or_else!(self.clear_field::<ALL>(1), self.clear_rest::<ALL>(2));
        or_else!(self.clear_field::<ALL>(2), self.clear_rest::<ALL>(3));
        or_else!(self.clear_field::<ALL>(3), self.clear_rest::<ALL>(4));
        or_else!(self.clear_field::<ALL>(4), self.clear_rest::<ALL>(5));
        self.clear_field::<ALL>(5);
    }

    /// The steps from this one on, after a panic.
    #[cold]
    #[inline(never)]
    fn clear_rest<const ALL: bool>(&self, step: usize) {
        if step < <FramesOf<V> as Frames>::OBJECT_CLEAR.len() {
            let _rest = Finally(|| self.clear_rest::<ALL>(step + 1));
            self.clear_field::<ALL>(step);
        }
    }

    #[inline(always)]
    fn clear_field<const ALL: bool>(&self, step: usize) {
        let fields = &self.fields;
        let field = match <FramesOf<V> as Frames>::OBJECT_CLEAR.get(step) {
            Some(ObjectStep::Back) if ALL => return fields.back().release(),
            Some(ObjectStep::Trace) => Some(fields.trace()),
            Some(ObjectStep::ExtraLocals) => fields.extra_locals(),
            Some(ObjectStep::LocalsCache) => fields.locals_cache(),
            Some(ObjectStep::Overwritten) => {
                self.clear_kept();
                fields.overwritten()
            }
            Some(ObjectStep::OwnFrame | ObjectStep::Back) | None => None,
        };
        if let Some(field) = field {
            field.release_rare();
        }
    }

    /// What locals had that were set. A tuple's last item goes first.
    #[inline(always)]
    fn clear_kept(&self) {
        if let Some(mut kept) = self.kept.take() {
            while kept.pop().is_some() {}
        }
    }

    /// Shows all references to a visitor: those of the frame only when the activation is over.
    ///
    /// Source: `frame_traverse`, Objects/frameobject.c.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        let fields = &self.fields;
        for step in <FramesOf<V> as Frames>::OBJECT_TRAVERSE {
            let field = match step {
                ObjectStep::OwnFrame => {
                    if let Some(frame) = self.frame().filter(|_| self.is_over()) {
                        frame.visit(visit);
                    }
                    None
                }
                ObjectStep::Back => Some(fields.back()),
                ObjectStep::Trace => Some(fields.trace()),
                ObjectStep::ExtraLocals => fields.extra_locals(),
                ObjectStep::LocalsCache => fields.locals_cache(),
                ObjectStep::Overwritten => {
                    self.visit_kept(visit);
                    fields.overwritten()
                }
            };
            if let Some(field) = field {
                field.visit(visit);
            }
        }
    }

    fn visit_kept(&self, visit: &mut dyn Visit<V>) {
        let Some(mut kept) = self.kept.take() else { return };
        for value in kept.iter_mut() {
            let raw = value.as_raw();
            // SAFETY: the reference is owned by the list, which nobody else has meanwhile.
            if let Some(now) = unsafe { show::<V>(raw, Kind::Owned, visit) } {
                // SAFETY: the visitor put this reference in the place of the old one, which is forgotten.
                mem::forget(mem::replace(value, unsafe { V::Value::from_raw(now) }));
            }
        }
        if let Some(mut since) = self.kept.take() {
            kept.append(&mut since);
        }
        self.kept.set(Some(kept));
    }

    /// How the frame is shown: `<frame at 0x7f..., file 'a.py', line 3, code f>`.
    ///
    /// `file` is the `repr()` of the code's filename, `name` its name.
    ///
    /// Source: `frame_repr`, Objects/frameobject.c.
    pub fn repr<'a>(&'a self, address: usize, file: &'a str, name: &'a str) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            let line = self.line().unwrap_or(-1);
            write!(f, "<frame at {address:#x}, file {file}, line {line}, code {name}>")
        })
    }

    /// The memory that [`allocate_frame`](FrameVm::allocate_frame) gave for its frame: how a VM that has it behind an object
    /// of its own knows which. It lies there for as long as the frame object is not dropped.
    #[inline(always)]
    pub fn memory(&self) -> NonNull<u8> {
        self.room.memory().cast()
    }

    /// Words that were reserved for the frame.
    pub fn room_words(&self) -> usize {
        self.room.words()
    }
}

/// Why a frame is not cleared.
pub enum ClearError<V: FrameVm> {
    /// It runs: an exception of this type, with this message.
    Refused(<generator::Machine as Machine>::Error, Message),
    /// It is the frame of a generator, this one, which is to be asked:
    /// [`Generator::clear_frame`](crate::generator::Generator::clear_frame). `None`: no object of the VM is known for it.
    Generator(Option<V::Value>),
}

impl<V: FrameVm> fmt::Debug for ClearError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClearError::Refused(kind, message) => f.debug_tuple("Refused").field(kind).field(message).finish(),
            ClearError::Generator(_) => f.write_str("Generator"),
        }
    }
}

impl<V: FrameVm> fmt::Display for ClearError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClearError::Refused(_, message) => f.write_str(message.pattern()),
            ClearError::Generator(_) => f.write_str("the frame is a generator's: it decides"),
        }
    }
}

impl<V: FrameVm> core::error::Error for ClearError<V> {}

impl<V: FrameVm> Drop for FrameObject<V> {
    #[inline]
    fn drop(&mut self) {
        match self.frame().filter(|_| self.is_over()) {
            Some(frame) => frame.end_own(|| self.clear_fields::<true>()),
            None => self.clear_fields::<true>(),
        }
    }
}

impl<V: FrameVm> fmt::Debug for FrameObject<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameObject")
            .field("lasti", &self.lasti())
            .field("over", &self.is_over())
            .finish_non_exhaustive()
    }
}
