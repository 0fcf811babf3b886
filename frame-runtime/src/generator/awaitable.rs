//! The awaitables of async generators: what `asend()`, `__anext__()`, `athrow()` and `aclose()` return.
//!
//! Which state allows what, which error says what and what state is next is declared: [`machine::asend`],
//! [`machine::athrow`].

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;

use super::asyncgen::{Did, is_end, is_over_with};
use super::drive::{in_context, raised};
use super::part::Held;
use super::wrapper::Of;
use super::{ErrorKind, GeneratorObjects, GeneratorVm, Machines, Sent, Throw, While, since};
use crate::data_stack::DataStack;
use crate::machine::{self, Answer, Event, Guard, Message, Outcome, Rules, State, Step, asend, athrow, generator};
use crate::visit::Visit;

/// The machine of an awaitable: the same states and events, in two tables.
pub(super) trait Life: machine::Machine<Guard = Guard, Error = machine::Error> {
    const INIT: State<Self>;
    const CLOSED: State<Self>;
    const THROW: Event<Self>;
    const CLOSE: Event<Self>;
    const FINALIZE: Event<Self>;
    const AWAITED: Event<Self>;
    const YIELDED: Event<Self>;
    const FAILED: Event<Self>;

    fn rules(machines: &Machines) -> &'static Rules<Self>;

    /// Whether it is done when the body is over, and takes nothing that that yields.
    fn is_aclose(flavour: u8) -> bool;
}

impl Life for asend::Machine {
    const INIT: State<Self> = asend::state::INIT;
    const CLOSED: State<Self> = asend::state::CLOSED;
    const THROW: Event<Self> = asend::event::THROW;
    const CLOSE: Event<Self> = asend::event::CLOSE;
    const FINALIZE: Event<Self> = asend::event::FINALIZE;
    const AWAITED: Event<Self> = asend::event::AWAITED;
    const YIELDED: Event<Self> = asend::event::YIELDED;
    const FAILED: Event<Self> = asend::event::FAILED;

    fn rules(machines: &Machines) -> &'static Rules<Self> {
        machines.asend
    }

    fn is_aclose(_: u8) -> bool {
        false
    }
}

impl Life for athrow::Machine {
    const INIT: State<Self> = athrow::state::INIT;
    const CLOSED: State<Self> = athrow::state::CLOSED;
    const THROW: Event<Self> = athrow::event::THROW;
    const CLOSE: Event<Self> = athrow::event::CLOSE;
    const FINALIZE: Event<Self> = athrow::event::FINALIZE;
    const AWAITED: Event<Self> = athrow::event::AWAITED;
    const YIELDED: Event<Self> = athrow::event::YIELDED;
    const FAILED: Event<Self> = athrow::event::FAILED;

    fn rules(machines: &Machines) -> &'static Rules<Self> {
        machines.athrow
    }

    fn is_aclose(flavour: u8) -> bool {
        flavour == athrow::Flavour::Aclose as u8
    }
}

/// Who asks an awaitable for something, and how.
#[derive(Clone, Copy)]
struct Asked {
    /// `by_throw`, `by_close`; none by `send()`.
    by: Option<Guard>,
    /// Another value than `None` is sent.
    given: bool,
    /// Nothing was asked before.
    first: bool,
}

/// What comes of being asked.
enum Begun<M: machine::Machine, T> {
    /// The body is resumed. With the state until then.
    Goes(Asked, State<M>),
    /// That was all.
    Done(Result<Sent<T>, T>),
}

/// What both kinds of awaitables are.
struct Awaitable<V: GeneratorObjects, M: Life> {
    agen: Of<V>,
    flavour: u8,
    state: Cell<State<M>>,
}

impl<V: GeneratorVm, M: Life> Awaitable<V, M> {
    fn new(agen: Of<V>, flavour: u8) -> Self {
        let state = M::rules(V::machines()).table.starts.first().copied().unwrap_or(M::INIT);
        Awaitable { agen, flavour, state: Cell::new(state) }
    }

    fn step(&self, state: State<M>, event: Event<M>, asked: Asked) -> Step<M> {
        let agen = self.agen.core();
        M::rules(V::machines()).step(state, event, self.flavour, |guard| match guard {
            Guard::AgenRunning => agen.head().running_async.get(),
            Guard::AgenExecuting => agen.state() == generator::state::EXECUTING,
            Guard::AgenFinished => agen.is_over(),
            Guard::AgenClosed => agen.head().closed.get(),
            Guard::ValueGiven => asked.given,
            Guard::JustBegun => asked.first,
            guard => asked.by == Some(guard),
        })
    }

    /// It is asked for something. Whoever awaits it from now on keeps others from it: `ag_running`.
    fn begin(&self, stack: &DataStack<V>, event: Event<M>, by: Option<Guard>, given: bool) -> Begun<M, V::Value> {
        let before = self.state.get();
        let asked = Asked { by, given, first: before == M::INIT };
        let step = self.step(before, event, asked);
        // One that is told to finish has nothing to say.
        let done = if event == M::CLOSE { Answer::None } else { Answer::Stop };
        let next = step.next.unwrap_or(before);
        self.state.set(next);
        match step.outcome {
            Outcome::Goes => {
                if next != before && next != M::CLOSED {
                    self.agen.core().head().running_async.set(true);
                }
                Begun::Goes(asked, next)
            }
            Outcome::Answers(answer) if answer == done => Begun::Done(Ok(Sent::Returned(stack.vm().none()))),
            _ => Begun::Done(Err(self.refused(stack, step))),
        }
    }

    /// What the body did is noted. What is asked for within the body may have closed the awaitable meanwhile: then it
    /// stays closed, and this goes on as it began.
    fn end(
        &self,
        stack: &DataStack<V>,
        (asked, state): (Asked, State<M>),
        did: Did<V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        let (head, hands_on) = (self.agen.core().head(), !M::is_aclose(self.flavour));
        let event = match &did {
            Did::Awaits(_) => M::AWAITED,
            Did::Yields(_) => M::YIELDED,
            Did::Fails(_) => M::FAILED,
        };
        let step = self.step(state, event, asked);
        let closes = step.next == Some(M::CLOSED);
        if let Some(next) = step.next.filter(|next| *next != state) {
            self.state.set(next);
        }
        if closes || hands_on && !matches!(did, Did::Awaits(_)) {
            head.running_async.set(false);
        }
        if let Did::Fails(exception) = &did
            && hands_on
            && is_end(stack.vm(), exception)
        {
            head.closed.set(true);
        }
        match (step.outcome, did) {
            (Outcome::Goes, Did::Awaits(value)) => Ok(Sent::Yielded(value)),
            (Outcome::Goes, Did::Yields(value)) => is_over_with(stack, value),
            (Outcome::Goes, Did::Fails(exception)) if !hands_on && is_end(stack.vm(), &exception) => {
                Ok(Sent::Returned(stack.vm().none()))
            }
            (Outcome::Goes, Did::Fails(exception)) => Err(exception),
            _ => Err(self.refused(stack, step)),
        }
    }

    /// Throws something into the async generator, as an event asks for.
    fn throw_by(
        &self,
        stack: &DataStack<V>,
        event: Event<M>,
        by: Guard,
        throw: impl FnOnce() -> Result<Throw<V::Value>, V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        let begun = match self.begin(stack, event, Some(by), false) {
            // It is over without asking the body.
            Begun::Goes(_, state) if state == M::CLOSED => return Ok(Sent::Returned(stack.vm().none())),
            Begun::Goes(asked, state) => (asked, state),
            Begun::Done(result) => return result,
        };
        let agen = self.agen.core();
        let did = agen.did(stack, throw().and_then(|throw| agen.throw(stack, &throw, true)));
        self.end(stack, begun, did)
    }

    fn throw(&self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        self.throw_by(stack, M::THROW, Guard::ByThrow, || Ok(throw.clone()))
    }

    /// The method `throw()`, which looks at its arguments last.
    fn throw_arguments(&self, stack: &DataStack<V>, arguments: &[V::Value]) -> Result<Sent<V::Value>, V::Value> {
        self.throw_by(stack, M::THROW, Guard::ByThrow, || Throw::parse(stack, "throw", arguments))
    }

    fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        let vm = stack.vm();
        let exit = || Ok(Throw::new(vm.exception_class(ErrorKind::GeneratorExit)));
        match self.throw_by(stack, M::CLOSE, Guard::ByClose, exit) {
            Ok(_) => Ok(vm.none()),
            Err(exception) if vm.is_exception(&exception, ErrorKind::StopIteration) => Ok(vm.none()),
            Err(exception) if is_end(vm, &exception) => Ok(vm.none()),
            Err(exception) => Err(exception),
        }
    }

    /// Source: `_PyErr_WarnUnawaitedAgenMethod`, Python/_warnings.c.
    fn finalize(&self, stack: &DataStack<V>) {
        let asked = Asked { by: None, given: false, first: false };
        let step = self.step(self.state.get(), M::FINALIZE, asked);
        let (vm, agen) = (stack.vm(), self.agen.object());
        let warned = match step.outcome {
            Outcome::Refuses(error, message) => vm.warn(stack, error.into(), &self.words(stack, message), Some(&agen)),
            Outcome::Answers(Answer::None) => Ok(()),
            _ => Err(self.refused(stack, step)),
        };
        if let Err(exception) = warned {
            vm.unraisable(stack, exception, While::FinalizingAsyncGenerator, &agen);
        }
    }

    fn words(&self, stack: &DataStack<V>, message: Message) -> String {
        let qualname = self.agen.core().head().qualname.get();
        let qualname = qualname.as_ref().map(|name| stack.vm().text(name));
        let kind = M::rules(V::machines()).table.shown(self.flavour);
        message.fill(&[("kind", kind), ("qualname", qualname.as_deref().unwrap_or_default())]).to_string()
    }

    /// The error that a step says.
    fn refused(&self, stack: &DataStack<V>, step: Step<M>) -> V::Value {
        let Outcome::Refuses(error, message) = step.outcome else {
            return raised(stack, ErrorKind::SystemError, "an awaitable was asked for what its machine does not know");
        };
        match ErrorKind::from(error) {
            kind @ (ErrorKind::StopIteration | ErrorKind::StopAsyncIteration) => {
                in_context(stack, stack.vm().make_stop(kind, None))
            }
            kind => raised(stack, kind, &self.words(stack, message)),
        }
    }

    fn raw_state(&self) -> i8 {
        M::rules(V::machines()).number(self.state.get()).unwrap_or_default()
    }
}

/// What `asend()` and `__anext__()` of an async generator return.
///
/// Holds strong references to the async generator and to the value. Dropping it runs nothing.
///
/// Source: `PyAsyncGenASend`, Objects/genobject.c.
pub struct Asend<V: GeneratorObjects> {
    awaitable: Awaitable<V, asend::Machine>,
    /// What is sent first; `None` by `__anext__()`.
    value: Option<Held<V>>,
}

impl<V: GeneratorVm> Asend<V> {
    pub(super) fn new(agen: Of<V>, value: Option<V::Value>) -> Self {
        Asend { awaitable: Awaitable::new(agen, 0), value: value.map(Held::new) }
    }

    /// The async generator's object (`ags_gen`).
    pub fn agen(&self) -> V::Value {
        self.awaitable.agen.object()
    }

    /// Its state, as the machine knows it.
    pub fn state(&self) -> State<asend::Machine> {
        self.awaitable.state.get()
    }

    /// CPython's number of its state (`ags_state`).
    pub fn raw_state(&self) -> i8 {
        self.awaitable.raw_state()
    }

    /// `next()`: as `send(None)`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `async_gen_asend_iternext`, Objects/genobject.c.
    pub fn next(&self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        self.send(stack, stack.vm().none())
    }

    /// Resumes the body of the async generator: with the value of `asend()` the first time, unless another one is sent. What
    /// the body yields is [`Returned`](Sent::Returned), and what it awaits [`Yielded`](Sent::Yielded).
    ///
    /// # Errors
    ///
    /// What the machine says of the state; what leaves the body, a `StopAsyncIteration` if it returned.
    ///
    /// Source: `async_gen_asend_send`, Objects/genobject.c.
    pub fn send(&self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        let vm = stack.vm();
        let (asked, state) = match self.awaitable.begin(stack, asend::event::SEND, None, !vm.is_none(&value)) {
            Begun::Goes(asked, state) => (asked, state),
            Begun::Done(result) => return result,
        };
        let value = match &self.value {
            Some(first) if asked.first && !asked.given => first.get(),
            _ => value,
        };
        let agen = self.awaitable.agen.core();
        // Also where the await goes on: a throw until 3.12 does not say so.
        agen.head().running_async.set(true);
        let did = agen.did(stack, agen.send(stack, generator::event::SEND, value));
        self.awaitable.end(stack, (asked, state), did)
    }

    /// Throws an exception into the async generator.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `async_gen_asend_throw`, Objects/genobject.c.
    pub fn throw(&self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        self.awaitable.throw(stack, throw)
    }

    /// The method `throw()`, which looks at its arguments last.
    pub(super) fn throw_arguments(
        &self,
        stack: &DataStack<V>,
        arguments: &[V::Value],
    ) -> Result<Sent<V::Value>, V::Value> {
        self.awaitable.throw_arguments(stack, arguments)
    }

    /// Until 3.12 it is only over; from 3.13 on `GeneratorExit` is thrown into the async generator.
    ///
    /// # Errors
    ///
    /// What the machine says of the state; what leaves the body but for `GeneratorExit` and `StopAsyncIteration`; from 3.13 on a
    /// `RuntimeError` if the body awaits something that yields.
    ///
    /// Source: `async_gen_asend_close`, Objects/genobject.c.
    pub fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        self.awaitable.close(stack)
    }

    /// Nobody holds it any more. From 3.13 on it warns if it was never awaited.
    ///
    /// Source: `async_gen_asend_finalize`, Objects/genobject.c.
    pub fn finalize(&self, stack: &DataStack<V>) {
        self.awaitable.finalize(stack);
    }

    /// Shows all references to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.awaitable.agen.visit(visit);
        if let Some(value) = &self.value {
            value.visit(visit);
        }
    }
}

/// What `athrow()` and `aclose()` of an async generator return.
///
/// Holds strong references to the async generator and to the arguments. Dropping it runs nothing.
///
/// Source: `PyAsyncGenAThrow`, Objects/genobject.c.
pub struct Athrow<V: GeneratorObjects> {
    awaitable: Awaitable<V, athrow::Machine>,
    /// As they were given. Until 3.14 they are in a tuple, which drops the last one first; from 3.15 on the type goes first,
    /// then the traceback, then the value.
    arguments: Vec<Held<V>>,
}

impl<V: GeneratorObjects> Drop for Athrow<V> {
    fn drop(&mut self) {
        if since::<V>(15) {
            if let [_, value, traceback] = &mut self.arguments[..] {
                core::mem::swap(value, traceback);
            }
        } else {
            self.arguments.reverse();
        }
    }
}

impl<V: GeneratorVm> Athrow<V> {
    /// `None` is `aclose()`.
    pub(super) fn new(agen: Of<V>, arguments: Option<&[V::Value]>) -> Self {
        let flavour = if arguments.is_some() { athrow::Flavour::Athrow } else { athrow::Flavour::Aclose };
        let arguments = arguments.unwrap_or_default().iter().map(|value| Held::new(value.clone())).collect();
        Athrow { awaitable: Awaitable::new(agen, flavour as u8), arguments }
    }

    /// The async generator's object (`agt_gen`).
    pub fn agen(&self) -> V::Value {
        self.awaitable.agen.object()
    }

    /// Which method returned it.
    pub fn flavour(&self) -> athrow::Flavour {
        let closes = athrow::Machine::is_aclose(self.awaitable.flavour);
        if closes { athrow::Flavour::Aclose } else { athrow::Flavour::Athrow }
    }

    /// Its state, as the machine knows it.
    pub fn state(&self) -> State<athrow::Machine> {
        self.awaitable.state.get()
    }

    /// CPython's number of its state (`agt_state`).
    pub fn raw_state(&self) -> i8 {
        self.awaitable.raw_state()
    }

    /// `next()`: as `send(None)`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `async_gen_athrow_iternext`, Objects/genobject.c.
    pub fn next(&self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        self.send(stack, stack.vm().none())
    }

    /// Throws into the async generator the first time, and resumes its body then. What the body yields is
    /// [`Returned`](Sent::Returned) by `athrow()`; `aclose()` is done, with `None`, when the body is over.
    ///
    /// # Errors
    ///
    /// What the machine says of the state; what leaves the body, by `aclose()` but for `StopAsyncIteration` and
    /// `GeneratorExit`. Until 3.14 a `TypeError` where `athrow()` got no arguments, or more than three: the async generator is
    /// taken to be running then, for ever.
    ///
    /// Source: `async_gen_athrow_send`, Objects/genobject.c.
    pub fn send(&self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        let vm = stack.vm();
        let (asked, state) = match self.awaitable.begin(stack, athrow::event::SEND, None, !vm.is_none(&value)) {
            Begun::Goes(asked, state) => (asked, state),
            Begun::Done(result) => return result,
        };
        let agen = self.awaitable.agen.core();
        let sent = if !asked.first {
            agen.send(stack, generator::event::SEND, value)
        } else if self.flavour() == athrow::Flavour::Aclose {
            agen.head().closed.set(true);
            agen.throw(stack, &Throw::new(vm.exception_class(ErrorKind::GeneratorExit)), false)
        } else {
            let arguments: Vec<_> = self.arguments.iter().map(Held::get).collect();
            agen.throw(stack, &Throw::unwarned(stack, "athrow", &arguments)?, false)
        };
        let did = agen.did(stack, sent);
        self.awaitable.end(stack, (asked, state), did)
    }

    /// Throws an exception into the async generator: this one, not the one that it was made with.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// Source: `async_gen_athrow_throw`, Objects/genobject.c.
    pub fn throw(&self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        self.awaitable.throw(stack, throw)
    }

    /// The method `throw()`, which looks at its arguments last.
    pub(super) fn throw_arguments(
        &self,
        stack: &DataStack<V>,
        arguments: &[V::Value],
    ) -> Result<Sent<V::Value>, V::Value> {
        self.awaitable.throw_arguments(stack, arguments)
    }

    /// Until 3.12 it is only over; from 3.13 on `GeneratorExit` is thrown into the async generator.
    ///
    /// # Errors
    ///
    /// As [`Asend::close`].
    ///
    /// Source: `async_gen_athrow_close`, Objects/genobject.c.
    pub fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        self.awaitable.close(stack)
    }

    /// Nobody holds it any more. From 3.13 on it warns if it was never awaited.
    ///
    /// Source: `async_gen_athrow_finalize`, Objects/genobject.c.
    pub fn finalize(&self, stack: &DataStack<V>) {
        self.awaitable.finalize(stack);
    }

    /// Shows all references to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.awaitable.agen.visit(visit);
        for argument in &self.arguments {
            argument.visit(visit);
        }
    }
}
