//! What objects are. The runtime counts them ([`Counted`]); code, functions, frames, cells and the generators' family are its
//! own kinds, and everything else is an [`Object`].

use std::cell::RefCell;

use frame_runtime::counted::Counted;
use frame_runtime::data_stack::DataStack;
use frame_runtime::locals::FrameLocals;
use num_bigint::BigInt;

use crate::class::{Class, Field, Instance, Property, Super};
use crate::dict::{Dict, View};
use crate::exception::{Exception, Traceback};
use crate::iterator::Iter;
use crate::range::Range;
use crate::set::Set;
use crate::text::Str;
use crate::vm::Mini;

/// One reference to an object: a word.
pub(crate) type Value = Counted<Mini>;

/// The frames of the VM's one thread, and with them the VM: [`DataStack::vm`].
pub(crate) type Stack = DataStack<Mini>;

/// What may raise: the error is the exception.
pub(crate) type Outcome<T = Value> = Result<T, Value>;

/// `None`, and what else lies in a reference.
pub(crate) const NONE: Value = Value::constant(0);
pub(crate) const FALSE: Value = Value::constant(1);
pub(crate) const TRUE: Value = Value::constant(2);
pub(crate) const ELLIPSIS: Value = Value::constant(3);
pub(crate) const NOT_IMPLEMENTED: Value = Value::constant(4);

/// What an object is that frames know nothing of. Integers of up to 60 bits are in the reference.
pub(crate) enum Object {
    /// An `int` that does not fit into a reference; one that fits is never here.
    Int(Box<BigInt>),
    Float(f64),
    Str(Str),
    Bytes(Box<[u8]>),
    Tuple(Box<[Value]>),
    List(RefCell<Vec<Value>>),
    Dict(Dict),
    /// `dict.keys()`, `values()`, `items()`
    View(View),
    Set(Set),
    FrozenSet(Set),
    Range(Box<Range>),
    /// start, stop, step
    Slice(Box<[Value; 3]>),
    /// `object()`
    Plain,
    Class(Box<Class>),
    Instance(Box<Instance>),
    Exception(Box<Exception>),
    Traceback(Traceback),
    /// A function and what it is bound to.
    Method(Box<[Value; 2]>),
    Builtin(&'static Builtin),
    /// A builtin method and what it is bound to.
    BoundBuiltin(Box<(&'static Builtin, Value)>),
    Property(Box<Property>),
    StaticMethod(Value),
    ClassMethod(Value),
    Super(Box<Super>),
    /// `__dict__` of a class: a dict that it shows, and nobody changes through it.
    MappingProxy(Value),
    /// `__dict__` or `__weakref__`, as a class has it.
    Field(Box<Field>),
    Iter(Box<Iter>),
    Module(Box<Module>),
    /// `f_locals` of a function's frame
    Locals(Box<FrameLocals<Mini>>),
}

/// A function of the VM's own.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    /// Whether it is a method: then its first argument is the object that it is looked up in.
    pub(crate) is_method: bool,
    pub(crate) call: fn(&Stack, Args<'_>) -> Outcome,
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a> {
    pub(crate) positional: &'a [Value],
    /// Names and values.
    pub(crate) keywords: &'a [(Value, Value)],
}

impl<'a> Args<'a> {
    pub(crate) fn new(positional: &'a [Value]) -> Self {
        Args { positional, keywords: &[] }
    }
}

/// What a function has besides its code.
pub(crate) struct FunctionData {
    pub(crate) name: RefCell<Value>,
    pub(crate) qualname: RefCell<Value>,
    pub(crate) defaults: RefCell<Vec<Value>>,
    /// Of keyword-only parameters: a dict, if there are any.
    pub(crate) kwdefaults: RefCell<Option<Value>>,
    pub(crate) doc: RefCell<Value>,
    pub(crate) module: RefCell<Value>,
    /// `__dict__`, made when somebody sets an attribute.
    pub(crate) attributes: RefCell<Option<Value>>,
}

/// A module.
pub(crate) struct Module {
    pub(crate) name: Value,
    /// A dict.
    pub(crate) dict: Value,
}

/// A reference to an integer of any size.
pub(crate) fn int(value: impl Into<i64>) -> Value {
    let value = value.into();
    Value::integer(value).unwrap_or_else(|| Value::new(Object::Int(Box::new(BigInt::from(value)))))
}

pub(crate) fn boolean(value: bool) -> Value {
    if value { TRUE } else { FALSE }
}

pub(crate) fn string(text: impl Into<Box<str>>) -> Value {
    Value::new(Object::Str(Str::new(text)))
}

pub(crate) fn tuple(items: impl Into<Box<[Value]>>) -> Value {
    Value::new(Object::Tuple(items.into()))
}

pub(crate) fn list(items: Vec<Value>) -> Value {
    Value::new(Object::List(RefCell::new(items)))
}

pub(crate) fn float(value: f64) -> Value {
    Value::new(Object::Float(value))
}
