//! What an eval loop does with handles to call and return, and nothing else of a loop.
//!
//! All of it is inlined: as in an eval loop, a handle is a local of the function that it is used in, not an argument in memory.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::atomic::{Ordering, compiler_fence};

use frame_runtime::bounds::Bounds;
use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::machine::Gone;
use frame_runtime::machine::owner::{OnPop, Thread};
use frame_runtime::running::{Any, Arguments, ByOwner, Returned, Running, Site};
use frame_runtime::version::Activation;
use frame_runtime::vm::FrameVm;

use crate::vm::{Machine, Value};

pub(crate) type Frame<'t, P, B> = Running<'t, Machine<P>, Any, B>;
pub(crate) type Stack<P> = DataStack<Machine<P>>;

/// The first frame of an entry.
#[inline(always)]
pub(crate) fn begin<'t, P: Activation, B: Bounds>(
    entry: Entry<'t, Machine<P>, B>,
    function: &Value<P>,
) -> Frame<'t, P, B> {
    let Ok(mut frame) = entry.call(function.clone(), &mut []) else { panic!("no call") };
    // A call notes the unit before the next one.
    frame.fetch();
    frame
}

#[inline(always)]
pub(crate) fn call<'t, P: Activation, B: Bounds>(f: Frame<'t, P, B>, function: &Value<P>) -> Frame<'t, P, B> {
    match f.call(function.clone(), Arguments::default(), Site::default()) {
        Ok(mut callee) => {
            // Nobody sees a frame that has not begun.
            callee.fetch();
            // As if the callee did something: what was written to its header is read again at its end.
            compiler_fence(Ordering::SeqCst);
            callee
        }
        Err(refused) => panic!("{}", refused.reason),
    }
}

#[inline(always)]
pub(crate) fn ret<P: Activation, B: Bounds>(f: Frame<'_, P, B>) -> Frame<'_, P, B>
where
    Thread: OnPop<P, Gone>,
{
    let ByOwner::Thread(returning) = f.by_owner() else { panic!("no generators here") };
    match returning.ret() {
        Returned::Frame(caller) => caller,
        Returned::Left(_) => panic!("the first frame stays"),
    }
}

/// Calls a function and returns, so many times.
#[inline(always)]
pub(crate) fn calls<'t, P: Activation, B: Bounds>(
    mut f: Frame<'t, P, B>,
    function: &Value<P>,
    times: u32,
) -> Frame<'t, P, B>
where
    Thread: OnPop<P, Gone>,
{
    for _ in 0..times {
        f = ret(call(f, function));
    }
    f
}

/// Ends all frames of the entry.
pub(crate) fn done<P: Activation, B: Bounds>(f: Frame<'_, P, B>) {
    let _entry = f.leave();
}

/// Frames on top of each other.
#[inline(always)]
pub(crate) fn down<'t, P: Activation, B: Bounds>(
    mut f: Frame<'t, P, B>,
    function: &Value<P>,
    frames: u32,
) -> Frame<'t, P, B> {
    for _ in 0..frames {
        f = call(f, function);
    }
    f
}

/// Returns of so many frames.
#[inline(always)]
pub(crate) fn up<P: Activation, B: Bounds>(mut f: Frame<'_, P, B>, frames: u32) -> Frame<'_, P, B>
where
    Thread: OnPop<P, Gone>,
{
    for _ in 0..frames {
        f = ret(f);
    }
    f
}

/// How many frames above the first one fill the first chunk: the next call begins another chunk.
pub(crate) fn frames_to_edge<P: Activation>(stack: &Stack<P>, function: &Value<P>) -> u32 {
    let depth = stack.enter(Value::plain(), |entry| {
        let mut f = begin(entry, function);
        let one = f.stack().bytes();
        let mut depth = 0;
        loop {
            f = call(f, function);
            if f.stack().bytes() > one {
                return depth;
            }
            depth += 1;
        }
    });
    depth.expect("nobody holds a frame")
}

/// The frame object of the topmost frame.
#[inline(always)]
pub(crate) fn object<P: Activation>(stack: &Stack<P>) -> Value<P> {
    let object = stack.frame_object(0).expect("the frame is spilled");
    object.expect("the frame is seen, and there is memory")
}

/// Walks all frames and asks each where it stands. Returns how many there are.
#[inline(never)]
pub(crate) fn walk<P: Activation>(stack: &Stack<P>) -> u32 {
    let mut frames = 0;
    let all = stack.walk(|frame| {
        black_box(frame.lasti());
        frames += 1;
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(all, Ok(None));
    frames
}

/// Walks from frame object to frame object (`f_back`). Returns how many there are.
#[inline(never)]
pub(crate) fn back<P: Activation>(stack: &Stack<P>) -> u32 {
    let mut frames = 0;
    let mut at = Some(object(stack));
    while let Some(frame) = at {
        let frame = Machine::<P>::frame_object(&frame).expect("a frame object");
        black_box(frame.lasti());
        frames += 1;
        at = frame.back(stack.vm());
    }
    frames
}
