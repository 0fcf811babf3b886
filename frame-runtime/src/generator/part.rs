//! The objects of the family, each with what the runtime keeps for it: its part.

use alloc::format;

use super::drive::{full, raised};
use super::{
    AnextAwaitable, Asend, Athrow, CoroutineWrapper, ErrorKind, Generator, GeneratorObjects, GeneratorVm, Method, Sent,
    Slot, Throw, WrappedValue,
};
use crate::data_stack::{DataStack, Full};
use crate::frame::{Place, Plain};
use crate::machine::generator::Flavour;
use crate::visit::Visit;
use crate::vm::FrameVm;

/// What the runtime knows of an object of the family.
pub enum Part<V: GeneratorObjects> {
    /// A generator, coroutine or async generator.
    Generator(Generator<V>),
    /// What `__await__()` of a coroutine returns.
    CoroutineWrapper(CoroutineWrapper<V>),
    /// What `asend()` and `__anext__()` of an async generator return.
    Asend(Asend<V>),
    /// What `athrow()` and `aclose()` of an async generator return.
    Athrow(Athrow<V>),
    /// What `anext()` returns when it is given a default.
    AnextAwaitable(AnextAwaitable<V>),
    /// What the body of an async generator yields: its value, marked as one of its own.
    WrappedValue(WrappedValue<V>),
}

/// A look at a [`Part`].
pub enum PartRef<'a, V: GeneratorObjects> {
    /// A generator, coroutine or async generator.
    Generator(&'a Generator<V>),
    /// What `__await__()` of a coroutine returns.
    CoroutineWrapper(&'a CoroutineWrapper<V>),
    /// What `asend()` and `__anext__()` of an async generator return.
    Asend(&'a Asend<V>),
    /// What `athrow()` and `aclose()` of an async generator return.
    Athrow(&'a Athrow<V>),
    /// What `anext()` returns when it is given a default.
    AnextAwaitable(&'a AnextAwaitable<V>),
    /// What the body of an async generator yields.
    WrappedValue(&'a WrappedValue<V>),
}

impl<V: GeneratorObjects> Clone for PartRef<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: GeneratorObjects> Copy for PartRef<'_, V> {}

impl<V: GeneratorObjects> Part<V> {
    /// A look at it.
    pub fn as_ref(&self) -> PartRef<'_, V> {
        match self {
            Part::Generator(generator) => PartRef::Generator(generator),
            Part::CoroutineWrapper(wrapper) => PartRef::CoroutineWrapper(wrapper),
            Part::Asend(asend) => PartRef::Asend(asend),
            Part::Athrow(athrow) => PartRef::Athrow(athrow),
            Part::AnextAwaitable(anext) => PartRef::AnextAwaitable(anext),
            Part::WrappedValue(value) => PartRef::WrappedValue(value),
        }
    }
}

impl<V: GeneratorVm> PartRef<'_, V> {
    /// The name of the object's type.
    pub fn type_name(self) -> &'static str {
        match self {
            PartRef::Generator(generator) => generator.type_name(),
            PartRef::CoroutineWrapper(_) => "coroutine_wrapper",
            PartRef::Asend(_) => "async_generator_asend",
            PartRef::Athrow(_) => "async_generator_athrow",
            PartRef::AnextAwaitable(_) => "anext_awaitable",
            PartRef::WrappedValue(_) => "async_generator_wrapped_value",
        }
    }

    /// Whether the object's type has a slot.
    pub fn has_slot(self, slot: Slot) -> bool {
        match self {
            PartRef::Generator(generator) => match generator.flavour() {
                Flavour::Generator | Flavour::TypesCoroutine => matches!(slot, Slot::Iter | Slot::Iternext),
                Flavour::Coroutine => slot == Slot::Await,
                Flavour::AsyncGenerator => matches!(slot, Slot::Aiter | Slot::Anext),
            },
            PartRef::CoroutineWrapper(_) => matches!(slot, Slot::Iter | Slot::Iternext),
            PartRef::Asend(_) | PartRef::Athrow(_) | PartRef::AnextAwaitable(_) => {
                matches!(slot, Slot::Iter | Slot::Iternext | Slot::Await)
            }
            PartRef::WrappedValue(_) => false,
        }
    }

    /// Calls a slot of the object's type; `object` is the object. `None` from [`Slot::Iternext`]: it is over, without a value.
    ///
    /// # Errors
    ///
    /// What the slot raises; a `TypeError` if the type does not have it.
    pub fn call_slot(self, stack: &DataStack<V>, object: &V::Value, slot: Slot) -> Result<Option<V::Value>, V::Value> {
        match (self, slot) {
            (part, slot) if !part.has_slot(slot) => {
                let text = format!("'{}' object has no {slot:?}", part.type_name());
                Err(raised(stack, ErrorKind::TypeError, &text))
            }
            (PartRef::Generator(generator), Slot::Await) => generator.coroutine_await(stack, object).map(Some),
            (PartRef::Generator(generator), Slot::Anext) => generator.anext(stack, object).map(Some),
            (_, Slot::Iter | Slot::Await | Slot::Aiter | Slot::Anext) => Ok(Some(object.clone())),
            (part, Slot::Iternext) => match part.next(stack)? {
                Sent::Returned(value) if stack.vm().is_none(&value) => Ok(None),
                sent => sent.into_result(stack, Flavour::Generator).map(Some),
            },
        }
    }

    /// `next()`, as C does it (`tp_iternext`).
    ///
    /// # Errors
    ///
    /// What comes up. An `AttributeError` of a [`WrappedValue`], which has no methods.
    pub fn next(self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        match self {
            PartRef::Generator(generator) => generator.next(stack),
            PartRef::CoroutineWrapper(wrapper) => wrapper.next(stack),
            PartRef::Asend(asend) => asend.next(stack),
            PartRef::Athrow(athrow) => athrow.next(stack),
            PartRef::AnextAwaitable(anext) => anext.next(stack),
            PartRef::WrappedValue(_) => Err(self.has_no(stack, "__next__")),
        }
    }

    /// `send()`; what is [`Returned`](Sent::Returned) the method raises ([`Sent::into_result`]).
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn send(self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        match self {
            PartRef::Generator(generator) => generator.send(stack, value),
            PartRef::CoroutineWrapper(wrapper) => wrapper.send(stack, value),
            PartRef::Asend(asend) => asend.send(stack, value),
            PartRef::Athrow(athrow) => athrow.send(stack, value),
            PartRef::AnextAwaitable(anext) => anext.send(stack, value),
            PartRef::WrappedValue(_) => Err(self.has_no(stack, Method::Send.name())),
        }
    }

    /// `throw()`, with arguments that were checked.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn throw(self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        match self {
            PartRef::Generator(generator) => generator.throw(stack, throw),
            PartRef::CoroutineWrapper(wrapper) => wrapper.throw(stack, throw),
            PartRef::Asend(asend) => asend.throw(stack, throw),
            PartRef::Athrow(athrow) => athrow.throw(stack, throw),
            PartRef::AnextAwaitable(anext) => anext.throw_arguments(stack, &throw.arguments()),
            PartRef::WrappedValue(_) => Err(self.has_no(stack, Method::Throw.name())),
        }
    }

    /// The method `throw()`: its arguments are checked, and a `DeprecationWarning` is issued, when CPython does so: of
    /// awaitables after it looked at their state, and not at all by those of `anext()`, which hand the arguments on.
    ///
    /// # Errors
    ///
    /// As [`throw`](Self::throw) and [`Throw::parse`].
    pub fn throw_arguments(self, stack: &DataStack<V>, arguments: &[V::Value]) -> Result<Sent<V::Value>, V::Value> {
        match self {
            PartRef::Asend(asend) => asend.throw_arguments(stack, arguments),
            PartRef::Athrow(athrow) => athrow.throw_arguments(stack, arguments),
            PartRef::AnextAwaitable(anext) => anext.throw_arguments(stack, arguments),
            part => part.throw(stack, &Throw::parse(stack, Method::Throw.name(), arguments)?),
        }
    }

    /// `close()`
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn close(self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        match self {
            PartRef::Generator(generator) => generator.close(stack),
            PartRef::CoroutineWrapper(wrapper) => wrapper.close(stack),
            PartRef::Asend(asend) => asend.close(stack),
            PartRef::Athrow(athrow) => athrow.close(stack),
            PartRef::AnextAwaitable(anext) => anext.close(stack),
            PartRef::WrappedValue(_) => Err(self.has_no(stack, Method::Close.name())),
        }
    }

    /// What the object's destructor is to call once, before the part is dropped, while the object can be referred to. May
    /// run code of the program, also code that holds the object again. Errors are [unraisable](GeneratorVm::unraisable).
    pub fn finalize(self, stack: &DataStack<V>, object: &V::Value) {
        match self {
            PartRef::Generator(generator) => generator.finalize(stack, object),
            PartRef::Asend(asend) => asend.finalize(stack),
            PartRef::Athrow(athrow) => athrow.finalize(stack),
            PartRef::CoroutineWrapper(_) | PartRef::AnextAwaitable(_) | PartRef::WrappedValue(_) => {}
        }
    }

    /// Shows all references to a visitor.
    pub fn visit(self, visit: &mut dyn Visit<V>) {
        match self {
            PartRef::Generator(generator) => generator.visit(visit),
            PartRef::CoroutineWrapper(wrapper) => wrapper.visit(visit),
            PartRef::Asend(asend) => asend.visit(visit),
            PartRef::Athrow(athrow) => athrow.visit(visit),
            PartRef::AnextAwaitable(anext) => anext.visit(visit),
            PartRef::WrappedValue(value) => value.visit(visit),
        }
    }

    pub(super) fn has_no(self, stack: &DataStack<V>, name: &str) -> V::Value {
        let text = format!("'{}' object has no attribute '{name}'", self.type_name());
        raised(stack, ErrorKind::AttributeError, &text)
    }
}

/// Makes the object of a part.
pub(super) fn make<V: GeneratorVm>(stack: &DataStack<V>, part: Part<V>) -> Result<V::Value, V::Value> {
    stack.vm().make_part(part).ok_or_else(|| full(stack, Full::Memory))
}

/// A counted reference that a part holds for as long as it is there, and that a collector may change.
pub(super) struct Held<V: FrameVm>(Plain<V>);

impl<V: FrameVm> Held<V> {
    pub(super) fn new(value: V::Value) -> Self {
        Held(Plain::new(Some(value)))
    }

    /// Another reference to the same object.
    pub(super) fn get(&self) -> V::Value {
        match self.0.get() {
            Some(value) => value,
            None => unreachable!("what a part holds goes with it"),
        }
    }

    pub(super) fn visit(&self, visit: &mut dyn Visit<V>) {
        self.0.visit(visit);
    }
}

impl<V: FrameVm> Drop for Held<V> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}
