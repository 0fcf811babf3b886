//! Local variables and lines of frames that the program sees and changes.

use std::marker::PhantomData;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::frame_object::{FrameObject, Lineno, LinenoError};
use frame_runtime::locals::{self, Error, Locals, LocalsVm};
use frame_runtime::machine::trace::state;
use frame_runtime::running::Running;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Activation;
use frame_runtime::vm::FrameVm;

use crate::locals_vm::{Kind, Machine, Object};

type Stack<P> = DataStack<Machine<P>>;

fn int<P: Activation>(number: i64) -> Object<P> {
    Object::new(Kind::Int(number))
}

fn name<P: Activation>(text: &str) -> Object<P> {
    Object::new(Kind::Name(text.into()))
}

fn number<P: Activation>(object: &Object<P>) -> i64 {
    if let Kind::Int(number) = object.kind() { *number } else { panic!("a number") }
}

fn frame<P: Activation>(object: &Object<P>) -> &FrameObject<Machine<P>> {
    Machine::frame_object(object).expect("a frame object")
}

fn top<P: Activation>(stack: &Stack<P>) -> Object<P> {
    stack.frame_object(0).expect("no loop holds it").expect("it is seen")
}

/// The kind of a variable.
fn kind<P: Activation>(names: &[&str]) -> u8 {
    names.iter().map(|name| P::LOCALSPLUS.bits(name).expect("every version has it")).sum()
}

/// A function of `a`, `b` and a cell `c` at its first instruction, with `a` bound to 1 and `c` to 3.
fn run<P: Activation>(body: impl for<'t> FnOnce(Running<'t, Machine<P>>)) {
    let kinds = [("a", kind::<P>(&["local"])), ("b", kind::<P>(&["local"])), ("c", kind::<P>(&["cell"]))];
    let function = Object::<P>::function(&kinds, Vec::new(), true);
    let stack = DataStack::new(Machine(PhantomData), Limits::default());
    let run = |entry: frame_runtime::entry::Entry<'_, Machine<P>>| {
        let mut f = entry.call(function, &mut [StackRef::owned(int(1))]).expect("room for a frame").any();
        f.fetch();
        let cell = Object::new(Kind::Cell(frame_runtime::cell::Cell::new(Some(int(3)))));
        drop(f.set_local(2, StackRef::owned(cell)));
        body(f);
    };
    stack.enter(Object::new(Kind::None), run).expect("nothing runs");
}

fn write<P: Activation>(stack: &Stack<P>, locals: &Locals<Machine<P>>, key: &str, value: i64) {
    let (key, value) = (name(key), int(value));
    let written = match locals {
        Locals::Mapping(mapping) => stack.vm().set_item(stack, mapping, &key, value).map_err(Error::Raised),
        Locals::Proxy(proxy) => proxy.set_item(stack, &key, value),
    };
    written.expect("nothing is raised");
}

/// Names that are bound, with their numbers.
fn bound<P: Activation>(stack: &Stack<P>) -> Vec<(String, i64)> {
    let dict = locals::locals(stack, &top(stack)).expect("nothing is raised");
    let text = |name: &Object<P>| if let Kind::Name(text) = name.kind() { text.clone() } else { panic!("a name") };
    let mut items: Vec<_> =
        stack.vm().dict_items(&dict).iter().map(|(key, value)| (text(key), number(value))).collect();
    items.sort();
    items
}

fn items(items: &[(&str, i64)]) -> Vec<(String, i64)> {
    items.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
}

pub(crate) fn are_written<P: Activation>() {
    let through = P::LAYOUT.minor() >= 13;
    let write_all = |stack: &Stack<P>| {
        let locals = locals::f_locals(stack, &top(stack)).expect("nothing is raised");
        for (key, value) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
            write(stack, &locals, key, value);
        }
    };
    let is = |slot: &StackRef<Machine<P>>| slot.as_value().map(|value| number(&value));
    let cell = |f: &Running<'_, Machine<P>>| {
        let value = f.local(2).as_value().expect("a cell");
        let Kind::Cell(cell) = value.kind() else { panic!("a cell") };
        cell.get().map(|value| number(&value))
    };
    run::<P>(|f| {
        let (f, ()) = f.escape(|stack| {
            assert_eq!(bound(stack), items(&[("a", 1), ("c", 3)]));
            write_all(stack);
        });
        let expected = if through { (Some(10), Some(20), Some(30)) } else { (Some(1), None, Some(3)) };
        assert_eq!((is(f.local(0)), is(f.local(1)), cell(&f)), expected, "a snapshot is lost");
        let (f, ()) = f.escape(|stack| {
            let seen: &[_] =
                if through { &[("a", 10), ("b", 20), ("c", 30), ("d", 40)] } else { &[("a", 1), ("c", 3), ("d", 40)] };
            assert_eq!(bound(stack), items(seen), "what is no variable stays");
            let object = top(stack);
            locals::around_callback(stack, &object, write_all).expect("nothing is raised");
        });
        assert_eq!(
            (is(f.local(0)), is(f.local(1)), cell(&f)),
            (Some(10), Some(20), Some(30)),
            "a trace function's is not"
        );
    });
}

pub(crate) fn line_is_set<P: Activation>() {
    run::<P>(|mut f| {
        // To the first `NOP`.
        let resume = P::LAYOUT.opcodes.iter().flatten().find(|info| info.name == "RESUME").expect("it is known");
        f.jump(resume.caches.into());
        f.fetch();
        let before = f.next_index();
        let to = |line| {
            move |stack: &Stack<P>| {
                let object = top(stack);
                drop(frame(&object).set_trace(Some(int(0))));
                assert_eq!(frame(&object).line(), Some(2));
                let set: Result<(), LinenoError<()>> =
                    frame(&object).set_lineno(stack, Lineno::Line(line), |_| Ok(Object::new(Kind::None)));
                (set, frame(&object).line())
            }
        };
        let told;
        (f, told) = f.tell(state::LINE, to(5));
        let (set, line) = told.result;
        assert_eq!(set.expect_err("no such line").to_string(), "line 5 comes after the current code block");
        assert_eq!((told.moved, line, f.next_index()), (false, Some(2), before));

        let told;
        (f, told) = f.tell(state::LINE, to(4));
        assert_eq!(told.result, (Ok(()), Some(4)));
        assert_eq!((told.moved, f.next_index()), (true, before + 1), "the next one to be fetched");
        let binds = P::LAYOUT.minor() >= 12;
        assert_eq!(!f.local(1).is_null(), binds, "what was not bound is `None`");
    });
}
