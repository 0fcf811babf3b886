//! A small VM: objects behind `Rc`, frame objects among them, frames of version `P`.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Activation;
use frame_runtime::vm::{self, CodeUnit, FrameCode, FrameVm, Function, Vm};

pub(crate) struct Machine<P>(PhantomData<P>);

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

impl<P> Default for Machine<P> {
    fn default() -> Self {
        Machine(PhantomData)
    }
}

#[repr(align(8))]
pub(crate) enum Object<P: Activation> {
    Plain,
    Code(Units),
    Function { code: Value<P>, globals: Value<P> },
    Frame(FrameObject<Machine<P>>),
}

pub(crate) struct Units {
    nlocalsplus: u32,
    stacksize: u32,
    units: Box<[CodeUnit]>,
}

/// A reference.
pub(crate) struct Value<P: Activation>(Rc<Object<P>>);

impl<P: Activation> Clone for Value<P> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Value(Rc::clone(&self.0))
    }
}

impl<P: Activation> Value<P> {
    pub(crate) fn plain() -> Self {
        Value(Rc::new(Object::Plain))
    }

    /// A function whose frames have so many slots. Its code is four units that are never looked at.
    pub(crate) fn function(nlocalsplus: u32, stacksize: u32) -> Self {
        let units = (0..4).map(|_| CodeUnit::new(0, 0)).collect();
        let code: Self = Value(Rc::new(Object::Code(Units { nlocalsplus, stacksize, units })));
        Value(Rc::new(Object::Function { code, globals: Value::plain() }))
    }
}

// SAFETY: a frame object is in one object for that object's whole life. The only reference's end is the object's. Nothing
// here panics, runs code of a program, or enters a stack.
unsafe impl<P: Activation> FrameVm for Machine<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        match &*object.0 {
            Object::Frame(frame) => Some(frame),
            _ => None,
        }
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        Some(Value(Rc::new(Object::Frame(object))))
    }

    fn is_unique(object: &Value<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }
}

// SAFETY: nothing changes once it is made, and there are four units.
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

// SAFETY: an `Rc` is one pointer; to an object aligned to 8 bytes, which neither moves nor changes what it is. A function
// owns its globals.
unsafe impl<P: Activation> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Units;

    #[inline(always)]
    fn into_raw(self) -> NonNull<()> {
        // SAFETY: an `Rc` is never null.
        unsafe { NonNull::new_unchecked(Rc::into_raw(self.0).cast_mut().cast()) }
    }

    #[inline(always)]
    fn as_raw(&self) -> NonNull<()> {
        // SAFETY: as above.
        unsafe { NonNull::new_unchecked(Rc::as_ptr(&self.0).cast_mut().cast()) }
    }

    #[inline(always)]
    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is one of `Rc::into_raw`, by the contract.
        Value::<P>(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    #[inline(always)]
    fn release(self) -> Option<Value<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    #[inline(always)]
    fn as_code(&self) -> Option<&Units> {
        match &*self.0 {
            Object::Code(code) => Some(code),
            _ => None,
        }
    }

    #[inline(always)]
    fn as_function(&self) -> Option<Function<'_, Self>> {
        match &*self.0 {
            Object::Function { code, globals } => {
                Some(Function { code, globals: Some(globals), builtins: Some(globals), closure: &[] })
            }
            _ => None,
        }
    }
}
