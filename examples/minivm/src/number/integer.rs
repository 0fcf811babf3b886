//! Arithmetic of integers: first as machine words, then, where these do not suffice, with `num-bigint`.

use frame_runtime::v3_14::number::BinaryOperator;
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{MOST_BITS, Number, from_big, real, to_float};
use crate::exception::{Error, raise, refuse};
use crate::object::{Outcome, Stack, Value, float, int};

/// Integers up to here are floats without rounding.
const EXACT: u64 = 1 << 53;

/// `left op right`, if the result is a machine word. `None`: the slow way has to see, which knows the errors, too.
#[inline]
pub(super) fn small(operator: BinaryOperator, left: i64, right: i64) -> Option<Value> {
    match operator {
        BinaryOperator::Add => left.checked_add(right).map(int),
        BinaryOperator::Subtract => left.checked_sub(right).map(int),
        BinaryOperator::Multiply => left.checked_mul(right).map(int),
        BinaryOperator::FloorDivide if right != 0 => Some(int(Integer::div_floor(&left, &right))),
        BinaryOperator::Remainder if right != 0 => Some(int(Integer::mod_floor(&left, &right))),
        BinaryOperator::TrueDivide if right != 0 && left.unsigned_abs() <= EXACT && right.unsigned_abs() <= EXACT => {
            Some(float(left as f64 / right as f64))
        }
        BinaryOperator::And => Some(int(left & right)),
        BinaryOperator::Or => Some(int(left | right)),
        BinaryOperator::Xor => Some(int(left ^ right)),
        BinaryOperator::Lshift => shift_left(left, right).map(int),
        BinaryOperator::Rshift if right >= 0 => Some(int(left >> right.min(63))),
        BinaryOperator::Power => left.checked_pow(u32::try_from(right).ok()?).map(int),
        _ => None,
    }
}

fn shift_left(value: i64, by: i64) -> Option<i64> {
    let by = u32::try_from(by).ok()?;
    let shifted = value.checked_shl(by)?;
    (shifted >> by == value).then_some(shifted)
}

/// `left op right` of integers of any size. `None`: integers have no such operator.
pub(super) fn big(stack: &Stack, operator: BinaryOperator, left: &BigInt, right: &BigInt) -> Option<Outcome> {
    Some(match operator {
        BinaryOperator::Add => Ok(from_big(left + right)),
        BinaryOperator::Subtract => Ok(from_big(left - right)),
        BinaryOperator::Multiply => fits(stack, left.bits() + right.bits()).map(|()| from_big(left * right)),
        BinaryOperator::FloorDivide => divisor(stack, right).map(|()| from_big(left.div_floor(right))),
        BinaryOperator::Remainder => divisor(stack, right).map(|()| from_big(left.mod_floor(right))),
        BinaryOperator::TrueDivide => true_divide(stack, left, right),
        BinaryOperator::And => Ok(from_big(left & right)),
        BinaryOperator::Or => Ok(from_big(left | right)),
        BinaryOperator::Xor => Ok(from_big(left ^ right)),
        BinaryOperator::Lshift => shift(stack, left, right, true),
        BinaryOperator::Rshift => shift(stack, left, right, false),
        BinaryOperator::Power => power(stack, left, right),
        _ => return None,
    })
}

/// Refuses integers that would take all memory.
fn fits(stack: &Stack, bits: u64) -> Outcome<()> {
    if bits <= MOST_BITS { Ok(()) } else { Err(refuse(stack, "an integer of more than 2 billion bits")) }
}

/// What is divided by must not be 0.
pub(super) fn divisor(stack: &Stack, value: &BigInt) -> Outcome<()> {
    if value.is_zero() { Err(raise(stack, Error::ZeroDivisionError, "division by zero")) } else { Ok(()) }
}

/// `left / right`: the float that is nearest to the exact quotient.
fn true_divide(stack: &Stack, left: &BigInt, right: &BigInt) -> Outcome {
    divisor(stack, right)?;
    if left.is_zero() {
        return Ok(float(if right.is_negative() { -0.0 } else { 0.0 }));
    }
    // The quotient gets some more bits than a float has; whether there is a rest decides ties.
    let shift = 66 - (left.bits().cast_signed() - right.bits().cast_signed());
    let (quotient, rest) = if shift >= 0 {
        (left.magnitude() << shift.cast_unsigned()).div_rem(right.magnitude())
    } else {
        left.magnitude().div_rem(&(right.magnitude() << shift.unsigned_abs()))
    };
    match real::nearest(&quotient, -shift, !rest.is_zero()) {
        Some(size) => Ok(float(if left.is_negative() == right.is_negative() { size } else { -size })),
        None => Err(raise(stack, Error::OverflowError, "integer division result too large for a float")),
    }
}

fn shift(stack: &Stack, value: &BigInt, by: &BigInt, to_left: bool) -> Outcome {
    if by.is_negative() {
        return Err(raise(stack, Error::ValueError, "negative shift count"));
    }
    if value.is_zero() {
        return Ok(int(0));
    }
    match (to_left, by.to_u64()) {
        (true, Some(by)) => {
            fits(stack, value.bits().saturating_add(by))?;
            Ok(from_big(value << by))
        }
        (true, None) => Err(raise(stack, Error::OverflowError, "too many digits in integer")),
        (false, Some(by)) => Ok(from_big(value >> by)),
        (false, None) => Ok(int(if value.is_negative() { -1 } else { 0 })),
    }
}

fn power(stack: &Stack, base: &BigInt, exponent: &BigInt) -> Outcome {
    if exponent.is_negative() {
        let base = to_float(stack, Number::Big(base))?;
        let exponent = to_float(stack, Number::Big(exponent))?;
        return real::power(stack, base, exponent);
    }
    // 0, 1 and -1 stay so small with any exponent.
    if base.magnitude() <= &BigUint::one() {
        let odd = exponent.is_odd();
        let positive = if exponent.is_zero() || (base.is_negative() && !odd) { BigInt::one() } else { base.clone() };
        return Ok(from_big(positive));
    }
    let exponent = exponent.to_u32().unwrap_or(u32::MAX);
    fits(stack, base.bits().saturating_mul(u64::from(exponent)))?;
    Ok(from_big(base.pow(exponent)))
}

/// `pow(base, exponent, modulus)`
pub(super) fn power_modulo(stack: &Stack, base: &BigInt, exponent: &BigInt, modulus: &BigInt) -> Outcome {
    if modulus.is_zero() {
        return Err(raise(stack, Error::ValueError, "pow() 3rd argument cannot be 0"));
    }
    if !exponent.is_negative() {
        return Ok(from_big(base.modpow(exponent, modulus)));
    }
    match base.mod_floor(&modulus.abs()).modinv(&modulus.abs()) {
        Some(inverse) => Ok(from_big(inverse.modpow(&-exponent, modulus))),
        None if modulus.magnitude().is_one() => Ok(int(0)),
        None => Err(raise(stack, Error::ValueError, "base is not invertible for the given modulus")),
    }
}

/// `round(value, digits)` with fewer than 0 digits: the nearest multiple of a power of ten, the even one of two.
pub(super) fn round(stack: &Stack, value: &BigInt, digits: i64) -> Outcome {
    if digits >= 0 {
        return Ok(from_big(value.clone()));
    }
    // A digit is more than 3 bits: half of such a power of ten is more than the value.
    if digits.unsigned_abs() > value.bits() / 3 + 2 {
        return Ok(int(0));
    }
    let Ok(digits) = u32::try_from(digits.unsigned_abs()) else {
        return Err(refuse(stack, "round() to so few digits"));
    };
    let unit = BigInt::from(10).pow(digits);
    let (quotient, rest) = value.div_mod_floor(&unit);
    let twice = rest * 2;
    let up = twice > unit || (twice == unit && quotient.is_odd());
    Ok(from_big((quotient + i32::from(up)) * unit))
}
