//! Which slots the variables of a code object have.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::{CodeError, ErrorKind, Variables, units};
use crate::version::Version;
use crate::vm::{Objects, Vm};

/// The slots of a code object's variables.
pub(super) enum Slots<V: Vm> {
    /// Before 3.11: one region after the other; the number of local slots is trusted, whatever names there are.
    Tuples { nlocals: u32, varnames: Box<[V::Value]>, cellvars: Box<[V::Value]>, freevars: Box<[V::Value]> },
    /// Since 3.11: a name and a kind each.
    Kinds { names: Box<[V::Value]>, kinds: Box<[u8]>, nlocals: u32, ncellvars: u32, nfreevars: u32 },
}

/// The bit of a kind; 0 in a version that has no kinds.
pub(super) fn bit<V: Vm>(kind: &str) -> u8 {
    V::Python::LOCALSPLUS.bits(kind).unwrap_or(0)
}

/// How many, as far as a `u32` counts.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// How many kinds have one of these bits.
pub(super) fn with_bits(kinds: &[u8], bits: u8) -> u32 {
    count(kinds.iter().filter(|kind| **kind & bits != 0).count())
}

impl<V: Vm> Slots<V> {
    /// The slots of names with kinds, and how many there are of each.
    ///
    /// Source: `get_localsplus_counts`, Objects/codeobject.c.
    pub(super) fn of_kinds(names: Vec<V::Value>, kinds: Vec<u8>) -> Slots<V> {
        let (local, cell, free) = (bit::<V>("local"), bit::<V>("cell"), bit::<V>("free"));
        let (nlocals, ncellvars) = (with_bits(&kinds, local), with_bits(&kinds, cell));
        let free_only = |kind: &&u8| **kind & free != 0 && **kind & (local | cell) == 0;
        let nfreevars = count(kinds.iter().filter(free_only).count());
        Slots::Kinds { names: names.into(), kinds: kinds.into(), nlocals, ncellvars, nfreevars }
    }

    /// Names and, where it takes a bit to be chosen, their kinds.
    pub(super) fn names(&self, kind: &str) -> impl Iterator<Item = &V::Value> {
        let (names, kinds, bit): (&[V::Value], &[u8], u8) = match self {
            Slots::Kinds { names, kinds, .. } => (names, kinds, bit::<V>(kind)),
            Slots::Tuples { varnames, .. } if kind == "local" => (varnames, &[], 0),
            Slots::Tuples { cellvars, .. } if kind == "cell" => (cellvars, &[], 0),
            Slots::Tuples { freevars, .. } => (freevars, &[], 0),
        };
        let chosen = move |at: usize| kinds.get(at).is_none_or(|kind| kind & bit != 0);
        names.iter().enumerate().filter(move |(at, _)| chosen(*at)).map(|(_, name)| name)
    }
}

impl<V: Objects> Variables<V> {
    /// Names with kinds, as every version since 3.11 keeps them: kinds of the constructor's tuples are made here.
    ///
    /// Source: `PyUnstable_Code_NewWithPosOnlyArgs`, Objects/codeobject.c.
    ///
    /// # Errors
    ///
    /// 3.12.1 and later: an instruction of a comprehension names a slot that does not exist.
    pub(super) fn into_kinds(self, vm: &V, optimized: bool, code: &[u8]) -> Result<Localsplus<V>, CodeError> {
        let (nlocals, varnames, cellvars, freevars) = match self {
            Variables::Localsplus { names, kinds } => return Ok(Localsplus { names, kinds, surplus: false }),
            Variables::Separate { nlocals, varnames, cellvars, freevars } => (nlocals, varnames, cellvars, freevars),
        };
        let surplus = usize::try_from(nlocals).ok() != Some(varnames.len());
        let mut kinds = alloc::vec![bit::<V>("local"); varnames.len()];
        let mut names = Vec::with_capacity(varnames.len() + cellvars.len() + freevars.len());
        let mut own = Vec::new();
        {
            // A name that is no string is found out later.
            let mut slots: BTreeMap<Cow<'_, [u8]>, usize> = BTreeMap::new();
            for (slot, name) in varnames.iter().enumerate() {
                if let Some(text) = vm.text(name) {
                    slots.entry(text).or_insert(slot);
                }
            }
            for name in cellvars {
                match vm.text(&name).and_then(|text| slots.get(&text).copied()) {
                    Some(slot) => kinds[slot] |= bit::<V>("cell"),
                    None => own.push(name),
                }
            }
        }
        names.extend(varnames);
        names.extend(own);
        kinds.resize(names.len(), bit::<V>("cell"));
        names.extend(freevars);
        kinds.resize(names.len(), bit::<V>("free"));
        if let Some(hidden) = V::Python::LOCALSPLUS.bits("hidden")
            && !optimized
        {
            hide::<V>(&mut kinds, hidden, code)?;
        }
        Ok(Localsplus { names, kinds, surplus })
    }

    /// Three tuples, as every version before 3.11 keeps them.
    ///
    /// # Errors
    ///
    /// What 3.11 and later have instead, or a negative number of slots.
    pub(super) fn into_tuples(self) -> Result<Slots<V>, CodeError> {
        let Variables::Separate { nlocals, varnames, cellvars, freevars } = self else {
            return Err(CodeError::bad_argument());
        };
        let nlocals = u32::try_from(nlocals).map_err(|_| CodeError::bad_argument())?;
        let (varnames, cellvars, freevars) = (varnames.into(), cellvars.into(), freevars.into());
        Ok(Slots::Tuples { nlocals, varnames, cellvars, freevars })
    }
}

/// Names with kinds that nobody has checked.
pub(super) struct Localsplus<V: Vm> {
    pub(super) names: Vec<V::Value>,
    pub(super) kinds: Vec<u8>,
    /// Whether the number of locals that was told is not that of their names.
    pub(super) surplus: bool,
}

/// Outside of functions, variables of comprehensions are those that `LOAD_FAST_AND_CLEAR` names.
fn hide<V: Vm>(kinds: &mut [u8], hidden: u8, code: &[u8]) -> Result<(), CodeError> {
    let number = |name| units::opcode::<V>(name);
    let (saves, extends) = (number("LOAD_FAST_AND_CLEAR"), number("EXTENDED_ARG"));
    let mut prefix = 0_u32;
    for (opcode, argument) in units::instructions::<V>(code) {
        let argument = prefix | u32::from(argument);
        prefix = if Some(opcode) == extends { argument << 8 } else { 0 };
        if Some(opcode) == saves {
            let slot = usize::try_from(argument).ok().and_then(|slot| kinds.get_mut(slot));
            let Some(kind) = slot else {
                let number = argument.cast_signed();
                let message = format!("code: LOAD_FAST_AND_CLEAR oparg {number} out of range");
                return Err(CodeError::new(ErrorKind::ValueError, message));
            };
            *kind |= hidden;
        }
    }
    Ok(())
}
