//! Memory of generators, with a VM whose objects with a body are one allocation each: frame and object in one block.
//!
//! The VM is that of the benches. What a case leaves behind is counted: objects, blocks, and everything under the address
//! sanitizer.

#[path = "../benches/frames/count.rs"]
mod count;
#[path = "../benches/generators/object.rs"]
mod object;
#[path = "../benches/generators/run.rs"]
mod run;
#[path = "../benches/generators/vm.rs"]
mod vm;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use count::allocations;
use frame_runtime::generator::{ErrorKind, Sent, Throw};
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Created, Executing, OnSend, Suspended};
use frame_runtime::stack_ref::StackRef;
use object::{Value, blocks, bytes, ending, objects, with_destructors};
use run::{Body, Op, Stack, Supports, call};
use vm::{Machine, exception};

#[global_allocator]
static COUNTING: count::Counting = count::Counting;

/// Runs a case with a stack on which destructors run: afterwards nothing is left.
fn case<P: Supports>(body: impl FnOnce(&Stack<P>)) {
    assert_eq!((objects(), blocks().0), (0, 0));
    let stack = vm::stack::<P>(1_000);
    with_destructors(&stack, || body(&stack));
    drop(stack);
    assert_eq!((objects(), blocks().0), (0, 0), "something is left");
}

/// `yield 1`, for ever, with a local that holds an object.
fn counter<P: Supports>() -> Value<P> {
    let ops = [
        Op::ReturnGenerator,
        Op::PopTop,
        Op::Resume,
        Op::LoadConst(2),
        Op::StoreFast(0),
        Op::LoadConst(1),
        Op::Yield(0),
        Op::PopTop,
        Op::JumpBackward(4),
    ];
    Body::new(1, &ops, &[Value::none(), Value::integer(1), Value::text("held")]).function("counter")
}

/// A suspended one.
fn begun<P: Supports>(stack: &Stack<P>, function: &Value<P>) -> Value<P> {
    let object = call(stack, function).expect("a generator");
    assert!(matches!(object.generator().next(stack), Ok(Sent::Yielded(_))));
    object
}

/// A body that says in a `finally` that it ends: `try: yield 1` ... `finally: native()`.
fn guarded<P: Supports>(name: &str, finally: impl Fn(&Stack<P>) -> Result<Value<P>, Value<P>> + 'static) -> Value<P> {
    let ops = [
        Op::ReturnGenerator,
        Op::PopTop,
        Op::Resume,
        Op::LoadConst(1),
        Op::StoreFast(0),
        Op::LoadConst(2),
        Op::Yield(0),
        Op::Resume,
        Op::PopTop,
        Op::LoadConst(0),
        Op::Return,
        // 11: the handler.
        Op::PushExcInfo,
        Op::Native(0),
        Op::PopTop,
        Op::Reraise,
        // 15: what handles an exception of the handler.
        Op::Reraise,
    ];
    let constants = [Value::none(), Value::text("held"), Value::integer(1)];
    // The handler pops what it pushed by leaving: the body is over, and with it what it handles.
    Body::new(1, &ops, &constants).handler(5, 9, 11).native(finally).function(name)
}

/// A body that yields once more when it is closed, and then returns its local.
fn stubborn<P: Supports>() -> Value<P> {
    let ops = [
        Op::ReturnGenerator,
        Op::PopTop,
        Op::Resume,
        Op::LoadConst(0),
        Op::StoreFast(0),
        Op::LoadConst(1),
        Op::Yield(0),
        Op::Resume,
        // 8: the handler.
        Op::PushExcInfo,
        Op::PopTop,
        Op::PopExcept,
        Op::LoadConst(1),
        Op::Yield(0),
        Op::Resume,
        Op::PopTop,
        Op::LoadFast(0),
        Op::Return,
    ];
    Body::new(1, &ops, &[Value::text("held"), Value::integer(1)]).handler(5, 8, 8).function("stubborn")
}

/// A body that runs native code, yields what that returns, and returns `None`.
fn nosy<P: Supports>(native: impl Fn(&Stack<P>) -> Result<Value<P>, Value<P>> + 'static) -> Value<P> {
    let ops = [
        Op::ReturnGenerator,
        Op::PopTop,
        Op::Resume,
        Op::LoadConst(1),
        Op::StoreFast(0),
        Op::Native(0),
        Op::Yield(0),
        Op::Resume,
        Op::PopTop,
        Op::LoadConst(0),
        Op::Return,
    ];
    Body::new(1, &ops, &[Value::none(), Value::text("held")]).native(native).function("nosy")
}

/// A place for an object that bodies reach.
type Register<P> = Rc<RefCell<Option<Value<P>>>>;

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

            const MINOR: u8 = <P as frame_runtime::version::Version>::LAYOUT.minor();
            /// What `GeneratorExit` allocates where a body outside of every `try` runs to be closed: an object, and what is in it.
            const EXITS: u64 = if MINOR >= 13 { 0 } else { 2 };
            /// How much larger an object is here than CPython's.
            const BYTES_MORE: usize = if MINOR >= 12 { 8 } else { 0 };
            /// What it allocates for one that has not begun.
            const EXITS_BEFORE_IT_BEGAN: u64 = if MINOR >= 12 { 0 } else { 2 };

            #[test]
            fn making_one_is_one_allocation_and_running_it_none() {
                case::<P>(|stack| {
                    let function = counter();
                    // The first frame takes a chunk.
                    drop(call(stack, &function));
                    let before = blocks().1;
                    let (made, object) = allocations(|| call(stack, &function).expect("a generator"));
                    assert_eq!((made, blocks().1 - before), (1, 1), "object and frame are one block");
                    // The object's header is one word larger than CPython's, which until 3.11 has a field for the code.
                    assert_eq!(bytes(), object.generator().size_of() + BYTES_MORE);
                    let generator = object.generator();
                    for time in 0..3 {
                        let (resumed, sent) = allocations(|| generator.next(stack));
                        assert!(matches!(sent, Ok(Sent::Yielded(_))), "{time}");
                        assert_eq!(resumed, 0, "{time}");
                    }
                    let (sent, _) = allocations(|| generator.send(stack, Value::integer(7)));
                    assert_eq!(sent, 0);
                    assert_eq!(generator.size_of() % size_of::<usize>(), 0);
                    let (closed, result) = allocations(|| generator.close(stack));
                    assert!(result.is_ok_and(|value| value.is_none()));
                    assert_eq!(closed, EXITS);
                    assert_eq!(allocations(|| drop(object)).0, 0);
                    assert_eq!(blocks().0, 0);
                });
            }

            #[test]
            fn making_and_dropping_many_is_one_allocation_each() {
                case::<P>(|stack| {
                    let function = counter();
                    drop(call(stack, &function));
                    let before = blocks().1;
                    let (made, ()) = allocations(|| (0..1_000).for_each(|_| drop(call(stack, &function))));
                    assert_eq!((made, blocks().1 - before), (1_000 + 1_000 * EXITS_BEFORE_IT_BEGAN, 1_000));
                });
            }

            #[test]
            fn there_is_no_memory_for_the_object() {
                case::<P>(|stack| {
                    stack.vm().deny.set(true);
                    let raised = call(stack, &counter()).expect_err("no memory");
                    assert_eq!(raised.exception().expect("an exception").kind, ErrorKind::MemoryError);
                    assert_eq!(blocks().0, 0, "the block went with the frame");
                });
            }

            #[test]
            fn dropped_before_it_began() {
                case::<P>(|stack| drop(call(stack, &counter())));
            }

            #[test]
            fn dropped_in_a_try() {
                case::<P>(|stack| {
                    let ran = Rc::new(RefCell::new(Vec::new()));
                    let says = Rc::clone(&ran);
                    let function = guarded("guarded", move |stack: &Stack<P>| {
                        says.borrow_mut().push(stack.handled().and_then(|e| Some(e.exception()?.kind)));
                        Ok(Value::none())
                    });
                    drop(begun(stack, &function));
                    assert_eq!(*ran.borrow(), [Some(ErrorKind::GeneratorExit)]);
                    assert_eq!(blocks().0, 0);
                    assert!(stack.handled().is_none() && stack.vm().unraisable.borrow().is_empty());
                });
            }

            #[test]
            fn dropped_in_a_try_without_a_destructor() {
                let stack = vm::stack::<P>(1_000);
                let function = guarded("guarded", |_: &Stack<P>| panic!("nothing of a body runs"));
                drop(begun(&stack, &function));
                drop((stack, function));
                assert_eq!((objects(), blocks().0), (0, 0));
            }

            #[test]
            fn what_a_finally_raises_in_a_destructor_is_unraisable() {
                case::<P>(|stack| {
                    let function = guarded("guarded", |_: &Stack<P>| Err(exception(ErrorKind::ValueError, "no", None)));
                    drop(begun(stack, &function));
                    assert_eq!(blocks().0, 0);
                    let unraisable = stack.vm().unraisable.take();
                    let [raised] = &*unraisable else { panic!("{} are unraisable", unraisable.len()) };
                    let raised = raised.exception().expect("an exception");
                    assert_eq!((raised.kind, &*raised.text), (ErrorKind::ValueError, "no"));
                });
            }

            #[test]
            fn resurrected_by_its_finally() {
                case::<P>(|stack| {
                    let held = Register::<P>::default();
                    let to = Rc::clone(&held);
                    let function = guarded("guarded", move |_: &Stack<P>| {
                        *to.borrow_mut() = Some(ending().expect("it is being finalized"));
                        Ok(Value::none())
                    });
                    drop(begun(stack, &function));
                    assert_eq!(blocks().0, 1);
                    let again = held.take().expect("the finally ran");
                    assert!(again.generator().is_over());
                    assert!(matches!(again.generator().next(stack), Ok(Sent::Returned(_))));
                    drop(again);
                    assert_eq!(blocks().0, 0, "it ends, and is not finalized again");
                });
            }

            #[test]
            fn dropped_while_its_frame_runs() {
                case::<P>(|stack| {
                    let register = Register::<P>::default();
                    let (from, left) = (Rc::clone(&register), Rc::new(RefCell::new(Vec::new())));
                    let counts = Rc::clone(&left);
                    let function = nosy(move |_: &Stack<P>| {
                        drop(from.take());
                        counts.borrow_mut().push(blocks().0);
                        Ok(Value::integer(1))
                    });
                    let object = call(stack, &function).expect("a generator");
                    let key = object.generator().take::<Created>().expect("it has not begun");
                    assert!(object.generator().take::<Created>().is_none(), "the handle is away");
                    *register.borrow_mut() = Some(object);
                    let ran = resume(stack, key, Value::none());
                    assert!(ran.is_ok_and(|value| !value.is_none()), "it yields into nothing");
                    assert_eq!(*left.borrow(), [1], "the block was there while its frame ran");
                    assert_eq!(blocks().0, 0, "and went when that yielded");
                    // Whoever drops a generator that runs finalizes it; there is nobody to tell.
                    let unraisable = stack.vm().unraisable.take();
                    let texts: Vec<_> = unraisable.iter().map(|e| &*e.exception().expect("an exception").text).collect();
                    assert_eq!(texts, ["generator already executing"]);
                });
            }

            #[test]
            fn dropped_while_its_frame_runs_and_returns_or_raises() {
                for raises in [false, true] {
                    case::<P>(|stack| {
                        let register = Register::<P>::default();
                        let from = Rc::clone(&register);
                        let function = nosy(move |_: &Stack<P>| match from.take() {
                            Some(object) => {
                                drop(object);
                                if raises { Err(exception(ErrorKind::ValueError, "no", None)) } else { Ok(Value::none()) }
                            }
                            None => Ok(Value::none()),
                        });
                        let object = begun(stack, &function);
                        if raises {
                            // Into the first resume, so that it ends by the exception.
                            let object = call(stack, &function).expect("a generator");
                            let key = object.generator().take::<Created>().expect("it has not begun");
                            *register.borrow_mut() = Some(object);
                            assert!(resume(stack, key, Value::none()).is_err());
                        }
                        let key = object.generator().take::<Suspended>().expect("it waits");
                        drop(object);
                        assert_eq!(blocks().0, 1);
                        assert!(resume(stack, key, Value::none()).is_ok_and(|value| value.is_none()));
                        assert_eq!(blocks().0, 0);
                        stack.vm().unraisable.take();
                    });
                }
            }

            #[test]
            fn a_handle_that_is_dropped_ends_it() {
                case::<P>(|stack| {
                    let object = begun(stack, &counter());
                    drop(object.generator().take::<Suspended>());
                    assert!(object.generator().is_over());
                    assert!(matches!(object.generator().next(stack), Ok(Sent::Returned(_))));
                    let object = begun(stack, &counter());
                    let key = object.generator().take::<Suspended>();
                    drop(object);
                    assert_eq!(blocks().0, 2);
                    drop(key);
                    assert_eq!(blocks().0, 1, "the handle had the last word");
                    stack.vm().unraisable.take();
                });
            }

            #[test]
            fn the_body_panics() {
                case::<P>(|stack| {
                    let function = nosy(|_: &Stack<P>| panic!("on purpose"));
                    let object = call(stack, &function).expect("a generator");
                    assert!(quiet(|| object.generator().next(stack)).is_err());
                    assert!(object.generator().is_over());
                    assert!(matches!(object.generator().next(stack), Ok(Sent::Returned(_))));
                    assert_eq!(stack.remaining(), 1_000);
                    drop(object);
                    assert_eq!(blocks().0, 0);
                });
            }

            #[test]
            fn the_body_panics_after_its_object_was_dropped() {
                case::<P>(|stack| {
                    let register = Register::<P>::default();
                    let from = Rc::clone(&register);
                    let function = nosy(move |_: &Stack<P>| {
                        drop(from.take());
                        panic!("on purpose")
                    });
                    let object = call(stack, &function).expect("a generator");
                    let key = object.generator().take::<Created>().expect("it has not begun");
                    *register.borrow_mut() = Some(object);
                    assert!(quiet(|| resume(stack, key, Value::none())).is_err());
                    assert_eq!(blocks().0, 0);
                    stack.vm().unraisable.take();
                });
            }

            #[test]
            fn a_finally_panics_in_a_destructor() {
                case::<P>(|stack| {
                    let function = guarded("guarded", |_: &Stack<P>| panic!("on purpose"));
                    let object = begun(stack, &function);
                    assert!(quiet(|| drop(object)).is_err());
                    assert_eq!(blocks().0, 0);
                });
            }

            #[test]
            fn closed_in_a_try_and_resumed_by_nobody() {
                case::<P>(|stack| {
                    let function = guarded("guarded", |_: &Stack<P>| Ok(Value::none()));
                    let object = begun(stack, &function);
                    assert!(object.generator().close(stack).is_ok_and(|value| value.is_none()));
                    assert!(object.generator().is_over());
                    assert!(object.generator().close(stack).is_ok());
                });
            }

            #[test]
            fn thrown_into() {
                case::<P>(|stack| {
                    let throw = |object: &Value<P>| {
                        let thrown = Throw::new(exception(ErrorKind::ValueError, "thrown", None));
                        object.generator().throw(stack, &thrown)
                    };
                    let guarded = guarded("guarded", |stack: &Stack<P>| Err(stack.handled().expect("it is handled")));
                    for object in [call(stack, &counter()), Ok(begun(stack, &counter())), Ok(begun(stack, &guarded))] {
                        let object = object.expect("a generator");
                        let raised = throw(&object).expect_err("nobody handles it");
                        assert_eq!(&*raised.exception().expect("an exception").text, "thrown");
                        assert!(object.generator().is_over());
                    }
                });
            }

            #[test]
            fn caught_and_gone_on() {
                case::<P>(|stack| {
                    let object = begun(stack, &stubborn());
                    let closed = object.generator().close(stack).expect_err("it yields");
                    assert_eq!(&*closed.exception().expect("an exception").text, "generator ignored GeneratorExit");
                    assert!(stack.handled().is_none());
                    let Ok(Sent::Returned(value)) = object.generator().next(stack) else { panic!("it returns") };
                    assert_eq!(format!("{value:?}"), "held");
                    drop(begun(stack, &stubborn()));
                    assert_eq!(blocks().0, 1, "what ignores its end ends all the same");
                    assert_eq!(stack.vm().unraisable.take().len(), 1);
                });
            }

            #[test]
            fn a_loop_runs_it_to_its_end() {
                case::<P>(|stack| {
                    let mut ops = vec![Op::Resume, Op::Call(1)];
                    run::iterate::<P>(&mut ops);
                    ops.extend([Op::LoadConst(0), Op::Return]);
                    let yields_once = nosy(|_: &Stack<P>| Ok(Value::integer(1)));
                    let function = Body::new(0, &ops, &[Value::none(), yields_once]).function("loop");
                    assert!(call(stack, &function).is_ok_and(|value| value.is_none()));
                    let (made, result) = allocations(|| call(stack, &function));
                    assert!(result.is_ok() && made == 1, "{made}");
                });
            }

            #[test]
            fn the_outermost_of_a_chain_is_dropped() {
                case::<P>(|stack| {
                    let ran = Rc::new(RefCell::new(0));
                    let count = Rc::clone(&ran);
                    let innermost = guarded("innermost", move |_: &Stack<P>| {
                        *count.borrow_mut() += 1;
                        Ok(Value::none())
                    });
                    let outermost = (0..10).fold(innermost, |inner, _| outer::<P>(inner));
                    let object = begun(stack, &outermost);
                    assert_eq!(blocks().0, 11);
                    assert_eq!(allocations(|| object.generator().next(stack)).0, 0, "down and up");
                    drop(object);
                    assert_eq!((*ran.borrow(), blocks().0), (0, 0), "the next one returned");
                    drop(begun(stack, &outermost));
                    assert_eq!((*ran.borrow(), blocks().0), (1, 0));
                });
            }
        })*
    };
}

/// Resumes a frame whose handle was taken.
fn resume<P: Supports, S>(
    stack: &Stack<P>,
    key: GeneratorFrame<Machine<P>, S>,
    value: Value<P>,
) -> Result<Value<P>, Value<P>>
where
    S: OnSend<P, Executing>,
{
    let ran = stack.enter(Value::none(), |entry| match entry.send(key) {
        Ok(mut frame) => {
            frame.push(StackRef::owned(value));
            run::run(frame.any())
        }
        Err(refused) => panic!("{}", refused.reason),
    });
    ran.expect("nobody holds a frame")
}

/// A body that delegates to what a function makes.
fn outer<P: Supports>(inner: Value<P>) -> Value<P> {
    let mut ops = vec![Op::ReturnGenerator, Op::PopTop, Op::Resume, Op::Call(1)];
    run::delegate::<P>(&mut ops);
    ops.push(Op::Return);
    Body::new(0, &ops, &[Value::none(), inner]).function("outer")
}

/// Runs what panics on purpose.
fn quiet<R>(body: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(body))
}

versions!(Cpython3_11 Cpython3_12 Cpython3_13 Cpython3_14 Cpython3_15);
