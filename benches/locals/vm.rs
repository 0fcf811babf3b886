//! A VM whose objects are numbers, names, dicts and functions: as much as local variables need.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::cell::Operator;
use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::locals::{Item, LocalsVm, NameIndex, Variables};
use frame_runtime::version::Activation;
use frame_runtime::vm::{CodeUnit, FrameCode, FrameVm, Function, Value, Vm};

pub(crate) struct Machine<P>(pub(crate) PhantomData<P>);

pub(crate) struct Object<P: Activation>(Rc<Kind<P>>);

#[repr(align(8))]
pub(crate) enum Kind<P: Activation> {
    None,
    Int(i64),
    Name { text: String, hash: i64 },
    Dict(RefCell<Vec<Item<Machine<P>>>>),
    Code(Names<P>),
    Function(Object<P>),
    Frame(FrameObject<Machine<P>>),
}

pub(crate) struct Names<P: Activation> {
    names: Vec<Object<P>>,
    kinds: Vec<u8>,
    index: NameIndex,
    units: [CodeUnit; 1],
}

impl<P: Activation> Clone for Object<P> {
    fn clone(&self) -> Self {
        Object(Rc::clone(&self.0))
    }
}

impl<P: Activation> Object<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        Object(Rc::new(kind))
    }

    pub(crate) fn name(text: &str) -> Self {
        let hash = text.bytes().fold(5381_i64, |hash, byte| hash.wrapping_mul(33) ^ i64::from(byte));
        Object::new(Kind::Name { text: text.into(), hash })
    }

    /// A function of these names, all of which are its locals.
    pub(crate) fn function(names: &[Object<P>]) -> Self {
        let index = NameIndex::new(names.iter().map(Object::hash));
        let names = Names { names: names.into(), kinds: vec![0x20; names.len()], index, units: [CodeUnit::new(0, 0)] };
        Object::new(Kind::Function(Object::new(Kind::Code(names))))
    }

    fn hash(&self) -> i64 {
        match &*self.0 {
            Kind::Name { hash, .. } => *hash,
            Kind::Int(number) => *number,
            _ => 0,
        }
    }

    fn items(&self) -> &RefCell<Vec<Item<Machine<P>>>> {
        match &*self.0 {
            Kind::Dict(items) => items,
            _ => unreachable!("it is a dict"),
        }
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
        if let Kind::Frame(frame) = &*object.0 { Some(frame) } else { None }
    }

    fn make_frame_object(&self, frame: FrameObject<Self>) -> Option<Object<P>> {
        Some(Object::new(Kind::Frame(frame)))
    }

    fn is_unique(object: &Object<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }
}

// SAFETY: an `Rc` is a pointer, here to something aligned to 8 bytes that neither moves nor changes what it is.
unsafe impl<P: Activation> Value for Object<P> {
    type Last = Object<P>;
    type Code = Names<P>;

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

    fn as_code(&self) -> Option<&Names<P>> {
        if let Kind::Code(names) = &*self.0 { Some(names) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function(code) = &*self.0 else { return None };
        Some(Function { code, globals: None, builtins: None, closure: &[] })
    }
}

// SAFETY: none of it changes.
unsafe impl<P: Activation> FrameCode for Names<P> {
    fn nlocalsplus(&self) -> u32 {
        self.names.len() as u32
    }

    fn stacksize(&self) -> u32 {
        1
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }
}

impl<P: Activation> LocalsVm for Machine<P> {
    fn variables(code: &Names<P>) -> Variables<'_, Object<P>> {
        Variables { names: &code.names, kinds: &code.kinds, index: Some(&code.index), optimized: true }
    }

    fn is_dict(&self, object: &Object<P>) -> bool {
        matches!(&*object.0, Kind::Dict(_))
    }

    fn none(&self) -> Object<P> {
        Object::new(Kind::None)
    }

    fn type_name<'a>(&self, _: &'a Object<P>) -> Cow<'a, str> {
        "object".into()
    }

    fn new_dict(&self) -> Result<Object<P>, Object<P>> {
        Ok(Object::new(Kind::Dict(RefCell::default())))
    }

    fn dict_len(&self, dict: &Object<P>) -> usize {
        dict.items().borrow().len()
    }

    fn dict_items(&self, dict: &Object<P>) -> Vec<Item<Self>> {
        dict.items().borrow().clone()
    }

    fn hash(&self, _: &DataStack<Self>, object: &Object<P>) -> Result<i64, Object<P>> {
        Ok(object.hash())
    }

    fn is_equal(&self, _: &DataStack<Self>, left: &Object<P>, right: &Object<P>) -> Result<bool, Object<P>> {
        Ok(match (&*left.0, &*right.0) {
            (Kind::Name { text: left, .. }, Kind::Name { text: right, .. }) => left == right,
            _ => false,
        })
    }

    fn compare(&self, _: &DataStack<Self>, _: &Object<P>, _: &Object<P>, _: Operator) -> Result<Object<P>, Object<P>> {
        Ok(Object::new(Kind::None))
    }

    fn repr(&self, _: &DataStack<Self>, object: &Object<P>) -> Result<String, Object<P>> {
        Ok(if let Kind::Name { text, .. } = &*object.0 { format!("'{text}'") } else { String::new() })
    }

    fn get_item(
        &self,
        stack: &DataStack<Self>,
        dict: &Object<P>,
        key: &Object<P>,
    ) -> Result<Option<Object<P>>, Object<P>> {
        let items = dict.items().borrow();
        let found = items.iter().find(|(name, _)| matches!(self.is_equal(stack, name, key), Ok(true)));
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn set_item(
        &self,
        _: &DataStack<Self>,
        dict: &Object<P>,
        key: &Object<P>,
        value: Object<P>,
    ) -> Result<(), Object<P>> {
        dict.items().borrow_mut().push((key.clone(), value));
        Ok(())
    }

    fn del_item(&self, _: &DataStack<Self>, _: &Object<P>, _: &Object<P>) -> Result<bool, Object<P>> {
        Ok(false)
    }

    fn keys(&self, _: &DataStack<Self>, dict: &Object<P>) -> Result<Vec<Object<P>>, Object<P>> {
        Ok(dict.items().borrow().iter().map(|(name, _)| name.clone()).collect())
    }

    fn update(&self, _: &DataStack<Self>, dict: &Object<P>, other: &Object<P>) -> Result<(), Object<P>> {
        dict.items().borrow_mut().extend(other.items().borrow().iter().cloned());
        Ok(())
    }
}
