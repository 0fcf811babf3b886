//! Why code is not run: what the verifier found.

use core::fmt;

/// Code that must not be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The unit at fault: that of an opcode; where two ways meet, the first of the instruction; the first of an
    /// exception handler's range; the code's length where something is missing at its end.
    pub unit: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with code. `name` is CPython's name of the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are what the message shows")]
pub enum Fault {
    /// There are no instructions.
    Empty,
    /// A byte is left over: so many bytes.
    OddLength(usize),
    /// More units than a unit index of CPython's reaches.
    TooLong,
    /// The number is no opcode of this version.
    UnknownOpcode(u8),
    /// A specialised or instrumented form: only running code has them.
    Specialised { name: &'static str, base: &'static str },
    /// An opcode that never stands in a code object.
    NoInstruction { name: &'static str },
    /// The layout has an opcode that the verifier has no rule for.
    NoRule { name: &'static str },
    /// More than three `EXTENDED_ARG` before one instruction.
    TooManyPrefixes,
    /// The code ends with `EXTENDED_ARG`.
    EndsInPrefix,
    /// The code ends within the inline caches of an instruction.
    EndsInCaches { name: &'static str, caches: u8, there: u8 },
    /// An operand is an index, and there is no such entry.
    Index { name: &'static str, argument: u32, what: &'static str, index: u32, count: u64 },
    /// A variable that is no cell.
    NoCell { name: &'static str, argument: u32, kind: u8 },
    /// An operand that has no meaning for the instruction.
    Operand { name: &'static str, argument: u32 },
    /// The jump leaves the code.
    JumpOutside { name: &'static str, target: i64, units: usize },
    /// The jump leads into an instruction: behind a prefix, or to a cache.
    JumpInside { name: &'static str, target: usize },
    /// The loop's end is not where the interpreter pops the iterator.
    LoopEnd { name: &'static str, target: usize },
    /// Behind the last instruction there is nothing to go on with.
    FallsOff { name: &'static str },
    /// The instruction needs more entries than the stack has.
    Underflow { name: &'static str, needs: u64, depth: u32 },
    /// The instruction makes the stack deeper than the code object says.
    Overflow { name: &'static str, depth: u64, stacksize: u32 },
    /// Two ways lead here, with stacks of different depth.
    Depths { before: u32, now: u32 },
    /// Two ways lead here: on one the generator exists, on the other it does not.
    MaybeGenerator,
    /// A generator is made in code whose flags say nothing of one, or once more.
    MakesGenerator { name: &'static str },
    /// There is no generator yet that could yield.
    Yield { name: &'static str },
    /// An exception may leave fewer entries here than its handler keeps.
    HandlerDepth { name: &'static str, keeps: u32, left: u64 },
    /// The exception handler of this number, in the order of the table.
    Handler { index: usize, fault: HandlerFault },
}

/// What is wrong with an exception handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are what the message shows")]
pub enum HandlerFault {
    /// Its range is empty, ends before it begins, or leaves the code.
    Range { start: u32, end: u32, units: usize },
    /// Its range begins before the end of the one in front of it.
    Order { start: u32, before: u32 },
    /// It does not begin where an instruction does.
    StartInside,
    /// It does not end where an instruction does.
    EndInside { end: u32 },
    /// Its target is not in the code.
    TargetOutside { target: u32, units: usize },
    /// Its target is within an instruction.
    TargetInside { target: u32 },
    /// What it keeps and what is pushed for it is more than the stack holds.
    Depth { depth: u64, stacksize: u32 },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit {}: {}", self.unit, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Empty => f.write_str("there are no instructions"),
            Fault::OddLength(bytes) => write!(f, "{bytes} bytes are no whole number of units"),
            Fault::TooLong => f.write_str("the code is too long"),
            Fault::UnknownOpcode(opcode) => write!(f, "no opcode of this version has the number {opcode}"),
            Fault::Specialised { name, base } => {
                write!(f, "{name} stands only in running code; a code object has {base} in its place")
            }
            Fault::NoInstruction { name } => write!(f, "{name} is no instruction of a code object"),
            Fault::NoRule { name } => write!(f, "nobody has said what {name} takes from the stack"),
            Fault::TooManyPrefixes => f.write_str("more than three EXTENDED_ARG before one instruction"),
            Fault::EndsInPrefix => f.write_str("the code ends with EXTENDED_ARG"),
            Fault::EndsInCaches { name, caches, there } => {
                write!(f, "the code ends within the caches of {name}: {there} of {caches} are there")
            }
            Fault::Index { name, argument, what, index, count } => {
                write!(f, "{name} {argument} means {what} {index}, and there are {count}")
            }
            Fault::NoCell { name, argument, kind } => {
                write!(f, "{name} {argument} means a variable of kind {kind:#04x}, which is no such cell")
            }
            Fault::Operand { name, argument } => write!(f, "{argument} means nothing to {name}"),
            Fault::JumpOutside { name, target, units } => {
                write!(f, "{name} leads to unit {target}, and the code has {units}")
            }
            Fault::JumpInside { name, target } => {
                write!(f, "{name} leads to unit {target}, which is within an instruction")
            }
            Fault::LoopEnd { name, target } => {
                write!(f, "{name} ends its loop at unit {target}, where its iterator is not popped")
            }
            Fault::FallsOff { name } => write!(f, "the code ends, and {name} goes on"),
            Fault::Underflow { name, needs, depth } => {
                write!(f, "{name} needs {needs} entries of the stack, which has {depth}")
            }
            Fault::Overflow { name, depth, stacksize } => {
                write!(f, "{name} makes the stack {depth} deep, and it holds {stacksize}")
            }
            Fault::Depths { before, now } => {
                write!(f, "the stack is {before} deep on one way to here, {now} on another")
            }
            Fault::MaybeGenerator => f.write_str("on one way to here the generator was made, on another it was not"),
            Fault::MakesGenerator { name } => {
                write!(f, "{name} in code that is no generator's, or is one's already")
            }
            Fault::Yield { name } => write!(f, "{name} where there is no generator"),
            Fault::HandlerDepth { name, keeps, left } => {
                write!(f, "an exception of {name} leaves {left} entries, and its handler keeps {keeps}")
            }
            Fault::Handler { index, fault } => write!(f, "exception handler {index}: {fault}"),
        }
    }
}

impl fmt::Display for HandlerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            HandlerFault::Range { start, end, units } => {
                write!(f, "it is said to cover {start}..{end} of {units} units")
            }
            HandlerFault::Order { start, before } => {
                write!(f, "it begins at {start}, before the end of the one in front of it at {before}")
            }
            HandlerFault::StartInside => f.write_str("it begins within an instruction"),
            HandlerFault::EndInside { end } => write!(f, "it ends at unit {end}, within an instruction"),
            HandlerFault::TargetOutside { target, units } => {
                write!(f, "it leads to unit {target}, and the code has {units}")
            }
            HandlerFault::TargetInside { target } => {
                write!(f, "it leads to unit {target}, which is within an instruction")
            }
            HandlerFault::Depth { depth, stacksize } => {
                write!(f, "it is entered with {depth} entries, and the stack holds {stacksize}")
            }
        }
    }
}

impl core::error::Error for VerifyError {}
