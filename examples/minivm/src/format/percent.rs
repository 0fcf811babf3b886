//! `text % values`: fields such as `%-5s`, `%(name)d`, `%.*f`.
//!
//! A field is read into the [`Spec`] that `format()` has, and written by the same functions.
//!
//! Source: `PyUnicode_Format`, Objects/unicodeobject.c.

use num_bigint::BigInt;

use super::number;
use super::spec::{Align, Spec};
use crate::class::{class_of, lookup, qualified_type_name, special, type_name};
use crate::exception::{self, Error, raise, refuse, type_error};
use crate::number::{construct_float, construct_int, to_big, to_float, to_i64, view};
use crate::object::{Args, Object, Outcome, Stack, Value, string};
use crate::protocol;
use crate::sequence::as_tuple;
use crate::text::{as_str, ascii};

/// `text % values`
pub(crate) fn format_values(stack: &Stack, text: &str, values: &Value) -> Outcome<String> {
    let mapping = is_mapping(stack, values).then_some(values);
    let mut fields = Fields { stack, text, rest: text, values: Values::of(values), mapping };
    let mut filled = String::with_capacity(text.len());
    while let Some(at) = fields.rest.find('%') {
        filled.push_str(&fields.rest[..at]);
        fields.rest = &fields.rest[at + 1..];
        match fields.rest.strip_prefix('%') {
            Some(after) => {
                filled.push('%');
                fields.rest = after;
            }
            None => filled.push_str(&fields.fill()?),
        }
    }
    if mapping.is_none() && fields.values.next().is_some() {
        return Err(type_error(stack, "not all arguments converted during string formatting"));
    }
    Ok(filled + fields.rest)
}

/// Whether fields may name items of it; then it need not be used up.
fn is_mapping(stack: &Stack, values: &Value) -> bool {
    match values.object() {
        Some(Object::Dict(_) | Object::List(_) | Object::Range(_) | Object::Bytes(_) | Object::Locals(_)) => true,
        Some(Object::Instance(_) | Object::Exception(_)) => {
            lookup(class_of(stack.vm(), values), &stack.vm().names.__getitem__).is_some()
        }
        _ => false,
    }
}

/// What fields without names take one by one.
enum Values {
    /// The items of a tuple, the next one last.
    Tuple(Vec<Value>),
    One(Option<Value>),
}

impl Values {
    fn of(values: &Value) -> Values {
        match as_tuple(values) {
            Some(items) => Values::Tuple(items.iter().rev().cloned().collect()),
            None => Values::One(Some(values.clone())),
        }
    }

    fn next(&mut self) -> Option<Value> {
        match self {
            Values::Tuple(items) => items.pop(),
            Values::One(value) => value.take(),
        }
    }
}

/// A text whose fields are filled one after another.
struct Fields<'a> {
    stack: &'a Stack,
    text: &'a str,
    /// What is not read yet.
    rest: &'a str,
    values: Values,
    mapping: Option<&'a Value>,
}

impl Fields<'_> {
    fn error<T>(&self, text: &str) -> Outcome<T> {
        Err(raise(self.stack, Error::ValueError, text))
    }

    fn next_value(&mut self) -> Outcome {
        self.values.next().ok_or_else(|| type_error(self.stack, "not enough arguments for format string"))
    }

    /// The next character, if it is one of these.
    fn take(&mut self, of: &[char]) -> Option<char> {
        let next = self.rest.chars().next().filter(|next| of.contains(next))?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    /// The field behind a `%`, filled.
    fn fill(&mut self) -> Outcome<String> {
        if self.take(&['(']).is_some() {
            let key = self.key()?;
            let Some(mapping) = self.mapping else { return Err(type_error(self.stack, "format requires a mapping")) };
            // From here on, this is all that there is.
            self.values = Values::One(Some(protocol::get_item(self.stack, mapping, &string(key))?));
        }
        let mut spec = self.spec()?;
        let Some(kind) = self.rest.chars().next() else { return self.error("incomplete format") };
        let value = self.next_value()?;
        spec.kind = kind;
        let filled = match kind {
            's' | 'r' | 'a' => self.text(&spec, &value)?,
            'c' => self.character(&value).and_then(|text| text_spec(&spec).pad(self.stack, "", &text))?,
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => self.integer(&spec, &value)?,
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                spec.precision.get_or_insert(6);
                number::format_real(self.stack, self.real(&value)?, &spec)?
            }
            _ => return self.unknown(kind),
        };
        self.rest = &self.rest[kind.len_utf8()..];
        Ok(filled)
    }

    /// A name, up to the parenthesis that closes it.
    fn key(&mut self) -> Outcome<String> {
        let mut depth = 1;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let key = self.rest[..at].to_owned();
                self.rest = &self.rest[at + 1..];
                return Ok(key);
            }
        }
        self.error("incomplete format key")
    }

    /// Flags, width, precision, and the size of a number in C, which means nothing.
    fn spec(&mut self) -> Outcome<Spec> {
        let (mut left, mut zero, mut alternate, mut plus, mut blank) = (false, false, false, false, false);
        while let Some(flag) = self.take(&['-', '+', ' ', '#', '0']) {
            match flag {
                '-' => left = true,
                '+' => plus = true,
                ' ' => blank = true,
                '#' => alternate = true,
                _ => zero = true,
            }
        }
        let mut width = 0;
        if self.take(&['*']).is_some() {
            let given = self.star(i64::MAX, "ssize_t")?;
            left |= given < 0;
            width = given.unsigned_abs();
        } else if let Some(given) = self.number(i64::MAX as u64, "width too big")? {
            width = given;
        }
        let mut precision = None;
        if self.take(&['.']).is_some() {
            precision = if self.take(&['*']).is_some() {
                Some(u64::try_from(self.star(i32::MAX.into(), "int")?).unwrap_or(0))
            } else {
                Some(self.number(i32::MAX as u64, "precision too big")?.unwrap_or(0))
            };
        }
        self.take(&['h', 'l', 'L']);
        let size = |size| usize::try_from(size).unwrap_or(usize::MAX);
        Ok(Spec {
            fill: if zero && !left { '0' } else { ' ' },
            align: if left {
                Align::Left
            } else if zero {
                Align::BehindSign
            } else {
                Align::Right
            },
            sign: if plus { Some('+') } else { blank.then_some(' ') },
            no_negative_zero: false,
            alternate,
            width: size(width),
            grouping: None,
            precision: precision.map(size),
            fraction_grouping: None,
            kind: 's',
        })
    }

    /// Digits.
    fn number(&mut self, most: u64, text: &str) -> Outcome<Option<u64>> {
        let mut number = None;
        while let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(10)) {
            self.rest = &self.rest[1..];
            let more = number.unwrap_or(0_u64).checked_mul(10).and_then(|more| more.checked_add(digit.into()));
            match more.filter(|more| *more <= most) {
                Some(more) => number = Some(more),
                None => return self.error(text),
            }
        }
        Ok(number)
    }

    /// `*`: a value is the width or precision.
    fn star(&mut self, most: i64, kind: &str) -> Outcome<i64> {
        let value = self.next_value()?;
        if to_big(&value).is_none() {
            return Err(type_error(self.stack, "* wants int"));
        }
        let number = to_i64(&value).filter(|number| (-most - 1..=most).contains(number));
        let text = || format!("Python int too large to convert to C {kind}");
        number.ok_or_else(|| raise(self.stack, Error::OverflowError, text()))
    }

    /// `%s`, `%r`, `%a`
    fn text(&self, spec: &Spec, value: &Value) -> Outcome<String> {
        let text = match spec.kind {
            's' => protocol::text(self.stack, value)?,
            'r' => protocol::repr(self.stack, value)?,
            _ => ascii(&protocol::repr(self.stack, value)?),
        };
        let text = match spec.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        text_spec(spec).pad(self.stack, "", &text)
    }

    /// `%c`: a string of one character, or a number.
    fn character(&self, value: &Value) -> Outcome<String> {
        let wanted =
            |got: String| type_error(self.stack, format!("%c requires an int or a unicode character, not {got}"));
        if let Some(text) = as_str(value) {
            return match text.len() {
                1 => Ok(text.as_str().to_owned()),
                len => Err(wanted(format!("a string of length {len}"))),
            };
        }
        let name = || qualified_type_name(self.stack.vm(), value);
        let index = protocol::index(self.stack, value).map_err(|error| or_type_error(error, || wanted(name())))?;
        match to_i64(&index) {
            Some(index) => number::character(self.stack, &BigInt::from(index)),
            None => Err(raise(self.stack, Error::OverflowError, "%c arg not in range(0x110000)")),
        }
    }

    /// `%d`, `%x`
    fn integer(&self, spec: &Spec, value: &Value) -> Outcome<String> {
        let kind = spec.kind;
        let is_whole = matches!(kind, 'o' | 'x' | 'X');
        let wanted = || {
            let wanted = if is_whole { "an integer" } else { "a real number" };
            let name = type_name(self.stack.vm(), value).into_owned();
            type_error(self.stack, format!("%{kind} format: {wanted} is required, not {name}"))
        };
        let made = match value.object() {
            Some(Object::Str(_) | Object::Bytes(_)) => Err(wanted()),
            _ if is_whole => protocol::index(self.stack, value),
            _ => construct_int(self.stack, Args::new(std::slice::from_ref(value))),
        };
        let made = made.map_err(|error| or_type_error(error, wanted))?;
        let least = spec.precision.unwrap_or(0);
        if least > 0x3fff_ffff {
            return Err(refuse(self.stack, "a precision of more than a billion digits"));
        }
        number::digits_of(self.stack, &to_big(&made).unwrap_or_default(), spec, least)
    }

    /// `%f`
    fn real(&self, value: &Value) -> Outcome<f64> {
        let vm = self.stack.vm();
        if let Some(number) = view(value) {
            return to_float(self.stack, number);
        }
        if ["__float__", "__index__"].iter().any(|name| special(vm, value, &vm.name(name)).is_some()) {
            let made = construct_float(self.stack, Args::new(std::slice::from_ref(value)))?;
            return view(&made).map_or(Ok(0.0), |number| to_float(self.stack, number));
        }
        Err(type_error(self.stack, format!("must be real number, not {}", type_name(vm, value))))
    }

    fn unknown<T>(&self, kind: char) -> Outcome<T> {
        let at = self.text[..self.text.len() - self.rest.len()].chars().count();
        let shown = if matches!(kind, '\x1f'..='~') { kind } else { '?' };
        self.error(&format!("unsupported format character '{shown}' (0x{:x}) at index {at}", u32::from(kind)))
    }
}

/// Texts have blanks in front of them, not zeros.
fn text_spec(spec: &Spec) -> Spec {
    let align = if spec.align == Align::Left { Align::Left } else { Align::Right };
    Spec { fill: ' ', align, ..*spec }
}

/// A `TypeError` gives way to another one.
fn or_type_error(error: Value, other: impl FnOnce() -> Value) -> Value {
    if exception::is(&error, Error::TypeError) { other() } else { error }
}
