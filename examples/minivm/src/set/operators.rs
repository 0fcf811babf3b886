//! What sets do with each other and with other iterables. In CPython's order, also where that shows only in which items are compared.
//!
//! Source: Objects/setobject.c.

use frame_runtime::cell::Operator;
use frame_runtime::v3_14::number::BinaryOperator;

use super::{Item, Set, as_set};
use crate::dict::{Dict, as_dict, plain_hash};
use crate::object::{Object, Outcome, Stack, Value, boolean, list};
use crate::protocol;
use crate::sequence;

/// A `set` or a `frozenset`.
pub(super) fn make(set: Set, is_frozen: bool) -> Value {
    Value::new(if is_frozen { Object::FrozenSet(set) } else { Object::Set(set) })
}

/// Calls something for each item of an iterable; `false` ends it early.
fn each(stack: &Stack, iterable: &Value, mut visit: impl FnMut(Value) -> Outcome<bool>) -> Outcome<bool> {
    let iterator = protocol::iter(stack, iterable)?;
    while let Some(item) = protocol::next(stack, &iterator)? {
        if !visit(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Calls something for each key of a dict.
fn each_key(dict: &Dict, mut visit: impl FnMut(Item) -> Outcome<()>) -> Outcome<()> {
    let mut at = 0;
    while let Some((place, hash, value)) = dict.next_key(at) {
        visit(Item { hash, value })?;
        at = place + 1;
    }
    Ok(())
}

/// `set.update(iterable)`
pub(crate) fn update(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<()> {
    if let Some(other) = as_set(iterable) {
        return merge(stack, set, other);
    }
    if let Some(dict) = as_dict(iterable) {
        set.table.borrow_mut().reserve(dict.len());
        return each_key(dict, |key| set.add_hashed(stack, key).map(drop));
    }
    each(stack, iterable, |item| set.add(stack, item).map(|_| true)).map(drop)
}

fn merge(stack: &Stack, set: &Set, other: &Set) -> Outcome<()> {
    if std::ptr::eq(set, other) || set.take_all(other) {
        return Ok(());
    }
    other.each(|item| set.add_hashed(stack, item).map(|_| true)).map(drop)
}

/// `set.intersection(iterable)`
pub(crate) fn intersection(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<Set> {
    let result = Set::new();
    let Some(other) = as_set(iterable) else {
        // It is over when all are found.
        each(stack, iterable, |value| {
            let hash = plain_hash(stack, &value)?;
            if set.has(stack, hash, &value)? {
                result.add_hashed(stack, Item { hash, value })?;
                return Ok(result.len() < set.len());
            }
            Ok(true)
        })?;
        return Ok(result);
    };
    if std::ptr::eq(set, other) {
        return Ok(set.copy());
    }
    let (large, small) = if other.len() > set.len() { (other, set) } else { (set, other) };
    small.each(|item| {
        if large.has(stack, item.hash, &item.value)? {
            result.add_hashed(stack, item)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

/// `set.difference(iterable)`
pub(crate) fn difference(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<Set> {
    let others = match (as_set(iterable), as_dict(iterable)) {
        (Some(other), _) => Some(other.len()),
        (_, Some(dict)) => Some(dict.len()),
        _ => None,
    };
    // Where the other one is much shorter, or nothing is found in it by its hash, its items are removed from a copy.
    if others.is_none_or(|others| set.len() / 4 > others) {
        let result = set.copy();
        remove_all(stack, &result, iterable)?;
        return Ok(result);
    }
    let result = Set::new();
    set.each(|item| {
        let is_there = match (as_set(iterable), as_dict(iterable)) {
            (Some(other), _) => other.has(stack, item.hash, &item.value)?,
            (_, Some(dict)) => dict.has_hashed(stack, item.hash, &item.value)?,
            _ => false,
        };
        if !is_there {
            result.add_hashed(stack, item)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

/// `set.difference_update(iterable)`
pub(crate) fn remove_all(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<()> {
    match as_set(iterable) {
        Some(other) if std::ptr::eq(set, other) => {
            set.clear();
            return Ok(());
        }
        Some(other) if other.len() / 8 > set.len() => {
            let common = intersection(stack, set, iterable)?;
            remove_items(stack, set, &common)?;
        }
        Some(other) => remove_items(stack, set, other)?,
        None => each(stack, iterable, |item| set.remove(stack, &item).map(|_| true)).map(drop)?,
    }
    set.table.borrow_mut().shrink();
    Ok(())
}

fn remove_items(stack: &Stack, set: &Set, other: &Set) -> Outcome<()> {
    other.each(|item| set.remove_hashed(stack, item.hash, &item.value).map(|_| true)).map(drop)
}

/// `set.symmetric_difference(iterable)`
pub(crate) fn symmetric_difference(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<Set> {
    let result = Set::new();
    update(stack, &result, iterable)?;
    toggle_items(stack, &result, set)?;
    Ok(result)
}

/// `set.symmetric_difference_update(iterable)`
pub(crate) fn toggle(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<()> {
    if let Some(other) = as_set(iterable) {
        return toggle_items(stack, set, other);
    }
    if let Some(dict) = as_dict(iterable) {
        return each_key(dict, |key| toggle_item(stack, set, key));
    }
    let other = Set::new();
    update(stack, &other, iterable)?;
    toggle_items(stack, set, &other)
}

fn toggle_items(stack: &Stack, set: &Set, other: &Set) -> Outcome<()> {
    if std::ptr::eq(set, other) {
        set.clear();
        return Ok(());
    }
    other.each(|item| toggle_item(stack, set, item).map(|()| true)).map(drop)
}

fn toggle_item(stack: &Stack, set: &Set, item: Item) -> Outcome<()> {
    match set.remove_hashed(stack, item.hash, &item.value)? {
        Some(_) => Ok(()),
        None => set.add_hashed(stack, item).map(drop),
    }
}

/// `set <= other`
pub(crate) fn is_subset(stack: &Stack, set: &Set, other: &Set) -> Outcome<bool> {
    Ok(set.len() <= other.len() && set.each(|item| other.has(stack, item.hash, &item.value))?)
}

/// `set.issuperset(iterable)`
pub(super) fn is_superset(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<bool> {
    match as_set(iterable) {
        Some(other) => is_subset(stack, other, set),
        None => each(stack, iterable, |item| set.contains(stack, &item)),
    }
}

/// `set.isdisjoint(iterable)`
pub(super) fn is_disjoint(stack: &Stack, set: &Set, iterable: &Value) -> Outcome<bool> {
    let Some(other) = as_set(iterable) else {
        return each(stack, iterable, |item| set.contains(stack, &item).map(|found| !found));
    };
    if std::ptr::eq(set, other) {
        return Ok(set.len() == 0);
    }
    let (large, small) = if other.len() > set.len() { (other, set) } else { (set, other) };
    small.each(|item| large.has(stack, item.hash, &item.value).map(|found| !found))
}

/// `left op right`: `| & - ^` and their in-place forms. `None`: one is no set.
pub(crate) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    let (set, other) = (as_set(left)?, as_set(right)?);
    let is_frozen = matches!(left.object(), Some(Object::FrozenSet(_)));
    if !is_frozen && let Some(done) = in_place(stack, operator, set, right) {
        return Some(done.map(|()| left.clone()));
    }
    let result = match operator {
        BinaryOperator::Or | BinaryOperator::InplaceOr => {
            let result = set.copy();
            merge(stack, &result, other).map(|()| result)
        }
        BinaryOperator::And | BinaryOperator::InplaceAnd => intersection(stack, set, right),
        BinaryOperator::Subtract | BinaryOperator::InplaceSubtract => difference(stack, set, right),
        BinaryOperator::Xor | BinaryOperator::InplaceXor => symmetric_difference(stack, set, right),
        _ => return None,
    };
    Some(result.map(|result| make(result, is_frozen)))
}

fn in_place(stack: &Stack, operator: BinaryOperator, set: &Set, right: &Value) -> Option<Outcome<()>> {
    Some(match operator {
        BinaryOperator::InplaceOr => update(stack, set, right),
        BinaryOperator::InplaceAnd => intersection(stack, set, right).map(|result| set.become_like(result)),
        BinaryOperator::InplaceSubtract => remove_all(stack, set, right),
        BinaryOperator::InplaceXor => toggle(stack, set, right),
        _ => return None,
    })
}

/// `left op right` of two sets. `None`: one is none.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    let (left, right) = (as_set(left)?, as_set(right)?);
    let order = left.len().cmp(&right.len());
    let holds = match operator {
        Operator::Eq | Operator::Ne if order.is_ne() => Ok(operator == Operator::Ne),
        Operator::Eq => is_subset(stack, left, right),
        Operator::Ne => is_subset(stack, left, right).map(|is_equal| !is_equal),
        Operator::Lt | Operator::Le if operator.holds(order) => is_subset(stack, left, right),
        Operator::Gt | Operator::Ge if operator.holds(order) => is_subset(stack, right, left),
        _ => Ok(false),
    };
    Some(holds.map(boolean))
}

/// `repr()` of a set. `None`: it is none.
pub(crate) fn repr(stack: &Stack, value: &Value) -> Option<Outcome<String>> {
    let set = as_set(value)?;
    let is_frozen = matches!(value.object(), Some(Object::FrozenSet(_)));
    let name = if is_frozen { "frozenset" } else { "set" };
    if set.len() == 0 {
        return Some(Ok(format!("{name}()")));
    }
    Some(sequence::repr_once(stack, value, &format!("{name}(...)"), |stack| {
        let items = protocol::repr(stack, &list(set.items()))?;
        let items = items.strip_prefix('[').and_then(|items| items.strip_suffix(']')).unwrap_or(&items);
        Ok(if is_frozen { format!("frozenset({{{items}}})") } else { format!("{{{items}}}") })
    }))
}
