//! A VM whose references are `Rc`.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Activation;
use frame_runtime::visit::Visit;
use frame_runtime::vm::{self, FrameVm, Function, Vm};

use super::{Body, Event, Extra, Heap, Id, TestVm, Units, born, died, fault, keep, moved, note};

pub(crate) struct Counting<P: Activation>(Rc<Heap<Self>>);

impl<P: Activation> Vm for Counting<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = Extra<Value<P>>;
}

/// An object. When it ends its memory is kept.
#[repr(align(8))]
pub(crate) struct Object<P: Activation> {
    id: Id,
    is_over: Cell<bool>,
    body: Body<Counting<P>>,
}

impl<P: Activation> Drop for Object<P> {
    fn drop(&mut self) {
        self.is_over.set(true);
        died(self.id);
        self.body.end();
    }
}

pub(crate) struct Value<P: Activation>(Rc<Object<P>>);

impl<P: Activation> Value<P> {
    fn new(body: Body<Counting<P>>) -> Self {
        let id = born(std::ptr::dangling_mut::<u64>().cast());
        let object = Rc::new(Object { id, is_over: Cell::new(false), body });
        moved(id, Rc::as_ptr(&object).cast_mut().cast());
        let memory = Rc::downgrade(&object);
        keep(move || drop(memory));
        Value(object)
    }

    fn object(&self) -> &Object<P> {
        if self.0.is_over.get() {
            fault("an object is used that has ended");
        }
        &self.0
    }
}

impl<P: Activation> Clone for Value<P> {
    fn clone(&self) -> Self {
        self.object();
        Value(Rc::clone(&self.0))
    }
}

// SAFETY: an `Rc` is one pointer; to an object aligned to 8 bytes, which neither moves nor changes what it is. A function
// owns its globals.
unsafe impl<P: Activation> vm::Value for Value<P> {
    type Last = Value<P>;
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

    fn release(self) -> Option<Value<P>> {
        self.object();
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Units> {
        self.object().body.as_code()
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        self.object().body.as_function()
    }
}

// SAFETY: a frame object is in a box that an object has from its beginning to its end; `Rc` counts.
unsafe impl<P: Activation> FrameVm for Counting<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        object.object().body.frame()
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        self.0.before_frame_object().then(|| Value::new(Body::Frame(Box::new(object))))
    }

    fn frame_object_owns(object: &Value<P>) {
        note(Event::Owns(object.object().id));
    }

    fn is_unique(object: &Value<P>) -> bool {
        object.object();
        Rc::strong_count(&object.0) == 1
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value<P>> {
        Some(Value::new(Body::Index(unit)))
    }

    fn instruction_index(object: &Value<P>) -> Option<u32> {
        object.object().body.index()
    }

    fn make_cell(&self, content: Option<Value<P>>) -> Option<Value<P>> {
        Some(Value::new(Body::Holder(RefCell::new(content.into_iter().collect()))))
    }
}

impl<P: Activation> TestVm for Counting<P> {
    const NAME: &'static str = "Rc";
    const TRACING: bool = false;
    type Own = PhantomData<P>;

    fn new(heap: &Rc<Heap<Self>>) -> Self {
        Counting(Rc::clone(heap))
    }

    fn object(_: &Heap<Self>, body: Body<Self>) -> Value<P> {
        Value::new(body)
    }

    fn id(value: &Value<P>) -> Id {
        value.object().id
    }

    fn count(value: &Value<P>) -> usize {
        Rc::strong_count(&value.0)
    }

    fn body(value: &Value<P>) -> &Body<Self> {
        &value.object().body
    }

    fn visit(value: &Value<P>, visit: &mut dyn Visit<Self>) {
        value.object().body.visit(visit);
    }
}
