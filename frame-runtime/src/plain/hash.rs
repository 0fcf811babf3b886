//! Hashes of plain objects: equal objects have equal ones, and they are the same on every run. None is CPython's.

use alloc::vec;
use alloc::vec::Vec;

use super::{Object, Value};
use crate::version::Version;

/// The hash of an object, or the name of the type that has none.
pub(super) fn of<P: Version>(object: &Object<P>) -> Result<i64, &'static str> {
    if let Some(number) = Number::of(object) {
        return Ok(number.hash());
    }
    Ok(match object {
        Object::Str(text) => of_bytes(text),
        Object::Bytes(bytes) => of_bytes(bytes),
        Object::Tuple(items) => of_sequence(1, items.iter().map(Value::hash))?,
        Object::Slice(items) => of_sequence(2, items.iter().map(Value::hash))?,
        Object::FrozenSet(items) => of_set(items.iter().map(Value::hash))?,
        Object::FrozenDict(pairs) => {
            of_set(pairs.iter().map(|(key, value)| of_sequence(3, [key.hash(), value.hash()].into_iter())))?
        }
        // Equal code objects have equal names; what else they have in common is dearer to look at.
        Object::Code(code) => code.name().hash()?,
        Object::List(_) | Object::Set(_) | Object::Dict(_) => return Err(object.type_name()),
        _ => of_bytes(object.type_name().as_bytes()),
    })
}

/// FNV-1a; -1 would say in C that there is an exception.
pub(super) fn of_bytes(bytes: &[u8]) -> i64 {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash_of(mix(hash))
}

fn of_sequence(kind: u64, hashes: impl Iterator<Item = Result<i64, &'static str>>) -> Result<i64, &'static str> {
    let mut all = kind;
    for hash in hashes {
        all = mix(all ^ hash?.cast_unsigned());
    }
    Ok(hash_of(all))
}

/// Whatever the order.
fn of_set(hashes: impl Iterator<Item = Result<i64, &'static str>>) -> Result<i64, &'static str> {
    let mut all = 0_u64;
    for hash in hashes {
        all = all.wrapping_add(mix(hash?.cast_unsigned()));
    }
    Ok(hash_of(mix(all)))
}

fn hash_of(bits: u64) -> i64 {
    if bits == u64::MAX { -2 } else { bits.cast_signed() }
}

/// Knuth's multiplier, and the high bits to the low ones.
fn mix(bits: u64) -> u64 {
    let product = (bits ^ bits >> 29).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0x5851_f42d_4c95_7f2d);
    product ^ product >> 32
}

/// A number, so that equal ones are equal whatever their types: `1`, `1.0`, `True` and `1+0j`.
#[derive(PartialEq)]
pub(super) enum Number {
    /// Whether it is below 0; digits as in [`Object::Int`].
    Integer(bool, Vec<u16>),
    Real(f64),
    Complex(f64, f64),
}

impl Number {
    /// `None` for what is no number.
    pub(super) fn of<P: Version>(object: &Object<P>) -> Option<Number> {
        Some(match object {
            Object::Bool(value) => Number::Integer(false, if *value { vec![1] } else { Vec::new() }),
            Object::Int { negative, digits } => Number::Integer(*negative, digits.to_vec()),
            Object::Float(value) => Number::of_float(*value),
            Object::Complex(real, imaginary) if *imaginary == 0.0 => Number::of_float(*real),
            Object::Complex(real, imaginary) => Number::Complex(*real, *imaginary),
            _ => return None,
        })
    }

    fn of_float(value: f64) -> Number {
        let bits = value.to_bits();
        let (fraction, raw) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
        // The value is a mantissa times 2 to the power of an exponent.
        let (mantissa, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
        let lost = exponent.min(0).unsigned_abs();
        if !value.is_finite() || (mantissa != 0 && lost > mantissa.trailing_zeros()) {
            return Number::Real(value);
        }
        let mut rest = u128::from(mantissa.checked_shr(lost).unwrap_or(0)) << (exponent.max(0) % 15);
        let mut digits = Vec::new();
        if rest != 0 {
            digits.resize(usize::try_from(exponent.max(0) / 15).unwrap_or(0), 0);
        }
        while rest != 0 {
            digits.push((rest & 0x7fff) as u16);
            rest >>= 15;
        }
        Number::Integer(value < 0.0, digits)
    }

    fn hash(&self) -> i64 {
        hash_of(match self {
            Number::Integer(negative, digits) => {
                digits.iter().fold(mix(u64::from(*negative)), |hash, digit| mix(hash ^ u64::from(*digit)))
            }
            Number::Real(value) => mix(value.to_bits()),
            // Equal ones can differ in the sign of a 0.
            Number::Complex(real, imaginary) => mix(mix((real + 0.0).to_bits()) ^ (imaginary + 0.0).to_bits()),
        })
    }
}
