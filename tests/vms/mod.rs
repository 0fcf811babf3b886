//! VMs for tests. Objects have numbers, a ledger per thread knows who is alive, and what can be wrong with memory ends the
//! test at once: it is nothing that a test goes on after.

#![expect(unsafe_code, reason = "the ledger gives references again by their address")]

pub(crate) mod counted;
pub(crate) mod moving;
pub(crate) mod rc;

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::FrameObject;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Created, Suspended};
use frame_runtime::table::Handler;
use frame_runtime::visit::Visit;
use frame_runtime::vm::{CodeUnit, FrameCode, FrameVm, Function, Value, Vm};

/// The number of an object, from 1 in the order in which objects are made. 0 is none.
pub(crate) type Id = u32;

/// What happened that nobody sees afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An object ended.
    Died(Id),
    /// What a destructor saw of a stack.
    Saw(Id, Vec<i64>),
    /// A frame object was told that it owns what its frame held.
    Owns(Id),
}

/// Which objects there are, of one thread.
#[derive(Default)]
struct Ledger {
    /// By number: where the object is; null when it has ended.
    objects: Vec<*mut ()>,
    events: Vec<Event>,
    /// Memory of objects that ended: kept, and filled with poison.
    quarantine: Vec<Box<dyn FnOnce()>>,
}

thread_local! {
    static LEDGER: RefCell<Ledger> = RefCell::default();
}

/// Ends the test: memory is not what it should be, so no destructor may run any more.
pub(crate) fn fault(text: &str) -> ! {
    eprintln!("{text} (thread {:?})\n{}", std::thread::current().name(), std::backtrace::Backtrace::force_capture());
    std::process::abort();
}

/// The number of an object that will be at this address.
pub(crate) fn born(at: *mut ()) -> Id {
    LEDGER.with_borrow_mut(|ledger| {
        ledger.objects.push(at);
        Id::try_from(ledger.objects.len()).expect("few objects")
    })
}

/// The object is there from now on.
pub(crate) fn moved(id: Id, to: *mut ()) {
    LEDGER.with_borrow_mut(|ledger| ledger.objects[id as usize - 1] = to);
}

/// An object ends.
pub(crate) fn died(id: Id) {
    gone(id);
    note(Event::Died(id));
}

/// An object ended some time ago, as a collector found.
pub(crate) fn gone(id: Id) {
    LEDGER.with_borrow_mut(|ledger| match ledger.objects.get_mut(id as usize - 1) {
        Some(at) if !at.is_null() => *at = ptr::null_mut(),
        _ => fault("an object ends for the second time"),
    });
}

pub(crate) fn note(event: Event) {
    LEDGER.with_borrow_mut(|ledger| ledger.events.push(event));
}

/// What happened since the last time.
pub(crate) fn take_events() -> Vec<Event> {
    LEDGER.with_borrow_mut(|ledger| std::mem::take(&mut ledger.events))
}

/// Numbers of the objects that are there.
pub(crate) fn alive() -> Vec<Id> {
    LEDGER.with_borrow(|ledger| {
        let there = (1..).zip(&ledger.objects).filter(|(_, at)| !at.is_null());
        there.map(|(id, _)| id).collect()
    })
}

/// Keeps memory until the end of the episode.
pub(crate) fn keep(free: impl FnOnce() + 'static) {
    LEDGER.with_borrow_mut(|ledger| ledger.quarantine.push(Box::new(free)));
}

/// Forgets all objects, of which none may be left, and frees what was kept.
pub(crate) fn end_episode() {
    let (quarantine, left) = LEDGER.with_borrow_mut(|ledger| {
        let left = ledger.objects.iter().any(|at| !at.is_null());
        ledger.objects.clear();
        (std::mem::take(&mut ledger.quarantine), left)
    });
    quarantine.into_iter().for_each(|free| free());
    assert!(!left, "objects are left");
}

/// A look at an object that is there.
pub(crate) fn look<V: TestVm>(id: Id) -> Option<ManuallyDrop<V::Value>> {
    let at = LEDGER.with_borrow(|ledger| ledger.objects.get(id as usize - 1).copied())?;
    // SAFETY: an object that the ledger knows is there, at this address; the reference is only looked at.
    NonNull::new(at).map(|at| ManuallyDrop::new(unsafe { V::Value::from_raw(at) }))
}

/// Another reference to an object that is there.
pub(crate) fn find<V: TestVm>(id: Id) -> V::Value {
    match look::<V>(id) {
        Some(value) => V::Value::clone(&value),
        None => fault("an object that the test needs is gone"),
    }
}

/// Code whose units count.
pub(crate) struct Units {
    pub(crate) nlocalsplus: u32,
    pub(crate) stacksize: u32,
    pub(crate) first_traceable: usize,
    handler: Option<Handler>,
    units: Vec<CodeUnit>,
}

/// Where handlers begin.
pub(crate) const TARGET: u32 = 4;

/// Units of every code object.
pub(crate) const UNITS: u8 = 24;

impl Units {
    pub(crate) fn new(shape: Shape) -> Units {
        let Shape { nlocalsplus, stacksize, first_traceable, handler } = shape;
        let handler =
            handler.map(|(depth, lasti)| Handler { start: 0, end: UNITS.into(), target: TARGET, depth, lasti });
        let units = (0..UNITS).map(|index| CodeUnit::new(7, index)).collect();
        Units { nlocalsplus, stacksize, first_traceable, handler, units }
    }
}

// SAFETY: nothing changes, there is at least one unit, and the handler is within them, and no deeper than the stack.
unsafe impl FrameCode for Units {
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

    fn handler_at(&self, _: u32) -> Option<Handler> {
        self.handler
    }
}

/// What a code object is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) nlocalsplus: u32,
    pub(crate) stacksize: u32,
    pub(crate) first_traceable: usize,
    /// The depth of the handler of all units, and whether it is given the index of the instruction that raised.
    pub(crate) handler: Option<(u32, bool)>,
}

/// What the VMs add to a frame: a place for a reference.
pub(crate) struct Extra<T>(pub(crate) Cell<Option<T>>);

impl<T> Default for Extra<T> {
    fn default() -> Self {
        Extra(Cell::new(None))
    }
}

impl<T: Clone> Extra<T> {
    pub(crate) fn get(&self) -> Option<T> {
        let value = self.0.take();
        self.0.set(value.clone());
        value
    }
}

impl<T> Extra<T> {
    /// Shows the reference as one that is owned.
    pub(crate) fn visit<V: FrameVm<Value = T>>(&self, visit: &mut dyn Visit<V>) {
        if let Some(value) = self.0.take() {
            let mut value = ManuallyDrop::new(value);
            visit.owned(&mut value);
            self.0.set(Some(ManuallyDrop::into_inner(value)));
        }
    }
}

/// A generator's frame, while it does not run.
pub(crate) enum Stored<V: FrameVm> {
    /// It was not made yet, or runs, or ended while it ran.
    Empty,
    Created(GeneratorFrame<V, Created>),
    Suspended(GeneratorFrame<V, Suspended>),
    Cleared(GeneratorFrame<V, Cleared>),
}

/// What an object does when it ends.
pub(crate) type Hook = Box<dyn FnOnce()>;

/// A reference in an object.
pub(crate) struct Slot<T>(UnsafeCell<T>);

impl<T> Slot<T> {
    fn new(value: T) -> Slot<T> {
        Slot(UnsafeCell::new(value))
    }

    fn get(&self) -> &T {
        // SAFETY: a slot is changed by `visit` alone, and a reference to it is held by nobody who lets a collector run.
        unsafe { &*self.0.get() }
    }

    fn visit<V: FrameVm<Value = T>>(&self, visit: &mut dyn Visit<V>) {
        // SAFETY: the value is put back below.
        let mut value = ManuallyDrop::new(unsafe { self.0.get().read() });
        visit.owned(&mut value);
        // SAFETY: what was there was read, and is forgotten.
        unsafe { self.0.get().write(ManuallyDrop::into_inner(value)) };
    }
}

/// What is in an object.
pub(crate) enum Body<V: FrameVm> {
    Plain(Cell<Option<Hook>>),
    /// The index of an instruction.
    Index(u32),
    /// A tuple or a cell.
    Holder(RefCell<Vec<V::Value>>),
    Code(Box<Units>),
    Function {
        code: Slot<V::Value>,
        globals: Slot<V::Value>,
    },
    /// In a box, since it is borrowed while objects are made.
    Generator(Box<RefCell<Stored<V>>>),
    Frame(Box<FrameObject<V>>),
}

impl<V: FrameVm<FrameExtra = Extra<<V as Vm>::Value>>> Body<V> {
    /// Shows all references.
    pub(crate) fn visit(&self, visit: &mut dyn Visit<V>) {
        match self {
            Body::Plain(_) | Body::Index(_) | Body::Code(_) => {}
            Body::Holder(values) => {
                for value in &mut *values.borrow_mut() {
                    // SAFETY: the value is put back below.
                    let mut shown = ManuallyDrop::new(unsafe { ptr::read(value) });
                    visit.owned(&mut shown);
                    // SAFETY: what was there was read, and is forgotten.
                    unsafe { ptr::write(value, ManuallyDrop::into_inner(shown)) };
                }
            }
            Body::Function { code, globals } => {
                code.visit(visit);
                globals.visit(visit);
            }
            Body::Generator(stored) => match &*stored.borrow() {
                Stored::Empty => {}
                Stored::Created(frame) => frame.visit(visit),
                Stored::Suspended(frame) => frame.visit(visit),
                Stored::Cleared(frame) => frame.visit(visit),
            },
            Body::Frame(frame) => frame.visit(visit),
        }
    }

    pub(crate) fn as_code(&self) -> Option<&Units> {
        if let Body::Code(units) = self { Some(units) } else { None }
    }

    pub(crate) fn index(&self) -> Option<u32> {
        if let Body::Index(index) = self { Some(*index) } else { None }
    }

    pub(crate) fn as_function(&self) -> Option<Function<'_, V::Value>> {
        let Body::Function { code, globals } = self else { return None };
        Some(Function { code: code.get(), globals: Some(globals.get()), builtins: Some(globals.get()), closure: &[] })
    }

    pub(crate) fn frame(&self) -> Option<&FrameObject<V>> {
        if let Body::Frame(frame) = self { Some(frame) } else { None }
    }

    /// What the object does when it ends.
    pub(crate) fn end(&self) {
        if let Body::Plain(hook) = self
            && let Some(hook) = hook.take()
        {
            hook();
        }
    }
}

/// An object to be made. References come from the roots, where a collector finds them.
pub(crate) enum New {
    Plain(Option<Hook>),
    /// A tuple that holds these roots.
    Tuple(Vec<usize>),
    Generator,
    Code(Shape),
    /// A function, after its code and its globals: three objects.
    Function(Shape),
}

/// What all stacks of a test share.
pub(crate) struct Heap<V: TestVm> {
    /// References that the test holds.
    pub(crate) roots: RefCell<Vec<V::Value>>,
    /// Generators that are held while they run.
    pub(crate) pins: RefCell<Vec<V::Value>>,
    /// References that are held to the end.
    pub(crate) fixed: RefCell<Vec<V::Value>>,
    /// The stacks, for a collector.
    pub(crate) stacks: RefCell<Vec<Rc<DataStack<V>>>>,
    /// Runs when the next frame object is made.
    pub(crate) nosy: Cell<Option<Hook>>,
    /// There is no memory for the next frame object.
    pub(crate) deny: Cell<bool>,
    /// What is the VM's own.
    pub(crate) own: V::Own,
}

impl<V: TestVm> Default for Heap<V> {
    fn default() -> Self {
        Heap {
            roots: RefCell::default(),
            pins: RefCell::default(),
            fixed: RefCell::default(),
            stacks: RefCell::default(),
            nosy: Cell::default(),
            deny: Cell::default(),
            own: V::Own::default(),
        }
    }
}

impl<V: TestVm> Heap<V> {
    /// What every VM does before it makes a frame object: runs code of the program, or has no memory.
    pub(crate) fn before_frame_object(&self) -> bool {
        if let Some(nosy) = self.nosy.take() {
            nosy();
        }
        !self.deny.take()
    }

    /// Shows what the test holds.
    pub(crate) fn visit_held(&self, visit: &mut dyn Visit<V>) {
        for list in [&self.roots, &self.pins, &self.fixed] {
            for value in &mut *list.borrow_mut() {
                // SAFETY: the value is put back below.
                let mut shown = ManuallyDrop::new(unsafe { ptr::read(value) });
                visit.owned(&mut shown);
                // SAFETY: what was there was read, and is forgotten.
                unsafe { ptr::write(value, ManuallyDrop::into_inner(shown)) };
            }
        }
    }
}

/// A VM of the tests. `V::Value` is to an object of its heap.
pub(crate) trait TestVm: FrameVm<FrameExtra = Extra<<Self as Vm>::Value>> {
    /// Its name.
    const NAME: &'static str;
    /// Whether nothing is counted, and objects end when a collector finds that nobody refers to them.
    const TRACING: bool;
    /// What its heap has besides.
    type Own: Default;

    /// The VM of one stack.
    fn new(heap: &Rc<Heap<Self>>) -> Self;

    /// Makes an object with this in it.
    fn object(heap: &Heap<Self>, body: Body<Self>) -> Self::Value;

    /// Makes an object, after a collection. One that a collector ends does nothing then.
    fn make(heap: &Heap<Self>, new: New) -> Self::Value {
        Self::collect(heap);
        let code = |shape: Shape| Self::object(heap, Body::Code(Box::new(Units::new(shape))));
        let body = match new {
            New::Plain(hook) => Body::Plain(Cell::new(hook.filter(|_| !Self::TRACING))),
            New::Tuple(roots) => {
                let held = heap.roots.borrow();
                Body::Holder(RefCell::new(roots.into_iter().map(|index| held[index].clone()).collect()))
            }
            New::Generator => Body::Generator(Box::new(RefCell::new(Stored::Empty))),
            New::Code(shape) => return code(shape),
            New::Function(shape) => {
                let code = code(shape);
                let globals = Self::object(heap, Body::Plain(Cell::default()));
                Body::Function { code: Slot::new(code), globals: Slot::new(globals) }
            }
        };
        Self::object(heap, body)
    }

    /// Ends everything that nobody reaches, where that does not happen by itself.
    fn collect(_: &Heap<Self>) {}

    fn id(value: &Self::Value) -> Id;

    /// How many references there are.
    fn count(value: &Self::Value) -> usize;

    /// What a generator or tuple holds.
    fn body(value: &Self::Value) -> &Body<Self>;

    /// Shows what the object holds.
    fn visit(value: &Self::Value, visit: &mut dyn Visit<Self>) {
        Self::body(value).visit(visit);
    }
}
