//! Subscripts and `in`.

use super::{equal, iter, next, truth};
use crate::class::{self, as_class, class_of, special, type_name};
use crate::dict;
use crate::exception::{self, Error, raise_with, refuse, type_error};
use crate::object::{NONE, Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::{attribute, bytes, call, known, locals, range, sequence};

/// `container[key]`
pub(crate) fn get_item(stack: &Stack, container: &Value, key: &Value) -> Outcome {
    match container.object() {
        Some(Object::List(_) | Object::Tuple(_)) => sequence::get_item(stack, container, key),
        Some(Object::Dict(dict)) => dict.get(stack, key)?.ok_or_else(|| no_key(stack, key)),
        Some(Object::Str(text)) => crate::text::get_item(stack, text, key),
        Some(Object::Bytes(content)) => bytes::get_item(stack, content, key),
        Some(Object::Range(range)) => range::get_item(stack, range, key),
        Some(Object::Locals(own)) => locals::get_item(stack, own, key),
        Some(Object::MappingProxy(dict)) => get_item(stack, dict, key),
        Some(Object::Class(_)) => get_item_of_class(stack, container, key),
        _ => match special(stack.vm(), container, &stack.vm().names.__getitem__) {
            Some(method) => call::call(stack, &method, &[container.clone(), key.clone()]),
            None => {
                let name = type_name(stack.vm(), container);
                Err(type_error(stack, format!("'{name}' object is not subscriptable")))
            }
        },
    }
}

/// The `KeyError` of a key that is not there.
fn no_key(stack: &Stack, key: &Value) -> Value {
    raise_with(stack, Error::KeyError, std::slice::from_ref(key))
}

/// `class[key]`: what `__class_getitem__` makes of it. That of builtin types is not here.
fn get_item_of_class(stack: &Stack, class: &Value, key: &Value) -> Outcome {
    const NAME: &str = "__class_getitem__";
    let name = class::class_name(class);
    let is_generic = |class: &class::Class| class.is_immutable() && known::has(&class::name_of(class), NAME);
    if name == "type" || class::bases(class).any(is_generic) {
        return Err(refuse(stack, format!("{name}[...]")));
    }
    match class::lookup(class, &stack.vm().name(NAME)) {
        Some(found) => {
            let method = attribute::bind_to_class(stack, found, class)?;
            call::call(stack, &method, std::slice::from_ref(key))
        }
        None => Err(type_error(stack, format!("type '{name}' is not subscriptable"))),
    }
}

/// `container[key] = value`
pub(crate) fn set_item(stack: &Stack, container: &Value, key: &Value, value: Value) -> Outcome<()> {
    match container.object() {
        Some(Object::List(_)) => sequence::set_item(stack, container, key, value),
        Some(Object::Dict(dict)) => dict.insert(stack, key.clone(), value).map(drop),
        Some(Object::Locals(own)) => locals::set_item(stack, own, key, value),
        _ => match special(stack.vm(), container, &stack.vm().names.__setitem__) {
            Some(method) => call::call(stack, &method, &[container.clone(), key.clone(), value]).map(drop),
            None => {
                let name = type_name(stack.vm(), container);
                Err(type_error(stack, format!("'{name}' object does not support item assignment")))
            }
        },
    }
}

/// `del container[key]`
pub(crate) fn del_item(stack: &Stack, container: &Value, key: &Value) -> Outcome<()> {
    match container.object() {
        Some(Object::List(_)) => sequence::del_item(stack, container, key),
        Some(Object::Dict(dict)) => match dict.remove(stack, key)? {
            Some(_) => Ok(()),
            None => Err(no_key(stack, key)),
        },
        Some(Object::Locals(own)) => locals::del_item(stack, own, key),
        _ => match special(stack.vm(), container, &stack.vm().names.__delitem__) {
            Some(method) => call::call(stack, &method, &[container.clone(), key.clone()]).map(drop),
            None => {
                let name = type_name(stack.vm(), container);
                // CPython says it in two ways, and the first is that of sequences.
                let not = if is_like_sequence(container) && is_index(stack, key) { "doesn't" } else { "does not" };
                Err(type_error(stack, format!("'{name}' object {not} support item deletion")))
            }
        },
    }
}

/// Whether CPython's type has the slots of sequences, filled or not.
fn is_like_sequence(value: &Value) -> bool {
    match value.object() {
        Some(Object::Str(_) | Object::Bytes(_) | Object::Tuple(_) | Object::Range(_) | Object::View(_)) => true,
        Some(Object::Set(_) | Object::FrozenSet(_) | Object::Instance(_)) => true,
        Some(Object::Exception(exception)) => as_class(&exception.class).is_some_and(|class| !class.is_immutable()),
        _ => false,
    }
}

/// Whether it is an integer or has `__index__`.
fn is_index(stack: &Stack, value: &Value) -> bool {
    super::is_int(value) || special(stack.vm(), value, &stack.vm().names.__index__).is_some()
}

/// `item in container`
pub(crate) fn contains(stack: &Stack, container: &Value, item: &Value) -> Outcome<bool> {
    match container.object() {
        Some(Object::Str(text)) => match as_str(item) {
            Some(item) => Ok(text.as_str().contains(item.as_str())),
            None => {
                let name = type_name(stack.vm(), item);
                Err(type_error(stack, format!("'in <string>' requires string as left operand, not {name}")))
            }
        },
        Some(Object::Bytes(content)) => bytes::contains(stack, content, item),
        Some(Object::Dict(dict)) => Ok(dict.get(stack, item)?.is_some()),
        Some(Object::View(view)) => dict::view_contains(stack, view, item),
        Some(Object::Set(set) | Object::FrozenSet(set)) => set.contains(stack, item),
        Some(Object::Range(range)) => range::contains(stack, range, item),
        Some(Object::Locals(own)) => locals::contains(stack, own, item),
        Some(Object::MappingProxy(dict)) => contains(stack, dict, item),
        Some(Object::Instance(_) | Object::Exception(_)) => contains_by_method(stack, container, item),
        _ => match sequence::contains(stack, container, item) {
            Some(found) => found,
            None => search(stack, container, item),
        },
    }
}

fn contains_by_method(stack: &Stack, container: &Value, item: &Value) -> Outcome<bool> {
    let name = &stack.vm().names.__contains__;
    match class::lookup(class_of(stack.vm(), container), name) {
        Some(method) if method == NONE => {
            let name = type_name(stack.vm(), container);
            Err(type_error(stack, format!("'{name}' object is not a container")))
        }
        Some(method) => {
            let found = call::call(stack, &method, &[container.clone(), item.clone()])?;
            truth(stack, &found)
        }
        None => search(stack, container, item),
    }
}

/// Goes through the items until one is equal.
fn search(stack: &Stack, container: &Value, item: &Value) -> Outcome<bool> {
    let iterator = match iter(stack, container) {
        Ok(iterator) => iterator,
        Err(error) if exception::is(&error, Error::TypeError) => {
            let name = type_name(stack.vm(), container);
            return Err(type_error(stack, format!("argument of type '{name}' is not a container or iterable")));
        }
        Err(error) => return Err(error),
    };
    while let Some(found) = next(stack, &iterator)? {
        if equal(stack, &found, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}
