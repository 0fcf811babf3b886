//! Walking over instructions: prefixes joined, inline caches skipped, specialised forms known by their bases.
//!
//! It works on borrowed bytes, clean (`co_code`) or as they are while they run (`co_code_adaptive`), allocates nothing
//! and never panics.

use core::iter::FusedIterator;

use super::rule::{Effect, Flow, Group, Rule, Slots};
use crate::layout::{Layout, Numbers};
use crate::opcode::Argument;

/// The opcodes of a layout, with all that walking and verifying has to look up by name.
///
/// Made once for a layout, also as a constant; everything that reads code borrows it.
///
/// ```
/// use frame_runtime::code::{InstructionSet, Instructions};
/// use frame_runtime::version::{Cpython3_14, Version};
///
/// const SET: InstructionSet = InstructionSet::new(Cpython3_14::LAYOUT);
///
/// // RESUME; EXTENDED_ARG 1; LOAD_CONST 2; RETURN_VALUE
/// let code = [0x80, 0, 0x45, 1, 0x52, 2, 0x23, 0];
/// let mut instructions = Instructions::new(&SET, &code);
/// assert_eq!(SET.name(instructions.next().unwrap().base), "RESUME");
/// let load = instructions.next().unwrap();
/// assert_eq!((SET.name(load.base), load.argument), ("LOAD_CONST", 258));
/// assert_eq!((load.first, load.unit, load.next), (1, 2, 3));
/// ```
#[derive(Debug)]
pub struct InstructionSet {
    pub(super) layout: &'static Layout,
    rows: [Row; 256],
    /// N of 3.N.
    pub(super) minor: u16,
    /// Where the iterator of a finished loop is popped: `END_FOR` and, if it must follow, `POP_TOP`.
    pub(super) loop_end: Option<(u8, Option<u8>)>,
    /// Whether the code object tells its branches.
    pub(super) branches: bool,
    /// Bits of a variable's kind: it is a cell; it is free. 0 before 3.11.
    pub(super) cell: u8,
    pub(super) free: u8,
    /// Bits of `co_flags` one of which a generator's code has.
    pub(super) generator: u32,
    /// Whether a generator is sent a value before its first instruction runs.
    pub(super) starts_with_value: bool,
    ranges: [(u32, u32); 6],
}

#[derive(Clone, Copy, Debug)]
struct Row {
    base: u8,
    caches: u8,
    known: bool,
    argument: Argument,
    rule: Rule,
    /// The same with a counted reference, of what pushes borrowed locals.
    counted: Option<u8>,
}

impl InstructionSet {
    /// What a layout's opcodes are.
    pub const fn new(layout: &'static Layout) -> InstructionSet {
        let minor = layout.minor() as u16;
        let unknown =
            Row { base: 0, caches: 0, known: false, argument: Argument::None, rule: Rule::of("", 0), counted: None };
        let mut rows = [unknown; 256];
        let mut number = 0;
        while number < 256 {
            rows[number].base = number as u8;
            if let Some(info) = &layout.opcodes[number] {
                let base = match &layout.opcodes[info.base as usize] {
                    Some(base) => base,
                    None => info,
                };
                let mut rule = Rule::of(base.name, minor);
                let counted = match rule.slots {
                    Slots::Borrows(name) | Slots::BorrowsPair(name) => find(layout, name),
                    _ => None,
                };
                // What cannot be replaced by an instruction that counts is not run at all.
                if rule.slots.borrows() && !same_size(layout, base.number, counted) {
                    rule = unknown.rule;
                }
                rows[number] =
                    Row { base: base.number, caches: info.caches, known: true, argument: base.argument, rule, counted };
            }
            number += 1;
        }
        // 3.12's pops both entries. From 3.14 on the iterator has an instruction of its own, which is run like any
        // other.
        let loop_end = match find(layout, "END_FOR") {
            None => None,
            Some(end) if minor == 13 => Some((end, find(layout, "POP_TOP"))),
            Some(end) => Some((end, None)),
        };
        let comparisons = match group(layout, "cmp_op") {
            Some(numbers) => range(Some(numbers)),
            None => range(group(layout, "comparisons")),
        };
        let flags = group(layout, "code_flags");
        let kinds = group(layout, "local_kind_flags");
        InstructionSet {
            layout,
            rows,
            minor,
            loop_end,
            branches: find(layout, "NOT_TAKEN").is_some(),
            cell: value(kinds, "CO_FAST_CELL") as u8,
            free: value(kinds, "CO_FAST_FREE") as u8,
            generator: value(flags, "CO_GENERATOR") | value(flags, "CO_COROUTINE") | value(flags, "CO_ASYNC_GENERATOR"),
            starts_with_value: find(layout, "GEN_START").is_some(),
            ranges: [
                range(group(layout, "binary_operators")),
                range(group(layout, "intrinsics_1")),
                range(group(layout, "intrinsics_2")),
                range(group(layout, "common_constants")),
                range(group(layout, "special_methods")),
                comparisons,
            ],
        }
    }

    /// The layout.
    pub const fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// CPython's name of an opcode; `?` for a number that has no meaning.
    pub const fn name(&self, opcode: u8) -> &'static str {
        match &self.layout.opcodes[opcode as usize] {
            Some(info) => info.name,
            None => "?",
        }
    }

    /// The opcode that another one stands for: of a specialised or instrumented form its base, else itself, also if it
    /// has no meaning.
    ///
    /// What `INSTRUMENTED_LINE`, `INSTRUMENTED_INSTRUCTION` and `ENTER_EXECUTOR` stand for is not in the code: they
    /// stand for themselves.
    #[inline]
    pub const fn base(&self, opcode: u8) -> u8 {
        self.rows[opcode as usize].base
    }

    /// Units of inline cache behind an opcode, that of the form or of its base; 0 if it has no meaning.
    #[inline]
    pub const fn caches(&self, opcode: u8) -> u8 {
        self.rows[opcode as usize].caches
    }

    /// Of an opcode that pushes locals without counting them, the one that does the same and counts; `None` of all
    /// others. `opcode` is a base.
    #[inline]
    pub const fn counted(&self, opcode: u8) -> Option<u8> {
        self.rows[opcode as usize].counted
    }

    /// How many entries from the top of the stack an instruction takes or looks at; as many must be there. `None` for
    /// what never runs. `opcode` is a base.
    ///
    /// Before 3.11 an exception on the stack counts as the six entries that it may be.
    pub const fn reach(&self, opcode: u8, argument: u32) -> Option<u64> {
        match self.rows[opcode as usize].rule.flow {
            Flow::Never | Flow::Unknown => None,
            _ => Some(self.rows[opcode as usize].rule.popped.of(argument)),
        }
    }

    /// How many entries fewer than before may be on the stack when an exception leaves an instruction; at most
    /// [`reach`](Self::reach).
    pub const fn taken(&self, opcode: u8, argument: u32) -> Option<u64> {
        match (self.reach(opcode, argument), self.rows[opcode as usize].rule.taken) {
            (Some(_), Some(taken)) => Some(taken as u64),
            (reach, _) => reach,
        }
    }

    /// Whether an instruction can raise of itself. Of those that cannot only some are told, where it matters: 3.15 has
    /// generator expressions return under a handler that keeps more of the stack than is left of it by then.
    pub const fn raises(&self, opcode: u8) -> bool {
        self.rows[opcode as usize].rule.raises
    }

    /// How an instruction changes the depth of the stack, when the next one follows or (`jump`) when it jumps; `None`
    /// for what never runs. `opcode` is a base.
    ///
    /// This is what the interpreter does. It differs from the layout's effect, which is the compiler's, where the
    /// compiler counts at another instruction than the interpreter acts: `RETURN_GENERATOR` always counts the value
    /// that the first send brings; in 3.11 `PRECALL` pops nothing and `CALL` everything. The iterator of a finished
    /// loop is popped behind the loop, at `END_FOR`, from 3.12 on.
    pub fn effect(&self, opcode: u8, argument: u32, jump: bool) -> Option<i64> {
        let rule = &self.rows[usize::from(opcode)].rule;
        match rule.effect {
            _ if matches!(rule.flow, Flow::Never | Flow::Unknown) => None,
            Effect::Layout => (self.layout.stack_effect)(opcode, argument, jump),
            Effect::Fixed(effect) => Some(i64::from(effect)),
            Effect::Call => Some(-1 - i64::from(argument)),
        }
    }

    /// The unit an instruction jumps to, if its operand is an address; it may lie outside the code, also before it.
    ///
    /// Also the handler of a block (before 3.11), and (from 3.14 on) the `END_SEND` that an `END_ASYNC_FOR` refers to.
    /// Before 3.10 addresses are bytes; odd ones lead to the unit that they lie in, as in the interpreter.
    pub const fn target(&self, instruction: &Instruction) -> Option<i64> {
        let operand = match self.minor {
            0..=9 => instruction.argument as i64 / 2,
            _ => instruction.argument as i64,
        };
        match self.rows[instruction.base as usize].argument {
            Argument::JumpForward => Some(instruction.next as i64 + operand),
            Argument::JumpBackward => Some(instruction.next as i64 - operand),
            Argument::JumpAbsolute => Some(operand),
            _ => None,
        }
    }

    /// The instruction that begins at a unit, be it within another one; `None` behind the end.
    ///
    /// - The last byte of an odd number is no unit.
    /// - Where the code ends with prefixes, the last of them is the instruction: its base is `EXTENDED_ARG`.
    /// - Where the code ends within caches, there are fewer of them than [`caches`](Self::caches) says.
    /// - Of more than four operand bytes only the last four count.
    #[inline]
    pub fn decode(&self, code: &[u8], first: usize) -> Option<Instruction> {
        let units = code.len() / 2;
        let (mut unit, mut argument) = (first, 0_u32);
        loop {
            let bytes = code.get(unit.checked_mul(2)?..)?;
            let (&opcode, &low) = (bytes.first()?, bytes.get(1)?);
            let row = &self.rows[usize::from(opcode)];
            argument = argument << 8 | u32::from(low);
            if row.rule.flow == Flow::Prefix && unit + 1 < units {
                unit += 1;
                continue;
            }
            let next = (unit + 1 + usize::from(row.caches)).min(units);
            // At most what a byte said.
            let caches = (next - unit - 1) as u8;
            return Some(Instruction { first, unit, opcode, base: row.base, argument, caches, next });
        }
    }

    /// Whether a number has a meaning.
    pub(super) fn knows(&self, opcode: u8) -> bool {
        self.rows[usize::from(opcode)].known
    }

    pub(super) fn rule(&self, opcode: u8) -> &Rule {
        &self.rows[usize::from(opcode)].rule
    }

    /// The values of a group: first one, and the one behind the last.
    pub(super) fn range(&self, group: Group) -> (u32, u32) {
        self.ranges[match group {
            Group::Binary => 0,
            Group::Intrinsic1 => 1,
            Group::Intrinsic2 => 2,
            Group::CommonConstant => 3,
            Group::SpecialMethod => 4,
            Group::Comparison => 5,
        }]
    }
}

/// One instruction: prefixes, opcode, caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Its first unit: the first `EXTENDED_ARG`, or the opcode itself.
    pub first: usize,
    /// The unit of its opcode.
    pub unit: usize,
    /// The opcode as it stands there.
    pub opcode: u8,
    /// The opcode that this one stands for.
    pub base: u8,
    /// The argument with those of the prefixes; the byte as it stands there, if the opcode has none.
    pub argument: u32,
    /// Units of inline cache that follow.
    pub caches: u8,
    /// The unit behind it and its caches.
    pub next: usize,
}

/// Instructions in the order of the code.
///
/// It ends where the code does; what it makes of bytes that are no whole instruction is told at
/// [`InstructionSet::decode`].
///
/// In running code, `INSTRUMENTED_LINE`, `INSTRUMENTED_INSTRUCTION` and `ENTER_EXECUTOR` hide the opcode they replaced,
/// and how many caches it has: what follows them may be caches read as instructions.
#[derive(Clone, Debug)]
pub struct Instructions<'a> {
    set: &'a InstructionSet,
    code: &'a [u8],
    unit: usize,
}

impl<'a> Instructions<'a> {
    /// From the start of some code, given as bytes.
    pub const fn new(set: &'a InstructionSet, code: &'a [u8]) -> Self {
        Instructions { set, code, unit: 0 }
    }

    /// Goes on at a unit.
    pub const fn seek(&mut self, unit: usize) {
        self.unit = unit;
    }
}

impl Iterator for Instructions<'_> {
    type Item = Instruction;

    #[inline]
    fn next(&mut self) -> Option<Instruction> {
        let instruction = self.set.decode(self.code, self.unit)?;
        self.unit = instruction.next;
        Some(instruction)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some((self.code.len() / 2).saturating_sub(self.unit)))
    }
}

impl FusedIterator for Instructions<'_> {}

// ---- names, looked up while a set is made ----

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn find(layout: &Layout, name: &str) -> Option<u8> {
    let mut number = 0;
    while number < 256 {
        if let Some(info) = &layout.opcodes[number]
            && same(info.name, name)
        {
            return Some(number as u8);
        }
        number += 1;
    }
    None
}

/// Whether an opcode has as many caches as another one.
const fn same_size(layout: &Layout, opcode: u8, other: Option<u8>) -> bool {
    let Some(other) = other else { return false };
    match (&layout.opcodes[opcode as usize], &layout.opcodes[other as usize]) {
        (Some(one), Some(other)) => one.caches == other.caches,
        _ => false,
    }
}

const fn group(layout: &'static Layout, name: &str) -> Option<&'static Numbers> {
    let mut at = 0;
    while at < layout.numbers.len() {
        if same(layout.numbers[at].name, name) {
            return Some(&layout.numbers[at]);
        }
        at += 1;
    }
    None
}

/// The value of a flag; 0 if the version has none.
const fn value(numbers: Option<&Numbers>, name: &str) -> u32 {
    if let Some(numbers) = numbers {
        let mut at = 0;
        while at < numbers.values.len() {
            if same(numbers.values[at].0, name) {
                return numbers.values[at].1 as u32;
            }
            at += 1;
        }
    }
    0
}

/// First value and the one behind the last; the value that stands for none, which has a name too, is not among them.
const fn range(numbers: Option<&Numbers>) -> (u32, u32) {
    let Some(numbers) = numbers else { return (0, 0) };
    let (mut first, mut end) = (u32::MAX, 0);
    let mut at = 0;
    while at < numbers.values.len() {
        let (name, value) = (numbers.values[at].0.as_bytes(), numbers.values[at].1 as u32);
        if !matches!(name, [.., b'_', b'B', b'A', b'D'] | [.., b'I', b'N', b'V', b'A', b'L', b'I', b'D']) {
            if value < first {
                first = value;
            }
            if value >= end {
                end = value + 1;
            }
        }
        at += 1;
    }
    (first, end)
}
