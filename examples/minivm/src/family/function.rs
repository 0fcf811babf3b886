//! Functions: their attributes, and those that the program adds.

use frame_runtime::counted::FunctionObject;

use super::{Called, attribute_error, readonly};
use crate::dict::{as_dict, new_dict};
use crate::exception;
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, tuple};
use crate::sequence::as_tuple;
use crate::text::as_str;
use crate::vm::Mini;
use crate::{call, class};

/// Methods of functions.
pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "__call__", is_method: true, call: call_it },
    Builtin { name: "__get__", is_method: true, call: bind },
];

type Function = FunctionObject<Mini>;

/// `function.__call__(...)`
fn call_it(stack: &Stack, args: Args<'_>) -> Outcome {
    let called = Called { ty: "function", name: "__call__" };
    match args.positional.split_first() {
        Some((function, rest)) if function.function().is_some() => {
            call::call_with(stack, function, Args { positional: rest, keywords: args.keywords })
        }
        _ => called.arguments(stack, args, false, None).map(|(function, _)| function.clone()),
    }
}

/// `function.__get__(object, type=None)`: a method, or for no object the function itself.
fn bind(stack: &Stack, args: Args<'_>) -> Outcome {
    let called = Called { ty: "function", name: "__get__" };
    let fits = args.positional.first().is_some_and(|function| function.function().is_some());
    let (function, rest) = called.arguments(stack, args, fits, None)?;
    let text = match rest {
        [object] | [object, _] if *object != NONE => {
            return Ok(Value::new(Object::Method(Box::new([function.clone(), object.clone()]))));
        }
        [_, of] if *of != NONE => return Ok(function.clone()),
        [_] | [_, _] => "__get__(None, None) is invalid".to_owned(),
        [] => "__get__ expected at least 1 argument, got 0".to_owned(),
        more => format!("__get__ expected at most 2 arguments, got {}", more.len()),
    };
    Err(exception::type_error(stack, text))
}

/// `function.name`
pub(super) fn get(stack: &Stack, function: &Function, name: &str) -> Option<Outcome> {
    let own = function.own();
    Some(Ok(match name {
        "__name__" => own.name.borrow().clone(),
        "__qualname__" => own.qualname.borrow().clone(),
        "__module__" => own.module.borrow().clone(),
        "__doc__" => own.doc.borrow().clone(),
        "__code__" => function.code_object().clone(),
        "__globals__" => function.globals().cloned().unwrap_or(NONE),
        "__builtins__" => function.builtins().cloned().unwrap_or(NONE),
        "__closure__" => some_tuple(function.closure()),
        "__defaults__" => some_tuple(&own.defaults.borrow()),
        "__kwdefaults__" => own.kwdefaults.borrow().clone().unwrap_or(NONE),
        "__dict__" => attributes(function),
        "__annotations__" | "__annotate__" | "__type_params__" => {
            return Some(Err(exception::refuse(stack, format!("the attribute {name} of functions"))));
        }
        _ => return added(stack, function, name).map(Ok),
    }))
}

/// A tuple, or `None` where it would be empty.
fn some_tuple(items: &[Value]) -> Value {
    if items.is_empty() { NONE } else { tuple(items) }
}

/// `__dict__`, which is made when somebody asks.
fn attributes(function: &Function) -> Value {
    function.own().attributes.borrow_mut().get_or_insert_with(new_dict).clone()
}

/// What the program added.
fn added(stack: &Stack, function: &Function, name: &str) -> Option<Value> {
    let dict = function.own().attributes.borrow().clone()?;
    as_dict(&dict)?.get_str(&stack.vm().name(name))
}

/// `function.name = value`, or `del function.name`
pub(super) fn set(stack: &Stack, function: &Function, name: &str, value: Option<Value>) -> Option<Outcome<()>> {
    let own = function.own();
    Some(match name {
        "__name__" | "__qualname__" => {
            let field = if name == "__name__" { &own.name } else { &own.qualname };
            match value {
                Some(value) if as_str(&value).is_some() => {
                    drop(field.replace(value));
                    Ok(())
                }
                _ => Err(exception::type_error(stack, format!("{name} must be set to a string object"))),
            }
        }
        "__module__" | "__doc__" => {
            let field = if name == "__doc__" { &own.doc } else { &own.module };
            drop(field.replace(value.unwrap_or(NONE)));
            Ok(())
        }
        "__defaults__" => set_defaults(stack, function, value.unwrap_or(NONE)),
        "__kwdefaults__" => set_kwdefaults(stack, function, value.unwrap_or(NONE)),
        "__dict__" => set_attributes(stack, function, value),
        "__code__" | "__annotations__" | "__annotate__" | "__type_params__" => {
            Err(exception::refuse(stack, format!("setting the attribute {name} of functions")))
        }
        "__closure__" | "__globals__" | "__builtins__" => readonly(stack),
        _ => add(stack, function, name, value),
    })
}

fn set_defaults(stack: &Stack, function: &Function, value: Value) -> Outcome<()> {
    let items = match as_tuple(&value) {
        // None are `None` when they are read again.
        Some([]) => return Err(exception::refuse(stack, "an empty tuple as __defaults__")),
        Some(items) => items.to_vec(),
        None if value == NONE => Vec::new(),
        None => return Err(exception::type_error(stack, "__defaults__ must be set to a tuple object")),
    };
    drop(function.own().defaults.replace(items));
    Ok(())
}

fn set_kwdefaults(stack: &Stack, function: &Function, value: Value) -> Outcome<()> {
    if value != NONE && as_dict(&value).is_none() {
        return Err(exception::type_error(stack, "__kwdefaults__ must be set to a dict object"));
    }
    drop(function.own().kwdefaults.replace((value != NONE).then_some(value)));
    Ok(())
}

fn set_attributes(stack: &Stack, function: &Function, value: Option<Value>) -> Outcome<()> {
    let text = match value {
        Some(value) if as_dict(&value).is_some() => {
            drop(function.own().attributes.replace(Some(value)));
            return Ok(());
        }
        Some(value) => {
            let is = class::type_name(stack.vm(), &value);
            format!("__dict__ must be set to a dictionary, not a '{is}'")
        }
        None => "cannot delete __dict__".to_owned(),
    };
    Err(exception::type_error(stack, text))
}

/// What the program adds, or takes away again.
fn add(stack: &Stack, function: &Function, name: &str, value: Option<Value>) -> Outcome<()> {
    let dict = attributes(function);
    let name = stack.vm().name(name);
    let Some(items) = as_dict(&dict) else { return Ok(()) };
    match value {
        Some(value) => {
            drop(items.set_str(name, value));
            Ok(())
        }
        None => match items.remove_str(&name) {
            Some(value) => {
                drop(value);
                Ok(())
            }
            None => {
                let name = as_str(&name).map_or("", |name| name.as_str());
                attribute_error(stack, format!("'function' object has no attribute '{name}'"))
            }
        },
    }
}

/// `repr(function)`
pub(super) fn repr(function: &Function, address: usize) -> String {
    let qualname = function.own().qualname.borrow().clone();
    let qualname = as_str(&qualname).map_or("", |name| name.as_str());
    format!("<function {qualname} at {address:#x}>")
}
