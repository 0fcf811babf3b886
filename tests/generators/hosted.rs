//! What the VM of a script answers the driver.

use std::borrow::Cow;

use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{
    ErrorKind, GeneratorObjects, GeneratorVm, Hooks, Machines, Method, Names, Part, PartRef, Resume, Slot, Thrown,
    While,
};

use super::errors::{self, Class};
use super::eval;
use super::python::Python;
use super::vm::{Kind, MACHINES, Machine, Value};

// SAFETY: an object has its part from the beginning to the end.
unsafe impl<P: Python> GeneratorObjects for Machine<P> {
    fn part(object: &Value<P>) -> Option<PartRef<'_, Self>> {
        object.part()
    }

    fn make_part(&self, part: Part<Self>) -> Option<Value<P>> {
        Some(self.world().object(Kind::Part(part)))
    }
}

impl<P: Python> GeneratorVm for Machine<P> {
    fn names(&self, function: &Value<P>) -> Names<Value<P>> {
        let Kind::Function(callable) = function.kind() else { panic!("a function") };
        let name = self.world().text(&callable.name);
        Names { qualname: name.clone(), name }
    }

    fn shim(&self) -> Value<P> {
        self.none()
    }

    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Result<Value<P>, Value<P>> {
        eval::resume(entry, resume)
    }

    fn none(&self) -> Value<P> {
        self.world().none()
    }

    fn is_none(&self, object: &Value<P>) -> bool {
        object.is_none()
    }

    fn type_name<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        Cow::Owned(self.world().type_name(object))
    }

    fn text<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        match object.kind() {
            Kind::Text(text) | Kind::Name(text, _) => Cow::Borrowed(text),
            _ => Cow::Borrowed(""),
        }
    }

    fn has_slot(&self, object: &Value<P>, slot: Slot) -> bool {
        let world = self.world();
        match (slot, object.kind()) {
            (Slot::Iter, _) => world.is_iterable(object),
            (Slot::Iternext, _) => world.is_iterator(object),
            (slot, Kind::Foreign(foreign)) => world.spec(foreign).contains_key(key(slot)),
            _ => false,
        }
    }

    fn call_slot(&self, _: &DataStack<Self>, object: &Value<P>, slot: Slot) -> Result<Option<Value<P>>, Value<P>> {
        let world = self.world();
        match slot {
            Slot::Iter if let Kind::Foreign(_) = object.kind() => world.called(object, "iter", &[]).map(Some),
            Slot::Iter => world.iter(object).map(Some),
            Slot::Iternext => world.next(object),
            slot => world.called(object, key(slot), &[]).map(Some),
        }
    }

    fn lookup(&self, _: &DataStack<Self>, object: &Value<P>, method: Method) -> Result<Option<Value<P>>, Value<P>> {
        let world = self.world();
        if !world.has_method(object, method) {
            return Ok(None);
        }
        match world.look_up(object, method) {
            Ok(()) => Ok(Some(world.object(Kind::Bound(object.clone(), method)))),
            // What is sent has to go somewhere, so that the lookup's own error is what comes up.
            Err(error)
                if method != Method::Send && error.error().is_some_and(|error| error.class.is("AttributeError")) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn call(&self, _: &DataStack<Self>, callable: &Value<P>, arguments: &[Value<P>]) -> Result<Value<P>, Value<P>> {
        let world = self.world();
        match callable.kind() {
            Kind::Bound(object, method) => world.call_method(object, *method, arguments),
            Kind::Hook(hook) => world.hooked(hook, &arguments[0]),
            _ => panic!("nothing else is called"),
        }
    }

    fn next_virtual(
        &self,
        _: &DataStack<Self>,
        container: &Value<P>,
        index: isize,
    ) -> Result<Option<(Value<P>, isize)>, Value<P>> {
        let found = self.world().item(container, index.unsigned_abs());
        Ok(found.map(|item| (item, index + 1)))
    }

    fn has_virtual_iterator(&self, object: &Value<P>) -> bool {
        matches!(object.kind(), Kind::List(_) | Kind::Tuple(_) | Kind::Text(_))
    }

    fn tuple_items(&self, object: &Value<P>) -> Option<Vec<Value<P>>> {
        if let Kind::Tuple(parts) = object.kind() { Some(parts.clone()) } else { None }
    }

    fn exception_class(&self, kind: ErrorKind) -> Value<P> {
        self.world().object(Kind::Class(Class::find(kind.name())))
    }

    fn make_exception(&self, kind: ErrorKind, text: &str) -> Value<P> {
        let world = self.world();
        let arguments = if text.is_empty() { Vec::new() } else { vec![world.text(text)] };
        world.exception(Class::find(kind.name()), arguments)
    }

    fn make_stop(&self, kind: ErrorKind, value: Option<Value<P>>) -> Value<P> {
        self.world().exception(Class::find(kind.name()), value.into_iter().collect())
    }

    fn stop_value(&self, exception: &Value<P>) -> Value<P> {
        let first = exception.error().and_then(|error| error.arguments.first().cloned());
        first.unwrap_or_else(|| self.none())
    }

    fn is_exception(&self, object: &Value<P>, kind: ErrorKind) -> bool {
        object.error().is_some_and(|error| error.class.is(kind.name()))
    }

    fn is_exception_class(&self, class: &Value<P>, kind: ErrorKind) -> bool {
        if let Kind::Class(class) = class.kind() { class.is(kind.name()) } else { false }
    }

    fn thrown(&self, object: &Value<P>) -> Thrown {
        match object.kind() {
            Kind::Class(class) if class.is_exception() => Thrown::Class,
            Kind::Error(_) => Thrown::Instance,
            _ => Thrown::Other,
        }
    }

    fn instantiate(
        &self,
        _: &DataStack<Self>,
        class: &Value<P>,
        value: Option<Value<P>>,
    ) -> Result<Value<P>, Value<P>> {
        Ok(self.world().instantiate(class, value))
    }

    fn is_traceback(&self, object: &Value<P>) -> bool {
        matches!(object.kind(), Kind::Traceback)
    }

    fn set_traceback(&self, _: &Value<P>, _: Value<P>) {
        // Tracebacks are of no interest: whoever handles an exception lets go of its own.
    }

    fn set_context(&self, exception: &Value<P>, handled: Value<P>) {
        errors::chain(exception, handled);
    }

    fn set_cause(&self, exception: &Value<P>, cause: Value<P>) {
        errors::set_cause(exception, cause);
    }

    fn warn(&self, _: &DataStack<Self>, kind: ErrorKind, text: &str, _: Option<&Value<P>>) -> Result<(), Value<P>> {
        self.world().warned(kind, text)
    }

    fn unraisable(&self, _: &DataStack<Self>, exception: Value<P>, doing: While, object: &Value<P>) {
        self.world().unraised(&exception, doing, object);
    }

    fn asyncgen_hooks(&self) -> Hooks<Value<P>> {
        self.world().hooks.borrow().clone()
    }

    fn machines() -> &'static Machines {
        MACHINES.get().unwrap_or(const { &Machines::of::<P>() })
    }
}

/// What scripts call a slot of foreign objects.
fn key(slot: Slot) -> &'static str {
    match slot {
        Slot::Iter => "iter",
        Slot::Iternext => "next",
        Slot::Await => "await",
        Slot::Aiter => "aiter",
        Slot::Anext => "anext",
    }
}
