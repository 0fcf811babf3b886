//! Random steps, taken by the runtime and by the model, and the comparison after each.
//!
//! The model takes a step first: where the runtime panics, nothing behind it is done. References are in Rust's hands only
//! while nothing is made, since a collector may move objects then.

#![expect(unsafe_code, reason = "borrowed references, and generators that know their objects, are promised")]

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};

use frame_runtime::bounds::Checked;
use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::frame_object::{ClearError, FrameObject};
use frame_runtime::running::{Any as Owner, Arguments, ByOwner, Reason, Returned, Site};
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::unwind::Unwound;
use frame_runtime::view::FrameView;
use frame_runtime::visit::Visit;

use crate::facts::Facts;
use crate::steps::{Run, Steps, see_stored};
use crate::vms::{self, Body, Event, Extra, Heap, Id, New, Shape, Stored, TestVm, find, look, note};
use crate::world::{self, Clearing, Hook, Slot, State, World, seen_integer};

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

/// What everybody can see of a slot.
pub(crate) fn see_slot<V: TestVm>(slot: StackRef<V>) -> i64 {
    if slot.is_null() {
        return -1;
    }
    if let Some(value) = slot.as_value() {
        return V::id(&value).into();
    }
    match slot.unpack() {
        Unpacked::Integer(integer) => seen_integer(integer),
        Unpacked::Null | Unpacked::Value(_) => unreachable!("it holds an integer"),
    }
}

fn id_of<V: TestVm>(value: Option<V::Value>) -> i64 {
    value.map_or(0, |value| V::id(&value).into())
}

fn see_frame<V: TestVm>(frame: FrameView<'_, V>, into: &mut Vec<i64>) {
    into.extend([id_of::<V>(frame.function()), id_of::<V>(frame.code()), frame.lasti().into()]);
    into.extend([frame.raw_owner().into(), id_of::<V>(frame.generator())]);
    into.extend([id_of::<V>(frame.namespace()), id_of::<V>(frame.extra().get())]);
    into.push(frame.used().into());
    into.extend((0..frame.used()).map(|index| see_slot(frame.get(index).expect("it is in use"))));
}

/// What everybody can see of a stack's frames.
fn see_stack<V: TestVm>(stack: &DataStack<V>) -> Vec<i64> {
    let mut seen = Vec::new();
    let walked = stack.walk(|frame| {
        see_frame(frame, &mut seen);
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(walked, Ok(None), "nobody holds a frame");
    seen
}

pub(crate) fn see_object<V: TestVm>(object: &FrameObject<V>, stack: &DataStack<V>) -> Vec<i64> {
    let over = object.is_over();
    let mut seen = vec![over.into(), id_of::<V>(object.function()), id_of::<V>(object.code()), object.lasti().into()];
    let back = if over { object.back(stack.vm()) } else { None };
    seen.push(id_of::<V>(object.namespace()));
    seen.extend([id_of::<V>(object.generator()), id_of::<V>(object.trace()), id_of::<V>(back)]);
    seen.push(object.used().into());
    seen.extend((0..object.used()).map(|index| see_slot(object.get(index).expect("it is in use"))));
    seen
}

/// Counts references as a collector sees them.
struct Tally<V: TestVm>(Vec<usize>, std::marker::PhantomData<V>);

// SAFETY: it looks, and changes nothing.
unsafe impl<V: TestVm> Visit<V> for Tally<V> {
    fn owned(&mut self, reference: &mut ManuallyDrop<V::Value>) {
        self.0[V::id(reference) as usize - 1] += 1;
    }

    fn borrowed(&mut self, reference: &mut ManuallyDrop<V::Value>) {
        V::id(reference);
    }

    fn extra(&mut self, extra: &Extra<V::Value>) {
        extra.visit(self);
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

    /// Something is run where nothing runs.
    fn first_step<'t>(&self, index: usize, entry: Entry<'t, V>) -> Flow<'t, V> {
        let is_resumable = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        if self.one_in(4)
            && let Some((root, id)) = self.pick(is_resumable)
        {
            let generator = self.root(root);
            let stored = self.take_stored(&generator);
            self.heap.pins.borrow_mut().push(generator);
            let mut world = self.world.borrow_mut();
            world.take(id);
            world.pins.push(id);
            let is_full = world.stacks[index].remaining == 0;
            if !is_full {
                world.resume(index, id, world::Site { caches: 0, jump: 0 });
            }
            drop(world);
            return match V::send_first(entry, stored) {
                Ok(f) => Flow::Frame(f),
                Err((reason, entry, stored)) => {
                    assert!(is_full && matches!(reason, Reason::Full(_)), "{reason}");
                    self.put_stored(id, stored);
                    Flow::Entry(entry)
                }
            };
        }
        let (argument, value) = self.make_plain();
        let which = 1 + self.index(2);
        let mut arguments = [StackRef::owned(value), self.borrowed()];
        let count = self.index(3);
        let function = self.heap.fixed.borrow()[which].clone();
        let id = self.world.borrow().fixed[which];
        let is_full = {
            let mut world = self.world.borrow_mut();
            let is_full = world.stacks[index].remaining == 0;
            let mut kept = vec![Slot::Owned(argument), self.borrowed_slot(&mut world)];
            if !is_full {
                let rest = kept.split_off(count);
                world.take(id);
                world.call_first(index, id, std::mem::replace(&mut kept, rest));
                world.spill(index);
            }
            for slot in kept {
                if let Slot::Owned(id) = slot {
                    world.give(id);
                }
            }
            is_full
        };
        match entry.call(function, &mut arguments[..count]) {
            // What was not given.
            Ok(f) => Flow::Frame(f.escape(|_| drop(arguments)).0),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                drop(arguments);
                Flow::Entry(refused.caller)
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

    // Steps.

    fn escape<'t, R>(&self, index: usize, f: Run<'t, V>, body: impl FnOnce(&DataStack<V>) -> R) -> (Run<'t, V>, R) {
        self.world.borrow_mut().spill(index);
        f.escape(body)
    }

    /// Drops what was in a slot.
    fn release<'t>(&self, index: usize, f: Run<'t, V>, value: StackRef<V>, slot: Slot) -> Run<'t, V> {
        if let Slot::Owned(id) = slot {
            let mut world = self.world.borrow_mut();
            if world.is_last(id) {
                world.spill(index);
            }
            world.give(id);
        }
        f.release(value)
    }

    fn step<'t>(&self, index: usize, level: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let top = self.world.borrow().top(index);
        // Frames stay within a small part of their code, so that positions are always in it.
        if f.next_index() > 8 {
            f.jump(4 - i32::try_from(f.next_index()).expect("small"));
            self.world.borrow_mut().frame(top).next = 4;
        }
        f.fetch();
        self.world.borrow_mut().frame(top).next += 1;
        let (next, depth, locals) = {
            let mut world = self.world.borrow_mut();
            (world.frame(top).next, world.depth(top), world.locals(top))
        };
        assert_eq!((f.next_index().cast_signed(), f.depth()), (next, depth), "the next instruction, and the depth");
        let roots = self.heap.roots.borrow().len();
        match self.below(50) {
            _ if roots > 12 => {
                let (dropped, f) = (self.index(roots), f);
                let id = self.world.borrow_mut().roots.swap_remove(dropped);
                let value = self.heap.roots.borrow_mut().swap_remove(dropped);
                return Flow::Frame(self.release(index, f, StackRef::owned(value), Slot::Owned(id)));
            }
            0..=4 if depth < DEPTH => {
                let (mut f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                f.push(StackRef::owned(value));
                self.world.borrow_mut().frame(top).slots.push(Slot::Owned(id));
                return Flow::Frame(f);
            }
            5 | 6 if depth < DEPTH => {
                let (value, slot) = self.some_slot(top);
                f.push(value);
                self.world.borrow_mut().frame(top).slots.push(slot);
            }
            7..=9 if depth > 0 => {
                let slot = self.world.borrow_mut().frame(top).slots.pop().expect("a slot");
                let value = f.pop();
                return Flow::Frame(self.release(index, f, value, slot));
            }
            10 | 11 if locals > 0 => {
                let local = self.index(locals);
                let (value, slot) = self.some_slot(top);
                let old = f.set_local(u32::try_from(local).expect("small"), value);
                let before = std::mem::replace(&mut self.world.borrow_mut().frame(top).slots[local], slot);
                return Flow::Frame(self.release(index, f, old, before));
            }
            12..=15 => return self.call(index, f),
            16 | 17 => return self.end(index, f),
            18 => return self.return_value(index, f),
            19 | 20 => return self.make_generator(index, f),
            21..=23 => return self.resume(index, f),
            24 if roots > 0 => {
                let dropped = self.index(roots);
                let id = self.world.borrow_mut().roots.swap_remove(dropped);
                let value = self.heap.roots.borrow_mut().swap_remove(dropped);
                return Flow::Frame(self.release(index, f, StackRef::owned(value), Slot::Owned(id)));
            }
            25..=27 => return Flow::Frame(self.escape(index, f, |_| self.look()).0),
            28..=31 => return Flow::Frame(self.escape(index, f, |_| self.use_frame_object()).0),
            32..=34 if level < 3 => {
                let other = self.stack_index();
                return Flow::Frame(self.escape(index, f, |_| self.session(other, level + 1)).0);
            }
            35 if self.one_in(3) => {
                self.world.borrow_mut().is_panicking = true;
                return Flow::Frame(self.escape(index, f, |_| panic_on_purpose()).0);
            }
            36 => return self.park(index, f),
            37 | 38 => return Flow::Frame(self.handle(index, f)),
            39 => {
                let (f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                let (mut f, is_extra) = (f, self.one_in(2));
                let (old, before) = {
                    let mut world = self.world.borrow_mut();
                    match is_extra {
                        true => (f.extra().0.replace(Some(value)), world.set_extra(top, id)),
                        false => (f.set_namespace(Some(value)), world.set_namespace(top, id)),
                    }
                };
                let old = old.map_or(StackRef::null(), StackRef::owned);
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                return Flow::Frame(self.release(index, f, old, before));
            }
            40 => return Flow::Frame(self.escape(index, f, |_| self.collect()).0),
            41 if depth == 0 && self.one_in(3) => return Flow::Nobody,
            42 if self.one_in(3) => {
                self.world.borrow_mut().spill(index);
                self.world.borrow_mut().leave(index);
                return Flow::Entry(f.leave());
            }
            43 | 44 => return Flow::Frame(self.escape(index, f, |_| self.use_generator()).0),
            45 if roots > 0 => {
                let held = [self.index(roots), self.index(roots)];
                let (f, ()) = self.escape(index, f, |_| {
                    let id = self.world.borrow_mut().make_tuple(&held);
                    let value = V::make(&self.heap, New::Tuple(held.to_vec()));
                    self.keep(id, value);
                });
                return Flow::Frame(f);
            }
            46 if locals > 0 => return Flow::Frame(self.make_cell(index, f)),
            47 => return self.call_trampoline(index, f),
            48 => return self.raise(index, f),
            49 => return self.reraise(index, f),
            _ => {}
        }
        Flow::Frame(f)
    }

    /// Something for a slot that needs nothing made.
    fn some_slot(&self, top: world::FrameId) -> (StackRef<V>, Slot) {
        let mut world = self.world.borrow_mut();
        match self.below(6) {
            0 => (StackRef::null(), Slot::Null),
            1 => {
                let integer = self.below(9).cast_signed() as isize - 4;
                StackRef::integer(integer).map_or((StackRef::null(), Slot::Null), |slot| (slot, Slot::Integer(integer)))
            }
            2 => {
                let slot = self.borrowed_slot(&mut world);
                (self.borrowed(), slot)
            }
            _ => {
                let roots = world.roots.len();
                if roots == 0 {
                    return (StackRef::null(), Slot::Null);
                }
                let _ = top;
                let root = self.index(roots);
                let id = world.roots[root];
                world.take(id);
                (StackRef::owned(self.root(root)), Slot::Owned(id))
            }
        }
    }

    fn call<'t>(&self, index: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let (id, function) = if self.one_in(3) {
            let shape = Shape {
                nlocalsplus: 2 + u32::from(self.one_in(2)),
                stacksize: if self.one_in(3) { 600 } else { 4 },
                first_traceable: self.index(3),
                handler: self.one_in(2).then(|| (u32::from(self.one_in(2)), self.one_in(2))),
            };
            let (same, made) = self.escape(index, f, |_| {
                let id = self.world.borrow_mut().make_function(shape);
                (id, V::make(&self.heap, New::Function(shape)))
            });
            f = same;
            made
        } else {
            let which = 1 + self.index(2);
            let id = self.world.borrow().fixed[which];
            self.world.borrow_mut().take(id);
            (id, self.heap.fixed.borrow()[which].clone())
        };
        assert_eq!(V::id(&function), id);
        let site = self.site();
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        let depth = world.depth(top);
        let count = self.index(depth.min(2) + 1);
        let slots = &world.frame(top).slots;
        let under = usize::from(depth > count && slots[slots.len() - count - 1] == Slot::Null);
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.call(index, id, count, under, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        let arguments =
            Arguments { count: u32::try_from(count).expect("small"), under: u32::try_from(under).expect("small") };
        match f.call(function, arguments, site) {
            Ok(f) => Flow::Frame(f),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                Flow::Frame(self.release(index, refused.caller, StackRef::owned(refused.callee), Slot::Owned(id)))
            }
        }
    }

    fn call_trampoline<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let site = self.site();
        let code = self.heap.fixed.borrow()[3].clone();
        let mut world = self.world.borrow_mut();
        let (id, top) = (world.fixed[3], world.top(index));
        let depth = world.depth(top);
        let count = self.index(depth.min(2) + 1);
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.call_trampoline(index, id, count, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        let arguments = Arguments { count: u32::try_from(count).expect("small"), under: 0 };
        match f.call_trampoline(code, arguments, site) {
            Ok(f) => Flow::Frame(f),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                // It is held elsewhere: not the last reference.
                drop(refused.callee);
                Flow::Frame(refused.caller)
            }
        }
    }

    fn end<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let raises = self.one_in(3);
        if !raises && self.one_in(2) && self.world.borrow().running_generator(index) != 0 {
            return self.suspend(index, f);
        }
        self.end_by(index, f, raises)
    }

    fn suspend<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let ByOwner::Generator(f) = f.by_owner() else { unreachable!("it is a generator's") };
        let id = self.world.borrow().running_generator(index);
        self.world.borrow_mut().suspend(index);
        let (returned, frame) = V::suspend(f);
        self.put_stored(id, Stored::Suspended(frame));
        self.returned(index, returned)
    }

    fn end_by<'t>(&self, index: usize, f: Run<'t, V>, raises: bool) -> Flow<'t, V> {
        match f.by_owner() {
            ByOwner::Thread(f) => {
                self.world.borrow_mut().end(index, raises);
                let returned = V::end(f, raises);
                self.returned(index, returned)
            }
            ByOwner::Generator(f) => {
                let id = self.world.borrow().running_generator(index);
                self.world.borrow_mut().stop(index, raises);
                let (returned, frame) = V::stop(f, raises);
                self.put_stored(id, Stored::Cleared(frame));
                self.returned(index, returned)
            }
        }
    }

    /// An exception comes to the frame.
    fn raise<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let (f, (id, exception)) = self.escape(index, f, |_| self.make_plain());
        self.world.borrow_mut().unwind(index, id, None);
        self.unwound(index, f.unwind(exception))
    }

    fn unwound<'t>(&self, index: usize, unwound: Unwound<'t, V, Owner, Checked>) -> Flow<'t, V> {
        match unwound {
            Unwound::Handled(f) => Flow::Frame(f),
            Unwound::Unhandled(f, exception) => {
                // It is held where a collector finds it, since the end of a frame may make something.
                let id = V::id(&exception);
                self.keep(id, exception);
                self.end_by(index, f, true)
            }
        }
    }

    /// An exception is raised again.
    fn reraise<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        let slots = world.frame(top).slots.clone();
        let under = usize::from(self.one_in(2));
        if world.depth(top) <= under {
            return Flow::Frame(f);
        }
        let raised = if under == 1 { world.instruction(slots[slots.len() - 2]) } else { None };
        let exception = world.frame(top).slots.pop().expect("a slot");
        if exception.object() == 0 {
            drop(world);
            return match f.reraise(u32::from(under == 1)) {
                Ok(_) => panic!("there is no exception"),
                Err(f) => Flow::Frame(f),
            };
        }
        if matches!(exception, Slot::Borrowed(_)) {
            world.take(exception.object());
        }
        world.unwind(index, exception.object(), raised);
        drop(world);
        match f.reraise(u32::from(under == 1)) {
            Ok(unwound) => self.unwound(index, unwound),
            Err(_) => panic!("there is an exception"),
        }
    }

    fn return_value<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let f = match f.by_owner() {
            ByOwner::Thread(f) => f,
            ByOwner::Generator(f) => return Flow::Frame(f.any()),
        };
        let slot = {
            let mut world = self.world.borrow_mut();
            let top = world.top(index);
            let may_push = world.caller(index).is_none_or(|caller| world.depth(caller) < DEPTH);
            if world.depth(top) == 0 || !may_push {
                return Flow::Frame(f.any());
            }
            world.return_value(index)
        };
        match V::return_value(f) {
            ControlFlow::Continue(f) => Flow::Frame(f),
            ControlFlow::Break((entry, value)) => {
                if let Slot::Owned(id) = slot {
                    self.world.borrow_mut().give(id);
                }
                drop(value);
                Flow::Entry(entry)
            }
        }
    }

    fn make_generator<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let f = match f.by_owner() {
            ByOwner::Thread(f) => f,
            ByOwner::Generator(f) => return Flow::Frame(f.any()),
        };
        let (f, (id, generator)) = self.escape(index, f.any(), |_| {
            let body = world::Body::Generator { frame: None, state: State::Empty, exception: 0 };
            let id = self.world.borrow_mut().make(body);
            (id, V::make(&self.heap, New::Generator))
        });
        let ByOwner::Thread(f) = f.by_owner() else { unreachable!("it is by the thread") };
        self.world.borrow_mut().make_generator(index, id);
        let (returned, frame) = V::make_generator(f);
        // SAFETY: the frame is held by this object, or runs, while something that does not end before holds the object.
        unsafe { frame.set_generator(&generator) };
        match V::body(&generator) {
            Body::Generator(stored) => drop(stored.replace(Stored::Created(frame))),
            _ => unreachable!("it is a generator"),
        }
        self.keep(id, generator);
        self.returned(index, returned)
    }

    fn resume<'t>(&self, index: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let is_resumable = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        let Some((root, id)) = self.pick(is_resumable) else { return Flow::Frame(f) };
        let site = self.site();
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        if world.depth(top) >= DEPTH {
            return Flow::Frame(f);
        }
        let generator = self.root(root);
        let stored = self.take_stored(&generator);
        // The slot keeps it while it runs.
        f.push(StackRef::owned(generator));
        world.take(id);
        world.frame(top).slots.push(Slot::Owned(id));
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.resume(index, id, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        match V::send(f, stored, site) {
            Ok(f) => Flow::Frame(f),
            Err((reason, f, stored)) => {
                assert!(is_full && matches!(reason, Reason::Full(_)), "{reason}");
                self.put_stored(id, stored);
                Flow::Frame(f)
            }
        }
    }

    fn park<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let site = self.site();
        let may_park = self.world.borrow().may_park(index);
        if may_park {
            self.world.borrow_mut().park(index, world::Site { caches: site.caches, jump: site.jump });
        }
        match f.park(site) {
            Ok(entry) => {
                assert!(may_park, "others are active");
                Flow::Entry(entry)
            }
            Err(refused) => {
                assert!(!may_park && refused.reason == Reason::NotAlone, "{}", refused.reason);
                Flow::Frame(refused.caller)
            }
        }
    }

    /// What is being handled changes.
    fn handle<'t>(&self, index: usize, mut f: Run<'t, V>) -> Run<'t, V> {
        let top = self.world.borrow().top(index);
        let depth = self.world.borrow().depth(top);
        match self.below(3) {
            0 if depth > 0 && depth < DEPTH => {
                let mut world = self.world.borrow_mut();
                let exception = world.frame(top).slots.pop().expect("a slot");
                world.take(exception.object());
                let before = world.replace_handled(index, exception.object());
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                world.frame(top).slots.extend([before, exception]);
                f.push_exc_info();
                f
            }
            1 if depth > 0 => {
                let mut world = self.world.borrow_mut();
                let before = world.frame(top).slots.pop().expect("a slot");
                // What is borrowed is counted where it goes.
                if let Slot::Borrowed(id) = before {
                    world.take(id);
                }
                let handled = world.replace_handled(index, before.object());
                if world.is_last(handled) {
                    world.spill(index);
                }
                world.give(handled);
                drop(world);
                f.pop_except()
            }
            _ => {
                let (f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                let old = f.stack().replace_handled(Some(value)).map_or(StackRef::null(), StackRef::owned);
                let before = self.world.borrow_mut().replace_handled(index, id);
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                self.release(index, f, old, before)
            }
        }
    }

    fn make_cell<'t>(&self, index: usize, f: Run<'t, V>) -> Run<'t, V> {
        {
            let mut world = self.world.borrow_mut();
            let top = world.top(index);
            let local = 0;
            let before = world.frame(top).slots[local];
            world.take(before.object());
            world.spill(index);
            let content = if before.object() == 0 { Vec::new() } else { vec![before.object()] };
            let cell = world.make(world::Body::Holder(content));
            world.frame(top).slots[local] = Slot::Owned(cell);
            if let Slot::Owned(id) = before {
                world.give(id);
            }
        }
        f.make_cell(0).unwrap_or_else(|_| panic!("the VM makes cells"))
    }

    // What happens while nobody holds a frame.

    /// Somebody looks, and keeps what is seen.
    fn look(&self) {
        let (stack, depth) = (self.stack_index(), self.index(5));
        if self.one_in(6) {
            let nosy = (self.stack_index(), self.index(3));
            self.world.borrow_mut().nosy = Some(nosy);
            let me = Weak::clone(&self.me);
            self.heap.nosy.set(Some(Box::new(move || {
                let Some(driver) = me.upgrade() else { return };
                let object = driver.stack(nosy.0).frame_object(nosy.1);
                assert!(object.is_ok(), "nobody holds a frame");
            })));
        }
        if self.one_in(8) {
            self.world.borrow_mut().deny = true;
            self.heap.deny.set(true);
        }
        let expected = self.world.borrow_mut().look(stack, depth);
        let object = self.stack(stack).frame_object(depth).expect("nobody holds a frame");
        assert_eq!(object.as_ref().map(V::id), expected, "the frame object");
        if let (Some(id), Some(object)) = (expected, object) {
            self.keep(id, object);
        }
        self.world.borrow_mut().nosy = None;
        self.world.borrow_mut().deny = false;
        self.heap.nosy.set(None);
        self.heap.deny.set(false);
    }

    fn use_frame_object(&self) {
        let is_frame = |world: &World, id| matches!(world.body(id), world::Body::Frame { .. });
        let Some((root, id)) = self.pick(is_frame) else { return };
        match self.below(6) {
            0 | 1 => {
                let local = self.index(4);
                let (value, slot) = if self.one_in(2) {
                    let (id, value) = self.make_plain();
                    (StackRef::owned(value), Slot::Owned(id))
                } else {
                    self.some_slot(0)
                };
                let object = self.root(root);
                let expected = {
                    let mut world = self.world.borrow_mut();
                    let old = world.set_through_object(id, local, slot);
                    if let Slot::Owned(id) = old.unwrap_or(slot) {
                        world.give(id);
                    }
                    old
                };
                let frame = V::frame_object(&object).expect("it is a frame object");
                match frame.set(u32::try_from(local).expect("small"), value) {
                    Ok(old) => {
                        assert!(expected.is_some(), "there is no such local");
                        drop(old);
                    }
                    Err((why, value)) => {
                        assert!(expected.is_none(), "{why}");
                        drop(value);
                    }
                }
            }
            2 => {
                let object = self.root(root);
                let expected = self.world.borrow_mut().clear_object(id);
                let frame = V::frame_object(&object).expect("it is a frame object");
                let cleared = match frame.clear() {
                    Ok(()) => Clearing::Done,
                    Err(ClearError::Refused(..)) => Clearing::Refused,
                    Err(ClearError::Generator(generator)) => {
                        Clearing::Generator(generator.map_or(0, |generator| V::id(&generator)))
                    }
                };
                assert_eq!(cleared, expected);
                self.happens(if cleared == Clearing::Done {
                    "a frame object cleared"
                } else {
                    "a frame object not cleared"
                });
                if let Clearing::Generator(generator) = cleared
                    && self.world.borrow().state(generator) == State::Created
                {
                    let value = find::<V>(generator);
                    self.close(generator, &value);
                }
            }
            3 => {
                let roots = self.world.borrow().roots.len();
                let function = self.index(roots);
                let (object, value) = (self.root(root), self.root(function));
                let sets = self.one_in(2);
                {
                    let mut world = self.world.borrow_mut();
                    let new = if sets { world.roots[function] } else { 0 };
                    world.take(new);
                    let old = world.set_trace(id, new);
                    world.give(old);
                }
                let frame = V::frame_object(&object).expect("it is a frame object");
                // Another reference was made to it already.
                drop(frame.set_trace(sets.then_some(value)));
            }
            _ => {
                let object = self.root(root);
                let expected = self.world.borrow_mut().back(id);
                let frame = V::frame_object(&object).expect("it is a frame object");
                let back = frame.back(self.stack(0).vm());
                assert_eq!(back.as_ref().map(V::id), expected, "f_back");
                if let (Some(id), Some(back)) = (expected, back) {
                    self.keep(id, back);
                }
            }
        }
    }

    /// A generator that does not run is closed.
    fn close(&self, id: Id, generator: &V::Value) {
        self.world.borrow_mut().release_generator(id);
        let stored = V::release(self.take_stored(generator));
        self.put_stored(id, stored);
    }

    fn use_generator(&self) {
        let is_idle = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        let Some((root, id)) = self.pick(is_idle) else { return };
        let generator = self.root(root);
        match self.below(4) {
            0 => self.close(id, &generator),
            1 => {
                self.world.borrow_mut().drop_generator(id);
                drop(self.take_stored(&generator));
            }
            _ => {
                let expected = self.world.borrow_mut().generator_object(id);
                let Body::Generator(stored) = V::body(&generator) else { unreachable!("it is a generator") };
                let stack = self.stack(0);
                let object = match &*stored.borrow() {
                    Stored::Created(frame) => frame.object(stack.vm()),
                    Stored::Suspended(frame) => frame.object(stack.vm()),
                    Stored::Empty | Stored::Cleared(_) => unreachable!("it did not end"),
                };
                assert_eq!(object.as_ref().map(V::id), expected, "the generator's frame object");
                if let (Some(id), Some(object)) = (expected, object) {
                    self.keep(id, object);
                }
            }
        }
    }

    /// Ends what nobody reaches: where references are counted, by clearing what is in cycles.
    fn collect(&self) {
        if V::TRACING {
            self.world.borrow_mut().before_allocation();
            V::collect(&self.heap);
            return;
        }
        let garbage: Vec<Id> = {
            let world = self.world.borrow();
            let reached = world.reached();
            world.alive().into_iter().filter(|id| !reached[*id as usize - 1]).collect()
        };
        let values: Vec<V::Value> = garbage.iter().map(|id| find::<V>(*id)).collect();
        garbage.iter().for_each(|id| self.world.borrow_mut().take(*id));
        for round in 0..3 {
            for (id, value) in garbage.iter().zip(&values) {
                let kind = match self.world.borrow().body(*id) {
                    world::Body::Generator { .. } => 0,
                    world::Body::Frame { .. } => 1,
                    _ => 2,
                };
                match kind {
                    0 if round == 0 => {
                        self.guarded(|world| world.drop_generator(*id), || drop(self.take_stored(value)));
                    }
                    1 if round == 1 && self.world.borrow().is_over(*id) => {
                        let frame = V::frame_object(value).expect("it is a frame object");
                        let clear = |world: &mut World| {
                            assert_eq!(world.clear_object(*id), Clearing::Done);
                        };
                        self.guarded(clear, || assert!(frame.clear().is_ok()));
                    }
                    2 if round == 2 => {
                        if let Body::Holder(held) = V::body(value) {
                            let held = held.take();
                            self.guarded(|world| world.clear_holder(*id), || drop(held));
                        }
                    }
                    _ => {}
                }
            }
        }
        for (id, value) in garbage.into_iter().zip(values) {
            self.guarded(|world| world.give(id), || drop(value));
        }
    }

    /// A stack goes with what is parked on it, and there is a new one.
    fn drop_stack(&self, index: usize) {
        if V::TRACING && self.world.borrow().may_unpark(index) {
            // A stack that is being dropped is nothing that a collector could look at.
            let id = self.world.borrow_mut().make(world::Body::Plain(Hook::Nothing));
            let shim = V::make(&self.heap, New::Plain(None));
            self.world.borrow_mut().unpark(index, id);
            self.world.borrow_mut().spill(index);
            self.world.borrow_mut().leave_session();
            let leave = |f: Run<'_, V>| {
                f.leave();
            };
            let left = self.stack(index).unpark(shim, leave);
            assert!(left.is_ok(), "frames are parked");
        }
        let stack = Self::new_stack(&self.heap);
        let old = std::mem::replace(&mut self.heap.stacks.borrow_mut()[index], stack);
        self.gone.set(Some(index));
        self.guarded(|world| world.drop_stack(index, RECURSION), || drop(old));
        self.gone.set(None);
    }

    // What must be so.

    /// Compares the runtime with the model. No eval loop may hold a frame.
    fn check(&self) {
        let mut world = self.world.borrow_mut();
        assert_eq!(vms::take_events(), std::mem::take(&mut world.events), "what ended, and what was seen then");
        let alive = world.alive();
        assert_eq!(vms::alive(), alive, "what is there");
        for index in 0..STACKS {
            let stack = self.stack(index);
            assert_eq!(see_stack(&stack), world.seen(index), "the frames of stack {index}");
            assert_eq!(stack.remaining(), world.stacks[index].remaining, "what remains of stack {index}");
            assert_eq!(id_of::<V>(stack.handled()), world.handled(index).into(), "what stack {index} handles");
        }
        let stack = self.stack(0);
        for &id in &alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            if !V::TRACING {
                assert_eq!(V::count(&value), world.object(id).count, "references to {id}: {:?}", world.body(id));
            }
            match world.body(id) {
                world::Body::Frame { .. } => {
                    let frame = V::frame_object(&value).expect("it is a frame object");
                    assert_eq!(see_object(frame, &stack), world.seen_object(id), "the frame object {id}");
                }
                world::Body::Generator { .. } => {
                    let Body::Generator(stored) = V::body(&value) else { panic!("it is a generator") };
                    assert_eq!(see_stored(&stored.borrow()), world.seen_generator(id), "the generator {id}");
                }
                _ => {}
            }
        }
        drop(world);
        if !V::TRACING && self.one_in(4) {
            self.tally(&alive);
        }
    }

    /// A collector sees as many references as are counted.
    fn tally(&self, alive: &[Id]) {
        let mut tally = Tally::<V>(vec![0; self.world.borrow().objects.len()], std::marker::PhantomData);
        self.heap.visit_held(&mut tally);
        for index in 0..STACKS {
            self.stack(index).visit(&mut tally).expect("nobody holds a frame");
        }
        for &id in alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            V::visit(&value, &mut tally);
        }
        for &id in alive {
            let Some(value) = look::<V>(id) else { unreachable!("it is there") };
            assert_eq!(tally.0[id as usize - 1], V::count(&value), "references to {id} that a collector sees");
        }
    }
}

fn panic_on_purpose() {
    // Nothing is printed.
    resume_unwind(Box::new(OnPurpose))
}
