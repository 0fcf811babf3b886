//! What a collector sees: every reference that a frame, a frame object or a stack holds, to be counted, marked or moved.
//!
//! Where objects move, the visitor puts the new reference where the old one was. No reference is held anywhere else while
//! a collector may run: whatever the runtime asks of a VM that may allocate, it asks with all references in frames,
//! which are linked and spilled.

#![expect(unsafe_code, reason = "references are looked at in place")]

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::vm::{FrameVm, Value};

/// Visits references.
///
/// A reference is handed out so that it can be changed: what is put there takes the place of the old one, which is
/// forgotten, not dropped.
///
/// # Safety
///
/// While it is visited, neither code of the program may run, nor may anything be done to a frame, frame object or stack.
/// A reference may not be taken out but to put it back, or another one to the same object, wherever that is now: one that is
/// owned stays owned, one that is borrowed must not be dropped or given away.
pub unsafe trait Visit<V: FrameVm> {
    /// A reference that is owned: a counted one.
    fn owned(&mut self, reference: &mut ManuallyDrop<V::Value>);

    /// A reference that another one keeps alive. It does not count, but moves with its object.
    fn borrowed(&mut self, reference: &mut ManuallyDrop<V::Value>);

    /// What the VM added to a frame.
    fn extra(&mut self, extra: &V::FrameExtra) {
        let _ = extra;
    }
}

/// Which of the two a reference is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Owned,
    Borrowed,
}

/// Shows a reference to a visitor. Returns its pointer if it is another one now.
///
/// # Safety
///
/// The pointer must be that of a live reference, which stays one while it is visited.
pub(crate) unsafe fn show<V: FrameVm>(raw: NonNull<()>, kind: Kind, visit: &mut dyn Visit<V>) -> Option<NonNull<()>> {
    // SAFETY: the pointer is of a live reference, and what is made of it is never dropped here.
    let mut reference = ManuallyDrop::new(unsafe { V::Value::from_raw(raw) });
    match kind {
        Kind::Owned => visit.owned(&mut reference),
        Kind::Borrowed => visit.borrowed(&mut reference),
    }
    let now = reference.as_raw();
    (now != raw).then_some(now)
}

/// Shows the reference of a pointer in a cell, if there is one, and notes where its object is now. A visitor that did other
/// things than visit may have changed the cell, which then stays as it is.
///
/// # Safety
///
/// As for [`show`].
pub(crate) unsafe fn show_cell<V: FrameVm>(cell: &Cell<*mut ()>, kind: Kind, visit: &mut dyn Visit<V>) {
    let Some(raw) = NonNull::new(cell.get()) else { return };
    // SAFETY: as promised by the caller.
    let now = unsafe { show::<V>(raw, kind, visit) };
    if let Some(now) = now
        && cell.get() == raw.as_ptr()
    {
        cell.set(now.as_ptr());
    }
}
