#![doc = include_str!("../../docs/locals.md")]

mod mapping;
mod method;
mod names;
mod proxy;
mod snapshot;
mod vm;

use crate::cell::Cell;
use crate::data_stack::DataStack;
use crate::frame::NoSlot;
use crate::frame_object::FrameObject;
use crate::generator::ErrorKind;
use crate::localsplus::Localsplus;
use crate::stack_ref::StackRef;
use crate::version::Version;
use crate::vm::{FrameVm, Value};

pub use method::{Answer, Method, UNHASHABLE};
pub use names::NameIndex;
pub use proxy::FrameLocals;
pub use snapshot::{around_callback, fast_to_locals, locals_to_fast};
pub use vm::{Error, Item, LocalsVm, Variables};

/// What `f_locals` is.
pub enum Locals<V: FrameVm> {
    /// A mapping, counted: the namespace of a module or class, or until 3.12 a snapshot.
    Mapping(V::Value),
    /// The variables themselves; since 3.13. The VM makes an object around it.
    Proxy(FrameLocals<V>),
}

/// The kinds of variables, by their bits.
struct Kinds;

impl Kinds {
    /// What a kind is when it is none of the version's.
    const fn of<P: Version>(kind: &str) -> u8 {
        let known: &Localsplus = P::LOCALSPLUS;
        match known.bits(kind) {
            Some(bits) => bits,
            None => 0,
        }
    }

    /// It may have a cell in its slot.
    const fn shared<P: Version>() -> u8 {
        Kinds::of::<P>("cell") | Kinds::of::<P>("free")
    }
}

/// Whether the version has the mapping that writes through.
const fn writes_through<V: FrameVm>() -> bool {
    <V::Python as Version>::LAYOUT.minor() >= 13
}

fn held<V: FrameVm>() -> Error<V> {
    Error::new(ErrorKind::RuntimeError, "an eval loop holds the frame")
}

/// The frame object in an object, and the code that it has: both stay for as long as this is there.
struct Look<V: FrameVm> {
    frame: V::Value,
    code: V::Value,
}

impl<V: LocalsVm> Look<V> {
    /// `None`: it is no frame object, or one without a frame.
    fn at(frame: V::Value) -> Option<Self> {
        let code = V::frame_object(&frame)?.code()?;
        Some(Look { frame, code })
    }

    fn view(&self) -> Option<View<'_, V>> {
        Some(View { object: V::frame_object(&self.frame)?, variables: V::variables(self.code.as_code()?) })
    }
}

/// The variables of a frame.
struct View<'a, V: FrameVm> {
    object: &'a FrameObject<V>,
    variables: Variables<'a, V::Value>,
}

impl<'a, V: LocalsVm> View<'a, V> {
    fn kind(&self, slot: u32) -> u8 {
        self.variables.kinds.get(slot as usize).copied().unwrap_or(0)
    }

    /// Slots with their names and kinds.
    fn slots(&self) -> impl Iterator<Item = (u32, &'a V::Value, u8)> + use<'a, V> {
        (0..).zip(self.variables.names).zip(self.variables.kinds).map(|((slot, name), kind)| (slot, name, *kind))
    }

    /// What is in a slot, itself and not what a cell there holds.
    fn raw(&self, slot: u32) -> Result<Option<V::Value>, Error<V>> {
        match self.object.get(slot) {
            Ok(value) => Ok(value.into_value()),
            Err(NoSlot::Unused | NoSlot::NoFrame) => Ok(None),
            Err(NoSlot::Held) => Err(held()),
        }
    }

    /// The cell among a value, where the kind says that there may be one.
    fn cell<'b>(&self, slot: u32, value: Option<&'b V::Value>) -> Option<&'b Cell<V>> {
        if self.kind(slot) & const { Kinds::shared::<V::Python>() } == 0 {
            return None;
        }
        value.and_then(V::cell)
    }

    /// What a variable is bound to, counted.
    fn value(&self, slot: u32) -> Result<Option<V::Value>, Error<V>> {
        let value = self.raw(slot)?;
        match self.cell(slot, value.as_ref()) {
            Some(cell) => Ok(cell.get()),
            None => Ok(value),
        }
    }

    /// Whether a variable is bound.
    fn is_bound(&self, slot: u32) -> Result<bool, Error<V>> {
        if self.kind(slot) & const { Kinds::shared::<V::Python>() } != 0 {
            return Ok(self.value(slot)?.is_some());
        }
        match self.object.is_bound(slot) {
            Err(NoSlot::Held) => Err(held()),
            bound => Ok(bound == Ok(true)),
        }
    }

    /// Binds a variable, or unbinds it, and drops what was there unless the frame object keeps it. `false`: the frame has no
    /// such slot.
    fn bind(&self, slot: u32, value: Option<V::Value>) -> Result<bool, Error<V>> {
        let before = self.raw(slot)?;
        if let Some(cell) = self.cell(slot, before.as_ref()) {
            drop(match value {
                Some(value) => cell.set(value),
                None => cell.take(),
            });
            return Ok(true);
        }
        let same = before.map(|before| before.as_raw()) == value.as_ref().map(V::Value::as_raw);
        if same && value.is_some() {
            // What is there already is not kept a second time.
            return Ok(true);
        }
        match self.object.rebind(slot, value.map_or(StackRef::null(), StackRef::owned)) {
            Ok(old) => {
                drop(old);
                Ok(true)
            }
            Err(refused) if refused.why == NoSlot::Held => Err(held()),
            Err(_) => Ok(false),
        }
    }

    /// Whether a variable of an inlined comprehension of a module or class is bound.
    fn has_hidden(&self) -> Result<bool, Error<V>> {
        let hidden = const { Kinds::of::<V::Python>("hidden") };
        for (slot, _, kind) in self.slots() {
            if kind & hidden != 0 && self.is_bound(slot)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `f_locals` of a frame object.
///
/// Until 3.12 the namespace is brought up to date by it, see [`fast_to_locals`], and is the same object each time; but a
/// fresh `dict` while an inlined comprehension of a module or class has its variables bound. From 3.13 on it is what writes
/// through, a new one each time; for a module or class its namespace, which is made if it has none, unless such a
/// comprehension runs.
///
/// # Errors
///
/// What the namespace raises.
///
/// Source: `frame_getlocals`, `_PyFrame_GetLocals`, Objects/frameobject.c.
pub fn f_locals<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value) -> Result<Locals<V>, Error<V>> {
    if !writes_through::<V>() {
        return snapshot::f_locals(stack, frame, true).map(Locals::Mapping);
    }
    let look = Look::<V>::at(frame.clone());
    if let Some(view) = look.as_ref().and_then(Look::view)
        && !view.variables.optimized
        && !view.has_hidden()?
    {
        return snapshot::namespace(stack, view.object).map(Locals::Mapping);
    }
    match FrameLocals::new(frame.clone()) {
        Some(locals) => Ok(Locals::Proxy(locals)),
        None => Err(Error::new(ErrorKind::SystemError, "the object is no frame")),
    }
}

/// What `locals()` returns in a frame.
///
/// Until 3.12 it is what [`f_locals`] is. From 3.13 on a new `dict`, for a module or class its namespace; but while a
/// comprehension that is inlined there has its variables bound a new `dict` with these alone.
///
/// # Errors
///
/// What the namespace raises.
///
/// Source: `_PyEval_GetFrameLocals`, Python/ceval.c.
pub fn locals<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value) -> Result<V::Value, Error<V>> {
    if !writes_through::<V>() {
        return snapshot::f_locals(stack, frame, false);
    }
    match f_locals(stack, frame)? {
        Locals::Mapping(mapping) => Ok(mapping),
        Locals::Proxy(locals) => locals.copy(stack),
    }
}

/// What C borrows (`PyEval_GetLocals`): until 3.12 the namespace, brought up to date, without the variables of an inlined
/// comprehension. From 3.13 on a `dict` that the frame object keeps: each time it gets what is bound, and loses nothing.
///
/// # Errors
///
/// What the namespace raises.
///
/// Source: `PyEval_GetLocals`, Python/ceval.c.
pub fn borrowed_locals<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value) -> Result<V::Value, Error<V>> {
    if !writes_through::<V>() {
        return fast_to_locals(stack, frame, false);
    }
    let proxy = match f_locals(stack, frame)? {
        Locals::Mapping(mapping) => return Ok(mapping),
        Locals::Proxy(locals) => locals,
    };
    let object = V::frame_object(frame);
    let dict = match object.and_then(FrameObject::locals_cache) {
        Some(dict) => dict,
        None => {
            let dict = stack.vm().new_dict().map_err(Error::Raised)?;
            if let Some(object) = object {
                drop(object.set_locals_cache(Some(dict.clone())));
            }
            dict
        }
    };
    proxy.copy_to(stack, &dict)?;
    Ok(dict)
}
