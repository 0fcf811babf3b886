//! A small VM with generators: what it answers to the driver.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::alloc::Layout;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;

use frame_runtime::bounds::Bounds;
use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{
    ErrorKind, GeneratorObjects, GeneratorVm, Method, Names, Part, PartRef, Resume, Slot, Started, Thrown, While,
};
use frame_runtime::version::Activation;
use frame_runtime::vm::{FrameVm, Value as _, Vm};

use crate::object::{self, Exception, Kind, Value};
use crate::run::{self, Supports};

pub(crate) struct Machine<P: Supports> {
    /// There is no memory for the next object with a body.
    pub(crate) deny: Cell<bool>,
    /// Bounds of bodies are not checked.
    trusted: Cell<bool>,
    /// What nobody could be told of.
    pub(crate) unraisable: RefCell<Vec<Value<P>>>,
    version: PhantomData<P>,
}

impl<P: Supports> Default for Machine<P> {
    fn default() -> Self {
        Machine {
            deny: Cell::new(false),
            trusted: Cell::new(false),
            unraisable: RefCell::default(),
            version: PhantomData,
        }
    }
}

impl<P: Supports> Machine<P> {
    /// Bodies that run from here on are not checked.
    ///
    /// # Safety
    ///
    /// They must keep to what [`Entry::trusted`] says.
    #[allow(dead_code, reason = "the tests check all bounds")]
    pub(crate) unsafe fn trust(&self) {
        self.trusted.set(true);
    }
}

impl<P: Supports> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

// SAFETY: it has no frame objects. A generator's memory is behind an object in a block of `object::allocate`, and goes back
// with it.
unsafe impl<P: Supports> FrameVm for Machine<P> {
    #[inline(always)]
    fn allocate_generator(&self, layout: Layout) -> Option<NonNull<u8>> {
        object::allocate::<P>(layout)
    }

    #[inline(always)]
    unsafe fn free_generator(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: as promised by the caller: what lies in front has ended by then, it is what dropped the generator.
        unsafe { object::free::<P>(memory, layout) };
    }
}

/// Runs a body.
#[inline(always)]
fn begin<P: Supports, B: Bounds>(
    entry: Entry<'_, Machine<P>, B>,
    resume: Resume<Machine<P>>,
) -> Result<Value<P>, Value<P>> {
    match resume.start(entry) {
        Started::Sent(frame) => run::run(frame.any()),
        Started::Thrown(frame, exception) => run::run_thrown(frame.any(), exception),
    }
}

/// Makes an exception.
pub(crate) fn exception<P: Supports>(kind: ErrorKind, text: &str, value: Option<Value<P>>) -> Value<P> {
    let (context, cause) = (RefCell::default(), RefCell::default());
    Value::object(Kind::Exception(Box::new(Exception { kind, text: text.into(), value, context, cause })))
}

// SAFETY: an object has its generator from the beginning to its end.
unsafe impl<P: Supports> GeneratorObjects for Machine<P> {
    #[inline(always)]
    fn part(object: &Value<P>) -> Option<PartRef<'_, Self>> {
        match object.kind()? {
            Kind::Generator(generator) => Some(PartRef::Generator(generator)),
            _ => None,
        }
    }

    #[inline(always)]
    fn generator_memory(object: &Value<P>) -> Option<NonNull<u8>> {
        object.tail()
    }

    fn make_part(&self, part: Part<Self>) -> Option<Value<P>> {
        if self.deny.take() { None } else { object::make(part) }
    }
}

impl<P: Supports> GeneratorVm for Machine<P> {
    fn names(&self, function: &Value<P>) -> Names<Value<P>> {
        match function.kind() {
            Some(Kind::Function(function)) => Names { name: function.name.clone(), qualname: function.name.clone() },
            _ => panic!("no function"),
        }
    }

    fn shim(&self) -> Value<P> {
        Value::none()
    }

    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Result<Value<P>, Value<P>> {
        if entry.stack().vm().trusted.get() {
            // SAFETY: as promised to `trust`.
            begin(unsafe { entry.trusted() }, resume)
        } else {
            begin(entry, resume)
        }
    }

    fn none(&self) -> Value<P> {
        Value::none()
    }

    #[inline(always)]
    fn is_none(&self, object: &Value<P>) -> bool {
        object.is_none()
    }

    fn type_name<'a>(&self, _: &'a Value<P>) -> Cow<'a, str> {
        Cow::Borrowed("object")
    }

    fn text<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        match object.kind() {
            Some(Kind::Text(text)) => Cow::Borrowed(&text.0),
            _ => Cow::Borrowed(""),
        }
    }

    fn has_slot(&self, _: &Value<P>, _: Slot) -> bool {
        false
    }

    fn call_slot(&self, _: &DataStack<Self>, _: &Value<P>, _: Slot) -> Result<Option<Value<P>>, Value<P>> {
        unreachable!("no object has slots")
    }

    fn lookup(&self, _: &DataStack<Self>, _: &Value<P>, _: Method) -> Result<Option<Value<P>>, Value<P>> {
        Ok(None)
    }

    fn call(&self, _: &DataStack<Self>, _: &Value<P>, _: &[Value<P>]) -> Result<Value<P>, Value<P>> {
        unreachable!("no object is looked up")
    }

    fn make_exception(&self, kind: ErrorKind, text: &str) -> Value<P> {
        exception(kind, text, None)
    }

    fn make_stop(&self, kind: ErrorKind, value: Option<Value<P>>) -> Value<P> {
        exception(kind, "", value)
    }

    fn stop_value(&self, exception: &Value<P>) -> Value<P> {
        exception.exception().and_then(|exception| exception.value.clone()).unwrap_or_else(Value::none)
    }

    fn is_exception(&self, object: &Value<P>, kind: ErrorKind) -> bool {
        object.exception().is_some_and(|exception| exception.kind == kind)
    }

    fn is_exception_class(&self, _: &Value<P>, _: ErrorKind) -> bool {
        false
    }

    fn thrown(&self, object: &Value<P>) -> Thrown {
        if object.exception().is_some() { Thrown::Instance } else { Thrown::Other }
    }

    fn instantiate(&self, _: &DataStack<Self>, _: &Value<P>, _: Option<Value<P>>) -> Result<Value<P>, Value<P>> {
        unreachable!("there are no classes")
    }

    fn is_traceback(&self, _: &Value<P>) -> bool {
        false
    }

    fn set_traceback(&self, _: &Value<P>, _: Value<P>) {}

    fn set_context(&self, exception: &Value<P>, handled: Value<P>) {
        // A chain is one exception long here: nothing handles what was raised while something was handled.
        if let Some(raised) = exception.exception()
            && exception.as_raw() != handled.as_raw()
        {
            let before = raised.context.replace(Some(handled));
            drop(before);
        }
    }

    fn set_cause(&self, exception: &Value<P>, cause: Value<P>) {
        if let Some(raised) = exception.exception() {
            let before = raised.cause.replace(Some(cause));
            drop(before);
        }
    }

    fn warn(&self, _: &DataStack<Self>, _: ErrorKind, _: &str, _: Option<&Value<P>>) -> Result<(), Value<P>> {
        Ok(())
    }

    fn unraisable(&self, _: &DataStack<Self>, exception: Value<P>, _: While, _: &Value<P>) {
        self.unraisable.borrow_mut().push(exception);
    }
}

/// A stack.
pub(crate) fn stack<P: Supports + Activation>(recursion: u32) -> DataStack<Machine<P>> {
    let limits = frame_runtime::data_stack::Limits { recursion, ..Default::default() };
    DataStack::new(Machine::default(), limits)
}
