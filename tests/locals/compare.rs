//! Hashes, comparisons and `repr()` of the objects of scripts, as CPython's are.

use frame_runtime::cell::Operator;
use frame_runtime::version::{Activation, Version};

use crate::dict::Dict;
use crate::vm::{How, Kind, Stack, Value, address};

/// A result, or the exception that was raised.
pub(crate) type Raises<T, P> = Result<T, Value<P>>;

pub(crate) fn hash_text(text: &[u8]) -> i64 {
    let hash = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    hash.cast_signed()
}

pub(crate) fn hash<P: Activation>(value: &Value<P>) -> Raises<i64, P> {
    Ok(match value.kind() {
        Kind::Bool(truth) => i64::from(*truth),
        Kind::Int(number) => *number,
        Kind::Str(text) => hash_text(text.as_bytes()),
        Kind::Sub(_, How::Hash) | Kind::Key(_, How::Hash) => return Err(Value::exception("ValueError", "hash")),
        Kind::Sub(_, How::Far) | Kind::Key(_, How::Far) => 7,
        Kind::Sub(text, _) | Kind::Key(text, _) => hash_text(text.as_bytes()),
        Kind::Tuple(items) => {
            let mut all = 1;
            for item in items {
                all = hash(item)?.wrapping_add(31_i64.wrapping_mul(all));
            }
            all
        }
        Kind::List(_) | Kind::Dict(..) | Kind::Proxy(_) => {
            return Err(Value::exception("TypeError", format!("unhashable type: '{}'", value.class())));
        }
        _ => address(value),
    })
}

/// The hash of a key of a dict: from 3.14 on the error says so.
pub(crate) fn hash_key<P: Activation>(value: &Value<P>) -> Raises<i64, P> {
    hash(value).map_err(|raised| match raised.kind() {
        Kind::Exception(kind, text) if kind == "TypeError" && <P as Version>::LAYOUT.minor() >= 14 => {
            let text = format!("cannot use '{}' as a dict key ({text})", value.class());
            Value::exception("TypeError", text)
        }
        _ => raised,
    })
}

/// What `__eq__` of one of the classes of keys says; none that inherits it.
fn overridden<P: Activation>(how: How) -> Option<Raises<bool, P>> {
    match how {
        How::Eq => Some(Err(Value::exception("ValueError", "eq"))),
        How::Never => Some(Ok(false)),
        How::Always => Some(Ok(true)),
        _ => None,
    }
}

/// `left == right`, asked of the left one; `None` for `NotImplemented`.
fn ask<P: Activation>(left: &Value<P>, right: &Value<P>) -> Option<Raises<bool, P>> {
    match (left.kind(), right.kind()) {
        (Kind::Sub(_, how), _) if overridden::<P>(*how).is_some() => overridden(*how),
        (Kind::Key(text, how), _) => {
            overridden(*how).or_else(|| Some(equal(&Value::new(Kind::Str(text.clone())), right)))
        }
        (Kind::Str(left) | Kind::Sub(left, _), Kind::Str(right) | Kind::Sub(right, _)) => Some(Ok(left == right)),
        (Kind::Int(left), Kind::Int(right)) => Some(Ok(left == right)),
        (Kind::Tuple(left), Kind::Tuple(right)) => Some(equal_items(left, right)),
        (Kind::List(left), Kind::List(right)) => Some(equal_items(&left.borrow(), &right.borrow())),
        (Kind::Dict(left, _), Kind::Dict(right, _)) => Some(left.borrow().equal(&right.borrow())),
        (Kind::Proxy(left), Kind::Proxy(right)) => Some(Ok(left.is_same(right))),
        _ => None,
    }
}

fn equal_items<P: Activation>(left: &[Value<P>], right: &[Value<P>]) -> Raises<bool, P> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.iter().zip(right) {
        if !same_or_equal(left, right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `left == right`, as a condition.
pub(crate) fn equal<P: Activation>(left: &Value<P>, right: &Value<P>) -> Raises<bool, P> {
    // One of a subclass is asked first.
    let subclass = matches!((left.kind(), right.kind()), (Kind::Str(_), Kind::Sub(..)));
    let order = if subclass { [(right, left), (left, right)] } else { [(left, right), (right, left)] };
    for (first, second) in order {
        if let Some(answer) = ask(first, second) {
            return answer;
        }
    }
    Ok(left.is(right))
}

/// The same object, or an equal one.
pub(crate) fn same_or_equal<P: Activation>(left: &Value<P>, right: &Value<P>) -> Raises<bool, P> {
    if left.is(right) { Ok(true) } else { equal(left, right) }
}

/// Compares a dict with one.
pub(crate) fn compare_dicts<P: Activation>(
    left: &Value<P>,
    right: &Value<P>,
    operator: Operator,
) -> Raises<Value<P>, P> {
    match operator {
        Operator::Eq | Operator::Ne => {
            equal(left, right).map(|equal| Value::new(Kind::Bool(equal == (operator == Operator::Eq))))
        }
        _ => Err(unordered(left, right, operator)),
    }
}

pub(crate) fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Eq => "==",
        Operator::Ne => "!=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
    }
}

pub(crate) fn unordered<P: Activation>(left: &Value<P>, right: &Value<P>, operator: Operator) -> Value<P> {
    let (sign, left, right) = (sign(operator), left.class(), right.class());
    let text = format!("'{sign}' not supported between instances of '{left}' and '{right}'");
    Value::exception("TypeError", text)
}

/// `repr()` of a text without anything that is escaped but quotes.
pub(crate) fn repr_text(text: &str) -> String {
    if !text.contains('\'') {
        format!("'{text}'")
    } else if !text.contains('"') {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "\\'"))
    }
}

pub(crate) fn repr<P: Activation>(stack: &Stack<P>, value: &Value<P>) -> Raises<String, P> {
    let join = |items: &[Value<P>]| -> Raises<Vec<String>, P> { items.iter().map(|item| repr(stack, item)).collect() };
    Ok(match value.kind() {
        Kind::None => "None".into(),
        Kind::Bool(true) => "True".into(),
        Kind::Bool(false) => "False".into(),
        Kind::Int(number) => number.to_string(),
        Kind::Str(text) | Kind::Sub(text, _) => repr_text(text),
        Kind::Key(text, _) => format!("Key({})", repr_text(text)),
        Kind::Mark(number) => format!("<{number}>"),
        Kind::Tuple(items) => match &join(items)?[..] {
            [one] => format!("({one},)"),
            all => format!("({})", all.join(", ")),
        },
        Kind::List(items) => format!("[{}]", join(&items.borrow())?.join(", ")),
        Kind::Dict(dict, _) => {
            let mut shown = Vec::new();
            let items: Vec<_> = dict.borrow().items();
            for (key, value) in items {
                shown.push(format!("{}: {}", repr(stack, &key)?, repr(stack, &value)?));
            }
            format!("{{{}}}", shown.join(", "))
        }
        Kind::Proxy(locals) => return locals.repr(stack).map_err(|error| crate::values::exception(stack, error)),
        Kind::Other(name) if name == "Iterable" => "<values>".into(),
        _ => format!("<{}>", value.class()),
    })
}

impl<P: Activation> Dict<P> {
    /// Whether both have the same keys, bound to what is equal.
    fn equal(&self, other: &Dict<P>) -> Raises<bool, P> {
        if self.len() != other.len() {
            return Ok(false);
        }
        for (key, value) in self.items() {
            match other.get(&key)? {
                Some(found) if same_or_equal(&value, &found)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}
