//! Operators, comparisons, truth, indices.

use std::cmp::Ordering;

use frame_runtime::cell::Operator;
use frame_runtime::v3_14::number::{BinaryOperator, Comparison};

use super::{perform, pop, with};
use crate::eval::{Frame, Slot, Step};
use crate::object::{FALSE, NONE, Object, TRUE, Value, boolean};
use crate::protocol;
use frame_runtime::number::Number as _;

const ADD: u32 = BinaryOperator::Add as u32;
const SUBTRACT: u32 = BinaryOperator::Subtract as u32;
const MULTIPLY: u32 = BinaryOperator::Multiply as u32;
const AND: u32 = BinaryOperator::And as u32;
const INPLACE_ADD: u32 = BinaryOperator::InplaceAdd as u32;
const INPLACE_SUBTRACT: u32 = BinaryOperator::InplaceSubtract as u32;
const INPLACE_MULTIPLY: u32 = BinaryOperator::InplaceMultiply as u32;
const SUBSCR: u32 = BinaryOperator::Subscr as u32;

/// The two integers on top of the stack, if both lie in their references.
#[inline(always)]
fn integers(f: &Frame<'_>) -> Option<(i64, i64)> {
    let right = integer(f, 0)?;
    let left = integer(f, 1)?;
    Some((left, right))
}

/// The integer so far below the top of the stack, if it lies in its reference.
#[inline(always)]
fn integer(f: &Frame<'_>, depth: u32) -> Option<i64> {
    f.peek(depth).as_value()?.as_integer()
}

/// What a binary operator makes of two small integers, if that is small as well.
#[inline(always)]
pub(crate) fn small(f: &Frame<'_>, operator: u32) -> Option<Value> {
    let (left, right) = integers(f)?;
    compute(left, operator, right)
}

/// The same, where the right one was not pushed.
#[inline(always)]
pub(crate) fn small_with(f: &Frame<'_>, right: i64, operator: u32) -> Option<Value> {
    compute(integer(f, 0)?, operator, right)
}

#[inline(always)]
fn compute(left: i64, operator: u32, right: i64) -> Option<Value> {
    // 60 bits each: there is no overflow of 64.
    let result = if operator == ADD || operator == INPLACE_ADD {
        left + right
    } else if operator == SUBTRACT || operator == INPLACE_SUBTRACT {
        left - right
    } else if operator == MULTIPLY || operator == INPLACE_MULTIPLY {
        left.checked_mul(right)?
    } else if operator == AND {
        left & right
    } else {
        return None;
    };
    Value::integer(result)
}

/// `BINARY_OP`
#[inline(never)]
pub(crate) fn binary<'t>(f: Frame<'t>, operator: u32) -> Step<'t> {
    if operator == SUBSCR
        && let Some(item) = item(&f)
    {
        let mut f = f;
        drop(f.pop());
        let container = f.replace(0, Slot::owned(item));
        return Ok(f.release(container));
    }
    with(f, |stack, [left, right]| match BinaryOperator::from_raw(operator) {
        Ok(operator) => protocol::binary(stack, operator, &left, &right),
        Err(unknown) => Err(crate::exception::refuse(stack, unknown.to_string())),
    })
}

/// `list[index]` and `tuple[index]` by a small integer within.
fn item(f: &Frame<'_>) -> Option<Value> {
    let index = integer(f, 0)?;
    let container = f.peek(1).as_value()?;
    let at = |len: usize| {
        let index = if index < 0 { index + len as i64 } else { index };
        usize::try_from(index).ok()
    };
    match container.object()? {
        Object::List(items) => {
            let items = items.borrow();
            items.get(at(items.len())?).cloned()
        }
        Object::Tuple(items) => items.get(at(items.len())?).cloned(),
        _ => None,
    }
}

/// The order of two small integers on top of the stack.
#[inline(always)]
pub(crate) fn small_order(f: &Frame<'_>) -> Option<Ordering> {
    let (left, right) = integers(f)?;
    Some(left.cmp(&right))
}

/// The same, where the right one was not pushed.
#[inline(always)]
pub(crate) fn small_order_with(f: &Frame<'_>, right: i64) -> Option<Ordering> {
    Some(integer(f, 0)?.cmp(&right))
}

/// Whether a comparison holds for what is in this order.
#[inline(always)]
pub(crate) fn holds(comparison: u32, order: Ordering) -> bool {
    operator(comparison).holds(order)
}

/// The facts' number of a comparison, as the runtime's operator.
#[inline(always)]
fn operator(comparison: u32) -> Operator {
    const LT: u32 = Comparison::Lt as u32;
    const LE: u32 = Comparison::Le as u32;
    const EQ: u32 = Comparison::Eq as u32;
    const NE: u32 = Comparison::Ne as u32;
    const GT: u32 = Comparison::Gt as u32;
    match comparison {
        LT => Operator::Lt,
        LE => Operator::Le,
        EQ => Operator::Eq,
        NE => Operator::Ne,
        GT => Operator::Gt,
        _ => Operator::Ge,
    }
}

/// `COMPARE_OP`: bit 4 asks for a `bool`.
#[inline(never)]
pub(crate) fn compare<'t>(f: Frame<'t>, arg: u32) -> Step<'t> {
    with(f, |stack, [left, right]| {
        let result = protocol::compare(stack, operator(arg >> 5), &left, &right)?;
        if arg & 16 == 0 { Ok(result) } else { protocol::truth(stack, &result).map(boolean) }
    })
}

/// `IS_OP`: 1 is `is not`.
pub(crate) fn is<'t>(mut f: Frame<'t>, arg: u32) -> Frame<'t> {
    let right = f.pop();
    let left = f.pop();
    let same = match (left.as_value(), right.as_value()) {
        (Some(left), Some(right)) => left.is(&right),
        _ => false,
    };
    f = f.release(right).release(left);
    f.push(Slot::owned(boolean(same != (arg != 0))));
    f
}

/// `CONTAINS_OP`: 1 is `not in`.
#[inline(never)]
pub(crate) fn contains<'t>(f: Frame<'t>, arg: u32) -> Step<'t> {
    with(f, |stack, [item, container]| Ok(boolean(protocol::contains(stack, &container, &item)? != (arg != 0))))
}

/// Whether the top of the stack is true, where that needs no asking.
#[inline(always)]
pub(crate) fn known_truth(f: &Frame<'_>) -> Option<bool> {
    let value = f.peek(0).as_value()?;
    if let Some(integer) = value.as_integer() {
        return Some(integer != 0);
    }
    if *value == TRUE {
        Some(true)
    } else if *value == FALSE || *value == NONE {
        Some(false)
    } else {
        None
    }
}

/// `TO_BOOL`
#[inline(never)]
pub(crate) fn to_bool<'t>(f: Frame<'t>) -> Step<'t> {
    with(f, |stack, [value]| protocol::truth(stack, &value).map(boolean))
}

/// `STORE_SUBSCR`: value, container, key.
#[inline(never)]
pub(crate) fn store_subscr<'t>(mut f: Frame<'t>) -> Step<'t> {
    let key = pop(&mut f);
    let container = pop(&mut f);
    let value = pop(&mut f);
    perform(f, |stack| {
        let (container, key) = (container, key);
        protocol::set_item(stack, &container, &key, value)
    })
}

/// `DELETE_SUBSCR`: container, key.
#[inline(never)]
pub(crate) fn delete_subscr<'t>(mut f: Frame<'t>) -> Step<'t> {
    let key = pop(&mut f);
    let container = pop(&mut f);
    perform(f, |stack| {
        let (container, key) = (container, key);
        protocol::del_item(stack, &container, &key)
    })
}

fn slice(start: Value, stop: Value) -> Value {
    Value::new(Object::Slice(Box::new([start, stop, NONE])))
}

/// `BINARY_SLICE`: container, start, stop.
#[inline(never)]
pub(crate) fn binary_slice<'t>(f: Frame<'t>) -> Step<'t> {
    with(f, |stack, [container, start, stop]| protocol::get_item(stack, &container, &slice(start, stop)))
}

/// `STORE_SLICE`: value, container, start, stop.
#[inline(never)]
pub(crate) fn store_slice<'t>(mut f: Frame<'t>) -> Step<'t> {
    let stop = pop(&mut f);
    let start = pop(&mut f);
    let container = pop(&mut f);
    let value = pop(&mut f);
    perform(f, |stack| {
        let container = container;
        protocol::set_item(stack, &container, &slice(start, stop), value)
    })
}
