//! The model's frame objects: made, taking over, changed and cleared.

use frame_runtime::version::ClearStep;

use super::{Body, Clearing, Frame, FrameId, Place, Slot, World};
use crate::vms::{Event, Id};

impl World {
    /// The frame's object, made if there is none; another reference to it.
    fn make_object(&mut self, frame: FrameId) -> Option<Id> {
        let existing = self.frames[frame].object;
        if existing != 0 {
            self.take(existing);
            return Some(existing);
        }
        if let Some((stack, depth)) = self.nosy.take()
            && let Some(object) = self.look(stack, depth)
        {
            self.give(object);
        }
        if std::mem::take(&mut self.deny) {
            self.happens("no memory for a frame object");
            return None;
        }
        let body = Body::Frame { frame: None, is_over: false, back: 0, trace: 0, kept: Vec::new() };
        let made = self.make(body);
        let existing = self.frames[frame].object;
        if existing != 0 {
            self.happens("a frame object made while it was made");
            self.give(made);
            self.take(existing);
            return Some(existing);
        }
        if let Body::Frame { frame: at, .. } = &mut self.object_mut(made).body {
            *at = Some(frame);
        }
        self.happens("a frame object made");
        self.frames[frame].object = made;
        self.take(made);
        Some(made)
    }

    /// The frame object so deep in a stack.
    pub(crate) fn look(&mut self, stack: usize, depth: usize) -> Option<Id> {
        let frame = self.chain(stack).filter(|frame| self.is_complete(*frame)).nth(depth)?;
        self.make_object(frame)
    }

    /// The frame object of a generator.
    pub(crate) fn generator_object(&mut self, generator: Id) -> Option<Id> {
        let Body::Generator { frame, .. } = self.body(generator) else { unreachable!("it is a generator") };
        self.make_object(frame.expect("a frame"))
    }

    pub(super) fn is_unique(&self, object: Id) -> bool {
        self.is_last(object)
    }

    /// The object of a frame that ends keeps its caller's, which is made for that.
    pub(super) fn before_end(&mut self, frame: FrameId) {
        let object = self.frames[frame].object;
        if object != 0
            && !self.is_unique(object)
            && let Some(caller) = self.complete_from(self.frames[frame].previous)
            && let Some(made) = self.make_object(caller)
        {
            self.happens("a caller's object made at the end");
            self.give(made);
        }
    }

    /// Everything moves to the frame's object.
    pub(super) fn take_over(&mut self, frame: FrameId) {
        self.happens(match self.frames[frame].place {
            Place::Generator(_) => "a frame object takes over from a generator",
            Place::Stack | Place::Object => "a frame object takes over",
        });
        let slots = std::mem::take(&mut self.frames[frame].slots);
        let slots = slots.into_iter().map(|slot| self.own(slot)).collect();
        let back = self.complete_from(self.frames[frame].previous).map_or(0, |caller| self.frames[caller].object);
        self.take(back);
        let mut moved = Frame { slots, place: Place::Object, previous: None, object: 0, ..self.frames[frame].clone() };
        let first = isize::try_from(moved.shape.first_traceable).expect("small");
        if moved.stand < first {
            // A generator that has not begun is taken for one that has.
            moved.stand = first + self.facts.created;
        }
        self.take(moved.code);
        self.frames.push(moved);
        let moved = self.frames.len() - 1;
        let left = self.frame(frame);
        left.function = 0;
        left.namespace = 0;
        left.extra = 0;
        let object = std::mem::take(&mut left.object);
        match &mut self.object_mut(object).body {
            Body::Frame { frame, is_over, back: link, .. } => {
                *frame = Some(moved);
                *is_over = true;
                *link = back;
            }
            _ => unreachable!("it is a frame object"),
        }
        self.events.push(Event::Owns(object));
        self.give(object);
    }

    /// Changes a local. The reference moves in; what comes back is the caller's. `None`: there is no such local.
    pub(crate) fn set_through_object(&mut self, object: Id, index: usize, value: Slot) -> Option<Slot> {
        let Body::Frame { frame: Some(frame), .. } = *self.body(object) else { return None };
        if index >= self.frames[frame].slots.len() || index >= self.locals(frame) {
            return None;
        }
        self.happens("a local set from outside");
        let value = self.own(value);
        let old = std::mem::replace(&mut self.frames[frame].slots[index], value);
        if !self.facts.has_tags || old.owned() == 0 {
            return Some(old);
        }
        if let Body::Frame { kept, .. } = &mut self.object_mut(object).body {
            kept.push(old.owned());
        }
        Some(Slot::Null)
    }

    /// Sets the trace function; the reference moves in, the old one is the caller's.
    pub(crate) fn set_trace(&mut self, object: Id, function: Id) -> Id {
        if let Body::Frame { trace, .. } = &mut self.object_mut(object).body {
            return std::mem::replace(trace, function);
        }
        unreachable!("it is a frame object")
    }

    /// `f_back` of a frame object whose activation is over, or runs on this stack; another reference to it.
    pub(crate) fn back(&mut self, object: Id) -> Option<Id> {
        let Body::Frame { frame, back, .. } = *self.body(object) else { unreachable!("it is a frame object") };
        if back != 0 {
            self.take(back);
            return Some(back);
        }
        let caller = self.complete_from(self.frames[frame?].previous)?;
        self.make_object(caller)
    }

    pub(crate) fn is_over(&self, object: Id) -> bool {
        matches!(self.body(object), Body::Frame { is_over: true, .. })
    }

    pub(crate) fn clear_object(&mut self, object: Id) -> Clearing {
        let Body::Frame { frame, is_over, trace, kept, .. } = &mut self.object_mut(object).body else {
            unreachable!("it is a frame object")
        };
        let Some(frame) = *frame else { return Clearing::Done };
        if !*is_over {
            return match self.frames[frame].place {
                Place::Generator(generator) => Clearing::Generator(generator),
                Place::Stack | Place::Object => Clearing::Refused,
            };
        }
        let (trace, kept) = (std::mem::take(trace), std::mem::take(kept));
        self.give_fields(0, trace, kept);
        let slots = std::mem::take(&mut self.frames[frame].slots);
        for step in self.facts.clear {
            if matches!(step, ClearStep::SlotsAscending | ClearStep::SlotsDescending) {
                self.clear_step(frame, &slots, *step);
            }
        }
        if self.facts.clears_namespace {
            self.clear_step(frame, &[], ClearStep::Locals);
        }
        Clearing::Done
    }

    /// Changes what the VM added to a frame; returns what was.
    pub(crate) fn set_extra(&mut self, frame: FrameId, value: Id) -> Id {
        std::mem::replace(&mut self.frame(frame).extra, value)
    }

    /// Changes the mapping of names; returns what was.
    pub(crate) fn set_namespace(&mut self, frame: FrameId, value: Id) -> Id {
        std::mem::replace(&mut self.frame(frame).namespace, value)
    }

    /// A tuple forgets what it holds.
    pub(crate) fn clear_holder(&mut self, holder: Id) {
        let values = match &mut self.object_mut(holder).body {
            Body::Holder(values) => std::mem::take(values),
            _ => Vec::new(),
        };
        values.into_iter().for_each(|id| self.give(id));
    }
}
