//! Containers and strings are made, and taken apart.

use super::{look, outside, perform, pop, push, with};
use crate::class::type_name;
use crate::dict::{self, as_dict, new_dict};
use crate::eval::{Frame, Slot, Step};
use crate::exception::{Error, raise, type_error};
use crate::format;
use crate::object::{NONE, Object, Outcome, Stack, Value, list, string, tuple};
use crate::protocol;
use crate::sequence::{self, as_list, as_tuple};
use crate::set::{self, Set};
use crate::text::as_str;

/// Takes so many values off the stack, in the order in which they were pushed.
pub(crate) fn take_all(f: &mut Frame<'_>, count: u32) -> Vec<Value> {
    let mut values: Vec<Value> = (0..count).map(|_| pop(f)).collect();
    values.reverse();
    values
}

/// `BUILD_TUPLE`
#[inline(never)]
pub(crate) fn build_tuple<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let items = take_all(&mut f, count);
    f.push(Slot::owned(tuple(items)));
    Ok(f)
}

/// `BUILD_LIST`
#[inline(never)]
pub(crate) fn build_list<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let items = take_all(&mut f, count);
    f.push(Slot::owned(list(items)));
    Ok(f)
}

/// `BUILD_SET`
#[inline(never)]
pub(crate) fn build_set<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let items = take_all(&mut f, count);
    push(f, |stack| {
        let set = Set::new();
        for item in items {
            set.add(stack, item)?;
        }
        Ok(Value::new(Object::Set(set)))
    })
}

/// `BUILD_MAP`: so many keys and values.
#[inline(never)]
pub(crate) fn build_map<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let items = take_all(&mut f, 2 * count);
    push(f, |stack| {
        let dict = new_dict();
        if let Some(content) = as_dict(&dict) {
            for pair in items.chunks_exact(2) {
                drop(content.insert(stack, pair[0].clone(), pair[1].clone())?);
            }
        }
        Ok(dict)
    })
}

/// `BUILD_STRING`
#[inline(never)]
pub(crate) fn build_string<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let parts = take_all(&mut f, count);
    let text: String = parts.iter().filter_map(as_str).map(|part| part.as_str()).collect();
    f.push(Slot::owned(string(text)));
    Ok(f)
}

/// `BUILD_SLICE`: start, stop, with 3 a step.
#[inline(never)]
pub(crate) fn build_slice<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let step = if count == 3 { pop(&mut f) } else { NONE };
    let stop = pop(&mut f);
    let start = pop(&mut f);
    f.push(Slot::owned(Value::new(Object::Slice(Box::new([start, stop, step])))));
    Ok(f)
}

/// `LIST_APPEND`: the top of the stack to the list so deep.
#[inline(never)]
pub(crate) fn list_append<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let item = pop(&mut f);
    let list = look(&f, depth - 1);
    if let Some(items) = as_list(&list) {
        items.borrow_mut().push(item);
    }
    Ok(f)
}

/// `LIST_EXTEND`. CPython's own words for what is no iterable behind a `*`.
#[inline(never)]
pub(crate) fn list_extend<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let iterable = pop(&mut f);
    let list = look(&f, depth - 1);
    perform(f, |stack| {
        let (list, iterable) = (list, iterable);
        if !protocol::is_iterable(stack.vm(), &iterable) {
            let name = type_name(stack.vm(), &iterable);
            return Err(type_error(stack, format!("Value after * must be an iterable, not {name}")));
        }
        sequence::extend(stack, &list, &iterable)
    })
}

/// `SET_ADD`
#[inline(never)]
pub(crate) fn set_add<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let item = pop(&mut f);
    let set = look(&f, depth - 1);
    perform(f, |stack| match set.object() {
        Some(Object::Set(content)) => content.add(stack, item).map(drop),
        _ => Ok(()),
    })
}

/// `SET_UPDATE`
#[inline(never)]
pub(crate) fn set_update<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let iterable = pop(&mut f);
    let set = look(&f, depth - 1);
    perform(f, |stack| {
        let iterable = iterable;
        match set.object() {
            Some(Object::Set(content)) => set::update(stack, content, &iterable),
            _ => Ok(()),
        }
    })
}

/// `MAP_ADD`: key, value; the dict is so deep below.
#[inline(never)]
pub(crate) fn map_add<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let value = pop(&mut f);
    let key = pop(&mut f);
    let dict = look(&f, depth - 1);
    perform(f, |stack| match as_dict(&dict) {
        Some(content) => content.insert(stack, key, value).map(drop),
        None => Ok(()),
    })
}

/// `DICT_UPDATE`: `{**mapping}`
#[inline(never)]
pub(crate) fn dict_update<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let mapping = pop(&mut f);
    let dict = look(&f, depth - 1);
    perform(f, |stack| {
        let mapping = mapping;
        match as_dict(&dict) {
            Some(content) => dict::unpack(stack, content, &mapping),
            None => Ok(()),
        }
    })
}

/// `DICT_MERGE`: `f(**mapping)`; the function is three below the dict.
#[inline(never)]
pub(crate) fn dict_merge<'t>(mut f: Frame<'t>, depth: u32) -> Step<'t> {
    let mapping = pop(&mut f);
    let dict = look(&f, depth - 1);
    let function = look(&f, depth + 2);
    perform(f, |stack| {
        let (mapping, function) = (mapping, function);
        match as_dict(&dict) {
            Some(content) => dict::merge(stack, content, &mapping, &function),
            None => Ok(()),
        }
    })
}

/// `UNPACK_SEQUENCE`: the first item ends up on top.
#[inline(never)]
pub(crate) fn unpack_sequence<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let sequence = pop(&mut f);
    push_unpacked(f, sequence, count as usize, None)
}

/// `UNPACK_EX`: so many in front of the list (the low byte), so many behind it (above).
#[inline(never)]
pub(crate) fn unpack_ex<'t>(mut f: Frame<'t>, arg: u32) -> Step<'t> {
    let sequence = pop(&mut f);
    let (before, after) = ((arg & 0xff) as usize, (arg >> 8) as usize);
    push_unpacked(f, sequence, before, Some(after))
}

/// Pushes the items of an iterable, the first one last.
fn push_unpacked<'t>(f: Frame<'t>, sequence: Value, before: usize, after: Option<usize>) -> Step<'t> {
    let (mut frame, items) = outside(f, |stack| {
        let sequence = sequence;
        unpack(stack, &sequence, before, after)
    })?;
    for item in items.into_iter().rev() {
        frame.push(Slot::owned(item));
    }
    Ok(frame)
}

/// The items of an iterable: exactly so many; or so many, a list, and so many behind it.
///
/// Source: `_PyEval_UnpackIterableStackRef`, Python/ceval.c.
fn unpack(stack: &Stack, sequence: &Value, before: usize, after: Option<usize>) -> Outcome<Vec<Value>> {
    if after.is_none() {
        if let Some(items) = as_tuple(sequence).filter(|items| items.len() == before) {
            return Ok(items.to_vec());
        }
        if let Some(items) = as_list(sequence).filter(|items| items.borrow().len() == before) {
            return Ok(items.borrow().clone());
        }
    }
    if !protocol::is_iterable(stack.vm(), sequence) {
        let name = type_name(stack.vm(), sequence);
        return Err(type_error(stack, format!("cannot unpack non-iterable {name} object")));
    }
    let iterator = protocol::iter(stack, sequence)?;
    let mut items = Vec::new();
    while items.len() < before {
        match protocol::next(stack, &iterator)? {
            Some(item) => items.push(item),
            None => {
                let got = items.len();
                let text = match after {
                    None => format!("not enough values to unpack (expected {before}, got {got})"),
                    Some(after) => {
                        format!("not enough values to unpack (expected at least {}, got {got})", before + after)
                    }
                };
                return Err(raise(stack, Error::ValueError, text));
            }
        }
    }
    let Some(after) = after else {
        if protocol::next(stack, &iterator)?.is_none() {
            return Ok(items);
        }
        let len = match sequence.object() {
            Some(Object::Tuple(items)) => Some(items.len()),
            Some(Object::List(items)) => Some(items.borrow().len()),
            Some(Object::Dict(dict)) => Some(dict.len()),
            _ => None,
        };
        let text = match len {
            Some(len) if len > before => format!("too many values to unpack (expected {before}, got {len})"),
            _ => format!("too many values to unpack (expected {before})"),
        };
        return Err(raise(stack, Error::ValueError, text));
    };
    let mut rest = sequence::listed(stack, &iterator)?;
    if rest.len() < after {
        let got = before + rest.len();
        let text = format!("not enough values to unpack (expected at least {}, got {got})", before + after);
        return Err(raise(stack, Error::ValueError, text));
    }
    let behind = rest.split_off(rest.len() - after);
    items.push(list(rest));
    items.extend(behind);
    Ok(items)
}

/// `CONVERT_VALUE`: 1 `str()`, 2 `repr()`, 3 `ascii()`.
#[inline(never)]
pub(crate) fn convert_value<'t>(f: Frame<'t>, conversion: u32) -> Step<'t> {
    with(f, |stack, [value]| match conversion {
        1 => protocol::text(stack, &value).map(string),
        2 => protocol::repr(stack, &value).map(string),
        _ => protocol::repr(stack, &value).map(|text| string(crate::text::ascii(&text))),
    })
}

/// `FORMAT_SIMPLE`
#[inline(never)]
pub(crate) fn format_simple<'t>(f: Frame<'t>) -> Step<'t> {
    if f.peek(0).as_value().is_some_and(|value| as_str(&value).is_some()) {
        return Ok(f);
    }
    with(f, |stack, [value]| format::format(stack, &value, "").map(string))
}

/// `FORMAT_WITH_SPEC`: value, specification.
#[inline(never)]
pub(crate) fn format_with_spec<'t>(f: Frame<'t>) -> Step<'t> {
    with(f, |stack, [value, spec]| {
        let spec = as_str(&spec).map_or("", |spec| spec.as_str());
        format::format(stack, &value, spec).map(string)
    })
}
