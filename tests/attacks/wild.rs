//! Programs that do anything at any time to generators: in bodies, in destructors, whenever the VM is asked for something,
//! also when it panics.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

use frame_runtime::data_stack::Limits;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{ErrorKind, Generator, PartRef, Raised, Resume, Started, Throw, Yield};
use frame_runtime::machine::generator::{Cleared, Created, Flavour, Suspended};
use frame_runtime::running::{ByOwner, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use frame_runtime::visit::Visit;
use frame_runtime::vm::Value as _;

use crate::generator_vm::{ALIVE, Machine, Python, Ran, Stack, Value, WILD, names};
use crate::generators::{Key, each};

/// How deep what is done may lead to other things.
const DEEPEST: u32 = 7;
const FLAVOURS: [Flavour; 4] =
    [Flavour::Generator, Flavour::TypesCoroutine, Flavour::Coroutine, Flavour::AsyncGenerator];

/// A panic that is meant.
struct Meant;

struct World<P: Python> {
    stacks: [Rc<Stack<P>>; 2],
    objects: RefCell<Vec<Value<P>>>,
    waiting: RefCell<Vec<Key<P, Suspended>>>,
    created: RefCell<Vec<Key<P, Created>>>,
    cleared: RefCell<Vec<Key<P, Cleared>>>,
    resumes: RefCell<Vec<Resume<Machine<P>>>>,
    seed: Cell<u64>,
    depth: Cell<u32>,
    left: Cell<u32>,
    /// Whether what is done may panic. Not in destructors: a value on its way out of a function is lost then, by the compiler.
    panics: Cell<bool>,
}

/// Gives a level of depth back.
struct Deeper<'a>(&'a Cell<u32>);

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl<P: Python> World<P> {
    fn dice(&self, sides: usize) -> usize {
        let mut seed = self.seed.get();
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        self.seed.set(seed);
        usize::try_from(seed >> 33).expect("31 bits") % sides
    }

    fn one_in(&self, sides: usize) -> bool {
        self.dice(sides) == 0
    }

    fn stack(&self) -> Rc<Stack<P>> {
        Rc::clone(&self.stacks[self.dice(2)])
    }

    fn any(&self) -> Option<Value<P>> {
        let objects = self.objects.borrow();
        if objects.is_empty() { None } else { Some(objects[self.dice(objects.len())].clone()) }
    }

    fn keep(&self, value: Value<P>) {
        let old = {
            let mut objects = self.objects.borrow_mut();
            let old = (objects.len() > 8).then(|| self.dice(objects.len())).map(|index| objects.swap_remove(index));
            objects.push(value);
            old
        };
        drop(old);
    }

    fn came(&self, result: Ran<P>) {
        let (Ok(value) | Err(value)) = result;
        if self.one_in(3) {
            self.keep(value);
        }
    }

    fn pick<T>(&self, from: &RefCell<Vec<T>>) -> Option<T> {
        let mut from = from.borrow_mut();
        let count = from.len();
        (count > 0).then(|| from.swap_remove(self.dice(count)))
    }

    /// Does something, unless too much is being done already.
    fn act(&self) {
        if self.depth.get() >= DEEPEST || self.left.get() == 0 || std::thread::panicking() {
            return;
        }
        self.left.set(self.left.get() - 1);
        self.depth.set(self.depth.get() + 1);
        let _depth = Deeper(&self.depth);
        if self.panics.get() && self.depth.get() > 1 && self.one_in(40) {
            panic_any(Meant);
        }
        self.do_one(&self.stack());
    }

    fn do_one(&self, stack: &Rc<Stack<P>>) {
        match self.dice(24) {
            0 | 1 => self.make(stack),
            2 => self.keep(Value::new("plain")),
            3 => drop(self.pick(&self.objects)),
            4 => drop(self.pick(&self.waiting)),
            5 => drop(self.pick(&self.created)),
            6 => drop(self.pick(&self.cleared)),
            7 => {
                if let Some(key) = self.pick(&self.waiting) {
                    if self.one_in(2) { key.put_back() } else { self.resume_key(stack, key) }
                }
            }
            8 => self.pick(&self.created).map_or((), Key::put_back),
            9 => {
                if let Some(key) = self.pick(&self.cleared) {
                    if let Some(object) = key.object(stack.vm()) {
                        self.keep(object);
                    }
                    key.put_back();
                }
            }
            10 => {
                let exception = self.one_in(2).then(|| Value::error(ErrorKind::TypeError));
                drop(stack.replace_handled(exception));
            }
            11 => {
                if let Some(resume) = self.pick(&self.resumes) {
                    let ran = stack.enter(Value::new("shim"), |entry| self.run(entry, resume));
                    ran.into_iter().for_each(|ran| self.came(ran));
                }
            }
            12 => drop(self.pick(&self.resumes)),
            13 => {
                let unparked = stack.unpark(Value::new("shim"), |frame| self.go_on(frame));
                unparked.into_iter().for_each(|ran| self.came(ran));
            }
            14 if self.one_in(4) => {
                stack.clear_parked();
            }
            15 => stack.frame_object(self.dice(3)).ok().flatten().map_or((), |object| self.keep(object)),
            _ => {
                if let Some(object) = self.any() {
                    self.ask(stack, &object);
                }
            }
        }
    }

    fn make(&self, stack: &Stack<P>) {
        let flavour = FLAVOURS[self.dice(4)];
        let entered = stack.enter(Value::new("shim"), |entry| {
            let arguments = &mut [Value::new("a").slot()];
            let Ok(mut f) = entry.call(Value::function(2, 6), arguments) else { return None };
            f.fetch();
            f.fetch();
            if self.one_in(4) {
                let key = P::make_generator(f);
                let generator = Value::generator(Generator::new(key, flavour, names()));
                stack.vm().made.borrow_mut().push(generator.weak());
                return Some(Ok(generator));
            }
            Some(P::return_generator(f, flavour))
        });
        if let Ok(Some(Ok(made))) = entered {
            self.keep(made);
        }
    }

    fn thrown(&self) -> Throw<Value<P>> {
        let kind = [ErrorKind::TypeError, ErrorKind::GeneratorExit, ErrorKind::StopIteration][self.dice(3)];
        Throw::new(if self.one_in(2) { Value::class(kind) } else { Value::error(kind) })
    }

    /// Asks an object for something.
    fn ask(&self, stack: &Rc<Stack<P>>, object: &Value<P>) {
        if object.is_frame() {
            return self.ask_frame(stack, object);
        }
        let Some(part) = object.part() else { return };
        let value = || {
            if self.one_in(2) { Value::new("sent") } else { frame_runtime::generator::GeneratorVm::none(stack.vm()) }
        };
        let sent = match (self.dice(12), part) {
            (0 | 1, part) => part.next(stack),
            (2, part) => part.send(stack, value()),
            (3 | 4, part) => part.throw(stack, &self.thrown()),
            (5, part) => return self.came(part.close(stack)),
            (6, part) => return part.finalize(stack, object),
            (7, PartRef::Generator(generator)) => {
                match self.dice(3) {
                    0 => P::take(generator).map_or((), |key| self.waiting.borrow_mut().push(key)),
                    1 => generator.take().map_or((), |key| self.created.borrow_mut().push(key)),
                    _ => generator.take().map_or((), |key| self.cleared.borrow_mut().push(key)),
                }
                return;
            }
            (8, PartRef::Generator(generator)) => return drop(generator.clear_frame(stack, object)),
            (9, PartRef::Generator(generator)) => {
                drop((generator.delegate(), generator.code(), generator.set_name(Value::new("other"))));
                return generator.frame_object(stack.vm()).map_or((), |object| self.keep(object));
            }
            (_, PartRef::Generator(generator)) => {
                let made = match self.dice(4) {
                    0 => generator.asend(stack, object, value()),
                    1 => generator.athrow(stack, object, &[Value::error(ErrorKind::TypeError)]),
                    2 => generator.aclose(stack, object),
                    _ => generator.coroutine_await(stack, object),
                };
                return self.came(made);
            }
            _ => return,
        };
        self.came(sent.map(frame_runtime::generator::Sent::into_value));
    }

    fn ask_frame(&self, stack: &Stack<P>, object: &Value<P>) {
        let frame = object.frame();
        match self.dice(5) {
            0 => drop(frame.set(0, Value::new("b").slot())),
            1 => drop(frame.clear()),
            2 => frame.back(stack.vm()).map_or((), |object| self.keep(object)),
            3 => frame.generator().map_or((), |object| self.keep(object)),
            _ => drop((frame.get(0), frame.globals())),
        }
    }

    fn resume_key(&self, stack: &Stack<P>, key: Key<P, Suspended>) {
        if stack.remaining() == 0 {
            return key.put_back();
        }
        let mut key = Some(key);
        let entered = stack.enter(Value::new("shim"), |entry| {
            let key = key.take().expect("once");
            let mut frame = P::resume(entry, key);
            frame.push(Value::new("sent").slot());
            self.go_on(frame.any())
        });
        entered.into_iter().for_each(|ran| self.came(ran));
    }

    /// The eval loop.
    fn run(&self, entry: Entry<'_, Machine<P>>, resume: Resume<Machine<P>>) -> Ran<P> {
        if self.one_in(12) {
            if self.one_in(2) {
                self.resumes.borrow_mut().push(resume);
            } else {
                drop(resume);
            }
            return Ok(Value::new("nothing"));
        }
        if entry.stack().remaining() == 0 {
            return Ok(Value::new("no room"));
        }
        match resume.start(entry) {
            Started::Sent(frame) => self.go_on(frame.any()),
            Started::Thrown(mut frame, exception) => {
                let sent = frame.pop();
                let frame = frame.release(sent);
                if self.one_in(3) {
                    drop(exception);
                    return self.go_on(frame.any());
                }
                self.fail(frame.any(), exception)
            }
        }
    }

    fn fail<'t>(&self, frame: Running<'t, Machine<P>>, exception: Value<P>) -> Ran<P> {
        let ByOwner::Generator(frame) = frame.by_owner() else { panic!("a body") };
        match frame.raise_from_body() {
            Returned::Frame(below) => self.fail(below, exception),
            Returned::Left(_) => Err(exception),
        }
    }

    fn go_on<'t>(&self, mut frame: Running<'t, Machine<P>>) -> Ran<P> {
        loop {
            // The stack of a body is empty, but for what it delegates to and what was sent.
            while frame.depth() > 0 && !self.one_in(4) {
                let value = frame.pop();
                frame = frame.release(value);
            }
            let full = frame.depth() > 2;
            let choice = self.dice(10);
            if self.left.get() == 0 || choice == 0 || full || frame.next_index() > 30 {
                while frame.depth() > 0 {
                    let value = frame.pop();
                    frame = frame.release(value);
                }
            }
            let ending = self.left.get() == 0 || frame.next_index() > 30;
            let ByOwner::Generator(mut body) = frame.by_owner() else { panic!("a body") };
            let passed = match choice {
                _ if ending => {
                    body.push(Value::new("result").slot());
                    body.return_from_body()
                }
                // The handle is lost, with nothing on the stack.
                0 => return Ok(Value::new("lost")),
                1 => {
                    body.fetch();
                    body.push(Value::new("result").slot());
                    body.return_from_body()
                }
                2 => return self.fail(body.any(), Value::error(ErrorKind::ValueError)),
                3 => match body.any().park(Site::default()) {
                    Ok(_) => return Ok(Value::new("parked")),
                    Err(refused) => {
                        frame = refused.caller;
                        continue;
                    }
                },
                4 | 5 => {
                    body.fetch();
                    body.push(Value::new("yielded").slot());
                    body.yield_value(Yield::Own)
                }
                6 | 7 => {
                    let Some(receiver) = self.any() else {
                        frame = body.any();
                        continue;
                    };
                    body.fetch();
                    body.push(receiver.slot());
                    if P::LAYOUT.minor() >= 15 {
                        body.push(StackRef::null());
                    }
                    if choice == 6 {
                        body.push(Value::new("yielded").slot());
                        body.yield_value(Yield::From)
                    } else {
                        if self.one_in(2) {
                            let (Ok(next) | Err(next)) = body.any().for_iter_generator(Site::default());
                            frame = next;
                            continue;
                        }
                        let none = frame_runtime::generator::GeneratorVm::none(body.stack().vm());
                        body.push(none.slot());
                        frame = match body.any().send_value(Site::default()) {
                            Ok(frame) => frame,
                            Err(Raised { frame, exception }) => {
                                drop(exception);
                                frame
                            }
                        };
                        continue;
                    }
                }
                _ => {
                    let (body, ()) = body.escape(|_| self.act());
                    frame = body.any();
                    continue;
                }
            };
            match passed.map_break(|(_, value)| value) {
                std::ops::ControlFlow::Continue(below) => frame = below,
                std::ops::ControlFlow::Break(value) => return value.into_value().ok_or_else(|| Value::new("no value")),
            }
        }
    }
}

struct Seen(BTreeMap<usize, usize>);

// SAFETY: it only counts.
#[expect(unsafe_code, reason = "a visitor promises to change nothing")]
unsafe impl<P: Python> Visit<Machine<P>> for Seen {
    fn owned(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        *self.0.entry(reference.as_raw().addr().get()).or_default() += 1;
    }

    fn borrowed(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        assert!(reference.count() > 0, "what is borrowed is there");
    }
}

impl<P: Python> World<P> {
    /// While nothing runs every reference to an object of the family is seen once, or is in the hands of the program.
    fn check(&self) {
        let made: Vec<Value<P>> = self
            .stacks
            .iter()
            .flat_map(|stack| stack.vm().made.borrow().iter().filter_map(Value::upgrade).collect::<Vec<_>>())
            .collect();
        let mut seen = Seen(BTreeMap::new());
        for object in &made {
            object.visit(&mut seen);
        }
        for stack in &self.stacks {
            stack.visit(&mut seen).expect("nothing runs");
        }
        if !self.resumes.borrow().is_empty() {
            return;
        }
        // A generator shows its frame also while somebody else has the handle.
        for key in self.waiting.borrow().iter().filter(|key| lost(&|visit| key.visit(visit))) {
            key.visit(&mut seen);
        }
        for key in self.created.borrow().iter().filter(|key| lost(&|visit| key.visit(visit))) {
            key.visit(&mut seen);
        }
        for key in self.cleared.borrow().iter().filter(|key| lost(&|visit| key.visit(visit))) {
            key.visit(&mut seen);
        }
        for object in &made {
            let address = object.address();
            let held = self.objects.borrow().iter().filter(|kept| kept.address() == address).count();
            let shown = seen.0.get(&address).copied().unwrap_or(0);
            assert_eq!(object.count(), 1 + held + shown, "references to {} that are shown", object.name());
        }
    }
}

/// Whether the generator of a frame is gone: then the frame shows its names.
fn lost<P: Python>(visit: &dyn Fn(&mut dyn Visit<Machine<P>>)) -> bool {
    let mut names = Names(false);
    visit(&mut names);
    names.0
}

/// Whether there is a name.
struct Names(bool);

// SAFETY: it only looks.
#[expect(unsafe_code, reason = "a visitor promises to change nothing")]
unsafe impl<P: Python> Visit<Machine<P>> for Names {
    fn owned(&mut self, reference: &mut ManuallyDrop<Value<P>>) {
        self.0 |= reference.name() == "qualname";
    }

    fn borrowed(&mut self, _: &mut ManuallyDrop<Value<P>>) {}
}

fn wild<P: Python>(panics: bool) {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Meant>() {
            eprintln!("{info}");
        }
    }));
    for seed in 1..=rounds() {
        let limits = Limits { recursion: 6, ..Limits::default() };
        let stack = || Rc::new(Stack::<P>::new(Machine::new(), limits));
        let world = Rc::new(World {
            stacks: [stack(), stack()],
            objects: RefCell::default(),
            waiting: RefCell::default(),
            created: RefCell::default(),
            cleared: RefCell::default(),
            resumes: RefCell::default(),
            seed: Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            depth: Cell::new(0),
            left: Cell::new(400),
            panics: Cell::new(panics),
        });
        let act = {
            let world = Rc::clone(&world);
            Rc::new(move || {
                if world.one_in(6) {
                    world.act()
                }
            }) as Rc<dyn Fn()>
        };
        for stack in &world.stacks {
            stack.vm().wild.replace(Some(Rc::clone(&act)));
            let looping = Rc::clone(&world);
            stack.vm().wild_run.replace(Some(Rc::new(move |entry, resume| looping.run(entry, resume))));
        }
        let quiet = Rc::clone(&world);
        WILD.set(Some(Rc::new(move || {
            let panics = quiet.panics.replace(false);
            act();
            quiet.panics.set(panics);
        })));
        while world.left.get() > 0 {
            let done = catch_unwind(AssertUnwindSafe(|| world.act()));
            if let Err(payload) = done
                && !payload.is::<Meant>()
            {
                panic!("3.{} with seed {seed}: a panic that nobody meant", P::LAYOUT.minor());
            }
            assert_eq!(world.depth.get(), 0);
            if world.one_in(3) {
                world.check();
            }
        }
        drop(WILD.take());
        end(&world);
        drop(world);
        assert_eq!(ALIVE.get(), 0, "3.{} with seed {seed}", P::LAYOUT.minor());
    }
    drop(std::panic::take_hook());
}

fn rounds() -> u64 {
    std::env::var("WILD_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// Breaks every circle.
fn end<P: Python>(world: &World<P>) {
    for stack in &world.stacks {
        stack.vm().forget();
        stack.clear_parked();
        drop(stack.replace_handled(None));
    }
    drop(world.waiting.take());
    drop(world.created.take());
    drop(world.cleared.take());
    drop(world.resumes.take());
    for stack in &world.stacks {
        let made: Vec<Value<P>> = stack.vm().made.borrow().iter().filter_map(Value::upgrade).collect();
        for object in &made {
            if object.is_frame() {
                drop(object.frame().clear());
            } else if let Some(PartRef::Generator(generator)) = object.part() {
                drop(generator.take::<Created>());
                drop(P::take(generator));
            }
        }
        drop(made);
    }
    for stack in &world.stacks {
        assert_eq!(stack.remaining(), stack.limits().recursion, "what was counted was given back");
        assert!(stack.handled().is_none());
        assert!(stack.enter(Value::new("shim"), |_| ()).is_ok());
    }
    drop(world.objects.take());
}

#[test]
fn anything_is_done_at_any_time() {
    fn quiet<P: Python>() {
        wild::<P>(false);
    }
    each([
        quiet::<Cpython3_11>,
        quiet::<Cpython3_12>,
        quiet::<Cpython3_13>,
        quiet::<Cpython3_14>,
        quiet::<Cpython3_15>,
    ]);
}

#[test]
fn anything_panics_at_any_time() {
    fn loud<P: Python>() {
        wild::<P>(true);
    }
    each([loud::<Cpython3_11>, loud::<Cpython3_12>, loud::<Cpython3_13>, loud::<Cpython3_14>, loud::<Cpython3_15>]);
}
