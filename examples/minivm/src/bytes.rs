//! `bytes`: literals, parts, what they are written as.

use crate::class::Type;
use crate::exception::{Error, raise, type_error};
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value, boolean, int, string};
use crate::parameters::receiver;
use crate::sequence::as_tuple;
use crate::text::has_index;
use crate::{call, class, number, protocol, sequence, text};

/// The `bytes` in an object.
pub(crate) fn as_bytes(value: &Value) -> Option<&[u8]> {
    match value.object()? {
        Object::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn new(bytes: impl Into<Box<[u8]>>) -> Value {
    Value::new(Object::Bytes(bytes.into()))
}

/// Whether `bytes.strip()` and numbers in bytes take it for a space.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

/// `repr()` of `bytes`.
///
/// Source: `PyBytes_Repr`, Objects/bytesobject.c.
pub(crate) fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut repr = format!("b{quote}");
    for byte in bytes {
        match char::from(*byte) {
            '\\' => repr.push_str("\\\\"),
            '\t' => repr.push_str("\\t"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            c if c == quote => repr.extend(['\\', c]),
            c @ ' '..='~' => repr.push(c),
            _ => repr.push_str(&format!("\\x{byte:02x}")),
        }
    }
    repr.push(quote);
    repr
}

/// `bytes[index]`, `bytes[slice]`
pub(crate) fn get_item(stack: &Stack, bytes: &[u8], index: &Value) -> Outcome {
    if let Some(Object::Slice(slice)) = index.object() {
        let (start, step, count) = sequence::adjust(stack, slice, bytes.len())?;
        let at = |number: usize| start.wrapping_add(step.wrapping_mul(number as i64));
        let taken = (0..count).filter_map(|number| bytes.get(usize::try_from(at(number)).ok()?).copied());
        return Ok(new(taken.collect::<Vec<u8>>()));
    }
    let name = || class::type_name(stack.vm(), index).into_owned();
    if number::clamped(index).is_none() && !has_index(stack, index) {
        return Err(type_error(stack, format!("byte indices must be integers or slices, not {}", name())));
    }
    let Some(index) = number::to_i64(&protocol::index(stack, index)?) else {
        return Err(raise(stack, Error::IndexError, format!("cannot fit '{}' into an index-sized integer", name())));
    };
    let index = if index < 0 { index.saturating_add_unsigned(bytes.len() as u64) } else { index };
    match usize::try_from(index).ok().and_then(|index| bytes.get(index)) {
        Some(byte) => Ok(int(*byte)),
        None => Err(raise(stack, Error::IndexError, "index out of range")),
    }
}

/// `part in bytes`: some bytes, or one as a number.
pub(crate) fn contains(stack: &Stack, bytes: &[u8], part: &Value) -> Outcome<bool> {
    if let Some(part) = as_bytes(part) {
        return Ok(part.is_empty() || bytes.windows(part.len()).any(|window| window == part));
    }
    if number::clamped(part).is_none() && !has_index(stack, part) {
        let name = class::type_name(stack.vm(), part).into_owned();
        return Err(type_error(stack, format!("a bytes-like object is required, not '{name}'")));
    }
    let index = protocol::index(stack, part)?;
    match number::to_i64(&index).map(u8::try_from) {
        Some(Ok(byte)) => Ok(bytes.contains(&byte)),
        _ => Err(raise(stack, Error::ValueError, "byte must be in range(0, 256)")),
    }
}

pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "decode", is_method: true, call: decode },
    Builtin {
        name: "endswith",
        is_method: true,
        call: |stack, args| is_at_edge(stack, "endswith", args, <[u8]>::ends_with),
    },
    Builtin { name: "hex", is_method: true, call: hex },
    Builtin { name: "join", is_method: true, call: join },
    Builtin {
        name: "startswith",
        is_method: true,
        call: |stack, args| is_at_edge(stack, "startswith", args, <[u8]>::starts_with),
    },
];

fn decode(stack: &Stack, args: Args<'_>) -> Outcome {
    let (bytes, args) = receiver(stack, Type::Bytes, "decode", args, as_bytes)?;
    text::decode(stack, bytes, args)
}

/// `bytes.hex()`
fn hex(stack: &Stack, args: Args<'_>) -> Outcome {
    let (bytes, args) = receiver(stack, Type::Bytes, "hex", args, as_bytes)?;
    if !args.positional.is_empty() || !args.keywords.is_empty() {
        return Err(crate::exception::refuse(stack, "bytes.hex() with separators"));
    }
    Ok(string(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// `bytes.join(iterable)`
fn join(stack: &Stack, args: Args<'_>) -> Outcome {
    let (bytes, args) = receiver(stack, Type::Bytes, "join", args, as_bytes)?;
    let [iterable] = call::exactly(stack, "bytes.join", args)?;
    let items = sequence::items_of(stack, iterable, "can only join an iterable")?;
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(part) = as_bytes(item) else {
            let name = class::type_name(stack.vm(), item).into_owned();
            let text = format!("sequence item {index}: expected a bytes-like object, {name} found");
            return Err(type_error(stack, text));
        };
        parts.push(part);
    }
    Ok(new(parts.join(bytes)))
}

fn is_at_edge(stack: &Stack, method: &str, args: Args<'_>, is_edge: fn(&[u8], &[u8]) -> bool) -> Outcome {
    let (bytes, args) = receiver(stack, Type::Bytes, method, args, as_bytes)?;
    if args.positional.len() > 1 {
        return Err(crate::exception::refuse(stack, format!("bytes.{method}() of a part")));
    }
    let [edge, ..] = call::between(stack, method, args, 1, 3)? else { return Ok(boolean(false)) };
    let type_name = |value: &Value| class::type_name(stack.vm(), value).into_owned();
    if let Some(edge) = as_bytes(edge) {
        return Ok(boolean(is_edge(bytes, edge)));
    }
    let Some(edges) = as_tuple(edge) else {
        let text = format!("{method} first arg must be bytes or a tuple of bytes, not {}", type_name(edge));
        return Err(type_error(stack, text));
    };
    for edge in edges {
        match as_bytes(edge) {
            Some(edge) if is_edge(bytes, edge) => return Ok(boolean(true)),
            Some(_) => {}
            None => {
                let name = type_name(edge);
                return Err(type_error(stack, format!("a bytes-like object is required, not '{name}'")));
            }
        }
    }
    Ok(boolean(false))
}
