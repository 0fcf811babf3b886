//! What safe code may do to generators at the worst moment: whenever the driver asks the VM for something, and when a
//! destructor runs.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use frame_runtime::data_stack::Limits;
use frame_runtime::generator::{ErrorKind, Generator, Sent, Started, Throw, Yield};
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Created, Flavour, Suspended};
use frame_runtime::running::Site;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};

use crate::generator_vm::{ALIVE, Machine, Point, Python, Stack, Value, delegate, finish, give, names};

/// The attack on each version. Afterwards nothing is left.
macro_rules! attack {
    ($($(#[$doc:meta])* fn $name:ident<P: Python>() $body:block)*) => {
        $($(#[$doc])*
        #[test]
        fn $name() {
            fn attack<P: Python>() $body
            each([attack::<Cpython3_11>, attack::<Cpython3_12>, attack::<Cpython3_13>, attack::<Cpython3_14>, attack::<Cpython3_15>]);
        })*
    };
}

/// Each version, one after the other.
pub(crate) fn each(attacks: [fn(); 5]) {
    for (minor, attack) in (11..).zip(attacks) {
        attack();
        assert_eq!(ALIVE.get(), 0, "objects of 3.{minor} that nobody dropped, or that went twice");
    }
}

pub(crate) type Key<P, S> = GeneratorFrame<Machine<P>, S>;
type Kept<T> = Rc<RefCell<Option<T>>>;

fn kept<T>() -> Kept<T> {
    Rc::new(RefCell::new(None))
}

fn stack<P: Python>() -> Rc<Stack<P>> {
    Rc::new(Stack::new(Machine::new(), Limits::default()))
}

fn key<P: Python>(stack: &Stack<P>) -> Key<P, Created> {
    let entered = stack.enter(Value::new("shim"), |entry| {
        let mut f = entry.call(Value::function(2, 4), &mut [Value::new("a").slot()]).expect("a call");
        f.fetch();
        f.fetch();
        P::make_generator(f)
    });
    entered.expect("nothing runs")
}

/// One that has not begun.
fn created<P: Python>(stack: &Stack<P>) -> Value<P> {
    Value::generator(Generator::new(key(stack), Flavour::Generator, names()))
}

/// One that waits at its first `yield`.
fn suspended<P: Python>(stack: &Stack<P>) -> Value<P> {
    let generator = created(stack);
    yields(stack, &generator);
    generator
}

/// One that delegates to something.
fn delegating<P: Python>(stack: &Stack<P>, to: &Value<P>) -> Value<P> {
    let generator = created(stack);
    let to = to.clone();
    stack.vm().next_body(move |frame| delegate(frame, to, Value::new("yielded")));
    yields(stack, &generator);
    generator
}

fn yields<P: Python>(stack: &Stack<P>, generator: &Value<P>) {
    let sent = generator.get().next(stack).unwrap_or_else(|error| panic!("it yields, but raised {}", error.name()));
    assert!(matches!(sent, Sent::Yielded(_)), "it yields");
}

fn kind<P: Python>(result: Result<Sent<Value<P>>, Value<P>>) -> Option<ErrorKind> {
    result.err().and_then(|error| error.error_kind())
}

fn panics(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("a panic");
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a text")
}

attack! {
    /// Asked for its shim, the VM takes the frame that is to be resumed.
    fn the_shim_takes_the_frame<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let (taken, of) = (kept(), generator.clone());
        let hook = Rc::clone(&taken);
        stack.vm().on(Point::Shim, move || hook.replace(of.get().take::<Suspended>()).map_or((), drop));
        assert_eq!(kind(generator.get().next(&stack)), Some(ErrorKind::SystemError));
        taken.take().expect("it was taken").put_back();
        yields(&stack, &generator);
    }

    /// Asked for its shim, the VM runs the generator to its end.
    fn the_shim_ends_the_generator<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let (of, again) = (generator.clone(), Rc::clone(&stack));
        stack.vm().on(Point::Shim, move || {
            again.vm().next_body(|frame| finish(frame, Value::new("result")));
            assert!(matches!(of.get().next(&again), Ok(Sent::Returned(_))));
        });
        let sent = generator.get().next(&stack);
        assert_eq!(kind(sent), Some(ErrorKind::SystemError), "what is over does not run");
        assert!(generator.get().is_over());
    }

    /// The exception that a generator handles becomes a context, and the VM takes the frame meanwhile.
    fn the_context_takes_the_frame<P: Python>() {
        let stack = stack::<P>();
        let generator = created(&stack);
        stack.vm().next_body(|frame| {
            let (frame, old) = frame.escape(|stack| stack.replace_handled(Some(Value::error(ErrorKind::TypeError))));
            assert!(old.is_none());
            give(frame, Value::new("yielded"), Yield::Own)
        });
        yields(&stack, &generator);
        let (taken, of) = (kept(), generator.clone());
        let hook = Rc::clone(&taken);
        stack.vm().on(Point::Context, move || hook.replace(of.get().take::<Suspended>()).map_or((), drop));
        let thrown = generator.get().throw(&stack, &Throw::new(Value::error(ErrorKind::ValueError)));
        assert_eq!(kind(thrown), Some(ErrorKind::SystemError));
        drop(taken.take().expect("it was taken"));
        assert!(generator.get().is_over());
    }

    /// Making the exception that is thrown runs the generator to its end: then it is raised, and nothing runs.
    fn what_is_thrown_ends_the_generator<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let (of, again) = (generator.clone(), Rc::clone(&stack));
        stack.vm().on(Point::Instantiate, move || {
            again.vm().next_body(|frame| finish(frame, Value::new("result")));
            assert!(matches!(of.get().next(&again), Ok(Sent::Returned(_))));
            again.vm().next_run(|_, _| panic!("nothing runs"));
        });
        let thrown = generator.get().throw(&stack, &Throw::new(Value::class(ErrorKind::ValueError)));
        assert_eq!(kind(thrown), Some(ErrorKind::ValueError));
        assert!(generator.get().is_over());
    }

    /// Making the exception that is thrown takes the frame, and drops it when the exception is refused.
    fn what_is_thrown_takes_the_frame<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let (taken, of) = (kept(), generator.clone());
        let hook = Rc::clone(&taken);
        stack.vm().on(Point::Instantiate, move || hook.replace(of.get().take::<Suspended>()).map_or((), drop));
        let thrown = generator.get().throw(&stack, &Throw::new(Value::class(ErrorKind::ValueError)));
        assert_eq!(kind(thrown), Some(ErrorKind::ValueError), "generator already executing");
        assert!(taken.take().is_some(), "it was taken");
    }

    /// `GeneratorExit` is made, and that runs the generator to its end.
    fn what_closes_ends_the_generator<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let (of, again) = (generator.clone(), Rc::clone(&stack));
        stack.vm().on(Point::Exception, move || {
            again.vm().next_body(|frame| finish(frame, Value::new("result")));
            assert!(matches!(of.get().next(&again), Ok(Sent::Returned(_))));
            again.vm().next_run(|_, _| panic!("nothing runs"));
        });
        let closed = generator.get().close(&stack);
        assert!(closed.is_ok() || kind(closed.map(Sent::Returned)) == Some(ErrorKind::SystemError));
        assert!(generator.get().is_over());
    }

    /// Somebody has the frame of a generator that delegates, and something is thrown into that all the same: nobody may
    /// find the frame in the chain, and the delegate must not go with what the other one drops.
    fn the_frame_of_one_that_delegates_is_taken<P: Python>() {
        let stack = stack::<P>();
        let inner = suspended(&stack);
        let outer = delegating(&stack, &inner);
        drop(inner);
        let key = P::take(outer.get()).expect("it waits");
        let key = Rc::new(RefCell::new(Some(key)));
        let dropped = Rc::clone(&key);
        stack.vm().on(Point::Instantiate, move || drop(dropped.take()));
        let thrown = outer.get().throw(&stack, &Throw::new(Value::class(ErrorKind::TypeError)));
        assert_eq!(kind(thrown), Some(ErrorKind::ValueError), "generator already executing");
        let closed = outer.get().close(&stack);
        assert!(closed.is_ok() || kind(closed.map(Sent::Returned)) == Some(ErrorKind::ValueError));
        drop(key.take());
        stack.vm().forget();
    }

    /// The same, and the frame is run by who has it while the delegate does.
    fn the_frame_of_one_that_delegates_runs_twice<P: Python>() {
        let stack = stack::<P>();
        let inner = suspended(&stack);
        let outer = delegating(&stack, &inner);
        let key = P::take(outer.get()).expect("it waits");
        let again = Rc::clone(&stack);
        stack.vm().on(Point::Instantiate, move || {
            let entered = again.enter(Value::new("shim"), |entry| {
                let frame = P::resume(entry, key);
                let (frame, seen) = frame.escape(|stack| {
                    let mut seen = 0;
                    let walked = stack.walk(|_| {
                        seen += 1;
                        if seen > 9 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
                    });
                    walked.map(|_| seen)
                });
                assert!(seen.is_ok_and(|seen| seen < 9), "the chain ends");
                finish(frame, Value::new("result"))
            });
            drop(entered.expect("nothing runs"));
        });
        drop(outer.get().throw(&stack, &Throw::new(Value::class(ErrorKind::TypeError))));
        assert!(stack.enter(Value::new("shim"), |_| ()).is_ok());
        assert_eq!(stack.remaining(), Limits::default().recursion);
        stack.vm().forget();
    }

    /// Looking for the method `throw` of a delegate takes the frame, which calling it runs.
    fn the_frame_is_taken_by_a_lookup<P: Python>() {
        let stack = stack::<P>();
        let outer = delegating(&stack, &Value::new("foreign"));
        let (of, taken) = (outer.clone(), kept());
        let (hook, again) = (Rc::clone(&taken), Rc::clone(&stack));
        stack.vm().on(Point::Lookup, move || hook.replace(P::take(of.get())).map_or((), drop));
        stack.vm().on(Point::Call, move || {
            let Some(key) = taken.take() else { return };
            let entered = again.enter(Value::new("shim"), |entry| finish(P::resume(entry, key), Value::new("result")));
            drop(entered.expect("nothing runs"));
        });
        let runner = created(&stack);
        stack.vm().next_body(move |frame| {
            let (frame, below) = frame.escape(|stack| {
                drop(outer.get().throw(stack, &Throw::new(Value::error(ErrorKind::TypeError))));
                stack.frame_object(0).map(|object| object.is_some())
            });
            assert_eq!(below, Ok(true), "who threw is still in the chain");
            finish(frame, Value::new("result"))
        });
        assert!(matches!(runner.get().next(&stack), Ok(Sent::Returned(_))));
        stack.vm().forget();
    }

    /// A loop loses its handle; later somebody looks for the caller of the frame, which is long gone.
    fn a_lost_frame_has_no_caller<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        stack.vm().next_body(|_lost| Ok(Value::new("lost")));
        assert!(matches!(generator.get().next(&stack), Ok(Sent::Returned(_))));
        let cleared: Key<P, Cleared> = generator.get().take().expect("it is over");
        let object = cleared.object(stack.vm()).expect("memory");
        assert!(object.frame().back(stack.vm()).is_none());
        drop(cleared);
        drop(generator);
        assert!(object.frame().back(stack.vm()).is_none());
    }

    /// The frame of a generator that is gone gets another one, with other names.
    fn a_frame_gets_another_generator<P: Python>() {
        let stack = stack::<P>();
        let first = created(&stack);
        let key: Key<P, Created> = first.get().take().expect("it has not begun");
        drop(first);
        let second = Value::generator(Generator::new(key, Flavour::AsyncGenerator, names()));
        assert_eq!(second.get().flavour(), Flavour::AsyncGenerator);
        yields(&stack, &second);
    }

    /// The frame of a generator gets another one while that is there.
    fn a_frame_gets_two_generators<P: Python>() {
        let stack = stack::<P>();
        let first = created(&stack);
        let key: Key<P, Created> = first.get().take().expect("it has not begun");
        let message = panics(|| drop(Generator::new(key, Flavour::Generator, names())));
        assert_eq!(message, "the frame has a generator already");
        assert!(first.get().is_over(), "its frame went with the handle");
    }

    /// Whoever is refused while the frame is taken leaves no trace.
    fn who_is_refused_changes_nothing<P: Python>() {
        let stack = stack::<P>();
        let generator = suspended(&stack);
        let key: Key<P, Suspended> = generator.get().take().expect("it waits");
        assert_eq!(kind(generator.get().next(&stack)), Some(ErrorKind::ValueError));
        let thrown = generator.get().throw(&stack, &Throw::new(Value::error(ErrorKind::TypeError)));
        assert_eq!(kind(thrown), Some(ErrorKind::ValueError));
        assert_eq!(kind(generator.get().close(&stack).map(Sent::Returned)), Some(ErrorKind::ValueError));
        generator.get().finalize(&stack, &generator);
        key.put_back();
        yields(&stack, &generator);
    }

    /// A loop leaves frames waiting before it resumes the generator, for which there is no room then.
    fn there_is_no_room_when_it_starts<P: Python>() {
        let stack = Rc::new(Stack::<P>::new(Machine::new(), Limits { recursion: 1, ..Limits::default() }));
        let generator = suspended(&stack);
        stack.vm().next_run(|entry, resume| {
            let f = entry.call(Value::function(1, 1), &mut []).expect("room");
            let entry = f.park(Site::default()).expect("the only entry");
            let _ = resume.start(entry);
            panic!("there is no room");
        });
        let message = panics(|| drop(generator.get().next(&stack)));
        assert_eq!(message, "there is no room for another frame");
        assert_eq!(stack.remaining(), 0);
        assert!(stack.clear_parked());
        assert_eq!(stack.remaining(), 1);
        assert!(generator.get().is_over());
    }

    /// What the VM adds to the shim's frame takes the room that there was.
    fn the_shims_extra_takes_the_room<P: Python>() {
        let stack = Rc::new(Stack::<P>::new(Machine::new(), Limits { recursion: 1, ..Limits::default() }));
        let generator = suspended(&stack);
        let again = Rc::clone(&stack);
        stack.vm().on(Point::Shim, move || {
            let entered = again.enter(Value::new("shim"), |entry| {
                let f = entry.call(Value::function(1, 1), &mut []).expect("room");
                assert!(f.park(Site::default()).is_ok());
            });
            entered.expect("nothing runs");
        });
        assert_eq!(kind(generator.get().next(&stack)), Some(ErrorKind::RecursionError));
        assert!(stack.clear_parked());
        yields(&stack, &generator);
    }

    /// A site jumps further than can be noted: what was counted is not.
    fn a_jump_is_too_far<P: Python>() {
        let stack = stack::<P>();
        // Until 3.11 none runs on top of another.
        if P::LAYOUT.minor() == 11 {
            return;
        }
        let inner = suspended(&stack);
        let generator = created(&stack);
        let receiver = inner.clone();
        stack.vm().next_run(move |entry, resume| {
            let Started::Sent(mut frame) = resume.start(entry) else { panic!("sent") };
            let sent = frame.pop();
            frame.push(receiver.slot());
            if P::LAYOUT.minor() >= 15 {
                frame.push(frame_runtime::stack_ref::StackRef::null());
            }
            frame.push(sent);
            let site = Site { caches: 0, jump: u16::MAX };
            let Ok(mut inner) = frame.any().send_value(site) else { panic!("it waits") };
            drop(inner.pop());
            panic!("it fits");
        });
        let message = panics(|| drop(generator.get().next(&stack)));
        assert_eq!(stack.remaining(), Limits::default().recursion);
        if message != "it fits" {
            yields(&stack, &inner);
            // What is on a stack is lost with the handle.
            assert_eq!(inner.count(), 2);
            inner.drop_twice();
        }
    }
}
