//! Why bytes are no marshalled object: CPython's reasons, and a few of our own.

use alloc::string::String;
use core::fmt;

use super::marshal::{COPIED_PER_BYTE, FLAG_REF};
use super::text::TextError;
use crate::code::{CodeError, ErrorKind};

/// Why bytes are no marshalled object.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadError<E> {
    /// The byte at fault: the type byte of the object, a digit; the input's length where bytes are missing.
    pub at: usize,
    /// What is wrong.
    pub what: Fault<E>,
}

/// What is wrong with marshalled bytes.
///
/// Source: `r_object`, Python/marshal.c.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault<E> {
    /// An object should begin where the input ends. The same is said, before 3.11, of a missing count of one byte.
    ObjectMissing,
    /// A count of one byte is missing.
    ByteMissing,
    /// The input ends within something of a known size.
    TooShort,
    /// No type has this byte, or none has it in this version.
    UnknownType(u8),
    /// A reference to an object that is not there, or that is not complete and of a type which CPython refuses then.
    Reference(i32),
    /// A reference to a tuple, list, dict or set from within. CPython makes an object that holds itself; no code object
    /// has one, and a VM that is told of complete objects only cannot make it.
    Cycle(i32),
    /// A size below 0.
    Size {
        /// Of what: `tuple`.
        of: &'static str,
        /// The size.
        size: i32,
    },
    /// A digit of an integer with more than 15 bits.
    Digit(u16),
    /// An integer whose highest digit is 0.
    Unnormalized,
    /// Objects are nested too deep.
    TooDeep,
    /// Nothing, where an object should be; the word says in what.
    Null(&'static str),
    /// A string that is no UTF-8.
    Text(TextError),
    /// A float or complex number whose text is none.
    Number(String),
    /// A field of a code object is of the wrong type.
    Field {
        /// The field: `co_consts`.
        name: &'static str,
        /// The type it should have.
        wanted: &'static str,
    },
    /// There is no such code object.
    Code(CodeError),
    /// Code objects refer to the same large tuples and strings so often that they would grow far beyond the input.
    Expansion,
    /// The object is complete, but no code object.
    NoCode,
    /// What the VM raised.
    Raised(E),
}

impl<E> Fault<E> {
    /// The type of CPython's exception; `None` where CPython has no such error, or the exception is the VM's.
    pub fn exception(&self) -> Option<&'static str> {
        Some(match self {
            Fault::ObjectMissing | Fault::ByteMissing | Fault::TooShort => "EOFError",
            Fault::UnknownType(_) | Fault::Reference(_) | Fault::Size { .. } | Fault::Digit(_) => "ValueError",
            Fault::Unnormalized | Fault::TooDeep | Fault::Number(_) => "ValueError",
            Fault::Null(_) => "TypeError",
            Fault::Text(_) => "UnicodeDecodeError",
            Fault::Field { .. } => "SystemError",
            Fault::NoCode => "ImportError",
            Fault::Code(error) => match error.kind {
                ErrorKind::TypeError => "TypeError",
                ErrorKind::ValueError => "ValueError",
                ErrorKind::OverflowError => "OverflowError",
                ErrorKind::SystemError => "SystemError",
                ErrorKind::IndexError => "IndexError",
            },
            Fault::Cycle(_) | Fault::Expansion | Fault::Raised(_) => return None,
        })
    }
}

/// CPython's message, and behind it in brackets what else is known.
impl<E: fmt::Display> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::ObjectMissing => f.write_str("EOF read where object expected"),
            Fault::ByteMissing => f.write_str("EOF read where not expected"),
            Fault::TooShort => f.write_str("marshal data too short"),
            Fault::UnknownType(byte) => {
                write!(f, "bad marshal data (unknown type code) [{}: {byte:#04x}]", (byte & !FLAG_REF).escape_ascii())
            }
            Fault::Reference(index) => write!(f, "bad marshal data (invalid reference) [{index}]"),
            Fault::Cycle(index) => write!(f, "reference {index} is to an object that it is a part of"),
            Fault::Size { of, size } => write!(f, "bad marshal data ({of} size out of range) [{size}]"),
            Fault::Digit(digit) => write!(f, "bad marshal data (digit out of range in long) [{digit:#06x}]"),
            Fault::Unnormalized => f.write_str("bad marshal data (unnormalized long data)"),
            Fault::TooDeep => f.write_str("recursion limit exceeded"),
            Fault::Null(of) => write!(f, "NULL object in marshal data for {of}"),
            Fault::Text(error) => error.fmt(f),
            Fault::Number(text) => write!(f, "could not convert string to float: '{}'", text.escape_debug()),
            Fault::Field { name, wanted } => {
                write!(f, "bad argument to internal function [{name} of a code object must be {wanted}]")
            }
            Fault::Code(error) => f.write_str(&error.message),
            Fault::Expansion => {
                write!(f, "its references would make it more than {COPIED_PER_BYTE} times as large as its bytes")
            }
            Fault::NoCode => f.write_str("Non-code object"),
            Fault::Raised(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.at)?;
        if let Some(exception) = self.what.exception() {
            write!(f, "{exception}: ")?;
        }
        self.what.fmt(f)
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for ReadError<E> {}
