//! `repr()` and `str()`.

use super::deeper;
use crate::class::{self, special, type_name};
use crate::exception::{self, type_error};
use crate::object::{ELLIPSIS, FALSE, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, TRUE, Value};
use crate::text::as_str;
use crate::{bytes, call, dict, family, iterator, locals, number, range, sequence, set};

/// `repr(value)`
pub(crate) fn repr(stack: &Stack, value: &Value) -> Outcome<String> {
    deeper(stack, |stack| repr_of(stack, value))
}

fn repr_of(stack: &Stack, value: &Value) -> Outcome<String> {
    let constants = [(NONE, "None"), (TRUE, "True"), (FALSE, "False"), (ELLIPSIS, "Ellipsis")];
    if let Some((_, text)) = constants.iter().find(|(constant, _)| constant == value) {
        return Ok((*text).to_owned());
    }
    if *value == NOT_IMPLEMENTED {
        return Ok("NotImplemented".to_owned());
    }
    if let Some(text) = number::repr(stack, value) {
        return text;
    }
    if let Some(text) = family::repr(stack, value) {
        return Ok(text);
    }
    let Some(object) = value.object() else { return Ok(class::plain_repr(stack, value)) };
    match object {
        Object::Str(text) => Ok(crate::text::repr(text.as_str())),
        Object::Bytes(content) => Ok(bytes::repr(content)),
        Object::Range(range) => range::repr(stack, range),
        Object::Locals(own) => locals::repr(stack, own),
        Object::Class(_) => Ok(format!("<class '{}'>", class::full_name(value))),
        Object::Exception(_) => exception::repr(stack, value),
        Object::Instance(_) => match special(stack.vm(), value, &stack.vm().names.__repr__) {
            Some(method) => returned_text(stack, &method, value, "__repr__"),
            None => Ok(class::plain_repr(stack, value)),
        },
        Object::Method(parts) => {
            let [function, receiver] = &**parts;
            let name = qualname(stack, function)?;
            Ok(format!("<bound method {name} of {}>", repr(stack, receiver)?))
        }
        Object::StaticMethod(function) => Ok(format!("<staticmethod({})>", repr(stack, function)?)),
        Object::ClassMethod(function) => Ok(format!("<classmethod({})>", repr(stack, function)?)),
        Object::Super(parts) => {
            let class = class::class_name(&parts.class);
            let of = class::class_name(&class::check_super(stack, &parts.class, &parts.object)?);
            Ok(format!("<super: <class '{class}'>, <{of} object>>"))
        }
        Object::MappingProxy(dict) => class::repr_of_proxy(stack, dict),
        Object::Field(field) => Ok(format!("<attribute '{}' of '{}' objects>", field.name, field.owner)),
        Object::Module(module) => {
            let name = as_str(&module.name).map_or("?", |name| name.as_str());
            // Where its source is, is not known here.
            if name == "__main__" {
                Err(exception::refuse(stack, "the repr() of __main__"))
            } else {
                Ok(format!("<module '{name}' (built-in)>"))
            }
        }
        Object::Iter(iter) => Ok(format!("<{} object at {:#x}>", iterator::type_name(iter), value.address())),
        _ => {
            match sequence::repr(stack, value).or_else(|| dict::repr(stack, value)).or_else(|| set::repr(stack, value))
            {
                Some(text) => text,
                None => Ok(class::plain_repr(stack, value)),
            }
        }
    }
}

/// What a bound method is called by: its function's `__qualname__`, or `__name__`.
fn qualname(stack: &Stack, function: &Value) -> Outcome<String> {
    for name in [&stack.vm().names.__qualname__, &stack.vm().names.__name__] {
        let found = crate::attribute::find(stack, function, name)?;
        if let Some(name) = found.as_ref().and_then(as_str) {
            return Ok(name.as_str().to_owned());
        }
    }
    Ok("?".to_owned())
}

/// `str(value)`
pub(crate) fn text(stack: &Stack, value: &Value) -> Outcome<String> {
    match value.object() {
        Some(Object::Str(text)) => Ok(text.as_str().to_owned()),
        Some(Object::Exception(_)) => deeper(stack, |stack| exception::text(stack, value)),
        Some(Object::Instance(_)) => match special(stack.vm(), value, &stack.vm().names.__str__) {
            Some(method) => returned_text(stack, &method, value, "__str__"),
            None => text_of_plain(stack, value),
        },
        Some(Object::MappingProxy(dict)) => text(stack, dict),
        _ => repr(stack, value),
    }
}

/// `object.__str__`, which calls `__repr__`. Where that returns something else, it is this method that is wrong.
fn text_of_plain(stack: &Stack, value: &Value) -> Outcome<String> {
    match special(stack.vm(), value, &stack.vm().names.__repr__) {
        Some(method) => deeper(stack, |stack| returned_text(stack, &method, value, "__str__")),
        None => repr(stack, value),
    }
}

/// Calls `__repr__` or `__str__` of an object, which is to return a `str`.
pub(crate) fn returned_text(stack: &Stack, method: &Value, value: &Value, name: &str) -> Outcome<String> {
    let returned = call::call(stack, method, std::slice::from_ref(value))?;
    match as_str(&returned) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => {
            let got = type_name(stack.vm(), &returned);
            Err(type_error(stack, format!("{name} returned non-string (type {got})")))
        }
    }
}
