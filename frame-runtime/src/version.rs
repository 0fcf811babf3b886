//! What the runtime has to know of a version of CPython; generated types answer.
//!
//! [`Version`] is for all. [`Activation`] is for those whose frames are activation records on a data stack, 3.11 and
//! later; [`Classic`] for those before: a data stack for 3.8 does not compile.
//!
//! # The door
//!
//! [`Version`] and [`Activation`] are for everybody: `frame_spec!` makes a version of your own that extends one of these,
//! with states, owners and transitions that no CPython has. What such a version says can be nonsense, but never unsafe:
//! memory safety rests on [`Frames`] alone, which it takes from the version that it extends. A header of your own is
//! behind [`Vouched`], one `unsafe` line.

#![expect(unsafe_code, reason = "what the generator was told by the headers is vouched for here")]

use crate::frame::Specials;
use crate::frame_object::ObjectFields;
pub use crate::generated::version::*;
use crate::layout::Layout;
use crate::localsplus::Localsplus;
use crate::machine::{Numbers, Runs, asend, athrow, generator, owner, trace};
use crate::vm::{FrameVm, Vm};

/// A version of CPython, as a type without values.
pub trait Version: Runs<generator::Machine> + Runs<asend::Machine> + Runs<athrow::Machine> + Sized + 'static {
    /// `3.14`.
    const NAME: &'static str;
    /// The newest layout that is known, as data: structs, numbers, opcodes.
    const LAYOUT: &'static Layout;
    /// What lies in the slots of a frame.
    const LOCALSPLUS: &'static Localsplus;
}

/// A version whose frames are objects with a block stack: 3.8 to 3.10.
pub trait Classic: Version {}

/// A version whose frames are activation records on a data stack: 3.11 and later.
#[diagnostic::on_unimplemented(
    message = "frames of `{Self}` do not lie on a data stack",
    label = "not a version whose frames are activation records",
    note = "3.11 and later have activation records; before, a frame is an object of its own"
)]
pub trait Activation:
    Version
    + Runs<owner::Machine>
    + Runs<trace::Machine>
    + Numbers<generator::Created>
    + Numbers<generator::Suspended>
    + Numbers<generator::Executing>
    + Numbers<generator::Cleared>
{
    /// The version whose frames these are, byte for byte: itself, unless it extends another.
    type Frames: Frames;
}

/// The frames of a VM's version.
pub(crate) type FramesOf<V> = <<V as Vm>::Python as Activation>::Frames;

/// Whether the frame of a generator that ends is still linked to the one that resumed it while it is cleared: then its
/// frame object, if somebody holds it, has that one's as its `f_back`.
///
/// Source: `clear_gen_frame`, Python/ceval.c (`_PyEval_FrameClearAndPop`, Python/ceval.c before 3.13).
#[inline(always)]
pub(crate) const fn keeps_link<V: FrameVm>() -> bool {
    const { <V::Python as Version>::LAYOUT.minor() == 12 }
}

/// Vouches for what a version says of its frames and their objects in [`Frames`], [`Specials`] and [`ObjectFields`].
///
/// # Safety
///
/// [`Frames::Specials`] must consist of plain fields, those with accessors of the types in [`frame`](crate::frame); its
/// accessors must return one field each, always the same one and no two the same, and [`Specials::new`] must put into
/// each field what it is given for it. The same holds for [`Frames::ObjectFields`], whose references
/// [`ObjectFields::new`] must leave null. [`Frames::TAGS`] and [`Frames::NULL_SLOT`] must tell null, counted, borrowed and
/// integer slots apart. Owner numbers must differ, [`Frames::SHIM`] among them. Positions of an instruction must lie
/// within it. [`Frames::CLEAR`], [`Frames::OWN_CLEAR`] and [`Frames::OBJECT_CLEAR`] must name no step twice.
pub unsafe trait Vouched {}

/// Generated beside this crate, out of facts that were imported: no other crate can say this of a type.
pub(crate) trait Generated {}

// SAFETY: the generator makes every field of both structs from one of CPython's, in CPython's order and with its
// offsets asserted, and an accessor for each role, of which the checker allows one per version (`role-twice`). Numbers of
// an enum differ (`enum-value-twice`); tags are those of the headers. Steps of an order differ (`order-field`).
unsafe impl<P: Generated> Vouched for P {}

/// How the frames of a version lie in memory, and where their instruction pointers stand.
pub trait Frames:
    Vouched + Numbers<owner::Thread> + Numbers<owner::Generator> + Numbers<owner::FrameObject> + Sized + 'static
{
    /// The header of a frame: what comes before the slots.
    type Specials<V: FrameVm>: Specials<V>;
    /// What a frame object has between its header and the room for its frame.
    type ObjectFields<V: FrameVm>: ObjectFields<V>;

    /// The word of an empty slot.
    const NULL_SLOT: usize;
    /// What the low bits of a slot mean.
    const TAGS: Tags;
    /// The order in which an ending frame is released.
    const CLEAR: &'static [ClearStep];
    /// The order in which a frame is released that lies in its frame object, when that goes; such a frame has no object.
    /// Where the [code](ClearStep::Executable) is the last step it goes with the object's memory, behind all steps of
    /// [`OBJECT_CLEAR`](Self::OBJECT_CLEAR).
    ///
    /// Source: `frame_dealloc`, Objects/frameobject.c.
    const OWN_CLEAR: &'static [ClearStep];
    /// The order in which a cycle collector visits a frame.
    const TRAVERSE: &'static [ClearStep];
    /// The order in which a frame object is released.
    const OBJECT_CLEAR: &'static [ObjectStep];
    /// The order in which a cycle collector visits a frame object.
    const OBJECT_TRAVERSE: &'static [ObjectStep];
    /// The owner byte of the frame below the first one of an entry; a number that no owner has where CPython has no such
    /// frame (3.11).
    const SHIM: i8;

    /// Code units of inline cache behind `SEND`.
    const SEND_CACHES: u8;
    /// Whether the stored return offset counts the calling instruction and its caches, or only what is jumped over.
    const RETURN_OFFSET_COUNTS_CALL: bool;
    /// Where a new frame stands; from the start of its code.
    const NEW: Position;
    /// Where a frame stands that runs; from the unit behind the instruction.
    const RUNNING: Position;
    /// Where a frame stands that called another; from the calling instruction.
    const CALLING: Position;
    /// Where a generator's frame stands when it was made; from `RETURN_GENERATOR`.
    const CREATED: Position;
    /// Where a generator's frame stands after a yield; from the yielding instruction.
    const SUSPENDED: Position;
    /// Where a generator's frame stands in a `yield from` or `await`; from the yielding instruction.
    const DELEGATING: Position;
    /// Where a frame goes on that was created or suspended; from where it stands.
    const RESUME: Position;
    /// Where the caller goes on after a return; from where it stands.
    const AFTER_RETURN: Position;
    /// Where the resumer goes on after a yield; from where it stands. Caches are those of `SEND`.
    const AFTER_YIELD: Position;
}

/// The low bits of a slot. Where a version has no tags, the mask is 0 and every slot is null or counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// The bits that are no part of the pointer.
    pub mask: usize,
    /// The tag of a reference that is not counted. That of a counted one is 0.
    pub borrowed: usize,
    /// The tag of an integer.
    pub integer: usize,
    /// How far an integer is shifted to the left.
    pub shift: u32,
}

impl Tags {
    /// Slots are plain pointers.
    pub const NONE: Tags = Tags { mask: 0, borrowed: 0, integer: 0, shift: 0 };
}

/// One step in which a frame is released or visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearStep {
    /// The frame object.
    FrameObject,
    /// Locals and stack, the first local first.
    SlotsAscending,
    /// Locals and stack, the top of the stack first.
    SlotsDescending,
    /// The mapping of local names.
    Locals,
    /// The function.
    Function,
    /// The code object. Where it is the last step of a release it goes with the memory, after all that is released besides.
    Executable,
}

/// One step in which a frame object is released or visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectStep {
    /// The frame, where it lies in the object: its [`ClearStep`]s. A frame that lies elsewhere is not the object's.
    OwnFrame,
    /// The caller's frame object.
    Back,
    /// The trace function.
    Trace,
    /// Names that are no local variables.
    ExtraLocals,
    /// The locals as C asked for them.
    LocalsCache,
    /// Values that were replaced from outside.
    Overwritten,
}

/// A place in the code, relative to another one that is told by the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whether the inline caches of the instruction are added.
    pub caches: bool,
    /// Whether the frame's return offset is added.
    pub return_offset: bool,
    /// Code units added besides.
    pub plus: isize,
}

impl Position {
    /// Code units between the place it is relative to and this one.
    #[inline(always)]
    pub(crate) const fn resolve(self, caches: u8, return_offset: u16) -> isize {
        let caches = if self.caches { caches as isize } else { 0 };
        let return_offset = if self.return_offset { return_offset as isize } else { 0 };
        caches + return_offset + self.plus
    }
}
