//! What a VM does around the frames of its generators: which transition comes next is asked of the machine, and each is
//! taken with the typed handle. The runtime's own driver will do this; until then it is the script's.

use std::rc::Rc;

use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{
    self, Cleared, Created, Flavour, Machine as Life, Suspended, SuspendedYieldFrom, event, state,
};
use frame_runtime::machine::{Answer, Error, Guard, Outcome as Says, Step, owner};
use frame_runtime::machine::{Event, Runs};
use frame_runtime::running::{Reason, Returned, Running, Site};
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version};
use frame_runtime::vm::FrameCode;
use serde_json::{Value as Json, json};

use crate::script::{self, How, Outcome};
use crate::vm::{Kind, Machine, Value, Waiting, World};

/// A running frame.
pub(crate) type Frame<'t, P> = Running<'t, Machine<P>>;
/// Who goes on when a frame stops.
pub(crate) type Next<'t, P> = Returned<'t, Machine<P>>;
/// A generator's frame runs, or who would have resumed it and why not.
type Begun<'t, P, H> = Result<Frame<'t, P>, (H, Waiting<P>, Reason)>;

/// A version whose frames are played: transitions, where states are known at run time only.
pub(crate) trait Python: Activation {
    /// The state of a generator that waits in a `yield from`.
    type Delegating: 'static;
    /// The state of one that was closed before it began, and holds all it held.
    type Completed: 'static;

    fn send<'t>(frame: Frame<'t, Self>, waiting: Waiting<Self>, site: Site) -> Begun<'t, Self, Frame<'t, Self>>;
    fn send_in<'t>(
        entry: Entry<'t, Machine<Self>>,
        waiting: Waiting<Self>,
    ) -> Begun<'t, Self, Entry<'t, Machine<Self>>>;
    fn suspend<'t>(
        frame: Running<'t, Machine<Self>, owner::Generator>,
        delegating: bool,
    ) -> (Next<'t, Self>, Waiting<Self>);
    fn stop<'t>(frame: Running<'t, Machine<Self>, owner::Generator>, raises: bool) -> (Next<'t, Self>, Waiting<Self>);
    fn end<'t>(frame: Running<'t, Machine<Self>, owner::Thread>, raises: bool) -> Next<'t, Self>;
    fn make_generator<'t>(
        frame: Running<'t, Machine<Self>, owner::Thread>,
    ) -> (Next<'t, Self>, GeneratorFrame<Machine<Self>, Created>);
    /// Drops what it holds.
    fn release(waiting: Waiting<Self>) -> Waiting<Self>;
    /// `clear()` of the frame object of one that has not begun.
    fn clear(waiting: Waiting<Self>) -> Waiting<Self>;
    /// Only notes another state.
    fn note(waiting: Waiting<Self>, to: generator_state::To) -> Waiting<Self>;
}

/// States that are only noted.
pub(crate) mod generator_state {
    #[derive(Clone, Copy)]
    pub(crate) enum To {
        Executing,
        Delegating,
        Completed,
    }
}

use generator_state::To;

/// The handle, whatever state it says.
macro_rules! any_state {
    ($waiting:expr, $handle:ident => $what:expr) => {
        match $waiting {
            Waiting::Created($handle) => $what,
            Waiting::Suspended($handle) => $what,
            Waiting::Delegating($handle) => $what,
            Waiting::Executing($handle) => $what,
            Waiting::Completed($handle) => $what,
            Waiting::Cleared($handle) => $what,
        }
    };
}

macro_rules! python {
    ($python:ident delegating $delegating:ty, completed $completed:ty $(, cleared as $cleared:ident)?) => {
        impl Python for $python {
            type Delegating = $delegating;
            type Completed = $completed;

            fn send<'t>(
                frame: Frame<'t, Self>,
                waiting: Waiting<Self>,
                site: Site,
            ) -> Begun<'t, Self, Frame<'t, Self>> {
                match waiting {
                    Waiting::Created(handle) => match frame.send(handle, site) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Created(refused.callee), refused.reason)),
                    },
                    Waiting::Suspended(handle) => match frame.send(handle, site) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Suspended(refused.callee), refused.reason)),
                    },
                    Waiting::Delegating(handle) => match frame.send(handle, site) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Delegating(refused.callee), refused.reason)),
                    },
                    _ => panic!("the machine said that it can be resumed"),
                }
            }

            fn send_in<'t>(
                entry: Entry<'t, Machine<Self>>,
                waiting: Waiting<Self>,
            ) -> Begun<'t, Self, Entry<'t, Machine<Self>>> {
                match waiting {
                    Waiting::Created(handle) => match entry.send(handle) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Created(refused.callee), refused.reason)),
                    },
                    Waiting::Suspended(handle) => match entry.send(handle) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Suspended(refused.callee), refused.reason)),
                    },
                    Waiting::Delegating(handle) => match entry.send(handle) {
                        Ok(frame) => Ok(frame.any()),
                        Err(refused) => Err((refused.caller, Waiting::Delegating(refused.callee), refused.reason)),
                    },
                    _ => panic!("the machine said that it can be resumed"),
                }
            }

            fn suspend<'t>(
                frame: Running<'t, Machine<Self>, owner::Generator>,
                delegating: bool,
            ) -> (Next<'t, Self>, Waiting<Self>) {
                let (next, handle) = frame.suspend::<Suspended>();
                match delegating {
                    true => (next, Waiting::Delegating(handle.transition())),
                    false => (next, Waiting::Suspended(handle)),
                }
            }

            fn stop<'t>(
                frame: Running<'t, Machine<Self>, owner::Generator>,
                raises: bool,
            ) -> (Next<'t, Self>, Waiting<Self>) {
                let (next, handle) = if raises { frame.fail::<Cleared>() } else { frame.finish::<Cleared>() };
                (next, Waiting::Cleared(handle))
            }

            fn end<'t>(frame: Running<'t, Machine<Self>, owner::Thread>, raises: bool) -> Next<'t, Self> {
                if raises { frame.raise() } else { frame.ret() }
            }

            fn make_generator<'t>(
                frame: Running<'t, Machine<Self>, owner::Thread>,
            ) -> (Next<'t, Self>, GeneratorFrame<Machine<Self>, Created>) {
                frame.make_generator().unwrap_or_else(|_| panic!("there is memory"))
            }

            fn release(waiting: Waiting<Self>) -> Waiting<Self> {
                Waiting::Cleared(match waiting {
                    Waiting::Created(handle) => handle.release::<Cleared>(),
                    Waiting::Suspended(handle) => handle.release::<Cleared>(),
                    Waiting::Delegating(handle) => handle.release::<Cleared>(),
                    Waiting::Completed(handle) => handle.release::<Cleared>(),
                    Waiting::Cleared(handle) => handle,
                    Waiting::Executing(_) => panic!("it is not released while it runs"),
                })
            }

            fn clear(waiting: Waiting<Self>) -> Waiting<Self> {
                match waiting {
                    $(Waiting::Created(handle) => Waiting::$cleared(handle.clear()),)?
                    _ => panic!("it runs, or was never to be cleared"),
                }
            }

            fn note(waiting: Waiting<Self>, to: To) -> Waiting<Self> {
                any_state!(waiting, handle => match to {
                    To::Executing => Waiting::Executing(handle.transition()),
                    To::Delegating => Waiting::Delegating(handle.transition()),
                    To::Completed => Waiting::Completed(handle.transition()),
                })
            }
        }
    };
}

// A version without one of these states never comes to it.
python!(Cpython3_11 delegating Suspended, completed Cleared);
python!(Cpython3_12 delegating Suspended, completed generator::Completed, cleared as Completed);
python!(Cpython3_13 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);
python!(Cpython3_14 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);
python!(Cpython3_15 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);

/// What is no generator and gets an exception from a `yield from` runs below the frame that delegates; before, that frame
/// was in no chain.
///
/// Source: `_gen_throw`, Objects/genobject.c.
fn links_foreign_delegates<P: Version>() -> bool {
    P::LAYOUT.minor() >= 14
}

impl<P: Python> World<P> {
    fn rules(&self, generator: &Value<P>, event: Event<Life>) -> Step<Life> {
        let made = generator.generator();
        <P as Runs<Life>>::RULES.step(made.state.get(), event, made.flavour, |guard| match guard {
            Guard::Delegating => self.delegate(generator).is_some(),
            Guard::DelegateThrows => {
                self.delegate(generator).is_some_and(|delegate| !matches!(delegate.kind(), Kind::Pause(_)))
            }
            Guard::Unguarded => self.is_unguarded(generator),
            _ => false,
        })
    }

    /// What a generator that waits delegates to: the top of its stack.
    fn delegate(&self, generator: &Value<P>) -> Option<Value<P>> {
        let made = generator.generator();
        let waiting = made.frame.borrow();
        let waiting = waiting.as_ref()?;
        let (lasti, top) = any_state!(waiting, handle => {
            let mut index = 0;
            let mut top = None;
            while let Ok(slot) = handle.get(index) {
                (top, index) = (slot.into_value(), index + 1);
            }
            (handle.lasti()?, top)
        });
        made.body.delegates_at(usize::try_from(lasti).ok()?).then_some(top).flatten()
    }

    /// Whether it waits outside of every `try`.
    fn is_unguarded(&self, generator: &Value<P>) -> bool {
        let made = generator.generator();
        let waiting = made.frame.borrow();
        let Some(waiting) = waiting.as_ref() else { return false };
        let lasti = any_state!(waiting, handle => handle.lasti());
        let unit = lasti.and_then(|lasti| u32::try_from(lasti).ok());
        unit.is_some_and(|unit| made.body.code::<P>().handler_at(unit).is_none())
    }
}

/// The object of a generator's frame that does not run.
pub(crate) fn object<P: Python>(world: &World<P>, waiting: &Waiting<P>) -> Value<P> {
    any_state!(waiting, handle => handle.object(world.stack.vm())).expect("there is memory")
}

/// The code unit where such a frame stands.
pub(crate) fn stands<P: Python>(waiting: &Waiting<P>) -> u32 {
    let lasti = any_state!(waiting, handle => handle.lasti());
    lasti.and_then(|unit| u32::try_from(unit).ok()).expect("it is in its code")
}

/// Its frame object (`gi_frame`), unless it is over.
pub(crate) fn frame_of<P: Python>(
    world: &World<P>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
) -> Option<Value<P>> {
    let made = generator.generator();
    if word(generator) == "closed" {
        return None;
    }
    let found = {
        let waiting = made.frame.borrow();
        waiting.as_ref().map(|waiting| object(world, waiting))
    };
    found.or_else(|| {
        let found = stack.walk(|frame| match frame.generator() {
            Some(found) if found.same(generator) => std::ops::ControlFlow::Break(frame.object()),
            _ => std::ops::ControlFlow::Continue(()),
        });
        found.ok().flatten().flatten()
    })
}

/// What scenarios call its state.
pub(crate) fn word<P: Python>(generator: &Value<P>) -> &'static str {
    match generator.generator().state.get() {
        state::CREATED => "created",
        state::SUSPENDED | state::SUSPENDED_YIELD_FROM => "suspended",
        state::EXECUTING => "running",
        _ => "closed",
    }
}

/// What a row that does not go on says.
fn refused<P: Python>(world: &Rc<World<P>>, generator: &Value<P>, step: Step<Life>) -> Outcome<P> {
    match step.outcome {
        Says::Refuses(kind, message) => Outcome::Raised(refusal(world, generator, kind, message)),
        _ => Outcome::Returned(Json::Null),
    }
}

fn refusal<P: Python>(
    world: &Rc<World<P>>,
    generator: &Value<P>,
    kind: Error,
    message: frame_runtime::machine::Message,
) -> Value<P> {
    let made = generator.generator();
    let shown = <P as Runs<Life>>::RULES.table.shown(made.flavour);
    let words = [("kind", shown), ("qualname", made.body.name.as_str())];
    world.exception(&format!("{kind:?}"), &message.fill(&words).to_string())
}

/// Asks it for the next value, from native code.
pub(crate) fn next<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
    event: Event<Life>,
) -> Outcome<P> {
    match generator.kind() {
        Kind::Generator(_) => {}
        Kind::Delegate(_) => return Outcome::Yielded(json!("v")),
        Kind::Pause(given) if given.replace(true) => return Outcome::Returned(Json::Null),
        Kind::Pause(_) => return Outcome::Yielded(json!("v")),
        _ => panic!("no iterator"),
    }
    let step = world.rules(generator, event);
    match step.outcome {
        Says::Goes => resume(world, stack, generator, |_| How::Value),
        _ => refused(world, generator, step),
    }
}

/// Takes the frame of a generator that is to be resumed.
fn begin<P: Python>(generator: &Value<P>) -> (Waiting<P>, frame_runtime::machine::State<Life>) {
    let made = generator.generator();
    let before = made.state.replace(state::EXECUTING);
    let waiting = made.frame.take().expect("the machine said that it can be resumed");
    (waiting, before)
}

/// Resumes it from native code; how is asked with the unit where it stands.
fn resume<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
    how: impl FnOnce(u32) -> How<P>,
) -> Outcome<P> {
    let made = generator.generator();
    let (waiting, before) = begin(generator);
    let how = how(stands(&waiting));
    let ran = world.enter(stack, |entry| match P::send_in(entry, waiting) {
        Ok(frame) => script::run(world, frame, &made.body, Some(generator), how).1,
        Err((_, waiting, reason)) => {
            made.frame.replace(Some(waiting));
            made.state.set(before);
            Outcome::Raised(world.refusal(reason))
        }
    });
    ran.unwrap_or(Outcome::Returned(Json::Null))
}

/// Resumes it on top of a frame, without native code; or says what is wrong.
pub(crate) fn resume_inline<'t, P: Python>(
    world: &Rc<World<P>>,
    frame: Frame<'t, P>,
    generator: &Value<P>,
    site: Site,
) -> (Frame<'t, P>, Outcome<P>) {
    let step = world.rules(generator, event::SEND);
    if step.outcome != Says::Goes {
        return (frame, refused(world, generator, step));
    }
    let made = generator.generator();
    let (waiting, before) = begin(generator);
    match P::send(frame, waiting, site) {
        Ok(frame) => {
            let (next, outcome) = script::run(world, frame, &made.body, Some(generator), How::Value);
            let Returned::Frame(frame) = next else { panic!("a frame resumed it") };
            (frame, outcome)
        }
        Err((frame, waiting, reason)) => {
            made.frame.replace(Some(waiting));
            made.state.set(before);
            (frame, Outcome::Raised(world.refusal(reason)))
        }
    }
}

/// Throws into it, from native code.
pub(crate) fn throw<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
    error: Value<P>,
) -> Outcome<P> {
    let step = world.rules(generator, event::THROW);
    match step.outcome {
        Says::Goes => {}
        Says::Answers(Answer::Propagate) => return Outcome::Raised(error),
        _ => return refused(world, generator, step),
    }
    let delegate = world.delegate(generator);
    match delegate.as_ref().map(Value::kind) {
        Some(Kind::Delegate(body)) if !links_foreign_delegates::<P>() => {
            let body = world.function(body);
            let arguments = vec![delegate.clone().expect("it is there"), error];
            let called = aside(generator, || script::call_native(world, stack, &body, arguments));
            match called {
                Ok(()) => Outcome::Yielded(Json::Null),
                Err(error) => resume(world, stack, generator, |at| How::Fail(error, at)),
            }
        }
        _ => resume(world, stack, generator, |at| How::Throw(error, at)),
    }
}

/// Does something while a generator that waits in a `yield from` says that it runs, in no chain.
fn aside<P: Python, R>(generator: &Value<P>, what: impl FnOnce() -> R) -> R {
    let made = generator.generator();
    let note = |to| {
        let waiting = made.frame.take().map(|waiting| P::note(waiting, to));
        made.frame.replace(waiting);
    };
    let before = made.state.replace(state::EXECUTING);
    note(To::Executing);
    let result = what();
    note(To::Delegating);
    made.state.set(before);
    result
}

/// Closes it (`close()`).
pub(crate) fn close<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
) -> Result<(), Value<P>> {
    let step = world.rules(generator, event::CLOSE);
    match refusable(world, generator, step) {
        Some(refused) => refused,
        None => finish(world, stack, generator, step, event::CLOSE),
    }
}

fn refusable<P: Python>(world: &Rc<World<P>>, generator: &Value<P>, step: Step<Life>) -> Option<Result<(), Value<P>>> {
    match step.outcome {
        Says::Goes => None,
        Says::Refuses(kind, message) => Some(Err(refusal(world, generator, kind, message))),
        Says::Answers(_) => Some(Ok(())),
    }
}

/// Goes to where a row of `close`, `finalize` or `frame_clear` goes.
fn finish<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
    step: Step<Life>,
    event: Event<Life>,
) -> Result<(), Value<P>> {
    let made = generator.generator();
    let next = step.next.expect("a generator is left");
    if next == state::EXECUTING {
        return run_to_the_end(world, stack, generator);
    }
    // What is dropped may ask for it: it is over by then.
    made.state.set(next);
    let waiting = made.frame.take().map(|waiting| match event {
        event::FRAME_CLEAR => P::clear(waiting),
        _ if next == state::COMPLETED => P::note(waiting, To::Completed),
        _ => P::release(waiting),
    });
    made.frame.replace(waiting);
    Ok(())
}

/// Source: `gen_close`, Objects/genobject.c.
fn run_to_the_end<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
) -> Result<(), Value<P>> {
    let made = generator.generator();
    let mut error = world.exception("GeneratorExit", "");
    if let Some(delegate) = world.delegate(generator) {
        let closed = aside(generator, || match delegate.kind() {
            Kind::Generator(_) => close(world, stack, &delegate),
            Kind::Delegate(body) => {
                let none = Value::new(world, Kind::Plain(Json::Null));
                script::call_native(world, stack, &world.function(body), vec![delegate.clone(), none])
            }
            _ => Ok(()),
        });
        if let Err(raised) = closed {
            error = raised;
        }
    }
    match resume(world, stack, generator, |at| How::Fail(error, at)) {
        Outcome::Yielded(_) => {
            let shown = <P as Runs<Life>>::RULES.table.shown(made.flavour);
            Err(world.exception("RuntimeError", &format!("{shown} ignored GeneratorExit")))
        }
        Outcome::Raised(error) if !["GeneratorExit", "StopIteration"].contains(&error.exception().kind.as_str()) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Nobody holds it any more, but for the caller.
pub(crate) fn finalize<P: Python>(world: &Rc<World<P>>, stack: &DataStack<Machine<P>>, generator: &Value<P>) {
    settle(world, stack, generator, event::FINALIZE);
}

/// `clear()` of its frame object.
pub(crate) fn clear_frame<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    generator: &Value<P>,
) -> Result<(), Value<P>> {
    let step = world.rules(generator, event::FRAME_CLEAR);
    if let Says::Refuses(kind, message) = step.outcome
        && kind != Error::RuntimeWarning
    {
        return Err(refusal(world, generator, kind, message));
    }
    settle(world, stack, generator, event::FRAME_CLEAR);
    Ok(())
}

/// A warning is issued, and an exception goes to the hook.
fn settle<P: Python>(world: &Rc<World<P>>, stack: &DataStack<Machine<P>>, generator: &Value<P>, event: Event<Life>) {
    let step = world.rules(generator, event);
    let done = match step.outcome {
        Says::Refuses(Error::RuntimeWarning, message) => {
            let warning = refusal(world, generator, Error::RuntimeWarning, message);
            world.tell(json!(["warns", "RuntimeWarning", warning.exception().message]));
            match step.next {
                Some(next) if next != generator.generator().state.get() => finish(world, stack, generator, step, event),
                _ => Ok(()),
            }
        }
        _ => match refusable(world, generator, step) {
            Some(refused) => refused,
            None => finish(world, stack, generator, step, event),
        },
    };
    if let Err(error) = done {
        world.unraisable(&error);
    }
}

/// The flavour of what a body of this kind makes.
pub(crate) fn flavour(kind: &str) -> u8 {
    match kind {
        "coroutine" => Flavour::Coroutine as u8,
        "async_generator" => Flavour::AsyncGenerator as u8,
        _ => Flavour::Generator as u8,
    }
}
