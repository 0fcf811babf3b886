//! A frame and its object: made, found again, and taking the frame over.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::{mem, ptr};

use super::{Finally, FramePtr, Place, Specials};
use crate::data_stack::DataStack;
use crate::frame_object::FrameObject;
use crate::machine::Numbers;
use crate::machine::owner;
use crate::room::Room;
use crate::running::lost;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf};
use crate::vm::{FrameCode, FrameVm};

/// Whether somebody looked at a frame: then it has an object.
pub(crate) enum Seen<V: FrameVm> {
    /// Nobody did.
    No,
    /// Somebody did.
    Yes {
        /// The first complete frame below: its object becomes `f_back`, if there is one.
        caller: Option<FramePtr<V>>,
    },
}

impl<V: FrameVm> Clone for Seen<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for Seen<V> {}

impl<V: FrameVm> FramePtr<V> {
    /// The frame's object, made if there is none. `None`: there is no memory.
    ///
    /// The frame must be complete and spilled, and stay there while the VM makes the object.
    ///
    /// Source: `_PyFrame_MakeAndSetFrameObject`, Python/frame.c.
    pub(crate) fn object(self, vm: &V) -> Option<V::Value> {
        self.object_if(vm, || true)
    }

    /// The same of a frame that may end while the VM makes the object: then `is_there` says so, and there is none.
    #[inline(always)]
    pub(crate) fn object_if(self, vm: &V, is_there: impl Fn() -> bool) -> Option<V::Value> {
        match self.existing_object() {
            Some(object) => Some(object),
            None => self.new_object(vm, is_there),
        }
    }

    #[inline(never)]
    fn new_object(self, vm: &V, is_there: impl Fn() -> bool) -> Option<V::Value> {
        let words = self.words();
        let room = Room::new(vm, words)?;
        let object = vm.make_frame_object(FrameObject::new(room))?;
        if !is_there() {
            return None;
        }
        // Whoever was asked for memory may have asked for this frame's object.
        if let Some(first) = self.existing_object() {
            // Its end may run anything: the first one stays.
            drop(object);
            return Some(first);
        }
        let Some(made) = V::frame_object(&object) else { no_frame_object() };
        // A clone may panic: it comes before the frame is told.
        let own = V::Value::clone(&object);
        made.attach(self, words);
        self.specials().frame_object().put(own);
        Some(object)
    }

    /// The frame's object, if there is one.
    pub(crate) fn existing_object(self) -> Option<V::Value> {
        self.existing_object_ref().map(Ref::counted)
    }

    /// The frame was moved here: its object, if there is one, finds it here from now on.
    pub(crate) fn tell_object(self) {
        if let Some(object) = self.existing_object_ref().as_deref().and_then(V::frame_object) {
            object.follow(self);
        }
    }

    /// A look at the frame's object, if there is one. It must not be changed meanwhile.
    pub(super) fn existing_object_ref<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame owns the reference; callers look at it only for as long as nothing else is done.
        self.specials().frame_object().pointer().map(|raw| unsafe { Ref::new(raw) })
    }

    /// Whether somebody looked at the frame.
    #[inline(always)]
    pub(crate) fn seen(self) -> Seen<V> {
        if self.specials().frame_object().pointer().is_none() {
            return Seen::No;
        }
        Seen::Yes { caller: FramePtr::complete(self.previous()) }
    }

    /// The same; and what the frame's object needs when the activation ends is there afterwards: its caller's object. The
    /// frame is spilled and linked.
    #[inline(always)]
    pub(crate) fn before_end(self, stack: &DataStack<V>) -> Seen<V> {
        if self.specials().frame_object().pointer().is_none() {
            return Seen::No;
        }
        Seen::Yes { caller: self.make_back(stack) }
    }

    #[cold]
    #[inline(never)]
    fn make_back(self, stack: &DataStack<V>) -> Option<FramePtr<V>> {
        let caller = FramePtr::complete(self.previous())?;
        if !self.existing_object_ref().is_some_and(|object| V::is_unique(&object)) {
            // Without memory the link is lost, as in CPython.
            drop(caller.object(stack.vm()));
        }
        Some(caller)
    }

    /// The frame's object takes what the frame holds: its references, the stack included, and what the VM added. The frame
    /// keeps its code, and nothing else.
    ///
    /// `f_back` is the object of the caller, if it was made ([`before_end`](Self::before_end)).
    ///
    /// Source: `take_ownership`, Python/frame.c.
    pub(super) fn take_over(self, end: *mut StackRef<V>, caller: Option<FramePtr<V>>) {
        // A clone that panics comes before anything moves: the object loses its frame, which is cleared as any other.
        let given_up = Finally(|| {
            let object = self.existing_object_ref();
            if let Some(object) = object.as_deref().and_then(V::frame_object) {
                object.detach();
            }
            self.clear_steps::<true>(end);
        });
        let mut slot = self.slots();
        while slot < end {
            // SAFETY: slots below the end are initialised, and the frame is not in the chain.
            let reference = unsafe { &mut *slot };
            if !reference.is_owned() {
                *reference = reference.duplicate();
            }
            slot = slot.wrapping_add(1);
        }
        let code = self.executable().map(Ref::counted);
        let mut back = caller.and_then(FramePtr::existing_object);
        mem::forget(given_up);

        let specials = self.specials();
        let Some(object) = specials.frame_object().take() else { lost() };
        let Some(holder) = V::frame_object(&object) else { no_frame_object() };
        let words = (end.addr() - self.memory().addr().get()) / size_of::<usize>();
        // SAFETY: the header and these slots are initialised; they move, and what is left is made harmless below.
        let moved = unsafe { holder.receive(self, words) };
        moved.spill(moved.slots().wrapping_add((end.addr() - self.slots().addr()) / size_of::<usize>()));
        moved.specials().previous().set(None);
        moved.specials().owner().set(<FramesOf<V> as Numbers<owner::FrameObject>>::RAW);
        if !moved.is_complete() {
            // It never began: as if its first `RESUME` had run.
            let code = moved.code();
            let first = code.map_or(ptr::null(), |code| code.units().as_ptr().wrapping_add(code.first_traceable()));
            let stands = <FramesOf<V> as Frames>::CREATED.resolve(0, 0);
            moved.specials().instruction().set(first.wrapping_offset(stands));
        }
        mem::forget(specials.locals().take());
        mem::forget(specials.function().take());
        specials.globals().clear();
        specials.builtins().clear();
        // The copy has the reference that was here, this one keeps another.
        mem::forget(code);
        let _object = Finally(|| holder.set_back(back.take()));
        V::frame_object_owns(&object);
    }
}

#[cold]
#[inline(never)]
fn no_frame_object() -> ! {
    panic!("what the VM made for a frame object holds none")
}
