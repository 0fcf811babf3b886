//! The builtin types.

use std::cell::{Cell, RefCell};

use frame_runtime::counted::View;
use frame_runtime::generator::PartRef;
use frame_runtime::machine::generator::Flavour;

use super::{Attributes, Class, Construct, descriptor, plain, proxy};
use crate::dict::Dict;
use crate::exception::Error;
use crate::iterator::Iter;
use crate::object::{Args, Builtin, ELLIPSIS, NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value};
use crate::{
    bytes, dict, exception, family, generators, iterator, known, locals, number, protocol, range, sequence, set, text,
};

/// Declares [`Type`] and what CPython calls each.
macro_rules! types {
    ($($(#[$doc:meta])* $kind:ident: $name:literal,)*) => {
        /// The builtin types that the VM itself asks for. Exceptions are in `exception`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "the names are CPython's")]
        #[repr(u8)]
        pub(crate) enum Type {
            $($(#[$doc])* $kind,)*
        }

        impl Type {
            /// All of them, in order.
            const ALL: &[Type] = &[$(Type::$kind,)*];

            /// `type.__name__`
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Type::$kind => $name,)*
                }
            }
        }
    };
}

types! {
    Object: "object",
    Type: "type",
    NoneType: "NoneType",
    NotImplementedType: "NotImplementedType",
    Ellipsis: "ellipsis",
    Int: "int",
    Bool: "bool",
    Float: "float",
    Str: "str",
    Bytes: "bytes",
    Tuple: "tuple",
    List: "list",
    Dict: "dict",
    DictKeys: "dict_keys",
    DictValues: "dict_values",
    DictItems: "dict_items",
    Set: "set",
    FrozenSet: "frozenset",
    Range: "range",
    Slice: "slice",
    Function: "function",
    /// A function of the VM's, or a method that is bound.
    Builtin: "builtin_function_or_method",
    /// A method of a builtin type, not bound.
    MethodDescriptor: "method_descriptor",
    /// The same, with a name of two underscores.
    SlotWrapper: "wrapper_descriptor",
    /// That one, bound.
    MethodWrapper: "method-wrapper",
    Method: "method",
    Code: "code",
    Frame: "frame",
    Cell: "cell",
    FrameLocals: "FrameLocalsProxy",
    Traceback: "traceback",
    Module: "module",
    Property: "property",
    StaticMethod: "staticmethod",
    ClassMethod: "classmethod",
    Super: "super",
    /// `__dict__` of a class.
    MappingProxy: "mappingproxy",
    /// A field of objects that a class knows of.
    Field: "getset_descriptor",
    Enumerate: "enumerate",
    Zip: "zip",
    Map: "map",
    Filter: "filter",
    Reversed: "reversed",
    Generator: "generator",
    Coroutine: "coroutine",
    AsyncGenerator: "async_generator",
    CoroutineWrapper: "coroutine_wrapper",
    Asend: "async_generator_asend",
    Athrow: "async_generator_athrow",
    AnextAwaitable: "anext_awaitable",
    WrappedValue: "async_generator_wrapped_value",
    ListIterator: "list_iterator",
    ListReverseIterator: "list_reverseiterator",
    TupleIterator: "tuple_iterator",
    StrIterator: "str_iterator",
    StrAsciiIterator: "str_ascii_iterator",
    BytesIterator: "bytes_iterator",
    RangeIterator: "range_iterator",
    LongRangeIterator: "longrange_iterator",
    DictKeyIterator: "dict_keyiterator",
    DictValueIterator: "dict_valueiterator",
    DictItemIterator: "dict_itemiterator",
    DictReverseKeyIterator: "dict_reversekeyiterator",
    DictReverseValueIterator: "dict_reversevalueiterator",
    DictReverseItemIterator: "dict_reverseitemiterator",
    SetIterator: "set_iterator",
    CallableIterator: "callable_iterator",
    /// Of an object with `__getitem__`.
    SequenceIterator: "iterator",
}

/// The types that are names in the module `builtins`.
const VISIBLE: &[Type] = &[
    Type::Object,
    Type::Type,
    Type::Int,
    Type::Bool,
    Type::Float,
    Type::Str,
    Type::Bytes,
    Type::Tuple,
    Type::List,
    Type::Dict,
    Type::Set,
    Type::FrozenSet,
    Type::Range,
    Type::Slice,
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

/// What a builtin object is of.
#[inline]
pub(crate) fn kind(value: &Value) -> Type {
    match value.part() {
        Some(part) => kind_of_part(part),
        None => kind_of_other(value),
    }
}

fn kind_of_other(value: &Value) -> Type {
    match value.view() {
        View::Integer(_) => Type::Int,
        View::Constant(_) => match value {
            value if *value == NONE => Type::NoneType,
            value if *value == NOT_IMPLEMENTED => Type::NotImplementedType,
            value if *value == ELLIPSIS => Type::Ellipsis,
            _ => Type::Bool,
        },
        View::Code(_) => Type::Code,
        View::Function(_) => Type::Function,
        View::Frame(_) => Type::Frame,
        View::Part(part) => kind_of_part(part),
        View::Cell(_) => Type::Cell,
        View::Object(object) => kind_of_object(object),
    }
}

#[inline(always)]
pub(crate) fn kind_of_part(part: PartRef<'_, crate::vm::Mini>) -> Type {
    match part {
        PartRef::Generator(generator) => kind_of_body(generator.flavour()),
        PartRef::CoroutineWrapper(_) => Type::CoroutineWrapper,
        PartRef::Asend(_) => Type::Asend,
        PartRef::Athrow(_) => Type::Athrow,
        PartRef::AnextAwaitable(_) => Type::AnextAwaitable,
        PartRef::WrappedValue(_) => Type::WrappedValue,
    }
}

#[inline(always)]
fn kind_of_body(flavour: Flavour) -> Type {
    match flavour {
        Flavour::Generator | Flavour::TypesCoroutine => Type::Generator,
        Flavour::Coroutine => Type::Coroutine,
        Flavour::AsyncGenerator => Type::AsyncGenerator,
    }
}

fn kind_of_object(object: &Object) -> Type {
    match object {
        Object::Int(_) => Type::Int,
        Object::Float(_) => Type::Float,
        Object::Str(_) => Type::Str,
        Object::Bytes(_) => Type::Bytes,
        Object::Tuple(_) => Type::Tuple,
        Object::List(_) => Type::List,
        Object::Dict(_) => Type::Dict,
        Object::View(view) => match view.shows {
            dict::Shows::Keys => Type::DictKeys,
            dict::Shows::Values => Type::DictValues,
            dict::Shows::Items => Type::DictItems,
        },
        Object::Set(_) => Type::Set,
        Object::FrozenSet(_) => Type::FrozenSet,
        Object::Range(_) => Type::Range,
        Object::Slice(_) => Type::Slice,
        // Instances and exceptions have a class of their own, which callers look at first.
        Object::Plain | Object::Instance(_) | Object::Exception(_) => Type::Object,
        Object::Class(_) => Type::Type,
        Object::Traceback(_) => Type::Traceback,
        Object::Method(_) => Type::Method,
        Object::Builtin(builtin) => kind_of_builtin(builtin, Type::MethodDescriptor, Type::SlotWrapper),
        Object::BoundBuiltin(bound) => kind_of_builtin(bound.0, Type::Builtin, Type::MethodWrapper),
        Object::Property(_) => Type::Property,
        Object::StaticMethod(_) => Type::StaticMethod,
        Object::ClassMethod(_) => Type::ClassMethod,
        Object::Super(_) => Type::Super,
        Object::MappingProxy(_) => Type::MappingProxy,
        Object::Field(_) => Type::Field,
        Object::Iter(iter) => kind_of_iter(iter),
        Object::Module(_) => Type::Module,
        Object::Locals(_) => Type::FrameLocals,
    }
}

fn kind_of_builtin(builtin: &Builtin, method: Type, slot: Type) -> Type {
    match builtin {
        Builtin { is_method: false, .. } => Type::Builtin,
        builtin if is_slot(builtin.name) => slot,
        _ => method,
    }
}

/// Whether a method of two underscores is a slot of the type in CPython: most are.
pub(crate) fn is_slot(name: &str) -> bool {
    let methods = ["__format__", "__init_subclass__", "__reversed__", "__length_hint__", "__round__", "__trunc__"];
    name.starts_with("__") && name.ends_with("__") && !methods.contains(&name)
}

fn kind_of_iter(iter: &Iter) -> Type {
    let name = iterator::type_name(iter);
    Type::ALL.iter().copied().find(|kind| kind.name() == name).unwrap_or(Type::SequenceIterator)
}

/// All builtin types and exceptions, made when the VM starts.
pub(crate) struct Types {
    /// By [`Type`].
    types: Vec<Value>,
    /// By [`Error`].
    errors: Vec<Value>,
    /// All that is in the dicts of [`Type`]s: there it stays, so that its place can be noted in an inline cache.
    methods: Vec<Value>,
    /// `send` of bodies, by [`Flavour`]; async generators have none.
    sends: [Option<Value>; 4],
}

impl Types {
    /// `intern` finds the one `str` with a text, which names of attributes are.
    pub(crate) fn new(intern: &dyn Fn(&str) -> Value) -> Self {
        let mut types: Vec<Value> = Vec::new();
        for kind in Type::ALL {
            let base = match kind {
                Type::Object => None,
                Type::Bool => types.get(Type::Int as usize).cloned(),
                _ => types.first().cloned(),
            };
            let class = new_class(intern, kind.name(), base, methods_of(*kind));
            let class = Class { construct: construct_of(*kind), builtin: Some(*kind), ..class };
            types.push(finish(intern, class));
        }
        let mut errors: Vec<Value> = Vec::new();
        for error in Error::ALL {
            let (base, methods) = match error.base() {
                Some(base) => (errors.get(base as usize), &[][..]),
                None => (types.first(), exception::METHODS),
            };
            let class = new_class(intern, error.name(), base.cloned(), methods);
            // Some have `__init__` or `__str__` of their own.
            for method in exception::METHODS.iter().filter(|method| known::has(error.name(), method.name)) {
                class.dict().set_str(intern(method.name), Value::new(Object::Builtin(method)));
            }
            errors.push(finish(intern, Class { error: Some(*error), construct: Some(exception::construct), ..class }));
        }
        let classes = types.iter().filter_map(super::as_class);
        let methods = classes.flat_map(|class| class.dict().items()).map(|(_, method)| method).collect();
        let mut sends = [const { None }; 4];
        for flavour in [Flavour::Generator, Flavour::TypesCoroutine, Flavour::Coroutine, Flavour::AsyncGenerator] {
            let class = super::as_class(&types[kind_of_body(flavour) as usize]);
            sends[flavour as usize] = class.and_then(|class| class.dict().get_str(&intern("send")));
        }
        Types { types, errors, methods, sends }
    }

    /// Where something in the dict of a type is, for [`method`](Self::method).
    pub(crate) fn place_of(&self, method: &Value) -> Option<usize> {
        self.methods.iter().position(|other| other.is(method))
    }

    #[inline]
    pub(crate) fn method(&self, place: usize) -> Option<&Value> {
        self.methods.get(place)
    }

    /// The method `send` of a generator or coroutine. Async generators have none.
    #[inline(always)]
    pub(crate) fn send(&self, flavour: Flavour) -> Option<&Value> {
        self.sends[flavour as usize].as_ref()
    }

    pub(crate) fn get(&self, kind: Type) -> &Value {
        &self.types[kind as usize]
    }

    pub(crate) fn error(&self, error: Error) -> &Value {
        &self.errors[error as usize]
    }

    /// The classes of the module `builtins`, by their names there.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let types = VISIBLE.iter().map(|kind| (kind.name(), self.get(*kind)));
        let errors = Error::ALL.iter().filter(|error| **error != Error::Refusal);
        let errors = errors.map(|error| (error.name(), self.error(*error)));
        let aliases = [("EnvironmentError", Error::OSError), ("IOError", Error::OSError)];
        types.chain(errors).chain(aliases.map(|(name, error)| (name, self.error(error))))
    }

    /// All builtin types: for who looks for the one that a method belongs to.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.types.iter().chain(&self.errors)
    }
}

fn new_class(intern: &dyn Fn(&str) -> Value, name: &str, base: Option<Value>, methods: &'static [Builtin]) -> Class {
    let class = Class {
        name: RefCell::new(intern(name)),
        qualname: RefCell::new(intern(name)),
        base,
        attributes: Attributes::new(Dict::new()),
        version: Cell::new(0),
        construct: None,
        builtin: None,
        error: None,
        has_del: Cell::new(false),
        has_setattr: Cell::new(false),
        subclasses: RefCell::new(Vec::new()),
    };
    for method in methods {
        class.dict().set_str(intern(method.name), Value::new(Object::Builtin(method)));
    }
    class
}

/// What a type takes from the protocols: its methods of two underscores, as far as CPython's type has them and its own file
/// has not.
fn finish(intern: &dyn Fn(&str) -> Value, class: Class) -> Value {
    let type_name = super::text_in(&class.name);
    for method in protocol::METHODS.iter().filter(|method| known::has(&type_name, method.name)) {
        let name = intern(method.name);
        if class.dict().find_str(&name).is_none() {
            class.dict().set_str(name, Value::new(Object::Builtin(method)));
        }
    }
    if class.builtin == Some(Type::Object) {
        let init_subclass = Value::new(Object::Builtin(&plain::INIT_SUBCLASS));
        class.dict().set_str(intern(plain::INIT_SUBCLASS.name), Value::new(Object::ClassMethod(init_subclass)));
    }
    Value::new(Object::Class(Box::new(class)))
}

fn methods_of(kind: Type) -> &'static [Builtin] {
    match kind {
        Type::Object => plain::METHODS,
        Type::Type => plain::TYPE_METHODS,
        Type::Int => number::INT_METHODS,
        Type::Float => number::FLOAT_METHODS,
        Type::Str => text::METHODS,
        Type::Bytes => bytes::METHODS,
        Type::Tuple => sequence::TUPLE_METHODS,
        Type::List => sequence::LIST_METHODS,
        Type::Dict => dict::METHODS,
        Type::DictKeys | Type::DictValues | Type::DictItems => dict::VIEW_METHODS,
        Type::Set => set::METHODS,
        Type::FrozenSet => set::FROZEN_METHODS,
        Type::Range => range::METHODS,
        Type::Slice => sequence::SLICE_METHODS,
        Type::Function => family::FUNCTION_METHODS,
        Type::Code => family::CODE_METHODS,
        Type::Frame => family::FRAME_METHODS,
        Type::FrameLocals => locals::METHODS,
        Type::Generator => generators::GENERATOR_METHODS,
        Type::Coroutine => generators::COROUTINE_METHODS,
        Type::AsyncGenerator => generators::ASYNC_GENERATOR_METHODS,
        Type::CoroutineWrapper => generators::COROUTINE_WRAPPER_METHODS,
        Type::Asend => generators::ASEND_METHODS,
        Type::Athrow => generators::ATHROW_METHODS,
        Type::AnextAwaitable => generators::ANEXT_AWAITABLE_METHODS,
        Type::Property => descriptor::PROPERTY_METHODS,
        Type::MappingProxy => proxy::METHODS,
        Type::Enumerate | Type::Zip | Type::Map | Type::Filter | Type::Reversed => iterator::METHODS,
        kind if kind.name().ends_with("iterator") => iterator::METHODS,
        _ => &[],
    }
}

fn construct_of(kind: Type) -> Option<Construct> {
    // A builtin function makes them; it need not know the class, which has no subclasses.
    macro_rules! by {
        ($function:path) => {{
            fn construct(stack: &Stack, _: &Value, args: Args<'_>) -> Outcome {
                $function(stack, args)
            }
            construct as Construct
        }};
    }
    Some(match kind {
        Type::Object => by!(plain::construct),
        Type::Type => by!(plain::construct_type),
        Type::Int => by!(number::construct_int),
        Type::Float => by!(number::construct_float),
        Type::Bool => by!(number::construct_bool),
        Type::Str => by!(text::construct),
        Type::Tuple => by!(sequence::construct_tuple),
        Type::List => by!(sequence::construct_list),
        Type::Slice => by!(sequence::construct_slice),
        Type::Dict => by!(dict::construct),
        Type::Set => by!(set::construct),
        Type::FrozenSet => by!(set::construct_frozen),
        Type::Range => by!(range::construct),
        Type::Enumerate => by!(iterator::construct_enumerate),
        Type::Zip => by!(iterator::construct_zip),
        Type::Map => by!(iterator::construct_map),
        Type::Filter => by!(iterator::construct_filter),
        Type::Reversed => by!(iterator::construct_reversed),
        Type::Property => by!(descriptor::construct_property),
        Type::StaticMethod => by!(descriptor::construct_static),
        Type::ClassMethod => by!(descriptor::construct_class),
        Type::Super => by!(descriptor::construct_super),
        _ => return None,
    })
}
