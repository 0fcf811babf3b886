//! Whether handles check what they are asked: slots, locals and code units within the frame's.

use crate::frame::FramePtr;
use crate::running::lost;
use crate::stack_ref::StackRef;
use crate::vm::{Code, CodeUnit, Value, Vm};

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
    type Of<V: Vm>: Copy;

    fn of<V: Vm>(base: *mut StackRef<V>, code: &<V::Value as Value>::Code) -> Self::Of<V>;
    /// Those of a frame that has code.
    fn of_frame<V: Vm>(frame: FramePtr<V>) -> Self::Of<V>;
    /// Whether `count` slots may be pushed.
    fn may_push<V: Vm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether there are `count` slots on the stack.
    fn may_pop<V: Vm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether the slot is one of the locals. It is not before the first one.
    fn is_local<V: Vm>(ends: &Self::Of<V>, slot: *mut StackRef<V>) -> bool;
    /// Whether there is an instruction here. It is not before the first one.
    fn is_code<V: Vm>(ends: &Self::Of<V>, unit: *const CodeUnit) -> bool;
    /// Whether the target of a jump backward is in the code.
    fn is_behind<V: Vm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool;
}

/// Where stack and code of a frame end.
pub(crate) struct CheckedEnds<V: Vm> {
    base: *mut StackRef<V>,
    limit: *mut StackRef<V>,
    code: *const CodeUnit,
}

impl<V: Vm> Clone for CheckedEnds<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: Vm> Copy for CheckedEnds<V> {}

impl Ends for Checked {
    const CHECKS: bool = true;

    type Of<V: Vm> = CheckedEnds<V>;

    #[inline(always)]
    fn of<V: Vm>(base: *mut StackRef<V>, code: &<V::Value as Value>::Code) -> CheckedEnds<V> {
        let limit = base.wrapping_add(code.stacksize() as usize);
        CheckedEnds { base, limit, code: code.units().as_ptr_range().end }
    }

    #[inline(always)]
    fn of_frame<V: Vm>(frame: FramePtr<V>) -> CheckedEnds<V> {
        let Some(code) = frame.code() else { lost() };
        Self::of(frame.slots().wrapping_add(code.nlocalsplus() as usize), code)
    }

    #[inline(always)]
    fn may_push<V: Vm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        // The common case is one comparison.
        if count == 1 {
            return top < ends.limit;
        }
        count as usize * size_of::<StackRef<V>>() <= ends.limit.addr() - top.addr()
    }

    #[inline(always)]
    fn may_pop<V: Vm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        if count == 1 {
            return top > ends.base;
        }
        count as usize * size_of::<StackRef<V>>() <= top.addr() - ends.base.addr()
    }

    #[inline(always)]
    fn is_local<V: Vm>(ends: &CheckedEnds<V>, slot: *mut StackRef<V>) -> bool {
        slot < ends.base
    }

    #[inline(always)]
    fn is_code<V: Vm>(ends: &CheckedEnds<V>, unit: *const CodeUnit) -> bool {
        unit < ends.code
    }

    #[inline(always)]
    fn is_behind<V: Vm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool {
        frame.code().is_some_and(|code| code.units().as_ptr() <= unit)
    }
}

impl Ends for Trusted {
    const CHECKS: bool = false;

    type Of<V: Vm> = ();

    #[inline(always)]
    fn of<V: Vm>(_: *mut StackRef<V>, _: &<V::Value as Value>::Code) {}

    #[inline(always)]
    fn of_frame<V: Vm>(_: FramePtr<V>) {}

    #[inline(always)]
    fn may_push<V: Vm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn may_pop<V: Vm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn is_local<V: Vm>((): &(), _: *mut StackRef<V>) -> bool {
        true
    }

    #[inline(always)]
    fn is_code<V: Vm>((): &(), _: *const CodeUnit) -> bool {
        true
    }

    #[inline(always)]
    fn is_behind<V: Vm>(_: FramePtr<V>, _: *const CodeUnit) -> bool {
        true
    }
}
