//! Strings among the constants are interned.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::vm::{Constant, Objects, Shape, Value};

/// How deep tuples and frozensets are looked into: what is deeper stays as it is, and only identity shows that.
const DEPTH: u32 = 200;

/// Interns strings that could be names, also within tuples and frozensets.
///
/// A tuple with a string that is not the interned one is made anew, as CPython does with a frozenset; CPython changes
/// the tuple itself. Where the VM cannot make it, the constant stays as it is. What is shared is looked at once.
///
/// Source: `intern_constants`, before 3.13 `intern_string_constants`, Objects/codeobject.c.
pub(super) fn intern<V: Objects>(vm: &V, constants: &mut [V::Value]) {
    // A constant that is replaced goes last, so that no other one gets its address.
    let mut replaced = Vec::new();
    let mut interning = Interning { vm, known: BTreeMap::new() };
    for constant in constants {
        if let Some(interned) = interning.interned(constant, DEPTH) {
            replaced.push(core::mem::replace(constant, interned));
        }
    }
}

struct Interning<'a, V: Objects> {
    vm: &'a V,
    /// What is to be taken instead of tuples and frozensets, by identity.
    known: BTreeMap<usize, Option<V::Value>>,
}

impl<V: Objects> Interning<'_, V> {
    /// The object to be taken instead, if there is one.
    fn interned(&mut self, constant: &V::Value, depth: u32) -> Option<V::Value> {
        let depth = depth.checked_sub(1)?;
        let vm = self.vm;
        let (items, frozenset) = match vm.shape(constant) {
            Shape::Exact(_) => {
                let text = vm.text(constant)?;
                if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                    return None;
                }
                let interned = vm.intern(constant.clone());
                return (interned.as_raw() != constant.as_raw()).then_some(interned);
            }
            Shape::Tuple(items) => (items, false),
            Shape::FrozenSet(items) => (items, true),
            _ => return None,
        };
        let address = constant.as_raw().addr().get();
        if let Some(known) = self.known.get(&address) {
            return known.clone();
        }
        let interned = self.members(items, depth).and_then(|members| {
            vm.make(if frozenset { Constant::FrozenSet(&members) } else { Constant::Tuple(&members) }).ok()
        });
        self.known.insert(address, interned.clone());
        interned
    }

    /// All members, if one is to be replaced.
    fn members(&mut self, items: &[V::Value], depth: u32) -> Option<Vec<V::Value>> {
        let mut members: Option<Vec<V::Value>> = None;
        for (at, item) in items.iter().enumerate() {
            if let Some(interned) = self.interned(item, depth) {
                members.get_or_insert_with(|| items.to_vec())[at] = interned;
            }
        }
        members
    }
}
