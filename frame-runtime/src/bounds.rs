//! Whether handles check what they are asked: slots, locals and code units within the frame's.

use crate::frame::FramePtr;
use crate::running::{lost, out_of_code};
use crate::stack_ref::StackRef;
use crate::vm::{CodeUnit, FrameCode, FrameVm};

/// Bounds are checked: a slot or code unit out of them is a panic.
#[derive(Clone, Copy, Debug)]
pub enum Checked {}

/// Bounds are not checked; see [`Entry::trusted`](crate::entry::Entry::trusted).
#[derive(Clone, Copy, Debug)]
pub enum Trusted {}

/// Whether a handle checks bounds: [`Checked`] or [`Trusted`].
#[expect(private_bounds, reason = "there are two, and what they do is the runtime's")]
pub trait Bounds: Ends {}

impl Bounds for Checked {}
impl Bounds for Trusted {}

/// The bounds of a frame as a handle keeps them.
pub(crate) trait Ends: Sized + 'static {
    const CHECKS: bool;
    type Of<V: FrameVm>: Copy;

    /// Those of a frame with this base and size of its stack, and this end of its code.
    fn of<V: FrameVm>(base: *mut StackRef<V>, stacksize: u32, code: *const CodeUnit) -> Self::Of<V>;
    /// Those of a frame that has code, and goes on here. If that is checked, it is in the code or at its end afterwards.
    fn of_frame<V: FrameVm>(frame: FramePtr<V>, next: *const CodeUnit) -> Self::Of<V>;
    /// Whether `count` slots may be pushed.
    fn may_push<V: FrameVm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether there are `count` slots on the stack.
    fn may_pop<V: FrameVm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether the slot is one of the locals. It is not before the first one.
    fn is_local<V: FrameVm>(ends: &Self::Of<V>, slot: *mut StackRef<V>) -> bool;
    /// Whether there is an instruction here. It is not before the first one.
    fn is_code<V: FrameVm>(ends: &Self::Of<V>, unit: *const CodeUnit) -> bool;
    /// Whether there is an instruction here, wherever it is.
    fn is_in_code<V: FrameVm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool;
}

/// Where stack and code of a frame end.
pub(crate) struct CheckedEnds<V: FrameVm> {
    base: *mut StackRef<V>,
    limit: *mut StackRef<V>,
    code: *const CodeUnit,
}

impl<V: FrameVm> Clone for CheckedEnds<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for CheckedEnds<V> {}

impl Ends for Checked {
    const CHECKS: bool = true;

    type Of<V: FrameVm> = CheckedEnds<V>;

    #[inline(always)]
    fn of<V: FrameVm>(base: *mut StackRef<V>, stacksize: u32, code: *const CodeUnit) -> CheckedEnds<V> {
        CheckedEnds { base, limit: base.wrapping_add(stacksize as usize), code }
    }

    #[inline(always)]
    fn of_frame<V: FrameVm>(frame: FramePtr<V>, next: *const CodeUnit) -> CheckedEnds<V> {
        let Some(code) = frame.code() else { lost() };
        let units = code.units().as_ptr_range();
        // Where it goes on is what it noted and what was said at the call: neither was checked then.
        // One comparison: what is in front of the code is far behind it.
        if next.addr().wrapping_sub(units.start.addr()) > units.end.addr() - units.start.addr() {
            out_of_code();
        }
        Self::of(frame.slots().wrapping_add(code.nlocalsplus() as usize), code.stacksize(), units.end)
    }

    #[inline(always)]
    fn may_push<V: FrameVm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        // The common case is one comparison.
        if count == 1 {
            return top < ends.limit;
        }
        count as usize * size_of::<StackRef<V>>() <= ends.limit.addr() - top.addr()
    }

    #[inline(always)]
    fn may_pop<V: FrameVm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        if count == 1 {
            return top > ends.base;
        }
        count as usize * size_of::<StackRef<V>>() <= top.addr() - ends.base.addr()
    }

    #[inline(always)]
    fn is_local<V: FrameVm>(ends: &CheckedEnds<V>, slot: *mut StackRef<V>) -> bool {
        slot < ends.base
    }

    #[inline(always)]
    fn is_code<V: FrameVm>(ends: &CheckedEnds<V>, unit: *const CodeUnit) -> bool {
        unit < ends.code
    }

    #[inline(always)]
    fn is_in_code<V: FrameVm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool {
        // Both ends: a jump that passes address 0 comes out behind the code.
        frame.code().is_some_and(|code| code.units().as_ptr_range().contains(&unit))
    }
}

impl Ends for Trusted {
    const CHECKS: bool = false;

    type Of<V: FrameVm> = ();

    #[inline(always)]
    fn of<V: FrameVm>(_: *mut StackRef<V>, _: u32, _: *const CodeUnit) {}

    #[inline(always)]
    fn of_frame<V: FrameVm>(_: FramePtr<V>, _: *const CodeUnit) {}

    #[inline(always)]
    fn may_push<V: FrameVm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn may_pop<V: FrameVm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn is_local<V: FrameVm>((): &(), _: *mut StackRef<V>) -> bool {
        true
    }

    #[inline(always)]
    fn is_code<V: FrameVm>((): &(), _: *const CodeUnit) -> bool {
        true
    }

    #[inline(always)]
    fn is_in_code<V: FrameVm>(_: FramePtr<V>, _: *const CodeUnit) -> bool {
        true
    }
}
