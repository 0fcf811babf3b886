//! A VM whose objects are code, functions, frame objects and things that only count.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::code::{Code, Verified};
use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::version::Activation;
use frame_runtime::vm::{Constant, FrameVm, Function, Objects, Shape, Value, Vm};

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

/// Objects that there are.
pub(crate) fn live() -> usize {
    LIVE.get()
}

pub(crate) struct Machine<P>(pub(crate) PhantomData<P>);

pub(crate) type Stack<P> = DataStack<Machine<P>>;

pub(crate) struct Object<P: Activation>(Rc<Body<P>>);

#[repr(align(8))]
struct Body<P: Activation>(Kind<P>);

pub(crate) enum Kind<P: Activation> {
    None,
    Thing(u32),
    Text(Box<[u8]>),
    Tuple(Box<[Object<P>]>),
    Code(Box<Verified<Machine<P>>>),
    Function(Object<P>),
    Frame(FrameObject<Machine<P>>),
}

impl<P: Activation> Drop for Body<P> {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

impl<P: Activation> Clone for Object<P> {
    fn clone(&self) -> Self {
        Object(Rc::clone(&self.0))
    }
}

impl<P: Activation> Object<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        LIVE.set(LIVE.get() + 1);
        Object(Rc::new(Body(kind)))
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.0
    }
}

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Object<P>;
    type FrameExtra = ();
}

// SAFETY: an object is what it is from the beginning to the end, and `Rc` counts.
unsafe impl<P: Activation> FrameVm for Machine<P> {
    fn frame_object(object: &Object<P>) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = object.kind() { Some(frame) } else { None }
    }

    fn make_frame_object(&self, frame: FrameObject<Self>) -> Option<Object<P>> {
        Some(Object::new(Kind::Frame(frame)))
    }

    fn is_unique(object: &Object<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }
}

// SAFETY: an `Rc` is a pointer, here to something aligned to 8 bytes that neither moves nor changes.
unsafe impl<P: Activation> Value for Object<P> {
    type Last = Object<P>;
    type Code = Verified<Machine<P>>;

    fn into_raw(self) -> NonNull<()> {
        NonNull::new(Rc::into_raw(self.0).cast_mut().cast()).expect("no null pointer")
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is one of `into_raw`, by the contract.
        Object(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Object<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Verified<Machine<P>>> {
        if let Kind::Code(code) = self.kind() { Some(code) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function(code) = self.kind() else { return None };
        Some(Function { code, globals: None, builtins: None, closure: &[] })
    }
}

/// What code objects are made of: texts, and what nobody asks about.
impl<P: Activation> Objects for Machine<P> {
    type Exception = String;

    fn make(&self, constant: Constant<'_, Self>) -> Result<Object<P>, String> {
        Ok(Object::new(match constant {
            Constant::Str { text, .. } => Kind::Text(text.into()),
            Constant::Tuple(items) => Kind::Tuple(items.into()),
            _ => Kind::None,
        }))
    }

    fn make_code(&self, code: Code<Self>) -> Result<Object<P>, String> {
        let code = code.into_verified().map_err(|(_, why)| why.to_string())?;
        Ok(Object::new(Kind::Code(Box::new(code))))
    }

    fn shape<'a>(&self, value: &'a Object<P>) -> Shape<'a, Self> {
        if let Kind::Tuple(items) = value.kind() { Shape::Tuple(items) } else { Shape::Other }
    }

    fn equal(&self, left: &Object<P>, right: &Object<P>) -> bool {
        left.as_raw() == right.as_raw()
    }

    fn hash(&self, _: &Object<P>) -> Result<i64, String> {
        Ok(0)
    }

    fn hash_bytes(&self, _: &[u8]) -> i64 {
        0
    }

    fn text<'a>(&self, value: &'a Object<P>) -> Option<Cow<'a, [u8]>> {
        if let Kind::Text(text) = value.kind() { Some(Cow::Borrowed(text)) } else { None }
    }

    fn type_name<'a>(&self, _: &'a Object<P>) -> Cow<'a, str> {
        "object".into()
    }
}
