//! `int()`, `float()` and `bool()`, and the numbers in strings.

use num_bigint::BigInt;

use super::{MOST_DIGITS, Number, clamped, from_big, is_bool, real, to_float, view};
use crate::exception::{Error, raise, refuse, type_error};
use crate::object::{Args, FALSE, Object, Outcome, Stack, Value, boolean, float, int};
use crate::parameters::named;
use crate::text::unicode::{decimal_digit, is_space};
use crate::{bytes, call, class, protocol, text};

/// `bool(value)`
pub(crate) fn construct_bool(stack: &Stack, args: Args<'_>) -> Outcome {
    match call::between(stack, "bool", args, 0, 1)? {
        [value, ..] => protocol::truth(stack, value).map(boolean),
        [] => Ok(FALSE),
    }
}

/// `int(value)`, `int(text, base)`
pub(crate) fn construct_int(stack: &Stack, args: Args<'_>) -> Outcome {
    if args.keywords.is_empty() {
        call::between(stack, "int", args, 0, 2)?;
    }
    match named(stack, "int", ["", "base"], 0, args)? {
        [Some(value), None] => from_value(stack, value),
        [Some(value), Some(base)] => from_text_in(stack, value, base),
        [None, Some(_)] => Err(type_error(stack, "int() missing string argument")),
        [None, None] => Ok(int(0)),
    }
}

fn from_value(stack: &Stack, value: &Value) -> Outcome {
    match view(value) {
        Some(Number::Small(small)) => return Ok(int(small)),
        Some(Number::Big(_)) => return Ok(value.clone()),
        Some(Number::Real(real)) => return real::to_int(stack, real),
        None => {}
    }
    if let Some(source) = Source::of(value) {
        return parse_int(stack, &source, 10);
    }
    if let Some(method) = class::special(stack.vm(), value, &stack.vm().names.__int__) {
        let made = call::call(stack, &method, std::slice::from_ref(value))?;
        return integer_of(stack, made);
    }
    if class::special(stack.vm(), value, &stack.vm().names.__index__).is_some() {
        return protocol::index(stack, value);
    }
    let name = class::type_name(stack.vm(), value).into_owned();
    let text = format!("int() argument must be a string, a bytes-like object or a real number, not '{name}'");
    Err(type_error(stack, text))
}

/// What `__int__` returned must be an `int`.
fn integer_of(stack: &Stack, made: Value) -> Outcome {
    match view(&made) {
        // CPython warns, and this VM has no warnings.
        Some(Number::Small(_)) if is_bool(&made) => Err(refuse(stack, "a method __int__ that returns a bool")),
        Some(Number::Small(_) | Number::Big(_)) => Ok(made),
        _ => {
            let name = class::type_name(stack.vm(), &made).into_owned();
            Err(type_error(stack, format!("__int__ returned non-int (type {name})")))
        }
    }
}

fn from_text_in(stack: &Stack, value: &Value, base: &Value) -> Outcome {
    let base = protocol::index(stack, base)?;
    let base = match clamped(&base) {
        Some(0) => 0,
        Some(base @ 2..=36) => base.unsigned_abs() as u32,
        _ => return Err(raise(stack, Error::ValueError, "int() base must be >= 2 and <= 36, or 0")),
    };
    match Source::of(value) {
        Some(source) => parse_int(stack, &source, base),
        None => Err(type_error(stack, "int() can't convert non-string with explicit base")),
    }
}

/// A text that a number is read from.
struct Source<'a> {
    value: &'a Value,
    /// With digits and spaces of all scripts as those of ASCII, without spaces around. Other characters are some that no number has.
    plain: String,
}

impl<'a> Source<'a> {
    /// The text of a `str` or `bytes`.
    fn of(value: &'a Value) -> Option<Self> {
        let plain: String = match value.object()? {
            Object::Str(text) if text.is_ascii() => text.as_str().to_owned(),
            Object::Str(text) => text.as_str().chars().map(plain_char).collect(),
            Object::Bytes(bytes) => {
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
            }
            _ => return None,
        };
        // The separators of ASCII are spaces elsewhere.
        Some(Source { value, plain: plain.trim_matches(bytes::is_space).to_owned() })
    }

    /// How an error shows it.
    fn repr(&self) -> String {
        match self.value.object() {
            Some(Object::Str(source)) => text::repr(source.as_str()),
            Some(Object::Bytes(source)) => bytes::repr(source),
            _ => String::new(),
        }
    }
}

fn plain_char(c: char) -> char {
    match decimal_digit(c) {
        _ if c.is_ascii() => c,
        Some(digit) => char::from(b'0' + digit),
        None if is_space(c) => ' ',
        None => '?',
    }
}

fn parse_int(stack: &Stack, source: &Source<'_>, base: u32) -> Outcome {
    let invalid = || {
        // CPython shows 200 characters of it.
        let shown: String = source.repr().chars().take(200).collect();
        raise(stack, Error::ValueError, format!("invalid literal for int() with base {base}: {shown}"))
    };
    let (negative, unsigned) = split_sign(&source.plain);
    let (radix, digits) = split_prefix(unsigned, base).ok_or_else(invalid)?;
    let digits = without_underscores(digits, |c| c.is_digit(radix)).ok_or_else(invalid)?;
    // In base 0 a decimal number has no zeros in front.
    if base == 0 && radix == 10 && digits.starts_with('0') && digits.contains(|c| c != '0') {
        return Err(invalid());
    }
    if !radix.is_power_of_two() && digits.len() > MOST_DIGITS {
        let text = format!(
            "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        );
        return Err(raise(stack, Error::ValueError, text));
    }
    let size = BigInt::parse_bytes(digits.as_bytes(), radix).ok_or_else(invalid)?;
    Ok(from_big(if negative { -size } else { size }))
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The base, and the digits after `0x` and the like, which stands there if the base is that, or 0. `None`: an underscore is in a wrong place.
fn split_prefix(text: &str, base: u32) -> Option<(u32, &str)> {
    for (radix, small, large) in [(16, "0x", "0X"), (8, "0o", "0O"), (2, "0b", "0B")] {
        let rest = text.strip_prefix(small).or_else(|| text.strip_prefix(large));
        if let (Some(rest), true) = (rest, base == 0 || base == radix) {
            // One underscore may follow.
            return Some((radix, rest.strip_prefix('_').unwrap_or(rest)));
        }
    }
    Some((if base == 0 { 10 } else { base }, text))
}

/// Digits, of which each two may have an underscore between them. `None`: something else is there, or nothing.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    let mut after_digit = false;
    for c in text.chars() {
        match c {
            '_' if after_digit => after_digit = false,
            _ if is_digit(c) => {
                digits.push(c);
                after_digit = true;
            }
            _ => return None,
        }
    }
    after_digit.then_some(digits)
}

/// `float(value)`
pub(crate) fn construct_float(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value, ..] = call::between(stack, "float", args, 0, 1)? else { return Ok(float(0.0)) };
    if let Some(number) = view(value) {
        return to_float(stack, number).map(float);
    }
    if let Some(source) = Source::of(value) {
        return match parse_float(&source.plain) {
            Some(parsed) => Ok(float(parsed)),
            None => {
                let text = format!("could not convert string to float: {}", source.repr());
                Err(raise(stack, Error::ValueError, text))
            }
        };
    }
    if let Some(method) = class::special(stack.vm(), value, &stack.vm().names.__float__) {
        let made = call::call(stack, &method, std::slice::from_ref(value))?;
        if let Some(Object::Float(_)) = made.object() {
            return Ok(made);
        }
        let (vm, made) = (stack.vm(), &made);
        let (name, made) = (class::type_name(vm, value).into_owned(), class::type_name(vm, made).into_owned());
        return Err(type_error(stack, format!("{name}.__float__ returned non-float (type {made})")));
    }
    if class::special(stack.vm(), value, &stack.vm().names.__index__).is_some() {
        let index = protocol::index(stack, value)?;
        return match view(&index) {
            Some(number) => to_float(stack, number).map(float),
            None => Ok(index),
        };
    }
    let name = class::type_name(stack.vm(), value).into_owned();
    Err(type_error(stack, format!("float() argument must be a string or a real number, not '{name}'")))
}

/// `[sign] digits [. digits] [e [sign] digits]`, `inf`, `nan`; underscores between digits.
fn parse_float(text: &str) -> Option<f64> {
    let (negative, unsigned) = split_sign(text);
    let size = match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        decimal => parse_decimal(decimal)?,
    };
    Some(if negative { -size } else { size })
}

fn parse_decimal(text: &str) -> Option<f64> {
    let is_digit = |c: char| c.is_ascii_digit();
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (negative, digits) = split_sign(exponent);
            let digits = without_underscores(digits, is_digit)?;
            (mantissa, format!("{}{digits}", if negative { "-" } else { "" }))
        }
        None => (text, "0".to_owned()),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |part: &str| if part.is_empty() { Some("0".to_owned()) } else { without_underscores(part, is_digit) };
    format!("{}.{}e{exponent}", digits(whole)?, digits(fraction)?).parse().ok()
}
