//! What `__await__()` of a coroutine returns.

use super::part::{self, Held};
use super::{Core, Generator, GeneratorObjects, GeneratorVm, Part, PartRef, Sent, Throw};
use crate::data_stack::DataStack;
use crate::machine::generator::{Flavour, event};
use crate::visit::Visit;

/// A generator with its object, which keeps it.
pub(super) struct Of<V: GeneratorObjects> {
    object: Held<V>,
    core: Core<V>,
}

impl<V: GeneratorVm> Of<V> {
    /// # Panics
    ///
    /// If it is not the generator's object.
    pub(super) fn new(generator: &Generator<V>, object: &V::Value) -> Self {
        let core = generator.core();
        match V::part(object) {
            Some(PartRef::Generator(known)) if known.core().is(core) => {}
            _ => not_its_object(),
        }
        Of { object: Held::new(object.clone()), core }
    }

    /// The frame, which is there for as long as the object.
    pub(super) fn core(&self) -> Core<V> {
        self.core
    }

    pub(super) fn object(&self) -> V::Value {
        self.object.get()
    }

    pub(super) fn visit(&self, visit: &mut dyn Visit<V>) {
        self.object.visit(visit);
    }
}

#[cold]
#[inline(never)]
fn not_its_object() -> ! {
    panic!("the object is another than the generator's")
}

/// What `__await__()` of a coroutine returns: an iterator that does what the coroutine does. It cannot be awaited itself.
///
/// Holds a strong reference to the coroutine. Dropping it runs nothing; a coroutine that goes with it warns as any does.
///
/// Source: `PyCoroWrapper`, Objects/genobject.c.
pub struct CoroutineWrapper<V: GeneratorObjects> {
    coroutine: Of<V>,
}

impl<V: GeneratorVm> CoroutineWrapper<V> {
    /// The coroutine's object (`cw_coroutine`).
    pub fn coroutine(&self) -> V::Value {
        self.coroutine.object()
    }

    /// `next()`: as `send(None)` of the coroutine.
    ///
    /// # Errors
    ///
    /// Those of the coroutine.
    ///
    /// Source: `coro_wrapper_iternext`, Objects/genobject.c.
    pub fn next(&self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        self.coroutine.core().send(stack, event::NEXT, stack.vm().none())
    }

    /// `send()` of the coroutine.
    ///
    /// # Errors
    ///
    /// Those of the coroutine.
    ///
    /// Source: `coro_wrapper_send`, Objects/genobject.c.
    pub fn send(&self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        self.coroutine.core().send(stack, event::SEND, value)
    }

    /// `throw()` of the coroutine.
    ///
    /// # Errors
    ///
    /// Those of the coroutine.
    ///
    /// Source: `coro_wrapper_throw`, Objects/genobject.c.
    pub fn throw(&self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        self.coroutine.core().throw(stack, throw, true)
    }

    /// `close()` of the coroutine.
    ///
    /// # Errors
    ///
    /// Those of the coroutine.
    ///
    /// Source: `coro_wrapper_close`, Objects/genobject.c.
    pub fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        self.coroutine.core().close(stack, event::CLOSE)
    }

    /// Shows all references to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.coroutine.visit(visit);
    }
}

impl<V: GeneratorVm> Generator<V> {
    /// `__await__()` of a coroutine: makes a [`CoroutineWrapper`]. `object` is the coroutine's.
    ///
    /// # Errors
    ///
    /// There is no memory; an `AttributeError` of what is no coroutine.
    ///
    /// # Panics
    ///
    /// If the object is another one's.
    ///
    /// Source: `coro_await`, Objects/genobject.c.
    pub fn coroutine_await(&self, stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
        if self.flavour() != Flavour::Coroutine {
            return Err(PartRef::Generator(self).has_no(stack, "__await__"));
        }
        part::make(stack, Part::CoroutineWrapper(CoroutineWrapper { coroutine: Of::new(self, object) }))
    }
}
