//! A VM for tests: objects with names behind `Rc`, that say when they end and do something then.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::stack_ref::StackRef;
use frame_runtime::table::Handler;
use frame_runtime::version::Activation;
use frame_runtime::vm::{self, CodeUnit, FrameCode, Function, Vm};

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static ENDED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Objects that are there.
pub(crate) fn live() -> usize {
    LIVE.get()
}

/// The names of objects that ended since the last time.
pub(crate) fn ended() -> Vec<String> {
    ENDED.take()
}

/// The VM with the frames of version `P`.
pub(crate) struct Machine<P>(PhantomData<P>);

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Value;
    type FrameExtra = Extra;
}

impl<P> Default for Machine<P> {
    fn default() -> Self {
        Machine(PhantomData)
    }
}

// SAFETY: it has no frame objects.
unsafe impl<P: Activation> vm::FrameVm for Machine<P> {
    fn make_cell(&self, content: Option<Value>) -> Option<Value> {
        Some(Value::object("cell", Kind::Cell(content), None))
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value> {
        Some(Value::object("int", Kind::Int(unit), None))
    }

    fn instruction_index(object: &Value) -> Option<u32> {
        if let Kind::Int(unit) = object.0.kind { Some(unit) } else { None }
    }
}

/// What it adds to frames: counted like an object.
pub(crate) struct Extra(#[expect(dead_code, reason = "its end counts")] Counted);

impl Default for Extra {
    fn default() -> Self {
        Extra(Counted::new("extra"))
    }
}

struct Counted(String);

impl Counted {
    fn new(name: &str) -> Self {
        LIVE.set(LIVE.get() + 1);
        Counted(name.to_owned())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
        ENDED.with_borrow_mut(|ended| ended.push(std::mem::take(&mut self.0)));
    }
}

type Hook = Box<dyn FnOnce()>;

#[repr(align(8))]
pub(crate) struct Object {
    // Its end is noted before that of what it holds.
    counted: Counted,
    kind: Kind,
    hook: RefCell<Option<Hook>>,
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Some(hook) = self.hook.take() {
            hook();
        }
    }
}

enum Kind {
    Plain,
    Code(Units),
    Cell(Option<Value>),
    Int(u32),
    Function { code: Value, globals: Value, closure: Vec<Value> },
}

pub(crate) struct Units {
    nlocalsplus: u32,
    stacksize: u32,
    units: Vec<CodeUnit>,
    handlers: Vec<Handler>,
    first_traceable: usize,
}

// SAFETY: nothing changes, and there is at least one unit.
unsafe impl FrameCode for Units {
    fn nlocalsplus(&self) -> u32 {
        self.nlocalsplus
    }

    fn stacksize(&self) -> u32 {
        self.stacksize
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    fn first_traceable(&self) -> usize {
        self.first_traceable
    }

    fn handler_at(&self, unit: u32) -> Option<Handler> {
        self.handlers.iter().find(|handler| (handler.start..handler.end).contains(&unit)).copied()
    }
}

/// A reference.
#[derive(Clone)]
pub(crate) struct Value(Rc<Object>);

impl Value {
    fn object(name: &str, kind: Kind, hook: Option<Hook>) -> Value {
        Value(Rc::new(Object { kind, counted: Counted::new(name), hook: RefCell::new(hook) }))
    }

    pub(crate) fn new(name: &str) -> Value {
        Value::object(name, Kind::Plain, None)
    }

    /// An object that does something when it ends.
    pub(crate) fn ending(name: &str, hook: impl FnOnce() + 'static) -> Value {
        Value::object(name, Kind::Plain, Some(Box::new(hook)))
    }

    /// A function whose code has ten units whose arguments count.
    pub(crate) fn function(nlocalsplus: u32, stacksize: u32) -> Value {
        Value::closure(nlocalsplus, stacksize, Vec::new(), Vec::new())
    }

    /// The same with cells of free variables and handlers of exceptions.
    pub(crate) fn closure(nlocalsplus: u32, stacksize: u32, closure: Vec<Value>, handlers: Vec<Handler>) -> Value {
        let code = Value::code(nlocalsplus, stacksize, handlers);
        Value::object("function", Kind::Function { code, globals: Value::new("globals"), closure }, None)
    }

    /// Code of no function.
    pub(crate) fn code(nlocalsplus: u32, stacksize: u32, handlers: Vec<Handler>) -> Value {
        let units = (0..10).map(|index| CodeUnit::new(7, index)).collect();
        Value::object("code", Kind::Code(Units { nlocalsplus, stacksize, units, handlers, first_traceable: 0 }), None)
    }

    /// A function whose `RESUME` is the unit with this index: before, nobody sees its frames.
    pub(crate) fn beginning_at(first_traceable: usize) -> Value {
        let units = (0..10).map(|index| CodeUnit::new(7, index)).collect();
        let units = Units { nlocalsplus: 1, stacksize: 1, units, handlers: Vec::new(), first_traceable };
        let code = Value::object("code", Kind::Code(units), None);
        let globals = Value::new("globals");
        Value::object("function", Kind::Function { code, globals, closure: Vec::new() }, None)
    }

    /// What a cell holds.
    pub(crate) fn content(&self) -> Option<Value> {
        if let Kind::Cell(content) = &self.0.kind { content.clone() } else { panic!("no cell") }
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.counted.0
    }

    pub(crate) fn count(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    pub(crate) fn slot<P: Activation>(self) -> StackRef<Machine<P>> {
        StackRef::owned(self)
    }
}

// SAFETY: an `Rc` is one pointer; to an object aligned to 8 bytes, which neither moves nor changes what it is. A function
// owns its globals.
unsafe impl vm::Value for Value {
    type Last = Value;
    type Code = Units;

    fn into_raw(self) -> NonNull<()> {
        let raw = Rc::into_raw(self.0).cast_mut();
        NonNull::new(raw.cast()).expect("no null pointer")
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is one of `Rc::into_raw`, by the contract.
        Value(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Value> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Units> {
        match &self.0.kind {
            Kind::Code(code) => Some(code),
            _ => None,
        }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        match &self.0.kind {
            Kind::Function { code, globals, closure } => {
                Some(Function { code, globals: Some(globals), builtins: None, closure })
            }
            _ => None,
        }
    }
}
