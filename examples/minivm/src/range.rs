//! `range`.

use frame_runtime::cell::Operator;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::builtins;
use crate::call::{between, exactly};
use crate::class::type_name;
use crate::exception::{Error, raise, type_error};
use crate::iterator;
use crate::number::{from_big, to_big, to_i64};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, boolean, int};
use crate::protocol;
use crate::sequence::{self, Indices};

/// What `range(...)` was told.
pub(crate) struct Range {
    pub(crate) start: Value,
    pub(crate) stop: Value,
    pub(crate) step: Value,
    pub(crate) len: BigInt,
}

pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "count", is_method: true, call: count },
    Builtin { name: "index", is_method: true, call: index },
    Builtin { name: "__reversed__", is_method: true, call: reversed_method },
];

pub(crate) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "range")?;
    let number = |value: &Value| match value.as_integer() {
        Some(_) => Ok(value.clone()),
        None => protocol::index(stack, value).map(|index| to_big(&index).map_or(index, from_big)),
    };
    let (start, stop, step) = match between(stack, "range", args, 1, 3)? {
        [start, stop, rest @ ..] => {
            let (start, stop) = (number(start)?, number(stop)?);
            (start, stop, rest.first().map_or(Ok(int(1)), number)?)
        }
        args => (int(0), args.first().map_or(Ok(int(0)), number)?, int(1)),
    };
    if step.as_integer() == Some(0) {
        return Err(raise(stack, Error::ValueError, "range() arg 3 must not be zero"));
    }
    let len = count_of(&start, &stop, &step);
    Ok(Value::new(Object::Range(Box::new(Range { start, stop, step, len }))))
}

/// The number of a part: an integer, since ranges are made of such.
fn big(part: &Value) -> BigInt {
    to_big(part).unwrap_or_default()
}

fn count_of(start: &Value, stop: &Value, step: &Value) -> BigInt {
    if let (Some(start), Some(stop), Some(1)) = (start.as_integer(), stop.as_integer(), step.as_integer()) {
        return BigInt::from((stop - start).max(0));
    }
    let (start, stop, step) = (big(start), big(stop), big(step));
    let distance = if step.is_negative() { start - stop } else { stop - start };
    if distance.is_positive() { (distance - 1_i32) / step.abs() + 1_i32 } else { BigInt::zero() }
}

impl Range {
    /// Start, step and number of items, if all are small.
    pub(crate) fn small(&self) -> Option<(i64, i64, u64)> {
        Some((to_i64(&self.start)?, to_i64(&self.step)?, self.len.to_u64()?))
    }

    /// The item at a place, which must be one of the range's.
    fn item(&self, at: &BigInt) -> Value {
        if let (Some((start, step, _)), Some(at)) = (self.small(), at.to_i64()) {
            // Products of such numbers fit into 128 bits.
            let item = i128::from(start) + i128::from(step) * i128::from(at);
            return i64::try_from(item).map_or_else(|_| from_big(BigInt::from(item)), int);
        }
        from_big(big(&self.start) + big(&self.step) * at)
    }

    /// Where a number is.
    fn find(&self, number: &BigInt) -> Option<BigInt> {
        let (place, rest) = (number - big(&self.start)).div_rem(&big(&self.step));
        (rest.is_zero() && !place.is_negative() && place < self.len).then_some(place)
    }

    /// The same numbers from the last to the first.
    pub(crate) fn reversed(&self) -> Range {
        let (start, step) = (big(&self.start), big(&self.step));
        let last = &start + &step * (&self.len - 1_i32);
        Range { start: from_big(last), stop: from_big(start - &step), step: from_big(-step), len: self.len.clone() }
    }
}

/// The range in an object, if it is one.
fn as_range(value: &Value) -> Option<&Range> {
    match value.object()? {
        Object::Range(range) => Some(range),
        _ => None,
    }
}

/// The number of an `int` or `bool`; other objects are searched for by comparing.
fn as_number(value: &Value) -> Option<BigInt> {
    match value.object() {
        Some(Object::Int(_)) | None => to_big(value),
        _ => None,
    }
}

/// `range.start`, `stop`, `step`. `None`: there is no such attribute.
pub(crate) fn attribute(range: &Range, name: &str) -> Option<Value> {
    match name {
        "start" => Some(range.start.clone()),
        "stop" => Some(range.stop.clone()),
        "step" => Some(range.step.clone()),
        _ => None,
    }
}

/// `range[index]`, `range[slice]`
pub(crate) fn get_item(stack: &Stack, range: &Range, index: &Value) -> Outcome {
    if let Some(Object::Slice(slice)) = index.object() {
        return get_slice(stack, range, slice);
    }
    if !sequence::is_index(stack, index) {
        let kind = type_name(stack.vm(), index);
        return Err(type_error(stack, format!("range indices must be integers or slices, not {kind}")));
    }
    let mut at = big(&protocol::index(stack, index)?);
    if at.is_negative() {
        at += &range.len;
    }
    if at.is_negative() || at >= range.len {
        return Err(raise(stack, Error::IndexError, "range object index out of range"));
    }
    Ok(range.item(&at))
}

fn get_slice(stack: &Stack, range: &Range, slice: &[Value; 3]) -> Outcome {
    let Indices { start, stop, step } = sequence::adjust_big(stack, slice, &range.len)?;
    let (start, stop, step) = (range.item(&start), range.item(&stop), from_big(big(&range.step) * step));
    let len = count_of(&start, &stop, &step);
    Ok(Value::new(Object::Range(Box::new(Range { start, stop, step, len }))))
}

/// `len(range)`
pub(crate) fn len(stack: &Stack, range: &Range) -> Outcome<usize> {
    let len = range.len.to_i64().and_then(|len| usize::try_from(len).ok());
    len.ok_or_else(|| raise(stack, Error::OverflowError, "Python int too large to convert to C ssize_t"))
}

/// `item in range`
pub(crate) fn contains(stack: &Stack, range: &Range, item: &Value) -> Outcome<bool> {
    match as_number(item) {
        Some(number) => Ok(range.find(&number).is_some()),
        None => Ok(search(stack, range, item)?.is_some()),
    }
}

/// Where an object is that is no integer, but may be equal to one.
fn search(stack: &Stack, range: &Range, item: &Value) -> Outcome<Option<BigInt>> {
    let mut at = BigInt::zero();
    while at < range.len {
        if protocol::equal(stack, &range.item(&at), item)? {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// `left op right` of two ranges, which have no order. `None`: they are none.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    let (left, right) = (as_range(left)?, as_range(right)?);
    let parts = (key(left), key(right));
    let is_equal = |(left, right): (&[Value; 3], &[Value; 3])| {
        for (left, right) in left.iter().zip(right) {
            if !protocol::equal(stack, left, right)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match operator {
        Operator::Eq => Some(is_equal((&parts.0, &parts.1)).map(boolean)),
        Operator::Ne => Some(is_equal((&parts.0, &parts.1)).map(|is_equal| boolean(!is_equal))),
        _ => None,
    }
}

/// What is the same of ranges with the same numbers: how many they are, the first one, and the step if there are more.
fn key(range: &Range) -> [Value; 3] {
    let len = from_big(range.len.clone());
    match range.len.to_u64() {
        Some(0) => [len, NONE, NONE],
        Some(1) => [len, range.start.clone(), NONE],
        _ => [len, range.start.clone(), range.step.clone()],
    }
}

/// `hash()` of a range.
pub(crate) fn hash(stack: &Stack, range: &Range) -> Outcome<i64> {
    sequence::hash_of_items(stack, &key(range))
}

/// `repr()` of a range.
pub(crate) fn repr(stack: &Stack, range: &Range) -> Outcome<String> {
    let (start, stop) = (protocol::repr(stack, &range.start)?, protocol::repr(stack, &range.stop)?);
    match range.step.as_integer() {
        Some(1) => Ok(format!("range({start}, {stop})")),
        _ => Ok(format!("range({start}, {stop}, {})", protocol::repr(stack, &range.step)?)),
    }
}

/// The range that a method is called on, and so many arguments.
fn parts<'a, const N: usize>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<(&'a Range, &'a [Value; N])> {
    let (this, args) = builtins::receiver(stack, args, "range", name, |value| as_range(value).is_some())?;
    let Some(range) = as_range(this) else { unreachable!("it was looked at") };
    Ok((range, exactly(stack, &format!("range.{name}"), args)?))
}

fn count(stack: &Stack, args: Args<'_>) -> Outcome {
    let (range, [item]) = parts(stack, args, "count")?;
    if let Some(number) = as_number(item) {
        return Ok(int(range.find(&number).is_some()));
    }
    let (mut at, mut count) = (BigInt::zero(), 0_i64);
    while at < range.len {
        count += i64::from(protocol::equal(stack, &range.item(&at), item)?);
        at += 1;
    }
    Ok(int(count))
}

fn index(stack: &Stack, args: Args<'_>) -> Outcome {
    let (range, [item]) = parts(stack, args, "index")?;
    let (found, kind) = match as_number(item) {
        Some(number) => (range.find(&number), "range"),
        None => (search(stack, range, item)?, "sequence"),
    };
    let text = || format!("{kind}.index(x): x not in {kind}");
    found.map(from_big).ok_or_else(|| raise(stack, Error::ValueError, text()))
}

fn reversed_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let (range, []) = parts(stack, args, "__reversed__")?;
    Ok(iterator::over_range(&range.reversed()))
}
