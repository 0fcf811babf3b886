//! Operators of lists, tuples and slices: concatenation, repetition, comparison, `in`, `hash()` and `repr()`.

use std::cell::RefCell;

use frame_runtime::cell::Operator;
use frame_runtime::v3_14::number::BinaryOperator;

use super::{as_list, as_tuple, extend, index_of};
use crate::class::{as_class, type_name};
use crate::dict::plain_hash;
use crate::exception::{Error, raise, raise_with, type_error};
use crate::object::{Object, Outcome, Stack, Value, boolean, list, string, tuple};
use crate::protocol;

/// `left op right` where one of both is a list, tuple, str or bytes: concatenation, repetition. `None`: it is none of theirs. What a class
/// of the program says of an operand comes before.
pub(crate) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    match operator {
        BinaryOperator::InplaceAdd if as_list(left).is_some() => {
            Some(extend(stack, left, right).map(|()| left.clone()))
        }
        BinaryOperator::Add | BinaryOperator::InplaceAdd => concatenate(stack, left, right),
        BinaryOperator::InplaceMultiply if as_list(left).is_some() => {
            Some(repeat_in_place(stack, left, right).map(|()| left.clone()))
        }
        BinaryOperator::Multiply | BinaryOperator::InplaceMultiply if is_repeatable(left) => {
            Some(repeat(stack, left, right))
        }
        BinaryOperator::InplaceMultiply if is_container(left) => None,
        BinaryOperator::Multiply | BinaryOperator::InplaceMultiply if is_repeatable(right) => {
            Some(repeat(stack, right, left))
        }
        _ => None,
    }
}

fn is_repeatable(value: &Value) -> bool {
    matches!(value.object(), Some(Object::List(_) | Object::Tuple(_) | Object::Str(_) | Object::Bytes(_)))
}

/// Whether CPython looks into its type for how it is repeated, and then no more into the other operand's for `left *= right`.
///
/// Source: `PyNumber_InPlaceMultiply`, Objects/abstract.c.
fn is_container(value: &Value) -> bool {
    match value.object() {
        Some(Object::Dict(_) | Object::View(_) | Object::Set(_) | Object::FrozenSet(_) | Object::Range(_)) => true,
        Some(Object::Instance(_) | Object::Locals(_)) => true,
        Some(Object::Exception(exception)) => as_class(&exception.class).is_some_and(|class| !class.is_immutable()),
        _ => false,
    }
}

fn concatenate(stack: &Stack, left: &Value, right: &Value) -> Option<Outcome> {
    let kind = || type_name(stack.vm(), right);
    Some(match (left.object()?, right.object()) {
        (Object::Str(left), Some(Object::Str(right))) => Ok(string([left.as_str(), right.as_str()].concat())),
        (Object::List(left), Some(Object::List(right))) => {
            let items = [left.borrow().as_slice(), right.borrow().as_slice()].concat();
            Ok(list(items))
        }
        (Object::Tuple(items), Some(Object::Tuple(more))) => Ok(match (&**items, &**more) {
            (_, []) => left.clone(),
            ([], _) => right.clone(),
            (items, more) => tuple([items, more].concat()),
        }),
        (Object::Bytes(left), Some(Object::Bytes(right))) => {
            Ok(Value::new(Object::Bytes([&**left, &**right].concat().into())))
        }
        (Object::Str(_), _) => Err(type_error(stack, format!("can only concatenate str (not \"{}\") to str", kind()))),
        (Object::List(_), _) => {
            Err(type_error(stack, format!("can only concatenate list (not \"{}\") to list", kind())))
        }
        (Object::Tuple(_), _) => {
            Err(type_error(stack, format!("can only concatenate tuple (not \"{}\") to tuple", kind())))
        }
        (Object::Bytes(_), _) => Err(type_error(stack, format!("can't concat {} to bytes", kind()))),
        _ => return None,
    })
}

/// How often something is to be repeated; nothing is repeated less than 0 times.
fn times(stack: &Stack, count: &Value) -> Outcome<usize> {
    match index_of(stack, count, Error::OverflowError)? {
        Some(count) => Ok(usize::try_from(count).unwrap_or(0)),
        None => {
            let kind = type_name(stack.vm(), count);
            Err(type_error(stack, format!("can't multiply sequence by non-int of type '{kind}'")))
        }
    }
}

fn repeat(stack: &Stack, sequence: &Value, count: &Value) -> Outcome {
    let count = times(stack, count)?;
    match sequence.object() {
        Some(Object::List(items)) => {
            let items = items.borrow().clone();
            Ok(list(repeated(stack, &items, count)?))
        }
        // One of a tuple is the tuple.
        Some(Object::Tuple(items)) if count == 1 || items.is_empty() => Ok(sequence.clone()),
        Some(Object::Tuple(items)) => Ok(tuple(repeated(stack, items, count)?)),
        Some(Object::Str(text)) => {
            let text = text.as_str();
            if count > 0 && text.chars().count() > i64::MAX as usize / count {
                return Err(raise(stack, Error::OverflowError, "repeated string is too long"));
            }
            let bytes = repeated(stack, text.as_bytes(), count)?;
            Ok(string(String::from_utf8(bytes).unwrap_or_default()))
        }
        Some(Object::Bytes(bytes)) => {
            if count > 0 && bytes.len() > i64::MAX as usize / count {
                return Err(raise(stack, Error::OverflowError, "repeated bytes are too long"));
            }
            Ok(Value::new(Object::Bytes(repeated(stack, bytes, count)?.into())))
        }
        _ => unreachable!("callers repeat nothing else"),
    }
}

/// Items so many times, if there is memory for that.
fn repeated<T: Clone>(stack: &Stack, items: &[T], count: usize) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    let is_room = items.len().checked_mul(count).is_some_and(|len| all.try_reserve_exact(len).is_ok());
    if !is_room {
        return Err(raise_with(stack, Error::MemoryError, &[]));
    }
    for _ in 0..if items.is_empty() { 0 } else { count } {
        all.extend_from_slice(items);
    }
    Ok(all)
}

fn repeat_in_place(stack: &Stack, sequence: &Value, count: &Value) -> Outcome<()> {
    let count = times(stack, count)?;
    let Some(items) = as_list(sequence) else { return Ok(()) };
    let old = items.borrow().clone();
    let new = repeated(stack, &old, count)?;
    let replaced = items.replace(new);
    drop(replaced);
    Ok(())
}

/// `left op right` of two lists, two tuples or two slices. `None`: they are not.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    match (left.object()?, right.object()?) {
        (Object::List(left), Object::List(right)) => Some(protocol::deeper(stack, |stack| {
            // Lists of different lengths cannot be equal.
            if matches!(operator, Operator::Eq | Operator::Ne) && left.borrow().len() != right.borrow().len() {
                return Ok(boolean(operator == Operator::Ne));
            }
            in_order(stack, operator, &|at| left.borrow().get(at).cloned(), &|at| right.borrow().get(at).cloned())
        })),
        (Object::Tuple(left), Object::Tuple(right)) => Some(protocol::deeper(stack, |stack| {
            in_order(stack, operator, &|at| left.get(at).cloned(), &|at| right.get(at).cloned())
        })),
        (Object::Slice(left), Object::Slice(right)) => Some(protocol::deeper(stack, |stack| {
            in_order(stack, operator, &|at| left.get(at).cloned(), &|at| right.get(at).cloned())
        })),
        _ => None,
    }
}

/// Compares by the first items that are not equal, or else by how many there are.
fn in_order(
    stack: &Stack,
    operator: Operator,
    left: &dyn Fn(usize) -> Option<Value>,
    right: &dyn Fn(usize) -> Option<Value>,
) -> Outcome {
    let mut at = 0;
    loop {
        let (left, right) = match (left(at), right(at)) {
            (Some(left), Some(right)) => (left, right),
            (left, right) => return Ok(boolean(operator.holds(left.is_some().cmp(&right.is_some())))),
        };
        if !protocol::equal(stack, &left, &right)? {
            return match operator {
                Operator::Eq => Ok(boolean(false)),
                Operator::Ne => Ok(boolean(true)),
                _ => protocol::compare(stack, operator, &left, &right),
            };
        }
        at += 1;
    }
}

/// `item in sequence` of a list or tuple. `None`: it is neither.
pub(crate) fn contains(stack: &Stack, sequence: &Value, item: &Value) -> Option<Outcome<bool>> {
    if as_list(sequence).is_none() && as_tuple(sequence).is_none() {
        return None;
    }
    Some(find(stack, sequence, item, 0, usize::MAX).map(|place| place.is_some()))
}

/// The item at a place of a list or tuple.
pub(super) fn item_at(sequence: &Value, at: usize) -> Option<Value> {
    match sequence.object()? {
        Object::List(items) => items.borrow().get(at).cloned(),
        Object::Tuple(items) => items.get(at).cloned(),
        _ => None,
    }
}

/// Where an item is between two places of a list or tuple.
pub(super) fn find(stack: &Stack, sequence: &Value, item: &Value, from: usize, end: usize) -> Outcome<Option<usize>> {
    let mut at = from;
    while at < end
        && let Some(candidate) = item_at(sequence, at)
    {
        if protocol::equal(stack, &candidate, item)? {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// `hash()` of a tuple or slice. `None`: it is neither.
pub(crate) fn hash(stack: &Stack, value: &Value) -> Option<Outcome<i64>> {
    match value.object()? {
        Object::Tuple(items) => Some(protocol::deeper(stack, |stack| hash_of_items(stack, items))),
        // Three items always: their number is not in it.
        Object::Slice(parts) => Some(protocol::deeper(stack, |stack| Ok(finish(mixed(stack, &**parts)?)))),
        _ => None,
    }
}

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

/// `hash()` of a tuple of these: xxHash of their hashes.
///
/// Source: `tuple_hash`, Objects/tupleobject.c.
pub(crate) fn hash_of_items(stack: &Stack, items: &[Value]) -> Outcome<i64> {
    let len = items.len() as u64;
    Ok(finish(mixed(stack, items)?.wrapping_add(len ^ (PRIME_5 ^ 3_527_539))))
}

fn mixed(stack: &Stack, items: &[Value]) -> Outcome<u64> {
    let mut mixed = PRIME_5;
    for item in items {
        let lane = plain_hash(stack, item)?;
        mixed = mixed.wrapping_add(lane.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1);
    }
    Ok(mixed)
}

/// No hash is -1.
fn finish(hash: u64) -> i64 {
    if hash == u64::MAX { 1_546_275_796 } else { hash.cast_signed() }
}

/// `repr()` of a list, tuple or slice. `None`: it is none.
pub(crate) fn repr(stack: &Stack, value: &Value) -> Option<Outcome<String>> {
    Some(match value.object()? {
        Object::List(_) => repr_once(stack, value, "[...]", |stack| Ok(format!("[{}]", joined(stack, value)?))),
        Object::Tuple(items) => repr_once(stack, value, "(...)", |stack| {
            let comma = if items.len() == 1 { "," } else { "" };
            Ok(format!("({}{comma})", joined(stack, value)?))
        }),
        Object::Slice(parts) => protocol::deeper(stack, |stack| {
            let [start, stop, step] = &**parts;
            let (start, stop) = (protocol::repr(stack, start)?, protocol::repr(stack, stop)?);
            Ok(format!("slice({start}, {stop}, {})", protocol::repr(stack, step)?))
        }),
        _ => return None,
    })
}

fn joined(stack: &Stack, sequence: &Value) -> Outcome<String> {
    let mut text = String::new();
    let mut at = 0;
    while let Some(item) = item_at(sequence, at) {
        if at > 0 {
            text += ", ";
        }
        text += &protocol::repr(stack, &item)?;
        at += 1;
    }
    Ok(text)
}

/// The `repr()` of a container; `cycle` where it is within itself.
///
/// Source: `Py_ReprEnter`, Objects/object.c.
pub(crate) fn repr_once(
    stack: &Stack,
    value: &Value,
    cycle: &str,
    repr: impl FnOnce(&Stack) -> Outcome<String>,
) -> Outcome<String> {
    thread_local! {
        /// The containers that are being shown.
        static SHOWN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }
    let address = value.address();
    if SHOWN.with_borrow(|shown| shown.contains(&address)) {
        return Ok(cycle.to_owned());
    }
    SHOWN.with_borrow_mut(|shown| shown.push(address));
    let text = protocol::deeper(stack, repr);
    SHOWN.with_borrow_mut(|shown| {
        if let Some(at) = shown.iter().rposition(|&shown| shown == address) {
            shown.remove(at);
        }
    });
    text
}
