//! The digits of floats as text: with a point, with an exponent, or whichever is shorter.

use crate::number::Digits;

/// What follows the digits before the point where no other do.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Dot {
    /// Nothing: `1`
    None,
    /// The point: `1.`
    Bare,
    /// `1.0`
    Zero,
}

/// `0.digits * 10**point`, without an exponent if there are at most so many digits before the point, and not too many zeros behind it. As `repr()`
/// has it: `.0` behind whole numbers, or nothing.
pub(crate) fn general(digits: &str, point: i32, most: i32, dot_zero: bool) -> String {
    let dot = if dot_zero { Dot::Zero } else { Dot::None };
    if has_exponent(point, most) { with_exponent(digits, point, Dot::None) } else { with_point(digits, point, dot) }
}

fn has_exponent(point: i32, most: i32) -> bool {
    point <= -4 || point > most
}

/// `12.5`
fn with_point(digits: &str, point: i32, dot: Dot) -> String {
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let before = usize::try_from(point).unwrap_or(0);
    let text = match digits.split_at_checked(before) {
        Some(("", digits)) => format!("0.{}{digits}", zeros(-point)),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}.", zeros(point - digits.len() as i32)),
    };
    match (text.strip_suffix('.'), dot) {
        (Some(whole), Dot::None) => whole.to_owned(),
        (Some(_), Dot::Zero) => format!("{text}0"),
        _ => text,
    }
}

/// `1.25e+01`
fn with_exponent(digits: &str, point: i32, dot: Dot) -> String {
    let (first, fraction) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let dot = if fraction.is_empty() && dot != Dot::Bare { "" } else { "." };
    let exponent = point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{dot}{fraction}e{sign}{:02}", exponent.unsigned_abs())
}

/// A finite float, without its sign, as `f` has it: so many digits behind the point.
pub(super) fn fixed(value: f64, precision: usize, alternate: bool) -> String {
    // No float has more than 1074; what comes then is 0.
    let exact = precision.min(1074);
    let mut text = format!("{:.exact$}", value.abs());
    text.extend(std::iter::repeat_n('0', precision - exact));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// The same as `e` has it: so many digits behind the point, and an exponent.
pub(super) fn scientific(value: f64, precision: usize, alternate: bool) -> String {
    let Digits { digits, point } = Digits::significant(value, precision + 1);
    with_exponent(&digits, point, if alternate { Dot::Bare } else { Dot::None })
}

/// The same as `g` has it: so many digits, of which zeros at the end go, unless it is the alternate form. `dot_zero`: it is no `g`, but a
/// precision without a type.
pub(super) fn significant(value: f64, precision: usize, alternate: bool, dot_zero: bool) -> String {
    let precision = precision.max(1);
    let Digits { digits, point } = Digits::significant(value, precision);
    // `0.0` has one digit before the point.
    let point = if value == 0.0 { 1 } else { point };
    let kept = if alternate { &*digits } else { digits.trim_end_matches('0') };
    let kept = if kept.is_empty() { "0" } else { kept };
    let most = i32::try_from(precision).unwrap_or(i32::MAX) - i32::from(dot_zero);
    let bare = if alternate { Dot::Bare } else { Dot::None };
    if has_exponent(point, most) {
        with_exponent(kept, point, bare)
    } else {
        with_point(kept, point, if dot_zero { Dot::Zero } else { bare })
    }
}

/// The same as `repr()` has it.
pub(super) fn shortest(value: f64, alternate: bool) -> String {
    let Digits { digits, point } = Digits::shortest(value);
    if alternate && has_exponent(point, 16) {
        return with_exponent(&digits, point, Dot::Bare);
    }
    general(&digits, point, 16, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presentations() {
        let cases = [
            (fixed(2.5, 0, false), "2"),
            (fixed(1.5, 0, true), "2."),
            (fixed(0.125, 2, false), "0.12"),
            (scientific(1e20, 0, true), "1.e+20"),
            (scientific(0.0, 2, false), "0.00e+00"),
            (significant(100_000.0, 3, true, false), "1.00e+05"),
            (significant(0.00001, 3, false, false), "1e-05"),
            (significant(1.0, 6, true, false), "1.00000"),
            (significant(1.0, 1, false, true), "1e+00"),
            (significant(12.0, 5, false, true), "12.0"),
            (shortest(1e16, true), "1.e+16"),
        ];
        for (text, expected) in cases {
            assert_eq!(text, expected);
        }
    }
}
