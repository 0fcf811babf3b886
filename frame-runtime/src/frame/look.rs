//! What others see of a frame: where it stands, its slots, its references.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::fmt;

use super::{FramePtr, Place, Specials, StackTop};
use crate::localsplus::Region;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{ClearStep, Frames, FramesOf, Version};
use crate::visit::Visit;
use crate::vm::{CodeUnit, FrameCode, FrameVm};

/// Why a slot cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSlot {
    /// An eval loop holds the frame.
    Held,
    /// The frame has no such local, and its stack is not as deep.
    Unused,
    /// There is no frame.
    NoFrame,
}

impl fmt::Display for NoSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoSlot::Held => "an eval loop holds the frame",
            NoSlot::Unused => "the frame has no such local, and its stack is not as deep",
            NoSlot::NoFrame => "there is no frame",
        })
    }
}

impl core::error::Error for NoSlot {}

/// What was to be put into a frame, and why it was not.
pub struct NotSet<T> {
    /// Why.
    pub why: NoSlot,
    /// What was given.
    pub value: T,
}

impl<T> fmt::Debug for NotSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotSet").field(&self.why).finish()
    }
}

impl<V: FrameVm> FramePtr<V> {
    /// Where it stands in its code, in code units; -1 before the first one. 0 without code.
    pub(crate) fn unit(self) -> isize {
        let Some(code) = self.code() else { return 0 };
        let bytes = self.specials().instruction().get().addr().wrapping_sub(code.units().as_ptr().addr());
        bytes.cast_signed() / size_of::<CodeUnit>().cast_signed()
    }

    /// Shows all references to a visitor, in the order of the version. Slots of which only a loop knows are not seen.
    ///
    /// Source: `_PyFrame_Traverse`, Python/frame.c.
    pub(crate) fn visit(self, visit: &mut dyn Visit<V>) {
        let specials = self.specials();
        if specials.function().pointer().is_some() {
            specials.globals().visit(visit);
            specials.builtins().visit(visit);
        }
        for step in <FramesOf<V> as Frames>::TRAVERSE {
            match step {
                ClearStep::FrameObject => specials.frame_object().visit(visit),
                ClearStep::Locals => specials.locals().visit(visit),
                ClearStep::Function => specials.function().visit(visit),
                ClearStep::Executable => specials.executable().visit(visit),
                ClearStep::SlotsAscending | ClearStep::SlotsDescending => self.visit_slots(visit),
            }
        }
        visit.extra(self.extra());
    }

    fn visit_slots(self, visit: &mut dyn Visit<V>) {
        let mut slot = self.slots();
        // The end is asked for each time: a visitor may do anything.
        while slot < self.stack_end() {
            // SAFETY: it is initialised, since the stack ends behind it.
            unsafe { StackRef::visit(slot, visit) };
            slot = slot.wrapping_add(1);
        }
    }

    /// The region that a slot is in.
    pub(crate) fn region(self, index: u32) -> Option<&'static Region> {
        let localsplus = <V::Python as Version>::LOCALSPLUS;
        let code = self.code()?;
        let regions = localsplus.regions;
        if index >= code.nlocalsplus() {
            return regions.last().filter(|_| index - code.nlocalsplus() < code.stacksize());
        }
        let kind = code.kind(index)?;
        let fits = |region: &&Region| region.holds & kind != 0 && region.without & kind == 0;
        let mut fitting = regions.iter().filter(fits);
        let first = fitting.next();
        // Arguments and other locals are of the same kinds.
        let second = fitting.next().filter(|_| index >= code.parameters());
        second.or(first)
    }

    /// A slot in use that nobody holds: a local, or one of the stack.
    pub(crate) fn used_slot(self, index: u32) -> Result<*mut StackRef<V>, NoSlot> {
        let slots = self.slots();
        let end = self.specials().stack_top().get(slots).ok_or(NoSlot::Held)?;
        let slot = slots.wrapping_add(index as usize);
        if slot < end { Ok(slot) } else { Err(NoSlot::Unused) }
    }

    /// What is in a slot.
    pub(crate) fn get_slot(self, index: u32) -> Result<StackRef<V>, NoSlot> {
        let slot = self.used_slot(index)?;
        // SAFETY: the slot is initialised, and making a copy changes no frame.
        Ok(unsafe { &*slot }.duplicate())
    }

    /// Whether there is something in a slot.
    pub(crate) fn is_bound(self, index: u32) -> Result<bool, NoSlot> {
        let slot = self.used_slot(index)?;
        // SAFETY: the slot is initialised, and looking at it changes no frame.
        Ok(!unsafe { &*slot }.is_null())
    }

    /// What is so deep on the evaluation stack, counted; 0 is the top. None if it is not as deep, or a loop holds it.
    pub(crate) fn get_from_top(self, depth: u32) -> Option<StackRef<V>> {
        let top = self.specials().stack_top().get(self.slots())?;
        let slot = top.wrapping_sub(depth as usize + 1);
        if slot < self.stack_base() {
            return None;
        }
        // SAFETY: slots below the top are initialised, and making a copy changes no frame.
        Some(unsafe { &*slot }.duplicate())
    }

    /// Takes the top off the stack of a frame that nobody holds; null if there is nothing.
    pub(crate) fn pop(self) -> StackRef<V> {
        let top = self.specials().stack_top().get(self.slots()).filter(|top| *top > self.stack_base());
        let Some(top) = top else { return StackRef::null() };
        let slot = top.wrapping_sub(1);
        self.spill(slot);
        // SAFETY: the slot was initialised, and is not on the stack any more.
        unsafe { slot.read() }
    }

    /// Puts a value on the stack of a frame that nobody holds, and from which one was [popped](Self::pop).
    pub(crate) fn push(self, value: StackRef<V>) {
        let Some(top) = self.specials().stack_top().get(self.slots()) else { return };
        // SAFETY: the slot is one of the frame's, since there was something in it; there is nothing now.
        unsafe { top.write(value) };
        self.spill(top.wrapping_add(1));
    }

    /// Takes the top off the stack of a frame that waits, which is to go on at a code unit. Until 3.12.
    pub(crate) fn pop_and_go_to(self, unit: u32) -> StackRef<V> {
        let Some(code) = self.code() else { return StackRef::null() };
        let stands = <FramesOf<V> as Frames>::RESUME.resolve(0, 0);
        let target = code.units().as_ptr().wrapping_add(unit as usize);
        self.specials().instruction().set(target.wrapping_offset(-stands));
        self.pop()
    }

    /// Changes a local, and returns what was there.
    pub(crate) fn replace_local(self, index: u32, value: StackRef<V>) -> Result<StackRef<V>, NotSet<StackRef<V>>> {
        let count = self.code().map_or(0, FrameCode::nlocalsplus);
        match self.used_slot(index) {
            Ok(_) if index >= count => Err(NotSet { why: NoSlot::Unused, value }),
            // SAFETY: the slot is initialised, and no reference to it is anywhere: no loop holds the frame.
            Ok(slot) => Ok(unsafe { slot.replace(value.into_owned()) }),
            Err(why) => Err(NotSet { why, value }),
        }
    }

    /// The mapping of names; none in a function.
    #[inline(always)]
    pub(crate) fn namespace<'a>(self) -> Option<Ref<'a, V>> {
        // SAFETY: the frame holds it until it is changed or cleared; callers look at it only for as long as nothing is.
        self.specials().locals().pointer().map(|raw| unsafe { Self::look(raw) })
    }

    /// Changes the mapping of names, and returns what was there.
    pub(crate) fn replace_namespace(self, namespace: Option<V::Value>) -> Option<V::Value> {
        let field = self.specials().locals();
        let old = field.take();
        if let Some(namespace) = namespace {
            field.put(namespace);
        }
        old
    }

    /// Where it stands in its code, in bytes; -1 before the first instruction.
    pub(crate) fn lasti(self) -> i32 {
        let unit = self.unit();
        if unit < 0 { -1 } else { i32::try_from(2 * unit).unwrap_or(i32::MAX) }
    }

    /// It stands at the unit with this index, and goes on with it.
    pub(crate) fn stand_at(self, unit: u32) {
        if let Some(code) = self.code() {
            self.specials().instruction().set(code.units().as_ptr().wrapping_add(unit as usize));
        }
    }

    /// Entries on the stack of a frame that nobody holds.
    pub(crate) fn depth(self) -> usize {
        let base = self.stack_base();
        let top = self.specials().stack_top().get(self.slots()).unwrap_or(base);
        top.addr().saturating_sub(base.addr()) / size_of::<StackRef<V>>()
    }

    /// Locals with nothing in them, of a frame that nobody holds.
    pub(crate) fn unbound(self) -> usize {
        let count = self.code().map_or(0, FrameCode::nlocalsplus);
        (0..count).filter(|index| self.is_bound(*index) == Ok(false)).count()
    }

    /// Puts something into those.
    pub(crate) fn bind_unbound(self, value: &V::Value) {
        let count = self.code().map_or(0, FrameCode::nlocalsplus);
        for index in (0..count).filter(|index| self.is_bound(*index) == Ok(false)) {
            // There was nothing to be dropped.
            let _null = self.replace_local(index, StackRef::owned(value.clone()));
        }
    }

    /// Counts what is borrowed on the stack of a frame that nobody holds.
    pub(crate) fn own_stack(self) {
        let mut slot = self.stack_base();
        let end = slot.wrapping_add(self.depth());
        while slot < end {
            // SAFETY: slots below the top are initialised, and no reference to them is anywhere.
            let value = unsafe { slot.replace(StackRef::null()) };
            // SAFETY: as above; what is replaced is the null.
            unsafe { slot.write(value.into_owned()) };
            slot = slot.wrapping_add(1);
        }
    }

    /// The line where it stands.
    pub(crate) fn line(self) -> Option<i32> {
        self.code()?.line_at(self.lasti())
    }

    /// Slots in use.
    pub(crate) fn used(self) -> u32 {
        let slots = self.slots();
        let end = self.specials().stack_top().get(slots).unwrap_or(slots);
        // A frame's size is checked when it is made: the count fits.
        ((end.addr() - slots.addr()) / size_of::<StackRef<V>>()) as u32
    }
}
