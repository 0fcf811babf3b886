//! `str.format` and `str.format_map`: texts with fields, as in `"{0.name!r:>{width}}"`.

use super::format;
use super::spec::shown;
use crate::exception::{Error, raise, raise_with};
use crate::object::{Args, Outcome, Stack, Value, int, string};
use crate::text::unicode::decimal_digit;
use crate::text::{Str, as_str, ascii};
use crate::{attribute, call, protocol};

/// `text.format(*args, **kwargs)`
pub(crate) fn format_text(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    Template { stack, values: Values::Args(args), numbering: Numbering::None }.fill(text.as_str(), 2).map(string)
}

/// `text.format_map(mapping)`
pub(crate) fn format_map(stack: &Stack, text: &Str, args: Args<'_>) -> Outcome {
    let [mapping] = call::exactly(stack, "str.format_map", args)?;
    Template { stack, values: Values::Mapping(mapping), numbering: Numbering::None }.fill(text.as_str(), 2).map(string)
}

/// Where values come from.
enum Values<'a> {
    Args(Args<'a>),
    Mapping(&'a Value),
}

/// How fields have found their arguments so far.
enum Numbering {
    None,
    /// By themselves: the next one's number.
    Automatic(usize),
    Manual,
}

struct Template<'a> {
    stack: &'a Stack,
    values: Values<'a>,
    numbering: Numbering,
}

/// A field, and what is behind it.
struct Field<'t> {
    name: &'t str,
    conversion: Option<char>,
    spec: &'t str,
    after: &'t str,
}

impl Template<'_> {
    fn error<T>(&self, text: impl AsRef<str>) -> Outcome<T> {
        Err(raise(self.stack, Error::ValueError, text))
    }

    /// The text with its fields replaced. Formats may have fields, which may not have formats with fields: so deep is `levels`.
    fn fill(&mut self, text: &str, levels: u32) -> Outcome<String> {
        let Some(levels) = levels.checked_sub(1) else { return self.error("Max string recursion exceeded") };
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (literal, brace) = rest.split_at(at);
            filled.push_str(literal);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                filled.push_str(&brace[..1]);
                rest = &brace[2..];
            } else if brace.starts_with('}') {
                return self.error("Single '}' encountered in format string");
            } else if brace.len() == 1 {
                return self.error("Single '{' encountered in format string");
            } else {
                let field = self.parse(&brace[1..])?;
                filled.push_str(&self.show(&field, levels)?);
                rest = field.after;
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Reads a field, whose brace is open.
    fn parse<'t>(&self, text: &'t str) -> Outcome<Field<'t>> {
        let mut in_brackets = false;
        let end = text.find(|c| match c {
            ']' if in_brackets => {
                in_brackets = false;
                false
            }
            _ if in_brackets => false,
            '[' => {
                in_brackets = true;
                false
            }
            c => matches!(c, '{' | '}' | ':' | '!'),
        });
        let Some(end) = end else { return self.error("expected '}' before end of string") };
        let (name, rest) = text.split_at(end);
        let mut chars = rest.chars();
        let mut conversion = None;
        match chars.next() {
            Some('{') => return self.error("unexpected '{' in field name"),
            Some('}') => return Ok(Field { name, conversion, spec: "", after: chars.as_str() }),
            Some('!') => {
                conversion = chars.next();
                if conversion.is_none() {
                    return self.error("end of string while looking for conversion specifier");
                }
                match chars.next() {
                    Some('}') => return Ok(Field { name, conversion, spec: "", after: chars.as_str() }),
                    Some(':') | None => {}
                    Some(_) => return self.error("expected ':' after conversion specifier"),
                }
            }
            _ => {}
        }
        let spec = chars.as_str();
        let mut open = 1;
        for (at, c) in spec.char_indices() {
            match c {
                '{' => open += 1,
                '}' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Ok(Field { name, conversion, spec: &spec[..at], after: &spec[at + 1..] });
            }
        }
        self.error("unmatched '{' in format spec")
    }

    /// What a field is replaced by.
    fn show(&mut self, field: &Field<'_>, levels: u32) -> Outcome<String> {
        let value = self.find(field.name)?;
        let value = match field.conversion {
            None => value,
            Some('r') => string(protocol::repr(self.stack, &value)?),
            Some('s') => string(protocol::text(self.stack, &value)?),
            Some('a') => string(ascii(&protocol::repr(self.stack, &value)?)),
            Some(c) => {
                // 127 is shown as a number here.
                let shown = if c == '\x7f' { "\\x7f".to_owned() } else { shown(c) };
                return self.error(format!("Unknown conversion specifier {shown}"));
            }
        };
        if field.spec.contains(['{', '}']) {
            let spec = self.fill(field.spec, levels)?;
            return format(self.stack, &value, &spec);
        }
        format(self.stack, &value, field.spec)
    }

    /// The value of a field: an argument, and then attributes and items of it.
    fn find(&mut self, name: &str) -> Outcome {
        let (first, mut path) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
        let mut value = self.argument(first)?;
        while let Some(kind) = path.chars().next() {
            if kind == '.' {
                let rest = &path[1..];
                let (attribute, after) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
                self.not_empty(attribute)?;
                value = attribute::get(self.stack, &value, &self.stack.vm().name(attribute))?;
                path = after;
            } else if kind == '[' {
                let Some((key, after)) = path[1..].split_once(']') else {
                    return self.error("Missing ']' in format string");
                };
                self.not_empty(key)?;
                let key = match self.number(key)? {
                    Some(number) => int(number),
                    None => string(key),
                };
                value = protocol::get_item(self.stack, &value, &key)?;
                path = after;
            } else {
                return self.error("Only '.' or '[' may follow ']' in format field specifier");
            }
        }
        Ok(value)
    }

    fn not_empty(&self, part: &str) -> Outcome<()> {
        if part.is_empty() { self.error("Empty attribute in format string") } else { Ok(()) }
    }

    /// A number in a field, if it is one.
    fn number(&self, text: &str) -> Outcome<Option<i64>> {
        let mut number = 0_i64;
        for c in text.chars() {
            let Some(digit) = decimal_digit(c) else { return Ok(None) };
            match number.checked_mul(10).and_then(|number| number.checked_add(i64::from(digit))) {
                Some(more) => number = more,
                None => return self.error("Too many decimal digits in format string"),
            }
        }
        Ok((!text.is_empty()).then_some(number))
    }

    /// The argument with a name, a number, or the next number.
    fn argument(&mut self, name: &str) -> Outcome {
        let number = self.number(name)?;
        if let (Values::Args(_), true) = (&self.values, number.is_some() || name.is_empty()) {
            self.check_numbering(name.is_empty())?;
        }
        let index = match (number, &mut self.numbering) {
            (Some(number), _) => number,
            (None, Numbering::Automatic(next)) if name.is_empty() => {
                *next += 1;
                next.cast_signed() as i64 - 1
            }
            (None, _) if name.is_empty() => 0,
            (None, _) => return self.named(name),
        };
        let Values::Args(args) = &self.values else { return self.error("Format string contains positional fields") };
        match usize::try_from(index).ok().and_then(|index| args.positional.get(index)) {
            Some(value) => Ok(value.clone()),
            None => {
                let text = format!("Replacement index {index} out of range for positional args tuple");
                Err(raise(self.stack, Error::IndexError, text))
            }
        }
    }

    /// Fields have numbers, or they have none: not the one here and the other there.
    fn check_numbering(&mut self, automatic: bool) -> Outcome<()> {
        match (&self.numbering, automatic) {
            (Numbering::None, true) => self.numbering = Numbering::Automatic(0),
            (Numbering::None, false) => self.numbering = Numbering::Manual,
            (Numbering::Automatic(_), false) => {
                return self.error("cannot switch from automatic field numbering to manual field specification");
            }
            (Numbering::Manual, true) => {
                return self.error("cannot switch from manual field specification to automatic field numbering");
            }
            _ => {}
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Outcome {
        let key = string(name);
        match &self.values {
            Values::Mapping(mapping) => protocol::get_item(self.stack, mapping, &key),
            Values::Args(args) => {
                let is_key = |(keyword, _): &&(Value, Value)| as_str(keyword).is_some_and(|k| k.as_str() == name);
                match args.keywords.iter().find(is_key) {
                    Some((_, value)) => Ok(value.clone()),
                    None => Err(raise_with(self.stack, Error::KeyError, &[key])),
                }
            }
        }
    }
}
