//! A VM of cells and what is put into them, with a value and a death each.

use std::cell::{Cell as StdCell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::cell::Cell;
use frame_runtime::version::Activation;
use frame_runtime::vm::{CodeUnit, FrameCode, FrameVm, Function, Value, Vm};

thread_local! {
    static LIVE: StdCell<usize> = const { StdCell::new(0) };
    static DIED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Objects that there are.
pub(crate) fn live() -> usize {
    LIVE.get()
}

/// The marks that ended since somebody asked.
pub(crate) fn died() -> Vec<u64> {
    DIED.take()
}

pub(crate) struct Machine<P>(pub(crate) PhantomData<P>);

pub(crate) enum Kind<P: Activation> {
    None,
    Int(i64),
    Str(String),
    Nan,
    Odd,
    Bad,
    Mark(u64),
    Named(String),
    Deque,
    Cell(Cell<Machine<P>>),
    Code(Units),
    Function { code: Object<P>, closure: Vec<Object<P>> },
}

#[repr(align(8))]
pub(crate) struct Body<P: Activation>(pub(crate) Kind<P>);

impl<P: Activation> Drop for Body<P> {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
        if let Kind::Mark(number) = self.0 {
            DIED.with_borrow_mut(|died| died.push(number));
        }
    }
}

pub(crate) struct Object<P: Activation>(Rc<Body<P>>);

impl<P: Activation> Clone for Object<P> {
    fn clone(&self) -> Self {
        Object(Rc::clone(&self.0))
    }
}

impl<P: Activation> Object<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        LIVE.set(LIVE.get() + 1);
        Object(Rc::new(Body(kind)))
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.0
    }

    /// The name that C knows its type by.
    pub(crate) fn type_name(&self) -> &str {
        match self.kind() {
            Kind::None => "NoneType",
            Kind::Int(_) => "int",
            Kind::Str(_) => "str",
            Kind::Nan => "float",
            Kind::Odd => "Odd",
            Kind::Bad => "Bad",
            Kind::Mark(_) => "Mark",
            Kind::Named(name) => name,
            Kind::Deque => "collections.deque",
            Kind::Cell(_) => "cell",
            Kind::Code(_) => "code",
            Kind::Function { .. } => "function",
        }
    }
}

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Object<P>;
    type FrameExtra = ();
}

// SAFETY: it has no frame objects.
unsafe impl<P: Activation> FrameVm for Machine<P> {
    fn make_cell(&self, content: Option<Object<P>>) -> Option<Object<P>> {
        Some(Object::new(Kind::Cell(Cell::new(content))))
    }

    fn cell(object: &Object<P>) -> Option<&Cell<Self>> {
        if let Kind::Cell(cell) = object.kind() { Some(cell) } else { None }
    }
}

// SAFETY: an `Rc` is one pointer, to something aligned to 8 bytes that neither moves nor becomes something else.
unsafe impl<P: Activation> Value for Object<P> {
    type Last = Object<P>;
    type Code = Units;

    fn into_raw(self) -> NonNull<()> {
        NonNull::new(Rc::into_raw(self.0).cast_mut().cast()).expect("no null pointer")
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is one of `into_raw`, by the contract.
        Object(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Object<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Units> {
        if let Kind::Code(units) = self.kind() { Some(units) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function { code, closure } = self.kind() else { return None };
        Some(Function { code, globals: None, builtins: None, closure })
    }
}

/// Code with one variable.
pub(crate) struct Units {
    kind: u8,
    units: [CodeUnit; 4],
}

impl Units {
    /// The variable is of this kind.
    pub(crate) fn of(kind: u8) -> Self {
        Units { kind, units: Default::default() }
    }
}

// SAFETY: it has units and never changes.
unsafe impl FrameCode for Units {
    fn nlocalsplus(&self) -> u32 {
        1
    }

    fn stacksize(&self) -> u32 {
        2
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    fn kind(&self, _: u32) -> Option<u8> {
        Some(self.kind)
    }
}
