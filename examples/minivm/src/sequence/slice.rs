//! `slice`, and what lists and tuples do with one.

use std::cell::RefCell;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::{clamped_index_of, is_index, items_of};
use crate::builtins;
use crate::call::{between, exactly};
use crate::exception::{Error, raise, type_error};
use crate::number::{self, from_big};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, list, tuple};
use crate::protocol;

const WRONG_INDEX: &str = "slice indices must be integers or None or have an __index__ method";

pub(crate) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "slice")?;
    let parts = match between(stack, "slice", args, 1, 3)? {
        [stop] => [NONE, stop.clone(), NONE],
        [start, stop] => [start.clone(), stop.clone(), NONE],
        [start, stop, step, ..] => [start.clone(), stop.clone(), step.clone()],
        [] => return Err(type_error(stack, "slice expected at least 1 argument, got 0")),
    };
    Ok(Value::new(Object::Slice(Box::new(parts))))
}

/// `slice.start`, `stop`, `step`. `None`: there is no such attribute.
pub(crate) fn slice_attribute(slice: &[Value; 3], name: &str) -> Option<Value> {
    let [start, stop, step] = slice;
    match name {
        "start" => Some(start.clone()),
        "stop" => Some(stop.clone()),
        "step" => Some(step.clone()),
        _ => None,
    }
}

/// `slice.indices()`
pub(crate) static SLICE_METHODS: &[Builtin] = &[Builtin { name: "indices", is_method: true, call: indices }];

fn indices(stack: &Stack, args: Args<'_>) -> Outcome {
    let is_slice = |value: &Value| matches!(value.object(), Some(Object::Slice(_)));
    let (this, args) = builtins::receiver(stack, args, "slice", "indices", is_slice)?;
    let Some(Object::Slice(slice)) = this.object() else { unreachable!("it was looked at") };
    let [len] = exactly(stack, "slice.indices", args)?;
    let len = protocol::index(stack, len)?;
    let len = number::to_big(&len).unwrap_or_default();
    if len.is_negative() {
        return Err(raise(stack, Error::ValueError, "length should not be negative"));
    }
    let Indices { start, stop, step } = adjust_big(stack, slice, &len)?;
    Ok(tuple([from_big(start), from_big(stop), from_big(step)]))
}

/// Indices of a slice as they are of a sequence of some length.
pub(crate) struct Indices {
    pub(crate) start: BigInt,
    pub(crate) stop: BigInt,
    pub(crate) step: BigInt,
}

/// The indices that a slice means of so many items, however many these are.
///
/// Source: `_PySlice_GetLongIndices`, Objects/sliceobject.c.
pub(crate) fn adjust_big(stack: &Stack, slice: &[Value; 3], len: &BigInt) -> Outcome<Indices> {
    let [start, stop, step] = slice;
    let step = big_index(stack, step)?.unwrap_or_else(BigInt::one);
    if step.is_zero() {
        return Err(raise(stack, Error::ValueError, "slice step cannot be zero"));
    }
    let (lower, upper) = if step.is_negative() { (BigInt::from(-1), len - 1) } else { (BigInt::zero(), len.clone()) };
    let (first, last) = if step.is_negative() { (&upper, &lower) } else { (&lower, &upper) };
    let fit = |index: Option<BigInt>, default: &BigInt| match index {
        None => default.clone(),
        Some(index) if index.is_negative() => (index + len).max(lower.clone()),
        Some(index) => index.min(upper.clone()),
    };
    let start = fit(big_index(stack, start)?, first);
    let stop = fit(big_index(stack, stop)?, last);
    Ok(Indices { start, stop, step })
}

/// The number of one part of a slice; `None` if it is `None`.
fn big_index(stack: &Stack, part: &Value) -> Outcome<Option<BigInt>> {
    if part.is(&NONE) {
        return Ok(None);
    }
    if !is_index(stack, part) {
        return Err(type_error(stack, WRONG_INDEX));
    }
    Ok(number::to_big(&protocol::index(stack, part)?))
}

/// The parts of a slice as words, whatever it is of.
struct Unpacked {
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
}

/// Asks the parts of a slice for their numbers: that may run code of the program.
///
/// Source: `PySlice_Unpack`, Objects/sliceobject.c.
fn unpack(stack: &Stack, slice: &[Value; 3]) -> Outcome<Unpacked> {
    let part = |part: &Value| match part.is(&NONE) {
        true => Ok(None),
        false => match clamped_index_of(stack, part)? {
            Some(index) => Ok(Some(index)),
            None => Err(type_error(stack, WRONG_INDEX)),
        },
    };
    let [start, stop, step] = slice;
    let step = part(step)?.unwrap_or(1).max(-i64::MAX);
    if step == 0 {
        return Err(raise(stack, Error::ValueError, "slice step cannot be zero"));
    }
    let start = part(start)?;
    Ok(Unpacked { start, stop: part(stop)?, step })
}

impl Unpacked {
    /// Start, step and number of items of so many.
    fn adjust(&self, len: usize) -> (i64, i64, usize) {
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let is_back = self.step < 0;
        let (lower, upper) = if is_back { (-1, len - 1) } else { (0, len) };
        let fit = |index: Option<i64>, default| match index {
            None => default,
            Some(index) if index < 0 => index.saturating_add(len).max(lower),
            Some(index) => index.min(upper),
        };
        let (start, stop) = if is_back {
            (fit(self.start, upper), fit(self.stop, lower))
        } else {
            (fit(self.start, lower), fit(self.stop, upper))
        };
        let distance = if is_back { start - stop } else { stop - start };
        let count = if distance > 0 { (distance - 1) / self.step.abs() + 1 } else { 0 };
        (start, self.step, usize::try_from(count).unwrap_or(0))
    }
}

/// Start, step and number of items that a slice takes of so many (`PySlice_AdjustIndices`).
pub(crate) fn adjust(stack: &Stack, slice: &[Value; 3], len: usize) -> Outcome<(i64, i64, usize)> {
    Ok(unpack(stack, slice)?.adjust(len))
}

/// The places that a slice takes, in its order.
fn places((start, step, count): (i64, i64, usize)) -> impl Iterator<Item = usize> {
    let at = move |number: usize| start + step * number as i64;
    (0..count).filter_map(move |number| usize::try_from(at(number)).ok())
}

fn taken(items: &[Value], which: (i64, i64, usize)) -> Vec<Value> {
    places(which).filter_map(|at| items.get(at).cloned()).collect()
}

pub(super) fn of_list(stack: &Stack, items: &RefCell<Vec<Value>>, slice: &[Value; 3]) -> Outcome {
    let slice = unpack(stack, slice)?;
    let items = items.borrow();
    Ok(list(taken(&items, slice.adjust(items.len()))))
}

pub(super) fn of_tuple(stack: &Stack, sequence: &Value, items: &[Value], slice: &[Value; 3]) -> Outcome {
    let (start, step, count) = adjust(stack, slice, items.len())?;
    // All of a tuple is the tuple.
    if step == 1 && count == items.len() {
        return Ok(sequence.clone());
    }
    Ok(tuple(taken(items, (start, step, count))))
}

/// `list[slice] = value`
pub(super) fn assign(stack: &Stack, items: &RefCell<Vec<Value>>, slice: &[Value; 3], value: &Value) -> Outcome<()> {
    let slice = unpack(stack, slice)?;
    let new = items_of(stack, value, "must assign iterable to extended slice")?;
    let len = items.borrow().len();
    let (start, step, count) = slice.adjust(len);
    if step == 1 {
        let start = usize::try_from(start).unwrap_or(0);
        let old: Vec<Value> = items.borrow_mut().splice(start..start + count, new).collect();
        drop(old);
        return Ok(());
    }
    if new.len() != count {
        let text = format!("attempt to assign sequence of size {} to extended slice of size {count}", new.len());
        return Err(raise(stack, Error::ValueError, text));
    }
    let mut old = new;
    {
        let mut items = items.borrow_mut();
        for (at, value) in places((start, step, count)).zip(&mut old) {
            if let Some(item) = items.get_mut(at) {
                std::mem::swap(item, value);
            }
        }
    }
    // What was in the list goes now.
    drop(old);
    Ok(())
}

/// `del list[slice]`
pub(super) fn delete(stack: &Stack, items: &RefCell<Vec<Value>>, slice: &[Value; 3]) -> Outcome<()> {
    let slice = unpack(stack, slice)?;
    let len = items.borrow().len();
    let mut doomed: Vec<usize> = places(slice.adjust(len)).collect();
    doomed.sort_unstable();
    let mut doomed = doomed.into_iter().peekable();
    let mut at = 0;
    let old: Vec<Value> = items
        .borrow_mut()
        .extract_if(.., |_| {
            let is_doomed = doomed.next_if_eq(&at).is_some();
            at += 1;
            is_doomed
        })
        .collect();
    drop(old);
    Ok(())
}
