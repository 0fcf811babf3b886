//! What is awaited, iterated asynchronously, or delegated to: from the object to the iterator that is asked.

use alloc::format;
use alloc::string::String;

use super::delegate::{get_slot, has_slot};
use super::drive::raised;
use super::{ErrorKind, Generator, GeneratorVm, PartRef, Slot, since};
use crate::data_stack::DataStack;
use crate::machine::generator::Flavour;

/// What for something is awaited: the argument of `GET_AWAITABLE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// `await`, `async for`, a comprehension.
    Plain,
    /// What `__aenter__()` returned.
    Aenter,
    /// What `__aexit__()` returned.
    Aexit,
}

impl Awaiting {
    /// What the argument of a `GET_AWAITABLE` says.
    pub const fn of(argument: u32) -> Awaiting {
        match argument {
            1 => Awaiting::Aenter,
            2 => Awaiting::Aexit,
            _ => Awaiting::Plain,
        }
    }
}

fn type_error<V: GeneratorVm>(stack: &DataStack<V>, text: String) -> V::Value {
    raised(stack, ErrorKind::TypeError, &text)
}

/// The generator, coroutine or async generator that an object is.
fn generator<V: GeneratorVm>(object: &V::Value) -> Option<&Generator<V>> {
    match V::part(object)? {
        PartRef::Generator(generator) => Some(generator),
        _ => None,
    }
}

/// Whether it is awaited itself: a coroutine, or a generator after `types.coroutine`.
fn is_coroutine<V: GeneratorVm>(object: &V::Value) -> bool {
    generator::<V>(object)
        .is_some_and(|generator| matches!(generator.flavour(), Flavour::Coroutine | Flavour::TypesCoroutine))
}

/// Source: `_PyCoro_GetAwaitableIter`, Objects/genobject.c.
pub(super) fn awaitable_iter<V: GeneratorVm>(stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
    if is_coroutine::<V>(object) {
        return Ok(object.clone());
    }
    let vm = stack.vm();
    if !has_slot(vm, object, Slot::Await) {
        let name = vm.type_name(object);
        return Err(type_error(
            stack,
            if since::<V>(14) {
                format!("'{name}' object can't be awaited")
            } else {
                format!("object {name} can't be used in 'await' expression")
            },
        ));
    }
    let iterator = get_slot(stack, object, Slot::Await)?;
    let coroutine = is_coroutine::<V>(&iterator);
    if !coroutine && has_slot(vm, &iterator, Slot::Iternext) {
        return Ok(iterator);
    }
    let (of, is) = (vm.type_name(object), vm.type_name(&iterator));
    Err(type_error(
        stack,
        match (since::<V>(15), coroutine) {
            (true, true) => format!("{of}.__await__() must return an iterator, not coroutine"),
            (true, false) => format!("{of}.__await__() must return an iterator, not {is}"),
            (false, true) => String::from("__await__() returned a coroutine"),
            (false, false) => format!("__await__() returned non-iterator of type '{is}'"),
        },
    ))
}

/// `GET_AWAITABLE`: the iterator that is asked when an object is awaited. A coroutine, or a generator after
/// `types.coroutine`, is its own.
///
/// # Errors
///
/// A `TypeError` if it cannot be awaited; what `__await__()` raises; a `RuntimeError` if it is a coroutine that waits already
/// for something.
///
/// Source: `_PyEval_GetAwaitable`, `_PyEval_FormatAwaitableError`, Python/ceval.c; `GET_AWAITABLE` until 3.12.
pub fn get_awaitable<V: GeneratorVm>(
    stack: &DataStack<V>,
    object: &V::Value,
    what: Awaiting,
) -> Result<V::Value, V::Value> {
    let method = match what {
        Awaiting::Plain => None,
        Awaiting::Aenter => Some("__aenter__"),
        Awaiting::Aexit => Some("__aexit__"),
    };
    if let Some(method) = method
        && !is_coroutine::<V>(object)
        && !has_slot(stack.vm(), object, Slot::Await)
    {
        let name = stack.vm().type_name(object);
        let text = format!("'async with' received an object from {method} that does not implement __await__: {name}");
        return Err(type_error(stack, text));
    }
    let iterator = awaitable_iter(stack, object)?;
    let waits = |coroutine: &Generator<V>| coroutine.delegate().is_some() || coroutine.core().leaves_delegate();
    if generator::<V>(&iterator).is_some_and(|found| found.flavour() == Flavour::Coroutine && waits(found)) {
        return Err(raised(stack, ErrorKind::RuntimeError, "coroutine is being awaited already"));
    }
    Ok(iterator)
}

/// `GET_AITER`: the asynchronous iterator that `async for` goes through.
///
/// # Errors
///
/// A `TypeError` if there is no `__aiter__()`, or what it returns has no `__anext__()`; what it raises.
///
/// Source: `GET_AITER`, Python/bytecodes.c.
pub fn get_aiter<V: GeneratorVm>(stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
    let vm = stack.vm();
    if !has_slot(vm, object, Slot::Aiter) {
        let name = vm.type_name(object);
        return Err(type_error(stack, format!("'async for' requires an object with __aiter__ method, got {name}")));
    }
    let iterator = get_slot(stack, object, Slot::Aiter)?;
    if !has_slot(vm, &iterator, Slot::Anext) {
        let name = vm.type_name(&iterator);
        let text = format!("'async for' received an object from __aiter__ that does not implement __anext__: {name}");
        return Err(type_error(stack, text));
    }
    Ok(iterator)
}

/// `GET_ANEXT`: what is awaited for the next value of an asynchronous iterator.
///
/// # Errors
///
/// A `TypeError` if there is no `__anext__()`, or what it returns cannot be awaited; what it raises.
///
/// Source: `_PyEval_GetANext`, Python/ceval.c; `GET_ANEXT` until 3.13.
pub fn get_anext<V: GeneratorVm>(stack: &DataStack<V>, iterator: &V::Value) -> Result<V::Value, V::Value> {
    let vm = stack.vm();
    if let Some(agen) = generator::<V>(iterator)
        && agen.flavour() == Flavour::AsyncGenerator
    {
        return agen.anext(stack, iterator);
    }
    if !has_slot(vm, iterator, Slot::Anext) {
        let name = vm.type_name(iterator);
        let text = format!("'async for' requires an iterator with __anext__ method, got {name}");
        return Err(type_error(stack, text));
    }
    let next = get_slot(stack, iterator, Slot::Anext)?;
    awaitable_iter(stack, &next).map_err(|exception| {
        let name = vm.type_name(&next);
        let text = format!("'async for' received an invalid object from __anext__: {name}");
        let error = vm.make_exception(ErrorKind::TypeError, &text);
        vm.set_cause(&error, exception);
        error
    })
}

/// `GET_YIELD_FROM_ITER`, `GET_ITER` 3 since 3.15: the iterator that a body of some flavour delegates to. A generator is its
/// own, and so is a coroutine, which only coroutines and generators after `types.coroutine` may delegate to.
///
/// # Errors
///
/// A `TypeError` if it cannot be iterated, or is a coroutine in a plain generator; what `__iter__()` raises.
///
/// Source: `GET_YIELD_FROM_ITER`, Python/bytecodes.c; `PyObject_GetIter`, Objects/abstract.c.
pub fn get_yield_from_iter<V: GeneratorVm>(
    stack: &DataStack<V>,
    object: &V::Value,
    running: Flavour,
) -> Result<V::Value, V::Value> {
    let vm = stack.vm();
    match generator::<V>(object).map(Generator::flavour) {
        Some(Flavour::Generator | Flavour::TypesCoroutine) => return Ok(object.clone()),
        Some(Flavour::Coroutine) if matches!(running, Flavour::Coroutine | Flavour::TypesCoroutine) => {
            return Ok(object.clone());
        }
        Some(Flavour::Coroutine) => {
            let text = "cannot 'yield from' a coroutine object in a non-coroutine generator";
            return Err(raised(stack, ErrorKind::TypeError, text));
        }
        _ => {}
    }
    if !has_slot(vm, object, Slot::Iter) {
        let name = vm.type_name(object);
        return Err(type_error(stack, format!("'{name}' object is not iterable")));
    }
    let iterator = get_slot(stack, object, Slot::Iter)?;
    if has_slot(vm, &iterator, Slot::Iternext) {
        return Ok(iterator);
    }
    let (of, is) = (vm.type_name(object), vm.type_name(&iterator));
    Err(type_error(
        stack,
        if since::<V>(15) {
            format!("{of}.__iter__() must return an iterator, not {is}")
        } else {
            format!("iter() returned non-iterator of type '{is}'")
        },
    ))
}
