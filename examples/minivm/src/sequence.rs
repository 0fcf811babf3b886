//! `list` and `tuple`, and what all sequences do with indices and slices.

mod list;
mod operators;
mod slice;
mod sort;

use std::cell::RefCell;

use num_traits::Signed;

use crate::builtins;
use crate::call::between;
use crate::class::{special, type_name};
use crate::exception::{self, Error, raise, raise_with, type_error};
use crate::number;
use crate::object::{self, Args, Object, Outcome, Stack, Value, tuple};
use crate::protocol;
use crate::range;

pub(crate) use list::{LIST_METHODS, TUPLE_METHODS, sort_by_keywords};
pub(crate) use operators::{binary, compare, contains, hash, hash_of_items, repr, repr_once};
pub(crate) use slice::{Indices, SLICE_METHODS, adjust, adjust_big, construct as construct_slice, slice_attribute};

#[inline(always)]
pub(crate) fn as_list(value: &Value) -> Option<&RefCell<Vec<Value>>> {
    match value.object()? {
        Object::List(items) => Some(items),
        _ => None,
    }
}

#[inline(always)]
pub(crate) fn as_tuple(value: &Value) -> Option<&[Value]> {
    match value.object()? {
        Object::Tuple(items) => Some(items),
        _ => None,
    }
}

/// `sequence[index]` of a list, a tuple or a range, by an integer or a slice.
pub(crate) fn get_item(stack: &Stack, sequence: &Value, index: &Value) -> Outcome {
    match (sequence.object(), index.object()) {
        (Some(Object::Range(range)), _) => range::get_item(stack, range, index),
        (Some(Object::List(items)), Some(Object::Slice(slice))) => slice::of_list(stack, items, slice),
        (Some(Object::Tuple(items)), Some(Object::Slice(slice))) => slice::of_tuple(stack, sequence, items, slice),
        (Some(Object::List(items)), _) => {
            let at = position(stack, "list", index, &|| items.borrow().len())?;
            let item = at.and_then(|at| items.borrow().get(at).cloned());
            item.ok_or_else(|| raise(stack, Error::IndexError, "list index out of range"))
        }
        (Some(Object::Tuple(items)), _) => {
            let at = position(stack, "tuple", index, &|| items.len())?;
            let item = at.and_then(|at| items.get(at).cloned());
            item.ok_or_else(|| raise(stack, Error::IndexError, "tuple index out of range"))
        }
        _ => {
            let kind = type_name(stack.vm(), sequence);
            Err(type_error(stack, format!("'{kind}' object is not subscriptable")))
        }
    }
}

/// `list[index] = value`
pub(crate) fn set_item(stack: &Stack, list: &Value, index: &Value, value: Value) -> Outcome<()> {
    let Some(items) = as_list(list) else { return Err(no_assignment(stack, list, "assignment")) };
    if let Some(Object::Slice(slice)) = index.object() {
        return slice::assign(stack, items, slice, &value);
    }
    let at = position(stack, "list", index, &|| items.borrow().len())?;
    // The old item goes after the borrow ended: that may run code of the program.
    let old = at.and_then(|at| Some(std::mem::replace(items.borrow_mut().get_mut(at)?, value)));
    match old {
        Some(_) => Ok(()),
        None => Err(raise(stack, Error::IndexError, "list assignment index out of range")),
    }
}

/// `del list[index]`
pub(crate) fn del_item(stack: &Stack, list: &Value, index: &Value) -> Outcome<()> {
    let Some(items) = as_list(list) else { return Err(no_assignment(stack, list, "deletion")) };
    if let Some(Object::Slice(slice)) = index.object() {
        return slice::delete(stack, items, slice);
    }
    let Some(at) = position(stack, "list", index, &|| items.borrow().len())? else {
        return Err(raise(stack, Error::IndexError, "list assignment index out of range"));
    };
    let old = items.borrow_mut().remove(at);
    drop(old);
    Ok(())
}

fn no_assignment(stack: &Stack, sequence: &Value, what: &str) -> Value {
    let kind = type_name(stack.vm(), sequence);
    type_error(stack, format!("'{kind}' object doesn't support item {what}"))
}

/// The place that an index means; `None`: it is out of range.
fn position(stack: &Stack, kind: &str, index: &Value, len: &dyn Fn() -> usize) -> Outcome<Option<usize>> {
    let index = match index.as_integer() {
        Some(index) => index,
        None => match index_of(stack, index, Error::IndexError)? {
            Some(index) => index,
            None => {
                let wrong = type_name(stack.vm(), index);
                return Err(type_error(stack, format!("{kind} indices must be integers or slices, not {wrong}")));
            }
        },
    };
    let len = len();
    let at = if index < 0 { index + len as i64 } else { index };
    Ok(usize::try_from(at).ok().filter(|&at| at < len))
}

/// Whether a value has `__index__()`.
pub(crate) fn is_index(stack: &Stack, value: &Value) -> bool {
    number::to_i64(value).is_some()
        || matches!(value.object(), Some(Object::Int(_)))
        || special(stack.vm(), value, &stack.vm().name("__index__")).is_some()
}

/// `value.__index__()`, if it has that. What needs more than a word is this error.
pub(crate) fn index_of(stack: &Stack, value: &Value, error: Error) -> Outcome<Option<i64>> {
    if !is_index(stack, value) {
        return Ok(None);
    }
    let index = protocol::index(stack, value)?;
    match number::to_i64(&index) {
        Some(index) => Ok(Some(index)),
        None => {
            let kind = type_name(stack.vm(), value);
            Err(raise(stack, error, format!("cannot fit '{kind}' into an index-sized integer")))
        }
    }
}

/// The same; of what needs more than a word the nearest number that does not.
pub(crate) fn clamped_index_of(stack: &Stack, value: &Value) -> Outcome<Option<i64>> {
    if !is_index(stack, value) {
        return Ok(None);
    }
    let index = protocol::index(stack, value)?;
    Ok(Some(number::to_i64(&index).unwrap_or_else(|| match number::to_big(&index) {
        Some(big) if big.is_negative() => i64::MIN,
        _ => i64::MAX,
    })))
}

/// An argument that must be an integer of a word.
pub(crate) fn word(stack: &Stack, value: &Value) -> Outcome<i64> {
    let index = protocol::index(stack, value)?;
    number::to_i64(&index)
        .ok_or_else(|| raise(stack, Error::OverflowError, "Python int too large to convert to C ssize_t"))
}

/// The items of a list or tuple, or of another iterable; `text` is the `TypeError` if it is none.
pub(crate) fn items_of(stack: &Stack, iterable: &Value, text: &str) -> Outcome<Vec<Value>> {
    if let Some(items) = snapshot(iterable) {
        return Ok(items);
    }
    let iterator = protocol::iter(stack, iterable)
        .map_err(|error| if exception::is(&error, Error::TypeError) { type_error(stack, text) } else { error })?;
    listed(stack, &iterator)
}

/// The items of a list of this iterable.
pub(crate) fn listed(stack: &Stack, iterable: &Value) -> Outcome<Vec<Value>> {
    let items = RefCell::new(Vec::new());
    extend_items(stack, &items, iterable)?;
    Ok(items.into_inner())
}

/// The items of a list or tuple.
fn snapshot(value: &Value) -> Option<Vec<Value>> {
    match value.object()? {
        Object::List(items) => Some(items.borrow().clone()),
        Object::Tuple(items) => Some(items.to_vec()),
        _ => None,
    }
}

/// `list.extend(iterable)`
pub(crate) fn extend(stack: &Stack, list: &Value, iterable: &Value) -> Outcome<()> {
    let Some(items) = as_list(list) else { return Err(no_assignment(stack, list, "assignment")) };
    extend_items(stack, items, iterable)
}

/// Source: `list_extend_lock_held` and what it calls, Objects/listobject.c.
fn extend_items(stack: &Stack, items: &RefCell<Vec<Value>>, iterable: &Value) -> Outcome<()> {
    if let Some(more) = snapshot(iterable) {
        items.borrow_mut().extend(more);
        return Ok(());
    }
    let iterator = protocol::iter(stack, iterable)?;
    // Memory for all that is announced; what cannot be true is ignored.
    if let Some(count) = protocol::length_hint(stack, iterable)?
        && items.borrow().len() <= isize::MAX as usize - count
        && items.borrow_mut().try_reserve(count).is_err()
    {
        return Err(raise_with(stack, Error::MemoryError, &[]));
    }
    // One by one: if the iterator raises, what came before is in the list.
    while let Some(item) = protocol::next(stack, &iterator)? {
        items.borrow_mut().push(item);
    }
    Ok(())
}

pub(crate) fn construct_list(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "list")?;
    match between(stack, "list", args, 0, 1)? {
        [iterable] => Ok(object::list(listed(stack, iterable)?)),
        _ => Ok(object::list(Vec::new())),
    }
}

pub(crate) fn construct_tuple(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "tuple")?;
    match between(stack, "tuple", args, 0, 1)? {
        [same] if as_tuple(same).is_some() => Ok(same.clone()),
        [iterable] => Ok(tuple(protocol::collect(stack, iterable)?)),
        _ => Ok(tuple([])),
    }
}
