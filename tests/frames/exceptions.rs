//! Exceptions through frames of code objects that interpreters compiled: the traceback, and the handlers that they find.

use std::cell::RefCell;

use frame_runtime::data_stack::DataStack;
use frame_runtime::running::{Arguments, ByOwner, Returned};
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::unwind::{TracebackEntry, Unwound};
use frame_runtime::version::{Activation, Frames};
use frame_runtime::vm::FrameVm;
use serde_json::{Value as Json, json};

use crate::codes::{Codes, Instruction, code_of, created, end, number};
use crate::driver::{self, Frame, Python};
use crate::script::execute;
use crate::vm::{Machine, Value};

/// Calls one frame after the other, as deep as there are rows; the last one raises. Gives what was noted, the one that
/// raised first.
fn raise_through<'t, P: Python>(
    codes: &Codes<'_, P>,
    mut frame: Frame<'t, P>,
    rows: &[Json],
    noted: &Noted<P>,
) -> Frame<'t, P> {
    let (row, deeper) = rows.split_first().expect("an entry");
    let unit = number(&row["tb_lasti"]) / 2;
    let at = frame.code().instruction_at::<P>(unit);
    execute(&mut frame, at.unit);
    if let Some(next) = deeper.first() {
        let function = codes.function(&next["code"]);
        if number(&next["tb_lasti"]) / 2 < first_traceable(&function) {
            frame = frame.escape(|stack| throw_unbegun(codes, stack, &function, noted)).0;
        } else if stands_after_call::<P>(&at) == unit {
            let called = frame.call(function, Arguments::default(), at.site());
            let Ok(callee) = called else { panic!("there is room") };
            let callee = raise_through(codes, callee, deeper, noted);
            let Returned::Frame(back) = end(callee, true) else { panic!("a frame called it") };
            frame = back;
        } else {
            // The frame does not stand as in a call: there was native code in between.
            frame = frame
                .escape(|stack| {
                    let entered = codes.world.enter(stack, |entry| {
                        let Ok(callee) = entry.call(function, &mut []) else { panic!("there is room") };
                        drop(end(raise_through(codes, callee, deeper, noted), true));
                    });
                    entered.expect("nobody holds a frame");
                })
                .0;
        }
    }
    frame = note(frame, noted);
    if row["f_lasti"] != row["tb_lasti"] {
        execute(&mut frame, number(&row["f_lasti"]) / 2);
    }
    frame
}

/// Traceback entries.
type Noted<P> = RefCell<Vec<TracebackEntry<Value<P>>>>;

fn note<'t, P: Python>(frame: Frame<'t, P>, noted: &Noted<P>) -> Frame<'t, P> {
    let (frame, entry) = frame.traceback_entry();
    noted.borrow_mut().extend(entry);
    frame
}

fn first_traceable<P: Python>(function: &Value<P>) -> u32 {
    u32::try_from(code_of(function).code().first_traceable).expect("short code")
}

/// Where a frame stands that calls without native code.
fn stands_after_call<P: Python>(at: &Instruction) -> u32 {
    let calling = <<P as Activation>::Frames as Frames>::CALLING;
    at.unit + if calling.caches { u32::from(at.info.caches) } else { 0 }
}

/// Throws at a generator that has not begun.
fn throw_unbegun<P: Python>(
    codes: &Codes<'_, P>,
    stack: &DataStack<Machine<P>>,
    function: &Value<P>,
    noted: &Noted<P>,
) {
    let waiting = codes.enter_on(stack, function, |frame| created(frame).1);
    let stands = driver::stands(&waiting);
    let entered = codes.world.enter(stack, |entry| {
        let Ok(mut frame) = P::send_in(entry, waiting) else { panic!("there is room") };
        execute(&mut frame, stands);
        let ByOwner::Generator(frame) = note(frame, noted).by_owner() else { panic!("it is a generator's") };
        drop(P::stop(frame, true));
    });
    entered.expect("nobody holds a frame");
}

pub(crate) fn traceback<P: Python>(codes: &Codes<'_, P>, row: &Json) -> Json {
    let mut found = row.clone();
    for part in ["entries", "context", "kept"] {
        let Some(rows) = row[part].as_array().filter(|rows| !rows.is_empty()) else { continue };
        let noted = RefCell::new(Vec::new());
        codes.enter(&codes.function(&rows[0]["code"]), |frame| {
            drop(end(raise_through(codes, frame, rows, &noted), true));
        });
        let noted = noted.into_inner();
        let entries = noted.iter().rev().zip(rows).map(|(entry, row)| {
            let frame = entry.frame.frame();
            let line = entry.line::<Machine<P>>();
            json!({
                "code": row["code"], "tb_lasti": entry.lasti, "tb_lineno": line, "f_lasti": frame.lasti(),
                "f_lineno": frame.line(),
            })
        });
        found[part] = entries.collect();
    }
    found
}

// ---- unwinding ----

pub(crate) fn unwinding<P: Python>(codes: &Codes<'_, P>, row: &Json) -> Json {
    let mut found = row.clone();
    for frame in found["frames"].as_array_mut().expect("frames") {
        let (code, mut pushed) = (frame["code"].clone(), None);
        for handled in frame["handled"].as_array_mut().expect("handlers") {
            let before = pushed;
            pushed = handled["pushed_lasti"].as_u64().or(pushed);
            *handled = handler(codes, &code, handled, before);
        }
    }
    found
}

/// What an exception finds where a row says that one was raised; `pushed` is what a handler had noted before.
fn handler<P: Python>(codes: &Codes<'_, P>, name: &Json, row: &Json, pushed: Option<u64>) -> Json {
    let raised = number(&row["raised"]);
    codes.enter(&codes.function(name), |mut frame| {
        let (at, stacksize) = (frame.code().instruction_at::<P>(raised), frame.code().stacksize);
        execute(&mut frame, at.unit);
        let again = at.info.name == "RERAISE" && at.argument > 0;
        let entries = if again { stacksize - 1 - u32::from(at.argument) } else { stacksize };
        for _ in 0..entries {
            frame.push(StackRef::owned(codes.world.exception("Error", "boom")));
        }
        let error = codes.world.exception("Error", "boom");
        let unwound = if again {
            let index = pushed.expect("a handler noted it");
            let index = match StackRef::integer(isize::try_from(index).expect("a unit")) {
                Some(index) => index,
                None => {
                    let vm = codes.world.stack.vm();
                    let made = vm.make_instruction_index(u32::try_from(index).expect("a unit"));
                    StackRef::owned(made.expect("there is memory"))
                }
            };
            frame.push(index);
            for _ in 1..at.argument {
                frame.push(StackRef::null());
            }
            frame.push(StackRef::owned(error.clone()));
            frame.reraise(at.argument.into()).unwrap_or_else(|_| panic!("there is an exception"))
        } else {
            // A frame whose callee raised stands otherwise than one that raised itself.
            let callee = codes.function(&codes.callee());
            if at.info.caches > 0 && row["pushed_lasti"] == stands_after_call::<P>(&at) {
                let called = frame.call(callee, Arguments::default(), at.site());
                let Ok(called) = called else { panic!("there is room") };
                let Returned::Frame(back) = end(called, true) else { panic!("a frame called it") };
                frame = back;
            }
            frame.unwind(error.clone())
        };
        let Unwound::Handled(frame) = unwound else { return json!("there is no handler") };
        let stack = frame.depth();
        let top = frame.peek(0).as_value().is_some_and(|top| top.same(&error));
        let handler = frame_runtime::vm::FrameCode::handler_at(frame.code(), raised).expect("it was found");
        let lasti = handler.lasti.then(|| match frame.peek(1).duplicate().unpack() {
            Unpacked::Integer(index) => Some(index.unsigned_abs()),
            Unpacked::Value(value) => Machine::<P>::instruction_index(&value).map(|index| index as usize),
            Unpacked::Null => None,
        });
        let target = frame.next_index();
        let _ = frame.leave();
        json!({
            "raised": raised,
            "found": { "target": target, "depth": handler.depth, "lasti": handler.lasti },
            "stack": if top { json!(stack) } else { json!("the exception is not on top") },
            "pushed_lasti": lasti.flatten(),
        })
    })
}
