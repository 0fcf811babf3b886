//! Types of fields by kind and size, so that every C compiler describes a struct in the same words.

use std::fmt;
use std::str::FromStr;

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `i32`, `u64`: sign and size. C's `char` on x86-64 is `i8`.
    Int {
        /// Whether negative values exist.
        signed: bool,
        /// 1, 2, 4 or 8.
        bytes: u8,
    },
    /// `bool`: one byte, 0 or 1.
    Bool,
    /// `f32`, `f64`.
    Float {
        /// 4 or 8.
        bytes: u8,
    },
    /// `*T`: an address.
    Pointer(Box<Type>),
    /// `void`, only behind a pointer.
    Void,
    /// `fn`, only behind a pointer.
    Function,
    /// A struct or union by its C name.
    Named(String),
    /// `[T; n]`; a C array without a length has `n` = 0.
    Array(Box<Type>, u64),
    /// `bytes(n)`: an aggregate of which only the size matters.
    Bytes(u64),
}

impl Type {
    /// How deep pointers and arrays may nest; C headers stay below 4.
    const DEEPEST: usize = 8;

    /// Size in bytes; a named struct's size is asked of `named`.
    pub fn size(&self, named: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
        match self {
            Type::Int { bytes, .. } | Type::Float { bytes } => Some(u64::from(*bytes)),
            Type::Bool => Some(1),
            Type::Pointer(_) => Some(8),
            Type::Void | Type::Function => None,
            Type::Named(name) => named(name),
            Type::Array(element, length) => element.size(named)?.checked_mul(*length),
            Type::Bytes(bytes) => Some(*bytes),
        }
    }

    /// Alignment in bytes on a 64-bit System V machine; that of a named struct is asked of `named`.
    pub fn align(&self, named: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
        match self {
            Type::Named(name) => named(name),
            Type::Array(element, _) => element.align(named),
            Type::Bytes(_) => Some(1),
            other => other.size(named),
        }
    }

    /// The struct name inside pointers and arrays, if there is one.
    pub fn innermost(&self) -> &Type {
        match self {
            Type::Pointer(inner) | Type::Array(inner, _) => inner.innermost(),
            other => other,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Int { signed, bytes } => write!(f, "{}{}", if *signed { 'i' } else { 'u' }, u32::from(*bytes) * 8),
            Type::Bool => f.write_str("bool"),
            Type::Float { bytes } => write!(f, "f{}", u32::from(*bytes) * 8),
            Type::Pointer(to) => write!(f, "*{to}"),
            Type::Void => f.write_str("void"),
            Type::Function => f.write_str("fn"),
            Type::Named(name) => f.write_str(name),
            Type::Array(element, length) => write!(f, "[{element}; {length}]"),
            Type::Bytes(bytes) => write!(f, "bytes({bytes})"),
        }
    }
}

/// Text that is no type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError(String);

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no type", self.0)
    }
}

impl std::error::Error for TypeError {}

impl FromStr for Type {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        parse(text, 0).ok_or_else(|| TypeError(text.to_owned()))
    }
}

fn parse(text: &str, depth: usize) -> Option<Type> {
    if depth > Type::DEEPEST {
        return None;
    }
    if let Some(to) = text.strip_prefix('*') {
        return Some(Type::Pointer(Box::new(match to {
            "void" => Type::Void,
            "fn" => Type::Function,
            _ => parse(to, depth + 1)?,
        })));
    }
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let (element, length) = inside.rsplit_once("; ")?;
        return Some(Type::Array(Box::new(parse(element, depth + 1)?), length.parse().ok()?));
    }
    if let Some(size) = text.strip_prefix("bytes(").and_then(|text| text.strip_suffix(')')) {
        return Some(Type::Bytes(size.parse().ok()?));
    }
    Some(match text {
        "i8" => Type::Int { signed: true, bytes: 1 },
        "i16" => Type::Int { signed: true, bytes: 2 },
        "i32" => Type::Int { signed: true, bytes: 4 },
        "i64" => Type::Int { signed: true, bytes: 8 },
        "u8" => Type::Int { signed: false, bytes: 1 },
        "u16" => Type::Int { signed: false, bytes: 2 },
        "u32" => Type::Int { signed: false, bytes: 4 },
        "u64" => Type::Int { signed: false, bytes: 8 },
        "f32" => Type::Float { bytes: 4 },
        "f64" => Type::Float { bytes: 8 },
        "bool" => Type::Bool,
        "void" | "fn" => return None,
        name if is_c_name(name) => Type::Named(name.to_owned()),
        _ => return None,
    })
}

/// Whether text is a C identifier.
pub fn is_c_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_they_were_read() {
        for text in [
            "i8",
            "u64",
            "f64",
            "bool",
            "*void",
            "*fn",
            "**PyObject",
            "[*PyObject; 1]",
            "[[u16; 2]; 3]",
            "bytes(24)",
            "_PyStackRef",
        ] {
            assert_eq!(text.parse::<Type>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_type() {
        let deep = "*".repeat(9000);
        for text in ["", "*", "void", "fn", "[u8]", "[u8; ]", "[u8; -1]", "bytes(x)", "struct x", "i128 ", "3x", &deep]
        {
            assert!(text.parse::<Type>().is_err(), "{text:?}");
        }
    }
}
