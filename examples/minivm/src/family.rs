//! Attributes, methods, comparison and `repr()` of what the runtime has: functions, code, frames, cells, the generators' family; and
//! of tracebacks, methods and builtin functions, which are made of them.
//!
//! Each kind has its file. What all have in common is here: who is asked, and what is said of an attribute that cannot be
//! set, or of a method that is called in a wrong way. Methods are found through the classes, by their tables; what is here finds the
//! fields.

mod builtin;
mod cell;
mod code;
mod frame;
mod function;
mod method;
mod traceback;

use frame_runtime::attribute::{Attributes, Change, Refusal};
use frame_runtime::cell::Operator;
use frame_runtime::counted::View;
use frame_runtime::version::Cpython3_14;

use crate::exception::{self, Error};
use crate::object::{Args, Object, Outcome, Stack, Value};
use crate::{class, generators, locals};

pub(crate) use code::METHODS as CODE_METHODS;
pub(crate) use frame::METHODS as FRAME_METHODS;
pub(crate) use function::METHODS as FUNCTION_METHODS;

/// `object.name` of one of them. `None`: it is none of them, or has no such attribute, or that is a method: those are in the tables
/// `METHODS`, which the classes have.
pub(crate) fn get(stack: &Stack, object: &Value, name: &str) -> Option<Outcome> {
    match object.view() {
        View::Function(function) => function::get(stack, function, name),
        View::Code(code) => code::get(stack, code, name),
        View::Frame(frame) => frame::get(stack, object, frame, name),
        View::Cell(cell) => cell::get(stack, cell, name),
        View::Part(part) => generators::get(stack, part, name),
        View::Object(Object::Traceback(line)) => traceback::get(line, name).map(Ok),
        View::Object(Object::Method(pair)) => method::get(stack, pair, name),
        View::Object(Object::Builtin(builtin)) => builtin::get(stack, builtin, false, name),
        View::Object(Object::BoundBuiltin(pair)) => builtin::get(stack, pair.0, true, name),
        _ => None,
    }
}

/// `object.name = value`, or `del object.name`. `None` as above.
pub(crate) fn set(stack: &Stack, object: &Value, name: &str, value: Option<Value>) -> Option<Outcome<()>> {
    match object.view() {
        View::Function(function) => function::set(stack, function, name, value),
        View::Code(_) => code::set(stack, name),
        View::Frame(frame) => frame::set(stack, frame, name, value),
        View::Cell(cell) => cell::set(cell, name, value),
        View::Part(part) => generators::set(stack, part, name, value),
        View::Object(Object::Traceback(line)) => traceback::set(stack, object, line, name, value),
        View::Object(Object::Method(_)) => method::set(stack, name),
        _ => None,
    }
}

/// `repr()` of one of them. `None`: it is none of them, or a method, whose `repr()` asks for that of its object.
pub(crate) fn repr(stack: &Stack, object: &Value) -> Option<String> {
    let vm = stack.vm();
    let address = object.address();
    match object.view() {
        View::Function(function) => Some(function::repr(function, address)),
        View::Code(code) => Some(code::repr(code, address)),
        View::Frame(frame) => Some(frame::repr(frame, address)),
        View::Cell(cell) => {
            let describe = |content: &Value| (class::type_name(vm, content).into_owned(), content.address());
            Some(cell.repr(address, describe).to_string())
        }
        View::Part(frame_runtime::generator::PartRef::Generator(generator)) => {
            Some(generator.repr(vm, address).to_string())
        }
        View::Part(part) => Some(format!("<{} object at {address:#x}>", part.type_name())),
        View::Object(Object::Traceback(_)) => Some(format!("<traceback object at {address:#x}>")),
        View::Object(Object::Builtin(builtin)) => Some(builtin::repr(vm, builtin)),
        View::Object(Object::BoundBuiltin(pair)) => Some(builtin::repr_bound(vm, pair.0, &pair.1)),
        _ => None,
    }
}

/// `left < right` and so on, where the left one is one of them and has its own idea of it. `None`: as for any object.
pub(crate) fn compare(stack: &Stack, operator: Operator, left: &Value, right: &Value) -> Option<Outcome> {
    match left.view() {
        View::Cell(own) => Some(cell::compare(stack, own, operator, right)),
        View::Code(own) => code::compare(stack, own, operator, left, right),
        View::Object(Object::Method(own)) => Some(Ok(method::compare(own, operator, right))),
        View::Object(Object::BoundBuiltin(own)) => Some(Ok(builtin::compare(own, operator, right))),
        View::Object(Object::Locals(own)) => Some(locals::compare(stack, own, operator, right)),
        _ => None,
    }
}

/// `hash()` of what has none, or not that of its address. `None`: as for any object.
pub(crate) fn hash(stack: &Stack, object: &Value) -> Option<Outcome<i64>> {
    match object.view() {
        View::Cell(_) => Some(Err(refused(stack, frame_runtime::cell::UNHASHABLE, ""))),
        View::Object(Object::Locals(_)) => Some(Err(refused(stack, frame_runtime::locals::UNHASHABLE, ""))),
        // Those are equal that are of the same function and object.
        View::Object(Object::Method(pair)) => Some(Ok(address_hash(&pair[0]) ^ address_hash(&pair[1]))),
        View::Object(Object::BoundBuiltin(pair)) => Some(Ok(address_hash(&pair.1))),
        _ => None,
    }
}

fn address_hash(value: &Value) -> i64 {
    value.address().rotate_right(4).cast_signed() as i64
}

/// The exception that the runtime says is raised, about an attribute of this name.
pub(crate) fn refused(stack: &Stack, refusal: Refusal, name: &str) -> Value {
    exception::raise(stack, refusal.error.into(), refusal.message(name).to_string())
}

fn attribute_error(stack: &Stack, text: impl AsRef<str>) -> Outcome<()> {
    Err(exception::raise(stack, Error::AttributeError, text))
}

/// What is said of an attribute that is a field of a struct in C.
fn readonly(stack: &Stack) -> Outcome<()> {
    attribute_error(stack, "readonly attribute")
}

/// What is said of one that a function in C reads.
fn not_writable(stack: &Stack, ty: &str, name: &str) -> Outcome<()> {
    attribute_error(stack, format!("attribute '{name}' of '{ty}' objects is not writable"))
}

/// What is said of a method.
fn method_is_readonly(stack: &Stack, ty: &str, name: &str) -> Outcome<()> {
    attribute_error(stack, format!("'{ty}' object attribute '{name}' is read-only"))
}

/// What the runtime's table says of an attribute that is to be set or deleted. `None`: there is none of this name.
fn change(attributes: &Attributes, name: &str, delete: bool) -> Option<Change> {
    let attribute = attributes.find::<Cpython3_14>(name)?;
    Some(if delete { attribute.delete } else { attribute.set })
}

/// A method that is called: of which type, by which name. Its errors say so in CPython's words.
#[derive(Clone, Copy)]
pub(crate) struct Called {
    pub(crate) ty: &'static str,
    pub(crate) name: &'static str,
}

impl Called {
    /// The object and the other arguments, of which there must be `count`, if that is known, and no keywords. `fits`: the
    /// object is of the type.
    pub(crate) fn arguments<'a>(
        self,
        stack: &Stack,
        args: Args<'a>,
        fits: bool,
        count: Option<usize>,
    ) -> Outcome<(&'a Value, &'a [Value])> {
        let Called { ty, name } = self;
        let Some((object, rest)) = args.positional.split_first().filter(|_| fits) else {
            return Err(class::wrong_receiver(stack, name, ty, args));
        };
        let text = match count {
            _ if !args.keywords.is_empty() && self.is_slot() => format!("wrapper {name}() takes no keyword arguments"),
            _ if !args.keywords.is_empty() => format!("{ty}.{name}() takes no keyword arguments"),
            Some(count) if count != rest.len() => self.wrong_count(rest.len(), count),
            _ => return Ok((object, rest)),
        };
        Err(exception::type_error(stack, text))
    }

    fn wrong_count(self, given: usize, count: usize) -> String {
        let Called { ty, name } = self;
        match count {
            _ if self.is_slot() => {
                format!("expected {count} argument{}, got {given}", if count == 1 { "" } else { "s" })
            }
            0 => format!("{ty}.{name}() takes no arguments ({given} given)"),
            1 => format!("{ty}.{name}() takes exactly one argument ({given} given)"),
            _ => format!("{name} expected {count} arguments, got {given}"),
        }
    }

    /// The error of a method that is called with another type's object.
    pub(crate) fn wrong_object(self, stack: &Stack, object: &Value) -> Value {
        class::wrong_receiver(stack, self.name, self.ty, Args::new(std::slice::from_ref(object)))
    }

    /// Whether it is a slot of the type in C that Python sees as a method.
    fn is_slot(self) -> bool {
        class::is_slot(self.name)
    }
}
