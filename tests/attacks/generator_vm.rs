//! A VM with generators that keeps its contracts, lets a test do something wherever the runtime asks it for something, and
//! runs bodies that a test gives it.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};
use std::sync::Mutex;

use frame_runtime::bounds::Checked;
use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::generator::{
    ErrorKind, Generator, GeneratorObjects, GeneratorVm, Hooks, Machines, Method, Names, Origin, Part, PartRef, Resume,
    Slot, Started, Thrown, While, Yield,
};
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Created, Flavour, Suspended, SuspendedYieldFrom};
use frame_runtime::machine::owner;
use frame_runtime::ops::Passed;
use frame_runtime::running::{Returned, Running};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use frame_runtime::visit::Visit;
use frame_runtime::vm::{self, CodeUnit, FrameCode, FrameVm, Function, Vm};

/// A stack of this VM.
pub(crate) type Stack<P> = DataStack<Machine<P>>;
/// A frame of a generator that runs.
pub(crate) type Body<'t, P> = Running<'t, Machine<P>, owner::Generator>;
/// What running a frame came to.
pub(crate) type Ran<P> = Result<Value<P>, Value<P>>;

/// Where the runtime asks the VM for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Make,
    Names,
    Shim,
    Exception,
    Context,
    Instantiate,
    Lookup,
    Call,
    Warn,
    Unraisable,
    Object,
    Allocate,
}

/// What only looks at something, and should run nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Question {
    None,
    IsNone,
    TypeName,
    Text,
    HasSlot,
    HasVirtualIterator,
    TupleItems,
    StopValue,
    IsException,
    IsExceptionClass,
    ExceptionClass,
    Thrown,
    IsTraceback,
    Hooks,
    IsTraced,
    OriginDepth,
    Machines,
}

/// Asked a question, a VM does something. Says whether its answer is a wrong one.
type Answer = Rc<dyn Fn(Question) -> bool>;

thread_local! {
    /// Done whenever the runtime asks a question, before that is answered.
    pub(crate) static ASKED: RefCell<Option<Answer>> = const { RefCell::new(None) };
    /// Objects that exist.
    pub(crate) static ALIVE: Cell<isize> = const { Cell::new(0) };
    /// Where they are.
    static ADDRESSES: RefCell<BTreeSet<usize>> = const { RefCell::new(BTreeSet::new()) };
    /// Done whenever a frame gets what the VM adds, or an object ends.
    pub(crate) static WILD: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// A question is asked: whether the answer is to be a wrong one.
fn lies(question: Question) -> bool {
    match ASKED.try_with(|asked| asked.borrow().clone()).ok().flatten() {
        Some(answer) => answer(question),
        None => {
            do_wild();
            false
        }
    }
}

fn do_wild() {
    if let Some(wild) = WILD.try_with(|wild| wild.borrow().clone()).ok().flatten() {
        wild();
    }
}

/// Objects that were lost with the handle of their frame. The leak sanitizer looks here.
static LOST: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Objects that exist are lost.
pub(crate) fn lose_all() {
    ALIVE.set(0);
    LOST.lock().expect("nobody panics with it").extend(ADDRESSES.take());
}

type Hook = Box<dyn FnOnce()>;
type WildRun<P> = Rc<dyn for<'t> Fn(Entry<'t, Machine<P>>, Resume<Machine<P>>) -> Ran<P>>;
type Loop<P> = Box<dyn for<'t> FnOnce(Entry<'t, Machine<P>>, Resume<Machine<P>>) -> Ran<P>>;

pub(crate) struct Machine<P: Python> {
    /// Objects that were made, as long as they are there.
    pub(crate) made: RefCell<Vec<Weak<Object<P>>>>,
    none: Value<P>,
    /// Done whenever the runtime asks for something and nothing else is to be done.
    pub(crate) wild: RefCell<Option<Rc<dyn Fn()>>>,
    /// How all generators run for which nothing else was given.
    pub(crate) wild_run: RefCell<Option<WildRun<P>>>,
    hooks: RefCell<Vec<(Point, Hook)>>,
    loops: RefCell<VecDeque<Loop<P>>>,
}

impl<P: Python> Machine<P> {
    pub(crate) fn new() -> Self {
        let none = Value::new("None");
        Machine {
            made: RefCell::default(),
            none,
            wild: RefCell::default(),
            wild_run: RefCell::default(),
            hooks: RefCell::default(),
            loops: RefCell::default(),
        }
    }

    /// Does this when the runtime asks for that, once.
    pub(crate) fn on(&self, point: Point, hook: impl FnOnce() + 'static) {
        self.hooks.borrow_mut().push((point, Box::new(hook)));
    }

    fn at(&self, point: Point) {
        let mut hooks = self.hooks.borrow_mut();
        let found = hooks.iter().position(|(known, _)| *known == point).map(|index| hooks.remove(index).1);
        drop(hooks);
        let wild = self.wild.borrow().clone();
        match (found, wild) {
            (Some(hook), _) => hook(),
            (None, Some(wild)) => wild(),
            (None, None) => {}
        }
    }

    /// Nothing is done any more that was not done yet.
    pub(crate) fn forget(&self) {
        let (hooks, loops) = (self.hooks.take(), self.loops.take());
        drop((hooks, loops, self.wild.take(), self.wild_run.take()));
    }

    /// The next generator that is resumed runs like this.
    pub(crate) fn next_run(
        &self,
        run: impl for<'t> FnOnce(Entry<'t, Machine<P>>, Resume<Machine<P>>) -> Ran<P> + 'static,
    ) {
        self.loops.borrow_mut().push_back(Box::new(run));
    }

    /// The same of one that starts, into which nothing is thrown.
    pub(crate) fn next_body(&self, body: impl for<'t> FnOnce(Body<'t, P>) -> Ran<P> + 'static) {
        self.next_run(move |entry, resume| match resume.start(entry) {
            Started::Sent(mut frame) => {
                drop(frame.pop());
                body(frame)
            }
            Started::Thrown(frame, exception) => raise(frame, exception),
        });
    }
}

/// Yields.
pub(crate) fn give<P: Python>(mut frame: Body<'_, P>, value: Value<P>, what: Yield) -> Ran<P> {
    frame.fetch();
    frame.push(StackRef::owned(value));
    left(frame.yield_value(what))
}

/// Returns.
pub(crate) fn finish<P: Python>(mut frame: Body<'_, P>, value: Value<P>) -> Ran<P> {
    frame.fetch();
    frame.push(StackRef::owned(value));
    left(frame.return_from_body())
}

/// Delegates to something, which yielded `value`.
pub(crate) fn delegate<P: Python>(mut frame: Body<'_, P>, to: Value<P>, value: Value<P>) -> Ran<P> {
    frame.push(StackRef::owned(to));
    if P::LAYOUT.minor() >= 15 {
        frame.push(StackRef::null());
    }
    give(frame, value, Yield::From)
}

/// An exception leaves the body.
pub(crate) fn raise<P: Python>(frame: Body<'_, P>, exception: Value<P>) -> Ran<P> {
    assert!(matches!(frame.raise_from_body(), Returned::Left(_)), "the entry is left");
    Err(exception)
}

fn left<P: Python>(passed: Passed<'_, Machine<P>, Checked>) -> Ran<P> {
    match passed.break_value() {
        Some((_, value)) => Ok(value.into_value().expect("a value")),
        None => panic!("the entry is left"),
    }
}

impl<P: Python> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = Extra;
}

pub(crate) struct Extra;

impl Default for Extra {
    fn default() -> Self {
        do_wild();
        Extra
    }
}

// SAFETY: a frame object is where it was put, in one object; a count of 1 is unique; memory is the default's.
unsafe impl<P: Python> FrameVm for Machine<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = &object.0.kind { Some(frame) } else { None }
    }

    fn make_frame_object(&self, frame: FrameObject<Self>) -> Option<Value<P>> {
        self.at(Point::Object);
        let made = Value::object("frame", Kind::Frame(frame));
        self.made.borrow_mut().push(made.weak());
        Some(made)
    }

    fn is_unique(object: &Value<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }

    fn allocate_generator(&self, layout: std::alloc::Layout) -> Option<NonNull<u8>> {
        self.at(Point::Allocate);
        // SAFETY: what lies in front of a frame is larger than 0 bytes.
        NonNull::new(unsafe { std::alloc::alloc(layout) })
    }
}

// SAFETY: an object has its part from the beginning to the end.
unsafe impl<P: Python> GeneratorObjects for Machine<P> {
    fn part(object: &Value<P>) -> Option<PartRef<'_, Self>> {
        if let Kind::Part(part) = &object.0.kind { Some(part.as_ref()) } else { None }
    }

    fn make_part(&self, part: Part<Self>) -> Option<Value<P>> {
        self.at(Point::Make);
        let made = Value::object("part", Kind::Part(part));
        self.made.borrow_mut().push(made.weak());
        Some(made)
    }
}

impl<P: Python> GeneratorVm for Machine<P> {
    fn names(&self, _: &Value<P>) -> Names<Value<P>> {
        self.at(Point::Names);
        names()
    }

    fn shim(&self) -> Value<P> {
        self.at(Point::Shim);
        Value::new("shim")
    }

    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Ran<P> {
        let next = entry.stack().vm().loops.borrow_mut().pop_front();
        let wild = entry.stack().vm().wild_run.borrow().clone();
        let Some(run) = next else {
            if let Some(run) = wild {
                return run(entry, resume);
            }
            return match resume.start(entry) {
                Started::Sent(mut frame) => {
                    let sent = frame.pop();
                    give(frame, sent.into_value().expect("a value"), Yield::Own)
                }
                Started::Thrown(frame, exception) => raise(frame, exception),
            };
        };
        run(entry, resume)
    }

    fn none(&self) -> Value<P> {
        if lies(Question::None) { Value::new("no None") } else { self.none.clone() }
    }

    fn is_none(&self, object: &Value<P>) -> bool {
        lies(Question::IsNone) != (object.address() == self.none.address())
    }

    fn type_name<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        lies(Question::TypeName);
        Cow::Borrowed(object.name())
    }

    fn text<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        lies(Question::Text);
        Cow::Borrowed(object.name())
    }

    fn has_slot(&self, _: &Value<P>, _: Slot) -> bool {
        lies(Question::HasSlot)
    }

    fn has_virtual_iterator(&self, _: &Value<P>) -> bool {
        lies(Question::HasVirtualIterator)
    }

    fn tuple_items(&self, object: &Value<P>) -> Option<Vec<Value<P>>> {
        lies(Question::TupleItems).then(|| vec![object.clone(), object.clone()])
    }

    fn is_traceback(&self, _: &Value<P>) -> bool {
        lies(Question::IsTraceback)
    }

    fn asyncgen_hooks(&self) -> Hooks<Value<P>> {
        let hook = || Some(Value::new("hook"));
        if lies(Question::Hooks) { Hooks { firstiter: hook(), finalizer: hook() } } else { Hooks::default() }
    }

    fn is_traced(&self) -> bool {
        lies(Question::IsTraced)
    }

    fn origin_depth(&self) -> usize {
        usize::from(lies(Question::OriginDepth))
    }

    fn make_origin(&self, frames: &[Origin<Value<P>>]) -> Option<Value<P>> {
        frames.first().map(|frame| frame.code.clone())
    }

    fn machines() -> &'static Machines {
        // Other machines would be another VM's.
        lies(Question::Machines);
        const { &Machines::of::<P>() }
    }

    fn lookup(&self, _: &DataStack<Self>, object: &Value<P>, _: Method) -> Result<Option<Value<P>>, Value<P>> {
        self.at(Point::Lookup);
        Ok(Some(object.clone()))
    }

    fn call(&self, _: &DataStack<Self>, callable: &Value<P>, _: &[Value<P>]) -> Ran<P> {
        self.at(Point::Call);
        Ok(callable.clone())
    }

    fn exception_class(&self, kind: ErrorKind) -> Value<P> {
        if lies(Question::ExceptionClass) {
            return Value::new("no class");
        }
        Value::class(kind)
    }

    fn make_exception(&self, kind: ErrorKind, _: &str) -> Value<P> {
        self.at(Point::Exception);
        Value::error(kind)
    }

    fn make_stop(&self, kind: ErrorKind, value: Option<Value<P>>) -> Value<P> {
        self.at(Point::Exception);
        Value::object(kind.name(), Kind::Error(kind, value))
    }

    fn stop_value(&self, exception: &Value<P>) -> Value<P> {
        match &exception.0.kind {
            _ if lies(Question::StopValue) => Value::new("another value"),
            Kind::Error(_, Some(value)) => value.clone(),
            _ => self.none.clone(),
        }
    }

    fn is_exception(&self, object: &Value<P>, kind: ErrorKind) -> bool {
        lies(Question::IsException) != (object.error_kind() == Some(kind))
    }

    fn is_exception_class(&self, class: &Value<P>, kind: ErrorKind) -> bool {
        lies(Question::IsExceptionClass) != matches!(class.0.kind, Kind::Class(known) if known == kind)
    }

    fn thrown(&self, object: &Value<P>) -> Thrown {
        match (lies(Question::Thrown), &object.0.kind) {
            (false, Kind::Class(_)) => Thrown::Class,
            (false, Kind::Error(..)) => Thrown::Instance,
            (false, _) => Thrown::Other,
            (true, Kind::Class(_)) => Thrown::Instance,
            (true, _) => Thrown::Class,
        }
    }

    fn instantiate(&self, _: &DataStack<Self>, class: &Value<P>, _: Option<Value<P>>) -> Ran<P> {
        self.at(Point::Instantiate);
        if let Kind::Class(kind) = class.0.kind { Ok(Value::error(kind)) } else { Err(class.clone()) }
    }

    fn set_context(&self, _: &Value<P>, _: Value<P>) {
        self.at(Point::Context);
    }

    fn warn(&self, _: &DataStack<Self>, _: ErrorKind, _: &str, _: Option<&Value<P>>) -> Result<(), Value<P>> {
        self.at(Point::Warn);
        Ok(())
    }

    fn unraisable(&self, _: &DataStack<Self>, _: Value<P>, _: While, _: &Value<P>) {
        self.at(Point::Unraisable);
    }
}

/// The names of a generator.
pub(crate) fn names<P: Python>() -> Names<Value<P>> {
    Names { name: Value::new("name"), qualname: Value::new("qualname") }
}

#[repr(align(8))]
pub(crate) struct Object<P: Python> {
    kind: Kind<P>,
    name: String,
    python: PhantomData<P>,
}

impl<P: Python> Drop for Object<P> {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        let _ = ADDRESSES.try_with(|all| all.borrow_mut().remove(&std::ptr::from_ref(self).addr()));
        // By the contract a part goes before anything else.
        let is_part = matches!(self.kind, Kind::Part(_));
        if !is_part {
            do_wild();
        }
    }
}

enum Kind<P: Python> {
    Plain,
    Code { nlocalsplus: u32, stacksize: u32, units: Vec<CodeUnit> },
    Function { code: Value<P>, globals: Value<P> },
    Frame(FrameObject<Machine<P>>),
    Part(Part<Machine<P>>),
    Class(ErrorKind),
    Error(ErrorKind, Option<Value<P>>),
}

pub(crate) struct Value<P: Python>(Rc<Object<P>>);

impl<P: Python> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(Rc::clone(&self.0))
    }
}

impl<P: Python> Value<P> {
    fn object(name: &str, kind: Kind<P>) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let made = Value(Rc::new(Object { kind, name: name.to_owned(), python: PhantomData }));
        ADDRESSES.with_borrow_mut(|all| all.insert(made.address()));
        made
    }

    pub(crate) fn new(name: &str) -> Self {
        Self::object(name, Kind::Plain)
    }

    pub(crate) fn class(kind: ErrorKind) -> Self {
        Self::object(kind.name(), Kind::Class(kind))
    }

    pub(crate) fn error(kind: ErrorKind) -> Self {
        Self::object(kind.name(), Kind::Error(kind, None))
    }

    pub(crate) fn function(nlocalsplus: u32, stacksize: u32) -> Self {
        let units = (0..40).map(|index| CodeUnit::new(7, index)).collect();
        let code = Self::object("code", Kind::Code { nlocalsplus, stacksize, units });
        Self::object("function", Kind::Function { code, globals: Self::new("globals") })
    }

    pub(crate) fn slot(self) -> StackRef<Machine<P>> {
        StackRef::owned(self)
    }

    /// An object with a generator in it.
    pub(crate) fn generator(generator: Generator<Machine<P>>) -> Self {
        Self::object("generator", Kind::Part(Part::Generator(generator)))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn count(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    pub(crate) fn error_kind(&self) -> Option<ErrorKind> {
        if let Kind::Error(kind, _) = self.0.kind { Some(kind) } else { None }
    }

    /// Drops a reference that was lost as well.
    pub(crate) fn drop_twice(self) {
        // SAFETY: whoever had the other one does not use it any more.
        drop(unsafe { Rc::from_raw(Rc::as_ptr(&self.0)) });
    }

    /// The runtime's part of it.
    pub(crate) fn part(&self) -> Option<PartRef<'_, Machine<P>>> {
        Machine::part(self)
    }

    /// Another reference, unless it is gone.
    pub(crate) fn weak(&self) -> Weak<Object<P>> {
        Rc::downgrade(&self.0)
    }

    /// The object, if it is still there.
    pub(crate) fn upgrade(weak: &Weak<Object<P>>) -> Option<Self> {
        weak.upgrade().map(Value)
    }

    /// Shows what it refers to.
    pub(crate) fn visit(&self, visit: &mut dyn Visit<Machine<P>>) {
        match &self.0.kind {
            Kind::Frame(frame) => frame.visit(visit),
            Kind::Part(part) => part.as_ref().visit(visit),
            _ => {}
        }
    }

    /// The generator in it.
    pub(crate) fn get(&self) -> &Generator<Machine<P>> {
        if let Kind::Part(Part::Generator(generator)) = &self.0.kind { generator } else { panic!("no generator") }
    }

    /// Whether it is a frame object.
    pub(crate) fn is_frame(&self) -> bool {
        matches!(self.0.kind, Kind::Frame(_))
    }

    pub(crate) fn frame(&self) -> &FrameObject<Machine<P>> {
        if let Kind::Frame(frame) = &self.0.kind { frame } else { panic!("no frame object") }
    }
}

// SAFETY: nothing changes, and code has units.
unsafe impl<P: Python> FrameCode for Object<P> {
    fn nlocalsplus(&self) -> u32 {
        if let Kind::Code { nlocalsplus, .. } = self.kind { nlocalsplus } else { 0 }
    }

    fn stacksize(&self) -> u32 {
        if let Kind::Code { stacksize, .. } = self.kind { stacksize } else { 0 }
    }

    fn units(&self) -> &[CodeUnit] {
        if let Kind::Code { units, .. } = &self.kind { units } else { &[] }
    }

    fn after_delegation(&self, unit: u32) -> Option<u32> {
        Some(unit + 1)
    }
}

// SAFETY: an `Rc` is one pointer, to an object aligned to 8 bytes that neither moves nor changes. A function owns its
// globals.
unsafe impl<P: Python> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Object<P>;

    fn into_raw(self) -> NonNull<()> {
        vm::Value::as_raw(&*ManuallyDrop::new(self))
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is that of an `Rc`, by the contract.
        Value(unsafe { Rc::from_raw(raw.as_ptr().cast()) })
    }

    fn release(self) -> Option<Self> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Object<P>> {
        matches!(self.0.kind, Kind::Code { .. }).then_some(&*self.0)
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function { code, globals } = &self.0.kind else { return None };
        Some(Function { code, globals: Some(globals), builtins: None, closure: &[] })
    }
}

/// A version that is attacked: what needs to be known of its transitions at compile time.
pub(crate) trait Python: Activation {
    /// Moves a frame off the data stack.
    fn make_generator(frame: Running<'_, Machine<Self>>) -> GeneratorFrame<Machine<Self>, Created>;

    /// `RETURN_GENERATOR`
    fn return_generator(frame: Running<'_, Machine<Self>>, flavour: Flavour) -> Ran<Self>;

    /// Takes the frame of a generator that waits, also of one that delegates.
    fn take(generator: &Generator<Machine<Self>>) -> Option<GeneratorFrame<Machine<Self>, Suspended>>;

    /// Resumes a frame that somebody took.
    fn resume(entry: Entry<'_, Machine<Self>>, key: GeneratorFrame<Machine<Self>, Suspended>) -> Body<'_, Self>;
}

macro_rules! python {
    ($($python:ident: $delegating:ident),+) => {
        $(impl Python for $python {
            fn make_generator(frame: Running<'_, Machine<Self>>) -> GeneratorFrame<Machine<Self>, Created> {
                let frame = by_thread(frame);
                let Ok((_, made)) = frame.make_generator() else { panic!("memory") };
                made
            }

            fn return_generator(frame: Running<'_, Machine<Self>>, flavour: Flavour) -> Ran<Self> {
                match by_thread(frame).return_generator(flavour) {
                    Ok(passed) => left(passed),
                    Err((_, exception)) => Err(exception),
                }
            }

            fn take(generator: &Generator<Machine<Self>>) -> Option<GeneratorFrame<Machine<Self>, Suspended>> {
                let delegating = || generator.take::<$delegating>().map(GeneratorFrame::transition);
                generator.take::<Suspended>().or_else(delegating)
            }

            fn resume(entry: Entry<'_, Machine<Self>>, key: GeneratorFrame<Machine<Self>, Suspended>) -> Body<'_, Self> {
                let Ok(frame) = entry.send(key) else { panic!("room") };
                frame
            }
        })+
    };
}

python!(
    Cpython3_11: Suspended,
    Cpython3_12: Suspended,
    Cpython3_13: SuspendedYieldFrom,
    Cpython3_14: SuspendedYieldFrom,
    Cpython3_15: SuspendedYieldFrom
);

fn by_thread<P: Python>(frame: Running<'_, Machine<P>>) -> Running<'_, Machine<P>, owner::Thread> {
    match frame.by_owner() {
        frame_runtime::running::ByOwner::Thread(frame) => frame,
        frame_runtime::running::ByOwner::Generator(_) => panic!("on the stack"),
    }
}
