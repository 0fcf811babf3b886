//! Bodies of scenarios, run step by step on frames.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use frame_runtime::data_stack::{DataStack, Full};
use frame_runtime::entry::Entry;
use frame_runtime::machine::generator::{event, state};
use frame_runtime::machine::{Runs, generator};
use frame_runtime::running::{Arguments, ByOwner, Reason, Returned, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::unwind::Unwound;
use frame_runtime::version::{Activation, Frames};
use serde_json::{Value as Json, json};

use crate::body::{Body, CAUGHT, RESUME, STEP, Slot, text};
use crate::driver::{self, Frame, Next, Python};
use crate::native;
use crate::vm::{Exception, Generator, Kind, Machine, Value, Waiting, World};

/// How a frame begins to run, or goes on.
pub(crate) enum How<P: Python> {
    Start,
    Value,
    /// An exception is for what the frame delegates to, if it does; or else it is raised where the frame stands, which is
    /// this unit.
    Throw(Value<P>, u32),
    /// An exception is for the frame.
    Fail(Value<P>, u32),
}

/// What a frame came to, when somebody else goes on.
pub(crate) enum Outcome<P: Python> {
    Returned(Json),
    Yielded(Json),
    Raised(Value<P>),
    /// A generator.
    Made(Value<P>),
}

/// What `next_later` keeps.
pub(crate) enum Late<P: Python> {
    Yielded(Json),
    Raised(Value<P>),
}

/// What becomes of the frame after a step.
enum Flow<'t, P: Python> {
    Next(Frame<'t, P>),
    Raise(Frame<'t, P>, Value<P>),
    Unwound(Unwound<'t, Machine<P>, frame_runtime::running::Any, frame_runtime::bounds::Checked>),
    Suspend(Frame<'t, P>, bool, Json),
    End(Frame<'t, P>),
}

impl<P: Python> World<P> {
    pub(crate) fn exception(self: &Rc<Self>, kind: &str, message: &str) -> Value<P> {
        self.exception_with(kind, message, Json::Null)
    }

    pub(crate) fn exception_with(self: &Rc<Self>, kind: &str, message: &str, value: Json) -> Value<P> {
        let (kind, message) = (kind.to_owned(), message.to_owned());
        let context = self.stack.handled();
        Value::new(self, Kind::Exception(Exception { kind, message, value, entries: RefCell::default(), context }))
    }

    /// What a call raises that there is no room for.
    pub(crate) fn refusal(self: &Rc<Self>, reason: Reason) -> Value<P> {
        let kind = match reason {
            Reason::Full(Full::Recursion) => "RecursionError",
            Reason::Full(Full::Memory) => "MemoryError",
            _ => "SystemError",
        };
        self.exception(kind, &reason.to_string())
    }

    /// Enters the stack; says so in the log if that is not possible.
    pub(crate) fn enter<R>(
        self: &Rc<Self>,
        stack: &DataStack<Machine<P>>,
        body: impl for<'t> FnOnce(Entry<'t, Machine<P>>) -> R,
    ) -> Option<R> {
        let shim = Value::new(self, Kind::Plain(Json::Null));
        let entered = stack.enter(shim, body);
        if entered.is_err() {
            self.tell(json!("an eval loop holds the topmost frame"));
        }
        entered.ok()
    }

    fn object(self: &Rc<Self>, name: &Json) -> Value<P> {
        match name {
            Json::Array(pair) => Value::named(self, text(&pair[0]), Some(text(&pair[1]))),
            name => Value::named(self, text(name), None),
        }
    }

    /// Logs a step and its outcome.
    pub(crate) fn outcome(&self, step: &Json, outcome: Json) {
        let mut row = step.as_array().expect("a step").clone();
        row.push(outcome);
        self.tell(row.into());
    }
}

pub(crate) fn shown<P: Python>(error: &Value<P>) -> Json {
    let error = error.exception();
    match error.kind.as_str() {
        "StopIteration" => json!({ "returned": error.value }),
        kind => json!({ "raises": kind, "message": error.message }),
    }
}

/// Goes to a unit, and executes it.
pub(crate) fn execute<P: Python>(frame: &mut Frame<'_, P>, unit: u32) {
    let next = i32::try_from(frame.next_index()).expect("short code");
    frame.jump(i32::try_from(unit).expect("short code") - next);
    frame.fetch();
}

/// The slot of the instruction before the next one.
fn slot_of<P: Python>(frame: &Frame<'_, P>) -> u32 {
    (u32::try_from(frame.next_index()).expect("short code") - 1) / STEP
}

/// Runs a frame until somebody else goes on.
pub(crate) fn run<'t, P: Python>(
    world: &Rc<World<P>>,
    mut frame: Frame<'t, P>,
    body: &Rc<Body>,
    generator: Option<&Value<P>>,
    how: How<P>,
) -> (Next<'t, P>, Outcome<P>) {
    if let How::Throw(_, unit) | How::Fail(_, unit) = how {
        execute(&mut frame, unit);
    }
    let mut flow = match how {
        How::Start => {
            if !body.free.is_empty() {
                frame.copy_free_vars(u32::try_from(body.free.len()).expect("few variables"));
            }
            for slot in &body.captures {
                frame = frame.make_cell(*slot).unwrap_or_else(|_| panic!("there is memory"));
            }
            if body.kind != "function" {
                execute(&mut frame, RESUME - 2);
                return make_generator(world, frame, body);
            }
            if body.dies {
                let dying = frame.local(0).as_value().expect("what dies is the argument").clone();
                world.tell(json!(["dies", dying.name()]));
            }
            execute(&mut frame, RESUME);
            Flow::Next(frame)
        }
        How::Throw(error, _) | How::Fail(error, _) if slot_of(&frame) == 0 => Flow::Raise(frame, error),
        How::Value if slot_of(&frame) == 0 => {
            execute(&mut frame, RESUME);
            Flow::Next(frame)
        }
        how => {
            let slot = slot_of(&frame);
            step(world, frame, body, slot, body.step(slot), how)
        }
    };
    loop {
        flow = match flow {
            Flow::Next(frame) => {
                let slot = slot_of(&frame) + 1;
                execute_slot(world, frame, body, slot)
            }
            Flow::Raise(frame, error) => {
                let (frame, entry) = frame.traceback_entry();
                error.exception().entries.borrow_mut().extend(entry);
                Flow::Unwound(frame.unwind(error))
            }
            Flow::Unwound(Unwound::Handled(frame)) => {
                let unit = u32::try_from(frame.next_index()).expect("short code");
                match unit % STEP {
                    CAUGHT => caught(world, frame, body.step(unit / STEP), body),
                    _ => execute_slot(world, frame, body, unit / STEP),
                }
            }
            Flow::Unwound(Unwound::Unhandled(frame, error)) => {
                let next = leave(frame, generator, true);
                return (next, Outcome::Raised(error));
            }
            Flow::Suspend(frame, delegating, value) => {
                let next = suspend(frame, generator.expect("only generators wait"), delegating);
                return (next, Outcome::Yielded(value));
            }
            Flow::End(frame) => return (leave(frame, generator, false), Outcome::Returned(Json::Null)),
        };
    }
}

fn make_generator<'t, P: Python>(
    world: &Rc<World<P>>,
    frame: Frame<'t, P>,
    body: &Rc<Body>,
) -> (Next<'t, P>, Outcome<P>) {
    let ByOwner::Thread(frame) = frame.by_owner() else { panic!("it is called") };
    let (next, handle) = P::make_generator(frame);
    let made = Generator {
        flavour: driver::flavour(&body.kind),
        body: Rc::clone(body),
        frame: RefCell::new(None),
        state: Cell::new(state::CREATED),
    };
    let generator = Value::new(world, Kind::Generator(made));
    // SAFETY: the object holds the handle from here on, but for the time in which the frame runs, and drops it at its end.
    unsafe { handle.set_generator(&generator) };
    generator.generator().frame.replace(Some(Waiting::Created(handle)));
    (next, Outcome::Made(generator))
}

/// The activation ends.
fn leave<'t, P: Python>(frame: Frame<'t, P>, generator: Option<&Value<P>>, raises: bool) -> Next<'t, P> {
    match frame.by_owner() {
        ByOwner::Thread(frame) => P::end(frame, raises),
        ByOwner::Generator(frame) => {
            let made = generator.expect("it is a generator's").generator();
            // What is dropped may ask for it: it is over by then.
            made.state.set(state::CLEARED);
            let (next, waiting) = P::stop(frame, raises);
            made.frame.replace(Some(waiting));
            next
        }
    }
}

fn suspend<'t, P: Python>(frame: Frame<'t, P>, generator: &Value<P>, delegating: bool) -> Next<'t, P> {
    let ByOwner::Generator(frame) = frame.by_owner() else { panic!("only generators wait") };
    let (next, waiting) = P::suspend(frame, delegating);
    let made = generator.generator();
    made.frame.replace(Some(waiting));
    let apart = <P as Runs<generator::Machine>>::RULES.number(state::SUSPENDED_YIELD_FROM).is_some();
    made.state.set(if delegating && apart { state::SUSPENDED_YIELD_FROM } else { state::SUSPENDED });
    next
}

fn execute_slot<'t, P: Python>(
    world: &Rc<World<P>>,
    mut frame: Frame<'t, P>,
    body: &Rc<Body>,
    slot: u32,
) -> Flow<'t, P> {
    execute(&mut frame, slot * STEP);
    match &body.list[slot as usize] {
        Slot::Prologue => panic!("it runs once"),
        Slot::Step(what) => step(world, frame, body, slot, what, How::Start),
        Slot::End => Flow::End(frame),
        Slot::Handler => {
            frame.push_exc_info();
            Flow::Next(frame.pop_top())
        }
        Slot::EndHandler => Flow::End(frame.pop_except()),
        Slot::Cleanup => {
            frame.copy(3);
            let reraised = frame.pop_except().reraise(1);
            Flow::Unwound(reraised.unwrap_or_else(|_| panic!("there is an exception")))
        }
    }
}

/// The handler of a step's own.
fn caught<'t, P: Python>(world: &Rc<World<P>>, mut frame: Frame<'t, P>, step: &Json, body: &Rc<Body>) -> Flow<'t, P> {
    let _ = frame.fetch();
    frame.push_exc_info();
    let error = frame.pop().into_value().expect("an exception");
    if step[0] == "next_later" {
        let index = body.slot(&json!("error"));
        let old = frame.set_local(index, StackRef::owned(error.clone()));
        let (after, late) = frame.release(old).escape(|_| world.late.replace(Some(Late::Raised(error))));
        let (after, ()) = after.escape(|_| drop(late));
        return Flow::Next(after.pop_except().delete_fast(index).0);
    }
    let (frame, ()) = frame.escape(|_| {
        if let (Some(register), "try_call") = (step.get(2), text(&step[0])) {
            drop(world.assign(text(register), error.clone()));
        }
        world.outcome(step, shown(&error));
        drop(error);
    });
    Flow::Next(frame.pop_except())
}

/// One step, or what is left of it.
fn step<'t, P: Python>(
    world: &Rc<World<P>>,
    mut frame: Frame<'t, P>,
    body: &Rc<Body>,
    slot: u32,
    what: &Json,
    how: How<P>,
) -> Flow<'t, P> {
    let rest = &what.as_array().expect("a step")[1..];
    let starts = matches!(how, How::Start);
    match text(&what[0]) {
        "new" => {
            let finalizer = rest.get(2).map(text);
            let object = Value::named(world, text(&rest[1]), finalizer);
            Flow::Next(assign(frame, body, body.slot(&rest[0]), Some(object)))
        }
        "delete" => Flow::Next(assign(frame, body, body.slot(&rest[0]), None)),
        "holding" => {
            let (inner, held) = rest.split_last().expect("a step");
            for object in held.iter().filter(|_| starts) {
                frame.push(StackRef::owned(world.object(object)));
            }
            match step(world, frame, body, slot, inner, how) {
                Flow::Next(mut frame) => {
                    // A tuple takes them off the stack, and drops the last one first.
                    let tuple: Vec<_> = held.iter().map(|_| frame.pop()).collect();
                    Flow::Next(frame.escape(|_| tuple.into_iter().for_each(drop)).0)
                }
                other => other,
            }
        }
        "raise" => Flow::Raise(frame, world.exception("Error", "boom")),
        "yield" => match how {
            How::Start => Flow::Suspend(frame, false, rest[0].clone()),
            How::Value => Flow::Next(frame),
            How::Throw(error, _) | How::Fail(error, _) => Flow::Raise(frame, error),
        },
        "yield_from" | "pause" => {
            if starts {
                let iterator = match rest.first() {
                    Some(register) => world.kept(text(register)),
                    None => Value::new(world, Kind::Pause(Cell::new(false))),
                };
                frame.push(StackRef::owned(iterator));
            }
            delegate(world, frame, slot, how)
        }
        "call" => match call(world, frame, text(&rest[0]), &rest[1..]) {
            (frame, Ok(_)) => Flow::Next(frame),
            (frame, Err(error)) => Flow::Raise(frame, error),
        },
        "try_call" => match call(world, frame, text(&rest[0]), &[]) {
            (frame, Ok(_)) => {
                world.outcome(what, json!({ "ok": null }));
                Flow::Next(frame)
            }
            (frame, Err(error)) => Flow::Raise(frame, error),
        },
        "make" => match call(world, frame, text(&rest[1]), &rest[2..]) {
            (frame, Ok(made)) => {
                let made = made.expect("it makes a generator");
                Flow::Next(frame.escape(|_| drop(world.assign(text(&rest[0]), made))).0)
            }
            (frame, Err(error)) => Flow::Raise(frame, error),
        },
        "each" | "for" => match each(world, frame, slot, text(&rest[0])) {
            Flow::Next(frame) if what[0] == "for" => {
                world.outcome(what, json!({ "ok": null }));
                Flow::Next(frame)
            }
            flow => flow,
        },
        "at_depth" => {
            let depth = rest[0].as_u64().expect("a depth");
            match call_down(world, frame, depth - 1, text(&rest[1])) {
                (frame, None) => Flow::Next(frame),
                (frame, Some(error)) => Flow::Raise(frame, error),
            }
        }
        "detach" => {
            let function = frame.function().expect("it runs").clone();
            let (frame, ()) = frame.escape(|_| {
                // That of exec() is found now.
                function.watch(&format!("function of {}", body.name));
                world.detach(&function, &body.name);
                drop(function);
            });
            Flow::Next(frame)
        }
        _ => match frame.escape(|stack| native::step(world, stack, what)) {
            (frame, Ok(())) => Flow::Next(frame),
            (frame, Err(error)) => Flow::Raise(frame, error),
        },
    }
}

/// Changes a variable.
fn assign<'t, P: Python>(mut frame: Frame<'t, P>, body: &Body, slot: u32, object: Option<Value<P>>) -> Frame<'t, P> {
    if body.holds_cell(slot) {
        let cell = frame.local(slot).as_value().expect("a cell").clone();
        let Kind::Cell(content) = cell.kind() else { panic!("no cell in slot {slot}") };
        let old = content.replace(object);
        return frame.escape(|_| drop(old)).0;
    }
    let old = frame.set_local(slot, object.map_or(StackRef::null(), StackRef::owned));
    frame.release(old)
}

/// The generator that a call made, if it made one; or what it raised.
type Called<P> = Result<Option<Value<P>>, Value<P>>;

/// Calls a body with new objects. A generator that it made, or what it raised.
fn call<'t, P: Python>(
    world: &Rc<World<P>>,
    mut frame: Frame<'t, P>,
    name: &str,
    objects: &[Json],
) -> (Frame<'t, P>, Called<P>) {
    let body = &world.bodies[name];
    let function = if body.alone { world.alone(name) } else { world.function(name) };
    for object in objects {
        frame.push(StackRef::owned(world.object(object)));
    }
    let count = u32::try_from(objects.len()).expect("few arguments");
    match frame.call(function, Arguments { count, under: 0 }, Site::default()) {
        Ok(callee) => match run(world, callee, body, None, How::Start) {
            (Returned::Frame(frame), Outcome::Raised(error)) => (frame, Err(error)),
            (Returned::Frame(frame), Outcome::Made(made)) => (frame, Ok(Some(made))),
            (Returned::Frame(frame), _) => (frame, Ok(None)),
            (Returned::Left(_), _) => panic!("a frame called it"),
        },
        Err(refused) => {
            let error = world.refusal(refused.reason);
            (refused.caller.release(StackRef::owned(refused.callee)), Err(error))
        }
    }
}

/// Calls `down`.
fn call_down<'t, P: Python>(
    world: &Rc<World<P>>,
    frame: Frame<'t, P>,
    depth: u64,
    name: &str,
) -> (Frame<'t, P>, Option<Value<P>>) {
    let mut frame = match frame.call(world.function("down"), Arguments::default(), Site::default()) {
        Ok(frame) => frame,
        Err(refused) => return (refused.caller, Some(world.refusal(refused.reason))),
    };
    execute(&mut frame, RESUME);
    execute(&mut frame, STEP);
    let (mut frame, error) = match depth.checked_sub(1) {
        Some(less) => call_down(world, frame, less, name),
        None => {
            let (frame, called) = call(world, frame, name, &[]);
            (frame, called.err())
        }
    };
    if let Some(error) = &error {
        let entry;
        (frame, entry) = frame.traceback_entry();
        error.exception().entries.borrow_mut().extend(entry);
    }
    match leave(frame, None, error.is_some()) {
        Returned::Frame(frame) => (frame, error),
        Returned::Left(_) => panic!("a frame called it"),
    }
}

/// Resumes what lies on the stack until it ends: a `for` loop.
fn each<'t, P: Python>(world: &Rc<World<P>>, mut frame: Frame<'t, P>, slot: u32, register: &str) -> Flow<'t, P> {
    frame.push(StackRef::owned(world.kept(register)));
    loop {
        execute(&mut frame, slot * STEP);
        let iterator = frame.peek(0).as_value().expect("an iterator").clone();
        let (back, outcome) = driver::resume_inline(world, frame, &iterator, Site { caches: 1, jump: 1 });
        frame = back;
        match outcome {
            Outcome::Yielded(_) => {}
            Outcome::Raised(error) => return Flow::Raise(frame, error),
            _ => {
                drop(iterator);
                return Flow::Next(frame.pop_top());
            }
        }
    }
}

/// Hands on to what lies on the stack.
fn delegate<'t, P: Python>(world: &Rc<World<P>>, mut frame: Frame<'t, P>, slot: u32, how: How<P>) -> Flow<'t, P> {
    let iterator = frame.peek(0).as_value().expect("an iterator").clone();
    execute(&mut frame, slot * STEP);
    let caches = <<P as Activation>::Frames as Frames>::SEND_CACHES;
    let outcome;
    (frame, outcome) = match (how, iterator.kind()) {
        (How::Fail(error, _), _) => (frame, Outcome::Raised(error)),
        (How::Throw(error, _), Kind::Generator(_)) => {
            frame.escape(|stack| driver::throw(world, stack, &iterator, error))
        }
        (How::Throw(error, _), Kind::Delegate(body)) => {
            let arguments = vec![iterator.clone(), error];
            frame.escape(|stack| match call_native(world, stack, &world.function(body), arguments) {
                Ok(()) => Outcome::Yielded(Json::Null),
                Err(error) => Outcome::Raised(error),
            })
        }
        (How::Throw(error, _), _) => (frame, Outcome::Raised(error)),
        (_, Kind::Generator(_)) => driver::resume_inline(world, frame, &iterator, Site { caches, jump: 3 }),
        _ => frame.escape(|stack| driver::next(world, stack, &iterator, event::SEND)),
    };
    drop(iterator);
    match outcome {
        Outcome::Yielded(value) => {
            execute(&mut frame, slot * STEP + 1 + u32::from(caches));
            Flow::Suspend(frame, true, value)
        }
        Outcome::Raised(error) => Flow::Raise(frame, error),
        _ => {
            let frame = frame.pop_top();
            Flow::Next(frame)
        }
    }
}

/// Calls a function from native code.
pub(crate) fn call_native<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    function: &Value<P>,
    arguments: Vec<Value<P>>,
) -> Result<(), Value<P>> {
    let mut arguments: Vec<_> = arguments.into_iter().map(StackRef::owned).collect();
    let ran = world.enter(stack, |entry| match entry.call(function.clone(), &mut arguments) {
        Ok(frame) => match run(world, frame, &function.callable().body, None, How::Start).1 {
            Outcome::Raised(error) => Err(error),
            _ => Ok(()),
        },
        Err(refused) => Err(world.refusal(refused.reason)),
    });
    ran.unwrap_or(Ok(()))
}

/// Plays a scenario: `main` is called by native code with nothing below it, and then the registers are emptied.
pub(crate) fn play<P: Python>(bodies: &Json) -> Vec<Json> {
    let bodies = bodies.as_object().expect("bodies").iter();
    let mut made: Vec<_> = bodies.map(|(name, json)| Body::new(name, json)).collect();
    made.push(Body::down());
    let world = World::<P>::new(made);
    if let Err(error) = call_native(&world, &world.stack, &world.function("main"), Vec::new()) {
        world.tell(json!(["main", shown(&error)]));
    }
    for register in world.registers() {
        world.tell(json!(["drop", register]));
        drop(world.take(&register));
    }
    drop(world.late.take());
    drop(world.garbage.take());
    world.log()
}
