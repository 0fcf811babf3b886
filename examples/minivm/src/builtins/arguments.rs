//! The arguments of builtin functions and methods: what they are called on, and keywords.

use crate::class::type_name;
use crate::exception::type_error;
use crate::object::{Args, Outcome, Stack, Value};
use crate::text::as_str;
use crate::traceback::nearest;

/// The object that a method is called on, and the arguments behind it. `is_it` says whether the object is of the type `kind`.
pub(crate) fn receiver<'a>(
    stack: &Stack,
    args: Args<'a>,
    kind: &str,
    name: &str,
    is_it: impl FnOnce(&Value) -> bool,
) -> Outcome<(&'a Value, Args<'a>)> {
    let Some((this, positional)) = args.positional.split_first() else {
        return Err(type_error(stack, format!("unbound method {kind}.{name}() needs an argument")));
    };
    if !is_it(this) {
        let wrong = type_name(stack.vm(), this);
        let text = format!("descriptor '{name}' for '{kind}' objects doesn't apply to a '{wrong}' object");
        return Err(type_error(stack, text));
    }
    Ok((this, Args { positional, keywords: args.keywords }))
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
        let key = as_str(key).map_or("", |key| key.as_str());
        match names.iter().position(|&name| name == key) {
            Some(at) => values[at] = Some(value),
            None => return Err(unexpected(stack, name, key, &names)),
        }
    }
    Ok(values)
}

fn unexpected(stack: &Stack, name: &str, key: &str, names: &[&str]) -> Value {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let hint = nearest(&names, key).map_or(String::new(), |name| format!(". Did you mean '{name}'?"));
    type_error(stack, format!("{name}() got an unexpected keyword argument '{key}'{hint}"))
}
