//! Calls that are not plain: other arguments than the parameters, methods, classes, builtins, `*` and `**`.
//!
//! What is a function in the end runs in the same loop: the callee's handle is given back. Only builtins run right here.

use frame_runtime::arguments::Spread;
use frame_runtime::number::Number as _;
use frame_runtime::running::{Arguments, Reason, Refused, Site};
use frame_runtime::v3_14::number::Intrinsic1;
use frame_runtime::v3_14::opcode::Opcode;
use frame_runtime::version::Cpython3_14;
use smallvec::SmallVec;

use super::{build, look, outside, perform, pop, push, take, with};
use crate::call::{self, Bound, bind, call_with};
use crate::class::{self, type_name};
use crate::construct;
use crate::dict::as_dict;
use crate::eval::{self, Frame, Slot, Step};
use crate::exception::{refuse, type_error};
use crate::object::{Args, Builtin, NONE, Object, Stack, Value, tuple};
use crate::protocol;
use crate::send;
use crate::sequence::as_tuple;
use crate::text::as_str;
use crate::watch::Event;

pub(crate) const CALL: Site = Site { caches: Opcode::CALL.caches(), jump: 0 };
const CALL_KW: Site = Site { caches: Opcode::CALL_KW.caches(), jump: 0 };
const CALL_FUNCTION_EX: Site = Site { caches: Opcode::CALL_FUNCTION_EX.caches(), jump: 0 };

/// Whether it is a function that takes exactly so many positional arguments.
#[inline(always)]
pub(crate) fn takes_exactly(callable: &Value, count: u32) -> bool {
    callable.function().is_some_and(|function| function.code().own().exact == count)
}

/// There was no room for a frame, say.
#[cold]
#[inline(never)]
pub(crate) fn refused<'t>(f: Frame<'t>, reason: Reason) -> Step<'t> {
    perform(f, |stack| Err(eval::no_call(stack, reason)))
}

/// `CALL`: callable, object or null, arguments. The callee's frame, or this one with the result.
#[inline(never)]
pub(crate) fn call<'t, const WATCHED: bool>(f: Frame<'t>, count: u32) -> Step<'t> {
    let mut f = unbind(f, count + 1);
    if count == 1 && send::is_send(&f) {
        // A bound one: once more, now that the loop can see it.
        f.jump(-1);
        return Ok(f);
    }
    positional::<WATCHED>(f, count, CALL)
}

/// A bound method on the stack becomes its function and its object.
fn unbind<'t>(mut f: Frame<'t>, depth: u32) -> Frame<'t> {
    loop {
        if !f.peek(depth - 1).is_null() {
            return f;
        }
        let parts = {
            let callable = f.peek(depth).as_value();
            match callable.as_deref().and_then(Value::object) {
                Some(Object::Method(method)) => (**method).clone(),
                _ => return f,
            }
        };
        let [function, receiver] = parts;
        let method = f.replace(depth, Slot::owned(function));
        f = f.release(method);
        drop(f.replace(depth - 1, Slot::owned(receiver)));
    }
}

/// A call without keywords.
fn positional<'t, const WATCHED: bool>(mut f: Frame<'t>, count: u32, site: Site) -> Step<'t> {
    let own = u32::from(!f.peek(count).is_null());
    let callable = look(&f, count + 1);
    if callable.function().is_some() {
        let arguments = Arguments { count: count + own, under: 2 - own };
        if takes_exactly(&callable, count + own) {
            drop(f.replace(count + 1, Slot::null()));
            return called::<WATCHED>(f.call(callable, arguments, site));
        }
        return bound::<WATCHED>(f, callable, arguments, &[], site);
    }
    if let Some(Object::Builtin(builtin)) = callable.object() {
        return of_builtin(f, builtin, count + own, 2 - own, site);
    }
    if own == 0
        && let Some((instance, init)) = class::instantiate_for_init(f.stack().vm(), &callable)
    {
        return construct::construct::<WATCHED>(f, instance, init, count, site);
    }
    native(f, callable, count + own, 2 - own, &[], site)
}

/// A call of a builtin, with this frame put down.
fn of_builtin<'t>(mut f: Frame<'t>, builtin: &'static Builtin, count: u32, under: u32, site: Site) -> Step<'t> {
    // Few arguments need no list.
    let mut frame = match count {
        1 => {
            let values: [Value; 1] = take(&mut f);
            push(drop_callable(f, under), |stack| (builtin.call)(stack, Args::new(&{ values })))?
        }
        2 => {
            let values: [Value; 2] = take(&mut f);
            push(drop_callable(f, under), |stack| (builtin.call)(stack, Args::new(&{ values })))?
        }
        _ => {
            let values = build::take_all(&mut f, count);
            push(drop_callable(f, under), |stack| (builtin.call)(stack, Args::new(&{ values })))?
        }
    };
    frame.jump(site.caches.into());
    Ok(frame)
}

/// The slots of a callable go.
fn drop_callable<'t>(mut f: Frame<'t>, slots: u32) -> Frame<'t> {
    for _ in 0..slots {
        let slot = f.pop();
        f = f.release(slot);
    }
    f
}

/// The callee runs, or the caller raises.
pub(crate) fn called<'t, const WATCHED: bool>(made: Result<Frame<'t>, Refused<Frame<'t>, Value>>) -> Step<'t> {
    match made {
        Ok(callee) => {
            if WATCHED {
                callee.stack().vm().watch.saw(Event::Push, &callee);
            }
            Ok(callee)
        }
        Err(Refused { reason, caller, .. }) => refused(caller, reason),
    }
}

/// A call of a function whose arguments have to find their parameters.
pub(crate) fn bound<'t, const WATCHED: bool>(
    f: Frame<'t>,
    function: Value,
    arguments: Arguments,
    keywords: &[Value],
    site: Site,
) -> Step<'t> {
    let count = arguments.count;
    let values: SmallVec<[Value; 8]> = (0..count).map(|index| look(&f, count - 1 - index)).collect();
    let positional = values.len() - keywords.len();
    let (mut frame, Bound { plan, mut supplied }) =
        outside(f, |stack| bind(stack, &function, positional, keywords, |argument| values[argument].clone()))?;
    drop(values);
    for depth in count..count + arguments.under {
        drop(frame.replace(depth, Slot::null()));
    }
    called::<WATCHED>(frame.call_bound(function, arguments, &plan, &mut supplied, site))
}

/// A call of anything else, with this frame put down: `count` arguments, the last of them for the keywords, and `under` slots
/// for the callable below.
fn native<'t>(mut f: Frame<'t>, callable: Value, count: u32, under: u32, names: &[Value], site: Site) -> Step<'t> {
    let mut values: SmallVec<[Value; 8]> = (0..count).map(|_| pop(&mut f)).collect();
    values.reverse();
    f = drop_callable(f, under);
    let mut frame = push(f, |stack| {
        let callable = callable;
        let values = values;
        let (positional, others) = values.split_at(values.len() - names.len());
        if names.is_empty() {
            return call_with(stack, &callable, Args::new(positional));
        }
        let keywords: Vec<(Value, Value)> = names.iter().cloned().zip(others.iter().cloned()).collect();
        call_with(stack, &callable, Args { positional, keywords: &keywords })
    })?;
    frame.jump(site.caches.into());
    Ok(frame)
}

/// `CALL_KW`: as `CALL`, and a tuple of the names of the last arguments.
#[inline(never)]
pub(crate) fn call_kw<'t, const WATCHED: bool>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let names = pop(&mut f);
    let mut f = unbind(f, count + 1);
    let names = as_tuple(&names).unwrap_or_default();
    let own = u32::from(!f.peek(count).is_null());
    let callable = look(&f, count + 1);
    if callable.function().is_some() {
        drop(f.replace(count + 1, Slot::null()));
        let arguments = Arguments { count: count + own, under: 2 - own };
        return bound::<WATCHED>(f, callable, arguments, names, CALL_KW);
    }
    native(f, callable, count + own, 2 - own, names, CALL_KW)
}

/// `CALL_FUNCTION_EX`: callable, null, iterable of positional arguments, dict of keywords or null.
#[inline(never)]
pub(crate) fn call_function_ex<'t, const WATCHED: bool>(mut f: Frame<'t>) -> Step<'t> {
    let keywords = f.pop().into_value();
    let iterable = pop(&mut f);
    let null = f.pop();
    let callable = pop(&mut f);
    let f = f.release(null);
    let (frame, positional) = outside(f, |stack| {
        let iterable = iterable;
        if as_tuple(&iterable).is_some() {
            return Ok(iterable);
        }
        if !protocol::is_iterable(stack.vm(), &iterable) {
            return Err(not_iterable(stack, &callable, &iterable));
        }
        protocol::collect(stack, &iterable).map(tuple)
    })?;
    let pairs: Vec<(Value, Value)> = keywords.as_ref().and_then(as_dict).map(|dict| dict.items()).unwrap_or_default();
    if callable.function().is_none() {
        return push(frame, |stack| {
            let (callable, positional) = (callable, positional);
            if wants_strings(&callable) && pairs.iter().any(|(name, _)| as_str(name).is_none()) {
                return Err(call::keywords_not_strings(stack));
            }
            let args = Args { positional: as_tuple(&positional).unwrap_or_default(), keywords: &pairs };
            call_with(stack, &callable, args)
        });
    }
    // The arguments are not on the stack, which may be too small for them: all are supplied.
    let items: Vec<Value> = as_tuple(&positional).unwrap_or_default().to_vec();
    let (names, others): (Vec<Value>, Vec<Value>) = pairs.into_iter().unzip();
    let count = items.len();
    let all: Vec<Value> = items.into_iter().chain(others).collect();
    let (frame, mut locals) = outside(frame, |stack| {
        let bound = bind(stack, &callable, count, &names, |argument| all[argument].clone())?;
        Ok(call::locals(bound, &all))
    })?;
    called::<WATCHED>(frame.call_with(callable, &mut locals, CALL_FUNCTION_EX))
}

/// Whether keywords that are no strings are an error before the call. `bind` says so of functions; classes of the program pass them on to one, or
/// have no use for any.
fn wants_strings(callable: &Value) -> bool {
    match callable.object() {
        Some(Object::Builtin(builtin)) => builtin.name != "format",
        Some(Object::BoundBuiltin(bound)) => bound.0.name != "format",
        Some(Object::Class(class)) => class.is_immutable() && class.builtin != Some(class::Type::Object),
        Some(Object::StaticMethod(function)) => wants_strings(function),
        _ => false,
    }
}

fn not_iterable(stack: &Stack, callable: &Value, iterable: &Value) -> Value {
    let name = type_name(stack.vm(), iterable);
    let callee = match call::shown(stack, callable) {
        Ok(callee) => callee,
        Err(exception) => return exception,
    };
    let spread = Spread::NotIterable { type_name: &name, alone: true };
    type_error(stack, spread.message::<Cpython3_14>(callee.as_bytes()).to_string())
}

/// `CALL_INTRINSIC_1`
#[inline(never)]
pub(crate) fn call_intrinsic_1<'t>(f: Frame<'t>, number: u32) -> Step<'t> {
    match Intrinsic1::from_raw(number) {
        Ok(Intrinsic1::StopiterationError) => {
            let flavour = eval::flavour(&f);
            Ok(f.stop_iteration_error(flavour))
        }
        Ok(Intrinsic1::AsyncGenWrap) => Ok(f.async_gen_wrap()?),
        Ok(Intrinsic1::UnaryPositive) => with(f, |stack, [value]| protocol::positive(stack, &value)),
        Ok(Intrinsic1::ListToTuple) => with(f, |stack, [list]| protocol::collect(stack, &list).map(tuple)),
        Ok(other) => perform(f, |stack| Err(refuse(stack, format!("the intrinsic {other:?}")))),
        Err(unknown) => perform(f, |stack| Err(refuse(stack, unknown.to_string()))),
    }
}

/// `EXIT_INIT_CHECK`: what `__init__()` returned is gone, if it is `None`.
#[inline(never)]
pub(crate) fn exit_init_check<'t>(mut f: Frame<'t>) -> Step<'t> {
    let result = pop(&mut f);
    if result == NONE {
        return Ok(f);
    }
    perform(f, |stack| {
        let name = type_name(stack.vm(), &result);
        Err(type_error(stack, format!("__init__() should return None, not '{name}'")))
    })
}
