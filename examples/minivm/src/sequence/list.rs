//! The methods of `list` and `tuple`.

use std::cell::RefCell;

use super::operators::{find, item_at};
use super::{as_list, as_tuple, clamped_index_of, extend, get_item, word};
use crate::builtins;
use crate::call::{between, exactly};
use crate::exception::{Error, raise, type_error};
use crate::iterator;
use crate::object::{self, Args, Builtin, NONE, Outcome, Stack, Value, int};
use crate::protocol;

pub(crate) static LIST_METHODS: &[Builtin] = &[
    Builtin { name: "append", is_method: true, call: append },
    Builtin { name: "clear", is_method: true, call: clear },
    Builtin { name: "copy", is_method: true, call: copy },
    Builtin {
        name: "count",
        is_method: true,
        call: |stack, args| count(stack, list_of(stack, args, "count")?, "list"),
    },
    Builtin { name: "extend", is_method: true, call: extend_method },
    Builtin {
        name: "index",
        is_method: true,
        call: |stack, args| index(stack, list_of(stack, args, "index")?, "list"),
    },
    Builtin { name: "insert", is_method: true, call: insert },
    Builtin { name: "pop", is_method: true, call: pop },
    Builtin { name: "remove", is_method: true, call: remove },
    Builtin { name: "reverse", is_method: true, call: reverse },
    Builtin { name: "sort", is_method: true, call: sort },
    Builtin { name: "__getitem__", is_method: true, call: item },
    Builtin { name: "__reversed__", is_method: true, call: reversed },
];

pub(crate) static TUPLE_METHODS: &[Builtin] = &[
    Builtin {
        name: "count",
        is_method: true,
        call: |stack, args| count(stack, tuple_of(stack, args, "count")?, "tuple"),
    },
    Builtin {
        name: "index",
        is_method: true,
        call: |stack, args| index(stack, tuple_of(stack, args, "index")?, "tuple"),
    },
];

/// What a method is called on, and the arguments behind it.
type Called<'a> = (&'a Value, Args<'a>);

fn list_of<'a>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<Called<'a>> {
    let (this, args) = builtins::receiver(stack, args, "list", name, |value| as_list(value).is_some())?;
    builtins::no_keywords(stack, args, &format!("list.{name}"))?;
    Ok((this, args))
}

fn tuple_of<'a>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<Called<'a>> {
    let (this, args) = builtins::receiver(stack, args, "tuple", name, |value| as_tuple(value).is_some())?;
    builtins::no_keywords(stack, args, &format!("tuple.{name}"))?;
    Ok((this, args))
}

/// The items of the list that a method is called on, and so many arguments.
fn parts<'a, const N: usize>(
    stack: &Stack,
    args: Args<'a>,
    name: &str,
) -> Outcome<(&'a RefCell<Vec<Value>>, &'a [Value; N])> {
    let (this, args) = list_of(stack, args, name)?;
    Ok((items(this), exactly(stack, &format!("list.{name}"), args)?))
}

fn items(list: &Value) -> &RefCell<Vec<Value>> {
    match as_list(list) {
        Some(items) => items,
        None => unreachable!("it was looked at"),
    }
}

fn append(stack: &Stack, args: Args<'_>) -> Outcome {
    let (items, [item]) = parts(stack, args, "append")?;
    items.borrow_mut().push(item.clone());
    Ok(NONE)
}

fn clear(stack: &Stack, args: Args<'_>) -> Outcome {
    let (items, []) = parts(stack, args, "clear")?;
    let old = items.take();
    drop(old);
    Ok(NONE)
}

fn copy(stack: &Stack, args: Args<'_>) -> Outcome {
    let (items, []) = parts(stack, args, "copy")?;
    let copy = items.borrow().clone();
    Ok(object::list(copy))
}

fn extend_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = list_of(stack, args, "extend")?;
    let [iterable] = exactly(stack, "list.extend", args)?;
    extend(stack, this, iterable)?;
    Ok(NONE)
}

fn item(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = list_of(stack, args, "__getitem__")?;
    let [index] = exactly(stack, "list.__getitem__", args)?;
    get_item(stack, this, index)
}

fn insert(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = list_of(stack, args, "insert")?;
    let [at, item] = exactly(stack, "insert", args)?;
    let at = word(stack, at)?;
    let mut items = items(this).borrow_mut();
    let len = items.len();
    let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if at < 0 { len.saturating_sub(from_end) } else { from_end.min(len) };
    items.insert(at, item.clone());
    Ok(NONE)
}

fn pop(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = list_of(stack, args, "pop")?;
    let at = match between(stack, "pop", args, 0, 1)? {
        [at] => word(stack, at)?,
        _ => -1,
    };
    let items = items(this);
    let len = items.borrow().len();
    if len == 0 {
        return Err(raise(stack, Error::IndexError, "pop from empty list"));
    }
    let at = if at < 0 { at + len as i64 } else { at };
    match usize::try_from(at) {
        Ok(at) if at < len => Ok(items.borrow_mut().remove(at)),
        _ => Err(raise(stack, Error::IndexError, "pop index out of range")),
    }
}

fn remove(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = list_of(stack, args, "remove")?;
    let [item] = exactly(stack, "list.remove", args)?;
    let Some(at) = find(stack, this, item, 0, usize::MAX)? else {
        return Err(raise(stack, Error::ValueError, "list.remove(x): x not in list"));
    };
    // Comparing may have made the list shorter.
    let mut items = items(this).borrow_mut();
    let old = (at < items.len()).then(|| items.remove(at));
    drop(items);
    drop(old);
    Ok(NONE)
}

fn reverse(stack: &Stack, args: Args<'_>) -> Outcome {
    let (items, []) = parts(stack, args, "reverse")?;
    items.borrow_mut().reverse();
    Ok(NONE)
}

fn reversed(stack: &Stack, args: Args<'_>) -> Outcome {
    let (_, []) = parts(stack, args, "__reversed__")?;
    iterator::construct_reversed(stack, Args::new(&args.positional[..1]))
}

fn sort(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, args) = builtins::receiver(stack, args, "list", "sort", |value| as_list(value).is_some())?;
    let given = args.positional.len() + args.keywords.len();
    if !args.positional.is_empty() && given > 2 {
        return Err(type_error(stack, format!("sort() takes at most 2 arguments ({given} given)")));
    }
    if !args.positional.is_empty() {
        return Err(type_error(stack, "sort() takes no positional arguments"));
    }
    sort_by_keywords(stack, items(this), args)?;
    Ok(NONE)
}

/// Sorts by the keywords `key` and `reverse`.
pub(crate) fn sort_by_keywords(stack: &Stack, items: &RefCell<Vec<Value>>, args: Args<'_>) -> Outcome<()> {
    builtins::at_most(stack, args, "sort", 2)?;
    let [key, reverse] = builtins::keywords(stack, args, "sort", ["key", "reverse"])?;
    let is_reverse = reverse.map_or(Ok(false), |reverse| protocol::truth(stack, reverse))?;
    super::sort::sort(stack, items, key.filter(|key| !key.is(&NONE)), is_reverse)
}

fn count(stack: &Stack, (this, args): Called<'_>, kind: &str) -> Outcome {
    let [item] = exactly(stack, &format!("{kind}.count"), args)?;
    let (mut at, mut count) = (0, 0_i64);
    while let Some(candidate) = item_at(this, at) {
        count += i64::from(protocol::equal(stack, &candidate, item)?);
        at += 1;
    }
    Ok(int(count))
}

fn index(stack: &Stack, (this, args): Called<'_>, kind: &str) -> Outcome {
    let args = between(stack, "index", args, 1, 3)?;
    let start = place(stack, this, args.get(1), 0)?;
    let stop = place(stack, this, args.get(2), usize::MAX)?;
    match find(stack, this, &args[0], start, stop)? {
        Some(at) => Ok(int(at as i64)),
        None => Err(raise(stack, Error::ValueError, format!("{kind}.index(x): x not in {kind}"))),
    }
}

/// An argument that says where to begin or end: negative ones count from the end.
fn place(stack: &Stack, sequence: &Value, argument: Option<&Value>, default: usize) -> Outcome<usize> {
    let Some(argument) = argument else { return Ok(default) };
    let Some(at) = clamped_index_of(stack, argument)? else {
        return Err(type_error(stack, "slice indices must be integers or have an __index__ method"));
    };
    let len =
        as_list(sequence).map_or_else(|| as_tuple(sequence).map_or(0, <[Value]>::len), |items| items.borrow().len());
    let at = if at < 0 { at.saturating_add(len as i64).max(0) } else { at };
    Ok(usize::try_from(at).unwrap_or(usize::MAX))
}
