//! The methods and operators of `dict`.

use frame_runtime::cell::Operator;
use frame_runtime::v3_14::number::BinaryOperator;

use super::view::{self, Shows, View};
use super::{Dict, Entry, as_dict, hash_of, new_dict, update};
use crate::builtins;
use crate::call::{between, exactly};
use crate::exception::{self, Error};
use crate::iterator;
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, boolean, tuple};
use crate::protocol;
use crate::sequence;

pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "get", is_method: true, call: get },
    Builtin { name: "setdefault", is_method: true, call: set_default },
    Builtin { name: "pop", is_method: true, call: pop },
    Builtin { name: "popitem", is_method: true, call: pop_item },
    Builtin { name: "update", is_method: true, call: update_method },
    Builtin { name: "keys", is_method: true, call: |stack, args| show(stack, args, "keys", Shows::Keys) },
    Builtin { name: "values", is_method: true, call: |stack, args| show(stack, args, "values", Shows::Values) },
    Builtin { name: "items", is_method: true, call: |stack, args| show(stack, args, "items", Shows::Items) },
    Builtin { name: "copy", is_method: true, call: copy },
    Builtin { name: "clear", is_method: true, call: clear },
    // A method of the class, which may have no subclasses: so it needs not be told which.
    Builtin { name: "fromkeys", is_method: false, call: from_keys },
    Builtin { name: "__contains__", is_method: true, call: contains },
    Builtin { name: "__getitem__", is_method: true, call: get_item },
    Builtin { name: "__reversed__", is_method: true, call: reversed },
];

/// `dict(...)`
pub(crate) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    let dict = new_dict();
    if let Some(content) = as_dict(&dict) {
        take_arguments(stack, content, args, "dict")?;
    }
    Ok(dict)
}

fn take_arguments(stack: &Stack, dict: &Dict, args: Args<'_>, name: &str) -> Outcome<()> {
    if let [other] = between(stack, name, Args::new(args.positional), 0, 1)? {
        update(stack, dict, other)?;
    }
    for (key, value) in args.keywords {
        dict.insert(stack, key.clone(), value.clone())?;
    }
    Ok(())
}

/// The dict that a method is called on, and the arguments behind it.
fn receiver<'a>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<(&'a Dict, Args<'a>)> {
    let (this, args) = builtins::receiver(stack, args, "dict", name, |value| as_dict(value).is_some())?;
    match as_dict(this) {
        Some(dict) => Ok((dict, args)),
        None => unreachable!("it was looked at"),
    }
}

/// The same of a method without keywords.
fn positional<'a>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<(&'a Dict, Args<'a>)> {
    let (dict, args) = receiver(stack, args, name)?;
    builtins::no_keywords(stack, args, &format!("dict.{name}"))?;
    Ok((dict, args))
}

fn get(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "get")?;
    let args = between(stack, "get", args, 1, 2)?;
    let found = dict.get(stack, &args[0])?;
    Ok(found.unwrap_or_else(|| args.get(1).cloned().unwrap_or(NONE)))
}

fn get_item(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "__getitem__")?;
    let [key] = exactly(stack, "dict.__getitem__", args)?;
    dict.get(stack, key)?.ok_or_else(|| exception::raise_with(stack, Error::KeyError, std::slice::from_ref(key)))
}

fn contains(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "__contains__")?;
    let [key] = exactly(stack, "dict.__contains__", args)?;
    Ok(boolean(dict.get(stack, key)?.is_some()))
}

fn set_default(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "setdefault")?;
    let args = between(stack, "setdefault", args, 1, 2)?;
    let (key, default) = (&args[0], args.get(1).cloned().unwrap_or(NONE));
    let hash = hash_of(stack, key, "a dict key")?;
    if let Some(value) = dict.find(stack, hash, key)?.and_then(|at| dict.value_at(at)) {
        return Ok(value);
    }
    dict.push(Entry { hash, key: key.clone(), value: default.clone() });
    Ok(default)
}

fn pop(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "pop")?;
    let args = between(stack, "pop", args, 1, 2)?;
    // A dict that is empty does not even ask for the key's hash.
    let found = if dict.len() == 0 { None } else { dict.remove(stack, &args[0])? };
    found.or_else(|| args.get(1).cloned()).ok_or_else(|| exception::raise_with(stack, Error::KeyError, &args[..1]))
}

fn pop_item(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "popitem")?;
    let [] = exactly(stack, "dict.popitem", args)?;
    match dict.pop_last() {
        Some(entry) => Ok(tuple([entry.key, entry.value])),
        None => Err(exception::raise(stack, Error::KeyError, "popitem(): dictionary is empty")),
    }
}

fn update_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = receiver(stack, args, "update")?;
    take_arguments(stack, dict, args, "update")?;
    Ok(NONE)
}

fn show(stack: &Stack, args: Args<'_>, name: &str, shows: Shows) -> Outcome {
    let (_, rest) = positional(stack, args, name)?;
    let [] = exactly(stack, &format!("dict.{name}"), rest)?;
    Ok(Value::new(Object::View(View { dict: args.positional[0].clone(), shows })))
}

fn copy(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "copy")?;
    let [] = exactly(stack, "dict.copy", args)?;
    Ok(Value::new(Object::Dict(dict.copy())))
}

fn clear(stack: &Stack, args: Args<'_>) -> Outcome {
    let (dict, args) = positional(stack, args, "clear")?;
    let [] = exactly(stack, "dict.clear", args)?;
    dict.clear();
    Ok(NONE)
}

fn reversed(stack: &Stack, args: Args<'_>) -> Outcome {
    let (_, rest) = positional(stack, args, "__reversed__")?;
    let [] = exactly(stack, "dict.__reversed__", rest)?;
    iterator::construct_reversed(stack, Args::new(&args.positional[..1]))
}

fn from_keys(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "dict.fromkeys")?;
    let args = between(stack, "fromkeys", args, 1, 2)?;
    let value = args.get(1).cloned().unwrap_or(NONE);
    let dict = Dict::new();
    let iterator = protocol::iter(stack, &args[0])?;
    while let Some(key) = protocol::next(stack, &iterator)? {
        dict.insert(stack, key, value.clone())?;
    }
    Ok(Value::new(Object::Dict(dict)))
}

/// `left op right`, by `|` and `|=`, and by `& | - ^` of views. `None`: it is none of dicts or their views.
pub(crate) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    match (operator, as_dict(left)) {
        (BinaryOperator::Or | BinaryOperator::InplaceOr, Some(dict)) if as_dict(right).is_some() => {
            Some(union(stack, operator, (left, dict), right))
        }
        (BinaryOperator::InplaceOr, Some(dict)) => Some(update(stack, dict, right).map(|()| left.clone())),
        _ => view::binary(stack, operator, left, right),
    }
}

fn union(stack: &Stack, operator: BinaryOperator, (left, dict): (&Value, &Dict), right: &Value) -> Outcome {
    let result = match operator {
        BinaryOperator::InplaceOr => left.clone(),
        _ => Value::new(Object::Dict(dict.copy())),
    };
    if let Some(content) = as_dict(&result) {
        update(stack, content, right)?;
    }
    Ok(result)
}

/// `left op right` of two dicts, or of a view of keys or items and what is like a set. `None`: it is none of theirs, or dicts have no
/// such order.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    let (Some(left_dict), Some(right_dict)) = (as_dict(left), as_dict(right)) else {
        return view::compare(stack, operator, left, right);
    };
    let is_equal = match operator {
        Operator::Eq | Operator::Ne => protocol::deeper(stack, |stack| equal(stack, left_dict, right_dict)),
        _ => return None,
    };
    Some(is_equal.map(|is_equal| boolean(is_equal == (operator == Operator::Eq))))
}

fn equal(stack: &Stack, left: &Dict, right: &Dict) -> Outcome<bool> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((place, entry)) = left.next_entry(at) {
        let found = right.find(stack, entry.hash, &entry.key)?;
        let Some(value) = found.and_then(|at| right.value_at(at)) else { return Ok(false) };
        if !protocol::equal(stack, &value, &entry.value)? {
            return Ok(false);
        }
        at = place + 1;
    }
    Ok(true)
}

/// `repr()` of a dict or view. `None`: it is none.
pub(crate) fn repr(stack: &Stack, value: &Value) -> Option<Outcome<String>> {
    match value.object()? {
        Object::Dict(dict) => Some(sequence::repr_once(stack, value, "{...}", |stack| repr_dict(stack, dict))),
        Object::View(view) => Some(view::repr(stack, value, view)),
        _ => None,
    }
}

fn repr_dict(stack: &Stack, dict: &Dict) -> Outcome<String> {
    let mut text = String::from("{");
    let mut at = 0;
    while let Some((place, entry)) = dict.next_entry(at) {
        if text.len() > 1 {
            text += ", ";
        }
        text += &protocol::repr(stack, &entry.key)?;
        text += ": ";
        text += &protocol::repr(stack, &entry.value)?;
        at = place + 1;
    }
    Ok(text + "}")
}
