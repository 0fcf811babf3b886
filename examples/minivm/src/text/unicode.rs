//! What characters are, exactly as CPython 3.14 has it. Rust's library may know a later Unicode: what it says of a character that CPython does not
//! know yet is not asked.

use super::unicode_tables::{DECIMALS, DIGITS, HIDDEN, LETTERS, NUMERIC, TITLECASE, TITLES, UNASSIGNED};

/// Whether one of the ranges has the character.
fn is_in(ranges: &[(u32, u32)], c: char) -> bool {
    let number = u32::from(c);
    let next = ranges.partition_point(|(first, _)| *first <= number);
    next > 0 && ranges.get(next - 1).is_some_and(|(_, last)| number <= *last)
}

/// Whether it is no character in CPython's Unicode.
pub(super) fn is_unassigned(c: char) -> bool {
    !c.is_ascii() && is_in(UNASSIGNED, c)
}

/// Whether `repr()` shows it as it is.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_control() } else { !is_in(HIDDEN, c) && !is_in(UNASSIGNED, c) }
}

/// Whether `str.strip()` takes it away.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(LETTERS, c) }
}

pub(super) fn is_decimal(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(DECIMALS, c) }
}

pub(super) fn is_digit(c: char) -> bool {
    is_decimal(c) || is_in(DIGITS, c)
}

pub(super) fn is_numeric(c: char) -> bool {
    is_digit(c) || is_in(NUMERIC, c)
}

/// The value of a decimal digit of any script.
pub(crate) fn decimal_digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).map(|digit| digit as u8);
    }
    let number = u32::from(c);
    let next = DECIMALS.partition_point(|(first, _)| *first <= number);
    let (first, last) = DECIMALS.get(next.checked_sub(1)?)?;
    (number <= *last).then_some(((number - first) % 10) as u8)
}

pub(super) fn is_upper(c: char) -> bool {
    c.is_uppercase() && !is_unassigned(c)
}

pub(super) fn is_lower(c: char) -> bool {
    (c.is_lowercase() && !is_unassigned(c)) || c == NO_MORE_LOWER
}

/// The one letter that is in lower case for CPython 3.14, and no more in Unicode 17.
pub(super) const NO_MORE_LOWER: char = '\u{295}';

/// Whether it is one letter that is in upper case at the left and in lower case at the right, such as U+01C5.
pub(super) fn is_title(c: char) -> bool {
    is_in(TITLECASE, c)
}

pub(super) fn is_cased(c: char) -> bool {
    is_upper(c) || is_lower(c) || is_title(c)
}

/// `str.upper()` of a character.
pub(super) fn push_upper(text: &mut String, c: char) {
    push_mapped(text, c, c.to_uppercase());
}

/// `str.lower()` of a character that has nothing around it.
pub(super) fn push_lower(text: &mut String, c: char) {
    push_mapped(text, c, c.to_lowercase());
}

/// What a later Unicode maps it to is not there yet.
fn push_mapped(text: &mut String, c: char, mapped: impl Iterator<Item = char> + Clone) {
    if is_unassigned(c) || mapped.clone().any(is_unassigned) { text.push(c) } else { text.extend(mapped) }
}

/// `str.title()` of a character.
pub(super) fn push_title(text: &mut String, c: char) {
    match TITLES.binary_search_by_key(&c, |(of, _)| *of) {
        Ok(index) => text.push_str(TITLES.get(index).map_or("", |(_, title)| title)),
        Err(_) => push_upper(text, c),
    }
}
