//! How a code object comes to be.

use alloc::format;
use alloc::vec::Vec;

use super::variables::{Localsplus, Slots, bit, with_bits};
use super::{Code, CodeError, ErrorKind, Fields, Rules, Variables, constants, units};
use crate::locals::NameIndex;
use crate::table::{Handlers, LineIndex};
use crate::version::Version;
use crate::vm::{Objects, Vm};

/// A flag of `co_flags` by CPython's name; `None` in a version without it.
pub(super) fn flag<V: Vm>(name: &str) -> Option<i32> {
    let flags = V::Python::LAYOUT.find_numbers("code_flags")?;
    flags.value(name).and_then(|value| i32::try_from(value).ok())
}

impl<V: Objects> Code<V> {
    /// What `types.CodeType(...)` makes, with [`Variables::Separate`].
    ///
    /// Names, filename and so on must be exact strings. Arguments are checked in the order of the version:
    /// its own checks first, then those of [`unmarshal`](Self::unmarshal).
    ///
    /// Source: `code_new`, Objects/codeobject.c.
    ///
    /// # Errors
    ///
    /// What CPython raises, with its message.
    pub fn new(vm: &V, fields: Fields<V>) -> Result<Code<V>, CodeError> {
        let mut numbers = Vec::from([
            ("argcount", fields.argcount),
            ("posonlyargcount", fields.posonlyargcount),
            ("kwonlyargcount", fields.kwonlyargcount),
        ]);
        let mut tuples = Vec::from([&fields.names]);
        match &fields.variables {
            Variables::Separate { nlocals, varnames, cellvars, freevars } => {
                numbers.push(("nlocals", *nlocals));
                tuples.extend([varnames, freevars, cellvars]);
            }
            Variables::Localsplus { names, .. } => tuples.push(names),
        }
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number < 0) {
            return Err(CodeError::new(ErrorKind::ValueError, format!("code: {name} must not be negative")));
        }
        if let Some(name) = tuples.into_iter().flatten().find(|name| vm.text(name).is_none()) {
            let message = format!("name tuples must contain only strings, not '{}'", vm.type_name(name));
            return Err(CodeError::new(ErrorKind::TypeError, message));
        }
        Code::unmarshal(vm, fields)
    }

    /// What the marshal reader makes: since 3.11 with [`Variables::Localsplus`], whose kinds are taken as they are;
    /// before, with [`Variables::Separate`].
    ///
    /// Names and some constants are interned; [the cells of arguments](Self::cellvars) share the arguments' slots since
    /// 3.11; `CO_NOFREE` is set or removed where the version has it; a stack of 0 is one of 1 since 3.13; 3.15 sets the
    /// operand of `GET_ITER`, if it has one, to what the flags ask for.
    ///
    /// Source: `_PyCode_Validate`, `_PyCode_New`, before 3.11 `PyCode_NewWithPosOnlyArgs`, Objects/codeobject.c.
    ///
    /// # Errors
    ///
    /// What CPython raises, with its message. 3.8 ends the process where a name is no string; this is the error of 3.9.
    pub fn unmarshal(vm: &V, fields: Fields<V>) -> Result<Code<V>, CodeError> {
        if const { Rules::of::<V>() }.has_kinds() { with_kinds(vm, fields) } else { with_tuples(vm, fields) }
    }
}

/// 3.11 and later.
fn with_kinds<V: Objects>(vm: &V, mut fields: Fields<V>) -> Result<Code<V>, CodeError> {
    let optimized = flag::<V>("CO_OPTIMIZED").is_some_and(|flag| fields.flags & flag != 0);
    let variables = core::mem::replace(&mut fields.variables, no_variables());
    let Localsplus { names, kinds, surplus } = variables.into_kinds(vm, optimized, &fields.code)?;

    let named = fields.qualname.as_ref().is_some_and(|name| vm.text(name).is_some());
    if !named || names.len() != kinds.len() {
        return Err(CodeError::bad_argument());
    }
    let numbers = Numbers::check(vm, &fields)?;
    check_length(&fields, "code: co_code larger than INT_MAX")?;
    if !fields.code.len().is_multiple_of(2) {
        return Err(CodeError::new(ErrorKind::ValueError, "code: co_code is malformed"));
    }
    if i64::from(with_bits(&kinds, bit::<V>("local"))) < arguments(&fields) {
        return Err(CodeError::new(ErrorKind::ValueError, "code: co_varnames is too small"));
    }
    if surplus {
        return Err(CodeError::new(ErrorKind::ValueError, "code: co_nlocals != len(co_varnames)"));
    }
    check_strings(vm, [&fields.names[..], &names])?;
    Ok(finish(vm, fields, numbers, Slots::of_kinds(intern(vm, names), kinds)))
}

/// 3.8 to 3.10.
fn with_tuples<V: Objects>(vm: &V, mut fields: Fields<V>) -> Result<Code<V>, CodeError> {
    let variables = core::mem::replace(&mut fields.variables, no_variables());
    let slots = variables.into_tuples()?;
    let mut numbers = Numbers::check(vm, &fields)?;
    let Slots::Tuples { nlocals, varnames, cellvars, freevars } = slots else {
        return Err(CodeError::bad_argument());
    };
    check_strings(vm, [&fields.names[..], &varnames, &freevars, &cellvars])?;
    check_length(&fields, "co_code larger than INT_MAX")?;
    if let Some(flag) = flag::<V>("CO_NOFREE") {
        let flag = flag.cast_unsigned();
        numbers.flags =
            if cellvars.is_empty() && freevars.is_empty() { numbers.flags | flag } else { numbers.flags & !flag };
    }
    if i64::try_from(varnames.len()).is_ok_and(|names| names < arguments(&fields)) {
        return Err(CodeError::new(ErrorKind::ValueError, "code: varnames is too small"));
    }
    let [varnames, cellvars, freevars] =
        [varnames, cellvars, freevars].map(|names| intern(vm, names.into_vec()).into());
    fields.qualname = None;
    fields.exceptiontable = Vec::new();
    Ok(finish(vm, fields, numbers, Slots::Tuples { nlocals, varnames, cellvars, freevars }))
}

fn no_variables<V: Vm>() -> Variables<V> {
    Variables::Localsplus { names: Vec::new(), kinds: Vec::new() }
}

/// Numbers that are not negative.
struct Numbers {
    argcount: u32,
    posonlyargcount: u32,
    kwonlyargcount: u32,
    stacksize: u32,
    flags: u32,
}

impl Numbers {
    /// What CPython reports as a bug of its caller.
    fn check<V: Objects>(vm: &V, fields: &Fields<V>) -> Result<Numbers, CodeError> {
        let number = |number: i32| u32::try_from(number).map_err(|_| CodeError::bad_argument());
        let numbers = Numbers {
            argcount: number(fields.argcount)?,
            posonlyargcount: number(fields.posonlyargcount)?,
            kwonlyargcount: number(fields.kwonlyargcount)?,
            stacksize: number(fields.stacksize)?,
            flags: number(fields.flags)?,
        };
        let named = vm.text(&fields.filename).is_some() && vm.text(&fields.name).is_some();
        let ordered = numbers.posonlyargcount <= numbers.argcount;
        if named && ordered { Ok(numbers) } else { Err(CodeError::bad_argument()) }
    }
}

fn check_length<V: Objects>(fields: &Fields<V>, message: &'static str) -> Result<(), CodeError> {
    let limited = const { Rules::of::<V>() }.limits_code();
    let fits = i32::try_from(fields.code.len()).is_ok();
    if fits || !limited { Ok(()) } else { Err(CodeError::new(ErrorKind::OverflowError, message)) }
}

/// Locals that the parameters take.
fn arguments<V: Objects>(fields: &Fields<V>) -> i64 {
    let collects = |name| i64::from(flag::<V>(name).is_some_and(|flag| fields.flags & flag != 0));
    i64::from(fields.argcount) + i64::from(fields.kwonlyargcount) + collects("CO_VARARGS") + collects("CO_VARKEYWORDS")
}

fn check_strings<V: Objects, const N: usize>(vm: &V, tuples: [&[V::Value]; N]) -> Result<(), CodeError> {
    if tuples.into_iter().flatten().all(|name| vm.text(name).is_some()) {
        return Ok(());
    }
    Err(CodeError::new(ErrorKind::SystemError, "non-string found in code slot"))
}

fn intern<V: Objects>(vm: &V, names: Vec<V::Value>) -> Vec<V::Value> {
    names.into_iter().map(|name| vm.intern(name)).collect()
}

/// Everything was checked.
fn finish<V: Objects>(vm: &V, mut fields: Fields<V>, numbers: Numbers, slots: Slots<V>) -> Code<V> {
    let rules = const { Rules::of::<V>() };
    constants::intern(vm, &mut fields.consts);
    let own = |name| if rules.interns_own_name() { vm.intern(name) } else { name };
    let (code, units, first_traceable) = units::load::<V>(fields.code, numbers.flags);
    let mut code = Code {
        argcount: numbers.argcount,
        posonlyargcount: numbers.posonlyargcount,
        kwonlyargcount: numbers.kwonlyargcount,
        stacksize: if rules.needs_stack() { numbers.stacksize.max(1) } else { numbers.stacksize },
        flags: numbers.flags,
        firstlineno: fields.firstlineno,
        code,
        units,
        first_traceable,
        version: 0,
        consts: fields.consts.into(),
        names: intern(vm, fields.names).into(),
        slots,
        filename: own(fields.filename),
        name: own(fields.name),
        qualname: fields.qualname.map(own),
        linetable: fields.linetable.into(),
        exceptiontable: fields.exceptiontable.into(),
        lines: LineIndex::default(),
        handlers: Handlers::default(),
        index: NameIndex::default(),
        optimized: flag::<V>("CO_OPTIMIZED").is_some_and(|flag| numbers.flags & flag.cast_unsigned() != 0),
    };
    // A name without a hash is looked for among all.
    let hashes: Result<Vec<_>, _> = code.localsplusnames().iter().map(|name| vm.hash(name)).collect();
    code.index = hashes.map_or_else(|_| NameIndex::default(), |hashes| NameIndex::new(hashes.into_iter()));
    code.lines = LineIndex::new(code.line_table());
    code.handlers = Handlers::new(code.exception_table());
    code
}
