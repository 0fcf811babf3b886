//! Where a name is among the variables of a code object, found by its hash.

use alloc::boxed::Box;
use alloc::vec;

/// Up to so many names are compared one by one.
const FEW: usize = 8;

/// Slots of names, by the hash of the name; made once per code object.
///
/// A table of twice as many places as there are names or up to four times; a place is 8 bytes. Few names need none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameIndex {
    /// As many as a power of two; [`EMPTY`](Place::EMPTY) ones in between.
    places: Option<Box<[Place]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    hash: u32,
    slot: u32,
}

impl Place {
    const EMPTY: Place = Place { hash: 0, slot: u32::MAX };
}

/// 32 bits of a hash, and where its search begins in a table.
fn mix(hash: i64) -> (u32, usize) {
    // Hashes of small integers are the integers: the multiplication spreads them over the upper bits.
    let mixed = hash.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 32) as u32, (mixed >> 16) as usize)
}

impl NameIndex {
    /// Of no names, or where they are to be compared one by one.
    pub const NONE: &NameIndex = {
        static NONE: NameIndex = NameIndex { places: None };
        &NONE
    };

    /// Of the hashes of names, in the order of their slots. No table is made for a few.
    pub fn new(hashes: impl ExactSizeIterator<Item = i64>) -> NameIndex {
        let names = hashes.len();
        if names <= FEW || u32::try_from(names).is_err() {
            return NameIndex::default();
        }
        let mut places = vec![Place::EMPTY; (2 * names).next_power_of_two()];
        let mask = places.len() - 1;
        for (slot, hash) in hashes.enumerate() {
            let (hash, mut at) = mix(hash);
            // Earlier slots come first where names are the same: they are found first.
            while places[at & mask] != Place::EMPTY {
                at += 1;
            }
            places[at & mask] = Place { hash, slot: slot as u32 };
        }
        NameIndex { places: Some(places.into()) }
    }

    /// Slots whose name may have this hash, in their order; of `names`, where there is no table, all.
    pub(super) fn candidates(&self, hash: i64, names: usize) -> impl Iterator<Item = u32> + Clone + '_ {
        let (hash, start) = mix(hash);
        let places = self.places.as_deref().unwrap_or_default();
        let few = if self.places.is_none() { names } else { 0 };
        let mask = places.len().wrapping_sub(1);
        let probe = (0..places.len()).map(move |step| places[start.wrapping_add(step) & mask]);
        let probe = probe.take_while(|place| *place != Place::EMPTY).filter(move |place| place.hash == hash);
        (0..few as u32).chain(probe.map(|place| place.slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_name_is_found_among_any_number() {
        for names in [0_usize, 1, 8, 9, 50, 500, 5000] {
            let index = NameIndex::new((0..names).map(|name| name as i64 * 3));
            for name in 0..names {
                let mut candidates = index.candidates(name as i64 * 3, names);
                assert!(candidates.any(|slot| slot as usize == name), "{name} of {names}");
            }
            let many = if names > FEW { 0 } else { names };
            assert_eq!(index.candidates(-1, names).count(), many, "no other is looked at");
        }
    }

    #[test]
    fn the_first_of_two_equal_names_is_found_first() {
        let index = NameIndex::new((0..60_u32).map(|name| i64::from(name % 20)));
        let found: Vec<_> = index.candidates(7, 60).collect();
        assert_eq!(found, [7, 27, 47]);
    }
}
