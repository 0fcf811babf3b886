//! A VM that keeps its contracts, and lets a test do something wherever the runtime asks it for something.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::frame_object::FrameObject;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Cpython3_12;
use frame_runtime::vm::{self, CodeUnit, FrameCode, FrameVm, Function, Vm};

type Hook = Box<dyn FnOnce()>;

thread_local! {
    /// Done when a frame gets what the VM adds.
    pub(crate) static ON_EXTRA: RefCell<Option<Hook>> = const { RefCell::new(None) };
    /// Done when a frame object is made.
    pub(crate) static ON_OBJECT: RefCell<Option<Hook>> = const { RefCell::new(None) };
    /// The next frame object that is made, kept by somebody else, say a collector's list.
    pub(crate) static KEPT: RefCell<Option<Value>> = const { RefCell::new(None) };
    pub(crate) static KEEP: Cell<bool> = const { Cell::new(false) };
    /// The one that was kept is given for the next one.
    pub(crate) static GIVE_KEPT: Cell<bool> = const { Cell::new(false) };
    /// The object of this address panics when a reference to it is dropped.
    pub(crate) static PANICS_WHEN_DROPPED: Cell<usize> = const { Cell::new(0) };
    /// The next clone of a frame object panics.
    pub(crate) static PANICS_WHEN_CLONED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
pub(crate) struct Machine;

impl Vm for Machine {
    type Python = Cpython3_12;
    type Value = Value;
    type FrameExtra = Extra;
}

pub(crate) struct Extra;

impl Default for Extra {
    fn default() -> Self {
        if let Some(hook) = ON_EXTRA.take() {
            hook();
        }
        Extra
    }
}

// SAFETY: a frame object is where it was put, in one object; a count of 1 is unique.
unsafe impl FrameVm for Machine {
    fn frame_object(object: &Value) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = &object.0.kind { Some(frame) } else { None }
    }

    fn make_frame_object(&self, frame: FrameObject<Self>) -> Option<Value> {
        if let Some(hook) = ON_OBJECT.take() {
            hook();
        }
        if GIVE_KEPT.take() {
            return KEPT.with_borrow(Clone::clone);
        }
        let made = Value::object("frame", Kind::Frame(frame));
        if KEEP.take() {
            KEPT.set(Some(Value(Rc::clone(&made.0))));
        }
        Some(made)
    }

    fn is_unique(object: &Value) -> bool {
        Rc::strong_count(&object.0) == 1
    }
}

#[repr(align(8))]
pub(crate) struct Object {
    name: String,
    kind: Kind,
}

enum Kind {
    Plain,
    Code { nlocalsplus: u32, stacksize: u32, units: Vec<CodeUnit> },
    Function { code: Value, globals: Value },
    Frame(FrameObject<Machine>),
}

pub(crate) struct Value(Rc<Object>);

impl Clone for Value {
    fn clone(&self) -> Self {
        if matches!(self.0.kind, Kind::Frame(_)) && PANICS_WHEN_CLONED.take() {
            panic!("a clone panics");
        }
        Value(Rc::clone(&self.0))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if PANICS_WHEN_DROPPED.get() == self.address() {
            PANICS_WHEN_DROPPED.set(0);
            panic!("a drop panics");
        }
    }
}

impl Value {
    fn object(name: &str, kind: Kind) -> Self {
        Value(Rc::new(Object { name: name.to_owned(), kind }))
    }

    pub(crate) fn new(name: &str) -> Self {
        Self::object(name, Kind::Plain)
    }

    pub(crate) fn code(nlocalsplus: u32, stacksize: u32) -> Self {
        let units = (0..10).map(|index| CodeUnit::new(7, index)).collect();
        Self::object("code", Kind::Code { nlocalsplus, stacksize, units })
    }

    pub(crate) fn function(nlocalsplus: u32, stacksize: u32) -> Self {
        let globals = Self::new("globals");
        Self::object("function", Kind::Function { code: Self::code(nlocalsplus, stacksize), globals })
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    pub(crate) fn slot(self) -> StackRef<Machine> {
        StackRef::owned(self)
    }

    pub(crate) fn frame(&self) -> &FrameObject<Machine> {
        if let Kind::Frame(frame) = &self.0.kind { frame } else { panic!("no frame object") }
    }
}

// SAFETY: nothing changes, and code has units.
unsafe impl FrameCode for Object {
    fn nlocalsplus(&self) -> u32 {
        if let Kind::Code { nlocalsplus, .. } = self.kind { nlocalsplus } else { 0 }
    }

    fn stacksize(&self) -> u32 {
        if let Kind::Code { stacksize, .. } = self.kind { stacksize } else { 0 }
    }

    fn units(&self) -> &[CodeUnit] {
        if let Kind::Code { units, .. } = &self.kind { units } else { &[] }
    }
}

// SAFETY: an `Rc` is one pointer, to an object aligned to 8 bytes that neither moves nor changes. A function owns its
// globals.
unsafe impl vm::Value for Value {
    type Last = Value;
    type Code = Object;

    fn into_raw(self) -> NonNull<()> {
        vm::Value::as_raw(&*ManuallyDrop::new(self))
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is that of an `Rc`, by the contract.
        Value(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Self> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Object> {
        matches!(self.0.kind, Kind::Code { .. }).then_some(&*self.0)
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function { code, globals } = &self.0.kind else { return None };
        Some(Function { code, globals: Some(globals), builtins: None, closure: &[] })
    }
}
