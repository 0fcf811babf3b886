//! Classes: those of the program, and the builtin types. What [`attribute`](crate::attribute) and
//! [`protocol`](crate::protocol) look methods up in.
//!
//! A class derives from one other, so what Python calls the method resolution order is the chain of bases. Each knows the
//! classes that derive from it: when its attributes change, what inline caches know of those is out of date, too.

mod build;
mod descriptor;
mod plain;
mod proxy;
mod types;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::{iter, ptr};

use crate::dict::{Dict, as_dict, new_dict};
use crate::exception::{self, Error, raise, type_error};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value};
use crate::text::as_str;
use crate::vm::Mini;
use crate::{call, known, sys};

pub(crate) use build::{build, check_bases, check_special};
pub(crate) use descriptor::{Field, Property, Super, check_super};
pub(crate) use plain::{
    full_name, plain_repr, qualified_type_name, set_type_attribute, slot_arguments, type_attribute, wrong_receiver,
};
pub(crate) use proxy::{repr as repr_of_proxy, shown, unhashable};
pub(crate) use types::{Type, Types, is_slot, kind, kind_of_part};

/// What makes the instances of a builtin type.
pub(crate) type Construct = fn(&Stack, &Value, Args<'_>) -> Outcome;

/// A class.
pub(crate) struct Class {
    pub(crate) name: RefCell<Value>,
    pub(crate) qualname: RefCell<Value>,
    /// None of `object`.
    pub(crate) base: Option<Value>,
    attributes: Attributes,
    /// Changes with its dict and those of its bases: for inline caches. 0: none yet. See [`version`].
    pub(crate) version: Cell<u32>,
    /// What makes its instances, if that is a builtin.
    pub(crate) construct: Option<Construct>,
    /// The builtin type that it is.
    pub(crate) builtin: Option<Type>,
    /// The builtin exception that it is.
    pub(crate) error: Option<Error>,
    /// Whether it or a base has `__del__`.
    pub(crate) has_del: Cell<bool>,
    /// Whether it or a base of the program has `__setattr__` or `__delattr__`.
    pub(crate) has_setattr: Cell<bool>,
    /// The classes of the program that derive from it, in the order of their making.
    pub(crate) subclasses: RefCell<Vec<Value>>,
}

impl Class {
    /// What it has itself.
    #[inline(always)]
    pub(crate) fn dict(&self) -> &Dict {
        self.attributes.dict()
    }

    /// Whether its attributes never change: builtin types and exceptions.
    pub(crate) fn is_immutable(&self) -> bool {
        self.builtin.is_some() || self.error.is_some()
    }
}

/// An object of a class of the program.
pub(crate) struct Instance {
    pub(crate) class: Value,
    attributes: Attributes,
}

impl Instance {
    /// What it has itself.
    #[inline(always)]
    pub(crate) fn attributes(&self) -> &Dict {
        self.attributes.dict()
    }

    /// `__dict__`
    pub(crate) fn dict(&self) -> Value {
        self.attributes.share()
    }
}

/// The attributes of a class or an instance: few programs ask for them as an object.
struct Attributes {
    own: Dict,
    /// `__dict__`: the attributes are there from when somebody asked for it.
    shared: OnceCell<Value>,
}

impl Attributes {
    fn new(own: Dict) -> Self {
        Attributes { own, shared: OnceCell::new() }
    }

    #[inline(always)]
    fn dict(&self) -> &Dict {
        match self.shared.get() {
            None => &self.own,
            Some(dict) => as_dict(dict).unwrap_or_else(|| unreachable!("it was made as a dict")),
        }
    }

    /// The object that the attributes are in from now on.
    fn share(&self) -> Value {
        let make = || {
            let value = new_dict();
            if let Some(dict) = as_dict(&value) {
                for (name, attribute) in self.own.items() {
                    dict.set_str(name, attribute);
                }
                self.own.clear();
            }
            value
        };
        self.shared.get_or_init(make).clone()
    }
}

/// The class in an object, if it is one.
#[inline(always)]
pub(crate) fn as_class(value: &Value) -> Option<&Class> {
    match value.object()? {
        Object::Class(class) => Some(class),
        _ => None,
    }
}

/// The instance in an object, if it is one of a class of the program other than an exception.
#[inline(always)]
pub(crate) fn as_instance(value: &Value) -> Option<&Instance> {
    match value.object()? {
        Object::Instance(instance) => Some(instance),
        _ => None,
    }
}

/// `type(value)`
#[inline]
pub(crate) fn class_of<'a>(vm: &'a Mini, value: &'a Value) -> &'a Value {
    match value.object() {
        Some(Object::Instance(instance)) => &instance.class,
        Some(Object::Exception(exception)) => &exception.class,
        _ => vm.types.get(kind(value)),
    }
}

/// The name of an object's type, for messages.
pub(crate) fn type_name<'a>(vm: &'a Mini, value: &'a Value) -> Cow<'a, str> {
    Cow::Owned(class_name(class_of(vm, value)))
}

/// `class.__name__`
pub(crate) fn class_name(class: &Value) -> String {
    as_class(class).map_or_else(String::new, |class| text_in(&class.name))
}

/// The same of what is in the class's object.
pub(crate) fn name_of(class: &Class) -> String {
    text_in(&class.name)
}

/// `class.__qualname__`
pub(crate) fn class_qualname(class: &Value) -> String {
    as_class(class).map_or_else(String::new, |class| text_in(&class.qualname))
}

fn text_in(cell: &RefCell<Value>) -> String {
    as_str(&cell.borrow()).map_or_else(String::new, |text| text.as_str().to_owned())
}

/// A class and those it derives from, itself first: `__mro__`.
pub(crate) fn chain(class: &Value) -> impl Iterator<Item = &Value> {
    iter::successors(Some(class), |class| as_class(class).and_then(|class| class.base.as_ref()))
}

/// The same, without the references to them.
pub(crate) fn bases(class: &Value) -> impl Iterator<Item = &Class> {
    chain(class).filter_map(as_class)
}

/// What a class or its bases have by this name; no descriptor is asked.
#[inline]
pub(crate) fn lookup(class: &Value, name: &Value) -> Option<Value> {
    bases(class).find_map(|class| class.dict().get_str(name))
}

/// As [`lookup`], but what CPython's builtin types have by this name and the VM's have not is refused.
pub(crate) fn lookup_supported(stack: &Stack, class: &Value, name: &Value) -> Outcome<Option<Value>> {
    for class in bases(class) {
        if let Some(found) = class.dict().get_str(name) {
            return Ok(Some(found));
        }
        if class.is_immutable() {
            check_unknown(stack, class, name)?;
        }
    }
    Ok(None)
}

/// Refuses an attribute that CPython's type of this name has.
fn check_unknown(stack: &Stack, class: &Class, name: &Value) -> Outcome<()> {
    let Some(name) = as_str(name) else { return Ok(()) };
    let class = text_in(&class.name);
    if known::has(&class, name.as_str()) {
        return Err(exception::refuse(stack, format!("the attribute {} of {class}", name.as_str())));
    }
    Ok(())
}

/// A method of an object's class by a name of two underscores, bound or not: what to call with the object in front. Instances of the program's
/// classes only; `None` where there is none, or it is `None`.
#[inline]
pub(crate) fn special(_vm: &Mini, object: &Value, name: &Value) -> Option<Value> {
    let class = match object.object()? {
        Object::Instance(instance) => &instance.class,
        Object::Exception(exception) => &exception.class,
        _ => return None,
    };
    special_of(class, name)
}

/// The same of the class.
pub(crate) fn special_of(class: &Value, name: &Value) -> Option<Value> {
    let found = bases(class).take_while(|class| !class.is_immutable()).find_map(|class| class.dict().get_str(name))?;
    (found != NONE).then_some(found)
}

/// Whether `class` is `base` or derives from it.
pub(crate) fn is_subclass(class: &Value, base: &Value) -> bool {
    chain(class).any(|class| class.is(base))
}

thread_local! {
    static NEXT_VERSION: Cell<u32> = const { Cell::new(1) };
}

/// What inline caches know a class by: changes when it or one of its bases does. 0: numbers have run out.
#[inline]
pub(crate) fn version(class: &Class) -> u32 {
    match class.version.get() {
        0 => new_version(class),
        version => version,
    }
}

#[cold]
fn new_version(class: &Class) -> u32 {
    let version = NEXT_VERSION.get();
    if version != 0 {
        NEXT_VERSION.set(version.wrapping_add(1));
        class.version.set(version);
    }
    version
}

/// An attribute of a class was set or deleted: it and what derives from it have no version any more.
pub(crate) fn changed(vm: &Mini, class: &Class) {
    class.version.set(0);
    note_hooks(vm, class);
    let subclasses = class.subclasses.borrow().clone();
    for subclass in subclasses.iter().filter_map(as_class) {
        changed(vm, subclass);
    }
}

/// Notes whether the class has what is asked for at every end of an object and at every store into one.
fn note_hooks(vm: &Mini, class: &Class) {
    let names = &vm.names;
    let base = class.base.as_ref().and_then(as_class);
    let has = |name: &Value| !class.is_immutable() && class.dict().find_str(name).is_some();
    let del = has(&names.__del__) || base.is_some_and(|base| base.has_del.get());
    let setattr = has(&names.__setattr__) || has(&names.__delattr__) || base.is_some_and(|base| base.has_setattr.get());
    class.has_del.set(del);
    class.has_setattr.set(setattr);
}

/// Whether an object wants to know of its end.
pub(crate) fn has_finalizer(object: &Object) -> bool {
    let class = match object {
        Object::Instance(instance) => &instance.class,
        Object::Exception(exception) => &exception.class,
        _ => return false,
    };
    as_class(class).is_some_and(|class| class.has_del.get())
}

/// Nobody holds an object any more: calls `__del__`. The object may be held again afterwards.
pub(crate) fn finalize(stack: &Stack, object: &Value) {
    let Some(method) = special(stack.vm(), object, &stack.vm().names.__del__) else { return };
    if let Err(error) = call::call(stack, &method, std::slice::from_ref(object)) {
        sys::unraisable(stack, &error, "calling deallocator", &method);
    }
}

/// The builtin type that a method belongs to, or the first of several.
pub(crate) fn owner<'a>(vm: &'a Mini, method: &Builtin) -> Option<&'a Value> {
    vm.types.all().find(|class| has_builtin(vm, class, method))
}

/// Whether a class has this builtin method itself.
pub(crate) fn has_builtin(vm: &Mini, class: &Value, method: &Builtin) -> bool {
    let found = as_class(class).and_then(|class| class.dict().get_str(&vm.name(method.name)));
    found.is_some_and(|found| matches!(found.object(), Some(Object::Builtin(found)) if ptr::eq(*found, method)))
}

/// A new object of a class of the program, without attributes.
pub(crate) fn new_instance(class: &Value) -> Value {
    let instance = Instance { class: class.clone(), attributes: Attributes::new(Dict::new()) };
    Value::new(Object::Instance(Box::new(instance)))
}

/// `class(*args)`
pub(crate) fn instantiate(stack: &Stack, class: &Value, args: Args<'_>) -> Outcome {
    let Some(own) = as_class(class) else { return Err(type_error(stack, "it is no class")) };
    if let Some(construct) = own.construct {
        return construct(stack, class, args);
    }
    if own.builtin.is_some() {
        return Err(exception::refuse(stack, format!("calling the type {}", class_name(class))));
    }
    let names = &stack.vm().names;
    let object = match special_of(class, &names.__new__) {
        Some(new) => {
            // It is a static method since the class was made: the class goes in front.
            let new = if let Some(Object::StaticMethod(function)) = new.object() { function.clone() } else { new };
            let all = with_first(class, args.positional);
            let made = call::call_with(stack, &new, Args { positional: &all, keywords: args.keywords })?;
            if !is_subclass(class_of(stack.vm(), &made), class) {
                return Ok(made);
            }
            made
        }
        None if exception::is_exception_class(class) => exception::allocate(stack, class, args)?,
        None => plain::allocate(stack, class, args)?,
    };
    initialize(stack, &object, args)?;
    Ok(object)
}

/// `object.__init__(*args)`
fn initialize(stack: &Stack, object: &Value, args: Args<'_>) -> Outcome<()> {
    let Some(init) = special(stack.vm(), object, &stack.vm().names.__init__) else {
        if exception::as_exception(object).is_some() {
            return exception::initialize(stack, object, args);
        }
        return plain::initialize(stack, object, args);
    };
    let all = with_first(object, args.positional);
    let returned = call::call_with(stack, &init, Args { positional: &all, keywords: args.keywords })?;
    check_init(stack, &returned)
}

/// `__init__` returns `None`, or it is a `TypeError`.
pub(crate) fn check_init(stack: &Stack, returned: &Value) -> Outcome<()> {
    if *returned == NONE {
        return Ok(());
    }
    let name = type_name(stack.vm(), returned);
    Err(raise(stack, Error::TypeError, format!("__init__() should return None, not '{name}'")))
}

/// Arguments with one in front of them.
pub(crate) fn with_first(first: &Value, rest: &[Value]) -> Vec<Value> {
    iter::once(first).chain(rest).cloned().collect()
}

/// The first half of it: what `__new__` does where `__init__` is a function of the program, for the eval loop, which calls that without Rust
/// recursion. `None`: it is not as simple, [`instantiate`] does it.
pub(crate) fn instantiate_for_init(vm: &Mini, class: &Value) -> Option<(Value, Value)> {
    let own = as_class(class)?;
    let names = &vm.names;
    if own.is_immutable() || special_of(class, &names.__new__).is_some() {
        return None;
    }
    let init = special_of(class, &names.__init__).filter(|init| init.function().is_some())?;
    if exception::is_exception_class(class) {
        return None;
    }
    Some((new_instance(class), init))
}
