//! One word per slot: nothing, a counted reference, a borrowed one, or a small integer.
//!
//! The encoding is the version's. Until 3.13 a slot is a plain pointer and an empty one is 0; from 3.14 on the two low
//! bits say what it is and an empty one is 1 (`_PyStackRef`, Include/internal/pycore_stackref.h).

#![expect(unsafe_code, reason = "a slot is a tagged pointer")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use crate::borrows;
use crate::version::{Frames, FramesOf};
use crate::visit::{Kind, Visit, show};
use crate::vm::{FrameVm, Value};

/// What a slot holds. Owns the reference if it is a counted one.
#[repr(transparent)]
pub struct StackRef<V: FrameVm> {
    word: *mut (),
    value: PhantomData<V::Value>,
}

/// What a slot holds, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpacked<T> {
    /// Nothing.
    Null,
    /// A reference, now a counted one.
    Value(T),
    /// A small integer. From 3.14.
    Integer(isize),
}

impl<V: FrameVm> StackRef<V> {
    const TAGS: crate::version::Tags = <FramesOf<V> as Frames>::TAGS;
    const NULL_SLOT: usize = <FramesOf<V> as Frames>::NULL_SLOT;

    #[inline(always)]
    const fn from_word(word: *mut ()) -> Self {
        StackRef { word, value: PhantomData }
    }

    /// An empty slot.
    #[inline(always)]
    pub const fn null() -> Self {
        Self::from_word(ptr::without_provenance_mut(Self::NULL_SLOT))
    }

    /// A counted reference.
    #[inline(always)]
    pub fn owned(value: V::Value) -> Self {
        let word = value.into_raw().as_ptr();
        debug_assert!(word.addr() & 0b11 == 0, "the two low bits of a reference must be 0");
        Self::from_word(word)
    }

    /// A reference that is not counted. Before 3.14, which knows none, a counted one.
    ///
    /// # Safety
    ///
    /// Another reference to the object must live as long as what is returned, and as long as whatever slot that is moved
    /// to. Functions of the runtime that copy a slot make it a counted one, and so does whatever takes a frame off the data
    /// stack; a call or a yield leaves it as it is. In debug builds a last reference that goes too early is a panic.
    #[inline(always)]
    pub unsafe fn borrowed(value: &V::Value) -> Self {
        if Self::TAGS.borrowed == 0 {
            return Self::owned(value.clone());
        }
        Self::borrowed_word(value.as_raw())
    }

    /// The word of a reference that is not counted, in a version that knows such.
    #[inline(always)]
    fn borrowed_word(raw: NonNull<()>) -> Self {
        borrows::add(raw);
        Self::from_word(raw.as_ptr().map_addr(|addr| addr | Self::TAGS.borrowed))
    }

    /// The same reference, not counted; before 3.14, which knows none, a counted one. What holds no reference is copied.
    ///
    /// # Safety
    ///
    /// As for [`borrowed`](Self::borrowed).
    #[inline(always)]
    pub unsafe fn borrow(&self) -> Self {
        if Self::TAGS.borrowed == 0 {
            return self.duplicate();
        }
        match self.as_value() {
            // What is not counted anyway stays what it is: an owned word is the quickest to take.
            Some(value) if !value.is_counted() => Self::from_word(value.as_raw().as_ptr()),
            Some(value) => Self::borrowed_word(value.as_raw()),
            None => Self::from_word(self.word),
        }
    }

    /// In debug builds, panics if a slot holds a borrowed reference to the object at this address: for a VM to call where an
    /// object's memory goes. References that are dropped in slots are looked after without it.
    ///
    /// Of frames whose handle was lost nothing is known, so nothing is said of what was borrowed before that.
    #[inline(always)]
    pub fn object_ends(object: NonNull<()>) {
        borrows::assert_none(object);
    }

    /// A small integer; none if the version has no integers in slots (before 3.14), or if it is too large.
    #[inline]
    pub fn integer(integer: isize) -> Option<Self> {
        let shifted = integer << Self::TAGS.shift;
        if Self::TAGS.integer == 0 || shifted >> Self::TAGS.shift != integer {
            return None;
        }
        Some(Self::from_word(ptr::without_provenance_mut(shifted.cast_unsigned() | Self::TAGS.integer)))
    }

    #[inline(always)]
    fn tag(&self) -> usize {
        self.word.addr() & Self::TAGS.mask
    }

    /// Whether there is nothing in the slot.
    #[inline(always)]
    pub fn is_null(&self) -> bool {
        self.word.addr() == Self::NULL_SLOT
    }

    /// Whether it holds a counted reference.
    #[inline(always)]
    pub fn is_owned(&self) -> bool {
        self.tag() == 0 && (Self::NULL_SLOT != 0 || !self.is_null())
    }

    #[inline(always)]
    fn is_integer(&self) -> bool {
        Self::TAGS.integer != 0 && self.tag() == Self::TAGS.integer
    }

    /// The pointer of a reference, counted or borrowed.
    #[inline(always)]
    pub(crate) fn pointer(&self) -> Option<NonNull<()>> {
        if self.is_owned() {
            return Some(self.owned_pointer());
        }
        if Self::TAGS.mask == 0 { None } else { Self::borrowed_pointer(self.word) }
    }

    /// The pointer of a counted reference.
    #[inline(always)]
    fn owned_pointer(&self) -> NonNull<()> {
        debug_assert!(self.is_owned());
        // SAFETY: callers saw that the reference is counted, and such a word is no null pointer: where an empty slot is 0,
        // `is_owned` excludes it.
        unsafe { core::hint::assert_unchecked(!self.word.is_null()) };
        // SAFETY: as above.
        unsafe { NonNull::new_unchecked(self.word) }
    }

    /// The pointer of a reference that is not counted. Takes the word, so that slots stay in registers.
    #[cold]
    #[inline(never)]
    fn borrowed_pointer(word: *mut ()) -> Option<NonNull<()>> {
        Self::any_pointer(word)
    }

    /// The pointer of a reference, however it is held.
    #[inline(always)]
    fn any_pointer(word: *mut ()) -> Option<NonNull<()>> {
        const { assert!(Self::NULL_SLOT & !Self::TAGS.mask == 0, "an empty slot is nothing but a tag") };
        if Self::TAGS.integer != 0 && word.addr() & Self::TAGS.mask == Self::TAGS.integer {
            return None;
        }
        NonNull::new(word.map_addr(|addr| addr & !Self::TAGS.mask))
    }

    /// The reference, looked at.
    #[inline(always)]
    pub fn as_value(&self) -> Option<Ref<'_, V>> {
        // SAFETY: the pointer is one of `into_raw` or `as_raw`. Counted, it stands for a reference that is owned by `self`,
        // which is borrowed for as long; borrowed, another one lives as long as `self` by the contract of `borrowed`.
        self.pointer().map(|raw| unsafe { Ref::new(raw) })
    }

    /// The same, for where borrowed references are as frequent as counted ones: neither is faster than the other.
    #[inline(always)]
    pub fn as_any_value(&self) -> Option<Ref<'_, V>> {
        // SAFETY: as in `as_value`.
        Self::any_pointer(self.word).map(|raw| unsafe { Ref::new(raw) })
    }

    /// The reference, as a counted one. Nothing if the slot is empty or holds an integer.
    #[inline(always)]
    pub fn into_value(self) -> Option<V::Value> {
        let slot = ManuallyDrop::new(self);
        if slot.is_owned() {
            // SAFETY: the tag says that this is the pointer of `into_raw` of a reference that was owned by `self`; `self`
            // was forgotten.
            return Some(unsafe { V::Value::from_raw(slot.owned_pointer()) });
        }
        if Self::TAGS.mask == 0 {
            return None;
        }
        // SAFETY: the word was in a slot that is there until the end of this function.
        let value = unsafe { Self::counted(slot.word) };
        slot.note_end();
        value
    }

    /// The slot's reference goes: it is one less that is borrowed, if it was one.
    #[inline(always)]
    fn note_end(&self) {
        if cfg!(debug_assertions)
            && Self::TAGS.borrowed != 0
            && self.tag() == Self::TAGS.borrowed
            && let Some(raw) = Self::borrowed_pointer(self.word)
        {
            borrows::remove(raw);
        }
    }

    /// Takes a reference to what a word points to that is not counted.
    ///
    /// # Safety
    ///
    /// The word must be that of a slot that is still there.
    #[cold]
    #[inline(never)]
    unsafe fn counted(word: *mut ()) -> Option<V::Value> {
        let raw = Self::borrowed_pointer(word)?;
        // SAFETY: another reference to the object lives as long as the slot, by the contract of `borrowed`.
        let value = unsafe { Ref::<V>::new(raw) };
        Some(value.counted())
    }

    /// What it holds, with a borrowed reference made a counted one.
    #[inline]
    pub fn unpack(self) -> Unpacked<V::Value> {
        if self.is_null() {
            Unpacked::Null
        } else if self.is_integer() {
            Unpacked::Integer(self.word.addr().cast_signed() >> Self::TAGS.shift)
        } else {
            self.into_value().map_or(Unpacked::Null, Unpacked::Value)
        }
    }

    /// The same again; a reference is counted in the copy, however it was held.
    #[inline(always)]
    pub fn duplicate(&self) -> Self {
        if self.is_owned() {
            // SAFETY: the reference is owned by the slot, which is borrowed until the end of this function.
            let value = unsafe { Ref::<V>::new(self.owned_pointer()) };
            return Self::owned(value.counted());
        }
        if Self::TAGS.mask == 0 {
            return Self::null();
        }
        // SAFETY: the word is that of this slot.
        unsafe { Self::duplicate_uncounted(self.word) }
    }

    /// What a word is, again, that is not a counted reference.
    ///
    /// # Safety
    ///
    /// The word must be that of a slot that is still there.
    #[cold]
    #[inline(never)]
    unsafe fn duplicate_uncounted(word: *mut ()) -> Self {
        // SAFETY: as promised by the caller.
        unsafe { Self::counted(word) }.map_or(Self::from_word(word), Self::owned)
    }

    /// The same, with a borrowed reference made a counted one (`PyStackRef_MakeHeapSafe`).
    #[inline]
    pub fn into_owned(self) -> Self {
        if self.is_owned() { self } else { self.duplicate() }
    }

    /// Shows a slot's reference to a visitor, and notes where its object is now.
    ///
    /// # Safety
    ///
    /// The slot must be initialised, and there must be no reference to it.
    pub(crate) unsafe fn visit(slot: *mut Self, visit: &mut dyn Visit<V>) {
        // SAFETY: the slot is initialised, and the copy is only looked at.
        let copy = ManuallyDrop::new(unsafe { slot.read() });
        let (word, owned) = (copy.word, copy.is_owned());
        let Some(raw) = copy.pointer() else { return };
        let kind = if owned { Kind::Owned } else { Kind::Borrowed };
        // SAFETY: the slot's reference is live.
        let Some(now) = (unsafe { show::<V>(raw, kind, visit) }) else { return };
        // SAFETY: as above; a visitor that did other things than visit may have changed the slot.
        if unsafe { (*slot).word } == word {
            if !owned {
                borrows::moved(raw, now);
            }
            let moved = now.as_ptr().map_addr(|addr| addr | (word.addr() & Self::TAGS.mask));
            // SAFETY: as above; what was there is forgotten.
            unsafe { slot.write(Self::from_word(moved)) };
        }
    }

    /// Gives a counted reference back, unless it is the last one. Runs no code of the program's.
    #[inline(always)]
    pub fn release(self) -> Option<<V::Value as Value>::Last> {
        if !self.is_owned() {
            return None;
        }
        let slot = ManuallyDrop::new(self);
        let raw = slot.owned_pointer();
        // SAFETY: the tag says that this is the pointer of `into_raw` of a reference that is owned by `self`, which was
        // forgotten.
        let last = unsafe { V::Value::from_raw(raw) }.release();
        if last.is_some() {
            borrows::assert_none(raw);
        }
        last
    }
}

impl<V: FrameVm> Drop for StackRef<V> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_owned() {
            return self.note_end();
        }
        let raw = self.owned_pointer();
        // SAFETY: the tag says that this is the pointer of `into_raw` of a reference that is owned by `self`, which nobody
        // reads after this.
        let value = unsafe { V::Value::from_raw(raw) };
        if cfg!(debug_assertions) {
            let last = value.release();
            if last.is_some() {
                borrows::assert_none(raw);
            }
        }
    }
}

impl<V: FrameVm> Default for StackRef<V> {
    fn default() -> Self {
        Self::null()
    }
}

impl<V: FrameVm> fmt::Debug for StackRef<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StackRef({:#x})", self.word.addr())
    }
}

/// A reference that is looked at, and not owned.
pub struct Ref<'a, V: FrameVm> {
    value: ManuallyDrop<V::Value>,
    borrow: PhantomData<&'a V::Value>,
}

impl<V: FrameVm> Ref<'_, V> {
    /// A look at the reference of a pointer.
    ///
    /// # Safety
    ///
    /// The pointer must come from `into_raw` or `as_raw` of a reference that lives as long as what is returned.
    #[inline(always)]
    pub(crate) unsafe fn new(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer comes from a live reference, which is looked at only: ours is never dropped nor given away.
        let value = unsafe { V::Value::from_raw(raw) };
        Ref { value: ManuallyDrop::new(value), borrow: PhantomData }
    }

    /// Another reference to the same object, a counted one.
    #[inline(always)]
    pub(crate) fn counted(self) -> V::Value {
        V::Value::clone(&self)
    }
}

impl<V: FrameVm> Deref for Ref<'_, V> {
    type Target = V::Value;

    #[inline(always)]
    fn deref(&self) -> &V::Value {
        &self.value
    }
}
