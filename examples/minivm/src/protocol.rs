//! What all objects can be asked for: builtin ones by what they are, instances by methods with two underscores.
//!
//! Each question is a function that looks at what the object is and hands over to the file of its type; objects of the
//! program's classes are asked by a method, which [`special`] finds in the class.

mod compare;
mod item;
mod iterate;
mod methods;
mod operator;
mod show;

use num_traits::{Signed, Zero};

use crate::class::{special, type_name};
use crate::exception::{Error, raise, refuse, type_error};
use crate::object::{FALSE, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, TRUE, Value};
use crate::{call, dict, locals, number, range};

pub(crate) use compare::{compare, equal, hash, hash_of_identity, not_equal_by_equal};
pub(crate) use item::{contains, del_item, get_item, set_item};
pub(crate) use iterate::{collect, is_iterable, iter, length_hint, next, next_or_stop};
pub(crate) use methods::METHODS;
pub(crate) use operator::{binary, invert, negative, positive};
pub(crate) use show::{repr, returned_text, text};

/// How deep what contains each other may be before this VM gives up: as deep as `main` has stack for. CPython goes on until its own
/// stack is full, which depends on the machine, so an exception here could be a wrong answer.
const DEEPEST: u32 = 50_000;

/// Does something with an object that lies in another one, which may have further ones in it.
pub(crate) fn deeper<R>(stack: &Stack, body: impl FnOnce(&Stack) -> Outcome<R>) -> Outcome<R> {
    let nesting = &stack.vm().nesting;
    let depth = nesting.get();
    if depth >= DEEPEST {
        return Err(refuse(stack, "data that is nested so deep"));
    }
    nesting.set(depth + 1);
    let outcome = body(stack);
    nesting.set(depth);
    outcome
}

/// The value of a `bool`.
#[inline(always)]
pub(crate) fn as_bool(value: &Value) -> Option<bool> {
    match value {
        value if *value == TRUE => Some(true),
        value if *value == FALSE => Some(false),
        _ => None,
    }
}

/// `bool(value)`
pub(crate) fn truth(stack: &Stack, value: &Value) -> Outcome<bool> {
    if let Some(value) = as_bool(value) {
        return Ok(value);
    }
    if let Some(integer) = value.as_integer() {
        return Ok(integer != 0);
    }
    let Some(object) = value.object() else {
        return match value {
            value if *value == NONE => Ok(false),
            value if *value == NOT_IMPLEMENTED => {
                Err(type_error(stack, "NotImplemented should not be used in a boolean context"))
            }
            // `...`, functions, code, frames, cells, generators.
            _ => Ok(true),
        };
    };
    match object {
        Object::Float(value) => Ok(*value != 0.0),
        Object::Range(range) => Ok(!range.len.is_zero()),
        Object::Instance(_) | Object::Exception(_) => truth_of_instance(stack, value),
        _ => Ok(len_of_builtin(stack, value).transpose()?.is_none_or(|len| len != 0)),
    }
}

fn truth_of_instance(stack: &Stack, value: &Value) -> Outcome<bool> {
    let names = &stack.vm().names;
    if let Some(method) = special(stack.vm(), value, &names.__bool__) {
        let returned = call::call(stack, &method, std::slice::from_ref(value))?;
        return as_bool(&returned).ok_or_else(|| {
            let name = type_name(stack.vm(), &returned);
            type_error(stack, format!("__bool__ should return bool, returned {name}"))
        });
    }
    match special(stack.vm(), value, &names.__len__) {
        Some(method) => Ok(len_by_method(stack, value, &method)? != 0),
        None => Ok(true),
    }
}

/// `len(value)`
pub(crate) fn len(stack: &Stack, value: &Value) -> Outcome<usize> {
    if let Some(len) = len_of_builtin(stack, value) {
        return len;
    }
    match special(stack.vm(), value, &stack.vm().names.__len__) {
        Some(method) => len_by_method(stack, value, &method),
        None => {
            let name = type_name(stack.vm(), value);
            Err(type_error(stack, format!("object of type '{name}' has no len()")))
        }
    }
}

/// The number of items of a builtin object. `None`: it has none.
fn len_of_builtin(stack: &Stack, value: &Value) -> Option<Outcome<usize>> {
    Some(Ok(match value.object()? {
        Object::Str(text) => text.len(),
        Object::Bytes(bytes) => bytes.len(),
        Object::Tuple(items) => items.len(),
        Object::List(items) => items.borrow().len(),
        Object::Dict(dict) => dict.len(),
        Object::View(view) => dict::view_len(view),
        Object::Set(set) | Object::FrozenSet(set) => set.len(),
        Object::Range(range) => return Some(range::len(stack, range)),
        Object::Locals(locals) => return Some(locals::len(stack, locals)),
        Object::MappingProxy(dict) => return Some(len(stack, dict)),
        _ => return None,
    }))
}

/// `value.__len__()`, which is to return an `int` that a length can be.
fn len_by_method(stack: &Stack, value: &Value, method: &Value) -> Outcome<usize> {
    let returned = call::call(stack, method, std::slice::from_ref(value))?;
    let returned = index(stack, &returned)?;
    if number::to_big(&returned).is_some_and(|len| len.is_negative()) {
        return Err(raise(stack, Error::ValueError, "__len__() should return >= 0"));
    }
    let len = number::to_i64(&returned).and_then(|len| usize::try_from(len).ok());
    len.ok_or_else(|| {
        let name = type_name(stack.vm(), &returned);
        raise(stack, Error::OverflowError, format!("cannot fit '{name}' into an index-sized integer"))
    })
}

/// `operator.index()`: an int.
pub(crate) fn index(stack: &Stack, value: &Value) -> Outcome {
    if is_int(value) {
        return Ok(value.clone());
    }
    let Some(method) = special(stack.vm(), value, &stack.vm().names.__index__) else {
        let name = type_name(stack.vm(), value);
        return Err(type_error(stack, format!("'{name}' object cannot be interpreted as an integer")));
    };
    let returned = call::call(stack, &method, std::slice::from_ref(value))?;
    if as_bool(&returned).is_some() {
        // CPython warns, and takes it.
        return Err(refuse(stack, "__index__ that returns a bool"));
    }
    if is_int(&returned) {
        return Ok(returned);
    }
    let name = type_name(stack.vm(), &returned);
    Err(type_error(stack, format!("__index__ returned non-int (type {name})")))
}

/// Whether it is an `int` or `bool`.
fn is_int(value: &Value) -> bool {
    value.as_integer().is_some() || as_bool(value).is_some() || matches!(value.object(), Some(Object::Int(_)))
}
