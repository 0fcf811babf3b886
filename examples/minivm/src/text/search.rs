//! Looking for parts of strings, and putting others in their place.

use super::{Str, as_str, has_index, has_room};
use crate::exception::{Error, raise, type_error};
use crate::object::{Args, NONE, Outcome, Stack, Value, boolean, int, string};
use crate::parameters::{must_be_str, named};
use crate::sequence::as_tuple;
use crate::{call, class, number, protocol};

/// What stands between two characters of a text.
struct Window<'a> {
    part: &'a str,
    /// Characters before it.
    before: usize,
}

/// `start` and `end` as methods take them. `None`: `start` is behind `end`, or behind the text, where not even an empty string is found.
fn window<'a>(stack: &Stack, text: &'a Str, bounds: &[Value]) -> Outcome<Option<Window<'a>>> {
    let len = text.len().cast_signed() as i64;
    let bound = |index: usize, default: i64| match bounds.get(index) {
        Some(value) if *value != NONE => bound(stack, value, len),
        _ => Ok(default),
    };
    let start = bound(0, 0)?;
    let end = bound(1, len)?.min(len);
    if start > end {
        return Ok(None);
    }
    let before = usize::try_from(start).unwrap_or_default();
    let (from, to) = (text.offset(before), text.offset(usize::try_from(end).unwrap_or_default()));
    Ok(text.as_str().get(from..to).map(|part| Window { part, before }))
}

/// A place in a text: from its end if it is negative; not before the text.
fn bound(stack: &Stack, value: &Value, len: i64) -> Outcome<i64> {
    let index = match number::clamped(value) {
        Some(index) => index,
        None if has_index(stack, value) => number::clamped(&protocol::index(stack, value)?).unwrap_or_default(),
        None => {
            let text = "slice indices must be integers or None or have an __index__ method";
            return Err(type_error(stack, text));
        }
    };
    Ok(if index < 0 { index.saturating_add(len).max(0) } else { index })
}

/// The first argument of a method that looks for it, and its window.
fn parse<'a>(stack: &Stack, method: &str, text: &'a Str, args: Args<'a>) -> Outcome<(&'a str, Option<Window<'a>>)> {
    let args = between(stack, method, args)?;
    let [part, bounds @ ..] = args else { return Ok(("", None)) };
    match as_str(part) {
        Some(part) => Ok((part.as_str(), window(stack, text, bounds)?)),
        None => Err(must_be_str(stack, method, "argument 1", part)),
    }
}

/// One to three arguments.
fn between<'a>(stack: &Stack, method: &str, args: Args<'a>) -> Outcome<&'a [Value]> {
    // Errors name the type only where there are keywords.
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("str.{method}() takes no keyword arguments")));
    }
    call::between(stack, method, args, 1, 3)
}

/// `text.find(part, start, end)`: how many characters are in front of it. `None`: it is nowhere.
fn position(stack: &Stack, method: &str, text: &Str, args: Args<'_>, last: bool) -> Outcome<Option<usize>> {
    let (part, window) = parse(stack, method, text, args)?;
    Ok(window.and_then(|window| {
        let offset = if last { window.part.rfind(part) } else { window.part.find(part) }?;
        let before = window.part.get(..offset)?;
        Some(window.before + if text.is_ascii() { before.len() } else { before.chars().count() })
    }))
}

/// `find` and `rfind`
pub(super) fn find(stack: &Stack, method: &str, text: &Str, args: Args<'_>, last: bool) -> Outcome {
    let found = position(stack, method, text, args, last)?;
    Ok(int(found.map_or(-1, |index| index.cast_signed() as i64)))
}

/// `index` and `rindex`
pub(super) fn index(stack: &Stack, method: &str, text: &Str, args: Args<'_>, last: bool) -> Outcome {
    match position(stack, method, text, args, last)? {
        Some(index) => Ok(int(index.cast_signed() as i64)),
        None => Err(raise(stack, Error::ValueError, "substring not found")),
    }
}

/// `text.count(part, start, end)`
pub(super) fn count(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let (part, window) = parse(stack, "count", text, args)?;
    let count = window.map_or(0, |window| window.part.matches(part).count());
    Ok(int(count.cast_signed() as i64))
}

/// `startswith` and `endswith`
pub(super) fn is_at_edge(stack: &Stack, method: &str, text: &Str, args: Args<'_>, at_end: bool) -> Outcome {
    let args = between(stack, method, args)?;
    let [edge, bounds @ ..] = args else { return Ok(boolean(false)) };
    let window = window(stack, text, bounds)?;
    let is_edge = |edge: &Str| {
        let has = |window: &Window<'_>| {
            if at_end { window.part.ends_with(edge.as_str()) } else { window.part.starts_with(edge.as_str()) }
        };
        window.as_ref().is_some_and(has)
    };
    if let Some(edge) = as_str(edge) {
        return Ok(boolean(is_edge(edge)));
    }
    let type_name = |value: &Value| class::type_name(stack.vm(), value).into_owned();
    let Some(edges) = as_tuple(edge) else {
        let text = format!("{method} first arg must be str or a tuple of str, not {}", type_name(edge));
        return Err(type_error(stack, text));
    };
    for edge in edges {
        match as_str(edge) {
            Some(edge) if is_edge(edge) => return Ok(boolean(true)),
            Some(_) => {}
            None => {
                let text = format!("tuple for {method} must only contain str, not {}", type_name(edge));
                return Err(type_error(stack, text));
            }
        }
    }
    Ok(boolean(false))
}

/// `text.replace(old, new, count)`
pub(super) fn replace(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [old, new, count] = named(stack, "replace", ["", "", "count"], 2, args)?;
    let (Some(old), Some(new)) = (old, new) else { return Ok(NONE) };
    let Some(old) = as_str(old) else { return Err(must_be_str(stack, "replace", "argument 1", old)) };
    let Some(new) = as_str(new) else { return Err(must_be_str(stack, "replace", "argument 2", new)) };
    let (text, old, new) = (text.as_str(), old.as_str(), new.as_str());
    let count = match count {
        Some(count) => size(stack, count)?,
        None => -1,
    };
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let found = if new.len() > old.len() { text.matches(old).count().min(most) } else { 0 };
    has_room(stack, text.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(string(text.replacen(old, new, most)))
}

/// An integer argument, as a machine word.
pub(super) fn size(stack: &Stack, value: &Value) -> Outcome<i64> {
    let index = protocol::index(stack, value)?;
    match number::to_i64(&index) {
        Some(size) => Ok(size),
        None => Err(raise(stack, Error::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

/// `removeprefix` and `removesuffix`
pub(super) fn without_edge(stack: &Stack, method: &str, text: &Str, args: Args<'_>, at_end: bool) -> Outcome {
    let [edge] = call::exactly(stack, &format!("str.{method}"), args)?;
    let Some(edge) = as_str(edge) else {
        return Err(must_be_str(stack, method, "argument", edge));
    };
    let (text, edge) = (text.as_str(), edge.as_str());
    let rest = if at_end { text.strip_suffix(edge) } else { text.strip_prefix(edge) };
    Ok(string(rest.unwrap_or(text)))
}
