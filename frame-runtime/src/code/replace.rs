//! A copy of a code object in which something is different.

use alloc::format;
use alloc::vec::Vec;

use super::{Code, CodeError, ErrorKind, Fields, Variables};
use crate::vm::{Objects, Vm};

/// What is to be different in a copy; `None` stays as it is.
///
/// ```
/// use frame_runtime::code::{Changes, Code, CodeError};
/// use frame_runtime::vm::Objects;
///
/// fn with_larger_stack<V: Objects>(vm: &V, code: &Code<V>) -> Result<Code<V>, CodeError> {
///     code.replace(vm, Changes { stacksize: Some(20), ..Changes::default() })
/// }
/// ```
pub struct Changes<V: Vm> {
    /// Positional parameters, the positional-only ones included.
    pub argcount: Option<i32>,
    /// Positional-only parameters.
    pub posonlyargcount: Option<i32>,
    /// Keyword-only parameters.
    pub kwonlyargcount: Option<i32>,
    /// Slots of local variables. Not computed from [`varnames`](Self::varnames).
    pub nlocals: Option<i32>,
    /// Slots of the evaluation stack.
    pub stacksize: Option<i32>,
    /// `co_flags`.
    pub flags: Option<i32>,
    /// The first line.
    pub firstlineno: Option<i32>,
    /// The instructions.
    pub code: Option<Vec<u8>>,
    /// Constants.
    pub consts: Option<Vec<V::Value>>,
    /// Names of globals and attributes.
    pub names: Option<Vec<V::Value>>,
    /// Local variables, parameters first.
    pub varnames: Option<Vec<V::Value>>,
    /// Variables that functions within use.
    pub cellvars: Option<Vec<V::Value>>,
    /// Variables of functions around.
    pub freevars: Option<Vec<V::Value>>,
    /// The file.
    pub filename: Option<V::Value>,
    /// The name.
    pub name: Option<V::Value>,
    /// The name with those of what it stands in; ignored before 3.11.
    pub qualname: Option<V::Value>,
    /// `co_linetable`, before 3.10 `co_lnotab`.
    pub linetable: Option<Vec<u8>>,
    /// Who handles exceptions; ignored before 3.11.
    pub exceptiontable: Option<Vec<u8>>,
}

impl<V: Vm> Default for Changes<V> {
    fn default() -> Self {
        Changes {
            argcount: None,
            posonlyargcount: None,
            kwonlyargcount: None,
            nlocals: None,
            stacksize: None,
            flags: None,
            firstlineno: None,
            code: None,
            consts: None,
            names: None,
            varnames: None,
            cellvars: None,
            freevars: None,
            filename: None,
            name: None,
            qualname: None,
            linetable: None,
            exceptiontable: None,
        }
    }
}

impl<V: Vm> core::fmt::Debug for Changes<V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Changes");
        shown.field("argcount", &self.argcount).field("posonlyargcount", &self.posonlyargcount);
        shown.field("kwonlyargcount", &self.kwonlyargcount).field("nlocals", &self.nlocals);
        shown.field("stacksize", &self.stacksize).field("flags", &self.flags);
        shown.field("firstlineno", &self.firstlineno).field("code", &self.code).finish_non_exhaustive()
    }
}

impl<V: Objects> Code<V> {
    /// A copy in which some fields are different (`code.replace()`).
    ///
    /// The kinds of variables are made anew, as by [`new`](Self::new): from 3.14 on the copy does not tell any more which
    /// variables are parameters. The number of the code ([`code_version`](Self::code_version)) is not copied.
    ///
    /// Source: `code_replace`, Objects/codeobject.c.
    ///
    /// # Errors
    ///
    /// What CPython raises, with its message.
    pub fn replace(&self, vm: &V, changes: Changes<V>) -> Result<Code<V>, CodeError> {
        // What was accepted is no larger than an `int`, but for numbers of slots that are counted.
        let own = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let argcount = changes.argcount.unwrap_or_else(|| own(self.argcount));
        let posonlyargcount = changes.posonlyargcount.unwrap_or_else(|| own(self.posonlyargcount));
        let kwonlyargcount = changes.kwonlyargcount.unwrap_or_else(|| own(self.kwonlyargcount));
        let nlocals = changes.nlocals.unwrap_or_else(|| own(self.nlocals()));
        let stacksize = changes.stacksize.unwrap_or_else(|| own(self.stacksize));
        let flags = changes.flags.unwrap_or_else(|| own(self.flags));
        let firstlineno = changes.firstlineno.unwrap_or(self.firstlineno);
        let numbers = [
            ("argcount", argcount),
            ("posonlyargcount", posonlyargcount),
            ("kwonlyargcount", kwonlyargcount),
            ("nlocals", nlocals),
            ("stacksize", stacksize),
            ("flags", flags),
            ("firstlineno", firstlineno),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number < 0) {
            return Err(CodeError::new(ErrorKind::ValueError, format!("co_{name} must be a positive integer")));
        }
        let fields = Fields {
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            flags,
            firstlineno,
            code: changes.code.unwrap_or_else(|| self.code.to_vec()),
            consts: changes.consts.unwrap_or_else(|| self.consts.to_vec()),
            names: changes.names.unwrap_or_else(|| self.names.to_vec()),
            variables: Variables::Separate {
                nlocals,
                varnames: changes.varnames.unwrap_or_else(|| self.varnames().cloned().collect()),
                cellvars: changes.cellvars.unwrap_or_else(|| self.cellvars().cloned().collect()),
                freevars: changes.freevars.unwrap_or_else(|| self.freevars().cloned().collect()),
            },
            filename: changes.filename.unwrap_or_else(|| self.filename.clone()),
            name: changes.name.unwrap_or_else(|| self.name.clone()),
            qualname: changes.qualname.or_else(|| self.qualname.clone()),
            linetable: changes.linetable.unwrap_or_else(|| self.linetable.to_vec()),
            exceptiontable: changes.exceptiontable.unwrap_or_else(|| self.exceptiontable.to_vec()),
        };
        Code::unmarshal(vm, fields)
    }
}
