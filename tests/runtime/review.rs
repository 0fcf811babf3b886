//! What safe code may try: versions that allow what no CPython does, positions outside of the code, natives and
//! destructors that panic in the middle. Nothing of it may reach memory that is not the frame's.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::layout::Layout;
use frame_runtime::localsplus::Localsplus;
use frame_runtime::machine::generator::{
    Cleared, Created, Executing, OnFrameClear, OnRaise, OnRelease, OnReturn, OnSend, OnYield, Suspended,
};
use frame_runtime::machine::owner::{self, OnMakeGenerator, OnPop};
use frame_runtime::machine::{Gone, Numbers, Rules, Runs, asend, athrow, generator, trace};
use frame_runtime::running::{Any, Arguments, ByOwner, Reason, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Activation, Version};
use frame_runtime::vm::{self, FrameVm, Function, Vm};

use crate::machine::{Machine, Value, ended, live};

/// A version with the frames of `P` that allows everything, and whose numbers are all the same.
pub(crate) struct Lawless<P>(PhantomData<P>, Infallible);

impl<P: Activation> Version for Lawless<P> {
    const NAME: &'static str = P::NAME;
    const LAYOUT: &'static Layout = P::LAYOUT;
    const LOCALSPLUS: &'static Localsplus = P::LOCALSPLUS;
}

impl<P: Activation> Activation for Lawless<P> {
    type Frames = P::Frames;
}

impl<P: Activation> Runs<generator::Machine> for Lawless<P> {
    const RULES: &'static Rules<generator::Machine> = P::RULES;
}

impl<P: Activation> Runs<asend::Machine> for Lawless<P> {
    const RULES: &'static Rules<asend::Machine> = P::RULES;
}

impl<P: Activation> Runs<athrow::Machine> for Lawless<P> {
    const RULES: &'static Rules<athrow::Machine> = P::RULES;
}

impl<P: Activation> Runs<owner::Machine> for Lawless<P> {
    const RULES: &'static Rules<owner::Machine> = P::RULES;
}

impl<P: Activation> Runs<trace::Machine> for Lawless<P> {
    const RULES: &'static Rules<trace::Machine> = P::RULES;
}

impl<P, S> Numbers<S> for Lawless<P> {
    const RAW: i8 = 0;
}

impl<P> OnSend<Lawless<P>, Executing> for Created {}
impl<P> OnSend<Lawless<P>, Executing> for Suspended {}
impl<P> OnSend<Lawless<P>, Executing> for Cleared {}
impl<P> OnYield<Lawless<P>, Suspended> for Executing {}
impl<P> OnYield<Lawless<P>, Cleared> for Executing {}
impl<P> OnReturn<Lawless<P>, Suspended> for Executing {}
impl<P> OnReturn<Lawless<P>, Cleared> for Executing {}
impl<P> OnRaise<Lawless<P>, Created> for Executing {}
impl<P> OnRelease<Lawless<P>, Suspended> for Created {}
impl<P> OnRelease<Lawless<P>, Created> for Suspended {}
impl<P> OnFrameClear<Lawless<P>, Cleared> for Suspended {}
impl<P> OnPop<Lawless<P>, Gone> for owner::Thread {}
impl<P> OnPop<Lawless<P>, Gone> for owner::Generator {}
impl<P> OnPop<Lawless<P>, Gone> for Any {}
impl<P> OnMakeGenerator<Lawless<P>, owner::Generator> for owner::Thread {}
impl<P> OnMakeGenerator<Lawless<P>, owner::Generator> for owner::Generator {}
impl<P> OnMakeGenerator<Lawless<P>, owner::Generator> for Any {}

type Frame<'t, P, O = Any> = Running<'t, Machine<Lawless<P>>, O>;
type Stored<P, S> = GeneratorFrame<Machine<Lawless<P>>, S>;

fn enter<V: FrameVm<Value = Value>, R>(stack: &DataStack<V>, body: impl for<'t> FnOnce(Entry<'t, V>) -> R) -> R {
    stack.enter(Value::new("shim"), body).expect("nobody holds a frame")
}

fn message<R: Debug>(body: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("a panic");
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a text")
}

fn by_thread<P: Activation>(f: Frame<'_, P>) -> Frame<'_, P, owner::Thread> {
    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
    f
}

/// A generator with two locals that stands at the first unit of its code: nothing was fetched.
fn generator<P: Activation>(stack: &DataStack<Machine<Lawless<P>>>) -> Stored<P, Created> {
    enter(stack, |entry| {
        let mut arguments = [Value::new("a").slot(), Value::new("b").slot()];
        let f = entry.call(Value::function(2, 2), &mut arguments).expect("a call");
        by_thread(f).make_generator().expect("memory").1
    })
}

/// A frame that was cleared runs again: locals are not bound, and the function is gone with what it lent.
pub(crate) fn cleared_frames_run_again<P: Activation>() {
    let stack = DataStack::<Machine<Lawless<P>>>::default();
    let unbound = |g: &Frame<'_, P, owner::Generator>| {
        assert!(g.local(0).is_null() && g.local(1).is_null() && g.depth() == 0);
        assert!(g.function().is_none() && g.globals().is_none() && g.builtins().is_none());
    };
    let created = generator(&stack);
    let released: Stored<P, Suspended> = created.release();
    enter(&stack, |entry| {
        let mut g = entry.send(released).expect("a call");
        unbound(&g);
        drop(g.set_local(1, Value::new("again").slot()));
        g.push(Value::new("pushed").slot());
        g.fetch();
        let (returned, finished) = g.finish::<Suspended>();
        let Returned::Left(entry) = returned else { panic!("the entry") };
        let g = entry.send(finished).expect("a call");
        unbound(&g);
        let (returned, failed) = g.fail::<Created>();
        let Returned::Left(entry) = returned else { panic!("the entry") };
        let g = entry.send(failed).expect("a call");
        unbound(&g);
        let (_, suspended) = g.suspend::<Cleared>();
        drop(suspended);
    });
    assert_eq!(live(), 0);
    // Without locals there is nothing to fill.
    enter(&stack, |entry| {
        let f = entry.call(Value::function(0, 0), &mut []).expect("a call");
        let (returned, created) = by_thread(f).make_generator().expect("memory");
        let Returned::Left(entry) = returned else { panic!("the entry") };
        let released: Stored<P, Suspended> = created.release();
        let g = entry.send(released).expect("a call");
        assert!(g.globals().is_none());
    });
    assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
}

/// A frame whose position was noted before anything was fetched ends and runs again: it stays in its code.
pub(crate) fn positions_stay_in_the_code<P: Activation>() {
    let stack = DataStack::<Machine<Lawless<P>>>::default();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let created = generator(&stack);
        enter(&stack, |entry| {
            let g = entry.send(created).expect("a call");
            let (g, ()) = g.escape(|_| ());
            let (returned, finished) = g.finish::<Suspended>();
            let Returned::Left(entry) = returned else { panic!("the entry") };
            let mut g = entry.send(finished).expect("a call");
            g.fetch().argument
        })
    }));
    match result {
        Ok(argument) => assert_eq!(argument, 0, "the first unit"),
        Err(payload) => assert_eq!(payload.downcast_ref::<&str>(), Some(&"the instruction is outside of the code")),
    }
    assert_eq!(live(), 0);

    // Return offsets are 16 bits, and count more than the jump in some versions.
    for (caches, jump) in [(0, 1000), (0, u16::MAX), (1, u16::MAX), (u8::MAX, u16::MAX), (u8::MAX, u16::MAX - 255)] {
        let site = Site { caches, jump };
        let result = catch_unwind(AssertUnwindSafe(|| {
            enter(&stack, |entry| {
                let mut f = entry.call(Value::function(0, 1), &mut []).expect("a call");
                // A site that no frame can note is refused, and the handle with it.
                if jump == 1000 {
                    f.push(Value::new("waits").slot());
                }
                let f = f.call(Value::function(0, 0), Arguments::default(), site).expect("a call");
                let Returned::Frame(mut f) = by_thread(f).ret() else { panic!("the caller") };
                let argument = f.fetch().argument;
                f.leave();
                argument
            })
        }));
        if let Ok(argument) = result {
            assert_eq!((P::NAME, usize::from(argument)), ("3.11", usize::from(caches)), "{site:?}");
        }
        let result = catch_unwind(AssertUnwindSafe(|| {
            let created = generator(&stack);
            enter(&stack, |entry| {
                let f = entry.call(Value::function(0, 0), &mut []).expect("a call");
                let g = f.send(created, site).expect("a call");
                let (Returned::Frame(mut f), _) = g.finish::<Cleared>() else { panic!("the resumer") };
                f.fetch().argument
            })
        }));
        if let Ok(argument) = result {
            assert_eq!((P::NAME, usize::from(argument)), ("3.11", usize::from(caches)), "{site:?}");
        }
        // A frame that waits outside of its code is not taken up, and loses nothing.
        assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion), "{site:?}");
    }

    // A yield goes on behind the caches of `SEND`, wherever that is.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let created = generator(&stack);
        enter(&stack, |entry| {
            let mut f = entry.call(Value::function(0, 0), &mut []).expect("a call");
            f.jump(9);
            f.fetch();
            let g = f.send(created, Site::default()).expect("a call");
            let (Returned::Frame(mut f), suspended) = g.suspend::<Suspended>() else { panic!("the resumer") };
            assert!(catch_unwind(AssertUnwindSafe(|| f.fetch())).is_err());
            drop(suspended);
        });
    }));
    drop(result);
    assert_eq!(live(), 0);

    // Nor does a jump leave it.
    let panic = message(|| {
        enter(&stack, |entry| {
            let mut f = entry.call(Value::function(0, 0), &mut []).expect("a call");
            f.jump(i32::MIN);
        });
    });
    assert!(panic.contains("outside of the code"), "{panic}");
    assert_eq!(live(), 0);
}

/// What the version allows of an owner is not believed.
pub(crate) fn memory_goes_back_to_its_owner<P: Activation>() {
    let stack = DataStack::<Machine<Lawless<P>>>::default();
    let text = "the version allows this of a frame that another one owns";
    let created = generator(&stack);
    let panic = message(|| enter(&stack, |entry| drop(entry.send(created).expect("a call").ret())));
    assert_eq!(panic, text);
    let created = generator(&stack);
    let panic = message(|| enter(&stack, |entry| drop(entry.send(created).expect("a call").make_generator())));
    assert_eq!(panic, text);
    let created = generator(&stack);
    let panic = message(|| enter(&stack, |entry| drop(entry.send(created).expect("a call").any().ret())));
    assert_eq!(panic, text);
    let panic = message(|| {
        enter(&stack, |entry| drop(entry.call(Value::function(0, 0), &mut []).expect("a call").any().make_generator()));
    });
    assert_eq!(panic, text);
    assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
}

/// A generator made on one stack is resumed on another, dropped on a third, and never leaves its block.
pub(crate) fn generators_change_stacks<P: Activation>() {
    let stacks = [(); 3].map(|()| DataStack::<Machine<Lawless<P>>>::default());
    let created = generator(&stacks[0]);
    enter(&stacks[0], |outer| {
        enter(&stacks[1], |entry| {
            let mut g = entry.send(created).expect("a call");
            g.push(Value::new("kept").slot());
            // Another stack is no matter of this frame's; its own is.
            enter(&stacks[2], |third| drop(third.call(Value::function(1, 0), &mut [Value::new("x").slot()])));
            assert!(stacks[1].enter(Value::new("shim"), |_| ()).is_err());
            let f = g.call(Value::function(0, 0), Arguments::default(), Site::default()).expect("a call");
            let Returned::Frame(g) = by_thread(f).ret() else { panic!("the generator") };
            let ByOwner::Generator(g) = g.by_owner() else { panic!("by generator") };
            let (Returned::Left(entry), suspended) = g.suspend::<Suspended>() else { panic!("the entry") };
            assert_eq!(suspended.get(2).expect("in use").as_value().expect("a value").name(), "kept");
            // Its end runs in the middle of another entry.
            let last = Value::ending("last", move || drop(suspended));
            let mut f = entry.call(Value::function(1, 0), &mut [last.slot()]).expect("a call");
            let old = f.set_local(0, StackRef::null());
            f.release(old).leave();
        });
        assert!(outer.call(Value::function(0, 0), &mut []).is_ok(), "on top again");
    });
    for stack in &stacks {
        assert_eq!(stack.remaining(), Limits::default().recursion);
    }
    assert_eq!(live(), 0);
}

/// Destructors enter, call, make and drop generators, and panic, while frames above and below them end.
pub(crate) fn destructors_do_what_they_like<P: Activation>() {
    let stack = Rc::new(DataStack::<Machine<Lawless<P>>>::default());
    let busy = |panics: bool| {
        let stack = Rc::clone(&stack);
        Value::ending("busy", move || {
            let left: Stored<P, Suspended> = enter(&stack, |entry| {
                let f = entry.call(Value::function(1, 1500), &mut [Value::new("x").slot()]).expect("a call");
                let f = f.call(Value::function(1, 1500), Arguments::default(), Site::default()).expect("a call");
                let (Returned::Frame(f), created) = by_thread(f).make_generator().expect("memory") else {
                    panic!("the caller")
                };
                let g = f.send(created, Site::default()).expect("a call");
                let (Returned::Frame(f), suspended) = g.suspend() else { panic!("the caller") };
                // Lost while it runs: the entry clears it.
                drop(f.call(Value::function(3, 1500), Arguments::default(), Site::default()));
                suspended
            });
            drop(left);
            assert!(!panics, "on purpose");
        })
    };
    for panics in [false, true] {
        let result = catch_unwind(AssertUnwindSafe(|| {
            enter(&stack, |entry| {
                let mut f = entry.call(Value::function(2, 1500), &mut [busy(false).slot()]).expect("a call");
                for depth in 0..4 {
                    let mut callee =
                        f.call(Value::function(2, 1500), Arguments::default(), Site::default()).expect("a call");
                    drop(callee.set_local(0, busy(false).slot()));
                    drop(callee.set_local(1, busy(panics && depth == 2).slot()));
                    f = callee;
                }
                let (Returned::Frame(f), created) = by_thread(f).make_generator().expect("memory") else {
                    panic!("the caller")
                };
                let mut g = f.send(created, Site::default()).expect("a call");
                g.push(busy(false).slot());
                let (Returned::Frame(f), cleared) = g.finish::<Cleared>() else { panic!("the caller") };
                drop(cleared);
                let Returned::Frame(f) = by_thread(f).ret() else { panic!("the caller") };
                let Returned::Frame(f) = by_thread(f).ret() else { panic!("the caller") };
                f.leave();
            });
        }));
        assert_eq!(result.is_err(), panics);
        assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
        ended();
    }
}

thread_local! {
    /// How many more questions about code are answered before one panics.
    static ANSWERS: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// A VM whose clones, additions and their ends panic when asked to.
struct Fragile<P>(PhantomData<P>);

impl<P: Activation> Vm for Fragile<P> {
    type Python = P;
    type Value = Brittle;
    type FrameExtra = Addition;
}

impl<P> Default for Fragile<P> {
    fn default() -> Self {
        Fragile(PhantomData)
    }
}

// SAFETY: it has no frame objects.
unsafe impl<P: Activation> vm::FrameVm for Fragile<P> {}

fn answer() {
    let left = ANSWERS.get();
    if left == 0 {
        ANSWERS.set(usize::MAX);
        panic!("on purpose");
    }
    ANSWERS.set(left.saturating_sub(1));
}

struct Addition(#[expect(dead_code, reason = "its end counts")] Value);

impl Default for Addition {
    fn default() -> Self {
        answer();
        Addition(Value::new("addition"))
    }
}

impl Drop for Addition {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            answer();
        }
    }
}

struct Brittle(Value);

impl Clone for Brittle {
    fn clone(&self) -> Self {
        answer();
        Brittle(self.0.clone())
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            answer();
        }
    }
}

// SAFETY: it is a `Value`, which keeps the contract.
unsafe impl vm::Value for Brittle {
    type Last = Brittle;
    type Code = <Value as vm::Value>::Code;

    fn into_raw(self) -> NonNull<()> {
        let raw = vm::Value::as_raw(&self.0);
        std::mem::forget(self);
        raw
    }

    fn as_raw(&self) -> NonNull<()> {
        vm::Value::as_raw(&self.0)
    }

    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the pointer is that of a `Value`, by the contract.
        Brittle(unsafe { vm::Value::from_raw(raw) })
    }

    fn release(self) -> Option<Brittle> {
        (self.0.count() == 1).then_some(self)
    }

    fn as_code(&self) -> Option<&Self::Code> {
        vm::Value::as_code(&self.0)
    }

    fn as_function(&self) -> Option<Function<'_, Self>> {
        let Function { code, globals, builtins, closure: _ } = vm::Value::as_function(&self.0)?;
        // SAFETY: it is a `Value` and nothing besides.
        let brittle = |value: &Value| unsafe { &*std::ptr::from_ref(value).cast::<Brittle>() };
        // Lifetimes are those of the function, which is borrowed for as long.
        let (globals, builtins) = (globals.map(brittle), builtins.map(brittle));
        Some(Function { code: brittle(code), globals, builtins, closure: &[] })
    }
}

/// Whatever clones, `default` and ends of the VM's own do in the middle of a call: memory stays in order.
pub(crate) fn a_vm_may_panic<P: Activation>()
where
    owner::Thread: OnPop<P, Gone> + OnMakeGenerator<P, owner::Generator>,
    Created: OnSend<P, Executing>,
    Executing: OnYield<P, Suspended>,
{
    let function = Value::function(2, 1200);
    let lender = Brittle(Value::new("lender"));
    for answers in 0..60 {
        let stack = DataStack::<Fragile<P>>::default();
        for _ in 0..2 {
            ANSWERS.set(answers);
            let result = catch_unwind(AssertUnwindSafe(|| {
                let _ = stack.enter(Brittle(Value::new("shim")), |entry| {
                    let mut arguments = [StackRef::owned(Brittle(Value::new("a")))];
                    let mut f = entry.call(Brittle(function.clone()), &mut arguments).expect("a call");
                    for _ in 0..3 {
                        // Into locals: what is on the stack of a handle that is lost is never released.
                        drop(f.set_local(0, StackRef::owned(Brittle(Value::new("b")))));
                        // SAFETY: `lender` outlives the stack.
                        drop(f.set_local(1, unsafe { StackRef::borrowed(&lender) }));
                        f = f.call(Brittle(function.clone()), Arguments::default(), Site::default()).expect("a call");
                        // SAFETY: as above.
                        drop(f.set_local(1, unsafe { StackRef::borrowed(&lender) }));
                    }
                    let ByOwner::Thread(top) = f.by_owner() else { panic!("by thread") };
                    let (returned, created) = top.make_generator().expect("memory");
                    let Returned::Frame(f) = returned else { panic!("the caller") };
                    let g = f.send(created, Site::default()).expect("a call");
                    let (returned, suspended) = g.suspend::<Suspended>();
                    let Returned::Frame(f) = returned else { panic!("the caller") };
                    drop(suspended);
                    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
                    let Returned::Frame(f) = f.ret() else { panic!("the caller") };
                    f.leave();
                });
            }));
            drop(result);
            ANSWERS.set(usize::MAX);
            assert_eq!(stack.remaining(), Limits::default().recursion);
            // Chunks, tops and limits are what they were: deep calls still come back.
            let _ = stack.enter(Brittle(Value::new("shim")), |entry| {
                let mut f = entry.call(Brittle(function.clone()), &mut []).expect("a call");
                for _ in 0..10 {
                    f = f.call(Brittle(function.clone()), Arguments::default(), Site::default()).expect("a call");
                    for _ in 0..1200 {
                        f.push(StackRef::null());
                    }
                }
                f.leave();
            });
        }
    }
    drop((function, lender));
    assert_eq!(live(), 0);
    ended();
}

/// Sizes at the edge of what can be counted are refused, and nothing is lost.
pub(crate) fn sizes_do_not_wrap<P: Activation>() {
    let stack =
        DataStack::<Machine<Lawless<P>>>::new(Machine::default(), Limits { bytes: 1 << 20, ..Limits::default() });
    enter(&stack, |entry| {
        let mut caller = entry;
        for (locals, slots) in [(u32::MAX, u32::MAX), (u32::MAX, 0), (0, u32::MAX), (1 << 31, 0), ((1 << 31) - 1, 0)] {
            let Err(refused) = caller.call(Value::function(locals, slots), &mut []) else { panic!("too large") };
            assert!(matches!(refused.reason, Reason::Unfit | Reason::Full(_)));
            caller = refused.caller;
        }
        let f = caller.call(Value::function(1, 1), &mut []).expect("a call");
        let panic = message(AssertUnwindSafe(|| {
            let arguments = Arguments { count: u32::MAX, under: u32::MAX };
            drop(f.call(Value::function(1, 1), arguments, Site::default()));
        }));
        assert!(panic.contains("empty evaluation stack"), "{panic}");
    });
    assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
    ended();
}
