//! How an eval loop tells of an event, and what the thread knows of it meanwhile.

use super::{Event, event};
use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::frame::{Finally, FramePtr, Specials};
use crate::running::Running;
use crate::version::Version;
use crate::vm::FrameVm;

/// What is being told.
pub(crate) struct Delivery<V: FrameVm> {
    pub(crate) event: Event,
    /// The frame that it is told of: on top when the telling began.
    pub(crate) frame: FramePtr<V>,
    /// Whether the frame was sent to another line.
    pub(crate) moved: bool,
}

impl<V: FrameVm> Clone for Delivery<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for Delivery<V> {}

/// What came of telling.
#[must_use = "the frame may have been sent to another line"]
pub struct Told<R> {
    /// What the callback returned.
    pub result: R,
    /// Whether the frame goes on elsewhere: the next instruction is to be fetched, and the one that was about to run does not.
    pub moved: bool,
}

impl<V: FrameVm> DataStack<V> {
    /// The event that is being told (`what_event`, until 3.11 `tracing_what`); [`event::IDLE`] if none is.
    pub fn trace_event(&self) -> Event {
        self.delivery.get().map_or(event::IDLE, |delivery| delivery.event)
    }
}

impl<V: FrameVm, O, B: Bounds> Running<'_, V, O, B> {
    /// Tells a trace function or a monitoring tool of an event, by an [`escape`](Self::escape): while `callback` runs, the event
    /// is the [thread's](DataStack::trace_event), and it may set [`f_lineno`](crate::frame_object::FrameObject::set_lineno) of this
    /// frame. What was told before is told again afterwards, also if it panics.
    ///
    /// The instruction that the event is about was just fetched, prefixes not undone: there the frame stands (3.13, at a yield:
    /// behind it). The stack is as
    /// before the instruction; but for `PY_YIELD` the value is popped already, and dropped if the frame
    /// [moved](Told::moved). Where it did, the loop fetches the next instruction, and runs none of what it fetched.
    ///
    /// Source: `call_instrumentation_vector`, Python/instrumentation.c; until 3.11 `call_trace`, Python/ceval.c.
    #[inline(always)]
    pub fn tell<R>(self, event: Event, callback: impl FnOnce(&DataStack<V>) -> R) -> (Self, Told<R>) {
        self.aside().tell_aside(event, callback)
    }

    #[cold]
    #[inline(never)]
    fn tell_aside<R>(mut self, event: Event, callback: impl FnOnce(&DataStack<V>) -> R) -> (Self, Told<R>) {
        self.spill();
        if event == event::PY_YIELD && const { <V::Python as Version>::LAYOUT.minor() == 13 } {
            // 3.13 has gone on to the `RESUME` by then.
            self.frame.specials().instruction().set(self.next());
        }
        let slot = &self.stack.delivery;
        let before = slot.replace(Some(Delivery { event, frame: self.frame, moved: false }));
        let restore = Finally(|| slot.set(before));
        let result = callback(self.stack);
        let moved = slot.get().is_some_and(|delivery| delivery.moved);
        drop(restore);
        if moved {
            self.take_position();
        }
        self.hold();
        (self, Told { result, moved })
    }
}
