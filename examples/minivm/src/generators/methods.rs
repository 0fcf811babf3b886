//! What the program calls and reads of generators, coroutines, async generators and their awaitables.

use frame_runtime::attribute::Change;
use frame_runtime::generator::{Generator, PartRef, Sent, Slot};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::version::Cpython3_14;

use crate::exception;
use crate::family::{Called, refused};
use crate::object::{Args, Builtin, NONE, Outcome, Stack, Value, boolean};
use crate::text;
use crate::vm::Mini;

/// A method that a part answers: it is handed the object, the part in it, and the other arguments.
type Answer = fn(&Stack, &Value, PartRef<'_, Mini>, &[Value]) -> Outcome;

/// A table of methods of one type. `= n`: it takes so many arguments; others count themselves.
macro_rules! methods {
    ($(#[$doc:meta])* $table:ident: $type:literal { $($name:literal $(= $count:literal)? => $answer:expr,)* }) => {
        $(#[$doc])*
        pub(crate) static $table: &[Builtin] = &[$(Builtin {
            name: $name,
            is_method: true,
            call: |stack, args| {
                let count: &[usize] = &[$($count)?];
                ask(stack, Called { ty: $type, name: $name }, count.first().copied(), $answer, args)
            },
        },)*];
    };
}

methods! {
    /// Methods of generators.
    GENERATOR_METHODS: "generator" {
        "__iter__" = 0 => itself,
        "__next__" = 0 => next,
        "close" = 0 => close,
        "send" = 1 => send,
        "throw" => throw,
    }
}

methods! {
    /// Methods of coroutines.
    COROUTINE_METHODS: "coroutine" {
        "__await__" = 0 => awaited,
        "close" = 0 => close,
        "send" = 1 => send,
        "throw" => throw,
    }
}

methods! {
    /// Methods of async generators.
    ASYNC_GENERATOR_METHODS: "async_generator" {
        "__aiter__" = 0 => itself,
        "__anext__" = 0 => anext,
        "aclose" = 0 => aclose,
        "asend" = 1 => asend,
        "athrow" => athrow,
    }
}

methods! {
    /// Methods of what `__await__()` of a coroutine returns.
    COROUTINE_WRAPPER_METHODS: "coroutine_wrapper" {
        "__iter__" = 0 => itself,
        "__next__" = 0 => next,
        "close" = 0 => close,
        "send" = 1 => send,
        "throw" => throw,
    }
}

/// Tables of what methods of async generators return: they are awaited, and driven as generators are.
macro_rules! awaited_once {
    ($($(#[$doc:meta])* $table:ident: $type:literal,)*) => {
        $(methods! {
            $(#[$doc])*
            $table: $type {
                "__await__" = 0 => itself,
                "__iter__" = 0 => itself,
                "__next__" = 0 => next,
                "close" = 0 => close,
                "send" = 1 => send,
                "throw" => throw,
            }
        })*
    };
}

awaited_once! {
    /// Methods of what `asend()` and `__anext__()` of an async generator return.
    ASEND_METHODS: "async_generator_asend",
    /// Methods of what `athrow()` and `aclose()` of an async generator return.
    ATHROW_METHODS: "async_generator_athrow",
}

methods! {
    /// Methods of what `anext()` with a default returns.
    ANEXT_AWAITABLE_METHODS: "anext_awaitable" {
        "__await__" = 0 => itself,
        "__iter__" = 0 => itself,
        "__next__" = 0 => next,
        "close" => close_handed_on,
        "send" => send_handed_on,
        "throw" => throw,
    }
}

/// Checks the arguments of a method, and calls what answers it.
fn ask(stack: &Stack, called: Called, count: Option<usize>, answer: Answer, args: Args<'_>) -> Outcome {
    let part = args.positional.first().and_then(Value::part).filter(|part| part.type_name() == called.ty);
    let (object, rest) = called.arguments(stack, args, part.is_some(), count)?;
    match part {
        Some(part) => answer(stack, object, part, rest),
        None => Err(called.wrong_object(stack, object)),
    }
}

/// What a method that resumes a body returns: what was yielded. What was returned is in the `StopIteration` that it raises.
fn answered(stack: &Stack, sent: Outcome<Sent<Value>>) -> Outcome {
    sent?.into_result(stack, Flavour::Generator)
}

fn itself(_: &Stack, object: &Value, _: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    Ok(object.clone())
}

fn next(stack: &Stack, _: &Value, part: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    answered(stack, part.next(stack))
}

fn send(stack: &Stack, _: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    answered(stack, part.send(stack, args.first().cloned().unwrap_or(NONE)))
}

/// `send()` of what hands all arguments on to another object, which counts them.
fn send_handed_on(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    match args {
        [_] => send(stack, object, part, args),
        _ => Err(exception::refuse(stack, "anext_awaitable.send() with any other number of arguments than one")),
    }
}

/// The same for `close()`.
fn close_handed_on(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    match args {
        [] => close(stack, object, part, args),
        _ => Err(exception::refuse(stack, "anext_awaitable.close() with arguments")),
    }
}

fn throw(stack: &Stack, _: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    answered(stack, part.throw_arguments(stack, args))
}

fn close(stack: &Stack, _: &Value, part: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    part.close(stack)
}

fn awaited(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    Ok(part.call_slot(stack, object, Slot::Await)?.unwrap_or(NONE))
}

fn anext(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    Ok(part.call_slot(stack, object, Slot::Anext)?.unwrap_or(NONE))
}

/// The async generator that a method of its type is called with.
fn agen<'a>(stack: &Stack, part: PartRef<'a, Mini>) -> Outcome<&'a Generator<Mini>> {
    match part {
        PartRef::Generator(generator) => Ok(generator),
        _ => Err(exception::refuse(stack, "a method of async generators of another object")),
    }
}

fn asend(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    agen(stack, part)?.asend(stack, object, args.first().cloned().unwrap_or(NONE))
}

fn athrow(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, args: &[Value]) -> Outcome {
    agen(stack, part)?.athrow(stack, object, args)
}

fn aclose(stack: &Stack, object: &Value, part: PartRef<'_, Mini>, _: &[Value]) -> Outcome {
    agen(stack, part)?.aclose(stack, object)
}

/// `object.name`
pub(crate) fn get(stack: &Stack, part: PartRef<'_, Mini>, name: &str) -> Option<Outcome> {
    let PartRef::Generator(generator) = part else { return None };
    generator.attributes().find::<Cpython3_14>(name)?;
    let value = match name {
        "__name__" => generator.name(),
        "__qualname__" => generator.qualname(),
        _ => own_attribute(stack, generator, name)?,
    };
    Some(Ok(value.unwrap_or(NONE)))
}

/// The attributes of which each of the three types has one of its own: `gi_code`, `cr_code`, `ag_code`.
fn own_attribute(stack: &Stack, generator: &Generator<Mini>, name: &str) -> Option<Option<Value>> {
    let (_, what) = name.split_once('_')?;
    Some(match what {
        "code" => generator.code(),
        "frame" => generator.frame_object(stack.vm()),
        "running" => Some(boolean(generator.is_running())),
        "suspended" => Some(boolean(generator.is_suspended())),
        "yieldfrom" | "await" => generator.delegate(),
        "origin" => generator.origin(),
        _ => return None,
    })
}

/// `object.name = value`, or `del object.name`: only the names can be changed.
pub(crate) fn set(stack: &Stack, part: PartRef<'_, Mini>, name: &str, value: Option<Value>) -> Option<Outcome<()>> {
    let PartRef::Generator(generator) = part else { return None };
    let attribute = generator.attributes().find::<Cpython3_14>(name)?;
    let change = if value.is_some() { attribute.set } else { attribute.delete };
    Some(match (change, value) {
        (Change::Str(_), Some(value)) if text::as_str(&value).is_some() => {
            drop(if name == "__name__" { generator.set_name(value) } else { generator.set_qualname(value) });
            Ok(())
        }
        (Change::Str(refusal) | Change::Refuses(refusal), _) => Err(refused(stack, refusal, name)),
        _ => return None,
    })
}
