//! `aiter()` and `anext()`, and what that returns when it is given a default.

use alloc::format;
use alloc::vec::Vec;

use super::asyncgen::is_over_with;
use super::awaiting::awaitable_iter;
use super::delegate::{call_method, get_slot, has_slot, next};
use super::drive::raised;
use super::part::{self, Held};
use super::{ErrorKind, GeneratorObjects, GeneratorVm, Method, Part, Sent, Slot, Thrown, since};
use crate::data_stack::DataStack;
use crate::machine::generator::Flavour;
use crate::visit::Visit;

/// What `anext()` returns when it is given a default: awaits what `__anext__()` returned, and is over with the default instead
/// of a `StopAsyncIteration`.
///
/// Holds strong references to both. Dropping it runs nothing.
///
/// Source: `anextawaitableobject`, Objects/iterobject.c.
pub struct AnextAwaitable<V: GeneratorObjects> {
    wrapped: Held<V>,
    default: Held<V>,
}

impl<V: GeneratorVm> AnextAwaitable<V> {
    /// The iterator that is awaited, which is got anew each time.
    ///
    /// Source: `anextawaitable_getiter`, Objects/iterobject.c.
    fn iterator(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        let awaitable = awaitable_iter(stack, &self.wrapped.get())?;
        // Of what is awaited only coroutines are no iterators.
        if has_slot(stack.vm(), &awaitable, Slot::Iternext) {
            return Ok(awaitable);
        }
        get_slot(stack, &awaitable, Slot::Await)
    }

    /// What came of asking it.
    fn instead(
        &self,
        stack: &DataStack<V>,
        asked: Result<Sent<V::Value>, V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        let vm = stack.vm();
        let exception = match asked {
            Err(exception) if vm.is_exception(&exception, ErrorKind::StopAsyncIteration) => exception,
            asked => return asked,
        };
        let default = self.default.get();
        // Until 3.12 the exception is still set when another one is made of what is taken for more than one argument.
        let calls = || vm.thrown(&default) == Thrown::Instance || vm.tuple_items(&default).is_some();
        if !since::<V>(13) && calls() {
            let text = "<class 'StopIteration'> returned a result with an exception set";
            let error = vm.make_exception(ErrorKind::SystemError, text);
            vm.set_cause(&error, exception);
            return Err(error);
        }
        is_over_with(stack, default)
    }

    /// `next()`
    ///
    /// # Errors
    ///
    /// What [`get_awaitable`](super::get_awaitable) says of what `__anext__()` returned, and what the iterator raises.
    ///
    /// Source: `anextawaitable_iternext`, Objects/iterobject.c.
    pub fn next(&self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        let iterator = self.iterator(stack)?;
        self.instead(stack, next(stack, &iterator))
    }

    /// Calls `send()` of the iterator. A tuple is taken for its arguments.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next), and an `AttributeError` if it has no such method.
    ///
    /// Source: `anextawaitable_send`, Objects/iterobject.c.
    pub fn send(&self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        let iterator = self.iterator(stack)?;
        let mut arguments = stack.vm().tuple_items(&value).unwrap_or_else(|| Vec::from([value]));
        let asked = match (V::part(&iterator), arguments.len()) {
            (Some(part), 1) => part.send(stack, arguments.remove(0)),
            (Some(part), given) => {
                let type_name = part.type_name();
                let text = format!("{type_name}.send() takes exactly one argument ({given} given)");
                Err(raised(stack, ErrorKind::TypeError, &text))
            }
            (None, _) => call_method(stack, &iterator, Method::Send, &arguments).map(Sent::Yielded),
        };
        self.instead(stack, asked)
    }

    /// Calls `throw()` of the iterator, with these arguments.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `anextawaitable_throw`, Objects/iterobject.c.
    pub fn throw_arguments(&self, stack: &DataStack<V>, arguments: &[V::Value]) -> Result<Sent<V::Value>, V::Value> {
        let iterator = self.iterator(stack)?;
        let asked = match V::part(&iterator) {
            Some(part) => part.throw_arguments(stack, arguments),
            None => call_method(stack, &iterator, Method::Throw, arguments).map(Sent::Yielded),
        };
        self.instead(stack, asked)
    }

    /// Calls `close()` of the iterator.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `anextawaitable_close`, Objects/iterobject.c.
    pub fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        let iterator = self.iterator(stack)?;
        let asked = match V::part(&iterator) {
            Some(part) => part.close(stack),
            None => call_method(stack, &iterator, Method::Close, &[]),
        };
        self.instead(stack, asked.map(Sent::Yielded))?.into_result(stack, Flavour::Generator)
    }

    /// Shows all references to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.wrapped.visit(visit);
        self.default.visit(visit);
    }
}

/// `anext()`: what `__anext__()` returns, or with a default an [`AnextAwaitable`] of it.
///
/// # Errors
///
/// A `TypeError` if there is no `__anext__()`; what that raises; there is no memory.
///
/// Source: `builtin_anext_impl`, Python/bltinmodule.c.
pub fn anext<V: GeneratorVm>(
    stack: &DataStack<V>,
    iterator: &V::Value,
    default: Option<V::Value>,
) -> Result<V::Value, V::Value> {
    if !has_slot(stack.vm(), iterator, Slot::Anext) {
        let text = format!("'{}' object is not an async iterator", stack.vm().type_name(iterator));
        return Err(raised(stack, ErrorKind::TypeError, &text));
    }
    let awaitable = get_slot(stack, iterator, Slot::Anext)?;
    let Some(default) = default else { return Ok(awaitable) };
    let wrapped = Held::new(awaitable);
    part::make(stack, Part::AnextAwaitable(AnextAwaitable { wrapped, default: Held::new(default) }))
}

/// `aiter()`: what `__aiter__()` returns.
///
/// # Errors
///
/// A `TypeError` if there is no `__aiter__()`, or what it returns has no `__anext__()`; what it raises.
///
/// Source: `PyObject_GetAIter`, Objects/abstract.c.
pub fn aiter<V: GeneratorVm>(stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
    let vm = stack.vm();
    if !has_slot(vm, object, Slot::Aiter) {
        let text = format!("'{}' object is not an async iterable", vm.type_name(object));
        return Err(raised(stack, ErrorKind::TypeError, &text));
    }
    let iterator = get_slot(stack, object, Slot::Aiter)?;
    if has_slot(vm, &iterator, Slot::Anext) {
        return Ok(iterator);
    }
    let (of, is) = (vm.type_name(object), vm.type_name(&iterator));
    let text = if since::<V>(15) {
        format!("{of}.__aiter__() must return an async iterator, not {is}")
    } else {
        format!("aiter() returned not an async iterator of type '{is}'")
    };
    Err(raised(stack, ErrorKind::TypeError, &text))
}
