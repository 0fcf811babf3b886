//! The attributes of generators, coroutines, async generators and their awaitables.

use super::{ErrorKind, Generator};
use crate::attribute::{Attribute, Attributes, Change, Refusal};
use crate::machine::generator::Flavour;
use crate::vm::FrameVm;

const LAST: u8 = Attribute::LAST;
const NAME: Change = Change::Str(Refusal::new(ErrorKind::TypeError, "{name} must be set to a string object", ""));

/// A field, read by a member of the struct until a minor version, and by a getter from the next one on.
const fn member(name: &'static str, until: u8) -> Attribute {
    Attribute::read_only(name, 8, until, Refusal::READONLY)
}

const fn getter(ty: &'static str, name: &'static str, since: u8) -> Attribute {
    Attribute::read_only(name, since, LAST, Refusal::not_writable(ty))
}

const fn method(ty: &'static str, name: &'static str, since: u8) -> Attribute {
    Attribute::read_only(name, since, LAST, Refusal::method(ty))
}

/// A name of the function, which can be changed.
const fn name(name: &'static str) -> Attribute {
    let Change::Str(refusal) = NAME else { unreachable!() };
    Attribute::new(name, 8, LAST, NAME, Change::Refuses(refusal))
}

/// The attributes of generators.
///
/// Source: `gen_getsetlist`, `gen_memberlist`, `gen_methods`, Objects/genobject.c.
pub static GENERATOR: Attributes = {
    const TYPE: &str = "generator";
    const ROWS: &[Attribute] = &[
        method(TYPE, "__class_getitem__", 13),
        method(TYPE, "__del__", 8),
        method(TYPE, "__iter__", 8),
        name("__name__"),
        method(TYPE, "__next__", 8),
        name("__qualname__"),
        method(TYPE, "close", 8),
        member("gi_code", 11),
        getter(TYPE, "gi_code", 12),
        member("gi_frame", 10),
        getter(TYPE, "gi_frame", 11),
        member("gi_running", 9),
        getter(TYPE, "gi_running", 10),
        getter(TYPE, "gi_state", 15),
        getter(TYPE, "gi_suspended", 11),
        getter(TYPE, "gi_yieldfrom", 8),
        method(TYPE, "send", 8),
        method(TYPE, "throw", 8),
    ];
    Attributes::new(TYPE, ROWS)
};

/// The attributes of coroutines.
///
/// Source: `coro_getsetlist`, `coro_memberlist`, `coro_methods`, Objects/genobject.c.
pub static COROUTINE: Attributes = {
    const TYPE: &str = "coroutine";
    const ROWS: &[Attribute] = &[
        method(TYPE, "__await__", 8),
        method(TYPE, "__class_getitem__", 13),
        method(TYPE, "__del__", 8),
        name("__name__"),
        name("__qualname__"),
        method(TYPE, "close", 8),
        getter(TYPE, "cr_await", 8),
        member("cr_code", 11),
        getter(TYPE, "cr_code", 12),
        member("cr_frame", 10),
        getter(TYPE, "cr_frame", 11),
        member("cr_origin", LAST),
        member("cr_running", 9),
        getter(TYPE, "cr_running", 10),
        getter(TYPE, "cr_state", 15),
        getter(TYPE, "cr_suspended", 11),
        method(TYPE, "send", 8),
        method(TYPE, "throw", 8),
    ];
    Attributes::new(TYPE, ROWS)
};

/// The attributes of async generators.
///
/// Source: `async_gen_getsetlist`, `async_gen_memberlist`, `async_gen_methods`, Objects/genobject.c.
pub static ASYNC_GENERATOR: Attributes = {
    const TYPE: &str = "async_generator";
    const ROWS: &[Attribute] = &[
        method(TYPE, "__aiter__", 8),
        method(TYPE, "__anext__", 8),
        method(TYPE, "__class_getitem__", 9),
        method(TYPE, "__del__", 8),
        name("__name__"),
        name("__qualname__"),
        method(TYPE, "aclose", 8),
        getter(TYPE, "ag_await", 8),
        member("ag_code", 11),
        getter(TYPE, "ag_code", 12),
        member("ag_frame", 10),
        getter(TYPE, "ag_frame", 11),
        member("ag_running", LAST),
        getter(TYPE, "ag_state", 15),
        getter(TYPE, "ag_suspended", 12),
        method(TYPE, "asend", 8),
        method(TYPE, "athrow", 8),
    ];
    Attributes::new(TYPE, ROWS)
};

/// The attributes of what `__await__()` of a coroutine returns.
///
/// Source: `coro_wrapper_methods`, Objects/genobject.c.
pub static COROUTINE_WRAPPER: Attributes = {
    const TYPE: &str = "coroutine_wrapper";
    const ROWS: &[Attribute] = &[
        method(TYPE, "__iter__", 8),
        method(TYPE, "__next__", 8),
        method(TYPE, "close", 8),
        method(TYPE, "send", 8),
        method(TYPE, "throw", 8),
    ];
    Attributes::new(TYPE, ROWS)
};

/// The attributes of an awaitable, and since when they are there.
macro_rules! awaitable {
    ($(#[$doc:meta])* $table:ident, $name:literal, $since:literal $(, finalizer $finalizer:literal)?) => {
        $(#[$doc])*
        pub static $table: Attributes = {
            const TYPE: &str = $name;
            const ROWS: &[Attribute] = &[
                method(TYPE, "__await__", $since),
                $(method(TYPE, "__del__", $finalizer),)?
                method(TYPE, "__iter__", $since),
                method(TYPE, "__next__", $since),
                method(TYPE, "close", $since),
                method(TYPE, "send", $since),
                method(TYPE, "throw", $since),
            ];
            Attributes::new(TYPE, ROWS)
        };
    };
}

awaitable! {
    /// The attributes of what `__anext__()` and `asend()` of an async generator return.
    ///
    /// Source: `async_gen_asend_methods`, Objects/genobject.c.
    ASEND, "async_generator_asend", 8, finalizer 13
}
awaitable! {
    /// The attributes of what `athrow()` and `aclose()` of an async generator return.
    ///
    /// Source: `async_gen_athrow_methods`, Objects/genobject.c.
    ATHROW, "async_generator_athrow", 8, finalizer 13
}
awaitable! {
    /// The attributes of what `anext()` with a default returns; since 3.10.
    ///
    /// Source: `anextawaitable_methods`, Objects/iterobject.c.
    ANEXT_AWAITABLE, "anext_awaitable", 10
}

impl<V: FrameVm> Generator<V> {
    /// The attributes of its type.
    pub fn attributes(&self) -> &'static Attributes {
        match self.flavour() {
            Flavour::Generator | Flavour::TypesCoroutine => &GENERATOR,
            Flavour::Coroutine => &COROUTINE,
            Flavour::AsyncGenerator => &ASYNC_GENERATOR,
        }
    }
}
