//! Why the analysis decides otherwise than an interpreter does.

use frame_runtime::code::Instructions;
use frame_runtime::code::jump::{Jump, NoJump, Source};

use super::vectors::{Attempt, Outcome};

/// Each of them is the only one that there can be for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A generator that runs would be made again: the interpreter goes to `RETURN_GENERATOR` or in front of it.
    MadeAgain,
    /// The interpreter compares the stack with the yielded value on it, and goes without it to where one entry more is
    /// expected.
    YieldedValue,
    /// 3.11.2 takes `POP_JUMP_..._IF_NONE` and its like for instructions that jump nowhere: code that only they lead to is
    /// unreachable there.
    NoneJumps,
    /// From 3.12 on a `SWAP` cuts the stack to 32 bits: the interpreter decides on what is left of it (3.15 may end there).
    CutStack,
    /// The interpreter loops for ever, as a handler keeps 22 entries.
    Endless,
}

impl Reason {
    /// The reason for a difference, if it is one that we know.
    pub(crate) fn of(
        release: &str,
        name: &str,
        source: &Source<'_>,
        yielded: bool,
        theirs: &Attempt,
        ours: &Result<Jump, NoJump>,
    ) -> Option<Reason> {
        let has = |what: &dyn Fn(&str) -> bool| {
            Instructions::new(source.set, source.code).find(|item| what(source.set.name(item.base)))
        };
        let depth_22 = source.handlers.entries().flatten().any(|handler| handler.depth == 22);
        match (&theirs.found, ours) {
            (Outcome::Unit(unit), Err(NoJump::Unproven)) => match has(&|name| name == "RETURN_GENERATOR") {
                Some(made) if *unit as usize <= made.unit => Some(Reason::MadeAgain),
                _ => yielded.then_some(Reason::YieldedValue),
            },
            (Outcome::Lost, _) if theirs.killed == Some(14) => depth_22.then_some(Reason::Endless),
            _ if release == "3.11.2" => has(&|name| name.ends_with("_NONE")).map(|_| Reason::NoneJumps),
            // Only there the stacks are deep enough.
            _ if name.starts_with("deep_") => has(&|name| name == "SWAP").map(|_| Reason::CutStack),
            _ => None,
        }
    }
}
