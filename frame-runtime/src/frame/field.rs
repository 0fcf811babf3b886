//! What the fields of headers are made of.

#![expect(unsafe_code, reason = "frames own memory: headers and slots are reached through pointers")]

use core::cell::Cell;
use core::hint::cold_path;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::FramePtr;
use crate::stack_ref::{Ref, StackRef};
use crate::visit::{Kind, Visit, show_cell};
use crate::vm::{FrameVm, Value};

/// A field that holds a counted reference or nothing.
pub trait Place<V: FrameVm> {
    /// Takes the reference out.
    fn take(&self) -> Option<V::Value>;
    /// Drops the reference, if there is one; it is taken before.
    #[inline(always)]
    fn release(&self) {
        drop(self.take());
    }
    /// The same for a field that hardly ever holds one.
    #[inline(always)]
    fn release_rare(&self) {
        if self.pointer().is_some() {
            cold_path();
            self.release();
        }
    }
    /// Puts a reference into a field that has none.
    fn put(&self, value: V::Value);
    /// The pointer of the reference.
    fn pointer(&self) -> Option<NonNull<()>>;
    /// Shows the reference to a visitor, and notes where its object is now.
    fn visit(&self, visit: &mut dyn Visit<V>);
}

/// A field of type `PyObject *` that owns its reference: null or a plain pointer, in every version.
#[repr(transparent)]
pub struct Plain<V: FrameVm>(Cell<*mut ()>, PhantomData<V::Value>);

impl<V: FrameVm> Plain<V> {
    /// A field with this in it.
    #[inline(always)]
    pub fn new(value: Option<V::Value>) -> Self {
        Plain(Cell::new(value.map_or(ptr::null_mut(), |value| value.into_raw().as_ptr())), PhantomData)
    }

    /// A field with nothing in it.
    #[inline(always)]
    pub const fn null() -> Self {
        Plain(Cell::new(ptr::null_mut()), PhantomData)
    }

    /// Puts this in it, and returns what was there.
    #[inline(always)]
    pub fn replace(&self, value: Option<V::Value>) -> Option<V::Value> {
        let old = self.take();
        self.0.set(value.map_or(ptr::null_mut(), |value| value.into_raw().as_ptr()));
        old
    }

    /// A look at what is in it. It must not be changed meanwhile.
    #[inline(always)]
    pub(crate) fn look(&self) -> Option<Ref<'_, V>> {
        // SAFETY: the pointer is one of `into_raw`, of a reference that is owned by the field; callers look at it only for as
        // long as nothing else is done.
        self.pointer().map(|raw| unsafe { Ref::new(raw) })
    }

    /// Another reference to what is in it.
    pub(crate) fn get(&self) -> Option<V::Value> {
        self.look().map(Ref::counted)
    }
}

impl<V: FrameVm> Place<V> for Plain<V> {
    #[inline(always)]
    fn take(&self) -> Option<V::Value> {
        // SAFETY: the pointer came from `into_raw` in `new`, and nobody else takes it since it is replaced here.
        NonNull::new(self.0.replace(ptr::null_mut())).map(|raw| unsafe { V::Value::from_raw(raw) })
    }

    fn put(&self, value: V::Value) {
        self.0.set(value.into_raw().as_ptr());
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.0.get())
    }

    fn visit(&self, visit: &mut dyn Visit<V>) {
        // SAFETY: the reference is owned by the field.
        unsafe { show_cell::<V>(&self.0, Kind::Owned, visit) };
    }
}

/// A field of type `_PyStackRef` that owns its reference: encoded like a slot.
#[repr(transparent)]
pub struct Tagged<V: FrameVm>(Cell<StackRef<V>>);

impl<V: FrameVm> Tagged<V> {
    /// A field with this in it.
    #[inline(always)]
    pub fn new(value: Option<V::Value>) -> Self {
        Tagged(Cell::new(value.map_or(const { StackRef::null() }, StackRef::owned)))
    }

    #[inline(always)]
    fn word(&self) -> &StackRef<V> {
        // SAFETY: the reference is used by `pointer` alone, which reads one word and returns; nothing is set meanwhile.
        unsafe { &*self.0.as_ptr() }
    }
}

impl<V: FrameVm> Place<V> for Tagged<V> {
    #[inline(always)]
    fn take(&self) -> Option<V::Value> {
        self.0.take().into_value()
    }

    #[inline(always)]
    fn release(&self) {
        drop(self.0.take());
    }

    fn put(&self, value: V::Value) {
        self.0.set(StackRef::owned(value));
    }

    #[inline(always)]
    fn pointer(&self) -> Option<NonNull<()>> {
        self.word().pointer()
    }

    fn visit(&self, visit: &mut dyn Visit<V>) {
        // SAFETY: the field is a slot that is initialised.
        unsafe { StackRef::visit(self.0.as_ptr(), visit) };
    }
}

/// A field that points to an object without owning a reference.
#[repr(transparent)]
pub struct Lent<V: FrameVm>(Cell<*mut ()>, PhantomData<V>);

impl<V: FrameVm> Lent<V> {
    /// A field that points to this.
    #[inline(always)]
    pub fn new(value: Option<&V::Value>) -> Self {
        Lent(Cell::new(value.map_or(ptr::null_mut(), |value| value.as_raw().as_ptr())), PhantomData)
    }

    #[inline(always)]
    pub(crate) fn pointer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.0.get())
    }

    /// The object may be gone.
    #[inline(always)]
    pub(super) fn clear(&self) {
        self.0.set(ptr::null_mut());
    }

    pub(super) fn visit(&self, visit: &mut dyn Visit<V>) {
        // SAFETY: what lends it keeps it: callers visit frames that have their function.
        unsafe { show_cell::<V>(&self.0, Kind::Borrowed, visit) };
    }
}

/// A field that points to another frame.
#[repr(transparent)]
pub struct Link<V: FrameVm>(Cell<Option<FramePtr<V>>>);

impl<V: FrameVm> Link<V> {
    #[inline(always)]
    pub(crate) const fn new(frame: Option<FramePtr<V>>) -> Self {
        Link(Cell::new(frame))
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<FramePtr<V>> {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, frame: Option<FramePtr<V>>) {
        self.0.set(frame);
    }
}

/// The field that says where the evaluation stack ends.
///
/// While an eval loop runs the frame it keeps the end to itself, and the field says so: -1 as in CPython until 3.13, null
/// as in CPython's debug builds from 3.14. What such a frame has on its stack is unknown; its locals are valid.
pub trait StackTop<V: FrameVm> {
    /// The end of the stack of the frame with these slots; none if a loop holds it.
    fn get(&self, slots: *mut StackRef<V>) -> Option<*mut StackRef<V>>;
    /// Notes the end of the stack.
    fn set(&self, slots: *mut StackRef<V>, top: *mut StackRef<V>);
    /// A loop holds it from now on.
    fn hold(&self);
    /// Whether a loop holds it.
    fn is_held(&self) -> bool;
}

/// `stacktop`: an `int`, index into the slots; -1 while a loop holds it. Until 3.13.
#[repr(transparent)]
pub struct StackIndex(Cell<i32>);

impl StackIndex {
    /// A loop holds it.
    #[inline(always)]
    pub const fn held() -> Self {
        StackIndex(Cell::new(-1))
    }
}

impl<V: FrameVm> StackTop<V> for StackIndex {
    #[inline(always)]
    fn get(&self, slots: *mut StackRef<V>) -> Option<*mut StackRef<V>> {
        let index = self.0.get();
        (index >= 0).then(|| slots.wrapping_offset(index as isize))
    }

    #[inline(always)]
    fn set(&self, slots: *mut StackRef<V>, top: *mut StackRef<V>) {
        let words = (top.addr() - slots.addr()) / size_of::<StackRef<V>>();
        // A frame's size is checked when it is pushed: the index fits.
        self.0.set(words as i32);
    }

    #[inline(always)]
    fn hold(&self) {
        self.0.set(-1);
    }

    #[inline(always)]
    fn is_held(&self) -> bool {
        self.0.get() < 0
    }
}

/// `stackpointer`: a pointer; null while a loop holds it. From 3.14.
#[repr(transparent)]
pub struct StackPointer<V: FrameVm>(Cell<*mut StackRef<V>>);

impl<V: FrameVm> StackPointer<V> {
    /// A loop holds it.
    #[inline(always)]
    pub const fn held() -> Self {
        StackPointer(Cell::new(ptr::null_mut()))
    }
}

impl<V: FrameVm> StackTop<V> for StackPointer<V> {
    #[inline(always)]
    fn get(&self, _: *mut StackRef<V>) -> Option<*mut StackRef<V>> {
        let top = self.0.get();
        (!top.is_null()).then_some(top)
    }

    #[inline(always)]
    fn set(&self, _: *mut StackRef<V>, top: *mut StackRef<V>) {
        self.0.set(top);
    }

    #[inline(always)]
    fn hold(&self) {
        self.0.set(ptr::null_mut());
    }

    #[inline(always)]
    fn is_held(&self) -> bool {
        self.0.get().is_null()
    }
}
