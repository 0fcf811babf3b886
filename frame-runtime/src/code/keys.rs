//! Numbers for constants: two constants have the same number where CPython takes them for the same constant.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Code, Rules};
use crate::vm::{Objects, Shape, Value, Vm};

/// Numbers given to constants so far.
///
/// Everything that is looked at is looked at once, however often it is used: equal numbers of the parts make equal
/// numbers of the whole. There is no recursion, and no comparison of all members of a set with all of another.
///
/// Source: `_PyCode_ConstantKey`, Objects/codeobject.c.
pub(super) struct Keys<'a, V: Objects> {
    vm: &'a V,
    /// By what an object consists of.
    numbers: BTreeMap<Key<'a>, usize>,
    /// `int`, `str`, `bytes` and `bool` by type and hash.
    exact: BTreeMap<(u8, i64), Vec<Exact<'a, V>>>,
    /// By identity.
    known: BTreeMap<usize, usize>,
    given: usize,
}

/// An object and its number.
type Exact<'a, V> = (&'a <V as Vm>::Value, usize);

/// What an object consists of: numbers of its parts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Identity(usize),
    Float(u64),
    Complex(u64, u64),
    Tuple(Vec<usize>),
    FrozenSet(Vec<usize>),
    Slice(Vec<usize>),
    Code { numbers: [i64; 6], bytes: [&'a [u8]; 3], lengths: [usize; 6], parts: Vec<usize> },
}

/// What is still to be done.
enum Task<'a, V: Objects> {
    Look(&'a V::Value),
    /// Make one number of so many.
    Join {
        parts: usize,
        whole: Whole<'a, V>,
        object: Option<&'a V::Value>,
    },
}

enum Whole<'a, V: Objects> {
    Tuple,
    FrozenSet,
    Slice,
    Code(&'a Code<V>),
}

impl<'a, V: Objects> Keys<'a, V> {
    pub(super) fn new(vm: &'a V) -> Self {
        Keys { vm, numbers: BTreeMap::new(), exact: BTreeMap::new(), known: BTreeMap::new(), given: 0 }
    }

    /// The number of a code object.
    pub(super) fn of_code(&mut self, code: &'a Code<V>) -> usize {
        let mut tasks = Vec::new();
        begin_code(&mut tasks, code, None);
        let mut done: Vec<usize> = Vec::new();
        while let Some(task) = tasks.pop() {
            let number = match task {
                Task::Look(object) => match self.look(object, &mut tasks) {
                    Some(number) => number,
                    None => continue,
                },
                Task::Join { parts, whole, object } => {
                    let mut parts = done.split_off(done.len() - parts);
                    let key = match whole {
                        Whole::Tuple => Key::Tuple(parts),
                        Whole::Slice => Key::Slice(parts),
                        Whole::FrozenSet => {
                            parts.sort_unstable();
                            Key::FrozenSet(parts)
                        }
                        Whole::Code(code) => {
                            let (numbers, bytes) = code.compared();
                            let lengths = code.compared_objects().map(<[V::Value]>::len);
                            Key::Code { numbers, bytes, lengths, parts }
                        }
                    };
                    let number = self.number(key);
                    if let Some(object) = object {
                        self.known.insert(address(object), number);
                    }
                    number
                }
            };
            done.push(number);
        }
        done.pop().unwrap_or(0)
    }

    /// The number of an object without parts, or of one that was there before. Otherwise its parts are to be looked at.
    fn look(&mut self, object: &'a V::Value, tasks: &mut Vec<Task<'a, V>>) -> Option<usize> {
        if let Some(number) = self.known.get(&address(object)) {
            return Some(*number);
        }
        let compares_slices = const { Rules::of::<V>() }.compares_slices();
        let number = match self.vm.shape(object) {
            Shape::Exact(of_type) => self.exact_number(of_type, object),
            Shape::Float(value) if !value.is_nan() => self.number(Key::Float(value.to_bits())),
            Shape::Complex(real, imag) if !real.is_nan() && !imag.is_nan() => {
                self.number(Key::Complex(real.to_bits(), imag.to_bits()))
            }
            Shape::Tuple(items) => return self.begin(tasks, object, Whole::Tuple, items.iter()),
            Shape::FrozenSet(items) => return self.begin(tasks, object, Whole::FrozenSet, items.iter()),
            Shape::Slice(items) if compares_slices => {
                return self.begin(tasks, object, Whole::Slice, items.into_iter());
            }
            Shape::Code(code) => {
                self.mark(object);
                begin_code(tasks, code, Some(object));
                return None;
            }
            Shape::Float(_) | Shape::Complex(..) | Shape::Slice(_) | Shape::Other => {
                self.number(Key::Identity(address(object)))
            }
        };
        self.known.insert(address(object), number);
        Some(number)
    }

    fn begin(
        &mut self,
        tasks: &mut Vec<Task<'a, V>>,
        object: &'a V::Value,
        whole: Whole<'a, V>,
        items: impl ExactSizeIterator<Item = &'a V::Value>,
    ) -> Option<usize> {
        self.mark(object);
        tasks.push(Task::Join { parts: items.len(), whole, object: Some(object) });
        tasks.extend(items.map(Task::Look));
        None
    }

    /// An object that is within itself is only itself there.
    fn mark(&mut self, object: &'a V::Value) {
        let number = self.number(Key::Identity(address(object)));
        self.known.insert(address(object), number);
    }

    fn number(&mut self, key: Key<'a>) -> usize {
        let next = self.given;
        let number = *self.numbers.entry(key).or_insert(next);
        self.given += usize::from(number == next);
        number
    }

    fn exact_number(&mut self, of_type: u8, object: &'a V::Value) -> usize {
        // The hash of these types does not fail; if it does they are only slower.
        let hash = self.vm.hash(object).unwrap_or(0);
        let bucket = self.exact.entry((of_type, hash)).or_default();
        if let Some((_, number)) = bucket.iter().find(|(known, _)| self.vm.equal(known, object)) {
            return *number;
        }
        bucket.push((object, self.given));
        self.given += 1;
        self.given - 1
    }
}

fn begin_code<'a, V: Objects>(tasks: &mut Vec<Task<'a, V>>, code: &'a Code<V>, object: Option<&'a V::Value>) {
    let all = code.compared_objects();
    let parts = all.iter().map(|objects| objects.len()).sum();
    tasks.push(Task::Join { parts, whole: Whole::Code(code), object });
    tasks.extend(all.into_iter().flatten().map(Task::Look));
}

fn address<V: Value>(object: &V) -> usize {
    object.as_raw().addr().get()
}
