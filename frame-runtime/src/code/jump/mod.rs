//! Where a trace function may jump to: the analysis behind the setter of `f_lineno`.
//!
//! It reads code and tables, and touches no frame. [`Source::find`] is told where a frame stands and which line is wanted,
//! and finds the unit to go on at and what has to be dropped from the stack before, or CPython's reason why not. What is
//! asked before is not here: that the value is an `int` that fits, and whether the trace event lets a frame jump at all.
//!
//! Which jumps there are is decided as in CPython, version by version, also where that is odd: stacks are compared as
//! numbers.
//!
//! # Where it differs
//!
//! CPython checks no jump against what runs. Code that passed the verifier stays within what
//! [`verify`](mod@super::verify) promises: a jump that is accepted leads to exactly the state that the verifier found there.
//! Three kinds of jumps that CPython accepts are refused for it, with [`NoJump::Unproven`] and CPython's words for stacks
//! that do not fit:
//!
//! - To another depth than the instructions expect, or from one. From a `yield` CPython compares the stack with the yielded
//!   value on it, and then goes without it to an instruction that finds one entry too few.
//! - Of a generator that runs to its beginning, where it would be made a second time: the line of the `def`, as far as its
//!   first instruction is of that line.
//! - To what no instruction leads to, or into the middle of one. No compiler's line table says such a thing.
//!
//! And it does not share CPython's mistakes with deep stacks:
//!
//! - From 3.12 on a `SWAP` makes CPython forget all but about ten entries, and in 3.15 a later comparison may end the
//!   process. Here 21 entries are known, as everywhere else.
//! - A handler that keeps exactly 22 entries, as that of an inlined comprehension among a call's arguments may, has CPython
//!   loop for ever. Here it is too deep to analyse, like the others of more than 21.
//!
//! Before 3.11, when frames had a stack of blocks, other rules held: nothing is found there.
//!
//! Source: `frame_setlineno`, Objects/frameobject.c.

mod model;
mod stack;

use alloc::vec::Vec;
use core::fmt;

use super::InstructionSet;
use super::verify::{self, State, Unverified, VariableSlots};
use crate::table::{ExceptionTable, Handler, LineTable};
use model::Stacks;
use stack::{Kind, Stack};

/// What the analysis reads of a code object. [`FrameCode::jumps`](crate::vm::FrameCode::jumps) tells it.
///
/// ```
/// use frame_runtime::code::InstructionSet;
/// use frame_runtime::code::jump::{Dropped, Jump, NoJump, Source};
/// use frame_runtime::table::{ExceptionTable, LineTable};
/// use frame_runtime::version::{Cpython3_13, Version};
///
/// const SET: InstructionSet = InstructionSet::new(Cpython3_13::LAYOUT);
///
/// // def f(a):
/// //     for b in a:
/// //         b
/// //     a
/// let code = [
///     149, 0, 85, 0, 19, 0, 72, 5, 0, 0, 110, 1, // RESUME, LOAD_FAST, GET_ITER, FOR_ITER, STORE_FAST
///     85, 1, 32, 0, 77, 7, 0, 0, // LOAD_FAST, POP_TOP, JUMP_BACKWARD
///     11, 0, 32, 0, 85, 0, 32, 0, 103, 0, // END_FOR, POP_TOP, LOAD_FAST, POP_TOP, RETURN_CONST
/// ];
/// let lines = [
///     0x80, 0x00, 0xdb, 0x0d, 0x0e, 0x88, 0x01, 0xdb, 0x08, 0x09, 0xf1, 0x03, 0x00, 0x0e, 0x0f, 0xe2, 0x04, 0x05,
/// ];
/// let source = Source {
///     set: &SET,
///     code: &code,
///     lines: LineTable::new(Cpython3_13::LAYOUT, &lines, 1, code.len()),
///     handlers: ExceptionTable::new(&[]),
///     firstlineno: 1,
///     generator: false,
///     stacksize: 2,
/// };
/// // Out of the loop: the iterator is dropped.
/// assert_eq!(source.find(6, false, 4), Ok(Jump { unit: 12, drops: vec![Dropped::Value], depth: 0 }));
/// // Into it: there is none.
/// assert_eq!(source.find(12, false, 3), Err(NoJump::IntoLoop));
/// assert_eq!(source.find(12, false, 5).unwrap_err().to_string(), "line 5 comes after the current code block");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The opcodes.
    pub set: &'static InstructionSet,
    /// The instructions in their general form (`co_code`).
    pub code: &'a [u8],
    /// The lines.
    pub lines: LineTable<'a>,
    /// The exception handlers.
    pub handlers: ExceptionTable<'a>,
    /// `co_firstlineno`
    pub firstlineno: i32,
    /// Whether it is the code of a generator, a coroutine or an asynchronous generator.
    pub generator: bool,
    /// Slots of the evaluation stack (`co_stacksize`).
    pub stacksize: u32,
}

/// Where a jump leads. In code that passed the verifier the depth is the one that it found at the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The unit to go on at: the first one of an instruction.
    pub unit: u32,
    /// What has to be dropped, from the top of the stack down.
    pub drops: Vec<Dropped>,
    /// How many entries stay.
    pub depth: u32,
}

/// An entry of the stack that a jump drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// A reference or nothing: it is released.
    Value,
    /// An exception, or `None`: it becomes the one that is handled, as at `POP_EXCEPT`.
    Exception,
}

/// Why a frame cannot jump: the message of CPython's `ValueError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoJump {
    /// This line is in front of `co_firstlineno`.
    Before(i32),
    /// No instruction is on this line or behind it.
    After(i32),
    /// No instruction begins the line.
    NoCode,
    /// Where the frame stands there are more entries than can be told apart.
    TooDeepHere,
    /// No way was found to where the frame stands.
    FromUnreachable,
    /// There are more entries at the line than can be told apart.
    TooDeep,
    /// No way was found to the line.
    IntoHandler,
    /// The line expects an exception that is handled.
    IntoExcept,
    /// The line expects the index of an instruction that raised.
    IntoReraise,
    /// The line expects what a loop iterates over.
    IntoLoop,
    /// The line expects something else of the stack.
    Incompatible,
    /// CPython would jump, and the frame would not be in the state that the verifier found at the line; see the
    /// [module](self#where-it-differs).
    Unproven,
}

impl NoJump {
    /// Why a stack cannot be made of another one.
    ///
    /// Source: `explain_incompatible_stack`, Objects/frameobject.c.
    fn into(target: Stack) -> NoJump {
        match target {
            Stack::DEEP => NoJump::TooDeep,
            Stack::UNSEEN => NoJump::IntoHandler,
            _ => match target.top() {
                Some(Kind::Except) => NoJump::IntoExcept,
                Some(Kind::Lasti) => NoJump::IntoReraise,
                Some(Kind::Iterator) => NoJump::IntoLoop,
                Some(Kind::Object | Kind::Null) | None => NoJump::Incompatible,
            },
        }
    }
}

impl fmt::Display for NoJump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoJump::Before(line) => return write!(f, "line {line} comes before the current code block"),
            NoJump::After(line) => return write!(f, "line {line} comes after the current code block"),
            NoJump::NoCode => "cannot find bytecode for specified line",
            // As it is spelled there.
            NoJump::TooDeepHere => "stack to deep to analyze",
            NoJump::FromUnreachable => "can't jump from unreachable code",
            NoJump::TooDeep => "stack is too deep to analyze",
            NoJump::IntoHandler => "can't jump into an exception handler, or code may be unreachable",
            NoJump::IntoExcept => "can't jump into an 'except' block as there's no exception",
            NoJump::IntoReraise => "can't jump into a re-raising block as there's no location",
            NoJump::IntoLoop => "can't jump into the body of a for loop",
            NoJump::Incompatible | NoJump::Unproven => "incompatible stacks",
        })
    }
}

impl core::error::Error for NoJump {}

impl Source<'_> {
    /// Where a frame goes on that stands at a unit and is told to go to a line, or to the next one that has instructions.
    ///
    /// `at` is the unit of `f_lasti`: of the instruction that runs next, be it behind its prefixes. With `yielded` it is the
    /// `yield` that ran last, in 3.13 what follows it, and the value is no longer on the stack.
    ///
    /// Its time is in proportion to the code's length, as that of [`verify`](super::verify()) (each instruction is looked at
    /// once for either). It calls nothing recursively, and needs some thirty bytes per unit.
    ///
    /// # Errors
    ///
    /// Why not.
    ///
    /// Source: `frame_setlineno`, Objects/frameobject.c.
    pub fn find(&self, at: u32, yielded: bool, line: i32) -> Result<Jump, NoJump> {
        if line < self.firstlineno {
            return Err(NoJump::Before(line));
        }
        let starts = self.starts();
        let Some(found) = starts.iter().map(|start| start.1).filter(|start| *start >= line).min() else {
            return Err(NoJump::After(line));
        };
        let handlers: Vec<Handler> = self.handlers.entries().map_while(Result::ok).collect();
        let Some(states) = self.states(&handlers) else { return Err(NoJump::Unproven) };
        let stacks = Stacks::follow(self.set, self.code, self.generator, &handlers);
        let from = stacks.at(at as usize);
        let (mut best, mut why) = (None, None);
        for &(unit, _) in starts.iter().filter(|start| start.1 == found) {
            let to = stacks.at(unit as usize);
            if from.fits(to) {
                if best.is_none_or(|(_, before)| to > before) {
                    best = Some((unit, to));
                }
            } else {
                why.get_or_insert(match from {
                    Stack::DEEP => NoJump::TooDeepHere,
                    Stack::UNSEEN => NoJump::FromUnreachable,
                    _ => NoJump::into(to),
                });
            }
        }
        let Some((unit, to)) = best else { return Err(why.unwrap_or(NoJump::NoCode)) };
        let depth = from.depth();
        // The yielded value is not on the stack any more.
        let mut from = if yielded { from.pop() } else { from };
        let mut drops = Vec::new();
        while from > to {
            drops.push(if from.top() == Some(Kind::Except) { Dropped::Exception } else { Dropped::Value });
            from = from.pop();
        }
        let jump = Jump { unit, drops, depth: from.depth() };
        let (Some(now), Some(then)) = (self.standing(&states, at), states.get(unit as usize).copied().flatten()) else {
            return Err(NoJump::Unproven);
        };
        let is_there = now.depth == depth && depth >= u32::from(yielded);
        match is_there && then.depth == jump.depth && then.made == now.made {
            true => Ok(jump),
            false => Err(NoJump::Unproven),
        }
    }

    /// The first units of lines, in the order of the table.
    ///
    /// Source: `marklines`, Objects/frameobject.c.
    fn starts(&self) -> Vec<(u32, i32)> {
        let units = self.code.len() / 2;
        let mut last = None;
        let new = |range: crate::table::LineRange| {
            let line = range.line?;
            (last.replace(line) != Some(line)).then_some((range.start / 2, line))
        };
        self.lines.lines().map_while(Result::ok).filter_map(new).filter(|(unit, _)| (*unit as usize) < units).collect()
    }

    /// What the verifier found at the first unit of each instruction; nothing before 3.11, and of code that it refuses.
    fn states(&self, handlers: &[Handler]) -> Option<Vec<Option<State>>> {
        let code = Unverified {
            code: self.code,
            stacksize: self.stacksize,
            consts: 0,
            names: 0,
            variables: VariableSlots::Kinds(&[]),
            flags: if self.generator { self.set.generator } else { 0 },
            handlers,
        };
        (self.set.minor >= 11).then(|| verify::states(self.set, &code).ok()).flatten()
    }

    /// What it found where a frame stands: at an instruction or behind its up to three prefixes.
    fn standing(&self, states: &[Option<State>], at: u32) -> Option<State> {
        let at = at as usize;
        let firsts = (at.saturating_sub(3)..=at).rev();
        let (first, state) = firsts.filter_map(|first| Some((first, (*states.get(first)?)?))).next()?;
        self.set.decode(self.code, first).is_some_and(|found| found.unit >= at).then_some(state)
    }
}
