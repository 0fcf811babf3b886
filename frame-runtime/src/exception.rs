//! The exceptions that are being handled: a thread's own, and one per generator that runs, each on top of the other.
//!
//! Source: `_PyErr_StackItem`, Include/cpython/pystate.h; `_PyErr_GetTopmostException`, Python/errors.c.

#![expect(unsafe_code, reason = "what is below is reached through a pointer")]

use core::cell::Cell;
use core::ptr;

use crate::frame::{Place, Plain};
use crate::visit::Visit;
use crate::vm::FrameVm;

/// The exception that one thread or generator handles.
#[repr(C)]
pub(crate) struct ExceptionState<V: FrameVm> {
    /// `exc_value`: strong, null when nothing is handled.
    pub(crate) value: Plain<V>,
    /// `previous_item`: the one below; null in a thread's own, and in a generator that does not run.
    pub(crate) previous: Cell<*const ExceptionState<V>>,
}

impl<V: FrameVm> ExceptionState<V> {
    pub(crate) const fn new() -> Self {
        ExceptionState { value: Plain::null(), previous: Cell::new(ptr::null()) }
    }
}

/// The stack of what is handled, by its topmost item.
pub(crate) struct Handled<V: FrameVm> {
    /// The thread's own item.
    own: ExceptionState<V>,
    /// The topmost item; null: the thread's own, which may move with its stack.
    top: Cell<*const ExceptionState<V>>,
    /// The same of frames that are parked: what their own item had, and `previous`, the topmost item.
    parked: ExceptionState<V>,
    /// What was handled while frames were parked that go on now: of no use to anybody, it goes with their entry.
    left: Plain<V>,
}

impl<V: FrameVm> Handled<V> {
    pub(crate) const fn new() -> Self {
        Handled {
            own: ExceptionState::new(),
            top: Cell::new(ptr::null()),
            parked: ExceptionState::new(),
            left: Plain::null(),
        }
    }

    /// What is handled waits with its frames; nothing is, then.
    pub(crate) fn park(&self) {
        let parked = self.parked.value.replace(self.own.value.take());
        debug_assert!(parked.is_none(), "other frames are parked");
        self.parked.previous.set(self.top.replace(ptr::null()));
    }

    /// What is handled is what the frames handled that go on, or end. What was is [left](Self::drop_left).
    pub(crate) fn unpark(&self) {
        self.top.set(self.parked.previous.replace(ptr::null()));
        let left = self.left.replace(self.own.value.replace(self.parked.value.take()));
        debug_assert!(left.is_none(), "other frames go on");
    }

    /// Drops what was handled while frames were parked.
    pub(crate) fn drop_left(&self) {
        drop(self.left.take());
    }

    fn top(&self) -> &ExceptionState<V> {
        // SAFETY: an item that is linked is that of a generator whose frame runs; it is taken off before the frame goes.
        unsafe { self.top.get().as_ref() }.unwrap_or(&self.own)
    }

    /// Puts a generator's item on top.
    ///
    /// # Safety
    ///
    /// The item must stay where it is until it is [taken off](Self::pop).
    #[inline(always)]
    pub(crate) unsafe fn push(&self, item: &ExceptionState<V>) {
        item.previous.set(self.top.replace(item));
    }

    /// Takes a generator's item off, and those above it.
    #[inline(always)]
    pub(crate) fn pop(&self, item: &ExceptionState<V>) {
        self.top.set(item.previous.replace(ptr::null()));
    }

    /// The exception that is handled: that of the topmost item which has one.
    pub(crate) fn get(&self) -> Option<V::Value> {
        let mut item = self.top();
        loop {
            if let Some(value) = item.value.look() {
                return Some(value.counted());
            }
            if ptr::eq(item, &self.own) {
                return None;
            }
            // SAFETY: as in `top`: what is below a linked item is linked.
            item = unsafe { item.previous.get().as_ref() }.unwrap_or(&self.own);
        }
    }

    /// Changes what the topmost item handles.
    pub(crate) fn replace(&self, value: Option<V::Value>) -> Option<V::Value> {
        self.top().value.replace(value)
    }

    /// Takes what the thread's own item handles.
    pub(crate) fn take_own(&self) -> Option<V::Value> {
        self.own.value.take()
    }

    /// Shows what is not a generator's to a visitor.
    pub(crate) fn visit(&self, visit: &mut dyn Visit<V>) {
        self.own.value.visit(visit);
        self.parked.value.visit(visit);
        self.left.visit(visit);
    }
}
