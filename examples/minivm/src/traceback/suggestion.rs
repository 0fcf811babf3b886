//! "Did you mean": the name that comes nearest to one that was not found.
//!
//! Source: `TracebackException.__init__`, `_compute_suggestion_error`, Lib/traceback.py; Python/suggestions.c.

use super::last_frame;
use crate::dict::as_dict;
use crate::exception::{self, Error};
use crate::object::{Outcome, Stack, Value};
use crate::text::as_str;
use crate::{attribute, call, class, known, locals, protocol};

/// So many names and more are not looked through.
const MOST_NAMES: usize = 750;
/// What is longer, in bytes, and different is not compared.
const LONGEST: usize = 40;
/// What a letter costs that is another one, too many, or missing.
const MOVE: usize = 2;
/// What a letter costs that is only in the other case.
const CASE: usize = 1;

/// The names of the module `builtins`, in the order of its dict. Both lists are written by `tools/suggestions.py`.
const BUILTINS: &str = include_str!("builtins.txt");
/// The names of the modules that CPython comes with (`sys.stdlib_module_names`).
const MODULES: &str = include_str!("modules.txt");

/// What is added to the text of an exception. Errors in looking for it are swallowed, but for refusals.
pub(super) fn of(stack: &Stack, error: &Value, traceback: Option<&Value>) -> Outcome<String> {
    let (is_name, is_attribute) = (exception::is(error, Error::NameError), exception::is(error, Error::AttributeError));
    let wrong = match exception::is(error, Error::ImportError) {
        true => attribute_of(stack, error, "name_from")?,
        false if is_name || is_attribute => attribute_of(stack, error, "name")?,
        false => None,
    };
    let Some(wrong) = wrong.as_ref().and_then(as_str).map(|name| name.as_str()) else { return Ok(String::new()) };
    let found = if is_name {
        name(stack, traceback, wrong)
    } else if is_attribute {
        attribute(stack, error, traceback, wrong)
    } else {
        imported(stack, error, wrong)
    };
    let found = match found {
        Err(error) if !exception::is_refusal(&error) => None,
        found => found?,
    };
    let is_module = is_name && MODULES.lines().any(|module| module == wrong);
    Ok(match (found, is_module) {
        (None, false) => String::new(),
        (None, true) => format!(". Did you forget to import '{wrong}'?"),
        (Some(found), false) => format!(". Did you mean: '{found}'?"),
        (Some(found), true) => format!(". Did you mean: '{found}'? Or did you forget to import '{wrong}'?"),
    })
}

/// An attribute of the exception.
fn attribute_of(stack: &Stack, error: &Value, name: &str) -> Outcome<Option<Value>> {
    attribute::find(stack, error, &stack.vm().name(name))
}

/// For a name: among the variables of the frame that looked for it, or as an attribute of `self`.
fn name(stack: &Stack, traceback: Option<&Value>, wrong: &str) -> Outcome<Option<String>> {
    let Some(frame) = traceback.and_then(last_frame) else { return Ok(None) };
    let variables = locals::items_of_frame(stack, &frame)?;
    let mut names: Vec<String> = strings(variables.iter().map(|(name, _)| name)).collect();
    let frame = frame.frame();
    if let Some(globals) = frame.and_then(|frame| frame.globals()).as_ref().and_then(as_dict) {
        names.extend(strings(globals.items().iter().map(|(name, _)| name)));
    }
    names.extend(BUILTINS.lines().map(str::to_owned));
    if let Some(own) = variables.iter().find(|(name, _)| is(name, "self")).map(|(_, own)| own) {
        match attribute::find(stack, own, &stack.vm().name(wrong)) {
            Ok(Some(_)) => return Ok(Some(format!("self.{wrong}"))),
            Err(error) if exception::is_refusal(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(nearest(&names, wrong).map(str::to_owned))
}

/// For an attribute: among those of the object. Names that begin with `_` are for those who ask for one, and for methods
/// of the object itself.
fn attribute(stack: &Stack, error: &Value, traceback: Option<&Value>, wrong: &str) -> Outcome<Option<String>> {
    let Some(object) = attribute_of(stack, error, "obj")? else { return Ok(None) };
    let mut names = dir(stack, &object)?;
    if !wrong.starts_with('_') && !is_asked_by_itself(stack, &object, traceback)? {
        names.retain(|name| !name.starts_with('_'));
    }
    Ok(nearest(&names, wrong).map(str::to_owned))
}

/// `dir(object)`, of which a class of the program may decide.
fn dir(stack: &Stack, object: &Value) -> Outcome<Vec<String>> {
    let Some(method) = class::special(stack.vm(), object, &stack.vm().name("__dir__")) else {
        return Ok(attribute::names(stack, object));
    };
    let listed = call::call(stack, &method, std::slice::from_ref(object))?;
    let mut names: Vec<String> = strings(protocol::collect(stack, &listed)?.iter()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Whether the frame in which it was raised has the object as `self`.
fn is_asked_by_itself(stack: &Stack, object: &Value, traceback: Option<&Value>) -> Outcome<bool> {
    let Some(frame) = traceback.and_then(last_frame) else { return Ok(false) };
    let variables = locals::items_of_frame(stack, &frame)?;
    Ok(variables.iter().any(|(name, value)| is(name, "self") && value.is(object)))
}

/// For a name that is imported: among those of the module. There is only one module that has any.
fn imported(stack: &Stack, error: &Value, wrong: &str) -> Outcome<Option<String>> {
    let module = attribute_of(stack, error, "name")?;
    if !module.as_ref().is_some_and(|module| is(module, "sys")) {
        return Err(exception::refuse(stack, "suggestions for what is imported from another module than sys"));
    }
    let is_shown = |name: &&&str| wrong.starts_with('_') || !name.starts_with('_');
    let names: Vec<String> = known::of_module("sys").iter().filter(is_shown).map(|name| (*name).to_owned()).collect();
    Ok(nearest(&names, wrong).map(str::to_owned))
}

fn is(value: &Value, text: &str) -> bool {
    as_str(value).is_some_and(|value| value.as_str() == text)
}

fn strings<'a>(values: impl Iterator<Item = &'a Value>) -> impl Iterator<Item = String> {
    values.filter_map(|value| as_str(value).map(|text| text.as_str().to_owned()))
}

/// The first of those names that are nearest, if one is near enough.
///
/// Source: `_Py_CalculateSuggestions`, Python/suggestions.c.
pub(crate) fn nearest<'a>(names: &'a [String], wrong: &str) -> Option<&'a str> {
    if names.len() >= MOST_NAMES {
        return None;
    }
    let mut found = None;
    let mut best = usize::MAX;
    for name in names.iter().filter(|name| *name != wrong) {
        // No more than a third of the letters may have to change, and the best until now is to be beaten.
        let most = (wrong.len() + name.len() + 3) * MOVE / 6;
        let Some(most) = best.checked_sub(1).map(|better| better.min(most)) else { break };
        let distance = distance(wrong.as_bytes(), name.as_bytes(), most);
        if distance <= most {
            (found, best) = (Some(name.as_str()), distance);
        }
    }
    found
}

/// What it costs to make one text of the other, letter by letter; anything above `most` where it is more than that.
///
/// Source: `levenshtein_distance`, Python/suggestions.c.
fn distance<'a>(mut left: &'a [u8], mut right: &'a [u8], most: usize) -> usize {
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    (left, right) = (&left[same..], &right[same..]);
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    (left, right) = (&left[..left.len() - same], &right[..right.len() - same]);
    if left.is_empty() || right.is_empty() {
        return (left.len() + right.len()) * MOVE;
    }
    if left.len() > LONGEST || right.len() > LONGEST {
        return most.saturating_add(1);
    }
    if right.len() < left.len() {
        (left, right) = (right, left);
    }
    if (right.len() - left.len()) * MOVE > most {
        return most.saturating_add(1);
    }
    // One row of the table: what the beginnings of `left` cost, for a beginning of `right` that grows.
    let mut row: Vec<usize> = (1..=left.len()).map(|length| length * MOVE).collect();
    let mut result = 0;
    for (index, letter) in right.iter().enumerate() {
        let mut diagonal = index * MOVE;
        result = diagonal;
        let mut least = usize::MAX;
        for (cost, other) in row.iter_mut().zip(left) {
            let substitute = diagonal + substitution(*letter, *other);
            diagonal = *cost;
            result = substitute.min(result.min(diagonal) + MOVE);
            *cost = result;
            least = least.min(result);
        }
        if least > most {
            return most.saturating_add(1);
        }
    }
    result
}

/// What it costs to put one letter in another's place.
fn substitution(left: u8, right: u8) -> usize {
    if left == right {
        0
    } else if left.eq_ignore_ascii_case(&right) {
        CASE
    } else {
        MOVE
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    /// What `_suggestions._generate_suggestions` of CPython 3.14 says.
    #[test]
    fn the_nearest_name_is_cpythons() {
        let cases: &[(&[&str], &str, Option<&str>)] = &[
            (&["lenght", "length"], "lenth", Some("length")),
            (&["foo", "Foo"], "FOO", Some("Foo")),
            (&["foo"], "foo", None),
            (&["a"], "b", None),
            (&["ab"], "ba", None),
            (&["blech", "bluch"], "bluech", Some("blech")),
            (&["größe"], "grösse", Some("größe")),
            (&["_foo", "foo_"], "foo", Some("_foo")),
            (&[], "foo", None),
        ];
        for (names, wrong, wanted) in cases {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(nearest(&names, wrong), *wanted, "{wrong} among {names:?}");
        }
    }

    #[test]
    fn too_many_names_are_not_looked_through() {
        let mut names: Vec<String> = (0..749).map(|number| format!("n{number}")).collect();
        assert_eq!(nearest(&names, "n1000"), Some("n100"));
        names.push("n749".to_owned());
        assert_eq!(nearest(&names, "n1000"), None);
    }
}
