//! Attributes: look-up through instances and classes, descriptors, and those of the VM's own objects.
//!
//! An attribute of an object is, in this order: a *data descriptor* of its class (a property, or what has `__set__` or
//! `__delete__`); what the object has itself; what its class has, bound to the object; what `__getattr__` makes of the name.
//! What CPython's builtin types have and the VM's have not is refused where CPython would find it.

mod names;
mod own;
mod write;

use frame_runtime::counted::View;

use crate::class::{
    self, Super, as_class, as_instance, class_name, class_of, lookup, lookup_supported, special, type_name,
};
use crate::dict::as_dict;
use crate::exception::{self, Error, as_exception, raise, refuse};
use crate::object::{Module, NONE, Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::{builtins, call, family, known};

pub(crate) use names::names;
pub(crate) use write::{delete, delete_plain, set, set_plain};

/// What is called by `object.name(...)`.
pub(crate) enum Callee {
    /// A function, to be called with the object in front.
    Method(Value),
    /// Something that is called without it.
    Bound(Value),
}

/// `object.name`
pub(crate) fn get(stack: &Stack, object: &Value, name: &Value) -> Outcome {
    Ok(bind(get_method(stack, object, name)?, object))
}

/// `object.name`; `None` where it raises an `AttributeError`.
pub(crate) fn find(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Value>> {
    match look(stack, object, name) {
        Ok(found) => Ok(found.map(|callee| bind(callee, object))),
        Err(error) if exception::is(&error, Error::AttributeError) => Ok(None),
        Err(error) => Err(error),
    }
}

/// As [`get`], but a function of the class is not bound.
pub(crate) fn get_method(stack: &Stack, object: &Value, name: &Value) -> Outcome<Callee> {
    match look(stack, object, name) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(missing(stack, object, name)),
        Err(error) => Err(with_context(error, object, name)),
    }
}

/// What `object.__getattribute__` finds: as [`get`], without `__getattr__`.
pub(crate) fn get_plain(stack: &Stack, object: &Value, name: &Value) -> Outcome {
    match look_plain(stack, object, name)? {
        Some(found) => Ok(bind(found, object)),
        None => Err(missing(stack, object, name)),
    }
}

/// `super().name`, or what is called by `super().name(...)`: of `super(class, object)`.
pub(crate) fn get_super(stack: &Stack, class: &Value, object: &Value, name: &Value) -> Outcome<Callee> {
    class::check_super(stack, class, object)?;
    if let Some(found) = look_super(stack, class, object, name)? {
        return Ok(found);
    }
    // What `super` objects have themselves, or the error about one.
    let parts = Super { class: class.clone(), object: object.clone() };
    get(stack, &Value::new(Object::Super(Box::new(parts))), name).map(Callee::Bound)
}

/// A function becomes a method of the object.
pub(crate) fn bind(callee: Callee, object: &Value) -> Value {
    match callee {
        Callee::Bound(value) => value,
        Callee::Method(function) => bound(function, object),
    }
}

fn bound(function: Value, object: &Value) -> Value {
    match function.object() {
        Some(Object::Builtin(builtin)) => Value::new(Object::BoundBuiltin(Box::new((builtin, object.clone())))),
        _ => Value::new(Object::Method(Box::new([function, object.clone()]))),
    }
}

/// Finds an attribute; `None`: there is none. What `__getattr__` and descriptors raise comes out.
fn look(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Callee>> {
    let found = look_plain(stack, object, name);
    let is_missing = match &found {
        Ok(found) => found.is_none(),
        Err(error) => exception::is(error, Error::AttributeError),
    };
    if !is_missing {
        return found;
    }
    match special(stack.vm(), object, &stack.vm().names.__getattr__) {
        Some(getattr) => {
            drop(found);
            call::call(stack, &getattr, &[object.clone(), name.clone()]).map(|value| Some(Callee::Bound(value)))
        }
        None => found,
    }
}

fn look_plain(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Callee>> {
    match object.view() {
        View::Object(Object::Instance(_) | Object::Exception(_)) => look_in_instance(stack, object, name),
        View::Object(Object::Class(_)) => look_in_class(stack, object, name),
        View::Object(Object::Module(module)) => look_in_module(stack, object, module, name),
        View::Object(Object::Super(parts)) => match look_super(stack, &parts.class, &parts.object, name)? {
            Some(found) => Ok(Some(Callee::Bound(bind(found, &parts.object)))),
            None => look_in_builtin(stack, object, name),
        },
        View::Object(Object::Method(parts)) => {
            let [function, _] = &**parts;
            match look_in_builtin(stack, object, name) {
                // A method has what its function has.
                Ok(None) => get(stack, function, name).map(|value| Some(Callee::Bound(value))),
                found => found,
            }
        }
        _ => look_in_builtin(stack, object, name),
    }
}

/// An object of a class of the program, or an exception.
fn look_in_instance(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Callee>> {
    let class = class_of(stack.vm(), object);
    // Nothing hides what an exception has whose class is not of the program.
    if as_class(class).is_some_and(|class| class.error.is_some())
        && let Some(value) = own::of_instance(stack, object, name)?
    {
        return Ok(Some(Callee::Bound(value)));
    }
    let in_class = lookup(class, name);
    if let Some(found) = &in_class
        && is_data(stack, found)
    {
        return bind_to_object(stack, found.clone(), object, class).map(Some);
    }
    if in_class.is_none()
        && let Some(value) = own::of_instance(stack, object, name)?
    {
        return Ok(Some(Callee::Bound(value)));
    }
    if let Some(value) = in_own_dict(object, name) {
        return Ok(Some(Callee::Bound(value)));
    }
    match in_class {
        Some(found) => bind_to_object(stack, found, object, class).map(Some),
        None => {
            // Nobody has it: but CPython's `object` may.
            lookup_supported(stack, class, name)?;
            Ok(None)
        }
    }
}

/// What an instance or an exception has in its `__dict__`.
fn in_own_dict(object: &Value, name: &Value) -> Option<Value> {
    if let Some(instance) = as_instance(object) {
        return instance.attributes().get_str(name);
    }
    let attributes = as_exception(object)?.attributes.borrow().clone()?;
    as_dict(&attributes)?.get_str(name)
}

/// Whether it comes before what the object has itself.
fn is_data(stack: &Stack, descriptor: &Value) -> bool {
    let names = &stack.vm().names;
    match descriptor.object() {
        Some(Object::Property(_) | Object::Field(_)) => true,
        // What cannot be got through, is not.
        Some(Object::Instance(instance)) => {
            let has = |name: &Value| class::special_of(&instance.class, name).is_some();
            has(&names.__get__) && (has(&names.__set__) || has(&names.__delete__))
        }
        _ => false,
    }
}

/// What an attribute of a class is for an object of it.
fn bind_to_object(stack: &Stack, found: Value, object: &Value, class: &Value) -> Outcome<Callee> {
    if found.function().is_some() {
        return Ok(Callee::Method(found));
    }
    match found.object() {
        Some(Object::Builtin(builtin)) if builtin.is_method => Ok(Callee::Method(found)),
        Some(Object::Property(property)) => property.get_of(stack, object).map(Callee::Bound),
        Some(Object::Field(field)) => match as_instance(object).filter(|_| field.name == "__dict__") {
            Some(instance) => Ok(Callee::Bound(instance.dict())),
            None => Err(refuse(stack, format!("the attribute {} of an object", field.name))),
        },
        Some(Object::StaticMethod(function)) => Ok(Callee::Bound(function.clone())),
        Some(Object::ClassMethod(function)) => Ok(Callee::Bound(bound(function.clone(), class))),
        _ => match special(stack.vm(), &found, &stack.vm().names.__get__) {
            Some(get) => call::call(stack, &get, &[found, object.clone(), class.clone()]).map(Callee::Bound),
            None => Ok(Callee::Bound(found)),
        },
    }
}

/// What an attribute of a class is for the class.
pub(crate) fn bind_to_class(stack: &Stack, found: Value, class: &Value) -> Outcome {
    match found.object() {
        Some(Object::StaticMethod(function)) => Ok(function.clone()),
        Some(Object::ClassMethod(function)) => Ok(bound(function.clone(), class)),
        Some(Object::Instance(_)) => match special(stack.vm(), &found, &stack.vm().names.__get__) {
            Some(get) => call::call(stack, &get, &[found, NONE, class.clone()]),
            None => Ok(found),
        },
        _ => Ok(found),
    }
}

fn look_in_class(stack: &Stack, class: &Value, name: &Value) -> Outcome<Option<Callee>> {
    if let Some(found) = as_str(name).and_then(|name| class::type_attribute(stack, class, name.as_str())) {
        return found.map(|value| Some(Callee::Bound(value)));
    }
    if let Some(found) = lookup_supported(stack, class, name)? {
        return bind_to_class(stack, found, class).map(|value| Some(Callee::Bound(value)));
    }
    // `mro()` and the like: methods of classes.
    let of = class_of(stack.vm(), class);
    match lookup_supported(stack, of, name)? {
        Some(found) => bind_to_object(stack, found, class, of).map(Some),
        None => Ok(None),
    }
}

fn look_in_module(stack: &Stack, object: &Value, module: &Module, name: &Value) -> Outcome<Option<Callee>> {
    if let Some(found) = as_dict(&module.dict).and_then(|dict| dict.get_str(name)) {
        return Ok(Some(Callee::Bound(found)));
    }
    let (Some(module_name), Some(text)) = (as_str(&module.name), as_str(name)) else { return Ok(None) };
    if text.as_str() == "__dict__" {
        return Ok(Some(Callee::Bound(module.dict.clone())));
    }
    let is_builtin = module_name.as_str() == "builtins" && builtins::is_known(text.as_str());
    if is_builtin || known::has_in_module(module_name.as_str(), text.as_str()) {
        return Err(refuse(stack, format!("{}.{}", module_name.as_str(), text.as_str())));
    }
    look_in_builtin(stack, object, name)
}

/// An attribute of what comes behind `class` among the classes of the object; `None`: there is none, or `super` objects have it themselves.
fn look_super(stack: &Stack, class: &Value, object: &Value, name: &Value) -> Outcome<Option<Callee>> {
    if as_str(name).is_some_and(|name| name.as_str() == "__class__") {
        return Ok(None);
    }
    if as_str(name).is_some_and(|name| name.as_str() == "__dict__") {
        return Err(refuse(stack, "super().__dict__"));
    }
    let Some(base) = as_class(class).and_then(|class| class.base.as_ref()) else { return Ok(None) };
    let Some(found) = lookup_supported(stack, base, name)? else { return Ok(None) };
    if as_class(object).is_some_and(|_| class::is_subclass(object, class)) {
        return bind_to_class(stack, found, object).map(|value| Some(Callee::Bound(value)));
    }
    bind_to_object(stack, found, object, class_of(stack.vm(), object)).map(Some)
}

/// An object of a builtin type.
fn look_in_builtin(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Callee>> {
    let class = class_of(stack.vm(), object);
    if let Some(text) = as_str(name) {
        if text.as_str() == "__class__" {
            return Ok(Some(Callee::Bound(class.clone())));
        }
        if let Some(found) = family::get(stack, object, text.as_str()) {
            return found.map(|value| Some(Callee::Bound(value)));
        }
        if let Some(value) = own::of_builtin(stack, object, text.as_str())? {
            return Ok(Some(Callee::Bound(value)));
        }
    }
    match lookup_supported(stack, class, name)? {
        Some(found) => bind_to_object(stack, found, object, class).map(Some),
        None => Ok(None),
    }
}

/// The `AttributeError` of an attribute that is not there.
fn missing(stack: &Stack, object: &Value, name: &Value) -> Value {
    let shown = as_str(name).map_or("", |name| name.as_str());
    let text = match object.object() {
        Some(Object::Class(_)) => format!("type object '{}' has no attribute '{shown}'", class_name(object)),
        Some(Object::Module(module)) => {
            let module = as_str(&module.name).map_or("", |name| name.as_str());
            format!("module '{module}' has no attribute '{shown}'")
        }
        _ => format!("'{}' object has no attribute '{shown}'", type_name(stack.vm(), object)),
    };
    with_context(raise(stack, Error::AttributeError, text), object, name)
}

/// Notes in an `AttributeError` what was looked for, for suggestions, unless that has been done.
fn with_context(error: Value, object: &Value, name: &Value) -> Value {
    if exception::is(&error, Error::AttributeError)
        && let Some(exception) = as_exception(&error)
        && exception.member("name").is_none()
        && exception.member("obj").is_none()
    {
        exception.set_member("name", Some(name.clone()));
        exception.set_member("obj", Some(object.clone()));
    }
    error
}
