//! Python's `==` of plain objects. Parts that are shared are compared once, and not by recursion.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::ptr;

use super::hash::Number;
use super::{Object, Plain, Value};
use crate::version::Version;

/// How often members of sets, in members of sets, are compared that differ but have one hash.
const COLLISIONS: u32 = 4;

/// What a set takes for one: the same object, or an equal one.
pub(super) fn same_or_equal<P: Version>(left: &Value<P>, right: &Value<P>) -> bool {
    left.is(right) || compare(left, right, COLLISIONS)
}

/// Whether `left == right`.
pub(super) fn equal<P: Version>(left: &Value<P>, right: &Value<P>) -> bool {
    compare(left, right, COLLISIONS)
}

fn compare<P: Version>(left: &Value<P>, right: &Value<P>, collisions: u32) -> bool {
    let mut compared = BTreeSet::new();
    let mut pairs = vec![(left, right)];
    while let Some((left, right)) = pairs.pop() {
        if let Some(equal) = scalars_equal(left.object(), right.object()) {
            if !equal {
                return false;
            }
            continue;
        }
        let different = matches!((left.hash(), right.hash()), (Ok(one), Ok(other)) if one != other);
        if different {
            return false;
        }
        if compared.insert((ptr::from_ref(left.object()), ptr::from_ref(right.object())))
            && !parts_equal(left.object(), right.object(), collisions, &mut pairs)
        {
            return false;
        }
    }
    true
}

/// Whether objects without parts are equal; `None` if both have parts.
fn scalars_equal<P: Version>(left: &Object<P>, right: &Object<P>) -> Option<bool> {
    match (left, right) {
        (Object::Str(left), Object::Str(right)) | (Object::Bytes(left), Object::Bytes(right)) => Some(left == right),
        (Object::None, Object::None)
        | (Object::Ellipsis, Object::Ellipsis)
        | (Object::StopIteration, Object::StopIteration) => Some(true),
        (Object::Tuple(_), Object::Tuple(_))
        | (Object::List(_), Object::List(_))
        | (Object::Slice(_), Object::Slice(_))
        | (Object::Set(_) | Object::FrozenSet(_), Object::Set(_) | Object::FrozenSet(_))
        | (Object::Dict(_) | Object::FrozenDict(_), Object::Dict(_) | Object::FrozenDict(_))
        | (Object::Code(_), Object::Code(_)) => None,
        _ => Some(matches!((Number::of(left), Number::of(right)), (Some(left), Some(right)) if left == right)),
    }
}

/// Whether objects of one type have as many parts; adds the parts to what is to be compared.
fn parts_equal<'a, P: Version>(
    left: &'a Object<P>,
    right: &'a Object<P>,
    collisions: u32,
    pairs: &mut Vec<(&'a Value<P>, &'a Value<P>)>,
) -> bool {
    match (left, right) {
        (Object::Tuple(left), Object::Tuple(right)) | (Object::List(left), Object::List(right)) => {
            add(pairs, left.iter().zip(right.iter()));
            left.len() == right.len()
        }
        (Object::Slice(left), Object::Slice(right)) => {
            add(pairs, left.iter().zip(right.iter()));
            true
        }
        (Object::Set(left) | Object::FrozenSet(left), Object::Set(right) | Object::FrozenSet(right)) => {
            let index = Index::new(right.iter());
            left.len() == right.len()
                && left.iter().all(|item| match index.find(item, collisions).and_then(|place| right.get(place)) {
                    Some(other) => {
                        add(pairs, [(item, other)].into_iter());
                        true
                    }
                    None => false,
                })
        }
        (Object::Dict(left) | Object::FrozenDict(left), Object::Dict(right) | Object::FrozenDict(right)) => {
            let index = Index::new(right.iter().map(|(key, _)| key));
            left.len() == right.len()
                && left.iter().all(|(key, value)| {
                    match index.find(key, collisions).and_then(|place| right.get(place)) {
                        Some((other_key, other)) => {
                            add(pairs, [(key, other_key), (value, other)].into_iter());
                            true
                        }
                        None => false,
                    }
                })
        }
        (Object::Code(left), Object::Code(right)) => left.equals(&Plain::default(), right),
        _ => false,
    }
}

/// CPython takes parts that are one object for equal, also a NaN.
fn add<'a, P: Version>(
    pairs: &mut Vec<(&'a Value<P>, &'a Value<P>)>,
    more: impl Iterator<Item = (&'a Value<P>, &'a Value<P>)>,
) {
    pairs.extend(more.filter(|(left, right)| !left.is(right)));
}

/// Places of values, by hash.
struct Index<'a, P: Version>(BTreeMap<i64, Vec<(usize, &'a Value<P>)>>);

impl<'a, P: Version> Index<'a, P> {
    fn new(values: impl Iterator<Item = &'a Value<P>>) -> Self {
        let mut places: BTreeMap<i64, Vec<(usize, &Value<P>)>> = BTreeMap::new();
        for (place, value) in values.enumerate() {
            if let Ok(hash) = value.hash() {
                places.entry(hash).or_default().push((place, value));
            }
        }
        Index(places)
    }

    /// The place of the only value that can be equal. Where several have the hash, which only happens where somebody
    /// made it happen, they are compared; not for ever.
    fn find(&self, key: &Value<P>, collisions: u32) -> Option<usize> {
        match self.0.get(&key.hash().ok()?)?.as_slice() {
            [(place, _)] => Some(*place),
            several => {
                let left = collisions.checked_sub(1)?;
                several.iter().find(|(_, value)| value.is(key) || compare(value, key, left)).map(|(place, _)| *place)
            }
        }
    }
}
