//! References to plain objects: atomically counted, dropped without recursion.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ptr::NonNull;

use super::{Object, hash};
use crate::version::Version;
use crate::vm::{self, Function, NoValue};

/// One reference to an object.
pub struct Value<P: Version>(Arc<Last<P>>);

/// The last reference to an object: the object itself.
pub struct Last<P: Version> {
    /// What the object's hash is; the name of the type that has none. It is known from the start, as those of parts are:
    /// parts that are shared are not looked at again and again.
    hash: Result<i64, &'static str>,
    object: Object<P>,
}

impl<P: Version> Value<P> {
    /// A new object.
    pub fn new(object: Object<P>) -> Self {
        Value(Arc::new(Last { hash: hash::of(&object), object }))
    }

    /// The object.
    pub fn object(&self) -> &Object<P> {
        &self.0.object
    }

    /// Whether both are references to one object.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The object's hash.
    ///
    /// # Errors
    ///
    /// The name of the type that cannot be hashed: its own, or that of an object within it.
    pub fn hash(&self) -> Result<i64, &'static str> {
        self.0.hash
    }
}

impl<P: Version> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(Arc::clone(&self.0))
    }
}

impl<P: Version> fmt::Debug for Value<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object().fmt(f)
    }
}

impl<P: Version> fmt::Debug for Last<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}

/// Parts go one after another, however deep they are nested.
impl<P: Version> Drop for Last<P> {
    fn drop(&mut self) {
        let mut parts = Vec::new();
        take_parts(&mut self.object, &mut parts);
        while let Some(Value(part)) = parts.pop() {
            if let Some(mut last) = Arc::into_inner(part) {
                take_parts(&mut last.object, &mut parts);
            }
        }
    }
}

/// Moves an object's parts to others that shall be dropped.
fn take_parts<P: Version>(object: &mut Object<P>, parts: &mut Vec<Value<P>>) {
    match object {
        Object::Tuple(items) | Object::List(items) | Object::Set(items) | Object::FrozenSet(items) => {
            parts.extend(mem::take(items));
        }
        Object::Dict(pairs) | Object::FrozenDict(pairs) => {
            parts.extend(mem::take(pairs).into_iter().flat_map(<[Value<P>; 2]>::from));
        }
        Object::Slice(_) => {
            if let Object::Slice(items) = mem::replace(object, Object::None) {
                parts.extend(*items);
            }
        }
        Object::Code(code) => parts.extend(code.take_consts()),
        _ => {}
    }
}

// SAFETY:
// - The pointer is the one to the value of an `Arc`, whose alignment is at least that of an `i64`, so its low bits are 0;
//   it stays the same and valid while a reference lives, however that is moved.
// - Code is never returned, always.
// - A clone shares the `Arc`, and thus the object.
// - There are no functions.
// - No method panics or enters a data stack: `Arc` does neither where it is cloned out of or looked at, and `release`
//   returns the object instead of dropping it.
unsafe impl<P: Version> vm::Value for Value<P> {
    type Last = Last<P>;
    type Code = NoValue;

    fn into_raw(self) -> NonNull<()> {
        let pointer = Arc::into_raw(self.0).cast_mut();
        // SAFETY: the pointer of an `Arc` is not null.
        unsafe { NonNull::new_unchecked(pointer) }.cast()
    }

    fn as_raw(&self) -> NonNull<()> {
        let pointer = Arc::as_ptr(&self.0).cast_mut();
        // SAFETY: the pointer of an `Arc` is not null.
        unsafe { NonNull::new_unchecked(pointer) }.cast()
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer comes from `into_raw` or `as_raw`, so it is that of an `Arc` of this type. The caller owns
        // one count; or another reference outlives this one, which the caller does not drop.
        Value(unsafe { Arc::from_raw(raw.cast::<Last<P>>().as_ptr()) })
    }

    fn release(self) -> Option<Last<P>> {
        Arc::into_inner(self.0)
    }

    fn as_code(&self) -> Option<&NoValue> {
        None
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        None
    }
}

const _: () = assert!(align_of::<i64>() >= 4, "two low bits of a pointer to an object are 0");
