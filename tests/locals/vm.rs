//! A VM whose objects are those that scripts name: what they are, how they die, and what frames ask of them.

use std::cell::{Cell as StdCell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use frame_runtime::cell::Cell;
use frame_runtime::code::{Code, Verified};
use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::locals::FrameLocals;
use frame_runtime::version::Activation;
use frame_runtime::vm::{Constant, FrameVm, Function, Objects, Shape, Value as _, Vm};
use std::borrow::Cow;

use crate::dict::Dict;

thread_local! {
    static LIVE: StdCell<usize> = const { StdCell::new(0) };
    static DIED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The marks that ended since somebody asked.
pub(crate) fn died() -> Vec<u64> {
    DIED.take()
}

/// The VM of version `P`, with the strings that it interned.
pub(crate) struct Machine<P: Activation> {
    interned: RefCell<HashMap<String, Value<P>>>,
    none: OnceCell<Value<P>>,
    /// Objects of code.
    code: StdCell<usize>,
}

pub(crate) type Stack<P> = DataStack<Machine<P>>;

impl<P: Activation> Default for Machine<P> {
    fn default() -> Self {
        Machine { interned: RefCell::default(), none: OnceCell::new(), code: StdCell::new(0) }
    }
}

impl<P: Activation> Machine<P> {
    pub(crate) fn none_object(&self) -> Value<P> {
        self.none.get_or_init(|| Value::new(Kind::None)).clone()
    }

    /// What there is now is there to the end.
    pub(crate) fn keep_all(&self) {
        self.code.set(self.code.get() + self.living());
    }

    /// Objects that there are besides what is kept.
    pub(crate) fn living(&self) -> usize {
        LIVE.get() - self.interned.borrow().len() - usize::from(self.none.get().is_some()) - self.code.get()
    }

    /// The one string of this text.
    pub(crate) fn interned(&self, text: &str) -> Value<P> {
        let mut interned = self.interned.borrow_mut();
        let known = interned.entry(text.to_owned());
        known.or_insert_with(|| Value::new(Kind::Str(text.to_owned()))).clone()
    }
}

/// How keys of a subclass are hashed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Same,
    /// It has no hash.
    Hash,
    /// No comparison works.
    Eq,
    Never,
    Always,
    /// Its hash is another one.
    Far,
}

pub(crate) const HOWS: [(&str, How); 6] = [
    ("same", How::Same),
    ("hash", How::Hash),
    ("eq", How::Eq),
    ("never", How::Never),
    ("always", How::Always),
    ("far", How::Far),
];

/// What an object is.
pub(crate) enum Kind<P: Activation> {
    None,
    Bool(bool),
    Int(i64),
    Str(String),
    Bytes,
    /// An object of a subclass of `str`.
    Sub(String, How),
    Key(String, How),
    Mark(u64),
    Tuple(Vec<Value<P>>),
    List(RefCell<Vec<Value<P>>>),
    /// A dict, and which of its methods raises; none of a plain one.
    Dict(RefCell<Dict<P>>, Option<&'static str>),
    /// A mapping that is no dict, by the name of its type.
    Map(RefCell<Dict<P>>, &'static str),
    Exception(String, String),
    /// Something else, by the name of its type.
    Other(String),
    Cell(Cell<Machine<P>>),
    Code(Box<Verified<Machine<P>>>),
    Function {
        code: Value<P>,
        closure: Vec<Value<P>>,
    },
    Frame(FrameObject<Machine<P>>),
    Proxy(FrameLocals<Machine<P>>),
}

#[repr(align(8))]
pub(crate) struct Object<P: Activation>(Kind<P>);

impl<P: Activation> Drop for Object<P> {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
        match &mut self.0 {
            Kind::Mark(number) => DIED.with_borrow_mut(|died| died.push(*number)),
            // As in CPython, the last one goes first.
            Kind::Tuple(items) => while items.pop().is_some() {},
            Kind::List(items) => while items.get_mut().pop().is_some() {},
            Kind::Function { closure, .. } => while closure.pop().is_some() {},
            _ => {}
        }
    }
}

pub(crate) struct Value<P: Activation>(Rc<Object<P>>);

/// A reference that does not keep its object.
pub(crate) type Own<P> = Weak<Object<P>>;

impl<P: Activation> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(Rc::clone(&self.0))
    }
}

impl<P: Activation> Value<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        LIVE.set(LIVE.get() + 1);
        Value(Rc::new(Object(kind)))
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn weak(&self) -> Own<P> {
        Rc::downgrade(&self.0)
    }

    pub(crate) fn upgrade(own: &Own<P>) -> Option<Self> {
        own.upgrade().map(Value)
    }

    pub(crate) fn exception(kind: &str, text: impl Into<String>) -> Self {
        Value::new(Kind::Exception(kind.to_owned(), text.into()))
    }

    pub(crate) fn frame(&self) -> &FrameObject<Machine<P>> {
        Machine::frame_object(self).expect("a frame object")
    }

    /// The name of its type.
    pub(crate) fn class(&self) -> &str {
        match self.kind() {
            Kind::None => "NoneType",
            Kind::Bool(_) => "bool",
            Kind::Int(_) => "int",
            Kind::Str(_) => "str",
            Kind::Bytes => "bytes",
            Kind::Sub(..) => "Sub",
            Kind::Key(..) => "Key",
            Kind::Mark(_) => "Mark",
            Kind::Tuple(_) => "tuple",
            Kind::List(_) => "list",
            Kind::Dict(_, None) => "dict",
            Kind::Dict(_, Some("keys")) => "DictKeys",
            Kind::Dict(_, Some("getitem")) => "DictItem",
            Kind::Dict(_, Some(_)) => "Dict",
            Kind::Map(_, name) => name,
            Kind::Exception(name, _) | Kind::Other(name) => name,
            Kind::Cell(_) => "cell",
            Kind::Code(_) => "code",
            Kind::Function { .. } => "function",
            Kind::Frame(_) => "frame",
            Kind::Proxy(_) => "FrameLocalsProxy",
        }
    }
}

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

// SAFETY: an object is what it is from the beginning to the end, `Rc` counts, and nothing that is asked here runs anything.
unsafe impl<P: Activation> FrameVm for Machine<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = object.kind() { Some(frame) } else { None }
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        Some(Value::new(Kind::Frame(object)))
    }

    fn is_unique(object: &Value<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }

    fn make_cell(&self, content: Option<Value<P>>) -> Option<Value<P>> {
        Some(Value::new(Kind::Cell(Cell::new(content))))
    }

    fn cell(object: &Value<P>) -> Option<&Cell<Self>> {
        if let Kind::Cell(cell) = object.kind() { Some(cell) } else { None }
    }
}

// SAFETY: an `Rc` is one pointer, to something aligned to 8 bytes that neither moves nor becomes something else.
unsafe impl<P: Activation> frame_runtime::vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Verified<Machine<P>>;

    fn into_raw(self) -> NonNull<()> {
        NonNull::new(Rc::into_raw(self.0).cast_mut().cast()).expect("no null pointer")
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is one of `into_raw`, by the contract.
        Value(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Value<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Verified<Machine<P>>> {
        if let Kind::Code(code) = self.kind() { Some(code) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function { code, closure } = self.kind() else { return None };
        Some(Function { code, globals: None, builtins: None, closure })
    }
}

/// What code objects are made of, and no more.
impl<P: Activation> Objects for Machine<P> {
    type Exception = String;

    fn make(&self, constant: Constant<'_, Self>) -> Result<Value<P>, String> {
        Ok(match constant {
            Constant::None => self.none_object(),
            Constant::Bool(truth) => Value::new(Kind::Bool(truth)),
            Constant::Int(number) => Value::new(Kind::Int(number.to_i64().ok_or("a large number")?)),
            Constant::Str { text, .. } => self.interned(&String::from_utf8_lossy(text)),
            Constant::Bytes(_) => Value::new(Kind::Bytes),
            Constant::Tuple(items) => Value::new(Kind::Tuple(items.to_vec())),
            _ => return Err(String::from("no script has such a constant")),
        })
    }

    fn make_code(&self, code: Code<Self>) -> Result<Value<P>, String> {
        let code = code.into_verified().map_err(|(_, why)| format!("{why:?}"))?;
        Ok(Value::new(Kind::Code(Box::new(code))))
    }

    fn shape<'a>(&self, value: &'a Value<P>) -> Shape<'a, Self> {
        match value.kind() {
            Kind::Int(_) => Shape::Exact(0),
            Kind::Str(_) => Shape::Exact(1),
            Kind::Bytes => Shape::Exact(2),
            Kind::Bool(_) => Shape::Exact(3),
            Kind::Tuple(items) => Shape::Tuple(items),
            Kind::Code(code) => Shape::Code(code),
            _ => Shape::Other,
        }
    }

    fn equal(&self, left: &Value<P>, right: &Value<P>) -> bool {
        crate::compare::equal(left, right).is_ok_and(|equal| equal)
    }

    fn hash(&self, value: &Value<P>) -> Result<i64, String> {
        crate::compare::hash(value).map_err(|_| String::from("it has no hash"))
    }

    fn hash_bytes(&self, bytes: &[u8]) -> i64 {
        crate::compare::hash_text(bytes)
    }

    fn text<'a>(&self, value: &'a Value<P>) -> Option<Cow<'a, [u8]>> {
        if let Kind::Str(text) = value.kind() { Some(Cow::Borrowed(text.as_bytes())) } else { None }
    }

    fn type_name<'a>(&self, value: &'a Value<P>) -> Cow<'a, str> {
        Cow::Borrowed(value.class())
    }

    fn intern(&self, value: Value<P>) -> Value<P> {
        if let Kind::Str(text) = value.kind() { self.interned(text) } else { value }
    }
}

/// The address of an object, for what is hashed by it.
pub(crate) fn address<P: Activation>(value: &Value<P>) -> i64 {
    i64::try_from(value.as_raw().addr().get()).expect("an address")
}
