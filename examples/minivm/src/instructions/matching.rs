//! `match`.

use super::{look, pop, push};
use crate::attribute;
use crate::class::{self, Type, class_of, is_subclass, type_name};
use crate::dict::as_dict;
use crate::eval::{Frame, Step};
use crate::exception::{refuse, type_error};
use crate::object::{NONE, Object, Outcome, Stack, Value, boolean, int, tuple};
use crate::protocol;
use crate::sequence::as_tuple;
use crate::text::as_str;

/// `GET_LEN`: and its length.
#[inline(never)]
pub(crate) fn get_len<'t>(f: Frame<'t>) -> Step<'t> {
    let subject = look(&f, 0);
    push(f, |stack| {
        let subject = subject;
        protocol::len(stack, &subject).map(|len| int(len as i64))
    })
}

/// `MATCH_MAPPING`: and whether it is one.
#[inline(never)]
pub(crate) fn match_mapping<'t>(f: Frame<'t>) -> Step<'t> {
    let subject = look(&f, 0);
    push(f, |_| {
        Ok(boolean(matches!(subject.object(), Some(Object::Dict(_) | Object::Locals(_) | Object::MappingProxy(_)))))
    })
}

/// `MATCH_SEQUENCE`: and whether it is one.
#[inline(never)]
pub(crate) fn match_sequence<'t>(f: Frame<'t>) -> Step<'t> {
    let subject = look(&f, 0);
    push(f, |_| {
        let is = matches!(subject.object(), Some(Object::List(_) | Object::Tuple(_) | Object::Range(_)));
        Ok(boolean(is))
    })
}

/// `MATCH_KEYS`: subject, keys; and a tuple of the values, or `None`.
#[inline(never)]
pub(crate) fn match_keys<'t>(f: Frame<'t>) -> Step<'t> {
    let (subject, keys) = (look(&f, 1), look(&f, 0));
    push(f, |stack| {
        let (subject, keys) = (subject, keys);
        let Some(dict) = as_dict(class::shown(&subject).unwrap_or(&subject)) else {
            return Err(refuse(stack, "a mapping pattern of another mapping than a dict"));
        };
        let mut seen: Vec<Value> = Vec::new();
        let mut values = Vec::new();
        for key in as_tuple(&keys).unwrap_or_default() {
            for other in &seen {
                if protocol::equal(stack, other, key)? {
                    let text = protocol::repr(stack, key)?;
                    return Err(crate::exception::raise(
                        stack,
                        crate::exception::Error::ValueError,
                        format!("mapping pattern checks duplicate key ({text})"),
                    ));
                }
            }
            seen.push(key.clone());
            match dict.get(stack, key)? {
                Some(value) => values.push(value),
                None => return Ok(NONE),
            }
        }
        Ok(tuple(values))
    })
}

/// `MATCH_CLASS`: subject, class, names of attributes; a tuple of the attributes, or `None`.
#[inline(never)]
pub(crate) fn match_class<'t>(mut f: Frame<'t>, count: u32) -> Step<'t> {
    let names = pop(&mut f);
    let class = pop(&mut f);
    let subject = pop(&mut f);
    push(f, |stack| {
        let (names, class, subject) = (names, class, subject);
        let attributes = attributes(stack, &subject, &class, count as usize, as_tuple(&names).unwrap_or_default())?;
        Ok(attributes.map_or(NONE, tuple))
    })
}

/// Source: `_PyEval_MatchClass`, Python/ceval.c.
fn attributes(
    stack: &Stack,
    subject: &Value,
    class: &Value,
    positional: usize,
    names: &[Value],
) -> Outcome<Option<Vec<Value>>> {
    let vm = stack.vm();
    let Some(content) = class::as_class(class) else {
        return Err(type_error(stack, "called match pattern must be a class"));
    };
    if !is_subclass(class_of(vm, subject), class) {
        return Ok(None);
    }
    let mut found = Vec::new();
    let mut seen: Vec<Value> = Vec::new();
    let twice = |name: &Value| {
        let text = format!(
            "{}() got multiple sub-patterns for attribute {}",
            as_str(&content.name.borrow()).map_or("?", |name| name.as_str()),
            as_str(name).map_or(String::new(), |name| crate::text::repr(name.as_str()))
        );
        type_error(stack, text)
    };
    if positional > 0 {
        let args = attribute::find(stack, class, &vm.names.__match_args__)?;
        let class_name = content.name.borrow().clone();
        let class_name = as_str(&class_name).map_or("?", |name| name.as_str());
        let matches_itself = content.builtin.is_some_and(is_matched_whole);
        let allowed = match &args {
            Some(args) => match as_tuple(args) {
                Some(args) => args.len(),
                None => {
                    let name = type_name(vm, args);
                    let text = format!("{class_name}.__match_args__ must be a tuple (got {name})");
                    return Err(type_error(stack, text));
                }
            },
            None => usize::from(matches_itself),
        };
        if positional > allowed {
            let s = if allowed == 1 { "" } else { "s" };
            let text = format!("{class_name}() accepts {allowed} positional sub-pattern{s} ({positional} given)");
            return Err(type_error(stack, text));
        }
        match &args {
            None => found.push(subject.clone()),
            Some(args) => {
                for name in as_tuple(args).unwrap_or_default().iter().take(positional) {
                    if as_str(name).is_none() {
                        let name = type_name(vm, name);
                        let text = format!("__match_args__ elements must be strings (got {name})");
                        return Err(type_error(stack, text));
                    }
                    if seen.iter().any(|other| crate::text::same(other, name)) {
                        return Err(twice(name));
                    }
                    seen.push(name.clone());
                    match attribute::find(stack, subject, name)? {
                        Some(value) => found.push(value),
                        None => return Ok(None),
                    }
                }
            }
        }
    }
    for name in names {
        if seen.iter().any(|other| crate::text::same(other, name)) {
            return Err(twice(name));
        }
        seen.push(name.clone());
        match attribute::find(stack, subject, name)? {
            Some(value) => found.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Whether a pattern in parentheses is matched with the object itself (`_Py_TPFLAGS_MATCH_SELF`).
fn is_matched_whole(kind: Type) -> bool {
    use Type::{Bool, Bytes, Dict, Float, FrozenSet, Int, List, Set, Str, Tuple};
    matches!(kind, Bool | Bytes | Dict | Float | FrozenSet | Int | List | Set | Str | Tuple)
}
