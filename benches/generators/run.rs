//! The eval loop of the small VM, and the code that it runs.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::rc::Rc;

use frame_runtime::bounds::Bounds;
use frame_runtime::data_stack::DataStack;
use frame_runtime::generator::{Raised, Sent, Yield};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::ops::Passed;
use frame_runtime::running::{Any, Arguments, ByOwner, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::table::Handler;
use frame_runtime::unwind::Unwound;
use frame_runtime::version::{
    Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Frames, Version,
};
use frame_runtime::vm::CodeUnit;

use crate::object::{Callable, Kind, Native, Units, Value};
use crate::vm::Machine;

pub(crate) type Frame<'t, P, B> = Running<'t, Machine<P>, Any, B>;
pub(crate) type Stack<P> = DataStack<Machine<P>>;
type Left<'t, P, B> = Returned<'t, Machine<P>, B>;
/// A generator was made, or there is no memory.
type Made<'t, P, B> = Result<Passed<'t, Machine<P>, B>, (Left<'t, P, B>, Value<P>)>;

/// A version: what its transitions allow of a frame whose owner is not known statically.
pub(crate) trait Supports: Activation {
    fn give<B: Bounds>(frame: Frame<'_, Self, B>) -> Passed<'_, Machine<Self>, B>;
    fn leave<B: Bounds>(frame: Frame<'_, Self, B>) -> Left<'_, Self, B>;
    fn make<B: Bounds>(frame: Frame<'_, Self, B>) -> Made<'_, Self, B>;
}

macro_rules! supports {
    ($($python:ident)*) => {$(
        impl Supports for $python {
            #[inline(always)]
            fn give<B: Bounds>(frame: Frame<'_, Self, B>) -> Passed<'_, Machine<Self>, B> {
                frame.return_or_finish()
            }

            fn leave<B: Bounds>(frame: Frame<'_, Self, B>) -> Left<'_, Self, B> {
                frame.leave_by_exception()
            }

            #[inline(always)]
            fn make<B: Bounds>(
                frame: Frame<'_, Self, B>,
            ) -> Made<'_, Self, B> {
                match frame.by_owner() {
                    ByOwner::Thread(frame) => frame.return_generator(Flavour::Generator),
                    ByOwner::Generator(_) => panic!("it is a generator"),
                }
            }
        }
    )*};
}

supports!(Cpython3_11 Cpython3_12 Cpython3_13 Cpython3_14 Cpython3_15);

const fn minor<P: Version>() -> u8 {
    P::LAYOUT.minor()
}

/// Instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Resume,
    LoadFast(u8),
    StoreFast(u8),
    LoadConst(u8),
    PopTop,
    PushNull,
    /// Makes a generator of the frame.
    ReturnGenerator,
    /// 1: what it delegates to.
    Yield(u8),
    Send(u8),
    EndSend,
    ForIter(u8),
    /// So many units, itself and its caches included.
    JumpBackward(u8),
    Return,
    /// Calls the function that is a constant, without arguments.
    Call(u8),
    /// Calls native code.
    Native(u8),
    PushExcInfo,
    PopExcept,
    Reraise,
    Cache,
}

mod op {
    pub(super) const RESUME: u8 = 0;
    pub(super) const LOAD_FAST: u8 = 1;
    pub(super) const STORE_FAST: u8 = 2;
    pub(super) const LOAD_CONST: u8 = 3;
    pub(super) const POP_TOP: u8 = 4;
    pub(super) const PUSH_NULL: u8 = 5;
    pub(super) const RETURN_GENERATOR: u8 = 6;
    pub(super) const YIELD: u8 = 7;
    pub(super) const SEND: u8 = 8;
    pub(super) const END_SEND: u8 = 9;
    pub(super) const FOR_ITER: u8 = 10;
    pub(super) const JUMP_BACKWARD: u8 = 11;
    pub(super) const RETURN: u8 = 12;
    pub(super) const CALL: u8 = 13;
    pub(super) const NATIVE: u8 = 14;
    pub(super) const PUSH_EXC_INFO: u8 = 15;
    pub(super) const POP_EXCEPT: u8 = 16;
    pub(super) const RERAISE: u8 = 17;
}

impl Op {
    fn unit(self) -> CodeUnit {
        let (opcode, argument) = match self {
            Op::Resume => (op::RESUME, 0),
            Op::LoadFast(local) => (op::LOAD_FAST, local),
            Op::StoreFast(local) => (op::STORE_FAST, local),
            Op::LoadConst(index) => (op::LOAD_CONST, index),
            Op::PopTop => (op::POP_TOP, 0),
            Op::PushNull => (op::PUSH_NULL, 0),
            Op::ReturnGenerator => (op::RETURN_GENERATOR, 0),
            Op::Yield(what) => (op::YIELD, what),
            Op::Send(jump) => (op::SEND, jump),
            Op::EndSend => (op::END_SEND, 0),
            Op::ForIter(jump) => (op::FOR_ITER, jump),
            Op::JumpBackward(units) => (op::JUMP_BACKWARD, units),
            Op::Return => (op::RETURN, 0),
            Op::Call(index) => (op::CALL, index),
            Op::Native(index) => (op::NATIVE, index),
            Op::PushExcInfo => (op::PUSH_EXC_INFO, 0),
            Op::PopExcept => (op::POP_EXCEPT, 0),
            Op::Reraise => (op::RERAISE, 0),
            Op::Cache => (u8::MAX, 0),
        };
        CodeUnit::new(opcode, argument)
    }
}

/// What a function is made of.
pub(crate) struct Body<P: Supports> {
    pub(crate) nlocalsplus: u32,
    pub(crate) ops: Vec<Op>,
    /// From, to, target: what is on the stack is dropped.
    pub(crate) handlers: Vec<(u32, u32, u32)>,
    pub(crate) stacksize: u32,
    pub(crate) constants: Vec<Value<P>>,
    pub(crate) natives: Vec<Native<P>>,
}

impl<P: Supports> Body<P> {
    pub(crate) fn new(nlocalsplus: u32, ops: &[Op], constants: &[Value<P>]) -> Self {
        let (ops, constants) = (ops.to_vec(), constants.to_vec());
        Body { nlocalsplus, ops, handlers: Vec::new(), stacksize: 6, constants, natives: Vec::new() }
    }

    pub(crate) fn native(mut self, native: impl Fn(&Stack<P>) -> Result<Value<P>, Value<P>> + 'static) -> Self {
        self.natives.push(Rc::new(native));
        self
    }

    pub(crate) fn handler(mut self, start: u32, end: u32, target: u32) -> Self {
        self.handlers.push((start, end, target));
        self
    }

    #[allow(dead_code, reason = "the tests of memory do not say it")]
    pub(crate) fn stacksize(mut self, slots: u32) -> Self {
        self.stacksize = slots;
        self
    }

    pub(crate) fn function(self, name: &str) -> Value<P> {
        let handler = |&(start, end, target)| Handler { start, end, target, depth: 0, lasti: false };
        let code = Value::object(Kind::Code(Box::new(Units {
            nlocalsplus: self.nlocalsplus,
            stacksize: self.stacksize,
            units: self.ops.iter().map(|op| op.unit()).collect(),
            handlers: self.handlers.iter().map(handler).collect(),
            constants: self.constants.into(),
            natives: self.natives.into(),
        })));
        Value::object(Kind::Function(Box::new(Callable { code, name: Value::text(name) })))
    }
}

/// `yield from` what the instructions before leave on the stack; the result is on it afterwards.
pub(crate) fn delegate<P: Supports>(ops: &mut Vec<Op>) {
    let caches = send_caches::<P>();
    if minor::<P>() >= 15 {
        ops.push(Op::PushNull);
    }
    // The first constant is `None`.
    ops.extend([Op::LoadConst(0), Op::Send(3)]);
    ops.extend((0..caches).map(|_| Op::Cache));
    ops.extend([Op::Yield(1), Op::Resume, Op::JumpBackward(4 + caches)]);
    if minor::<P>() >= 12 {
        ops.push(Op::EndSend);
    }
}

/// A loop that drops what the iterator on the stack yields; afterwards it is gone.
pub(crate) fn iterate<P: Supports>(ops: &mut Vec<Op>) {
    let caches = send_caches::<P>();
    if minor::<P>() >= 15 {
        ops.push(Op::PushNull);
    }
    ops.push(Op::ForIter(2));
    ops.extend((0..caches).map(|_| Op::Cache));
    ops.extend([Op::PopTop, Op::JumpBackward(3 + caches)]);
    // What it returned, from 3.12 on; what is beside it, from 3.15 on; and the iterator.
    let left = 1 + usize::from(minor::<P>() >= 12) + usize::from(minor::<P>() >= 15);
    ops.extend((0..left).map(|_| Op::PopTop));
}

pub(crate) const fn send_caches<P: Supports>() -> u8 {
    <P::Frames as Frames>::SEND_CACHES
}

/// Runs a frame and those that it calls, until the entry is left.
#[inline(always)]
pub(crate) fn run<P: Supports, B: Bounds>(frame: Frame<'_, P, B>) -> Result<Value<P>, Value<P>> {
    go_on(frame)
}

/// The same, with an exception raised where the frame stands.
pub(crate) fn run_thrown<P: Supports, B: Bounds>(
    frame: Frame<'_, P, B>,
    exception: Value<P>,
) -> Result<Value<P>, Value<P>> {
    match unwind(frame.unwind_thrown(exception)) {
        ControlFlow::Continue(frame) => go_on(frame),
        ControlFlow::Break(exception) => Err(exception),
    }
}

/// The frame in which an exception is handled, or what leaves the loop.
fn unwind<P: Supports, B: Bounds>(
    mut unwound: Unwound<'_, Machine<P>, Any, B>,
) -> ControlFlow<Value<P>, Frame<'_, P, B>> {
    loop {
        match unwound {
            Unwound::Handled(frame) => return ControlFlow::Continue(frame),
            Unwound::Unhandled(frame, exception) => match P::leave(frame) {
                Returned::Frame(below) => unwound = below.unwind(exception),
                Returned::Left(_) => return ControlFlow::Break(exception),
            },
        }
    }
}

/// Goes on with what may have left the loop.
macro_rules! next {
    ($passed:expr) => {
        match $passed {
            ControlFlow::Continue(frame) => frame,
            ControlFlow::Break((_, value)) => return Ok(value.into_value().expect("a value")),
        }
    };
}

macro_rules! raise {
    ($unwound:expr) => {
        match unwind($unwound) {
            ControlFlow::Continue(frame) => frame,
            ControlFlow::Break(exception) => return Err(exception),
        }
    };
}

/// The argument of the next instruction, if it is the one that mostly follows: a branch that is foreseen costs less than a
/// jump through the table of instructions.
#[inline(always)]
fn predicted<P: Supports, B: Bounds>(f: &mut Frame<'_, P, B>, opcode: u8) -> Option<u8> {
    let next = f.unit(0).instruction();
    (next.opcode == opcode).then(|| f.fetch().argument)
}

fn go_on<P: Supports, B: Bounds>(f: Frame<'_, P, B>) -> Result<Value<P>, Value<P>> {
    // A parameter stays in memory; what is `any` is a variable of the loop's own.
    let mut f = f.any();
    let caches = send_caches::<P>();
    loop {
        let instruction = f.fetch();
        let argument = instruction.argument;
        f = match instruction.opcode {
            op::RESUME => f,
            op::LOAD_FAST => {
                f.load_fast(argument.into());
                f
            }
            op::STORE_FAST => f.store_fast(argument.into()),
            op::LOAD_CONST => {
                let constant = f.code().constants[usize::from(argument)].clone();
                f.push(StackRef::owned(constant));
                f
            }
            op::POP_TOP => f.pop_top(),
            op::PUSH_NULL => {
                f.push_null();
                f
            }
            op::RETURN_GENERATOR => match P::make(f) {
                Ok(passed) => next!(passed),
                Err((Returned::Frame(caller), exception)) => raise!(caller.unwind(exception)),
                Err((Returned::Left(_), exception)) => return Err(exception),
            },
            op::YIELD => {
                let mut argument = argument;
                loop {
                    let what = if argument == 0 { Yield::Own } else { Yield::From };
                    let ByOwner::Generator(body) = f.by_owner() else { panic!("a function yields") };
                    let mut resumer = next!(body.yield_value(what));
                    match predicted(&mut resumer, op::YIELD) {
                        Some(next) => (f, argument) = (resumer, next),
                        None => break resumer,
                    }
                }
            }
            op::SEND => {
                let mut argument = argument;
                loop {
                    let mut body = match f.send_value(Site { caches, jump: argument.into() }) {
                        Ok(body) => body,
                        Err(Raised { frame, exception }) => break raise!(frame.unwind(exception)),
                    };
                    if predicted(&mut body, op::RESUME).is_none() {
                        break body;
                    }
                    let Some(units) = predicted(&mut body, op::JUMP_BACKWARD) else { break body };
                    body.jump(-i32::from(units));
                    match predicted(&mut body, op::SEND) {
                        Some(next) => (f, argument) = (body, next),
                        None => break body,
                    }
                }
            }
            op::END_SEND => f.end_send(),
            op::FOR_ITER => match f.for_iter_generator(Site { caches, jump: argument.into() }) {
                Ok(body) => body,
                Err(frame) => match iterate_elsewhere(frame, Site { caches, jump: argument.into() }) {
                    Ok(frame) => frame,
                    Err((frame, exception)) => raise!(frame.unwind(exception)),
                },
            },
            op::JUMP_BACKWARD => {
                f.jump(-i32::from(argument));
                f
            }
            op::RETURN => next!(P::give(f)),
            op::CALL => {
                let function = f.code().constants[usize::from(argument)].clone();
                match f.call(function, Arguments::default(), Site::default()) {
                    Ok(callee) => callee,
                    Err(refused) => panic!("{}", refused.reason),
                }
            }
            op::NATIVE => {
                let native = Rc::clone(&f.code().natives[usize::from(argument)]);
                let (mut frame, result) = f.escape(|stack| native(stack));
                match result {
                    Ok(value) => {
                        frame.push(StackRef::owned(value));
                        frame
                    }
                    Err(exception) => raise!(frame.unwind(exception)),
                }
            }
            op::PUSH_EXC_INFO => {
                f.push_exc_info();
                f
            }
            op::POP_EXCEPT => f.pop_except(),
            op::RERAISE => match f.reraise(0) {
                Ok(unwound) => raise!(unwound),
                Err(_) => panic!("no exception is on the stack"),
            },
            other => panic!("no instruction has opcode {other}"),
        };
    }
}

/// A `for` over what [`for_iter_generator`](Running::for_iter_generator) does not resume.
#[expect(clippy::type_complexity, reason = "a frame, or a frame that raised")]
fn iterate_elsewhere<P: Supports, B: Bounds>(
    frame: Frame<'_, P, B>,
    site: Site,
) -> Result<Frame<'_, P, B>, (Frame<'_, P, B>, Value<P>)> {
    let depth = u32::from(minor::<P>() >= 15);
    let receiver = frame.peek(depth).duplicate().into_value().expect("an iterator");
    let (mut frame, sent) = frame.escape(|stack| {
        let sent = receiver.generator().next(stack);
        drop(receiver);
        sent
    });
    match sent {
        Ok(Sent::Yielded(value)) => {
            frame.push(StackRef::owned(value));
            frame.jump(site.caches.into());
            Ok(frame)
        }
        Ok(Sent::Returned(value)) => {
            if minor::<P>() >= 12 {
                frame.push(StackRef::owned(value));
            }
            frame.jump(i32::from(site.caches) + i32::from(site.jump));
            Ok(frame)
        }
        Err(exception) => Err((frame, exception)),
    }
}

/// Calls a function without arguments.
pub(crate) fn call<P: Supports>(stack: &Stack<P>, function: &Value<P>) -> Result<Value<P>, Value<P>> {
    call_with(stack, function, &mut [])
}

/// Calls a function.
pub(crate) fn call_with<P: Supports>(
    stack: &Stack<P>,
    function: &Value<P>,
    arguments: &mut [StackRef<Machine<P>>],
) -> Result<Value<P>, Value<P>> {
    let ran = stack.enter(Value::none(), |entry| match entry.call(function.clone(), arguments) {
        Ok(frame) => run(frame),
        Err(refused) => panic!("{}", refused.reason),
    });
    ran.expect("nobody holds a frame")
}
