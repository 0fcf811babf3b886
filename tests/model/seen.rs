//! What everybody can see, and that it is what the model says.

#![expect(unsafe_code, reason = "a visitor promises what it does")]

use std::mem::ManuallyDrop;
use std::ops::ControlFlow;

use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::view::FrameView;
use frame_runtime::visit::Visit;

use super::{Driver, STACKS};
use crate::steps::{Steps, see_stored};
use crate::vms::{self, Body, Extra, Id, TestVm, look};
use crate::world::{self, seen_integer};

/// What everybody can see of a slot.
pub(crate) fn see_slot<V: TestVm>(slot: StackRef<V>) -> i64 {
    if slot.is_null() {
        return -1;
    }
    if let Some(value) = slot.as_value() {
        return V::id(&value).into();
    }
    match slot.unpack() {
        Unpacked::Integer(integer) => seen_integer(integer),
        Unpacked::Null | Unpacked::Value(_) => unreachable!("it holds an integer"),
    }
}

fn id_of<V: TestVm>(value: Option<V::Value>) -> i64 {
    value.map_or(0, |value| V::id(&value).into())
}

fn see_frame<V: TestVm>(frame: FrameView<'_, V>, into: &mut Vec<i64>) {
    into.extend([id_of::<V>(frame.function()), id_of::<V>(frame.code()), frame.lasti().into()]);
    into.extend([frame.raw_owner().into(), id_of::<V>(frame.generator())]);
    into.extend([id_of::<V>(frame.namespace()), id_of::<V>(frame.extra().get())]);
    into.push(frame.used().into());
    into.extend((0..frame.used()).map(|index| see_slot(frame.get(index).expect("it is in use"))));
}

/// What everybody can see of a stack's frames.
pub(super) fn see_stack<V: TestVm>(stack: &DataStack<V>) -> Vec<i64> {
    let mut seen = Vec::new();
    let walked = stack.walk(|frame| {
        see_frame(frame, &mut seen);
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(walked, Ok(None), "nobody holds a frame");
    seen
}

pub(crate) fn see_object<V: TestVm>(object: &FrameObject<V>, stack: &DataStack<V>) -> Vec<i64> {
    let over = object.is_over();
    let mut seen = vec![over.into(), id_of::<V>(object.function()), id_of::<V>(object.code()), object.lasti().into()];
    let back = if over { object.back(stack.vm()) } else { None };
    seen.push(id_of::<V>(object.namespace()));
    seen.extend([id_of::<V>(object.generator()), id_of::<V>(object.trace()), id_of::<V>(back)]);
    seen.push(object.used().into());
    seen.extend((0..object.used()).map(|index| see_slot(object.get(index).expect("it is in use"))));
    seen
}

/// Counts references as a collector sees them.
struct Tally<V: TestVm>(Vec<usize>, std::marker::PhantomData<V>);

// SAFETY: it looks, and changes nothing.
unsafe impl<V: TestVm> Visit<V> for Tally<V> {
    fn owned(&mut self, reference: &mut ManuallyDrop<V::Value>) {
        self.0[V::id(reference) as usize - 1] += 1;
    }

    fn borrowed(&mut self, reference: &mut ManuallyDrop<V::Value>) {
        V::id(reference);
    }

    fn extra(&mut self, extra: &Extra<V::Value>) {
        extra.visit(self);
    }
}

impl<V: Steps> Driver<V> {
    /// Compares the runtime with the model. No eval loop may hold a frame.
    pub(super) fn check(&self) {
        let mut world = self.world.borrow_mut();
        assert_eq!(vms::take_events(), std::mem::take(&mut world.events), "what ended, and what was seen then");
        let alive = world.alive();
        assert_eq!(vms::alive(), alive, "what is there");
        for index in 0..STACKS {
            let stack = self.stack(index);
            assert_eq!(see_stack(&stack), world.seen(index), "the frames of stack {index}");
            assert_eq!(stack.remaining(), world.stacks[index].remaining, "what remains of stack {index}");
            assert_eq!(id_of::<V>(stack.handled()), world.handled(index).into(), "what stack {index} handles");
        }
        let stack = self.stack(0);
        for &id in &alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            if !V::TRACING {
                assert_eq!(V::count(&value), world.object(id).count, "references to {id}: {:?}", world.body(id));
            }
            match world.body(id) {
                world::Body::Frame { .. } => {
                    let frame = V::frame_object(&value).expect("it is a frame object");
                    assert_eq!(see_object(frame, &stack), world.seen_object(id), "the frame object {id}");
                }
                world::Body::Generator { .. } => {
                    let Body::Generator(stored) = V::body(&value) else { panic!("it is a generator") };
                    assert_eq!(see_stored(&stored.borrow()), world.seen_generator(id), "the generator {id}");
                }
                _ => {}
            }
        }
        drop(world);
        if !V::TRACING && self.one_in(4) {
            self.tally(&alive);
        }
    }

    /// A collector sees as many references as are counted.
    fn tally(&self, alive: &[Id]) {
        let mut tally = Tally::<V>(vec![0; self.world.borrow().objects.len()], std::marker::PhantomData);
        self.heap.visit_held(&mut tally);
        for index in 0..STACKS {
            self.stack(index).visit(&mut tally).expect("nobody holds a frame");
        }
        for &id in alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            V::visit(&value, &mut tally);
        }
        for &id in alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            assert_eq!(tally.0[id as usize - 1], V::count(&value), "references to {id} that a collector sees");
        }
    }
}
