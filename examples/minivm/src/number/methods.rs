//! Methods of `int` (which `bool` has, too) and `float`.

use num_bigint::BigInt;

use super::{Number, from_big, positive, real, view};
use crate::call;
use crate::class::Type;
use crate::exception::{Error, raise};
use crate::object::{Args, Builtin, Outcome, Stack, TRUE, Value, boolean, int, tuple};
use crate::parameters::receiver;

pub(crate) static INT_METHODS: &[Builtin] = &[
    Builtin { name: "bit_count", is_method: true, call: |stack, args| int_method(stack, "bit_count", args, bit_count) },
    Builtin {
        name: "bit_length",
        is_method: true,
        call: |stack, args| int_method(stack, "bit_length", args, bit_length),
    },
    Builtin { name: "conjugate", is_method: true, call: |stack, args| int_method(stack, "conjugate", args, itself) },
    Builtin {
        name: "is_integer",
        is_method: true,
        call: |stack, args| int_method(stack, "is_integer", args, |_| TRUE),
    },
    Builtin {
        name: "as_integer_ratio",
        is_method: true,
        call: |stack, args| int_method(stack, "as_integer_ratio", args, |value| tuple([itself(value), int(1)])),
    },
];

pub(crate) static FLOAT_METHODS: &[Builtin] = &[
    Builtin {
        name: "as_integer_ratio",
        is_method: true,
        call: |stack, args| float_method(stack, "as_integer_ratio", args, |_, value| ratio(stack, value)),
    },
    Builtin {
        name: "conjugate",
        is_method: true,
        call: |stack, args| float_method(stack, "conjugate", args, |itself, _| Ok(itself.clone())),
    },
    Builtin {
        name: "hex",
        is_method: true,
        call: |stack, args| float_method(stack, "hex", args, |_, value| Ok(real::hex(value))),
    },
    Builtin {
        name: "is_integer",
        is_method: true,
        call: |stack, args| {
            float_method(stack, "is_integer", args, |_, value| Ok(boolean(value.is_finite() && value.fract() == 0.0)))
        },
    },
];

fn int_method(stack: &Stack, name: &str, args: Args<'_>, body: fn(&Value) -> Value) -> Outcome {
    let is_int = |value: &Value| matches!(view(value), Some(Number::Small(_) | Number::Big(_)));
    let (value, args) = receiver(stack, Type::Int, name, args, |value| is_int(value).then_some(value))?;
    let [] = call::exactly(stack, &format!("int.{name}"), args)?;
    Ok(body(value))
}

fn float_method(stack: &Stack, name: &str, args: Args<'_>, body: impl Fn(&Value, f64) -> Outcome) -> Outcome {
    let is_float = |value: &Value| matches!(view(value), Some(Number::Real(_)));
    let (value, args) = receiver(stack, Type::Float, name, args, |value| is_float(value).then_some(value))?;
    let [] = call::exactly(stack, &format!("float.{name}"), args)?;
    match view(value) {
        Some(Number::Real(real)) => body(value, real),
        _ => Ok(value.clone()),
    }
}

/// The number as an `int`, which a `bool` is not.
fn itself(value: &Value) -> Value {
    positive(value).unwrap_or_else(|| value.clone())
}

fn bit_length(value: &Value) -> Value {
    let bits = super::to_big(value).map_or(0, |value| value.bits());
    int(bits.cast_signed())
}

fn bit_count(value: &Value) -> Value {
    let bits = super::to_big(value).map_or(0, |value| value.magnitude().count_ones());
    int(bits.cast_signed())
}

/// Numerator and denominator, without a common factor.
fn ratio(stack: &Stack, value: f64) -> Outcome {
    if value.is_nan() {
        return Err(raise(stack, Error::ValueError, "cannot convert NaN to integer ratio"));
    }
    if value.is_infinite() {
        return Err(raise(stack, Error::OverflowError, "cannot convert Infinity to integer ratio"));
    }
    let (negative, mantissa, exponent) = real::parts(value);
    if mantissa == 0 {
        return Ok(tuple([int(0), int(1)]));
    }
    // What is left of a negative exponent after the factors 2 in the mantissa is the denominator's.
    let twos = i64::from(mantissa.trailing_zeros());
    let exponent = exponent + twos;
    let mantissa = BigInt::from(mantissa >> twos);
    let mantissa = if negative { -mantissa } else { mantissa };
    let power = |exponent: i64| BigInt::from(1) << exponent.max(0);
    Ok(tuple([from_big(mantissa * power(exponent)), from_big(power(-exponent))]))
}
