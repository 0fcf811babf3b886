//! The text of marshalled strings: UTF-8 in which a lone surrogate stands as three bytes, and Latin-1.

use alloc::string::String;
use core::fmt;

/// Bytes that are no UTF-8, also if surrogates are let through.
///
/// Source: `utf8_decode` in Objects/stringlib/codecs.h, `PyCodec_SurrogatePassErrors` in Python/codecs.c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The first byte at fault, from the start of the text.
    pub start: usize,
    /// Behind the last byte at fault.
    pub end: usize,
    /// The first byte at fault itself.
    pub byte: u8,
    /// CPython's reason.
    pub reason: &'static str,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'utf-8' codec can't decode ")?;
        match self.end - self.start {
            1 => write!(f, "byte {:#04x} in position {}", self.byte, self.start)?,
            _ => write!(f, "bytes in position {}-{}", self.start, self.end - 1)?,
        }
        write!(f, ": {}", self.reason)
    }
}

/// Whether it is UTF-8 in which lone surrogates may stand.
pub(super) fn check(text: &[u8]) -> Result<(), TextError> {
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        match core::str::from_utf8(rest) {
            Ok(_) => return Ok(()),
            Err(error) => start += error.valid_up_to(),
        }
        let rest = text.get(start..).unwrap_or_default();
        // Surrogates often come in a row; each `from_utf8` would look at what follows it again.
        let surrogates = rest.chunks_exact(3).take_while(|three| is_surrogate(three)).count();
        if surrogates == 0 {
            let (length, reason) = fault(rest);
            return Err(TextError { start, end: start + length, byte: rest.first().copied().unwrap_or(0), reason });
        }
        start += 3 * surrogates;
    }
}

fn is_surrogate(three: &[u8]) -> bool {
    matches!(three, [0xed, 0xa0..=0xbf, 0x80..=0xbf])
}

/// How many bytes are at fault where a sequence is wrong, and CPython's reason.
fn fault(rest: &[u8]) -> (usize, &'static str) {
    let Some((&first, rest)) = rest.split_first() else { return (1, "unexpected end of data") };
    let (more, second) = match first {
        0xc2..=0xdf => (1, 0x80..=0xbf),
        0xe0 => (2, 0xa0..=0xbf),
        0xed => (2, 0x80..=0x9f),
        0xe1..=0xef => (2, 0x80..=0xbf),
        0xf0 => (3, 0x90..=0xbf),
        0xf4 => (3, 0x80..=0x8f),
        0xf1..=0xf3 => (3, 0x80..=0xbf),
        _ => return (1, "invalid start byte"),
    };
    for (index, byte) in rest.iter().take(more).enumerate() {
        let valid = if index == 0 { second.contains(byte) } else { (0x80..=0xbf).contains(byte) };
        if !valid {
            return (index + 1, "invalid continuation byte");
        }
    }
    (1 + rest.len().min(more), "unexpected end of data")
}

/// The text of bytes that each stand for one of the first 256 characters.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
