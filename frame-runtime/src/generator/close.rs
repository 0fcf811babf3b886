//! How generators end: closed, cleared, or let go of.

use super::delegate::{other, own};
use super::drive::{Decided, held, raised, stopped};
use super::throw::Levels;
use super::{Core, ErrorKind, Generator, GeneratorVm, Method, Sent, While, since};
use crate::data_stack::DataStack;
use crate::machine::generator::{Flavour, Machine, event, state};
use crate::machine::{Answer, Event, Guard, Outcome};

impl<V: GeneratorVm> Core<V> {
    /// Closes it as an event asks for: `close`, `finalize` or `frame_clear`. What it delegates to is closed first.
    pub(super) fn close(self, stack: &DataStack<V>, event: Event<Machine>) -> Result<V::Value, V::Value> {
        let vm = stack.vm();
        if stack.is_held() {
            return Err(held(stack));
        }
        let mut levels = Levels::new(stack);
        let (mut at, mut event) = (self, event);
        let mut outcome = loop {
            let delegate = at.asks_delegate();
            let step = at.step(event, |guard| match guard {
                Guard::Unguarded => at.is_unguarded(stack),
                Guard::Delegating => delegate.is_some(),
                _ => false,
            });
            event = event::CLOSE;
            match step.outcome {
                Outcome::Goes if step.next == Some(state::EXECUTING) => {}
                Outcome::Goes => break at.release(stack, step).map(|()| vm.none()),
                Outcome::Answers(Answer::None) => {
                    at.enter_other_state(step);
                    break Ok(vm.none());
                }
                _ => break Err(at.declined(stack, step, "")),
            }
            let Some(delegate) = delegate else { break at.exit(stack, step, None) };
            if let Err(exception) = levels.push(at, step, false) {
                break Err(exception);
            }
            if let Some(inner) = own::<V>(&delegate) {
                levels.keep(delegate);
                at = inner;
                continue;
            }
            let failure = close_other(stack, &delegate).err();
            drop(delegate);
            levels.pop();
            break at.exit(stack, step, failure);
        };
        while let Some(outer) = levels.pop() {
            let step = outer.step(event::CLOSE, |guard| guard == Guard::Delegating);
            outcome = outer.exit(stack, step, outcome.err());
        }
        outcome
    }

    /// Raises `GeneratorExit`, or what the delegate raised instead, where the body waits, and takes what comes of it.
    fn exit(self, stack: &DataStack<V>, step: Decided, failure: Option<V::Value>) -> Result<V::Value, V::Value> {
        let vm = stack.vm();
        if self.state() == state::EXECUTING {
            // A delegate handles something else already (until 3.12), and was closed once more for that.
            let step = self.step(event::CLOSE, |_| false);
            return Err(self.declined(stack, step, ""));
        }
        if step.outcome == Outcome::Answers(Answer::None) {
            // It is over since what it delegated to was closed.
            self.enter_other_state(step);
            return failure.map_or_else(|| Ok(vm.none()), Err);
        }
        let exception = failure.unwrap_or_else(|| raised(stack, ErrorKind::GeneratorExit, ""));
        match self.resume_by(stack, step, vm.none(), Some(exception)) {
            Ok(Sent::Yielded(_)) => {
                // Looked at before anything is asked.
                let (from, delegates) = (self.head().state(), self.head().delegate() != 0);
                let rules = V::machines().generator;
                let yielded = if delegates { event::YIELD_FROM } else { event::YIELD };
                let by_close = |guard| guard == Guard::ByClose;
                let step = rules.step(state::EXECUTING, yielded, self.flavour() as u8, by_close);
                Err(self.declined(stack, Decided { step, from }, ""))
            }
            // Until 3.14 what is returned comes in an exception, and only `StopIteration` is looked for.
            Ok(Sent::Returned(value)) if self.flavour() == Flavour::AsyncGenerator && !since::<V>(15) => {
                Err(stopped(stack, Flavour::AsyncGenerator, value))
            }
            Ok(Sent::Returned(value)) if since::<V>(13) => Ok(value),
            Ok(Sent::Returned(_)) => Ok(vm.none()),
            Err(exception) if vm.is_exception(&exception, ErrorKind::GeneratorExit) => Ok(vm.none()),
            Err(exception) => Err(exception),
        }
    }

    fn warn_unawaited(self, stack: &DataStack<V>, object: &V::Value, step: Decided) {
        let Outcome::Refuses(_, message) = step.outcome else { return };
        let text = self.words(stack, message, "");
        if let Err(exception) = stack.vm().warn_unawaited(stack, object, &text) {
            stack.vm().unraisable(stack, exception, While::FinalizingCoroutine, object);
        }
    }

    /// What the captured hook is called with, if it is to decide.
    fn hook(self) -> Option<V::Value> {
        let head = self.head();
        let hooked = self.flavour() == Flavour::AsyncGenerator && !head.closed.get();
        hooked.then(|| head.origin_or_finalizer.get()).flatten()
    }

    fn call_hook(self, stack: &DataStack<V>, object: &V::Value, hook: &V::Value) {
        if let Err(exception) = stack.vm().call(stack, hook, core::slice::from_ref(object)) {
            stack.vm().unraisable(stack, exception, While::Finalizing, object);
        }
    }

    /// Ends it by an event, which `object` is asked for.
    fn end_by(self, stack: &DataStack<V>, object: &V::Value, event: Event<Machine>) -> Result<(), V::Value> {
        let delegates = self.asks_delegate().is_some();
        let step = self.step(event, |guard| match guard {
            Guard::FinalizerHook => self.hook().is_some(),
            Guard::Unguarded => self.is_unguarded(stack),
            Guard::Delegating => delegates,
            _ => false,
        });
        // Somebody who lets go of it cannot be told of errors.
        let closed = match step.outcome {
            Outcome::Goes => self.close(stack, event).map(drop),
            Outcome::Answers(Answer::Hook) if let Some(hook) = self.hook() => {
                self.enter_other_state(step);
                self.call_hook(stack, object, &hook);
                Ok(())
            }
            Outcome::Refuses(error, _) if ErrorKind::from(error) == ErrorKind::RuntimeWarning => {
                let goes_on = step.next == Some(self.state());
                self.enter_other_state(step);
                self.warn_unawaited(stack, object, step);
                if goes_on { Ok(()) } else { self.release(stack, step) }
            }
            Outcome::Answers(Answer::None) => {
                self.enter_other_state(step);
                Ok(())
            }
            _ if event == event::FRAME_CLEAR => return Err(self.declined(stack, step, "")),
            _ => Err(self.declined(stack, step, "")),
        };
        if let Err(exception) = closed {
            stack.vm().unraisable(stack, exception, While::Closing, object);
        }
        Ok(())
    }
}

/// Closes what is delegated to.
///
/// Source: `gen_close_iter`, Objects/genobject.c.
pub(super) fn close_delegate<V: GeneratorVm>(stack: &DataStack<V>, delegate: &V::Value) -> Result<(), V::Value> {
    match own::<V>(delegate) {
        Some(generator) => generator.close(stack, event::CLOSE).map(drop),
        None => close_other(stack, delegate),
    }
}

fn close_other<V: GeneratorVm>(stack: &DataStack<V>, delegate: &V::Value) -> Result<(), V::Value> {
    if let Some(part) = other::<V>(delegate) {
        return part.close(stack).map(drop);
    }
    let vm = stack.vm();
    match vm.lookup(stack, delegate, Method::Close) {
        Ok(Some(method)) => vm.call(stack, &method, &[]).map(drop),
        Ok(None) => Ok(()),
        Err(exception) => {
            vm.unraisable(stack, exception, While::Closing, delegate);
            Ok(())
        }
    }
}

impl<V: GeneratorVm> Generator<V> {
    /// Closes it: `GeneratorExit` is raised where the body waits, after what it delegates to was closed. Returns what the body
    /// returned, from 3.13 on, or `None`.
    ///
    /// # Errors
    ///
    /// What leaves the body, but for `GeneratorExit`. A `RuntimeError` if the body yields: it waits there and can go on.
    ///
    /// Source: `gen_close`, Objects/genobject.c.
    pub fn close(&self, stack: &DataStack<V>) -> Result<V::Value, V::Value> {
        self.core().close(stack, event::CLOSE)
    }

    /// Ends it because nobody holds it any more: for the destructor of its object, which is to refer to it meanwhile, and
    /// calls this once. May run code of the program, also code that holds the object again. Errors are
    /// [unraisable](GeneratorVm::unraisable).
    ///
    /// Source: `_PyGen_Finalize`, Objects/genobject.c.
    pub fn finalize(&self, stack: &DataStack<V>, object: &V::Value) {
        // Its machine refuses nothing but what `end` reports.
        let _ = self.core().end_by(stack, object, event::FINALIZE);
    }

    /// `clear()` of its frame object, when [`FrameObject::clear`](crate::frame_object::FrameObject::clear) says that the
    /// frame is a generator's.
    ///
    /// # Errors
    ///
    /// A `RuntimeError`, in the states of which the machine says so.
    ///
    /// Source: `frame_clear`, Objects/frameobject.c; `_PyGen_ClearFrame` since 3.15.
    pub fn clear_frame(&self, stack: &DataStack<V>, object: &V::Value) -> Result<(), V::Value> {
        self.core().end_by(stack, object, event::FRAME_CLEAR)
    }
}
