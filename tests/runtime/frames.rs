//! Frames over objects of one's own: the same statements for every version.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

mod calls;
mod locals;
#[path = "../attacks/locals_vm.rs"]
#[allow(dead_code, reason = "attacks do more with it")]
mod locals_vm;
mod machine;
#[path = "random.rs"]
mod random;
#[path = "review.rs"]
mod review;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use frame_runtime::data_stack::{CHUNK_BYTES, DataStack, Full, Limits};
use frame_runtime::entry::{Entry, Held};
use frame_runtime::frame::{InterpreterFrame, NoSlot};
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::layout::Layout;
use frame_runtime::machine::{Runs, generator, owner};
use frame_runtime::running::{Arguments, ByOwner, Reason, Returned, Running, Site};
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::version::{Activation, Frames, Version};
use frame_runtime::vm::Blank;
use machine::{Machine, Value, ended, live};

/// Minor version, `14` of `3.14`: what is expected of a version is said here by its number, or follows from its facts.
fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version")
}

/// Whether frames of a version point to what was executed last; later ones point to what is next.
fn points_back(layout: &Layout) -> bool {
    layout.find_struct("_PyInterpreterFrame").and_then(|item| item.field("prev_instr")).is_some()
}

/// The suite, once per version.
macro_rules! versions {
    ($($python:ident)*) => {
        $(#[allow(non_snake_case, reason = "named after the version")]
        mod $python {
            use super::*;

            type P = frame_runtime::version::$python;
            type F = <P as Activation>::Frames;
            type Stack = DataStack<Machine<P>>;

            fn enter<R>(stack: &Stack, body: impl for<'t> FnOnce(Entry<'t, Machine<P>>) -> R) -> R {
                stack.enter(Value::new("shim"), body).expect("nobody holds a frame")
            }

            #[test]
            fn local_variables_are_seen_and_written() {
                locals::are_written::<P>();
            }

            #[test]
            fn a_frame_is_sent_to_another_line() {
                locals::line_is_set::<P>();
            }

            #[test]
            fn headers_and_numbers_are_those_of_the_facts() {
                let layout = <P as Version>::LAYOUT;
                assert_eq!(layout.version, <P as Version>::NAME);
                let slots = layout.find_struct("_PyInterpreterFrame").and_then(|item| item.field("localsplus"));
                assert_eq!(Some(InterpreterFrame::<Blank<P>>::SLOTS_OFFSET), slots.map(|field| field.offset));
                let check = |name: &str, numbers: &[(String, i8)]| {
                    let group = layout.find_numbers(name).expect("an enum");
                    assert_eq!(numbers.len(), group.values.len(), "{name}");
                    for (state, raw) in numbers {
                        let known = group.values.iter().find(|(_, value)| *value == i64::from(*raw));
                        let (c_name, _) = known.unwrap_or_else(|| panic!("{raw} is no {name}"));
                        assert!(c_name.ends_with(&state.to_uppercase()), "{c_name} is `{state}`");
                    }
                };
                let owners = <P as Runs<owner::Machine>>::RULES;
                let rows = owners.numbers.iter().map(|(state, raw)| (owners.table.state_name(*state).to_owned(), *raw));
                check("_frameowner", &rows.collect::<Vec<_>>());
                let states = <P as Runs<generator::Machine>>::RULES;
                let rows = states.numbers.iter().map(|(state, raw)| (states.table.state_name(*state).to_owned(), *raw));
                check("PyFrameState", &rows.collect::<Vec<_>>());
            }

            #[test]
            fn cells_are_copied_and_made() {
                calls::cells_are_copied_and_made::<P>();
            }

            #[test]
            fn instructions_do_what_their_names_say() {
                calls::instructions_do_what_their_names_say::<P>();
            }

            #[test]
            fn a_checked_loop_borrows_nothing() {
                calls::a_checked_loop_borrows_nothing::<P>();
            }

            #[test]
            fn trampolines_have_their_arguments_on_the_stack() {
                calls::trampolines_have_their_arguments_on_the_stack::<P>();
            }

            #[test]
            fn bound_arguments_find_their_slots() {
                calls::bound_arguments_find_their_slots::<P>();
            }

            #[test]
            fn frames_wait_for_their_loop() {
                calls::frames_wait_for_their_loop::<P>();
            }

            #[test]
            fn chains_have_all_that_run() {
                calls::chains_have_all_that_run::<P>();
            }

            #[test]
            fn borrowed_locals_are_not_counted() {
                calls::borrowed_locals_are_not_counted::<P>(<F as Frames>::TAGS.borrowed != 0);
            }

            #[test]
            fn exceptions_find_their_handlers() {
                calls::exceptions_find_their_handlers::<P>(<F as Frames>::TAGS.integer != 0);
            }

            #[test]
            fn a_frame_is_cleared_in_the_order_of_its_version() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let mut arguments = ["a", "b", "c"].map(|name| Value::new(name).slot());
                    let mut f = entry.call(Value::function(4, 2), &mut arguments).expect("a call");
                    f.push(Value::new("d").slot());
                    ended();
                    let ByOwner::Thread(f) = f.by_owner() else { panic!("on the data stack") };
                    let Returned::Left(_) = f.ret() else { panic!("the first frame") };
                    let ascending = minor(<P as Version>::NAME) <= 13;
                    let slots = if ascending { ["a", "b", "c", "d"] } else { ["d", "c", "b", "a"] };
                    let rest = ["function", "globals", "extra", "code"];
                    assert_eq!(ended(), [slots, rest].concat());
                });
                assert_eq!(live(), 0);
            }

            #[test]
            fn arguments_move_and_the_caller_goes_on_behind_its_caches() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let mut f = entry.call(Value::function(0, 3), &mut []).expect("a call");
                    let argument = Value::new("argument");
                    f.push(StackRef::null());
                    f.push(argument.clone().slot());
                    assert_eq!(f.fetch().argument, 0);
                    let function = Value::function(2, 1);
                    let site = Site { caches: 3, jump: 0 };
                    let f = f.call(function.clone(), Arguments { count: 1, under: 1 }, site);
                    let mut f = f.expect("a call");
                    assert_eq!((argument.count(), function.count()), (2, 2), "moved, not copied");
                    assert_eq!(f.fetch().argument, 0, "the start of the callee");
                    assert_eq!(f.local(0).as_value().expect("the argument").name(), "argument");
                    assert!(f.local(1).is_null());
                    assert!(f.globals().is_some_and(|globals| globals.name() == "globals"));
                    assert!(f.builtins().is_none());
                    let ByOwner::Thread(f) = f.by_owner() else { panic!("on the data stack") };
                    let Returned::Frame(mut f) = f.ret() else { panic!("the caller") };
                    assert_eq!((argument.count(), function.count()), (1, 1));
                    assert_eq!(f.depth(), 0, "the empty slot under the argument is gone");
                    assert_eq!(f.fetch().argument, 4, "one for the call, three for its caches");
                });
                assert_eq!(live(), 0);
            }

            #[test]
            fn a_generator_stands_where_its_version_says() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let f = entry.call(Value::function(0, 1), &mut []).expect("a call");
                    let mut f = f;
                    let mut callee = {
                        f.fetch();
                        f.call(Value::function(1, 1), Arguments::default(), Site { caches: 3, jump: 0 }).expect("a call")
                    };
                    let kept = Value::new("kept");
                    drop(callee.set_local(0, kept.clone().slot()));
                    assert_eq!(callee.fetch().argument, 0, "RETURN_GENERATOR");
                    let ByOwner::Thread(callee) = callee.by_owner() else { panic!("by thread") };
                    let (returned, generator) = callee.make_generator().expect("memory");
                    let created = if points_back(<P as Version>::LAYOUT) { 0 } else { 1 };
                    assert_eq!(generator.lasti(), Some(created));
                    let number = <P as Version>::LAYOUT.find_numbers("PyFrameState").and_then(|group| group.value("FRAME_CREATED"));
                    assert_eq!(Some(i64::from(generator.raw_state())), number);
                    assert_eq!(kept.count(), 2, "moved");
                    let Returned::Frame(mut f) = returned else { panic!("the caller") };
                    assert_eq!(f.fetch().argument, 4);

                    // FOR_ITER with one cache, like SEND, that jumps two units when the generator ends.
                    let mut g = f.send(generator, Site { caches: 1, jump: 2 }).expect("a call");
                    assert_eq!(g.fetch().argument, 1, "behind RETURN_GENERATOR");
                    g.push(Value::new("sent").slot());
                    assert_eq!(g.fetch().argument, 2, "YIELD_VALUE");
                    let (returned, generator) = g.suspend::<generator::Suspended>();
                    let suspended = if points_back(<P as Version>::LAYOUT) { 2 } else { 3 };
                    assert_eq!(generator.lasti(), Some(suspended));
                    assert_eq!(generator.get(1).expect("in use").as_value().expect("a value").name(), "sent");
                    assert_eq!(generator.get(2).map(|_| ()), Err(NoSlot::Unused));
                    let Returned::Frame(mut f) = returned else { panic!("the resumer") };
                    assert_eq!(f.next_index(), 6, "behind the cache, not jumped");
                    assert_eq!(f.fetch().argument, 6);

                    let mut g = f.send(generator, Site { caches: 1, jump: 1 }).expect("a call");
                    assert_eq!(g.fetch().argument, 3, "behind YIELD_VALUE");
                    ended();
                    let (returned, generator) = g.finish();
                    assert_eq!(ended(), ["sent", "function", "globals"], "the code stays");
                    assert_eq!(kept.count(), 1);
                    let Returned::Frame(f) = returned else { panic!("the resumer") };
                    let jumps = <P as Version>::LAYOUT
                        .find_struct("_PyInterpreterFrame")
                        .is_some_and(|item| item.field("return_offset").is_some());
                    assert_eq!(f.next_index(), if jumps { 9 } else { 8 }, "behind the cache, and jumped where that is stored");
                    let generator: GeneratorFrame<_, generator::Cleared> = generator;
                    drop(generator.release::<generator::Cleared>());
                    assert_eq!(ended(), ["extra", "code"]);
                });
                assert_eq!(live(), 0);
            }

            #[test]
            fn a_generator_is_resumed_from_an_entry_and_dropped_in_any_state() {
                let stack = Stack::default();
                for steps in 0..3 {
                    enter(&stack, |entry| {
                        let mut arguments = [Value::new("a").slot(), Value::new("b").slot()];
                        let f = entry.call(Value::function(2, 1), &mut arguments).expect("a call");
                        let ByOwner::Thread(mut f) = f.by_owner() else { panic!("by thread") };
                        f.fetch();
                        let (returned, created) = f.make_generator().expect("memory");
                        let Returned::Left(entry) = returned else { panic!("the entry") };
                        if steps == 0 {
                            let _: GeneratorFrame<_, generator::Cleared> = created.release();
                            return;
                        }
                        let mut g = entry.send(created).expect("a call");
                        g.fetch();
                        let (returned, suspended) = g.suspend::<generator::Suspended>();
                        let Returned::Left(entry) = returned else { panic!("the entry") };
                        if steps == 1 {
                            return;
                        }
                        let g = entry.send(suspended).expect("a call");
                        let (_, _cleared) = g.fail();
                    });
                    assert_eq!(live(), 0, "after {steps} steps");
                }
                assert_eq!(stack.remaining(), Limits::default().recursion);
            }

            #[test]
            fn limits_lose_nothing() {
                let stack = Stack::new(Machine::default(), Limits { recursion: 2, ..Limits::default() });
                enter(&stack, |entry| {
                    let f = entry.call(Value::function(0, 2), &mut []).expect("a call");
                    let f = f.call(Value::function(0, 2), Arguments::default(), Site::default());
                    let mut f = f.expect("a call");
                    f.push(StackRef::null());
                    f.push(Value::new("argument").slot());
                    ended();
                    let arguments = Arguments { count: 1, under: 1 };
                    let refused = f.call(Value::function(1, 1), arguments, Site::default());
                    let Err(refused) = refused else { panic!("two are enough") };
                    assert_eq!(refused.reason, Reason::Full(Full::Recursion));
                    assert_eq!(refused.reason.to_string(), "maximum recursion depth exceeded");
                    assert_eq!(ended(), ["extra"], "only what was made for the frame");
                    let f = refused.caller;
                    assert_eq!(f.depth(), 2);
                    assert_eq!(f.peek(0).as_value().expect("the argument").name(), "argument");
                    assert_eq!(refused.callee.count(), 1);
                    let refused = f.call(Value::function(0, 1), arguments, Site::default());
                    let Err(refused) = refused else { panic!("there is no local for the argument") };
                    assert_eq!(refused.reason, Reason::Unfit);
                    let refused = refused.caller.call(Value::new("no function"), arguments, Site::default());
                    let Err(refused) = refused else { panic!("it is no function") };
                    assert_eq!(refused.reason, Reason::NotAFunction);
                    refused.caller.leave();
                    assert_eq!(stack.remaining(), 2);
                });
                assert_eq!((live(), stack.remaining()), (0, 2));

                let stack = Stack::new(Machine::default(), Limits { bytes: CHUNK_BYTES, ..Limits::default() });
                enter(&stack, |entry| {
                    let mut arguments = [Value::new("argument").slot()];
                    let Err(refused) = entry.call(Value::function(1, 100_000), &mut arguments) else { panic!("too large") };
                    assert_eq!(refused.reason, Reason::Full(Full::Memory));
                    assert!(!arguments[0].is_null());
                    let entry = refused.caller;
                    let _ = entry.call(Value::function(1, 1000), &mut arguments).expect("room for this");
                    assert!(arguments[0].is_null());
                });
                assert_eq!(live(), 0);
            }

            #[test]
            fn deep_calls_cross_chunks_and_come_back() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let function = Value::function(3, 10);
                    let mut f = entry.call(function.clone(), &mut []).expect("a call");
                    for depth in 1..900 {
                        f.push(Value::new("argument").slot());
                        f.fetch();
                        let arguments = Arguments { count: 1, under: 0 };
                        f = f.call(function.clone(), arguments, Site::default()).expect("a call");
                        assert_eq!(function.count(), depth + 2);
                    }
                    assert!(stack_bytes(&f) > 4 * CHUNK_BYTES);
                    for _ in 1..900 {
                        let ByOwner::Thread(top) = f.by_owner() else { panic!("by thread") };
                        let Returned::Frame(caller) = top.ret() else { panic!("a caller") };
                        f = caller;
                        assert_eq!((f.depth(), f.next_index()), (0, 1));
                    }
                    assert_eq!(function.count(), 2);
                });
                assert_eq!(live(), 0);
                assert_eq!(stack.bytes(), 2 * CHUNK_BYTES, "the root chunk and a spare one");
            }

            fn stack_bytes(f: &Running<'_, Machine<P>>) -> usize {
                f.stack().bytes()
            }

            #[test]
            fn a_panicking_destructor_stops_nothing() {
                let stack = Stack::default();
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    enter(&stack, |entry| {
                        let f = entry.call(Value::function(0, 0), &mut []).expect("a call");
                        let f = f.call(Value::function(3, 0), Arguments::default(), Site::default());
                        let mut f = f.expect("a call");
                        for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
                            let value = if name == "b" {
                                Value::ending(name, || panic!("in a destructor"))
                            } else {
                                Value::new(name)
                            };
                            drop(f.set_local(u32::try_from(index).expect("small"), value.slot()));
                        }
                        let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
                        let _ = f.ret();
                    });
                }));
                let payload = panic.expect_err("the panic goes on");
                assert_eq!(payload.downcast_ref::<&str>(), Some(&"in a destructor"));
                assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
                enter(&stack, |entry| assert!(entry.call(Value::function(0, 0), &mut []).is_ok()));
            }

            #[test]
            fn a_panic_clears_what_is_above_the_entry() {
                let stack = Stack::default();
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    enter(&stack, |entry| {
                        let mut f = entry.call(Value::function(1, 2), &mut [Value::new("a").slot()]).expect("a call");
                        f.push(Value::new("waits").slot());
                        let f = f.call(Value::function(1, 2), Arguments::default(), Site::default());
                        let mut f = f.expect("a call");
                        f.push(Value::new("top").slot());
                        f.escape(|_| panic!("a native fails"));
                    });
                }));
                panic.expect_err("the panic goes on");
                assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
            }

            #[test]
            fn a_lost_handle_leaves_a_frame_that_is_cleared() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let f = entry.call(Value::function(2, 1), &mut [Value::new("a").slot()]).expect("a call");
                    let f = f.call(Value::function(1, 1), Arguments::default(), Site::default()).expect("a call");
                    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
                    let (returned, generator) = f.make_generator().expect("memory");
                    let Returned::Frame(f) = returned else { panic!("the caller") };
                    std::mem::forget(f.send(generator, Site::default()));
                });
                assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
            }

            #[test]
            fn only_spilled_frames_are_entered_above() {
                let stack = Stack::default();
                enter(&stack, |entry| {
                    let f = entry.call(Value::function(0, 1), &mut []).expect("a call");
                    assert_eq!(stack.enter(Value::new("shim"), |_| ()), Err(Held));
                    let (mut f, depth) = f.escape(|stack| {
                        stack.enter(Value::new("shim"), |inner| {
                            let _left_behind = inner.call(Value::function(1, 1), &mut [Value::new("a").slot()]);
                            stack.remaining()
                        })
                    });
                    assert_eq!(depth, Ok(Limits::default().recursion - 2));
                    f.push(Value::new("still works").slot());
                    let (f, remaining) = f.escape(|stack| stack.remaining());
                    assert_eq!(remaining, Limits::default().recursion - 1);
                    f.leave();
                });
                enter(&stack, |outer| {
                    enter(&stack, |_| {
                        let Err(refused) = outer.call(Value::function(0, 0), &mut []) else { panic!("not on top") };
                        assert_eq!(refused.reason, Reason::NotOnTop);
                    });
                });
                assert_eq!(live(), 0);
            }

            #[test]
            fn destructors_run_above_the_frame_that_ends() {
                let stack = Rc::new(Stack::default());
                let seen = Rc::new(RefCell::new(Vec::new()));
                let run = || {
                    let (stack, seen) = (Rc::clone(&stack), Rc::clone(&seen));
                    Value::ending("runs", move || {
                        let ran = stack.enter(Value::new("shim"), |entry| {
                            entry.call(Value::function(1, 0), &mut [Value::new("inner").slot()]).is_ok()
                        });
                        seen.borrow_mut().push(ran);
                    })
                };
                enter(&stack, |entry| {
                    let f = entry.call(Value::function(0, 1), &mut []).expect("a call");
                    let f = f.call(Value::function(2, 1), Arguments::default(), Site::default()).expect("a call");
                    let mut f = f;
                    drop(f.set_local(0, run().slot()));
                    let old = f.set_local(1, run().slot());
                    let f = f.release(old);
                    let last = run();
                    let f = f.release(last.slot());
                    assert_eq!(seen.take(), [Ok(true)], "a last reference is an escape");
                    let ByOwner::Thread(f) = f.by_owner() else { panic!("by thread") };
                    let _ = f.ret();
                    assert_eq!(seen.take(), [Ok(true), Ok(true)]);
                });
                assert_eq!((live(), stack.remaining()), (0, Limits::default().recursion));
            }

            #[test]
            fn bounds_are_checked() {
                type Body = for<'t> fn(Running<'t, Machine<P>>);
                let bodies: [(&str, Body); 7] = [
                    ("push on a full", |mut f| (0..3).for_each(|_| f.push(StackRef::null()))),
                    ("pop from an empty", |mut f| drop(f.pop())),
                    ("pop from an empty", |f| drop(f.peek(0).duplicate())),
                    ("no such local", |f| drop(f.local(1).duplicate())),
                    ("no such local", |mut f| drop(f.set_local(u32::MAX, StackRef::null()))),
                    ("outside of the code", |mut f| f.jump(-1)),
                    ("outside of the code", |mut f| loop {
                        f.fetch();
                    }),
                ];
                for (text, body) in bodies {
                    let stack = Stack::default();
                    let panic = catch_unwind(AssertUnwindSafe(|| {
                        enter(&stack, |entry| body(entry.call(Value::function(1, 2), &mut []).expect("a call")));
                    }));
                    let payload = panic.expect_err(text);
                    let message = payload.downcast_ref::<&str>().expect("a text");
                    assert!(message.contains(text), "{message}");
                    assert_eq!(stack.remaining(), Limits::default().recursion);
                }
            }

            #[test]
            fn slots_are_what_went_in() {
                assert_eq!(size_of::<StackRef<Machine<P>>>(), 8);
                assert!(matches!(StackRef::<Machine<P>>::null().unpack(), Unpacked::Null));
                assert!(StackRef::<Machine<P>>::null().as_any_value().is_none());
                let value = Value::new("a");
                let slot: StackRef<Machine<P>> = value.clone().slot();
                assert_eq!((slot.is_owned(), value.count()), (true, 2));
                assert_eq!(slot.as_any_value().expect("a value").name(), "a");
                let copy = slot.duplicate();
                assert_eq!(value.count(), 3);
                assert_eq!(copy.into_value().expect("a value").name(), "a");
                drop(slot);
                assert_eq!(value.count(), 1);
                // SAFETY: `value` outlives the slots.
                let borrowed: StackRef<Machine<P>> = unsafe { StackRef::borrowed(&value) };
                let counted = if <F as Frames>::TAGS.mask == 0 { 2 } else { 1 };
                assert_eq!(value.count(), counted);
                assert_eq!(borrowed.as_value().expect("a value").name(), "a");
                assert_eq!(borrowed.as_any_value().expect("a value").name(), "a");
                let owned = borrowed.into_owned();
                assert_eq!((owned.is_owned(), value.count()), (true, 2));
                drop(owned);
                assert_eq!(value.count(), 1);
                for integer in [0, 1, -1, isize::MAX >> 2, isize::MIN >> 2] {
                    match StackRef::<Machine<P>>::integer(integer) {
                        Some(slot) => {
                            assert!(slot.as_value().is_none() && slot.as_any_value().is_none());
                            assert!(matches!(slot.duplicate().unpack(), Unpacked::Integer(same) if same == integer));
                        }
                        None => assert_eq!(<F as Frames>::TAGS.mask, 0),
                    }
                }
                assert!(StackRef::<Machine<P>>::integer(isize::MAX).is_none());
            }

            #[test]
            fn whatever_happens_every_reference_comes_out_once() {
                for seed in 1..400 {
                    random::run::<P>(seed);
                    assert_eq!(live(), 0, "seed {seed}");
                    ended();
                }
            }

            #[test]
            fn cleared_frames_run_again() {
                review::cleared_frames_run_again::<P>();
            }

            #[test]
            fn positions_stay_in_the_code() {
                review::positions_stay_in_the_code::<P>();
            }

            #[test]
            fn memory_goes_back_to_its_owner() {
                review::memory_goes_back_to_its_owner::<P>();
            }

            #[test]
            fn generators_change_stacks() {
                review::generators_change_stacks::<P>();
            }

            #[test]
            fn destructors_do_what_they_like() {
                review::destructors_do_what_they_like::<P>();
            }

            #[test]
            fn a_vm_may_panic() {
                review::a_vm_may_panic::<P>();
            }

            #[test]
            fn sizes_do_not_wrap() {
                review::sizes_do_not_wrap::<P>();
            }
        })*
    };
}

frame_runtime::for_each_activation!(versions);
