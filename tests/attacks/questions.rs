//! A VM that does something bad when it is asked what an object is: resumes the very generator, takes its frame, drops the
//! last reference to it, enters a stack, lies or panics. With each question in turn that comes up, of each kind of object,
//! by each way to ask it for something.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use frame_runtime::bounds::Checked;
use frame_runtime::data_stack::Limits;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{
    Awaiting, Done, ErrorKind, GeneratorVm, PartRef, Raised, Resume, Slot, Started, Throw, Yield, anext,
    async_gen_wrap, get_awaitable,
};
use frame_runtime::machine::generator::{Created, Flavour, Suspended};
use frame_runtime::running::{Any, ByOwner, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};

use crate::generator_vm::{
    ALIVE, ASKED, Body, Machine, Python, Question, Ran, Stack, Value, delegate, lose_all, raise,
};
use crate::generators::Key;

/// A panic that is meant.
struct Meant;

type Frame<'t, P> = Running<'t, Machine<P>, Any>;

/// What there is to be asked, and to be done something bad to.
struct Scene<P: Python> {
    stacks: [Rc<Stack<P>>; 2],
    objects: RefCell<Vec<Value<P>>>,
    waiting: RefCell<Vec<Key<P, Suspended>>>,
    created: RefCell<Vec<Key<P, Created>>>,
    /// Addresses of generators whose frames were taken.
    taken: RefCell<BTreeSet<usize>>,
}

/// What a body does is the name of its first local.
fn run<P: Python>(entry: Entry<'_, Machine<P>>, resume: Resume<Machine<P>>) -> Ran<P> {
    let passed = match resume.start(entry) {
        Started::Sent(frame) => go_on(frame),
        Started::Thrown(mut frame, exception) => match does(&frame).as_str() {
            "yields" => go_on(frame),
            "returns" => {
                frame.fetch();
                frame.return_from_body()
            }
            _ => {
                let sent = frame.pop();
                return raise(frame.release(sent), exception);
            }
        },
    };
    match passed.break_value() {
        Some((_, value)) => Ok(value.into_value().expect("a value")),
        None => panic!("the entry is left"),
    }
}

fn does<P: Python>(frame: &Body<'_, P>) -> String {
    let what = frame.local(0).as_value().map(|what| what.name().to_owned());
    what.expect("a generator whose frame was cleared does not run")
}

/// Yields what it was sent.
fn go_on<P: Python>(mut frame: Body<'_, P>) -> frame_runtime::ops::Passed<'_, Machine<P>, Checked> {
    frame.fetch();
    if does(&frame) == "wraps" {
        let sent = frame.pop().into_value().expect("a value");
        let (mut wraps, wrapped) = frame.escape(|stack| async_gen_wrap(stack, sent));
        let Ok(wrapped) = wrapped else { panic!("memory") };
        wraps.push(wrapped.slot());
        frame = wraps;
    }
    frame.yield_value(Yield::Own)
}

/// Until the frame that was called goes on.
fn back<P: Python>(mut frame: Frame<'_, P>) -> Frame<'_, P> {
    loop {
        match frame.by_owner() {
            ByOwner::Thread(caller) => return caller.any(),
            ByOwner::Generator(body) => match go_on(body).continue_value() {
                Some(below) => frame = below,
                None => panic!("a frame is below"),
            },
        }
    }
}

impl<P: Python> Scene<P> {
    fn new() -> Rc<Self> {
        let stack = || {
            let stack = Rc::new(Stack::<P>::new(Machine::new(), Limits { recursion: 50, ..Limits::default() }));
            stack.vm().wild_run.replace(Some(Rc::new(|entry, resume| run(entry, resume))));
            stack
        };
        Rc::new(Scene {
            stacks: [stack(), stack()],
            objects: RefCell::default(),
            waiting: RefCell::default(),
            created: RefCell::default(),
            taken: RefCell::default(),
        })
    }

    fn stack(&self) -> &Stack<P> {
        &self.stacks[0]
    }

    fn keep(&self, value: &Value<P>) {
        self.objects.borrow_mut().push(value.clone());
    }

    fn objects(&self) -> Vec<Value<P>> {
        self.objects.borrow().clone()
    }

    /// One that has not begun.
    fn made(&self, flavour: Flavour, does: &str) -> Value<P> {
        let entered = self.stack().enter(Value::new("shim"), |entry| {
            let mut f = entry.call(Value::function(2, 6), &mut [Value::new(does).slot()]).expect("a call");
            f.fetch();
            f.fetch();
            P::return_generator(f, flavour)
        });
        let Ok(Ok(made)) = entered else { panic!("a generator") };
        self.keep(&made);
        made
    }

    /// One that waits at a `yield`.
    fn begun(&self, flavour: Flavour, does: &str) -> Value<P> {
        let made = self.made(flavour, does);
        self.begin(made)
    }

    /// One that delegates.
    fn delegating(&self, flavour: Flavour, does: &str, to: &Value<P>) -> Value<P> {
        let (made, to) = (self.made(flavour, does), to.clone());
        self.stack().vm().next_body(move |frame| delegate(frame, to, Value::new("yielded")));
        self.begin(made)
    }

    fn begin(&self, made: Value<P>) -> Value<P> {
        assert!(part(&made).next(self.stack()).is_ok(), "it yields");
        made
    }

    /// Takes all frames that can be taken. A frame is taken once.
    fn take(&self) {
        for object in self.objects() {
            let PartRef::Generator(generator) = part(&object) else { continue };
            let (waiting, created) = (P::take(generator), generator.take::<Created>());
            if waiting.is_some() || created.is_some() {
                assert!(self.taken.borrow_mut().insert(object.address()), "somebody has the frame that is taken");
            }
            self.waiting.borrow_mut().extend(waiting);
            self.created.borrow_mut().extend(created);
        }
    }

    /// Does something with each frame that was taken.
    fn give_up(&self, waiting: fn(Key<P, Suspended>), created: fn(Key<P, Created>)) {
        self.taken.take();
        self.waiting.take().into_iter().for_each(waiting);
        self.created.take().into_iter().for_each(created);
    }

    fn other(&self, made: Ran<P>) -> Value<P> {
        let Ok(made) = made else { panic!("it is made") };
        self.keep(&made);
        made
    }
}

fn part<P: Python>(object: &Value<P>) -> PartRef<'_, Machine<P>> {
    object.part().expect("an object of the family")
}

/// Objects that are asked for something, by a number; `None` behind the last one.
fn object<P: Python>(scene: &Scene<P>, number: usize) -> Option<Value<P>> {
    let (plain, async_gen) = (Flavour::Generator, Flavour::AsyncGenerator);
    let stack = scene.stack();
    let agen = || scene.made(async_gen, "wraps");
    let over = |object: Value<P>| {
        drop(part(&object).close(stack));
        object
    };
    Some(match number {
        0 => scene.made(plain, "raises"),
        1 => scene.begun(plain, "raises"),
        2 => scene.begun(plain, "yields"),
        3 => scene.begun(plain, "returns"),
        4 => scene.delegating(plain, "raises", &scene.begun(plain, "raises")),
        5 => scene.delegating(plain, "returns", &scene.begun(plain, "returns")),
        6 => scene.delegating(plain, "yields", &scene.delegating(plain, "yields", &Value::new("foreign"))),
        7 => scene.delegating(plain, "raises", &Value::new("foreign")),
        8 => over(scene.begun(plain, "raises")),
        9 => scene.made(Flavour::Coroutine, "raises"),
        10 => {
            let coroutine = scene.begun(Flavour::Coroutine, "returns");
            scene.other(coroutine.get().coroutine_await(stack, &coroutine))
        }
        11 => agen(),
        12 => {
            let agen = agen();
            scene.other(agen.get().asend(stack, &agen, Value::new("first")))
        }
        13 => {
            let agen = scene.delegating(async_gen, "yields", &Value::new("foreign"));
            let asend = scene.other(agen.get().anext(stack, &agen));
            scene.begin(asend)
        }
        14 => {
            let agen = scene.begun(async_gen, "wraps");
            scene.other(agen.get().athrow(stack, &agen, &[Value::class(ErrorKind::TypeError)]))
        }
        15 => {
            let agen = scene.begun(async_gen, "yields");
            scene.other(agen.get().aclose(stack, &agen))
        }
        16 => {
            let agen = scene.begun(async_gen, "raises");
            let asend = scene.other(agen.get().anext(stack, &agen));
            scene.delegating(Flavour::Coroutine, "returns", &asend)
        }
        17 => {
            let agen = over(scene.begun(async_gen, "raises"));
            scene.other(anext(stack, &agen, Some(Value::new("default"))))
        }
        18 => {
            scene.begun(plain, "raises");
            Value::new("foreign")
        }
        _ => return None,
    })
}

/// Ways to ask that are methods.
const METHODS: usize = 11;

fn call<P: Python>(stack: &Stack<P>, object: &Value<P>, part: PartRef<'_, Machine<P>>, number: usize) {
    let throw = |exception: Value<P>| drop(part.throw(stack, &Throw::new(exception)));
    match number {
        0 => drop(part.next(stack)),
        1 => drop(part.send(stack, Value::new("sent"))),
        2 => throw(Value::class(ErrorKind::TypeError)),
        3 => throw(Value::error(ErrorKind::StopIteration)),
        4 => throw(Value::class(ErrorKind::GeneratorExit)),
        5 => throw(Value::new("no exception")),
        6 => {
            let arguments = [Value::class(ErrorKind::ValueError), Value::new("value"), Value::new("traceback")];
            drop(part.throw_arguments(stack, &arguments));
        }
        7 => drop(part.close(stack)),
        8 => part.finalize(stack, object),
        9 => drop(part.call_slot(stack, object, Slot::Iternext)),
        _ => {
            if let PartRef::Generator(generator) = part {
                drop(generator.clear_frame(stack, object));
                drop((generator.delegate(), generator.frame_object(stack.vm())));
                let _ = (generator.repr(stack.vm(), 1).to_string(), generator.state_name(), generator.is_running());
            }
        }
    }
}

/// Something that is asked of an object, by a number; nothing behind the last one.
fn ask<P: Python>(stack: &Stack<P>, object: Value<P>, number: usize) -> Option<()> {
    match number {
        0..METHODS => {
            if let Some(part) = object.part() {
                call(stack, &object, part, number);
            }
        }
        11 => {
            let none = GeneratorVm::none(stack.vm());
            framed(stack, with(receiver(object), [none.slot()]), |f| f.send_value(Site::default()));
        }
        12 => {
            let sent = Value::new("sent").slot();
            framed(stack, with(receiver(object), [sent]), |f| f.send_value(Site::default()));
        }
        13 => framed(stack, receiver(object), |f| match f.for_iter_generator(Site::default()) {
            Ok(frame) | Err(frame) => Ok(frame),
        }),
        14 => framed(stack, vec![object.slot()], |f| f.get_awaitable(0)),
        15 => framed(stack, vec![object.slot()], |f| f.get_aiter()),
        16 => framed(stack, vec![object.slot()], |f| f.get_anext()),
        17 => framed(stack, vec![object.slot()], |f| f.get_yield_from_iter(Flavour::Generator)),
        18 => {
            let stop = Value::error(ErrorKind::StopAsyncIteration).slot();
            framed(stack, vec![object.slot(), stop], |f| f.end_async_for());
        }
        19 => {
            let above = [Value::new("sent").slot(), Value::error(ErrorKind::StopIteration).slot()];
            framed(stack, with(receiver(object), above), |f| f.cleanup_throw());
        }
        20 => framed(stack, vec![object.slot(), Value::error(ErrorKind::StopIteration).slot()], |f| {
            Ok(f.stop_iteration_error(Flavour::Generator))
        }),
        21 => drop(get_awaitable(stack, &object, Awaiting::Aexit)),
        22 => {
            let entered = stack.enter(Value::new("shim"), |entry| {
                let f = entry.call(Value::function(2, 6), &mut [object.slot()]).expect("a call");
                drop(P::return_generator(f, Flavour::Coroutine));
            });
            assert!(entered.is_ok(), "nothing runs");
        }
        _ => return None,
    }
    Some(())
}

/// What an instruction finds that resumes it.
fn receiver<P: Python>(object: Value<P>) -> Vec<StackRef<Machine<P>>> {
    let index = (P::LAYOUT.minor() >= 15).then(StackRef::null);
    [object.slot()].into_iter().chain(index).collect()
}

fn with<P: Python, const N: usize>(
    mut slots: Vec<StackRef<Machine<P>>>,
    above: [StackRef<Machine<P>>; N],
) -> Vec<StackRef<Machine<P>>> {
    slots.extend(above);
    slots
}

/// An instruction of a frame that has these on its stack.
fn framed<P: Python>(
    stack: &Stack<P>,
    slots: Vec<StackRef<Machine<P>>>,
    instruction: impl for<'t> FnOnce(Frame<'t, P>) -> Done<'t, Machine<P>, Any, Checked>,
) {
    let entered = stack.enter(Value::new("shim"), |entry| {
        let mut f = entry.call(Value::function(2, 6), &mut [Value::new("raises").slot()]).expect("a call");
        f.fetch();
        slots.into_iter().for_each(|slot| f.push(slot));
        let f = match instruction(f) {
            Ok(f) => back(f),
            Err(Raised { frame, exception }) => frame.release(exception.slot()),
        };
        f.leave();
    });
    assert!(entered.is_ok(), "nothing runs");
}

/// What the VM does that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misdeed {
    Resume,
    ResumeElsewhere,
    Throw,
    Close,
    Take,
    TakeAndDrop,
    TakeAndPutBack,
    Drop,
    Enter,
    Panic,
    Lie,
    LieFromNowOn,
}

impl Misdeed {
    /// Does it to all that there is. Says whether the answer is to be a wrong one.
    fn happens<P: Python>(self, scene: &Scene<P>) -> bool {
        let [here, elsewhere] = &scene.stacks;
        match self {
            Misdeed::Resume => scene.objects().iter().for_each(|object| drop(part(object).next(here))),
            Misdeed::ResumeElsewhere => scene.objects().iter().for_each(|object| drop(part(object).next(elsewhere))),
            Misdeed::Throw => {
                let throw = Throw::new(Value::error(ErrorKind::ValueError));
                scene.objects().iter().for_each(|object| drop(part(object).throw(elsewhere, &throw)));
            }
            Misdeed::Close => scene.objects().iter().for_each(|object| drop(part(object).close(elsewhere))),
            Misdeed::Take => scene.take(),
            Misdeed::TakeAndDrop => {
                scene.take();
                scene.give_up(drop, drop);
            }
            Misdeed::TakeAndPutBack => {
                scene.take();
                scene.give_up(Key::put_back, Key::put_back);
            }
            Misdeed::Drop => drop(scene.objects.take()),
            Misdeed::Enter => {
                let entered = here.enter(Value::new("shim"), |entry| {
                    let Ok(mut f) = entry.call(Value::function(3, 900), &mut [Value::new("b").slot()]) else { return };
                    f.fetch();
                    let (f, _) = f.escape(|stack| drop((0..4).map(|at| stack.frame_object(at)).collect::<Vec<_>>()));
                    f.leave();
                });
                drop((entered, here.replace_handled(None), here.clear_parked()));
            }
            Misdeed::Panic => resume_unwind(Box::new(Meant)),
            Misdeed::Lie | Misdeed::LieFromNowOn => return true,
        }
        false
    }
}

/// A question is not asked within another one.
struct Busy(Rc<Cell<bool>>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Asks one object in one way, and something bad happens at the question of this number. Says at which one that was; `None`:
/// there were not as many. The outer `None`: there is no such object, or no such way.
fn once<P: Python>(misdeed: Misdeed, number: usize, way: usize, at: usize) -> Option<Option<Question>> {
    let scene = Scene::<P>::new();
    let object = object(&scene, number)?;
    let (count, busy, bad) = (Cell::new(0), Rc::new(Cell::new(false)), Rc::new(Cell::new(None)));
    let (of, which) = (Rc::clone(&scene), Rc::clone(&bad));
    ASKED.set(Some(Rc::new(move |question| {
        if busy.get() {
            return false;
        }
        let index = count.replace(count.get() + 1);
        if index < at || index > at && misdeed != Misdeed::LieFromNowOn {
            return false;
        }
        which.set(Some(which.get().unwrap_or(question)));
        busy.set(true);
        let _busy = Busy(Rc::clone(&busy));
        misdeed.happens(&of)
    })));
    let asked = catch_unwind(AssertUnwindSafe(|| ask(scene.stack(), object, way)));
    drop(ASKED.take());
    let what = || format!("3.{} {misdeed:?} of object {number}, way {way}, at {:?}", P::LAYOUT.minor(), bad.get());
    let panicked = asked.is_err();
    if let Err(payload) = &asked
        && !payload.is::<Meant>()
    {
        panic!("{}: a panic that nobody meant", what());
    }
    if misdeed == Misdeed::Take {
        scene.take();
    }
    scene.give_up(drop, drop);
    for stack in &scene.stacks {
        assert_eq!(stack.remaining(), stack.limits().recursion, "{}", what());
        assert!(stack.enter(Value::new("shim"), |_| ()).is_ok(), "{}", what());
        stack.vm().forget();
    }
    drop(scene);
    if panicked {
        // What is on the stack of a frame whose handle is lost is never released.
        lose_all();
    }
    assert_eq!(ALIVE.get(), 0, "{}: objects are left", what());
    asked.ok().flatten().map_or(panicked.then_some(bad.get()), |()| Some(bad.get()))
}

/// All objects, in all ways, with all questions that come up.
fn happens<P: Python>(misdeed: Misdeed) {
    let mut asked = BTreeSet::new();
    for number in 0..OBJECTS {
        for way in 0..WAYS {
            let mut at = 0;
            while let Some(question) = once::<P>(misdeed, number, way, at).expect("there are as many") {
                asked.insert(question);
                at += 1;
            }
        }
    }
    assert!(once::<P>(misdeed, OBJECTS, 0, 0).is_none() && once::<P>(misdeed, 0, WAYS, 0).is_none());
    let all = [
        Question::None,
        Question::IsNone,
        Question::StopValue,
        Question::IsException,
        Question::IsExceptionClass,
        Question::Thrown,
        Question::HasSlot,
        Question::Machines,
    ];
    assert!(all.iter().all(|question| asked.contains(question)), "only {asked:?} came up");
}

const OBJECTS: usize = 19;
const WAYS: usize = 23;

macro_rules! misdeeds {
    ($($name:ident: $misdeed:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            for version in [
                happens::<Cpython3_11>,
                happens::<Cpython3_12>,
                happens::<Cpython3_13>,
                happens::<Cpython3_14>,
                happens::<Cpython3_15>,
            ] {
                version(Misdeed::$misdeed);
            }
        })+
    };
}

misdeeds!(
    questions_resume: Resume,
    questions_resume_on_another_stack: ResumeElsewhere,
    questions_throw: Throw,
    questions_close: Close,
    questions_take_frames: Take,
    questions_end_frames: TakeAndDrop,
    questions_take_frames_and_put_them_back: TakeAndPutBack,
    questions_drop_the_last_reference: Drop,
    questions_enter_the_stack: Enter,
    questions_panic: Panic,
    one_answer_is_wrong: Lie,
    answers_are_wrong: LieFromNowOn,
);
