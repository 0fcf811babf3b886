//! What generators delegate to: generators, awaitables, and any object that the VM knows.

use alloc::format;

use super::drive::raised;
use super::{Core, ErrorKind, GeneratorVm, Method, PartRef, Sent, Slot};
use crate::data_stack::DataStack;
use crate::machine::generator::{Flavour, event};

/// The generator or coroutine that an object is; async generators are not delegated to.
pub(super) fn own<V: GeneratorVm>(object: &V::Value) -> Option<Core<V>> {
    match V::part(object)? {
        PartRef::Generator(generator) if generator.flavour() != Flavour::AsyncGenerator => Some(generator.core()),
        _ => None,
    }
}

/// Any other object of ours that can be delegated to, and is asked directly.
pub(super) fn other<V: GeneratorVm>(object: &V::Value) -> Option<PartRef<'_, V>> {
    match V::part(object)? {
        PartRef::Generator(_) | PartRef::WrappedValue(_) => None,
        part => Some(part),
    }
}

/// Whether the type of an object has a slot.
pub(super) fn has_slot<V: GeneratorVm>(vm: &V, object: &V::Value, slot: Slot) -> bool {
    V::part(object).map_or_else(|| vm.has_slot(object, slot), |part| part.has_slot(slot))
}

/// Calls a slot that the object's type has.
pub(super) fn call_slot<V: GeneratorVm>(
    stack: &DataStack<V>,
    object: &V::Value,
    slot: Slot,
) -> Result<Option<V::Value>, V::Value> {
    match V::part(object) {
        Some(part) => part.call_slot(stack, object, slot),
        None => stack.vm().call_slot(stack, object, slot),
    }
}

/// Calls a slot that returns something.
pub(super) fn get_slot<V: GeneratorVm>(
    stack: &DataStack<V>,
    object: &V::Value,
    slot: Slot,
) -> Result<V::Value, V::Value> {
    let got = call_slot(stack, object, slot)?;
    got.ok_or_else(|| raised(stack, ErrorKind::SystemError, "a slot returned nothing, and raised nothing"))
}

/// Calls a method by its name.
pub(super) fn call_method<V: GeneratorVm>(
    stack: &DataStack<V>,
    object: &V::Value,
    method: Method,
    arguments: &[V::Value],
) -> Result<V::Value, V::Value> {
    match stack.vm().lookup(stack, object, method)? {
        Some(method) => stack.vm().call(stack, &method, arguments),
        None => Err(no_attribute(stack, object, method)),
    }
}

/// What an iterator gives when it is asked for the next value.
pub(super) fn next<V: GeneratorVm>(stack: &DataStack<V>, iterator: &V::Value) -> Result<Sent<V::Value>, V::Value> {
    if let Some(part) = V::part(iterator) {
        return part.next(stack);
    }
    let value = stack.vm().call_slot(stack, iterator, Slot::Iternext)?;
    Ok(value.map_or_else(|| Sent::Returned(stack.vm().none()), Sent::Yielded))
}

/// Sends a value to an iterator: to an object of ours directly, to others `None` by `__next__`, anything else by the method `send`.
///
/// # Errors
///
/// What comes up; a `StopIteration` is what it [returned](Sent::Returned).
///
/// Source: `PyIter_Send`, Objects/abstract.c.
pub fn iter_send<V: GeneratorVm>(
    stack: &DataStack<V>,
    receiver: &V::Value,
    value: V::Value,
) -> Result<Sent<V::Value>, V::Value> {
    if let Some(generator) = own::<V>(receiver) {
        return generator.send(stack, event::SEND, value);
    }
    let vm = stack.vm();
    let part = other::<V>(receiver);
    let sent = if vm.is_none(&value) && has_slot(vm, receiver, Slot::Iternext) {
        next(stack, receiver)
    } else if let Some(part) = part {
        part.send(stack, value)
    } else {
        call_method(stack, receiver, Method::Send, &[value]).map(Sent::Yielded)
    };
    match sent {
        Err(exception) if vm.is_exception(&exception, ErrorKind::StopIteration) => {
            Ok(Sent::Returned(vm.stop_value(&exception)))
        }
        sent => sent,
    }
}

fn no_attribute<V: GeneratorVm>(stack: &DataStack<V>, object: &V::Value, method: Method) -> V::Value {
    let type_name = stack.vm().type_name(object);
    raised(stack, ErrorKind::AttributeError, &format!("'{type_name}' object has no attribute '{}'", method.name()))
}
