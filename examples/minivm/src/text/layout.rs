//! Strings of a certain width.

use super::search::size;
use super::{Str, as_str, has_room};
use crate::exception::{Error, raise, type_error};
use crate::object::{Args, Outcome, Stack, string};
use crate::parameters::named;
use crate::{call, class, number, protocol};

/// Where the text is in a wider one.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Center,
    Right,
}

/// `ljust`, `center` and `rjust`
pub(super) fn justify(stack: &Stack, method: &str, text: &Str, args: Args<'_>, side: Side) -> Outcome {
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("str.{method}() takes no keyword arguments")));
    }
    let args = call::between(stack, method, args, 1, 2)?;
    let width = match args.first() {
        Some(width) => usize::try_from(size(stack, width)?).unwrap_or(0),
        None => 0,
    };
    let fill = match args.get(1) {
        None => ' ',
        Some(fill) => {
            let Some(fill) = as_str(fill) else {
                let name = class::type_name(stack.vm(), fill).into_owned();
                return Err(type_error(stack, format!("The fill character must be a unicode character, not {name}")));
            };
            match fill.char_at(0) {
                Some((c, _)) if fill.len() == 1 => c,
                _ => return Err(type_error(stack, "The fill character must be exactly one character long")),
            }
        }
    };
    let missing = width.saturating_sub(text.len());
    let left = match side {
        Side::Left => 0,
        // The odd one is at the left where the width is odd, too.
        Side::Center => missing / 2 + (missing & width & 1),
        Side::Right => missing,
    };
    pad(stack, text.as_str(), left, missing - left, fill).map(string)
}

/// A text with so many characters in front and behind.
pub(super) fn pad(stack: &Stack, text: &str, left: usize, right: usize, fill: char) -> Outcome<String> {
    let bytes = left.saturating_add(right).saturating_mul(fill.len_utf8());
    has_room(stack, bytes.saturating_add(text.len()))?;
    let mut padded = String::with_capacity(bytes + text.len());
    padded.extend(std::iter::repeat_n(fill, left));
    padded.push_str(text);
    padded.extend(std::iter::repeat_n(fill, right));
    Ok(padded)
}

/// `text.zfill(width)`: zeros behind the sign.
pub(super) fn zfill(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [width] = call::exactly(stack, "str.zfill", args)?;
    let width = usize::try_from(size(stack, width)?).unwrap_or(0);
    let missing = width.saturating_sub(text.len());
    let digits = text.as_str().strip_prefix(['+', '-']).unwrap_or(text.as_str());
    let sign = &text.as_str()[..text.as_str().len() - digits.len()];
    let padded = pad(stack, digits, missing, 0, '0')?;
    Ok(string(format!("{sign}{padded}")))
}

/// `text.expandtabs(tabsize)`
pub(super) fn expandtabs(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [width] = named(stack, "expandtabs", ["tabsize"], 0, args)?;
    let width = match width {
        None => 8,
        Some(width) => {
            let width = protocol::index(stack, width)?;
            match number::to_i64(&width).map(i32::try_from) {
                Some(Ok(width)) => usize::try_from(width).unwrap_or(0),
                _ => return Err(raise(stack, Error::OverflowError, "Python int too large to convert to C int")),
            }
        }
    };
    let tabs = text.as_str().matches('\t').count();
    has_room(stack, tabs.saturating_mul(width).saturating_add(text.as_str().len()))?;
    let mut expanded = String::new();
    let mut column = 0;
    for c in text.as_str().chars() {
        match c {
            '\t' if width > 0 => {
                let missing = width - column % width;
                expanded.extend(std::iter::repeat_n(' ', missing));
                column += missing;
            }
            '\t' => {}
            _ => {
                expanded.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    Ok(string(expanded))
}
