//! What the runtime has to know of a version of CPython; generated types answer.
//!
//! [`Version`] is for all. [`Activation`] is for those whose frames are activation records on a data stack, 3.11 and
//! later: a data stack for 3.8 does not compile.
//!
//! # The door
//!
//! The traits are not sealed: a crate may have a version of its own. The runtime's memory safety rests on the answers,
//! and those who give them are forbidden to write `unsafe`; so one line, written by hand, vouches for them
//! ([`Vouched`]).

#![expect(unsafe_code, reason = "a line by hand vouches for each version")]

use crate::frame::Specials;
use crate::machine::Numbers;
use crate::stand_in::{Cpython3_12, Cpython3_14, generator, owner};
use crate::vm::Vm;

/// A version of CPython, as a type without values.
pub trait Version: Sized + 'static {
    /// `3.14`.
    const NAME: &'static str;
}

/// Vouches for what a version says of itself in [`Activation`] and [`Specials`].
///
/// # Safety
///
/// [`Activation::Specials`] must consist of plain fields, its accessors must return one field each, always the same one
/// and no two the same, and [`Specials::new`] must put into each field what it is given for it.
/// [`Activation::TAGS`] and [`Activation::NULL_SLOT`] must tell null, counted, borrowed and integer slots apart. Owner
/// numbers must differ, [`Activation::SHIM`] among them. Positions of an instruction must lie within it.
pub unsafe trait Vouched {}

// SAFETY: `stand_in` was read against `_PyInterpreterFrame` and `_PyStackRef` of v3.12.1; the tests compare its offsets.
unsafe impl Vouched for Cpython3_12 {}

// SAFETY: `stand_in` was read against `_PyInterpreterFrame` and `_PyStackRef` of v3.14.0; the tests compare its offsets.
unsafe impl Vouched for Cpython3_14 {}

/// A version whose frames are activation records on a data stack: 3.11 and later.
pub trait Activation:
    Version
    + Vouched
    + Numbers<owner::Thread>
    + Numbers<owner::Generator>
    + Numbers<owner::FrameObject>
    + Numbers<generator::Created>
    + Numbers<generator::Suspended>
    + Numbers<generator::Executing>
    + Numbers<generator::Cleared>
{
    /// The header of a frame: what comes before the slots.
    type Specials<V: Vm<Python = Self>>: Specials<V>;

    /// The word of an empty slot.
    const NULL_SLOT: usize;
    /// What the low bits of a slot mean.
    const TAGS: Tags;
    /// The order in which the slots of an ending frame are released.
    const CLEAR: ClearOrder;
    /// The owner byte of the frame below the first one of an entry.
    const SHIM: i8;

    /// Code units of inline cache behind `SEND`.
    const SEND_CACHES: u8;
    /// Whether the stored return offset counts the calling instruction and its caches, or only what is jumped over.
    const RETURN_OFFSET_COUNTS_CALL: bool;
    /// Where a new frame stands; from the start of its code.
    const NEW: Position;
    /// Where a frame stands that runs; from the next instruction.
    const RUNNING: Position;
    /// Where a frame stands that called another; from the calling instruction.
    const CALLING: Position;
    /// Where a generator's frame stands when it was made; from `RETURN_GENERATOR`.
    const CREATED: Position;
    /// Where a generator's frame stands after a yield; from the yielding instruction.
    const SUSPENDED: Position;
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

/// The order in which slots are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearOrder {
    /// The first local first.
    Ascending,
    /// The top of the stack first.
    Descending,
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
