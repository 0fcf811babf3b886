//! Attributes that CPython's types have as fields: what a look-up through classes does not find here.

use crate::class::{self, Type, class_of, class_qualname};
use crate::exception;
use crate::object::{Builtin, FALSE, Object, Outcome, Stack, TRUE, Value, float, int, string};
use crate::text::as_str;
use crate::{range, sequence};

/// Of an object of a class of the program, or an exception.
pub(super) fn of_instance(stack: &Stack, object: &Value, name: &Value) -> Outcome<Option<Value>> {
    let Some(name) = as_str(name).map(|name| name.as_str()) else { return Ok(None) };
    match name {
        "__class__" => Ok(Some(class_of(stack.vm(), object).clone())),
        _ => Ok(exception::get_attribute(object, name)),
    }
}

/// Of an object of a builtin type.
pub(super) fn of_builtin(stack: &Stack, object: &Value, name: &str) -> Outcome<Option<Value>> {
    let Some(object_) = object.object() else { return Ok(of_number(object, name)) };
    Ok(match object_ {
        Object::Int(_) | Object::Float(_) => of_number(object, name),
        Object::Slice(parts) => sequence::slice_attribute(parts, name),
        Object::Range(range) => range::attribute(range, name),
        Object::Property(property) => match name {
            "fget" => Some(property.get.clone()),
            "fset" => Some(property.set.clone()),
            "fdel" => Some(property.delete.clone()),
            "__doc__" => Some(property.doc(stack)?),
            "__name__" => property.name(stack)?,
            _ => None,
        },
        Object::StaticMethod(function) | Object::ClassMethod(function) => match name {
            "__func__" | "__wrapped__" => Some(function.clone()),
            "__name__" | "__qualname__" | "__module__" | "__doc__" => {
                super::find(stack, function, &stack.vm().name(name))?
            }
            _ => None,
        },
        Object::Super(parts) => match name {
            "__thisclass__" => Some(parts.class.clone()),
            "__self__" => Some(parts.object.clone()),
            "__self_class__" => Some(class::check_super(stack, &parts.class, &parts.object)?),
            _ => None,
        },
        Object::Builtin(builtin) => match name {
            "__name__" => Some(string(builtin.name)),
            "__qualname__" => Some(qualname(class::owner(stack.vm(), builtin), builtin)),
            _ => None,
        },
        Object::BoundBuiltin(parts) => {
            let (builtin, receiver) = &**parts;
            match name {
                "__self__" => Some(receiver.clone()),
                "__name__" => Some(string(builtin.name)),
                // What is a slot is named after the class that has it, another method after that of the object.
                "__qualname__" if class::is_slot(builtin.name) => {
                    let class = class_of(stack.vm(), receiver);
                    let owner = class::chain(class).find(|class| class::has_builtin(stack.vm(), class, builtin));
                    Some(qualname(owner, builtin))
                }
                "__qualname__" if class::as_class(receiver).is_some() => Some(qualname(Some(receiver), builtin)),
                "__qualname__" => Some(qualname(Some(class_of(stack.vm(), receiver)), builtin)),
                _ => None,
            }
        }
        _ => None,
    })
}

/// `int`, `bool` and `float` are numbers like complex ones.
fn of_number(object: &Value, name: &str) -> Option<Value> {
    // A `bool` is an `int` that is printed otherwise.
    let number = match object {
        object if *object == TRUE => int(1),
        object if *object == FALSE => int(0),
        object => object.clone(),
    };
    let kind = class::kind(&number);
    match (kind, name) {
        (Type::Int | Type::Float, "real") | (Type::Int, "numerator") => Some(number),
        (Type::Int, "imag") => Some(int(0)),
        (Type::Float, "imag") => Some(float(0.0)),
        (Type::Int, "denominator") => Some(int(1)),
        _ => None,
    }
}

/// The name of a builtin method, with that of its class in front.
fn qualname(class: Option<&Value>, builtin: &Builtin) -> Value {
    match class {
        Some(class) => string(format!("{}.{}", class_qualname(class), builtin.name)),
        None => string(builtin.name),
    }
}
