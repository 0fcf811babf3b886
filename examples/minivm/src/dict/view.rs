//! `dict.keys()`, `dict.values()` and `dict.items()`.

use frame_runtime::cell::Operator;
use frame_runtime::v3_14::number::BinaryOperator;

use super::{Dict, as_dict};
use crate::builtins;
use crate::call::exactly;
use crate::class::type_name;
use crate::exception::{self, Error};
use crate::iterator;
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value, boolean, list, tuple};
use crate::protocol;
use crate::sequence::{self, as_tuple};
use crate::set::{self, Set, as_set};

/// A view of a `dict`.
pub(crate) struct View {
    pub(crate) dict: Value,
    pub(crate) shows: Shows,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Keys,
    Values,
    Items,
}

impl Shows {
    /// What it shows of an entry.
    pub(crate) fn of(self, key: &Value, value: &Value) -> Value {
        match self {
            Shows::Keys => key.clone(),
            Shows::Values => value.clone(),
            Shows::Items => tuple([key.clone(), value.clone()]),
        }
    }
}

impl View {
    pub(crate) fn dict(&self) -> &Dict {
        match as_dict(&self.dict) {
            Some(dict) => dict,
            None => unreachable!("views are made of dicts"),
        }
    }

    fn items(&self) -> Vec<Value> {
        self.dict().items().iter().map(|(key, value)| self.shows.of(key, value)).collect()
    }
}

pub(crate) static VIEW_METHODS: &[Builtin] = &[
    Builtin { name: "isdisjoint", is_method: true, call: is_disjoint },
    Builtin { name: "__reversed__", is_method: true, call: reversed },
];

/// The view in an object, if it is one of keys or items: values are not like a set.
fn as_set_like(value: &Value) -> Option<&View> {
    match value.object()? {
        Object::View(view) if view.shows != Shows::Values => Some(view),
        _ => None,
    }
}

fn is_set_or_view(value: &Value) -> bool {
    as_set(value).is_some() || as_set_like(value).is_some()
}

/// The number of a view's items.
pub(crate) fn len(view: &View) -> usize {
    view.dict().len()
}

/// `item in view`
pub(crate) fn contains(stack: &Stack, view: &View, item: &Value) -> Outcome<bool> {
    let dict = view.dict();
    match view.shows {
        Shows::Keys => Ok(dict.get(stack, item)?.is_some()),
        Shows::Items => {
            let Some([key, value]) = as_tuple(item) else { return Ok(false) };
            match dict.get(stack, key)? {
                Some(found) => protocol::equal(stack, &found, value),
                None => Ok(false),
            }
        }
        Shows::Values => {
            let iterator = iterator::over_view(view);
            while let Some(value) = protocol::next(stack, &iterator)? {
                if protocol::equal(stack, &value, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn is_disjoint(stack: &Stack, args: Args<'_>) -> Outcome {
    let is_view = |value: &Value| matches!(value.object(), Some(Object::View(_)));
    let (this, args) = builtins::receiver(stack, args, "dict_keys", "isdisjoint", is_view)?;
    let kind = type_name(stack.vm(), this);
    let Some(view) = as_set_like(this) else {
        return Err(exception::raise(
            stack,
            Error::AttributeError,
            format!("'{kind}' object has no attribute 'isdisjoint'"),
        ));
    };
    builtins::no_keywords(stack, args, &format!("{kind}.isdisjoint"))?;
    let [other] = exactly(stack, &format!("{kind}.isdisjoint"), args)?;
    if this.is(other) {
        return Ok(boolean(len(view) == 0));
    }
    // The shorter one is gone through, if the other one finds items by their hash as well.
    let is_longer = is_set_or_view(other) && protocol::len(stack, other)? > len(view);
    let (container, items) = if is_longer { (other, this) } else { (this, other) };
    let iterator = protocol::iter(stack, items)?;
    while let Some(item) = protocol::next(stack, &iterator)? {
        if protocol::contains(stack, container, &item)? {
            return Ok(boolean(false));
        }
    }
    Ok(boolean(true))
}

fn reversed(stack: &Stack, args: Args<'_>) -> Outcome {
    let is_view = |value: &Value| matches!(value.object(), Some(Object::View(_)));
    let (this, rest) = builtins::receiver(stack, args, "dict_keys", "__reversed__", is_view)?;
    let name = format!("{}.__reversed__", type_name(stack.vm(), this));
    let [] = exactly(stack, &name, rest)?;
    iterator::construct_reversed(stack, Args::new(&args.positional[..1]))
}

/// `& | - ^` where one of both is a view of keys or items. The other one may be anything iterable, and the result is a set.
///
/// Source: `dictviews_sub`, `_PyDictView_Intersect`, `dictviews_or`, `dictviews_xor`, Objects/dictobject.c.
pub(super) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    as_set_like(left).or_else(|| as_set_like(right))?;
    match operator {
        BinaryOperator::And | BinaryOperator::InplaceAnd => Some(intersection(stack, left, right)),
        BinaryOperator::Or | BinaryOperator::InplaceOr => {
            Some(combined(stack, left, |result| set::update(stack, result, right)))
        }
        BinaryOperator::Subtract | BinaryOperator::InplaceSubtract => {
            Some(combined(stack, left, |result| set::remove_all(stack, result, right)))
        }
        BinaryOperator::Xor | BinaryOperator::InplaceXor => Some(match (as_set_like(left), as_set_like(right)) {
            (Some(left), Some(right)) if left.shows == Shows::Items && right.shows == Shows::Items => {
                unequal_items(stack, left.dict(), right.dict())
            }
            _ => combined(stack, left, |result| set::toggle(stack, result, right)),
        }),
        _ => None,
    }
}

/// The set of an iterable's items, and what is done with it.
fn combined(stack: &Stack, left: &Value, change: impl FnOnce(&Set) -> Outcome<()>) -> Outcome {
    let result = Set::new();
    match as_set_like(left) {
        Some(view) if view.shows == Shows::Keys => set::update(stack, &result, &view.dict)?,
        _ => set::update(stack, &result, left)?,
    }
    change(&result)?;
    Ok(Value::new(Object::Set(result)))
}

fn intersection(stack: &Stack, left: &Value, right: &Value) -> Outcome {
    let (mut this, mut other) = if as_set_like(left).is_some() { (left, right) } else { (right, left) };
    let Some(view) = as_set_like(this) else { unreachable!("one of both is") };
    if let Some(Object::Set(set)) = other.object()
        && len(view) <= set.len()
    {
        return set::intersection(stack, set, this).map(|result| Value::new(Object::Set(result)));
    }
    if as_set_like(other).is_some_and(|other| len(other) > len(view)) {
        (this, other) = (other, this);
    }
    let result = Set::new();
    let iterator = protocol::iter(stack, other)?;
    while let Some(item) = protocol::next(stack, &iterator)? {
        if protocol::contains(stack, this, &item)? {
            result.add(stack, item)?;
        }
    }
    Ok(Value::new(Object::Set(result)))
}

/// `left ^ right` of two views of items: values are compared before anything is hashed that need not be.
///
/// Source: `dictitems_xor`, Objects/dictobject.c.
fn unequal_items(stack: &Stack, left: &Dict, right: &Dict) -> Outcome {
    let (rest, result) = (left.copy(), Set::new());
    let mut at = 0;
    while let Some((place, entry)) = right.next_entry(at) {
        let found = rest.find(stack, entry.hash, &entry.key)?.and_then(|at| rest.value_at(at));
        let is_equal = match found {
            Some(value) => protocol::equal(stack, &value, &entry.value)?,
            None => false,
        };
        if is_equal {
            rest.remove_hashed(stack, entry.hash, &entry.key)?;
        } else {
            result.add(stack, tuple([entry.key, entry.value]))?;
        }
        at = place + 1;
    }
    for (key, value) in rest.items() {
        result.add(stack, tuple([key, value]))?;
    }
    Ok(Value::new(Object::Set(result)))
}

/// Comparison as sets, where one of both is a view of keys or items and the other one that or a set.
///
/// Source: `dictview_richcompare`, Objects/dictobject.c.
pub(super) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    as_set_like(left).or_else(|| as_set_like(right))?;
    if !is_set_or_view(left) || !is_set_or_view(right) {
        return None;
    }
    Some(compare_sizes(stack, operator, left, right).map(boolean))
}

fn compare_sizes(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Outcome<bool> {
    let order = protocol::len(stack, left)?.cmp(&protocol::len(stack, right)?);
    // A set leaves the comparison to the view.
    let (view, other) = if as_set_like(left).is_some() { (left, right) } else { (right, left) };
    match operator {
        Operator::Eq => Ok(order.is_eq() && is_subset(stack, view, other)?),
        Operator::Ne => Ok(!(order.is_eq() && is_subset(stack, view, other)?)),
        Operator::Lt | Operator::Le => Ok(operator.holds(order) && is_subset(stack, left, right)?),
        Operator::Gt | Operator::Ge => Ok(operator.holds(order) && is_subset(stack, right, left)?),
    }
}

fn is_subset(stack: &Stack, items: &Value, container: &Value) -> Outcome<bool> {
    let iterator = protocol::iter(stack, items)?;
    while let Some(item) = protocol::next(stack, &iterator)? {
        if !protocol::contains(stack, container, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn repr(stack: &Stack, value: &Value, view: &View) -> Outcome<String> {
    sequence::repr_once(stack, value, "...", |stack| {
        let kind = type_name(stack.vm(), value);
        let items = protocol::repr(stack, &list(view.items()))?;
        Ok(format!("{kind}({items})"))
    })
}
