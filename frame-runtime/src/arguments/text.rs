//! Text that may hold lone surrogates, and what `repr()` makes of it.

use alloc::vec::Vec;
use core::fmt::{self, Write as _};

/// Where a message goes.
pub(super) trait Sink {
    /// Takes text: UTF-8, a lone surrogate as three bytes.
    fn put(&mut self, text: &[u8]) -> fmt::Result;
    fn put_args(&mut self, text: fmt::Arguments<'_>) -> fmt::Result;
}

impl Sink for fmt::Formatter<'_> {
    fn put(&mut self, text: &[u8]) -> fmt::Result {
        each(text, |part| match part {
            Part::Char(c) => self.write_char(c),
            Part::Surrogate(_) | Part::Byte(_) => self.write_char(char::REPLACEMENT_CHARACTER),
        })
    }

    fn put_args(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        self.write_fmt(text)
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, text: &[u8]) -> fmt::Result {
        self.extend_from_slice(text);
        Ok(())
    }

    fn put_args(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        struct Bytes<'a>(&'a mut Vec<u8>);
        impl fmt::Write for Bytes<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.extend_from_slice(text.as_bytes());
                Ok(())
            }
        }
        Bytes(self).write_fmt(text)
    }
}

/// A part of text.
enum Part {
    Char(char),
    /// A lone surrogate.
    Surrogate(u16),
    /// A byte that belongs to neither; a VM that says so breaks its promise, and sees it.
    Byte(u8),
}

fn each(mut text: &[u8], mut take: impl FnMut(Part) -> fmt::Result) -> fmt::Result {
    loop {
        let chunk = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        chunk.chars().try_for_each(|c| take(Part::Char(c)))?;
        text = text.get(chunk.len()..).unwrap_or_default();
        let (part, length) = match text {
            [] => return Ok(()),
            [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, ..] => {
                (Part::Surrogate(0xd000 | u16::from(*high & 0x3f) << 6 | u16::from(*low & 0x3f)), 3)
            }
            [byte, ..] => (Part::Byte(*byte), 1),
        };
        take(part)?;
        text = text.get(length..).unwrap_or_default();
    }
}

/// As much of a text as fits into so many bytes, as `%.200s` in a format. Where a character does not fit whole, versions
/// before 3.14 say so by a replacement character.
pub(super) fn put_start(out: &mut impl Sink, text: &str, bytes: usize, marks_cut: bool) -> fmt::Result {
    let whole = text.floor_char_boundary(bytes);
    out.put(text.get(..whole).unwrap_or_default().as_bytes())?;
    if marks_cut && whole < text.len().min(bytes) { out.put("\u{fffd}".as_bytes()) } else { Ok(()) }
}

/// `repr()` of an exact `str`. What can be printed is asked of Rust's Unicode, which is not always of the version's age.
///
/// Source: `unicode_repr`, Objects/unicodeobject.c.
pub(super) fn quoted(out: &mut impl Sink, text: &[u8]) -> fmt::Result {
    let quote = if text.contains(&b'\'') && !text.contains(&b'"') { '"' } else { '\'' };
    out.put_args(format_args!("{quote}"))?;
    each(text, |part| match part {
        Part::Char('\t') => out.put(b"\\t"),
        Part::Char('\n') => out.put(b"\\n"),
        Part::Char('\r') => out.put(b"\\r"),
        Part::Char(c) if c == '\\' || c == quote => out.put_args(format_args!("\\{c}")),
        Part::Char(c) if is_printable(c) => out.put_args(format_args!("{c}")),
        Part::Char(c) => match u32::from(c) {
            code @ ..0x100 => out.put_args(format_args!("\\x{code:02x}")),
            code @ ..0x1_0000 => out.put_args(format_args!("\\u{code:04x}")),
            code => out.put_args(format_args!("\\U{code:08x}")),
        },
        Part::Surrogate(code) => out.put_args(format_args!("\\u{code:04x}")),
        Part::Byte(byte) => out.put_args(format_args!("\\x{byte:02x}")),
    })?;
    out.put_args(format_args!("{quote}"))
}

/// `str.isprintable()`: no control, format, private, unassigned character, and no separator but the space.
///
/// `escape_debug` asks the same, and besides escapes backslash and quotes, and what extends the character before it if
/// there is none.
fn is_printable(c: char) -> bool {
    let mut buffer = [b'x'; 5];
    let length = 1 + c.encode_utf8(&mut buffer[1..]).len();
    let text = core::str::from_utf8(&buffer[..length]).unwrap_or_default();
    matches!(c, '\\' | '\'' | '"') || text.escape_debug().skip(1).eq([c])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(text: &[u8]) -> std::string::String {
        let mut bytes = Vec::new();
        quoted(&mut bytes, text).expect("memory takes all");
        std::string::String::from_utf8(bytes).expect("what is no text is escaped")
    }

    #[test]
    fn names_are_quoted_as_repr_does_it() {
        assert_eq!(repr("a'b".as_bytes()), r#""a'b""#);
        assert_eq!(repr(br#"a'"\"#), r#"'a\'"\\'"#);
        assert_eq!(
            repr("\0\t\n\r\x7f\u{a0}é e\u{301}\u{301}".as_bytes()),
            "'\\x00\\t\\n\\r\\x7f\\xa0é e\u{301}\u{301}'"
        );
        assert_eq!(repr("\u{200b}\u{e000}\u{e0001}\u{1d400}".as_bytes()), "'\\u200b\\ue000\\U000e0001\u{1d400}'");
        assert_eq!(repr(b"\xed\xa0\x80x\xed\xbf\xbf\xff"), r"'\ud800x\udfff\xff'");
    }
}
