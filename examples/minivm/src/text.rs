//! `str`: what a string is, its parts, how it is written. Its methods are in [`methods`].

mod case;
mod codec;
mod layout;
mod methods;
mod search;
mod split;
mod translate;
pub(crate) mod unicode;
#[rustfmt::skip]
mod unicode_tables;

use std::cell::Cell;
use std::fmt::Write;

use crate::exception::{Error, raise, raise_with, refuse, type_error};
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value, int, string};
use crate::parameters::named;
use crate::{call, class, number, protocol, sequence};

pub(crate) use codec::decode;
pub(crate) use methods::METHODS;

/// The text of a `str`, with its hash once somebody asked for it.
pub(crate) struct Str {
    text: Box<str>,
    /// Characters: as many as bytes if all are of ASCII, whose places are then known.
    len: usize,
    /// 0: not known yet.
    hash: Cell<u64>,
}

impl Str {
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let len = if text.is_ascii() { text.len() } else { text.chars().count() };
        Str { text, len, hash: Cell::new(0) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Characters.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.len == self.text.len()
    }

    /// 0 only if it is empty.
    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        if self.hash.get() == 0 {
            self.hash.set(hash_bytes(self.text.as_bytes()));
        }
        self.hash.get()
    }

    /// Where a character begins; the end of the text for all that are beyond it.
    fn offset(&self, index: usize) -> usize {
        if self.is_ascii() {
            return index.min(self.text.len());
        }
        self.text.char_indices().nth(index).map_or(self.text.len(), |(offset, _)| offset)
    }

    /// The character that begins at an offset in bytes, and where the next one does.
    #[inline]
    pub(crate) fn char_at(&self, offset: usize) -> Option<(char, usize)> {
        let c = self.text.get(offset..)?.chars().next()?;
        Some((c, offset + c.len_utf8()))
    }
}

/// A hash of bytes; 0 for none and never else, nor what is -1 as a signed number. Eight at a time are multiplied into it, of which both halves are kept.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(FACTOR);
        (product as u64) ^ ((product >> 64) as u64)
    };
    if bytes.is_empty() {
        return 0;
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(bytes.len() as u64 ^ FACTOR.rotate_left(32), |hash, word| fold(hash, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
    match fold(fold(hash, last), FACTOR >> 1) {
        0 | u64::MAX => 1,
        hash => hash,
    }
}

/// The `str` in an object.
#[inline(always)]
pub(crate) fn as_str(value: &Value) -> Option<&Str> {
    match value.object()? {
        Object::Str(text) => Some(text),
        _ => None,
    }
}

/// Whether both are a `str`, with the same text.
#[inline]
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (as_str(left), as_str(right)) {
        (Some(l), Some(r)) => left.is(right) || l.as_str() == r.as_str(),
        _ => false,
    }
}

/// `repr()` of a `str`.
///
/// Source: `unicode_repr`, Objects/unicodeobject.c.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut repr = String::with_capacity(text.len() + 2);
    repr.push(quote);
    for c in text.chars() {
        match c {
            '\\' => repr.push_str("\\\\"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            _ if c == quote => repr.extend(['\\', c]),
            _ if unicode::is_printable(c) => repr.push(c),
            _ => push_escape(&mut repr, c),
        }
    }
    repr.push(quote);
    repr
}

/// `ascii()` of what has this `repr()`.
pub(crate) fn ascii(repr: &str) -> String {
    let mut ascii = String::with_capacity(repr.len());
    for c in repr.chars() {
        if c.is_ascii() { ascii.push(c) } else { push_escape(&mut ascii, c) }
    }
    ascii
}

/// `\x1b`, `\u2028`, `\U000e0001`
fn push_escape(text: &mut String, c: char) {
    let number = u32::from(c);
    let written = match number {
        0..=0xff => write!(text, "\\x{number:02x}"),
        0x100..=0xffff => write!(text, "\\u{number:04x}"),
        _ => write!(text, "\\U{number:08x}"),
    };
    debug_assert!(written.is_ok());
}

/// `text[index]`, `text[slice]`
pub(crate) fn get_item(stack: &Stack, text: &Str, index: &Value) -> Outcome {
    if let Some(Object::Slice(slice)) = index.object() {
        return get_slice(stack, text, slice);
    }
    let index = position(stack, index, "string")?;
    let from_start = if index < 0 { index.saturating_add_unsigned(text.len as u64) } else { index };
    let found = usize::try_from(from_start).ok().filter(|index| *index < text.len);
    match found.and_then(|index| text.char_at(text.offset(index))) {
        Some((c, _)) => Ok(character(c)),
        None => Err(raise(stack, Error::IndexError, "string index out of range")),
    }
}

/// What a sequence is indexed with, as a machine word.
fn position(stack: &Stack, index: &Value, of: &str) -> Outcome<i64> {
    if let Some(index) = index.as_integer() {
        return Ok(index);
    }
    if number::clamped(index).is_none() && !has_index(stack, index) {
        let name = class::type_name(stack.vm(), index).into_owned();
        return Err(type_error(stack, format!("{of} indices must be integers, not '{name}'")));
    }
    let exact = protocol::index(stack, index)?;
    match number::to_i64(&exact) {
        Some(index) => Ok(index),
        None => {
            let name = class::type_name(stack.vm(), index).into_owned();
            Err(raise(stack, Error::IndexError, format!("cannot fit '{name}' into an index-sized integer")))
        }
    }
}

/// Whether an object of a class of the program is an index.
pub(crate) fn has_index(stack: &Stack, value: &Value) -> bool {
    class::special(stack.vm(), value, &stack.vm().names.__index__).is_some()
}

/// A string of one character.
pub(crate) fn character(c: char) -> Value {
    string(&*c.encode_utf8(&mut [0; 4]))
}

fn get_slice(stack: &Stack, text: &Str, slice: &[Value; 3]) -> Outcome {
    let (start, step, count) = sequence::adjust(stack, slice, text.len)?;
    let (Ok(start), true) = (usize::try_from(start), count > 0) else { return Ok(string("")) };
    if step == 1 {
        return Ok(string(text.text.get(text.offset(start)..text.offset(start + count)).unwrap_or_default()));
    }
    let skip = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX) - 1;
    let mut offset = text.offset(start);
    let mut taken = String::new();
    if step > 0 {
        let rest = text.text.get(offset..).unwrap_or_default();
        taken.extend(rest.chars().step_by(skip + 1).take(count));
    } else {
        offset = text.offset(start + 1);
        let rest = text.text.get(..offset).unwrap_or_default();
        taken.extend(rest.chars().rev().step_by(skip + 1).take(count));
    }
    Ok(string(taken))
}

/// Whether there may be a string or bytes of so many bytes: what certainly is too large is a `MemoryError`, what only may be is refused.
pub(crate) fn has_room(stack: &Stack, bytes: usize) -> Outcome<()> {
    match bytes {
        0..=0xffff_ffff => Ok(()),
        0x1_0000_0000..=0x7fff_ffff_ffff => Err(refuse(stack, "a string of more than 4 GB")),
        _ => Err(raise_with(stack, Error::MemoryError, &[])),
    }
}

/// `str(...)`
pub(crate) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    if args.keywords.is_empty() {
        let args = call::between(stack, "str", args, 0, 3)?;
        for (value, name) in args.iter().skip(1).zip(["encoding", "errors"]) {
            if as_str(value).is_none() {
                let type_name = class::type_name(stack.vm(), value);
                return Err(type_error(stack, format!("str() argument '{name}' must be str, not {type_name}")));
            }
        }
    }
    let [object, encoding, errors] = named(stack, "str", ["object", "encoding", "errors"], 0, args)?;
    let Some(object) = object else { return Ok(string("")) };
    if encoding.is_none() && errors.is_none() {
        return match as_str(object) {
            Some(_) => Ok(object.clone()),
            None => protocol::text(stack, object).map(string),
        };
    }
    let codec = codec::Codec::new(stack, "str", encoding, errors)?;
    match object.object() {
        Some(Object::Bytes(bytes)) => codec.decode(stack, bytes),
        Some(Object::Str(_)) => Err(type_error(stack, "decoding str is not supported")),
        _ => {
            let name = class::type_name(stack.vm(), object).into_owned();
            Err(type_error(stack, format!("decoding to str: need a bytes-like object, {name} found")))
        }
    }
}

/// `chr ord ascii`
pub(crate) static FUNCTIONS: &[Builtin] = &[
    Builtin { name: "chr", is_method: false, call: chr },
    Builtin { name: "ord", is_method: false, call: ord },
    Builtin { name: "ascii", is_method: false, call: ascii_function },
];

fn chr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [number] = call::exactly(stack, "chr", args)?;
    let index = protocol::index(stack, number)?;
    match number::to_i64(&index).and_then(|number| u32::try_from(number).ok()) {
        Some(0xd800..=0xdfff) => Err(refuse(stack, "a string with a lone surrogate")),
        Some(number) if let Some(c) = char::from_u32(number) => Ok(character(c)),
        _ => Err(raise(stack, Error::ValueError, "chr() arg not in range(0x110000)")),
    }
}

fn ord(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value] = call::exactly(stack, "ord", args)?;
    let (len, first) = match value.object() {
        Some(Object::Str(text)) => (text.len, text.char_at(0).map(|(c, _)| u32::from(c))),
        Some(Object::Bytes(bytes)) => (bytes.len(), bytes.first().map(|byte| u32::from(*byte))),
        _ => {
            let name = class::type_name(stack.vm(), value).into_owned();
            return Err(type_error(stack, format!("ord() expected string of length 1, but {name} found")));
        }
    };
    match first {
        Some(first) if len == 1 => Ok(int(first)),
        _ => Err(type_error(stack, format!("ord() expected a character, but string of length {len} found"))),
    }
}

fn ascii_function(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value] = call::exactly(stack, "ascii", args)?;
    protocol::repr(stack, value).map(|repr| string(ascii(&repr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repr_of_strings() {
        let cases = [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("\\\n\r\t", "'\\\\\\n\\r\\t'"),
            ("\0\x7f\u{80}\u{a0}\u{ad}", "'\\x00\\x7f\\x80\\xa0\\xad'"),
            ("é\u{378}\u{2028}", "'é\\u0378\\u2028'"),
            ("😀\u{e0001}", "'😀\\U000e0001'"),
            // Assigned by Unicode 17, which CPython 3.14 does not know yet.
            ("\u{a7ce}", "'\\ua7ce'"),
        ];
        for (text, expected) in cases {
            assert_eq!(repr(text), expected);
        }
        assert_eq!(ascii("'é😀'"), "'\\xe9\\U0001f600'");
    }

    #[test]
    fn characters_by_index() {
        let text = Str::new("aé😀b");
        assert_eq!((text.len(), text.is_ascii()), (4, false));
        assert_eq!([0, 1, 2, 3, 4, 9].map(|index| text.offset(index)), [0, 1, 3, 7, 8, 8]);
        assert_eq!(text.char_at(3), Some(('😀', 7)));
        assert_eq!(text.char_at(8), None);
    }

    #[test]
    fn hashes_differ() {
        let texts = ["a", "b", "\0", "\0\0", "abcdefgh", "abcdefgh\0", "abcdefghi", "hgfedcba"];
        let hashes: std::collections::BTreeSet<u64> = texts.iter().map(|text| hash_bytes(text.as_bytes())).collect();
        assert_eq!(hashes.len(), texts.len());
        assert!(!hashes.contains(&0));
        assert_eq!(hash_bytes(b""), 0);
    }
}
