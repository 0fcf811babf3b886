//! Comparison and `hash()`.

use frame_runtime::cell::Operator;

use super::truth;
use crate::class::{self, Type, class_of, is_subclass, special, type_name};
use crate::exception::type_error;
use crate::object::{NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, TRUE, Value, boolean};
use crate::text::as_str;
use crate::vm::Mini;
use crate::{call, dict, family, number, range, sequence, set};

/// `left is right or left == right`
pub(crate) fn equal(stack: &Stack, left: &Value, right: &Value) -> Outcome<bool> {
    if left.is(right) {
        return Ok(true);
    }
    if let (Some(left), Some(right)) = (as_str(left), as_str(right)) {
        return Ok(left.as_str() == right.as_str());
    }
    let result = compare(stack, Operator::Eq, left, right)?;
    truth(stack, &result)
}

/// `left < right` and so on: whatever the comparison returns.
///
/// The left operand is asked first, unless the right one is of a class that derives from the left one's: then that knows better.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Outcome {
    if let Some(result) = compare_builtins(operator, left, right) {
        return Ok(boolean(result));
    }
    let vm = stack.vm();
    let (left_class, right_class) = (class_of(vm, left), class_of(vm, right));
    let is_right_first = !left_class.is(right_class) && is_subclass(right_class, left_class);
    let first = if is_right_first { (reflected(operator), right, left) } else { (operator, left, right) };
    let result = ask(stack, first.0, first.1, first.2)?;
    if result != NOT_IMPLEMENTED {
        return Ok(result);
    }
    let second = if is_right_first { (operator, left, right) } else { (reflected(operator), right, left) };
    let result = ask(stack, second.0, second.1, second.2)?;
    if result != NOT_IMPLEMENTED {
        return Ok(result);
    }
    match operator {
        Operator::Eq => Ok(boolean(left.is(right))),
        Operator::Ne => Ok(boolean(!left.is(right))),
        _ => {
            let (left, right) = (type_name(vm, left), type_name(vm, right));
            let symbol = symbol(operator);
            let text = format!("'{symbol}' not supported between instances of '{left}' and '{right}'");
            Err(type_error(stack, text))
        }
    }
}

/// Numbers, and strings: the commonest.
fn compare_builtins(operator: Operator, left: &Value, right: &Value) -> Option<bool> {
    if let Some(order) = number::compare(left, right) {
        // Nothing holds for a NaN, but that it is not equal.
        return Some(order.map_or(operator == Operator::Ne, |order| operator.holds(order)));
    }
    match (left.object()?, right.object()?) {
        (Object::Str(left), Object::Str(right)) => Some(operator.holds(left.as_str().cmp(right.as_str()))),
        (Object::Bytes(left), Object::Bytes(right)) => Some(operator.holds(left.cmp(right))),
        _ => None,
    }
}

/// What `left` says to it; `NotImplemented` if it does not know.
pub(super) fn ask(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Outcome {
    if matches!(left.object(), Some(Object::Instance(_) | Object::Exception(_))) {
        return ask_instance(stack, operator, left, right);
    }
    if let Some(result) = compare_builtins(operator, left, right) {
        return Ok(boolean(result));
    }
    if let Some(dict) = class::shown(left) {
        return compare(stack, operator, dict, right);
    }
    let asked = sequence::compare(stack, operator, left, right)
        .or_else(|| dict::compare(stack, operator, left, right))
        .or_else(|| set::compare(stack, operator, left, right))
        .or_else(|| range::compare(stack, operator, left, right))
        .or_else(|| family::compare(stack, operator, left, right));
    asked.unwrap_or(Ok(NOT_IMPLEMENTED))
}

fn ask_instance(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Outcome {
    match special(stack.vm(), left, method(stack.vm(), operator)) {
        Some(method) => call::call(stack, &method, &[left.clone(), right.clone()]),
        None if operator == Operator::Eq && left.is(right) => Ok(TRUE),
        None if operator == Operator::Ne => not_equal_by_equal(stack, left, right),
        None => Ok(NOT_IMPLEMENTED),
    }
}

/// `left != right` where `left` only knows `==`.
pub(crate) fn not_equal_by_equal(stack: &Stack, left: &Value, right: &Value) -> Outcome {
    let is_equal = ask(stack, Operator::Eq, left, right)?;
    if is_equal == NOT_IMPLEMENTED {
        return Ok(NOT_IMPLEMENTED);
    }
    Ok(boolean(!truth(stack, &is_equal)?))
}

fn method(vm: &Mini, operator: Operator) -> &Value {
    match operator {
        Operator::Lt => &vm.names.__lt__,
        Operator::Le => &vm.names.__le__,
        Operator::Eq => &vm.names.__eq__,
        Operator::Ne => &vm.names.__ne__,
        Operator::Gt => &vm.names.__gt__,
        Operator::Ge => &vm.names.__ge__,
    }
}

/// The operator that says the same with the operands exchanged.
fn reflected(operator: Operator) -> Operator {
    match operator {
        Operator::Lt => Operator::Gt,
        Operator::Le => Operator::Ge,
        Operator::Gt => Operator::Lt,
        Operator::Ge => Operator::Le,
        Operator::Eq | Operator::Ne => operator,
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Eq => "==",
        Operator::Ne => "!=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
    }
}

/// `hash(None)`, the same on all machines.
///
/// Source: `none_hash`, Objects/object.c.
const HASH_OF_NONE: i64 = 0xfca8_6420;

/// `hash(value)`
pub(crate) fn hash(stack: &Stack, value: &Value) -> Outcome<i64> {
    if let Some(hash) = number::hash(value) {
        return Ok(hash);
    }
    if *value == NONE {
        return Ok(HASH_OF_NONE);
    }
    if let Some(hash) = family::hash(stack, value) {
        return hash;
    }
    let Some(object) = value.object() else { return Ok(hash_of_identity(value)) };
    match object {
        Object::Str(text) => Ok(text.hash().cast_signed()),
        Object::Bytes(bytes) => Ok(crate::text::hash_bytes(bytes).cast_signed()),
        Object::FrozenSet(set) => Ok(set::hash(set)),
        Object::Range(range) => range::hash(stack, range),
        Object::MappingProxy(_) => Err(class::unhashable(stack)),
        Object::List(_) | Object::Dict(_) | Object::Set(_) => Err(unhashable(stack, value)),
        Object::View(_) if class::kind(value) != Type::DictValues => Err(unhashable(stack, value)),
        Object::Instance(_) | Object::Exception(_) => hash_of_instance(stack, value),
        _ => sequence::hash(stack, value).unwrap_or_else(|| Ok(hash_of_identity(value))),
    }
}

fn unhashable(stack: &Stack, value: &Value) -> Value {
    let name = type_name(stack.vm(), value);
    type_error(stack, format!("unhashable type: '{name}'"))
}

fn hash_of_instance(stack: &Stack, value: &Value) -> Outcome<i64> {
    let name = &stack.vm().names.__hash__;
    // `None` in a class hides what its bases have: so it is looked for here, not left to `special`.
    let own = class::bases(class_of(stack.vm(), value)).take_while(|class| !class.is_immutable());
    let Some(method) = own.into_iter().find_map(|class| class.dict().get_str(name)) else {
        return Ok(hash_of_identity(value));
    };
    if method == NONE {
        return Err(unhashable(stack, value));
    }
    let returned = call::call(stack, &method, std::slice::from_ref(value))?;
    if !super::is_int(&returned) {
        return Err(type_error(stack, "__hash__ method should return an integer"));
    }
    // An integer of 64 bits is taken as it is, a larger one by its own hash; -1 means an error in C.
    let hash = number::to_i64(&returned).or_else(|| number::hash(&returned)).unwrap_or(0);
    Ok(if hash == -1 { -2 } else { hash })
}

/// The hash of an object that equals nothing but itself: by its address, of which the low bits are always the same.
pub(crate) fn hash_of_identity(value: &Value) -> i64 {
    (value.address() as u64).rotate_right(4).cast_signed()
}
