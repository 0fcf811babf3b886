//! The names of an object's attributes, for suggestions: "Did you mean ...?".

use std::collections::BTreeSet;

use crate::class::{self, as_class, as_instance, class_of};
use crate::dict::{Dict, as_dict};
use crate::exception::as_exception;
use crate::known;
use crate::object::{Object, Stack, Value};
use crate::text::as_str;

/// What `dir(object)` lists, sorted: the object's own attributes, its class's and those of the bases, and what CPython's builtin
/// types have. `__dir__` is not asked.
pub(crate) fn names(stack: &Stack, object: &Value) -> Vec<String> {
    let mut names = BTreeSet::new();
    match object.object() {
        // A module lists its own ones alone.
        Some(Object::Module(module)) => {
            if let Some(name) = as_str(&module.name) {
                names.extend(known::of_module(name.as_str()).iter().map(|name| (*name).to_owned()));
            }
            add_dict(&mut names, as_dict(&module.dict));
        }
        // A class lists what its objects have, not what it has from `type`.
        Some(Object::Class(_)) => add_class(&mut names, object),
        _ => {
            add_class(&mut names, class_of(stack.vm(), object));
            if let Some(instance) = as_instance(object) {
                add_dict(&mut names, Some(instance.attributes()));
            }
            if let Some(exception) = as_exception(object) {
                let attributes = exception.attributes.borrow().clone();
                add_dict(&mut names, attributes.as_ref().and_then(as_dict));
            }
            if let Some(function) = object.function() {
                let attributes = function.own().attributes.borrow().clone();
                add_dict(&mut names, attributes.as_ref().and_then(as_dict));
            }
        }
    }
    names.into_iter().collect()
}

fn add_class(names: &mut BTreeSet<String>, class: &Value) {
    for class in class::chain(class) {
        let Some(own) = as_class(class) else { continue };
        add_dict(names, Some(own.dict()));
        if own.is_immutable() {
            names.extend(known::of(&class::class_name(class)).iter().map(|name| (*name).to_owned()));
        }
    }
}

fn add_dict(names: &mut BTreeSet<String>, dict: Option<&Dict>) {
    for (name, _) in dict.map(Dict::items).unwrap_or_default() {
        names.extend(as_str(&name).map(|name| name.as_str().to_owned()));
    }
}
