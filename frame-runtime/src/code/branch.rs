//! The branches of a code object, as `co_branches()` tells them.

use core::iter::FusedIterator;

use super::instruction::{InstructionSet, Instructions};
use super::rule::Flow;

/// A branch: byte offsets from the start of the code. On code that no compiler made they may lie outside it, also
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Branch {
    /// The branching instruction, behind its prefixes.
    pub source: i64,
    /// Where it goes on when the jump is not taken, or the loop goes on.
    pub left: i64,
    /// Where it goes on when the jump is taken, or the loop ends.
    pub right: i64,
}

/// Branches in the order of the instructions that tell them. The end of an `async for` tells the branch at its
/// beginning.
///
/// Source: `branchesiter_next`, Objects/codeobject.c, v3.14.0.
#[derive(Clone, Debug)]
pub struct Branches<'a> {
    set: &'a InstructionSet,
    code: &'a [u8],
    unit: usize,
}

/// The branches of some code, given as bytes, clean or as they run; `None` before 3.14, which tells none.
///
/// Where a loop's end or what follows a jump is not what the compiler puts there, the offsets still are CPython's.
pub fn branches<'a>(set: &'a InstructionSet, code: &'a [u8]) -> Option<Branches<'a>> {
    set.branches.then_some(Branches { set, code, unit: 0 })
}

impl Iterator for Branches<'_> {
    type Item = Branch;

    fn next(&mut self) -> Option<Branch> {
        let mut instructions = Instructions::new(self.set, self.code);
        instructions.seek(self.unit);
        for instruction in instructions {
            // As many units as there would be if the code did not end.
            let next = instruction.unit as i64 + 1 + i64::from(self.set.caches(instruction.opcode));
            let (source, argument) = (instruction.unit as i64, i64::from(instruction.argument));
            let (source, left, right) = match self.set.rule(instruction.base).flow {
                // `END_FOR` and `POP_ITER` are skipped.
                Flow::Loop => (source, next, next + argument + 2),
                // `NOT_TAKEN` is skipped.
                Flow::Branch if self.set.reach(instruction.base, 0) == Some(1) => (source, next + 1, next + argument),
                // From `END_SEND`, behind which there is a `NOT_TAKEN`.
                Flow::AsyncLoopEnd => (next - argument, next - argument + 2, next),
                _ => continue,
            };
            let behind = usize::from(self.set.rule(instruction.base).flow == Flow::Branch);
            self.unit = instruction.next + behind;
            return Some(Branch { source: source * 2, left: left * 2, right: right * 2 });
        }
        self.unit = self.code.len() / 2;
        None
    }
}

impl FusedIterator for Branches<'_> {}
