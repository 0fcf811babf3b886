//! A VM for tests: its objects are those of a record, and their hashes are read there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use frame_runtime::code::Code;
use frame_runtime::version::Version;
use frame_runtime::vm::{self, Constant, Function, NoValue, Objects, Shape, Vm};

/// The VM with the code objects of version `P`.
pub(crate) struct Machine<P: Version> {
    interned: Mutex<HashMap<Vec<u8>, Value<P>>>,
    /// Hashes of bytes objects.
    pub(crate) bytes: HashMap<Vec<u8>, i64>,
}

impl<P: Version> Machine<P> {
    pub(crate) fn new(bytes: HashMap<Vec<u8>, i64>) -> Self {
        Machine { interned: Mutex::default(), bytes }
    }

    /// Whether it is the one string that stands for all equal ones.
    pub(crate) fn is_interned(&self, value: &Value<P>) -> bool {
        let interned = self.interned.lock().expect("no panic");
        value.text().is_some_and(|text| interned.get(text).is_some_and(|known| known.is(value)))
    }
}

impl<P: Version> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

#[repr(align(8))]
pub(crate) struct Object<P: Version> {
    pub(crate) kind: Kind<P>,
    /// Its number in the record.
    pub(crate) number: Option<usize>,
    /// Its hash in the record; else it is hashed by identity.
    pub(crate) hash: Option<i64>,
}

pub(crate) enum Kind<P: Version> {
    Int(String),
    Bool(bool),
    Float(f64),
    Complex(f64, f64),
    Str(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<Value<P>>),
    FrozenSet(Vec<Value<P>>),
    List,
    Slice([Value<P>; 3]),
    Code(Box<Code<Machine<P>>>),
    /// Of another type.
    Other(String),
}

pub(crate) struct Value<P: Version>(Arc<Object<P>>, PhantomData<P>);

impl<P: Version> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(self.0.clone(), PhantomData)
    }
}

impl<P: Version> Value<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        Value::recorded(kind, None, None)
    }

    pub(crate) fn recorded(kind: Kind<P>, number: Option<usize>, hash: Option<i64>) -> Self {
        Value(Arc::new(Object { kind, number, hash }), PhantomData)
    }

    pub(crate) fn object(&self) -> &Object<P> {
        &self.0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn text(&self) -> Option<&[u8]> {
        if let Kind::Str(text) = &self.0.kind { Some(text) } else { None }
    }

    pub(crate) fn code(&self) -> &Code<Machine<P>> {
        let Kind::Code(code) = &self.0.kind else { panic!("no code object") };
        code
    }
}

// SAFETY: the pointer is that of an `Arc`, whose contents stay where they are; there are no functions, and no code that
// frames ask for.
unsafe impl<P: Version> vm::Value for Value<P> {
    type Last = Self;
    type Code = NoValue;

    fn into_raw(self) -> NonNull<()> {
        NonNull::new(Arc::into_raw(self.0).cast_mut()).expect("not null").cast()
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::from(&*self.0).cast()
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: it comes from `into_raw`, so from `Arc::into_raw`.
        Value(unsafe { Arc::from_raw(raw.as_ptr().cast::<Object<P>>()) }, PhantomData)
    }

    fn release(self) -> Option<Self> {
        (Arc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&NoValue> {
        None
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        None
    }
}

impl<P: Version> Objects for Machine<P> {
    type Exception = String;

    fn make(&self, constant: Constant<'_, Self>) -> Result<Value<P>, String> {
        Ok(Value::new(match constant {
            Constant::Tuple(items) => Kind::Tuple(items.to_vec()),
            Constant::FrozenSet(items) => Kind::FrozenSet(items.to_vec()),
            _ => return Err("MemoryError".to_owned()),
        }))
    }

    fn make_code(&self, code: Code<Self>) -> Result<Value<P>, String> {
        Ok(Value::new(Kind::Code(Box::new(code))))
    }

    fn shape<'a>(&self, value: &'a Value<P>) -> Shape<'a, Self> {
        match &value.0.kind {
            Kind::Int(_) => Shape::Exact(0),
            Kind::Bool(_) => Shape::Exact(1),
            Kind::Str(_) => Shape::Exact(2),
            Kind::Bytes(_) => Shape::Exact(3),
            Kind::Float(value) => Shape::Float(*value),
            Kind::Complex(real, imag) => Shape::Complex(*real, *imag),
            Kind::Tuple(items) => Shape::Tuple(items),
            Kind::FrozenSet(items) => Shape::FrozenSet(items),
            Kind::Slice(items) => Shape::Slice(items.each_ref()),
            Kind::Code(code) => Shape::Code(code),
            Kind::List | Kind::Other(_) => Shape::Other,
        }
    }

    fn equal(&self, left: &Value<P>, right: &Value<P>) -> bool {
        match (&left.0.kind, &right.0.kind) {
            (Kind::Int(left), Kind::Int(right)) => left == right,
            (Kind::Bool(left), Kind::Bool(right)) => left == right,
            (Kind::Str(left), Kind::Str(right)) | (Kind::Bytes(left), Kind::Bytes(right)) => left == right,
            _ => panic!("asked of objects that are not of one type"),
        }
    }

    fn hash(&self, value: &Value<P>) -> Result<i64, String> {
        match &value.0.kind {
            Kind::List => Err("unhashable type: 'list'".to_owned()),
            Kind::Slice(_) if value.0.hash.is_none() => Err("unhashable type: 'slice'".to_owned()),
            Kind::Code(code) => code.hash(self),
            _ => Ok(value.0.hash.unwrap_or(vm::Value::as_raw(value).addr().get().cast_signed() as i64)),
        }
    }

    fn hash_bytes(&self, bytes: &[u8]) -> i64 {
        *self.bytes.get(bytes).expect("a hash in the record")
    }

    fn text<'a>(&self, value: &'a Value<P>) -> Option<Cow<'a, [u8]>> {
        value.text().map(Cow::Borrowed)
    }

    fn type_name<'a>(&self, value: &'a Value<P>) -> Cow<'a, str> {
        Cow::Borrowed(match &value.0.kind {
            Kind::Int(_) => "int",
            Kind::Bool(_) => "bool",
            Kind::Float(_) => "float",
            Kind::Complex(..) => "complex",
            Kind::Str(_) => "str",
            Kind::Bytes(_) => "bytes",
            Kind::Tuple(_) => "tuple",
            Kind::FrozenSet(_) => "frozenset",
            Kind::List => "list",
            Kind::Slice(_) => "slice",
            Kind::Code(_) => "code",
            Kind::Other(name) => name,
        })
    }

    fn intern(&self, value: Value<P>) -> Value<P> {
        let text = value.text().expect("only strings are interned").to_vec();
        self.interned.lock().expect("no panic").entry(text).or_insert(value).clone()
    }
}
