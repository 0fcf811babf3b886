//! What stands behind the colon: `[[fill]align][sign][z][#][0][width][grouping][.precision[grouping]][type]`.

use std::iter::Peekable;
use std::str::Chars;

use crate::exception::{Error, raise};
use crate::object::{Outcome, Stack, Value};
use crate::text::has_room;
use crate::text::unicode::decimal_digit;

/// Where the text is in its width.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Right,
    Center,
    /// At the right, with its sign at the left.
    BehindSign,
}

/// A format.
pub(super) struct Spec {
    pub(super) fill: char,
    pub(super) align: Align,
    pub(super) sign: Option<char>,
    /// `z`: what is rounded to 0 has no sign.
    pub(super) no_negative_zero: bool,
    /// `#`
    pub(super) alternate: bool,
    pub(super) width: usize,
    /// Between groups of digits.
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    /// Between groups of digits behind the point.
    pub(super) fraction_grouping: Option<char>,
    /// The type of presentation, `\0` if there is none and no default.
    pub(super) kind: char,
}

impl Spec {
    /// Reads a format for an object of this type.
    ///
    /// Source: `parse_internal_render_format_spec`, Python/formatter_unicode.c.
    pub(super) fn parse(
        stack: &Stack,
        text: &str,
        type_name: &str,
        default_kind: char,
        default_align: Align,
    ) -> Outcome<Spec> {
        let mut chars = text.chars().peekable();
        let (fill, align) = take_align(&mut chars);
        let sign = chars.next_if(|c| matches!(c, ' ' | '+' | '-'));
        let no_negative_zero = chars.next_if_eq(&'z').is_some();
        let alternate = chars.next_if_eq(&'#').is_some();
        let zero = fill.is_none() && chars.next_if_eq(&'0').is_some();
        let behind_sign = zero && default_align == Align::Right;
        let width = take_number(stack, &mut chars)?;
        let grouping = take_grouping(stack, &mut chars)?;
        let (mut precision, mut fraction_grouping) = (None, None);
        if chars.next_if_eq(&'.').is_some() {
            precision = take_number(stack, &mut chars)?;
            fraction_grouping = take_grouping(stack, &mut chars)?;
            if precision.is_none() && fraction_grouping.is_none() {
                return Err(raise(stack, Error::ValueError, "Format specifier missing precision"));
            }
        }
        let kind = chars.next().unwrap_or(default_kind);
        if chars.next().is_some() {
            let text = format!("Invalid format specifier '{text}' for object of type '{type_name}'");
            return Err(raise(stack, Error::ValueError, text));
        }
        check_grouping(stack, grouping, fraction_grouping, kind)?;
        Ok(Spec {
            fill: fill.unwrap_or(if zero { '0' } else { ' ' }),
            align: align.unwrap_or(if behind_sign { Align::BehindSign } else { default_align }),
            sign,
            no_negative_zero,
            alternate,
            width: width.unwrap_or(0),
            grouping,
            precision,
            fraction_grouping,
            kind,
        })
    }

    /// A text and what stands in front of it (a sign), in its width.
    pub(super) fn pad(&self, stack: &Stack, front: &str, text: &str) -> Outcome<String> {
        let missing = self.width.saturating_sub(front.chars().count() + text.chars().count());
        let left = match self.align {
            Align::Left => 0,
            Align::Center => missing / 2,
            Align::Right | Align::BehindSign => missing,
        };
        has_room(stack, missing.saturating_mul(self.fill.len_utf8()).saturating_add(text.len()))?;
        let fill = |count| std::iter::repeat_n(self.fill, count);
        let mut padded = String::new();
        if self.align == Align::BehindSign {
            padded.push_str(front);
            padded.extend(fill(left));
        } else {
            padded.extend(fill(left));
            padded.push_str(front);
        }
        padded.push_str(text);
        padded.extend(fill(missing - left));
        Ok(padded)
    }
}

fn take_align(chars: &mut Peekable<Chars<'_>>) -> (Option<char>, Option<Align>) {
    let align = |c: char| match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::BehindSign),
        _ => None,
    };
    let mut ahead = chars.clone();
    let (first, second) = (ahead.next(), ahead.next());
    if let (Some(fill), Some(align)) = (first, second.and_then(align)) {
        *chars = ahead;
        return (Some(fill), Some(align));
    }
    let align = first.and_then(align);
    if align.is_some() {
        chars.next();
    }
    (None, align)
}

/// A number without a sign, in digits of any script.
fn take_number(stack: &Stack, chars: &mut Peekable<Chars<'_>>) -> Outcome<Option<usize>> {
    let mut number: Option<usize> = None;
    while let Some(digit) = chars.peek().copied().and_then(decimal_digit) {
        chars.next();
        let more = number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(usize::from(digit)));
        match more.filter(|number| *number <= isize::MAX as usize) {
            Some(more) => number = Some(more),
            None => return Err(raise(stack, Error::ValueError, "Too many decimal digits in format string")),
        }
    }
    Ok(number)
}

fn take_grouping(stack: &Stack, chars: &mut Peekable<Chars<'_>>) -> Outcome<Option<char>> {
    let Some(grouping) = chars.next_if(|c| matches!(c, ',' | '_')) else { return Ok(None) };
    let other = if grouping == ',' { '_' } else { ',' };
    if chars.peek() == Some(&other) {
        return Err(raise(stack, Error::ValueError, "Cannot specify both ',' and '_'."));
    }
    Ok(Some(grouping))
}

/// Not all types have groups of digits.
fn check_grouping(stack: &Stack, grouping: Option<char>, fraction: Option<char>, kind: char) -> Outcome<()> {
    let allowed = |grouping| match kind {
        'd' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' | '\0' => true,
        'b' | 'o' | 'x' | 'X' => grouping == '_',
        _ => false,
    };
    let fault = match (grouping, fraction) {
        (Some(grouping), _) if !allowed(grouping) => grouping,
        (_, Some(fraction)) if kind == 'n' => fraction,
        _ => return Ok(()),
    };
    Err(raise(stack, Error::ValueError, format!("Cannot specify '{fault}' with '{}'.", shown(kind))))
}

/// A character in a message.
pub(super) fn shown(c: char) -> String {
    if ('!'..='\x7f').contains(&c) { c.to_string() } else { format!("\\x{:x}", u32::from(c)) }
}

/// What is raised for a type of presentation that a type of objects does not have.
pub(super) fn unknown_kind(stack: &Stack, kind: char, type_name: &str) -> Value {
    let text = format!("Unknown format code '{}' for object of type '{type_name}'", shown(kind));
    raise(stack, Error::ValueError, text)
}
