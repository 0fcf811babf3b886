//! Tuples whose items have names: `sys.version_info`, and what `sys.get_asyncgen_hooks()` returns.
//!
//! Each is an instance of a class of its own whose attributes are the items, in their order.

use frame_runtime::cell::Operator;
use frame_runtime::generator::Hooks;

use crate::object::{Args, Builtin, NONE, NOT_IMPLEMENTED, Outcome, Stack, Value, int, string, tuple};
use crate::sequence::as_tuple;
use crate::text::as_str;
use crate::{class, exception, protocol};

static METHODS: &[Builtin] = &[
    method("__eq__", |stack, args| compare(stack, Operator::Eq, args)),
    method("__ge__", |stack, args| compare(stack, Operator::Ge, args)),
    method("__gt__", |stack, args| compare(stack, Operator::Gt, args)),
    method("__le__", |stack, args| compare(stack, Operator::Le, args)),
    method("__lt__", |stack, args| compare(stack, Operator::Lt, args)),
    method("__ne__", |stack, args| compare(stack, Operator::Ne, args)),
    method("__getitem__", get_item),
    method("__hash__", |stack, args| protocol::hash(stack, &items(&args)).map(int)),
    method("__iter__", |stack, args| protocol::iter(stack, &items(&args))),
    method("__len__", |stack, args| protocol::len(stack, &items(&args)).map(|len| int(len as i64))),
    method("__repr__", repr),
    // What else tuples can do is refused.
    method("__add__", |stack, _| Err(exception::refuse(stack, "adding to a tuple of sys"))),
    method("__getattr__", other_attribute),
    method("__init__", |stack, _| Err(exception::refuse(stack, "making a tuple of sys"))),
    method("__mul__", |stack, _| Err(exception::refuse(stack, "repeating a tuple of sys"))),
    method("__radd__", |stack, _| Err(exception::refuse(stack, "adding to a tuple of sys"))),
    method("__setattr__", |stack, _| Err(exception::refuse(stack, "setting attributes of a tuple of sys"))),
];

const fn method(name: &'static str, call: fn(&Stack, Args<'_>) -> Outcome) -> Builtin {
    Builtin { name, is_method: true, call }
}

/// `sys.version_info`: of the CPython whose programs run here.
pub(super) fn version_info(stack: &Stack) -> Outcome {
    let [major, minor, micro] = [3, 14, 10].map(|number: i32| int(number));
    let items =
        [("major", major), ("minor", minor), ("micro", micro), ("releaselevel", string("final")), ("serial", int(0))];
    make(stack, "version_info", &items)
}

/// What `sys.get_asyncgen_hooks()` returns.
pub(super) fn asyncgen_hooks(stack: &Stack, hooks: Hooks<Value>) -> Outcome {
    let [firstiter, finalizer] = [hooks.firstiter, hooks.finalizer].map(|hook| hook.unwrap_or(NONE));
    make(stack, "asyncgen_hooks", &[("firstiter", firstiter), ("finalizer", finalizer)])
}

fn make(stack: &Stack, name: &str, items: &[(&str, Value)]) -> Outcome {
    let class = super::new_class(stack, &format!("sys.{name}"), METHODS)?;
    let tuple = class::new_instance(&class);
    if let Some(instance) = class::as_instance(&tuple) {
        for (name, value) in items {
            drop(instance.attributes().set_str(stack.vm().name(name), value.clone()));
        }
    }
    Ok(tuple)
}

/// The items of the object that a method is called with, as a tuple.
fn items(args: &Args<'_>) -> Value {
    let items = args.positional.first().and_then(class::as_instance);
    let items = items.map_or(Vec::new(), |instance| instance.attributes().items());
    tuple(items.into_iter().map(|(_, value)| value).collect::<Vec<_>>())
}

/// Compared with a tuple; with anything else it is not.
fn compare(stack: &Stack, operator: Operator, args: Args<'_>) -> Outcome {
    match args.positional.get(1) {
        Some(other) if as_tuple(other).is_some() => protocol::compare(stack, operator, &items(&args), other),
        Some(other) if args.positional.first().is_some_and(|own| own.is(other)) => {
            protocol::compare(stack, operator, &items(&args), &items(&args))
        }
        _ => Ok(NOT_IMPLEMENTED),
    }
}

fn get_item(stack: &Stack, args: Args<'_>) -> Outcome {
    protocol::get_item(stack, &items(&args), args.positional.get(1).unwrap_or(&NONE))
}

/// `sys.version_info(major=3, ...)`
fn repr(stack: &Stack, args: Args<'_>) -> Outcome {
    let Some(instance) = args.positional.first().and_then(class::as_instance) else { return Ok(NONE) };
    let name = class::class_name(&instance.class);
    // That of the hooks' type has no module.
    let shown = if name == "sys.asyncgen_hooks" { "asyncgen_hooks" } else { &name };
    let mut parts = Vec::new();
    for (name, value) in instance.attributes().items() {
        let name = as_str(&name).map_or("", |name| name.as_str()).to_owned();
        parts.push(format!("{name}={}", protocol::repr(stack, &value)?));
    }
    Ok(string(format!("{shown}({})", parts.join(", "))))
}

fn other_attribute(stack: &Stack, args: Args<'_>) -> Outcome {
    let name = args.positional.get(1).and_then(as_str).map_or("", |name| name.as_str());
    Err(exception::refuse(stack, format!("the attribute {name} of a tuple of sys")))
}
