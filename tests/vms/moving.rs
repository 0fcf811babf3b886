//! A VM whose collector moves every object at every allocation. References are pointers that nobody counts.
//!
//! A collection takes two rounds. The first marks what is reached through references that are owned; the second shows every
//! reference of what was marked, and must find each once, and to something that was marked. What a frame object and a
//! generator have of the runtime's lies in memory of its own, which their objects point to: it stays where it is.

#![expect(unsafe_code, reason = "objects are raw memory")]

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::{self, NonNull};
use std::rc::Rc;

use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Activation;
use frame_runtime::visit::Visit;
use frame_runtime::vm::{self, FrameVm, Function, Vm};

use super::{Body, Event, Extra, Heap, Id, TestVm, Units, born, fault, gone, keep, moved, note};

pub(crate) struct Moving<P: Activation>(Rc<Heap<Self>>);

impl<P: Activation> Vm for Moving<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = Extra<Value<P>>;
}

/// What says that there is an object.
const THERE: u64 = 0x0b1e_c7e5_0b1e_c7e5;

const POISON: u8 = 0xDB;

#[repr(C)]
pub(crate) struct Object<P: Activation> {
    magic: u64,
    id: Id,
    /// The collection that moved it here.
    collection: u32,
    is_marked: Cell<bool>,
    /// Where it was moved to.
    now: Cell<*mut Object<P>>,
    body: Body<Moving<P>>,
}

type Place<P> = NonNull<Object<P>>;

pub(crate) struct Value<P: Activation>(Place<P>);

impl<P: Activation> Value<P> {
    fn object(&self) -> &Object<P> {
        // SAFETY: memory of objects is kept until nobody has a reference.
        let object = unsafe { self.0.as_ref() };
        // While objects are moved both places can be read.
        if object.magic != THERE {
            fault("an object is used where it was, and not where it is");
        }
        object
    }
}

impl<P: Activation> Clone for Value<P> {
    fn clone(&self) -> Self {
        self.object();
        Value(self.0)
    }
}

// SAFETY: a reference is a pointer to an object aligned as a word. It moves, with all references that the runtime shows; its
// code does not. A function keeps its globals.
unsafe impl<P: Activation> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Units;

    fn into_raw(self) -> NonNull<()> {
        self.0.cast()
    }

    fn as_raw(&self) -> NonNull<()> {
        self.0.cast()
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Value(raw.cast())
    }

    fn release(self) -> Option<Value<P>> {
        self.object();
        None
    }

    fn as_code(&self) -> Option<&Units> {
        self.object().body.as_code()
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        self.object().body.as_function()
    }
}

// SAFETY: a frame object is in a box that an object keeps when it moves, from its beginning to its end.
unsafe impl<P: Activation> FrameVm for Moving<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        object.object().body.frame()
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        if !self.0.before_frame_object() {
            return None;
        }
        collect(&self.0);
        Some(allocate(&self.0, Body::Frame(Box::new(object))))
    }

    fn frame_object_owns(object: &Value<P>) {
        let object = object.object();
        // The collector drops generators that nobody reaches: it is the collector's own doing then.
        if object.now.get().is_null() && !SWEEPING.get() {
            note(Event::Owns(object.id));
        }
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value<P>> {
        collect(&self.0);
        Some(allocate(&self.0, Body::Index(unit)))
    }

    fn instruction_index(object: &Value<P>) -> Option<u32> {
        object.object().body.index()
    }

    fn make_cell(&self, content: Option<Value<P>>) -> Option<Value<P>> {
        let has_content = content.is_some();
        self.0.pins.borrow_mut().extend(content);
        collect(&self.0);
        let content = if has_content { self.0.pins.borrow_mut().pop() } else { None };
        Some(allocate(&self.0, Body::Holder(RefCell::new(content.into_iter().collect()))))
    }
}

thread_local! {
    static SWEEPING: Cell<bool> = const { Cell::new(false) };
}

/// Where all objects are.
pub(crate) struct Space<P: Activation> {
    objects: RefCell<Vec<Place<P>>>,
    collections: Cell<u32>,
}

impl<P: Activation> Default for Space<P> {
    fn default() -> Self {
        Space { objects: RefCell::default(), collections: Cell::default() }
    }
}

fn memory<P: Activation>() -> Place<P> {
    NonNull::from(Box::leak(Box::<Object<P>>::new_uninit())).cast()
}

fn allocate<P: Activation>(heap: &Heap<Moving<P>>, body: Body<Moving<P>>) -> Value<P> {
    let place = memory::<P>();
    let id = born(place.as_ptr().cast());
    let collection = heap.own.collections.get();
    let (is_marked, now) = (Cell::new(false), Cell::new(ptr::null_mut()));
    // SAFETY: the memory was just allocated.
    unsafe { place.write(Object { magic: THERE, id, collection, is_marked, now, body }) };
    heap.own.objects.borrow_mut().push(place);
    Value(place)
}

/// Marks what is reached.
struct Mark<P: Activation>(Vec<Place<P>>);

impl<P: Activation> Mark<P> {
    fn mark(&mut self, value: &Value<P>) {
        if !value.object().is_marked.replace(true) {
            self.0.push(value.0);
        }
    }
}

// SAFETY: it looks, and changes nothing.
unsafe impl<P: Activation> Visit<Moving<P>> for Mark<P> {
    fn owned(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        self.mark(reference);
    }

    fn borrowed(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        reference.object();
    }

    fn extra(&mut self, extra: &Extra<Value<P>>) {
        extra.visit(self);
    }
}

/// Says where objects are now. They were marked as of this collection when they were moved.
struct Update<P>(u32, PhantomData<P>);

impl<P: Activation> Update<P> {
    fn update(&self, reference: &mut ManuallyDrop<Value<P>>) {
        let object = reference.object();
        if object.collection == self.0 {
            fault("a reference is shown for the second time");
        }
        let Some(now) = NonNull::new(object.now.get()) else {
            fault("a reference is shown that nobody owned to an object")
        };
        *reference = ManuallyDrop::new(Value(now));
    }
}

// SAFETY: what it puts in place is the same object, where it is now.
unsafe impl<P: Activation> Visit<Moving<P>> for Update<P> {
    fn owned(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        self.update(reference);
    }

    fn borrowed(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        self.update(reference);
    }

    fn extra(&mut self, extra: &Extra<Value<P>>) {
        extra.visit(self);
    }
}

fn visit_roots<P: Activation>(heap: &Heap<Moving<P>>, visit: &mut dyn Visit<Moving<P>>) {
    heap.visit_held(visit);
    let stacks = heap.stacks.borrow().clone();
    for stack in &stacks {
        if stack.visit(visit).is_err() {
            fault("something allocates while an eval loop holds the topmost frame");
        }
    }
}

/// Moves everything that is reached, and ends the rest.
fn collect<P: Activation>(heap: &Heap<Moving<P>>) {
    let number = heap.own.collections.get() + 1;
    heap.own.collections.set(number);
    let mut mark = Mark(Vec::new());
    visit_roots(heap, &mut mark);
    while let Some(place) = mark.0.pop() {
        // SAFETY: it was marked, so it is there.
        let object = unsafe { place.as_ref() };
        object.body.visit(&mut mark);
        // A frame object needs the block of its generator.
        if let Some(generator) = object.body.frame().and_then(FrameObject::generator) {
            mark.mark(&generator);
        }
    }

    let before = heap.own.objects.take();
    let mut after = Vec::with_capacity(before.len() + 1);
    for &old in &before {
        // SAFETY: objects of the list are there.
        if unsafe { old.as_ref() }.is_marked.get() {
            let new = memory::<P>();
            // SAFETY: the memory was just allocated; what is left in the old place is not used as an object's own.
            unsafe { new.copy_from_nonoverlapping(old, 1) };
            // SAFETY: nobody has a reference into the new place.
            unsafe { (*new.as_ptr()).collection = number };
            // SAFETY: as above.
            unsafe { (*new.as_ptr()).is_marked.set(false) };
            // SAFETY: the old place still is what it was.
            unsafe { old.as_ref() }.now.set(new.as_ptr());
            // SAFETY: as above.
            moved(unsafe { old.as_ref() }.id, new.as_ptr().cast());
            after.push(new);
        }
    }
    let mut update = Update(number, PhantomData);
    visit_roots(heap, &mut update);
    for &new in &after {
        // SAFETY: it was just copied.
        unsafe { new.as_ref() }.body.visit(&mut update);
    }
    sweep(&before);
    heap.own.objects.replace(after);
}

/// Ends what was not marked, while all old places can still be read; then they are filled with poison.
///
/// A generator that ends looks for its frame object and its code, so these go later.
fn sweep<P: Activation>(before: &[Place<P>]) {
    SWEEPING.set(true);
    let is_dead = |place: &Place<P>| {
        // SAFETY: old places can be read until the end of this function.
        !unsafe { place.as_ref() }.is_marked.get()
    };
    let mut dead: Vec<(u8, Place<P>)> = Vec::new();
    for &place in before.iter().filter(|place| is_dead(place)) {
        // SAFETY: as above.
        let object = unsafe { place.as_ref() };
        gone(object.id);
        match object.body {
            Body::Generator(_) => dead.push((0, place)),
            Body::Frame(_) => dead.push((1, place)),
            _ => {}
        }
    }
    dead.sort_by_key(|(round, _)| *round);
    for (_, place) in dead {
        // SAFETY: the object was not moved, and nobody can reach it.
        let body = unsafe { &raw mut (*place.as_ptr()).body };
        // SAFETY: as above; the place holds something until it is filled with poison.
        drop(unsafe { body.replace(Body::Plain(Cell::default())) });
    }
    for &place in before {
        if is_dead(&place) {
            // SAFETY: the object was not moved.
            let body = unsafe { &raw mut (*place.as_ptr()).body };
            // SAFETY: nothing uses the object from here on.
            unsafe { body.drop_in_place() };
        }
        // SAFETY: the place is an object's, and nothing is in it any more.
        unsafe { place.cast::<u8>().write_bytes(POISON, size_of::<Object<P>>()) };
        keep(move || {
            let words = place.as_ptr().cast::<[u8; 8]>();
            for index in 0..size_of::<Object<P>>() / 8 {
                // SAFETY: the memory was kept.
                if unsafe { words.wrapping_add(index).read() } != [POISON; 8] {
                    fault("an object was changed where it is no more");
                }
            }
            // SAFETY: it came from a box of this type.
            drop(unsafe { Box::from_raw(place.cast::<MaybeUninit<Object<P>>>().as_ptr()) });
        });
    }
    SWEEPING.set(false);
}

impl<P: Activation> TestVm for Moving<P> {
    const NAME: &'static str = "moving";
    const TRACING: bool = true;
    type Own = Space<P>;

    fn new(heap: &Rc<Heap<Self>>) -> Self {
        Moving(Rc::clone(heap))
    }

    fn object(heap: &Heap<Self>, body: Body<Self>) -> Value<P> {
        allocate(heap, body)
    }

    fn collect(heap: &Heap<Self>) {
        collect(heap);
    }

    fn id(value: &Value<P>) -> Id {
        value.object().id
    }

    fn count(_: &Value<P>) -> usize {
        0
    }

    fn body(value: &Value<P>) -> &Body<Self> {
        &value.object().body
    }
}
