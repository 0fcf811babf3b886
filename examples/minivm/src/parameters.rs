//! Arguments of builtins: those that may be given by name, and what a method is called on.

use crate::class::{self, Type};
use crate::exception::type_error;
use crate::object::{Args, NONE, Outcome, Stack, Value};
use crate::text::as_str;
use crate::traceback::suggestion::nearest;

/// The arguments of a builtin by its parameters, of which so many are required. A parameter without a name is given by position alone. The errors
/// are those of CPython's `_PyArg_UnpackKeywords`.
pub(crate) fn named<'a, const N: usize>(
    stack: &Stack,
    function: &str,
    names: [&str; N],
    required: usize,
    args: Args<'a>,
) -> Outcome<[Option<&'a Value>; N]> {
    let unnamed = names.iter().filter(|name| name.is_empty()).count();
    let given = args.positional.len();
    let all = given + args.keywords.len();
    if all > N {
        let kind = if given == 0 { "keyword " } else { "" };
        let text =
            format!("{function}() takes at most {N} {kind}argument{} ({all} given)", if N == 1 { "" } else { "s" });
        return Err(type_error(stack, text));
    }
    let least = unnamed.min(required);
    if given < least {
        let how = if required < N { "at least" } else { "exactly" };
        let s = if least == 1 { "" } else { "s" };
        return Err(type_error(
            stack,
            format!("{function}() takes {how} {least} positional argument{s} ({given} given)"),
        ));
    }
    let mut found = [None; N];
    for (place, value) in found.iter_mut().zip(args.positional) {
        *place = Some(value);
    }
    for (index, name) in names.iter().enumerate().skip(unnamed) {
        let Some((_, value)) = args.keywords.iter().find(|(key, _)| is(key, name)) else { continue };
        if index < given {
            let text = format!("argument for {function}() given by name ('{name}') and position ({})", index + 1);
            return Err(type_error(stack, text));
        }
        found[index] = Some(value);
    }
    if let Some(missing) = found[..required].iter().position(Option::is_none) {
        let text = format!("{function}() missing required argument '{}' (pos {})", names[missing], missing + 1);
        return Err(type_error(stack, text));
    }
    if let Some((key, _)) = args.keywords.iter().find(|(key, _)| !names.iter().any(|name| is(key, name))) {
        return Err(unexpected(stack, function, &names, key));
    }
    Ok(found)
}

/// What is raised for a keyword that is no parameter's name. It guesses which one was meant.
///
/// Source: `error_unexpected_keyword_arg`, Python/getargs.c.
pub(crate) fn unexpected(stack: &Stack, function: &str, names: &[&str], key: &Value) -> Value {
    let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).map(|name| (*name).to_owned()).collect();
    let key = as_str(key).map_or("", |key| key.as_str());
    let guess = nearest(&names, key).map(|name| format!(". Did you mean '{name}'?")).unwrap_or_default();
    type_error(stack, format!("{function}() got an unexpected keyword argument '{key}'{guess}"))
}

fn is(key: &Value, name: &str) -> bool {
    !name.is_empty() && as_str(key).is_some_and(|key| key.as_str() == name)
}

/// What a builtin method is called on, and its other arguments. A `TypeError` if it is called on something else, as in `str.upper(5)`.
pub(crate) fn receiver<'a, R>(
    stack: &Stack,
    of: Type,
    method: &str,
    args: Args<'a>,
    view: impl Fn(&'a Value) -> Option<R>,
) -> Outcome<(R, Args<'a>)> {
    if let Some((object, positional)) = args.positional.split_first()
        && let Some(found) = view(object)
    {
        return Ok((found, Args { positional, keywords: args.keywords }));
    }
    Err(class::wrong_receiver(stack, method, of.name(), args))
}

/// What is raised for an argument that must be a `str`. Of `None` it is not the type that is named.
///
/// Source: `_PyArg_BadArgument`, Python/getargs.c.
pub(crate) fn must_be_str(stack: &Stack, function: &str, argument: &str, value: &Value) -> Value {
    let name = if *value == NONE { "None".into() } else { class::type_name(stack.vm(), value) }.into_owned();
    type_error(stack, format!("{function}() {argument} must be str, not {name}"))
}
