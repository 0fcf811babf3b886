//! `str.encode()` and `bytes.decode()`: UTF-8, ASCII, Latin-1.

use std::borrow::Cow;

use super::{Str, as_str};
use crate::exception::refuse;
use crate::object::{Args, Object, Outcome, Stack, Value, string};
use crate::parameters::{must_be_str, named};

/// An encoding. What it cannot encode or decode is refused, whatever is to be done about errors.
pub(super) enum Codec {
    Utf8,
    Ascii,
    Latin1,
}

impl Codec {
    /// The encoding with this name; UTF-8 if there is none.
    pub(super) fn new(stack: &Stack, function: &str, name: Option<&Value>, errors: Option<&Value>) -> Outcome<Codec> {
        let check = |argument: &str, value: Option<&Value>| match value {
            Some(value) if as_str(value).is_none() => Err(must_be_str(stack, function, argument, value)),
            _ => Ok(()),
        };
        check("argument 'encoding'", name)?;
        check("argument 'errors'", errors)?;
        let Some(name) = name.and_then(as_str) else { return Ok(Codec::Utf8) };
        match name.as_str().to_ascii_lowercase().replace('-', "_").as_str() {
            "utf_8" | "utf8" | "u8" | "utf" => Ok(Codec::Utf8),
            "ascii" | "us_ascii" | "646" => Ok(Codec::Ascii),
            "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "l1" => Ok(Codec::Latin1),
            _ => Err(refuse(stack, format!("the encoding '{}'", name.as_str()))),
        }
    }

    fn encode(&self, stack: &Stack, text: &Str) -> Outcome {
        let bytes: Option<Vec<u8>> = match self {
            Codec::Utf8 => Some(text.as_str().as_bytes().to_vec()),
            _ if text.is_ascii() => Some(text.as_str().as_bytes().to_vec()),
            Codec::Ascii => None,
            Codec::Latin1 => text.as_str().chars().map(|c| u8::try_from(c).ok()).collect(),
        };
        match bytes {
            Some(bytes) => Ok(Value::new(Object::Bytes(bytes.into()))),
            None => Err(refuse(stack, "what an encoding has no bytes for (UnicodeEncodeError)")),
        }
    }

    pub(super) fn decode(&self, stack: &Stack, bytes: &[u8]) -> Outcome {
        let text: Option<Cow<'_, str>> = match self {
            Codec::Utf8 => str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Codec::Ascii => bytes.is_ascii().then(|| str::from_utf8(bytes).ok().map(Cow::Borrowed)).flatten(),
            Codec::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
        };
        match text {
            Some(text) => Ok(string(text)),
            None => Err(refuse(stack, "bytes that an encoding does not have (UnicodeDecodeError)")),
        }
    }
}

/// `text.encode(encoding, errors)`
pub(super) fn encode(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [encoding, errors] = named(stack, "encode", ["encoding", "errors"], 0, args)?;
    Codec::new(stack, "encode", encoding, errors)?.encode(stack, text)
}

/// `bytes.decode(encoding, errors)`
pub(crate) fn decode(stack: &Stack, bytes: &[u8], args: Args<'_>) -> Outcome {
    let [encoding, errors] = named(stack, "decode", ["encoding", "errors"], 0, args)?;
    Codec::new(stack, "decode", encoding, errors)?.decode(stack, bytes)
}
