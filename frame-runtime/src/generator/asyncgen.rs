//! Async generators: what they are asked for, and what becomes of what their bodies do.

use super::drive::stopped;
use super::part::{self, Held};
use super::wrapper::Of;
use super::{
    Asend, Athrow, Core, ErrorKind, Generator, GeneratorObjects, GeneratorVm, Part, PartRef, Sent, Throw, since,
};
use crate::data_stack::DataStack;
use crate::frame::Place;
use crate::machine::generator::Flavour;
use crate::visit::Visit;

/// A value that the body of an async generator yields, as opposed to one that comes from what it awaits.
///
/// Source: `_PyAsyncGenWrappedValue`, Objects/genobject.c.
pub struct WrappedValue<V: GeneratorObjects> {
    value: Held<V>,
}

impl<V: GeneratorVm> WrappedValue<V> {
    /// The value (`agw_val`).
    pub fn value(&self) -> V::Value {
        self.value.get()
    }

    /// Shows all references to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.value.visit(visit);
    }
}

/// `ASYNC_GEN_WRAP` of 3.11, `CALL_INTRINSIC_1` 4 (`INTRINSIC_ASYNC_GEN_WRAP`) since 3.12: makes a [`WrappedValue`].
///
/// # Errors
///
/// There is no memory.
///
/// Source: `_PyAsyncGenValueWrapperNew`, Objects/genobject.c.
pub fn async_gen_wrap<V: GeneratorVm>(stack: &DataStack<V>, value: V::Value) -> Result<V::Value, V::Value> {
    part::make(stack, Part::WrappedValue(WrappedValue { value: Held::new(value) }))
}

/// What the body of an async generator did.
pub(super) enum Did<T> {
    /// Something that it awaits yielded this.
    Awaits(T),
    /// It yielded this.
    Yields(T),
    /// This left it; a `StopAsyncIteration` where it returned.
    Fails(T),
}

impl<V: GeneratorVm> Core<V> {
    /// What came of resuming the body of an async generator.
    ///
    /// Source: `async_gen_unwrap_value`, Objects/genobject.c, without the flags.
    pub(super) fn did(self, stack: &DataStack<V>, sent: Result<Sent<V::Value>, V::Value>) -> Did<V::Value> {
        match sent {
            Ok(Sent::Yielded(value)) => match V::part(&value) {
                Some(PartRef::WrappedValue(wrapped)) => Did::Yields(wrapped.value()),
                _ => Did::Awaits(value),
            },
            Ok(Sent::Returned(value)) => Did::Fails(stopped(stack, Flavour::AsyncGenerator, value)),
            Err(exception) => Did::Fails(exception),
        }
    }

    /// Captures the thread's hooks, the first time; calls the one for that.
    ///
    /// Source: `async_gen_init_hooks`, Objects/genobject.c.
    fn init_hooks(self, stack: &DataStack<V>, object: &V::Value) -> Result<(), V::Value> {
        let head = self.head();
        if head.hooks_inited.replace(true) {
            return Ok(());
        }
        let hooks = stack.vm().asyncgen_hooks();
        if let Some(finalizer) = hooks.finalizer {
            head.origin_or_finalizer.put(finalizer);
        }
        match hooks.firstiter {
            Some(firstiter) => stack.vm().call(stack, &firstiter, core::slice::from_ref(object)).map(drop),
            None => Ok(()),
        }
    }
}

/// Whether it is what ends an async generator: `StopAsyncIteration`, `GeneratorExit`.
pub(super) fn is_end<V: GeneratorVm>(vm: &V, exception: &V::Value) -> bool {
    vm.is_exception(exception, ErrorKind::StopAsyncIteration) || vm.is_exception(exception, ErrorKind::GeneratorExit)
}

/// An await is over with a value, which may be `None` as any other: from 3.13 on the `StopIteration` has it as an argument.
///
/// Source: `_PyGen_SetStopIterationValue`, Objects/genobject.c.
pub(super) fn is_over_with<V: GeneratorVm>(stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
    let vm = stack.vm();
    if since::<V>(13) && vm.is_none(&value) {
        return Err(vm.make_stop(ErrorKind::StopIteration, Some(value)));
    }
    Ok(Sent::Returned(value))
}

impl<V: GeneratorVm> Generator<V> {
    /// `__anext__()` of an async generator: makes an [`Asend`]. `object` is the async generator's.
    ///
    /// # Errors
    ///
    /// What the hook for the first iteration raises; there is no memory; an `AttributeError` of what is no async generator.
    ///
    /// # Panics
    ///
    /// If the object is another one's.
    ///
    /// Source: `async_gen_anext`, Objects/genobject.c.
    pub fn anext(&self, stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
        let agen = self.iterated(stack, object, "__anext__")?;
        part::make(stack, Part::Asend(Asend::new(agen, None)))
    }

    /// `asend()` of an async generator: makes an [`Asend`].
    ///
    /// # Errors
    ///
    /// As [`anext`](Self::anext).
    ///
    /// # Panics
    ///
    /// As [`anext`](Self::anext).
    ///
    /// Source: `async_gen_asend`, Objects/genobject.c.
    pub fn asend(&self, stack: &DataStack<V>, object: &V::Value, value: V::Value) -> Result<V::Value, V::Value> {
        let agen = self.iterated(stack, object, "asend")?;
        part::make(stack, Part::Asend(Asend::new(agen, Some(value))))
    }

    /// `athrow()` of an async generator: makes an [`Athrow`].
    ///
    /// # Errors
    ///
    /// As [`anext`](Self::anext). From 3.12 on a `DeprecationWarning` for more than one argument, where warnings are errors. From
    /// 3.15 on a `TypeError` where there are none or more than three; before, the first `send()` raises that.
    ///
    /// # Panics
    ///
    /// As [`anext`](Self::anext).
    ///
    /// Source: `async_gen_athrow`, Objects/genobject.c.
    pub fn athrow(
        &self,
        stack: &DataStack<V>,
        object: &V::Value,
        arguments: &[V::Value],
    ) -> Result<V::Value, V::Value> {
        if self.flavour() == Flavour::AsyncGenerator {
            Throw::warn_of_rest(stack, "athrow", arguments.len())?;
        }
        let agen = self.iterated(stack, object, "athrow")?;
        if since::<V>(15) {
            Throw::unwarned(stack, "athrow", arguments)?;
        }
        part::make(stack, Part::Athrow(Athrow::new(agen, Some(arguments))))
    }

    /// `aclose()` of an async generator: makes an [`Athrow`].
    ///
    /// # Errors
    ///
    /// As [`anext`](Self::anext).
    ///
    /// # Panics
    ///
    /// As [`anext`](Self::anext).
    ///
    /// Source: `async_gen_aclose`, Objects/genobject.c.
    pub fn aclose(&self, stack: &DataStack<V>, object: &V::Value) -> Result<V::Value, V::Value> {
        let agen = self.iterated(stack, object, "aclose")?;
        part::make(stack, Part::Athrow(Athrow::new(agen, None)))
    }

    /// It is iterated, perhaps for the first time.
    fn iterated(&self, stack: &DataStack<V>, object: &V::Value, method: &str) -> Result<Of<V>, V::Value> {
        if self.flavour() != Flavour::AsyncGenerator {
            return Err(PartRef::Generator(self).has_no(stack, method));
        }
        let agen = Of::new(self, object);
        self.core().init_hooks(stack, object)?;
        Ok(agen)
    }
}
