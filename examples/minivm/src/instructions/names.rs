//! Names: globals, builtins, the namespace of a module or class body, and variables without a value.

use frame_runtime::cell::Unbound;
use frame_runtime::number::Number as _;
use frame_runtime::v3_14::number::CommonConstant;
use frame_runtime::v3_14::opcode::Opcode;
use frame_runtime::version::Cpython3_14;

use super::{look, perform, pop, push};
use crate::cache;
use crate::class::Type;
use crate::dict::{Dict, as_dict};
use crate::eval::{Frame, Slot, Step};
use crate::exception::{self, Error, raise, refuse};
use crate::object::{Outcome, Stack, Value, string};
use crate::text::as_str;
use crate::{attribute, builtins, sys};

/// A name of the code.
pub(crate) fn name(f: &Frame<'_>, index: u32) -> Value {
    match f.code().names().get(index as usize) {
        Some(name) => name.clone(),
        None => unreachable!("the verifier counted the names"),
    }
}

fn shown(name: &Value) -> &str {
    as_str(name).map_or("?", |name| name.as_str())
}

/// Nothing has this name. What CPython has and this VM has not is refused.
fn no_such_name(stack: &Stack, name: &Value) -> Value {
    let text = shown(name);
    if builtins::is_known(text) {
        return refuse(stack, format!("the builtin {text}"));
    }
    exception::name_error(stack, Error::NameError, format!("name '{text}' is not defined"), name)
}

/// `LOAD_GLOBAL`, where the inline cache does not know it. Bit 0 asks for null behind it, for a call.
#[inline(never)]
pub(crate) fn load_global<'t>(mut f: Frame<'t>, arg: u32) -> Step<'t> {
    let name = name(&f, arg >> 1);
    let Some(value) = cache::find_global(&f, &name) else {
        return perform(f, |stack| Err(no_such_name(stack, &name)));
    };
    f.push(Slot::owned(value));
    f.jump(Opcode::LOAD_GLOBAL.caches().into());
    if arg & 1 != 0 {
        f.push_null();
    }
    Ok(f)
}

/// What globals and builtins have by a name.
fn global(f: &Frame<'_>, name: &Value) -> Option<Value> {
    let find = |dict: Option<&Value>| dict.and_then(as_dict).and_then(|dict: &Dict| dict.get_str(name));
    find(f.globals().as_deref()).or_else(|| find(f.builtins().as_deref()))
}

/// `LOAD_NAME`
#[inline(never)]
pub(crate) fn load_name<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let own = f.namespace().as_deref().and_then(as_dict).and_then(|dict| dict.get_str(&name));
    if let Some(value) = own.or_else(|| global(&f, &name)) {
        f.push(Slot::owned(value));
        return Ok(f);
    }
    perform(f, |stack| Err(no_such_name(stack, &name)))
}

/// `STORE_NAME`
#[inline(never)]
pub(crate) fn store_name<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let (name, value) = (name(&f, index), pop(&mut f));
    let namespace = f.namespace().map(|namespace| namespace.clone());
    perform(f, |stack| match namespace.as_ref().and_then(as_dict) {
        Some(dict) => {
            drop(dict.set_str(name, value));
            Ok(())
        }
        None => Err(raise(stack, Error::SystemError, format!("no locals found when storing {}", shown(&name)))),
    })
}

/// `DELETE_NAME`
#[inline(never)]
pub(crate) fn delete_name<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let namespace = f.namespace().map(|namespace| namespace.clone());
    perform(f, |stack| delete(stack, namespace.as_ref(), &name))
}

/// `STORE_GLOBAL`
#[inline(never)]
pub(crate) fn store_global<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let (name, value) = (name(&f, index), pop(&mut f));
    let old = f.globals().as_deref().and_then(as_dict).and_then(|dict| dict.set_str(name, value));
    Ok(match old {
        Some(old) => f.release(Slot::owned(old)),
        None => f,
    })
}

/// `DELETE_GLOBAL`
#[inline(never)]
pub(crate) fn delete_global<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let globals = f.globals().map(|globals| globals.clone());
    perform(f, |stack| delete(stack, globals.as_ref(), &name))
}

fn delete(stack: &Stack, namespace: Option<&Value>, name: &Value) -> Outcome<()> {
    match namespace.and_then(as_dict).and_then(|dict| dict.remove_str(name)) {
        Some(_) => Ok(()),
        None => {
            let text = format!("name '{}' is not defined", shown(name));
            Err(exception::name_error(stack, Error::NameError, text, name))
        }
    }
}

/// `LOAD_LOCALS`
#[inline(never)]
pub(crate) fn load_locals<'t>(mut f: Frame<'t>) -> Step<'t> {
    match f.namespace().map(|namespace| namespace.clone()) {
        Some(namespace) => {
            f.push(Slot::owned(namespace));
            Ok(f)
        }
        None => perform(f, |stack| Err(raise(stack, Error::SystemError, "no locals"))),
    }
}

/// `LOAD_FROM_DICT_OR_GLOBALS`: the mapping on top of the stack is asked first.
#[inline(never)]
pub(crate) fn load_from_dict_or_globals<'t>(mut f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    let mapping = pop(&mut f);
    let found = as_dict(&mapping).and_then(|dict| dict.get_str(&name)).or_else(|| global(&f, &name));
    push(f, |stack| {
        drop(mapping);
        found.ok_or_else(|| no_such_name(stack, &name))
    })
}

/// `LOAD_FROM_DICT_OR_DEREF`: the same, with a cell behind.
#[inline(never)]
pub(crate) fn load_from_dict_or_deref<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    let found = {
        let mapping = look(&f, 0);
        let name = f.code().localsplusnames().get(index as usize);
        name.and_then(|name| as_dict(&mapping)?.get_str(name))
    };
    let (frame, done) = f.load_from_dict_or_deref(index, found);
    match done {
        Ok(()) => Ok(frame),
        Err(unbound) => unbound_cell(frame, index, unbound),
    }
}

/// A local variable has no value.
#[cold]
#[inline(never)]
pub(crate) fn unbound_local<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    unbound_cell(f, index, Unbound::Local)
}

/// A variable in a cell has no value.
#[cold]
#[inline(never)]
pub(crate) fn unbound_cell<'t>(f: Frame<'t>, index: u32, unbound: Unbound) -> Step<'t> {
    let name = f.code().localsplusnames().get(index as usize).cloned().unwrap_or(crate::object::NONE);
    perform(f, |stack| {
        let refusal = unbound.refusal::<Cpython3_14>();
        let text = refusal.message(shown(&name)).to_string();
        Err(match unbound {
            Unbound::Local => raise(stack, Error::from(refusal.error), text),
            Unbound::Free => exception::name_error(stack, Error::from(refusal.error), text, &name),
        })
    })
}

/// `LOAD_COMMON_CONSTANT`
#[inline(never)]
pub(crate) fn load_common_constant<'t>(f: Frame<'t>, number: u32) -> Step<'t> {
    push(f, |stack| {
        let vm = stack.vm();
        let builtin = |name: &str| as_dict(&vm.builtins).and_then(|dict| dict.get_str(&vm.name(name)));
        let constant = match CommonConstant::from_raw(number) {
            Ok(CommonConstant::Assertionerror) => Some(exception::class(vm, Error::AssertionError).clone()),
            Ok(CommonConstant::Notimplementederror) => Some(exception::class(vm, Error::NotImplementedError).clone()),
            Ok(CommonConstant::BuiltinTuple) => Some(vm.types.get(Type::Tuple).clone()),
            Ok(CommonConstant::BuiltinAll) => builtin("all"),
            Ok(CommonConstant::BuiltinAny) => builtin("any"),
            _ => None,
        };
        constant.ok_or_else(|| refuse(stack, format!("the common constant {number}")))
    })
}

/// `LOAD_BUILD_CLASS`
#[inline(never)]
pub(crate) fn load_build_class<'t>(mut f: Frame<'t>) -> Step<'t> {
    f.push(Slot::owned(Value::new(crate::object::Object::Builtin(&super::function::BUILD_CLASS))));
    Ok(f)
}

/// `IMPORT_NAME`: level, names that are wanted; the module. There is no other than `sys`.
#[inline(never)]
pub(crate) fn import_name<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    let name = name(&f, index);
    super::with(f, |stack, [_, _]| sys::import(stack, shown(&name)))
}

/// `IMPORT_FROM`: module; and its attribute.
#[inline(never)]
pub(crate) fn import_from<'t>(f: Frame<'t>, index: u32) -> Step<'t> {
    let (name, module) = (name(&f, index), look(&f, 0));
    push(f, |stack| match attribute::find(stack, &module, &name)? {
        Some(value) => Ok(value),
        None => Err(not_in_module(stack, &name)),
    })
}

fn not_in_module(stack: &Stack, name: &Value) -> Value {
    let text = format!("cannot import name '{}' from 'sys' (unknown location)", shown(name));
    let exception = raise(stack, Error::ImportError, text);
    if let Some(own) = exception::as_exception(&exception) {
        own.set_member("name", Some(string("sys")));
        own.set_member("name_from", Some(name.clone()));
    }
    exception
}
