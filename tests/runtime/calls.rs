//! The instructions that are about frames, one by one; calls with bound arguments; exceptions; stacks that wait.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::ControlFlow;

use frame_runtime::arguments::{BindError, Call, Names, Plan, Signature};
use frame_runtime::bounds::Bounds;
use frame_runtime::data_stack::{CHUNK_BYTES, DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::machine::Gone;
use frame_runtime::machine::generator::{Created, Executing, OnSend};
use frame_runtime::machine::owner::{Generator, OnMakeGenerator, OnPop, Thread};
use frame_runtime::running::{Arguments, ByOwner, Reason, Returned, Running, Site};
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::table::Handler;
use frame_runtime::unwind::Unwound;
use frame_runtime::version::Activation;

use crate::machine::{Machine, Value, ended, live};

type Frame<'t, P, B> = Running<'t, Machine<P>, frame_runtime::running::Any, B>;

fn enter<P: Activation, R>(body: impl for<'t> FnOnce(Entry<'t, Machine<P>>) -> R) -> R {
    let stack = DataStack::<Machine<P>>::default();
    let result = stack.enter(Value::new("shim"), body).expect("nobody holds a frame");
    assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
    result
}

fn name<P: Activation>(slot: &StackRef<Machine<P>>) -> Option<String> {
    slot.as_value().map(|value| value.name().to_owned())
}

fn by_thread<P: Activation, B: Bounds>(f: Frame<'_, P, B>) -> Running<'_, Machine<P>, Thread, B> {
    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
    f
}

/// `COPY_FREE_VARS` and `MAKE_CELL`: cells of the closure are shared, an argument's cell holds the argument.
pub(crate) fn cells_are_copied_and_made<P: Activation>() {
    let outer = Value::new("outer cell");
    enter::<P, _>(|entry| {
        let function = Value::closure(3, 1, vec![outer.clone()], Vec::new());
        let argument = Value::new("argument");
        let mut f = entry.call(function, &mut [argument.clone().slot()]).expect("a call");
        f.copy_free_vars(1);
        assert_eq!((name(f.local(2)).as_deref(), outer.count()), (Some("outer cell"), 3));
        let f = f.make_cell(0).expect("memory").make_cell(1).expect("memory");
        let cell = f.local(0).as_value().expect("a cell").content();
        assert_eq!(cell.map(|content| content.name().to_owned()).as_deref(), Some("argument"));
        assert!(f.local(1).as_value().expect("a cell").content().is_none(), "of a variable without value");
        assert_eq!(argument.count(), 2, "the cell has what the local had");
        f.leave();
        drop((argument, outer));
    });
}

/// What each does to stack and locals, and what it says.
pub(crate) fn instructions_do_what_their_names_say<P: Activation>() {
    enter::<P, _>(|entry| {
        let mut f = entry.call(Value::function(2, 4), &mut [Value::new("a").slot()]).expect("a call");
        f.load_fast(0);
        assert!(f.load_fast_check(0) && !f.load_fast_check(1));
        assert_eq!(f.depth(), 2);
        f = f.store_fast(1);
        let (back, bound) = f.delete_fast(1);
        assert!(bound);
        let (mut f, bound) = back.delete_fast(1);
        assert!(!bound);
        f.push_null();
        f.swap(2);
        assert!(f.peek(1).is_null() && name(f.peek(0)).as_deref() == Some("a"));
        f.swap(1);
        f.copy(1);
        assert_eq!(name(f.peek(0)).as_deref(), Some("a"));
        f = f.pop_top().pop_top().pop_top();
        ended();
        f.load_fast_and_clear(0);
        assert!(f.local(0).is_null());
        f = f.pop_top();
        assert_eq!(ended(), ["a"], "the last reference moved to the stack");
        let (f, deep) = f.escape(|stack| stack.set_recursion_limit(0).unwrap_err().to_string());
        assert_eq!(deep, "recursion limit must be greater or equal than 1");
        let (f, low) = f.escape(|stack| stack.set_recursion_limit(1).unwrap_err().to_string());
        assert_eq!(low, "cannot set the recursion limit to 1 at the recursion depth 1: the limit is too low");
        f.escape(|stack| {
            stack.set_recursion_limit(2).expect("more than run");
            assert_eq!(stack.remaining(), 1);
            stack.set_recursion_limit(Limits::default().recursion).expect("more than run");
        })
        .0
        .leave();
    });
}

/// `LOAD_FAST_BORROW` counts nothing in a trusted loop, and the callee's local owns nothing either; what is stored or
/// returned does.
pub(crate) fn borrowed_locals_are_not_counted<P: Activation>(borrows: bool)
where
    Thread: OnPop<P, Gone>,
{
    enter::<P, _>(|entry| {
        // SAFETY: what follows keeps to the sizes, and changes no local of which a borrowed reference is on a stack.
        let entry = unsafe { entry.trusted() };
        let value = Value::new("a");
        let mut f = entry.call(Value::function(2, 3), &mut [value.clone().slot()]).expect("a call");
        f.fetch();
        assert_eq!(value.count(), 2);
        f.load_fast_borrow(0);
        assert_eq!(value.count(), if borrows { 2 } else { 3 });
        assert_eq!(name(f.peek(0)).as_deref(), Some("a"));
        f.load_fast_borrow(0);
        f = f.store_fast(1);
        assert_eq!(value.count(), if borrows { 3 } else { 4 }, "a local that is stored to owns");
        let arguments = Arguments { count: 1, under: 0 };
        let mut callee = f.call(Value::function(1, 1), arguments, Site::default()).expect("a call");
        assert_eq!(value.count(), if borrows { 3 } else { 4 }, "an argument moves as it is");
        callee.load_fast_borrow(0);
        let ControlFlow::Continue(f) = by_thread(callee).return_value() else { panic!("the caller") };
        assert_eq!(value.count(), 4, "what is returned owns");
        f.leave();
        assert_eq!(value.count(), 1);
    });
}

/// A checked loop has nobody's word for it: it counts.
pub(crate) fn a_checked_loop_borrows_nothing<P: Activation>() {
    enter::<P, _>(|entry| {
        let value = Value::new("a");
        let mut f = entry.call(Value::function(1, 1), &mut [value.clone().slot()]).expect("a call");
        f.load_fast_borrow(0);
        assert_eq!(value.count(), 3);
        f.leave();
    });
}

/// Code of no function: arguments are on its stack, nobody sees it.
pub(crate) fn trampolines_have_their_arguments_on_the_stack<P: Activation>()
where
    Thread: OnPop<P, Gone>,
{
    enter::<P, _>(|entry| {
        let mut f = entry.call(Value::function(0, 3), &mut []).expect("a call");
        f.fetch();
        f.push_null();
        f.push(Value::new("object").slot());
        let code = Value::code(0, 2, Vec::new());
        let site = Site { caches: 3, jump: 0 };
        let arguments = Arguments { count: 1, under: 1 };
        let Err(refused) = f.call_trampoline(Value::new("no code"), arguments, site) else { panic!("no code") };
        assert_eq!(refused.reason, Reason::NotAFunction);
        let Err(refused) = refused.caller.call_trampoline(Value::code(3, 0, Vec::new()), arguments, site) else {
            panic!("no room on the stack")
        };
        assert_eq!((refused.reason, refused.caller.depth()), (Reason::Unfit, 2));
        let mut t = refused.caller.call_trampoline(code.clone(), arguments, site).expect("a call");
        assert_eq!((t.depth(), name(t.peek(0)).as_deref(), code.count()), (1, Some("object"), 2));
        assert!(t.function().is_none() && t.globals().is_none());
        t.fetch();
        let ControlFlow::Continue(f) = by_thread(t).return_value() else { panic!("the caller") };
        assert_eq!((f.depth(), name(f.peek(0)).as_deref(), f.next_index()), (1, Some("object"), 4));
        f.leave();
    });
}

/// A call of `def f(a, b=..., *rest, c=...)` with two positional arguments too many and `c`.
struct Given;

impl Names for Given {
    type Python = frame_runtime::version::Cpython3_14;
    fn function(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(b"f")
    }
    fn parameter(&self, slot: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(&b"abcr"[slot..=slot])
    }
    fn keyword(&self, _: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(b"c")
    }
    fn keyword_type(&self, _: usize) -> Cow<'_, str> {
        Cow::Borrowed("str")
    }
}

impl Call for Given {
    type Exception = Infallible;
    fn positional(&self) -> usize {
        3
    }
    fn keywords(&self) -> usize {
        1
    }
    fn is_string(&self, _: usize) -> bool {
        true
    }
    fn is_parameter(&self, _: usize, slot: usize) -> bool {
        slot == 2
    }
    fn equals_parameter(&mut self, _: usize, _: usize) -> Result<bool, Infallible> {
        Ok(false)
    }
    fn defaults(&mut self) -> usize {
        1
    }
    fn find_keyword_default(&mut self, _: usize) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// Arguments go where the plan says; those that are in `*args` are released, and nothing is lost when there is no room.
pub(crate) fn bound_arguments_find_their_slots<P: Activation>() {
    let signature = Signature { argcount: 2, kwonlyargcount: 1, varargs: true, ..Signature::default() };
    let Ok::<_, BindError<Infallible>>(plan) = Plan::new(&signature, &mut Given) else { panic!("it fits") };
    let names = |f: &Frame<'_, P, _>| [0, 1, 2, 3].map(|index| name(f.local(index)).expect("a value"));
    enter::<P, _>(|entry| {
        let mut f = entry.call(Value::function(0, 6), &mut []).expect("a call");
        f.fetch();
        let extra = Value::new("in the tuple");
        f.push_null();
        for value in [Value::new("a"), Value::new("b"), extra.clone(), Value::new("c")] {
            f.push(value.slot());
        }
        let arguments = Arguments { count: 4, under: 1 };
        let mut supplied = [Value::new("tuple").slot()];
        let Err(refused) = f.call_bound(Value::function(3, 0), arguments, &plan, &mut supplied, Site::default()) else {
            panic!("it has four parameters")
        };
        assert_eq!((refused.reason, refused.caller.depth()), (Reason::Unfit, 5));
        let Err(refused) = refused.caller.call_bound(Value::function(4, 0), arguments, &plan, &mut [], Site::default())
        else {
            panic!("the tuple is missing")
        };
        assert_eq!(refused.reason, Reason::Unfit);
        let callee = Value::function(4, 0);
        let g = refused.caller.call_bound(callee, arguments, &plan, &mut supplied, Site::default()).expect("a call");
        assert_eq!(names(&g), ["a", "b", "c", "tuple"]);
        assert_eq!((extra.count(), supplied[0].is_null()), (1, true));
        g.leave();
        drop(extra);
    });
    enter::<P, _>(|entry| {
        let mut arguments = ["a", "b", "in the tuple", "c"].map(|name| Value::new(name).slot());
        let mut supplied = [Value::new("tuple").slot()];
        let g = entry.call_bound(Value::function(4, 0), &mut arguments, &plan, &mut supplied).expect("a call");
        assert_eq!(names(&g), ["a", "b", "c", "tuple"]);
        assert_eq!(arguments.iter().filter(|slot| slot.is_null()).count(), 3, "the rest is the caller's");
        g.leave();
        drop((arguments, supplied));
    });
}

/// Exceptions find their handler, what they pass is released from the top, and they raise again where they came from.
pub(crate) fn exceptions_find_their_handlers<P: Activation>(tagged: bool)
where
    Thread: OnPop<P, Gone>,
{
    let handlers = vec![
        Handler { start: 1, end: 3, target: 6, depth: 1, lasti: true },
        Handler { start: 6, end: 7, target: 8, depth: 0, lasti: false },
    ];
    enter::<P, _>(|entry| {
        let function = Value::closure(0, 4, Vec::new(), handlers);
        let mut f = entry.call(function, &mut []).expect("a call");
        f.fetch();
        for name in ["kept", "first", "second"] {
            f.push(Value::new(name).slot());
        }
        f.fetch();
        // The instruction at 1 calls, the callee raises.
        let callee = f.call(Value::function(0, 1), Arguments::default(), Site { caches: 1, jump: 0 }).expect("a call");
        let Unwound::Unhandled(callee, exception) = callee.unwind(Value::new("exception")) else {
            panic!("there is no handler")
        };
        let Returned::Frame(f) = by_thread(callee).raise() else { panic!("the caller") };
        ended();
        let Unwound::Handled(mut f) = f.unwind(exception) else { panic!("there is a handler") };
        assert_eq!(ended(), ["second", "first"], "down to its depth");
        assert_eq!((f.depth(), f.next_index()), (3, 6));
        let index = f.peek(1).duplicate().unpack();
        assert_eq!(matches!(index, Unpacked::Integer(1)), tagged);
        drop(index);
        f.push_exc_info();
        assert!(f.peek(1).is_null(), "nothing was being handled");
        assert_eq!(f.stack().handled().map(|exception| exception.name().to_owned()).as_deref(), Some("exception"));
        let exception = f.pop();
        f = f.pop_except();
        assert!(f.stack().handled().is_none());
        f.push(exception);
        f.fetch();
        let Ok(Unwound::Handled(f)) = f.reraise(1) else { panic!("the handler has a handler") };
        assert_eq!((f.depth(), f.next_index(), name(f.peek(0)).as_deref()), (1, 8, Some("exception")));
        // A frame stands where the first one was raised, until its handler begins.
        let mut f = f;
        f.fetch();
        let Unwound::Unhandled(f, exception) = f.unwind(exception_again()) else { panic!("no handler left") };
        assert_eq!((f.depth(), exception.name()), (0, "again"));
        f.leave();
        drop(exception);
    });
}

fn exception_again() -> Value {
    Value::new("again")
}

/// A stack whose frames wait can be walked, moved, gone on with, and dropped; others run meanwhile.
pub(crate) fn frames_wait_for_their_loop<P: Activation>()
where
    Thread: OnPop<P, Gone>,
{
    let other = DataStack::<Machine<P>>::default();
    let stack = DataStack::<Machine<P>>::default();
    let lasti = |stack: &DataStack<Machine<P>>| {
        let mut at = Vec::new();
        let walked = stack.walk(|frame| {
            at.push((frame.lasti(), frame.used()));
            ControlFlow::<()>::Continue(())
        });
        walked.expect("nobody holds a frame");
        at
    };
    let park = |stack: &DataStack<Machine<P>>, last: &str| {
        let entered = stack.enter(Value::new("shim"), |entry| {
            let mut f = entry.call(Value::function(1, 1), &mut [Value::new("a").slot()]).expect("a call");
            f.fetch();
            let mut f = f.call(Value::function(1, 2), Arguments::default(), Site::default()).expect("a call");
            f.fetch();
            f.fetch();
            f.push(Value::new(last).slot());
            assert!(f.park(Site { caches: 1, jump: 0 }).is_ok());
        });
        entered.expect("nothing runs");
    };
    park(&stack, "waits");
    assert_eq!(stack.remaining(), Limits::default().recursion - 2);
    let seen = lasti(&stack);
    assert_eq!(seen.iter().map(|(_, used)| *used).collect::<Vec<_>>(), [2, 1]);
    // Its memory is in use: what runs above is gone before it goes on.
    let nested = stack.enter(Value::new("shim"), |entry| {
        let f = entry.call(Value::function(1, 1), &mut []).expect("a call");
        let Err(refused) = f.park(Site::default()) else { panic!("others are parked") };
        assert_eq!(refused.reason, Reason::NotAlone);
        let (_, unparked) = refused.caller.escape(|stack| stack.unpark(Value::new("shim"), |_| ()).is_ok());
        assert!(!unparked, "something runs");
    });
    nested.expect("nothing runs");
    assert_eq!(lasti(&stack), seen);
    // Moved, together with another one: each goes on by itself.
    let moved = Box::new(stack);
    park(&other, "other");
    let walked = moved.walk(|_| {
        assert!(moved.unpark(Value::new("shim"), |_| ()).is_err(), "its frames are being looked at");
        ControlFlow::Break(())
    });
    assert_eq!(walked, Ok(Some(())));
    let gone_on = moved.unpark(Value::new("shim"), |mut f| {
        assert_eq!((f.next_index(), name(f.peek(0)).as_deref()), (3, Some("waits")), "behind its cache");
        f.push(Value::new("result").slot());
        let ControlFlow::Continue(f) = by_thread(f).return_value() else { panic!("the caller") };
        assert_eq!(name(f.peek(0)).as_deref(), Some("result"));
        let ControlFlow::Break((_, value)) = by_thread(f).return_value() else { panic!("the entry") };
        name(&value)
    });
    assert_eq!(gone_on.expect("it was parked").as_deref(), Some("result"));
    assert_eq!(moved.remaining(), Limits::default().recursion);
    assert!(moved.unpark(Value::new("shim"), |_| ()).is_err(), "it was gone on with");
    drop(moved);
    ended();
    drop(other);
    let gone = ended();
    assert!(["other", "a"].iter().all(|name| gone.iter().any(|ended| ended == name)), "{gone:?}");
    assert_eq!(live(), 0);
}

/// The chain has all that run and have begun, the topmost first: across chunks, shims, and the frames of generators.
pub(crate) fn chains_have_all_that_run<P: Activation>()
where
    Thread: OnPop<P, Gone> + OnMakeGenerator<P, Generator>,
    Created: OnSend<P, Executing>,
{
    let deep = 300;
    let inner = |stack: &DataStack<Machine<P>>| {
        let walked = stack.enter(Value::new("shim"), |entry| {
            let f = entry.call(Value::beginning_at(2), &mut []).expect("a call");
            let mut g = f.call(Value::function(2, 1), Arguments::default(), Site::default()).expect("a call");
            g.fetch();
            let Ok((Returned::Frame(f), generator)) = by_thread(g).make_generator() else { panic!("the caller") };
            let g = f.send(generator, Site::default()).expect("a call");
            let (_, seen) = g.any().escape(|stack| {
                let mut seen = Vec::new();
                let walked = stack.walk(|frame| {
                    seen.push((frame.lasti(), frame.used(), frame.is_generator()));
                    ControlFlow::<()>::Continue(())
                });
                assert_eq!(walked, Ok(None));
                seen
            });
            seen
        });
        walked.expect("nobody holds a frame")
    };
    enter::<P, _>(|entry| {
        let function = Value::function(3, 50);
        let mut f = entry.call(function.clone(), &mut []).expect("a call");
        for depth in 1..deep {
            for _ in 0..=depth % 5 {
                f.fetch();
            }
            f = f.call(function.clone(), Arguments::default(), Site::default()).expect("a call");
        }
        f.fetch();
        let (f, seen) = f.escape(inner);
        assert!(f.stack().bytes() > 4 * CHUNK_BYTES, "it crosses chunks");
        let (generator, rest) = seen.split_first().expect("frames");
        assert_eq!((generator.1, generator.2), (2, true), "it runs, so it is in the chain");
        assert_eq!(rest.len(), deep, "the caller of the generator has not begun: nobody sees it");
        let expected = (1..deep).map(|depth| 2 * (depth % 5)).rev();
        let calls = rest.iter().skip(1).map(|(lasti, ..)| usize::try_from(*lasti).expect("in the code"));
        assert!(calls.eq(expected), "{rest:?}");
        f.leave();
    });
}
