//! `set` and `frozenset`: in CPython's order, which follows from hashes and from how its table grows.

mod methods;
mod operators;
mod table;

use std::cell::{Cell, RefCell};

use crate::dict::hash_of;
use crate::object::{Object, Outcome, Stack, Value};
use crate::protocol;

pub(crate) use methods::{FROZEN_METHODS, METHODS, construct, construct_frozen};
pub(crate) use operators::{binary, compare, intersection, remove_all, repr, toggle, update};
use table::{Item, Search, Table};

/// The content of a `set` or `frozenset`.
pub(crate) struct Set {
    table: RefCell<Box<Table>>,
    /// Where `pop()` looks next.
    finger: Cell<usize>,
}

/// Where an item is, or may be put.
enum Place {
    Found(usize),
    Absent(usize),
}

impl Set {
    pub(crate) fn new() -> Self {
        Set { table: RefCell::new(Box::new(Table::new())), finger: Cell::new(0) }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.borrow().len()
    }

    /// Whether it is new.
    pub(crate) fn add(&self, stack: &Stack, item: Value) -> Outcome<bool> {
        let hash = hash_of(stack, &item, "a set element")?;
        self.add_hashed(stack, Item { hash, value: item })
    }

    pub(crate) fn contains(&self, stack: &Stack, item: &Value) -> Outcome<bool> {
        let hash = hash_of_sought(stack, item)?;
        self.has(stack, hash, item)
    }

    pub(crate) fn items(&self) -> Vec<Value> {
        self.table.borrow().items().map(|item| item.value.clone()).collect()
    }

    /// The first item at this place of the table or behind it, and its place.
    pub(crate) fn next_from(&self, from: usize) -> Option<(usize, Value)> {
        self.table.borrow().next_from(from).map(|(at, item)| (at, item.value.clone()))
    }

    fn next_item(&self, from: usize) -> Option<(usize, Item)> {
        self.table.borrow().next_from(from).map(|(at, item)| (at, item.clone()))
    }

    /// Calls something for each item; the set may change meanwhile. `false` ends it early.
    fn each(&self, mut visit: impl FnMut(Item) -> Outcome<bool>) -> Outcome<bool> {
        let mut at = 0;
        while let Some((place, item)) = self.next_item(at) {
            if !visit(item)? {
                return Ok(false);
            }
            at = place + 1;
        }
        Ok(true)
    }

    /// Looks for an item. Equal ones are asked for with nothing borrowed. That may change the set: then it is searched from the beginning,
    /// but if an item is to be added, one that was equal is enough.
    fn find(&self, stack: &Stack, hash: u64, value: &Value, is_addition: bool) -> Outcome<Place> {
        loop {
            let (mut probes, generation) = {
                let table = self.table.borrow();
                (table.probes(hash), table.generation())
            };
            loop {
                let search = self.table.borrow().search(&mut probes, hash, value);
                let (at, candidate) = match search {
                    Search::Found(at) => return Ok(Place::Found(at)),
                    Search::Absent(at) => return Ok(Place::Absent(at)),
                    Search::Ask(at, candidate) => (at, candidate),
                };
                let is_equal = protocol::equal(stack, &candidate, value)?;
                if is_equal && is_addition {
                    return Ok(Place::Found(at));
                }
                let table = self.table.borrow();
                let is_there = table.get(at).is_some_and(|item| item.value.is(&candidate));
                if table.generation() != generation || !is_there {
                    break;
                }
                if is_equal {
                    return Ok(Place::Found(at));
                }
            }
        }
    }

    fn has(&self, stack: &Stack, hash: u64, value: &Value) -> Outcome<bool> {
        Ok(matches!(self.find(stack, hash, value, false)?, Place::Found(_)))
    }

    fn add_hashed(&self, stack: &Stack, mut item: Item) -> Outcome<bool> {
        loop {
            let Place::Absent(at) = self.find(stack, item.hash, &item.value, true)? else { return Ok(false) };
            match self.table.borrow_mut().put(at, item) {
                Ok(()) => return Ok(true),
                Err(back) => item = back,
            }
        }
    }

    /// Removes an item, if it is there; it comes out.
    fn remove_hashed(&self, stack: &Stack, hash: u64, value: &Value) -> Outcome<Option<Value>> {
        match self.find(stack, hash, value, false)? {
            Place::Found(at) => Ok(self.table.borrow_mut().take(at).map(|item| item.value)),
            Place::Absent(_) => Ok(None),
        }
    }

    fn remove(&self, stack: &Stack, item: &Value) -> Outcome<Option<Value>> {
        let hash = hash_of_sought(stack, item)?;
        self.remove_hashed(stack, hash, item)
    }

    fn pop(&self) -> Option<Value> {
        let mut table = self.table.borrow_mut();
        let at = table.first_from(self.finger.get())?;
        self.finger.set(at + 1);
        table.take(at).map(|item| item.value)
    }

    fn clear(&self) {
        let old = self.table.borrow_mut().replace(Table::new());
        // What goes may run code of the program, and find the set empty.
        drop(old);
    }

    fn copy(&self) -> Set {
        let copy = Set::new();
        copy.take_all(self);
        copy
    }

    /// Makes room for all items of another set, and takes them, if this one is empty: they are different ones, so nothing is compared.
    /// `false`: it is not empty.
    fn take_all(&self, other: &Set) -> bool {
        let other = other.table.borrow();
        let mut table = self.table.borrow_mut();
        if other.len() == 0 {
            return true;
        }
        table.reserve(other.len());
        table.copy_from(&other)
    }

    /// Takes the items of a set that nobody else has.
    fn become_like(&self, other: Set) {
        let old = self.table.borrow_mut().replace(*other.table.into_inner());
        drop(old);
    }
}

/// The hash of what is looked for in a set: a `set`, too, which finds the `frozenset` with its items.
fn hash_of_sought(stack: &Stack, item: &Value) -> Outcome<u64> {
    match item.object() {
        Some(Object::Set(set)) => Ok(hash(set).cast_unsigned()),
        _ => hash_of(stack, item, "a set element"),
    }
}

/// The set in an object, frozen or not.
#[inline(always)]
pub(crate) fn as_set(value: &Value) -> Option<&Set> {
    match value.object()? {
        Object::Set(set) | Object::FrozenSet(set) => Some(set),
        _ => None,
    }
}

/// `hash()` of a `frozenset`. Items were hashed when they came.
///
/// Source: `frozenset_hash_impl`, Objects/setobject.c.
pub(crate) fn hash(set: &Set) -> i64 {
    let shuffled = |hash: u64| ((hash ^ 89_869_747) ^ (hash << 16)).wrapping_mul(3_644_798_167);
    let table = set.table.borrow();
    let mut hash = table.items().fold(0, |all, item| all ^ shuffled(item.hash));
    hash ^= (table.len() as u64 + 1).wrapping_mul(1_927_868_237);
    hash ^= hash >> 11 ^ hash >> 25;
    hash = hash.wrapping_mul(69069).wrapping_add(907_133_923);
    if hash == u64::MAX { 590_923_713 } else { hash.cast_signed() }
}
