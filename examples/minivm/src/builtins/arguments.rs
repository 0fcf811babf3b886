//! The arguments of builtin functions and methods: what they are called on, and keywords.

use crate::class::wrong_receiver;
use crate::exception::type_error;
use crate::object::{Args, Outcome, Stack, Value};
use crate::parameters::unexpected;
use crate::text::as_str;

/// The object that a method is called on, and the arguments behind it. `is_it` says whether the object is of the type `kind`.
pub(crate) fn receiver<'a>(
    stack: &Stack,
    args: Args<'a>,
    kind: &str,
    name: &str,
    is_it: impl FnOnce(&Value) -> bool,
) -> Outcome<(&'a Value, Args<'a>)> {
    match args.positional.split_first() {
        Some((this, positional)) if is_it(this) => Ok((this, Args { positional, keywords: args.keywords })),
        _ => Err(wrong_receiver(stack, name, kind, args)),
    }
}

/// Says that a function takes no keywords, if it was given some.
pub(crate) fn no_keywords(stack: &Stack, args: Args<'_>, name: &str) -> Outcome<()> {
    match args.keywords {
        [] => Ok(()),
        _ => Err(type_error(stack, format!("{name}() takes no keyword arguments"))),
    }
}

/// Says that a function takes fewer keywords, if it was given more than so many.
pub(crate) fn at_most(stack: &Stack, args: Args<'_>, name: &str, most: usize) -> Outcome<()> {
    let count = args.keywords.len();
    if count <= most {
        return Ok(());
    }
    let plural = if most == 1 { "" } else { "s" };
    Err(type_error(stack, format!("{name}() takes at most {most} keyword argument{plural} ({count} given)")))
}

/// The values of these keywords.
pub(crate) fn keywords<'a, const N: usize>(
    stack: &Stack,
    args: Args<'a>,
    name: &str,
    names: [&str; N],
) -> Outcome<[Option<&'a Value>; N]> {
    let mut values = [None; N];
    for (key, value) in args.keywords {
        let place = as_str(key).and_then(|key| names.iter().position(|&name| name == key.as_str()));
        match place {
            Some(at) => values[at] = Some(value),
            None => return Err(unexpected(stack, name, &names, key)),
        }
    }
    Ok(values)
}
