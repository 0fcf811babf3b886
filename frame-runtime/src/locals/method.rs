//! Methods of the mapping that writes through, as Python calls them: with any number of arguments.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use super::{Error, FrameLocals, Item, LocalsVm};
use crate::attribute::Refusal;
use crate::data_stack::DataStack;
use crate::generator::ErrorKind;
use crate::vm::FrameVm;

/// Raised by `hash()` of the mapping.
pub const UNHASHABLE: Refusal = Refusal::new(ErrorKind::TypeError, "unhashable type: 'FrameLocalsProxy'", "");

/// A method that is called by its name. Operators and special methods are methods of [`FrameLocals`] alone.
///
/// Source: `framelocalsproxy_methods`, Objects/frameobject.c.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `copy()`
    Copy,
    /// `get(key, default=None, /)`
    Get,
    /// `items()`
    Items,
    /// `keys()`
    Keys,
    /// `pop(key, default, /)`
    Pop,
    /// `__reversed__()`
    Reversed,
    /// `setdefault(key, default=None, /)`
    Setdefault,
    /// `update(other, /)`
    Update,
    /// `values()`
    Values,
}

impl Method {
    /// All of them, by name.
    pub const ALL: [Method; 9] = [
        Method::Reversed,
        Method::Copy,
        Method::Get,
        Method::Items,
        Method::Keys,
        Method::Pop,
        Method::Setdefault,
        Method::Update,
        Method::Values,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Copy => "copy",
            Method::Get => "get",
            Method::Items => "items",
            Method::Keys => "keys",
            Method::Pop => "pop",
            Method::Reversed => "__reversed__",
            Method::Setdefault => "setdefault",
            Method::Update => "update",
            Method::Values => "values",
        }
    }
}

/// What a method returns.
pub enum Answer<V: FrameVm> {
    /// `None`
    None,
    /// An object.
    Value(V::Value),
    /// A new `list` of these.
    List(Vec<V::Value>),
    /// A new `list` of tuples of two.
    Items(Vec<Item<V>>),
}

impl<V: LocalsVm> FrameLocals<V> {
    /// Makes one of the arguments of a call of the type.
    ///
    /// # Errors
    ///
    /// The `TypeError` of CPython.
    ///
    /// Source: `framelocalsproxy_new`, Objects/frameobject.c.
    pub fn from_arguments(stack: &DataStack<V>, arguments: &[V::Value], has_keywords: bool) -> Result<Self, Error<V>> {
        let text: Cow<'static, str> = match arguments {
            [frame] => match FrameLocals::new(frame.clone()) {
                Some(_) if has_keywords => "FrameLocalsProxy takes no keyword arguments".into(),
                Some(locals) => return Ok(locals),
                None => format!("expect frame, not {}", stack.vm().type_name(frame)).into(),
            },
            _ => format!("FrameLocalsProxy expected 1 argument, got {}", arguments.len()).into(),
        };
        Err(Error::new(ErrorKind::TypeError, text))
    }

    /// Calls a method with positional arguments.
    ///
    /// # Errors
    ///
    /// The `TypeError` of a wrong number of arguments, and what the method itself raises.
    pub fn call(&self, stack: &DataStack<V>, method: Method, arguments: &[V::Value]) -> Result<Answer<V>, Error<V>> {
        Ok(match (method, arguments) {
            (Method::Copy, []) => Answer::Value(self.copy(stack)?),
            (Method::Items, []) => Answer::Items(self.items(stack)?),
            (Method::Keys, []) => Answer::List(self.keys(stack)?),
            (Method::Values, []) => Answer::List(self.values(stack)?),
            (Method::Reversed, []) => {
                let mut keys = self.keys(stack)?;
                keys.reverse();
                Answer::List(keys)
            }
            (Method::Get, [key]) => self.find(stack, key)?.map_or(Answer::None, Answer::Value),
            (Method::Get, [key, default]) => Answer::Value(self.find(stack, key)?.unwrap_or_else(|| default.clone())),
            (Method::Pop, [key]) => match self.pop(stack, key)? {
                Some(value) => Answer::Value(value),
                None => return Err(Error::Key(key.clone())),
            },
            (Method::Pop, [key, default]) => Answer::Value(self.pop(stack, key)?.unwrap_or_else(|| default.clone())),
            (Method::Setdefault, [key]) => Answer::Value(self.setdefault(stack, key, stack.vm().none())?),
            (Method::Setdefault, [key, default]) => Answer::Value(self.setdefault(stack, key, default.clone())?),
            (Method::Update, [other]) => {
                self.update(stack, other)?;
                Answer::None
            }
            _ => return Err(Error::new(ErrorKind::TypeError, wrong_count(method, arguments.len()))),
        })
    }
}

fn wrong_count(method: Method, given: usize) -> Cow<'static, str> {
    let name = method.name();
    match method {
        Method::Get | Method::Setdefault => format!("{name} expected 1 or 2 arguments").into(),
        Method::Pop if given == 0 => "pop expected at least 1 argument, got 0".into(),
        Method::Pop => format!("pop expected at most 2 arguments, got {given}").into(),
        Method::Update => format!("FrameLocalsProxy.update() takes exactly one argument ({given} given)").into(),
        _ => format!("FrameLocalsProxy.{name}() takes no arguments ({given} given)").into(),
    }
}
