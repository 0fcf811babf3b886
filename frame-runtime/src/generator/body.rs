//! What an eval loop does for the body of a generator: one method for each instruction. [`ops`](crate::ops) lists them.

#![expect(unsafe_code, reason = "frames are put on top and taken off")]

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::drive::{full, stop_iteration_error};
use super::{Core, ErrorKind, Generator, GeneratorVm, Names, Origin, Part, PartRef, Sent, iter_send, since};
use crate::bounds::Bounds;
use crate::data_stack::{DataStack, Full};
use crate::entry::resume;
use crate::frame::FramePtr;
use crate::generator_frame::{self, Head, NoMemory, TAKES_ANY, TAKES_NONE};
use crate::machine::Gone;
use crate::machine::generator::{Cleared, Flavour};
use crate::machine::owner::{self, OnMakeGenerator, OnPop};
use crate::ops::Passed;
use crate::running::{Any, ByOwner, Returned, Running, Site, after_raise};
use crate::stack_ref::{Ref, StackRef, Unpacked};
use crate::version::{Frames, FramesOf, Position, Version};
use crate::vm::{FrameVm, Vm};

/// An instruction raised: the frame as it is, and the exception.
pub struct Raised<'t, V: FrameVm, O, B: Bounds> {
    /// The frame. Next is a line of the traceback, unless the exception is raised again, and
    /// [`unwind`](Running::unwind).
    pub frame: Running<'t, V, O, B>,
    /// The exception.
    pub exception: V::Value,
}

/// An instruction is done, or raised.
pub type Done<'t, V, O, B> = Result<Running<'t, V, O, B>, Raised<'t, V, O, B>>;

/// Who goes on with an exception, and that.
pub type Failed<'t, V, B> = (Returned<'t, V, B>, <V as Vm>::Value);

/// What a body yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// A value of its own: `yield`.
    Own,
    /// What something yielded that it delegates to: `yield from`, `await`. That lies on its stack, below what is yielded.
    From,
}

/// Where a `RESUME` stands, and what it says besides.
///
/// Source: `RESUME_*`, Include/internal/pycore_opcode_utils.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumes {
    location: u8,
    /// Only the handler around the whole body handles what is raised here; since 3.13.
    pub is_unguarded: bool,
}

impl Resumes {
    /// What the argument of a `RESUME` of a version says.
    pub const fn of<P: Version>(argument: u8) -> Resumes {
        let minor = P::LAYOUT.minor();
        let (mask, unguarded) = match minor {
            15.. => (0x7, 0x8),
            13.. => (0x3, 0x4),
            _ => (u8::MAX, 0),
        };
        Resumes { location: argument & mask, is_unguarded: argument & unguarded != 0 }
    }

    /// Whether it stands behind the yield of a `yield from` or `await`.
    pub const fn delegates(self) -> bool {
        matches!(self.location, 2 | 3)
    }

    /// Whether signals and other threads get their turn here: at the start of a function and behind a `yield`. Where something
    /// is delegated to they get it in that.
    pub const fn checks_interrupts(self) -> bool {
        self.location < 2
    }
}

impl<'t, V: GeneratorVm, O: 'static, B: Bounds> Running<'t, V, O, B> {
    /// `RETURN_GENERATOR`: makes a generator of the frame. The caller goes on with it on its stack.
    ///
    /// # Errors
    ///
    /// There is no memory: the caller goes on with the exception.
    ///
    /// Source: `RETURN_GENERATOR`, Python/bytecodes.c; `_Py_MakeCoro`, Objects/genobject.c.
    #[inline(always)]
    pub fn return_generator(self, flavour: Flavour) -> Result<Passed<'t, V, B>, Failed<'t, V, B>>
    where
        O: OnMakeGenerator<V::Python, owner::Generator> + OnPop<V::Python, Gone>,
    {
        self.aside().turn_into_generator(flavour)
    }

    fn turn_into_generator(self, flavour: Flavour) -> Result<Passed<'t, V, B>, Failed<'t, V, B>>
    where
        O: OnMakeGenerator<V::Python, owner::Generator> + OnPop<V::Python, Gone>,
    {
        let function = self.function().map(Ref::counted);
        let (frame, (names, origin)) = self.escape(|stack| {
            let vm = stack.vm();
            let names = function.as_ref().map(|function| vm.names(function));
            let depth = if flavour == Flavour::Coroutine { vm.origin_depth() } else { 0 };
            let origin = if depth == 0 { None } else { vm.make_origin(&origin(stack, depth)) };
            // It may be the last reference later, when the caller is in nobody's reach.
            drop(function);
            (names, origin)
        });
        let (returned, key) = match frame.make_generator() {
            Ok(made) => made,
            Err(NoMemory(frame)) => {
                let (frame, exception) = frame.escape(|stack| full(stack, Full::Memory));
                return Err((frame.raise(), exception));
            }
        };
        let names = names.unwrap_or_else(|| {
            let none = returned.stack().vm().none();
            Names { name: none.clone(), qualname: none }
        });
        let generator = Generator::new(key, flavour, names);
        if origin.is_some() {
            let _ = generator.head().origin_or_finalizer.replace(origin);
        }
        let (returned, object) = returned.escape(|stack| make(stack, generator));
        match object {
            Ok(object) => Ok(returned.pass(StackRef::owned(object))),
            Err(exception) => Err((returned, exception)),
        }
    }
}

/// Makes the object of a generator, and tells the generator.
fn make<V: GeneratorVm>(stack: &DataStack<V>, generator: Generator<V>) -> Result<V::Value, V::Value> {
    let core = generator.core();
    let Some(object) = stack.vm().make_part(Part::Generator(generator)) else { return Err(full(stack, Full::Memory)) };
    match V::part(&object) {
        Some(PartRef::Generator(made)) if made.core().is(core) => {
            // SAFETY: the object holds the generator, by the contract of `GeneratorObjects`.
            unsafe { core.head().set_object(&object) };
            // Asked before anything is looked at.
            let (machines, head) = (V::machines(), core.head());
            if head.is_home() {
                head.set_ready(machines.takes(head.state()));
            }
        }
        _ => no_generator(),
    }
    Ok(object)
}

#[cold]
#[inline(never)]
fn no_generator() -> ! {
    panic!("what the VM made for a generator does not hold it")
}

/// The topmost frames, as many as are recorded for a coroutine.
fn origin<V: GeneratorVm>(stack: &DataStack<V>, depth: usize) -> Vec<Origin<V::Value>> {
    let mut found = Vec::new();
    let _ = stack.walk(|frame| {
        if let Some(code) = frame.code() {
            found.push(Origin { code, line: frame.line() });
        }
        if found.len() < depth { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found
}

impl<'t, V: FrameVm, B: Bounds> Returned<'t, V, B> {
    /// The stack.
    pub fn stack(&self) -> &DataStack<V> {
        match self {
            Returned::Frame(frame) => frame.stack(),
            Returned::Left(entry) => entry.stack(),
        }
    }

    /// Does something that may run code of the program, while nothing runs or the frame is put down.
    fn escape<R>(self, body: impl FnOnce(&DataStack<V>) -> R) -> (Self, R) {
        match self {
            Returned::Frame(frame) => {
                let (frame, result) = frame.escape(body);
                (Returned::Frame(frame), result)
            }
            Returned::Left(entry) => {
                let result = body(entry.stack());
                (Returned::Left(entry), result)
            }
        }
    }

    /// Hands a value to who goes on.
    #[inline(always)]
    pub fn pass(self, value: StackRef<V>) -> Passed<'t, V, B> {
        match self {
            Returned::Frame(mut frame) => {
                frame.push(value);
                ControlFlow::Continue(frame)
            }
            Returned::Left(entry) => ControlFlow::Break((entry, value)),
        }
    }
}

impl<'t, V: GeneratorVm, B: Bounds> Running<'t, V, owner::Generator, B> {
    /// `YIELD_VALUE`: hands the top of the stack to who resumed the body, counted. The frame waits with its generator.
    ///
    /// Stack: value; what is sent next is pushed.
    ///
    /// Whether it delegates is the argument of the instruction from 3.13 on (1), and before what the `RESUME` behind it says
    /// ([`Resumes::delegates`]).
    ///
    /// Source: `YIELD_VALUE`, Python/bytecodes.c.
    #[inline(always)]
    pub fn yield_value(mut self, what: Yield) -> Passed<'t, V, B> {
        let machines = V::machines();
        let value = self.pop().into_owned();
        let (state, delegate) = match what {
            Yield::Own => (machines.yields, 0),
            Yield::From => (machines.yields_from, if since::<V>(15) { 2 } else { 1 }),
        };
        let head = Head::of(self.frame);
        let (frame, stack) = (self.frame, self.stack);
        let previous = self.suspend_linked();
        if !head.rest(state, delegate, machines.takes(state)) {
            // Its generator is gone: the frame ends here, while nobody holds the one below.
            generator_frame::go_home(frame);
        }
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        let returned = unsafe { stack.take_up::<B>(previous, <FramesOf<V> as Frames>::AFTER_YIELD) };
        returned.pass(value)
    }

    /// `RETURN_VALUE` of a body: it is over, and hands the top of its stack to who resumed it, counted.
    ///
    /// Source: `RETURN_VALUE`, Python/bytecodes.c; `clear_gen_frame`, Python/ceval.c.
    #[inline(always)]
    pub fn return_from_body(mut self) -> Passed<'t, V, B> {
        let state = V::machines().returns;
        self.foresee_stop();
        let value = self.pop().into_owned();
        self.aside().over(<FramesOf<V> as Frames>::AFTER_RETURN, state).pass(value)
    }

    /// An exception leaves the body: it is over, and who resumed it goes on with the exception.
    #[inline(always)]
    pub fn raise_from_body(self) -> Returned<'t, V, B> {
        let state = V::machines().raises;
        self.foresee_stop();
        self.aside().over(after_raise::<V>(), state)
    }

    fn over(self, position: Position, state: i8) -> Returned<'t, V, B> {
        let stack = self.stack;
        let (previous, key) = self.stop_in::<Cleared>(state);
        key.put_back();
        // SAFETY: the frame below is the topmost one, was spilled when it resumed this one, and this was the only handle.
        unsafe { stack.take_up(previous, position) }
    }
}

impl<'t, V: GeneratorVm, B: Bounds> Running<'t, V, Any, B> {
    /// An exception leaves the frame, whoever owns it: the one below goes on with it.
    #[inline(always)]
    pub fn leave_by_exception(self) -> Returned<'t, V, B>
    where
        owner::Thread: OnPop<V::Python, Gone>,
    {
        match self.by_owner() {
            ByOwner::Thread(frame) => frame.raise(),
            ByOwner::Generator(frame) => frame.raise_from_body(),
        }
    }

    /// `RETURN_VALUE` of any frame.
    #[inline(always)]
    pub fn return_or_finish(self) -> Passed<'t, V, B>
    where
        owner::Thread: OnPop<V::Python, Gone>,
    {
        match self.by_owner() {
            ByOwner::Thread(frame) => frame.return_value(),
            ByOwner::Generator(frame) => frame.return_from_body(),
        }
    }

    /// `SEND`: sends the top of the stack to the receiver below it, which stays there and keeps the generator that runs. One
    /// that is ours and waits runs on top of this frame, from 3.12 on; anything else is asked by
    /// [`iter_send`].
    ///
    /// Stack: receiver, (3.15: index or null,) value; what it yielded takes the place of the value, or what it returned: then
    /// this frame goes on behind the jump of the [`Site`]. Until 3.11 that takes the place of the receiver.
    ///
    /// # Errors
    ///
    /// What came up, with the receiver on the stack, and without the value.
    ///
    /// # Panics
    ///
    /// If the stack is not as deep, or has no receiver.
    ///
    /// Source: `SEND`, Python/bytecodes.c.
    #[inline(always)]
    pub fn send_value(mut self, site: Site) -> Done<'t, V, Any, B> {
        let receiver = self.peek(if since::<V>(15) { 2 } else { 1 });
        // Delegations own it; who calls `send` mostly borrows it.
        let receiver = if receiver.is_owned() { receiver.as_value() } else { receiver.as_any_value() };
        if since::<V>(12)
            && let Some(core) = Self::generator_in(receiver)
            && let executing = V::machines().executing
            // Looked at again when the VM was asked: it may have resumed the generator on another stack.
            && (core.head().takes(TAKES_ANY)
                || core.head().takes(TAKES_NONE) && self.is_none_at(0) && core.head().takes(TAKES_NONE))
        {
            return self.resume_inline(core, site, executing);
        }
        // What is called does not see the handle: it would be in memory also where it is not called.
        self.spill();
        let sent = send_elsewhere(self.stack, self.frame);
        self.hold_without(1);
        match sent {
            Err(exception) => Err(Raised { frame: self.any(), exception }),
            Ok(Sent::Yielded(value)) => {
                self.push(StackRef::owned(value));
                self.jump(site.caches.into());
                Ok(self)
            }
            Ok(Sent::Returned(value)) => {
                self.jump(i32::from(site.caches) + i32::from(site.jump));
                if since::<V>(12) {
                    self.push(StackRef::owned(value));
                    return Ok(self);
                }
                let receiver = self.replace(0, StackRef::owned(value));
                Ok(self.release(receiver))
            }
        }
    }

    /// `FOR_ITER` over a generator, from 3.12 on: as [`send_value`](Self::send_value) of `None` to what is on top of the stack.
    /// `None`, with the frame as it was: it is no generator that waits, and is asked as any iterator
    /// ([`Generator::next`]).
    ///
    /// Stack: generator (3.15: and index or null); what it yields lies on top, or what it returns, behind the jump.
    ///
    /// Source: `FOR_ITER_GEN`, Python/bytecodes.c.
    #[inline(always)]
    pub fn for_iter_generator(mut self, site: Site) -> Result<Self, Self> {
        let depth = if since::<V>(15) { 1 } else { 0 };
        if since::<V>(12)
            && let Some(core) = Self::generator_in(self.peek(depth).as_value())
            && core.head().takes(TAKES_NONE)
            && matches!(core.flavour(), Flavour::Generator | Flavour::TypesCoroutine)
            && self.stack.remaining() != 0
        {
            let (executing, none) = (V::machines().executing, StackRef::owned(self.stack.vm().none()));
            // As in `send_value`.
            if !core.head().takes(TAKES_NONE) {
                return Err(self.release(none));
            }
            self.push(none);
            return self.resume_inline(core, site, executing).map_err(|raised| raised.frame);
        }
        Err(self)
    }

    #[inline(always)]
    fn generator_in(receiver: Option<Ref<'_, V>>) -> Option<Core<V>> {
        let receiver = receiver?;
        let memory = V::generator_memory(&receiver)?;
        // SAFETY: it is the memory of the generator that the object holds, by the contract of `GeneratorObjects`, and the object is
        // there.
        Some(Core::of(unsafe { generator_frame::in_block(memory) }))
    }

    #[inline(always)]
    fn is_none_at(&self, depth: u32) -> bool {
        self.peek(depth).as_value().is_some_and(|value| self.stack.vm().is_none(&value))
    }

    /// The VM must not be asked for anything between the look at what the generator is ready for and this.
    #[inline(always)]
    fn resume_inline(mut self, core: Core<V>, site: Site, executing: i8) -> Done<'t, V, Any, B> {
        let value = self.pop().into_owned();
        if self.stack.remaining() == 0 {
            self.spill();
            let exception = too_deep(self.stack, value);
            self.hold();
            return Err(Raised { frame: self, exception });
        }
        self.wait_at(site);
        self.stack.take_one();
        // SAFETY: this frame is on top and was spilled, this was the only handle of the entry, and the generator's was at home.
        let mut running = unsafe { resume::<V, B>(self.stack, core.frame, self.frame, executing) };
        running.push(value);
        Ok(running.any())
    }
}

/// Takes the value off the stack of a frame that is spilled, and sends it to the receiver below.
#[inline(never)]
fn send_elsewhere<V: GeneratorVm>(stack: &DataStack<V>, frame: FramePtr<V>) -> Result<Sent<V::Value>, V::Value> {
    let Some(value) = frame.pop().into_value() else { no_receiver() };
    let top = frame.get_from_top(0).unwrap_or_default();
    if !since::<V>(15) {
        let Some(receiver) = top.into_value() else { no_receiver() };
        return iter_send(stack, &receiver, value);
    }
    let Some(receiver) = frame.get_from_top(1).and_then(StackRef::into_value) else { no_receiver() };
    match top.unpack() {
        Unpacked::Integer(index) if stack.vm().is_none(&value) => {
            let next = stack.vm().next_virtual(stack, &receiver, index)?;
            let Some((item, index)) = next else { return Ok(Sent::Returned(value)) };
            // What is replaced is an integer.
            drop(frame.pop());
            frame.push(StackRef::integer(index).unwrap_or(StackRef::null()));
            Ok(Sent::Yielded(item))
        }
        _ => iter_send(stack, &receiver, value),
    }
}

#[cold]
#[inline(never)]
fn too_deep<V: GeneratorVm>(stack: &DataStack<V>, value: StackRef<V>) -> V::Value {
    drop(value);
    full(stack, Full::Recursion)
}

impl<'t, V: GeneratorVm, O, B: Bounds> Running<'t, V, O, B> {
    /// `END_SEND`, since 3.12: drops the receiver from below the value.
    ///
    /// Stack: receiver, (3.15: index or null,) value; value.
    #[inline(always)]
    pub fn end_send(mut self) -> Self {
        let value = self.pop();
        if since::<V>(15) {
            let index = self.pop();
            self = self.release(index);
        }
        let receiver = self.replace(0, value);
        self.release(receiver)
    }

    /// `CLEANUP_THROW`, since 3.12: what was delegated to is over, and raised this when something was thrown into it.
    ///
    /// Stack: receiver, (3.15: index or null,) what was sent last, exception; `None`, (3.15: null,) the value of the
    /// `StopIteration`.
    ///
    /// # Errors
    ///
    /// The exception, if it is any other: it is raised again, as by `RERAISE`.
    #[inline(always)]
    pub fn cleanup_throw(self) -> Done<'t, V, O, B> {
        self.aside().cleanup()
    }

    #[inline(never)]
    fn cleanup(mut self) -> Done<'t, V, O, B> {
        let Some(exception) = self.peek(0).as_value() else { no_receiver() };
        let vm = self.stack.vm();
        if !vm.is_exception(&exception, ErrorKind::StopIteration) {
            let exception = exception.counted();
            let top = self.pop();
            return Err(Raised { frame: self.release(top), exception });
        }
        let (value, none) = (vm.stop_value(&exception), vm.none());
        let receiver = if since::<V>(15) { 3 } else { 2 };
        let receiver = self.replace(receiver, StackRef::owned(none));
        self = self.release(receiver);
        for _ in 0..2 {
            let top = self.pop();
            self = self.release(top);
        }
        if since::<V>(15) {
            let index = self.replace(0, StackRef::null());
            self = self.release(index);
        }
        self.push(StackRef::owned(value));
        Ok(self)
    }

    /// `END_ASYNC_FOR`: what `__anext__()` raised is the end, or goes on.
    ///
    /// Stack: asynchronous iterator, exception; they are gone.
    ///
    /// # Errors
    ///
    /// The exception, if it is no `StopAsyncIteration`: it is raised again, as by `RERAISE`.
    #[inline(always)]
    pub fn end_async_for(self) -> Done<'t, V, O, B> {
        self.aside().end_loop()
    }

    #[inline(never)]
    fn end_loop(mut self) -> Done<'t, V, O, B> {
        let Some(exception) = self.pop().into_value() else { no_receiver() };
        if !self.stack.vm().is_exception(&exception, ErrorKind::StopAsyncIteration) {
            return Err(Raised { frame: self, exception });
        }
        self = self.release(StackRef::owned(exception));
        let iterator = self.pop();
        Ok(self.release(iterator))
    }

    /// `CALL_INTRINSIC_1` 3 (`INTRINSIC_STOPITERATION_ERROR`), since 3.12: what PEP 479 makes of an exception that is about to
    /// leave the body.
    ///
    /// Stack: exception; what is raised instead, or the same.
    #[inline(always)]
    pub fn stop_iteration_error(mut self, flavour: Flavour) -> Self {
        let Some(exception) = self.pop().into_value() else { no_receiver() };
        let (mut frame, exception) = self.escape(|stack| stop_iteration_error(stack, flavour, exception));
        frame.push(StackRef::owned(exception));
        frame
    }
}

#[cold]
#[inline(never)]
pub(super) fn no_receiver() -> ! {
    panic!("there is nothing where an instruction looks for an object")
}
