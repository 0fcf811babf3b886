//! `frame.f_lineno = N`: a trace function sends the frame to another line.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{FrameObject, ObjectFields};
use crate::code::jump::{Dropped, NoJump};
use crate::data_stack::DataStack;
use crate::frame::FramePtr;
use crate::generator::ErrorKind;
use crate::machine::trace::{Machine, event, state};
use crate::machine::{Error, Guard, Message, Outcome, Runs};
use crate::trace::Delivery;
use crate::version::Version;
use crate::vm::{FrameCode, FrameVm};

/// What `f_lineno` is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lineno {
    /// Something that is no `int`: also a `bool`, and an instance of a subclass.
    NotAnInt,
    /// An `int` that does not fit in C's.
    TooLarge,
    /// A line.
    Line(i32),
}

impl From<i64> for Lineno {
    fn from(line: i64) -> Self {
        i32::try_from(line).map_or(Lineno::TooLarge, Lineno::Line)
    }
}

/// Why `f_lineno` was not set. `E` is what a warning raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinenoError<E> {
    /// The value is no `int`.
    NotAnInt,
    /// It is too large.
    TooLarge,
    /// The [event](DataStack::trace_event) that is being told does not allow it, or none is.
    Event(Error, Message),
    /// It is not the frame that the event is told of: its loop would not see that it moved.
    NotHere,
    /// There is no way to that line.
    NoJump(NoJump),
    /// The `RuntimeWarning` is an error.
    Warning(E),
}

impl<E> LinenoError<E> {
    /// The exception's type; `None` where the warning raised it.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            LinenoError::Warning(_) => None,
            LinenoError::Event(error, _) => Some((*error).into()),
            _ => Some(ErrorKind::ValueError),
        }
    }
}

impl<E> fmt::Display for LinenoError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinenoError::NotAnInt => f.write_str("lineno must be an integer"),
            LinenoError::TooLarge => f.write_str("lineno out of range"),
            LinenoError::Event(_, message) => f.write_str(message.pattern()),
            LinenoError::NotHere => f.write_str("can't jump during a call"),
            LinenoError::NoJump(why) => why.fmt(f),
            LinenoError::Warning(_) => f.write_str("a warning about unbound locals was raised"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for LinenoError<E> {}

/// A way that was found.
struct Way<V: FrameVm> {
    frame: FramePtr<V>,
    /// The unit to go on at.
    unit: u32,
    drops: Vec<Dropped>,
}

impl<V: FrameVm> FrameObject<V> {
    /// Sends the frame to a line, or to the next one with instructions (`frame.f_lineno = line`).
    ///
    /// It can be done while the frame's own loop [tells](crate::running::Running::tell) of an event that allows it. What the
    /// target does not need of the stack is released, the top first. From 3.12 on, where instructions rely on locals being
    /// bound, each that is not becomes `None`, with a `RuntimeWarning`: `unbound` is told its text if there are such, issues
    /// it, and returns the VM's `None`.
    ///
    /// Rules and messages are CPython's. Jumps that would leave the frame in a state that its code does not allow are refused
    /// ([`jump`](crate::code::jump)), and so are those of any frame but the one that the event is about: CPython takes things off
    /// their stacks that are not there, and may crash.
    ///
    /// # Errors
    ///
    /// [`LinenoError`]; then nothing was changed.
    ///
    /// Source: `frame_setlineno`, Objects/frameobject.c.
    pub fn set_lineno<E>(
        &self,
        stack: &DataStack<V>,
        line: Lineno,
        unbound: impl FnOnce(&str) -> Result<V::Value, E>,
    ) -> Result<(), LinenoError<E>> {
        let mut way = self.way(stack, line)?;
        let missing = way.frame.unbound();
        if missing > 0 && <V::Python as Version>::LAYOUT.minor() >= 12 {
            let none = unbound(&warning(missing)).map_err(LinenoError::Warning)?;
            // A warning may run anything.
            way = self.way(stack, line)?;
            way.frame.bind_unbound(&none);
        }
        drop(self.go(stack, way));
        Ok(())
    }

    /// All rules, and where the frame would go on.
    fn way<E>(&self, stack: &DataStack<V>, line: Lineno) -> Result<Way<V>, LinenoError<E>> {
        if line == Lineno::NotAnInt {
            return Err(LinenoError::NotAnInt);
        }
        let told = stack.delivery.get();
        let event = stack.trace_event();
        let here = told.filter(|told| Some(told.frame) == self.frame() && !told.frame.is_held());
        // Once it was sent elsewhere it does not stand at the `yield` any more.
        let yielded = here.is_some_and(|told| !told.moved) && event == state::PY_YIELD;
        let asks = |guard| match guard {
            Guard::Untraced => self.trace().is_none(),
            Guard::FrameSuspended => yielded || self.is_suspended(),
            _ => false,
        };
        let rules = <V::Python as Runs<Machine>>::RULES;
        let step = rules.step(event, event::SET_LINENO, 0, asks);
        if let Outcome::Refuses(error, message) = step.outcome {
            return Err(LinenoError::Event(error, message));
        }
        let Lineno::Line(line) = line else { return Err(LinenoError::TooLarge) };
        let Some(Delivery { frame, .. }) = here else { return Err(LinenoError::NotHere) };
        let source = frame.code().and_then(FrameCode::jumps).ok_or(LinenoError::NoJump(NoJump::NoCode))?;
        let from = u32::try_from(frame.unit()).map_err(|_| LinenoError::NoJump(NoJump::FromUnreachable))?;
        let jump = source.find(from, yielded, line).map_err(LinenoError::NoJump)?;
        if frame.depth() != jump.depth as usize + jump.drops.len() {
            // The loop does not stand where it says.
            return Err(LinenoError::NoJump(NoJump::Unproven));
        }
        Ok(Way { frame, unit: jump.unit, drops: jump.drops })
    }

    /// Goes there. What was on the stack is returned, the top first: nothing is dropped before all is done.
    fn go(&self, stack: &DataStack<V>, way: Way<V>) -> Vec<Option<V::Value>> {
        let Way { frame, unit, drops } = way;
        let mut dropped = Vec::with_capacity(drops.len());
        for kind in drops {
            let value = frame.pop().into_value();
            dropped.push(match kind {
                Dropped::Value => value,
                Dropped::Exception => stack.replace_handled(value),
            });
        }
        // What stays may be borrowed from a local that is written where the frame goes on.
        frame.own_stack();
        frame.stand_at(unit);
        self.fields.line().set(0);
        if let Some(told) = stack.delivery.get() {
            stack.delivery.set(Some(Delivery { moved: true, ..told }));
        }
        dropped
    }
}

fn warning(missing: usize) -> String {
    format!("assigning None to {missing} unbound local{}", if missing == 1 { "" } else { "s" })
}
