//! A frame: CPython's header, what the VM adds, and the slots, in one block.
//!
//! The header is generated, one struct per version, from cells; [`Specials`] hides how versions differ.

mod end;
mod field;
mod look;
mod object;
mod pointer;

use core::cell::Cell;
use core::mem::{self, ManuallyDrop};

pub(crate) use end::{Finally, or_else, release_slots};
pub use field::{Lent, Link, Place, Plain, StackIndex, StackPointer, StackTop, Tagged};
pub use look::{NoSlot, NotSet};
pub(crate) use object::Seen;
pub(crate) use pointer::{FramePtr, MOST_SLOTS};

use crate::stack_ref::StackRef;
use crate::version::{Frames, FramesOf};
use crate::vm::{CodeUnit, FrameVm};

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
