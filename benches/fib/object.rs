//! The objects of the benchmark: integers in the word itself, and counted objects on the heap.

#![expect(unsafe_code, reason = "references are counted by hand")]

use std::cell::Cell;
use std::ptr::{self, NonNull};

use frame_runtime::vm::{CodeUnit, FrameCode, Function};

pub(crate) mod op {
    pub(crate) const RESUME: u8 = 0;
    pub(crate) const LOAD_FAST: u8 = 1;
    pub(crate) const LOAD_SMALL_INT: u8 = 2;
    pub(crate) const LESS: u8 = 3;
    pub(crate) const POP_JUMP_IF_FALSE: u8 = 4;
    pub(crate) const LOAD_GLOBAL: u8 = 5;
    pub(crate) const SUBTRACT: u8 = 6;
    pub(crate) const ADD: u8 = 7;
    pub(crate) const CALL: u8 = 8;
    pub(crate) const RETURN: u8 = 9;
}

/// Code units of inline cache behind `CALL`.
pub(crate) const CALL_CACHES: u8 = 3;

/// About 16 instructions per call:
///
/// ```python
/// def fib(n):
///     if n < 1: return n
///     if n < 2: return n
///     return fib(n - 1) + fib(n - 2)
/// ```
pub(crate) fn fib() -> Value {
    use op::{ADD, CALL, LESS, LOAD_FAST, LOAD_GLOBAL, LOAD_SMALL_INT, POP_JUMP_IF_FALSE, RESUME, RETURN, SUBTRACT};
    let code = [
        (RESUME, 0),
        (LOAD_FAST, 0),
        (LOAD_SMALL_INT, 1),
        (LESS, 0),
        (POP_JUMP_IF_FALSE, 2),
        (LOAD_FAST, 0),
        (RETURN, 0),
        (LOAD_FAST, 0),
        (LOAD_SMALL_INT, 2),
        (LESS, 0),
        (POP_JUMP_IF_FALSE, 2),
        (LOAD_FAST, 0),
        (RETURN, 0),
        (LOAD_GLOBAL, 0),
        (LOAD_FAST, 0),
        (LOAD_SMALL_INT, 1),
        (SUBTRACT, 0),
        (CALL, 1),
        (0, 0),
        (0, 0),
        (0, 0),
        (LOAD_GLOBAL, 0),
        (LOAD_FAST, 0),
        (LOAD_SMALL_INT, 2),
        (SUBTRACT, 0),
        (CALL, 1),
        (0, 0),
        (0, 0),
        (0, 0),
        (ADD, 0),
        (RETURN, 0),
    ];
    let units = code.into_iter().map(|(opcode, argument)| CodeUnit::new(opcode, argument)).collect();
    let code = Value::object(Kind::Code(Units { nlocalsplus: 1, stacksize: 4, units }));
    Value::object(Kind::Function { code, globals: Value::none() })
}

#[repr(C, align(8))]
pub(crate) struct Object {
    pub(crate) count: Cell<usize>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    None,
    Code(Units),
    Function { code: Value, globals: Value },
}

pub(crate) struct Units {
    pub(crate) nlocalsplus: u32,
    pub(crate) stacksize: u32,
    pub(crate) units: Box<[CodeUnit]>,
}

/// A reference: bit 2 says that it is an integer, above it; otherwise a pointer.
#[repr(transparent)]
pub(crate) struct Value(NonNull<Object>);

const INTEGER: usize = 0b100;

impl Value {
    pub(crate) fn object(kind: Kind) -> Value {
        Value(NonNull::from(Box::leak(Box::new(Object { count: Cell::new(1), kind }))))
    }

    pub(crate) fn none() -> Value {
        Value::object(Kind::None)
    }

    #[inline(always)]
    pub(crate) fn integer(integer: i64) -> Value {
        let bits = (integer << 3).cast_unsigned() as usize | INTEGER;
        // SAFETY: a bit is set.
        Value(unsafe { NonNull::new_unchecked(ptr::without_provenance_mut(bits)) })
    }

    #[inline(always)]
    pub(crate) fn as_integer(&self) -> Option<i64> {
        let bits = self.0.addr().get();
        (bits & INTEGER != 0).then_some((bits as u64).cast_signed() >> 3)
    }

    #[inline(always)]
    pub(crate) fn as_object(&self) -> Option<&Object> {
        if self.as_integer().is_some() {
            return None;
        }
        // SAFETY: what is no integer points to an object, which is there while it is counted.
        Some(unsafe { self.0.as_ref() })
    }
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        if let Some(object) = self.as_object() {
            object.count.set(object.count.get() + 1);
        }
        Value(self.0)
    }
}

/// The last reference.
pub(crate) struct Last(NonNull<Object>);

impl Drop for Last {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: it came out of a box, and nobody else has it.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(object) = self.as_object() {
            let count = object.count.get() - 1;
            object.count.set(count);
            if count == 0 {
                drop(Last(self.0));
            }
        }
    }
}

// SAFETY: nothing changes once it is made, and a code has units.
unsafe impl FrameCode for Units {
    #[inline(always)]
    fn nlocalsplus(&self) -> u32 {
        self.nlocalsplus
    }

    #[inline(always)]
    fn stacksize(&self) -> u32 {
        self.stacksize
    }

    #[inline(always)]
    fn units(&self) -> &[CodeUnit] {
        &self.units
    }
}

// SAFETY: a value is one pointer whose two low bits are 0: objects are aligned to 8 bytes, integers are above bit 2.
// Objects do not move and do not change, and a function owns its globals.
unsafe impl frame_runtime::vm::Value for Value {
    type Last = Last;
    type Code = Units;

    #[inline(always)]
    fn into_raw(self) -> NonNull<()> {
        std::mem::ManuallyDrop::new(self).0.cast()
    }

    #[inline(always)]
    fn as_raw(&self) -> NonNull<()> {
        self.0.cast()
    }

    #[inline(always)]
    unsafe fn from_raw(raw: NonNull<()>) -> Value {
        Value(raw.cast())
    }

    #[inline(always)]
    fn release(self) -> Option<Last> {
        let object = self.as_object()?;
        let count = object.count.get() - 1;
        object.count.set(count);
        let last = (count == 0).then(|| Last(self.0));
        std::mem::forget(self);
        last
    }

    #[inline(always)]
    fn as_code(&self) -> Option<&Units> {
        match &self.as_object()?.kind {
            Kind::Code(code) => Some(code),
            _ => None,
        }
    }

    #[inline(always)]
    fn as_function(&self) -> Option<Function<'_, Value>> {
        match &self.as_object()?.kind {
            Kind::Function { code, globals } => {
                Some(Function { code, globals: Some(globals), builtins: Some(globals), closure: &[] })
            }
            _ => None,
        }
    }
}
