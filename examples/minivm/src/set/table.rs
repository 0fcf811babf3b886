//! The hash table of sets. It is CPython's, since the order of a set's items follows from where they lie.
//!
//! Source: Objects/setobject.c, v3.14.0.

use std::mem;

use crate::dict::is_same;
use crate::object::Value;

/// A place of the table.
#[derive(Clone, Default)]
pub(super) enum Slot {
    /// Nothing was here since the table was made: a search ends.
    #[default]
    Free,
    /// Something was removed: a search goes on, and what it does not find may be put here.
    Removed,
    Item(Item),
}

/// An item with its hash.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) hash: u64,
    pub(super) value: Value,
}

/// The slots of a set: a power of two.
pub(super) struct Table {
    slots: Vec<Slot>,
    /// Slots that are not free.
    fill: usize,
    /// Items.
    used: usize,
    /// How many tables the set had before this one: who asked something looks whether it is the same.
    generation: u32,
}

/// What a search comes to without running code of the program.
pub(super) enum Search {
    Found(usize),
    /// It is not there: this slot is for it.
    Absent(usize),
    /// The item in this slot has the same hash: whether they are equal must be asked.
    Ask(usize, Value),
}

const LEAST: usize = 8;
/// Slots that are looked at behind the first one, since they lie near it in memory.
const NEIGHBOURS: usize = 9;
const PERTURB_SHIFT: u32 = 5;

/// The slots where an item with some hash may be, in the order in which they are looked at.
pub(super) struct Probes {
    mask: usize,
    perturb: u64,
    /// Where the neighbours begin, the one to look at next, and the last one.
    first: usize,
    next: usize,
    last: usize,
    /// The last slot on the way from which something was removed.
    removed: Option<usize>,
}

impl Probes {
    fn new(mask: usize, hash: u64) -> Self {
        let mut probes = Probes { mask, perturb: hash, first: 0, next: 0, last: 0, removed: None };
        probes.go_to(hash as usize & mask);
        probes
    }

    fn go_to(&mut self, first: usize) {
        (self.first, self.next) = (first, first);
        self.last = if first + NEIGHBOURS <= self.mask { first + NEIGHBOURS } else { first };
    }

    /// The next slot. There always is one; a search ends, since some slots are always free.
    fn step(&mut self) -> usize {
        if self.next > self.last {
            self.perturb >>= PERTURB_SHIFT;
            let first = self.first.wrapping_mul(5).wrapping_add(1).wrapping_add(self.perturb as usize);
            self.go_to(first & self.mask);
        }
        self.next += 1;
        self.next - 1
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Table { slots: vec![Slot::Free; LEAST], fill: 0, used: 0, generation: 0 }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// How many slots there are, less one.
    pub(super) fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn probes(&self, hash: u64) -> Probes {
        Probes::new(self.mask(), hash)
    }

    /// Looks on for an item.
    pub(super) fn search(&self, probes: &mut Probes, hash: u64, value: &Value) -> Search {
        loop {
            let at = probes.step();
            match self.slots.get(at) {
                None | Some(Slot::Free) => return Search::Absent(probes.removed.unwrap_or(at)),
                Some(Slot::Removed) => probes.removed = Some(at),
                Some(Slot::Item(item)) if item.hash == hash => match is_same(&item.value, value) {
                    Some(true) => return Search::Found(at),
                    Some(false) => {}
                    None => return Search::Ask(at, item.value.clone()),
                },
                Some(_) => {}
            }
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<&Item> {
        match self.slots.get(at)? {
            Slot::Item(item) => Some(item),
            _ => None,
        }
    }

    /// The first item at this place or behind it, and its place.
    pub(super) fn next_from(&self, from: usize) -> Option<(usize, &Item)> {
        (from..self.slots.len()).find_map(|at| Some((at, self.get(at)?)))
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Item(item) => Some(item),
            _ => None,
        })
    }

    /// Puts an item where a search found that it is absent. It comes back if another one came there meanwhile.
    pub(super) fn put(&mut self, at: usize, item: Item) -> Result<(), Item> {
        let was_free = match self.slots.get_mut(at) {
            None | Some(Slot::Item(_)) => return Err(item),
            Some(slot) => matches!(mem::replace(slot, Slot::Item(item)), Slot::Free),
        };
        self.used += 1;
        if was_free {
            self.fill += 1;
            if self.fill * 5 >= self.mask() * 3 {
                self.grow();
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self, at: usize) -> Option<Item> {
        self.get(at)?;
        self.used -= 1;
        match mem::replace(&mut self.slots[at], Slot::Removed) {
            Slot::Item(item) => Some(item),
            _ => None,
        }
    }

    /// A new table as large as items will need that are still to come.
    fn grow(&mut self) {
        self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
    }

    /// A new table where more than so many fit.
    fn resize(&mut self, least: usize) {
        let mut size = LEAST;
        while size <= least {
            size *= 2;
        }
        if size == LEAST && self.slots.len() == LEAST && self.fill == self.used {
            return;
        }
        let old = mem::replace(&mut self.slots, vec![Slot::Free; size]);
        // A small table lies in the set in CPython, and remains the same one.
        if size > LEAST || old.len() > LEAST {
            self.generation = self.generation.wrapping_add(1);
        }
        self.fill = self.used;
        for slot in old {
            if let Slot::Item(item) = slot {
                self.put_unsearched(item);
            }
        }
    }

    /// Puts an item that is known to be absent into a table from which nothing was removed. It is not counted.
    fn put_unsearched(&mut self, item: Item) {
        let mut probes = self.probes(item.hash);
        loop {
            if let Some(slot @ Slot::Free) = self.slots.get_mut(probes.step()) {
                *slot = Slot::Item(item);
                return;
            }
        }
    }

    /// Makes room before so many are added.
    pub(super) fn reserve(&mut self, more: usize) {
        if (self.fill + more) * 5 >= self.mask() * 3 {
            self.resize((self.used + more) * 2);
        }
    }

    /// Takes all items of another table, if this one is empty. `false`: it is not.
    pub(super) fn copy_from(&mut self, other: &Table) -> bool {
        if self.fill != 0 {
            return false;
        }
        (self.fill, self.used) = (other.used, other.used);
        if self.mask() == other.mask() && other.fill == other.used {
            self.slots.clone_from(&other.slots);
        } else {
            for item in other.items() {
                self.put_unsearched(item.clone());
            }
        }
        true
    }

    /// After many were removed: a new table, if these are more than a quarter.
    pub(super) fn shrink(&mut self) {
        if self.fill - self.used > self.mask() / 4 {
            self.grow();
        }
    }

    /// Another table in place of this one, which comes out.
    pub(super) fn replace(&mut self, other: Table) -> Table {
        let generation = self.generation.wrapping_add(1);
        mem::replace(self, Table { generation, ..other })
    }

    /// The first item at this place or behind it, or else the first of all.
    pub(super) fn first_from(&self, from: usize) -> Option<usize> {
        self.next_from(from & self.mask()).or_else(|| self.next_from(0)).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Search, Table};
    use crate::object::int;

    /// What a program does with a set, as text: `5` adds, `-5` removes; and then its items in order. Hashes of small integers are what they
    /// are. The orders are CPython 3.14's.
    const PROGRAMS: &[(&str, &str)] = &[
        ("-4 30 -29 -13 13", "13 30"),
        ("7 -128 -15 24 8 320 -320 23", "7 8 23 24"),
        ("-1280 -256 -512 1280 254 -138 1792 -0 -59 -147 -254 512 1536 -194 -77 -1024", "1280 1792 512 1536"),
        (
            "3024 28672 4096 509 3609 430 -831 1703 -20480 28672 703 2168 1681 221 2139 1825 12288 12288 0 20480 2863 1858 0 2818",
            "28672 4096 12288 0 20480 2818 1681 3609 1825 1703 430 2863 703 1858 3024 2139 221 2168 509",
        ),
        (
            "300 55 -600 10 200 -700 -70 -92 -24 -300 53 700 64 2 -99 -79 66 -7 100 -100 300 68 -300 -600 -300 85 -19 17 -600 85",
            "64 2 66 68 200 10 17 53 85 55 700",
        ),
        (
            "-5242880 -1048576 -961902 619612 -479312 2097152 -4194304 -1037276 -384500 -1048576 1048576 0 -876106 -500036 3145728 4194304 4194304 -525229 397319 6291456 824361 -718703 -728869 -536019 798766 -94869 -0 -689808 -3145728 703243 -421485 2097152 -0 488237 -5242880 0 -292149 2097152 789825 -7340032",
            "2097152 1048576 789825 0 4194304 6291456 397319 824361 703243 488237 798766 619612",
        ),
    ];

    fn run(program: &str) -> String {
        let mut table = Table::new();
        for word in program.split_whitespace() {
            let (is_removal, digits) = word.strip_prefix('-').map_or((false, word), |digits| (true, digits));
            let number: u32 = digits.parse().expect("a number");
            let (hash, value) = (u64::from(number), int(number));
            match table.search(&mut table.probes(hash), hash, &value) {
                Search::Absent(at) if !is_removal => assert!(table.put(at, Item { hash, value }).is_ok()),
                Search::Found(at) if is_removal => _ = table.take(at),
                _ => {}
            }
        }
        let items: Vec<String> = table.items().filter_map(|item| Some(item.value.as_integer()?.to_string())).collect();
        items.join(" ")
    }

    #[test]
    fn items_are_in_the_order_of_cpython() {
        for (program, order) in PROGRAMS {
            assert_eq!(run(program), *order, "after {program}");
        }
    }
}
