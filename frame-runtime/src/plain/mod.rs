//! A VM of plain data: what .pyc files hold, without anything that runs. For tools, tests and fuzzing.
//!
//! ```
//! use frame_runtime::plain::{Object, Plain};
//! use frame_runtime::pyc::marshal;
//! use frame_runtime::version::Cpython3_14;
//!
//! let value = marshal::read(&Plain::<Cpython3_14>::default(), b")\x02z\x01ai\x07\0\0\0")?;
//! let Object::Tuple(items) = value.object() else { panic!("it is a tuple") };
//! assert!(matches!(items[0].object(), Object::Str(text) if **text == *b"a"));
//! # Ok::<(), frame_runtime::pyc::marshal::ReadError<frame_runtime::plain::Exception>>(())
//! ```

mod equal;
mod hash;
mod value;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

pub use self::value::{Last, Value};
use crate::code::Code;
use crate::version::Version;
use crate::vm::{Constant, Objects, Shape, Vm};

/// A VM of version `P` whose objects are plain data.
pub struct Plain<P>(PhantomData<fn() -> P>);

impl<P> Default for Plain<P> {
    fn default() -> Self {
        Plain(PhantomData)
    }
}

impl<P> fmt::Debug for Plain<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

/// What an object is. A set or dict holds what is equal only once; its order is that of the file.
#[non_exhaustive]
pub enum Object<P: Version> {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An `int`: as in [`Int`](crate::vm::Int).
    Int {
        /// Whether it is below 0.
        negative: bool,
        /// Digits of 15 bits, the low one first, the last one not 0.
        digits: Box<[u16]>,
    },
    /// A `float`.
    Float(f64),
    /// A `complex`: real and imaginary part.
    Complex(f64, f64),
    /// A `str`: UTF-8, a lone surrogate as three bytes.
    Str(Box<[u8]>),
    /// A `bytes` object.
    Bytes(Box<[u8]>),
    /// A `tuple`.
    Tuple(Box<[Value<P>]>),
    /// A `list`.
    List(Box<[Value<P>]>),
    /// A `set`.
    Set(Box<[Value<P>]>),
    /// A `frozenset`.
    FrozenSet(Box<[Value<P>]>),
    /// A `dict`: keys and values.
    Dict(Box<[(Value<P>, Value<P>)]>),
    /// A `frozendict`: keys and values.
    FrozenDict(Box<[(Value<P>, Value<P>)]>),
    /// A `slice`: start, stop, step.
    Slice(Box<[Value<P>; 3]>),
    /// A code object.
    Code(Box<Code<Plain<P>>>),
    /// `...`
    Ellipsis,
    /// The exception's type.
    StopIteration,
}

impl<P: Version> Object<P> {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Object::None => "NoneType",
            Object::Bool(_) => "bool",
            Object::Int { .. } => "int",
            Object::Float(_) => "float",
            Object::Complex(..) => "complex",
            Object::Str(_) => "str",
            Object::Bytes(_) => "bytes",
            Object::Tuple(_) => "tuple",
            Object::List(_) => "list",
            Object::Set(_) => "set",
            Object::FrozenSet(_) => "frozenset",
            Object::Dict(_) => "dict",
            Object::FrozenDict(_) => "frozendict",
            Object::Slice(_) => "slice",
            Object::Code(_) => "code",
            Object::Ellipsis => "ellipsis",
            Object::StopIteration => "type",
        }
    }
}

/// The type only: objects can be nested deeper than a stack of calls.
impl<P: Version> fmt::Debug for Object<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

/// What the VM raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The exception's type: `TypeError`.
    pub kind: &'static str,
    /// Its message.
    pub message: String,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl core::error::Error for Exception {}

impl<P: Version> Vm for Plain<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

/// Hashes are the same on every run, and not CPython's.
impl<P: Version> Objects for Plain<P> {
    type Exception = Exception;

    fn make(&self, constant: Constant<'_, Self>) -> Result<Value<P>, Exception> {
        Ok(Value::new(match constant {
            Constant::None => Object::None,
            Constant::Bool(value) => Object::Bool(value),
            Constant::Ellipsis => Object::Ellipsis,
            Constant::StopIteration => Object::StopIteration,
            Constant::Int(int) => Object::Int { negative: int.negative, digits: int.digits.into() },
            Constant::Float(value) => Object::Float(value),
            Constant::Complex(real, imaginary) => Object::Complex(real, imaginary),
            Constant::Str { text, .. } => Object::Str(text.into()),
            Constant::Bytes(bytes) => Object::Bytes(bytes.into()),
            Constant::Tuple(items) => Object::Tuple(items.into()),
            Constant::List(items) => Object::List(items.into()),
            Constant::Set(items) => Object::Set(distinct(items)?),
            Constant::FrozenSet(items) => Object::FrozenSet(distinct(items)?),
            Constant::Dict(pairs) => Object::Dict(mapping(pairs)?),
            Constant::FrozenDict(pairs) => Object::FrozenDict(mapping(pairs)?),
            Constant::Slice(items) => Object::Slice(Box::new(items.clone())),
        }))
    }

    fn make_code(&self, code: Code<Self>) -> Result<Value<P>, Exception> {
        Ok(Value::new(Object::Code(Box::new(code))))
    }

    fn shape<'a>(&self, value: &'a Value<P>) -> Shape<'a, Self> {
        match value.object() {
            Object::Int { .. } => Shape::Exact(0),
            Object::Str(_) => Shape::Exact(1),
            Object::Bytes(_) => Shape::Exact(2),
            Object::Bool(_) => Shape::Exact(3),
            Object::Float(value) => Shape::Float(*value),
            Object::Complex(real, imaginary) => Shape::Complex(*real, *imaginary),
            Object::Tuple(items) => Shape::Tuple(items),
            Object::FrozenSet(items) => Shape::FrozenSet(items),
            Object::Slice(items) => Shape::Slice(items.each_ref()),
            Object::Code(code) => Shape::Code(code),
            _ => Shape::Other,
        }
    }

    fn equal(&self, left: &Value<P>, right: &Value<P>) -> bool {
        equal::equal(left, right)
    }

    fn hash(&self, value: &Value<P>) -> Result<i64, Exception> {
        value.hash().map_err(unhashable)
    }

    fn hash_bytes(&self, bytes: &[u8]) -> i64 {
        hash::of_bytes(bytes)
    }

    fn text<'a>(&self, value: &'a Value<P>) -> Option<Cow<'a, [u8]>> {
        match value.object() {
            Object::Str(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn type_name<'a>(&self, value: &'a Value<P>) -> Cow<'a, str> {
        Cow::Borrowed(value.object().type_name())
    }
}

fn unhashable(name: &'static str) -> Exception {
    Exception { kind: "TypeError", message: format!("unhashable type: '{name}'") }
}

/// Each key once: where it first stood.
struct Distinct<'a, P: Version> {
    /// Places in `keys`, by hash.
    places: BTreeMap<i64, Vec<usize>>,
    keys: Vec<&'a Value<P>>,
}

impl<'a, P: Version> Distinct<'a, P> {
    /// The key's place, and whether it is new.
    fn place(&mut self, key: &'a Value<P>) -> Result<(usize, bool), Exception> {
        let places = self.places.entry(key.hash().map_err(unhashable)?).or_default();
        let same = |place: &&usize| self.keys.get(**place).is_some_and(|other| equal::same_or_equal(other, key));
        if let Some(place) = places.iter().find(same) {
            return Ok((*place, false));
        }
        places.push(self.keys.len());
        self.keys.push(key);
        Ok((self.keys.len() - 1, true))
    }
}

fn distinct<P: Version>(items: &[Value<P>]) -> Result<Box<[Value<P>]>, Exception> {
    let mut keys = Distinct { places: BTreeMap::new(), keys: Vec::new() };
    for item in items {
        keys.place(item)?;
    }
    Ok(keys.keys.into_iter().cloned().collect())
}

/// Keys and values.
type Pairs<P> = Box<[(Value<P>, Value<P>)]>;

/// The first of equal keys, with the last value.
fn mapping<P: Version>(pairs: &[(Value<P>, Value<P>)]) -> Result<Pairs<P>, Exception> {
    let mut keys = Distinct { places: BTreeMap::new(), keys: Vec::new() };
    let mut found: Vec<(Value<P>, Value<P>)> = Vec::new();
    for (key, value) in pairs {
        let (place, new) = keys.place(key)?;
        match found.get_mut(place) {
            Some(pair) if !new => pair.1 = value.clone(),
            _ => found.push((key.clone(), value.clone())),
        }
    }
    Ok(found.into())
}
