//! `format()`, f-strings, `str.format`.
//!
//! What stands behind the colon is read by [`spec`]; [`number`] writes numbers by it, [`decimal`] the digits of floats. [`template`] is
//! `str.format`, which finds the values by itself; [`percent`] is the `%` of strings.

mod decimal;
mod number;
mod percent;
mod spec;
mod template;

use crate::exception::{Error, raise, type_error};
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value, string};
use crate::parameters::must_be_str;
use crate::text::as_str;
use crate::{call, class, protocol};

pub(crate) use decimal::general;
pub(crate) use percent::format_values;
pub(crate) use template::{format_map, format_text};

use spec::{Align, Spec};

/// `format(value, spec)`. Objects of classes with `__format__` are asked.
pub(crate) fn format(stack: &Stack, value: &Value, spec: &str) -> Outcome<String> {
    let vm = stack.vm();
    match value.object() {
        Some(Object::Str(text)) if spec.is_empty() => return Ok(text.as_str().to_owned()),
        Some(Object::Str(text)) => return format_str(stack, text.as_str(), text.len(), spec),
        _ => {}
    }
    if let Some(number) = crate::number::view(value) {
        return if spec.is_empty() { protocol::text(stack, value) } else { number::format(stack, value, number, spec) };
    }
    if let Some(method) = class::special(vm, value, &vm.names.__format__) {
        let made = call::call(stack, &method, &[value.clone(), string(spec)])?;
        return match as_str(&made) {
            Some(text) => Ok(text.as_str().to_owned()),
            None => {
                let name = class::type_name(vm, &made).into_owned();
                Err(type_error(stack, format!("__format__ must return a str, not {name}")))
            }
        };
    }
    if spec.is_empty() {
        return protocol::text(stack, value);
    }
    let name = class::type_name(vm, value).into_owned();
    Err(type_error(stack, format!("unsupported format string passed to {name}.__format__")))
}

/// `format(text, spec)`
fn format_str(stack: &Stack, text: &str, len: usize, spec: &str) -> Outcome<String> {
    let spec = Spec::parse(stack, spec, "str", 's', Align::Left)?;
    if spec.kind != 's' {
        return Err(spec::unknown_kind(stack, spec.kind, "str"));
    }
    let forbidden = match spec {
        Spec { sign: Some(' '), .. } => "Space not allowed in string format specifier",
        Spec { sign: Some(_), .. } => "Sign not allowed in string format specifier",
        Spec { no_negative_zero: true, .. } => "Negative zero coercion (z) not allowed in string format specifier",
        Spec { alternate: true, .. } => "Alternate form (#) not allowed in string format specifier",
        Spec { align: Align::BehindSign, .. } => "'=' alignment not allowed in string format specifier",
        _ => "",
    };
    if !forbidden.is_empty() {
        return Err(raise(stack, Error::ValueError, forbidden));
    }
    match spec.precision {
        Some(precision) if precision < len => {
            let cut: String = text.chars().take(precision).collect();
            spec.pad(stack, "", &cut)
        }
        _ => spec.pad(stack, "", text),
    }
}

/// `format`
pub(crate) static FUNCTIONS: &[Builtin] = &[Builtin { name: "format", is_method: false, call: builtin }];

fn builtin(stack: &Stack, args: Args<'_>) -> Outcome {
    let args = call::between(stack, "format", args, 1, 2)?;
    let [value, spec @ ..] = args else { return Ok(string("")) };
    let spec = match spec.first() {
        None => "",
        Some(spec) => match as_str(spec) {
            Some(spec) => spec.as_str(),
            None => return Err(must_be_str(stack, "format", "argument 2", spec)),
        },
    };
    format(stack, value, spec).map(string)
}
