//! `enumerate`, `zip`, `map` and `filter`: iterators that ask others.

use std::cell::RefCell;

use super::{Iter, new};
use crate::builtins;
use crate::call::{call, exactly};
use crate::exception::{Error, raise, type_error};
use crate::number::{from_big, to_big};
use crate::object::{Args, NONE, Outcome, Stack, Value, int, tuple};
use crate::protocol;
use crate::text::as_str;

pub(super) fn next(stack: &Stack, iter: &Iter) -> Outcome<Option<Value>> {
    match iter {
        Iter::Enumerate { iterator, number } => {
            let Some(item) = protocol::next(stack, iterator)? else { return Ok(None) };
            let after = after(&number.borrow());
            Ok(Some(tuple([number.replace(after), item])))
        }
        Iter::Zip { iterators, is_strict } => Ok(next_of_all(stack, iterators, is_strict.then_some("zip"))?.map(tuple)),
        Iter::Map { function, iterators, is_strict } => {
            let Some(items) = next_of_all(stack, iterators, is_strict.then_some("map"))? else { return Ok(None) };
            call(stack, function, &items).map(Some)
        }
        Iter::Filter { function, iterator } => {
            while let Some(item) = protocol::next(stack, iterator)? {
                let is_wanted = match function.is(&NONE) {
                    true => protocol::truth(stack, &item)?,
                    false => protocol::truth(stack, &call(stack, function, std::slice::from_ref(&item))?)?,
                };
                if is_wanted {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The integer after another.
fn after(number: &Value) -> Value {
    match number.as_integer() {
        Some(number) => int(number + 1),
        None => from_big(to_big(number).unwrap_or_default() + 1_i32),
    }
}

/// One item of each iterator; `None`: one of them is over. Where `strict` names who asks, all must be over then.
///
/// Source: `zip_next`, Python/bltinmodule.c.
fn next_of_all(stack: &Stack, iterators: &[Value], strict: Option<&str>) -> Outcome<Option<Vec<Value>>> {
    if iterators.is_empty() {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(iterators.len());
    for (at, iterator) in iterators.iter().enumerate() {
        match (protocol::next(stack, iterator)?, strict) {
            (Some(item), _) => items.push(item),
            (None, None) => return Ok(None),
            (None, Some(_)) if at == 0 => break,
            (None, Some(name)) => return Err(uneven(stack, name, at, "shorter")),
        }
    }
    let Some(name) = strict.filter(|_| items.is_empty()) else { return Ok(Some(items)) };
    // The first one is over.
    for (at, iterator) in iterators.iter().enumerate().skip(1) {
        if protocol::next(stack, iterator)?.is_some() {
            return Err(uneven(stack, name, at, "longer"));
        }
    }
    Ok(None)
}

fn uneven(stack: &Stack, name: &str, at: usize, how: &str) -> Value {
    let others = if at == 1 { "argument 1".to_owned() } else { format!("arguments 1-{at}") };
    raise(stack, Error::ValueError, format!("{name}() argument {} is {how} than {others}", at + 1))
}

pub(crate) fn construct_enumerate(stack: &Stack, args: Args<'_>) -> Outcome {
    let count = args.positional.len() + args.keywords.len();
    if count > 2 {
        return Err(type_error(stack, format!("enumerate() takes at most 2 arguments ({count} given)")));
    }
    let (mut iterable, mut start) = (args.positional.first(), args.positional.get(1));
    let mut wrong = None;
    for (name, value) in args.keywords {
        match as_str(name).map_or("", |name| name.as_str()) {
            "iterable" if iterable.is_none() => iterable = Some(value),
            "start" if start.is_none() && (iterable.is_some() || args.keywords.len() == 2) => start = Some(value),
            name => wrong = wrong.or(Some(name)),
        }
    }
    if let Some(name) = wrong {
        return Err(type_error(stack, format!("'{name}' is an invalid keyword argument for enumerate()")));
    }
    let Some(iterable) = iterable else {
        return Err(type_error(stack, "enumerate() missing required argument 'iterable'"));
    };
    let number = match start {
        Some(start) => {
            let index = protocol::index(stack, start)?;
            to_big(&index).map_or(index, from_big)
        }
        None => int(0),
    };
    let iterator = protocol::iter(stack, iterable)?;
    Ok(new(Iter::Enumerate { iterator, number: RefCell::new(number) }))
}

/// Iterators of all arguments.
fn iterators(stack: &Stack, iterables: &[Value]) -> Outcome<Box<[Value]>> {
    iterables.iter().map(|iterable| protocol::iter(stack, iterable)).collect()
}

/// The keyword `strict`.
fn strict(stack: &Stack, name: &str, args: Args<'_>) -> Outcome<bool> {
    builtins::at_most(stack, args, name, 1)?;
    let [strict] = builtins::keywords(stack, args, name, ["strict"])?;
    strict.map_or(Ok(false), |strict| protocol::truth(stack, strict))
}

pub(crate) fn construct_zip(stack: &Stack, args: Args<'_>) -> Outcome {
    let is_strict = strict(stack, "zip", args)?;
    Ok(new(Iter::Zip { iterators: iterators(stack, args.positional)?, is_strict }))
}

pub(crate) fn construct_map(stack: &Stack, args: Args<'_>) -> Outcome {
    let is_strict = strict(stack, "map", args)?;
    let Some((function, iterables)) = args.positional.split_first().filter(|(_, iterables)| !iterables.is_empty())
    else {
        return Err(type_error(stack, "map() must have at least two arguments."));
    };
    Ok(new(Iter::Map { function: function.clone(), iterators: iterators(stack, iterables)?, is_strict }))
}

pub(crate) fn construct_filter(stack: &Stack, args: Args<'_>) -> Outcome {
    let [function, iterable] = exactly(stack, "filter", args)?;
    Ok(new(Iter::Filter { function: function.clone(), iterator: protocol::iter(stack, iterable)? }))
}
