//! Iteration.

use frame_runtime::counted::View;
use frame_runtime::generator::{Sent, Slot};

use crate::class::{self, class_of, special, type_name};
use crate::exception::{self, Error, raise, raise_with, type_error};
use crate::object::{NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value};
use crate::sequence::{as_list, as_tuple};
use crate::vm::Mini;
use crate::{call, iterator, locals, number};

/// `iter(value)`
pub(crate) fn iter(stack: &Stack, value: &Value) -> Outcome {
    if let Some(iterator) = iterator::iter(stack, value) {
        return iterator;
    }
    match value.view() {
        View::Part(part) if part.has_slot(Slot::Iter) => Ok(value.clone()),
        View::Object(Object::Locals(own)) => locals::iter(stack, own),
        View::Object(Object::MappingProxy(dict)) => iter(stack, dict),
        View::Object(Object::Instance(_) | Object::Exception(_)) => iter_of_instance(stack, value),
        _ => Err(not_iterable(stack, value)),
    }
}

fn not_iterable(stack: &Stack, value: &Value) -> Value {
    let name = type_name(stack.vm(), value);
    type_error(stack, format!("'{name}' object is not iterable"))
}

fn iter_of_instance(stack: &Stack, value: &Value) -> Outcome {
    let names = &stack.vm().names;
    match class::lookup(class_of(stack.vm(), value), &names.__iter__) {
        // A class says so that its objects cannot be iterated, though they have items.
        Some(method) if method == NONE => Err(not_iterable(stack, value)),
        Some(method) => {
            let iterator = call::call(stack, &method, std::slice::from_ref(value))?;
            if is_iterator(stack.vm(), &iterator) {
                return Ok(iterator);
            }
            let name = type_name(stack.vm(), &iterator);
            Err(type_error(stack, format!("iter() returned non-iterator of type '{name}'")))
        }
        None if special(stack.vm(), value, &names.__getitem__).is_some() => Ok(iterator::over_items(value.clone())),
        None => Err(not_iterable(stack, value)),
    }
}

/// Whether `next()` of it could do.
pub(crate) fn is_iterator(vm: &Mini, value: &Value) -> bool {
    match value.view() {
        View::Object(Object::Iter(_)) => true,
        View::Part(part) => part.has_slot(Slot::Iternext),
        _ => special(vm, value, &vm.names.__next__).is_some(),
    }
}

/// Whether `iter()` of it could do: it has `__iter__`, or `__getitem__`.
pub(crate) fn is_iterable(vm: &Mini, value: &Value) -> bool {
    match value.view() {
        View::Part(part) => part.has_slot(Slot::Iter),
        View::Object(object) => match object {
            Object::Str(_) | Object::Bytes(_) | Object::Tuple(_) | Object::List(_) | Object::Dict(_) => true,
            Object::View(_) | Object::Set(_) | Object::FrozenSet(_) | Object::Range(_) => true,
            Object::Iter(_) | Object::Locals(_) | Object::MappingProxy(_) => true,
            // Also where `__iter__` is `None`, of which `iter()` says more.
            Object::Instance(_) | Object::Exception(_) => {
                let has = |name: &Value| class::lookup(class_of(vm, value), name).is_some();
                has(&vm.names.__iter__) || has(&vm.names.__getitem__)
            }
            _ => false,
        },
        _ => false,
    }
}

/// `next()`; `None`: it is over (`StopIteration` was raised, or would be). Also generators.
pub(crate) fn next(stack: &Stack, iterator: &Value) -> Outcome<Option<Value>> {
    let item = match iterator.view() {
        View::Object(Object::Iter(iter)) => iterator::next(stack, iter),
        View::Part(part) if part.has_slot(Slot::Iternext) => part.next(stack).map(|sent| match sent {
            Sent::Yielded(value) => Some(value),
            Sent::Returned(_) => None,
        }),
        _ => next_by_method(stack, iterator).map(Some),
    };
    match item {
        // Whoever raised it: the function of a `map`, say.
        Err(error) if exception::is(&error, Error::StopIteration) => Ok(None),
        item => item,
    }
}

/// `next()` as the program calls it: at the end `StopIteration` is raised, with the value that a generator returned.
pub(crate) fn next_or_stop(stack: &Stack, iterator: &Value) -> Outcome {
    let over = || raise_with(stack, Error::StopIteration, &[]);
    match iterator.view() {
        View::Object(Object::Iter(iter)) => iterator::next(stack, iter)?.ok_or_else(over),
        View::Part(part) if part.has_slot(Slot::Iternext) => match part.next(stack)? {
            Sent::Yielded(value) => Ok(value),
            Sent::Returned(value) if value == NONE => Err(over()),
            Sent::Returned(value) => Err(raise_with(stack, Error::StopIteration, &[value])),
        },
        _ => next_by_method(stack, iterator),
    }
}

fn next_by_method(stack: &Stack, iterator: &Value) -> Outcome {
    match special(stack.vm(), iterator, &stack.vm().names.__next__) {
        Some(method) => call::call(stack, &method, std::slice::from_ref(iterator)),
        None => {
            let name = type_name(stack.vm(), iterator);
            Err(raise(stack, Error::TypeError, format!("'{name}' object is not an iterator")))
        }
    }
}

/// All items of an iterable.
pub(crate) fn collect(stack: &Stack, iterable: &Value) -> Outcome<Vec<Value>> {
    if let Some(items) = as_list(iterable) {
        return Ok(items.borrow().clone());
    }
    if let Some(items) = as_tuple(iterable) {
        return Ok(items.to_vec());
    }
    let iterator = iter(stack, iterable)?;
    let mut items = Vec::new();
    while let Some(item) = next(stack, &iterator)? {
        items.push(item);
    }
    Ok(items)
}

/// How many items an iterable says that it has, which need not be true: by `__len__`, or else by `__length_hint__`. `None`: it says nothing.
///
/// Source: `PyObject_LengthHint`, Objects/abstract.c.
pub(crate) fn length_hint(stack: &Stack, iterable: &Value) -> Outcome<Option<usize>> {
    if has_len(stack.vm(), iterable) {
        match super::len(stack, iterable) {
            Err(error) if exception::is(&error, Error::TypeError) => {}
            len => return len.map(Some),
        }
    }
    let hint = match iterable.object() {
        Some(Object::Iter(iter)) => iterator::left(stack, iter),
        _ => special(stack.vm(), iterable, &stack.vm().name("__length_hint__"))
            .map(|method| call::call(stack, &method, std::slice::from_ref(iterable)))
            .transpose(),
    };
    let hint = match hint {
        Err(error) if exception::is(&error, Error::TypeError) => return Ok(None),
        hint => hint?,
    };
    let Some(hint) = hint.filter(|hint| *hint != NOT_IMPLEMENTED) else { return Ok(None) };
    let Some(number) = number::to_big(&hint) else {
        let name = type_name(stack.vm(), &hint);
        return Err(type_error(stack, format!("__length_hint__ must be an integer, not {name}")));
    };
    match i64::try_from(&number) {
        Ok(number) => match usize::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(raise(stack, Error::ValueError, "__length_hint__() should return >= 0")),
        },
        Err(_) => Err(raise(stack, Error::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

fn has_len(vm: &Mini, value: &Value) -> bool {
    match value.object() {
        Some(Object::Instance(_) | Object::Exception(_)) => special(vm, value, &vm.names.__len__).is_some(),
        Some(Object::View(_) | Object::Set(_) | Object::FrozenSet(_) | Object::Range(_) | Object::Dict(_)) => true,
        Some(Object::Str(_) | Object::Bytes(_) | Object::Tuple(_) | Object::List(_)) => true,
        Some(Object::Locals(_) | Object::MappingProxy(_)) => true,
        _ => false,
    }
}
