//! The methods of `set` and `frozenset`.

use super::operators::{self, make};
use super::{Set, as_set};
use crate::builtins;
use crate::call::{between, exactly};
use crate::exception::{self, Error};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, boolean};

/// Functions that both types have are told which one it is.
const SET: bool = false;
const FROZEN: bool = true;

pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "add", is_method: true, call: add },
    Builtin { name: "clear", is_method: true, call: clear },
    Builtin { name: "copy", is_method: true, call: copy::<SET> },
    Builtin { name: "difference", is_method: true, call: difference::<SET> },
    Builtin { name: "difference_update", is_method: true, call: difference_update },
    Builtin { name: "discard", is_method: true, call: discard },
    Builtin { name: "intersection", is_method: true, call: intersection::<SET> },
    Builtin { name: "intersection_update", is_method: true, call: intersection_update },
    Builtin { name: "isdisjoint", is_method: true, call: is_disjoint::<SET> },
    Builtin { name: "issubset", is_method: true, call: is_subset::<SET> },
    Builtin { name: "issuperset", is_method: true, call: is_superset::<SET> },
    Builtin { name: "pop", is_method: true, call: pop },
    Builtin { name: "remove", is_method: true, call: remove },
    Builtin { name: "symmetric_difference", is_method: true, call: symmetric_difference::<SET> },
    Builtin { name: "symmetric_difference_update", is_method: true, call: symmetric_difference_update },
    Builtin { name: "union", is_method: true, call: union::<SET> },
    Builtin { name: "__contains__", is_method: true, call: contains::<SET> },
    Builtin { name: "update", is_method: true, call: update },
];

pub(crate) static FROZEN_METHODS: &[Builtin] = &[
    Builtin { name: "copy", is_method: true, call: copy::<FROZEN> },
    Builtin { name: "difference", is_method: true, call: difference::<FROZEN> },
    Builtin { name: "intersection", is_method: true, call: intersection::<FROZEN> },
    Builtin { name: "isdisjoint", is_method: true, call: is_disjoint::<FROZEN> },
    Builtin { name: "issubset", is_method: true, call: is_subset::<FROZEN> },
    Builtin { name: "issuperset", is_method: true, call: is_superset::<FROZEN> },
    Builtin { name: "symmetric_difference", is_method: true, call: symmetric_difference::<FROZEN> },
    Builtin { name: "union", is_method: true, call: union::<FROZEN> },
    Builtin { name: "__contains__", is_method: true, call: contains::<FROZEN> },
];

/// `set(...)`
pub(crate) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "set")?;
    let set = Set::new();
    if let [items] = between(stack, "set", args, 0, 1)? {
        operators::update(stack, &set, items)?;
    }
    Ok(make(set, SET))
}

/// `frozenset(...)`
pub(crate) fn construct_frozen(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "frozenset")?;
    let set = Set::new();
    match between(stack, "frozenset", args, 0, 1)? {
        [frozen] if matches!(frozen.object(), Some(Object::FrozenSet(_))) => return Ok(frozen.clone()),
        [items] => operators::update(stack, &set, items)?,
        _ => {}
    }
    Ok(make(set, FROZEN))
}

/// The set that a method is called on, and the arguments behind it.
fn receiver<'a, const IS_FROZEN: bool>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<(&'a Set, Args<'a>)> {
    let kind = if IS_FROZEN { "frozenset" } else { "set" };
    let is_it = |value: &Value| match value.object() {
        Some(Object::Set(_)) => !IS_FROZEN,
        Some(Object::FrozenSet(_)) => IS_FROZEN,
        _ => false,
    };
    let (this, args) = builtins::receiver(stack, args, kind, name, is_it)?;
    builtins::no_keywords(stack, args, &format!("{kind}.{name}"))?;
    match as_set(this) {
        Some(set) => Ok((set, args)),
        None => unreachable!("it was looked at"),
    }
}

/// The same of a method with so many arguments.
fn parts<'a, const IS_FROZEN: bool, const N: usize>(
    stack: &Stack,
    args: Args<'a>,
    name: &str,
) -> Outcome<(&'a Set, &'a [Value; N])> {
    let (set, args) = receiver::<IS_FROZEN>(stack, args, name)?;
    let kind = if IS_FROZEN { "frozenset" } else { "set" };
    Ok((set, exactly(stack, &format!("{kind}.{name}"), args)?))
}

fn add(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [item]) = parts::<SET, 1>(stack, args, "add")?;
    set.add(stack, item.clone())?;
    Ok(NONE)
}

fn discard(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [item]) = parts::<SET, 1>(stack, args, "discard")?;
    set.remove(stack, item)?;
    Ok(NONE)
}

fn remove(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [item]) = parts::<SET, 1>(stack, args, "remove")?;
    match set.remove(stack, item)? {
        Some(_) => Ok(NONE),
        None => Err(exception::raise_with(stack, Error::KeyError, std::slice::from_ref(item))),
    }
}

fn pop(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, []) = parts::<SET, 0>(stack, args, "pop")?;
    set.pop().ok_or_else(|| exception::raise(stack, Error::KeyError, "pop from an empty set"))
}

fn clear(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, []) = parts::<SET, 0>(stack, args, "clear")?;
    set.clear();
    Ok(NONE)
}

fn copy<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, []) = parts::<IS_FROZEN, 0>(stack, args, "copy")?;
    // What cannot change is its own copy.
    Ok(if IS_FROZEN { args.positional[0].clone() } else { make(set.copy(), SET) })
}

fn contains<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [item]) = parts::<IS_FROZEN, 1>(stack, args, "__contains__")?;
    Ok(boolean(set.contains(stack, item)?))
}

fn is_disjoint<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [other]) = parts::<IS_FROZEN, 1>(stack, args, "isdisjoint")?;
    Ok(boolean(operators::is_disjoint(stack, set, other)?))
}

fn is_subset<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [iterable]) = parts::<IS_FROZEN, 1>(stack, args, "issubset")?;
    let is_subset = match as_set(iterable) {
        Some(other) => operators::is_subset(stack, set, other)?,
        None => operators::intersection(stack, set, iterable)?.len() == set.len(),
    };
    Ok(boolean(is_subset))
}

fn is_superset<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [other]) = parts::<IS_FROZEN, 1>(stack, args, "issuperset")?;
    Ok(boolean(operators::is_superset(stack, set, other)?))
}

fn union<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<IS_FROZEN>(stack, args, "union")?;
    let result = set.copy();
    for other in others.positional {
        if !as_set(other).is_some_and(|other| std::ptr::eq(other, set)) {
            operators::update(stack, &result, other)?;
        }
    }
    Ok(make(result, IS_FROZEN))
}

fn update(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<SET>(stack, args, "update")?;
    for other in others.positional {
        operators::update(stack, set, other)?;
    }
    Ok(NONE)
}

/// The items that all have.
fn common(stack: &Stack, set: &Set, others: &[Value]) -> Outcome<Set> {
    let Some((first, others)) = others.split_first() else { return Ok(set.copy()) };
    let mut result = operators::intersection(stack, set, first)?;
    for other in others {
        result = operators::intersection(stack, &result, other)?;
    }
    Ok(result)
}

fn intersection<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<IS_FROZEN>(stack, args, "intersection")?;
    Ok(make(common(stack, set, others.positional)?, IS_FROZEN))
}

fn intersection_update(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<SET>(stack, args, "intersection_update")?;
    set.become_like(common(stack, set, others.positional)?);
    Ok(NONE)
}

fn difference<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<IS_FROZEN>(stack, args, "difference")?;
    let result = match others.positional.split_first() {
        None => set.copy(),
        Some((first, others)) => {
            let result = operators::difference(stack, set, first)?;
            for other in others {
                operators::remove_all(stack, &result, other)?;
            }
            result
        }
    };
    Ok(make(result, IS_FROZEN))
}

fn difference_update(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, others) = receiver::<SET>(stack, args, "difference_update")?;
    for other in others.positional {
        operators::remove_all(stack, set, other)?;
    }
    Ok(NONE)
}

fn symmetric_difference<const IS_FROZEN: bool>(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [other]) = parts::<IS_FROZEN, 1>(stack, args, "symmetric_difference")?;
    Ok(make(operators::symmetric_difference(stack, set, other)?, IS_FROZEN))
}

fn symmetric_difference_update(stack: &Stack, args: Args<'_>) -> Outcome {
    let (set, [other]) = parts::<SET, 1>(stack, args, "symmetric_difference_update")?;
    operators::toggle(stack, set, other)?;
    Ok(NONE)
}
