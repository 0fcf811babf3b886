//! Instructions with labels become code units, with the table of their handlers.

use std::collections::BTreeMap;
use std::rc::Rc;

use frame_runtime::generator::Resumes;
use frame_runtime::machine::generator::Flavour;
use frame_runtime::opcode::{Argument, OpcodeInfo};
use frame_runtime::table::Handler;
use frame_runtime::version::Version;
use frame_runtime::vm::{CodeUnit, FrameCode};

use super::compile::Native;

/// A place in the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label(pub(crate) usize);

/// What an instruction says besides.
#[derive(Clone, Copy)]
pub(crate) enum Operand {
    Number(u32),
    To(Label),
}

/// An instruction, or a label in front of the next one.
pub(crate) enum Item {
    Instruction {
        name: &'static str,
        operand: Operand,
        /// What handles what it raises: an index among the handlers.
        handler: Option<usize>,
    },
    /// A jump, whichever way it goes.
    Jump(Label, Option<usize>),
    Label(Label),
}

/// A handler, and what it finds on the stack.
#[derive(Clone, Copy)]
pub(crate) struct Catch {
    pub(crate) target: Label,
    pub(crate) depth: u32,
    pub(crate) lasti: bool,
}

/// A code object: a body.
pub(crate) struct Code {
    pub(crate) flavour: Flavour,
    pub(crate) natives: Rc<[Native]>,
    stacksize: u32,
    units: Vec<CodeUnit>,
    handlers: Vec<Handler>,
    /// The units of each `RESUME` behind a `yield` that only the handler around the body guards.
    unguarded: Vec<isize>,
    /// Where the loops of delegations end, by the unit of their `YIELD_VALUE`.
    ends: BTreeMap<u32, u32>,
}

/// Locals of every body.
pub(crate) const SLOTS: u32 = 3;

// SAFETY: nothing changes, and there is at least one unit. Handlers are within the units, and the depths are those of the
// compiler, which counted what is pushed on top of them.
unsafe impl FrameCode for Code {
    fn nlocalsplus(&self) -> u32 {
        SLOTS
    }

    fn stacksize(&self) -> u32 {
        self.stacksize
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    fn is_guarded_at(&self, unit: isize) -> bool {
        !self.unguarded.contains(&unit)
    }

    fn after_delegation(&self, unit: u32) -> Option<u32> {
        self.ends.get(&unit).copied()
    }

    fn handler_at(&self, unit: u32) -> Option<Handler> {
        self.handlers.iter().find(|handler| (handler.start..handler.end).contains(&unit)).copied()
    }
}

/// The opcode of this name.
pub(crate) fn opcode<P: Version>(name: &str) -> &'static OpcodeInfo {
    let found = P::LAYOUT.opcodes.iter().flatten().find(|info| info.name == name);
    found.unwrap_or_else(|| panic!("{} has no {name}", P::LAYOUT.minor()))
}

struct Placed {
    info: &'static OpcodeInfo,
    operand: Operand,
    handler: Option<usize>,
    /// Units of `EXTENDED_ARG` in front of it.
    extended: usize,
    at: usize,
}

impl Placed {
    fn end(&self) -> usize {
        self.at + self.extended + 1 + usize::from(self.info.caches)
    }
}

/// What a compiler made.
pub(crate) struct Assembly {
    pub(crate) flavour: Flavour,
    pub(crate) natives: Vec<Native>,
    pub(crate) stacksize: u32,
    pub(crate) items: Vec<Item>,
    pub(crate) handlers: Vec<Catch>,
    /// Each loop of a delegation: a label in front of its `YIELD_VALUE`, and behind the loop.
    pub(crate) delegations: Vec<(Label, Label)>,
}

/// The argument of an instruction that ends at a unit and goes to another, or says a number.
fn argument(placed: &Placed, labels: &BTreeMap<Label, usize>) -> usize {
    match placed.operand {
        Operand::Number(number) => number as usize,
        Operand::To(label) => {
            let target = labels[&label];
            match placed.info.argument {
                Argument::JumpBackward => placed.end() - target,
                _ => target - placed.end(),
            }
        }
    }
}

impl Assembly {
    pub(crate) fn code<P: Version>(self) -> Code {
        // Labels and jumps by their order first: which way a jump goes does not depend on sizes.
        let order: BTreeMap<Label, usize> = (0..)
            .zip(&self.items)
            .filter_map(|(index, item)| if let Item::Label(label) = item { Some((*label, index)) } else { None })
            .collect();
        let mut placed: Vec<Placed> = Vec::new();
        let mut marks: Vec<(Label, usize)> = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let (name, operand, handler) = match item {
                Item::Label(label) => {
                    marks.push((*label, placed.len()));
                    continue;
                }
                Item::Instruction { name, operand, handler } => (*name, *operand, *handler),
                Item::Jump(label, handler) => {
                    let name = if order[label] > index { "JUMP_FORWARD" } else { "JUMP_BACKWARD_NO_INTERRUPT" };
                    (name, Operand::To(*label), *handler)
                }
            };
            placed.push(Placed { info: opcode::<P>(name), operand, handler, extended: 0, at: 0 });
        }
        let labels = loop {
            let mut at = 0;
            for instruction in &mut placed {
                instruction.at = at;
                at = instruction.end();
            }
            let place = |index: usize| placed.get(index).map_or(at, |found| found.at);
            let labels: BTreeMap<Label, usize> = marks.iter().map(|(label, index)| (*label, place(*index))).collect();
            let sizes: Vec<usize> =
                placed.iter().map(|found| (argument(found, &labels).max(1).ilog2() / 8) as usize).collect();
            if placed.iter().zip(&sizes).all(|(found, size)| found.extended >= *size) {
                break labels;
            }
            for (found, size) in placed.iter_mut().zip(sizes) {
                found.extended = found.extended.max(size);
            }
        };
        let mut code = Code {
            flavour: self.flavour,
            natives: self.natives.into(),
            stacksize: self.stacksize,
            units: Vec::new(),
            handlers: Vec::new(),
            unguarded: Vec::new(),
            ends: BTreeMap::new(),
        };
        let unit = |at: usize| u32::try_from(at).expect("short code");
        let extended = opcode::<P>("EXTENDED_ARG").number;
        for found in &placed {
            let argument = argument(found, &labels);
            let byte = |at: usize| argument.to_be_bytes()[size_of::<usize>() - 1 - at];
            code.units.extend((1..=found.extended).rev().map(|at| CodeUnit::new(extended, byte(at))));
            let own = code.units.len();
            code.units.push(CodeUnit::new(found.info.number, byte(0)));
            code.units.resize_with(found.end(), || CodeUnit::new(0, 0));
            if found.info.name == "RESUME" && Resumes::of::<P>(byte(0)).is_unguarded {
                code.unguarded.push(own.cast_signed());
            }
            if let Some(handler) = found.handler {
                let Catch { target, depth, lasti } = self.handlers[handler];
                let target = unit(labels[&target]);
                let (start, end) = (unit(found.at), unit(found.end()));
                match code.handlers.last_mut() {
                    Some(last) if last.end == start && (last.target, last.depth) == (target, depth) => last.end = end,
                    _ => code.handlers.push(Handler { start, end, target, depth, lasti }),
                }
            }
        }
        code.ends = self.delegations.iter().map(|(at, end)| (unit(labels[at]), unit(labels[end]))).collect();
        code
    }
}
