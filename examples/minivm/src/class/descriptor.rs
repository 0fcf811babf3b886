//! `property`, `staticmethod`, `classmethod` and `super`. How attributes go through them is in
//! `attribute`.

use std::cell::RefCell;

use frame_runtime::vm::FrameCode;

use super::{Type, as_class, class_name, class_of, class_qualname, is_subclass, kind, type_name};
use crate::exception::{Error, raise, refuse, type_error};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::{attribute, call, protocol};

pub(crate) struct Property {
    pub(crate) get: Value,
    pub(crate) set: Value,
    pub(crate) delete: Value,
    /// `None`: that of the getter, if it has one.
    pub(crate) doc: Value,
    /// What it is called in its class.
    name: RefCell<Option<Value>>,
}

/// A field of objects, in the dict of the class that adds it: for those who look at that.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// The name of the class.
    pub(crate) owner: String,
}

/// `super(class, object)`
pub(crate) struct Super {
    pub(crate) class: Value,
    pub(crate) object: Value,
}

impl Property {
    pub(super) fn set_name(&self, name: Value) {
        drop(self.name.replace(Some(name)));
    }

    /// `__name__`: what it is called in its class, or what its getter is called.
    pub(crate) fn name(&self, stack: &Stack) -> Outcome<Option<Value>> {
        let name = self.name.borrow().clone();
        match name {
            Some(name) => Ok(Some(name)),
            None if self.get == NONE => Ok(None),
            None => attribute::find(stack, &self.get, &stack.vm().name("__name__")),
        }
    }

    /// `__doc__`
    pub(crate) fn doc(&self, stack: &Stack) -> Outcome {
        if self.doc != NONE || self.get == NONE {
            return Ok(self.doc.clone());
        }
        Ok(attribute::find(stack, &self.get, &stack.vm().name("__doc__"))?.unwrap_or(NONE))
    }

    /// Gets the attribute of an object.
    pub(crate) fn get_of(&self, stack: &Stack, object: &Value) -> Outcome {
        if self.get == NONE {
            return Err(self.missing(stack, object, "getter"));
        }
        call::call(stack, &self.get, std::slice::from_ref(object))
    }

    /// Sets the attribute of an object.
    pub(crate) fn set_of(&self, stack: &Stack, object: &Value, value: Value) -> Outcome<()> {
        if self.set == NONE {
            return Err(self.missing(stack, object, "setter"));
        }
        call::call(stack, &self.set, &[object.clone(), value])?;
        Ok(())
    }

    /// Deletes the attribute of an object.
    pub(crate) fn delete_of(&self, stack: &Stack, object: &Value) -> Outcome<()> {
        if self.delete == NONE {
            return Err(self.missing(stack, object, "deleter"));
        }
        call::call(stack, &self.delete, std::slice::from_ref(object))?;
        Ok(())
    }

    fn missing(&self, stack: &Stack, object: &Value, what: &str) -> Value {
        let class = class_qualname(class_of(stack.vm(), object));
        let name = match self.name(stack) {
            Ok(Some(name)) => protocol::repr(stack, &name).map(|name| format!(" {name}")),
            Ok(None) => Ok(String::new()),
            Err(error) => Err(error),
        };
        match name {
            Ok(name) => {
                let text = format!("property{name} of '{class}' object has no {what}");
                raise(stack, Error::AttributeError, text)
            }
            Err(error) => error,
        }
    }
}

/// `property(fget=None, fset=None, fdel=None, doc=None)`
pub(super) fn construct_property(stack: &Stack, args: Args<'_>) -> Outcome {
    const NAMES: [&str; 4] = ["fget", "fset", "fdel", "doc"];
    let given = args.positional.len() + args.keywords.len();
    if given > NAMES.len() {
        return Err(type_error(stack, format!("property() takes at most 4 arguments ({given} given)")));
    }
    let mut values = [NONE, NONE, NONE, NONE];
    for (place, value) in values.iter_mut().zip(args.positional) {
        *place = value.clone();
    }
    for (name, value) in args.keywords {
        let name = as_str(name).map_or("", |name| name.as_str());
        let Some(index) = NAMES.iter().position(|known| *known == name) else {
            return Err(type_error(stack, format!("property() got an unexpected keyword argument '{name}'")));
        };
        if index < args.positional.len() {
            let position = index + 1;
            let text = format!("argument for property() given by name ('{name}') and position ({position})");
            return Err(type_error(stack, text));
        }
        values[index] = value.clone();
    }
    let [get, set, delete, doc] = values;
    Ok(new_property(Property { get, set, delete, doc, name: RefCell::new(None) }))
}

fn new_property(property: Property) -> Value {
    Value::new(Object::Property(Box::new(property)))
}

/// Methods of `property`: each makes another one.
pub(super) static PROPERTY_METHODS: &[Builtin] = &[
    Builtin { name: "deleter", is_method: true, call: deleter },
    Builtin { name: "getter", is_method: true, call: getter },
    Builtin { name: "setter", is_method: true, call: setter },
];

fn getter(stack: &Stack, args: Args<'_>) -> Outcome {
    changed(stack, "getter", args, |property, get| property.get = get)
}

fn setter(stack: &Stack, args: Args<'_>) -> Outcome {
    changed(stack, "setter", args, |property, set| property.set = set)
}

fn deleter(stack: &Stack, args: Args<'_>) -> Outcome {
    changed(stack, "deleter", args, |property, delete| property.delete = delete)
}

/// A copy of a property with one function exchanged; `None` exchanges nothing.
fn changed(stack: &Stack, name: &str, args: Args<'_>, change: fn(&mut Property, Value)) -> Outcome {
    let Some((Object::Property(property), rest)) =
        args.positional.split_first().and_then(|(first, rest)| Some((first.object()?, rest)))
    else {
        return Err(super::wrong_receiver(stack, name, "property", args));
    };
    let [function] = rest else {
        let given = rest.len();
        return Err(type_error(stack, format!("property.{name}() takes exactly one argument ({given} given)")));
    };
    let mut copy = Property {
        get: property.get.clone(),
        set: property.set.clone(),
        delete: property.delete.clone(),
        doc: property.doc.clone(),
        name: RefCell::new(property.name.borrow().clone()),
    };
    if *function != NONE {
        change(&mut copy, function.clone());
    }
    Ok(new_property(copy))
}

/// `staticmethod(function)`
pub(super) fn construct_static(stack: &Stack, args: Args<'_>) -> Outcome {
    Ok(Value::new(Object::StaticMethod(function_argument(stack, "staticmethod", args)?)))
}

/// `classmethod(function)`
pub(super) fn construct_class(stack: &Stack, args: Args<'_>) -> Outcome {
    Ok(Value::new(Object::ClassMethod(function_argument(stack, "classmethod", args)?)))
}

fn function_argument(stack: &Stack, name: &str, args: Args<'_>) -> Outcome {
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("{name}() takes no keyword arguments")));
    }
    let [function] = args.positional else {
        let given = args.positional.len();
        return Err(type_error(stack, format!("{name} expected 1 argument, got {given}")));
    };
    Ok(function.clone())
}

/// `super()` and `super(class, object)`
pub(super) fn construct_super(stack: &Stack, args: Args<'_>) -> Outcome {
    if !args.keywords.is_empty() {
        return Err(type_error(stack, "super() takes no keyword arguments"));
    }
    let (class, object) = match args.positional {
        [] => of_caller(stack)?,
        [class, object] => (class.clone(), object.clone()),
        [class] if as_class(class).is_some() => return Err(refuse(stack, "super() with one argument")),
        [class] => return Err(no_class(stack, class)),
        more => {
            let given = more.len();
            return Err(type_error(stack, format!("super() expected at most 2 arguments, got {given}")));
        }
    };
    if as_class(&class).is_some() && object == NONE {
        return Err(refuse(stack, "super() of None"));
    }
    check_super(stack, &class, &object)?;
    Ok(Value::new(Object::Super(Box::new(Super { class, object }))))
}

fn no_class(stack: &Stack, value: &Value) -> Value {
    let name = type_name(stack.vm(), value);
    type_error(stack, format!("super() argument 1 must be a type, not {name}"))
}

/// Where `super(class, object)` begins to look: the class of the object, or the object itself if it is a class.
pub(crate) fn check_super(stack: &Stack, class: &Value, object: &Value) -> Outcome {
    if as_class(class).is_none() {
        return Err(no_class(stack, class));
    }
    if as_class(object).is_some() && is_subclass(object, class) {
        return Ok(object.clone());
    }
    let of = class_of(stack.vm(), object);
    if is_subclass(of, class) {
        return Ok(of.clone());
    }
    let which = if as_class(object).is_some() { "type" } else { "instance of" };
    let got = if as_class(object).is_some() { class_name(object) } else { class_name(of) };
    let class = class_name(class);
    let text = format!("super(type, obj): obj ({which} {got}) is not an instance or subtype of type ({class}).");
    Err(type_error(stack, text))
}

/// The class and the first argument of the function that calls `super()`.
fn of_caller(stack: &Stack) -> Outcome<(Value, Value)> {
    let error = |text: &str| raise(stack, Error::RuntimeError, text);
    let caller = stack.frame_object(0).ok().flatten();
    let Some(frame) = caller.as_ref().and_then(Value::frame) else { return Err(error("super(): no current frame")) };
    let code = frame.code();
    let Some(code) = code.as_ref().and_then(Value::code) else { return Err(error("super(): no code object")) };
    if code.argcount() == 0 {
        return Err(error("super(): no arguments"));
    }
    let first = frame.get(0).ok().and_then(|first| first.into_value());
    let first = match first {
        // The argument is in a cell where an inner function uses it.
        Some(first) if code.kind(0).is_some_and(|kind| kind & CELL != 0) => first.cell().and_then(|cell| cell.get()),
        first => first,
    };
    let Some(first) = first else { return Err(error("super(): arg[0] deleted")) };
    let is_class = |name: &Value| as_str(name).is_some_and(|name| name.as_str() == "__class__");
    let Some(slot) = code.localsplusnames().iter().rposition(is_class) else {
        return Err(error("super(): __class__ cell not found"));
    };
    let cell = u32::try_from(slot).ok().and_then(|slot| frame.get(slot).ok()).and_then(|cell| cell.into_value());
    match cell.as_ref().and_then(Value::cell).map(|cell| cell.get()) {
        None => Err(error("super(): bad __class__ cell")),
        Some(None) => Err(error("super(): empty __class__ cell")),
        Some(Some(class)) if kind(&class) != Type::Type => {
            let name = type_name(stack.vm(), &class);
            Err(error(&format!("super(): __class__ is not a type ({name})")))
        }
        Some(Some(class)) => Ok((class, first)),
    }
}

/// `CO_FAST_CELL`
const CELL: u8 = 0x40;
