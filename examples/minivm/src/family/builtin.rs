//! Functions and methods of the VM's own, as the program sees them. Their names are in `attribute`.

use std::ptr;

use frame_runtime::cell::Operator;

use crate::class::is_slot;
use crate::object::{Builtin, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value, boolean, string};
use crate::vm::Mini;
use crate::{builtins, class, exception, format, number, sys};

/// The module that a function is in.
fn module_of(builtin: &'static Builtin) -> Option<&'static str> {
    let is_in = |table: &'static [Builtin]| table.iter().any(|one| ptr::eq(one, builtin));
    if is_in(builtins::FUNCTIONS) || is_in(number::FUNCTIONS) || is_in(format::FUNCTIONS) {
        Some("builtins")
    } else {
        is_in(sys::FUNCTIONS).then_some("sys")
    }
}

/// `builtin.name`
pub(super) fn get(stack: &Stack, builtin: &'static Builtin, is_bound: bool, name: &str) -> Option<Outcome> {
    match name {
        "__module__" if is_bound => Some(Ok(NONE)),
        "__module__" => {
            let refused = || exception::refuse(stack, format!("__module__ of the builtin {}()", builtin.name));
            Some(module_of(builtin).map(string).ok_or_else(refused))
        }
        "__call__" => Some(Err(exception::refuse(stack, "the attribute __call__ of builtins"))),
        _ => None,
    }
}

/// `repr(builtin)`
pub(super) fn repr(vm: &Mini, builtin: &'static Builtin) -> String {
    let name = builtin.name;
    if !builtin.is_method {
        // `object.__new__` and `dict.fromkeys` are bound to their class.
        return match class::owner(vm, builtin) {
            Some(class) => format!("<built-in method {name} of type object at {:#x}>", class.address()),
            None => format!("<built-in function {name}>"),
        };
    }
    let of = class::owner(vm, builtin).map_or_else(String::new, class::class_name);
    let kind = if is_slot(name) { "slot wrapper" } else { "method" };
    format!("<{kind} '{name}' of '{of}' objects>")
}

/// `repr()` of one that is bound.
pub(super) fn repr_bound(vm: &Mini, builtin: &'static Builtin, object: &Value) -> String {
    let name = builtin.name;
    let (ty, address) = (class::type_name(vm, object), object.address());
    if is_slot(name) {
        format!("<method-wrapper '{name}' of {ty} object at {address:#x}>")
    } else {
        format!("<built-in method {name} of {ty} object at {address:#x}>")
    }
}

/// `builtin == other`: the same method of the very same object.
pub(super) fn compare(own: &(&'static Builtin, Value), operator: Operator, other: &Value) -> Value {
    let Some(Object::BoundBuiltin(other)) = other.object() else { return NOT_IMPLEMENTED };
    let same = ptr::eq(own.0, other.0) && own.1.is(&other.1);
    match operator {
        Operator::Eq => boolean(same),
        Operator::Ne => boolean(!same),
        _ => NOT_IMPLEMENTED,
    }
}
