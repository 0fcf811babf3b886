//! Iterators over the VM's own objects.

mod lazy;

use std::cell::{Cell, RefCell};

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::attribute;
use crate::builtins;
use crate::call::{call, exactly};
use crate::class::{self, special};
use crate::dict::{Shows, View, as_dict};
use crate::exception::{self, Error, raise, raise_with, refuse, type_error};
use crate::number::from_big;
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value, int};
use crate::protocol;
use crate::range::Range;
use crate::sequence::as_list;
use crate::set::as_set;
use crate::text::{self, as_str};

pub(crate) use lazy::{construct_enumerate, construct_filter, construct_map, construct_zip};

/// An iterator, and how far it is. One over a list or tuple is over where its index is [`OVER`].
pub(crate) enum Iter {
    /// Of a range whose numbers are all small: the eval loop steps it by itself.
    Range {
        next: Cell<i64>,
        step: i64,
        left: Cell<u64>,
    },
    /// Of any other range.
    LongRange {
        next: RefCell<BigInt>,
        step: BigInt,
        left: RefCell<BigInt>,
    },
    List {
        list: Value,
        index: Cell<usize>,
    },
    Tuple {
        tuple: Value,
        index: Cell<usize>,
    },
    /// The index counts bytes.
    Str {
        text: Value,
        index: Cell<usize>,
    },
    Bytes {
        bytes: Value,
        index: Cell<usize>,
    },
    Dict(DictIter),
    /// `at` is a place in the table, `len` how many items there must be.
    Set {
        set: Value,
        at: Cell<usize>,
        len: Cell<usize>,
        left: Cell<usize>,
    },
    /// `reversed(list)`: the item in front of `end` is next.
    ListReversed {
        list: Value,
        end: Cell<usize>,
    },
    /// `reversed()` of what has `__len__` and `__getitem__`.
    Reversed {
        object: Value,
        end: Cell<usize>,
    },
    /// Of what has `__getitem__`: until that raises an `IndexError`.
    Items {
        object: Value,
        index: Cell<usize>,
    },
    /// `iter(callable, sentinel)`
    Calls {
        callable: Value,
        sentinel: Value,
        is_over: Cell<bool>,
    },
    Enumerate {
        iterator: Value,
        number: RefCell<Value>,
    },
    Zip {
        iterators: Box<[Value]>,
        is_strict: bool,
    },
    Map {
        function: Value,
        iterators: Box<[Value]>,
        is_strict: bool,
    },
    /// The function may be `None`.
    Filter {
        function: Value,
        iterator: Value,
    },
}

/// An iterator over a dict.
pub(crate) struct DictIter {
    dict: Value,
    shows: Shows,
    is_reversed: bool,
    /// Where it goes on: the next entry is here or behind, or in front of here.
    at: Cell<usize>,
    /// How many entries the dict must have. None has so many as [`OVER`].
    len: Cell<usize>,
    /// How many entries are still to come.
    left: Cell<usize>,
    is_over: Cell<bool>,
}

/// An index that is none.
const OVER: usize = usize::MAX;

pub(crate) fn new(iter: Iter) -> Value {
    Value::new(Object::Iter(Box::new(iter)))
}

/// `iter()` of a builtin object; `None`: it is no builtin iterable.
pub(crate) fn iter(stack: &Stack, object: &Value) -> Option<Outcome> {
    let _ = stack;
    let index = Cell::new(0);
    let iter = match object.object()? {
        Object::List(_) => Iter::List { list: object.clone(), index },
        Object::Tuple(_) => Iter::Tuple { tuple: object.clone(), index },
        Object::Str(_) => Iter::Str { text: object.clone(), index },
        Object::Bytes(_) => Iter::Bytes { bytes: object.clone(), index },
        Object::Range(range) => return Some(Ok(over_range(range))),
        Object::Dict(_) => dict_iter(object.clone(), Shows::Keys, false),
        Object::View(view) => return Some(Ok(over_view(view))),
        Object::Set(set) | Object::FrozenSet(set) => {
            let len = set.len();
            Iter::Set { set: object.clone(), at: index, len: Cell::new(len), left: Cell::new(len) }
        }
        Object::Iter(_) => return Some(Ok(object.clone())),
        _ => return None,
    };
    Some(Ok(new(iter)))
}

/// The iterator of a range.
pub(crate) fn over_range(range: &Range) -> Value {
    new(match range.small() {
        Some((start, step, len)) => Iter::Range { next: Cell::new(start), step, left: Cell::new(len) },
        None => {
            let part = |part| crate::number::to_big(part).unwrap_or_default();
            let left = RefCell::new(range.len.clone());
            Iter::LongRange { next: RefCell::new(part(&range.start)), step: part(&range.step), left }
        }
    })
}

/// The iterator of a view.
pub(crate) fn over_view(view: &View) -> Value {
    new(dict_iter(view.dict.clone(), view.shows, false))
}

fn dict_iter(dict: Value, shows: Shows, is_reversed: bool) -> Iter {
    let len = as_dict(&dict).map_or(0, |dict| dict.len());
    let at = if is_reversed { OVER } else { 0 };
    let (len, left) = (Cell::new(len), Cell::new(len));
    Iter::Dict(DictIter { dict, shows, is_reversed, at: Cell::new(at), len, left, is_over: Cell::new(false) })
}

/// The iterator of an object with `__getitem__`, for `iter()`.
pub(crate) fn over_items(object: Value) -> Value {
    new(Iter::Items { object, index: Cell::new(0) })
}

/// `iter(callable, sentinel)`
pub(crate) fn over_calls(callable: Value, sentinel: Value) -> Value {
    new(Iter::Calls { callable, sentinel, is_over: Cell::new(false) })
}

/// `next()`; `None`: it is over.
pub(crate) fn next(stack: &Stack, iter: &Iter) -> Outcome<Option<Value>> {
    match iter {
        Iter::Range { next, step, left } => {
            let Some(rest) = left.get().checked_sub(1) else { return Ok(None) };
            left.set(rest);
            // Behind the last number may be none that fits: nobody sees it.
            Ok(Some(int(next.replace(next.get().wrapping_add(*step)))))
        }
        Iter::List { list, index } => {
            let item = as_list(list).and_then(|items| items.borrow().get(index.get()).cloned());
            index.set(if item.is_some() { index.get() + 1 } else { OVER });
            Ok(item)
        }
        Iter::Tuple { tuple, index } => {
            let item = crate::sequence::as_tuple(tuple).and_then(|items| items.get(index.get()).cloned());
            index.set(if item.is_some() { index.get() + 1 } else { OVER });
            Ok(item)
        }
        Iter::Dict(iter) => iter.next(stack),
        Iter::Str { text, index } => Ok(next_character(text, index)),
        Iter::Bytes { bytes, index } => Ok(next_byte(bytes, index)),
        Iter::Set { set, at, len, left } => next_of_set(stack, set, at, len, left),
        Iter::LongRange { next, step, left } => {
            let mut left = left.borrow_mut();
            if left.sign() != num_bigint::Sign::Plus {
                return Ok(None);
            }
            *left -= 1;
            let after = &*next.borrow() + step;
            Ok(Some(from_big(next.replace(after))))
        }
        Iter::ListReversed { list, end } => {
            let at = end.get().checked_sub(1);
            let item = at.and_then(|at| as_list(list)?.borrow().get(at).cloned());
            end.set(at.filter(|_| item.is_some()).unwrap_or(0));
            Ok(item)
        }
        Iter::Reversed { object, end } => {
            let Some(at) = end.get().checked_sub(1) else { return Ok(None) };
            let item = item_at(stack, object, at)?;
            end.set(if item.is_some() { at } else { 0 });
            Ok(item)
        }
        Iter::Items { object, index } => {
            let at = index.get();
            if at == OVER {
                return Ok(None);
            }
            let item = item_at(stack, object, at)?;
            index.set(if item.is_some() { at + 1 } else { OVER });
            Ok(item)
        }
        Iter::Calls { callable, sentinel, is_over } => next_call(stack, callable, sentinel, is_over),
        _ => protocol::deeper(stack, |stack| lazy::next(stack, iter)),
    }
}

/// `object[at]`; `None`: it is over.
fn item_at(stack: &Stack, object: &Value, at: usize) -> Outcome<Option<Value>> {
    match protocol::get_item(stack, object, &int(at as i64)) {
        Ok(item) => Ok(Some(item)),
        Err(error) if exception::is(&error, Error::IndexError) || exception::is(&error, Error::StopIteration) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn next_character(text: &Value, index: &Cell<usize>) -> Option<Value> {
    let character = as_str(text)?.as_str().get(index.get()..)?.chars().next()?;
    index.set(index.get() + character.len_utf8());
    Some(text::character(character))
}

fn next_byte(bytes: &Value, index: &Cell<usize>) -> Option<Value> {
    let Some(Object::Bytes(bytes)) = bytes.object() else { return None };
    let byte = *bytes.get(index.get())?;
    index.set(index.get() + 1);
    Some(int(byte))
}

fn next_of_set(
    stack: &Stack,
    set: &Value,
    at: &Cell<usize>,
    len: &Cell<usize>,
    left: &Cell<usize>,
) -> Outcome<Option<Value>> {
    let Some(content) = as_set(set).filter(|_| at.get() != OVER) else { return Ok(None) };
    if content.len() != len.get() {
        // It says so each time.
        len.set(OVER);
        return Err(raise(stack, Error::RuntimeError, "Set changed size during iteration"));
    }
    match content.next_from(at.get()) {
        Some((place, item)) => {
            at.set(place + 1);
            left.set(left.get().saturating_sub(1));
            Ok(Some(item))
        }
        None => {
            at.set(OVER);
            Ok(None)
        }
    }
}

impl DictIter {
    fn next(&self, stack: &Stack) -> Outcome<Option<Value>> {
        let Some(dict) = as_dict(&self.dict).filter(|_| !self.is_over.get()) else { return Ok(None) };
        if dict.len() != self.len.get() {
            // It says so each time.
            self.len.set(OVER);
            return Err(raise(stack, Error::RuntimeError, "dictionary changed size during iteration"));
        }
        let show = |key: &Value, value: &Value| self.shows.of(key, value);
        let found =
            if self.is_reversed { dict.last_before(self.at.get(), show) } else { dict.next_from(self.at.get(), show) };
        let Some((place, item)) = found else {
            self.is_over.set(true);
            return Ok(None);
        };
        if self.left.get() == 0 && !self.is_reversed {
            self.is_over.set(true);
            return Err(raise(stack, Error::RuntimeError, "dictionary keys changed during iteration"));
        }
        self.at.set(if self.is_reversed { place } else { place + 1 });
        self.left.set(self.left.get().saturating_sub(1));
        Ok(Some(item))
    }
}

fn next_call(stack: &Stack, callable: &Value, sentinel: &Value, is_over: &Cell<bool>) -> Outcome<Option<Value>> {
    if is_over.get() {
        return Ok(None);
    }
    match call(stack, callable, &[]) {
        // What it called may have ended it.
        Ok(_) if is_over.get() => Ok(None),
        Ok(result) if protocol::equal(stack, sentinel, &result)? => {
            is_over.set(true);
            Ok(None)
        }
        Ok(result) => Ok(Some(result)),
        Err(error) if exception::is(&error, Error::StopIteration) => {
            is_over.set(true);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The name of its type: `list_iterator`.
pub(crate) fn type_name(iter: &Iter) -> &'static str {
    match iter {
        Iter::Range { .. } => "range_iterator",
        Iter::LongRange { .. } => "longrange_iterator",
        Iter::List { .. } => "list_iterator",
        Iter::Tuple { .. } => "tuple_iterator",
        Iter::Str { text, .. } if as_str(text).is_some_and(|text| text.as_str().is_ascii()) => "str_ascii_iterator",
        Iter::Str { .. } => "str_iterator",
        Iter::Bytes { .. } => "bytes_iterator",
        Iter::Dict(DictIter { shows, is_reversed, .. }) => match (shows, is_reversed) {
            (Shows::Keys, false) => "dict_keyiterator",
            (Shows::Values, false) => "dict_valueiterator",
            (Shows::Items, false) => "dict_itemiterator",
            (Shows::Keys, true) => "dict_reversekeyiterator",
            (Shows::Values, true) => "dict_reversevalueiterator",
            (Shows::Items, true) => "dict_reverseitemiterator",
        },
        Iter::Set { .. } => "set_iterator",
        Iter::ListReversed { .. } => "list_reverseiterator",
        Iter::Reversed { .. } => "reversed",
        Iter::Items { .. } => "iterator",
        Iter::Calls { .. } => "callable_iterator",
        Iter::Enumerate { .. } => "enumerate",
        Iter::Zip { .. } => "zip",
        Iter::Map { .. } => "map",
        Iter::Filter { .. } => "filter",
    }
}

/// `reversed(object)`: what the object's `__reversed__()` returns, or an iterator from its last item to its first.
pub(crate) fn construct_reversed(stack: &Stack, args: Args<'_>) -> Outcome {
    builtins::no_keywords(stack, args, "reversed")?;
    let [object] = args.positional else {
        return Err(type_error(stack, format!("reversed expected 1 argument, got {}", args.positional.len())));
    };
    let object = class::shown(object).unwrap_or(object);
    let last_first = |object: &Value, len: usize| new(Iter::Reversed { object: object.clone(), end: Cell::new(len) });
    let not_reversible = || {
        let kind = class::type_name(stack.vm(), object);
        Err(type_error(stack, format!("'{kind}' object is not reversible")))
    };
    match object.object() {
        Some(Object::List(items)) => {
            let end = Cell::new(items.borrow().len());
            Ok(new(Iter::ListReversed { list: object.clone(), end }))
        }
        Some(Object::Range(range)) => Ok(over_range(&range.reversed())),
        Some(Object::Dict(_)) => Ok(new(dict_iter(object.clone(), Shows::Keys, true))),
        Some(Object::Locals(_)) => call(stack, &attribute::get(stack, object, &stack.vm().name("__reversed__"))?, &[]),
        Some(Object::View(view)) => Ok(new(dict_iter(view.dict.clone(), view.shows, true))),
        Some(Object::Tuple(_) | Object::Str(_) | Object::Bytes(_)) => {
            Ok(last_first(object, protocol::len(stack, object)?))
        }
        Some(Object::Instance(_)) => {
            let vm = stack.vm();
            let name = vm.name("__reversed__");
            if class::lookup(class::class_of(vm, object), &name).is_some() {
                let method = special(vm, object, &name);
                return method.map_or_else(not_reversible, |method| call(stack, &method, std::slice::from_ref(object)));
            }
            if special(vm, object, &vm.name("__getitem__")).is_none() {
                return not_reversible();
            }
            Ok(last_first(object, protocol::len(stack, object)?))
        }
        _ => not_reversible(),
    }
}

/// `__next__`, `__length_hint__`
pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "__next__", is_method: true, call: next_method },
    Builtin { name: "__length_hint__", is_method: true, call: length_hint },
];

/// The iterator that a method is called on; there are no arguments.
fn receiver<'a>(stack: &Stack, args: Args<'a>, name: &str) -> Outcome<(&'a Value, &'a Iter)> {
    let Some((this, positional)) = args.positional.split_first() else {
        return Err(refuse(stack, format!("{name}() of nothing")));
    };
    // Which type's method it is, is not known here.
    let Some(Object::Iter(iter)) = this.object() else {
        return Err(refuse(stack, format!("{name}() of another type")));
    };
    if !positional.is_empty() {
        return Err(type_error(stack, format!("expected 0 arguments, got {}", positional.len())));
    }
    let [] = exactly(stack, name, Args { positional, keywords: args.keywords })?;
    Ok((this, iter))
}

fn next_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let (_, iter) = receiver(stack, args, "__next__")?;
    next(stack, iter)?.ok_or_else(|| raise_with(stack, Error::StopIteration, &[]))
}

fn length_hint(stack: &Stack, args: Args<'_>) -> Outcome {
    let (this, iter) = receiver(stack, args, "__length_hint__")?;
    left(stack, iter)?.ok_or_else(|| {
        let kind = class::type_name(stack.vm(), this);
        let text = format!("'{kind}' object has no attribute '__length_hint__'");
        raise(stack, Error::AttributeError, text)
    })
}

/// How many items an iterator will still have. `None`: it cannot say.
pub(crate) fn left(stack: &Stack, iter: &Iter) -> Outcome<Option<Value>> {
    let len_of = |object: &Value| protocol::len(stack, object);
    let left =
        match iter {
            Iter::Range { left, .. } => left.get().to_usize().unwrap_or(usize::MAX),
            Iter::LongRange { left, .. } => return Ok(Some(from_big(left.borrow().clone()))),
            Iter::List { list: object, index }
            | Iter::Tuple { tuple: object, index }
            | Iter::Bytes { bytes: object, index } => len_of(object)?.saturating_sub(index.get()),
            Iter::Items { object, index } if index.get() == OVER => 0,
            Iter::Items { object, index } => len_of(object)?.saturating_sub(index.get()),
            Iter::Str { text, index } => {
                as_str(text).and_then(|text| text.as_str().get(index.get()..)).map_or(0, |rest| rest.chars().count())
            }
            Iter::Dict(iter) if iter.is_over.get() || len_of(&iter.dict)? != iter.len.get() => 0,
            Iter::Dict(iter) => iter.left.get(),
            Iter::Set { set, at, len, left } => {
                if at.get() == OVER || len_of(set)? != len.get() {
                    0
                } else {
                    left.get()
                }
            }
            Iter::ListReversed { list: object, end } | Iter::Reversed { object, end } => {
                if len_of(object)? < end.get() { 0 } else { end.get() }
            }
            _ => return Ok(None),
        };
    Ok(Some(int(i64::try_from(left).unwrap_or(i64::MAX))))
}
