//! What happens while no eval loop holds a frame: somebody looks, changes, keeps, clears, collects.

use std::rc::Weak;

use frame_runtime::frame::NotSet;
use frame_runtime::frame_object::ClearError;
use frame_runtime::stack_ref::StackRef;

use super::{Driver, RECURSION};
use crate::steps::{Run, Steps};
use crate::vms::{Body, Id, New, Stored, find};
use crate::world::{self, Clearing, Hook, Slot, State, World};

impl<V: Steps> Driver<V> {
    /// Somebody looks, and keeps what is seen.
    pub(super) fn look(&self) {
        let (stack, depth) = (self.stack_index(), self.index(5));
        if self.one_in(6) {
            let nosy = (self.stack_index(), self.index(3));
            self.world.borrow_mut().nosy = Some(nosy);
            let me = Weak::clone(&self.me);
            self.heap.nosy.set(Some(Box::new(move || {
                let Some(driver) = me.upgrade() else { return };
                let object = driver.stack(nosy.0).frame_object(nosy.1);
                assert!(object.is_ok(), "nobody holds a frame");
            })));
        }
        if self.one_in(8) {
            self.world.borrow_mut().deny = true;
            self.heap.deny.set(true);
        }
        let expected = self.world.borrow_mut().look(stack, depth);
        let object = self.stack(stack).frame_object(depth).expect("nobody holds a frame");
        assert_eq!(object.as_ref().map(V::id), expected, "the frame object");
        if let (Some(id), Some(object)) = (expected, object) {
            self.keep(id, object);
        }
        self.world.borrow_mut().nosy = None;
        self.world.borrow_mut().deny = false;
        self.heap.nosy.set(None);
        self.heap.deny.set(false);
    }

    pub(super) fn use_frame_object(&self) {
        let is_frame = |world: &World, id| matches!(world.body(id), world::Body::Frame { .. });
        let Some((root, id)) = self.pick(is_frame) else { return };
        match self.below(6) {
            0 | 1 => {
                let local = self.index(4);
                let (value, slot) = if self.one_in(2) {
                    let (id, value) = self.make_plain();
                    (StackRef::owned(value), Slot::Owned(id))
                } else {
                    self.some_slot(0)
                };
                let object = self.root(root);
                let expected = {
                    let mut world = self.world.borrow_mut();
                    let old = world.set_through_object(id, local, slot);
                    if let Slot::Owned(id) = old.unwrap_or(slot) {
                        world.give(id);
                    }
                    old
                };
                let frame = V::frame_object(&object).expect("it is a frame object");
                match frame.set(u32::try_from(local).expect("small"), value) {
                    Ok(old) => {
                        assert!(expected.is_some(), "there is no such local");
                        drop(old);
                    }
                    Err(NotSet { why, value }) => {
                        assert!(expected.is_none(), "{why}");
                        drop(value);
                    }
                }
            }
            2 => {
                let object = self.root(root);
                let expected = self.world.borrow_mut().clear_object(id);
                let frame = V::frame_object(&object).expect("it is a frame object");
                let cleared = match frame.clear() {
                    Ok(()) => Clearing::Done,
                    Err(ClearError::Refused(..)) => Clearing::Refused,
                    Err(ClearError::Generator(generator)) => {
                        Clearing::Generator(generator.map_or(0, |generator| V::id(&generator)))
                    }
                };
                assert_eq!(cleared, expected);
                self.happens(if cleared == Clearing::Done {
                    "a frame object cleared"
                } else {
                    "a frame object not cleared"
                });
                if let Clearing::Generator(generator) = cleared
                    && self.world.borrow().state(generator) == State::Created
                {
                    let value = find::<V>(generator);
                    self.close(generator, &value);
                }
            }
            3 => {
                let roots = self.world.borrow().roots.len();
                let function = self.index(roots);
                let (object, value) = (self.root(root), self.root(function));
                let sets = self.one_in(2);
                {
                    let mut world = self.world.borrow_mut();
                    let new = if sets { world.roots[function] } else { 0 };
                    world.take(new);
                    let old = world.set_trace(id, new);
                    world.give(old);
                }
                let frame = V::frame_object(&object).expect("it is a frame object");
                // Another reference was made to it already.
                drop(frame.set_trace(sets.then_some(value)));
            }
            _ => {
                let object = self.root(root);
                let expected = self.world.borrow_mut().back(id);
                let frame = V::frame_object(&object).expect("it is a frame object");
                let back = frame.back(self.stack(0).vm());
                assert_eq!(back.as_ref().map(V::id), expected, "f_back");
                if let (Some(id), Some(back)) = (expected, back) {
                    self.keep(id, back);
                }
            }
        }
    }

    /// A generator that does not run is closed.
    fn close(&self, id: Id, generator: &V::Value) {
        self.world.borrow_mut().release_generator(id);
        let stored = V::release(self.take_stored(generator));
        self.put_stored(id, stored);
    }

    pub(super) fn use_generator(&self) {
        let is_idle = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        let Some((root, id)) = self.pick(is_idle) else { return };
        let generator = self.root(root);
        match self.below(4) {
            0 => self.close(id, &generator),
            1 => {
                self.world.borrow_mut().drop_generator(id);
                drop(self.take_stored(&generator));
            }
            _ => {
                let expected = self.world.borrow_mut().generator_object(id);
                let Body::Generator(stored) = V::body(&generator) else { unreachable!("it is a generator") };
                let stack = self.stack(0);
                let object = match &*stored.borrow() {
                    Stored::Created(frame) => frame.object(stack.vm()),
                    Stored::Suspended(frame) => frame.object(stack.vm()),
                    Stored::Empty | Stored::Cleared(_) => unreachable!("it did not end"),
                };
                assert_eq!(object.as_ref().map(V::id), expected, "the generator's frame object");
                if let (Some(id), Some(object)) = (expected, object) {
                    self.keep(id, object);
                }
            }
        }
    }

    /// Ends what nobody reaches: where references are counted, by clearing what is in cycles.
    pub(super) fn collect(&self) {
        if V::TRACING {
            self.world.borrow_mut().before_allocation();
            V::collect(&self.heap);
            return;
        }
        let garbage: Vec<Id> = {
            let world = self.world.borrow();
            let reached = world.reached();
            world.alive().into_iter().filter(|id| !reached[*id as usize - 1]).collect()
        };
        let values: Vec<V::Value> = garbage.iter().map(|id| find::<V>(*id)).collect();
        garbage.iter().for_each(|id| self.world.borrow_mut().take(*id));
        for round in 0..3 {
            for (id, value) in garbage.iter().zip(&values) {
                let kind = match self.world.borrow().body(*id) {
                    world::Body::Generator { .. } => 0,
                    world::Body::Frame { .. } => 1,
                    _ => 2,
                };
                match kind {
                    0 if round == 0 => {
                        self.guarded(|world| world.drop_generator(*id), || drop(self.take_stored(value)));
                    }
                    1 if round == 1 && self.world.borrow().is_over(*id) => {
                        let frame = V::frame_object(value).expect("it is a frame object");
                        let clear = |world: &mut World| {
                            assert_eq!(world.clear_object(*id), Clearing::Done);
                        };
                        self.guarded(clear, || assert!(frame.clear().is_ok()));
                    }
                    2 if round == 2 => {
                        if let Body::Holder(held) = V::body(value) {
                            let held = held.take();
                            self.guarded(|world| world.clear_holder(*id), || drop(held));
                        }
                    }
                    _ => {}
                }
            }
        }
        for (id, value) in garbage.into_iter().zip(values) {
            self.guarded(|world| world.give(id), || drop(value));
        }
    }

    /// A stack goes with what is parked on it, and there is a new one.
    pub(super) fn drop_stack(&self, index: usize) {
        if V::TRACING && self.world.borrow().may_unpark(index) {
            // A stack that is being dropped is nothing that a collector could look at.
            let id = self.world.borrow_mut().make(world::Body::Plain(Hook::Nothing));
            let shim = V::make(&self.heap, New::Plain(None));
            self.world.borrow_mut().unpark(index, id);
            self.world.borrow_mut().spill(index);
            self.world.borrow_mut().leave_session();
            let leave = |f: Run<'_, V>| {
                f.leave();
            };
            let left = self.stack(index).unpark(shim, leave);
            assert!(left.is_ok(), "frames are parked");
        }
        let stack = Self::new_stack(&self.heap);
        let old = std::mem::replace(&mut self.heap.stacks.borrow_mut()[index], stack);
        self.gone.set(Some(index));
        self.guarded(|world| world.drop_stack(index, RECURSION), || drop(old));
        self.gone.set(None);
    }
}
