//! Python's strings: UTF-8 in which lone surrogates stand as three bytes.

/// The code points of such a text; what is no such text ends it.
pub(crate) fn code_points(text: &[u8]) -> impl Iterator<Item = u32> {
    let mut rest = text.iter();
    std::iter::from_fn(move || {
        let first = u32::from(*rest.next()?);
        let (bits, more) = match first {
            0..0x80 => (first, 0),
            0x80..0xe0 => (first & 0x1f, 1),
            0xe0..0xf0 => (first & 0x0f, 2),
            _ => (first & 0x07, 3),
        };
        let mut point = bits;
        for _ in 0..more {
            point = point << 6 | u32::from(*rest.next()? & 0x3f);
        }
        Some(point)
    })
}

/// Whether Python's `repr` shows a character as it is.
///
/// Which characters exist is what the Unicode of this program's compiler says, not that of the file's version.
pub(crate) fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{a0}' => false,
        // What Rust escapes within a text is what Python does, but for quotes and the backslash.
        _ => String::from_iter(['a', character]).escape_debug().count() == 2,
    }
}

/// Pushes a code point as `repr` writes it when it does not show it as it is.
pub(crate) fn push_escaped(text: &mut String, point: u32) {
    use std::fmt::Write as _;
    let _ = match point {
        0x09 => write!(text, "\\t"),
        0x0a => write!(text, "\\n"),
        0x0d => write!(text, "\\r"),
        0..0x100 => write!(text, "\\x{point:02x}"),
        0x100..0x1_0000 => write!(text, "\\u{point:04x}"),
        _ => write!(text, "\\U{point:08x}"),
    };
}

/// A name or path for a listing: as it is, but for what a terminal would take for something else.
pub(crate) fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    for point in code_points(name) {
        match char::from_u32(point) {
            Some(character) if is_printable(character) => text.push(character),
            _ => push_escaped(&mut text, point),
        }
    }
    text
}
