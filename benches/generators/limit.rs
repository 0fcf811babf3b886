//! The limit: a generator as a state machine written in Rust, in an object of the same size that holds the same references.
//!
//! It has no frame, no code that is decoded, and nobody who could look at it, close it or throw into it.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::rc::Rc;

use frame_runtime::version::Cpython3_14;

use crate::object;

type Value = object::Value<Cpython3_14>;

/// Words that a generator's block has besides what is below: an object's head, the exception that is handled, the links
/// of a frame, slots.
const REST: usize = 14;

pub(crate) struct Hand {
    step: fn(&Hand) -> Option<Value>,
    state: Cell<u32>,
    _function: Value,
    _names: [Value; 2],
    /// The local.
    held: Cell<Option<Value>>,
    constant: Value,
    inner: Option<Rc<Hand>>,
    _rest: [MaybeUninit<usize>; REST],
}

/// Bytes of one with the counts in front of it.
pub(crate) const BYTES: usize = size_of::<Hand>() + 2 * size_of::<usize>();

impl Hand {
    fn new(step: fn(&Hand) -> Option<Value>, function: &Value, name: &Value, inner: Option<Rc<Hand>>) -> Rc<Hand> {
        Rc::new(Hand {
            step,
            state: Cell::new(0),
            _function: function.clone(),
            _names: [name.clone(), name.clone()],
            held: Cell::new(None),
            constant: name.clone(),
            inner,
            _rest: [MaybeUninit::uninit(); REST],
        })
    }

    /// `held = ...; while True: yield 1`
    #[inline(always)]
    pub(crate) fn counter(function: &Value, name: &Value) -> Rc<Hand> {
        Hand::new(count, function, name, None)
    }

    /// `yield from ...`
    pub(crate) fn outer(function: &Value, name: &Value, inner: Rc<Hand>) -> Rc<Hand> {
        Hand::new(delegate, function, name, Some(inner))
    }

    /// What it yields.
    #[inline(always)]
    pub(crate) fn resume(&self) -> Option<Value> {
        (self.step)(self)
    }

    /// It is over.
    #[inline(always)]
    pub(crate) fn close(&self) {
        self.state.set(2);
        drop(self.held.take());
    }
}

#[inline(never)]
fn count(hand: &Hand) -> Option<Value> {
    match hand.state.get() {
        0 => {
            hand.state.set(1);
            hand.held.set(Some(hand.constant.clone()));
            Some(Value::integer(1))
        }
        1 => Some(Value::integer(1)),
        _ => None,
    }
}

#[inline(never)]
fn delegate(hand: &Hand) -> Option<Value> {
    hand.state.set(1);
    let value = hand.inner.as_ref().and_then(|inner| inner.resume());
    if value.is_none() {
        hand.state.set(2);
    }
    value
}
