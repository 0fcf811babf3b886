//! Code objects of every version, over the objects of a VM.

mod branch;
mod fault;
mod instruction;
mod rule;
pub mod verify;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::vm::{CodeUnit, Vm};

pub use branch::{Branch, Branches, branches};
pub use instruction::{Instruction, InstructionSet, Instructions};
pub use verify::{Fault, Handler, HandlerFault, Unverified, VariableSlots, VerifyError, verify};

/// A code object.
///
/// Source: `PyCodeObject`, Include/cpython/code.h.
#[expect(dead_code, reason = "being built")]
pub struct Code<V: Vm> {
    argcount: i32,
    posonlyargcount: i32,
    kwonlyargcount: i32,
    nlocals: i32,
    stacksize: i32,
    flags: i32,
    firstlineno: i32,
    units: Box<[CodeUnit]>,
    consts: Box<[V::Value]>,
    names: Box<[V::Value]>,
    localsplusnames: Box<[V::Value]>,
    localspluskinds: Box<[u8]>,
    filename: V::Value,
    name: V::Value,
    qualname: Option<V::Value>,
    linetable: Box<[u8]>,
    exceptiontable: Box<[u8]>,
}

/// What a code object is made of.
#[derive(Debug)]
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
    /// The file.
    pub filename: V::Value,
    /// The name.
    pub name: V::Value,
    /// The name with those of what it stands in; since 3.11, ignored before.
    pub qualname: Option<V::Value>,
    /// Where instructions stand: `co_linetable`, before 3.10 `co_lnotab`.
    pub linetable: Vec<u8>,
    /// Who handles exceptions; since 3.11, ignored before.
    pub exceptiontable: Vec<u8>,
}

/// The variables of a code object, as they are told to its constructor.
#[derive(Debug)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeError {
    /// The exception's type.
    pub kind: ErrorKind,
    /// Its message.
    pub message: Cow<'static, str>,
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
        f.debug_struct("Code").field("firstlineno", &self.firstlineno).finish_non_exhaustive()
    }
}
