//! A VM with local variables that keeps its contracts, and does something wherever the runtime asks it for something and
//! whenever an object ends.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::borrow::Cow;
use std::cell::{Cell as StdCell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::cell::{Cell, Operator};
use frame_runtime::code::Code;
use frame_runtime::code::jump::Source;
use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::locals::{FrameLocals, Item, LocalsVm, NameIndex, Variables};
use frame_runtime::table::{ExceptionTable, LineTable};
use frame_runtime::version::Activation;
use frame_runtime::vm::{CodeUnit, FrameCode, FrameVm, Function, Value, Vm};

thread_local! {
    /// Objects that exist.
    pub(crate) static ALIVE: StdCell<isize> = const { StdCell::new(0) };
    /// Cut what objects hold that may hold each other.
    pub(crate) static BREAKERS: RefCell<Vec<Box<dyn Fn()>>> = const { RefCell::new(Vec::new()) };
    /// Done whenever something is asked, and when an object ends.
    pub(crate) static WILD: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

fn wild() {
    // While thread-locals go, nobody is there to do anything.
    let act = WILD.try_with(|wild| wild.try_borrow().ok().and_then(|act| act.clone()));
    if let Ok(Some(act)) = act {
        act();
    }
}

pub(crate) struct Machine<P>(pub(crate) PhantomData<P>);

pub(crate) struct Object<P: Activation>(Rc<Body<P>>);

#[repr(align(8))]
struct Body<P: Activation>(Kind<P>);

pub(crate) enum Kind<P: Activation> {
    None,
    Int(i64),
    Name(String),
    Dict(RefCell<Vec<Item<Machine<P>>>>),
    Cell(Cell<Machine<P>>),
    Code(Names<P>),
    Function { code: Object<P>, closure: Vec<Object<P>> },
    Frame(FrameObject<Machine<P>>),
    Locals(FrameLocals<Machine<P>>),
}

pub(crate) struct Names<P: Activation> {
    names: Vec<Object<P>>,
    kinds: Vec<u8>,
    index: NameIndex,
    /// `RESUME` on line 1, `NOP` on 2 and 3, and on 4 what returns the first local.
    units: Vec<CodeUnit>,
    bytes: Vec<u8>,
    optimized: bool,
}

impl<P: Activation> Body<P> {
    fn cut(&self) {
        match &self.0 {
            Kind::Frame(frame) => drop(frame.clear()),
            Kind::Dict(items) => drop(items.take()),
            Kind::Cell(cell) => drop(cell.take()),
            _ => {}
        }
    }
}

impl<P: Activation> Drop for Body<P> {
    fn drop(&mut self) {
        let _ = ALIVE.try_with(|alive| alive.set(alive.get() - 1));
        wild();
    }
}

impl<P: Activation> Clone for Object<P> {
    fn clone(&self) -> Self {
        Object(Rc::clone(&self.0))
    }
}

impl<P: Activation> Object<P> {
    pub(crate) fn new(kind: Kind<P>) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let object = Object(Rc::new(Body(kind)));
        if matches!(object.kind(), Kind::Frame(_) | Kind::Dict(_) | Kind::Cell(_)) {
            let object = Rc::downgrade(&object.0);
            let cut = move || {
                if let Some(body) = object.upgrade() {
                    body.cut();
                }
            };
            BREAKERS.with_borrow_mut(|all| all.push(Box::new(cut)));
        }
        object
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.0
    }

    /// A function with variables of these names and kinds.
    pub(crate) fn function(names: &[(&str, u8)], closure: Vec<Object<P>>, optimized: bool) -> Self {
        let kinds = names.iter().map(|(_, kind)| *kind).collect();
        let names: Vec<_> = names.iter().map(|(name, _)| Object::new(Kind::Name((*name).into()))).collect();
        let index = NameIndex::new(names.iter().map(Object::hash));
        let bytes = body::<P>();
        let units = bytes.chunks(2).map(|unit| CodeUnit::new(unit[0], unit[1])).collect();
        let code = Object::new(Kind::Code(Names { names, kinds, index, units, bytes, optimized }));
        Object::new(Kind::Function { code, closure })
    }

    fn hash(&self) -> i64 {
        match self.kind() {
            // Few hashes, so that names meet.
            Kind::Name(name) => name.len() as i64,
            Kind::Int(number) => *number,
            _ => 0,
        }
    }

    fn is_equal(&self, other: &Self) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::Name(left), Kind::Name(right)) => left == right,
            (Kind::Int(left), Kind::Int(right)) => left == right,
            _ => Rc::ptr_eq(&self.0, &other.0),
        }
    }

    fn items(&self) -> &RefCell<Vec<Item<Machine<P>>>> {
        match self.kind() {
            Kind::Dict(items) => items,
            _ => unreachable!("it is a dict"),
        }
    }

    fn place(&self, key: &Self) -> Option<usize> {
        self.items().borrow().iter().position(|(name, _)| name.is_equal(key))
    }
}

/// Instructions of a version, with their caches.
fn body<P: Activation>() -> Vec<u8> {
    let instruction = |name| {
        let known = P::LAYOUT.opcodes.iter().flatten().find(|info| info.name == name).expect("every version has it");
        [vec![known.number, 0], vec![0; 2 * usize::from(known.caches)]].concat()
    };
    ["RESUME", "NOP", "NOP", "LOAD_FAST", "RETURN_VALUE"].into_iter().flat_map(instruction).collect()
}

impl<P: Activation> Names<P> {
    /// The lines, of the first unit of each: the rest belongs to it.
    fn lines(&self) -> LineTable<'_> {
        // Without columns; a line further each time. The last two bits of the first byte are the units less one.
        const WITH_CACHE: &[u8] = &[0xe9, 0, 0xe8, 2, 0xe8, 2, 0xe9, 2];
        const WITHOUT: &[u8] = &[0xe8, 0, 0xe8, 2, 0xe8, 2, 0xe9, 2];
        let table = if self.units.len() > 5 { WITH_CACHE } else { WITHOUT };
        LineTable::new(P::LAYOUT, table, 1, self.bytes.len())
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
        wild();
        Some(Object::new(Kind::Frame(frame)))
    }

    fn is_unique(object: &Object<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }

    fn make_cell(&self, content: Option<Object<P>>) -> Option<Object<P>> {
        wild();
        Some(Object::new(Kind::Cell(Cell::new(content))))
    }

    fn cell(object: &Object<P>) -> Option<&Cell<Self>> {
        if let Kind::Cell(cell) = object.kind() { Some(cell) } else { None }
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
        if let Kind::Code(names) = self.kind() { Some(names) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function { code, closure } = self.kind() else { return None };
        Some(Function { code, globals: None, builtins: None, closure })
    }
}

// SAFETY: none of it changes.
unsafe impl<P: Activation> FrameCode for Names<P> {
    fn nlocalsplus(&self) -> u32 {
        self.names.len() as u32
    }

    fn stacksize(&self) -> u32 {
        4
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    fn kind(&self, slot: u32) -> Option<u8> {
        self.kinds.get(slot as usize).copied()
    }

    fn line_at(&self, lasti: i32) -> Option<i32> {
        self.lines().line_at(lasti).ok().flatten()
    }

    fn jumps(&self) -> Option<Source<'_>> {
        Some(Source {
            set: Code::<Machine<P>>::instruction_set(),
            code: &self.bytes,
            lines: self.lines(),
            handlers: ExceptionTable::new(&[]),
            firstlineno: 1,
            generator: false,
            stacksize: self.stacksize(),
        })
    }
}

impl<P: Activation> LocalsVm for Machine<P> {
    fn variables(code: &Names<P>) -> Variables<'_, Object<P>> {
        let Names { names, kinds, index, optimized, .. } = code;
        Variables { names, kinds, index: Some(index), optimized: *optimized }
    }

    fn frame_locals(object: &Object<P>) -> Option<&FrameLocals<Self>> {
        if let Kind::Locals(locals) = object.kind() { Some(locals) } else { None }
    }

    fn is_dict(&self, object: &Object<P>) -> bool {
        matches!(object.kind(), Kind::Dict(_))
    }

    fn none(&self) -> Object<P> {
        Object::new(Kind::None)
    }

    fn type_name<'a>(&self, _: &'a Object<P>) -> Cow<'a, str> {
        "object".into()
    }

    fn new_dict(&self) -> Result<Object<P>, Object<P>> {
        wild();
        Ok(Object::new(Kind::Dict(RefCell::default())))
    }

    fn dict_len(&self, dict: &Object<P>) -> usize {
        dict.items().borrow().len()
    }

    fn dict_items(&self, dict: &Object<P>) -> Vec<Item<Self>> {
        dict.items().borrow().clone()
    }

    fn hash(&self, _: &DataStack<Self>, object: &Object<P>) -> Result<i64, Object<P>> {
        wild();
        Ok(object.hash())
    }

    fn is_equal(&self, _: &DataStack<Self>, left: &Object<P>, right: &Object<P>) -> Result<bool, Object<P>> {
        wild();
        Ok(left.is_equal(right))
    }

    fn compare(
        &self,
        _: &DataStack<Self>,
        left: &Object<P>,
        _: &Object<P>,
        _: Operator,
    ) -> Result<Object<P>, Object<P>> {
        wild();
        Ok(left.clone())
    }

    fn repr(&self, _: &DataStack<Self>, _: &Object<P>) -> Result<String, Object<P>> {
        wild();
        Ok(String::new())
    }

    fn get_item(&self, _: &DataStack<Self>, dict: &Object<P>, key: &Object<P>) -> Result<Option<Object<P>>, Object<P>> {
        wild();
        Ok(dict.place(key).map(|place| dict.items().borrow()[place].1.clone()))
    }

    fn set_item(
        &self,
        _: &DataStack<Self>,
        dict: &Object<P>,
        key: &Object<P>,
        value: Object<P>,
    ) -> Result<(), Object<P>> {
        wild();
        let place = dict.place(key);
        let old = match place {
            Some(place) => Some(std::mem::replace(&mut dict.items().borrow_mut()[place].1, value)),
            None => {
                dict.items().borrow_mut().push((key.clone(), value));
                None
            }
        };
        drop(old);
        Ok(())
    }

    fn del_item(&self, _: &DataStack<Self>, dict: &Object<P>, key: &Object<P>) -> Result<bool, Object<P>> {
        wild();
        let removed = dict.place(key).map(|place| dict.items().borrow_mut().remove(place));
        Ok(removed.is_some())
    }

    fn keys(&self, _: &DataStack<Self>, dict: &Object<P>) -> Result<Vec<Object<P>>, Object<P>> {
        wild();
        Ok(dict.items().borrow().iter().map(|(name, _)| name.clone()).collect())
    }

    fn update(&self, _: &DataStack<Self>, dict: &Object<P>, other: &Object<P>) -> Result<(), Object<P>> {
        wild();
        let items = other.items().borrow().clone();
        dict.items().borrow_mut().extend(items);
        Ok(())
    }

    fn warn(&self, _: &DataStack<Self>, _: &str) -> Result<(), Object<P>> {
        wild();
        Ok(())
    }
}
