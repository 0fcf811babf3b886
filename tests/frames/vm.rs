//! A VM over `Rc` whose frames run scripts: the objects that scenarios name, and what the runtime asks of them.

use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::frame_object::FrameObject;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::layout::Layout;
use frame_runtime::machine::State;
use frame_runtime::machine::generator::{Cleared, Created, Executing, Machine as Life, Suspended};
use frame_runtime::table::{ExceptionTable, Handler, LineTable};
use frame_runtime::unwind::TracebackEntry;
use frame_runtime::vm::{self, CodeUnit, FrameCode, Function, Vm};
use serde_json::{Value as Json, json};

use crate::body::Body;
use crate::driver::{self, Python};
use crate::script;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

/// Objects that are there.
pub(crate) fn live() -> usize {
    LIVE.get()
}

/// The VM with the frames of version `P`.
pub(crate) struct Machine<P: Python>(Weak<World<P>>);

impl<P: Python> Vm for Machine<P> {
    type Python = P;
    type Value = Value<P>;
    type FrameExtra = ();
}

// SAFETY: an object is what it is from the beginning to the end, `Rc` counts, and nothing that is asked here runs anything.
unsafe impl<P: Python> vm::FrameVm for Machine<P> {
    fn frame_object(object: &Value<P>) -> Option<&FrameObject<Self>> {
        if let Kind::Frame(frame) = object.kind() { Some(frame) } else { None }
    }

    fn make_frame_object(&self, object: FrameObject<Self>) -> Option<Value<P>> {
        let world = self.0.upgrade()?;
        // An allocation is when a collection is due.
        if world.collecting.take() {
            drop(world.garbage.take());
        }
        Some(Value::new(&world, Kind::Frame(object)))
    }

    fn is_unique(object: &Value<P>) -> bool {
        Rc::strong_count(&object.0) == 1
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Value<P>> {
        Some(Value::new(&self.0.upgrade()?, Kind::Plain(json!(unit))))
    }

    fn instruction_index(object: &Value<P>) -> Option<u32> {
        if let Kind::Plain(json) = object.kind() { u32::try_from(json.as_u64()?).ok() } else { None }
    }

    fn make_cell(&self, content: Option<Value<P>>) -> Option<Value<P>> {
        Some(Value::new(&self.0.upgrade()?, Kind::Cell(RefCell::new(content))))
    }
}

/// The frame of a generator that does not run, by its state.
pub(crate) enum Waiting<P: Python> {
    Created(GeneratorFrame<Machine<P>, Created>),
    Suspended(GeneratorFrame<Machine<P>, Suspended>),
    Delegating(GeneratorFrame<Machine<P>, P::Delegating>),
    /// What it delegates to handles something, and it is in no chain.
    Executing(GeneratorFrame<Machine<P>, Executing>),
    /// Closed before it began, with all that it holds.
    Completed(GeneratorFrame<Machine<P>, P::Completed>),
    Cleared(GeneratorFrame<Machine<P>, Cleared>),
}

/// A generator, coroutine or async generator.
pub(crate) struct Generator<P: Python> {
    pub(crate) flavour: u8,
    pub(crate) body: Rc<Body>,
    /// `None` while the frame runs.
    pub(crate) frame: RefCell<Option<Waiting<P>>>,
    pub(crate) state: Cell<State<Life>>,
}

/// An exception.
pub(crate) struct Exception<P: Python> {
    pub(crate) kind: String,
    pub(crate) message: String,
    /// What a `StopIteration` carries.
    pub(crate) value: Json,
    /// The one that raised comes first. So they go, too: each entry of a traceback is held by the one of the caller.
    pub(crate) entries: RefCell<Vec<TracebackEntry<Value<P>>>>,
    #[expect(dead_code, reason = "what is held counts")]
    pub(crate) context: Option<Value<P>>,
}

/// A function.
pub(crate) struct Callable<P: Python> {
    code: UnsafeCell<Value<P>>,
    globals: Value<P>,
    builtins: Value<P>,
    closure: Vec<Value<P>>,
    pub(crate) body: Rc<Body>,
}

impl<P: Python> Drop for Callable<P> {
    fn drop(&mut self) {
        // A tuple drops its last item first.
        while let Some(cell) = self.closure.pop() {
            drop(cell);
        }
    }
}

/// A code object: one that is made for a script, or one with tables as an interpreter had them.
#[derive(Default)]
pub(crate) struct Code {
    pub(crate) name: String,
    pub(crate) nlocalsplus: u32,
    pub(crate) stacksize: u32,
    pub(crate) units: Vec<CodeUnit>,
    pub(crate) first_traceable: usize,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) tables: Option<Tables>,
}

/// The tables of a code object of an interpreter.
pub(crate) struct Tables {
    pub(crate) layout: &'static Layout,
    pub(crate) lines: Vec<u8>,
    pub(crate) firstlineno: i32,
    pub(crate) exceptions: Vec<u8>,
}

// SAFETY: nothing changes, and there is at least one unit. Handlers are those of a body, or of a table that a compiler made.
unsafe impl FrameCode for Code {
    fn nlocalsplus(&self) -> u32 {
        self.nlocalsplus
    }

    fn stacksize(&self) -> u32 {
        self.stacksize
    }

    fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    fn first_traceable(&self) -> usize {
        self.first_traceable
    }

    fn line_at(&self, lasti: i32) -> Option<i32> {
        let tables = self.tables.as_ref()?;
        let table = LineTable::new(tables.layout, &tables.lines, tables.firstlineno, 2 * self.units.len());
        table.line_at(lasti).ok().flatten()
    }

    fn handler_at(&self, unit: u32) -> Option<Handler> {
        match &self.tables {
            Some(tables) => ExceptionTable::new(&tables.exceptions).find(unit).ok().flatten(),
            None => self.handlers.iter().find(|handler| (handler.start..handler.end).contains(&unit)).copied(),
        }
    }
}

/// What an object is.
pub(crate) enum Kind<P: Python> {
    /// What JSON can say; for objects that scenarios name, nothing.
    Plain(Json),
    Code(Code),
    Function(Callable<P>),
    Cell(RefCell<Option<Value<P>>>),
    Frame(FrameObject<Machine<P>>),
    Generator(Generator<P>),
    Exception(Exception<P>),
    /// What it holds goes in this order.
    Dict(#[expect(dead_code, reason = "what is held counts")] Vec<Value<P>>),
    /// An iterator in native code whose methods `throw` and `close` are a body.
    Delegate(String),
    /// An iterator in native code that gives one value and then ends.
    Pause(Cell<bool>),
}

/// What is behind a reference.
#[repr(align(8))]
pub(crate) struct Object<P: Python> {
    world: Weak<World<P>>,
    /// What is logged when it dies.
    name: OnceCell<String>,
    /// The body that runs when it dies, with the object as its argument.
    finalizer: Option<String>,
    ended: Cell<bool>,
    kind: Kind<P>,
}

impl<P: Python> Drop for Object<P> {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

/// A reference. Dropping the last one finalizes the object first, once.
pub(crate) struct Value<P: Python>(ManuallyDrop<Rc<Object<P>>>);

impl<P: Python> Clone for Value<P> {
    fn clone(&self) -> Self {
        Value(ManuallyDrop::new(Rc::clone(&self.0)))
    }
}

impl<P: Python> Drop for Value<P> {
    fn drop(&mut self) {
        if Rc::strong_count(&self.0) == 1 && !self.0.ended.replace(true) {
            self.finalize();
        }
        // SAFETY: it is dropped once, here, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

impl<P: Python> Value<P> {
    fn object(world: &Rc<World<P>>, kind: Kind<P>, name: Option<&str>, finalizer: Option<&str>) -> Value<P> {
        LIVE.set(LIVE.get() + 1);
        let named = OnceCell::new();
        if let Some(name) = name {
            let _ = named.set(name.to_owned());
        }
        let finalizer = finalizer.map(str::to_owned);
        let world = Rc::downgrade(world);
        Value(ManuallyDrop::new(Rc::new(Object { world, name: named, finalizer, ended: Cell::new(false), kind })))
    }

    /// An object whose death nobody hears of.
    pub(crate) fn new(world: &Rc<World<P>>, kind: Kind<P>) -> Value<P> {
        Value::object(world, kind, None, None)
    }

    /// An object that says when it dies.
    pub(crate) fn watched(world: &Rc<World<P>>, kind: Kind<P>, name: &str) -> Value<P> {
        Value::object(world, kind, Some(name), None)
    }

    /// An object of a scenario; what is done when it dies is said by a body, which logs it first.
    pub(crate) fn named(world: &Rc<World<P>>, name: &str, finalizer: Option<&str>) -> Value<P> {
        Value::object(world, Kind::Plain(json!({ "object": name })), Some(name), finalizer)
    }

    pub(crate) fn kind(&self) -> &Kind<P> {
        &self.0.kind
    }

    /// The name under which its death is logged.
    pub(crate) fn name(&self) -> &str {
        self.0.name.get().map_or("", String::as_str)
    }

    /// From now on it says when it dies.
    pub(crate) fn watch(&self, name: &str) {
        let _ = self.0.name.set(name.to_owned());
    }

    /// Whether both refer to one object.
    pub(crate) fn same(&self, other: &Value<P>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn frame(&self) -> &FrameObject<Machine<P>> {
        if let Kind::Frame(frame) = self.kind() { frame } else { panic!("no frame object") }
    }

    pub(crate) fn generator(&self) -> &Generator<P> {
        if let Kind::Generator(generator) = self.kind() { generator } else { panic!("no generator") }
    }

    pub(crate) fn exception(&self) -> &Exception<P> {
        if let Kind::Exception(exception) = self.kind() { exception } else { panic!("no exception") }
    }

    pub(crate) fn callable(&self) -> &Callable<P> {
        if let Kind::Function(callable) = self.kind() { callable } else { panic!("no function") }
    }

    pub(crate) fn code(&self) -> &Code {
        if let Kind::Code(code) = self.kind() { code } else { panic!("no code") }
    }

    fn finalize(&self) {
        let Some(world) = self.0.world.upgrade() else { return };
        if let Some(finalizer) = &self.0.finalizer {
            let called = script::call_native(&world, &world.stack, &world.function(finalizer), vec![self.clone()]);
            if let Err(error) = called {
                world.unraisable(&error);
            }
        } else if let Some(name) = self.0.name.get() {
            world.tell(json!(["dies", name]));
        }
        if let Kind::Generator(_) = self.kind() {
            driver::finalize(&world, &world.stack, self);
        }
    }
}

// SAFETY: an `Rc` is one pointer; to an object aligned to 8 bytes, which neither moves nor changes what it is. A function
// owns its globals and builtins.
unsafe impl<P: Python> vm::Value for Value<P> {
    type Last = Value<P>;
    type Code = Code;

    fn into_raw(self) -> NonNull<()> {
        let raw = self.as_raw();
        std::mem::forget(self);
        raw
    }

    fn as_raw(&self) -> NonNull<()> {
        NonNull::new(Rc::as_ptr(&self.0).cast_mut().cast()).expect("no null pointer")
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is that of an `Rc` that was forgotten, by the contract.
        Value(ManuallyDrop::new(unsafe { Rc::from_raw(raw.as_ptr().cast()) }))
    }

    fn release(self) -> Option<Value<P>> {
        (Rc::strong_count(&self.0) == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Code> {
        if let Kind::Code(code) = self.kind() { Some(code) } else { None }
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Kind::Function(callable) = self.kind() else { return None };
        // SAFETY: it is changed by `detach` alone, which nothing that has a reference calls.
        let code = unsafe { &*callable.code.get() };
        let (globals, builtins) = (Some(&callable.globals), Some(&callable.builtins));
        Some(Function { code, globals, builtins, closure: &callable.closure })
    }
}

/// What a scenario happens in.
pub(crate) struct World<P: Python> {
    pub(crate) stack: DataStack<Machine<P>>,
    pub(crate) bodies: BTreeMap<String, Rc<Body>>,
    functions: RefCell<BTreeMap<String, Value<P>>>,
    /// Globals, and builtins.
    spaces: OnceCell<[Value<P>; 2]>,
    log: RefCell<Vec<Json>>,
    kept: RefCell<Vec<(String, Value<P>)>>,
    pub(crate) garbage: RefCell<Vec<Value<P>>>,
    pub(crate) collecting: Cell<bool>,
    pub(crate) count: Cell<u64>,
    pub(crate) late: RefCell<Option<script::Late<P>>>,
}

impl<P: Python> World<P> {
    pub(crate) fn new(bodies: Vec<Body>) -> Rc<World<P>> {
        let bodies: BTreeMap<_, _> = bodies.into_iter().map(|body| (body.name.clone(), Rc::new(body))).collect();
        let world = Rc::new_cyclic(|world| World {
            stack: DataStack::new(Machine(Weak::clone(world)), Limits::default()),
            bodies,
            functions: RefCell::default(),
            spaces: OnceCell::new(),
            log: RefCell::default(),
            kept: RefCell::default(),
            garbage: RefCell::default(),
            collecting: Cell::default(),
            count: Cell::default(),
            late: RefCell::default(),
        });
        let spaces = ["globals", "builtins"].map(|name| Value::new(&world, Kind::Plain(json!(name))));
        let _ = world.spaces.set(spaces);
        for (name, body) in &world.bodies {
            let code = Value::new(&world, Kind::Code(body.code::<P>()));
            let function = Value::new(&world, world.make_function(code, body));
            world.functions.borrow_mut().insert(name.clone(), function);
        }
        world
    }

    /// The function among the globals.
    pub(crate) fn function(&self, name: &str) -> Value<P> {
        let found = self.functions.borrow().get(name).cloned();
        found.unwrap_or_else(|| panic!("no function {name}"))
    }

    pub(crate) fn spaces(&self) -> &[Value<P>; 2] {
        self.spaces.get().expect("they are there from the beginning")
    }

    fn make_function(self: &Rc<Self>, code: Value<P>, body: &Rc<Body>) -> Kind<P> {
        let cells = body.free.iter().map(|name| {
            let content = Value::named(self, name, None);
            Value::new(self, Kind::Cell(RefCell::new(Some(content))))
        });
        let [globals, builtins] = self.spaces().clone();
        let code = UnsafeCell::new(code);
        Kind::Function(Callable { code, globals, builtins, closure: cells.collect(), body: Rc::clone(body) })
    }

    /// A code object of its own.
    pub(crate) fn own_code(self: &Rc<Self>, name: &str) -> Value<P> {
        Value::watched(self, Kind::Code(self.bodies[name].code::<P>()), &format!("code of {name}"))
    }

    /// A function and a code object of its own.
    pub(crate) fn alone(self: &Rc<Self>, name: &str) -> Value<P> {
        let kind = self.make_function(self.own_code(name), &self.bodies[name]);
        Value::watched(self, kind, &format!("function of {name}"))
    }

    /// A function of a code object, as `exec()` makes it.
    pub(crate) fn function_of(self: &Rc<Self>, name: &str, code: &Value<P>) -> Value<P> {
        Value::new(self, self.make_function(code.clone(), &self.bodies[name]))
    }

    /// A function of code that an interpreter compiled.
    pub(crate) fn bare(self: &Rc<Self>, code: Code) -> Value<P> {
        let code = Value::new(self, Kind::Code(code));
        Value::new(self, self.make_function(code, &Rc::new(Body::default())))
    }

    /// The function lets go of its code, and takes that of the one among the globals.
    pub(crate) fn detach(&self, function: &Value<P>, name: &str) {
        let other = self.function(name);
        let callable = function.callable();
        // SAFETY: the reference is used for one clone.
        let code = unsafe { &*other.callable().code.get() }.clone();
        // SAFETY: nobody has a reference to the old one: what `as_function` lends is used up before anything else is done.
        let old = unsafe { std::mem::replace(&mut *callable.code.get(), code) };
        drop(old);
    }

    pub(crate) fn tell(&self, row: Json) {
        self.log.borrow_mut().push(row);
    }

    pub(crate) fn log(&self) -> Vec<Json> {
        self.log.take()
    }

    pub(crate) fn unraisable(&self, error: &Value<P>) {
        let error = error.exception();
        self.tell(json!(["unraisable", error.kind, error.message]));
    }

    /// What a register holds.
    pub(crate) fn kept(&self, register: &str) -> Value<P> {
        let found = self.kept.borrow().iter().find(|(name, _)| name == register).map(|(_, value)| value.clone());
        found.unwrap_or_else(|| panic!("register {register} is empty"))
    }

    /// The registers that hold something, in the order in which they were filled.
    pub(crate) fn registers(&self) -> Vec<String> {
        self.kept.borrow().iter().map(|(name, _)| name.clone()).collect()
    }

    /// Fills a register, unless it holds something.
    pub(crate) fn keep(&self, register: &str, value: Value<P>) {
        let mut kept = self.kept.borrow_mut();
        if kept.iter().all(|(name, _)| name != register) {
            kept.push((register.to_owned(), value));
        }
    }

    /// Fills a register, and returns what it held.
    pub(crate) fn assign(&self, register: &str, value: Value<P>) -> Option<Value<P>> {
        let mut kept = self.kept.borrow_mut();
        match kept.iter_mut().find(|(name, _)| name == register) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                kept.push((register.to_owned(), value));
                None
            }
        }
    }

    /// Empties a register.
    pub(crate) fn take(&self, register: &str) -> Option<Value<P>> {
        let mut kept = self.kept.borrow_mut();
        let at = kept.iter().position(|(name, _)| name == register)?;
        Some(kept.remove(at).1)
    }

    /// What is logged of an object.
    pub(crate) fn show(&self, value: Option<&Value<P>>) -> Json {
        let Some(value) = value else { return Json::Null };
        if let Some((register, _)) = self.kept.borrow().iter().find(|(_, held)| held.same(value)) {
            return json!({ "kept": register });
        }
        match value.kind() {
            Kind::Plain(json) => json.clone(),
            Kind::Frame(frame) => {
                let code = frame.code().expect("a frame has code");
                json!({ "frame_of": code.code().name })
            }
            Kind::Code(code) => json!({ "code": code.name }),
            Kind::Function(_) => json!("callable"),
            Kind::Exception(error) => json!({ "error": error.message }),
            _ => json!({ "object": value.name() }),
        }
    }
}

impl<P: Python> Drop for World<P> {
    fn drop(&mut self) {
        // What is left dies without a world.
        drop(self.functions.take());
    }
}
