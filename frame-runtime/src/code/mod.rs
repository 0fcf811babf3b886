//! Code objects of every version, over the objects of a VM.
//!
//! A [`Code`] is made by [`Code::new`], [`Code::unmarshal`] or [`Code::replace`], with the checks, the normalisation and
//! the messages of the VM's version. It never changes afterwards but for its [`units`](Code::units), which a VM may
//! specialise and instrument: [`co_code`](Code::co_code), comparison and hash do not look at them.
//!
//! That instructions, operands and tables make sense is not checked here, as it is not in CPython.
//!
//! What is left to the VM's binding: the conversion of Python arguments to [`Fields`], with its messages (`bytes` and not
//! `bytearray`, too large an `int`, unknown keywords), copies of instances of subclasses of `str`, and the audit event
//! `code.__new__`.

mod borrow;
mod branch;
mod fault;
mod instruction;
pub mod jump;
mod rule;
pub mod verify;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

mod access;
mod compare;
mod constants;
mod keys;
mod new;
mod replace;
mod tables;
mod units;
mod variables;
mod verified;

pub use replace::Changes;
pub use verified::{Rejected, Verified};

use crate::locals::NameIndex;
use crate::table::{Handlers, LineIndex};
use crate::vm::{CodeUnit, Vm};
use variables::Slots;

pub use crate::table::Handler;
pub use branch::{Branch, Branches, branches};
pub use instruction::{Instruction, InstructionSet, Instructions};
pub use verify::{Fault, HandlerFault, Unverified, VariableSlots, VerifyError, unproven_borrows, verify};

/// A code object.
///
/// It is `Send` and `Sync` where the VM's values are.
///
/// Source: `PyCodeObject`, Include/cpython/code.h.
pub struct Code<V: Vm> {
    argcount: u32,
    posonlyargcount: u32,
    kwonlyargcount: u32,
    stacksize: u32,
    flags: u32,
    firstlineno: i32,
    code: Box<[u8]>,
    units: Box<[CodeUnit]>,
    first_traceable: usize,
    version: u32,
    consts: Box<[V::Value]>,
    names: Box<[V::Value]>,
    slots: Slots<V>,
    filename: V::Value,
    name: V::Value,
    qualname: Option<V::Value>,
    linetable: Box<[u8]>,
    exceptiontable: Box<[u8]>,
    lines: LineIndex,
    handlers: Handlers,
    index: NameIndex,
    optimized: bool,
}

/// What a code object is made of.
pub struct Fields<V: Vm> {
    /// Positional parameters, the positional-only ones included.
    pub argcount: i32,
    /// Positional-only parameters.
    pub posonlyargcount: i32,
    /// Keyword-only parameters.
    pub kwonlyargcount: i32,
    /// Slots of the evaluation stack.
    pub stacksize: i32,
    /// `co_flags`.
    pub flags: i32,
    /// The first line, from 1; line numbers of the table count from it.
    pub firstlineno: i32,
    /// The instructions, without specialisation (`co_code`).
    pub code: Vec<u8>,
    /// Constants.
    pub consts: Vec<V::Value>,
    /// Names of globals and attributes.
    pub names: Vec<V::Value>,
    /// Locals, cells and free variables.
    pub variables: Variables<V>,
    /// The file: an exact `str`.
    pub filename: V::Value,
    /// The name: an exact `str`.
    pub name: V::Value,
    /// The name with those of what it stands in: an exact `str`. Since 3.11; ignored before.
    pub qualname: Option<V::Value>,
    /// Where instructions stand: `co_linetable`, before 3.10 `co_lnotab`.
    pub linetable: Vec<u8>,
    /// Who handles exceptions; since 3.11, ignored before.
    pub exceptiontable: Vec<u8>,
}

/// The variables of a code object, as they are told to its constructor.
pub enum Variables<V: Vm> {
    /// All in the order of their slots, each with its kind; in .pyc files since 3.11.
    Localsplus {
        /// Names.
        names: Vec<V::Value>,
        /// Kinds, `CO_FAST_LOCAL` and so on.
        kinds: Vec<u8>,
    },
    /// Three tuples: in the constructor of every version, and in .pyc files before 3.11.
    Separate {
        /// Slots of local variables.
        nlocals: i32,
        /// Local variables, parameters first.
        varnames: Vec<V::Value>,
        /// Variables that functions within use.
        cellvars: Vec<V::Value>,
        /// Variables of functions around.
        freevars: Vec<V::Value>,
    },
}

/// Why there is no such code object: an exception's type and its message, as CPython has them.
///
/// Where CPython's message names a line of its source, it is left out here: it is another one in each build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeError {
    /// The exception's type.
    pub kind: ErrorKind,
    /// Its message.
    pub message: Cow<'static, str>,
}

impl CodeError {
    fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> CodeError {
        CodeError { kind, message: message.into() }
    }

    /// What `PyErr_BadInternalCall` says, without the line of the source.
    fn bad_argument() -> CodeError {
        CodeError::new(ErrorKind::SystemError, "Objects/codeobject.c: bad argument to internal function")
    }
}

/// An exception's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// `TypeError`
    TypeError,
    /// `ValueError`
    ValueError,
    /// `OverflowError`
    OverflowError,
    /// `SystemError`
    SystemError,
    /// `IndexError`
    IndexError,
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

impl core::error::Error for CodeError {}

impl<V: Vm> fmt::Debug for Code<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Code");
        shown.field("firstlineno", &self.firstlineno).field("units", &self.units.len());
        shown.finish_non_exhaustive()
    }
}

impl<V: Vm> fmt::Debug for Fields<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Fields");
        shown.field("argcount", &self.argcount).field("posonlyargcount", &self.posonlyargcount);
        shown.field("kwonlyargcount", &self.kwonlyargcount).field("stacksize", &self.stacksize);
        shown.field("flags", &self.flags).field("firstlineno", &self.firstlineno).field("code", &self.code);
        shown.field("variables", &self.variables).finish_non_exhaustive()
    }
}

impl<V: Vm> fmt::Debug for Variables<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variables::Localsplus { kinds, .. } => {
                f.debug_struct("Localsplus").field("kinds", kinds).finish_non_exhaustive()
            }
            Variables::Separate { nlocals, varnames, cellvars, freevars } => {
                let mut shown = f.debug_struct("Separate");
                shown.field("nlocals", nlocals).field("varnames", &varnames.len());
                shown.field("cellvars", &cellvars.len()).field("freevars", &freevars.len()).finish_non_exhaustive()
            }
        }
    }
}

/// What differs between versions and is no fact of a layout, by the minor version: `14` of `3.14`.
struct Rules {
    minor: u8,
}

impl Rules {
    const fn of<V: Vm>() -> Rules {
        let minor = <V::Python as crate::version::Version>::LAYOUT.minor();
        Rules { minor }
    }

    /// Code of more bytes than an `int` holds is refused.
    const fn limits_code(&self) -> bool {
        self.minor >= 9
    }

    /// One array of slots, each with a kind; before, three tuples of names.
    const fn has_kinds(&self) -> bool {
        self.minor >= 11
    }

    /// The hash depends on the order of what is hashed, and on the instructions.
    const fn mixes_hash(&self) -> bool {
        self.minor >= 12
    }

    /// Filename, name and qualname are interned.
    const fn interns_own_name(&self) -> bool {
        self.minor >= 13
    }

    /// There is at least one slot of stack.
    const fn needs_stack(&self) -> bool {
        self.minor >= 13
    }

    /// An opcode without meaning is shown as it is; before, as 0.
    const fn shows_unknown_opcodes(&self) -> bool {
        self.minor >= 14
    }

    /// The flags decide on the operand of an iteration.
    const fn resolves_iteration(&self) -> bool {
        self.minor >= 15
    }

    /// Slices are compared by what is in them.
    const fn compares_slices(&self) -> bool {
        self.minor >= 14
    }
}
