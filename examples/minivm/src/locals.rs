//! Local variables as the program sees them: `locals()`, `globals()`, and `f_locals` of a frame, which writes through.
//!
//! The runtime has the mapping ([`FrameLocals`]); here it gets this VM's dicts, and the program its methods and operators.

use std::borrow::Cow;

use frame_runtime::cell::{Compared, Operator};
use frame_runtime::counted::CodeObject;
use frame_runtime::locals::{self, Answer, Error, FrameLocals, Item, Locals, LocalsVm, Method, Variables};

use crate::dict::{self, as_dict};
use crate::exception;
use crate::family::Called;
use crate::object::{Args, Builtin, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value, boolean, list, tuple};
use crate::vm::Mini;
use crate::{attribute, class, protocol};

/// What the runtime says went wrong, as an exception.
fn raised(stack: &Stack, error: Error<Mini>) -> Value {
    match error {
        Error::New(kind, text) => exception::raise(stack, kind.into(), text),
        Error::Key(key) => exception::raise_with(stack, exception::Error::KeyError, &[key]),
        Error::Raised(exception) => exception,
    }
}

/// The frame that asks: the topmost one.
fn asking(stack: &Stack) -> Outcome {
    let frame = stack.frame_object(0).ok().flatten();
    frame.ok_or_else(|| exception::raise(stack, exception::Error::SystemError, "frame does not exist"))
}

/// `locals()`
pub(crate) fn locals(stack: &Stack) -> Outcome {
    locals::locals(stack, &asking(stack)?).map_err(|error| raised(stack, error))
}

/// `globals()`
pub(crate) fn globals(stack: &Stack) -> Outcome {
    let frame = asking(stack)?;
    Ok(frame.frame().and_then(|frame| frame.globals()).unwrap_or(NONE))
}

/// `frame.f_locals`
pub(crate) fn of_frame(stack: &Stack, frame: &Value) -> Outcome {
    match locals::f_locals(stack, frame).map_err(|error| raised(stack, error))? {
        Locals::Mapping(namespace) => Ok(namespace),
        Locals::Proxy(locals) => Ok(Value::new(Object::Locals(Box::new(locals)))),
    }
}

/// Names and values of a frame's variables, as `frame.f_locals.items()` has them. None of a namespace that is no dict.
pub(crate) fn items_of_frame(stack: &Stack, frame: &Value) -> Outcome<Vec<Item<Mini>>> {
    match locals::f_locals(stack, frame).map_err(|error| raised(stack, error))? {
        Locals::Mapping(namespace) => Ok(as_dict(&namespace).map_or(Vec::new(), dict::Dict::items)),
        Locals::Proxy(locals) => locals.items(stack).map_err(|error| raised(stack, error)),
    }
}

/// `frame.f_locals[key]`
pub(crate) fn get_item(stack: &Stack, locals: &FrameLocals<Mini>, key: &Value) -> Outcome {
    locals.get_item(stack, key).map_err(|error| raised(stack, error))
}

/// `frame.f_locals[key] = value`
pub(crate) fn set_item(stack: &Stack, locals: &FrameLocals<Mini>, key: &Value, value: Value) -> Outcome<()> {
    locals.set_item(stack, key, value).map_err(|error| raised(stack, error))
}

/// `del frame.f_locals[key]`
pub(crate) fn del_item(stack: &Stack, locals: &FrameLocals<Mini>, key: &Value) -> Outcome<()> {
    locals.del_item(stack, key).map_err(|error| raised(stack, error))
}

/// `key in frame.f_locals`
pub(crate) fn contains(stack: &Stack, locals: &FrameLocals<Mini>, key: &Value) -> Outcome<bool> {
    locals.contains(stack, key).map_err(|error| raised(stack, error))
}

/// `len(frame.f_locals)`
pub(crate) fn len(stack: &Stack, locals: &FrameLocals<Mini>) -> Outcome<usize> {
    locals.len(stack).map_err(|error| raised(stack, error))
}

/// `iter(frame.f_locals)`: goes over a list of the names.
pub(crate) fn iter(stack: &Stack, locals: &FrameLocals<Mini>) -> Outcome {
    let names = locals.keys(stack).map_err(|error| raised(stack, error))?;
    protocol::iter(stack, &list(names))
}

/// `repr(frame.f_locals)`
pub(crate) fn repr(stack: &Stack, locals: &FrameLocals<Mini>) -> Outcome<String> {
    locals.repr(stack).map_err(|error| raised(stack, error))
}

/// `frame.f_locals == other` and so on; `NotImplemented` for what it is not compared with.
pub(crate) fn compare(stack: &Stack, locals: &FrameLocals<Mini>, operator: Operator, other: &Value) -> Outcome {
    match locals.compare(stack, other, operator) {
        Ok(Compared::NotImplemented) => Ok(NOT_IMPLEMENTED),
        Ok(Compared::Order(holds)) => Ok(boolean(holds)),
        Ok(Compared::Contents(result)) => Ok(result),
        Err(error) => Err(raised(stack, error)),
    }
}

/// `left | right` where one of both is an `f_locals`; `NotImplemented` where the right one is no mapping that it takes.
pub(crate) fn or(stack: &Stack, left: &Value, right: &Value) -> Outcome {
    let dict = FrameLocals::or(stack, left, right).map_err(|error| raised(stack, error))?;
    Ok(dict.unwrap_or(NOT_IMPLEMENTED))
}

/// `frame.f_locals |= other`: whether it is a mapping that it takes.
pub(crate) fn inplace_or(stack: &Stack, locals: &FrameLocals<Mini>, other: &Value) -> Outcome<bool> {
    locals.inplace_or(stack, other).map_err(|error| raised(stack, error))
}

/// One entry of the table below.
macro_rules! method {
    ($method:ident) => {
        Builtin {
            name: Method::$method.name(),
            is_method: true,
            call: |stack, args| call(stack, Method::$method, args),
        }
    };
}

/// Methods of `f_locals`.
pub(crate) static METHODS: &[Builtin] = &[
    method!(Copy),
    method!(Get),
    method!(Items),
    method!(Keys),
    method!(Pop),
    method!(Reversed),
    method!(Setdefault),
    method!(Update),
    method!(Values),
];

/// Calls a method. The runtime counts its arguments.
fn call(stack: &Stack, method: Method, args: Args<'_>) -> Outcome {
    let called = Called { ty: "FrameLocalsProxy", name: method.name() };
    let locals = args.positional.first().and_then(Mini::frame_locals);
    let (object, rest) = called.arguments(stack, args, locals.is_some(), None)?;
    let Some(locals) = locals else { return Err(called.wrong_object(stack, object)) };
    match locals.call(stack, method, rest) {
        Ok(Answer::None) => Ok(NONE),
        Ok(Answer::Value(value)) => Ok(value),
        Ok(Answer::List(items)) => Ok(list(items)),
        Ok(Answer::Items(items)) => Ok(list(items.into_iter().map(|(name, value)| tuple([name, value])).collect())),
        Err(error) => Err(raised(stack, error)),
    }
}

impl LocalsVm for Mini {
    fn variables(code: &CodeObject<Mini>) -> Variables<'_, Value> {
        code.variables()
    }

    fn frame_locals(object: &Value) -> Option<&FrameLocals<Mini>> {
        match object.object()? {
            Object::Locals(locals) => Some(locals),
            _ => None,
        }
    }

    fn is_dict(&self, object: &Value) -> bool {
        as_dict(object).is_some()
    }

    fn none(&self) -> Value {
        NONE
    }

    fn type_name<'a>(&self, object: &'a Value) -> Cow<'a, str> {
        class::type_name(self, object).into_owned().into()
    }

    fn new_dict(&self) -> Outcome {
        Ok(dict::new_dict())
    }

    fn dict_len(&self, dict: &Value) -> usize {
        as_dict(dict).map_or(0, dict::Dict::len)
    }

    fn dict_items(&self, dict: &Value) -> Vec<Item<Mini>> {
        as_dict(dict).map_or(Vec::new(), dict::Dict::items)
    }

    fn hash(&self, stack: &Stack, object: &Value) -> Outcome<i64> {
        protocol::hash(stack, object)
    }

    fn is_equal(&self, stack: &Stack, left: &Value, right: &Value) -> Outcome<bool> {
        protocol::equal(stack, left, right)
    }

    fn compare(&self, stack: &Stack, left: &Value, right: &Value, operator: Operator) -> Outcome {
        protocol::compare(stack, operator, left, right)
    }

    fn repr(&self, stack: &Stack, object: &Value) -> Outcome<String> {
        protocol::repr(stack, object)
    }

    fn get_item(&self, stack: &Stack, mapping: &Value, key: &Value) -> Outcome<Option<Value>> {
        match as_dict(mapping) {
            Some(dict) => dict.get(stack, key),
            None => unless_missing(protocol::get_item(stack, mapping, key)),
        }
    }

    fn set_item(&self, stack: &Stack, mapping: &Value, key: &Value, value: Value) -> Outcome<()> {
        protocol::set_item(stack, mapping, key, value)
    }

    fn del_item(&self, stack: &Stack, mapping: &Value, key: &Value) -> Outcome<bool> {
        Ok(unless_missing(protocol::del_item(stack, mapping, key))?.is_some())
    }

    fn keys(&self, stack: &Stack, mapping: &Value) -> Outcome<Vec<Value>> {
        protocol::collect(stack, mapping)
    }

    fn update(&self, stack: &Stack, dict: &Value, mapping: &Value) -> Outcome<()> {
        // Without `keys()` it is no mapping: an `AttributeError`, and no search for pairs.
        drop(attribute::get(stack, mapping, &self.name("keys"))?);
        match as_dict(dict) {
            Some(dict) => dict::update(stack, dict, mapping),
            None => Ok(()),
        }
    }
}

/// `None` instead of a `KeyError`.
fn unless_missing<T>(outcome: Outcome<T>) -> Outcome<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if exception::is(&error, exception::Error::KeyError) => Ok(None),
        Err(error) => Err(error),
    }
}
