//! Throwing into a generator: down to what it delegates to, and back up with what came of it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use super::delegate::{other, own};
use super::drive::{Decided, full, held, raised, stopped};
use super::{Core, ErrorKind, Generator, GeneratorVm, Method, Sent, Thrown, since};
use crate::data_stack::{DataStack, Full};
use crate::frame::Specials;
use crate::generator_frame;
use crate::machine::generator::{Flavour, event, state};
use crate::machine::{Answer, Guard, Outcome};
use crate::vm::FrameCode;

/// What is thrown: an exception, or the class, value and traceback of the old form.
#[derive(Clone)]
pub struct Throw<T> {
    /// The first argument.
    exception: T,
    /// The others, those that were given.
    rest: Vec<T>,
}

impl<T: Clone> Throw<T> {
    /// One exception, or the class of one.
    pub fn new(exception: T) -> Self {
        Throw { exception, rest: Vec::new() }
    }

    /// The arguments of `throw()`, or of another method that says so in its errors.
    ///
    /// # Errors
    ///
    /// A `TypeError` where there are none or more than three; from 3.12 on a `DeprecationWarning` for more than one, where
    /// warnings are errors.
    pub fn parse<V: GeneratorVm<Value = T>>(stack: &DataStack<V>, method: &str, arguments: &[T]) -> Result<Self, T> {
        let throw = Throw::unwarned(stack, method, arguments)?;
        Throw::warn_of_rest(stack, method, arguments.len())?;
        Ok(throw)
    }

    /// The arguments, where somebody else warns of the old form.
    pub(super) fn unwarned<V: GeneratorVm<Value = T>>(
        stack: &DataStack<V>,
        method: &str,
        arguments: &[T],
    ) -> Result<Self, T> {
        let text = match arguments {
            [] => format!("{method} expected at least 1 argument, got 0"),
            [exception, rest @ ..] if rest.len() < 3 => {
                return Ok(Throw { exception: exception.clone(), rest: rest.to_vec() });
            }
            more => format!("{method} expected at most 3 arguments, got {}", more.len()),
        };
        Err(raised(stack, ErrorKind::TypeError, &text))
    }

    /// Warns of the old form, since 3.12.
    pub(super) fn warn_of_rest<V: GeneratorVm<Value = T>>(
        stack: &DataStack<V>,
        method: &str,
        given: usize,
    ) -> Result<(), T> {
        if given < 2 || !since::<V>(12) {
            return Ok(());
        }
        let text =
            format!("the (type, exc, tb) signature of {method}() is deprecated, use the single-arg signature instead.");
        stack.vm().warn(stack, ErrorKind::DeprecationWarning, &text, None)
    }

    /// All arguments.
    pub(super) fn arguments(&self) -> Vec<T> {
        let mut all = Vec::with_capacity(1 + self.rest.len());
        all.push(self.exception.clone());
        all.extend_from_slice(&self.rest);
        all
    }

    /// What is given besides the exception, unless it is `None`.
    fn given<V: GeneratorVm<Value = T>>(&self, vm: &V, at: usize) -> Option<&T> {
        self.rest.get(at).filter(|value| !vm.is_none(value))
    }
}

/// Generators that let somebody handle what was thrown, the outer ones first.
pub(super) struct Levels<'s, V: GeneratorVm> {
    stack: &'s DataStack<V>,
    levels: Vec<Level<V>>,
}

struct Level<V: GeneratorVm> {
    core: Core<V>,
    /// The state that it comes back to.
    state: i8,
    /// Whether the handle goes home. One that waits already may be asked again (until 3.12): that counts as an activation, since
    /// what waits for each other in a circle would go on for ever.
    is_home: bool,
    linked: bool,
    /// What it waits for. Its stack may lose that meanwhile (3.11), and what is done with it goes on.
    delegate: Option<V::Value>,
}

impl<'s, V: GeneratorVm> Levels<'s, V> {
    pub(super) const fn new(stack: &'s DataStack<V>) -> Self {
        Levels { stack, levels: Vec::new() }
    }

    /// A generator waits for its delegate, in the state that a step leads to. `linked`: those who look at frames see it.
    pub(super) fn push(&mut self, core: Core<V>, step: Decided, linked: bool) -> Result<(), V::Value> {
        if self.levels.try_reserve(1).is_err() {
            return Err(full(self.stack, Full::Memory));
        }
        // Asked before anything is looked at.
        let number = step.next.and_then(|next| V::machines().generator.number(next));
        let head = core.head();
        let (state, is_home) = (head.state(), head.is_home());
        if head.is_empty() {
            return Err(raised(self.stack, ErrorKind::SystemError, "the generator ended while it was to wait"));
        }
        if !is_home {
            if !head.waits() {
                return Err(raised(self.stack, ErrorKind::SystemError, "somebody has the frame of the generator"));
            }
            if self.stack.remaining() == 0 {
                return Err(full(self.stack, Full::Recursion));
            }
            self.stack.take_one();
        }
        // Until 3.12 one that does so already may be asked again.
        let linked = linked && !head.is_linked();
        if is_home {
            generator_frame::leave_home(core.frame);
            head.set_waits(true);
        }
        if let Some(number) = number {
            head.set_state(number);
        }
        if linked {
            core.frame.specials().previous().set(self.stack.current.replace(Some(core.frame)));
            head.set_linked(true);
        }
        self.levels.push(Level { core, state, is_home, linked, delegate: None });
        Ok(())
    }

    /// Keeps the generator that the innermost one waits for.
    pub(super) fn keep(&mut self, delegate: V::Value) {
        if let Some(level) = self.levels.last_mut() {
            level.delegate = Some(delegate);
        }
    }

    /// The innermost one is done waiting.
    pub(super) fn pop(&mut self) -> Option<Core<V>> {
        let Level { core, state, is_home, linked, delegate } = self.levels.pop()?;
        let head = core.head();
        if linked {
            self.stack.current.set(core.frame.previous());
            core.frame.specials().previous().set(None);
            head.set_linked(false);
        }
        head.set_state(state);
        if is_home {
            head.set_waits(false);
            generator_frame::go_home(core.frame);
        } else {
            self.stack.remaining.set(self.stack.remaining.get() + 1);
        }
        drop(delegate);
        Some(core)
    }
}

impl<V: GeneratorVm> Drop for Levels<'_, V> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

impl<V: GeneratorVm> Core<V> {
    /// What the delegate of this one handles, if it is asked now.
    pub(super) fn asks_delegate(self) -> Option<V::Value> {
        // Somebody else who has the frame may do anything with it, also end what it waits for.
        let executing = self.state() == state::EXECUTING && self.head().waits() && !since::<V>(13);
        if executing || self.is_waiting() { self.delegate() } else { None }
    }

    /// Throws. `closes`: a `GeneratorExit` closes a delegate instead of being thrown into it.
    pub(crate) fn throw(
        self,
        stack: &DataStack<V>,
        throw: &Throw<V::Value>,
        closes: bool,
    ) -> Result<Sent<V::Value>, V::Value> {
        if stack.is_held() {
            return Err(held(stack));
        }
        let mut levels = Levels::new(stack);
        let mut at = self;
        let mut outcome = loop {
            let Some(delegate) = at.asks_delegate() else { break at.raise(stack, throw) };
            match at.throw_down(stack, throw, closes, &delegate, &mut levels) {
                Err(exception) => break Err(exception),
                Ok(Down::Here) => {
                    drop(delegate);
                    break at.raise(stack, throw);
                }
                Ok(Down::Into(inner)) => {
                    levels.keep(delegate);
                    at = inner;
                }
                Ok(Down::Fails(exception)) => {
                    drop(delegate);
                    break at.fail(stack, exception);
                }
                Ok(Down::Answers(answer)) => {
                    drop(delegate);
                    break at.answered(stack, answer);
                }
            }
        };
        while let Some(outer) = levels.pop() {
            outcome = outer.answered(stack, outcome);
        }
        outcome
    }

    /// Hands what was thrown to the delegate.
    fn throw_down(
        self,
        stack: &DataStack<V>,
        throw: &Throw<V::Value>,
        closes: bool,
        delegate: &V::Value,
        levels: &mut Levels<'_, V>,
    ) -> Result<Down<V>, V::Value> {
        let vm = stack.vm();
        let step = self.step(event::THROW, |guard| matches!(guard, Guard::Delegating | Guard::DelegateThrows));
        if !matches!(step.outcome, Outcome::Goes) {
            return Ok(Down::Here);
        }
        let exits = match vm.thrown(&throw.exception) {
            Thrown::Class => vm.is_exception_class(&throw.exception, ErrorKind::GeneratorExit),
            Thrown::Instance => vm.is_exception(&throw.exception, ErrorKind::GeneratorExit),
            Thrown::Other => false,
        };
        // What was asked may have taken the frame, or resumed it.
        if self.asks_delegate().is_none() {
            return Ok(Down::Here);
        }
        if closes && exits {
            levels.push(self, step, false)?;
            let closed = super::close::close_delegate(stack, delegate);
            levels.pop();
            return Ok(closed.map_or_else(Down::Fails, |()| Down::Here));
        }
        if let Some(inner) = own::<V>(delegate) {
            levels.push(self, step, true)?;
            return Ok(Down::Into(inner));
        }
        if let Some(part) = other::<V>(delegate) {
            levels.push(self, step, since::<V>(14))?;
            let answer = part.throw_arguments(stack, &throw.arguments());
            levels.pop();
            return Ok(Down::Answers(answer));
        }
        // From 3.15 on it executes while the method is looked up, too.
        if since::<V>(15) {
            levels.push(self, step, false)?;
        }
        let method = vm.lookup(stack, delegate, Method::Throw);
        if since::<V>(15) {
            levels.pop();
        }
        let Some(method) = method? else { return Ok(Down::Here) };
        // What looked it up may have taken the frame, or resumed it.
        if self.asks_delegate().is_none() {
            return Ok(Down::Here);
        }
        levels.push(self, step, since::<V>(14))?;
        let answer = vm.call(stack, &method, &throw.arguments());
        drop(method);
        levels.pop();
        Ok(Down::Answers(answer.map(Sent::Yielded)))
    }

    /// What the delegate did with what was thrown.
    fn answered(
        self,
        stack: &DataStack<V>,
        answer: Result<Sent<V::Value>, V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        match answer {
            Ok(Sent::Yielded(value)) => Ok(Sent::Yielded(value)),
            Ok(Sent::Returned(value)) => self.delegate_done(stack, Ok(value)),
            Err(exception) => self.delegate_done(stack, Err(exception)),
        }
    }

    /// Raises what was thrown where the body stands.
    fn raise(self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        let vm = stack.vm();
        let Throw { exception, .. } = throw;
        let (value, traceback) = (throw.given(vm, 0), throw.given(vm, 1));
        let thrown = vm.thrown(exception);
        let wrong = if traceback.is_some_and(|traceback| !vm.is_traceback(traceback)) {
            Some("throw() third argument must be a traceback object")
        } else if thrown == Thrown::Instance && value.is_some() {
            Some("instance exception may not have a separate value")
        } else {
            None
        };
        let bad = wrong.is_some() || thrown == Thrown::Other;
        let asks = |guard| guard == Guard::BadException && bad;
        let step = self.step(event::THROW, asks);
        match (step.outcome, wrong) {
            (Outcome::Refuses(error, _), Some(text)) if ErrorKind::from(error) == ErrorKind::TypeError => {
                self.enter_other_state(step);
                return Err(raised(stack, ErrorKind::TypeError, text));
            }
            (Outcome::Goes | Outcome::Answers(Answer::Propagate), _) => {}
            _ => {
                let type_name = if bad { vm.type_name(exception) } else { Cow::Borrowed("") };
                return Err(self.declined(stack, step, &type_name));
            }
        }
        let exception = match thrown {
            // What comes up instead is thrown instead.
            Thrown::Class => vm.instantiate(stack, exception, value.cloned()).unwrap_or_else(|exception| exception),
            _ => exception.clone(),
        };
        if let Some(traceback) = traceback {
            vm.set_traceback(&exception, traceback.clone());
        }
        // Making it may have resumed the generator.
        let step = self.step(event::THROW, asks);
        if step.outcome == Outcome::Answers(Answer::Propagate) {
            self.enter_other_state(step);
            return Err(exception);
        }
        self.resume_by(stack, step, vm.none(), Some(exception))
    }

    /// Raises what a delegate raised, where the body waits for it.
    pub(super) fn fail(self, stack: &DataStack<V>, exception: V::Value) -> Result<Sent<V::Value>, V::Value> {
        let step = self.step(event::THROW, |guard| guard == Guard::DelegateThrows);
        self.resume_by(stack, step, stack.vm().none(), Some(exception))
    }

    /// The delegate handled what was thrown, and is over: it returned, or raised.
    ///
    /// From 3.12 on a handler in the body's own code takes the value out of a `StopIteration` (`CLEANUP_THROW`).
    fn delegate_done(
        self,
        stack: &DataStack<V>,
        result: Result<V::Value, V::Value>,
    ) -> Result<Sent<V::Value>, V::Value> {
        let vm = stack.vm();
        if since::<V>(12) {
            let exception = match result {
                Ok(value) => stopped(stack, Flavour::Generator, value),
                Err(exception) => exception,
            };
            return self.fail(stack, exception);
        }
        let unit = self.frame.unit();
        let after = self.frame.code().and_then(|code| code.after_delegation(u32::try_from(unit).ok()?));
        // Also where it cannot go on, because another delegate handles something for it.
        if self.head().delegate() != 0
            && let Some(after) = after
        {
            let delegate = self.frame.pop_and_go_to(after);
            self.head().set_delegate(0);
            drop(delegate);
        }
        match result {
            Ok(value) => self.go_on(stack, value),
            Err(exception) if vm.is_exception(&exception, ErrorKind::StopIteration) => {
                self.go_on(stack, vm.stop_value(&exception))
            }
            Err(exception) => self.fail(stack, exception),
        }
    }

    /// Goes on with what the delegate came to.
    fn go_on(self, stack: &DataStack<V>, value: V::Value) -> Result<Sent<V::Value>, V::Value> {
        let step = self.step(event::SEND, |guard| guard == Guard::ValueGiven);
        self.resume_by(stack, step, value, None)
    }
}

/// What became of an exception on its way down.
enum Down<V: GeneratorVm> {
    /// It is raised where it is.
    Here,
    /// The delegate is one of ours.
    Into(Core<V>),
    /// The delegate dealt with it.
    Answers(Result<Sent<V::Value>, V::Value>),
    /// The delegate was closed for it, and raised this, which is raised instead.
    Fails(V::Value),
}

impl<V: GeneratorVm> Generator<V> {
    /// Throws an exception into it: raised where the body stands, or handed to what it delegates to.
    ///
    /// # Errors
    ///
    /// What leaves the body; what the machine says of the state; a `TypeError` for what is no exception. One that is over
    /// raises what was thrown.
    ///
    /// Source: `_gen_throw`, Objects/genobject.c.
    pub fn throw(&self, stack: &DataStack<V>, throw: &Throw<V::Value>) -> Result<Sent<V::Value>, V::Value> {
        self.core().throw(stack, throw, true)
    }
}
