//! Objects that the runtime counts: a VM that takes them writes no unsafe code of its own.
//!
//! [`Vm::Value`], [`FrameVm`](crate::vm::FrameVm) and [`GeneratorObjects`](crate::generator::GeneratorObjects) are promises, since frames hold
//! references as words and generators lie in memory of their objects. A VM that keeps its objects its own way makes them
//! itself. One that has no such wish names [`Counted`] as its reference, implements [`CountedVm`], and they are kept:
//! objects are counted, and what frames need of an object (code, function, frame object, generator, cell) is what it is made
//! as, and stays. Everything else is [`CountedVm::Object`], whatever that is.
//!
//! A reference is one word. Integers of up to 60 bits and a VM's constants lie in it and are not counted; for anything
//! else there is one allocation, as large as what is in it; a generator and its frame share one, so do a frame object and the
//! room for its frame. There is no collector of
//! cycles: what refers to itself stays.
//!
//! ```
//! # use std::borrow::Cow;
//! # use frame_runtime::data_stack::DataStack;
//! # use frame_runtime::entry::Entry;
//! # use frame_runtime::generator::{ErrorKind, GeneratorVm, Names, Resume, Thrown};
//! use frame_runtime::counted::{Counted, CountedVm, View};
//! use frame_runtime::version::Cpython3_14;
//! use frame_runtime::vm::Vm;
//!
//! struct Machine;
//!
//! impl Vm for Machine {
//!     type Python = Cpython3_14;
//!     type Value = Counted<Machine>;
//!     type FrameExtra = ();
//! }
//!
//! impl CountedVm for Machine {
//!     type Object = String;
//!     type Function = ();
//!     type Code = ();
//! }
//!
//! impl GeneratorVm for Machine {
//!     // What generators ask of other objects, exceptions and the eval loop.
//! #   fn names(&self, _: &Counted<Self>) -> Names<Counted<Self>> { Names { name: self.none(), qualname: self.none() } }
//! #   fn shim(&self) -> Counted<Self> { self.none() }
//! #   fn run(_: Entry<'_, Self>, _: Resume<Self>) -> Result<Counted<Self>, Counted<Self>> { unreachable!() }
//! #   fn none(&self) -> Counted<Self> { Counted::constant(0) }
//! #   fn type_name<'a>(&self, _: &'a Counted<Self>) -> Cow<'a, str> { "object".into() }
//! #   fn text<'a>(&self, _: &'a Counted<Self>) -> Cow<'a, str> { "".into() }
//! #   fn make_exception(&self, _: ErrorKind, _: &str) -> Counted<Self> { self.none() }
//! #   fn make_stop(&self, _: ErrorKind, _: Option<Counted<Self>>) -> Counted<Self> { self.none() }
//! #   fn stop_value(&self, _: &Counted<Self>) -> Counted<Self> { self.none() }
//! #   fn is_exception(&self, _: &Counted<Self>, _: ErrorKind) -> bool { false }
//! #   fn thrown(&self, _: &Counted<Self>) -> Thrown { Thrown::Other }
//! #   fn instantiate(&self, _: &DataStack<Self>, class: &Counted<Self>, _: Option<Counted<Self>>) -> Result<Counted<Self>, Counted<Self>> { Ok(class.clone()) }
//! }
//!
//! let text: Counted<Machine> = Counted::new("spam".to_owned());
//! let again = text.clone();
//! assert_eq!((again.object().map(String::as_str), again.count()), (Some("spam"), Some(2)));
//!
//! let answer = Counted::<Machine>::integer(42).expect("it fits");
//! assert!(matches!(answer.view(), View::Integer(42)));
//! assert_eq!(Counted::<Machine>::integer(i64::MAX), None);
//! ```

#![expect(unsafe_code, reason = "objects are raw memory")]

use alloc::boxed::Box;
use core::cell::OnceCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use crate::cell::Cell;
use crate::code::Verified;
use crate::frame_object::FrameObject;
use crate::generator::{GeneratorVm, PartRef};
use crate::vm::Vm;

mod answers;
mod object;
mod pool;

pub use object::Last;
use object::{Head, Kind};
pub use pool::Pool;

/// A VM whose objects the runtime counts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say that it has frames",
    note = "`unsafe impl FrameVm for ...`: a VM without frame objects needs nothing in it, and promises nothing",
    note = "`impl CountedVm for ...`: a VM whose objects the runtime counts promises nothing either, and has frames"
)]
pub trait CountedVm: GeneratorVm + Vm<Value = Counted<Self>> {
    /// What objects are that are neither code, function, frame object, cell nor of the generators' family.
    type Object: 'static;
    /// What a function has besides what frames need: its names, its defaults.
    type Function: 'static;
    /// What a code object has besides what frames need: inline caches, say.
    type Code: 'static;

    /// Whether [`finalize`](Self::finalize) is to be called before an object goes. Objects of the generators' family always
    /// are told.
    fn has_finalizer(object: &Self::Object) -> bool {
        let _ = object;
        false
    }

    /// An object was allocated: for those who count them. Objects of the runtime's own kinds are told of, too.
    #[inline(always)]
    fn allocated() {}

    /// Hands over the pool that this thread's objects take their memory from and leave it to, if the VM has one: a
    /// [`Pool`] in a thread-local variable, say. Without one it is the global allocator that is asked each time.
    #[inline(always)]
    fn with_pool(body: impl FnOnce(&Pool)) {
        let _ = body;
    }

    /// The last reference to an object went, or [`Counted::finalize`] asks for it. Called once for an object, which may be held again afterwards. Of the
    /// generators' family [`PartRef::finalize`] is what it asks for.
    fn finalize(object: &Counted<Self>) {
        let _ = object;
    }
}

/// A counted reference to an object, or a small integer or constant in its place.
#[repr(transparent)]
pub struct Counted<M: CountedVm> {
    word: NonNull<Head>,
    owns: PhantomData<M::Object>,
}

/// What a reference is to.
pub enum View<'a, M: CountedVm> {
    /// An integer.
    Integer(i64),
    /// A constant of the VM's, by its number.
    Constant(u32),
    /// A code object.
    Code(&'a CodeObject<M>),
    /// A function.
    Function(&'a FunctionObject<M>),
    /// A frame object.
    Frame(&'a FrameObject<M>),
    /// One of the generators' family.
    Part(PartRef<'a, M>),
    /// A cell.
    Cell(&'a Cell<M>),
    /// Anything else.
    Object(&'a M::Object),
}

/// A code object.
pub struct CodeObject<M: CountedVm> {
    code: Verified<M>,
    own: M::Code,
}

impl<M: CountedVm> CodeObject<M> {
    /// What the VM keeps with it.
    #[inline(always)]
    pub fn own(&self) -> &M::Code {
        &self.own
    }
}

impl<M: CountedVm> Deref for CodeObject<M> {
    type Target = Verified<M>;

    #[inline(always)]
    fn deref(&self) -> &Verified<M> {
        &self.code
    }
}

/// A function: what frames take from it stays as it is.
pub struct FunctionObject<M: CountedVm> {
    code: Counted<M>,
    globals: Option<Counted<M>>,
    builtins: Option<Counted<M>>,
    closure: OnceCell<Box<[Counted<M>]>>,
    own: M::Function,
}

impl<M: CountedVm> FunctionObject<M> {
    /// `__code__`
    #[inline(always)]
    pub fn code(&self) -> &CodeObject<M> {
        match self.code.code() {
            Some(code) => code,
            None => unreachable!("it was made with code"),
        }
    }

    /// The object of its code.
    pub fn code_object(&self) -> &Counted<M> {
        &self.code
    }

    /// `__globals__`
    #[inline(always)]
    pub fn globals(&self) -> Option<&Counted<M>> {
        self.globals.as_ref()
    }

    /// `__builtins__`
    #[inline(always)]
    pub fn builtins(&self) -> Option<&Counted<M>> {
        self.builtins.as_ref()
    }

    /// `__closure__`: the cells of its free variables; empty where it has none.
    #[inline(always)]
    pub fn closure(&self) -> &[Counted<M>] {
        self.closure.get().map_or(&[], |cells| cells)
    }

    /// Gives it its cells: once, before it is called.
    ///
    /// # Errors
    ///
    /// The cells, if it has some.
    pub fn set_closure(&self, cells: Box<[Counted<M>]>) -> Result<(), Box<[Counted<M>]>> {
        self.closure.set(cells)
    }

    /// What the VM keeps with it.
    #[inline(always)]
    pub fn own(&self) -> &M::Function {
        &self.own
    }
}

/// Set in words that are no pointers.
const IMMEDIATE: usize = 0b0100;
/// Set besides in those of constants.
const CONSTANT: usize = 0b1000;
const SHIFT: u32 = 4;

impl<M: CountedVm> Counted<M> {
    /// The largest integer that lies in a reference; the smallest is as far below 0, and one more.
    pub const MOST: i64 = i64::MAX >> SHIFT;

    /// A new object.
    #[inline]
    pub fn new(object: M::Object) -> Self {
        Self::new_with(|| object)
    }

    /// A new object, made when there is memory for it: a large one need not be moved there.
    #[inline]
    pub fn new_with(object: impl FnOnce() -> M::Object) -> Self {
        Self::from_head(object::make::<M, _>(Kind::Object, object))
    }

    /// A code object.
    pub fn new_code(code: Verified<M>, own: M::Code) -> Self {
        Self::from_head(object::make::<M, _>(Kind::Code, || CodeObject::<M> { code, own }))
    }

    /// A function.
    ///
    /// # Panics
    ///
    /// If `code` is no code object.
    pub fn new_function(code: Self, globals: Option<Self>, builtins: Option<Self>, own: M::Function) -> Self {
        assert!(code.code().is_some(), "a function is made of a code object");
        let function = FunctionObject::<M> { code, globals, builtins, closure: OnceCell::new(), own };
        Self::from_head(object::make::<M, _>(Kind::Function, || function))
    }

    /// A cell.
    pub fn new_cell(content: Option<Self>) -> Self {
        Self::from_head(object::make::<M, _>(Kind::Cell, || Cell::<M>::new(content)))
    }

    /// An integer, if it fits into a reference.
    #[inline(always)]
    pub const fn integer(integer: i64) -> Option<Self> {
        let shifted = integer << SHIFT;
        if shifted >> SHIFT == integer { Some(Self::immediate(shifted.cast_unsigned() as usize)) } else { None }
    }

    /// An integer of 32 bits, which always fits.
    #[inline(always)]
    pub const fn small(integer: i32) -> Self {
        Self::immediate(((integer as i64) << SHIFT).cast_unsigned() as usize)
    }

    /// A constant: `None`, `True` and whatever else the VM numbers.
    #[inline(always)]
    pub const fn constant(number: u32) -> Self {
        Self::immediate((number as usize) << SHIFT | CONSTANT)
    }

    #[inline(always)]
    const fn immediate(bits: usize) -> Self {
        let word = ptr::without_provenance_mut(bits | IMMEDIATE);
        // SAFETY: a bit is set.
        Counted { word: unsafe { NonNull::new_unchecked(word) }, owns: PhantomData }
    }

    #[inline(always)]
    const fn from_head(word: NonNull<Head>) -> Self {
        Counted { word, owns: PhantomData }
    }

    #[inline(always)]
    fn bits(&self) -> usize {
        self.word.addr().get()
    }

    /// The integer, if it is one that lies in the reference.
    #[inline(always)]
    pub fn as_integer(&self) -> Option<i64> {
        let bits = self.bits();
        (bits & (IMMEDIATE | CONSTANT) == IMMEDIATE).then_some((bits as u64).cast_signed() >> SHIFT)
    }

    /// The number of a constant.
    #[inline(always)]
    pub fn as_constant(&self) -> Option<u32> {
        let bits = self.bits();
        (bits & (IMMEDIATE | CONSTANT) == IMMEDIATE | CONSTANT).then_some((bits >> SHIFT) as u32)
    }

    /// Whether both are references to the same object, or the same in its place: `is`.
    #[inline(always)]
    pub fn is(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }

    /// The word as a number: `id()`.
    #[inline(always)]
    pub fn address(&self) -> usize {
        self.bits()
    }

    /// References to the object; none of what lies in the reference.
    pub fn count(&self) -> Option<usize> {
        self.head().map(Head::count)
    }

    /// Finalizes an object that others refer to, unless that has been done: what a collector does with objects that only refer to each
    /// other, before any of them goes. May run code of the program.
    ///
    /// Source: `PyObject_CallFinalizer`, Objects/object.c.
    pub fn finalize(&self) {
        let Some(head) = self.head() else { return };
        let has_finalizer = match self.view() {
            View::Object(object) => M::has_finalizer(object),
            View::Part(_) => true,
            _ => false,
        };
        if has_finalizer && head.begin_finalizing() {
            M::finalize(self);
        }
    }

    #[inline(always)]
    fn is_immediate(&self) -> bool {
        self.bits() & IMMEDIATE != 0
    }

    #[inline(always)]
    fn head(&self) -> Option<&Head> {
        if self.is_immediate() {
            return None;
        }
        // SAFETY: what is not immediate points to an object, which is there while it is counted.
        Some(unsafe { self.word.as_ref() })
    }

    /// What is in an object of this kind.
    #[inline(always)]
    fn body<B>(&self, kind: Kind) -> Option<&B> {
        let head = self.head()?;
        if head.kind() != kind {
            return None;
        }
        // SAFETY: callers ask for what objects of this kind are made with.
        let body = unsafe { object::body::<B>(self.word) };
        // SAFETY: it is there while the object is, which this counts.
        Some(unsafe { body.as_ref() })
    }

    /// What the object is, if it is the VM's own.
    #[inline(always)]
    pub fn object(&self) -> Option<&M::Object> {
        self.body(Kind::Object)
    }

    /// The code object, if it is one.
    #[inline(always)]
    pub fn code(&self) -> Option<&CodeObject<M>> {
        self.body(Kind::Code)
    }

    /// The function, if it is one.
    #[inline(always)]
    pub fn function(&self) -> Option<&FunctionObject<M>> {
        self.body(Kind::Function)
    }

    /// The frame object, if it is one.
    #[inline(always)]
    pub fn frame(&self) -> Option<&FrameObject<M>> {
        self.body(Kind::Frame)
    }

    /// The cell, if it is one.
    #[inline(always)]
    pub fn cell(&self) -> Option<&Cell<M>> {
        self.body(Kind::Cell)
    }

    /// The part, if it is one of the generators' family.
    #[inline(always)]
    pub fn part(&self) -> Option<PartRef<'_, M>> {
        let head = self.head()?;
        match head.kind() {
            Kind::Generator => self.body(Kind::Generator).map(PartRef::Generator),
            Kind::Part => self.body::<crate::generator::Part<M>>(Kind::Part).map(crate::generator::Part::as_ref),
            _ => None,
        }
    }

    /// What it is.
    #[inline]
    pub fn view(&self) -> View<'_, M> {
        let Some(head) = self.head() else {
            return match self.as_integer() {
                Some(integer) => View::Integer(integer),
                None => View::Constant((self.bits() >> SHIFT) as u32),
            };
        };
        let view = match head.kind() {
            Kind::Object => self.object().map(View::Object),
            Kind::Code => self.code().map(View::Code),
            Kind::Function => self.function().map(View::Function),
            Kind::Frame => self.frame().map(View::Frame),
            Kind::Cell => self.cell().map(View::Cell),
            Kind::Generator | Kind::Part => self.part().map(View::Part),
        };
        match view {
            Some(view) => view,
            None => unreachable!("an object is of its own kind"),
        }
    }
}

impl<M: CountedVm> PartialEq for Counted<M> {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl<M: CountedVm> Eq for Counted<M> {}

impl<M: CountedVm> fmt::Debug for Counted<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.view() {
            View::Integer(integer) => return write!(f, "{integer}"),
            View::Constant(number) => return write!(f, "constant {number}"),
            View::Code(_) => "code",
            View::Function(_) => "function",
            View::Frame(_) => "frame",
            View::Part(part) => part.type_name(),
            View::Cell(_) => "cell",
            View::Object(_) => "object",
        };
        write!(f, "{name} at {:#x}", self.address())
    }
}
