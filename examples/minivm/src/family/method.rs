//! Methods: a function and the object that it is bound to. What a method has not itself is the function's: `attribute` knows.

use frame_runtime::cell::Operator;

use super::{not_writable, readonly};
use crate::object::{NOT_IMPLEMENTED, Object, Outcome, Stack, Value, boolean};
use crate::{attribute, exception};

/// `method.name`
pub(super) fn get(stack: &Stack, pair: &[Value; 2], name: &str) -> Option<Outcome> {
    let [function, object] = pair;
    match name {
        "__func__" => Some(Ok(function.clone())),
        "__self__" => Some(Ok(object.clone())),
        "__doc__" => Some(attribute::get(stack, function, &stack.vm().name(name))),
        "__get__" | "__call__" => Some(Err(exception::refuse(stack, format!("the attribute {name} of methods")))),
        _ => None,
    }
}

/// `method.name = value`: never.
pub(super) fn set(stack: &Stack, name: &str) -> Option<Outcome<()>> {
    match name {
        "__func__" | "__self__" => Some(readonly(stack)),
        "__doc__" => Some(not_writable(stack, "method", name)),
        _ => None,
    }
}

/// `method == other`: the same function of the very same object.
pub(super) fn compare(own: &[Value; 2], operator: Operator, other: &Value) -> Value {
    let Some(Object::Method(other)) = other.object() else { return NOT_IMPLEMENTED };
    let same = own[0].is(&other[0]) && own[1].is(&other[1]);
    match operator {
        Operator::Eq => boolean(same),
        Operator::Ne => boolean(!same),
        _ => NOT_IMPLEMENTED,
    }
}
