//! The eval loop.
//!
//! One loop runs a frame and all that it calls, resumes and returns to: a call gives the callee's handle for the caller's, a
//! return the other way, and no Rust function is entered for it. The handle ([`Running`]) is in a variable of the loop, so that the compiler
//! keeps its parts in registers; instructions that are rare take it, and give it back ([`instructions`](crate::instructions)).
//!
//! Where the loop meets the runtime:
//!
//! - [`DataStack::enter`](frame_runtime::data_stack::DataStack::enter) is the way in, [`trusted`] the one line that says that bounds need not be checked: the
//!   verifier looked at all code when it was loaded;
//! - each instruction that is about frames is a method of the handle: `load_fast`, `call`, `return_or_finish`, `yield_value`;
//! - what may run Python or look at frames goes through [`Running::escape`];
//! - exceptions go through [`Running::unwind`], see [`unwind`].

use std::hint::cold_path;
use std::ops::ControlFlow;

use frame_runtime::bounds::Trusted;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{Raised, Resume, Started, Yield};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::running::{Any, Arguments, ByOwner, Reason, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::unwind::Unwound;
use frame_runtime::v3_14::constant::code_flags::{CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR};
use frame_runtime::v3_14::opcode::Opcode;

use crate::cache;
use crate::call::{Bound, bind};
use crate::exception::{self, Error, raise};
use crate::instructions::{calls, function, iteration, operators, rare};
use crate::object::{Args, FALSE, NONE, Outcome, Stack, TRUE, Value, boolean};
use crate::opcodes::others;
use crate::vm::Mini;
use crate::watch::Event;
use crate::{opcodes as op, send};

/// The frame that the loop runs.
pub(crate) type Frame<'t> = Running<'t, Mini, Any, Trusted>;

/// One slot of a frame.
pub(crate) type Slot = StackRef<Mini>;

/// An instruction is done: the frame that runs next. Or it raised.
pub(crate) type Step<'t> = Result<Frame<'t>, Raise<'t>>;

/// An exception in a frame.
pub(crate) struct Raise<'t> {
    pub(crate) frame: Frame<'t>,
    pub(crate) exception: Value,
    pub(crate) how: How,
}

impl<'t> Raise<'t> {
    /// An instruction raised.
    pub(crate) fn new(frame: Frame<'t>, exception: Value) -> Self {
        Raise { frame, exception, how: How::Raised }
    }
}

/// An instruction of the runtime raised.
impl<'t> From<Raised<'t, Mini, Any, Trusted>> for Raise<'t> {
    fn from(Raised { frame, exception }: Raised<'t, Mini, Any, Trusted>) -> Self {
        Raise::new(frame, exception)
    }
}

/// How an exception came to a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// An instruction raised it: the traceback gets a line.
    Raised,
    /// It was raised again: the traceback has its line.
    Again,
    /// It was thrown into a generator: the traceback gets a line, and what waits there handles it.
    Thrown,
    /// Nothing in the frame handles it.
    Unhandled,
}

/// From here on bounds are not checked.
#[expect(unsafe_code, reason = "the one promise that the VM makes by itself")]
fn trusted<'t>(entry: Entry<'t, Mini>) -> Entry<'t, Mini, Trusted> {
    // SAFETY: the loop does what the instructions say, each pushes and pops as CPython's does, and all code that is run has
    // passed the verifier, which proved for such instructions that it stays within its stack, its variables and its units, and that
    // what is borrowed is there as long as it is on the stack.
    unsafe { entry.trusted() }
}

/// Runs a module: its code, in a dict of its own, which is returned as well.
pub(crate) fn module(stack: &Stack, code: Value) -> (Outcome, Value) {
    let (function, globals) = function::main(stack, code);
    (run_body(stack, &function, globals.clone()), globals)
}

/// Runs the body of a module or class: names go to the namespace.
pub(crate) fn run_body(stack: &Stack, function: &Value, namespace: Value) -> Outcome {
    enter(stack, |entry| match entry.call(function.clone(), &mut []) {
        Ok(mut frame) => {
            drop(frame.set_namespace(Some(namespace)));
            start(frame)
        }
        Err(refused) => Err(no_call(stack, refused.reason)),
    })
}

/// Calls a function of the program from Rust.
pub(crate) fn function(stack: &Stack, callable: &Value, args: Args<'_>) -> Outcome {
    let exact = callable.function().map(|function| function.code().own().exact);
    if args.keywords.is_empty() && exact.map(|exact| exact as usize) == Some(args.positional.len()) {
        let mut arguments: smallvec::SmallVec<[Slot; 4]> = args.positional.iter().cloned().map(Slot::owned).collect();
        return enter(stack, |entry| match entry.call(callable.clone(), &mut arguments) {
            Ok(frame) => start(frame),
            Err(refused) => Err(no_call(stack, refused.reason)),
        });
    }
    let (names, values): (Vec<Value>, Vec<Value>) = args.keywords.iter().cloned().unzip();
    let all: Vec<Value> = args.positional.iter().cloned().chain(values).collect();
    let Bound { plan, mut supplied } =
        bind(stack, callable, args.positional.len(), &names, |argument| all[argument].clone())?;
    let mut arguments: Vec<Slot> = all.into_iter().map(Slot::owned).collect();
    enter(stack, |entry| match entry.call_bound(callable.clone(), &mut arguments, &plan, &mut supplied) {
        Ok(frame) => start(frame),
        Err(refused) => Err(no_call(stack, refused.reason)),
    })
}

/// Enters the stack: a loop of its own runs on top of whatever called.
fn enter(stack: &Stack, body: impl for<'t> FnOnce(Entry<'t, Mini, Trusted>) -> Outcome) -> Outcome {
    match stack.enter(NONE, |entry| body(trusted(entry))) {
        Ok(outcome) => outcome,
        Err(held) => Err(raise(stack, Error::SystemError, held.to_string())),
    }
}

/// A frame that was just pushed runs.
fn start(frame: Frame<'_>) -> Outcome {
    let watch = &frame.stack().vm().watch;
    if watch.is_on() {
        watch.saw(Event::Push, &frame);
    }
    run(frame, None)
}

/// Runs a generator's frame: what the driver asks for.
pub(crate) fn resume(entry: Entry<'_, Mini>, resume: Resume<Mini>) -> Outcome {
    let (frame, thrown) = match resume.start(trusted(entry)) {
        Started::Sent(frame) => (frame, None),
        Started::Thrown(frame, exception) => (frame, Some(exception)),
    };
    let watch = &frame.stack().vm().watch;
    if watch.is_on() {
        watch.saw(Event::Resume, &frame);
    }
    run(frame.any(), thrown)
}

/// Why there is no call, as an exception.
pub(crate) fn no_call(stack: &Stack, reason: Reason) -> Value {
    match reason {
        Reason::Full(full @ frame_runtime::data_stack::Full::Recursion) => {
            raise(stack, Error::RecursionError, full.to_string())
        }
        Reason::Full(full) => raise(stack, Error::MemoryError, full.to_string()),
        other => raise(stack, Error::SystemError, other.to_string()),
    }
}

/// What a code object makes when it is called.
pub(crate) fn flavour(frame: &Frame<'_>) -> Flavour {
    let flags = frame.code().flags();
    if flags & CO_GENERATOR != 0 {
        Flavour::Generator
    } else if flags & CO_ASYNC_GENERATOR != 0 {
        Flavour::AsyncGenerator
    } else {
        debug_assert!(flags & CO_COROUTINE != 0, "only bodies ask");
        Flavour::Coroutine
    }
}

/// Runs a frame until it returns, yields or raises to whoever entered.
fn run(frame: Frame<'_>, thrown: Option<Value>) -> Outcome {
    // The loop that tells what it does is another one, so that this need not ask.
    if frame.stack().vm().watch.is_on() { interpret::<true>(frame, thrown) } else { interpret::<false>(frame, thrown) }
}

const fn site(opcode: Opcode) -> Site {
    Site { caches: opcode.caches(), jump: 0 }
}

const fn caches(opcode: Opcode) -> i32 {
    opcode.caches() as i32
}

fn interpret<const WATCHED: bool>(frame: Frame<'_>, thrown: Option<Value>) -> Outcome {
    // In a variable of its own: a parameter is in memory.
    let mut f = frame.any();
    if let Some(exception) = thrown {
        f = unwind::<WATCHED>(Raise { frame: f.any(), exception, how: How::Thrown })?;
    }
    // What is rare, or long, is not in this function: so its variables stay in registers.
    macro_rules! step {
        ($step:expr) => {{
            cold_path();
            match $step {
                Ok(frame) => f = frame,
                Err(raise) => f = unwind::<WATCHED>(raise.into())?,
            }
        }};
    }
    macro_rules! saw {
        ($event:expr) => {
            if WATCHED {
                f.stack().vm().watch.saw($event, &f);
            }
        };
    }
    // An instruction that does nothing mostly follows: one dispatch less.
    macro_rules! skip {
        ($opcode:expr) => {
            if f.unit(0).instruction().opcode == $opcode {
                f.jump(1);
            }
        };
    }
    // What a comparison found, which is the instruction before the next one. A jump mostly follows, and is made right here.
    macro_rules! compared {
        ($holds:expr) => {{
            let holds = $holds;
            let next = f.unit(const { Opcode::COMPARE_OP.caches() }).instruction();
            f.jump(const { caches(Opcode::COMPARE_OP) });
            if next.opcode == op::POP_JUMP_IF_FALSE {
                f.jump(const { 1 + caches(Opcode::POP_JUMP_IF_FALSE) });
                if holds {
                    skip!(op::NOT_TAKEN);
                } else {
                    f.jump(next.argument.into());
                }
            } else {
                f.push(Slot::owned(boolean(holds)));
            }
        }};
    }
    // What is called, and behind it the object in whose place it is.
    macro_rules! method {
        ($method:expr) => {{
            let object = f.replace(0, Slot::owned($method));
            f.push(object);
            f.jump(const { caches(Opcode::LOAD_ATTR) });
        }};
    }
    loop {
        let instruction = f.fetch();
        let mut opcode = instruction.opcode;
        let mut arg = u32::from(instruction.argument);
        // Once, but for EXTENDED_ARG.
        loop {
            match opcode {
                op::EXTENDED_ARG => {
                    cold_path();
                    let instruction = f.fetch();
                    opcode = instruction.opcode;
                    arg = arg << 8 | u32::from(instruction.argument);
                    continue;
                }

                // Locals and constants.
                op::RESUME | op::NOP | op::NOT_TAKEN => {}
                op::LOAD_FAST => f.load_fast(arg),
                op::LOAD_FAST_BORROW => f.load_fast_borrow(arg),
                op::LOAD_FAST_LOAD_FAST => {
                    f.load_fast(arg >> 4);
                    f.load_fast(arg & 15);
                }
                op::LOAD_FAST_BORROW_LOAD_FAST_BORROW => {
                    f.load_fast_borrow(arg >> 4);
                    f.load_fast_borrow(arg & 15);
                }
                op::STORE_FAST => f = f.store_fast(arg),
                op::STORE_FAST_STORE_FAST => f = f.store_fast(arg >> 4).store_fast(arg & 15),
                op::STORE_FAST_LOAD_FAST => {
                    f = f.store_fast(arg >> 4);
                    f.load_fast(arg & 15);
                }
                op::LOAD_CONST => {
                    let value = f.code().consts().get(arg as usize).cloned();
                    f.push(Slot::owned(value.unwrap_or(NONE)));
                }
                // It is mostly for the operator that follows, which is done right here.
                op::LOAD_SMALL_INT => {
                    let next = f.unit(0).instruction();
                    let (number, argument) = (arg as i32, next.argument.into());
                    if next.opcode == op::BINARY_OP
                        && let Some(result) = operators::small_with(&f, number.into(), argument)
                    {
                        drop(f.replace(0, Slot::owned(result)));
                        f.jump(const { 1 + caches(Opcode::BINARY_OP) });
                    } else if next.opcode == op::COMPARE_OP
                        && let Some(order) = operators::small_order_with(&f, number.into())
                    {
                        drop(f.pop());
                        f.jump(1);
                        compared!(operators::holds(argument >> 5, order));
                    } else {
                        f.push(Slot::owned(Value::small(number)));
                    }
                }

                // The evaluation stack.
                op::POP_TOP | op::POP_ITER | op::END_FOR => f = f.pop_top(),
                op::PUSH_NULL => f.push_null(),
                op::COPY => f.copy(arg),
                op::SWAP => f.swap(arg),

                // A global that the inline cache knows.
                op::LOAD_GLOBAL => match cache::global(&f) {
                    Some(value) => {
                        f.push(Slot::owned(value));
                        f.jump(const { caches(Opcode::LOAD_GLOBAL) });
                        if arg & 1 != 0 {
                            f.push_null();
                        }
                    }
                    None => step!(rare::<WATCHED>(f.any(), opcode, arg)),
                },

                // Attributes that the inline cache knows.
                op::LOAD_ATTR => {
                    // So that the registers are those of the instructions above.
                    cold_path();
                    if let Some(value) = cache::own_attribute(&f, arg >> 1) {
                        let object = f.replace(0, Slot::owned(value));
                        f = f.release(object);
                        if arg & 1 != 0 {
                            f.push_null();
                        }
                        f.jump(const { caches(Opcode::LOAD_ATTR) });
                    } else if arg & 1 != 0
                        && let Some(method) = cache::method_of_part(&f)
                    {
                        method!(method);
                    } else if arg & 1 != 0
                        && let Some(object) = f.peek(0).as_any_value()
                        && let Some(name) = f.code().names().get((arg >> 1) as usize)
                        && let cache = f.caches(const { Opcode::LOAD_ATTR.caches() })
                        && let Some(method) = cache::method(cache, f.stack().vm(), &object, name)
                    {
                        method!(method);
                    } else {
                        step!(rare::<WATCHED>(f.any(), opcode, arg));
                    }
                }
                op::STORE_ATTR => {
                    cold_path();
                    match cache::store_attribute(&f, arg) {
                        Some(old) => {
                            f = f.pop_top().pop_top();
                            f = f.release(Slot::owned(old));
                            f.jump(const { caches(Opcode::STORE_ATTR) });
                        }
                        None => step!(rare::<WATCHED>(f.any(), opcode, arg)),
                    }
                }

                // Jumps.
                op::JUMP_FORWARD => f.jump(arg as i32),
                op::JUMP_BACKWARD => f.jump(const { caches(Opcode::JUMP_BACKWARD) } - arg as i32),
                op::JUMP_BACKWARD_NO_INTERRUPT => f.jump(-(arg as i32)),
                op::POP_JUMP_IF_FALSE => {
                    let value = f.pop().into_value();
                    f.jump(const { caches(Opcode::POP_JUMP_IF_FALSE) });
                    if value == Some(FALSE) {
                        f.jump(arg as i32);
                    } else {
                        skip!(op::NOT_TAKEN);
                    }
                }
                op::POP_JUMP_IF_TRUE => {
                    let value = f.pop().into_value();
                    f.jump(const { caches(Opcode::POP_JUMP_IF_TRUE) });
                    if value == Some(TRUE) {
                        f.jump(arg as i32);
                    } else {
                        skip!(op::NOT_TAKEN);
                    }
                }

                // Operators. Small integers lie in their references: they are added and compared here, all else elsewhere.
                op::BINARY_OP => match operators::small(&f, arg) {
                    Some(result) => {
                        drop(f.pop());
                        drop(f.replace(0, Slot::owned(result)));
                        f.jump(const { caches(Opcode::BINARY_OP) });
                    }
                    None => step!(rare::<WATCHED>(f.any(), opcode, arg)),
                },
                op::COMPARE_OP => match operators::small_order(&f) {
                    Some(order) => {
                        drop(f.pop());
                        drop(f.pop());
                        compared!(operators::holds(arg >> 5, order));
                    }
                    None => step!(rare::<WATCHED>(f.any(), opcode, arg)),
                },
                op::TO_BOOL => match operators::known_truth(&f) {
                    Some(truth) => {
                        drop(f.replace(0, Slot::owned(boolean(truth))));
                        f.jump(const { caches(Opcode::TO_BOOL) });
                    }
                    None => step!(rare::<WATCHED>(f.any(), opcode, arg)),
                },

                // A call of a function that takes exactly these arguments: they become its first locals.
                op::CALL => {
                    let own = u32::from(!f.peek(arg).is_null());
                    match f.replace(arg + 1, Slot::null()).into_value() {
                        Some(function) if calls::takes_exactly(&function, arg + own) => {
                            let arguments = Arguments { count: arg + own, under: 2 - own };
                            match f.call(function, arguments, const { site(Opcode::CALL) }) {
                                Ok(callee) => f = callee,
                                Err(refused) => step!(calls::refused(refused.caller, refused.reason)),
                            }
                            saw!(Event::Push);
                            skip!(op::RESUME);
                        }
                        callable => {
                            drop(f.replace(arg + 1, callable.map_or(Slot::null(), Slot::owned)));
                            if arg + own == 2 && send::is_send(&f) {
                                (opcode, arg) = (op::SEND, cache::SEND_JUMP);
                                continue;
                            }
                            step!(rare::<WATCHED>(f.any(), opcode, arg));
                        }
                    }
                }

                // Returns and yields: the frame below goes on with the value, or whoever entered.
                op::RETURN_VALUE => {
                    saw!(Event::Return);
                    match f.return_or_finish() {
                        ControlFlow::Continue(below) => f = below,
                        ControlFlow::Break((_, value)) => return Ok(value.into_value().unwrap_or(NONE)),
                    }
                }
                op::RETURN_GENERATOR => {
                    saw!(Event::BecomeGenerator);
                    let flavour = flavour(&f);
                    let ByOwner::Thread(frame) = f.by_owner() else { unreachable!("a body makes its generator once") };
                    match frame.return_generator(flavour) {
                        Ok(ControlFlow::Continue(below)) => f = below,
                        Ok(ControlFlow::Break((_, value))) => return Ok(value.into_value().unwrap_or(NONE)),
                        Err((Returned::Frame(below), exception)) => step!(Err(Raise::new(below, exception))),
                        Err((Returned::Left(_), exception)) => return Err(exception),
                    }
                }
                op::YIELD_VALUE => loop {
                    saw!(Event::Yield);
                    let ByOwner::Generator(frame) = f.by_owner() else {
                        unreachable!("only bodies of generators yield")
                    };
                    // Each by itself: what the frame notes is a constant then.
                    let passed = match arg {
                        0 => frame.yield_value(Yield::Own),
                        _ => frame.yield_value(Yield::From),
                    };
                    match passed {
                        ControlFlow::Continue(below) => f = below,
                        ControlFlow::Break((_, value)) => return Ok(value.into_value().unwrap_or(NONE)),
                    }
                    // One that delegates hands it on at once, and so does one that called `send`.
                    let next = f.unit(0).instruction();
                    if next.opcode != op::YIELD_VALUE {
                        if next.opcode == op::SENT {
                            f.jump(1);
                            f = send::sent(f);
                        }
                        break;
                    }
                    f.jump(1);
                    arg = next.argument.into();
                },

                // Iteration. A range is stepped here; a generator runs in this loop, on top of the frame that iterates.
                op::FOR_ITER => match iteration::range(&f) {
                    Some(Some(item)) => {
                        f.push(Slot::owned(item));
                        f.jump(const { caches(Opcode::FOR_ITER) });
                    }
                    // Over END_FOR as well.
                    Some(None) => f.jump(const { caches(Opcode::FOR_ITER) } + arg as i32 + 1),
                    None => {
                        let site = Site { caches: const { Opcode::FOR_ITER.caches() }, jump: arg as u16 };
                        match f.for_iter_generator(site) {
                            Ok(body) => {
                                f = body;
                                saw!(Event::Resume);
                                skip!(op::RESUME);
                            }
                            Err(frame) => step!(rare::<WATCHED>(frame, opcode, arg)),
                        }
                    }
                },
                op::SEND => loop {
                    let site = Site { caches: const { Opcode::SEND.caches() }, jump: arg as u16 };
                    let before = if WATCHED { f.address() } else { 0 };
                    match f.send_value(site) {
                        Ok(frame) => f = frame,
                        Err(raised) => {
                            step!(Err(raised));
                            break;
                        }
                    }
                    if WATCHED && f.address() != before {
                        saw!(Event::Resume);
                    }
                    // One that delegates goes back to its own SEND at once.
                    if f.unit(0).instruction().opcode != op::RESUME {
                        break;
                    }
                    f.jump(1);
                    let next = f.unit(0).instruction();
                    if next.opcode != op::JUMP_BACKWARD_NO_INTERRUPT {
                        break;
                    }
                    f.jump(1 - i32::from(next.argument));
                    let next = f.unit(0).instruction();
                    if next.opcode != op::SEND {
                        break;
                    }
                    f.jump(1);
                    arg = next.argument.into();
                },
                op::END_SEND => f = f.end_send(),
                op::SENT => f = send::sent(f),

                others!() => step!(rare::<WATCHED>(f.any(), opcode, arg)),
            }
            break;
        }
    }
}

/// Looks for who handles an exception, in this frame and those below. The frame goes on at the handler; an exception that nobody
/// handles leaves the loop.
#[cold]
#[inline(never)]
fn unwind<const WATCHED: bool>(raise: Raise<'_>) -> Result<Frame<'_>, Value> {
    let Raise { frame: mut f, mut exception, mut how } = raise;
    if exception::is_refusal(&exception) {
        // Nothing of the program sees it.
        note_refusal(&f, &exception);
        let _ = f.leave();
        return Err(exception);
    }
    loop {
        if matches!(how, How::Raised | How::Thrown) {
            let (frame, entry) = f.traceback_entry();
            f = frame;
            if let Some(entry) = entry {
                exception::add_traceback(&exception, entry);
            }
        }
        let unwound = match how {
            How::Raised | How::Again => f.unwind(exception),
            How::Thrown => f.unwind_thrown(exception),
            How::Unhandled => Unwound::Unhandled(f, exception),
        };
        match unwound {
            Unwound::Handled(frame) => return Ok(frame),
            Unwound::Unhandled(frame, again) => (f, exception) = leave::<WATCHED>(frame, again)?,
        }
        how = How::Raised;
    }
}

/// An exception leaves a frame: the one below goes on with it, or whoever entered.
#[inline(always)]
fn leave<const WATCHED: bool>(frame: Frame<'_>, exception: Value) -> Result<(Frame<'_>, Value), Value> {
    if WATCHED {
        frame.stack().vm().watch.saw(Event::Unwind, &frame);
    }
    match frame.leave_by_exception() {
        Returned::Frame(below) => Ok((below, exception)),
        Returned::Left(_) => Err(exception),
    }
}

/// Notes what is refused, and which line wants it.
fn note_refusal(f: &Frame<'_>, exception: &Value) {
    let code = f.code();
    let file = crate::text::as_str(code.filename()).map_or("?", |file| file.as_str());
    let lasti = 2 * i32::try_from(f.next_index()).unwrap_or(0) - 2;
    let line = code.line_at(lasti).ok().flatten().map_or("?".to_owned(), |line| line.to_string());
    let what = exception::refused(exception);
    // The first frame is the one that wants it.
    let _ = f.stack().vm().refused.set(format!("{file}, line {line}: {what} is not in this VM"));
}
