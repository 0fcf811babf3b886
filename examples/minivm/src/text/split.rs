//! Taking strings apart, and putting them together.

use super::search::size;
use super::unicode::is_space;
use super::{Str, as_str, has_room};
use crate::exception::{Error, raise, type_error};
use crate::object::{Args, NONE, Outcome, Stack, Value, list, string, tuple};
use crate::parameters::named;
use crate::{call, class, protocol, sequence};

/// `split` and `rsplit`
pub(super) fn split(stack: &Stack, method: &str, text: &Str, args: Args<'_>, from_end: bool) -> Outcome {
    let [separator, most] = named(stack, method, ["sep", "maxsplit"], 0, args)?;
    let most = match most {
        Some(most) => usize::try_from(size(stack, most)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let text = text.as_str();
    let parts = match separator.filter(|separator| **separator != NONE) {
        None if from_end => split_spaces_from_end(text, most),
        None => split_spaces(text, most),
        Some(separator) => {
            let separator = self::separator(stack, separator, "must be str or None")?;
            let parts = most.saturating_add(1);
            if from_end {
                let mut parts: Vec<&str> = text.rsplitn(parts, separator).collect();
                parts.reverse();
                parts
            } else {
                text.splitn(parts, separator).collect()
            }
        }
    };
    Ok(list(parts.into_iter().map(string).collect()))
}

fn separator<'a>(stack: &Stack, value: &'a Value, otherwise: &str) -> Outcome<&'a str> {
    match as_str(value) {
        Some(separator) if separator.len() == 0 => Err(raise(stack, Error::ValueError, "empty separator")),
        Some(separator) => Ok(separator.as_str()),
        None => {
            let name = class::type_name(stack.vm(), value).into_owned();
            Err(type_error(stack, format!("{otherwise}, not {name}")))
        }
    }
}

/// Words. The last one, when there are enough, goes to the end of the text.
fn split_spaces(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if parts.len() == most {
            parts.push(rest);
            break;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        parts.push(word);
        rest = after.trim_start_matches(is_space);
    }
    parts
}

fn split_spaces_from_end(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        if parts.len() == most {
            parts.push(rest);
            break;
        }
        let start = rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        let (before, word) = rest.split_at(start);
        parts.push(word);
        rest = before.trim_end_matches(is_space);
    }
    parts.reverse();
    parts
}

/// `text.splitlines(keepends)`
pub(super) fn splitlines(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [keep] = named(stack, "splitlines", ["keepends"], 0, args)?;
    let keep = match keep {
        Some(keep) => protocol::truth(stack, keep)?,
        None => false,
    };
    let mut lines = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, end) = match rest.find(is_line_end) {
            Some(at) if rest[at..].starts_with("\r\n") => (at, at + 2),
            Some(at) => (at, at + rest[at..].chars().next().map_or(0, char::len_utf8)),
            None => (rest.len(), rest.len()),
        };
        lines.push(string(&rest[..if keep { end } else { line }]));
        rest = &rest[end..];
    }
    Ok(list(lines))
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Where `strip` takes characters away.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ends {
    Both,
    Left,
    Right,
}

/// `strip`, `lstrip` and `rstrip`
pub(super) fn strip(stack: &Stack, method: &str, text: &Str, args: Args<'_>, ends: Ends) -> Outcome {
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("str.{method}() takes no keyword arguments")));
    }
    let chars = call::between(stack, method, args, 0, 1)?.first().filter(|chars| **chars != NONE);
    match chars {
        None => Ok(string(stripped(text.as_str(), is_space, ends))),
        Some(chars) => match as_str(chars) {
            Some(chars) => Ok(string(stripped(text.as_str(), |c| chars.as_str().contains(c), ends))),
            None => Err(type_error(stack, format!("{method} arg must be None or str"))),
        },
    }
}

fn stripped(text: &str, is: impl Fn(char) -> bool, ends: Ends) -> &str {
    let text = if ends == Ends::Right { text } else { text.trim_start_matches(&is) };
    if ends == Ends::Left { text } else { text.trim_end_matches(&is) }
}

/// `partition` and `rpartition`
pub(super) fn partition(stack: &Stack, method: &str, text: &Str, args: Args<'_>, last: bool) -> Outcome {
    let [value] = call::exactly(stack, &format!("str.{method}"), args)?;
    let separator = separator(stack, value, "must be str")?;
    let text = text.as_str();
    let found = if last { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match found {
        Some((before, after)) => [before, separator, after],
        None if last => ["", "", text],
        None => [text, "", ""],
    };
    Ok(tuple(parts.map(string)))
}

/// `text.join(iterable)`
pub(super) fn join(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [iterable] = call::exactly(stack, "str.join", args)?;
    let items = sequence::items_of(stack, iterable, "can only join an iterable")?;
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(part) = as_str(item) else {
            let name = class::type_name(stack.vm(), item).into_owned();
            let text = format!("sequence item {index}: expected str instance, {name} found");
            return Err(type_error(stack, text));
        };
        parts.push(part.as_str());
    }
    let len: usize = parts.iter().map(|part| part.len()).sum();
    has_room(stack, len.saturating_add(text.as_str().len().saturating_mul(parts.len())))?;
    Ok(string(parts.join(text.as_str())))
}
