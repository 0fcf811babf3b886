//! Constants as Python's `repr` shows them; long ones are cut off.

use std::fmt::Write as _;

use frame_runtime::code::Code;
use frame_runtime::plain::{Object, Plain, Value};
use frame_runtime::version::Version;

use crate::text::{code_points, is_printable, push_escaped, shown};

/// Characters of a constant that are shown.
const LONGEST: usize = 2000;

/// 15-bit digits of an `int` that is shown in decimal; a longer one is in hexadecimal, which takes less time.
const DECIMAL_DIGITS: usize = 400;

/// What `repr` makes of a constant. Members of a set are in the order of the file, and a code object has no address.
pub(crate) fn repr<P: Version>(value: &Value<P>) -> String {
    let mut text = Cut { text: String::new() };
    if push(&mut text, value).is_err() {
        let end = text.text.char_indices().nth(LONGEST).map_or(text.text.len(), |(end, _)| end);
        text.text.truncate(end);
        text.text.push('…');
    }
    text.text
}

/// A code object, without its address.
pub(crate) fn code<P: Version>(code: &Code<Plain<P>>) -> String {
    let (name, file) = (name_of(code.name()), name_of(code.filename()));
    format!("<code object {name}, file \"{file}\", line {}>", code.firstlineno())
}

/// A name for people.
pub(crate) fn name_of<P: Version>(value: &Value<P>) -> String {
    match value.object() {
        Object::Str(text) => shown(text),
        other => other.type_name().to_owned(),
    }
}

/// It is long enough.
struct Full;

struct Cut {
    text: String,
}

impl Cut {
    fn push(&mut self, text: &str) -> Result<(), Full> {
        self.text.push_str(text);
        if self.text.len() > 4 * LONGEST || self.text.chars().count() > LONGEST { Err(Full) } else { Ok(()) }
    }
}

/// It goes as deep as objects are nested: no deeper than the text is long, since each level begins with some.
fn push<P: Version>(text: &mut Cut, value: &Value<P>) -> Result<(), Full> {
    match value.object() {
        Object::None => text.push("None"),
        Object::Bool(true) => text.push("True"),
        Object::Bool(false) => text.push("False"),
        Object::Ellipsis => text.push("Ellipsis"),
        Object::StopIteration => text.push("<class 'StopIteration'>"),
        Object::Int { negative, digits } => text.push(&int(*negative, digits)),
        Object::Float(value) => text.push(&float(*value, ".0")),
        Object::Complex(real, imaginary) => text.push(&complex(*real, *imaginary)),
        Object::Str(content) => push_str(text, content),
        Object::Bytes(content) => push_bytes(text, content),
        Object::Tuple(items) if items.len() == 1 => push_items(text, "(", items, ",)"),
        Object::Tuple(items) => push_items(text, "(", items, ")"),
        Object::List(items) => push_items(text, "[", items, "]"),
        Object::Set(items) if items.is_empty() => text.push("set()"),
        Object::Set(items) => push_items(text, "{", items, "}"),
        Object::FrozenSet(items) if items.is_empty() => text.push("frozenset()"),
        Object::FrozenSet(items) => push_items(text, "frozenset({", items, "})"),
        Object::Dict(pairs) => push_pairs(text, "{", pairs, "}"),
        Object::FrozenDict(pairs) if pairs.is_empty() => text.push("frozendict()"),
        Object::FrozenDict(pairs) => push_pairs(text, "frozendict({", pairs, "})"),
        Object::Slice(items) => push_items(text, "slice(", &items[..], ")"),
        Object::Code(found) => text.push(&code(found)),
        other => text.push(other.type_name()),
    }
}

fn push_items<P: Version>(text: &mut Cut, open: &str, items: &[Value<P>], close: &str) -> Result<(), Full> {
    text.push(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(", ")?;
        }
        push(text, item)?;
    }
    text.push(close)
}

fn push_pairs<P: Version>(text: &mut Cut, open: &str, pairs: &[(Value<P>, Value<P>)], close: &str) -> Result<(), Full> {
    text.push(open)?;
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push(", ")?;
        }
        push(text, key)?;
        text.push(": ")?;
        push(text, value)?;
    }
    text.push(close)
}

/// The quote that Python takes: `'`, unless only that one is in the text.
fn quote(text: &[u8]) -> char {
    if text.contains(&b'\'') && !text.contains(&b'"') { '"' } else { '\'' }
}

fn push_str(text: &mut Cut, content: &[u8]) -> Result<(), Full> {
    let quote = quote(content);
    let mut shown = String::from(quote);
    for point in code_points(content).take(LONGEST) {
        match char::from_u32(point) {
            Some(character) if character == quote || character == '\\' => shown.extend(['\\', character]),
            Some(character) if is_printable(character) => shown.push(character),
            _ => push_escaped(&mut shown, point),
        }
    }
    shown.push(quote);
    text.push(&shown)?;
    if content.len() > 4 * LONGEST { Err(Full) } else { Ok(()) }
}

fn push_bytes(text: &mut Cut, content: &[u8]) -> Result<(), Full> {
    let quote = quote(content);
    let mut shown = format!("b{quote}");
    for byte in content.iter().take(LONGEST) {
        match byte {
            b' '..=b'~' if char::from(*byte) == quote || *byte == b'\\' => shown.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => shown.push(char::from(*byte)),
            _ => push_escaped(&mut shown, u32::from(*byte)),
        }
    }
    shown.push(quote);
    text.push(&shown)
}

fn int(negative: bool, digits: &[u16]) -> String {
    let mut text = String::from(if negative { "-" } else { "" });
    if digits.len() > DECIMAL_DIGITS {
        // The bits in fours instead of fifteens, from the top.
        let bits = digits.iter().rev().flat_map(|digit| (0..15).rev().map(move |bit| digit >> bit & 1));
        let missing = (4 - digits.len() * 15 % 4) % 4;
        let bits: Vec<u16> = std::iter::repeat_n(0, missing).chain(bits).take(4 * LONGEST).collect();
        let mut hexadecimal = String::new();
        for four in bits.chunks(4) {
            let _ = write!(hexadecimal, "{:x}", four.iter().fold(0, |digit, bit| digit << 1 | bit));
        }
        return text + "0x" + hexadecimal.trim_start_matches('0');
    }
    // Groups of four decimal digits, the low one first.
    let mut groups = vec![0_u32];
    for digit in digits.iter().rev() {
        let mut carry = u32::from(*digit);
        for group in &mut groups {
            let value = (*group << 15) + carry;
            (*group, carry) = (value % 10_000, value / 10_000);
        }
        while carry != 0 {
            groups.push(carry % 10_000);
            carry /= 10_000;
        }
    }
    for (index, group) in groups.iter().rev().enumerate() {
        let _ = if index == 0 { write!(text, "{group}") } else { write!(text, "{group:04}") };
    }
    text
}

/// The shortest digits that mean the number; `whole` goes behind a number that would look like an `int`.
///
/// Source: `float_repr_style` short, `PyOS_double_to_string` with `r`, Python/pystrtod.c.
fn float(value: f64, whole: &str) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "nan".to_owned() } else { format!("{value}") };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + whole };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn complex(real: f64, imaginary: f64) -> String {
    let last = float(imaginary, "");
    if real == 0.0 && real.is_sign_positive() {
        return format!("{last}j");
    }
    let sign = if last.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{last}j)", float(real, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_pythons() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, wanted) in cases {
            assert_eq!(float(value, ".0"), wanted);
        }
        assert_eq!(complex(0.0, 1.0), "1j");
        assert_eq!(complex(-0.0, 1.0), "(-0+1j)");
        assert_eq!(complex(1.5, -0.0), "(1.5-0j)");
        assert_eq!(complex(0.0, 1e16), "1e+16j");
        assert_eq!(complex(1.0, f64::NAN), "(1+nanj)");
    }

    #[test]
    fn ints_are_pythons() {
        assert_eq!(int(false, &[]), "0");
        assert_eq!(int(true, &[1]), "-1");
        assert_eq!(int(false, &[0x7fff, 0x7fff]), "1073741823");
        assert_eq!(int(false, &[0, 0, 0, 0, 0, 0, 1 << 10]), (1_u128 << 100).to_string());
        assert_eq!(int(false, &[0, 1 << 5]), (1 << 20).to_string());
        assert!(int(true, &[1; 401]).starts_with("-0x1000200040008001"));
    }
}
