//! Inline caches: what the loop remembers in the code units behind an instruction, and with each code object.
//!
//! Which units an instruction has for it follows from the version (`Opcode::LOAD_GLOBAL.caches()`); what is in them is the
//! VM's own affair, nobody else reads them. A cache only ever says where something is; that it still is there is seen from the version
//! of a dict's keys, or of a class, each time.

use frame_runtime::arguments::Signature;
use frame_runtime::bounds::Bounds;
use frame_runtime::code::Verified;
use frame_runtime::running::Running;
use frame_runtime::v3_14::opcode::Opcode;
use frame_runtime::vm::CodeUnit;

use crate::class::{self, Instance};
use crate::dict::Dict;
use crate::object::{Builtin, Object, Value};
use crate::opcodes::{SENT, STOPPED};
use crate::vm::Mini;

/// What is kept with a code object.
pub(crate) struct Caches {
    /// Positional arguments of a call that needs no binding: each parameter takes one. Of no call, where there are others.
    pub(crate) exact: u32,
    pub(crate) signature: Signature,
}

impl Caches {
    pub(crate) fn new(code: &Verified<Mini>) -> Caches {
        let signature = Signature::of(code);
        let plain = signature.kwonlyargcount == 0 && !signature.varargs && !signature.varkeywords;
        Caches { exact: if plain { signature.argcount } else { u32::MAX }, signature }
    }
}

// LOAD_GLOBAL: 4 units.

/// Where the name was found: an index in the dict.
const INDEX: u8 = 1;
/// The version of the keys of the globals.
const GLOBALS: u8 = 2;
/// The version of the keys of the builtins, where it was found there; 0: it is in the globals.
const BUILTINS: u8 = 3;

/// `LOAD_GLOBAL`: the value, where the cache knows it.
#[inline(always)]
pub(crate) fn global<O, B: Bounds>(f: &Running<'_, Mini, O, B>) -> Option<Value> {
    let globals = f.unit(GLOBALS).get();
    let builtins = f.unit(BUILTINS).get();
    let dict = f.globals()?;
    let Some(Object::Dict(dict)) = dict.object() else { return None };
    if globals == 0 || dict.keys_version() != u32::from(globals) {
        return None;
    }
    let index = usize::from(f.unit(INDEX).get());
    if builtins == 0 {
        return dict.value_at(index);
    }
    let dict = f.builtins()?;
    let Some(Object::Dict(dict)) = dict.object() else { return None };
    if dict.keys_version() != u32::from(builtins) { None } else { dict.value_at(index) }
}

/// Looks a global up, and remembers where it is.
pub(crate) fn find_global<O, B: Bounds>(f: &Running<'_, Mini, O, B>, name: &Value) -> Option<Value> {
    let globals = f.globals()?;
    let globals = crate::dict::as_dict(&globals)?;
    let builtins = f.builtins();
    let builtins = builtins.as_deref().and_then(crate::dict::as_dict);
    let (dict, index) = match globals.find_str(name) {
        Some(index) => (globals, index),
        None => {
            let builtins = builtins?;
            (builtins, builtins.find_str(name)?)
        }
    };
    let version = |dict: &Dict| u16::try_from(dict.keys_version()).unwrap_or(0);
    let in_builtins = !std::ptr::eq(dict, globals);
    let seen = (version(globals), if in_builtins { builtins.map_or(0, version) } else { 0 }, u16::try_from(index));
    if let (globals @ 1.., builtins, Ok(index)) = seen
        && (builtins != 0 || !in_builtins)
    {
        f.unit(INDEX).set(index);
        f.unit(BUILTINS).set(builtins);
        f.unit(GLOBALS).set(globals);
    }
    dict.value_at(index)
}

// LOAD_ATTR: 9 units.

/// What was found: 0 nothing yet.
const FOUND: u8 = 1;
/// The version of the class, in two units.
const CLASS: [u8; 2] = [2, 3];
/// An index in the instance's dict, in that of the class, or among the methods of builtin types.
const AT: u8 = 4;
/// How many classes further up it was found.
const UP: u8 = 5;

/// An attribute of the instance itself.
const OWN: u16 = 1;
/// A function of its class, or of one further up, that the instance does not hide.
const METHOD: u16 = 2;
/// A method of a builtin type: `CLASS` is the type's number, which nothing changes, and which no instance has.
const BUILTIN: u16 = 3;

/// `LOAD_ATTR`: what the object has itself, where the cache knows the place.
#[inline(always)]
pub(crate) fn own_attribute<O, B: Bounds>(f: &Running<'_, Mini, O, B>, name: u32) -> Option<Value> {
    if f.unit(FOUND).get() != OWN {
        return None;
    }
    let object = f.peek(0).as_any_value()?;
    let Object::Instance(instance) = object.object()? else { return None };
    let version = version_at(f.caches(const { Opcode::LOAD_ATTR.caches() }), CLASS);
    if class::as_class(&instance.class)?.version.get() != version {
        return None;
    }
    let name = f.code().names().get(name as usize)?;
    instance.attributes().value_of(f.unit(AT).get().into(), name)
}

/// `LOAD_ATTR` of what is called with a generator in front, or another of its family: the method, where the cache knows it.
#[inline(always)]
pub(crate) fn method_of_part<O, B: Bounds>(f: &Running<'_, Mini, O, B>) -> Option<Value> {
    if f.unit(FOUND).get() != BUILTIN {
        return None;
    }
    let kind = class::kind_of_part(f.peek(0).as_any_value()?.part()?);
    if kind as u16 != f.unit(CLASS[0]).get() {
        return None;
    }
    f.stack().vm().types.method(f.unit(AT).get().into()).cloned()
}

/// `LOAD_ATTR` of what is called with another object in front: the function, where the cache knows it.
///
/// It is handed units and values, and not the frame: whatever sees the handle forces it into memory.
#[inline(never)]
pub(crate) fn method(cache: &[CodeUnit], vm: &Mini, object: &Value, name: &Value) -> Option<Value> {
    match at(cache, FOUND) {
        BUILTIN if at(cache, CLASS[0]) == class::kind(object) as u16 => vm.types.method(at(cache, AT).into()).cloned(),
        METHOD => match object.object()? {
            Object::Instance(instance) => method_of_instance(cache, instance, name),
            _ => None,
        },
        _ => None,
    }
}

#[inline(always)]
fn method_of_instance(cache: &[CodeUnit], instance: &Instance, name: &Value) -> Option<Value> {
    let mut class = class::as_class(&instance.class)?;
    if class.version.get() != version_at(cache, CLASS) || instance.attributes().find_str(name).is_some() {
        return None;
    }
    for _ in 0..at(cache, UP) {
        class = class::as_class(class.base.as_ref()?)?;
    }
    class.dict().value_at(at(cache, AT).into())
}

/// What is in a unit of the cache.
#[inline(always)]
fn at(cache: &[CodeUnit], unit: u8) -> u16 {
    cache.get(usize::from(unit)).map_or(0, CodeUnit::get)
}

/// A version of 32 bits in two units.
#[inline(always)]
fn version_at(cache: &[CodeUnit], [low, high]: [u8; 2]) -> u32 {
    u32::from(at(cache, low)) | u32::from(at(cache, high)) << 16
}

fn set_version_at<O, B: Bounds>(f: &Running<'_, Mini, O, B>, [low, high]: [u8; 2], version: u32) {
    f.unit(low).set(version as u16);
    f.unit(high).set((version >> 16) as u16);
}

/// Remembers where an attribute is, if it is where the cache can say it.
pub(crate) fn remember_attribute<O, B: Bounds>(f: &Running<'_, Mini, O, B>, object: &Value, name: &Value) {
    match object.object() {
        Some(Object::Instance(instance)) => remember_of_instance(f, instance, name),
        // These have more than their type has, and nothing tells the type of a plain object from that of an instance.
        Some(Object::Plain | Object::Exception(_) | Object::Class(_) | Object::Module(_) | Object::Super(_)) => {}
        _ => remember_builtin_method(f, object, name),
    }
}

fn remember_of_instance<O, B: Bounds>(f: &Running<'_, Mini, O, B>, instance: &Instance, name: &Value) {
    let Some(class) = class::as_class(&instance.class) else { return };
    let version = class::version(class);
    let in_class = class::lookup(&instance.class, name);
    let (found, at, up) = match (&in_class, instance.attributes().find_str(name)) {
        // Without an attribute of the class none of its descriptors comes first.
        (None, Some(at)) => (OWN, at, 0),
        (Some(function), None) if function.function().is_some() => {
            let (mut up, mut at) = (0, None);
            let mut next = Some(&instance.class);
            while let Some(class) = next.and_then(class::as_class) {
                at = class.dict().find_str(name);
                if at.is_some() {
                    break;
                }
                up += 1;
                next = class.base.as_ref();
            }
            let Some(at) = at else { return };
            (METHOD, at, up)
        }
        _ => return,
    };
    if let (1.., Ok(at)) = (version, u16::try_from(at)) {
        set_version_at(f, CLASS, version);
        f.unit(AT).set(at);
        f.unit(UP).set(up);
        f.unit(FOUND).set(found);
    }
}

fn remember_builtin_method<O, B: Bounds>(f: &Running<'_, Mini, O, B>, object: &Value, name: &Value) {
    let (kind, types) = (class::kind(object), &f.stack().vm().types);
    let Some(class) = class::as_class(types.get(kind)) else { return };
    let Some(method) = class.dict().get_str(name) else { return };
    let is_method = matches!(method.object(), Some(Object::Builtin(Builtin { is_method: true, .. })));
    if is_method && let Some(Ok(at)) = types.place_of(&method).map(u16::try_from) {
        f.unit(CLASS[0]).set(kind as u16);
        f.unit(AT).set(at);
        f.unit(FOUND).set(BUILTIN);
    }
}

// STORE_ATTR: 4 units.

/// The version of the class, in two units.
const OWNER: [u8; 2] = [1, 2];
/// An index in the instance's dict.
const INTO: u8 = 3;

/// `STORE_ATTR`: sets an attribute that the instance has already, where the cache knows the place. The old value comes out;
/// `None`: it does not know.
#[inline(always)]
pub(crate) fn store_attribute<O, B: Bounds>(f: &Running<'_, Mini, O, B>, name: u32) -> Option<Value> {
    let version = version_at(f.caches(const { Opcode::STORE_ATTR.caches() }), OWNER);
    let object = f.peek(0).as_any_value()?;
    let Object::Instance(instance) = object.object()? else { return None };
    if version == 0 || class::as_class(&instance.class)?.version.get() != version {
        return None;
    }
    let (name, value) = (f.code().names().get(name as usize)?, f.peek(1).as_any_value()?);
    instance.attributes().replace_of(f.unit(INTO).get().into(), name, &value)
}

/// Remembers where an instance has an attribute that its class knows nothing of.
pub(crate) fn remember_store<O, B: Bounds>(f: &Running<'_, Mini, O, B>, object: &Value, name: &Value) {
    let Some(Object::Instance(instance)) = object.object() else { return };
    let Some(class) = class::as_class(&instance.class) else { return };
    if class.has_setattr.get() || class::lookup(&instance.class, name).is_some() {
        return;
    }
    if let (1.., Some(Ok(at))) = (class::version(class), instance.attributes().find_str(name).map(u16::try_from)) {
        set_version_at(f, OWNER, class.version.get());
        f.unit(INTO).set(at);
    }
}

// CALL: 3 units.

/// Where the loop goes on after a `SEND` that a `CALL` is done as: behind one unit after a yield, one further after a return.
const AFTER_SEND: [u8; 2] = [Opcode::SEND.caches(), Opcode::SEND.caches() + 1];

/// The argument of that `SEND`.
pub(crate) const SEND_JUMP: u32 = (AFTER_SEND[1] - AFTER_SEND[0]) as u32;

const _: () = assert!(AFTER_SEND[1] < Opcode::CALL.caches());

/// Puts what is left of a call of `send` where the loop goes on.
#[inline(always)]
pub(crate) fn remember_send<O, B: Bounds>(f: &Running<'_, Mini, O, B>) {
    for (unit, opcode) in AFTER_SEND.into_iter().zip([SENT, STOPPED]) {
        f.unit(unit).set(CodeUnit::new(opcode, 0).get());
    }
}

/// Code units from behind `SENT` to the instruction behind the `CALL`.
pub(crate) const BEHIND_SENT: i32 = (Opcode::CALL.caches() - AFTER_SEND[0] - 1) as i32;

/// Code units from behind `STOPPED` to behind the `CALL` itself.
pub(crate) const BEFORE_STOPPED: i32 = -1 - AFTER_SEND[1] as i32;
