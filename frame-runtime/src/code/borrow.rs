//! Which locals may be pushed without counting them: what is found on the ways that the verifier went.
//!
//! Each entry of the stack that may be a borrowed local is followed, with the instruction that pushed it. An instruction
//! that pushed what is in use when its local changes, or when it would get into a local itself, is not proven. Where ways
//! meet, an entry is one instruction's or nobody's; if two pushed it neither is proven. So what is known of an entry
//! changes at most once, and the time stays in proportion to the code's length.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use super::instruction::{Instruction, InstructionSet, Instructions};
use super::rule::{Flow, Left, Slots};
use super::verify::{Unverified, VariableSlots, handler};

/// So many borrowed entries are followed; what pushes another one is not proven.
const FOLLOWED: usize = 256;
/// So many where ways meet.
const MEETING: usize = 32;

/// What pushed an entry, and the local that it is borrowed from.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Source {
    /// The unit of the opcode.
    unit: u32,
    local: u32,
}

/// An entry that may be borrowed.
#[derive(Clone, Copy)]
struct Entry {
    /// From the bottom of the stack, which is 0.
    position: u32,
    source: Source,
}

/// What is known of an entry where ways meet.
#[derive(Clone, Copy)]
struct Meeting {
    position: u32,
    /// Who may have pushed it; `None`: two did, neither of which is proven.
    source: Option<Source>,
}

struct Borrows<'a, D> {
    set: &'a InstructionSet,
    code: &'a Unverified<'a>,
    /// The depth of the stack in front of an instruction, if some way leads there.
    depth: D,
    /// Units to which more than one way may lead.
    meets: Vec<bool>,
    meetings: BTreeMap<u32, Vec<Meeting>>,
    /// How many entries `meetings` may still get.
    room: usize,
    /// Units of opcodes that are not proven.
    refused: Vec<bool>,
    /// Units where ways meet, to be followed from. In the order of the code: handlers mostly come behind what they handle.
    waiting: BTreeSet<u32>,
    /// The entries that may be borrowed, here and now, in the order of their positions.
    entries: Vec<Entry>,
}

/// The units of opcodes in code that was verified whose borrowed locals are not proven, in their order.
pub(super) fn unproven(
    set: &InstructionSet,
    code: &Unverified<'_>,
    depth: impl Fn(usize) -> Option<u32>,
) -> Vec<usize> {
    let instructions = || Instructions::new(set, code.code);
    if !instructions().any(|instruction| set.rule(instruction.base).slots.borrows()) {
        return Vec::new();
    }
    let units = code.code.len() / 2;
    let mut meets = vec![false; units];
    let targets = instructions().filter_map(|instruction| usize::try_from(set.target(&instruction)?).ok());
    let targets = targets.chain(code.handlers.iter().map(|handler| handler.target as usize));
    for target in core::iter::once(0).chain(targets) {
        if let Some(meets) = meets.get_mut(target) {
            *meets = true;
        }
    }
    // There are fewer than 2^31 units.
    let waiting = (0..units as u32).filter(|&unit| meets[unit as usize]).collect();
    let mut borrows = Borrows {
        set,
        code,
        depth,
        meets,
        meetings: BTreeMap::new(),
        room: units,
        refused: vec![false; units],
        waiting,
        entries: Vec::new(),
    };
    while let Some(unit) = borrows.waiting.pop_first() {
        borrows.follow(unit);
    }
    let refused = borrows.refused.iter().enumerate().filter(|&(_, &refused)| refused);
    refused.map(|(unit, _)| unit).collect()
}

impl<D: Fn(usize) -> Option<u32>> Borrows<'_, D> {
    /// From where ways meet to the next such place, or to the end.
    fn follow(&mut self, from: u32) {
        self.entries.clear();
        for meeting in self.meetings.get(&from).into_iter().flatten() {
            let Some(source) = meeting.source else { continue };
            if !self.refused[source.unit as usize] {
                self.entries.push(Entry { position: meeting.position, source });
            }
        }
        let mut unit = from as usize;
        while let (Some(depth), Some(instruction)) = ((self.depth)(unit), self.set.decode(self.code.code, unit)) {
            let handler = handler(self.code.handlers, unit);
            // What a tracer raises may come before the instruction or behind it.
            if let Some(handler) = handler {
                self.meet(handler.target, handler.depth);
            }
            self.step(&instruction, depth);
            if let Some(handler) = handler {
                self.meet(handler.target, handler.depth);
            }
            let flow = self.set.rule(instruction.base).flow;
            if matches!(flow, Flow::Jump | Flow::Branch | Flow::Loop)
                && let Some(target) = self.set.target(&instruction).and_then(|target| u32::try_from(target).ok())
            {
                self.meet(target, self.behind(&instruction, depth, true));
            }
            if matches!(flow, Flow::Jump | Flow::Stop) {
                return;
            }
            self.cut(self.behind(&instruction, depth, false));
            unit = instruction.next;
            if self.meets.get(unit) == Some(&true) {
                return self.meet(unit as u32, u32::MAX);
            }
        }
    }

    /// The depth behind an instruction.
    fn behind(&self, instruction: &Instruction, depth: u32, jump: bool) -> u32 {
        let effect = self.set.effect(instruction.base, instruction.argument, jump).unwrap_or(0);
        u32::try_from(i64::from(depth).saturating_add(effect)).unwrap_or(0)
    }

    /// What an instruction does to entries and locals.
    fn step(&mut self, instruction: &Instruction, depth: u32) {
        let (set, argument) = (self.set, instruction.argument);
        // The verifier found as many.
        let reach = set.reach(instruction.base, argument).and_then(|reach| u32::try_from(reach).ok());
        let base = depth.saturating_sub(reach.unwrap_or(depth));
        let rule = set.rule(instruction.base);
        if matches!(rule.slots, Slots::Changes | Slots::ChangesFirst | Slots::ChangesPair) {
            self.refuse(|entry| entry.position >= base);
        }
        let unit = instruction.unit as u32;
        match rule.slots {
            Slots::Keeps => {}
            Slots::Borrows(_) => self.push(depth, Source { unit, local: argument }),
            Slots::BorrowsPair(_) => {
                self.push(depth, Source { unit, local: argument >> 4 });
                self.push(depth.saturating_add(1), Source { unit, local: argument & 15 });
            }
            Slots::Changes => self.refuse(|entry| entry.source.local == argument),
            Slots::ChangesFirst => self.refuse(|entry| entry.source.local == argument >> 4),
            Slots::ChangesPair => {
                self.refuse(|entry| [argument >> 4, argument & 15].contains(&entry.source.local));
            }
            Slots::ChangesFree => match self.code.variables {
                VariableSlots::Kinds(kinds) => {
                    let is_free = |local: u32| kinds.get(local as usize).is_none_or(|kind| kind & set.free != 0);
                    self.refuse(|entry| is_free(entry.source.local));
                }
                VariableSlots::Counts { .. } => self.refuse(|_| true),
            },
        }
        match rule.left {
            Left::Taken if rule.slots.borrows() => {}
            Left::Taken => self.cut(base),
            Left::Below(taken) => self.cut(depth.saturating_sub(taken.into())),
            Left::Top(above) => {
                let top = self.at(depth.wrapping_sub(1));
                self.cut(base);
                let position = base.saturating_add(above.into());
                if let Some(source) = top
                    && position < self.behind(instruction, depth, false)
                {
                    self.push(position, source);
                }
            }
            Left::Copy => {
                if let Some(source) = self.at(depth.wrapping_sub(argument)) {
                    self.push(depth, source);
                }
            }
            Left::Swap => {
                let (top, other) = (depth.wrapping_sub(1), depth.wrapping_sub(argument));
                let swapped = |position: u32| match position {
                    _ if position == top => other,
                    _ if position == other => top,
                    _ => position,
                };
                self.entries.iter_mut().for_each(|entry| entry.position = swapped(entry.position));
                self.entries.sort_unstable_by_key(|entry| entry.position);
            }
        }
    }

    /// Who pushed the entry at a position, if it may be borrowed.
    fn at(&self, position: u32) -> Option<Source> {
        let found = self.entries.binary_search_by_key(&position, |entry| entry.position);
        found.ok().map(|index| self.entries[index].source)
    }

    /// Pushes a borrowed entry, above all others.
    fn push(&mut self, position: u32, source: Source) {
        if self.refused[source.unit as usize] {
            return;
        }
        if self.entries.len() < FOLLOWED {
            self.entries.push(Entry { position, source });
        } else {
            self.refused[source.unit as usize] = true;
            self.forget_refused();
        }
    }

    /// The entries from a depth on are gone.
    fn cut(&mut self, depth: u32) {
        self.entries.truncate(self.entries.partition_point(|entry| entry.position < depth));
    }

    /// What pushed such an entry is not proven.
    fn refuse(&mut self, is: impl Fn(&Entry) -> bool) {
        let mut any = false;
        for entry in self.entries.iter().filter(|&entry| is(entry)) {
            self.refused[entry.source.unit as usize] = true;
            any = true;
        }
        if any {
            self.forget_refused();
        }
    }

    /// What counts is not borrowed.
    fn forget_refused(&mut self) {
        self.entries.retain(|entry| !self.refused[entry.source.unit as usize]);
    }

    /// A way leads to where ways may meet, with the entries below a depth.
    fn meet(&mut self, unit: u32, depth: u32) {
        let entries = self.entries.partition_point(|entry| entry.position < depth);
        if entries == 0 {
            return;
        }
        let known = self.meetings.entry(unit).or_default();
        let (mut more, mut fewer) = (false, false);
        for Entry { position, source } in self.entries[..entries].iter().copied() {
            match known.binary_search_by_key(&position, |meeting| meeting.position) {
                Ok(index) if known[index].source == Some(source) => {}
                Ok(index) => {
                    if let Some(other) = known[index].source.take() {
                        self.refused[other.unit as usize] = true;
                    }
                    self.refused[source.unit as usize] = true;
                    fewer = true;
                }
                Err(index) if known.len() < MEETING && self.room > 0 => {
                    known.insert(index, Meeting { position, source: Some(source) });
                    self.room -= 1;
                    more = true;
                }
                Err(_) => {
                    self.refused[source.unit as usize] = true;
                    fewer = true;
                }
            }
        }
        if more {
            self.waiting.insert(unit);
        }
        if fewer {
            self.forget_refused();
        }
    }
}
