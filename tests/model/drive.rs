//! Random steps, taken by the runtime and by the model, and the comparison after each.
//!
//! The model takes a step first: where the runtime panics, nothing behind it is done. References are in Rust's hands only
//! while nothing is made, since a collector may move objects then.

#![expect(unsafe_code, reason = "borrowed references are promised")]

mod looks;
mod run;
mod seen;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::running::{ByOwner, Returned, Site};
use frame_runtime::stack_ref::StackRef;

use crate::facts::Facts;
use crate::steps::{Run, Steps};
use crate::vms::{self, Body, Event, Heap, Id, New, Shape, Stored, TestVm, find, note};
use crate::world::{self, Hook, Slot, State, World};
use seen::see_stack;
pub(crate) use seen::{see_object, see_slot};

const STACKS: usize = 2;
const RECURSION: u32 = 9;
/// Slots that a step uses of an evaluation stack, whatever the code says.
const DEPTH: usize = 4;
/// Steps after which everything is dropped and begins again.
const EPISODE: u64 = 400;

/// Steps in which everything happens that can.
const ENOUGH: u64 = 8000;

/// What is thrown where a step panics.
struct OnPurpose;

/// What goes on after a step.
enum Flow<'t, V: TestVm> {
    Frame(Run<'t, V>),
    Entry(Entry<'t, V>),
    /// The handle is lost.
    Nobody,
}

pub(crate) struct Driver<V: Steps> {
    me: Weak<Driver<V>>,
    heap: Rc<Heap<V>>,
    world: RefCell<World>,
    random: Cell<u64>,
    /// Steps that are left.
    left: Cell<u64>,
    /// Steps until the end of this episode.
    episode: Cell<u64>,
    /// The stack that is being dropped.
    gone: Cell<Option<usize>>,
}

/// Takes so many steps.
pub(crate) fn run<V: Steps>(seed: u64, steps: u64) {
    let mut left = steps;
    let mut happened = BTreeMap::new();
    let mut episode = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while left > 0 {
        left = Driver::<V>::episode(episode, left, &mut happened);
        episode = episode.wrapping_add(0x9e37_79b9_7f4a_7c15) | 1;
    }
    if steps >= ENOUGH {
        let besides = if V::TRACING { &[][..] } else { &world::WHERE_COUNTED };
        for what in world::ALWAYS.iter().chain(besides) {
            assert!(happened.contains_key(what), "not once in {steps} steps: {what}");
        }
    }
}

impl<V: Steps> Driver<V> {
    fn episode(seed: u64, steps: u64, happened: &mut BTreeMap<&'static str, u64>) -> u64 {
        let heap = Rc::new(Heap::<V>::default());
        for _ in 0..STACKS {
            heap.stacks.borrow_mut().push(Self::new_stack(&heap));
        }
        let world = World::new(Facts::of::<V::Python>(), V::TRACING, STACKS, RECURSION);
        let driver = Rc::new_cyclic(|me| Driver {
            me: Weak::clone(me),
            heap,
            world: RefCell::new(world),
            random: Cell::new(seed),
            left: Cell::new(steps),
            episode: Cell::new(EPISODE),
            gone: Cell::new(None),
        });
        let result = catch_unwind(AssertUnwindSafe(|| driver.run()));
        if let Err(payload) = result {
            let (name, version) = (V::NAME, <V::Python as frame_runtime::version::Version>::NAME);
            let step = EPISODE - driver.episode.get();
            eprintln!("{name} {version}: seed {seed:#x}, step {step}");
            // What is wrong now may be anything: nothing is dropped.
            std::mem::forget(driver);
            resume_unwind(payload);
        }
        vms::end_episode();
        let left = driver.left.get();
        for (what, often) in &driver.world.borrow().happened {
            *happened.entry(*what).or_insert(0) += often;
        }
        // Those of the stacks know the heap.
        driver.heap.stacks.take();
        left
    }

    fn new_stack(heap: &Rc<Heap<V>>) -> Rc<DataStack<V>> {
        Rc::new(DataStack::new(V::new(heap), Limits { recursion: RECURSION, ..Limits::default() }))
    }

    fn run(&self) {
        self.make_fixed();
        while self.tick() {
            let stack = self.stack_index();
            if self.below(12) == 0 {
                self.drop_stack(stack);
            } else {
                self.session(stack, 0);
            }
            self.check();
        }
        for stack in 0..STACKS {
            self.drop_stack(stack);
        }
        self.unpin();
        self.drop_list(|world| &mut world.roots, |heap| &heap.roots);
        // What ended may have looked at frames.
        self.drop_list(|world| &mut world.roots, |heap| &heap.roots);
        self.collect();
        self.check();
        self.drop_list(|world| &mut world.fixed, |heap| &heap.fixed);
        self.collect();
        self.check();
        assert_eq!(vms::alive(), [], "everything ended");
    }

    fn make_fixed(&self) {
        let keep = |id: Id, value: V::Value| {
            assert_eq!(V::id(&value), id);
            self.heap.fixed.borrow_mut().push(value);
            self.world.borrow_mut().fixed.push(id);
        };
        let id = self.world.borrow_mut().make(world::Body::Plain(Hook::Nothing));
        keep(id, V::make(&self.heap, New::Plain(None)));
        for shape in [
            Shape { nlocalsplus: 3, stacksize: 4, first_traceable: 0, handler: None },
            Shape { nlocalsplus: 3, stacksize: 704, first_traceable: 3, handler: Some((1, true)) },
        ] {
            let id = self.world.borrow_mut().make_function(shape);
            keep(id, V::make(&self.heap, New::Function(shape)));
        }
        // A trampoline: it never begins.
        let shape = Shape { nlocalsplus: 0, stacksize: 4, first_traceable: vms::UNITS.into(), handler: None };
        let id = self.world.borrow_mut().make(world::Body::Code(shape));
        keep(id, V::make(&self.heap, New::Code(shape)));
    }

    // Numbers.

    /// xorshift64: the same sequence for the same seed, everywhere.
    fn below(&self, limit: u64) -> u64 {
        let mut bits = self.random.get();
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        self.random.set(bits);
        (bits >> 11) % limit
    }

    fn index(&self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).expect("small")
    }

    fn one_in(&self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    fn stack_index(&self) -> usize {
        self.index(STACKS)
    }

    /// Whether another step is taken.
    fn tick(&self) -> bool {
        let (left, episode) = (self.left.get(), self.episode.get());
        if left == 0 || episode == 0 {
            return false;
        }
        self.left.set(left - 1);
        self.episode.set(episode - 1);
        true
    }

    fn site(&self) -> Site {
        Site { caches: u8::try_from(self.below(3)).expect("small"), jump: u16::try_from(self.below(3)).expect("small") }
    }

    // Objects.

    fn happens(&self, what: &'static str) {
        self.world.borrow_mut().happens(what);
    }

    fn stack(&self, index: usize) -> Rc<DataStack<V>> {
        Rc::clone(&self.heap.stacks.borrow()[index])
    }

    /// Makes an object that does something when it ends. No eval loop may hold a frame.
    fn make_plain(&self) -> (Id, V::Value) {
        let hook = match self.below(24) {
            0 => Hook::Panics,
            1 | 2 => Hook::Enters(self.stack_index()),
            3 | 4 => Hook::Looks(self.stack_index(), self.index(3)),
            _ => Hook::Nothing,
        };
        let id = self.world.borrow_mut().make(world::Body::Plain(hook));
        let me = Weak::clone(&self.me);
        let run = move || {
            if let Some(driver) = me.upgrade() {
                driver.run_hook(id, hook);
            }
        };
        let hook: Option<vms::Hook> = if hook == Hook::Nothing { None } else { Some(Box::new(run)) };
        let value = V::make(&self.heap, New::Plain(hook));
        assert_eq!(V::id(&value), id);
        (id, value)
    }

    /// What an object does when it ends. The model knows.
    fn run_hook(&self, id: Id, hook: Hook) {
        let index = match hook {
            Hook::Nothing => return,
            Hook::Panics if std::thread::panicking() => return,
            Hook::Panics => return panic_on_purpose(),
            Hook::Enters(index) | Hook::Looks(index, _) => index,
        };
        if self.gone.get() == Some(index) {
            return;
        }
        let stack = self.stack(index);
        note(Event::Saw(id, see_stack(&stack)));
        if let Hook::Looks(_, depth) = hook {
            match stack.frame_object(depth) {
                Ok(object) => self.heap.roots.borrow_mut().extend(object),
                Err(_) => vms::fault("a destructor runs while an eval loop holds a frame"),
            }
            return;
        }
        let shim = V::make(&self.heap, New::Plain(None));
        let entered = stack.enter(shim, |entry| {
            let mut arguments = [StackRef::owned(V::make(&self.heap, New::Plain(None)))];
            let function = self.heap.fixed.borrow()[1].clone();
            if let Ok(f) = entry.call(function, &mut arguments) {
                let ByOwner::Thread(f) = f.by_owner() else { unreachable!("it was called") };
                assert!(matches!(V::end(f, false), Returned::Left(_)));
            }
        });
        if entered.is_err() {
            vms::fault("a destructor runs while an eval loop holds a frame");
        }
    }

    /// One of the roots for which the model says yes.
    fn pick(&self, is_wanted: impl Fn(&World, Id) -> bool) -> Option<(usize, Id)> {
        let world = self.world.borrow();
        let found: Vec<usize> = (0..world.roots.len()).filter(|index| is_wanted(&world, world.roots[*index])).collect();
        if found.is_empty() {
            return None;
        }
        let index = found[self.index(found.len())];
        Some((index, world.roots[index]))
    }

    fn root(&self, index: usize) -> V::Value {
        self.heap.roots.borrow()[index].clone()
    }

    /// A root is held from now on.
    fn keep(&self, id: Id, value: V::Value) {
        assert_eq!(V::id(&value), id);
        self.world.borrow_mut().roots.push(id);
        self.heap.roots.borrow_mut().push(value);
    }

    /// The model and the runtime do something that may panic; it does not go further than here.
    fn guarded(&self, predict: impl FnOnce(&mut World), body: impl FnOnce()) {
        predict(&mut self.world.borrow_mut());
        let result = catch_unwind(AssertUnwindSafe(body));
        self.end_panic(result.err());
    }

    fn end_panic(&self, payload: Option<Box<dyn Any + Send>>) {
        let panicked = payload.is_some();
        if let Some(payload) = payload
            && !payload.is::<OnPurpose>()
        {
            resume_unwind(payload);
        }
        assert_eq!(panicked, self.world.borrow().is_panicking, "whether something panicked");
        if panicked {
            self.happens("a panic");
        }
        self.world.borrow_mut().is_panicking = false;
    }

    /// Drops what is in a list.
    fn drop_list(
        &self,
        ids: impl Fn(&mut World) -> &mut Vec<Id>,
        values: impl Fn(&Heap<V>) -> &RefCell<Vec<V::Value>>,
    ) {
        let dropped = values(&self.heap).borrow_mut().split_off(0);
        let predict = |world: &mut World| {
            let given = ids(world).split_off(0);
            given.into_iter().for_each(|id| world.give(id));
        };
        self.guarded(predict, || drop(dropped));
    }

    /// Drops the generators that were held while they run, unless they are parked.
    fn unpin(&self) {
        let mut index = 0;
        let pin = |index: usize| self.world.borrow().pins.get(index).copied();
        while let Some(id) = pin(index) {
            if self.world.borrow().state(id) == State::Executing {
                index += 1;
                continue;
            }
            let value = self.heap.pins.borrow_mut().remove(index);
            let predict = |world: &mut World| {
                world.pins.remove(index);
                world.give(id);
            };
            self.guarded(predict, || drop(value));
        }
    }

    // Sessions.

    /// Enters a stack, or goes on with what is parked there.
    fn session(&self, index: usize, level: usize) {
        let sessions = self.world.borrow().sessions.len();
        let id = self.world.borrow_mut().make(world::Body::Plain(Hook::Nothing));
        let shim = V::make(&self.heap, New::Plain(None));
        let unparks = self.world.borrow().may_unpark(index) && !self.one_in(3);
        let stack = self.stack(index);
        let enter = || {
            if unparks {
                self.world.borrow_mut().unpark(index, id);
                stack.unpark(shim, |f| self.go_on(index, level, Flow::Frame(f))).expect("frames are parked");
            } else {
                self.world.borrow_mut().enter(index, id);
                stack.enter(shim, |entry| self.go_on(index, level, Flow::Entry(entry))).expect("nobody holds a frame");
            }
        };
        if level > 0 && self.one_in(2) {
            enter();
            self.world.borrow_mut().leave_session();
        } else {
            let result = catch_unwind(AssertUnwindSafe(enter));
            if result.as_ref().err().is_none_or(|payload| payload.is::<OnPurpose>()) {
                if self.world.borrow().sessions.len() > sessions + 1 {
                    self.happens("a panic through sessions");
                }
                while self.world.borrow().sessions.len() > sessions {
                    self.world.borrow_mut().leave_session();
                }
            }
            self.end_panic(result.err());
        }
        if level == 0 {
            self.unpin();
        }
    }

    /// Takes steps until the session ends.
    fn go_on(&self, index: usize, level: usize, first: Flow<'_, V>) {
        let mut flow = first;
        loop {
            assert!(!self.world.borrow().is_panicking, "something should have panicked");
            flow = match flow {
                Flow::Frame(f) => {
                    let f = self.escape(index, f, |_| self.check()).0;
                    if self.tick() {
                        self.step(index, level, f)
                    } else {
                        self.world.borrow_mut().spill(index);
                        self.world.borrow_mut().leave(index);
                        f.leave();
                        return;
                    }
                }
                Flow::Entry(entry) => {
                    self.check();
                    if !self.tick() || self.one_in(6) {
                        return;
                    }
                    self.first_step(index, entry)
                }
                Flow::Nobody => return,
            };
        }
    }

    fn returned<'t>(&self, index: usize, returned: Returned<'t, V>) -> Flow<'t, V> {
        match returned {
            Returned::Frame(f) => Flow::Frame(f),
            Returned::Left(entry) => {
                assert!(self.world.borrow().is_left(index), "the model has a frame that goes on");
                Flow::Entry(entry)
            }
        }
    }

    /// A reference that is not counted, where the version knows such.
    fn borrowed(&self) -> StackRef<V> {
        // SAFETY: the first one is there until all stacks and generators are gone.
        unsafe { StackRef::borrowed(&self.heap.fixed.borrow()[0]) }
    }

    fn borrowed_slot(&self, world: &mut World) -> Slot {
        let id = world.fixed[0];
        if world.facts.has_tags {
            return Slot::Borrowed(id);
        }
        world.take(id);
        Slot::Owned(id)
    }

    fn take_stored(&self, generator: &V::Value) -> Stored<V> {
        match V::body(generator) {
            Body::Generator(stored) => stored.replace(Stored::Empty),
            _ => unreachable!("it is a generator"),
        }
    }

    fn put_stored(&self, generator: Id, frame: Stored<V>) {
        let generator = find::<V>(generator);
        match V::body(&generator) {
            Body::Generator(stored) => drop(stored.replace(frame)),
            _ => unreachable!("it is a generator"),
        }
    }
}

fn panic_on_purpose() {
    // Nothing is printed.
    resume_unwind(Box::new(OnPurpose))
}
