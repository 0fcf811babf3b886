//! A VM whose references are raw pointers to objects with CPython's header, counted by hand.
//!
//! A frame object lies in its object where CPython's does. Objects that ended are filled with poison and kept.

#![expect(unsafe_code, reason = "objects are raw memory")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem::offset_of;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Activation;
use frame_runtime::visit::Visit;
use frame_runtime::vm::{self, FrameVm, Function, Vm};

use super::{Body, Event, Extra, Heap, Id, TestVm, Units, born, died, fault, keep, moved, note};

pub(crate) struct Counted<P: Activation>(Rc<Heap<Self>>);

impl<P: Activation> Vm for Counted<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = Extra<Value<P>>;
}

/// A type object, as far as anybody looks.
struct Type(#[expect(dead_code, reason = "types differ by their addresses, and so must not be of no size")] bool);

static FRAME: Type = Type(true);
static OTHER: Type = Type(false);

/// The header of an object: `PyObject`.
#[repr(C)]
struct Head {
    ob_refcnt: Cell<isize>,
    ob_type: Cell<*const Type>,
}

/// An object. Its number is in front of it, as CPython's collector has its links there.
#[repr(C)]
struct Block<B> {
    id: u64,
    words: usize,
    ob_base: Head,
    body: B,
}

/// From a block to its object.
const FRONT: usize = 16;

const _: () = {
    use frame_runtime::{v3_11, v3_12, v3_13, v3_14, v3_15};

    assert!(offset_of!(Block<u64>, ob_base) == FRONT);
    // What is behind the header begins where it does in CPython.
    let body = offset_of!(Block<u64>, body) - FRONT;
    assert!(body == offset_of!(v3_11::layout::PyFrameObject, f_back));
    assert!(body == offset_of!(v3_12::layout::PyFrameObject, f_back));
    assert!(body == offset_of!(v3_13::layout::PyFrameObject, f_back));
    assert!(body == offset_of!(v3_14::layout::PyFrameObject, f_back));
    assert!(body == offset_of!(v3_15::layout::PyFrameObject, f_back));
    assert!(offset_of!(Head, ob_type) == offset_of!(v3_14::layout::PyObject, ob_type));
};

const POISON: u8 = 0xDB;

pub(crate) struct Value<P: Activation>(NonNull<Head>, PhantomData<P>);

impl<P: Activation> Value<P> {
    fn new<B>(ob_type: &'static Type, body: B) -> Self {
        let layout = Layout::new::<Block<B>>();
        // SAFETY: a block is larger than 0 bytes.
        let memory = unsafe { alloc(layout) }.cast::<Block<B>>();
        let Some(block) = NonNull::new(memory) else { fault("no memory") };
        let Some(head) = NonNull::new(memory.wrapping_byte_add(FRONT).cast::<Head>()) else { fault("no memory") };
        let id = born(head.as_ptr().cast()).into();
        let ob_base = Head { ob_refcnt: Cell::new(1), ob_type: Cell::new(ob_type) };
        // SAFETY: it was just allocated for this.
        unsafe { block.write(Block { id, words: layout.size() / 8, ob_base, body }) };
        moved(Id::try_from(id).expect("few objects"), head.as_ptr().cast());
        Value(head, PhantomData)
    }

    fn head(&self) -> &Head {
        // SAFETY: memory of objects is kept until nobody has a reference.
        let head = unsafe { self.0.as_ref() };
        let ob_type = head.ob_type.get();
        if !(ptr::eq(ob_type, &FRAME) || ptr::eq(ob_type, &OTHER)) || head.ob_refcnt.get() < 0 {
            fault("an object is used that has ended");
        }
        head
    }

    fn is_frame(&self) -> bool {
        ptr::eq(self.head().ob_type.get(), &FRAME)
    }

    fn block<B>(&self) -> NonNull<Block<B>> {
        let block = self.0.as_ptr().wrapping_byte_sub(FRONT);
        NonNull::new(block.cast()).unwrap_or_else(|| fault("no object is at address 0"))
    }

    fn body(&self) -> Option<&Body<Counted<P>>> {
        // SAFETY: an object that is no frame object has such a body from its beginning to its end.
        (!self.is_frame()).then(|| unsafe { &(*self.block::<Body<Counted<P>>>().as_ptr()).body })
    }

    fn frame(&self) -> Option<&FrameObject<Counted<P>>> {
        // SAFETY: a frame object has such a body from its beginning to its end.
        self.is_frame().then(|| unsafe { &(*self.block::<FrameObject<Counted<P>>>().as_ptr()).body })
    }

    fn number(&self) -> Id {
        self.head();
        // SAFETY: the object is there, and the number in front of it.
        let id = unsafe { (*self.block::<()>().as_ptr()).id };
        Id::try_from(id).expect("few objects")
    }

    /// The last reference went.
    fn end(&self) {
        struct Keep(*mut u64, usize);

        impl Drop for Keep {
            fn drop(&mut self) {
                let Keep(memory, words) = *self;
                // SAFETY: the block is allocated, has so many words, and nothing is in it any more.
                unsafe { memory.cast::<u8>().write_bytes(POISON, words * 8) };
                keep(move || {
                    for index in 0..words {
                        // SAFETY: the memory was kept.
                        if unsafe { memory.wrapping_add(index).read() } != u64::from_ne_bytes([POISON; 8]) {
                            fault("an object was changed that had ended");
                        }
                    }
                    // A block is aligned as a word.
                    let layout = Layout::from_size_align(words * 8, 8).expect("a layout");
                    // SAFETY: it was allocated with this layout.
                    unsafe { dealloc(memory.cast(), layout) };
                });
            }
        }

        let block = self.block::<()>();
        // SAFETY: the object is there.
        let words = unsafe { (*block.as_ptr()).words };
        let _memory = Keep(block.as_ptr().cast(), words);
        // Who takes a reference now takes it of nothing.
        let (id, is_frame, body) = (self.number(), self.is_frame(), self.body().map(NonNull::from));
        self.head().ob_refcnt.set(-1);
        died(id);
        if is_frame {
            let block = self.block::<FrameObject<Counted<P>>>();
            // SAFETY: the place is within the block.
            let body = unsafe { &raw mut (*block.as_ptr()).body };
            // SAFETY: nobody has a reference, and it is dropped once.
            unsafe { body.drop_in_place() };
        } else if let Some(body) = body {
            struct End<P: Activation>(NonNull<Body<Counted<P>>>);

            impl<P: Activation> Drop for End<P> {
                fn drop(&mut self) {
                    // SAFETY: nobody has a reference, and it is dropped once.
                    unsafe { self.0.drop_in_place() };
                }
            }

            let end = End(body);
            // SAFETY: it is there until `end` goes.
            unsafe { end.0.as_ref() }.end();
        }
    }
}

impl<P: Activation> Clone for Value<P> {
    fn clone(&self) -> Self {
        let head = self.head();
        head.ob_refcnt.set(head.ob_refcnt.get() + 1);
        Value(self.0, PhantomData)
    }
}

impl<P: Activation> Drop for Value<P> {
    fn drop(&mut self) {
        let count = self.head().ob_refcnt.get() - 1;
        self.head().ob_refcnt.set(count);
        if count == 0 {
            self.end();
        }
    }
}

// SAFETY: a reference is a pointer to an object aligned as a word, which neither moves nor changes what it is; it is counted.
// A function owns its globals.
unsafe impl<P: Activation> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Units;

    fn into_raw(self) -> NonNull<()> {
        std::mem::ManuallyDrop::new(self).0.cast()
    }

    fn as_raw(&self) -> NonNull<()> {
        self.0.cast()
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Value(raw.cast(), PhantomData)
    }

    fn release(self) -> Option<Value<P>> {
        (self.head().ob_refcnt.get() == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Units> {
        self.body()?.as_code()
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        self.body()?.as_function()
    }
}

// SAFETY: a frame object is a part of its object, which counts its references.
unsafe impl<P: Activation> FrameVm for Counted<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        object.frame()
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        self.0.before_frame_object().then(|| Value::new(&FRAME, object))
    }

    fn frame_object_owns(object: &Value<P>) {
        note(Event::Owns(object.number()));
    }

    fn is_unique(object: &Value<P>) -> bool {
        object.head().ob_refcnt.get() == 1
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value<P>> {
        Some(Self::object(&self.0, Body::Index(unit)))
    }

    fn instruction_index(object: &Value<P>) -> Option<u32> {
        object.body()?.index()
    }

    fn make_cell(&self, content: Option<Value<P>>) -> Option<Value<P>> {
        Some(Self::object(&self.0, Body::Holder(RefCell::new(content.into_iter().collect()))))
    }
}

impl<P: Activation> TestVm for Counted<P> {
    const NAME: &'static str = "counted";
    const TRACING: bool = false;
    type Own = PhantomData<P>;

    fn new(heap: &Rc<Heap<Self>>) -> Self {
        Counted(Rc::clone(heap))
    }

    fn object(_: &Heap<Self>, body: Body<Self>) -> Value<P> {
        Value::new(&OTHER, body)
    }

    fn id(value: &Value<P>) -> Id {
        value.number()
    }

    fn count(value: &Value<P>) -> usize {
        value.head().ob_refcnt.get().unsigned_abs()
    }

    fn body(value: &Value<P>) -> &Body<Self> {
        value.body().unwrap_or_else(|| fault("a frame object was asked for what it has not"))
    }

    fn visit(value: &Value<P>, visit: &mut dyn Visit<Self>) {
        match value.frame() {
            Some(frame) => frame.visit(visit),
            None => Self::body(value).visit(visit),
        }
    }
}
