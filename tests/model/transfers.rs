//! What a frame holds is the same before and after it changes hands: data stack to generator, data stack to frame object,
//! generator to frame object. And what went wrong once, as small as it can be said.

#![expect(unsafe_code, reason = "borrowed references, and generators that know their objects, are promised")]

use std::mem::ManuallyDrop;
use std::rc::Rc;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::running::{Arguments, ByOwner, Returned, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::visit::Visit;

use crate::drive::{see_object, see_slot};
use crate::facts::Facts;
use crate::steps::{Run, Steps};
use crate::vms::{self, Body, Extra, Heap, Id, New, Shape, Stored, TestVm};

struct Vm<V: TestVm> {
    heap: Rc<Heap<V>>,
    stack: Rc<DataStack<V>>,
}

impl<V: Steps> Vm<V> {
    /// Runs `body` in an entry; afterwards nothing may be left.
    fn run(body: impl for<'t> FnOnce(&Self, Entry<'t, V>)) {
        let heap = Rc::new(Heap::<V>::default());
        let stack = Rc::new(DataStack::new(V::new(&heap), Limits::default()));
        heap.stacks.borrow_mut().push(Rc::clone(&stack));
        let vm = Vm { heap, stack };
        let shim = V::make(&vm.heap, New::Plain(None));
        vm.stack.enter(shim, |entry| body(&vm, entry)).expect("nobody holds a frame");
        assert!(vm.heap.nosy.take().is_none(), "it was to be called");
        let held = (vm.heap.roots.take(), vm.heap.fixed.take());
        drop(held);
        V::collect(&vm.heap);
        assert_eq!(vms::alive(), []);
        vm.heap.stacks.take();
        vms::take_events();
        vms::end_episode();
    }

    /// Makes an object that is held to the end; its index there.
    fn make(&self, new: New) -> usize {
        let value = V::make(&self.heap, new);
        let mut fixed = self.heap.fixed.borrow_mut();
        fixed.push(value);
        fixed.len() - 1
    }

    fn get(&self, index: usize) -> V::Value {
        self.heap.fixed.borrow()[index].clone()
    }

    fn id(&self, index: usize) -> i64 {
        V::id(&self.get(index)).into()
    }

    fn function(&self, nlocalsplus: u32, stacksize: u32) -> usize {
        self.make(New::Function(Shape { nlocalsplus, stacksize, first_traceable: 0, handler: None }))
    }

    fn call<'t>(&self, entry: Entry<'t, V>, function: usize) -> Run<'t, V> {
        entry.call(self.get(function), &mut []).expect("a call")
    }

    /// The topmost frame's object, held to the end.
    fn look(&self) -> usize {
        let object = self.stack.frame_object(0).expect("nobody holds a frame").expect("a frame object");
        let mut fixed = self.heap.fixed.borrow_mut();
        fixed.push(object);
        fixed.len() - 1
    }

    fn see(&self, object: usize) -> Seen {
        let object = self.get(object);
        let frame = V::frame_object(&object).expect("it is a frame object");
        let seen = see_object(frame, &self.stack);
        let mut extras = Extras(Vec::new());
        frame.visit(&mut extras);
        let slots = (0..frame.used()).map(|index| see_slot(frame.get(index).expect("it is in use")));
        // Over, function, code, where it stands, the mapping of names, the generator.
        let [over, function, code, lasti, namespace, generator, ..] = seen[..] else { panic!("{seen:?}") };
        Seen {
            over: over == 1,
            held: vec![function, code, namespace],
            slots: slots.collect(),
            lasti,
            generator,
            extras: extras.0,
        }
    }

    /// Makes a generator of the frame; the handle is in an object that is held to the end.
    fn make_generator(&self, f: Run<'_, V>) -> usize {
        let (f, at) = f.escape(|_| self.make(New::Generator));
        let ByOwner::Thread(f) = f.by_owner() else { panic!("it is by the thread") };
        let (_, frame) = V::make_generator(f);
        let generator = self.get(at);
        // SAFETY: the object is held to the end, and holds the frame.
        unsafe { frame.set_generator(&generator) };
        let Body::Generator(stored) = V::body(&generator) else { panic!("it is a generator") };
        stored.replace(Stored::Created(frame));
        at
    }

    fn end_generator(&self, generator: usize) {
        let generator = self.get(generator);
        let Body::Generator(stored) = V::body(&generator) else { panic!("it is a generator") };
        drop(stored.replace(Stored::Empty));
    }
}

/// What everybody can see of a frame object.
#[derive(Debug)]
struct Seen {
    over: bool,
    held: Vec<i64>,
    slots: Vec<i64>,
    lasti: i64,
    generator: i64,
    /// What the VM added; shown only where the frame lies in the object.
    extras: Vec<Id>,
}

struct Extras(Vec<Id>);

// SAFETY: it looks, and changes nothing.
unsafe impl<V: TestVm> Visit<V> for Extras {
    fn owned(&mut self, _: &mut ManuallyDrop<V::Value>) {}

    fn borrowed(&mut self, _: &mut ManuallyDrop<V::Value>) {}

    fn extra(&mut self, extra: &Extra<V::Value>) {
        self.0.extend(extra.get().map(|value| V::id(&value)));
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 11) % u64::from(limit)).expect("below the limit")
    }
}

/// Frames of all shapes change hands.
pub(crate) fn change_hands<V: Steps>() {
    for seed in 1_u64..120 {
        Vm::<V>::run(|vm, entry| {
            change_hands_once(vm, entry, &mut Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)))
        });
    }
}

fn change_hands_once<V: Steps>(vm: &Vm<V>, entry: Entry<'_, V>, random: &mut Random) {
    let facts = Facts::of::<V::Python>();
    let values: Vec<usize> = (0..6).map(|_| vm.make(New::Plain(None))).collect();
    let (locals, stack) = (random.below(5), random.below(6));
    let function = vm.function(locals, stack);
    let mut f = vm.call(entry, function);
    let mut slot = || match random.below(4) {
        0 => StackRef::null(),
        1 => StackRef::integer(random.below(9) as isize - 4).unwrap_or_default(),
        // SAFETY: the object is held to the end.
        2 => unsafe { StackRef::borrowed(&vm.heap.fixed.borrow()[values[random.below(6) as usize]]) },
        _ => StackRef::owned(vm.get(values[random.below(6) as usize])),
    };
    for index in 0..locals {
        drop(f.set_local(index, slot()));
    }
    for _ in 0..stack {
        f.push(slot());
    }
    f.extra().0.set(Some(vm.get(values[0])));
    drop(f.set_namespace(Some(vm.get(values[1]))));
    for _ in 0..1 + random.below(8) {
        f.fetch();
    }
    let next = i64::try_from(f.next_index()).expect("small");
    let (f, object) = f.escape(|_| vm.look());
    let (f, before) = f.escape(|_| vm.see(object));
    assert!(!before.over);
    assert_eq!((before.lasti, before.slots.len()), (2 * (next - 1), (locals + stack) as usize));
    assert_eq!(before.held[2], vm.id(values[1]));
    let extra = vm.id(values[0]);
    let over = |after: Seen, lasti: i64| {
        assert!(after.over);
        assert_eq!((&after.held, &after.slots), (&before.held, &before.slots), "what it holds");
        assert_eq!((after.lasti, after.generator), (lasti, 0));
        assert_eq!(after.extras.iter().map(|id| i64::from(*id)).collect::<Vec<_>>(), [extra]);
    };
    if random.below(2) == 0 {
        let ByOwner::Thread(f) = f.by_owner() else { panic!("it is by the thread") };
        assert!(matches!(V::end(f, random.below(2) == 0), Returned::Left(_)));
        return over(vm.see(object), before.lasti);
    }
    let generator = vm.make_generator(f);
    let after = vm.see(object);
    assert!(!after.over);
    assert_eq!((&after.held, &after.slots), (&before.held, &before.slots), "what it holds");
    let created = 2 * (next - 1 + i64::try_from(facts.created).expect("small"));
    assert_eq!((after.lasti, after.generator), (created, vm.id(generator)));
    {
        let generator = vm.get(generator);
        let Body::Generator(stored) = V::body(&generator) else { panic!("it is a generator") };
        let Stored::Created(frame) = &*stored.borrow() else { panic!("it was made") };
        assert_eq!(frame.extra().get().map(|value| i64::from(V::id(&value))), Some(extra));
    }
    vm.end_generator(generator);
    over(vm.see(object), created);
}

/// Somebody looked at a frame before it became a generator's: its object is not left pointing to where it was.
pub(crate) fn an_object_follows_its_frame<V: Steps>() {
    Vm::<V>::run(|vm, entry| {
        let (function, value) = (vm.function(1, 0), vm.make(New::Plain(None)));
        let mut f = vm.call(entry, function);
        f.fetch();
        drop(f.set_local(0, StackRef::owned(vm.get(value))));
        let (f, object) = f.escape(|_| vm.look());
        let generator = vm.make_generator(f);
        let seen = vm.see(object);
        assert_eq!((seen.over, seen.generator), (false, vm.id(generator)));
        assert_eq!(seen.slots, [vm.id(value)]);
        vm.end_generator(generator);
        assert!(vm.see(object).over);
    });
}

/// A frame returns that has an object, and its caller has none: that is made, and may move the value.
pub(crate) fn a_value_is_returned_while_objects_move<V: Steps>() {
    Vm::<V>::run(|vm, entry| {
        let function = vm.function(0, 1);
        let mut f = vm.call(entry, function);
        f.fetch();
        let mut f = f.call(vm.get(function), Arguments::default(), Site::default()).expect("a call");
        f.fetch();
        let (f, object) = f.escape(|_| vm.look());
        let (mut f, value) = f.escape(|_| V::make(&vm.heap, New::Plain(None)));
        let id = V::id(&value);
        f.push(StackRef::owned(value));
        let ByOwner::Thread(f) = f.by_owner() else { panic!("it is by the thread") };
        let std::ops::ControlFlow::Continue(mut f) = V::return_value(f) else { panic!("it has a caller") };
        assert_eq!(see_slot(f.pop()), id.into());
        let (f, seen) = f.escape(|_| vm.see(object));
        assert!(seen.over);
        f.leave();
    });
}

/// A handle is lost, and its frame has an object: its caller's is made when the entry is left, and may look at frames.
pub(crate) fn frames_are_seen_when_a_handle_was_lost<V: Steps>() {
    Vm::<V>::run(|vm, entry| {
        let (function, value) = (vm.function(1, 0), vm.make(New::Plain(None)));
        let mut f = vm.call(entry, function);
        f.fetch();
        let mut f = f.call(vm.get(function), Arguments::default(), Site::default()).expect("a call");
        f.fetch();
        drop(f.set_local(0, StackRef::owned(vm.get(value))));
        let (_lost, object) = f.escape(|_| vm.look());
        let stack = Rc::clone(&vm.stack);
        vm.heap
            .nosy
            .set(Some(Box::new(move || assert!(stack.walk(|_| std::ops::ControlFlow::<()>::Continue(())).is_ok()))));
        let _ = object;
    });
}
