//! A dict: keys and values in the order in which they were written first.

use std::collections::HashMap;

use frame_runtime::version::Activation;

use crate::compare::{Raises, hash_key, same_or_equal};
use crate::vm::Value;

type Item<P> = (Value<P>, Value<P>);

pub(crate) struct Dict<P: Activation> {
    /// `None` where one was deleted.
    entries: Vec<Option<Item<P>>>,
    /// Entries by the hash of their key.
    places: HashMap<i64, Vec<usize>>,
}

impl<P: Activation> Default for Dict<P> {
    fn default() -> Self {
        Dict { entries: Vec::new(), places: HashMap::new() }
    }
}

impl<P: Activation> Dict<P> {
    pub(crate) fn len(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    pub(crate) fn items(&self) -> Vec<Item<P>> {
        self.entries.iter().flatten().cloned().collect()
    }

    /// Everything that is in it goes.
    pub(crate) fn take_all(&mut self) -> Vec<Item<P>> {
        self.places.clear();
        std::mem::take(&mut self.entries).into_iter().flatten().collect()
    }

    /// The place of a key, and its hash.
    fn find(&self, key: &Value<P>) -> Raises<(Option<usize>, i64), P> {
        let hash = hash_key(key)?;
        for place in self.places.get(&hash).into_iter().flatten() {
            let (known, _) = self.entries[*place].as_ref().expect("a place is of an entry");
            if same_or_equal(known, key)? {
                return Ok((Some(*place), hash));
            }
        }
        Ok((None, hash))
    }

    pub(crate) fn get(&self, key: &Value<P>) -> Raises<Option<Value<P>>, P> {
        let (place, _) = self.find(key)?;
        Ok(place.map(|place| self.entries[place].as_ref().expect("an entry").1.clone()))
    }

    /// Returns what was there. Nothing is dropped here but the key, if there is an equal one.
    pub(crate) fn set(&mut self, key: Value<P>, value: Value<P>) -> Raises<Option<Value<P>>, P> {
        let (place, hash) = self.find(&key)?;
        if let Some(place) = place {
            let (_, known) = self.entries[place].as_mut().expect("an entry");
            return Ok(Some(std::mem::replace(known, value)));
        }
        self.places.entry(hash).or_default().push(self.entries.len());
        self.entries.push(Some((key, value)));
        Ok(None)
    }

    pub(crate) fn remove(&mut self, key: &Value<P>) -> Raises<Option<Item<P>>, P> {
        let (Some(place), hash) = self.find(key)? else { return Ok(None) };
        self.places.get_mut(&hash).expect("its places").retain(|known| *known != place);
        Ok(self.entries[place].take())
    }
}
