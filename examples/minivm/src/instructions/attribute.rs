//! Attributes.

use frame_runtime::number::Number as _;
use frame_runtime::v3_14::number::SpecialMethod;

use super::names::name;
use super::{outside, perform, pop};
use crate::attribute::{self, Callee};
use crate::cache;
use crate::class::{self, Type};
use crate::eval::{Frame, Slot, Step};
use crate::exception::{refuse, type_error};
use crate::object::Value;

/// `LOAD_ATTR`, where the inline cache does not know it. Bit 0 asks for what is called: a function and the object, or what
/// is bound and null.
#[inline(never)]
pub(crate) fn load_attr<'t>(mut f: Frame<'t>, arg: u32) -> Step<'t> {
    let name = name(&f, arg >> 1);
    let object = pop(&mut f);
    cache::remember_attribute(&f, &object, &name);
    let (frame, (value, receiver)) = outside(f, |stack| {
        let object = object;
        if arg & 1 == 0 {
            return attribute::get(stack, &object, &name).map(|value| (value, None));
        }
        Ok(match attribute::get_method(stack, &object, &name)? {
            Callee::Method(function) => (function, Some(object)),
            Callee::Bound(callable) => (callable, None),
        })
    })?;
    Ok(push_found(frame, value, (arg & 1 != 0).then_some(receiver)))
}

/// Pushes what was found; and, for a call, what it is called with in front, or null.
fn push_found<'t>(mut f: Frame<'t>, value: Value, receiver: Option<Option<Value>>) -> Frame<'t> {
    f.push(Slot::owned(value));
    if let Some(receiver) = receiver {
        f.push(receiver.map_or(Slot::null(), Slot::owned));
    }
    f
}

/// `STORE_ATTR`, where the inline cache does not know it: value, object.
#[inline(never)]
pub(crate) fn store_attr<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let object = pop(&mut f);
    let value = pop(&mut f);
    cache::remember_store(&f, &object, &name);
    perform(f, |stack| {
        let object = object;
        attribute::set(stack, &object, &name, value)
    })
}

/// `DELETE_ATTR`: object.
#[inline(never)]
pub(crate) fn delete_attr<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let object = pop(&mut f);
    perform(f, |stack| {
        let object = object;
        attribute::delete(stack, &object, &name)
    })
}

/// `LOAD_SUPER_ATTR`: `super`, class, object. Bit 0 asks for what is called, bit 1 says that `super` was given its arguments.
#[inline(never)]
pub(crate) fn load_super_attr<'t>(mut f: Frame<'t>, arg: u32) -> Step<'t> {
    let name = name(&f, arg >> 2);
    let object = pop(&mut f);
    let class = pop(&mut f);
    let callable = pop(&mut f);
    let (frame, (value, receiver)) = outside(f, |stack| {
        let found = if callable.is(stack.vm().types.get(Type::Super)) {
            // The object that it would make is of no use to anybody.
            attribute::get_super(stack, &class, &object, &name)?
        } else {
            let made = crate::call::call(stack, &callable, &[class, object.clone()])?;
            Callee::Bound(attribute::get(stack, &made, &name)?)
        };
        Ok(match found {
            found if arg & 1 == 0 => (attribute::bind(found, &object), None),
            Callee::Method(function) => (function, Some(object)),
            Callee::Bound(callable) => (callable, None),
        })
    })?;
    Ok(push_found(frame, value, (arg & 1 != 0).then_some(receiver)))
}

/// `LOAD_SPECIAL`: object; a method of its class that `with` needs, and the object.
#[inline(never)]
pub(crate) fn load_special<'t>(mut f: Frame<'t>, number: u32) -> Step<'t> {
    let object = pop(&mut f);
    let (mut frame, (method, object)) = outside(f, |stack| {
        let vm = stack.vm();
        let names = &vm.names;
        let (name, protocol, hint) = match SpecialMethod::from_raw(number) {
            Ok(SpecialMethod::Enter) => (&names.__enter__, "the context manager", "async with"),
            Ok(SpecialMethod::Exit) => (&names.__exit__, "the context manager", "async with"),
            Ok(SpecialMethod::Aenter) => (&names.__aenter__, "the asynchronous context manager", "with"),
            Ok(SpecialMethod::Aexit) => (&names.__aexit__, "the asynchronous context manager", "with"),
            Err(unknown) => return Err(refuse(stack, unknown.to_string())),
        };
        if let Some(method) = class::special(vm, &object, name) {
            return Ok((method, object));
        }
        let shown = |name: &Value| crate::text::as_str(name).map_or(String::new(), |name| name.as_str().to_owned());
        let type_name = class::qualified_type_name(vm, &object);
        let mut text =
            format!("'{type_name}' object does not support {protocol} protocol (missed {} method)", shown(name));
        let has = |name: &Value| class::special(vm, &object, name).is_some();
        let (enter, exit) =
            if hint == "with" { (&names.__enter__, &names.__exit__) } else { (&names.__aenter__, &names.__aexit__) };
        if has(enter) && has(exit) {
            let instead = if hint == "with" { "context manager" } else { "asynchronous context manager" };
            text.push_str(&format!(" but it supports the {instead} protocol. Did you mean to use '{hint}'?"));
        }
        Err(type_error(stack, text))
    })?;
    frame.push(Slot::owned(method));
    frame.push(Slot::owned(object));
    Ok(frame)
}
