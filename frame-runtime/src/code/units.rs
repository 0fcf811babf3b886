//! Instructions as they were before anything was specialised.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Rules, new};
use crate::opcode::OpcodeInfo;
use crate::version::Version;
use crate::vm::{CodeUnit, Vm};

fn info<V: Vm>(opcode: u8) -> Option<&'static OpcodeInfo> {
    V::Python::LAYOUT.opcodes[usize::from(opcode)].as_ref()
}

/// The number of an opcode by CPython's name.
pub(super) fn opcode<V: Vm>(name: &str) -> Option<u8> {
    V::Python::LAYOUT.opcodes.iter().flatten().find(|info| info.name == name).map(|info| info.number)
}

/// Units of inline cache behind an opcode.
pub(super) fn caches<V: Vm>(opcode: u8) -> usize {
    info::<V>(opcode).map_or(0, |info| usize::from(info.caches))
}

/// Opcodes and arguments of code in its general form, without caches.
pub(super) fn instructions<V: Vm>(code: &[u8]) -> impl Iterator<Item = (u8, u8)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let &[opcode, argument] = code.get(at..at + 2)? else { return None };
        at += 2 + 2 * caches::<V>(opcode);
        Some((opcode, argument))
    })
}

/// The instructions in their general form, their caches empty.
///
/// What is no opcode is left as it is: CPython shows it as 0 before 3.14, and runs what stands there.
///
/// Source: `deopt_code`, Objects/codeobject.c.
fn generalise<V: Vm>(code: &mut [u8]) {
    let mut at = 0;
    while let Some([opcode, _]) = code.get_mut(at..at + 2) {
        at += 2;
        if let Some(info) = info::<V>(*opcode) {
            *opcode = info.base;
            let end = (at + 2 * usize::from(info.caches)).min(code.len());
            code[at..end].fill(0);
            at = end;
        }
    }
}

/// What a `yield from` accepts depends on the flags: any operand of `GET_ITER` but 0 becomes the one that says whether
/// coroutines are refused.
///
/// Source: `_PyCode_Quicken`, Python/specialize.c.
fn resolve_iteration<V: Vm>(code: &mut [u8], flags: u32) {
    /// A coroutine: everything is accepted.
    const UNCHECKED: u8 = 2;
    /// Anything else: coroutines are refused.
    const CHECKED: u8 = 3;
    let accepts =
        ["CO_COROUTINE", "CO_ITERABLE_COROUTINE"].map(|name| new::flag::<V>(name).map_or(0, i32::cast_unsigned));
    let operand = if flags & (accepts[0] | accepts[1]) == 0 { CHECKED } else { UNCHECKED };
    let iterates = opcode::<V>("GET_ITER");
    let mut at = 0;
    while let Some([opcode, argument]) = code.get_mut(at..at + 2) {
        if Some(*opcode) == iterates && *argument != 0 {
            *argument = operand;
        }
        at += 2 + 2 * caches::<V>(*opcode);
    }
}

/// What `co_code` shows, what runs, and the first unit that can be traced.
pub(super) fn load<V: Vm>(mut code: Vec<u8>, flags: u32) -> (Box<[u8]>, Box<[CodeUnit]>, usize) {
    let rules = const { Rules::of::<V>() };
    if !rules.has_kinds() {
        // Nothing is ever rewritten; an odd byte at the end is kept, and not run.
        let units = code.chunks_exact(2).map(|unit| CodeUnit::new(unit[0], unit[1])).collect();
        return (code.into(), units, 0);
    }
    // The prologue has no caches: it does not matter whether they are skipped.
    let resume = opcode::<V>("RESUME");
    let first = code.chunks_exact(2).position(|unit| Some(unit[0]) == resume).unwrap_or(code.len() / 2);
    if rules.resolves_iteration() {
        resolve_iteration::<V>(&mut code, flags);
    }
    generalise::<V>(&mut code);
    let units = code.chunks_exact(2).map(|unit| CodeUnit::new(unit[0], unit[1])).collect();
    if !rules.shows_unknown_opcodes() {
        let unknown = |opcode: &&mut u8| info::<V>(**opcode).is_none();
        code.iter_mut().step_by(2).filter(unknown).for_each(|opcode| *opcode = 0);
    }
    (code.into(), units, first)
}
