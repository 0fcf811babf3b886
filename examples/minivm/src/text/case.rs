//! Upper and lower case, and the questions what a string consists of.

use super::Str;
use super::unicode::{
    NO_MORE_LOWER, is_cased, is_decimal, is_digit, is_letter, is_lower, is_numeric, is_printable, is_space, is_title,
    is_unassigned, is_upper, push_lower, push_title, push_upper,
};
use crate::exception::refuse;
use crate::object::{Outcome, Stack};

/// The letter that is another one at the end of a word.
const SIGMA: char = 'Σ';

/// `text.upper()`
pub(super) fn upper(_stack: &Stack, text: &Str) -> Outcome<String> {
    if text.is_ascii() {
        return Ok(text.as_str().to_ascii_uppercase());
    }
    Ok(mapped(text, push_upper))
}

/// `text.lower()`
pub(super) fn lower(stack: &Stack, text: &Str) -> Outcome<String> {
    if text.is_ascii() {
        return Ok(text.as_str().to_ascii_lowercase());
    }
    if !text.as_str().contains(SIGMA) {
        return Ok(mapped(text, push_lower));
    }
    // Rust's library sees whether a sigma is the last letter of its word, if it knows what CPython does.
    if text.as_str().chars().any(|c| is_unassigned(c) || c == NO_MORE_LOWER) {
        return Err(refuse(stack, "str.lower() of Σ among characters that changed since Unicode 16"));
    }
    Ok(text.as_str().to_lowercase())
}

fn mapped(text: &Str, push: impl Fn(&mut String, char)) -> String {
    let mut mapped = String::with_capacity(text.as_str().len());
    text.as_str().chars().for_each(|c| push(&mut mapped, c));
    mapped
}

/// Methods that lower some of the letters do not see where words end.
fn without_sigma(stack: &Stack, text: &Str) -> Outcome<()> {
    if text.as_str().contains(SIGMA) { Err(refuse(stack, "title(), capitalize() or swapcase() of Σ")) } else { Ok(()) }
}

/// `text.capitalize()`
pub(super) fn capitalize(stack: &Stack, text: &Str) -> Outcome<String> {
    without_sigma(stack, text)?;
    let mut capitalized = String::with_capacity(text.as_str().len());
    for (index, c) in text.as_str().chars().enumerate() {
        if index == 0 { push_title(&mut capitalized, c) } else { push_lower(&mut capitalized, c) }
    }
    Ok(capitalized)
}

/// `text.title()`
pub(super) fn title(stack: &Stack, text: &Str) -> Outcome<String> {
    without_sigma(stack, text)?;
    let mut titled = String::with_capacity(text.as_str().len());
    let mut in_word = false;
    for c in text.as_str().chars() {
        if in_word {
            push_lower(&mut titled, c)
        } else {
            push_title(&mut titled, c)
        }
        in_word = is_cased(c);
    }
    Ok(titled)
}

/// `text.swapcase()`
pub(super) fn swapcase(stack: &Stack, text: &Str) -> Outcome<String> {
    without_sigma(stack, text)?;
    Ok(mapped(text, |swapped, c| {
        if is_upper(c) {
            push_lower(swapped, c);
        } else if is_lower(c) {
            push_upper(swapped, c);
        } else {
            swapped.push(c);
        }
    }))
}

/// `text.casefold()`
pub(super) fn casefold(stack: &Stack, text: &Str) -> Outcome<String> {
    if text.is_ascii() {
        Ok(text.as_str().to_ascii_lowercase())
    } else {
        Err(refuse(stack, "str.casefold() beyond ASCII"))
    }
}

/// Whether there are characters, and all of them are such ones.
fn all(text: &Str, is: impl Fn(char) -> bool) -> bool {
    text.len() > 0 && text.as_str().chars().all(is)
}

pub(super) fn isalpha(text: &Str) -> bool {
    all(text, is_letter)
}

pub(super) fn isalnum(text: &Str) -> bool {
    all(text, |c| is_letter(c) || is_numeric(c))
}

pub(super) fn isdecimal(text: &Str) -> bool {
    all(text, is_decimal)
}

pub(super) fn isdigit(text: &Str) -> bool {
    all(text, is_digit)
}

pub(super) fn isnumeric(text: &Str) -> bool {
    all(text, is_numeric)
}

pub(super) fn isspace(text: &Str) -> bool {
    all(text, is_space)
}

pub(super) fn isprintable(text: &Str) -> bool {
    text.as_str().chars().all(is_printable)
}

pub(super) fn isupper(text: &Str) -> bool {
    let mut chars = text.as_str().chars();
    chars.clone().any(is_upper) && !chars.any(|c| is_lower(c) || is_title(c))
}

pub(super) fn islower(text: &Str) -> bool {
    let mut chars = text.as_str().chars();
    chars.clone().any(is_lower) && !chars.any(|c| is_upper(c) || is_title(c))
}

/// Whether words begin with letters of titles, and go on with others.
pub(super) fn istitle(text: &Str) -> bool {
    let mut in_word = false;
    let mut has_word = false;
    for c in text.as_str().chars() {
        if is_upper(c) || is_title(c) {
            if in_word {
                return false;
            }
            has_word = true;
        } else if is_lower(c) && !in_word {
            return false;
        }
        in_word = is_cased(c);
    }
    has_word
}

/// `text.isidentifier()`
pub(super) fn isidentifier(stack: &Stack, text: &Str) -> Outcome<bool> {
    if !text.is_ascii() {
        return Err(refuse(stack, "str.isidentifier() beyond ASCII"));
    }
    let mut bytes = text.as_str().bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    Ok(begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}
