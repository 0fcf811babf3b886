//! Taking in what another mapping has, or pairs.

use super::{Dict, as_dict};
use crate::attribute;
use crate::call::{call, shown};
use crate::class::type_name;
use crate::exception::{self, Error, raise, type_error};
use crate::object::{Outcome, Stack, Value, list, string};
use crate::protocol;
use crate::sequence;

/// `dict.update(other)`: a mapping (what has `keys()`), or an iterable of pairs.
pub(crate) fn update(stack: &Stack, dict: &Dict, other: &Value) -> Outcome<()> {
    if let Some(other) = as_dict(other) {
        return take_dict(stack, dict, other);
    }
    match attribute::find(stack, other, &stack.vm().names.keys)? {
        Some(keys) => take_mapping(stack, dict, other, &keys, &mut |_| None),
        None => take_pairs(stack, dict, other),
    }
}

/// `**other` of a call: as `update`, a key twice is a `TypeError` (`f() got multiple values for keyword argument 'x'`, CPython's text for the callable
/// `function`), and so is what is no mapping (`f() argument after ** must be a mapping, not int`).
pub(crate) fn merge(stack: &Stack, dict: &Dict, other: &Value, function: &Value) -> Outcome<()> {
    let mut refuse_twice = |key: &Value| match dict.get(stack, key) {
        Ok(None) => None,
        Ok(Some(_)) => Some(multiple_values(stack, function, key)),
        Err(error) => Some(error),
    };
    if let Some(other) = as_dict(other) {
        for (key, value) in other.items() {
            if let Some(error) = refuse_twice(&key) {
                return Err(error);
            }
            dict.insert(stack, key, value)?;
        }
        return Ok(());
    }
    let taken = match attribute::get(stack, other, &stack.vm().names.keys) {
        Ok(keys) => take_mapping(stack, dict, other, &keys, &mut refuse_twice),
        Err(error) => Err(error),
    };
    taken.map_err(|error| keywords_error(stack, error, other, function))
}

/// CPython tells what went wrong by the exception's class, whoever raised it: an `AttributeError` says that it is no mapping, a `KeyError`
/// has the key that was there already.
fn keywords_error(stack: &Stack, error: Value, other: &Value, function: &Value) -> Value {
    if exception::is(&error, Error::AttributeError) {
        let kind = type_name(stack.vm(), other);
        return match shown(stack, function) {
            Ok(function) => type_error(stack, format!("{function} argument after ** must be a mapping, not {kind}")),
            Err(error) => error,
        };
    }
    let args = exception::as_exception(&error).map(exception::args).unwrap_or_default();
    match &args[..] {
        [key] if exception::is(&error, Error::KeyError) => multiple_values(stack, function, key),
        _ => error,
    }
}

/// `{**other}`: as `update` of a mapping, and a `TypeError` of what is none, or seems so by its `AttributeError`.
pub(crate) fn unpack(stack: &Stack, dict: &Dict, other: &Value) -> Outcome<()> {
    if let Some(other) = as_dict(other) {
        return take_dict(stack, dict, other);
    }
    let taken = match attribute::get(stack, other, &stack.vm().names.keys) {
        Ok(keys) => take_mapping(stack, dict, other, &keys, &mut |_| None),
        Err(error) => Err(error),
    };
    taken.map_err(|error| {
        if !exception::is(&error, Error::AttributeError) {
            return error;
        }
        let kind = type_name(stack.vm(), other);
        type_error(stack, format!("'{kind}' object is not a mapping"))
    })
}

fn take_dict(stack: &Stack, dict: &Dict, other: &Dict) -> Outcome<()> {
    if std::ptr::eq(dict, other) {
        return Ok(());
    }
    if dict.take_all(other) {
        return Ok(());
    }
    let (mut at, len) = (0, other.len());
    while let Some((place, entry)) = other.next_entry(at) {
        dict.insert_hashed(stack, entry.hash, entry.key, entry.value)?;
        if other.len() != len {
            return Err(raise(stack, Error::RuntimeError, "dict mutated during update"));
        }
        at = place + 1;
    }
    Ok(())
}

/// What has `keys()` and `[]`. `check` is asked about each key before its value is, and returns an error if it is to be none.
fn take_mapping(
    stack: &Stack,
    dict: &Dict,
    other: &Value,
    keys: &Value,
    check: &mut dyn FnMut(&Value) -> Option<Value>,
) -> Outcome<()> {
    let keys = call(stack, keys, &[])?;
    let iterator = protocol::iter(stack, &keys).map_err(|error| {
        if !exception::is(&error, Error::TypeError) {
            return error;
        }
        let (owner, kind) = (type_name(stack.vm(), other), type_name(stack.vm(), &keys));
        type_error(stack, format!("{owner}.keys() returned a non-iterable (type {kind})"))
    })?;
    while let Some(key) = protocol::next(stack, &iterator)? {
        if let Some(error) = check(&key) {
            return Err(error);
        }
        let value = protocol::get_item(stack, other, &key)?;
        dict.insert(stack, key, value)?;
    }
    Ok(())
}

fn take_pairs(stack: &Stack, dict: &Dict, pairs: &Value) -> Outcome<()> {
    let iterator = protocol::iter(stack, pairs)?;
    let mut number = 0_usize;
    while let Some(pair) = protocol::next(stack, &iterator)? {
        let items = match sequence::items_of(stack, &pair, "object is not iterable") {
            Err(error) if exception::is(&error, Error::TypeError) => {
                add_note(
                    stack,
                    &error,
                    format!("Cannot convert dictionary update sequence element #{number} to a sequence"),
                )?;
                return Err(error);
            }
            items => items?,
        };
        let [key, value] = <[Value; 2]>::try_from(items).map_err(|items| {
            let len = items.len();
            let text = format!("dictionary update sequence element #{number} has length {len}; 2 is required");
            raise(stack, Error::ValueError, text)
        })?;
        dict.insert(stack, key, value)?;
        number += 1;
    }
    Ok(())
}

fn add_note(stack: &Stack, error: &Value, note: String) -> Outcome<()> {
    let notes = stack.vm().name("__notes__");
    attribute::set(stack, error, &notes, list(vec![string(note)]))
}

fn multiple_values(stack: &Stack, function: &Value, key: &Value) -> Value {
    let text = shown(stack, function).and_then(|function| Ok((function, protocol::text(stack, key)?)));
    match text {
        Ok((function, key)) => {
            type_error(stack, format!("{function} got multiple values for keyword argument '{key}'"))
        }
        Err(error) => error,
    }
}
