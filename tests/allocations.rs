//! What frames allocate: nothing once a stack is warm, and two blocks for a frame object.
//!
//! The VM and its loops are those of the benches.

#[path = "../benches/frames/count.rs"]
mod count;
#[path = "../benches/frames/handles.rs"]
mod handles;
#[path = "../benches/frames/vm.rs"]
mod vm;

use std::cell::Cell;

use count::allocations;
use frame_runtime::data_stack::{CHUNK_BYTES, Limits};
use frame_runtime::frame::InterpreterFrame;
use frame_runtime::vm::FrameVm;
use vm::{Machine, Value};

#[global_allocator]
static COUNTING: count::Counting = count::Counting;

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop((Box::new(1), vec![2; 3]))).0, 2);
}

/// The suite, once per version.
macro_rules! versions {
    ($($python:ident)*) => {
        $(#[allow(non_snake_case, reason = "named after the version")]
        mod $python {
            use super::*;

            type P = frame_runtime::version::$python;
            type Stack = handles::Stack<P>;
            type Frame<'t> = handles::Frame<'t, P, frame_runtime::bounds::Checked>;

            /// A stack and a function whose frames have four slots.
            fn stack() -> (Stack, Value<P>) {
                (Stack::new(Machine::default(), Limits { recursion: 100_000, ..Limits::default() }), Value::function(4, 0))
            }

            /// Does something with the first frame of an entry.
            fn enter<R>(stack: &Stack, function: &Value<P>, body: impl FnOnce(Frame<'_>) -> R) -> R {
                stack.enter(Value::plain(), |entry| body(handles::begin(entry, function))).expect("nobody holds a frame")
            }

            #[test]
            fn entries_calls_and_returns_allocate_nothing_on_a_warm_stack() {
                let (stack, function) = stack();
                let shim = Value::plain();
                let run = |shim| {
                    let left = stack.enter(shim, |entry| {
                        handles::done(handles::calls(handles::begin(entry, &function), &function, 1_000));
                    });
                    left.expect("nobody holds a frame");
                };
                assert_eq!(allocations(|| run(shim.clone())).0, 1, "the first chunk");
                assert_eq!(allocations(|| run(shim.clone())).0, 0);
            }

            #[test]
            fn calls_on_the_edge_of_a_chunk_allocate_once() {
                let (other, function) = stack();
                let depth = handles::frames_to_edge(&other, &function);
                let (stack, _) = stack();
                enter(&stack, &function, |f| {
                    let f = handles::down(f, &function, depth);
                    assert_eq!(stack.bytes(), CHUNK_BYTES);
                    let (warm, f) = allocations(|| handles::calls(f, &function, 1));
                    assert_eq!((warm, stack.bytes()), (1, 2 * CHUNK_BYTES), "the call is the first one in another chunk");
                    let (each, f) = allocations(|| handles::calls(f, &function, 1_000));
                    assert_eq!((each, stack.bytes()), (0, 2 * CHUNK_BYTES));
                    handles::done(f);
                });
            }

            #[test]
            fn a_deep_stack_allocates_its_chunks() {
                let (stack, function) = stack();
                let words = InterpreterFrame::<Machine<P>>::SPECIALS_WORDS + 4;
                let frames = 10_000;
                // Three words of a chunk are its head, and a word stays unused.
                let in_chunk = (CHUNK_BYTES / size_of::<usize>() - 3 - 1) / words;
                let chunks = (frames as usize).div_ceil(in_chunk) as u64;
                let run = || enter(&stack, &function, |f| handles::done(handles::up(handles::down(f, &function, frames), frames)));
                let (cold, ()) = allocations(run);
                let (warm, ()) = allocations(run);
                // One `Rc` is the entry's shim.
                assert!((chunks + 1..=chunks + 2).contains(&cold), "{cold} for {chunks} chunks");
                assert_eq!(warm, cold - 2, "the first chunk and a spare one are there");
            }

            #[test]
            fn a_frame_object_is_two_blocks_and_takes_the_frame_over_without_more() {
                let (stack, function) = stack();
                enter(&stack, &function, |f| {
                    let (f, caller) = f.escape(handles::object);
                    let f = handles::calls(f, &function, 1);

                    let f = handles::call(f, &function);
                    let (f, (made, object)) = f.escape(|stack| allocations(|| handles::object(stack)));
                    assert_eq!(made, 2, "the VM's object, and the room for the frame");
                    let (f, (again, same)) = f.escape(|stack| allocations(|| handles::object(stack)));
                    assert_eq!(again, 0);
                    drop(same);
                    let (over, f) = allocations(|| handles::ret(f));
                    assert_eq!(over, 0, "the room was reserved");
                    let frame = Machine::<P>::frame_object(&object).expect("a frame object");
                    assert!(frame.is_over());
                    assert_eq!(frame.room_words(), InterpreterFrame::<Machine<P>>::SPECIALS_WORDS + 4);
                    assert_eq!(allocations(|| drop(object)).0, 0);
                    drop(caller);
                    handles::done(f);
                });
            }

            #[test]
            fn the_first_frame_object_that_is_kept_costs_its_caller_s_too() {
                let (stack, function) = stack();
                enter(&stack, &function, |f| {
                    let kept = Cell::new(None);
                    let f = handles::call(f, &function);
                    let (f, ()) = f.escape(|stack| kept.set(Some(handles::object(stack))));
                    let (over, f) = allocations(|| handles::ret(f));
                    assert_eq!(over, 2, "`f_back`");
                    drop(kept.take());
                    handles::done(f);
                });
            }

            #[test]
            fn walks_allocate_nothing() {
                let (stack, function) = stack();
                enter(&stack, &function, |f| {
                    let (f, ()) = handles::down(f, &function, 999).escape(|stack| {
                        assert_eq!(allocations(|| handles::walk(stack)), (0, 1_000));
                        assert_eq!(allocations(|| handles::back(stack)), (2_000, 1_000), "objects are made");
                        assert_eq!(allocations(|| handles::back(stack)), (0, 1_000));
                        assert_eq!(allocations(|| handles::walk(stack)), (0, 1_000));
                    });
                    handles::done(f);
                });
            }
        })*
    };
}

versions!(Cpython3_11 Cpython3_12 Cpython3_13 Cpython3_14 Cpython3_15);
