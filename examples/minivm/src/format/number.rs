//! Numbers by a format: signs, prefixes, groups of digits.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::decimal;
use super::spec::{Align, Spec, unknown_kind};
use crate::class;
use crate::exception::{Error, raise, refuse};
use crate::number::{Number, to_float};
use crate::object::{Outcome, Stack, Value};
use crate::text::has_room;

/// `format(value, spec)` of a number, with a format that is not empty.
pub(super) fn format(stack: &Stack, value: &Value, number: Number<'_>, text: &str) -> Outcome<String> {
    let type_name = class::type_name(stack.vm(), value).into_owned();
    let is_real = matches!(number, Number::Real(_));
    let spec = Spec::parse(stack, text, &type_name, if is_real { '\0' } else { 'd' }, Align::Right)?;
    match (number, spec.kind) {
        (Number::Real(real), '\0' | 'n') => format_real(stack, real, &spec),
        (_, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => format_real(stack, to_float(stack, number)?, &spec),
        (Number::Small(small), 'b' | 'c' | 'd' | 'n' | 'o' | 'x' | 'X') => {
            format_int(stack, &BigInt::from(small), &spec)
        }
        (Number::Big(big), 'b' | 'c' | 'd' | 'n' | 'o' | 'x' | 'X') => format_int(stack, big, &spec),
        _ => Err(unknown_kind(stack, spec.kind, &type_name)),
    }
}

/// A number in parts.
struct Shown<'a> {
    negative: bool,
    /// `0x`
    prefix: &'a str,
    /// Before the point.
    digits: &'a str,
    /// The point, what is behind it, an exponent, `%`; all of it for what is no number.
    rest: &'a str,
    /// Digits in a group.
    group: usize,
}

impl Shown<'_> {
    /// Everything in its width.
    fn write(&self, stack: &Stack, spec: &Spec) -> Outcome<String> {
        let sign = match (self.negative, spec.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let front = format!("{sign}{}", self.prefix);
        let rest = grouped_fraction(self.rest, spec.fraction_grouping);
        // Zeros that fill the width are digits of the number, with separators between them.
        let zeros = spec.fill == '0' && spec.align == Align::BehindSign;
        let least = if zeros { spec.width.saturating_sub(front.len() + rest.chars().count()) } else { 0 };
        has_room(stack, least)?;
        let digits = grouped(self.digits, spec.grouping, self.group, least);
        spec.pad(stack, &front, &format!("{digits}{rest}"))
    }
}

/// Digits in groups from the right, with zeros in front up to a width.
fn grouped(digits: &str, separator: Option<char>, group: usize, width: usize) -> String {
    if digits.is_empty() {
        return String::new();
    }
    let Some(separator) = separator else {
        return format!("{}{digits}", "0".repeat(width.saturating_sub(digits.len())));
    };
    let mut reversed = String::new();
    let mut digits = digits.chars().rev().peekable();
    let mut count = 0;
    // A separator does not come first.
    while digits.peek().is_some() || reversed.len() < width {
        if count > 0 && count % group == 0 {
            reversed.push(separator);
        }
        reversed.push(digits.next().unwrap_or('0'));
        count += 1;
    }
    reversed.chars().rev().collect()
}

/// Digits behind the point in groups of three.
fn grouped_fraction(rest: &str, separator: Option<char>) -> String {
    let (Some(separator), Some(fraction)) = (separator, rest.strip_prefix('.')) else { return rest.to_owned() };
    let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    let (digits, after) = fraction.split_at(end);
    let mut grouped = String::from(".");
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == 0 {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped + after
}

/// Source: `format_long_internal`, Python/formatter_unicode.c.
fn format_int(stack: &Stack, value: &BigInt, spec: &Spec) -> Outcome<String> {
    let value_error = |text: &str| Err(raise(stack, Error::ValueError, text));
    if spec.precision.is_some() {
        return value_error("Precision not allowed in integer format specifier");
    }
    if spec.no_negative_zero {
        return value_error("Negative zero coercion (z) not allowed in integer format specifier");
    }
    if spec.kind == 'c' {
        if spec.sign.is_some() {
            return value_error("Sign not allowed with integer format specifier 'c'");
        }
        if spec.alternate {
            return value_error("Alternate form (#) not allowed with integer format specifier 'c'");
        }
        return spec.pad(stack, "", &character(stack, value)?);
    }
    digits_of(stack, value, spec, 0)
}

/// An integer in its width, with at least so many digits.
pub(super) fn digits_of(stack: &Stack, value: &BigInt, spec: &Spec, least: usize) -> Outcome<String> {
    let (prefix, radix, group) = match spec.kind {
        'b' => ("0b", 2, 4),
        'o' => ("0o", 8, 4),
        'x' => ("0x", 16, 4),
        'X' => ("0X", 16, 4),
        _ => ("", 10, 3),
    };
    let mut digits = match radix {
        10 => crate::number::decimal(stack, &value.abs())?,
        radix => value.magnitude().to_str_radix(radix),
    };
    if spec.kind == 'X' {
        digits.make_ascii_uppercase();
    }
    if digits.len() < least {
        has_room(stack, least)?;
        digits.insert_str(0, &"0".repeat(least - digits.len()));
    }
    let prefix = if spec.alternate { prefix } else { "" };
    Shown { negative: value.is_negative(), prefix, digits: &digits, rest: "", group }.write(stack, spec)
}

/// The character with this number.
pub(super) fn character(stack: &Stack, value: &BigInt) -> Outcome<String> {
    let Some(number) = value.to_i64() else {
        return Err(raise(stack, Error::OverflowError, "Python int too large to convert to C long"));
    };
    match u32::try_from(number) {
        Ok(0xd800..=0xdfff) => Err(refuse(stack, "a string with a lone surrogate")),
        Ok(number) if let Some(c) = char::from_u32(number) => Ok(c.to_string()),
        _ => Err(raise(stack, Error::OverflowError, "%c arg not in range(0x110000)")),
    }
}

/// Source: `format_float_internal`, Python/formatter_unicode.c.
pub(super) fn format_real(stack: &Stack, value: f64, spec: &Spec) -> Outcome<String> {
    match spec.precision.unwrap_or(0) {
        0..=0x3fff_ffff => {}
        0x4000_0000..=0x7fff_fffe => return Err(refuse(stack, "a precision of more than a billion digits")),
        _ => return Err(raise(stack, Error::ValueError, "precision too big")),
    }
    let value = if spec.kind == '%' { value * 100.0 } else { value };
    let mut text = digits(value, spec);
    let is_zero = !text.split('e').next().unwrap_or_default().contains(|c: char| matches!(c, '1'..='9'));
    let negative =
        value.is_sign_negative() && !value.is_nan() && !(spec.no_negative_zero && value.is_finite() && is_zero);
    if spec.kind.is_ascii_uppercase() {
        text.make_ascii_uppercase();
    }
    if spec.kind == '%' {
        text.push('%');
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Shown { negative, prefix: "", digits, rest, group: 3 }.write(stack, spec)
}

/// The size of a float as text.
fn digits(value: f64, spec: &Spec) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "nan" } else { "inf" }.to_owned();
    }
    let precision = spec.precision.unwrap_or(6);
    match spec.kind {
        'e' | 'E' => decimal::scientific(value, precision, spec.alternate),
        'f' | 'F' | '%' => decimal::fixed(value, precision, spec.alternate),
        '\0' if spec.precision.is_none() => decimal::shortest(value, spec.alternate),
        kind => decimal::significant(value, precision, spec.alternate, kind == '\0'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups() {
        let cases = [
            ("1234", Some(','), 3, 0, "1,234"),
            ("1234", Some(','), 3, 8, "0,001,234"),
            ("1234", Some(','), 3, 9, "0,001,234"),
            ("1234", Some(','), 3, 10, "00,001,234"),
            ("123", Some('_'), 3, 0, "123"),
            ("10010", Some('_'), 4, 0, "1_0010"),
            ("7", None, 3, 3, "007"),
            ("", Some(','), 3, 5, ""),
        ];
        for (digits, separator, group, width, text) in cases {
            assert_eq!(grouped(digits, separator, group, width), text);
        }
    }

    #[test]
    fn groups_of_fractions() {
        assert_eq!(grouped_fraction(".1234567e+06", Some(',')), ".123,456,7e+06");
        assert_eq!(grouped_fraction(".1234", None), ".1234");
        assert_eq!(grouped_fraction("inf", Some('_')), "inf");
    }
}
