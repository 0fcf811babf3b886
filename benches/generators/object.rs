//! The objects of a small VM: integers and `None` in the word itself, and counted objects. An object with a body is one
//! allocation, in which its frame lies behind it.

#![expect(unsafe_code, reason = "references are counted by hand")]

use std::alloc::{Layout, alloc, dealloc};
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::{ManuallyDrop, forget};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::thread::LocalKey;

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{ErrorKind, Generator, Part};
use frame_runtime::table::Handler;
use frame_runtime::vm::{self, CodeUnit, FrameCode, Function};

use crate::run::Supports;
use crate::vm::Machine;

thread_local! {
    /// Objects that are there.
    static OBJECTS: Cell<usize> = const { Cell::new(0) };
    /// Blocks of generators that are there, and how many there ever were.
    static BLOCKS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// Bytes of those that are there.
    static BYTES: Cell<usize> = const { Cell::new(0) };
    /// The stack that destructors run on, and the version of its VM.
    static STACK: Cell<Option<(TypeId, *const ())>> = const { Cell::new(None) };
    /// The object that is being finalized, and the version of its VM.
    static ENDING: Cell<Option<(TypeId, NonNull<()>)>> = const { Cell::new(None) };
}

/// Objects that are there.
pub(crate) fn objects() -> usize {
    OBJECTS.get()
}

/// Blocks of generators that are there, and how many there ever were.
pub(crate) fn blocks() -> (usize, usize) {
    BLOCKS.get()
}

/// Bytes of the blocks that are there.
pub(crate) fn bytes() -> usize {
    BYTES.get()
}

/// Objects that end meanwhile are finalized on this stack.
pub(crate) fn with_destructors<P: Supports, R>(stack: &DataStack<Machine<P>>, body: impl FnOnce() -> R) -> R {
    let _before = Reset(&STACK, STACK.replace(Some((TypeId::of::<P>(), ptr::from_ref(stack).cast()))));
    body()
}

/// Puts back what was there before.
struct Reset<T: Copy + 'static>(&'static LocalKey<Cell<T>>, T);

impl<T: Copy> Drop for Reset<T> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// The object that is being finalized: whoever keeps it resurrects it.
pub(crate) fn ending<P: Supports>() -> Option<Value<P>> {
    let (_, object) = ENDING.get().filter(|(version, _)| *version == TypeId::of::<P>())?;
    // SAFETY: the destructor holds it meanwhile; this reference is only looked at.
    let object = ManuallyDrop::new(unsafe { <Value<P> as vm::Value>::from_raw(object) });
    Some(Value::clone(&object))
}

/// What native code of a program is.
pub(crate) type Native<P> = Rc<dyn Fn(&DataStack<Machine<P>>) -> Result<Value<P>, Value<P>>>;

#[repr(C, align(8))]
pub(crate) struct Object<P: Supports> {
    count: Cell<u32>,
    is_finalized: Cell<bool>,
    kind: Kind<P>,
}

pub(crate) enum Kind<P: Supports> {
    Text(Box<Text>),
    Exception(Box<Exception<P>>),
    Code(Box<Units<P>>),
    Function(Box<Callable<P>>),
    Generator(Generator<Machine<P>>),
}

/// What a `str` has, in one word of its object.
pub(crate) struct Text(pub(crate) Box<str>);

pub(crate) struct Exception<P: Supports> {
    pub(crate) kind: ErrorKind,
    pub(crate) text: Box<str>,
    pub(crate) value: Option<Value<P>>,
    pub(crate) context: RefCell<Option<Value<P>>>,
    pub(crate) cause: RefCell<Option<Value<P>>>,
}

pub(crate) struct Callable<P: Supports> {
    pub(crate) code: Value<P>,
    pub(crate) name: Value<P>,
}

/// Code, with what its instructions name.
pub(crate) struct Units<P: Supports> {
    pub(crate) nlocalsplus: u32,
    pub(crate) stacksize: u32,
    pub(crate) units: Box<[CodeUnit]>,
    pub(crate) handlers: Box<[Handler]>,
    pub(crate) constants: Box<[Value<P>]>,
    pub(crate) natives: Box<[Native<P>]>,
}

/// A reference: bit 2 says that it is `None` or an integer, above it; otherwise a pointer.
#[repr(transparent)]
pub(crate) struct Value<P: Supports>(NonNull<Object<P>>);

const IMMEDIATE: usize = 0b100;
const NONE: usize = 0b1100;
const INTEGER: usize = 4;

impl<P: Supports> Value<P> {
    pub(crate) fn object(kind: Kind<P>) -> Self {
        OBJECTS.set(OBJECTS.get() + 1);
        let object = Object { count: Cell::new(1), is_finalized: Cell::new(false), kind };
        Value(NonNull::from(Box::leak(Box::new(object))))
    }

    pub(crate) fn text(text: &str) -> Self {
        Value::object(Kind::Text(Box::new(Text(text.into()))))
    }

    #[inline(always)]
    fn immediate(bits: usize) -> Self {
        // SAFETY: a bit is set.
        Value(unsafe { NonNull::new_unchecked(ptr::without_provenance_mut(bits | IMMEDIATE)) })
    }

    #[inline(always)]
    pub(crate) fn none() -> Self {
        Value::immediate(NONE)
    }

    #[inline(always)]
    pub(crate) fn integer(integer: i32) -> Self {
        Value::immediate((integer.cast_unsigned() as usize) << INTEGER)
    }

    #[inline(always)]
    pub(crate) fn is_none(&self) -> bool {
        self.0.addr().get() == NONE
    }

    #[inline(always)]
    fn as_object(&self) -> Option<&Object<P>> {
        if self.0.addr().get() & IMMEDIATE != 0 {
            return None;
        }
        // SAFETY: what is not immediate points to an object, which is there while it is counted.
        Some(unsafe { self.0.as_ref() })
    }

    #[inline(always)]
    pub(crate) fn kind(&self) -> Option<&Kind<P>> {
        self.as_object().map(|object| &object.kind)
    }

    /// Where the block of a generator lies behind the object.
    #[inline(always)]
    pub(crate) fn tail(&self) -> Option<NonNull<u8>> {
        match self.kind()? {
            // SAFETY: it is an object of `make`, and the block is behind it.
            Kind::Generator(_) => Some(unsafe { self.0.add(1) }.cast()),
            _ => None,
        }
    }

    pub(crate) fn generator(&self) -> &Generator<Machine<P>> {
        match self.kind() {
            Some(Kind::Generator(generator)) => generator,
            _ => panic!("the object has no body"),
        }
    }

    pub(crate) fn exception(&self) -> Option<&Exception<P>> {
        match self.kind() {
            Some(Kind::Exception(exception)) => Some(exception),
            _ => None,
        }
    }
}

impl<P: Supports> fmt::Debug for Value<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind() {
            None => "an immediate",
            Some(Kind::Text(text)) => &text.0,
            Some(Kind::Exception(exception)) => return write!(f, "{}: {}", exception.kind, exception.text),
            Some(Kind::Code(_)) => "code",
            Some(Kind::Function(_)) => "a function",
            Some(Kind::Generator(_)) => "a generator",
        })
    }
}

/// An object and, behind it, what the runtime asks for; where that begins.
fn layout<P: Supports>(tail: Layout) -> Option<(Layout, usize)> {
    Layout::new::<Object<P>>().extend(tail).ok()
}

/// Takes the memory of an object with a body, and gives its tail to the runtime.
pub(crate) fn allocate<P: Supports>(tail: Layout) -> Option<NonNull<u8>> {
    let (layout, offset) = layout::<P>(tail)?;
    // SAFETY: an object is larger than 0 bytes.
    let memory = NonNull::new(unsafe { alloc(layout) })?;
    let (now, ever) = BLOCKS.get();
    BLOCKS.set((now + 1, ever + 1));
    BYTES.set(BYTES.get() + layout.size());
    // SAFETY: the offset is within the block.
    Some(unsafe { memory.add(offset) })
}

/// Gives the memory of an object with a body back, of which this is the tail.
///
/// # Safety
///
/// It must come from [`allocate`] with this layout; the object, if it was made, must have ended.
pub(crate) unsafe fn free<P: Supports>(memory: NonNull<u8>, tail: Layout) {
    let Some((layout, offset)) = layout::<P>(tail) else { unreachable!("it was allocated with this layout") };
    let (now, ever) = BLOCKS.get();
    BLOCKS.set((now - 1, ever));
    BYTES.set(BYTES.get() - layout.size());
    // SAFETY: the tail lies so far behind the block's beginning.
    let memory = unsafe { memory.sub(offset) };
    // SAFETY: it was allocated with this layout, and nobody uses it, by the contract.
    unsafe { dealloc(memory.as_ptr(), layout) };
}

/// Makes the object of a generator, in front of its frame.
pub(crate) fn make<P: Supports>(part: Part<Machine<P>>) -> Option<Value<P>> {
    #[allow(irrefutable_let_patterns, reason = "the family has more kinds of parts than this VM")]
    let Part::Generator(generator) = part else { return None };
    OBJECTS.set(OBJECTS.get() + 1);
    let memory = generator.memory();
    let offset = Layout::new::<Object<P>>().size();
    // SAFETY: the block is one of `allocate`, and what the runtime asks for is aligned to words, as objects are.
    let place = unsafe { memory.sub(offset) }.cast::<Object<P>>();
    let object = Object { count: Cell::new(1), is_finalized: Cell::new(false), kind: Kind::Generator(generator) };
    // SAFETY: the block begins with room for an object.
    unsafe { place.write(object) };
    Some(Value(place))
}

/// The last reference to an object went.
#[cold]
#[inline(never)]
fn end<P: Supports>(at: NonNull<Object<P>>) {
    // SAFETY: nobody else has it, and it is there until it is freed below.
    let object = unsafe { at.as_ref() };
    let Kind::Generator(generator) = &object.kind else {
        OBJECTS.set(OBJECTS.get() - 1);
        // SAFETY: it came out of a box, and nobody else has it.
        return drop(unsafe { Box::from_raw(at.as_ptr()) });
    };
    if !object.is_finalized.replace(true)
        && let Some((version, stack)) = STACK.get()
        && version == TypeId::of::<P>()
    {
        object.count.set(1);
        let held = Value(at);
        // SAFETY: it is one of this version, which `with_destructors` borrows.
        let stack = unsafe { &*stack.cast::<DataStack<Machine<P>>>() };
        let _before = Reset(&ENDING, ENDING.replace(Some((version, at.cast()))));
        generator.finalize(stack, &held);
        // Ends here once more, unless somebody holds it now.
        return drop(held);
    }
    OBJECTS.set(OBJECTS.get() - 1);
    // SAFETY: the object has ended: nobody reads it again. The memory that it lies in goes with its generator.
    drop(unsafe { ptr::read(generator) });
}

/// The last reference.
pub(crate) struct Last<P: Supports>(NonNull<Object<P>>);

impl<P: Supports> Drop for Last<P> {
    #[inline(always)]
    fn drop(&mut self) {
        end(self.0);
    }
}

impl<P: Supports> Clone for Value<P> {
    #[inline(always)]
    fn clone(&self) -> Self {
        if let Some(object) = self.as_object() {
            object.count.set(object.count.get() + 1);
        }
        Value(self.0)
    }
}

impl<P: Supports> Drop for Value<P> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(object) = self.as_object() {
            let count = object.count.get() - 1;
            object.count.set(count);
            if count == 0 {
                end(self.0);
            }
        }
    }
}

// SAFETY: nothing changes once it is made, there are units, and handlers are among them and no deeper than the stack.
unsafe impl<P: Supports> FrameCode for Units<P> {
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

    fn handler_at(&self, unit: u32) -> Option<Handler> {
        self.handlers.iter().find(|handler| (handler.start..handler.end).contains(&unit)).copied()
    }

    fn is_guarded_at(&self, unit: isize) -> bool {
        u32::try_from(unit).is_ok_and(|unit| self.handler_at(unit).is_some())
    }
}

// SAFETY: a value is one pointer whose two low bits are 0: objects are aligned to 8 bytes, the others have bits above. Objects
// do not move and do not change what they are, and a function owns its name.
unsafe impl<P: Supports> vm::Value for Value<P> {
    type Last = Last<P>;
    type Code = Units<P>;

    #[inline(always)]
    fn into_raw(self) -> NonNull<()> {
        ManuallyDrop::new(self).0.cast()
    }

    #[inline(always)]
    fn as_raw(&self) -> NonNull<()> {
        self.0.cast()
    }

    #[inline(always)]
    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Value(raw.cast())
    }

    #[inline(always)]
    fn release(self) -> Option<Last<P>> {
        let object = self.as_object()?;
        let count = object.count.get() - 1;
        object.count.set(count);
        let last = (count == 0).then(|| Last(self.0));
        forget(self);
        last
    }

    #[inline(always)]
    fn as_code(&self) -> Option<&Units<P>> {
        match self.kind()? {
            Kind::Code(code) => Some(code),
            _ => None,
        }
    }

    #[inline(always)]
    fn as_function(&self) -> Option<Function<'_, Self>> {
        match self.kind()? {
            Kind::Function(function) => {
                Some(Function { code: &function.code, globals: Some(&function.name), builtins: None, closure: &[] })
            }
            _ => None,
        }
    }
}
