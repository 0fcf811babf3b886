//! At which instructions a line event is due.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::code::{InstructionSet, Instructions};
use crate::table::{DecodeError, ExceptionTable, LineTable};

/// Where line events of a code object are due, made once for it.
///
/// They are due between two instructions of a frame: where it stood, and where it goes on. Where it stood is what `f_lasti`
/// shows, in code units, until the next instruction changes it:
///
/// - at the instruction that ran last; its opcode, not an `EXTENDED_ARG` in front;
/// - when it called another frame that has returned or yielded, from 3.13 on at the calling instruction, and before at the
///   unit in front of the next instruction, which can be a cache;
/// - when something was raised, where that was, also [in a call](crate::version::Frames::CALLING); when `RERAISE` with an
///   argument did, where it puts the frame;
/// - when it begins or is resumed, at the `RESUME`, which has run; when something is thrown into it, where it waited;
/// - when `f_lineno` was set, where that put it: what goes on there is not told again;
/// - nowhere (`None`) only when nothing of it ran.
///
/// A `RESUME` itself, and what runs before the first one, begins no line. Nor does anything before 3.11, whose frames are
/// classic ones.
///
/// # Deviations
///
/// From 3.13 on CPython tells a tool nothing of a line that begins on the line of the `RESUME` in front, as in
/// `def f(): pass`, unless a tool also asks for `PY_START` (`PY_RESUME` in a generator that goes on), or something is traced:
/// otherwise the `RESUME` is specialised, and CPython does not know it for one. [`monitoring`](Self::monitoring) says what is
/// told when somebody asks.
///
/// 3.13.0 tells a line that is far from the first one again, more than about 127, where a loop ends and goes on on its own
/// line. Releases behind it do not, nor does this.
#[derive(Clone)]
pub struct LineEvents {
    rules: Rules,
    first: usize,
    units: Box<[Unit]>,
    /// Jumps back to an instruction of their own line, and their targets, in order.
    repeats: Vec<(u32, u32)>,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// Frames are classic ones: nobody here.
    None,
    /// 3.11: the loop compares lines before each instruction.
    Compared,
    /// 3.12 and later: instructions that may begin a line are marked.
    Marked,
}

#[derive(Clone, Copy, Debug)]
struct Unit {
    /// -1: none.
    line: i32,
    marks: u8,
}

impl Unit {
    /// The opcode of an instruction is here.
    const OPCODE: u8 = 1;
    /// A line may begin here.
    const MAY_BEGIN: u8 = 2;
    /// It is a `RESUME`.
    const RESUME: u8 = 4;
    /// It is a `SEND`.
    const SEND: u8 = 8;
    /// Tools are told before it runs.
    const TOLD: u8 = 16;

    const fn has(self, mark: u8) -> bool {
        self.marks & mark != 0
    }
}

/// What an instruction is to those who look for lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Plain,
    Prefix,
    Resume,
    Send,
    /// It ends a loop, and is jumped over: it begins no line, and is of none.
    EndFor,
    /// The same of a delegation, or an `async for`.
    End,
    /// The same, and no jump makes it begin one.
    EndOfIterator,
    Jump,
    JumpBackward,
    /// Its target is the end of its loop, one unit long.
    Loop,
}

impl Part {
    fn of(name: &str) -> Part {
        match name {
            "EXTENDED_ARG" => Part::Prefix,
            "RESUME" => Part::Resume,
            "SEND" => Part::Send,
            "END_FOR" => Part::EndFor,
            "END_ASYNC_FOR" | "END_SEND" => Part::End,
            "POP_ITER" => Part::EndOfIterator,
            "JUMP_BACKWARD" => Part::JumpBackward,
            "JUMP_FORWARD"
            | "JUMP_BACKWARD_NO_INTERRUPT"
            | "POP_JUMP_IF_FALSE"
            | "POP_JUMP_IF_TRUE"
            | "POP_JUMP_IF_NONE"
            | "POP_JUMP_IF_NOT_NONE" => Part::Jump,
            "FOR_ITER" => Part::Loop,
            _ => Part::Plain,
        }
    }
}

impl LineEvents {
    /// Those of a code object: its instructions as bytes (`co_code`), its tables, and the unit of its first `RESUME`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with one of the tables.
    ///
    /// Source: `initialize_lines`, Python/instrumentation.c (3.11: `_PyCode_CreateLineArray`, Objects/codeobject.c).
    pub fn new(
        set: &InstructionSet,
        code: &[u8],
        lines: LineTable<'_>,
        handlers: ExceptionTable<'_>,
        first_traceable: usize,
    ) -> Result<LineEvents, DecodeError> {
        let rules = match set.layout().minor() {
            ..=10 => Rules::None,
            11 => Rules::Compared,
            _ => Rules::Marked,
        };
        let mut units = vec![Unit { line: -1, marks: 0 }; code.len() / 2].into_boxed_slice();
        for entry in lines.locations() {
            let entry = entry?;
            let start = entry.start as usize;
            let covered = units.iter_mut().skip(start).take(entry.length as usize);
            covered.for_each(|unit| unit.line = entry.row.line);
        }
        let mut events = LineEvents { rules, first: first_traceable, units, repeats: Vec::new() };
        events.mark_instructions(set, code);
        if rules == Rules::Marked {
            events.mark_targets(set, code);
            for handler in handlers.entries() {
                let target = handler?.target as usize;
                if code.get(target * 2).is_some_and(|opcode| set.name(set.base(*opcode)) != "END_ASYNC_FOR") {
                    events.may_begin(target);
                }
            }
        }
        Ok(events)
    }

    /// What stands where, and which instructions are of another line than the one in front.
    fn mark_instructions(&mut self, set: &InstructionSet, code: &[u8]) {
        let (mut at, mut current, mut prefixed) = (0, -1, false);
        while let Some(&opcode) = code.get(at * 2).filter(|_| at < self.units.len()) {
            let part = Part::of(set.name(set.base(opcode)));
            let next = (at + 1 + usize::from(set.caches(opcode))).min(self.units.len());
            if self.rules == Rules::Marked {
                self.units[at].line = self.units[at].line.max(-1);
                // Who stands at a cache is on no line.
                self.units[at + 1..next].iter_mut().for_each(|cache| cache.line = -1);
            }
            let line = self.units[at].line;
            let mut marks = match part {
                Part::Prefix => 0,
                Part::Resume => Unit::OPCODE | Unit::RESUME,
                Part::Send => Unit::OPCODE | Unit::SEND,
                _ => Unit::OPCODE,
            };
            let is_told = match self.rules {
                Rules::None => false,
                Rules::Compared => !prefixed && part != Part::Resume,
                Rules::Marked => !matches!(part, Part::Resume | Part::EndFor),
            };
            if at >= self.first && is_told {
                marks |= Unit::TOLD;
            }
            prefixed = part == Part::Prefix;
            let passed = matches!(part, Part::Resume | Part::EndFor | Part::End | Part::EndOfIterator);
            if at >= self.first && !passed {
                if line != current && line >= 0 {
                    marks |= Unit::MAY_BEGIN;
                }
                current = line;
            }
            self.units[at].marks = marks;
            at = next;
        }
    }

    /// Where instructions jump to a line may begin, and some begin the same one again.
    fn mark_targets(&mut self, set: &InstructionSet, code: &[u8]) {
        let mut instructions = Instructions::new(set, code);
        instructions.seek(self.first);
        for instruction in instructions {
            let part = Part::of(set.name(instruction.base));
            let behind = match part {
                Part::Jump | Part::JumpBackward => 0,
                Part::Loop | Part::Send => 1,
                _ => continue,
            };
            let target = set.target(&instruction).and_then(|target| usize::try_from(target + behind).ok());
            let Some(target) = target.filter(|target| *target < self.units.len()) else { continue };
            if Part::of(set.name(set.base(code[target * 2]))) != Part::EndOfIterator {
                self.may_begin(target);
            }
            let line = self.units[target].line;
            let is_back = part == Part::JumpBackward && (self.first..=instruction.unit).contains(&target);
            if is_back && line >= 0 && line == self.units[instruction.unit].line {
                self.repeats.push((instruction.unit as u32, target as u32));
            }
        }
    }

    fn may_begin(&mut self, unit: usize) {
        let is_late = unit >= self.first;
        if let Some(unit) = self.units.get_mut(unit).filter(|unit| is_late && unit.line >= 0) {
            unit.marks |= Unit::MAY_BEGIN;
        }
    }

    /// The line of the `line` event that `sys.settrace` is told when a frame goes on, or none.
    ///
    /// A jump back to an instruction of its own line begins it again. From 3.12 on CPython tells that at the jump, before
    /// the frame stands at its target.
    ///
    /// Source: `_Py_call_instrumentation_line`, Python/instrumentation.c; `sys_trace_jump_func`, Python/legacy_tracing.c
    /// (3.11: `maybe_call_line_trace`, Python/ceval.c).
    pub fn settrace(&self, previous: Option<u32>, next: u32) -> Option<i32> {
        match self.rules {
            Rules::None => None,
            Rules::Compared => self.compared(previous, next),
            Rules::Marked => match previous.filter(|previous| self.repeats.binary_search(&(*previous, next)).is_ok()) {
                Some(jump) => self.line(jump),
                None => self.marked(previous, next),
            },
        }
    }

    /// The line of the `LINE` event that tools of `sys.monitoring` are told when a frame goes on, or none. From 3.12 on.
    ///
    /// Source: `_Py_call_instrumentation_line`, Python/instrumentation.c.
    pub fn monitoring(&self, previous: Option<u32>, next: u32) -> Option<i32> {
        match self.rules {
            Rules::None | Rules::Compared => None,
            Rules::Marked => self.marked(previous, next),
        }
    }

    fn compared(&self, previous: Option<u32>, next: u32) -> Option<i32> {
        let unit = self.unit(next).filter(|unit| next as usize >= self.first && !unit.has(Unit::RESUME))?;
        let before = previous.filter(|previous| *previous as usize > self.first);
        let is_other = before.and_then(|before| self.unit(before)).is_none_or(|before| before.line != unit.line);
        // A `SEND` is jumped back to for each value of a delegate.
        let is_back = previous.is_some_and(|previous| next < previous) && !unit.has(Unit::SEND);
        (unit.line != -1 && (is_other || is_back)).then_some(unit.line)
    }

    fn marked(&self, previous: Option<u32>, next: u32) -> Option<i32> {
        let unit = self.unit(next).filter(|unit| unit.has(Unit::MAY_BEGIN))?;
        let before = previous.and_then(|previous| self.unit(previous));
        let is_same = before.is_some_and(|before| before.line == unit.line && !before.has(Unit::RESUME));
        (!is_same).then_some(unit.line)
    }

    /// Whether the opcode of an instruction is at a unit: not its caches, and not an `EXTENDED_ARG` in front of it.
    pub fn is_instruction(&self, unit: u32) -> bool {
        self.unit(unit).is_some_and(|unit| unit.has(Unit::OPCODE))
    }

    /// Whether an `INSTRUCTION` event, `opcode` of `sys.settrace`, is told when a frame goes on at a unit; behind the line
    /// event, if there is one.
    ///
    /// None is told of a `RESUME`, of what runs before the first one, and from 3.12 on of an `END_FOR`. Of an instruction
    /// with `EXTENDED_ARG` in front 3.11 tells one at the first of these; 3.12 and later tell one at each, and another one at
    /// the opcode.
    ///
    /// Source: `force_instrument_lock_held`, Python/instrumentation.c (3.11: `DO_TRACING`, Python/ceval.c).
    pub fn is_told(&self, unit: u32) -> bool {
        self.unit(unit).is_some_and(|unit| unit.has(Unit::TOLD))
    }

    /// The line that a frame is on for these events when it stands at a unit. From 3.12 on caches are on none.
    pub fn line(&self, unit: u32) -> Option<i32> {
        self.unit(unit).map(|unit| unit.line).filter(|line| *line != -1)
    }

    fn unit(&self, unit: u32) -> Option<Unit> {
        self.units.get(unit as usize).copied()
    }
}

impl fmt::Debug for LineEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = self.units.iter().filter(|unit| unit.has(Unit::MAY_BEGIN)).count();
        let mut shown = f.debug_struct("LineEvents");
        shown.field("units", &self.units.len()).field("may_begin", &begin).finish_non_exhaustive()
    }
}
