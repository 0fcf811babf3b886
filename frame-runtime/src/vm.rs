#![doc = include_str!("../docs/vm.md")]
#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use alloc::alloc::{alloc, dealloc};
use alloc::borrow::Cow;
use core::alloc::Layout;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};

use crate::cell::Cell;
use crate::code::Code;
use crate::code::jump::Source;
use crate::frame_object::FrameObject;
use crate::table::Handler;
use crate::version::{Activation, Version};

/// A virtual machine: everything that frames and code objects are generic over.
pub trait Vm: Sized + 'static {
    /// The version of CPython whose frames and code objects it has.
    type Python: Version;
    /// One counted reference to an object.
    type Value: Value;
    /// What it adds to every frame, between CPython's fields and the slots. Dropped when the frame's memory goes.
    type FrameExtra: Default;
}

/// A VM whose frames are activation records on a data stack: one of 3.11 or later.
///
/// What is asked here is asked rarely: when somebody looks at frames. A VM without frame objects leaves it as it is:
///
/// ```
/// # #![allow(unsafe_code)]
/// # use frame_runtime::{version::Cpython3_14, vm::{FrameVm, NoValue, Vm}};
/// struct Machine;
///
/// impl Vm for Machine {
///     type Python = Cpython3_14;
/// #   type Value = NoValue; // ...
///     type FrameExtra = ();
/// }
///
/// // SAFETY: it has no frame objects.
/// unsafe impl FrameVm for Machine {}
/// ```
///
/// # Safety
///
/// - If [`frame_object`](Self::frame_object) finds a frame object in an object once, then it always does so for this
///   object, always the same one, and it lives as long as the object does. No two objects have the same one.
/// - If [`is_unique`](Self::is_unique) says so, then dropping the reference ends the object, or nobody asks its frame
///   object for anything afterwards.
/// - What [`make_frame_object`](Self::make_frame_object) returns holds the frame object that it was given.
/// - Both are asked in the middle of things: neither panics, runs code of the program, or enters a data stack.
/// - What [`allocate_generator`](Self::allocate_generator) returns is memory of that layout that nobody else has, until it
///   goes back to [`free_generator`](Self::free_generator). Who changes one of the two changes both. The same holds for
///   [`allocate_frame`](Self::allocate_frame) and [`free_frame`](Self::free_frame).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say that it has frames",
    note = "`unsafe impl FrameVm for ...`: a VM without frame objects needs nothing in it, and promises nothing",
    note = "its version must be 3.11 or later: before, a frame is an object of its own, and does not lie on a data stack"
)]
pub unsafe trait FrameVm: Vm<Python: Activation> {
    /// The frame object, if the object is one: what [`make_frame_object`](Self::make_frame_object) put into it.
    fn frame_object(object: &Self::Value) -> Option<&FrameObject<Self>> {
        let _ = object;
        None
    }

    /// Makes an object that holds this frame object. May run code of the program, also code that asks for the same
    /// frame's object: the one that is there first stays, another is dropped.
    ///
    /// `None`: there is no memory, or the VM has no frame objects.
    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Self::Value> {
        let _ = object;
        None
    }

    /// Takes memory for the frame of a frame object, uninitialised: it goes there when its activation is over. A VM may have
    /// it behind an object of its own, in one allocation: then it puts the object there when it makes it
    /// ([`FrameObject::memory`]).
    ///
    /// `None`: there is no memory.
    fn allocate_frame(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: a frame is larger than 0 bytes.
        NonNull::new(unsafe { alloc(layout) })
    }

    /// Gives back memory of [`allocate_frame`](Self::allocate_frame): when the frame object is dropped.
    ///
    /// # Safety
    ///
    /// It must be memory that it returned for this layout, and nobody may use it afterwards.
    unsafe fn free_frame(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: it is of the global allocator, by the contract.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }

    /// A frame object owns its frame's references from now on: a cycle collector has to know it (`PyObject_GC_Track`).
    /// Runs no code of the program.
    fn frame_object_owns(object: &Self::Value) {
        let _ = object;
    }

    /// Whether this is the only reference to the object. A VM that cannot tell says `false`: then the frame object takes
    /// the frame over although nobody holds it.
    fn is_unique(object: &Self::Value) -> bool {
        let _ = object;
        false
    }

    /// Makes an `int` of the index of an instruction, in code units, for a handler that raises again. Only asked for until
    /// 3.13; later a slot holds it as it is. May run code of the program.
    ///
    /// `None`: there is no memory. The frame then stands at the `RERAISE`.
    fn make_instruction_index(&self, unit: u32) -> Option<Self::Value> {
        let _ = unit;
        None
    }

    /// The index of an instruction, out of an `int` that was made for one.
    fn instruction_index(object: &Self::Value) -> Option<u32> {
        let _ = object;
        None
    }

    /// Takes memory for a generator's frame and what is in front of it, uninitialised. A VM may have it behind an object of
    /// its own, in one allocation: then it puts the object there when it makes it
    /// ([`GeneratorObjects::make_part`](crate::generator::GeneratorObjects::make_part)).
    ///
    /// `None`: there is no memory.
    fn allocate_generator(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: what lies in front of a frame is larger than 0 bytes.
        NonNull::new(unsafe { alloc(layout) })
    }

    /// Gives back memory of [`allocate_generator`](Self::allocate_generator).
    ///
    /// # Safety
    ///
    /// It must be memory that it returned for this layout, and nobody may use it afterwards.
    unsafe fn free_generator(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: it is of the global allocator, by the contract.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }

    /// Makes a cell with this in it (`PyCell_New`). May run code of the program.
    ///
    /// `None`: there is no memory, or the VM has no cells.
    fn make_cell(&self, content: Option<Self::Value>) -> Option<Self::Value> {
        let _ = content;
        None
    }

    /// The cell in an object, if the object is one: what [`make_cell`](Self::make_cell) made. Asked by the instructions that
    /// use cells; a loop that has instructions of its own for them leaves it as it is.
    fn cell(object: &Self::Value) -> Option<&Cell<Self>> {
        let _ = object;
        None
    }
}

/// One owned reference to an object of a VM: a counted raw pointer, an `Rc`, an `Arc`, a handle.
///
/// Dropping it gives the reference back, cloning it takes another one.
///
/// # Safety
///
/// - [`into_raw`](Self::into_raw) and [`as_raw`](Self::as_raw) return the same pointer for the same reference, its two
///   low bits are 0, and [`from_raw`](Self::from_raw) makes the reference out of it again.
/// - The pointer stays valid while the reference lives, wherever the reference itself is moved.
/// - If [`as_code`](Self::as_code) returns code once, then it always does so for this object, always the same, and that
///   code stays where it is while any reference to the object lives.
/// - A clone is a reference to the same object.
/// - The references that [`as_function`](Self::as_function) lends as globals and builtins live at least as long as the
///   function does.
/// - None of the methods panics or enters a data stack: they are asked in the middle of things. Dropping may do both;
///   cloning may panic, but runs no code of the program.
pub unsafe trait Value: Clone + 'static {
    /// The last reference to an object: dropping it runs whatever the object's end runs.
    type Last;
    /// The code objects among the objects.
    type Code: FrameCode + ?Sized;

    /// The reference as a pointer whose two low bits are 0.
    fn into_raw(self) -> NonNull<()>;

    /// The pointer that [`into_raw`](Self::into_raw) would return.
    fn as_raw(&self) -> NonNull<()>;

    /// The reference again.
    ///
    /// # Safety
    ///
    /// The pointer must come from [`into_raw`](Self::into_raw) of this type, and stand for one reference that is owned
    /// by the caller. Or it must come from that or from [`as_raw`](Self::as_raw) of a reference that outlives the
    /// returned one, which is then only looked at, and neither dropped nor given away.
    unsafe fn from_raw(raw: NonNull<()>) -> Self;

    /// Gives the reference back, unless it is the last one. Runs no code of the program's.
    fn release(self) -> Option<Self::Last>;

    /// Whether it is counted. What lies in the reference itself, as a small integer may, is not: then cloning and dropping it do
    /// nothing, and a frame never borrows it.
    #[inline(always)]
    fn is_counted(&self) -> bool {
        true
    }

    /// The code, if the object is a code object.
    fn as_code(&self) -> Option<&Self::Code>;

    /// What a call needs to know, if the object is a function.
    fn as_function(&self) -> Option<Function<'_, Self>>;
}

/// What a frame takes from the function it runs.
#[derive(Debug)]
pub struct Function<'a, T> {
    /// The code object. The frame takes a reference of its own.
    pub code: &'a T,
    /// The globals. The frame borrows them from the function.
    pub globals: Option<&'a T>,
    /// The builtins. The frame borrows them from the function.
    pub builtins: Option<&'a T>,
    /// The cells of its free variables, in their order (`__closure__`).
    pub closure: &'a [T],
}

/// What a frame needs to know of a code object.
///
/// # Safety
///
/// All answers are the same for the object's whole life; the units may change, but not their number or their place.
/// There is at least one. Handlers lie within the units, and what they find on the stack (entries of their depth, the index of the instruction if
/// they want it, the exception) is no more than `stacksize`. Jumps are told of the same units, handlers and `stacksize`. None of
/// the methods panics or enters a data stack.
pub unsafe trait FrameCode {
    /// Locals, cells and free variables, in slots (`co_nlocalsplus`).
    fn nlocalsplus(&self) -> u32;
    /// Slots of the evaluation stack (`co_stacksize`).
    fn stacksize(&self) -> u32;
    /// The instructions and their caches (`co_code_adaptive`).
    fn units(&self) -> &[CodeUnit];

    /// The index of the first `RESUME`, in code units: a frame that stands before it is not seen
    /// (`_co_firsttraceable`).
    fn first_traceable(&self) -> usize {
        0
    }

    /// What kind of variable a slot is for (`co_localspluskinds`); none is known of code that does not say it.
    fn kind(&self, slot: u32) -> Option<u8> {
        let _ = slot;
        None
    }

    /// Slots of parameters, `*args` and `**kwargs` included: the first ones.
    fn parameters(&self) -> u32 {
        0
    }

    /// The line that the byte of code with this index comes from; `None` where no line is known. In front of the code,
    /// below 0, CPython says its first line.
    fn line_at(&self, lasti: i32) -> Option<i32> {
        let _ = lasti;
        None
    }

    /// Whether anything but the handler that a generator's body has around it (PEP 479) handles what is raised at the `yield`
    /// where its frame stands, in code units as [`lasti`](crate::generator_frame::GeneratorFrame::lasti) says it. Asked from
    /// 3.13 on: one that is not guarded need not run to be closed.
    fn is_guarded_at(&self, unit: isize) -> bool {
        let _ = unit;
        true
    }

    /// The code unit behind the loop of a `yield from` or `await` that yields at this unit. Asked until 3.11, where the driver
    /// leaves the loop when a delegate is over that handled an exception.
    fn after_delegation(&self, unit: u32) -> Option<u32> {
        let _ = unit;
        None
    }

    /// What decides where a trace function may jump to; of code without lines nowhere.
    fn jumps(&self) -> Option<Source<'_>> {
        None
    }

    /// What handles an exception that a code unit raises.
    fn handler_at(&self, unit: u32) -> Option<Handler> {
        let _ = unit;
        None
    }
}

/// One code unit of two bytes: an instruction, or a part of an inline cache. It may be rewritten while it is run, also by
/// another thread: each read and each write is whole, and in no order with others.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct CodeUnit(AtomicU16);

impl CodeUnit {
    /// An instruction: the opcode is the first byte in memory.
    #[inline]
    pub const fn new(opcode: u8, argument: u8) -> CodeUnit {
        CodeUnit(AtomicU16::new(u16::from_ne_bytes([opcode, argument])))
    }

    /// The opcode and its argument.
    #[inline(always)]
    pub fn instruction(&self) -> Instruction {
        let [opcode, argument] = self.0.load(Ordering::Relaxed).to_ne_bytes();
        Instruction { opcode, argument }
    }

    /// All 16 bits, as in an inline cache.
    #[inline]
    pub fn get(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }

    /// Changes the unit: specialisation, instrumentation, cache contents.
    #[inline]
    pub fn set(&self, bits: u16) {
        self.0.store(bits, Ordering::Relaxed);
    }
}

/// What a code unit says when it is an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The opcode.
    pub opcode: u8,
    /// Its argument, before any `EXTENDED_ARG` is added.
    pub argument: u8,
}

/// The VM of version `P` that has no objects and adds nothing to frames: for statements about layouts.
pub struct Blank<P>(PhantomData<P>);

impl<P> Default for Blank<P> {
    fn default() -> Self {
        Blank(PhantomData)
    }
}

impl<P: Activation> Vm for Blank<P> {
    type Python = P;
    type Value = NoValue;
    type FrameExtra = ();
}

// SAFETY: there are no objects, so nothing is ever promised of one.
unsafe impl<P: Activation> FrameVm for Blank<P> {}

/// A reference of a VM without objects: there is none.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct NoValue(Infallible, NonNull<()>);

// SAFETY: there are no values, so nothing is ever promised of one.
unsafe impl FrameCode for NoValue {
    fn nlocalsplus(&self) -> u32 {
        match self.0 {}
    }

    fn stacksize(&self) -> u32 {
        match self.0 {}
    }

    fn units(&self) -> &[CodeUnit] {
        match self.0 {}
    }
}

// SAFETY: there are no values, so nothing is ever promised of one.
unsafe impl Value for NoValue {
    type Last = NoValue;
    type Code = NoValue;

    fn into_raw(self) -> NonNull<()> {
        match self.0 {}
    }

    fn as_raw(&self) -> NonNull<()> {
        match self.0 {}
    }

    unsafe fn from_raw(_: NonNull<()>) -> Self {
        unreachable!("a pointer of a type without values")
    }

    fn release(self) -> Option<NoValue> {
        match self.0 {}
    }

    fn as_code(&self) -> Option<&NoValue> {
        match self.0 {}
    }

    fn as_function(&self) -> Option<Function<'_, NoValue>> {
        match self.0 {}
    }
}

/// What code objects ask of a VM's objects: to be made, looked at, compared and hashed.
pub trait Objects: Vm {
    /// What the VM raises.
    type Exception;

    /// Makes an object out of what a file holds.
    ///
    /// # Errors
    ///
    /// What the VM raises, such as a `MemoryError`.
    fn make(&self, constant: Constant<'_, Self>) -> Result<Self::Value, Self::Exception>;

    /// Makes an object out of a code object.
    ///
    /// # Errors
    ///
    /// What the VM raises.
    fn make_code(&self, code: Code<Self>) -> Result<Self::Value, Self::Exception>;

    /// What an object is, as far as the comparison of constants has to know. Two references are to the same object where
    /// [`Value::as_raw`] is the same.
    fn shape<'a>(&self, value: &'a Self::Value) -> Shape<'a, Self>;

    /// Python's `==` of two objects that are both of one [`Shape::Exact`] type.
    fn equal(&self, left: &Self::Value, right: &Self::Value) -> bool;

    /// Python's `hash()`.
    ///
    /// # Errors
    ///
    /// What the VM raises: `unhashable type: 'list'`.
    fn hash(&self, value: &Self::Value) -> Result<i64, Self::Exception>;

    /// Python's `hash()` of a bytes object with this content.
    fn hash_bytes(&self, bytes: &[u8]) -> i64;

    /// The text of an exact `str` (not of a subclass): UTF-8, a lone surrogate as three bytes. `None` for anything else.
    fn text<'a>(&self, value: &'a Self::Value) -> Option<Cow<'a, [u8]>>;

    /// The name of an object's type, for messages: `int`.
    fn type_name<'a>(&self, value: &'a Self::Value) -> Cow<'a, str>;

    /// The one object that stands for all equal strings; the object itself where the VM does not intern.
    fn intern(&self, value: Self::Value) -> Self::Value {
        value
    }
}

/// An object to be made. What it consists of is lent: a VM takes references of its own.
#[derive(Debug)]
pub enum Constant<'a, V: Vm> {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// `...`
    Ellipsis,
    /// The exception's type.
    StopIteration,
    /// An `int`.
    Int(Int<'a>),
    /// A `float`.
    Float(f64),
    /// A `complex`: real and imaginary part.
    Complex(f64, f64),
    /// A `str`.
    Str {
        /// UTF-8, a lone surrogate as three bytes.
        text: &'a [u8],
        /// Whether the file says that it is interned.
        interned: bool,
    },
    /// A `bytes` object.
    Bytes(&'a [u8]),
    /// A `tuple`.
    Tuple(&'a [V::Value]),
    /// A `list`.
    List(&'a [V::Value]),
    /// A `set`.
    Set(&'a [V::Value]),
    /// A `frozenset`.
    FrozenSet(&'a [V::Value]),
    /// A `dict`: keys and values.
    Dict(&'a [(V::Value, V::Value)]),
    /// A `frozendict` (3.15): keys and values.
    FrozenDict(&'a [(V::Value, V::Value)]),
    /// A `slice` (3.14): start, stop, step.
    Slice(&'a [V::Value; 3]),
}

/// An `int` in digits of 15 bits, the low one first, the last one not 0; 0 has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int<'a> {
    /// Whether it is below 0.
    pub negative: bool,
    /// The digits.
    pub digits: &'a [u16],
}

impl Int<'_> {
    /// The value, if it fits.
    pub fn to_i64(self) -> Option<i64> {
        if self.digits.len() > 5 {
            return None;
        }
        let size = self.digits.iter().rev().fold(0_i128, |value, digit| value << 15 | i128::from(*digit));
        i64::try_from(if self.negative { -size } else { size }).ok()
    }
}

/// What an object is, as far as the comparison of constants has to know.
#[derive(Debug)]
pub enum Shape<'a, V: Vm> {
    /// An `int`, `str`, `bytes` or `bool` of exactly that type: equal to one of the same type by `==`. The number tells
    /// the four apart.
    Exact(u8),
    /// A `float`.
    Float(f64),
    /// A `complex`.
    Complex(f64, f64),
    /// A `tuple`.
    Tuple(&'a [V::Value]),
    /// A `frozenset`.
    FrozenSet(&'a [V::Value]),
    /// A `slice`.
    Slice([&'a V::Value; 3]),
    /// A code object.
    Code(&'a Code<V>),
    /// Anything else, also `None`, `...`, and objects of subclasses: equal to itself only.
    Other,
}
