//! What a VM answers and does for its generators, coroutines and async generators.

#![expect(unsafe_code, reason = "a VM promises that its objects keep what they are made around")]

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::ptr::NonNull;

use super::rules::Machines;
use super::{Part, PartRef, Resume};
use crate::data_stack::DataStack;
use crate::entry::Entry;
use crate::machine;
use crate::vm::{FrameVm, Value};

/// Exceptions and warnings that the runtime raises, or asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `AttributeError`
    AttributeError,
    /// `DeprecationWarning`
    DeprecationWarning,
    /// `GeneratorExit`
    GeneratorExit,
    /// `KeyError`
    KeyError,
    /// `MemoryError`
    MemoryError,
    /// `NameError`
    NameError,
    /// `RecursionError`
    RecursionError,
    /// `RuntimeError`
    RuntimeError,
    /// `RuntimeWarning`
    RuntimeWarning,
    /// `StopAsyncIteration`
    StopAsyncIteration,
    /// `StopIteration`
    StopIteration,
    /// `SystemError`
    SystemError,
    /// `TypeError`
    TypeError,
    /// `UnboundLocalError`
    UnboundLocalError,
    /// `ValueError`
    ValueError,
}

impl ErrorKind {
    /// The name of its type.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::AttributeError => "AttributeError",
            ErrorKind::DeprecationWarning => "DeprecationWarning",
            ErrorKind::GeneratorExit => "GeneratorExit",
            ErrorKind::KeyError => "KeyError",
            ErrorKind::MemoryError => "MemoryError",
            ErrorKind::NameError => "NameError",
            ErrorKind::RecursionError => "RecursionError",
            ErrorKind::RuntimeError => "RuntimeError",
            ErrorKind::RuntimeWarning => "RuntimeWarning",
            ErrorKind::StopAsyncIteration => "StopAsyncIteration",
            ErrorKind::StopIteration => "StopIteration",
            ErrorKind::SystemError => "SystemError",
            ErrorKind::TypeError => "TypeError",
            ErrorKind::UnboundLocalError => "UnboundLocalError",
            ErrorKind::ValueError => "ValueError",
        }
    }
}

impl From<machine::Error> for ErrorKind {
    fn from(error: machine::Error) -> Self {
        match error {
            machine::Error::TypeError => ErrorKind::TypeError,
            machine::Error::ValueError => ErrorKind::ValueError,
            machine::Error::RuntimeError => ErrorKind::RuntimeError,
            machine::Error::SystemError => ErrorKind::SystemError,
            machine::Error::StopIteration => ErrorKind::StopIteration,
            machine::Error::StopAsyncIteration => ErrorKind::StopAsyncIteration,
            machine::Error::RuntimeWarning => ErrorKind::RuntimeWarning,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a generator, or an iterator, did when something was sent to it.
///
/// Source: `PySendResult`, Include/object.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent<T> {
    /// It yielded this (`PYGEN_NEXT`).
    Yielded(T),
    /// It is over, with this value (`PYGEN_RETURN`).
    Returned(T),
}

/// What the type of an object may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// `tp_iter`: `__iter__`, or what `iter()` makes for a sequence
    Iter,
    /// `tp_iternext`: `__next__`
    Iternext,
    /// `am_await`: `__await__`
    Await,
    /// `am_aiter`: `__aiter__`
    Aiter,
    /// `am_anext`: `__anext__`
    Anext,
}

/// A method that is looked up by name, in the object first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `send`
    Send,
    /// `throw`
    Throw,
    /// `close`
    Close,
}

impl Method {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Send => "send",
            Method::Throw => "throw",
            Method::Close => "close",
        }
    }
}

/// What something is that was thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thrown {
    /// A class that derives from `BaseException`.
    Class,
    /// An instance of one.
    Instance,
    /// Neither.
    Other,
}

/// The names that a generator takes from its function.
#[derive(Clone, Debug)]
pub struct Names<T> {
    /// `__name__`
    pub name: T,
    /// `__qualname__`
    pub qualname: T,
}

/// What `sys.set_asyncgen_hooks` set.
#[derive(Clone, Debug)]
pub struct Hooks<T> {
    /// Called with an async generator that is iterated for the first time.
    pub firstiter: Option<T>,
    /// Called instead of its end with an async generator that is let go of.
    pub finalizer: Option<T>,
}

impl<T> Default for Hooks<T> {
    fn default() -> Self {
        Hooks { firstiter: None, finalizer: None }
    }
}

/// One of the frames that ran when a coroutine was made.
#[derive(Clone, Debug)]
pub struct Origin<T> {
    /// Its code object.
    pub code: T,
    /// The line on which it stood.
    pub line: Option<i32>,
}

/// What was being done when an exception came up that nobody can be told of (`sys.unraisablehook`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum While {
    /// A generator was closed because nobody held it any more: "closing generator".
    Closing,
    /// The finalizer hook of an async generator was called, or a warning about it was raised: "finalizing generator".
    Finalizing,
    /// The warning was raised that a coroutine was never awaited: "finalizing coroutine".
    FinalizingCoroutine,
    /// The warning was raised that a method of an async generator was never awaited: "finalizing async generator". Since 3.13.
    FinalizingAsyncGenerator,
}

impl While {
    /// How CPython's message calls it: `Exception ignored while closing generator`.
    pub const fn words(self) -> &'static str {
        match self {
            While::Closing => "closing generator",
            While::Finalizing => "finalizing generator",
            While::FinalizingCoroutine => "finalizing coroutine",
            While::FinalizingAsyncGenerator => "finalizing async generator",
        }
    }
}

/// The objects around generators, coroutines, async generators and what belongs to them: each holds the [`Part`] that the
/// runtime made for it. All else that a VM answers for them is in [`GeneratorVm`].
///
/// # Safety
///
/// - If [`part`](Self::part) finds a part in an object once, then it always does so for this object, always the same one,
///   and it lives as long as the object does. No two objects have the same one.
/// - [`generator_memory`](Self::generator_memory) is that of the generator that `part` finds, or none.
/// - What [`make_part`](Self::make_part) returns holds the part that it was given, until it ends.
/// - Neither `part` nor `generator_memory` runs code of the program, takes the frame of a generator or enters a data stack.
/// - When an object that `make_part` returned ends, its part goes before anything else in it whose end may run code of the
///   program: until then the object can be asked for by what refers to its frame
///   ([`FrameObject::generator`](crate::frame_object::FrameObject::generator)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what objects hold its generators",
    note = "`unsafe impl GeneratorObjects for ...`: objects that keep the part that they are made around"
)]
pub unsafe trait GeneratorObjects: FrameVm {
    /// The runtime's part of an object: what [`make_part`](Self::make_part) put into it.
    fn part(object: &Self::Value) -> Option<PartRef<'_, Self>>;

    /// The memory of the [`Generator`](super::Generator) that an object holds ([`Generator::memory`](super::Generator::memory)). Instructions ask
    /// for it; a VM that has it behind its object need not look into that.
    #[inline(always)]
    fn generator_memory(object: &Self::Value) -> Option<NonNull<u8>> {
        match Self::part(object)? {
            PartRef::Generator(generator) => Some(generator.memory()),
            _ => None,
        }
    }

    /// Makes an object around a part. May run code of the program.
    ///
    /// `None`: there is no memory.
    fn make_part(&self, part: Part<Self>) -> Option<Self::Value>;
}

/// A VM that has generators, coroutines and async generators.
///
/// The runtime makes their parts, and the VM the [objects](GeneratorObjects) around them. All that runs, fails and ends is the
/// [driver](super)'s; it asks here for what lies outside: other objects, exceptions, warnings, and the
/// [eval loop](Self::run).
///
/// Nothing here is a promise that memory safety rests on: whatever is answered, and whatever runs meanwhile, the worst that
/// comes of it is a wrong value, a wrong exception or a panic. What only looks at an object (`none`, `is_none`, `has_slot`,
/// `stop_value`, `is_exception`, `is_exception_class`, `thrown`) should still run no code of the program: CPython runs none
/// there, and an instruction that asks may hold its frame meanwhile, so that nothing else can run.
///
/// Values that are handed in and out are counted. The driver holds some in Rust variables while it asks, so a VM whose
/// collector moves objects needs values here that it finds: handles. The instructions that go from frame to frame
/// ([`ops`](crate::ops)) hold none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say that it has generators",
    note = "`impl GeneratorVm for ...`: what runs a body, and what it asks of objects and exceptions"
)]
pub trait GeneratorVm: GeneratorObjects {
    /// The names of a function, which its generators begin with.
    fn names(&self, function: &Self::Value) -> Names<Self::Value>;

    // Running.

    /// What stands for the driver in the chain of frames, as the shim of [`DataStack::enter`].
    fn shim(&self) -> Self::Value;

    /// Runs a generator's frame: the eval loop. Begins with [`Resume::start`], and goes on until the entry is left.
    ///
    /// Returns what the frame yielded or returned; which of both it was is known by its generator.
    ///
    /// # Errors
    ///
    /// The exception that left the frame.
    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Result<Self::Value, Self::Value>;

    // Objects.

    /// `None`
    fn none(&self) -> Self::Value;

    /// Whether it is `None`.
    fn is_none(&self, object: &Self::Value) -> bool {
        self.none().as_raw() == object.as_raw()
    }

    /// The name of an object's type, for messages: `int`.
    fn type_name<'a>(&self, object: &'a Self::Value) -> Cow<'a, str>;

    /// The text of a `str`, for messages.
    fn text<'a>(&self, object: &'a Self::Value) -> Cow<'a, str>;

    /// Whether the type of an object has a slot. A VM whose only iterators are generators leaves this, and what follows.
    fn has_slot(&self, object: &Self::Value, slot: Slot) -> bool {
        let _ = (object, slot);
        false
    }

    /// Calls a slot that the object's type has.
    ///
    /// `None` from [`Slot::Iternext`]: it is over. Others return something.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn call_slot(
        &self,
        stack: &DataStack<Self>,
        object: &Self::Value,
        slot: Slot,
    ) -> Result<Option<Self::Value>, Self::Value> {
        let _ = (stack, object, slot);
        Ok(None)
    }

    /// Looks a method up by its name; `None` where there is none (`AttributeError`).
    ///
    /// # Errors
    ///
    /// Any other exception of the lookup.
    fn lookup(
        &self,
        stack: &DataStack<Self>,
        object: &Self::Value,
        method: Method,
    ) -> Result<Option<Self::Value>, Self::Value> {
        let _ = (stack, object, method);
        Ok(None)
    }

    /// Calls an object.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn call(
        &self,
        stack: &DataStack<Self>,
        callable: &Self::Value,
        arguments: &[Self::Value],
    ) -> Result<Self::Value, Self::Value> {
        let _ = arguments;
        let text = alloc::format!("'{}' object is not callable", self.type_name(callable));
        Err(super::drive::raised(stack, ErrorKind::TypeError, &text))
    }

    /// The next item of a `list`, `tuple`, `str` or `bytes` that is delegated to, by its index, and the next index; since 3.15.
    /// `None` where it has no more.
    ///
    /// # Errors
    ///
    /// What the VM raises.
    fn next_virtual(
        &self,
        stack: &DataStack<Self>,
        container: &Self::Value,
        index: isize,
    ) -> Result<Option<(Self::Value, isize)>, Self::Value> {
        let _ = (stack, container, index);
        Ok(None)
    }

    /// Whether it is one of those: then `yield from` keeps it itself, with an index.
    fn has_virtual_iterator(&self, object: &Self::Value) -> bool {
        let _ = object;
        false
    }

    /// The items of a `tuple`; `None` for anything else. Asked where CPython takes a tuple for arguments.
    fn tuple_items(&self, object: &Self::Value) -> Option<Vec<Self::Value>> {
        let _ = object;
        None
    }

    // Exceptions.

    /// The class of an exception. A VM without classes leaves this: then an instance is thrown.
    fn exception_class(&self, kind: ErrorKind) -> Self::Value {
        self.make_exception(kind, "")
    }

    /// Makes an exception with a text. Its context is set by who asks.
    fn make_exception(&self, kind: ErrorKind, text: &str) -> Self::Value;

    /// Makes a `StopIteration` or `StopAsyncIteration` with these arguments: none, or the value.
    fn make_stop(&self, kind: ErrorKind, value: Option<Self::Value>) -> Self::Value;

    /// The value of a `StopIteration`: its first argument, or `None`.
    fn stop_value(&self, exception: &Self::Value) -> Self::Value;

    /// Whether it is an instance of the type, or of one derived from it.
    fn is_exception(&self, object: &Self::Value, kind: ErrorKind) -> bool;

    /// Whether a class is the type, or derived from it.
    fn is_exception_class(&self, class: &Self::Value, kind: ErrorKind) -> bool {
        let _ = (class, kind);
        false
    }

    /// What something is that is thrown.
    fn thrown(&self, object: &Self::Value) -> Thrown;

    /// Makes an exception of a class that was thrown, with what was thrown besides: none, arguments in a tuple, an instance,
    /// or one argument (`_PyErr_NormalizeException`).
    ///
    /// # Errors
    ///
    /// What came up instead.
    fn instantiate(
        &self,
        stack: &DataStack<Self>,
        class: &Self::Value,
        value: Option<Self::Value>,
    ) -> Result<Self::Value, Self::Value>;

    /// Whether it is a traceback.
    fn is_traceback(&self, object: &Self::Value) -> bool {
        let _ = object;
        false
    }

    /// Gives an exception a traceback (`PyException_SetTraceback`).
    fn set_traceback(&self, exception: &Self::Value, traceback: Self::Value) {
        let _ = (exception, traceback);
    }

    /// An exception is raised while another is handled, which becomes its context. An exception is never its own: a link
    /// further down that leads back to it is cut (`_PyErr_SetObject`).
    fn set_context(&self, exception: &Self::Value, handled: Self::Value) {
        let _ = (exception, handled);
    }

    /// `raise ... from`: sets cause and context, and suppresses the context.
    fn set_cause(&self, exception: &Self::Value, cause: Self::Value) {
        let _ = (exception, cause);
    }

    // Who is told.

    /// Issues a warning.
    ///
    /// # Errors
    ///
    /// The warning, where warnings are errors.
    fn warn(
        &self,
        stack: &DataStack<Self>,
        kind: ErrorKind,
        text: &str,
        source: Option<&Self::Value>,
    ) -> Result<(), Self::Value> {
        let _ = (stack, kind, text, source);
        Ok(())
    }

    /// Warns that a coroutine was never awaited (`warnings._warn_unawaited_coroutine`). The text is the first line.
    ///
    /// # Errors
    ///
    /// The warning, where warnings are errors.
    fn warn_unawaited(&self, stack: &DataStack<Self>, coroutine: &Self::Value, text: &str) -> Result<(), Self::Value> {
        self.warn(stack, ErrorKind::RuntimeWarning, text, Some(coroutine))
    }

    /// Nobody can be told of an exception (`sys.unraisablehook`). Until 3.13 CPython passes the object on, from 3.14 it says
    /// in words what was being done with it.
    fn unraisable(&self, stack: &DataStack<Self>, exception: Self::Value, doing: While, object: &Self::Value) {
        let _ = (stack, exception, doing, object);
    }

    // The thread's settings.

    /// `sys.get_asyncgen_hooks()`
    fn asyncgen_hooks(&self) -> Hooks<Self::Value> {
        Hooks::default()
    }

    /// Whether somebody traces, profiles or monitors what runs: then a generator that is closed at a `yield` outside of every
    /// `try` runs to its end all the same.
    fn is_traced(&self) -> bool {
        false
    }

    /// `sys.get_coroutine_origin_tracking_depth()`
    fn origin_depth(&self) -> usize {
        0
    }

    /// Makes `cr_origin`: a tuple of file name, line and name of each frame, the caller of the coroutine function first.
    ///
    /// `None`: there is no memory.
    fn make_origin(&self, frames: &[Origin<Self::Value>]) -> Option<Self::Value> {
        let _ = frames;
        None
    }

    /// The machines that the driver goes by: those of the version. A VM that tries others out at run time says so here; if any
    /// of its loops are [trusted](Entry::trusted), that says what of them.
    #[inline(always)]
    fn machines() -> &'static Machines {
        const { &Machines::of::<Self::Python>() }
    }
}
