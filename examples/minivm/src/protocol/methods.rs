//! Methods of two underscores of builtin types, as programs call them by name: each asks the object what the operator or builtin asks.
//!
//! Which type has which is in `known`: a class takes those that CPython's has.

use frame_runtime::cell::Operator;

use super::{compare, contains, del_item, get_item, hash, iter, len, repr, set_item, text, truth};
use crate::call;
use crate::class::{self, class_of, slot_arguments};
use crate::exception::refuse;
use crate::known;
use crate::object::{Args, Builtin, NONE, Outcome, Stack, Value, boolean, int, string};

pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "__bool__", is_method: true, call: bool_method },
    Builtin { name: "__call__", is_method: true, call: call_method },
    Builtin { name: "__contains__", is_method: true, call: contains_method },
    Builtin { name: "__delitem__", is_method: true, call: delitem_method },
    Builtin { name: "__eq__", is_method: true, call: eq_method },
    Builtin { name: "__ge__", is_method: true, call: ge_method },
    Builtin { name: "__getitem__", is_method: true, call: getitem_method },
    Builtin { name: "__gt__", is_method: true, call: gt_method },
    Builtin { name: "__hash__", is_method: true, call: hash_method },
    Builtin { name: "__iter__", is_method: true, call: iter_method },
    Builtin { name: "__le__", is_method: true, call: le_method },
    Builtin { name: "__len__", is_method: true, call: len_method },
    Builtin { name: "__lt__", is_method: true, call: lt_method },
    Builtin { name: "__ne__", is_method: true, call: ne_method },
    Builtin { name: "__repr__", is_method: true, call: repr_method },
    Builtin { name: "__setitem__", is_method: true, call: setitem_method },
    Builtin { name: "__str__", is_method: true, call: str_method },
];

/// The arguments of such a method, of an object that has it.
fn arguments<'a, const N: usize>(stack: &Stack, name: &str, args: Args<'a>) -> Outcome<&'a [Value; N]> {
    let has = |object: &Value| {
        class::bases(class_of(stack.vm(), object)).any(|class| known::has(&class::name_of(class), name))
    };
    // What the method was taken from is not known here, so that CPython's text cannot be made.
    if !args.positional.first().is_some_and(has) {
        return Err(refuse(stack, format!("{name}() of another type")));
    }
    slot_arguments(stack, name, "object", args)
}

fn bool_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__bool__", args)?;
    truth(stack, object).map(boolean)
}

fn call_method(stack: &Stack, args: Args<'_>) -> Outcome {
    match args.positional.split_first() {
        Some((callable, rest)) => call::call_with(stack, callable, Args { positional: rest, keywords: args.keywords }),
        None => Err(refuse(stack, "__call__() without an object")),
    }
}

fn contains_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, item] = arguments(stack, "__contains__", args)?;
    contains(stack, object, item).map(boolean)
}

fn delitem_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, key] = arguments(stack, "__delitem__", args)?;
    del_item(stack, object, key)?;
    Ok(NONE)
}

fn getitem_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, key] = arguments(stack, "__getitem__", args)?;
    get_item(stack, object, key)
}

fn setitem_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, key, value] = arguments(stack, "__setitem__", args)?;
    set_item(stack, object, key, value.clone())?;
    Ok(NONE)
}

fn hash_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__hash__", args)?;
    hash(stack, object).map(int)
}

fn iter_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__iter__", args)?;
    iter(stack, object)
}

fn len_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__len__", args)?;
    len(stack, object).map(|len| int(i64::try_from(len).unwrap_or(i64::MAX)))
}

fn repr_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__repr__", args)?;
    repr(stack, object).map(string)
}

fn str_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = arguments(stack, "__str__", args)?;
    text(stack, object).map(string)
}

/// What the object says to a comparison, which may be `NotImplemented`.
fn ask(stack: &Stack, name: &str, operator: Operator, args: Args<'_>) -> Outcome {
    let [left, right] = arguments(stack, name, args)?;
    compare::ask(stack, operator, left, right)
}

fn eq_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__eq__", Operator::Eq, args)
}

fn ne_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__ne__", Operator::Ne, args)
}

fn lt_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__lt__", Operator::Lt, args)
}

fn le_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__le__", Operator::Le, args)
}

fn gt_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__gt__", Operator::Gt, args)
}

fn ge_method(stack: &Stack, args: Args<'_>) -> Outcome {
    ask(stack, "__ge__", Operator::Ge, args)
}
