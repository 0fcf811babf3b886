//! Generators, coroutines and async generators.
//!
//! The runtime's driver knows their states and what each allows; here it is told what it does not know: what other objects
//! can do, how exceptions are made, and which loop runs a body. What the program calls and reads is in [`methods`].

mod methods;

use std::borrow::Cow;

use frame_runtime::entry::Entry;
use frame_runtime::generator::{ErrorKind, GeneratorVm, Hooks, Method, Names, Resume, Slot, Thrown, While};

use crate::exception::{self, as_exception};
use crate::object::{Args, NONE, Object, Outcome, Stack, Value, string};
use crate::vm::Mini;
use crate::{attribute, call, class, iterator, protocol, sequence, sys, text};

pub(crate) use methods::{
    ANEXT_AWAITABLE_METHODS, ASEND_METHODS, ASYNC_GENERATOR_METHODS, ATHROW_METHODS, COROUTINE_METHODS,
    COROUTINE_WRAPPER_METHODS, GENERATOR_METHODS, get, set,
};

impl GeneratorVm for Mini {
    fn names(&self, function: &Value) -> Names<Value> {
        match function.function() {
            Some(function) => {
                let own = function.own();
                Names { name: own.name.borrow().clone(), qualname: own.qualname.borrow().clone() }
            }
            None => Names { name: NONE, qualname: NONE },
        }
    }

    fn shim(&self) -> Value {
        NONE
    }

    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Outcome {
        crate::eval::resume(entry, resume)
    }

    fn none(&self) -> Value {
        NONE
    }

    fn is_none(&self, object: &Value) -> bool {
        *object == NONE
    }

    fn type_name<'a>(&self, object: &'a Value) -> Cow<'a, str> {
        class::type_name(self, object).into_owned().into()
    }

    fn text<'a>(&self, object: &'a Value) -> Cow<'a, str> {
        text::as_str(object).map_or("", |text| text.as_str()).into()
    }

    fn has_slot(&self, object: &Value, slot: Slot) -> bool {
        match object.object() {
            Some(Object::Instance(_) | Object::Exception(_)) => {
                let has = |name| class::special(self, object, &self.name(name)).is_some();
                has(method_of(slot)) || (slot == Slot::Iter && has("__getitem__"))
            }
            Some(Object::Iter(_)) => matches!(slot, Slot::Iter | Slot::Iternext),
            Some(
                Object::Str(_)
                | Object::Bytes(_)
                | Object::Tuple(_)
                | Object::List(_)
                | Object::Dict(_)
                | Object::View(_)
                | Object::Set(_)
                | Object::FrozenSet(_)
                | Object::Range(_)
                | Object::Locals(_)
                | Object::MappingProxy(_),
            ) => slot == Slot::Iter,
            _ => false,
        }
    }

    fn call_slot(&self, stack: &Stack, object: &Value, slot: Slot) -> Outcome<Option<Value>> {
        match (object.object(), slot) {
            (_, Slot::Iter) => protocol::iter(stack, object).map(Some),
            (Some(Object::Iter(iter)), Slot::Iternext) => iterator::next(stack, iter),
            _ => match class::special(self, object, &self.name(method_of(slot))) {
                Some(method) => call::call(stack, &method, std::slice::from_ref(object)).map(Some),
                None => Err(exception::refuse(stack, "a class whose methods are taken away while they are called")),
            },
        }
    }

    fn lookup(&self, stack: &Stack, object: &Value, method: Method) -> Outcome<Option<Value>> {
        attribute::find(stack, object, &self.name(method.name()))
    }

    fn call(&self, stack: &Stack, callable: &Value, arguments: &[Value]) -> Outcome {
        call::call(stack, callable, arguments)
    }

    fn tuple_items(&self, object: &Value) -> Option<Vec<Value>> {
        sequence::as_tuple(object).map(<[Value]>::to_vec)
    }

    fn exception_class(&self, kind: ErrorKind) -> Value {
        exception::class(self, kind.into()).clone()
    }

    fn make_exception(&self, kind: ErrorKind, text: &str) -> Value {
        // Those that CPython raises without a text have no arguments.
        let args = if text.is_empty() { &[][..] } else { &[string(text)] };
        exception::make(self, kind.into(), args)
    }

    fn make_stop(&self, kind: ErrorKind, value: Option<Value>) -> Value {
        exception::make(self, kind.into(), value.as_slice())
    }

    fn stop_value(&self, exception: &Value) -> Value {
        exception::stop_value(exception)
    }

    fn is_exception(&self, object: &Value, kind: ErrorKind) -> bool {
        exception::is(object, kind.into())
    }

    fn is_exception_class(&self, class: &Value, kind: ErrorKind) -> bool {
        class::as_class(class).is_some() && class::is_subclass(class, exception::class(self, kind.into()))
    }

    fn thrown(&self, object: &Value) -> Thrown {
        if as_exception(object).is_some() {
            Thrown::Instance
        } else if exception::is_exception_class(object) {
            Thrown::Class
        } else {
            Thrown::Other
        }
    }

    fn instantiate(&self, stack: &Stack, class: &Value, value: Option<Value>) -> Outcome {
        let arguments = match value {
            None => Vec::new(),
            Some(value) if is_instance(&value, class) => return Ok(value),
            Some(value) => self.tuple_items(&value).unwrap_or_else(|| vec![value]),
        };
        let made = call::call_with(stack, class, Args::new(&arguments))?;
        if as_exception(&made).is_some() {
            return Ok(made);
        }
        let (class, made) = (protocol::repr(stack, class)?, class::type_name(self, &made));
        let text = format!("calling {class} should have returned an instance of BaseException, not {made}");
        Err(exception::type_error(stack, text))
    }

    fn is_traceback(&self, object: &Value) -> bool {
        matches!(object.object(), Some(Object::Traceback(_)))
    }

    fn set_traceback(&self, exception: &Value, traceback: Value) {
        if let Some(exception) = as_exception(exception) {
            drop(exception.traceback.replace(Some(traceback)));
        }
    }

    fn set_context(&self, exception: &Value, handled: Value) {
        exception::set_context(exception, handled);
    }

    fn set_cause(&self, exception: &Value, cause: Value) {
        if let Some(exception) = as_exception(exception) {
            exception.suppress_context.set(true);
            drop(exception.context.replace(Some(cause.clone())));
            drop(exception.cause.replace(Some(cause)));
        }
    }

    fn warn(&self, stack: &Stack, kind: ErrorKind, text: &str, source: Option<&Value>) -> Outcome<()> {
        sys::warn(stack, kind.into(), text, source.is_some());
        Ok(())
    }

    fn unraisable(&self, stack: &Stack, exception: Value, doing: While, object: &Value) {
        sys::unraisable(stack, &exception, doing.words(), object);
    }

    fn asyncgen_hooks(&self) -> Hooks<Value> {
        self.settings.hooks()
    }
}

/// The method that a class of the program fills a slot with.
fn method_of(slot: Slot) -> &'static str {
    match slot {
        Slot::Iter => "__iter__",
        Slot::Iternext => "__next__",
        Slot::Await => "__await__",
        Slot::Aiter => "__aiter__",
        Slot::Anext => "__anext__",
    }
}

/// Whether it is an exception of this class.
fn is_instance(value: &Value, class: &Value) -> bool {
    as_exception(value).is_some_and(|exception| class::is_subclass(&exception.class, class))
}
