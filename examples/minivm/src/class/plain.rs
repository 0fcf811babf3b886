//! What every object has from `object`, and every class from `type`.

use super::{
    Type, as_class, chain, class_name, class_of, class_qualname, new_instance, special, special_of, type_name, types,
};
use crate::exception::{self, Error, raise, refuse, type_error};
use crate::object::{Args, Builtin, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, TRUE, Value, list, string, tuple};
use crate::text::as_str;
use crate::{attribute, protocol};

/// Methods of `object`.
pub(super) static METHODS: &[Builtin] = &[
    Builtin { name: "__delattr__", is_method: true, call: delattr },
    Builtin { name: "__eq__", is_method: true, call: eq },
    Builtin { name: "__format__", is_method: true, call: format },
    Builtin { name: "__ge__", is_method: true, call: order },
    Builtin { name: "__getattribute__", is_method: true, call: getattribute },
    Builtin { name: "__gt__", is_method: true, call: order },
    Builtin { name: "__hash__", is_method: true, call: hash },
    Builtin { name: "__init__", is_method: true, call: init },
    Builtin { name: "__le__", is_method: true, call: order },
    Builtin { name: "__lt__", is_method: true, call: order },
    Builtin { name: "__ne__", is_method: true, call: ne },
    Builtin { name: "__new__", is_method: false, call: new },
    Builtin { name: "__repr__", is_method: true, call: repr },
    Builtin { name: "__setattr__", is_method: true, call: setattr },
    Builtin { name: "__str__", is_method: true, call: str },
];

/// `object.__init_subclass__`, in a class method.
pub(super) static INIT_SUBCLASS: Builtin = Builtin { name: "__init_subclass__", is_method: true, call: init_subclass };

/// Methods of `type`.
pub(super) static TYPE_METHODS: &[Builtin] = &[
    Builtin { name: "__call__", is_method: true, call: type_call },
    Builtin { name: "__subclasses__", is_method: true, call: subclasses },
    Builtin { name: "mro", is_method: true, call: mro },
];

/// The arguments of a method of two underscores: the object, and as many as it takes.
pub(crate) fn slot_arguments<'a, const N: usize>(
    stack: &Stack,
    name: &str,
    type_name: &str,
    args: Args<'a>,
) -> Outcome<&'a [Value; N]> {
    if args.positional.is_empty() {
        return Err(wrong_receiver(stack, name, type_name, args));
    }
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("wrapper {name}() takes no keyword arguments")));
    }
    args.positional.try_into().map_err(|_| {
        let plural = if N == 2 { "" } else { "s" };
        let given = args.positional.len() - 1;
        type_error(stack, format!("expected {} argument{plural}, got {given}", N - 1))
    })
}

/// A method of a builtin type was called with an object of another one in front, or none at all.
pub(crate) fn wrong_receiver(stack: &Stack, name: &str, type_name: &str, args: Args<'_>) -> Value {
    let is_slot = types::is_slot(name);
    let text = match args.positional.first() {
        None if is_slot => format!("descriptor '{name}' of '{type_name}' object needs an argument"),
        None => format!("unbound method {type_name}.{name}() needs an argument"),
        Some(object) => {
            let got = super::type_name(stack.vm(), object);
            if is_slot {
                format!("descriptor '{name}' requires a '{type_name}' object but received a '{got}'")
            } else {
                format!("descriptor '{name}' for '{type_name}' objects doesn't apply to a '{got}' object")
            }
        }
    };
    type_error(stack, text)
}

/// `object()`
pub(super) fn construct(stack: &Stack, args: Args<'_>) -> Outcome {
    if is_empty(args) { Ok(Value::new(Object::Plain)) } else { Err(type_error(stack, "object() takes no arguments")) }
}

fn is_empty(args: Args<'_>) -> bool {
    args.positional.is_empty() && args.keywords.is_empty()
}

/// `object.__new__` of a class of the program. It takes no arguments, but leaves it to an `__init__` to say so.
pub(super) fn allocate(stack: &Stack, class: &Value, args: Args<'_>) -> Outcome {
    if !is_empty(args) {
        let names = &stack.vm().names;
        if special_of(class, &names.__new__).is_some() {
            let text = "object.__new__() takes exactly one argument (the type to instantiate)";
            return Err(type_error(stack, text));
        }
        if special_of(class, &names.__init__).is_none() {
            return Err(type_error(stack, format!("{}() takes no arguments", class_name(class))));
        }
    }
    Ok(new_instance(class))
}

/// `object.__init__`: takes no arguments, but leaves it to a `__new__` to say so.
pub(super) fn initialize(stack: &Stack, object: &Value, args: Args<'_>) -> Outcome<()> {
    if is_empty(args) {
        return Ok(());
    }
    let vm = stack.vm();
    let class = as_class(class_of(vm, object));
    if class.is_some_and(|class| class.is_immutable() && class.builtin != Some(Type::Object)) {
        // It is made by a `__new__` of its own.
        return Ok(());
    }
    if special(vm, object, &vm.names.__init__).is_some() {
        let text = "object.__init__() takes exactly one argument (the instance to initialize)";
        return Err(type_error(stack, text));
    }
    if special(vm, object, &vm.names.__new__).is_none() {
        let name = type_name(vm, object);
        let text = format!("{name}.__init__() takes exactly one argument (the instance to initialize)");
        return Err(type_error(stack, text));
    }
    Ok(())
}

fn init(stack: &Stack, args: Args<'_>) -> Outcome {
    let Some((object, rest)) = args.positional.split_first() else {
        return Err(wrong_receiver(stack, "__init__", "object", args));
    };
    initialize(stack, object, Args { positional: rest, keywords: args.keywords })?;
    Ok(NONE)
}

fn new(stack: &Stack, args: Args<'_>) -> Outcome {
    let Some((class, rest)) = args.positional.split_first() else {
        return Err(type_error(stack, "object.__new__(): not enough arguments"));
    };
    let Some(own) = as_class(class) else {
        let name = type_name(stack.vm(), class);
        return Err(type_error(stack, format!("object.__new__(X): X is not a type object ({name})")));
    };
    let rest = Args { positional: rest, keywords: args.keywords };
    if own.builtin == Some(Type::Object) {
        return construct(stack, rest);
    }
    if own.is_immutable() || exception::is_exception_class(class) {
        let name = class_name(class);
        let text = format!("object.__new__({name}) is not safe, use {name}.__new__()");
        return Err(type_error(stack, text));
    }
    allocate(stack, class, rest)
}

fn init_subclass(stack: &Stack, args: Args<'_>) -> Outcome {
    let name = args.positional.first().map_or_else(String::new, class_qualname);
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("{name}.__init_subclass__() takes no keyword arguments")));
    }
    match args.positional.len() {
        0 | 1 => Ok(NONE),
        given => {
            let given = given - 1;
            Err(type_error(stack, format!("{name}.__init_subclass__() takes no arguments ({given} given)")))
        }
    }
}

fn repr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = slot_arguments(stack, "__repr__", "object", args)?;
    Ok(string(plain_repr(stack, object)))
}

fn str(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = slot_arguments(stack, "__str__", "object", args)?;
    Ok(string(protocol::repr(stack, object)?))
}

/// `<__main__.A object at 0x7f0000000000>`
pub(crate) fn plain_repr(stack: &Stack, object: &Value) -> String {
    format!("<{} object at {:#x}>", full_name(class_of(stack.vm(), object)), object.address())
}

/// A class with its module in front, if that is not `builtins`.
pub(crate) fn full_name(class: &Value) -> String {
    let name = class_qualname(class);
    match module_of(class) {
        Some(module) if module != "builtins" => format!("{module}.{name}"),
        _ => name,
    }
}

/// The class of an object as some errors name it: with its module, if that is not the main one.
///
/// Source: `PyType_GetFullyQualifiedName`, Objects/typeobject.c; `%T` of `PyErr_Format`.
pub(crate) fn qualified_type_name(vm: &crate::vm::Mini, object: &Value) -> String {
    let name = full_name(class_of(vm, object));
    name.strip_prefix("__main__.").map_or_else(|| name.clone(), str::to_owned)
}

/// `class.__module__`, if that is a `str`.
fn module_of(class: &Value) -> Option<String> {
    let own = as_class(class).filter(|own| !own.is_immutable())?;
    let module = own.dict().get_str(&string("__module__"))?;
    as_str(&module).map(|module| module.as_str().to_owned())
}

fn eq(stack: &Stack, args: Args<'_>) -> Outcome {
    let [left, right] = slot_arguments(stack, "__eq__", "object", args)?;
    Ok(if left.is(right) { TRUE } else { NOT_IMPLEMENTED })
}

/// Asks for `==` and turns the answer round.
fn ne(stack: &Stack, args: Args<'_>) -> Outcome {
    let [left, right] = slot_arguments(stack, "__ne__", "object", args)?;
    protocol::not_equal_by_equal(stack, left, right)
}

/// `object` knows no order.
fn order(stack: &Stack, args: Args<'_>) -> Outcome {
    let [_, _] = slot_arguments(stack, "__lt__", "object", args)?;
    Ok(NOT_IMPLEMENTED)
}

fn hash(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = slot_arguments(stack, "__hash__", "object", args)?;
    Ok(crate::object::int(protocol::hash_of_identity(object)))
}

fn format(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, spec] = method_arguments(stack, "object", "__format__", args)?;
    match as_str(spec) {
        Some(spec) if spec.as_str().is_empty() => Ok(string(protocol::text(stack, object)?)),
        Some(_) => {
            let name = type_name(stack.vm(), object);
            Err(type_error(stack, format!("unsupported format string passed to {name}.__format__")))
        }
        None => {
            let name = type_name(stack.vm(), spec);
            Err(type_error(stack, format!("__format__() argument must be str, not {name}")))
        }
    }
}

/// The object and the arguments of a method that is no slot.
fn method_arguments<'a, const N: usize>(
    stack: &Stack,
    type_name: &str,
    name: &str,
    args: Args<'a>,
) -> Outcome<&'a [Value; N]> {
    if args.positional.is_empty() {
        return Err(wrong_receiver(stack, name, type_name, args));
    }
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("{type_name}.{name}() takes no keyword arguments")));
    }
    args.positional.try_into().map_err(|_| {
        let most = if N == 1 { "no arguments" } else { "exactly one argument" };
        let given = args.positional.len() - 1;
        type_error(stack, format!("{type_name}.{name}() takes {most} ({given} given)"))
    })
}

fn getattribute(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, name] = slot_arguments(stack, "__getattribute__", "object", args)?;
    check_name(stack, name)?;
    attribute::get_plain(stack, object, name)
}

fn setattr(stack: &Stack, args: Args<'_>) -> Outcome {
    if let Some(given) = args.positional.len().checked_sub(1).filter(|given| *given != 2) {
        return Err(type_error(stack, format!("__setattr__ expected 2 arguments, got {given}")));
    }
    let [object, name, value] = slot_arguments(stack, "__setattr__", "object", args)?;
    check_name(stack, name)?;
    check_no_class(stack, "__setattr__", object)?;
    attribute::set_plain(stack, object, name, value.clone())?;
    Ok(NONE)
}

fn delattr(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, name] = slot_arguments(stack, "__delattr__", "object", args)?;
    check_name(stack, name)?;
    check_no_class(stack, "__delattr__", object)?;
    attribute::delete_plain(stack, object, name)?;
    Ok(NONE)
}

/// `object` does not do this to classes, so that nobody changes builtin ones.
fn check_no_class(stack: &Stack, name: &str, object: &Value) -> Outcome<()> {
    if as_class(object).is_none() {
        return Ok(());
    }
    Err(type_error(stack, format!("can't apply this {name} to type object")))
}

fn check_name(stack: &Stack, name: &Value) -> Outcome<()> {
    if as_str(name).is_some() {
        return Ok(());
    }
    let got = type_name(stack.vm(), name);
    Err(type_error(stack, format!("attribute name must be string, not '{got}'")))
}

/// `type(object)`; what makes a class of three arguments is not here.
pub(super) fn construct_type(stack: &Stack, args: Args<'_>) -> Outcome {
    match args.positional {
        [object] if args.keywords.is_empty() => Ok(class_of(stack.vm(), object).clone()),
        [_, _, _] => Err(refuse(stack, "type() with three arguments")),
        _ => Err(type_error(stack, "type() takes 1 or 3 arguments")),
    }
}

fn type_call(stack: &Stack, args: Args<'_>) -> Outcome {
    match args.positional.split_first() {
        Some((class, rest)) if as_class(class).is_some() => {
            super::instantiate(stack, class, Args { positional: rest, keywords: args.keywords })
        }
        _ => Err(wrong_receiver(stack, "__call__", "type", args)),
    }
}

/// A class and nothing else.
fn class_argument<'a>(stack: &Stack, name: &str, args: Args<'a>) -> Outcome<&'a Value> {
    let Some(class) = args.positional.first().filter(|class| as_class(class).is_some()) else {
        return Err(wrong_receiver(stack, name, "type", args));
    };
    let [_] = method_arguments(stack, &class_name(class), name, args)?;
    Ok(class)
}

fn subclasses(stack: &Stack, args: Args<'_>) -> Outcome {
    let class = class_argument(stack, "__subclasses__", args)?;
    match as_class(class) {
        Some(own) if !own.is_immutable() => Ok(list(own.subclasses.borrow().clone())),
        // CPython's have more than are here.
        _ => Err(refuse(stack, "__subclasses__() of a builtin type")),
    }
}

fn mro(stack: &Stack, args: Args<'_>) -> Outcome {
    let class = class_argument(stack, "mro", args)?;
    Ok(list(chain(class).cloned().collect()))
}

/// An attribute that a class has from `type`, before its own ones. `None`: there is none by this name.
pub(crate) fn type_attribute(stack: &Stack, class: &Value, name: &str) -> Option<Outcome> {
    let own = as_class(class)?;
    let in_dict = |default: &'static str| match own.dict().get_str(&stack.vm().name(name)) {
        Some(found) => found,
        None => string(default),
    };
    let refused = || refuse(stack, format!("the attribute {name} of a class"));
    Some(Ok(match name {
        "__name__" => own.name.borrow().clone(),
        "__qualname__" => own.qualname.borrow().clone(),
        "__module__" => in_dict("builtins"),
        "__doc__" => match own.dict().get_str(&stack.vm().name(name)) {
            Some(doc) => return Some(attribute::bind_to_class(stack, doc, class)),
            None => return Some(Err(refused())),
        },
        "__class__" => class_of(stack.vm(), class).clone(),
        "__base__" => own.base.clone().unwrap_or(NONE),
        "__bases__" => tuple(own.base.iter().cloned().collect::<Vec<_>>()),
        "__mro__" => tuple(chain(class).cloned().collect::<Vec<_>>()),
        "__dict__" if own.is_immutable() => return Some(Err(refused())),
        "__dict__" => {
            let dict = own.attributes.share();
            super::changed(stack.vm(), own);
            Value::new(Object::MappingProxy(dict))
        }
        "__annotations__" | "__annotate__" | "__type_params__" => return Some(Err(refused())),
        _ => return None,
    }))
}

/// Sets such an attribute of a class of the program; without a value, deletes it. `None` as above.
pub(crate) fn set_type_attribute(
    stack: &Stack,
    class: &Value,
    name: &str,
    value: Option<&Value>,
) -> Option<Outcome<()>> {
    let own = as_class(class)?;
    let cell = match name {
        "__name__" => &own.name,
        "__qualname__" => &own.qualname,
        "__module__" | "__doc__" if value.is_some() => return None,
        "__module__" | "__doc__" => return Some(Err(cannot_delete(stack, class, name))),
        "__mro__" | "__dict__" => {
            let text = format!("attribute '{name}' of 'type' objects is not writable");
            return Some(Err(raise(stack, Error::AttributeError, text)));
        }
        "__base__" => return Some(Err(raise(stack, Error::AttributeError, "readonly attribute"))),
        "__bases__" | "__class__" | "__annotations__" | "__annotate__" | "__type_params__" | "__abstractmethods__" => {
            return Some(Err(refuse(stack, format!("changing the attribute {name} of a class"))));
        }
        _ => return None,
    };
    let Some(value) = value else { return Some(Err(cannot_delete(stack, class, name))) };
    if as_str(value).is_none() {
        let (class, got) = (class_name(class), type_name(stack.vm(), value));
        let text = format!("can only assign string to {class}.{name}, not '{got}'");
        return Some(Err(type_error(stack, text)));
    }
    drop(cell.replace(value.clone()));
    Some(Ok(()))
}

/// CPython's own text, though the type is not immutable.
fn cannot_delete(stack: &Stack, class: &Value, name: &str) -> Value {
    let class = class_name(class);
    type_error(stack, format!("cannot delete '{name}' attribute of immutable type '{class}'"))
}
