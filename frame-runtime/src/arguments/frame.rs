//! Calls whose arguments go where a plan says.

#![expect(unsafe_code, reason = "values move from slots to slots")]

use super::plan::{Plan, Source};
use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::entry::{Callee, Entry};
use crate::frame::{FramePtr, release_slots};
use crate::running::{Any, Arguments, Reason, Refused, Running, Site};
use crate::stack_ref::StackRef;
use crate::vm::FrameVm;

impl<'t, V: FrameVm, O, B: Bounds> Running<'t, V, O, B> {
    /// Calls a function with the arguments of a [`Plan`]: positional ones and then the values of keywords, on the top of this
    /// frame's stack. Those that have a slot are moved there; the others, which are in the tuple and the dict that the VM
    /// made, are released.
    ///
    /// `supplied` has a value for each [source](Plan::sources) that is no argument, in the order of the slots. They are taken
    /// out.
    ///
    /// The next instruction must be the one behind the calling one, caches not yet skipped.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the handle as it was and the function; nothing is lost, `supplied` included. [`Reason::Unfit`] also if
    /// the plan is that of another call, or not as many values are supplied as it wants.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    pub fn call_bound(
        self,
        function: V::Value,
        arguments: Arguments,
        plan: &Plan,
        supplied: &mut [StackRef<V>],
        site: Site,
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let (first, top) = self.arguments(arguments);
        let offset = site.return_offset::<V>();
        let stack = self.stack;
        let callee = match prepare(stack, &function, plan, arguments.count as usize, supplied.len()) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        self.wait(top, site.caches, offset);
        let count = arguments.count as usize;
        // SAFETY: `callee` is of this call. The arguments are on the stack, and so initialised; they are not on it any more,
        // since it was spilled without them; what is left of them is released below.
        let running = unsafe { fill(stack, callee, function, self.frame, false, plan, first, supplied) };
        if plan.arguments() == count {
            return Ok(running);
        }
        // SAFETY: all of them are initialised, those that moved are null, and nobody uses them afterwards.
        Ok(running.escape(|_| unsafe { release_slots::<V, true>(first, first.wrapping_add(count)) }).0)
    }
}

impl<'t, V: FrameVm, B: Bounds> Entry<'t, V, B> {
    /// Calls a function with the arguments of a [`Plan`]: those that have a slot are taken out of `arguments`, and a value for
    /// each [source](Plan::sources) that is no argument out of `supplied`, in the order of the slots.
    ///
    /// # Errors
    ///
    /// [`Refused`] with everything that went in; both lists are untouched. [`Reason::Unfit`] also if the plan is that of
    /// another call, or not as many values are supplied as it wants.
    pub fn call_bound(
        self,
        function: V::Value,
        arguments: &mut [StackRef<V>],
        plan: &Plan,
        supplied: &mut [StackRef<V>],
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let (stack, shim) = match self.on_top() {
            Some(parts) => parts,
            None => return Err(Refused { reason: Reason::NotOnTop, caller: self, callee: function }),
        };
        let callee = match prepare(stack, &function, plan, arguments.len(), supplied.len()) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        // SAFETY: `callee` is of this call; the arguments are initialised, and null where they were moved; the shim is spilled.
        Ok(unsafe { fill(stack, callee, function, shim, true, plan, arguments.as_mut_ptr(), supplied) })
    }
}

/// Everything of the call that can fail.
fn prepare<V: FrameVm>(
    stack: &DataStack<V>,
    function: &V::Value,
    plan: &Plan,
    arguments: usize,
    supplied: usize,
) -> Result<Callee<V>, Reason> {
    let (mut slots, mut others) = (0, 0);
    for source in plan.sources() {
        slots += 1;
        match source {
            Source::Argument(argument) if argument as usize >= arguments => return Err(Reason::Unfit),
            Source::Argument(_) => {}
            _ => others += 1,
        }
    }
    if others != supplied {
        return Err(Reason::Unfit);
    }
    let count = u32::try_from(slots).unwrap_or(u32::MAX);
    stack.prepare(function, count)
}

/// Puts the callee on top, and into its slots what the plan says.
///
/// # Safety
///
/// As for [`DataStack::start`]; the arguments must be those that `prepare` was told of, initialised and nobody else's, and
/// those that have a slot are null afterwards.
#[expect(clippy::too_many_arguments, reason = "they are the parts of a call")]
unsafe fn fill<'t, V: FrameVm, B: Bounds>(
    stack: &'t DataStack<V>,
    callee: Callee<V>,
    function: V::Value,
    previous: FramePtr<V>,
    is_entry: bool,
    plan: &Plan,
    arguments: *mut StackRef<V>,
    supplied: &mut [StackRef<V>],
) -> Running<'t, V, Any, B> {
    // SAFETY: no argument is moved by it; the rest is promised by the caller.
    let mut running = unsafe { stack.start::<B>(callee, function, arguments, 0, previous, is_entry) };
    let mut supplied = supplied.iter_mut();
    for (slot, source) in (0..).zip(plan.sources()) {
        let value = match source {
            // SAFETY: the argument is there, as `prepare` saw, and initialised; null is, too.
            Source::Argument(argument) => unsafe {
                arguments.wrapping_add(argument as usize).replace(StackRef::null())
            },
            _ => supplied.next().map(core::mem::take).unwrap_or_default(),
        };
        // What was there is null: the frame is new.
        drop(running.set_local(slot, value));
    }
    running
}
