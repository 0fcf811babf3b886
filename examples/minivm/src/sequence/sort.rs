//! `list.sort()` and `sorted()`: stable, by `<` alone.
//!
//! What is sorted is the order, a list of places: whatever a comparison does, no item gets lost.

use std::cell::RefCell;
use std::cmp::Ordering;

use frame_runtime::cell::Operator;

use crate::call::call;
use crate::exception::{Error, raise};
use crate::object::{Object, Outcome, Stack, Value};
use crate::protocol;
use crate::text::as_str;

/// Sorts a list, which is empty meanwhile. After an error it has all its items, in some order.
pub(super) fn sort(stack: &Stack, list: &RefCell<Vec<Value>>, key: Option<&Value>, is_reverse: bool) -> Outcome<()> {
    let mut items = list.take();
    let result = sort_items(stack, &mut items, key, is_reverse);
    let intruders = list.replace(items);
    if result.is_ok() && !intruders.is_empty() {
        return Err(raise(stack, Error::ValueError, "list modified during sort"));
    }
    result
}

fn sort_items(stack: &Stack, items: &mut Vec<Value>, key: Option<&Value>, is_reverse: bool) -> Outcome<()> {
    let keys: Vec<Value> = match key {
        Some(key) => items.iter().map(|item| call(stack, key, std::slice::from_ref(item))).collect::<Outcome<_>>()?,
        None => items.clone(),
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    // Sorting what is reversed and reversing that leaves equal items where they were.
    if is_reverse {
        order.reverse();
    }
    let result = match simple_order(&keys) {
        Some(compare) => {
            order.sort_by(|&left, &right| compare(&keys[left], &keys[right]));
            Ok(())
        }
        None => Sort { stack, keys: &keys }.sort(&mut order),
    };
    if is_reverse {
        order.reverse();
    }
    *items = order.iter().map(|&at| items[at].clone()).collect();
    result
}

fn as_float(value: &Value) -> Option<f64> {
    match value.object() {
        Some(Object::Float(value)) => Some(*value),
        _ => None,
    }
}

/// How keys compare that are all small integers, or all strings, or all floats but NaN.
fn simple_order(keys: &[Value]) -> Option<fn(&Value, &Value) -> Ordering> {
    if keys.iter().all(|key| key.as_integer().is_some()) {
        Some(|left, right| left.as_integer().cmp(&right.as_integer()))
    } else if keys.iter().all(|key| as_str(key).is_some()) {
        // UTF-8 is in the order of code points.
        Some(|left, right| as_str(left).map(|text| text.as_str()).cmp(&as_str(right).map(|text| text.as_str())))
    } else if keys.iter().all(|key| as_float(key).is_some_and(|value| !value.is_nan())) {
        Some(|left, right| as_float(left).partial_cmp(&as_float(right)).unwrap_or(Ordering::Equal))
    } else {
        None
    }
}

/// Runs are at least so long before they are merged: shorter ones are made so by insertion.
const SHORT: usize = 64;

struct Sort<'a> {
    stack: &'a Stack,
    keys: &'a [Value],
}

impl Sort<'_> {
    fn is_less(&self, left: usize, right: usize) -> Outcome<bool> {
        let less = protocol::compare(self.stack, Operator::Lt, &self.keys[left], &self.keys[right])?;
        protocol::truth(self.stack, &less)
    }

    /// Sorts up to 63 items by the same comparisons as CPython. More are merged from runs of 64, by other ones: that shows only if
    /// `<` is no order, or tells of its calls.
    fn sort(&self, order: &mut Vec<usize>) -> Outcome<()> {
        let mut ends = Vec::new();
        let mut start = 0;
        while start < order.len() {
            let end = (start + SHORT).min(order.len());
            let run = &mut order[start..end];
            let sorted = self.count_run(run)?;
            self.insert(run, sorted)?;
            start = end;
            ends.push(end);
        }
        while ends.len() > 1 {
            ends = self.merge_pairs(order, &ends)?;
        }
        Ok(())
    }

    /// How many items at the beginning are in order. Those that are in the opposite order are turned round, equal ones among them not.
    ///
    /// Source: `count_run`, Objects/listobject.c.
    fn count_run(&self, run: &mut [usize]) -> Outcome<usize> {
        let mut len = self.ascend(run, 1)?;
        if len >= run.len() {
            return Ok(len);
        }
        if len > 1 {
            if self.is_less(run[0], run[len - 1])? {
                return Ok(len);
            }
            // They are all equal, and what follows is less.
            run[..len].reverse();
        }
        len += 1;
        let mut equal = 0;
        while len < run.len() {
            if self.is_less(run[len], run[len - 1])? {
                run[len - equal - 1..len].reverse();
                equal = 0;
            } else if self.is_less(run[len - 1], run[len])? {
                break;
            } else {
                equal += 1;
            }
            len += 1;
        }
        run[len - equal - 1..len].reverse();
        run[..len].reverse();
        self.ascend(run, len)
    }

    /// How far a run goes on that is in order to this place.
    fn ascend(&self, run: &[usize], mut len: usize) -> Outcome<usize> {
        while len < run.len() && !self.is_less(run[len], run[len - 1])? {
            len += 1;
        }
        Ok(len)
    }

    /// Inserts all that follow into those that are sorted.
    fn insert(&self, run: &mut [usize], sorted: usize) -> Outcome<()> {
        for at in sorted.max(1)..run.len() {
            let (mut left, mut right) = (0, at);
            while left < right {
                let middle = left.midpoint(right);
                if self.is_less(run[at], run[middle])? {
                    right = middle;
                } else {
                    left = middle + 1;
                }
            }
            run[left..=at].rotate_right(1);
        }
        Ok(())
    }

    /// Merges each run with the next one. Returns where runs end then.
    fn merge_pairs(&self, order: &mut Vec<usize>, ends: &[usize]) -> Outcome<Vec<usize>> {
        let mut merged = Vec::with_capacity(order.len());
        let mut new_ends = Vec::new();
        let mut start = 0;
        for pair in ends.chunks(2) {
            let (middle, end) = (pair[0], pair[pair.len() - 1]);
            self.merge(&order[start..middle], &order[middle..end], &mut merged)?;
            new_ends.push(end);
            start = end;
        }
        *order = merged;
        Ok(new_ends)
    }

    fn merge(&self, mut left: &[usize], mut right: &[usize], merged: &mut Vec<usize>) -> Outcome<()> {
        while let (Some(&first), Some(&second)) = (left.first(), right.first()) {
            // Of equal ones the left one comes first.
            if self.is_less(second, first)? {
                merged.push(second);
                right = &right[1..];
            } else {
                merged.push(first);
                left = &left[1..];
            }
        }
        merged.extend_from_slice(left);
        merged.extend_from_slice(right);
        Ok(())
    }
}
