//! How frames end: what is released, in which order, also when a destructor panics.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use alloc::vec::Vec;
use core::mem::{self, ManuallyDrop};

use super::{FramePtr, Place, Seen, Specials, StackTop};
use crate::stack_ref::StackRef;
use crate::version::{ClearStep, Frames, FramesOf};
use crate::vm::FrameVm;

/// Does something, and something else if that panics. What that needs should be few words, which it copies: they stay in
/// registers then, where those that are only pointed to would be in memory also when nothing panics. What is done first
/// stands where it is, and not in a closure that may be called.
macro_rules! or_else {
    ($body:expr, $panicked:expr) => {
        let guard = $crate::frame::Finally(move || $panicked);
        $body;
        core::mem::forget(guard);
    };
}

pub(crate) use or_else;

impl<V: FrameVm> FramePtr<V> {
    /// Releases what the frame holds except its code, in the order of its version ([`Frames::CLEAR`]). Then nothing is left to
    /// release, and doing it again does nothing. If a destructor panics, the rest is released all the same.
    ///
    /// The frame must not be reachable from a running handle or from the head of a thread's chain: destructors run
    /// anything.
    ///
    /// Source: `_PyFrame_ClearExceptCode`, Python/frame.c.
    #[inline(always)]
    pub(crate) fn clear_except_code(self) {
        self.clear_up_to(self.stack_end());
    }

    /// The end of the slots that can be released. What a loop held is lost, but not what no loop holds: the locals.
    #[inline(always)]
    pub(super) fn stack_end(self) -> *mut StackRef<V> {
        self.specials().stack_top().get(self.slots()).unwrap_or_else(|| {
            crate::borrows::forget_all();
            self.stack_base()
        })
    }

    /// If a loop held the frame, its handle is lost: what was on the stack is, too, and what is left can be seen.
    pub(crate) fn give_up_stack(self) {
        if self.is_held() {
            self.spill(self.stack_end());
        }
    }

    /// Makes a frame that was cleared one whose locals are not bound: a version may allow that it runs again. What it
    /// borrowed from its function went with that.
    #[cold]
    pub(crate) fn refill(self) {
        if self.specials().function().pointer().is_none() {
            self.specials().globals().clear();
            self.specials().builtins().clear();
        }
        let first = self.slots();
        let base = self.stack_base();
        if let Some(top) = self.specials().stack_top().get(first)
            && top < base
        {
            let mut slot = top;
            while slot < base {
                // SAFETY: it is one of the locals, none of which is initialised from here on.
                unsafe { slot.write(StackRef::null()) };
                slot = slot.wrapping_add(1);
            }
            self.spill(base);
        }
    }

    /// The same for a frame whose stack is known to end here, whatever it says itself.
    ///
    /// If somebody holds its frame object, everything moves there instead, and nothing is dropped.
    #[inline(always)]
    fn clear_up_to(self, end: *mut StackRef<V>) {
        self.clear_known(end, self.seen());
    }

    /// The same, where it is known whether somebody looked.
    #[inline(always)]
    fn clear_known(self, end: *mut StackRef<V>, seen: Seen<V>) {
        const { assert!(<FramesOf<V> as Frames>::CLEAR.len() <= 5, "a step more than are written here") };
        self.spill(self.slots());
        match seen {
            Seen::Yes { caller } => self.clear_seen(end, caller),
            Seen::No => self.clear_steps::<false>(end),
        }
    }

    /// The same for a frame that has an object. If nobody else holds that, it is dropped in its turn.
    #[cold]
    #[inline(never)]
    fn clear_seen(self, end: *mut StackRef<V>, caller: Option<FramePtr<V>>) {
        if self.existing_object_ref().is_some_and(|object| V::is_unique(&object)) {
            self.clear_steps::<true>(end);
        } else {
            self.take_over(end, caller);
        }
    }

    /// One step after the other, each also when a destructor of one before it panics.
    #[inline(always)]
    pub(super) fn clear_steps<const SEEN: bool>(self, end: *mut StackRef<V>) {
        or_else!(self.clear_step::<SEEN>(0, end), self.clear_rest::<SEEN>(1, end));
        or_else!(self.clear_step::<SEEN>(1, end), self.clear_rest::<SEEN>(2, end));
        or_else!(self.clear_step::<SEEN>(2, end), self.clear_rest::<SEEN>(3, end));
        or_else!(self.clear_step::<SEEN>(3, end), self.clear_rest::<SEEN>(4, end));
        self.clear_step::<SEEN>(4, end);
    }

    /// The steps from this one on, after a panic.
    #[cold]
    #[inline(never)]
    fn clear_rest<const SEEN: bool>(self, step: usize, end: *mut StackRef<V>) {
        if step < <FramesOf<V> as Frames>::CLEAR.len() {
            let _rest = Finally(|| self.clear_rest::<SEEN>(step + 1, end));
            self.clear_step::<SEEN>(step, end);
        }
    }

    /// One step of the version's order. What is there is taken before it is dropped.
    #[inline(always)]
    fn clear_step<const SEEN: bool>(self, step: usize, end: *mut StackRef<V>) {
        let step = <FramesOf<V> as Frames>::CLEAR.get(step);
        if SEEN || step != Some(&ClearStep::FrameObject) {
            self.release_step(step, end);
        }
    }

    #[inline(always)]
    fn release_step(self, step: Option<&ClearStep>, end: *mut StackRef<V>) {
        let specials = self.specials();
        match step {
            // SAFETY: slots below the end of the stack are initialised, and all locals always are. The frame's own end was
            // set to the first slot, so nobody else takes them; steps differ, so this is the only one.
            Some(ClearStep::SlotsAscending) => unsafe { release_slots::<V, true>(self.slots(), end) },
            // SAFETY: as above.
            Some(ClearStep::SlotsDescending) => unsafe { release_slots::<V, false>(self.slots(), end) },
            Some(ClearStep::FrameObject) => drop(specials.frame_object().take()),
            Some(ClearStep::Locals) => specials.locals().release_rare(),
            Some(ClearStep::Function) => specials.function().release(),
            // The size of the memory is the code's.
            Some(ClearStep::Executable) | None => {}
        }
    }

    /// Ends a frame that lies in its object, which goes: what it holds is released in the order for that
    /// ([`Frames::OWN_CLEAR`]), `rest` does what the object holds besides. Code that is last in that order goes behind all else.
    #[inline(always)]
    pub(crate) fn end_own(self, rest: impl Fn() + Copy) {
        const { assert!(<FramesOf<V> as Frames>::OWN_CLEAR.len() <= 5, "a step more than are written here") };
        let end = self.stack_end();
        self.spill(self.slots());
        or_else!(self.own_step(0, end), self.own_rest(1, end, rest));
        or_else!(self.own_step(1, end), self.own_rest(2, end, rest));
        or_else!(self.own_step(2, end), self.own_rest(3, end, rest));
        or_else!(self.own_step(3, end), self.own_rest(4, end, rest));
        or_else!(self.own_step(4, end), self.own_rest(5, end, rest));
        or_else!(rest(), self.end_rest(true, || ()));
        or_else!(self.drop_extra(), self.end_rest(false, || ()));
        self.specials().executable().release();
    }

    /// The steps from this one on, and what follows, after a panic.
    #[cold]
    #[inline(never)]
    fn own_rest(self, step: usize, end: *mut StackRef<V>, rest: impl Fn() + Copy) {
        if step < <FramesOf<V> as Frames>::OWN_CLEAR.len() {
            let _rest = Finally(|| self.own_rest(step + 1, end, rest));
            self.own_step(step, end);
        } else {
            let _end = Finally(|| self.end_rest(true, || ()));
            rest();
        }
    }

    #[inline(always)]
    fn own_step(self, step: usize, end: *mut StackRef<V>) {
        let order = <FramesOf<V> as Frames>::OWN_CLEAR;
        match order.get(step) {
            Some(ClearStep::Executable) if step + 1 < order.len() => self.specials().executable().release(),
            step => self.release_step(step, end),
        }
    }

    /// Releases the slots, in the order of the version, and the mapping of names if `namespace` says so: `clear()` of a frame
    /// that is over. Those that are not released yet are seen meanwhile.
    ///
    /// Source: `frame_tp_clear`, Objects/frameobject.c.
    pub(crate) fn clear_locals(self, namespace: bool) {
        let _namespace = Finally(|| {
            if namespace {
                drop(self.specials().locals().take());
            }
        });
        let _end = Finally(|| drop(self.take_locals()));
        if <FramesOf<V> as Frames>::CLEAR.contains(&ClearStep::SlotsAscending) {
            Emptied::<V, true> { frame: self, index: 0 }.run();
        } else {
            Emptied::<V, false> { frame: self, index: self.used() }.run();
        }
    }

    /// Takes what destructors put into slots that were emptied already; there are no slots in use afterwards.
    fn take_locals(self) -> Vec<StackRef<V>> {
        let end = self.stack_end();
        self.spill(self.slots());
        let mut left = Vec::new();
        let mut slot = self.slots();
        while slot < end {
            // SAFETY: it was in use until now, and so is initialised; no reference to it is anywhere.
            let value = unsafe { slot.replace(StackRef::null()) };
            if !value.is_null() {
                left.push(value);
            }
            slot = slot.wrapping_add(1);
        }
        left
    }

    /// Puts something else in the place of what the VM added, which has moved.
    ///
    /// # Safety
    ///
    /// What was there must have moved.
    pub(crate) unsafe fn overwrite_extra(self, extra: V::FrameExtra) {
        // SAFETY: the place is within the block, aligned as the struct says.
        let place = unsafe { &raw mut (*self.block()).extra };
        // SAFETY: nobody has a reference to what has moved.
        unsafe { place.write(ManuallyDrop::new(extra)) };
    }

    /// Ends the frame: [`clear_except_code`](Self::clear_except_code), then what the VM added, the code, and the memory
    /// last, which `free` is for.
    pub(crate) fn end(self, free: impl Fn() + Copy) {
        self.end_at(self.stack_end(), self.seen(), free);
    }

    /// The same for a frame whose stack is known to end here, whatever it says itself, and of which is known whether somebody
    /// looked.
    #[inline(always)]
    pub(crate) fn end_at(self, end: *mut StackRef<V>, seen: Seen<V>, free: impl Fn() + Copy) {
        or_else!(self.clear_known(end, seen), self.end_rest(true, free));
        or_else!(self.drop_extra(), self.end_rest(false, free));
        or_else!(self.specials().executable().release(), free());
        free();
    }

    /// What is left to do after a panic.
    #[cold]
    #[inline(never)]
    fn end_rest(self, extra: bool, free: impl Fn() + Copy) {
        let _memory = Finally(free);
        let _code = Finally(|| drop(self.specials().executable().take()));
        if extra {
            self.drop_extra();
        }
    }

    #[inline(always)]
    fn drop_extra(self) {
        if mem::needs_drop::<V::FrameExtra>() {
            // SAFETY: `end` runs once per frame and is the last to use the header's addition; the place is within the block,
            // aligned as the struct says.
            let extra = unsafe { &raw mut (*self.block()).extra };
            // SAFETY: it was initialised with the frame, and `end` is called once.
            unsafe { extra.cast::<V::FrameExtra>().drop_in_place() };
        }
    }
}

/// Releases the slots from `first` up to `end`, upwards or downwards; goes on if a destructor panics.
///
/// # Safety
///
/// All of them must be initialised, and nobody may use them afterwards.
#[inline(always)]
pub(crate) unsafe fn release_slots<V: FrameVm, const ASCENDING: bool>(first: *mut StackRef<V>, end: *mut StackRef<V>) {
    struct Rest<V: FrameVm, const ASCENDING: bool> {
        first: *mut StackRef<V>,
        end: *mut StackRef<V>,
    }

    impl<V: FrameVm, const ASCENDING: bool> Rest<V, ASCENDING> {
        #[inline(always)]
        fn run(&mut self) {
            while self.first < self.end {
                let slot = if ASCENDING {
                    let slot = self.first;
                    self.first = slot.wrapping_add(1);
                    slot
                } else {
                    self.end = self.end.wrapping_sub(1);
                    self.end
                };
                // SAFETY: it is one of the slots, which are initialised, and is not read again since it left the range.
                drop(unsafe { slot.read() });
            }
        }
    }

    impl<V: FrameVm, const ASCENDING: bool> Drop for Rest<V, ASCENDING> {
        #[cold]
        fn drop(&mut self) {
            self.run();
        }
    }

    let mut rest = Rest::<V, ASCENDING> { first, end };
    rest.run();
    mem::forget(rest);
}

/// Slots that are emptied one by one, upwards from `index`, or downwards from below it; goes on if a destructor panics.
///
/// Whether a slot is in use is asked anew each time: a destructor may empty them all.
struct Emptied<V: FrameVm, const ASCENDING: bool> {
    frame: FramePtr<V>,
    index: u32,
}

impl<V: FrameVm, const ASCENDING: bool> Emptied<V, ASCENDING> {
    fn next(&mut self) -> Option<*mut StackRef<V>> {
        if ASCENDING {
            let slot = self.frame.used_slot(self.index).ok();
            self.index += 1;
            return slot;
        }
        while let Some(below) = self.index.checked_sub(1) {
            self.index = below;
            if let Ok(slot) = self.frame.used_slot(below) {
                return Some(slot);
            }
        }
        None
    }

    fn run(&mut self) {
        while let Some(slot) = self.next() {
            // SAFETY: it is in use, and so initialised; no reference to it is anywhere.
            let value = unsafe { slot.replace(StackRef::null()) };
            drop(value);
        }
    }
}

impl<V: FrameVm, const ASCENDING: bool> Drop for Emptied<V, ASCENDING> {
    #[cold]
    fn drop(&mut self) {
        self.run();
    }
}

/// Does something at the end of its scope, also when a panic passes.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    #[inline(always)]
    fn drop(&mut self) {
        (self.0)();
    }
}
