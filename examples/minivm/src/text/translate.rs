//! `str.translate()`, and the tables for it that `str.maketrans()` makes.

use super::{Str, as_str};
use crate::call::between;
use crate::dict::{as_dict, new_dict};
use crate::exception::{self, Error, raise, refuse, type_error};
use crate::number::to_i64;
use crate::object::{Args, NONE, Outcome, Stack, Value, int, string};
use crate::parameters::must_be_str;
use crate::protocol;

/// `text.translate(table)`: each character becomes what the table has at its number, if it has anything.
///
/// CPython asks only once for a character of ASCII, until there is one that becomes anything else; a table that is a class of the
/// program sees that.
///
/// Source: `_PyUnicode_TranslateCharmap`, Objects/unicodeobject.c.
pub(super) fn translate(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [table] = crate::call::exactly(stack, "str.translate", args)?;
    let mut translated = String::with_capacity(text.as_str().len());
    let mut rest = text.as_str().chars().peekable();
    if text.is_ascii() {
        let mut known: [Option<Short>; 128] = [None; 128];
        while let Some(&c) = rest.peek() {
            let short = match known.get(c as usize).copied().flatten() {
                Some(short) => short,
                None => match look_up(stack, table, c)?.map_or(Some(Short::Char(c)), |found| short(&found)) {
                    Some(short) => short,
                    None => break,
                },
            };
            known[c as usize] = Some(short);
            if let Short::Char(c) = short {
                translated.push(c);
            }
            rest.next();
        }
    }
    while let Some(c) = rest.next() {
        match look_up(stack, table, c)? {
            // All that go are looked for together, and what stops them is looked up again.
            Some(found) if found == NONE => {
                while let Some(&next) = rest.peek()
                    && look_up(stack, table, next)? == Some(NONE)
                {
                    rest.next();
                }
            }
            Some(found) => push(stack, &mut translated, &found)?,
            None => translated.push(c),
        }
    }
    Ok(string(translated))
}

/// What the table has for a character.
fn look_up(stack: &Stack, table: &Value, c: char) -> Outcome<Option<Value>> {
    match protocol::get_item(stack, table, &int(u32::from(c))) {
        Ok(found) => Ok(Some(found)),
        Err(error) if exception::is(&error, Error::LookupError) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One character of ASCII, or none.
#[derive(Clone, Copy)]
enum Short {
    Char(char),
    None,
}

fn short(found: &Value) -> Option<Short> {
    if *found == NONE {
        return Some(Short::None);
    }
    let c = match as_str(found) {
        Some(text) if text.len() == 1 => text.as_str().chars().next(),
        Some(_) => None,
        None => to_i64(found).and_then(|number| u8::try_from(number).ok()).map(char::from),
    };
    c.filter(char::is_ascii).map(Short::Char)
}

/// What a character becomes: a string, the character with this number, or nothing.
fn push(stack: &Stack, text: &mut String, found: &Value) -> Outcome<()> {
    if let Some(found) = as_str(found) {
        text.push_str(found.as_str());
        return Ok(());
    }
    if *found == NONE {
        return Ok(());
    }
    if crate::number::to_big(found).is_none() {
        return Err(type_error(stack, "character mapping must return integer, None or str"));
    }
    match to_i64(found).and_then(|number| u32::try_from(number).ok()) {
        Some(0xd800..=0xdfff) => return Err(refuse(stack, "a string with a lone surrogate")),
        Some(number) if let Some(c) = char::from_u32(number) => text.push(c),
        _ => return Err(raise(stack, Error::ValueError, "character mapping must be in range(0x110000)")),
    }
    Ok(())
}

/// `str.maketrans(table)`, `str.maketrans(from, to, without="")`
pub(super) fn maketrans(stack: &Stack, args: Args<'_>) -> Outcome {
    if !args.keywords.is_empty() {
        return Err(type_error(stack, "str.maketrans() takes no keyword arguments"));
    }
    match between(stack, "maketrans", args, 1, 3)? {
        [from, rest @ ..] if !rest.is_empty() => by_characters(stack, from, rest),
        args => by_keys(stack, &args[0]),
    }
}

/// A dict whose keys are characters or numbers.
fn by_keys(stack: &Stack, given: &Value) -> Outcome {
    let Some(given) = as_dict(given) else {
        return Err(type_error(stack, "if you give only one argument to maketrans it must be a dict"));
    };
    let table = new_dict();
    for (key, value) in given.items() {
        let key = match as_str(&key) {
            Some(text) => match text.char_at(0) {
                Some((c, _)) if text.len() == 1 => int(u32::from(c)),
                _ => {
                    let text = "string keys in translatetable must be of length 1";
                    return Err(raise(stack, Error::ValueError, text));
                }
            },
            None if crate::number::to_big(&key).is_some() => key,
            None => return Err(type_error(stack, "keys in translate table mustbe strings or integers")),
        };
        set(stack, &table, key, value)?;
    }
    Ok(table)
}

/// The characters of a string become those of another; those of a third one go.
fn by_characters(stack: &Stack, from: &Value, others: &[Value]) -> Outcome {
    let must_be = |argument: &str, value: &Value| must_be_str(stack, "maketrans", argument, value);
    let Some(to) = as_str(&others[0]) else { return Err(must_be("argument 2", &others[0])) };
    let without = match others.get(1) {
        Some(value) => Some(as_str(value).ok_or_else(|| must_be("argument 3", value))?),
        None => None,
    };
    let Some(from) = as_str(from) else {
        let text = "first maketrans argument must be a string if there is a second argument";
        return Err(type_error(stack, text));
    };
    if from.len() != to.len() {
        let text = "the first two maketrans arguments must have equal length";
        return Err(raise(stack, Error::ValueError, text));
    }
    let table = new_dict();
    for (from, to) in from.as_str().chars().zip(to.as_str().chars()) {
        set(stack, &table, int(u32::from(from)), int(u32::from(to)))?;
    }
    for c in without.map_or("", Str::as_str).chars() {
        set(stack, &table, int(u32::from(c)), NONE)?;
    }
    Ok(table)
}

fn set(stack: &Stack, table: &Value, key: Value, value: Value) -> Outcome<()> {
    match as_dict(table) {
        Some(items) => items.insert(stack, key, value).map(drop),
        None => Ok(()),
    }
}
