//! Exceptions: what one holds, how one is raised, chained and caught.
//!
//! An exception that a Rust function returns as `Err` is an instance that is raised already: it has its context. The
//! hierarchy is in [`hierarchy`], what the builtin classes do with their arguments in [`builtin`].

mod builtin;
mod hierarchy;

use std::cell::{Cell, RefCell};

use frame_runtime::generator::ErrorKind;
use frame_runtime::unwind::TracebackEntry;

use crate::class::{self, Type};
use crate::object::{NONE, Object, Outcome, Stack, Value, string, tuple};
use crate::sequence::as_tuple;
use crate::text::as_str;
use crate::vm::Mini;
use crate::{call, protocol};

pub(crate) use builtin::{
    METHODS, allocate, construct, delete_attribute, dict_of, get_attribute, initialize, note, set_attribute,
};
pub(crate) use hierarchy::Error;

/// An exception.
pub(crate) struct Exception {
    pub(crate) class: Value,
    /// A tuple.
    pub(crate) args: RefCell<Value>,
    pub(crate) context: RefCell<Option<Value>>,
    pub(crate) cause: RefCell<Option<Value>>,
    pub(crate) suppress_context: Cell<bool>,
    /// The first entry of the traceback.
    pub(crate) traceback: RefCell<Option<Value>>,
    /// What some builtin classes keep besides: `value`, `code`, `name`, `obj`, `msg`, `path`. What is not here is `None`.
    pub(crate) members: RefCell<Vec<(&'static str, Value)>>,
    /// `__dict__`: `__notes__` and what the program sets. Made when it is needed.
    pub(crate) attributes: RefCell<Option<Value>>,
}

/// One line of a traceback: `tb_frame`, `tb_lasti`, `tb_next`; `tb_lineno` is computed.
pub(crate) struct Traceback {
    pub(crate) entry: TracebackEntry<Value>,
    pub(crate) next: RefCell<Option<Value>>,
}

impl Exception {
    /// One of the class's own members, if it has been set.
    pub(crate) fn member(&self, name: &str) -> Option<Value> {
        let members = self.members.borrow();
        members.iter().find(|member| member.0 == name).map(|member| member.1.clone())
    }

    /// Sets a member, or takes it away.
    pub(crate) fn set_member(&self, name: &'static str, value: Option<Value>) {
        let mut members = self.members.borrow_mut();
        let old = members.iter().position(|member| member.0 == name).map(|index| members.swap_remove(index));
        members.extend(value.map(|value| (name, value)));
        drop(members);
        drop(old);
    }
}

/// The class of a builtin exception.
pub(crate) fn class(vm: &Mini, error: Error) -> &Value {
    vm.types.error(error)
}

/// A new exception with this text. What is handled becomes its context.
pub(crate) fn raise(stack: &Stack, error: Error, text: impl AsRef<str>) -> Value {
    raise_with(stack, error, &[string(text.as_ref())])
}

/// The same with arguments, or none.
pub(crate) fn raise_with(stack: &Stack, error: Error, args: &[Value]) -> Value {
    let exception = make(stack.vm(), error, args);
    if let Some(handled) = stack.handled() {
        set_context(&exception, handled);
    }
    exception
}

/// The same without a context, and not raised yet.
pub(crate) fn make(vm: &Mini, error: Error, args: &[Value]) -> Value {
    builtin::make(class(vm, error), error, args)
}

/// A `NameError`, or what derives from it, about this name.
pub(crate) fn name_error(stack: &Stack, error: Error, text: String, name: &Value) -> Value {
    let exception = raise(stack, error, text);
    if let Some(own) = as_exception(&exception) {
        own.set_member("name", Some(name.clone()));
    }
    exception
}

/// A `TypeError`, the commonest.
pub(crate) fn type_error(stack: &Stack, text: impl AsRef<str>) -> Value {
    raise(stack, Error::TypeError, text)
}

/// The program wants what this VM has not: it ends, with the line, and nothing can catch it. `what` is a noun: "the builtin compile()".
pub(crate) fn refuse(stack: &Stack, what: impl AsRef<str>) -> Value {
    make(stack.vm(), Error::Refusal, &[string(what.as_ref())])
}

pub(crate) fn is_refusal(exception: &Value) -> bool {
    // Nothing derives from it.
    let class = as_exception(exception).and_then(|exception| class::as_class(&exception.class));
    class.is_some_and(|class| class.error == Some(Error::Refusal))
}

/// What is refused.
pub(crate) fn refused(exception: &Value) -> String {
    let args = as_exception(exception).map(args).unwrap_or_default();
    args.first().and_then(as_str).map_or("?", |what| what.as_str()).to_owned()
}

/// An exception is never its own context: a link further down that leads back to it is cut.
pub(crate) fn set_context(exception: &Value, handled: Value) {
    let Some(own) = as_exception(exception) else { return };
    if handled.is(exception) {
        return;
    }
    cut_chain(exception, &handled);
    drop(own.context.replace(Some(handled)));
}

/// Cuts the chain of contexts that begins with `first` where it leads to `exception`. A chain that runs in a circle without it is left
/// as it is: `trailing` goes half as fast as the search and is met then.
fn cut_chain(exception: &Value, first: &Value) {
    let context = |of: &Value| as_exception(of).and_then(|of| of.context.borrow().clone());
    let mut current = first.clone();
    let mut trailing = first.clone();
    let mut is_second = false;
    while let Some(next) = context(&current) {
        if next.is(exception) {
            let old = as_exception(&current).and_then(|current| current.context.take());
            drop(old);
            return;
        }
        if next.is(&trailing) {
            return;
        }
        if is_second {
            trailing = context(&trailing).unwrap_or(trailing);
        }
        is_second = !is_second;
        current = next;
    }
}

/// `raise value`: the instance that is raised. A class is called.
pub(crate) fn instance(stack: &Stack, value: Value) -> Outcome {
    if as_exception(&value).is_some() {
        return Ok(value);
    }
    if !is_exception_class(&value) {
        return Err(type_error(stack, "exceptions must derive from BaseException"));
    }
    instance_of(stack, &value)
}

/// Calls a class of exceptions, of which `__new__` may return anything.
fn instance_of(stack: &Stack, class: &Value) -> Outcome {
    let made = call::call(stack, class, &[])?;
    if as_exception(&made).is_some() {
        return Ok(made);
    }
    let callee = protocol::repr(stack, class)?;
    let returned = protocol::repr(stack, class::class_of(stack.vm(), &made))?;
    let text = format!("calling {callee} should have returned an instance of BaseException, not {returned}");
    Err(type_error(stack, text))
}

/// `raise value from cause`: checks and sets the cause.
pub(crate) fn set_cause(stack: &Stack, exception: &Value, cause: Value) -> Outcome<()> {
    let cause = if as_exception(&cause).is_some() {
        Some(cause)
    } else if is_exception_class(&cause) {
        Some(instance_of(stack, &cause)?)
    } else if cause == NONE {
        None
    } else {
        return Err(type_error(stack, "exception causes must derive from BaseException"));
    };
    if let Some(exception) = as_exception(exception) {
        exception.suppress_context.set(true);
        drop(exception.cause.replace(cause));
    }
    Ok(())
}

/// `except class`: whether it catches this exception. A `TypeError` where it is no class of exceptions, or tuple of such.
pub(crate) fn matches(stack: &Stack, exception: &Value, class: &Value) -> Outcome<bool> {
    let classes = as_tuple(class).unwrap_or(std::slice::from_ref(class));
    // All are looked at before any is compared; a tuple within the tuple is wrong, too.
    if !classes.iter().all(is_exception_class) {
        let text = "catching classes that do not inherit from BaseException is not allowed";
        return Err(type_error(stack, text));
    }
    let Some(own) = as_exception(exception) else { return Ok(false) };
    Ok(classes.iter().any(|class| class::is_subclass(&own.class, class)))
}

/// Whether it is a class that derives from `BaseException`.
pub(crate) fn is_exception_class(value: &Value) -> bool {
    class::bases(value).any(|class| class.error.is_some())
}

/// Whether it is an instance of this builtin exception.
pub(crate) fn is(exception: &Value, error: Error) -> bool {
    as_exception(exception).is_some_and(|exception| builtin_base(&exception.class).derives_from(error))
}

/// The builtin exception that a class of exceptions is or derives from.
fn builtin_base(class: &Value) -> Error {
    class::bases(class).find_map(|class| class.error).unwrap_or(Error::BaseException)
}

#[inline(always)]
pub(crate) fn as_exception(value: &Value) -> Option<&Exception> {
    match value.object()? {
        Object::Exception(exception) => Some(exception),
        _ => None,
    }
}

/// Adds a line in front of an exception's traceback.
pub(crate) fn add_traceback(exception: &Value, entry: TracebackEntry<Value>) {
    let Some(exception) = as_exception(exception) else { return };
    let next = exception.traceback.take();
    let line = Value::new_with(|| Object::Traceback(Traceback { entry, next: RefCell::new(next) }));
    // Nothing ran meanwhile: what is there now is `None`.
    drop(exception.traceback.replace(Some(line)));
}

/// The value of a `StopIteration`, or `None`.
pub(crate) fn stop_value(exception: &Value) -> Value {
    as_exception(exception).and_then(|exception| exception.member("value")).unwrap_or(NONE)
}

/// `repr(exception)`
pub(crate) fn repr(stack: &Stack, exception: &Value) -> Outcome<String> {
    match class::special(stack.vm(), exception, &stack.vm().names.__repr__) {
        Some(method) => protocol::returned_text(stack, &method, exception, "__repr__"),
        None => builtin::repr(stack, exception),
    }
}

/// `str(exception)`
pub(crate) fn text(stack: &Stack, exception: &Value) -> Outcome<String> {
    match class::special(stack.vm(), exception, &stack.vm().names.__str__) {
        Some(method) => protocol::returned_text(stack, &method, exception, "__str__"),
        None => builtin::text(stack, exception),
    }
}

/// The `args` of an exception.
pub(crate) fn args(exception: &Exception) -> Vec<Value> {
    as_tuple(&exception.args.borrow()).unwrap_or(&[]).to_vec()
}

/// What an attribute of an exception may be set to, besides `None`: a `TypeError` with this text otherwise.
fn check_traceback(stack: &Stack, value: &Value) -> Outcome<Option<Value>> {
    if *value == NONE {
        Ok(None)
    } else if class::kind(value) == Type::Traceback {
        Ok(Some(value.clone()))
    } else {
        Err(type_error(stack, "__traceback__ must be a traceback or None"))
    }
}

fn new_args(args: &[Value]) -> RefCell<Value> {
    RefCell::new(tuple(args))
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::AttributeError => Error::AttributeError,
            ErrorKind::DeprecationWarning => Error::DeprecationWarning,
            ErrorKind::GeneratorExit => Error::GeneratorExit,
            ErrorKind::KeyError => Error::KeyError,
            ErrorKind::MemoryError => Error::MemoryError,
            ErrorKind::NameError => Error::NameError,
            ErrorKind::RecursionError => Error::RecursionError,
            ErrorKind::RuntimeError => Error::RuntimeError,
            ErrorKind::RuntimeWarning => Error::RuntimeWarning,
            ErrorKind::StopAsyncIteration => Error::StopAsyncIteration,
            ErrorKind::StopIteration => Error::StopIteration,
            ErrorKind::TypeError => Error::TypeError,
            ErrorKind::UnboundLocalError => Error::UnboundLocalError,
            ErrorKind::ValueError => Error::ValueError,
            // `ErrorKind` may grow: then CPython's own word for what should not happen.
            _ => Error::SystemError,
        }
    }
}
