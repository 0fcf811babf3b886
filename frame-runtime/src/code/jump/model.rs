//! What CPython's setter of `f_lineno` thinks that the stack is at each instruction.

use alloc::vec;
use alloc::vec::Vec;

use super::stack::{Kind, Stack};
use crate::code::{Instruction, InstructionSet, Instructions};
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

/// The stack at the first unit of each instruction and at all its prefixes.
pub(super) struct Stacks<'a> {
    set: &'a InstructionSet,
    marks: Vec<Stack>,
    does: [Option<Does>; 256],
    /// Whether a unit that was passed got its first stack in this round.
    again: bool,
}

/// How often the code is gone over at most. Each time but the last, a unit in front of what was looked at, or a handler,
/// got its first stack; what compilers make needs few rounds.
const ROUNDS: u32 = 1000;

impl<'a> Stacks<'a> {
    /// Follows the code as CPython does: in the order of the instructions, again and again until a round finds no new way
    /// backward and no new handler. Where two ways meet, the later one in this order counts. After [`ROUNDS`] rounds, what
    /// is still unseen stays so.
    pub(super) fn follow(set: &'a InstructionSet, code: &[u8], generator: bool, handlers: &[Handler]) -> Stacks<'a> {
        let marks = vec![Stack::UNSEEN; code.len() / 2 + 1];
        let mut stacks = Stacks { set, marks, does: [None; 256], again: true };
        // The value that the first `send` brings is counted from the start until 3.12, where `RETURN_GENERATOR` is not
        // said to push it.
        stacks.marks[0] = match generator && set.minor < 13 {
            true => Stack::EMPTY.push(Kind::Object),
            false => Stack::EMPTY,
        };
        for _ in 0..ROUNDS {
            if !core::mem::take(&mut stacks.again) {
                break;
            }
            for instruction in Instructions::new(set, code) {
                stacks.step(&instruction);
            }
            for handler in handlers {
                stacks.enter(handler);
            }
        }
        stacks
    }

    /// What is known of a unit.
    pub(super) fn at(&self, unit: usize) -> Stack {
        self.marks.get(unit).copied().unwrap_or(Stack::UNSEEN)
    }

    fn step(&mut self, instruction: &Instruction) {
        let stack = self.at(instruction.first);
        if stack == Stack::UNSEEN {
            return;
        }
        for prefix in instruction.first..instruction.unit {
            self.set_mark(prefix + 1, stack);
        }
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
        self.set_mark(instruction.next, next);
    }

    /// As the compiler counts it, the greater one of the ways that it can go.
    fn effect(&self, instruction: &Instruction) -> i64 {
        let effect = |jump| (self.set.layout.stack_effect)(instruction.base, instruction.argument, jump);
        effect(false).max(effect(true)).unwrap_or(0)
    }

    fn set_mark(&mut self, unit: usize, stack: Stack) {
        if let Some(mark) = self.marks.get_mut(unit) {
            *mark = stack;
        }
    }

    fn jump(&mut self, instruction: &Instruction, stack: Stack) {
        let target = self.set.target(instruction).and_then(|target| usize::try_from(target).ok());
        let Some(target) = target else { return };
        self.again |= target < instruction.first && self.at(target) == Stack::UNSEEN;
        self.set_mark(target, stack);
    }

    fn enter(&mut self, handler: &Handler) {
        let (stack, target) = (self.at(handler.start as usize), handler.target as usize);
        if stack == Stack::UNSEEN || self.marks.get(target) != Some(&Stack::UNSEEN) {
            return;
        }
        let kept = stack.cut(handler.depth);
        let kept = if handler.lasti { kept.push(Kind::Lasti) } else { kept };
        self.set_mark(target, kept.push(Kind::Except));
        self.again = true;
    }
}
