//! Builtins that ask what an object is and has.

use super::no_keywords;
use crate::attribute;
use crate::call::{between, exactly};
use crate::class::{self, as_class, class_of, is_subclass, type_name};
use crate::exception::type_error;
use crate::object::{Args, NONE, Object, Outcome, Stack, Value, boolean};
use crate::protocol;
use crate::sequence::as_tuple;
use crate::text::as_str;

use frame_runtime::counted::View;

/// Whether an object can be called.
pub(crate) fn is_callable(stack: &Stack, object: &Value) -> bool {
    match object.view() {
        View::Function(_) => true,
        View::Object(object_of) => match object_of {
            Object::Class(_)
            | Object::Method(_)
            | Object::Builtin(_)
            | Object::BoundBuiltin(_)
            | Object::StaticMethod(_) => true,
            Object::Instance(_) | Object::Exception(_) => {
                class::lookup(class_of(stack.vm(), object), &stack.vm().name("__call__")).is_some()
            }
            _ => false,
        },
        _ => false,
    }
}

pub(super) fn callable(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "callable", args)?;
    Ok(boolean(is_callable(stack, object)))
}

/// The name of an attribute, as names in code are.
fn attribute_name(stack: &Stack, name: &Value) -> Outcome {
    match as_str(name) {
        Some(text) => Ok(stack.vm().name(text.as_str())),
        None => {
            let kind = type_name(stack.vm(), name);
            Err(type_error(stack, format!("attribute name must be string, not '{kind}'")))
        }
    }
}

pub(super) fn getattr(stack: &Stack, args: Args<'_>) -> Outcome {
    no_keywords(stack, args, "getattr")?;
    let args = between(stack, "getattr", args, 2, 3)?;
    let name = attribute_name(stack, &args[1])?;
    match args.get(2) {
        None => attribute::get(stack, &args[0], &name),
        Some(default) => Ok(attribute::find(stack, &args[0], &name)?.unwrap_or_else(|| default.clone())),
    }
}

pub(super) fn hasattr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, name] = exactly(stack, "hasattr", args)?;
    let name = attribute_name(stack, name)?;
    Ok(boolean(attribute::find(stack, object, &name)?.is_some()))
}

pub(super) fn setattr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, name, value] = exactly(stack, "setattr", args)?;
    let name = attribute_name(stack, name)?;
    attribute::set(stack, object, &name, value.clone())?;
    Ok(NONE)
}

pub(super) fn delattr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, name] = exactly(stack, "delattr", args)?;
    let name = attribute_name(stack, name)?;
    attribute::delete(stack, object, &name)?;
    Ok(NONE)
}

pub(super) fn isinstance(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, classes] = exactly(stack, "isinstance", args)?;
    let text = "isinstance() arg 2 must be a type, a tuple of types, or a union";
    Ok(boolean(is_any(stack, class_of(stack.vm(), object), classes, text)?))
}

pub(super) fn issubclass(stack: &Stack, args: Args<'_>) -> Outcome {
    let [class, classes] = exactly(stack, "issubclass", args)?;
    if as_class(class).is_none() && as_tuple(classes).is_none_or(|classes| !classes.is_empty()) {
        return Err(type_error(stack, "issubclass() arg 1 must be a class"));
    }
    let text = "issubclass() arg 2 must be a class, a tuple of classes, or a union";
    Ok(boolean(is_any(stack, class, classes, text)?))
}

/// Whether a class derives from another one, or from one of a tuple, which may have tuples in it. `text` is the error if it is neither.
fn is_any(stack: &Stack, class: &Value, classes: &Value, text: &str) -> Outcome<bool> {
    let Some(classes) = as_tuple(classes) else {
        return match as_class(classes) {
            Some(_) => Ok(is_subclass(class, classes)),
            None => Err(type_error(stack, text)),
        };
    };
    for base in classes {
        if protocol::deeper(stack, |stack| is_any(stack, class, base, text))? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn vars(stack: &Stack, args: Args<'_>) -> Outcome {
    no_keywords(stack, args, "vars")?;
    let [object] = between(stack, "vars", args, 0, 1)? else { return crate::locals::locals(stack) };
    let dict = attribute::find(stack, object, &stack.vm().name("__dict__"))?;
    dict.ok_or_else(|| type_error(stack, "vars() argument must have __dict__ attribute"))
}

pub(super) fn locals(stack: &Stack, args: Args<'_>) -> Outcome {
    let [] = exactly(stack, "locals", args)?;
    crate::locals::locals(stack)
}

pub(super) fn globals(stack: &Stack, args: Args<'_>) -> Outcome {
    let [] = exactly(stack, "globals", args)?;
    crate::locals::globals(stack)
}
