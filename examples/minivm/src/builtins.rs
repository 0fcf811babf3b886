//! The functions of the module `builtins`. What belongs to one type is in its file.

mod arguments;
mod names;
mod objects;
mod print;
mod sum;

use std::cell::RefCell;

use frame_runtime::cell::Operator;
use frame_runtime::generator;

use crate::call::{between, call, exactly};
use crate::dict::as_dict;
use crate::exception::{Error, raise, type_error};
use crate::number::{self, from_big};
use crate::object::{
    Args, Builtin, ELLIPSIS, FALSE, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, TRUE, Value, boolean, int, list,
    string,
};
use crate::{format, iterator, protocol, sequence, text};

pub(crate) use arguments::{at_most, keywords, no_keywords, receiver};
pub(crate) use names::is_known;

pub(crate) static FUNCTIONS: &[Builtin] = &[
    Builtin { name: "aiter", is_method: false, call: aiter },
    Builtin { name: "all", is_method: false, call: |stack, args| each_is(stack, args, "all", true) },
    Builtin { name: "anext", is_method: false, call: anext },
    Builtin { name: "any", is_method: false, call: |stack, args| each_is(stack, args, "any", false) },
    Builtin { name: "callable", is_method: false, call: objects::callable },
    Builtin { name: "delattr", is_method: false, call: objects::delattr },
    Builtin { name: "getattr", is_method: false, call: objects::getattr },
    Builtin { name: "globals", is_method: false, call: objects::globals },
    Builtin { name: "hasattr", is_method: false, call: objects::hasattr },
    Builtin { name: "hash", is_method: false, call: hash },
    Builtin { name: "id", is_method: false, call: id },
    Builtin { name: "isinstance", is_method: false, call: objects::isinstance },
    Builtin { name: "issubclass", is_method: false, call: objects::issubclass },
    Builtin { name: "iter", is_method: false, call: iter },
    Builtin { name: "len", is_method: false, call: len },
    Builtin { name: "locals", is_method: false, call: objects::locals },
    Builtin { name: "max", is_method: false, call: |stack, args| best(stack, args, "max", Operator::Gt) },
    Builtin { name: "min", is_method: false, call: |stack, args| best(stack, args, "min", Operator::Lt) },
    Builtin { name: "next", is_method: false, call: next },
    Builtin { name: "print", is_method: false, call: print::print },
    Builtin { name: "repr", is_method: false, call: repr },
    Builtin { name: "setattr", is_method: false, call: objects::setattr },
    Builtin { name: "sorted", is_method: false, call: sorted },
    Builtin { name: "sum", is_method: false, call: sum::sum },
    Builtin { name: "vars", is_method: false, call: objects::vars },
];

/// Puts all functions, types and constants into the module.
pub(crate) fn fill(stack: &Stack) {
    let vm = stack.vm();
    let Some(module) = as_dict(&vm.builtins) else { return };
    let constants = [
        ("__name__", string("builtins")),
        ("__debug__", TRUE),
        ("None", NONE),
        ("False", FALSE),
        ("True", TRUE),
        ("Ellipsis", ELLIPSIS),
        ("NotImplemented", NOT_IMPLEMENTED),
    ];
    let functions = [FUNCTIONS, number::FUNCTIONS, text::FUNCTIONS, format::FUNCTIONS].into_iter().flatten();
    let functions = functions.map(|function| (function.name, Value::new(Object::Builtin(function))));
    let types = vm.types.visible().map(|(name, class)| (name, class.clone()));
    for (name, value) in types.chain(functions).chain(constants) {
        module.set_str(vm.name(name), value);
    }
}

fn len(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "len", args)?;
    Ok(int(i64::try_from(protocol::len(stack, object)?).unwrap_or(i64::MAX)))
}

fn hash(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "hash", args)?;
    Ok(int(protocol::hash(stack, object)?))
}

fn id(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "id", args)?;
    Ok(from_big(object.address().into()))
}

fn repr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "repr", args)?;
    Ok(string(protocol::repr(stack, object)?))
}

fn iter(stack: &Stack, args: Args<'_>) -> Outcome {
    no_keywords(stack, args, "iter")?;
    match between(stack, "iter", args, 1, 2)? {
        [callable, sentinel] if objects::is_callable(stack, callable) => {
            Ok(iterator::over_calls(callable.clone(), sentinel.clone()))
        }
        [_, _] => Err(type_error(stack, "iter(v, w): v must be callable")),
        args => protocol::iter(stack, &args[0]),
    }
}

fn next(stack: &Stack, args: Args<'_>) -> Outcome {
    no_keywords(stack, args, "next")?;
    match between(stack, "next", args, 1, 2)? {
        [iterator, default] => Ok(protocol::next(stack, iterator)?.unwrap_or_else(|| default.clone())),
        args => protocol::next_or_stop(stack, &args[0]),
    }
}

fn aiter(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = exactly(stack, "aiter", args)?;
    generator::aiter(stack, object)
}

fn anext(stack: &Stack, args: Args<'_>) -> Outcome {
    no_keywords(stack, args, "anext")?;
    let args = between(stack, "anext", args, 1, 2)?;
    generator::anext(stack, &args[0], args.get(1).cloned())
}

/// `all()`, and `any()`: whether no item is of the other truth.
fn each_is(stack: &Stack, args: Args<'_>, name: &str, wanted: bool) -> Outcome {
    let [iterable] = exactly(stack, name, args)?;
    let iterator = protocol::iter(stack, iterable)?;
    while let Some(item) = protocol::next(stack, &iterator)? {
        if protocol::truth(stack, &item)? != wanted {
            return Ok(boolean(!wanted));
        }
    }
    Ok(boolean(wanted))
}

/// `min()` and `max()`: the first item of which no other one is further in a direction.
fn best(stack: &Stack, args: Args<'_>, name: &str, further: Operator) -> Outcome {
    if args.positional.is_empty() {
        return Err(type_error(stack, format!("{name} expected at least 1 argument, got 0")));
    }
    at_most(stack, args, name, 2)?;
    let [key, default] = keywords(stack, args, name, ["key", "default"])?;
    let key = key.filter(|key| !key.is(&NONE));
    let iterator = match args.positional {
        [iterable] => protocol::iter(stack, iterable)?,
        _ if default.is_some() => {
            let text = format!("Cannot specify a default for {name}() with multiple positional arguments");
            return Err(type_error(stack, text));
        }
        several => protocol::iter(stack, &list(several.to_vec()))?,
    };
    // The best so far, and what it is compared by.
    let mut found: Option<(Value, Value)> = None;
    while let Some(item) = protocol::next(stack, &iterator)? {
        let rank = match key {
            Some(key) => call(stack, key, std::slice::from_ref(&item))?,
            None => item.clone(),
        };
        let is_better = match &found {
            Some((_, best)) => protocol::truth(stack, &protocol::compare(stack, further, &rank, best)?)?,
            None => true,
        };
        if is_better {
            found = Some((item, rank));
        }
    }
    let found = found.map(|(item, _)| item).or_else(|| default.cloned());
    found.ok_or_else(|| raise(stack, Error::ValueError, format!("{name}() iterable argument is empty")))
}

fn sorted(stack: &Stack, args: Args<'_>) -> Outcome {
    let [iterable] = args.positional else {
        return Err(type_error(stack, format!("sorted expected 1 argument, got {}", args.positional.len())));
    };
    let items = RefCell::new(sequence::listed(stack, iterable)?);
    sequence::sort_by_keywords(stack, &items, args)?;
    Ok(list(items.into_inner()))
}
