//! What safe code of a program may do at the worst moment: whenever the runtime asks the VM for something. Each once
//! reached memory that was gone; the address sanitizer sees it again if it comes back.

#[path = "attacks/generator_vm.rs"]
mod generator_vm;
#[path = "attacks/generators.rs"]
mod generators;
#[path = "attacks/locals.rs"]
mod locals;
#[path = "attacks/locals_vm.rs"]
mod locals_vm;
#[path = "attacks/questions.rs"]
mod questions;
#[path = "attacks/vm.rs"]
mod vm;
#[path = "attacks/wild.rs"]
mod wild;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::frame::NoSlot;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Created};
use frame_runtime::machine::owner;
use frame_runtime::running::{Arguments, ByOwner, Returned, Running, Site};
use vm::{GIVE_KEPT, KEEP, KEPT, Machine, ON_EXTRA, ON_OBJECT, PANICS_WHEN_CLONED, PANICS_WHEN_DROPPED, Value};

type Stack = DataStack<Machine>;

fn shim() -> Value {
    Value::new("shim")
}

fn by_thread<'t>(f: Running<'t, Machine>) -> Running<'t, Machine, owner::Thread> {
    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
    f
}

fn panics(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("a panic");
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a text")
}

/// Leaves three frames waiting, each in a chunk of its own.
fn park(stack: &Stack) {
    let entered = stack.enter(shim(), |entry| {
        let mut f = entry.call(Value::function(2, 7000), &mut [Value::new("a").slot()]).expect("a call");
        for _ in 0..2 {
            f.fetch();
            f.fetch();
            f = f.call(Value::function(2, 7000), Arguments::default(), Site::default()).expect("a call");
        }
        f.fetch();
        f.fetch();
        assert!(f.park(Site::default()).is_ok());
    });
    entered.expect("nothing runs");
}

/// Goes on with them, to their end.
fn finish(stack: &Stack) {
    let unparked = stack.unpark(shim(), |mut f| {
        while let Returned::Frame(below) = by_thread(f).ret() {
            f = below;
        }
    });
    unparked.expect("they are parked");
}

/// What the VM adds to the shim of `unpark` goes on with the frames itself.
#[test]
fn frames_are_gone_on_with_while_they_are_gone_on_with() {
    let stack = Rc::new(Stack::default());
    park(&stack);
    let again = Rc::clone(&stack);
    ON_EXTRA.set(Some(Box::new(move || finish(&again))));
    assert!(stack.unpark(shim(), |_| ()).is_err(), "nothing is left to go on with");
    assert_eq!(stack.remaining(), Limits::default().recursion);
}

/// Making the object of a parked frame's caller goes on with both.
#[test]
fn a_caller_ends_while_its_object_is_made() {
    let stack = Rc::new(Stack::default());
    park(&stack);
    let top = stack.frame_object(0).expect("nobody holds a frame").expect("memory");
    let again = Rc::clone(&stack);
    ON_OBJECT.set(Some(Box::new(move || finish(&again))));
    let back = top.frame().back(&Machine).expect("the object that was made as they ended");
    drop(stack);
    assert!(top.frame().is_over() && back.frame().is_over());
    assert_eq!(back.frame().code().expect("a frame keeps its code").name(), "code");
}

/// A frame that somebody looked at becomes a generator: its object goes along.
#[test]
fn a_frame_with_an_object_becomes_a_generator() {
    let stack = Stack::default();
    let (generator, object) = stack
        .enter(shim(), |entry| {
            let mut f = entry.call(Value::function(1, 1), &mut [Value::new("a").slot()]).expect("a call");
            f.fetch();
            let (f, object) = f.escape(|stack| stack.frame_object(0).expect("spilled").expect("memory"));
            let (_, generator) = by_thread(f).make_generator().expect("memory");
            let generator: GeneratorFrame<_, Created> = generator;
            (generator, object)
        })
        .expect("nothing runs");
    let name = || object.frame().get(0).map(|slot| slot.into_value().map(|value| value.name().to_owned()));
    assert_eq!(name(), Ok(Some("a".to_owned())));
    drop(generator);
    drop(stack);
    assert_eq!((name(), object.frame().is_over()), (Ok(Some("a".to_owned())), true));
}

/// The function of a cleared generator is gone, and with it what it lent.
#[test]
fn a_cleared_generator_has_no_globals() {
    let stack = Stack::default();
    let created: GeneratorFrame<_, Created> = stack
        .enter(shim(), |entry| {
            let f = entry.call(Value::function(1, 1), &mut []).expect("a call");
            by_thread(f).make_generator().expect("memory").1
        })
        .expect("nothing runs");
    let cleared: GeneratorFrame<_, Cleared> = created.release();
    let object = cleared.object(&Machine).expect("memory");
    assert!(object.frame().globals().is_none() && object.frame().builtins().is_none());
    assert_eq!(object.frame().get(0).map(|_| ()), Err(NoSlot::Unused));
}

/// A VM gives an object for a frame that was made for a smaller one.
#[test]
fn an_object_is_too_small_for_its_frame() {
    let stack = Rc::new(Stack::default());
    let again = Rc::clone(&stack);
    let look = |locals: u32, before: Box<dyn FnOnce()>| {
        let entered = stack.enter(shim(), |entry| {
            let mut f = entry.call(Value::function(locals, 1), &mut []).expect("a call");
            f.fetch();
            let (f, object) = f.escape(|stack| {
                before();
                stack.frame_object(0).expect("spilled").expect("memory")
            });
            assert!(matches!(by_thread(f).ret(), Returned::Left(_)));
            object
        });
        entered.expect("nothing runs")
    };
    // While the first one asks for memory another asks for the same frame's object: the first is never its frame's.
    let race = move || {
        let _ = again.frame_object(0);
        KEEP.set(true);
    };
    drop(look(1, Box::new(|| ON_OBJECT.set(Some(Box::new(race))))));
    let message = panics(|| drop(look(50, Box::new(|| GIVE_KEPT.set(true)))));
    assert_eq!(message, "the VM made an object with another frame's frame object");
    KEPT.take();
}

/// The end of a reference to a trampoline's code panics, as its frame is made.
#[test]
fn a_trampolines_code_panics_when_dropped() {
    let stack = Stack::default();
    let message = panics(|| {
        let entered = stack.enter(shim(), |entry| {
            let f = entry.call(Value::function(0, 1900), &mut []).expect("a call");
            let code = Value::code(0, 60_000);
            PANICS_WHEN_DROPPED.set(code.address());
            let _ = f.call_trampoline(code, Arguments::default(), Site::default());
        });
        entered.expect("nothing runs");
    });
    assert_eq!(message, "a drop panics");
    let entered = stack.enter(shim(), |entry| {
        let f = entry.call(Value::function(2030, 1), &mut []).expect("a call");
        let f = f.call(Value::function(3000, 1), Arguments::default(), Site::default()).expect("a call");
        f.leave();
    });
    entered.expect("nothing runs");
    assert_eq!(stack.remaining(), Limits::default().recursion);
}

/// A clone panics while an object is made, which somebody else keeps.
#[test]
fn a_clone_panics_while_an_object_is_made() {
    let stack = Stack::default();
    let entered = stack.enter(shim(), |entry| {
        let mut f = entry.call(Value::function(1, 1), &mut [Value::new("a").slot()]).expect("a call");
        f.fetch();
        let (f, message) = f.escape(|stack| {
            KEEP.set(true);
            PANICS_WHEN_CLONED.set(true);
            panics(|| drop(stack.frame_object(0)))
        });
        assert_eq!(message, "a clone panics");
        f.leave();
    });
    entered.expect("nothing runs");
    let kept = KEPT.take().expect("it was kept");
    assert!(kept.frame().code().is_none(), "it is no frame's");
}
