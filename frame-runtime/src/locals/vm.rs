//! What a VM answers and does for the local variables of its frames, as the program sees them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{FrameLocals, NameIndex};
use crate::cell::Operator;
use crate::data_stack::DataStack;
use crate::generator::ErrorKind;
use crate::vm::{FrameVm, Value, Vm};

/// The variables of a code object.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a, T> {
    /// Their names in the order of their slots: exact `str` (`co_localsplusnames`).
    pub names: &'a [T],
    /// Their kinds (`co_localspluskinds`).
    pub kinds: &'a [u8],
    /// Where a name is; none where names are to be compared one by one.
    pub index: Option<&'a NameIndex>,
    /// Whether it is the code of a function: `CO_OPTIMIZED` is in `co_flags`. Otherwise a mapping has the names.
    pub optimized: bool,
}

/// A key and what it is bound to.
pub type Item<V> = (<V as Vm>::Value, <V as Vm>::Value);

/// An exception that is to be raised.
pub enum Error<V: FrameVm> {
    /// A new one, of this type, with this text.
    New(ErrorKind, Cow<'static, str>),
    /// A `KeyError` with this key.
    Key(V::Value),
    /// One that came up in what was asked.
    Raised(V::Value),
}

impl<V: FrameVm> Error<V> {
    pub(super) fn new(kind: ErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Error::New(kind, text.into())
    }
}

impl<V: FrameVm> fmt::Debug for Error<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::New(kind, text) => f.debug_tuple("New").field(kind).field(text).finish(),
            Error::Key(_) => f.write_str("Key"),
            Error::Raised(_) => f.write_str("Raised"),
        }
    }
}

impl<V: FrameVm> fmt::Display for Error<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::New(kind, text) => write!(f, "{kind}: {text}"),
            Error::Key(_) => f.write_str("KeyError"),
            Error::Raised(_) => f.write_str("an exception came up in what was asked"),
        }
    }
}

impl<V: FrameVm> core::error::Error for Error<V> {}

/// A VM whose program sees the local variables of frames.
///
/// Everything here may run code of the program, unless it says otherwise. Exceptions are values, as for
/// [generators](crate::generator::GeneratorVm). Values are held in Rust variables while it is asked, so a VM whose collector
/// moves objects needs values here that it finds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how the program sees local variables",
    note = "`impl LocalsVm for ...`: dicts, hashes and comparisons, and the names of a code object's variables"
)]
pub trait LocalsVm: FrameVm {
    /// The variables of a code object. Runs no code of the program; of the runtime's own code objects:
    /// [`Code::variables`](crate::code::Code::variables).
    fn variables(code: &<Self::Value as Value>::Code) -> Variables<'_, Self::Value>;

    /// The locals in an object, if it is a `FrameLocalsProxy` (since 3.13). Runs no code of the program.
    fn frame_locals(object: &Self::Value) -> Option<&FrameLocals<Self>> {
        let _ = object;
        None
    }

    /// Whether it is a `dict`, or of a class derived from it. Runs no code of the program.
    fn is_dict(&self, object: &Self::Value) -> bool;

    /// `None`. Runs no code of the program.
    fn none(&self) -> Self::Value;

    /// The name of an object's type, for messages: `int`. Runs no code of the program.
    fn type_name<'a>(&self, object: &'a Self::Value) -> Cow<'a, str>;

    /// An empty `dict`.
    ///
    /// # Errors
    ///
    /// `MemoryError`
    fn new_dict(&self) -> Result<Self::Value, Self::Value>;

    /// Entries of a `dict` that [`new_dict`](Self::new_dict) made. Runs no code of the program.
    fn dict_len(&self, dict: &Self::Value) -> usize;

    /// Keys and values of a `dict` that [`new_dict`](Self::new_dict) made, in its order. Runs no code of the program.
    fn dict_items(&self, dict: &Self::Value) -> Vec<Item<Self>>;

    /// `hash()`; of a name what [`NameIndex::new`] was told.
    ///
    /// # Errors
    ///
    /// What it raises: `unhashable type: 'list'`.
    fn hash(&self, stack: &DataStack<Self>, object: &Self::Value) -> Result<i64, Self::Value>;

    /// `==`, as a condition; of an object that is not the same one.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn is_equal(&self, stack: &DataStack<Self>, left: &Self::Value, right: &Self::Value) -> Result<bool, Self::Value>;

    /// What a comparison of a `dict` with one comes to (`PyObject_RichCompare`).
    ///
    /// # Errors
    ///
    /// What it raises.
    fn compare(
        &self,
        stack: &DataStack<Self>,
        left: &Self::Value,
        right: &Self::Value,
        operator: Operator,
    ) -> Result<Self::Value, Self::Value>;

    /// `repr()`
    ///
    /// # Errors
    ///
    /// What it raises.
    fn repr(&self, stack: &DataStack<Self>, object: &Self::Value) -> Result<String, Self::Value>;

    /// `mapping[key]`. `None`: it raises a `KeyError`.
    ///
    /// # Errors
    ///
    /// What else it raises.
    fn get_item(
        &self,
        stack: &DataStack<Self>,
        mapping: &Self::Value,
        key: &Self::Value,
    ) -> Result<Option<Self::Value>, Self::Value>;

    /// `mapping[key] = value`
    ///
    /// # Errors
    ///
    /// What it raises.
    fn set_item(
        &self,
        stack: &DataStack<Self>,
        mapping: &Self::Value,
        key: &Self::Value,
        value: Self::Value,
    ) -> Result<(), Self::Value>;

    /// `del mapping[key]`. `false`: it raises a `KeyError`.
    ///
    /// # Errors
    ///
    /// What else it raises.
    fn del_item(&self, stack: &DataStack<Self>, mapping: &Self::Value, key: &Self::Value) -> Result<bool, Self::Value>;

    /// `list(mapping.keys())`
    ///
    /// # Errors
    ///
    /// What it raises.
    fn keys(&self, stack: &DataStack<Self>, mapping: &Self::Value) -> Result<Vec<Self::Value>, Self::Value>;

    /// `dict.update(mapping)`, where the mapping is no `FrameLocalsProxy`: what has no `keys()` is an `AttributeError`
    /// (`PyDict_Update`).
    ///
    /// # Errors
    ///
    /// What it raises.
    fn update(&self, stack: &DataStack<Self>, dict: &Self::Value, mapping: &Self::Value) -> Result<(), Self::Value>;

    /// Issues a `RuntimeWarning`. Asked in 3.12.
    ///
    /// # Errors
    ///
    /// The warning, where warnings are errors.
    fn warn(&self, stack: &DataStack<Self>, text: &str) -> Result<(), Self::Value> {
        let _ = (stack, text);
        Ok(())
    }
}
