//! `dict`: entries in the order of insertion, found by hash. Keys may run code of the program when they are hashed and
//! compared: nothing is borrowed meanwhile, and what was found is looked at again.

mod methods;
mod update;
mod view;

use std::cell::{Cell, RefCell};

use hashbrown::HashTable;

use crate::class::{self, type_name};
use crate::exception::{self, Error};
use crate::object::{Object, Outcome, Stack, Value};
use crate::protocol;
use crate::text::as_str;

pub(crate) use methods::{METHODS, binary, compare, construct, repr};
pub(crate) use update::{merge, unpack, update};
pub(crate) use view::{Shows, VIEW_METHODS, View, contains as view_contains, len as view_len};

/// The content of a `dict`.
pub(crate) struct Dict {
    table: RefCell<Table>,
    /// What [`Dict::keys_version`] returns; 0: not made since the last change.
    version: Cell<u32>,
}

#[derive(Clone)]
struct Table {
    /// In the order of insertion. A key that was removed leaves a hole.
    entries: Vec<Option<Entry>>,
    /// The places of entries by hash. None while there are so few that looking at each is faster.
    index: Option<Box<HashTable<u32>>>,
    /// Entries that are no holes.
    used: u32,
    /// How many more entries may come before holes are squeezed out. As many as in CPython: iterators count holes, so a program that
    /// changes a dict while it iterates can tell.
    room: u32,
    /// How many tables the dict had before this one: who asked something looks whether it is the same.
    generation: u32,
    /// How large CPython's table would be, as a power of two; 0: it has none yet.
    log_size: u8,
    /// Whether all keys that ever were in this table are strings.
    is_of_strings: bool,
}

#[derive(Clone)]
struct Entry {
    hash: u64,
    key: Value,
    value: Value,
}

/// What a search for a key comes to without running code of the program.
enum Search {
    Found(usize),
    Absent,
    /// The entry with this key has the same hash: whether they are equal must be asked.
    Ask(usize, Value),
}

/// So many entries are looked through one by one.
const FEW: usize = 8;

impl Default for Table {
    fn default() -> Self {
        Table { entries: Vec::new(), index: None, used: 0, room: 0, generation: 0, log_size: 0, is_of_strings: true }
    }
}

impl Table {
    /// The first entry with this hash, at this place or behind it.
    fn candidate(&self, hash: u64, from: usize) -> Option<usize> {
        let has_hash = |at: usize| {
            self.entries.get(at).is_some_and(|entry| entry.as_ref().is_some_and(|entry| entry.hash == hash))
        };
        match &self.index {
            None => (from..self.entries.len()).find(|&at| has_hash(at)),
            Some(index) => {
                let places = index.iter_hash(spread(hash)).map(|&at| at as usize);
                places.filter(|&at| at >= from && has_hash(at)).min()
            }
        }
    }

    /// Looks for a key from this place on. Keys of the same hash are taken in the order of insertion; CPython takes a newer one first that
    /// got the place of one that was removed.
    fn search(&self, hash: u64, key: &Value, mut from: usize) -> Search {
        while let Some(at) = self.candidate(hash, from) {
            let Some(Some(entry)) = self.entries.get(at) else { break };
            match is_same(&entry.key, key) {
                Some(true) => return Search::Found(at),
                Some(false) => from = at + 1,
                None => return Search::Ask(at, entry.key.clone()),
            }
        }
        Search::Absent
    }

    /// Where a string is.
    fn find_str(&self, name: &Value) -> Option<usize> {
        if self.index.is_none() {
            // Names in code are interned, and so are most keys: comparing pointers finds nearly all.
            let is_it = |entry: &Option<Entry>| entry.as_ref().is_some_and(|entry| entry.key.is(name));
            if let Some(at) = self.entries.iter().position(is_it) {
                return Some(at);
            }
        }
        let hash = as_str(name)?.hash();
        let mut from = 0;
        while let Some(at) = self.candidate(hash, from) {
            let Some(Some(entry)) = self.entries.get(at) else { break };
            if is_same(&entry.key, name) == Some(true) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }

    fn push(&mut self, entry: Entry) {
        let is_string = as_str(&entry.key).is_some();
        if self.room == 0 || self.is_of_strings && !is_string {
            self.is_of_strings &= is_string;
            self.squeeze(self.used * 3);
        }
        self.room -= 1;
        self.used += 1;
        let (at, hash) = (self.entries.len(), entry.hash);
        self.entries.push(Some(entry));
        match &mut self.index {
            // So many entries as do not fit into 32 bits do not fit into memory.
            Some(index) => _ = index.insert_unique(spread(hash), at as u32, |&at| hash_at(&self.entries, at)),
            None if at < FEW => {}
            None => self.make_index(),
        }
    }

    fn make_index(&mut self) {
        let mut index = HashTable::with_capacity(self.entries.len());
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(entry) = entry {
                index.insert_unique(spread(entry.hash), at as u32, |&at| hash_at(&self.entries, at));
            }
        }
        self.index = Some(Box::new(index));
    }

    /// Removes the holes, and makes room as CPython's table of at least this size has it.
    ///
    /// Source: `dictresize`, `calculate_log2_keysize`, Objects/dictobject.c.
    fn squeeze(&mut self, least: u32) {
        if self.used() < self.entries.len() {
            self.entries.retain(Option::is_some);
            self.index = None;
            if self.used() > FEW {
                self.make_index();
            }
        }
        self.generation = self.generation.wrapping_add(1);
        self.log_size = least.max(8).next_power_of_two().ilog2() as u8;
        self.room = usable(self.log_size) - self.used;
    }

    /// Makes room for what another table has, or takes all of it, if there is nothing to compare: then there is nothing left to do.
    ///
    /// Source: `dict_merge`, Objects/dictobject.c.
    fn prepare(&mut self, other: &Table) -> bool {
        let is_tight = other.log_size == 3 || usable(other.log_size - 1) < other.used;
        if self.used == 0 && other.used() == other.entries.len() && is_tight {
            *self = Table { generation: self.generation.wrapping_add(1), ..other.clone() };
            return true;
        }
        if usable(self.log_size) < other.used {
            self.is_of_strings &= other.is_of_strings;
            self.squeeze(((self.used + other.used) * 3).div_ceil(2));
        }
        false
    }

    fn used(&self) -> usize {
        self.used as usize
    }

    fn take(&mut self, at: usize) -> Option<Entry> {
        let entry = self.entries.get_mut(at)?.take()?;
        self.used -= 1;
        if let Some(index) = &mut self.index
            && let Ok(place) = index.find_entry(spread(entry.hash), |&place| place as usize == at)
        {
            place.remove();
        }
        Some(entry)
    }
}

/// How many entries CPython's table of a size takes, which is a power of two.
fn usable(log_size: u8) -> u32 {
    ((1_u64 << log_size) * 2 / 3) as u32
}

/// Hashes of integers are the integers: what finds a place in the index needs bits everywhere.
fn spread(hash: u64) -> u64 {
    let product = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ product >> 32
}

fn hash_at(entries: &[Option<Entry>], at: u32) -> u64 {
    entries.get(at as usize).and_then(Option::as_ref).map_or(0, |entry| spread(entry.hash))
}

/// Whether two keys are equal, where that needs no code of the program.
pub(crate) fn is_same(left: &Value, right: &Value) -> Option<bool> {
    if left.is(right) {
        return Some(true);
    }
    match (as_str(left), as_str(right)) {
        (Some(left), Some(right)) => Some(left.as_str() == right.as_str()),
        _ if left.as_integer().is_some() && right.as_integer().is_some() => Some(false),
        _ => None,
    }
}

/// The hash that dicts and sets find a key by.
pub(crate) fn plain_hash(stack: &Stack, key: &Value) -> Outcome<u64> {
    match as_str(key) {
        Some(text) => Ok(text.hash()),
        None => Ok(protocol::hash(stack, key)?.cast_unsigned()),
    }
}

/// The hash of what is to be "a dict key" or "a set element": where there is none, the `TypeError` says so.
pub(crate) fn hash_of(stack: &Stack, key: &Value, role: &str) -> Outcome<u64> {
    let error = match plain_hash(stack, key) {
        Ok(hash) => return Ok(hash),
        Err(error) => error,
    };
    let type_error = exception::class(stack.vm(), Error::TypeError);
    if !class::class_of(stack.vm(), &error).is(type_error) {
        return Err(error);
    }
    let (kind, why) = (type_name(stack.vm(), key), exception::text(stack, &error)?);
    Err(exception::type_error(stack, format!("cannot use '{kind}' as {role} ({why})")))
}

impl Dict {
    pub(crate) fn new() -> Self {
        Dict { table: RefCell::default(), version: Cell::new(0) }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.borrow().used()
    }

    /// A number that no other dict has, nor this one with other keys or their values elsewhere: while it stays, [`find_str`](Self::find_str)
    /// and [`value_at`](Self::value_at) stay. It changes when a key comes or goes, not when the value of one is replaced. Made when it
    /// is asked for the first time after a change; 0 when numbers have run out.
    #[inline]
    pub(crate) fn keys_version(&self) -> u32 {
        match self.version.get() {
            0 => self.make_version(),
            version => version,
        }
    }

    #[cold]
    fn make_version(&self) -> u32 {
        thread_local! {
            static LAST: Cell<u32> = const { Cell::new(0) };
        }
        let version = LAST.get().checked_add(1).unwrap_or(0);
        if version != 0 {
            LAST.set(version);
        }
        self.version.set(version);
        version
    }

    /// Where the entry of a string is. Runs no code of the program: keys that are no `str` are not asked.
    pub(crate) fn find_str(&self, name: &Value) -> Option<usize> {
        self.table.borrow().find_str(name)
    }

    /// The value of an entry.
    #[inline]
    pub(crate) fn value_at(&self, index: usize) -> Option<Value> {
        match self.table.borrow().entries.get(index) {
            Some(Some(entry)) => Some(entry.value.clone()),
            _ => None,
        }
    }

    /// The value of an entry, if its key is this very string.
    #[inline(always)]
    pub(crate) fn value_of(&self, index: usize, name: &Value) -> Option<Value> {
        match self.table.borrow().entries.get(index) {
            Some(Some(entry)) if entry.key.is(name) => Some(entry.value.clone()),
            _ => None,
        }
    }

    /// The value of an entry, replaced, if its key is this very string: the old one comes out.
    #[inline(always)]
    pub(crate) fn replace_of(&self, index: usize, name: &Value, value: &Value) -> Option<Value> {
        match self.table.borrow_mut().entries.get_mut(index) {
            Some(Some(entry)) if entry.key.is(name) => Some(std::mem::replace(&mut entry.value, value.clone())),
            _ => None,
        }
    }

    /// The value of an entry, replaced: the old one comes out. `Err`: there is no such entry.
    #[inline]
    pub(crate) fn replace_at(&self, index: usize, value: Value) -> Result<Value, Value> {
        match self.table.borrow_mut().entries.get_mut(index) {
            Some(Some(entry)) => Ok(std::mem::replace(&mut entry.value, value)),
            _ => Err(value),
        }
    }

    /// The value of a string. Runs no code of the program.
    pub(crate) fn get_str(&self, name: &Value) -> Option<Value> {
        self.value_at(self.find_str(name)?)
    }

    /// Sets the value of a string; the old one comes out. Runs no code of the program.
    pub(crate) fn set_str(&self, name: Value, value: Value) -> Option<Value> {
        if let Some(at) = self.find_str(&name) {
            return self.replace_at(at, value).ok();
        }
        let hash = as_str(&name)?.hash();
        self.push(Entry { hash, key: name, value });
        None
    }

    /// Removes a string. Runs no code of the program but what dropping the key does.
    pub(crate) fn remove_str(&self, name: &Value) -> Option<Value> {
        let at = self.find_str(name)?;
        Some(self.take(at)?.value)
    }

    pub(crate) fn get(&self, stack: &Stack, key: &Value) -> Outcome<Option<Value>> {
        let hash = hash_of(stack, key, "a dict key")?;
        Ok(self.find(stack, hash, key)?.and_then(|at| self.value_at(at)))
    }

    /// The old value comes out.
    pub(crate) fn insert(&self, stack: &Stack, key: Value, value: Value) -> Outcome<Option<Value>> {
        let hash = hash_of(stack, &key, "a dict key")?;
        self.insert_hashed(stack, hash, key, value)
    }

    pub(crate) fn remove(&self, stack: &Stack, key: &Value) -> Outcome<Option<Value>> {
        let hash = hash_of(stack, key, "a dict key")?;
        self.remove_hashed(stack, hash, key)
    }

    /// Keys and values, in order.
    pub(crate) fn items(&self) -> Vec<(Value, Value)> {
        self.table.borrow().entries.iter().flatten().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    }

    pub(crate) fn clear(&self) {
        self.version.set(0);
        let generation = self.table.borrow().generation.wrapping_add(1);
        let old = self.table.replace(Table { generation, ..Table::default() });
        // What goes may run code of the program, and find the dict empty.
        drop(old);
    }

    /// A dict with the same entries.
    pub(crate) fn copy(&self) -> Dict {
        let copy = Dict::new();
        let table = self.table.borrow();
        if table.used > 0 && table.used() >= table.entries.len() * 2 / 3 {
            *copy.table.borrow_mut() = table.clone();
        } else if table.used > 0 {
            copy.table.borrow_mut().prepare(&table);
            table.entries.iter().flatten().for_each(|entry| copy.push(entry.clone()));
        }
        copy
    }

    /// Makes room for the entries of another dict, or takes them, if this one is empty. `false`: they are to be inserted.
    fn take_all(&self, other: &Dict) -> bool {
        self.version.set(0);
        let other = other.table.borrow();
        other.used == 0 || self.table.borrow_mut().prepare(&other)
    }

    /// The first entry at this place or behind it: where it is, and what `show` takes of its key and value.
    pub(crate) fn next_from<R>(&self, from: usize, show: impl FnOnce(&Value, &Value) -> R) -> Option<(usize, R)> {
        let table = self.table.borrow();
        let mut at = from;
        loop {
            match table.entries.get(at)? {
                Some(entry) => return Some((at, show(&entry.key, &entry.value))),
                None => at += 1,
            }
        }
    }

    /// The last entry in front of this place, in the same form.
    pub(crate) fn last_before<R>(&self, end: usize, show: impl FnOnce(&Value, &Value) -> R) -> Option<(usize, R)> {
        let table = self.table.borrow();
        let mut at = end.min(table.entries.len());
        loop {
            at = at.checked_sub(1)?;
            if let Some(entry) = table.entries.get(at)?.as_ref() {
                return Some((at, show(&entry.key, &entry.value)));
            }
        }
    }

    /// The first key at this place or behind it: where it is, its hash, and the key.
    pub(crate) fn next_key(&self, from: usize) -> Option<(usize, u64, Value)> {
        let (at, entry) = self.next_entry(from)?;
        Some((at, entry.hash, entry.key))
    }

    fn next_entry(&self, from: usize) -> Option<(usize, Entry)> {
        let at = self.next_from(from, |_, _| ())?.0;
        let entry = self.table.borrow().entries.get(at)?.clone()?;
        Some((at, entry))
    }

    /// Whether a key is there that has this hash.
    pub(crate) fn has_hashed(&self, stack: &Stack, hash: u64, key: &Value) -> Outcome<bool> {
        Ok(self.find(stack, hash, key)?.is_some())
    }

    /// Where a key is.
    fn find(&self, stack: &Stack, hash: u64, key: &Value) -> Outcome<Option<usize>> {
        let (mut from, mut generation) = (0, self.table.borrow().generation);
        loop {
            let search = self.table.borrow().search(hash, key, from);
            let (at, candidate) = match search {
                Search::Found(at) => return Ok(Some(at)),
                Search::Absent => return Ok(None),
                Search::Ask(at, candidate) => (at, candidate),
            };
            let is_equal = protocol::equal(stack, &candidate, key)?;
            // That may have changed the dict.
            let table = self.table.borrow();
            let is_there = matches!(table.entries.get(at), Some(Some(entry)) if entry.key.is(&candidate));
            if table.generation != generation || !is_there {
                (from, generation) = (0, table.generation);
            } else if is_equal {
                return Ok(Some(at));
            } else {
                from = at + 1;
            }
        }
    }

    fn insert_hashed(&self, stack: &Stack, hash: u64, key: Value, value: Value) -> Outcome<Option<Value>> {
        if let Some(at) = self.find(stack, hash, &key)? {
            return Ok(self.replace_at(at, value).ok());
        }
        self.push(Entry { hash, key, value });
        Ok(None)
    }

    fn remove_hashed(&self, stack: &Stack, hash: u64, key: &Value) -> Outcome<Option<Value>> {
        let at = self.find(stack, hash, key)?;
        Ok(at.and_then(|at| self.take(at)).map(|entry| entry.value))
    }

    fn push(&self, entry: Entry) {
        self.version.set(0);
        self.table.borrow_mut().push(entry);
    }

    fn take(&self, at: usize) -> Option<Entry> {
        self.version.set(0);
        self.table.borrow_mut().take(at)
    }

    /// `popitem()`: the last entry. The place that it had is free again, which CPython does not count as room.
    fn pop_last(&self) -> Option<Entry> {
        let (at, ()) = self.last_before(usize::MAX, |_, _| ())?;
        let entry = self.take(at);
        self.table.borrow_mut().entries.truncate(at);
        entry
    }
}

#[inline(always)]
pub(crate) fn as_dict(value: &Value) -> Option<&Dict> {
    match value.object()? {
        Object::Dict(dict) => Some(dict),
        _ => None,
    }
}

pub(crate) fn new_dict() -> Value {
    Value::new(Object::Dict(Dict::new()))
}
