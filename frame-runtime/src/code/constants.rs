//! Strings among the constants are interned.

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
    for constant in constants {
        if let Some(interned) = interned(vm, constant, DEPTH) {
            *constant = interned;
        }
    }
}

/// The object to be taken instead, if there is one.
fn interned<V: Objects>(vm: &V, constant: &V::Value, depth: u32) -> Option<V::Value> {
    let depth = depth.checked_sub(1)?;
    match vm.shape(constant) {
        Shape::Exact(_) => {
            let text = vm.text(constant)?;
            if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                return None;
            }
            let interned = vm.intern(constant.clone());
            (interned.as_raw() != constant.as_raw()).then_some(interned)
        }
        Shape::Tuple(items) => vm.make(Constant::Tuple(&members(vm, items, depth)?)).ok(),
        Shape::FrozenSet(items) => vm.make(Constant::FrozenSet(&members(vm, items, depth)?)).ok(),
        _ => None,
    }
}

/// All members, if one is to be replaced.
fn members<V: Objects>(vm: &V, items: &[V::Value], depth: u32) -> Option<Vec<V::Value>> {
    let mut members: Option<Vec<V::Value>> = None;
    for (at, item) in items.iter().enumerate() {
        if let Some(interned) = interned(vm, item, depth) {
            members.get_or_insert_with(|| items.to_vec())[at] = interned;
        }
    }
    members
}
