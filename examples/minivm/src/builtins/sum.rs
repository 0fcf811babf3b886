//! `sum()`.

use frame_runtime::v3_14::number::BinaryOperator;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::keywords;
use crate::exception::{Error, raise, type_error};
use crate::number::{to_big, to_i64};
use crate::object::{Args, FALSE, Object, Outcome, Stack, TRUE, Value, float, int};
use crate::protocol;
use crate::text::as_str;

/// A sum so far.
enum Sum {
    /// There is no further item.
    Over(Value),
    /// Something else has come; it is in the sum.
    Mixed(Value),
}

/// Integers, then floats, then anything: each goes on where the one before met something else.
///
/// Source: `builtin_sum_impl`, Python/bltinmodule.c.
pub(super) fn sum(stack: &Stack, args: Args<'_>) -> Outcome {
    let count = args.positional.len() + args.keywords.len();
    let Some(iterable) = args.positional.first() else {
        return Err(type_error(stack, "sum() takes at least 1 positional argument (0 given)"));
    };
    if count > 2 {
        return Err(type_error(stack, format!("sum() takes at most 2 arguments ({count} given)")));
    }
    let [start] = keywords(stack, args, "sum", ["start"])?;
    let mut sum = start.or(args.positional.get(1)).cloned().unwrap_or(int(0));
    let iterator = protocol::iter(stack, iterable)?;
    if as_str(&sum).is_some() {
        return Err(type_error(stack, "sum() can't sum strings [use ''.join(seq) instead]"));
    }
    if matches!(sum.object(), Some(Object::Bytes(_))) {
        return Err(type_error(stack, "sum() can't sum bytes [use b''.join(seq) instead]"));
    }
    if let Some(start) = word_of(&sum).filter(|_| !is_bool(&sum)) {
        match add_integers(stack, &iterator, start)? {
            Sum::Over(sum) => return Ok(sum),
            Sum::Mixed(mixed) => sum = mixed,
        }
    }
    if let Some(Object::Float(start)) = sum.object() {
        match add_floats(stack, &iterator, *start)? {
            Sum::Over(sum) => return Ok(sum),
            Sum::Mixed(mixed) => sum = mixed,
        }
    }
    while let Some(item) = protocol::next(stack, &iterator)? {
        sum = add(stack, &sum, &item)?;
    }
    Ok(sum)
}

fn add(stack: &Stack, sum: &Value, item: &Value) -> Outcome {
    protocol::binary(stack, BinaryOperator::Add, sum, item)
}

fn is_bool(value: &Value) -> bool {
    value.is(&TRUE) || value.is(&FALSE)
}

/// The value of an `int` or `bool` that fits into a word.
fn word_of(value: &Value) -> Option<i64> {
    match value.object() {
        Some(Object::Int(_)) | None => to_i64(value),
        Some(_) => None,
    }
}

/// Adds integers as long as the sum fits into a word.
fn add_integers(stack: &Stack, iterator: &Value, start: i64) -> Outcome<Sum> {
    let mut sum = start;
    while let Some(item) = protocol::next(stack, iterator)? {
        match word_of(&item).and_then(|item| sum.checked_add(item)) {
            Some(more) => sum = more,
            None => return Ok(Sum::Mixed(add(stack, &int(sum), &item)?)),
        }
    }
    Ok(Sum::Over(int(sum)))
}

/// A sum of floats, and what was lost by rounding.
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    /// Source: `cs_add`, Python/bltinmodule.c.
    fn add(&mut self, item: f64) {
        let sum = self.sum + item;
        self.lost += if self.sum.abs() >= item.abs() { (self.sum - sum) + item } else { (item - sum) + self.sum };
        self.sum = sum;
    }

    /// What was lost is no number where the sum is infinite.
    fn total(&self) -> f64 {
        if self.lost != 0.0 && self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// Adds floats and integers.
fn add_floats(stack: &Stack, iterator: &Value, start: f64) -> Outcome<Sum> {
    let mut sum = Compensated { sum: start, lost: 0.0 };
    while let Some(item) = protocol::next(stack, iterator)? {
        match item.object() {
            Some(Object::Float(item)) => sum.add(*item),
            Some(Object::Int(big)) => sum.add(float_of(stack, big)?),
            None if to_i64(&item).is_some() => sum.add(float_of(stack, &to_big(&item).unwrap_or_default())?),
            _ => return Ok(Sum::Mixed(add(stack, &float(sum.total()), &item)?)),
        }
    }
    Ok(Sum::Over(float(sum.total())))
}

/// The nearest float.
fn float_of(stack: &Stack, integer: &BigInt) -> Outcome<f64> {
    let nearest = integer.to_f64().filter(|nearest| nearest.is_finite());
    nearest.ok_or_else(|| raise(stack, Error::OverflowError, "int too large to convert to float"))
}
