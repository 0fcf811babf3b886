//! Code objects. They cannot be changed; what they hold is shown as CPython shows it.

use frame_runtime::cell::Operator;
use frame_runtime::counted::CodeObject;

use super::{Called, method_is_readonly, not_writable, readonly};
use crate::object::{Args, Builtin, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value, boolean, int, list, tuple};
use crate::vm::Mini;
use crate::{exception, protocol, text};

type Code = CodeObject<Mini>;

/// Methods of code objects.
pub(crate) static METHODS: &[Builtin] = &[Builtin { name: "co_lines", is_method: true, call: co_lines }];

/// `code.co_lines()`: first and last byte of instructions, and their line.
fn co_lines(stack: &Stack, args: Args<'_>) -> Outcome {
    let called = Called { ty: "code", name: "co_lines" };
    let code = args.positional.first().and_then(Value::code);
    let (object, _) = called.arguments(stack, args, code.is_some(), Some(0))?;
    let Some(code) = code else { return Err(called.wrong_object(stack, object)) };
    let mut lines = Vec::new();
    for range in code.co_lines() {
        let Ok(range) = range else { return Err(exception::refuse(stack, "a line table that cannot be read")) };
        lines.push(tuple([int(range.start), int(range.end), range.line.map_or(NONE, int)]));
    }
    protocol::iter(stack, &list(lines))
}

/// `code.name`
pub(super) fn get(stack: &Stack, code: &Code, name: &str) -> Option<Outcome> {
    Some(Ok(match name {
        "co_argcount" => int(code.argcount()),
        "co_posonlyargcount" => int(code.posonlyargcount()),
        "co_kwonlyargcount" => int(code.kwonlyargcount()),
        "co_nlocals" => int(code.nlocals()),
        "co_stacksize" => int(code.stacksize()),
        "co_flags" => int(code.flags()),
        "co_firstlineno" => int(code.firstlineno()),
        "co_name" => code.name().clone(),
        "co_qualname" => code.qualname().cloned().unwrap_or(NONE),
        "co_filename" => code.filename().clone(),
        "co_consts" => tuple(code.consts()),
        "co_names" => tuple(code.names()),
        "co_varnames" => tuple(code.varnames().cloned().collect::<Vec<_>>()),
        "co_cellvars" => tuple(code.cellvars().cloned().collect::<Vec<_>>()),
        "co_freevars" => tuple(code.freevars().cloned().collect::<Vec<_>>()),
        "co_code" => bytes(code.co_code()),
        "co_exceptiontable" => bytes(code.exceptiontable()),
        // `co_linetable` and `co_positions()` depend on whether CPython was told to keep columns.
        _ if name != "co_lines" && is_method(name) || is_field(name) || is_computed(name) => {
            return Some(Err(exception::refuse(stack, format!("the attribute {name} of code objects"))));
        }
        _ => return None,
    }))
}

fn bytes(bytes: &[u8]) -> Value {
    Value::new(Object::Bytes(bytes.into()))
}

/// Fields of the struct in C.
fn is_field(name: &str) -> bool {
    const FIELDS: [&str; 13] = [
        "co_argcount",
        "co_posonlyargcount",
        "co_kwonlyargcount",
        "co_nlocals",
        "co_stacksize",
        "co_flags",
        "co_firstlineno",
        "co_name",
        "co_qualname",
        "co_filename",
        "co_names",
        "co_consts",
        "co_linetable",
    ];
    FIELDS.contains(&name) || name == "co_exceptiontable"
}

/// Attributes that C computes.
fn is_computed(name: &str) -> bool {
    ["co_varnames", "co_cellvars", "co_freevars", "co_code", "co_lnotab", "_co_code_adaptive"].contains(&name)
}

fn is_method(name: &str) -> bool {
    ["co_lines", "co_positions", "co_branches", "replace", "__replace__", "_varname_from_oparg"].contains(&name)
}

/// `code.name = value`: never.
pub(super) fn set(stack: &Stack, name: &str) -> Option<Outcome<()>> {
    if is_field(name) {
        Some(readonly(stack))
    } else if is_computed(name) {
        Some(not_writable(stack, "code", name))
    } else {
        is_method(name).then(|| method_is_readonly(stack, "code", name))
    }
}

/// `repr(code)`
pub(super) fn repr(code: &Code, address: usize) -> String {
    let [name, file] = [code.name(), code.filename()].map(|text| text::as_str(text).map_or("", |text| text.as_str()));
    let line = if code.firstlineno() == 0 { -1 } else { code.firstlineno() };
    format!("<code object {name} at {address:#x}, file \"{file}\", line {line}>")
}

/// `code == other`. Two code objects that are alike in what is looked at here may differ in their constants: that is not
/// decided.
pub(super) fn compare(stack: &Stack, own: &Code, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    let Some(other) = right.code() else { return Some(Ok(NOT_IMPLEMENTED)) };
    let differs = || {
        let name = |code: &Code| text::as_str(code.name()).map(|name| name.as_str().to_owned());
        name(own) != name(other) || own.firstlineno() != other.firstlineno() || own.co_code() != other.co_code()
    };
    let equal = if left.is(right) {
        true
    } else if differs() {
        false
    } else {
        return Some(Err(exception::refuse(stack, "the comparison of code objects that are alike")));
    };
    match operator {
        Operator::Eq => Some(Ok(boolean(equal))),
        Operator::Ne => Some(Ok(boolean(!equal))),
        _ => Some(Ok(NOT_IMPLEMENTED)),
    }
}
