//! The methods of `str`: which there are, and what they are called with.

use super::layout::Side;
use super::split::Ends;
use super::{Str, as_str, case, codec, layout, search, split, translate};
use crate::class::Type;
use crate::object::{Args, Builtin, Outcome, Stack, boolean, string};
use crate::parameters::receiver;
use crate::{call, format};

const fn method(name: &'static str, call: fn(&Stack, Args<'_>) -> Outcome) -> Builtin {
    Builtin { name, is_method: true, call }
}

pub(crate) static METHODS: &[Builtin] = &[
    method("capitalize", |stack, args| mapping(stack, "capitalize", args, case::capitalize)),
    method("casefold", |stack, args| mapping(stack, "casefold", args, case::casefold)),
    method("center", |stack, args| {
        with(stack, "center", args, |t, n, a| layout::justify(stack, n, t, a, Side::Center))
    }),
    method("count", |stack, args| with(stack, "count", args, |t, _, a| search::count(stack, t, a))),
    method("encode", |stack, args| with(stack, "encode", args, |t, _, a| codec::encode(stack, t, a))),
    method("endswith", |stack, args| with(stack, "endswith", args, |t, n, a| search::is_at_edge(stack, n, t, a, true))),
    method("expandtabs", |stack, args| with(stack, "expandtabs", args, |t, _, a| layout::expandtabs(stack, t, a))),
    method("find", |stack, args| with(stack, "find", args, |t, n, a| search::find(stack, n, t, a, false))),
    method("format", |stack, args| with(stack, "format", args, |t, _, a| format::format_text(stack, t, a))),
    method("format_map", |stack, args| with(stack, "format_map", args, |t, _, a| format::format_map(stack, t, a))),
    method("index", |stack, args| with(stack, "index", args, |t, n, a| search::index(stack, n, t, a, false))),
    method("isalnum", |stack, args| question(stack, "isalnum", args, case::isalnum)),
    method("isalpha", |stack, args| question(stack, "isalpha", args, case::isalpha)),
    method("isascii", |stack, args| question(stack, "isascii", args, Str::is_ascii)),
    method("isdecimal", |stack, args| question(stack, "isdecimal", args, case::isdecimal)),
    method("isdigit", |stack, args| question(stack, "isdigit", args, case::isdigit)),
    method("isidentifier", |stack, args| {
        with(stack, "isidentifier", args, |text, name, args| {
            let [] = call::exactly(stack, &qualified(name), args)?;
            case::isidentifier(stack, text).map(boolean)
        })
    }),
    method("islower", |stack, args| question(stack, "islower", args, case::islower)),
    method("isnumeric", |stack, args| question(stack, "isnumeric", args, case::isnumeric)),
    method("isprintable", |stack, args| question(stack, "isprintable", args, case::isprintable)),
    method("isspace", |stack, args| question(stack, "isspace", args, case::isspace)),
    method("istitle", |stack, args| question(stack, "istitle", args, case::istitle)),
    method("isupper", |stack, args| question(stack, "isupper", args, case::isupper)),
    method("join", |stack, args| with(stack, "join", args, |t, _, a| split::join(stack, t, a))),
    method("ljust", |stack, args| with(stack, "ljust", args, |t, n, a| layout::justify(stack, n, t, a, Side::Left))),
    method("lower", |stack, args| mapping(stack, "lower", args, case::lower)),
    method("lstrip", |stack, args| with(stack, "lstrip", args, |t, n, a| split::strip(stack, n, t, a, Ends::Left))),
    Builtin { name: "maketrans", is_method: false, call: translate::maketrans },
    method("partition", |stack, args| {
        with(stack, "partition", args, |t, n, a| split::partition(stack, n, t, a, false))
    }),
    method("removeprefix", |stack, args| {
        with(stack, "removeprefix", args, |t, n, a| search::without_edge(stack, n, t, a, false))
    }),
    method("removesuffix", |stack, args| {
        with(stack, "removesuffix", args, |t, n, a| search::without_edge(stack, n, t, a, true))
    }),
    method("replace", |stack, args| with(stack, "replace", args, |t, _, a| search::replace(stack, t, a))),
    method("rfind", |stack, args| with(stack, "rfind", args, |t, n, a| search::find(stack, n, t, a, true))),
    method("rindex", |stack, args| with(stack, "rindex", args, |t, n, a| search::index(stack, n, t, a, true))),
    method("rjust", |stack, args| with(stack, "rjust", args, |t, n, a| layout::justify(stack, n, t, a, Side::Right))),
    method("rpartition", |stack, args| {
        with(stack, "rpartition", args, |t, n, a| split::partition(stack, n, t, a, true))
    }),
    method("rsplit", |stack, args| with(stack, "rsplit", args, |t, n, a| split::split(stack, n, t, a, true))),
    method("rstrip", |stack, args| with(stack, "rstrip", args, |t, n, a| split::strip(stack, n, t, a, Ends::Right))),
    method("split", |stack, args| with(stack, "split", args, |t, n, a| split::split(stack, n, t, a, false))),
    method("splitlines", |stack, args| with(stack, "splitlines", args, |t, _, a| split::splitlines(stack, t, a))),
    method("startswith", |stack, args| {
        with(stack, "startswith", args, |t, n, a| search::is_at_edge(stack, n, t, a, false))
    }),
    method("strip", |stack, args| with(stack, "strip", args, |t, n, a| split::strip(stack, n, t, a, Ends::Both))),
    method("swapcase", |stack, args| mapping(stack, "swapcase", args, case::swapcase)),
    method("title", |stack, args| mapping(stack, "title", args, case::title)),
    method("translate", |stack, args| with(stack, "translate", args, |t, _, a| translate::translate(stack, t, a))),
    method("upper", |stack, args| mapping(stack, "upper", args, case::upper)),
    method("zfill", |stack, args| with(stack, "zfill", args, |t, _, a| layout::zfill(stack, t, a))),
];

/// Calls a method with the string it is called on, its name and its other arguments.
fn with<'a>(
    stack: &Stack,
    name: &str,
    args: Args<'a>,
    body: impl FnOnce(&'a Str, &str, Args<'a>) -> Outcome,
) -> Outcome {
    let (text, args) = receiver(stack, Type::Str, name, args, as_str)?;
    body(text, name, args)
}

fn qualified(name: &str) -> String {
    format!("str.{name}")
}

/// A method without arguments that makes another string.
fn mapping(stack: &Stack, name: &str, args: Args<'_>, body: fn(&Stack, &Str) -> Outcome<String>) -> Outcome {
    with(stack, name, args, |text, name, args| {
        let [] = call::exactly(stack, &qualified(name), args)?;
        body(stack, text).map(string)
    })
}

/// A method without arguments that is true or false.
fn question(stack: &Stack, name: &str, args: Args<'_>, body: fn(&Str) -> bool) -> Outcome {
    with(stack, name, args, |text, name, args| {
        let [] = call::exactly(stack, &qualified(name), args)?;
        Ok(boolean(body(text)))
    })
}
