//! Floats: their arithmetic, the way from integers, their digits.

use frame_runtime::v3_14::number::BinaryOperator;
use num_bigint::BigUint;
use num_traits::{Signed, ToPrimitive};

use super::Number;
use crate::exception::{Error, raise, raise_with, refuse};
use crate::object::{Outcome, Stack, Value, float, int, string};

/// Bits of a float, with the one that is not written.
const BITS: i64 = 53;
/// The exponent of the smallest float.
const LEAST: i64 = -1074;
/// Floats are less than 2 to this.
const MOST: i64 = 1024;

/// Whether floats have an operator.
pub(super) fn has(operator: BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(operator, B::Add | B::Subtract | B::Multiply | B::TrueDivide | B::FloorDivide | B::Remainder | B::Power)
}

/// `left op right`. `None`: floats have no such operator.
pub(super) fn binary(stack: &Stack, operator: BinaryOperator, left: f64, right: f64) -> Option<Outcome> {
    Some(match operator {
        BinaryOperator::Add => Ok(float(left + right)),
        BinaryOperator::Subtract => Ok(float(left - right)),
        BinaryOperator::Multiply => Ok(float(left * right)),
        BinaryOperator::TrueDivide => divisor(stack, right).map(|()| float(left / right)),
        BinaryOperator::FloorDivide => divide(stack, left, right).map(|(quotient, _)| float(quotient)),
        BinaryOperator::Remainder => divide(stack, left, right).map(|(_, rest)| float(rest)),
        BinaryOperator::Power => power(stack, left, right),
        _ => return None,
    })
}

fn divisor(stack: &Stack, value: f64) -> Outcome<()> {
    if value == 0.0 { Err(raise(stack, Error::ZeroDivisionError, "division by zero")) } else { Ok(()) }
}

/// `divmod(left, right)`: the rest has the sign of what is divided by.
///
/// Source: `_float_div_mod`, Objects/floatobject.c.
pub(super) fn divide(stack: &Stack, left: f64, right: f64) -> Outcome<(f64, f64)> {
    divisor(stack, right)?;
    let mut rest = left % right;
    let mut quotient = (left - rest) / right;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(right);
    } else if (right < 0.0) != (rest < 0.0) {
        rest += right;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return Ok((0.0_f64.copysign(left / right), rest));
    }
    let floor = quotient.floor();
    Ok((if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest))
}

/// `left ** right`
pub(super) fn power(stack: &Stack, left: f64, right: f64) -> Outcome {
    if left == 0.0 && right < 0.0 && right.is_finite() {
        return Err(raise(stack, Error::ZeroDivisionError, "zero to a negative power"));
    }
    if left < 0.0 && left.is_finite() && right.is_finite() && right.fract() != 0.0 {
        return Err(refuse(stack, "a power that is a complex number"));
    }
    let power = left.powf(right);
    if power.is_infinite() && left.is_finite() && right.is_finite() {
        let args = [int(34), string("Numerical result out of range")];
        return Err(raise_with(stack, Error::OverflowError, &args));
    }
    Ok(float(power))
}

/// A number as a float. An `OverflowError` for an integer that is too large.
pub(crate) fn to_float(stack: &Stack, number: Number<'_>) -> Outcome<f64> {
    match number {
        Number::Small(small) => Ok(small as f64),
        Number::Real(real) => Ok(real),
        Number::Big(big) => match nearest(big.magnitude(), 0, false) {
            Some(size) => Ok(if big.is_negative() { -size } else { size }),
            None => Err(raise(stack, Error::OverflowError, "int too large to convert to float")),
        },
    }
}

/// The float that is nearest to `mantissa * 2**exponent`, the even one of two; `more`: it is of a number that is a bit larger, by less than the
/// last bit of a mantissa that has more bits than a float. `None`: too large.
pub(super) fn nearest(mantissa: &BigUint, exponent: i64, more: bool) -> Option<f64> {
    let bits = mantissa.bits().cast_signed();
    let top = bits + exponent;
    if bits == 0 || top < LEAST {
        return Some(0.0);
    }
    if top > MOST {
        return None;
    }
    // Small ones have fewer bits.
    let kept = BITS.min(top - LEAST);
    let dropped = bits - kept;
    if dropped <= 0 {
        return Some(scaled(mantissa.to_u64()?, exponent));
    }
    let dropped = dropped.cast_unsigned();
    let whole = (mantissa >> dropped).to_u64()?;
    let half = mantissa.bit(dropped - 1);
    let more = more || mantissa.trailing_zeros().is_some_and(|zeros| zeros < dropped - 1);
    let up = half && (more || whole % 2 == 1);
    let size = scaled(whole + u64::from(up), exponent + dropped.cast_signed());
    size.is_finite().then_some(size)
}

/// `mantissa * 2**exponent`, which is a float, or too large.
fn scaled(mantissa: u64, exponent: i64) -> f64 {
    // Twice, since 2**-1074 is no factor that all bits survive.
    let half = exponent / 2;
    mantissa as f64 * power_of_two(half) * power_of_two(exponent - half)
}

/// 2 to an exponent of -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits((exponent + 1023).cast_unsigned() << 52)
}

/// Sign, mantissa and exponent: a finite float is `mantissa * 2**exponent`.
pub(super) fn parts(value: f64) -> (bool, u64, i64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff).cast_signed();
    let fraction = bits & ((1 << 52) - 1);
    match exponent {
        0 => (value.is_sign_negative(), fraction, LEAST),
        _ => (value.is_sign_negative(), fraction | 1 << 52, exponent - 1 + LEAST),
    }
}

/// `hash()` of a float that is a number: equal to that of an equal integer.
pub(super) fn hash(value: f64) -> i64 {
    if value.is_infinite() {
        return if value > 0.0 { 314_159 } else { -314_159 };
    }
    let (negative, mantissa, exponent) = parts(value);
    // Two to the 61st is 1 modulo 2**61 - 1: bits that leave at the top come in again below.
    let by = exponent.rem_euclid(61).cast_unsigned();
    let product = u128::from(mantissa) << by;
    let hash = (product % u128::from(super::MODULUS)) as u64;
    super::hash_signed(negative, hash)
}

/// The decimal digits of a float that is a number, without its sign: `0.digits * 10**point`.
pub(crate) struct Digits {
    pub(crate) digits: String,
    pub(crate) point: i32,
}

impl Digits {
    /// No float has more digits, and what comes then is 0.
    const MOST: usize = 767;

    /// The fewest digits that no other float is nearer to; of two that are as near, the even ones.
    pub(crate) fn shortest(value: f64) -> Digits {
        let digits = Digits::read(&format!("{:e}", value.abs()));
        let count = digits.digits.len();
        if count < 16 {
            return digits;
        }
        // Rust's library takes the larger ones of two that are as near. Rounding to as many digits takes the even ones, but may be another float.
        let even = format!("{:.*e}", count - 1, value.abs());
        if even.parse() == Ok(value.abs()) { Digits::read(&even) } else { digits }
    }

    /// So many digits, of 1 to any number, correctly rounded.
    pub(crate) fn significant(value: f64, count: usize) -> Digits {
        let exact = count.clamp(1, Digits::MOST);
        let mut digits = Digits::read(&format!("{:.*e}", exact - 1, value.abs()));
        digits.digits.extend(std::iter::repeat_n('0', count.saturating_sub(exact)));
        digits
    }

    /// `d.ddde-5`
    fn read(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits = mantissa.replace('.', "");
        Digits { digits, point: exponent.parse::<i32>().unwrap_or_default() + 1 }
    }
}

/// `repr()` of a `float`.
pub(crate) fn repr(value: f64) -> String {
    if !value.is_finite() {
        let text = if value.is_nan() {
            "nan"
        } else if value < 0.0 {
            "-inf"
        } else {
            "inf"
        };
        return text.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let Digits { digits, point } = Digits::shortest(value);
    format!("{sign}{}", crate::format::general(&digits, point, 16, true))
}

/// `round(value, digits)`
pub(super) fn round(stack: &Stack, value: f64, digits: i64) -> Outcome {
    // Beyond these nothing changes, or nothing is left.
    if !value.is_finite() || digits > 323 {
        return Ok(float(value));
    }
    if digits < -308 {
        return Ok(float(0.0_f64.copysign(value)));
    }
    let rounded = match usize::try_from(digits) {
        Ok(digits) => format!("{value:.digits$}"),
        Err(_) => round_before_point(value, digits),
    };
    match rounded.parse::<f64>() {
        Ok(rounded) if rounded.is_finite() => Ok(float(rounded)),
        _ => Err(raise(stack, Error::OverflowError, "rounded value too large to represent")),
    }
}

/// The decimal text of a float rounded to fewer than 0 digits.
fn round_before_point(value: f64, digits: i64) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let exact = Digits::significant(value, Digits::MOST);
    let kept = i64::from(exact.point) + digits;
    match usize::try_from(kept) {
        Ok(kept) if kept > 0 => {
            let Digits { digits, point } = Digits::significant(value, kept);
            format!("{sign}0.{digits}e{point}")
        }
        // No digit stays. Half of the unit goes to 0, which is even, what is more to 1.
        _ => {
            let up = kept == 0 && exact.digits.trim_end_matches('0') > "5";
            format!("{sign}{}e{}", u8::from(up), -digits)
        }
    }
}

/// The nearest integer, the even one of two.
pub(super) fn round_to_int(stack: &Stack, value: f64) -> Outcome {
    to_int(stack, value.round_ties_even())
}

/// `int(value)`
pub(super) fn to_int(stack: &Stack, value: f64) -> Outcome {
    use num_traits::FromPrimitive;
    if value.is_nan() {
        return Err(raise(stack, Error::ValueError, "cannot convert float NaN to integer"));
    }
    match num_bigint::BigInt::from_f64(value.trunc()) {
        Some(integer) => Ok(super::from_big(integer)),
        None => Err(raise(stack, Error::OverflowError, "cannot convert float infinity to integer")),
    }
}

/// `value.hex()`
///
/// Source: `float_hex_impl`, Objects/floatobject.c.
pub(super) fn hex(value: f64) -> Value {
    if !value.is_finite() {
        return string(repr(value));
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return string(format!("{sign}0x0.0p+0"));
    }
    let (_, mantissa, exponent) = parts(value);
    let (first, fraction) = (mantissa >> 52, mantissa & ((1 << 52) - 1));
    string(format!("{sign}0x{first}.{fraction:013x}p{:+}", exponent + 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_digits() {
        let cases = [
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (5e-324, "5e-324"),
            (-0.0, "-0.0"),
            // As near to the digits that end in 3.
            (14_111_369_266_553_346.0 / 8.0, "1763921158319168.2"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(repr(value), text);
        }
    }

    #[test]
    fn nearest_rounds_once() {
        let one = BigUint::from(1_u32);
        let at = |bits: u64| &one << bits;
        // Halves go to the even one, and what is a bit more does not.
        assert_eq!(nearest(&(at(53) + 1_u32), 0, false), Some(9_007_199_254_740_992.0));
        assert_eq!(nearest(&(at(53) + 1_u32), 0, true), Some(9_007_199_254_740_994.0));
        // The smallest float, and half of it.
        assert_eq!(nearest(&one, -1074, false), Some(5e-324));
        assert_eq!(nearest(&at(66), -1075 - 66, false), Some(0.0));
        assert_eq!(nearest(&at(66), -1075 - 66, true), Some(5e-324));
        // The largest one, and what rounds to more.
        assert_eq!(nearest(&(at(1024) - at(970) - 1_u32), 0, false), Some(f64::MAX));
        assert_eq!(nearest(&(at(1024) - at(970)), 0, false), None);
    }

    #[test]
    fn hash_of_integers_and_halves() {
        assert_eq!(hash(1.0), 1);
        assert_eq!(hash(0.5), 1 << 60);
        assert_eq!(hash(2_f64.powi(61)), 1);
        assert_eq!(hash(-1e308), -156_575_653_125_701);
    }
}
