//! CPython's tables of bytes: where instructions stand in the source, and who handles their exceptions.
//!
//! - [`LineTable`] and [`ExceptionTable`] answer what Python's own methods answer, whichever format a version has; with
//!   [`LineIndex`] and [`Handlers`] as quickly at the end of a long function as at its start.
//! - [`Entries`] are a table's entries, and [`Entries::fill`] writes the row of every unit into a buffer.
//! - [`Encoder`] writes what CPython's compiler would.
//!
//! What the bytes mean is data, the [`Format`] of a [`Row`], and is declared in the spec; rows of one's own come out of
//! `frame_spec!`. Nothing here allocates but encoders and indexes, and bytes that are no table are a [`DecodeError`].
//!
//! ```
//! use frame_runtime::table::{Entries, LocationRow};
//!
//! // def f(a):
//! //     return a + 1
//! let table = [0x80, 0x00, 0xd8, 0x0b, 0x0c, 0x88, 0x71, 0x89, 0x35, 0x80, 0x4c];
//! let mut rows = [LocationRow::NONE; 6];
//! assert_eq!(Entries::<LocationRow, 4>::new(&table, 1).fill(&mut rows)?, 6);
//! assert_eq!(rows[3].position(), [Some(2), Some(2), Some(11), Some(16)]);
//! # Ok::<(), frame_runtime::table::DecodeError>(())
//! ```

mod decode;
mod encode;
mod exceptions;
mod format;
mod index;
mod lines;
mod shape;

use core::fmt;

pub use crate::generated::table::*;
pub use decode::{Entries, Entry, Mark};
pub use encode::{EncodeError, Encoder, runs};
pub use exceptions::{ExceptionTable, Handler, Handlers};
pub use format::{Column, Form, Format, Head, Number, Part, Piece, Source, Step};
pub use index::{Index, find};
pub use lines::{LineIndex, LineRange, LineRanges, LineTable};

/// A row of a table: generated types are.
pub trait Row<const N: usize>: Copy + fmt::Debug + PartialEq {
    /// The bytes' meaning.
    const FORMAT: Format<N>;

    /// A row out of its columns, in the spec's order; -1 where there is no value.
    fn from_columns(columns: [i32; N]) -> Self;

    /// Its columns.
    fn to_columns(self) -> [i32; N];
}

/// The table of a version that says which lines instructions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lines {
    /// [`LocationRow`]: `co_linetable` from 3.11 on.
    Location,
    /// [`LineRow`]: `co_linetable` of 3.10.
    Line,
    /// [`LnotabRow`]: `co_lnotab` up to 3.9.
    Lnotab,
}

/// Bytes that are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The table, `location`.
    pub table: &'static str,
    /// The byte at fault, from the start of the table; its length where a byte is missing.
    pub byte: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a byte of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An entry is cut off here.
    Truncated,
    /// The first byte of an entry has no mark.
    NoMark,
    /// A mark within an entry: an entry begins before the one in front of it ends.
    Mark,
    /// No form has this code.
    UnknownCode(i16),
    /// A number with more digits than its form has, or a value that does not fit 32 bits.
    TooLarge,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} table, byte {}: ", self.table, self.byte)?;
        match self.fault {
            Fault::Truncated => f.write_str("the table ends within an entry"),
            Fault::NoMark => f.write_str("an entry begins without its mark"),
            Fault::Mark => f.write_str("a new entry begins within an entry"),
            Fault::UnknownCode(code) => write!(f, "no entry has the code {code}"),
            Fault::TooLarge => f.write_str("a number is too large"),
        }
    }
}

impl core::error::Error for DecodeError {}
