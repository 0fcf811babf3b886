//! Setting and deleting attributes.

use super::with_context;
use crate::class::{self, Type, as_class, as_instance, class_name, class_of, lookup, special, type_name};
use crate::dict::{Dict, as_dict};
use crate::exception::{self, Error, as_exception, raise, refuse, type_error};
use crate::object::{Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::{call, family, known, sys};

/// `object.name = value`
pub(crate) fn set(stack: &Stack, object: &Value, name: &Value, value: Value) -> Outcome<()> {
    if has_setattr(stack, object)
        && let Some(setattr) = special(stack.vm(), object, &stack.vm().names.__setattr__)
    {
        call::call(stack, &setattr, &[object.clone(), name.clone(), value])?;
        return Ok(());
    }
    set_plain(stack, object, name, value)
}

/// `del object.name`
pub(crate) fn delete(stack: &Stack, object: &Value, name: &Value) -> Outcome<()> {
    if has_setattr(stack, object)
        && let Some(delattr) = special(stack.vm(), object, &stack.vm().names.__delattr__)
    {
        call::call(stack, &delattr, &[object.clone(), name.clone()])?;
        return Ok(());
    }
    delete_plain(stack, object, name)
}

/// Whether a class of the program wants to know of every attribute that is set or deleted.
fn has_setattr(stack: &Stack, object: &Value) -> bool {
    as_class(class_of(stack.vm(), object)).is_some_and(|class| class.has_setattr.get())
}

/// What `object.__setattr__` does.
pub(crate) fn set_plain(stack: &Stack, object: &Value, name: &Value, value: Value) -> Outcome<()> {
    change(stack, object, name, Some(value))
}

/// What `object.__delattr__` does.
pub(crate) fn delete_plain(stack: &Stack, object: &Value, name: &Value) -> Outcome<()> {
    change(stack, object, name, None)
}

/// Sets the attribute, or deletes it where there is no value.
fn change(stack: &Stack, object: &Value, name: &Value, value: Option<Value>) -> Outcome<()> {
    match object.object() {
        Some(Object::Instance(_) | Object::Exception(_)) => change_in_instance(stack, object, name, value),
        Some(Object::Class(_)) => change_in_class(stack, object, name, value),
        Some(Object::Module(module)) => {
            let (Some(dict), Some(text)) = (as_dict(&module.dict), as_str(name)) else { return Ok(()) };
            sys::check_set(stack, module, text.as_str())?;
            if change_in_dict(dict, name, value) {
                return Ok(());
            }
            Err(missing(stack, object, name))
        }
        _ => change_in_builtin(stack, object, name, value),
    }
}

/// Whether the name was there, if it is to be deleted.
fn change_in_dict(dict: &Dict, name: &Value, value: Option<Value>) -> bool {
    let is_set = value.is_some();
    let old = match value {
        Some(value) => dict.set_str(name.clone(), value),
        None => dict.remove_str(name),
    };
    is_set || old.is_some()
}

fn change_in_instance(stack: &Stack, object: &Value, name: &Value, value: Option<Value>) -> Outcome<()> {
    let class = class_of(stack.vm(), object);
    let in_class = lookup(class, name);
    if let Some(descriptor) = &in_class
        && let Some(changed) = change_by_descriptor(stack, descriptor, object, value.as_ref())
    {
        return changed;
    }
    if in_class.is_none()
        && let Some(changed) = change_own(stack, object, name, value.as_ref())
    {
        return changed;
    }
    let is_there = match (as_instance(object), as_exception(object)) {
        (Some(instance), _) => change_in_dict(instance.attributes(), name, value),
        (None, Some(exception)) => {
            let dict = exception::dict_of(exception);
            as_dict(&dict).is_some_and(|dict| change_in_dict(dict, name, value))
        }
        (None, None) => false,
    };
    if is_there { Ok(()) } else { Err(raise(stack, Error::AttributeError, missing_text(stack, object, name))) }
}

/// A property, or an object with `__set__` or `__delete__`. `None`: it is neither.
fn change_by_descriptor(
    stack: &Stack,
    descriptor: &Value,
    object: &Value,
    value: Option<&Value>,
) -> Option<Outcome<()>> {
    if let Some(Object::Property(property)) = descriptor.object() {
        return Some(match value {
            Some(value) => property.set_of(stack, object, value.clone()),
            None => property.delete_of(stack, object),
        });
    }
    if let Some(Object::Field(field)) = descriptor.object() {
        return Some(Err(refuse(stack, format!("changing the attribute {} of an object", field.name))));
    }
    let names = &stack.vm().names;
    let set = special(stack.vm(), descriptor, &names.__set__);
    let delete = special(stack.vm(), descriptor, &names.__delete__);
    if set.is_none() && delete.is_none() {
        return None;
    }
    let called = match (value, set, delete) {
        (Some(value), Some(set), _) => call::call(stack, &set, &[descriptor.clone(), object.clone(), value.clone()]),
        (None, _, Some(delete)) => call::call(stack, &delete, &[descriptor.clone(), object.clone()]),
        (Some(_), None, _) => Err(raise(stack, Error::AttributeError, "__set__")),
        (None, _, None) => Err(raise(stack, Error::AttributeError, "__delete__")),
    };
    Some(called.map(drop))
}

/// What instances and exceptions have besides their `__dict__`. `None`: it is no such name.
fn change_own(stack: &Stack, object: &Value, name: &Value, value: Option<&Value>) -> Option<Outcome<()>> {
    let name = as_str(name)?.as_str();
    if name == "__class__" || (name == "__dict__" && as_instance(object).is_some()) {
        return Some(Err(refuse(stack, format!("changing the attribute {name} of an object"))));
    }
    let changed = match value {
        Some(value) => exception::set_attribute(stack, object, name, value),
        None => exception::delete_attribute(stack, object, name),
    };
    // A field of a builtin exception that is not here.
    changed.or_else(|| {
        let class = class_of(stack.vm(), object);
        let is_field = |class: &class::Class| class.error.is_some_and(|error| known::has(error.name(), name));
        class::bases(class)
            .any(is_field)
            .then(|| Err(refuse(stack, format!("changing the attribute {name} of {}", class_name(class)))))
    })
}

fn change_in_class(stack: &Stack, class: &Value, name: &Value, value: Option<Value>) -> Outcome<()> {
    let (Some(own), Some(text)) = (as_class(class), as_str(name)) else { return Ok(()) };
    if own.is_immutable() {
        let text = format!("cannot set '{}' attribute of immutable type '{}'", text.as_str(), class_name(class));
        return Err(type_error(stack, text));
    }
    if let Some(changed) = class::set_type_attribute(stack, class, text.as_str(), value.as_ref()) {
        changed?;
        class::changed(stack.vm(), own);
        return Ok(());
    }
    if let Some(value) = &value {
        class::check_special(stack, name, value)?;
    }
    if !change_in_dict(own.dict(), name, value) {
        return Err(missing(stack, class, name));
    }
    class::changed(stack.vm(), own);
    Ok(())
}

fn change_in_builtin(stack: &Stack, object: &Value, name: &Value, value: Option<Value>) -> Outcome<()> {
    let Some(text) = as_str(name).map(|name| name.as_str()) else { return Ok(()) };
    let is_deleted = value.is_none();
    if let Some(changed) = family::set(stack, object, text, value) {
        let is_function = is_deleted && object.function().is_some();
        return changed.map_err(|error| if is_function { with_context(error, object, name) } else { error });
    }
    let class = class_of(stack.vm(), object);
    let type_name = class_name(class);
    let error = |text: String| Err(raise(stack, Error::AttributeError, text));
    if text == "__class__" {
        return Err(refuse(stack, "changing the attribute __class__ of an object"));
    }
    if lookup(class, name).is_some() {
        return error(format!("'{type_name}' object attribute '{text}' is read-only"));
    }
    if super::own::of_builtin(stack, object, text)?.is_some() {
        return match class::kind(object) {
            Type::Int | Type::Bool | Type::Float | Type::Builtin => {
                // `bool` has what it has from `int`.
                let owner = if type_name == "bool" { "int" } else { &*type_name };
                error(format!("attribute '{text}' of '{owner}' objects is not writable"))
            }
            Type::Slice | Type::Range | Type::Super | Type::Method => error("readonly attribute".to_owned()),
            Type::Property if text != "__doc__" && text != "__name__" => error("readonly attribute".to_owned()),
            _ => Err(refuse(stack, format!("changing the attribute {text} of {type_name}"))),
        };
    }
    if class::bases(class).any(|class| known::has(&class::name_of(class), text)) {
        return Err(refuse(stack, format!("changing the attribute {text} of {type_name}")));
    }
    if matches!(class::kind(object), Type::StaticMethod | Type::ClassMethod) {
        return Err(refuse(stack, format!("attributes of {type_name}")));
    }
    let text = format!("'{type_name}' object has no attribute '{text}' and no __dict__ for setting new attributes");
    Err(with_context(raise(stack, Error::AttributeError, text), object, name))
}

/// The `AttributeError` of an attribute of a class or module that is to be deleted, and is not there.
fn missing(stack: &Stack, object: &Value, name: &Value) -> Value {
    with_context(raise(stack, Error::AttributeError, missing_text(stack, object, name)), object, name)
}

fn missing_text(stack: &Stack, object: &Value, name: &Value) -> String {
    let name = as_str(name).map_or("", |name| name.as_str());
    match as_class(object) {
        Some(_) => format!("type object '{}' has no attribute '{name}'", class_name(object)),
        None => format!("'{}' object has no attribute '{name}'", type_name(stack.vm(), object)),
    }
}
