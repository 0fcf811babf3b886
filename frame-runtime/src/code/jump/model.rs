//! What CPython's setter of `f_lineno` thinks that the stack is at each instruction.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::stack::{Kind, Stack};
use crate::code::{Instruction, InstructionSet};
use crate::table::Handler;

/// What an instruction does to the stack, where that is more than a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Its net effect: entries that go, or objects that come.
    Effect,
    /// It goes on here or at its target, with so many entries less there and there.
    Branch { here: u8, there: u8 },
    /// It goes on at its target.
    Jump,
    /// It goes nowhere.
    Stop,
    /// An object more, and so many entries less at its target, or an object more there too.
    Loop { ended: Option<u8> },
    /// The topmost entry becomes so many iterators.
    Iterate { entries: u8 },
    /// So many entries less.
    Pop(u8),
    /// One entry more.
    Push(Kind),
    /// An object, and for the lowest bit of the operand a null above it.
    GlobalThenNull,
    /// For the lowest bit of the operand a null, and an object above it.
    NullThenGlobal,
    /// For the lowest bit of the operand the topmost entry becomes an object and a null.
    AttributeThenNull,
    /// For the lowest bit of the operand the topmost entry becomes a null and an object.
    NullThenAttribute,
    /// The topmost entry becomes a null and an object.
    Method,
    /// The operand and so many more entries become an object.
    Call { more: u8, counted: bool },
    /// An entry comes again.
    Copy,
    /// Two entries change places.
    Swap,
}

impl Does {
    /// Of an opcode that stands for itself, in version 3.`minor`.
    ///
    /// Source: `mark_stacks`, Objects/frameobject.c.
    fn of(name: &str, minor: u16) -> Does {
        match name {
            "POP_JUMP_IF_FALSE"
            | "POP_JUMP_IF_TRUE"
            | "POP_JUMP_IF_NONE"
            | "POP_JUMP_IF_NOT_NONE"
            | "POP_JUMP_FORWARD_IF_FALSE"
            | "POP_JUMP_FORWARD_IF_TRUE"
            | "POP_JUMP_FORWARD_IF_NONE"
            | "POP_JUMP_FORWARD_IF_NOT_NONE"
            | "POP_JUMP_BACKWARD_IF_FALSE"
            | "POP_JUMP_BACKWARD_IF_TRUE"
            | "POP_JUMP_BACKWARD_IF_NONE"
            | "POP_JUMP_BACKWARD_IF_NOT_NONE" => Does::Branch { here: 1, there: 1 },
            "JUMP_IF_FALSE_OR_POP" | "JUMP_IF_TRUE_OR_POP" => Does::Branch { here: 1, there: 0 },
            "SEND" => Does::Branch { here: 0, there: if minor >= 12 { 0 } else { 1 } },
            "JUMP_FORWARD" | "JUMP_BACKWARD" | "JUMP_BACKWARD_NO_INTERRUPT" => Does::Jump,
            "RETURN_VALUE" | "RETURN_CONST" | "RAISE_VARARGS" | "RERAISE" => Does::Stop,
            "GET_ITER" if minor >= 15 => Does::Iterate { entries: 2 },
            "GET_ITER" | "GET_AITER" => Does::Iterate { entries: 1 },
            "FOR_ITER" => Does::Loop { ended: (minor < 12).then_some(1) },
            "END_ASYNC_FOR" => Does::Pop(2),
            "POP_EXCEPT" => Does::Pop(1),
            "PUSH_EXC_INFO" => Does::Push(Kind::Except),
            "PUSH_NULL" => Does::Push(Kind::Null),
            "LOAD_GLOBAL" if minor >= 13 => Does::GlobalThenNull,
            "LOAD_GLOBAL" => Does::NullThenGlobal,
            "LOAD_ATTR" if minor >= 13 => Does::AttributeThenNull,
            "LOAD_ATTR" if minor == 12 => Does::NullThenAttribute,
            "LOAD_METHOD" => Does::Method,
            // 3.11 counts the arguments at `PRECALL`.
            "CALL" if minor == 11 => Does::Call { more: 2, counted: false },
            "CALL" if minor == 12 => Does::Call { more: 2, counted: true },
            "COPY" => Does::Copy,
            "SWAP" => Does::Swap,
            _ => Does::Effect,
        }
    }
}

/// The stack at the first unit of each instruction, and behind its prefixes.
pub(super) struct Stacks<'a> {
    set: &'a InstructionSet,
    handlers: &'a [Handler],
    marks: Vec<Stack>,
    does: [Option<Does>; 256],
    /// Units that a way was found to and that are not looked at yet, each once, the first one first.
    waiting: BinaryHeap<Reverse<u32>>,
    /// Handlers of what was found, by their places in the table, the first one first: where several entries have the same
    /// handler, that counts.
    raising: BinaryHeap<Reverse<u32>>,
}

impl<'a> Stacks<'a> {
    /// Follows all ways through code that the verifier knows, each instruction once and in their order, handlers when
    /// nothing else is left. Where ways meet that bring different things, the last one counts, also if the instruction was
    /// followed already.
    ///
    /// CPython goes over the whole code again for as long as it finds a new way backward or a new handler, so what the last
    /// one brought may go farther there. Code of compilers does not show it, except where stacks are too deep.
    pub(super) fn follow(set: &'a InstructionSet, code: &[u8], generator: bool, handlers: &'a [Handler]) -> Stacks<'a> {
        let marks = vec![Stack::UNSEEN; code.len() / 2];
        let (waiting, raising) = (BinaryHeap::new(), BinaryHeap::new());
        let mut stacks = Stacks { set, handlers, marks, does: [None; 256], waiting, raising };
        // The value that the first `send` brings is counted from the start until 3.12, where `RETURN_GENERATOR` is not
        // said to push it.
        let start = if generator && set.minor < 13 { Stack::EMPTY.push(Kind::Object) } else { Stack::EMPTY };
        stacks.reach(0, start);
        loop {
            if let Some(Reverse(unit)) = stacks.waiting.pop() {
                if let Some(instruction) = set.decode(code, unit as usize) {
                    stacks.step(&instruction);
                }
            } else if let Some(handler) = stacks.raising.pop().and_then(|Reverse(index)| handlers.get(index as usize)) {
                stacks.enter(handler);
            } else {
                return stacks;
            }
        }
    }

    /// What is known of a unit.
    pub(super) fn at(&self, unit: usize) -> Stack {
        self.marks.get(unit).copied().unwrap_or(Stack::UNSEEN)
    }

    fn step(&mut self, instruction: &Instruction) {
        let stack = self.at(instruction.first);
        // A frame that yields stands behind the prefixes.
        self.marks[instruction.first..=instruction.unit].fill(stack);
        let argument = instruction.argument;
        let null = argument & 1 != 0;
        let number = usize::from(instruction.base);
        let does = *self.does[number].get_or_insert_with(|| Does::of(self.set.name(instruction.base), self.set.minor));
        let next = match does {
            Does::Stop => return,
            Does::Jump => return self.jump(instruction, stack),
            Does::Branch { here, there } => {
                self.jump(instruction, stack.pop_all(there.into()));
                stack.pop_all(here.into())
            }
            Does::Loop { ended } => {
                let more = stack.push(Kind::Object);
                self.jump(instruction, ended.map_or(more, |entries| stack.pop_all(entries.into())));
                more
            }
            Does::Iterate { entries } => stack.pop().push_all(Kind::Iterator, entries.into()),
            Does::Pop(entries) => stack.pop_all(entries.into()),
            Does::Push(kind) => stack.push(kind),
            Does::GlobalThenNull if null => stack.push(Kind::Object).push(Kind::Null),
            Does::NullThenGlobal if null => stack.push(Kind::Null).push(Kind::Object),
            Does::GlobalThenNull | Does::NullThenGlobal => stack.push(Kind::Object),
            Does::AttributeThenNull if null => stack.pop().push(Kind::Object).push(Kind::Null),
            Does::NullThenAttribute if null => stack.pop().push(Kind::Null).push(Kind::Object),
            Does::Method => stack.pop().push(Kind::Null).push(Kind::Object),
            Does::Call { more, counted } => {
                let counted = if counted { argument } else { 0 };
                stack.pop_all(u64::from(counted) + u64::from(more)).push(Kind::Object)
            }
            Does::Copy => stack.push(stack.at(argument)),
            Does::Swap => stack.swap(argument),
            Does::Effect | Does::AttributeThenNull | Does::NullThenAttribute => match self.effect(instruction) {
                effect @ 0.. => stack.push_all(Kind::Object, effect.unsigned_abs()),
                effect => stack.pop_all(effect.unsigned_abs()),
            },
        };
        self.reach(instruction.next, next);
    }

    /// As the compiler counts it, the greater one of the ways that it can go.
    fn effect(&self, instruction: &Instruction) -> i64 {
        let effect = |jump| (self.set.layout.stack_effect)(instruction.base, instruction.argument, jump);
        effect(false).max(effect(true)).unwrap_or(0)
    }

    /// A way leads to a unit.
    fn reach(&mut self, unit: usize, stack: Stack) {
        let Some(mark) = self.marks.get_mut(unit) else { return };
        if core::mem::replace(mark, stack) != Stack::UNSEEN {
            return;
        }
        // There are fewer than 2^31 units, and fewer handlers, in their order.
        self.waiting.push(Reverse(unit as u32));
        if let Ok(index) = self.handlers.binary_search_by_key(&(unit as u32), |handler| handler.start) {
            self.raising.push(Reverse(index as u32));
        }
    }

    fn jump(&mut self, instruction: &Instruction, stack: Stack) {
        if let Some(target) = self.set.target(instruction).and_then(|target| usize::try_from(target).ok()) {
            self.reach(target, stack);
        }
    }

    fn enter(&mut self, handler: &Handler) {
        let kept = self.at(handler.start as usize).cut(handler.depth);
        let kept = if handler.lasti { kept.push(Kind::Lasti) } else { kept };
        if self.at(handler.target as usize) == Stack::UNSEEN {
            self.reach(handler.target as usize, kept.push(Kind::Except));
        }
    }
}
