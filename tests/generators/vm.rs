//! The objects of a script, over `Rc`: what they are, how they die, and what frames ask of them.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::generator::{Machines, Method, Part, PartRef};
use frame_runtime::vm::{self, Function, Vm};
use serde_json::Value as Json;

use super::assemble::Code;
use super::errors::{Class, Error};
use super::foreign::{Foreign, Hook};
use super::python::Python;
use super::world::World;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    pub(crate) static MACHINES: Cell<Option<&'static Machines>> = const { Cell::new(None) };
}

/// Objects that are there.
pub(crate) fn live() -> usize {
    LIVE.get()
}

/// The VM with the frames of version `P`.
pub(crate) struct Machine<P: Python>(Weak<World<P>>);

/// Its stack.
pub(crate) type Stack<P> = DataStack<Machine<P>>;

impl<P: Python> Machine<P> {
    pub(crate) fn new(world: &Weak<World<P>>) -> Self {
        Machine(Weak::clone(world))
    }

    pub(crate) fn world(&self) -> Rc<World<P>> {
        self.0.upgrade().expect("what runs has a world")
    }
}

impl<P: Python> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

// SAFETY: an object is what it is from the beginning to the end, `Rc` counts, and nothing that is asked here runs anything.
unsafe impl<P: Python> vm::FrameVm for Machine<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = object.kind() { Some(frame) } else { None }
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        Some(self.world().object(Kind::Frame(object)))
    }

    fn is_unique(object: &Value<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value<P>> {
        Some(self.world().object(Kind::Int(unit.into())))
    }

    fn instruction_index(object: &Value<P>) -> Option<u32> {
        if let Kind::Int(number) = object.kind() { u32::try_from(*number).ok() } else { None }
    }
}

/// What an object is.
pub(crate) enum Kind<P: Python> {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    /// The name of an object that runs a body, the last thing that it lets go of: its text, and its number.
    Name(String, u64),
    Mark(Json),
    Class(&'static Class),
    Error(Error<P>),
    Foreign(Foreign),
    List(RefCell<Vec<Value<P>>>),
    Tuple(Vec<Value<P>>),
    Range(i64),
    /// An iterator over one of these, until it is over, and its next index.
    Iterator(&'static str, RefCell<Option<Value<P>>>, Cell<usize>),
    Traceback,
    Code(Code),
    Function(Callable<P>),
    Frame(FrameObject<Machine<P>>),
    Part(Part<Machine<P>>),
    /// A method of an object.
    Bound(Value<P>, Method),
    Hook(Hook),
}

/// A function.
pub(crate) struct Callable<P: Python> {
    pub(crate) code: Value<P>,
    pub(crate) name: String,
}

/// What is behind a reference.
#[repr(align(8))]
pub(crate) struct Object<P: Python> {
    world: Weak<World<P>>,
    /// What is recorded when it dies.
    label: OnceCell<Json>,
    finalized: Cell<bool>,
    kind: Kind<P>,
}

impl<P: Python> Drop for Object<P> {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
        if let Some(label) = self.label.take()
            && let Some(world) = self.world.upgrade()
        {
            world.died(label);
        }
    }
}

/// A reference. Dropping the last one finalizes the object first, once.
pub(crate) struct Value<P: Python>(ManuallyDrop<Rc<Object<P>>>);

/// A reference that does not keep its object.
pub(crate) struct Own<P: Python>(Weak<Object<P>>);

impl<P: Python> Own<P> {
    pub(crate) fn get(&self) -> Option<Value<P>> {
        self.0.upgrade().map(|object| Value(ManuallyDrop::new(object)))
    }
}

impl<P: Python> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(ManuallyDrop::new(Rc::clone(&self.0)))
    }
}

impl<P: Python> Drop for Value<P> {
    fn drop(&mut self) {
        if Rc::strong_count(&self.0) == 1
            && let Kind::Part(part) = self.kind()
            && !self.0.finalized.replace(true)
            && let Some(world) = self.0.world.upgrade()
        {
            part.as_ref().finalize(&world.stack, self);
        }
        // SAFETY: it is dropped once, here, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

impl<P: Python> Value<P> {
    /// An object; its death is recorded if it has a label.
    pub(crate) fn new(world: &Weak<World<P>>, kind: Kind<P>, label: Option<Json>) -> Value<P> {
        LIVE.set(LIVE.get() + 1);
        let label = label.map_or_else(OnceCell::new, OnceCell::from);
        let world = Weak::clone(world);
        Value(ManuallyDrop::new(Rc::new(Object { world, label, finalized: Cell::new(false), kind })))
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.kind
    }

    pub(crate) fn own(&self) -> Own<P> {
        Own(Rc::downgrade(&self.0))
    }

    /// Whether both refer to one object.
    pub(crate) fn same(&self, other: &Value<P>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self.kind(), Kind::None)
    }

    /// What the runtime knows of it, if it is of the family.
    pub(crate) fn part(&self) -> Option<PartRef<'_, Machine<P>>> {
        if let Kind::Part(part) = self.kind() { Some(part.as_ref()) } else { None }
    }

    pub(crate) fn error(&self) -> Option<&Error<P>> {
        if let Kind::Error(error) = self.kind() { Some(error) } else { None }
    }

    /// Lets go of what it holds, so that no cycle keeps it.
    pub(crate) fn clear(&self) {
        self.0.finalized.set(true);
        match self.kind() {
            Kind::Error(error) => error.forget(),
            Kind::List(list) => drop(list.take()),
            // One that is not over goes with its generator.
            Kind::Frame(frame) => drop(frame.clear()),
            Kind::Part(Part::Generator(generator)) => P::end(generator),
            _ => {}
        }
    }
}

// SAFETY: an `Rc` is one pointer; to an object aligned to 8 bytes, which neither moves nor changes what it is.
unsafe impl<P: Python> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Code;

    fn into_raw(self) -> NonNull<()> {
        let raw = self.as_raw();
        std::mem::forget(self);
        raw
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is that of an `Rc` that was forgotten, by the contract.
        Value(ManuallyDrop::new(unsafe { Rc::from_raw(raw.as_ptr().cast()) }))
    }

    fn release(self) -> Option<Value<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Code> {
        if let Kind::Code(code) = self.kind() { Some(code) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function(callable) = self.kind() else { return None };
        Some(Function { code: &callable.code, globals: None, builtins: None, closure: &[] })
    }
}
