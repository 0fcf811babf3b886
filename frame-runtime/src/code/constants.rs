//! Strings among the constants are interned.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::vm::{Constant, Objects, Shape, Value};

/// How deep tuples and frozensets are looked into: what is deeper stays as it is, and only identity shows that.
const DEPTH: u32 = 200;

/// Interns strings that could be names, also within tuples and frozensets.
///
/// A tuple with a string that is not the interned one is made anew, as CPython does with a frozenset; CPython changes
/// the tuple itself. Where the VM cannot make it, the constant stays as it is.
///
/// Source: `intern_constants`, before 3.13 `intern_string_constants`, Objects/codeobject.c.
pub(super) fn intern<V: Objects>(vm: &V, constants: &mut [V::Value]) {
    let mut interning = Interning { vm, done: BTreeMap::new() };
    // What is replaced stays alive until all is looked at: objects are known by their addresses.
    let others: Vec<Option<V::Value>> = constants.iter().map(|constant| interning.look(constant, DEPTH)).collect();
    for (constant, other) in constants.iter_mut().zip(others) {
        if let Some(other) = other {
            *constant = other;
        }
    }
}

struct Interning<'v, V: Objects> {
    vm: &'v V,
    /// What became of tuples and frozensets: a part of several constants is looked at once.
    done: BTreeMap<usize, Option<V::Value>>,
}

impl<V: Objects> Interning<'_, V> {
    /// The object to be taken instead, if there is one.
    fn look(&mut self, constant: &V::Value, depth: u32) -> Option<V::Value> {
        let depth = depth.checked_sub(1)?;
        let (items, is_tuple) = match self.vm.shape(constant) {
            Shape::Exact(_) => return self.look_at_string(constant),
            Shape::Tuple(items) => (items, true),
            Shape::FrozenSet(items) => (items, false),
            _ => return None,
        };
        let address = constant.as_raw().addr().get();
        if let Some(known) = self.done.get(&address) {
            return known.clone();
        }
        let members = self.members(items, depth);
        let make = |members: Vec<V::Value>| {
            let made = if is_tuple { Constant::Tuple(&members) } else { Constant::FrozenSet(&members) };
            self.vm.make(made).ok()
        };
        let other = members.and_then(make);
        self.done.insert(address, other.clone());
        other
    }

    fn look_at_string(&self, constant: &V::Value) -> Option<V::Value> {
        let text = self.vm.text(constant)?;
        if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            return None;
        }
        let interned = self.vm.intern(constant.clone());
        (interned.as_raw() != constant.as_raw()).then_some(interned)
    }

    /// All members, if one is to be replaced.
    fn members(&mut self, items: &[V::Value], depth: u32) -> Option<Vec<V::Value>> {
        let mut members: Option<Vec<V::Value>> = None;
        for (at, item) in items.iter().enumerate() {
            if let Some(other) = self.look(item, depth) {
                members.get_or_insert_with(|| items.to_vec())[at] = other;
            }
        }
        members
    }
}
