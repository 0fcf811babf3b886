//! Equality, hash and repr of code objects.

use alloc::format;
use alloc::vec::Vec;
use core::slice;

use super::keys::Keys;
use super::variables::Slots;
use super::{Code, Rules, units};
use crate::vm::{Objects, Vm};

impl<V: Vm> Code<V> {
    /// Numbers and bytes that are compared; 0 and empty where a version compares fewer.
    pub(super) fn compared(&self) -> ([i64; 6], [&[u8]; 3]) {
        let (nlocals, bytes) = match self.slots {
            Slots::Kinds { .. } => (0, [&self.code[..], &self.linetable, &self.exceptiontable]),
            Slots::Tuples { nlocals, .. } => (nlocals, [&self.code[..], &[], &[]]),
        };
        let counts = [self.argcount, self.posonlyargcount, self.kwonlyargcount, self.flags, nlocals].map(i64::from);
        let [argcount, posonlyargcount, kwonlyargcount, flags, nlocals] = counts;
        ([argcount, posonlyargcount, kwonlyargcount, flags, nlocals, i64::from(self.firstlineno)], bytes)
    }

    /// Objects that are compared and hashed: the name, constants, names, and names of variables.
    pub(super) fn compared_objects(&self) -> [&[V::Value]; 6] {
        let variables: [&[V::Value]; 3] = match &self.slots {
            Slots::Kinds { names, .. } => [names, &[], &[]],
            Slots::Tuples { varnames, cellvars, freevars, .. } => [varnames, freevars, cellvars],
        };
        let [first, second, third] = variables;
        [slice::from_ref(&self.name), &self.consts, &self.names, first, second, third]
    }
}

impl<V: Objects> Code<V> {
    /// Python's `==` of two code objects.
    ///
    /// Files, qualified names and stack sizes are not compared; before 3.11 nor are line tables, since then nor are kinds
    /// of variables. Constants are the same where their types are the same too, at any depth: `1` is not `1.0`, `0.0` is
    /// not `-0.0`; what is no constant of the compiler's is the same as itself only. The time taken grows with the
    /// size of both, each object counted once.
    ///
    /// Source: `code_richcompare`, `_PyCode_ConstantKey`, Objects/codeobject.c.
    pub fn equals(&self, vm: &V, other: &Code<V>) -> bool {
        if core::ptr::eq(self, other) {
            return true;
        }
        let lengths = |code: &Code<V>| code.compared_objects().map(<[V::Value]>::len);
        if self.compared() != other.compared() || lengths(self) != lengths(other) {
            return false;
        }
        let mut keys = Keys::new(vm);
        keys.of_code(self) == keys.of_code(other)
    }

    /// Python's `hash()` of the code object.
    ///
    /// Constants that are equal but of other types have the same hash. Not cached.
    ///
    /// Source: `code_hash`, Objects/codeobject.c.
    ///
    /// # Errors
    ///
    /// What the VM raises for a constant without a hash: `unhashable type: 'list'`.
    pub fn hash(&self, vm: &V) -> Result<i64, V::Exception> {
        let rules = const { Rules::of::<V>() };
        let counts = [self.argcount, self.posonlyargcount, self.kwonlyargcount].map(i64::from);
        let flags = i64::from(self.flags);
        let mut parts = Vec::from([vm.hash(&self.name)?, hash_tuple(vm, &self.consts)?, hash_tuple(vm, &self.names)?]);
        match &self.slots {
            Slots::Kinds { names, .. } => {
                parts.push(hash_tuple(vm, names)?);
                parts.extend([vm.hash_bytes(&self.linetable), vm.hash_bytes(&self.exceptiontable)]);
                parts.extend(counts);
                parts.push(flags);
            }
            Slots::Tuples { nlocals, varnames, cellvars, freevars } => {
                parts.push(vm.hash_bytes(&self.code));
                for names in [varnames, freevars, cellvars] {
                    parts.push(hash_tuple(vm, names)?);
                }
                parts.extend(counts);
                parts.extend([i64::from(*nlocals), flags]);
            }
        }
        let hash = if rules.mixes_hash() {
            parts.push(i64::from(self.firstlineno));
            parts.push(i64::try_from(self.code.len() / 2).unwrap_or(i64::MAX));
            for (opcode, argument) in units::instructions::<V>(&self.code) {
                parts.extend([i64::from(opcode), i64::from(argument)]);
            }
            mix(&parts)
        } else {
            parts.iter().fold(0, |hash, part| hash ^ part)
        };
        Ok(if hash == -1 { -2 } else { hash })
    }

    /// Python's `repr()`: UTF-8, a lone surrogate as three bytes. Names are shown as they are, without escapes.
    ///
    /// `address` is what the VM shows as the object's address.
    ///
    /// Source: `code_repr`, Objects/codeobject.c.
    pub fn repr(&self, vm: &V, address: usize) -> Vec<u8> {
        let line = if self.firstlineno == 0 { -1 } else { self.firstlineno };
        let mut shown = Vec::from(*b"<code object ");
        shown.extend_from_slice(&vm.text(&self.name).unwrap_or_default());
        shown.extend_from_slice(format!(" at {address:#x}, file \"").as_bytes());
        shown.extend_from_slice(&vm.text(&self.filename).unwrap_or_default());
        shown.extend_from_slice(format!("\", line {line}>").as_bytes());
        shown
    }
}

/// Source: `code_hash`, Objects/codeobject.c.
fn mix(parts: &[i64]) -> i64 {
    const START: u64 = 20_221_211;
    const MULTIPLIER: u64 = 1_000_003;
    let hash = parts.iter().fold(START, |hash, part| (hash ^ part.cast_unsigned()).wrapping_mul(MULTIPLIER));
    hash.cast_signed()
}

/// Python's `hash()` of a tuple.
///
/// Source: `tuplehash`, from 3.14 on `tuple_hash`, Objects/tupleobject.c; the algorithm is a part of xxHash.
fn hash_tuple<V: Objects>(vm: &V, items: &[V::Value]) -> Result<i64, V::Exception> {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    const INSTEAD_OF_ERROR: i64 = 1_546_275_796;
    let mut hash = PRIME_5;
    for item in items {
        hash = hash.wrapping_add(vm.hash(item)?.cast_unsigned().wrapping_mul(PRIME_2));
        hash = hash.rotate_left(31).wrapping_mul(PRIME_1);
    }
    let length = items.len() as u64;
    let hash = hash.wrapping_add(length ^ (PRIME_5 ^ 3_527_539)).cast_signed();
    Ok(if hash == -1 { INSTEAD_OF_ERROR } else { hash })
}
