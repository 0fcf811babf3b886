//! `int`, `float` and `bool`: what all numbers do.
//!
//! A number is looked at as one of three ([`Number`]): an integer that lies in its reference, a larger one, a float. Operators are
//! split by these here; [`integer`] and [`real`] compute. [`construct`] is `int()`, `float()` and `bool()`, [`functions`] has the builtin
//! functions of numbers, and [`methods`] what is asked of a number by name.

mod construct;
mod functions;
mod integer;
mod methods;
mod real;

use std::cmp::Ordering;

use frame_runtime::v3_14::number::BinaryOperator;
use num_bigint::BigInt;
use num_traits::{FromPrimitive, Signed, ToPrimitive};

use crate::exception::{Error, raise, refuse};
use crate::object::{FALSE, Object, Outcome, Stack, TRUE, Value, boolean, float, int};

pub(crate) use construct::{construct_bool, construct_float, construct_int};
pub(crate) use functions::FUNCTIONS;
pub(crate) use methods::{FLOAT_METHODS, INT_METHODS};
pub(crate) use real::{Digits, repr as repr_float, to_float};

/// The most digits that `str()` writes and `int()` reads of an integer: CPython's default of `sys.set_int_max_str_digits()`.
const MOST_DIGITS: usize = 4300;

/// Integers of more bits than this are refused: the program would not end, or the memory would.
const MOST_BITS: u64 = 1 << 31;

/// The modulus of hashes of numbers: `_PyHASH_MODULUS`, 2**61 - 1.
const MODULUS: u64 = (1 << 61) - 1;

/// A number.
#[derive(Clone, Copy)]
pub(crate) enum Number<'a> {
    /// One that lies in its reference, or a `bool`.
    Small(i64),
    Big(&'a BigInt),
    Real(f64),
}

/// What number it is, if it is one.
#[inline]
pub(crate) fn view(value: &Value) -> Option<Number<'_>> {
    if let Some(small) = value.as_integer() {
        return Some(Number::Small(small));
    }
    match value.object() {
        Some(Object::Float(real)) => Some(Number::Real(*real)),
        Some(Object::Int(big)) => Some(Number::Big(big)),
        Some(_) => None,
        None => is_bool(value).then(|| Number::Small(i64::from(*value == TRUE))),
    }
}

/// Whether it is `True` or `False`.
pub(crate) fn is_bool(value: &Value) -> bool {
    *value == TRUE || *value == FALSE
}

/// A reference to an integer of any size: into the reference if it fits.
pub(crate) fn from_big(value: BigInt) -> Value {
    match value.to_i64().and_then(Value::integer) {
        Some(small) => small,
        None => Value::new(Object::Int(Box::new(value))),
    }
}

/// The value of an `int` or `bool`.
pub(crate) fn to_big(value: &Value) -> Option<BigInt> {
    match view(value)? {
        Number::Small(small) => Some(BigInt::from(small)),
        Number::Big(big) => Some(big.clone()),
        Number::Real(_) => None,
    }
}

/// The value of an `int` or `bool`, if it is one and fits.
pub(crate) fn to_i64(value: &Value) -> Option<i64> {
    match view(value)? {
        Number::Small(small) => Some(small),
        Number::Big(big) => big.to_i64(),
        Number::Real(_) => None,
    }
}

/// The value of an `int` or `bool`; one that does not fit is as large, or as far below 0, as possible.
pub(crate) fn clamped(value: &Value) -> Option<i64> {
    match view(value)? {
        Number::Small(small) => Some(small),
        Number::Big(big) => Some(big.to_i64().unwrap_or(if big.is_negative() { i64::MIN } else { i64::MAX })),
        Number::Real(_) => None,
    }
}

/// `left op right` of two numbers (`int`, `float`, `bool`, in any mixture). `None`: one is no number, or the operator is none of numbers. Not
/// the in-place forms: callers map them.
pub(crate) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    use Number::{Big, Real, Small};
    match (view(left)?, view(right)?) {
        (Small(l), Small(r)) => match integer::small(operator, l, r) {
            Some(value) if is_bool(left) && is_bool(right) && is_bitwise(operator) => {
                Some(Ok(boolean(value.as_integer() == Some(1))))
            }
            Some(value) => Some(Ok(value)),
            None => integer::big(stack, operator, &BigInt::from(l), &BigInt::from(r)),
        },
        (Small(l), Big(r)) => integer::big(stack, operator, &BigInt::from(l), r),
        (Big(l), Small(r)) => integer::big(stack, operator, l, &BigInt::from(r)),
        (Big(l), Big(r)) => integer::big(stack, operator, l, r),
        (Real(l), Real(r)) => real::binary(stack, operator, l, r),
        (l, r) => {
            if !real::has(operator) {
                return None;
            }
            match (to_float(stack, l), to_float(stack, r)) {
                (Ok(l), Ok(r)) => real::binary(stack, operator, l, r),
                (Err(exception), _) | (_, Err(exception)) => Some(Err(exception)),
            }
        }
    }
}

fn is_bitwise(operator: BinaryOperator) -> bool {
    matches!(operator, BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor)
}

/// The order of two numbers. `None`: one is no number. `Some(None)`: a NaN.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    use Number::{Big, Real, Small};
    Some(match (view(left)?, view(right)?) {
        (Small(l), Small(r)) => Some(l.cmp(&r)),
        (Big(l), Big(r)) => Some(l.cmp(r)),
        // What does not fit into a reference is further from 0 than what does.
        (Small(_), Big(r)) => Some(if r.is_negative() { Ordering::Greater } else { Ordering::Less }),
        (Big(l), Small(_)) => Some(if l.is_negative() { Ordering::Less } else { Ordering::Greater }),
        (Real(l), Real(r)) => l.partial_cmp(&r),
        (Small(l), Real(r)) => compare_mixed(&BigInt::from(l), r),
        (Real(l), Small(r)) => compare_mixed(&BigInt::from(r), l).map(Ordering::reverse),
        (Big(l), Real(r)) => compare_mixed(l, r),
        (Real(l), Big(r)) => compare_mixed(r, l).map(Ordering::reverse),
    })
}

/// The order of an integer and a float, with nothing rounded: `2**53 + 1` is more than `2.0**53`.
fn compare_mixed(integer: &BigInt, real: f64) -> Option<Ordering> {
    if real.is_nan() {
        return None;
    }
    let Some(whole) = BigInt::from_f64(real.trunc()) else {
        return Some(if real > 0.0 { Ordering::Less } else { Ordering::Greater });
    };
    match integer.cmp(&whole) {
        Ordering::Equal => 0.0.partial_cmp(&real.fract()),
        order => Some(order),
    }
}

/// `hash()` of a number: equal numbers have equal ones.
pub(crate) fn hash(value: &Value) -> Option<i64> {
    let hash = match view(value)? {
        Number::Small(small) => hash_signed(small < 0, small.unsigned_abs() % MODULUS),
        Number::Big(big) => hash_signed(big.is_negative(), (big.magnitude() % MODULUS).to_u64().unwrap_or_default()),
        // CPython takes the address, so that sets of many NaNs stay fast.
        Number::Real(real) if real.is_nan() => (value.address() >> 4).cast_signed() as i64,
        Number::Real(real) => real::hash(real),
    };
    // -1 is how C functions say that there was an exception.
    Some(if hash == -1 { -2 } else { hash })
}

fn hash_signed(negative: bool, hash: u64) -> i64 {
    let hash = hash.cast_signed();
    if negative { -hash } else { hash }
}

/// `-value` of a number.
pub(crate) fn negative(_stack: &Stack, value: &Value) -> Option<Outcome> {
    Some(Ok(match view(value)? {
        Number::Small(small) => int(-small),
        Number::Big(big) => from_big(-big),
        Number::Real(real) => float(-real),
    }))
}

/// `~value` of an integer.
pub(crate) fn invert(stack: &Stack, value: &Value) -> Option<Outcome> {
    match view(value)? {
        // CPython warns, and this VM has no warnings.
        Number::Small(_) if is_bool(value) => Some(Err(refuse(stack, "~ of a bool"))),
        Number::Small(small) => Some(Ok(int(!small))),
        Number::Big(big) => Some(Ok(from_big(!big))),
        Number::Real(_) => None,
    }
}

/// `+value` of a number.
pub(crate) fn positive(value: &Value) -> Option<Value> {
    Some(match view(value)? {
        Number::Small(small) => int(small),
        _ => value.clone(),
    })
}

/// `abs(value)` of a number.
pub(crate) fn absolute(value: &Value) -> Option<Value> {
    Some(match view(value)? {
        Number::Small(small) => int(small.abs()),
        Number::Big(big) => from_big(big.abs()),
        Number::Real(real) => float(real.abs()),
    })
}

/// `repr()` of a number. A `ValueError` for an integer of too many digits.
pub(crate) fn repr(stack: &Stack, value: &Value) -> Option<Outcome<String>> {
    Some(match view(value)? {
        _ if *value == TRUE => Ok("True".to_owned()),
        _ if *value == FALSE => Ok("False".to_owned()),
        Number::Small(small) => Ok(small.to_string()),
        Number::Big(big) => decimal(stack, big),
        Number::Real(real) => Ok(repr_float(real)),
    })
}

/// The decimal digits of an integer, with its sign.
pub(crate) fn decimal(stack: &Stack, value: &BigInt) -> Outcome<String> {
    // A digit is more than 3 bits: so many are not worth the time to write them.
    if value.bits() <= MOST_DIGITS as u64 * 4 {
        let text = value.to_string();
        if text.len() - usize::from(value.is_negative()) <= MOST_DIGITS {
            return Ok(text);
        }
    }
    let text = format!(
        "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
    );
    Err(raise(stack, Error::ValueError, text))
}
