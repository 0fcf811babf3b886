//! Exceptions: their classes, how they are raised, and how they follow each other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use frame_runtime::generator::ErrorKind;

use super::python::Python;
use super::vm::{Kind, Value};
use super::world::World;

/// A class.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// Whether scripts made it, and no builtin has its name.
    pub(crate) is_own: bool,
    parent: Option<&'static str>,
}

const fn class(name: &'static str, parent: &'static str) -> Class {
    Class { name, is_own: false, parent: Some(parent) }
}

const fn own(name: &'static str, parent: &'static str) -> Class {
    Class { name, is_own: true, parent: Some(parent) }
}

static CLASSES: &[Class] = &[
    Class { name: "BaseException", is_own: false, parent: None },
    Class { name: "int", is_own: false, parent: None },
    class("Exception", "BaseException"),
    class("GeneratorExit", "BaseException"),
    class("AttributeError", "Exception"),
    class("LookupError", "Exception"),
    class("IndexError", "LookupError"),
    class("MemoryError", "Exception"),
    class("RuntimeError", "Exception"),
    class("RecursionError", "RuntimeError"),
    class("StopAsyncIteration", "Exception"),
    class("StopIteration", "Exception"),
    class("SystemError", "Exception"),
    class("TypeError", "Exception"),
    class("ValueError", "Exception"),
    class("Warning", "Exception"),
    class("DeprecationWarning", "Warning"),
    class("RuntimeWarning", "Warning"),
    own("SubStop", "StopIteration"),
    own("SubExit", "GeneratorExit"),
    own("SubValue", "ValueError"),
];

impl Class {
    /// The class of this name.
    pub(crate) fn find(name: &str) -> &'static Class {
        CLASSES.iter().find(|class| class.name == name).unwrap_or_else(|| panic!("no class {name}"))
    }

    /// Whether it is the class of this name, or derives from it.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name || self.parent.is_some_and(|parent| Class::find(parent).is(name))
    }

    pub(crate) fn is_exception(&self) -> bool {
        self.is("BaseException")
    }
}

/// An exception.
pub(crate) struct Error<P: Python> {
    pub(crate) class: &'static Class,
    pub(crate) arguments: Vec<Value<P>>,
    cause: RefCell<Option<Value<P>>>,
    context: RefCell<Option<Value<P>>>,
    pub(crate) suppress: Cell<bool>,
}

impl<P: Python> Error<P> {
    pub(crate) fn cause(&self) -> Option<Value<P>> {
        self.cause.borrow().clone()
    }

    pub(crate) fn context(&self) -> Option<Value<P>> {
        self.context.borrow().clone()
    }

    fn set_context(&self, context: Option<Value<P>>) {
        drop(self.context.replace(context));
    }

    /// Sets the cause, and so suppresses the context.
    fn set_cause(&self, cause: Option<Value<P>>) {
        drop(self.cause.replace(cause));
        self.suppress.set(true);
    }

    /// Lets go of the exceptions behind it.
    pub(crate) fn forget(&self) {
        drop(self.cause.take());
        drop(self.context.take());
    }
}

/// Makes a handled exception the context of one that is raised: `_PyErr_SetObject`.
pub(crate) fn chain<P: Python>(exception: &Value<P>, handled: Value<P>) {
    let Some(error) = exception.error() else { return };
    if exception.same(&handled) {
        return;
    }
    let mut seen: Vec<Value<P>> = Vec::new();
    let mut at = handled.clone();
    while let Some(context) = at.error().and_then(Error::context) {
        if context.same(exception) {
            at.error().expect("an exception").set_context(None);
            break;
        }
        if seen.iter().any(|known| known.same(&context)) {
            break;
        }
        seen.push(std::mem::replace(&mut at, context));
    }
    error.set_context(Some(handled));
}

/// `raise ... from`, as the runtime does it: the cause is the context, too.
pub(crate) fn set_cause<P: Python>(exception: &Value<P>, cause: Value<P>) {
    let Some(error) = exception.error() else { return };
    error.set_context(Some(cause.clone()));
    error.set_cause(Some(cause));
}

impl<P: Python> World<P> {
    pub(crate) fn exception(self: &Rc<Self>, class: &'static Class, arguments: Vec<Value<P>>) -> Value<P> {
        self.object(Kind::Error(Error {
            class,
            arguments,
            cause: RefCell::default(),
            context: RefCell::default(),
            suppress: Cell::new(false),
        }))
    }

    /// An exception with a text, raised here.
    pub(crate) fn raised(self: &Rc<Self>, kind: ErrorKind, text: &str) -> Value<P> {
        let exception = self.exception(Class::find(kind.name()), vec![self.text(text)]);
        self.in_context(exception)
    }

    /// One without arguments, raised here.
    pub(crate) fn bare(self: &Rc<Self>, name: &str) -> Value<P> {
        self.in_context(self.exception(Class::find(name), Vec::new()))
    }

    /// An exception that is raised here.
    pub(crate) fn in_context(&self, exception: Value<P>) -> Value<P> {
        if let Some(handled) = self.stack.handled() {
            chain(&exception, handled);
        }
        exception
    }

    /// What is raised by `raise value from cause`.
    pub(crate) fn raise(self: &Rc<Self>, value: Value<P>, cause: Option<Value<P>>) -> Value<P> {
        let exception = match self.raisable(value) {
            Some(exception) => exception,
            None => return self.raised(ErrorKind::TypeError, "exceptions must derive from BaseException"),
        };
        match cause.map(|cause| if cause.is_none() { Ok(None) } else { self.raisable(cause).ok_or(()).map(Some) }) {
            None => {}
            Some(Ok(cause)) => exception.error().expect("an exception").set_cause(cause),
            Some(Err(())) => {
                return self.raised(ErrorKind::TypeError, "exception causes must derive from BaseException");
            }
        }
        self.in_context(exception)
    }

    /// An exception, or one of a class.
    fn raisable(self: &Rc<Self>, value: Value<P>) -> Option<Value<P>> {
        match value.kind() {
            Kind::Error(_) => Some(value),
            Kind::Class(class) if class.is_exception() => Some(self.exception(class, Vec::new())),
            _ => None,
        }
    }

    /// What is raised by `raise` alone.
    pub(crate) fn reraise(self: &Rc<Self>) -> Value<P> {
        let handled = self.stack.handled();
        handled.unwrap_or_else(|| self.raised(ErrorKind::RuntimeError, "No active exception to reraise"))
    }

    /// Makes an exception of a class that was thrown, with what was thrown besides.
    pub(crate) fn instantiate(self: &Rc<Self>, class: &Value<P>, value: Option<Value<P>>) -> Value<P> {
        let Kind::Class(class) = class.kind() else { panic!("a class") };
        let Some(value) = value else { return self.exception(class, Vec::new()) };
        match value.kind() {
            Kind::Error(error) if error.class.is(class.name) => value,
            Kind::Tuple(parts) => self.exception(class, parts.clone()),
            _ => self.exception(class, vec![value]),
        }
    }
}
