//! The verifier: what is checked before bytecode is trusted.
//!
//! # What is promised
//!
//! Of code of 3.11 and later that [`verify`] accepts, as long as each instruction does to the stack what
//! [`InstructionSet`] says of it ([`reach`](InstructionSet::reach), [`effect`](InstructionSet::effect),
//! [`taken`](InstructionSet::taken)), and an exception goes to the handler of the table whose range holds the
//! instruction, after the stack was cut to its depth:
//!
//! - The instruction pointer is always at the first unit of an instruction (its first prefix) that is wholly there,
//!   caches included, however it got there: by going on, by a jump, by a handler, by resuming a generator. What runs is
//!   never a cache, a specialised form or an unknown opcode.
//! - An instruction finds all entries that it takes or looks at above the bottom of the stack, and leaves at most
//!   `stacksize` of them. The depth depends on nothing but the unit: every way to it has the same one.
//! - When an exception leaves an instruction that [`raises`](InstructionSet::raises), at least as many entries are
//!   there as its handler keeps; with the instruction index, if the handler wants it, and the exception, they are at
//!   most `stacksize`. Where a trace function raises at another one there may be fewer: fill up with nulls.
//! - Indexes of constants, names and variables are in range; `*_DEREF` and the like name variables that are cells or
//!   free, `MAKE_CELL` a cell (from 3.12 on also a free one); `COPY_FREE_VARS` counts the free variables. Numbers of
//!   operators, intrinsics and the like have a meaning.
//! - `RETURN_GENERATOR` runs at most once, in code with the flags of a generator; `YIELD_VALUE` only behind it.
//! - A loop that ends does so at an `END_FOR` (in 3.13 followed by `POP_TOP`): a VM may leave the iterator to these
//!   instructions, or pop it and go on behind them.
//!
//! # Borrowed locals
//!
//! From 3.14 on `LOAD_FAST_BORROW` and its pair push locals that are not counted again. Such an entry, and what is made
//! of it, must be gone from the stack when its local changes: by `STORE_FAST`, `DELETE_FAST`, `LOAD_FAST_AND_CLEAR` and
//! `MAKE_CELL` of this local, by the pairs that store, by `COPY_FREE_VARS` for the free variables. CPython's compiler sees
//! to it; other code may be accepted that does not, and must push what it counts. [`unproven_borrows`] says where, and
//! [`Code::into_verified`](super::Code::into_verified) makes such instructions count. Of all others in verified code:
//!
//! - While an entry of a frame's stack is one that they pushed, the slot of its local is not changed by an instruction of
//!   the frame, be it on the way of an exception.
//! - No instruction takes such an entry from the stack into a local of the frame. (A call moves it into one of the
//!   callee's: the caller and its local stay as they are until the callee is gone.)
//!
//! For this an instruction must leave or push again what it finds on the stack only where it is said here. What else it
//! pushes is counted (or no reference), also if it is an object that it took.
//!
//! - `COPY` and `SWAP`; all that look at entries below what they take, as `LIST_APPEND` and `SEND` do; and those which
//!   leave all that they look at: `FOR_ITER`, `GET_ANEXT`, `GET_LEN`, `IMPORT_FROM`, `MATCH_KEYS`, `MATCH_MAPPING`,
//!   `MATCH_SEQUENCE`, `WITH_EXCEPT_START`, `CHECK_EXC_MATCH` (the exception).
//! - `TO_BOOL`, `FORMAT_SIMPLE`, `GET_AWAITABLE`, `GET_YIELD_FROM_ITER` and, from 3.15 on, `GET_ITER`: what they took,
//!   where it was. 3.14's `GET_ITER` counts what it pushes also if the iterator is the object itself.
//! - `LOAD_ATTR`, `LOAD_SUPER_ATTR` and `LOAD_SPECIAL`: `self` behind the method; `PUSH_EXC_INFO`: the exception behind the
//!   one before; `END_SEND` and `SET_FUNCTION_ATTRIBUTE`: the topmost entry, alone.
//!
//! And what leaves a stack for something that may outlive the frame is counted first, whatever it was: what is stored in
//! an object or a cell, is returned, yielded, sent or raised, and a frame that becomes a generator's or a frame object's.
//! What changes locals from outside (`f_locals`) keeps the old value until the frame ends; what moves the instruction
//! pointer to another line (`f_lineno`) makes all entries of the stack counted ones.
//!
//! Source: `optimize_load_fast`, Python/flowgraph.c.
//!
//! # What is not
//!
//! - What values are: an entry may be null, or of a type that the instruction does not expect. That a `*_DEREF` finds a
//!   cell, that a variable is bound, that an instruction index is one when `RERAISE` takes it from the stack, that
//!   `KW_NAMES` and `CALL_KW` have no more names than arguments: whoever runs the code looks.
//! - What the layout of the stack means: that the top entries of a handler are an exception, that a call finds a
//!   callable.
//! - That it ends, or returns with an otherwise empty stack.
//! - Anything of the location table.
//!
//! # Before 3.11
//!
//! Instructions, operands, jumps and ends are checked as above. The depth of the stack is the one that the compiler
//! counts, in which an exception, or that there is none, is six entries: it is the same on every way (in 3.8 a
//! `finally` body that is called may be entered with fewer), never below 0, and an upper bound of the real one, which
//! therefore stays within `stacksize`, as long as blocks are popped by the instructions that belong to them. The block
//! stack is not followed, and no lower bound is promised: a VM of these versions checks what it pops, and its blocks.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;

use super::borrow;
pub use super::fault::{Fault, HandlerFault, VerifyError};
use super::instruction::{Instruction, InstructionSet, Instructions};
use super::rule::{Flow, Group, Operand};
use crate::table::Handler;

/// Code that is to be verified.
#[derive(Clone, Copy, Debug)]
pub struct Unverified<'a> {
    /// The instructions, as in `co_code`.
    pub code: &'a [u8],
    /// Slots of the evaluation stack, of the loaded object.
    pub stacksize: u32,
    /// How many constants there are.
    pub consts: usize,
    /// How many names there are.
    pub names: usize,
    /// The variables.
    pub variables: VariableSlots<'a>,
    /// `co_flags`.
    pub flags: u32,
    /// The exception table, in its order; none before 3.11.
    pub handlers: &'a [Handler],
}

/// Variables, as far as operands name them.
#[derive(Clone, Copy, Debug)]
pub enum VariableSlots<'a> {
    /// From 3.11 on: the kind of each slot.
    Kinds(&'a [u8]),
    /// Before 3.11: how many there are. Operands that name cells count cells and free variables together.
    Counts {
        /// Local variables.
        locals: usize,
        /// Cells.
        cells: usize,
        /// Free variables.
        frees: usize,
    },
}

/// Checks that code can be run without leaving it, its stack, its variables, constants and names; what that means is
/// told at the [module](self).
///
/// It takes time in proportion to the code's length (and the logarithm of the table's), some twenty bytes per unit at
/// most, and calls nothing recursively.
///
/// # Errors
///
/// The first fault: of the instructions one by one, in their order; then of jumps; then of exception handlers; then on
/// the ways that the code can take.
pub fn verify(set: &InstructionSet, code: &Unverified<'_>) -> Result<(), VerifyError> {
    marks(set, code).map(drop)
}

/// The same, and where in the code a local is pushed that should be counted and is not: the units of the opcodes, in
/// their order. Empty for all that CPython's compiler makes. What must hold of the others is told at the
/// [module](self#borrowed-locals).
///
/// Besides what [`verify`] needs it takes some bytes per unit, and some fifty for each borrowed entry that is on the stack
/// where ways meet, of which it follows fewer than there are units. An instruction is looked at 33 times at most, with at
/// most 256 borrowed entries on the stack; it gives up on what is beyond, and says that it is not proven.
///
/// # Errors
///
/// Those of [`verify`].
pub fn unproven_borrows(set: &InstructionSet, code: &Unverified<'_>) -> Result<Vec<usize>, VerifyError> {
    let marks = marks(set, code)?;
    let depth = |unit: usize| match marks.get(unit) {
        Some(Mark::Reached(state)) => Some(state.depth),
        _ => None,
    };
    Ok(borrow::unproven(set, code, depth))
}

fn marks(set: &InstructionSet, code: &Unverified<'_>) -> Result<Vec<Mark>, VerifyError> {
    Verifier::new(set, code).marks(Verifier::check_operand)
}

/// What is found at the first unit of each instruction that a way leads to, of code whose operands are known to be in
/// range: constants, names and variables are not asked for.
pub(super) fn states(set: &InstructionSet, code: &Unverified<'_>) -> Result<Vec<Option<State>>, VerifyError> {
    let state = |mark| match mark {
        Mark::Reached(state) => Some(state),
        Mark::Begins | Mark::Inside => None,
    };
    Ok(Verifier::new(set, code).marks(|_, _| Ok(()))?.into_iter().map(state).collect())
}

/// The handler of a unit. Handlers are in order and do not overlap.
pub(super) fn handler(handlers: &[Handler], unit: usize) -> Option<Handler> {
    let behind = handlers.partition_point(|handler| handler.start as usize <= unit);
    handlers.get(behind.checked_sub(1)?).filter(|handler| unit < handler.end as usize).copied()
}

struct Verifier<'a> {
    set: &'a InstructionSet,
    code: &'a Unverified<'a>,
    marks: Vec<Mark>,
    /// Units that were reached and are not looked at yet, each at most once.
    waiting: Vec<u32>,
    /// Depths and units of `finally` bodies that are called (3.8), looked at when nothing else is left, the deepest
    /// first.
    called: BinaryHeap<(u32, u32)>,
}

/// What is known of a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It is within an instruction.
    Inside,
    /// An instruction begins here.
    Begins,
    /// Some way leads here.
    Reached(State),
}

/// What is the same on all ways to an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Entries of the stack.
    pub(super) depth: u32,
    /// Whether it is a generator's frame that runs.
    pub(super) made: bool,
}

/// What is asked of operands.
type Operands<'a> = fn(&Verifier<'a>, &Instruction) -> Result<(), VerifyError>;

fn fail<T>(unit: usize, fault: Fault) -> Result<T, VerifyError> {
    Err(VerifyError { unit, fault })
}

impl<'a> Verifier<'a> {
    fn new(set: &'a InstructionSet, code: &'a Unverified<'a>) -> Self {
        Verifier { set, code, marks: Vec::new(), waiting: Vec::new(), called: BinaryHeap::new() }
    }

    fn marks(mut self, operands: Operands<'a>) -> Result<Vec<Mark>, VerifyError> {
        self.check_instructions(operands)?;
        self.check_jumps()?;
        self.check_handlers()?;
        self.check_ways()?;
        Ok(self.marks)
    }

    fn units(&self) -> usize {
        self.marks.len()
    }

    /// Each instruction by itself, reachable or not.
    fn check_instructions(&mut self, operands: Operands<'a>) -> Result<(), VerifyError> {
        let (set, bytes) = (self.set, self.code.code);
        let units = bytes.len() / 2;
        if bytes.len() % 2 != 0 {
            return fail(units, Fault::OddLength(bytes.len()));
        }
        if units == 0 {
            return fail(0, Fault::Empty);
        }
        // `co_code` is at most INT_MAX bytes long.
        if i32::try_from(bytes.len()).is_err() {
            return fail(units, Fault::TooLong);
        }
        self.marks = vec![Mark::Inside; units];
        for instruction in Instructions::new(set, bytes) {
            self.marks[instruction.first] = Mark::Begins;
            check_opcode(set, bytes, &instruction)?;
            operands(self, &instruction)?;
        }
        Ok(())
    }

    fn check_operand(&self, instruction: &Instruction) -> Result<(), VerifyError> {
        let (set, code, argument) = (self.set, self.code, instruction.argument);
        let name = set.name(instruction.base);
        let index = |what: &'static str, index: u32, count: usize| match (index as usize) < count {
            true => Ok(()),
            false => {
                let count = count as u64;
                fail(instruction.unit, Fault::Index { name, argument, what, index, count })
            }
        };
        let meaning = |is: bool| match is {
            true => Ok(()),
            false => fail(instruction.unit, Fault::Operand { name, argument }),
        };
        let local = |number: u32| {
            let count = match code.variables {
                VariableSlots::Kinds(kinds) => kinds.len(),
                VariableSlots::Counts { locals, .. } => locals,
            };
            index("variable", number, count)
        };
        let cell = |bits: u8| match code.variables {
            VariableSlots::Kinds(kinds) => {
                index("variable", argument, kinds.len())?;
                match kinds.get(argument as usize) {
                    Some(kind) if kind & bits == 0 => {
                        fail(instruction.unit, Fault::NoCell { name, argument, kind: *kind })
                    }
                    _ => Ok(()),
                }
            }
            VariableSlots::Counts { cells, frees, .. } => index("cell", argument, cells.saturating_add(frees)),
        };
        match set.rule(instruction.base).operand {
            Operand::Any => Ok(()),
            Operand::Const => index("constant", argument, code.consts),
            Operand::Name(shift) => index("name", argument >> shift, code.names),
            Operand::Local => local(argument),
            Operand::Pair => local(argument >> 4).and_then(|()| local(argument & 15)),
            Operand::Free => cell(set.cell | set.free),
            Operand::Cell => cell(set.cell),
            Operand::FreeCount => meaning(match code.variables {
                VariableSlots::Kinds(kinds) => {
                    kinds.iter().filter(|&kind| kind & set.free != 0).count() == argument as usize
                }
                VariableSlots::Counts { frees, .. } => frees == argument as usize,
            }),
            Operand::Compare(shift) => {
                let (first, end) = set.range(Group::Comparison);
                meaning((first..end).contains(&(argument >> shift)))
            }
            Operand::Of(group) => {
                let (first, end) = set.range(group);
                meaning((first..end).contains(&argument))
            }
            Operand::Within(first, last) => meaning((first..=last).contains(&argument)),
            Operand::OneBit(bits) => meaning(argument.is_power_of_two() && argument & !bits == 0),
        }
    }

    /// All jumps, reachable or not.
    fn check_jumps(&self) -> Result<(), VerifyError> {
        let set = self.set;
        for instruction in Instructions::new(set, self.code.code) {
            let Some(target) = set.target(&instruction) else { continue };
            let name = set.name(instruction.base);
            let target = match usize::try_from(target) {
                Ok(unit) if unit < self.units() => unit,
                _ => {
                    let units = self.units();
                    return fail(instruction.unit, Fault::JumpOutside { name, target, units });
                }
            };
            if self.marks[target] == Mark::Inside {
                return fail(instruction.unit, Fault::JumpInside { name, target });
            }
            if let (Flow::Loop, Some((end, behind))) = (set.rule(instruction.base).flow, set.loop_end) {
                let opcode = |unit: usize| self.code.code.get(2 * unit).copied();
                let ends = opcode(target) == Some(end) && (behind.is_none() || opcode(target + 1) == behind);
                if !ends {
                    return fail(instruction.unit, Fault::LoopEnd { name, target });
                }
            }
        }
        Ok(())
    }

    fn check_handlers(&self) -> Result<(), VerifyError> {
        let (units, stacksize) = (self.units(), self.code.stacksize);
        let inside = |unit: u32| self.marks.get(unit as usize) == Some(&Mark::Inside);
        let mut before = 0;
        for (index, handler) in self.code.handlers.iter().enumerate() {
            let Handler { start, end, target, .. } = *handler;
            let depth = u64::from(handler.depth) + u64::from(handler.lasti) + 1;
            let fault = if start >= end || end as usize > units {
                HandlerFault::Range { start, end, units }
            } else if start < before {
                HandlerFault::Order { start, before }
            } else if inside(start) {
                HandlerFault::StartInside
            } else if inside(end) {
                HandlerFault::EndInside { end }
            } else if target as usize >= units {
                HandlerFault::TargetOutside { target, units }
            } else if inside(target) {
                HandlerFault::TargetInside { target }
            } else if depth > u64::from(stacksize) {
                HandlerFault::Depth { depth, stacksize }
            } else {
                before = end;
                continue;
            };
            return fail(start as usize, Fault::Handler { index, fault });
        }
        Ok(())
    }

    /// All ways from the start, each instruction once.
    fn check_ways(&mut self) -> Result<(), VerifyError> {
        let (set, code) = (self.set, self.code);
        let is_generator = code.flags & set.generator != 0;
        // Before 3.11 a generator's frame is made by the call.
        let made = is_generator && set.minor < 11;
        let start = State { depth: u32::from(made && set.starts_with_value), made };
        if start.depth > code.stacksize {
            let (name, stacksize) = (set.name(code.code[0]), code.stacksize);
            return fail(0, Fault::Overflow { name, depth: start.depth.into(), stacksize });
        }
        self.reach(0, start)?;
        loop {
            while let Some(unit) = self.waiting.pop() {
                let Mark::Reached(state) = self.marks[unit as usize] else { continue };
                let Some(instruction) = set.decode(code.code, unit as usize) else { continue };
                self.follow(&instruction, state, is_generator)?;
            }
            let Some((now, unit)) = self.called.pop() else { return Ok(()) };
            // A body that is called runs on a lower stack than the one that an exception finds, which is checked.
            match self.marks[unit as usize] {
                Mark::Reached(State { depth: before, .. }) if before < now => {
                    return fail(unit as usize, Fault::Depths { before, now });
                }
                Mark::Reached(_) => {}
                Mark::Begins | Mark::Inside => self.reach(unit as usize, State { depth: now, made })?,
            }
        }
    }

    /// One instruction, and where it leads.
    fn follow(&mut self, instruction: &Instruction, state: State, is_generator: bool) -> Result<(), VerifyError> {
        let (set, code) = (self.set, self.code);
        let (unit, argument) = (instruction.unit, instruction.argument);
        let name = set.name(instruction.base);
        let depth = state.depth;
        let (Some(needs), Some(taken)) = (set.reach(instruction.base, argument), set.taken(instruction.base, argument))
        else {
            return fail(unit, Fault::NoRule { name });
        };
        if needs > u64::from(depth) {
            return fail(unit, Fault::Underflow { name, needs, depth });
        }
        if let Some(handler) = handler(code.handlers, instruction.first) {
            let left = u64::from(depth) - taken;
            if set.raises(instruction.base) && left < u64::from(handler.depth) {
                return fail(unit, Fault::HandlerDepth { name, keeps: handler.depth, left });
            }
            let entered = handler.depth + u32::from(handler.lasti) + 1;
            self.reach(handler.target as usize, State { depth: entered, made: state.made })?;
        }
        let flow = set.rule(instruction.base).flow;
        let mut made = state.made;
        match flow {
            Flow::MakeGenerator if made || !is_generator => return fail(unit, Fault::MakesGenerator { name }),
            Flow::MakeGenerator => made = true,
            Flow::Yield if !made => return fail(unit, Fault::Yield { name }),
            _ => {}
        }
        if matches!(flow, Flow::Jump | Flow::Branch | Flow::Loop | Flow::Block | Flow::Finally)
            && let Some(target) = set.target(instruction).and_then(|target| u32::try_from(target).ok())
        {
            let depth = self.changed(instruction, depth, true)?;
            match flow {
                Flow::Finally => self.called.push((depth, target)),
                _ => self.reach(target as usize, State { depth, made })?,
            }
        }
        if !matches!(flow, Flow::Jump | Flow::Stop) {
            let depth = self.changed(instruction, depth, false)?;
            if instruction.next >= self.units() {
                return fail(unit, Fault::FallsOff { name });
            }
            self.reach(instruction.next, State { depth, made })?;
        }
        Ok(())
    }

    /// The depth behind an instruction.
    fn changed(&self, instruction: &Instruction, depth: u32, jump: bool) -> Result<u32, VerifyError> {
        let (set, stacksize) = (self.set, self.code.stacksize);
        let name = set.name(instruction.base);
        let Some(effect) = set.effect(instruction.base, instruction.argument, jump) else {
            return fail(instruction.unit, Fault::NoRule { name });
        };
        let changed = i64::from(depth).saturating_add(effect);
        match u32::try_from(changed) {
            Ok(changed) if changed <= stacksize => Ok(changed),
            Err(_) if changed < 0 => {
                fail(instruction.unit, Fault::Underflow { name, needs: effect.unsigned_abs(), depth })
            }
            _ => fail(instruction.unit, Fault::Overflow { name, depth: changed.unsigned_abs(), stacksize }),
        }
    }

    /// A way leads to a unit where an instruction begins.
    fn reach(&mut self, unit: usize, state: State) -> Result<(), VerifyError> {
        match self.marks[unit] {
            Mark::Reached(before) if before == state => Ok(()),
            Mark::Reached(before) if before.depth != state.depth => {
                fail(unit, Fault::Depths { before: before.depth, now: state.depth })
            }
            Mark::Reached(_) => fail(unit, Fault::MaybeGenerator),
            Mark::Begins | Mark::Inside => {
                self.marks[unit] = Mark::Reached(state);
                // There are fewer than 2^31 units.
                self.waiting.push(unit as u32);
                Ok(())
            }
        }
    }
}

/// That it is an instruction, wholly there, as a code object has it.
fn check_opcode(set: &InstructionSet, code: &[u8], instruction: &Instruction) -> Result<(), VerifyError> {
    let Instruction { first, unit, opcode, base, .. } = *instruction;
    if unit - first > 3 {
        return fail(unit, Fault::TooManyPrefixes);
    }
    for prefix in first..unit {
        let opcode = code.get(2 * prefix).copied().unwrap_or(0);
        if set.base(opcode) != opcode {
            return fail(prefix, Fault::Specialised { name: set.name(opcode), base: set.name(set.base(opcode)) });
        }
    }
    let (name, caches) = (set.name(opcode), set.caches(opcode));
    let fault = match set.rule(base).flow {
        _ if !set.knows(opcode) => Fault::UnknownOpcode(opcode),
        _ if base != opcode => Fault::Specialised { name, base: set.name(base) },
        Flow::Prefix => Fault::EndsInPrefix,
        Flow::Never => Fault::NoInstruction { name },
        Flow::Unknown => Fault::NoRule { name },
        _ if instruction.caches < caches => Fault::EndsInCaches { name, caches, there: instruction.caches },
        _ => return Ok(()),
    };
    let end = matches!(fault, Fault::EndsInPrefix | Fault::EndsInCaches { .. });
    fail(if end { instruction.next } else { unit }, fault)
}
