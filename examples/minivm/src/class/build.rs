//! The end of a `class` statement: a class of its name, its bases and what its body left behind.

use std::cell::{Cell, RefCell};

use super::{Attributes, Class, Field, Type, as_class, changed, class_name, is_subclass, lookup, special, type_name};
use crate::dict::{Dict, as_dict};
use crate::exception::{self, refuse, type_error};
use crate::object::{Args, NONE, Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::{attribute, call, protocol};

/// `__build_class__` after its body ran: the name, the bases, the namespace (a dict) and the keywords of the `class` statement. Sets names, doc,
/// `__classcell__`, calls `__set_name__` and `__init_subclass__` where there are any.
pub(crate) fn build(
    stack: &Stack,
    name: &Value,
    bases: &[Value],
    namespace: &Value,
    keywords: &[(Value, Value)],
) -> Outcome {
    let base = base_of(stack, bases)?;
    let keywords = without_metaclass(stack, keywords)?;
    let (Some(base_class), Some(namespace_dict)) = (as_class(&base), as_dict(namespace)) else {
        return Err(refuse(stack, "a class with a namespace that is no dict"));
    };

    let body = Body { dict: copy(stack, namespace_dict)? };
    let qualname = body.take_qualname(stack)?.unwrap_or_else(|| name.clone());
    let class_cell = body.take(stack, "__classcell__");
    let dict_cell = body.take(stack, "__classdictcell__");
    body.complete(stack)?;
    body.add(stack, name, &base);

    let class = Class {
        name: RefCell::new(name.clone()),
        qualname: RefCell::new(qualname),
        base: Some(base.clone()),
        attributes: Attributes::new(body.dict),
        version: Cell::new(0),
        construct: None,
        builtin: None,
        error: None,
        has_del: Cell::new(false),
        has_setattr: Cell::new(false),
        subclasses: RefCell::new(Vec::new()),
    };
    let class = Value::new(Object::Class(Box::new(class)));
    if let Some(own) = as_class(&class) {
        changed(stack.vm(), own);
    }
    if !base_class.is_immutable() {
        base_class.subclasses.borrow_mut().push(class.clone());
    }
    for (cell, content) in [(class_cell, &class), (dict_cell, namespace)] {
        if let Some(cell) = cell.as_ref().and_then(Value::cell) {
            drop(cell.set(content.clone()));
        }
    }
    set_names(stack, &class)?;
    init_subclass(stack, &class, &base, &keywords)?;
    Ok(class)
}

/// Refuses bases that this VM does not know to derive from, before the body runs. What is wrong in CPython, too, [`build`] says.
pub(crate) fn check_bases(stack: &Stack, bases: &[Value]) -> Outcome<()> {
    let [base] = bases else {
        return if bases.is_empty() { Ok(()) } else { Err(refuse(stack, "multiple inheritance")) };
    };
    let Some(class) = as_class(base) else { return Err(refuse(stack, "a base that is no class")) };
    match class.builtin {
        Some(Type::Type) => Err(refuse(stack, "a metaclass")),
        Some(builtin) if BASE_TYPES.contains(&builtin) => {
            Err(refuse(stack, format!("a subclass of {}", builtin.name())))
        }
        _ => Ok(()),
    }
}

/// The one class that another may derive from.
fn base_of(stack: &Stack, bases: &[Value]) -> Outcome {
    check_bases(stack, bases)?;
    let Some(base) = bases.first() else { return Ok(stack.vm().types.get(Type::Object).clone()) };
    match as_class(base).and_then(|class| class.builtin) {
        None | Some(Type::Object) => Ok(base.clone()),
        Some(builtin) => Err(type_error(stack, format!("type '{}' is not an acceptable base type", builtin.name()))),
    }
}

/// What CPython lets classes derive from, and this VM does not.
const BASE_TYPES: &[Type] = &[
    Type::Int,
    Type::Float,
    Type::Str,
    Type::Bytes,
    Type::Tuple,
    Type::List,
    Type::Dict,
    Type::Set,
    Type::FrozenSet,
    Type::Module,
    Type::Property,
    Type::StaticMethod,
    Type::ClassMethod,
    Type::Super,
    Type::Enumerate,
    Type::Zip,
    Type::Map,
    Type::Filter,
    Type::Reversed,
];

/// The keywords that `__init_subclass__` is called with.
fn without_metaclass(stack: &Stack, keywords: &[(Value, Value)]) -> Outcome<Vec<(Value, Value)>> {
    let mut rest = Vec::new();
    for (name, value) in keywords {
        if as_str(name).is_some_and(|name| name.as_str() == "metaclass") {
            if !value.is(stack.vm().types.get(Type::Type)) {
                return Err(refuse(stack, "a metaclass"));
            }
        } else {
            rest.push((name.clone(), value.clone()));
        }
    }
    Ok(rest)
}

/// The class has a dict of its own: who still has the namespace does not change the class with it.
fn copy(stack: &Stack, namespace: &Dict) -> Outcome<Dict> {
    let dict = Dict::new();
    for (name, value) in namespace.items() {
        if as_str(&name).is_none() {
            return Err(refuse(stack, "a class attribute whose name is no str"));
        }
        drop(dict.set_str(name, value));
    }
    Ok(dict)
}

/// The attributes of a class that is about to be.
struct Body {
    dict: Dict,
}

impl Body {
    fn get(&self, stack: &Stack, name: &str) -> Option<Value> {
        self.dict.get_str(&stack.vm().name(name))
    }

    fn take(&self, stack: &Stack, name: &str) -> Option<Value> {
        self.dict.remove_str(&stack.vm().name(name))
    }

    fn set(&self, stack: &Stack, name: &str, value: Value) {
        drop(self.dict.set_str(stack.vm().name(name), value));
    }

    fn take_qualname(&self, stack: &Stack) -> Outcome<Option<Value>> {
        match self.take(stack, "__qualname__") {
            Some(qualname) if as_str(&qualname).is_none() => {
                let name = type_name(stack.vm(), &qualname);
                Err(type_error(stack, format!("type __qualname__ must be a str, not {name}")))
            }
            qualname => Ok(qualname),
        }
    }

    /// Checks it, and makes methods of what CPython makes methods of.
    fn complete(&self, stack: &Stack) -> Outcome<()> {
        if self.get(stack, "__slots__").is_some() {
            return Err(refuse(stack, "__slots__"));
        }
        for (name, value) in self.dict.items() {
            check_special(stack, &name, &value)?;
        }
        if let Some(function) = self.get(stack, "__new__").filter(|new| new.function().is_some()) {
            self.set(stack, "__new__", Value::new(Object::StaticMethod(function)));
        }
        for name in ["__init_subclass__", "__class_getitem__"] {
            if let Some(function) = self.get(stack, name).filter(|found| found.function().is_some()) {
                self.set(stack, name, Value::new(Object::ClassMethod(function)));
            }
        }
        Ok(())
    }

    /// What CPython adds behind it: fields that no base has, `__doc__`, and what says that there is no hash.
    fn add(&self, stack: &Stack, name: &Value, base: &Value) {
        let owner = as_str(name).map_or("", |name| name.as_str());
        if as_class(base).is_some_and(Class::is_immutable) {
            let has_dict = as_class(base).is_some_and(|base| base.error.is_some());
            let fields = if has_dict { &["__weakref__"][..] } else { &["__dict__", "__weakref__"] };
            for name in fields {
                let field = Field { name, owner: owner.to_owned() };
                self.set(stack, name, Value::new(Object::Field(Box::new(field))));
            }
        }
        if self.get(stack, "__doc__").is_none() {
            self.set(stack, "__doc__", NONE);
        }
        if self.get(stack, "__eq__").is_some() && self.get(stack, "__hash__").is_none() {
            self.set(stack, "__hash__", NONE);
        }
    }
}

/// Methods that are looked up in the class, never in the object.
#[rustfmt::skip]
const SPECIAL: &[&str] = &[
    "__abs__", "__add__", "__aenter__", "__aexit__", "__aiter__", "__and__", "__anext__", "__await__", "__bool__",
    "__call__", "__contains__", "__del__", "__delattr__", "__delete__", "__delitem__", "__divmod__", "__enter__",
    "__eq__", "__exit__", "__float__", "__floordiv__", "__format__", "__ge__", "__get__", "__getattr__",
    "__getitem__", "__gt__", "__hash__", "__iadd__", "__iand__", "__ifloordiv__", "__ilshift__", "__imatmul__",
    "__imod__", "__imul__", "__index__", "__init__", "__instancecheck__", "__int__", "__invert__", "__ior__",
    "__ipow__", "__irshift__", "__isub__", "__iter__", "__itruediv__", "__ixor__", "__le__", "__len__",
    "__lshift__", "__lt__", "__matmul__", "__mod__", "__mul__", "__ne__", "__neg__", "__next__", "__or__",
    "__pos__", "__pow__", "__radd__", "__rand__", "__repr__", "__reversed__", "__rfloordiv__", "__rlshift__",
    "__rmatmul__", "__rmod__", "__rmul__", "__ror__", "__round__", "__rpow__", "__rrshift__", "__rshift__",
    "__rsub__", "__rtruediv__", "__rxor__", "__set__", "__set_name__", "__setattr__", "__setitem__", "__str__",
    "__sub__", "__truediv__", "__xor__",
];

/// Methods that protocols ask for are functions here, so that each can be called with the object in front. Some may be `None`.
pub(crate) fn check_special(stack: &Stack, name: &Value, value: &Value) -> Outcome<()> {
    let Some(name) = as_str(name).map(|name| name.as_str()) else { return Ok(()) };
    if name == "__getattribute__" {
        return Err(refuse(stack, "a class with __getattribute__"));
    }
    if SPECIAL.binary_search(&name).is_err() {
        return Ok(());
    }
    let may_be_none = matches!(name, "__hash__" | "__iter__" | "__contains__");
    let is_builtin = matches!(value.object(), Some(Object::Builtin(builtin)) if builtin.is_method);
    if value.function().is_some() || is_builtin || (may_be_none && *value == NONE) {
        return Ok(());
    }
    Err(refuse(stack, format!("the method {name} that is no function")))
}

/// Calls `__set_name__` of the attributes that have it.
fn set_names(stack: &Stack, class: &Value) -> Outcome<()> {
    let Some(own) = as_class(class) else { return Ok(()) };
    for (name, value) in own.dict().items() {
        if let Some(Object::Property(property)) = value.object() {
            property.set_name(name);
            continue;
        }
        let Some(method) = special(stack.vm(), &value, &stack.vm().names.__set_name__) else { continue };
        let called = call::call(stack, &method, &[value.clone(), class.clone(), name.clone()]);
        if let Err(error) = called {
            let descriptor = type_name(stack.vm(), &value).into_owned();
            let (name, class) = (protocol::repr(stack, &name)?, class_name(class));
            let note = format!("Error calling __set_name__ on '{descriptor}' instance {name} in '{class}'");
            exception::note(stack, &error, &note)?;
            return Err(error);
        }
    }
    Ok(())
}

/// `super().__init_subclass__(**keywords)`
fn init_subclass(stack: &Stack, class: &Value, base: &Value, keywords: &[(Value, Value)]) -> Outcome<()> {
    debug_assert!(is_subclass(class, base), "it was made of it");
    let Some(found) = lookup(base, &stack.vm().names.__init_subclass__) else { return Ok(()) };
    let method = attribute::bind_to_class(stack, found, class)?;
    call::call_with(stack, &method, Args { positional: &[], keywords })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::SPECIAL;

    #[test]
    fn special_names_are_found_by_halves() {
        assert!(SPECIAL.is_sorted());
    }
}
