//! The driver's core: what a machine says is done, frames are resumed, and what comes of it.

use alloc::string::ToString;
use core::ops::Deref;

use super::{Core, Generator, GeneratorVm, Machines, Resume, Sent, since};
use crate::data_stack::{DataStack, Full};
use crate::frame::Place;
use crate::generator_frame::{self, GeneratorFrame};
use crate::machine::generator::{Flavour, Machine, event, state};
use crate::machine::{Answer, Event, Guard, Message, Outcome, State, Step};
use crate::stack_ref::Unpacked;
use crate::vm::FrameCode;

use super::ErrorKind;

/// Makes an exception that is raised here: its context is what is being handled.
pub(super) fn raised<V: GeneratorVm>(stack: &DataStack<V>, kind: ErrorKind, text: &str) -> V::Value {
    in_context(stack, stack.vm().make_exception(kind, text))
}

/// An exception that is raised here.
pub(super) fn in_context<V: GeneratorVm>(stack: &DataStack<V>, exception: V::Value) -> V::Value {
    if let Some(handled) = stack.handled() {
        stack.vm().set_context(&exception, handled);
    }
    exception
}

/// There is no room for another frame.
pub(super) fn full<V: GeneratorVm>(stack: &DataStack<V>, full: Full) -> V::Value {
    let kind = match full {
        Full::Recursion => ErrorKind::RecursionError,
        Full::Memory => ErrorKind::MemoryError,
    };
    raised(stack, kind, &full.to_string())
}

/// Nothing can run: an eval loop has the topmost frame.
pub(super) fn held<V: GeneratorVm>(stack: &DataStack<V>) -> V::Value {
    raised(stack, ErrorKind::SystemError, "an eval loop holds the topmost frame")
}

impl<T> Sent<T> {
    /// What was yielded or returned.
    pub fn into_value(self) -> T {
        match self {
            Sent::Yielded(value) | Sent::Returned(value) => value,
        }
    }
}

/// What an event comes to. What the VM is asked since may change the state that it came in.
#[derive(Clone, Copy)]
pub(crate) struct Decided {
    pub(super) step: Step<Machine>,
    /// The number of that state.
    pub(super) from: i8,
}

impl Deref for Decided {
    type Target = Step<Machine>;

    fn deref(&self) -> &Step<Machine> {
        &self.step
    }
}

impl<V: GeneratorVm> Core<V> {
    /// The state of the machine. Whoever has the handle of the frame uses it: then it executes.
    pub(crate) fn state(self) -> State<Machine> {
        self.state_by(V::machines())
    }

    /// The same, by machines that were asked for before: nothing runs here.
    fn state_by(self, machines: &Machines) -> State<Machine> {
        let head = self.head();
        let known = machines.generator.state(head.state()).unwrap_or(state::CLEARED);
        let at_rest = known == state::CREATED || is_waiting(known);
        if at_rest && !head.is_home() { state::EXECUTING } else { known }
    }

    pub(crate) fn is_waiting(self) -> bool {
        is_waiting(self.state())
    }

    pub(crate) fn is_over(self) -> bool {
        let state = self.state();
        state != state::CREATED && state != state::EXECUTING && !is_waiting(state)
    }

    /// What it delegates to, or let handle what was thrown.
    pub(crate) fn delegate(self) -> Option<V::Value> {
        let depth = self.head().delegate();
        let depth = u32::from(depth.checked_sub(1)?);
        match self.frame.get_from_top(depth)?.unpack() {
            Unpacked::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether an exception takes it out of what it waited for, and no handler runs yet. Until 3.11, which goes by where the
    /// frame stands, that counts as if it waited still.
    pub(crate) fn leaves_delegate(self) -> bool {
        let stands = || {
            let unit = u32::try_from(self.frame.unit()).ok()?;
            self.frame.code()?.after_delegation(unit)
        };
        !since::<V>(12) && self.state() == state::EXECUTING && stands().is_some()
    }

    /// Whether it waits at a `yield` outside of every `try`, unseen by tracers.
    pub(crate) fn is_unguarded(self, stack: &DataStack<V>) -> bool {
        let unit = self.frame.unit();
        let guarded = self.frame.code().is_none_or(|code| code.is_guarded_at(unit));
        !guarded && !stack.vm().is_traced()
    }

    /// What an event comes to.
    pub(crate) fn step(self, event: Event<Machine>, asks: impl FnMut(Guard) -> bool) -> Decided {
        let machines = V::machines();
        let from = self.head().state();
        Decided { step: machines.generator.step(self.state_by(machines), event, self.flavour() as u8, asks), from }
    }

    /// Stores the state that a step leads to.
    fn enter_state(self, step: Decided) {
        if let Some(number) = step.next.and_then(|next| V::machines().generator.number(next)) {
            self.head().set_state(number);
        }
    }

    /// Stores the state that a step leads to, if it is another one: that somebody has the frame is not stored. Where the
    /// generator went on meanwhile it stays as it is.
    pub(crate) fn enter_other_state(self, step: Decided) {
        let machines = V::machines();
        if step.next != Some(self.state_by(machines))
            && self.head().state() == step.from
            && let Some(number) = step.next.and_then(|next| machines.generator.number(next))
        {
            self.head().set_state(number);
        }
    }

    /// The text of a message.
    pub(crate) fn words(self, stack: &DataStack<V>, message: Message, type_name: &str) -> alloc::string::String {
        let qualname = self.head().qualname.get();
        let qualname = qualname.as_ref().map(|name| stack.vm().text(name));
        let kind = V::machines().generator.table.shown(self.flavour() as u8);
        let words = [("kind", kind), ("type", type_name), ("qualname", qualname.as_deref().unwrap_or_default())];
        message.fill(&words).to_string()
    }

    /// The error that a step says.
    pub(crate) fn refused(self, stack: &DataStack<V>, step: Decided, type_name: &str) -> V::Value {
        match step.outcome {
            Outcome::Refuses(error, message) => raised(stack, error.into(), &self.words(stack, message, type_name)),
            _ => unknown(stack),
        }
    }

    /// The same, and the state that it leads to is stored.
    pub(crate) fn declined(self, stack: &DataStack<V>, step: Decided, type_name: &str) -> V::Value {
        self.enter_other_state(step);
        self.refused(stack, step, type_name)
    }

    /// Asks for the next value, or sends one.
    pub(crate) fn send(
        self,
        stack: &DataStack<V>,
        event: Event<Machine>,
        value: V::Value,
    ) -> Result<Sent<V::Value>, V::Value> {
        let step = self.step(event, |guard| guard == Guard::ValueGiven && !stack.vm().is_none(&value));
        match step.outcome {
            Outcome::Goes => self.resume(stack, step, value, None),
            Outcome::Answers(Answer::Stop) => {
                self.enter_other_state(step);
                Ok(Sent::Returned(stack.vm().none()))
            }
            _ => Err(self.declined(stack, step, "")),
        }
    }

    /// Resumes the frame, where a step says so.
    pub(crate) fn resume_by(
        self,
        stack: &DataStack<V>,
        step: Decided,
        value: V::Value,
        exception: Option<V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        match step.outcome {
            Outcome::Goes => self.resume(stack, step, value, exception),
            _ => Err(self.declined(stack, step, "")),
        }
    }

    /// Why it cannot be resumed, whatever its machine says.
    fn hindered(self, stack: &DataStack<V>) -> Result<(), V::Value> {
        if stack.is_held() {
            return Err(held(stack));
        }
        if stack.remaining() == 0 {
            return Err(full(stack, Full::Recursion));
        }
        if !self.head().is_home() {
            return Err(raised(stack, ErrorKind::SystemError, "somebody has the frame of the generator"));
        }
        Ok(())
    }

    /// An error if the state is another one than it was: what was asked of the VM since has resumed the generator.
    fn is_still(self, stack: &DataStack<V>, state: i8) -> Result<(), V::Value> {
        if self.head().state() == state {
            return Ok(());
        }
        Err(raised(stack, ErrorKind::SystemError, "the generator went on while it was to be resumed"))
    }

    /// Runs the frame, in the state that a step leads to, until it yields, returns or fails.
    ///
    /// Nothing happens where there is no room: the generator can go on later.
    pub(crate) fn resume(
        self,
        stack: &DataStack<V>,
        step: Decided,
        value: V::Value,
        exception: Option<V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        let head = self.head();
        self.hindered(stack)?;
        if let (Some(exception), Some(handled)) = (&exception, head.exception().value.get()) {
            stack.vm().set_context(exception, handled);
        }
        let shim = stack.vm().shim();
        self.hindered(stack)?;
        self.is_still(stack, step.from)?;
        generator_frame::leave_home(self.frame);
        let key = GeneratorFrame::with(self.frame);
        self.enter_state(step);
        let resume = Resume { key, state: head.state(), value, exception };
        let ran = stack.enter(shim, |entry| V::run(entry, resume));
        let Ok(ran) = ran else { return Err(held(stack)) };
        match ran {
            Ok(value) if self.is_waiting() => Ok(Sent::Yielded(value)),
            Ok(value) => Ok(Sent::Returned(value)),
            Err(exception) if !since::<V>(12) => Err(stop_iteration_error(stack, self.flavour(), exception)),
            Err(exception) => Err(exception),
        }
    }

    /// Drops what the frame holds; nothing of its body runs. Where the machine says that it is only `completed` it keeps it.
    ///
    /// An error if the machine says of `release` something else than of what it is released for.
    pub(crate) fn release(self, stack: &DataStack<V>, step: Decided) -> Result<(), V::Value> {
        let head = self.head();
        if step.next != Some(state::COMPLETED) {
            let released = self.step(event::RELEASE, |_| false);
            if released.outcome != Outcome::Goes || released.next != step.next {
                return Err(unknown(stack));
            }
        }
        self.enter_state(step);
        if step.next == Some(state::COMPLETED) || !head.is_home() {
            return Ok(());
        }
        generator_frame::leave_home(self.frame);
        let _home = crate::frame::Finally(|| generator_frame::go_home(self.frame));
        let _handled = crate::frame::Finally(|| drop(head.exception().value.take()));
        head.set_delegate(0);
        generator_frame::empty(self.frame);
        Ok(())
    }
}

/// A machine says of an event what nothing can be done with.
pub(super) fn unknown<V: GeneratorVm>(stack: &DataStack<V>) -> V::Value {
    raised(stack, ErrorKind::SystemError, "a generator was asked for what its machine does not know")
}

fn is_waiting(state: State<Machine>) -> bool {
    [state::SUSPENDED, state::SUSPENDED_YIELD_FROM, state::SUSPENDED_YIELD_FROM_LOCKED].contains(&state)
}

/// What an exception is that is about to leave the body of a generator: PEP 479.
///
/// Until 3.11 the driver asks, from 3.12 on an instruction ([`stop_iteration_error`](crate::running::Running::stop_iteration_error)).
pub(crate) fn stop_iteration_error<V: GeneratorVm>(
    stack: &DataStack<V>,
    flavour: Flavour,
    exception: V::Value,
) -> V::Value {
    let vm = stack.vm();
    let rules = V::machines().generator;
    let step = rules.step(state::EXECUTING, event::STOP_ITERATION_ERROR, flavour as u8, |guard| match guard {
        Guard::StopIteration => vm.is_exception(&exception, ErrorKind::StopIteration),
        Guard::StopAsyncIteration => vm.is_exception(&exception, ErrorKind::StopAsyncIteration),
        _ => false,
    });
    let (error, message) = match step.outcome {
        _ if step.next != Some(state::EXECUTING) => return unknown(stack),
        Outcome::Refuses(error, message) => (error, message),
        Outcome::Answers(Answer::Propagate) => return exception,
        _ => return unknown(stack),
    };
    let text = message.fill(&[("kind", rules.table.shown(flavour as u8))]).to_string();
    let error = vm.make_exception(error.into(), &text);
    vm.set_cause(&error, exception);
    error
}

impl<V: GeneratorVm> Generator<V> {
    /// Asks for the next value, as `next()`, `for` and `await` do (`tp_iternext`). One that is over says
    /// [`Returned`](Sent::Returned) with `None`.
    ///
    /// # Errors
    ///
    /// What the machine says of the state, what leaves the body, and where there is no room for a frame a `RecursionError`: the
    /// generator is as it was then. (CPython's is over.)
    ///
    /// Source: `gen_iternext`, Objects/genobject.c.
    pub fn next(&self, stack: &DataStack<V>) -> Result<Sent<V::Value>, V::Value> {
        self.core().send(stack, event::NEXT, stack.vm().none())
    }

    /// Sends a value (`am_send`). The method `send()` raises what is [`Returned`](Sent::Returned): see
    /// [`into_result`](Sent::into_result).
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    ///
    /// Source: `PyGen_am_send`, `gen_send_ex2`, Objects/genobject.c.
    pub fn send(&self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        self.core().send(stack, event::SEND, value)
    }
}

impl<T> Sent<T> {
    /// What a method gives: what was yielded is its result, what was returned it raises in a `StopIteration`, one without
    /// arguments for `None`. Of an async generator that is a `StopAsyncIteration`.
    ///
    /// # Errors
    ///
    /// The exception.
    ///
    /// Source: `gen_send_ex`, `_PyGen_SetStopIterationValue`, Objects/genobject.c.
    pub fn into_result<V: GeneratorVm<Value = T>>(self, stack: &DataStack<V>, flavour: Flavour) -> Result<T, T> {
        match self {
            Sent::Yielded(value) => Ok(value),
            Sent::Returned(value) => Err(stopped(stack, flavour, value)),
        }
    }
}

/// The exception that says that a body returned.
pub(super) fn stopped<V: GeneratorVm>(stack: &DataStack<V>, flavour: Flavour, value: V::Value) -> V::Value {
    let vm = stack.vm();
    let kind =
        if flavour == Flavour::AsyncGenerator { ErrorKind::StopAsyncIteration } else { ErrorKind::StopIteration };
    if vm.is_none(&value) {
        return in_context(stack, vm.make_stop(kind, None));
    }
    let exception = vm.make_stop(kind, Some(value));
    // What a body returns is raised without looking at what is handled.
    if since::<V>(13) { exception } else { in_context(stack, exception) }
}
