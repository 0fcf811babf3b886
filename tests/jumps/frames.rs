//! Frames that are sent to other lines: they end up where the analysis says, with as much on the stack, and nothing is lost.

use std::marker::PhantomData;

use frame_runtime::code::jump::{Dropped, Source};
use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::frame_object::{FrameObject, Lineno, LinenoError};
use frame_runtime::machine::State;
use frame_runtime::machine::trace::{Machine as Trace, state};
use frame_runtime::pyc::marshal;
use frame_runtime::running::{Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use frame_runtime::vm::{FrameCode, FrameVm, Objects};

use crate::vectors::{Outcome, Position, cases};
use crate::vm::{Kind, Machine, Object, Stack, live};

type Failed = LinenoError<&'static str>;

fn thing<P: Activation>(number: u32) -> Object<P> {
    Object::new(Kind::Thing(number))
}

fn frame<P: Activation>(object: &Object<P>) -> &FrameObject<Machine<P>> {
    Machine::frame_object(object).expect("a frame object")
}

/// The frame of the loop that is being told, with a trace function.
fn traced<P: Activation>(stack: &Stack<P>) -> Object<P> {
    let object = stack.frame_object(0).expect("no loop holds it").expect("it is seen");
    drop(frame(&object).set_trace(Some(thing(0))));
    object
}

fn function<P: Activation>(bytes: &[u8]) -> Object<P> {
    let vm = Machine(PhantomData);
    let code = marshal::read_code(&vm, bytes).expect("what CPython marshalled");
    Object::new(Kind::Function(vm.make_code(code).expect("what CPython compiled")))
}

fn source<P: Activation>(function: &Object<P>) -> Source<'_> {
    let Kind::Function(code) = function.kind() else { unreachable!("it is a function") };
    let Kind::Code(code) = code.kind() else { unreachable!("it has code") };
    code.jumps().expect("it has lines")
}

fn stack<P: Activation>() -> Stack<P> {
    DataStack::new(Machine(PhantomData), Limits::default())
}

/// A loop that stands at a unit, with so many entries on its stack, and every other local bound.
fn stand<P: Activation, R>(
    stack: &Stack<P>,
    function: &Object<P>,
    unit: u32,
    depth: usize,
    body: impl for<'t> FnOnce(Running<'t, Machine<P>>) -> R,
) -> R {
    let run = |entry: frame_runtime::entry::Entry<'_, Machine<P>>| {
        let mut f = entry.call(function.clone(), &mut []).expect("room for a frame").any();
        f.jump(unit.cast_signed());
        f.fetch();
        for local in (0..f.code().nlocalsplus()).step_by(2) {
            drop(f.set_local(local, StackRef::owned(thing(local))));
        }
        for entry in 0..depth {
            f.push(StackRef::owned(thing(1000 + entry as u32)));
        }
        body(f)
    };
    stack.enter(Object::new(Kind::None), run).expect("nothing runs")
}

/// Jumps of one position that the analysis finds: how many there were.
fn jumps<P: Activation>(bytes: &[u8], at: &Position) -> usize {
    let stack = stack::<P>();
    let function = function::<P>(bytes);
    let source = source(&function);
    let unit = u32::try_from(at.lasti / 2).expect("a position in the code");
    let event = if at.event == "yield" { state::PY_YIELD } else { state::LINE };
    let before = live();
    let mut found = 0;
    for (line, theirs) in at.outcomes() {
        let Ok(jump) = source.find(unit, event == state::PY_YIELD, line) else { continue };
        if !matches!(theirs.found, Outcome::Unit(_)) {
            continue;
        }
        found += 1;
        let depth = jump.depth as usize + jump.drops.len();
        // 3.13 tells of a yield behind it.
        let told_of = if at.event == "yield" && P::LAYOUT.minor() == 13 { unit - 1 } else { unit };
        stand(&stack, &function, told_of, depth, |mut f| {
            let count = f.code().nlocalsplus();
            let unbound = (0..count).filter(|local| f.local(*local).is_null()).count();
            let mut warned = None;
            let told;
            (f, told) = f.tell(event, |stack| {
                let object = traced(stack);
                let none = |text: &str| {
                    warned = Some(text.to_owned());
                    Ok(Object::new(Kind::None))
                };
                let set: Result<(), Failed> = frame(&object).set_lineno(stack, Lineno::Line(line), none);
                assert_eq!(frame(&object).lasti(), 2 * jump.unit.cast_signed());
                set
            });
            assert_eq!(told.result, Ok(()), "line {line} from {unit}");
            assert!(told.moved);
            assert_eq!((f.next_index(), f.depth()), (jump.unit as usize, jump.depth as usize));
            let warning = match (P::LAYOUT.minor(), unbound) {
                (11, _) | (_, 0) => None,
                (_, 1) => Some(String::from("assigning None to 1 unbound local")),
                (_, many) => Some(format!("assigning None to {many} unbound locals")),
            };
            let bound = warning.is_some() || unbound == 0;
            assert_eq!((0..count).all(|local| !f.local(local).is_null()), bound, "`None` where nothing was");
            assert_eq!(warned, warning);
            // What is handled is what was nearest to the bottom of what was dropped for it.
            let handles = jump.drops.iter().rposition(|kind| *kind == Dropped::Exception);
            let handled = f.stack().handled().map(|value| match value.kind() {
                Kind::Thing(number) => *number,
                _ => unreachable!("only things are on the stack"),
            });
            assert_eq!(handled, handles.map(|from_top| (1000 + depth - 1 - from_top) as u32));
            drop(f.stack().replace_handled(None));
            while f.depth() > 0 {
                drop(f.pop());
            }
        });
        assert_eq!(live(), before, "line {line} from {unit}: nothing is left");
    }
    found
}

fn all<P: Activation>(release: &str) -> usize {
    let path = frame_tests::root().join(format!("tests/vectors/jumps/{release}.jsonl"));
    let mut found = 0;
    for case in cases(&path) {
        for at in case.at.iter().filter(|at| at.event == "line" || at.event == "yield") {
            found += jumps::<P>(&case.bytes, at);
        }
    }
    found
}

#[test]
fn frames_go_where_the_analysis_says() {
    std::thread::scope(|scope| {
        for (run, release) in [
            (all::<Cpython3_11> as fn(&str) -> usize, "3.11.7"),
            (all::<Cpython3_12>, "3.12.1"),
            (all::<Cpython3_13>, "3.13.18"),
            (all::<Cpython3_14>, "3.14.10"),
            (all::<Cpython3_15>, "3.15.2"),
        ] {
            scope.spawn(move || {
                let found = run(release);
                assert!(found > 3_000, "{release}: only {found} jumps");
            });
        }
    });
}

fn text<E: std::fmt::Debug>(error: LinenoError<E>) -> String {
    format!("{}: {error}", error.kind().expect("it is not a warning"))
}

/// What does not depend on the code, in the order in which it is asked.
fn refusals<P: Activation>(release: &str) {
    let path = frame_tests::root().join(format!("tests/vectors/jumps/{release}.jsonl"));
    let case = cases(&path).into_iter().find(|case| case.at.iter().any(|at| at.event == "line"));
    let case = case.expect("a function that is traced");
    let at = case.at.iter().find(|at| at.event == "line").expect("a line");
    let function = function::<P>(&case.bytes);
    let unit = u32::try_from(at.lasti / 2).expect("a position in the code");
    let new = P::LAYOUT.minor() >= 12;
    let line = source(&function).firstlineno;
    let set = |stack: &Stack<P>, object: &Object<P>, to: Lineno| {
        let set: Result<(), Failed> = frame(object).set_lineno(stack, to, |_| Ok(Object::new(Kind::None)));
        set.map_err(text)
    };
    let stack = stack::<P>();
    let tell = |event: State<Trace>, body: &dyn Fn(&Stack<P>) -> Result<(), String>| {
        stand(&stack, &function, unit, 0, |f| {
            let (_, told) = f.tell(event, |stack| {
                assert_eq!(stack.trace_event(), event);
                body(stack)
            });
            assert!(!told.moved);
            told.result
        })
    };
    let with = |to: Lineno| move |stack: &Stack<P>| set(stack, &traced(stack), to);

    assert_eq!(tell(state::LINE, &with(Lineno::NotAnInt)), Err("ValueError: lineno must be an integer".into()));
    assert_eq!(tell(state::LINE, &with(Lineno::from(1 << 40))), Err("ValueError: lineno out of range".into()));
    let before = format!("ValueError: line {} comes before the current code block", line - 1);
    assert_eq!(tell(state::LINE, &with(Lineno::Line(line - 1))), Err(before));
    assert_eq!(
        tell(state::PY_START, &with(Lineno::Line(line))),
        Err("ValueError: can't jump from the 'call' trace event of a new frame".into())
    );
    assert_eq!(
        tell(state::RAISE, &with(Lineno::Line(line))),
        Err("ValueError: can only jump from a 'line' trace event".into())
    );

    // Nothing is told.
    let idle =
        stand(&stack, &function, unit, 0, |f| f.escape(|stack| set(stack, &traced(stack), Lineno::Line(line))).1);
    let nothing = if new {
        "ValueError: f_lineno can only be set in a trace function"
    } else {
        "ValueError: can't jump from the 'call' trace event of a new frame"
    };
    assert_eq!(idle, Err(nothing.into()));

    // 3.11 asks for the frame's own trace function.
    let untraced = tell(state::LINE, &|stack| {
        let object = stack.frame_object(0).expect("no loop holds it").expect("it is seen");
        set(stack, &object, Lineno::Line(line - 1))
    });
    let untraced = untraced.expect_err("there is no such line");
    let by = "ValueError: f_lineno can only be set by a trace function";
    assert_eq!(untraced == by, !new, "{untraced}");

    // Another frame than the one that is told of, and one whose loop says that it stands where it does not.
    let caller = stand(&stack, &function, unit, 0, |f| {
        let mut f = f.call(function.clone(), Default::default(), Site::default()).expect("room for a frame");
        f.jump(unit.cast_signed());
        f.fetch();
        f.tell(state::LINE, |stack| {
            let object = stack.frame_object(1).expect("no loop holds it").expect("it is seen");
            drop(frame(&object).set_trace(Some(thing(0))));
            set(stack, &object, Lineno::Line(line))
        })
        .1
        .result
    });
    assert_eq!(caller, Err("ValueError: can't jump during a call".into()));
    let deeper = stand(&stack, &function, unit, 1, |f| {
        f.tell(state::LINE, |stack| with(Lineno::Line(line + 1))(stack)).1.result
    });
    assert_eq!(deeper, Err("ValueError: incompatible stacks".into()));

    // A warning that is an error changes nothing; what was told before is told again afterwards.
    let nested = tell(state::LINE, &|outer| {
        assert_eq!(outer.trace_event(), state::LINE);
        let inner = stand(outer, &function, unit, 0, |f| f.tell(state::CALL, |stack| stack.trace_event()).1.result);
        assert_eq!((inner, outer.trace_event()), (state::CALL, state::LINE));
        Ok(())
    });
    assert_eq!((nested, stack.trace_event()), (Ok(()), state::IDLE));
}

#[test]
fn what_may_not_jump_says_why() {
    refusals::<Cpython3_11>("3.11.7");
    refusals::<Cpython3_12>("3.12.1");
    refusals::<Cpython3_13>("3.13.18");
    refusals::<Cpython3_14>("3.14.10");
    refusals::<Cpython3_15>("3.15.2");
}
