//! Steps that are done by native code, on top of the frame whose steps they are.

use std::rc::Rc;

use frame_runtime::attribute::Change;
use frame_runtime::data_stack::DataStack;
use frame_runtime::frame_object::{ATTRIBUTES, ClearError};
use frame_runtime::machine::generator::event;
use serde_json::{Value as Json, json};

use crate::body::text;
use crate::driver::{self, Python};
use crate::script::{How, Late, Outcome, call_native, run, shown};
use crate::vm::{Kind, Machine, Value, World};

/// A step that is done by native code, with nothing of the frame's in registers.
pub(crate) fn step<P: Python>(
    world: &Rc<World<P>>,
    stack: &DataStack<Machine<P>>,
    what: &Json,
) -> Result<(), Value<P>> {
    let rest = &what.as_array().expect("a step")[1..];
    let register = |index: usize| world.kept(text(&rest[index]));
    let none = || Value::new(world, Kind::Plain(Json::Null));
    match text(&what[0]) {
        "native" => return call_native(world, stack, &world.function(text(&rest[1])), vec![none()]),
        "next" | "send_none" | "anext" | "advance" | "next_later" => {
            let event = if what[0] == "send_none" { event::SEND } else { event::NEXT };
            let outcome = driver::next(world, stack, &register(0), event);
            match (text(&what[0]), outcome) {
                ("advance", Outcome::Yielded(_)) => {}
                ("next_later", Outcome::Yielded(value)) => drop(world.late.replace(Some(Late::Yielded(value)))),
                ("anext", Outcome::Yielded(value)) => return Err(world.exception_with("StopIteration", "", value)),
                ("anext", Outcome::Returned(_)) => return Err(world.exception("StopAsyncIteration", "")),
                (_, Outcome::Yielded(value)) => world.outcome(what, json!({ "yielded": value })),
                (_, Outcome::Returned(value)) => return Err(world.exception_with("StopIteration", "", value)),
                (_, Outcome::Raised(error)) => return Err(error),
                (_, Outcome::Made(_)) => panic!("it goes on, and makes nothing"),
            }
        }
        "throw" => {
            let error = world.exception("Error", "thrown");
            match driver::throw(world, stack, &register(0), error) {
                Outcome::Yielded(value) => world.outcome(what, json!({ "yielded": value })),
                Outcome::Raised(error) => return Err(error),
                _ => return Err(world.exception("StopIteration", "")),
            }
        }
        "close" => {
            driver::close(world, stack, &register(0))?;
            world.outcome(what, json!({ "returned": null }));
        }
        "frame" | "frame_collecting" => {
            let depth = rest.get(1).and_then(Json::as_u64).unwrap_or(0);
            world.collecting.set(what[0] == "frame_collecting");
            let frame = stack.frame_object(usize::try_from(depth).expect("few frames"));
            let frame = frame.expect("nobody holds a frame").expect("there are as many");
            world.keep(text(&rest[0]), frame);
        }
        "gen_frame" => {
            let frame = driver::frame_of(world, stack, &register(1));
            keep(world, what, &rest[0], frame);
        }
        "back" => {
            let back = register(1).frame().back(stack.vm());
            keep(world, what, &rest[0], back);
        }
        "tb_frame" => {
            let error = register(1);
            let index = usize::try_from(rest[2].as_u64().expect("an index")).expect("few entries");
            // The first entry is that of the catcher, whose frame came last.
            let frame = error.exception().entries.borrow().iter().rev().nth(index).expect("an entry").frame.clone();
            drop(world.assign(text(&rest[0]), frame));
        }
        "is" => world.outcome(what, json!({ "same": register(0).same(&register(1)) })),
        "get" => {
            let shown = get(world, stack, &register(0), text(&rest[1]));
            world.outcome(what, shown);
        }
        "set" => {
            let outcome = change(world, &register(0), text(&rest[1]), Some(&rest[2]));
            world.outcome(what, outcome);
        }
        "unset" => {
            let outcome = change(world, &register(0), text(&rest[1]), None);
            world.outcome(what, outcome);
        }
        "clear" => {
            match register(0).frame().clear() {
                Ok(()) => {}
                Err(ClearError::Refused(kind, message)) => {
                    return Err(world.exception(&format!("{kind:?}"), message.pattern()));
                }
                Err(ClearError::Generator(generator)) => {
                    let generator = generator.expect("it is noted");
                    driver::clear_frame(world, stack, &generator)?;
                }
            }
            world.outcome(what, json!({ "ok": null }));
        }
        "slots" => {
            let frame = register(0);
            let bound = bound(world, &frame).into_iter().map(|(name, _)| name);
            world.outcome(what, bound.collect());
        }
        "remember" => {
            let finalizer = rest.get(2).map(text);
            let object = Value::named(world, text(&rest[1]), finalizer);
            remember(world, &register(0), object);
        }
        "state" => world.outcome(what, json!(driver::word(&register(0)))),
        "chain" => {
            let top = stack.frame_object(0).expect("nobody holds a frame");
            world.outcome(what, chain(stack, top));
        }
        "chain_of" => world.outcome(what, chain(stack, register(0).frame().back(stack.vm()))),
        "entries" => {
            let error = register(0);
            let entries = error.exception().entries.borrow();
            let rows = entries
                .iter()
                .rev()
                .map(|entry| json!([world.show(Some(&entry.frame)), entry.lasti == entry.frame.frame().lasti()]));
            world.outcome(what, rows.collect());
        }
        "drop" => drop(world.take(text(&rest[0]))),
        "say" => world.tell(what.clone()),
        "exec" => {
            let name = text(&rest[0]);
            let code = world.own_code(name);
            let mapping = Value::watched(world, Kind::Dict(Vec::new()), "f_locals");
            let function = world.function_of(name, &code);
            let ran = world.enter(stack, |entry| match entry.call(function, &mut []) {
                Ok(mut frame) => {
                    drop(frame.set_namespace(Some(mapping.clone())));
                    match run(world, frame, &world.bodies[name], None, How::Start).1 {
                        Outcome::Raised(error) => Err(error),
                        _ => Ok(()),
                    }
                }
                Err(refused) => Err(world.refusal(refused.reason)),
            });
            return ran.unwrap_or(Ok(()));
        }
        "garbage" => {
            let object = Value::named(world, text(&rest[0]), Some(text(&rest[1])));
            world.garbage.borrow_mut().push(object);
        }
        "delegate" => {
            let delegate = Value::new(world, Kind::Delegate(text(&rest[1]).to_owned()));
            drop(world.assign(text(&rest[0]), delegate));
        }
        "limit" => {
            let limit = u32::try_from(rest[0].as_u64().expect("a limit")).expect("a small limit");
            if let Err(error) = stack.set_recursion_limit(limit) {
                let kind = if limit == 0 { "ValueError" } else { "RecursionError" };
                return Err(world.exception(kind, &error.to_string()));
            }
        }
        "count" => world.count.set(world.count.get() + 1),
        "counted" => world.outcome(what, json!(world.count.take())),
        "later" => {
            let late = world.late.take().expect("something was kept");
            world.outcome(
                what,
                match &late {
                    Late::Yielded(value) => json!({ "yielded": value }),
                    Late::Raised(error) => shown(error),
                },
            );
        }
        "code_of" | "globals_of" | "builtins_of" => {
            let (frame, function) = (register(0), world.function(text(&rest[1])));
            let parts = frame_runtime::vm::Value::as_function(&function).expect("a function");
            let (found, own) = match text(&what[0]) {
                "code_of" => (frame.frame().code(), Some(parts.code)),
                "globals_of" => (frame.frame().globals(), parts.globals),
                _ => (frame.frame().builtins(), parts.builtins),
            };
            let same = found.zip(own).is_some_and(|(found, own)| found.same(own));
            world.tell(json!([what[0], rest[0], same]));
        }
        other => panic!("no step: {other}"),
    }
    Ok(())
}

/// Fills a register, and logs what was found.
fn keep<P: Python>(world: &World<P>, what: &Json, register: &Json, found: Option<Value<P>>) {
    if let Some(found) = &found {
        world.keep(text(register), found.clone());
    }
    world.outcome(what, world.show(found.as_ref()));
}

/// The bodies from a frame object down.
fn chain<P: Python>(stack: &DataStack<Machine<P>>, mut at: Option<Value<P>>) -> Json {
    let mut names = Vec::new();
    while let Some(frame) = at {
        let code = frame.frame().code().expect("a frame has code");
        names.push(code.code().name.clone());
        at = frame.frame().back(stack.vm());
    }
    names.into()
}

/// The variables that hold something, and what.
fn bound<P: Python>(world: &World<P>, frame: &Value<P>) -> Vec<(String, Value<P>)> {
    let code = frame.frame().code().expect("a frame has code");
    let body = &world.bodies[&code.code().name];
    let slots = (0..).zip(body.slots());
    let held = slots.filter_map(|(index, name)| {
        let value = frame.frame().get(index).ok()?.into_value()?;
        Some((name.clone(), value))
    });
    held.collect()
}

/// `f_locals["extra"] = object`
fn remember<P: Python>(world: &Rc<World<P>>, frame: &Value<P>, object: Value<P>) {
    let dict = Value::new(world, Kind::Dict(vec![object.clone()]));
    if let Err(no_such) = frame.frame().set_extra_locals(Some(dict)) {
        // Until 3.12 `f_locals` is a snapshot of all of them, in the order of the slots.
        drop(no_such);
        let mut snapshot: Vec<_> = bound(world, frame).into_iter().map(|(_, value)| value).collect();
        snapshot.push(object);
        drop(frame.frame().set_namespace(Some(Value::new(world, Kind::Dict(snapshot)))));
    }
}

fn attribute_error(kind: impl std::fmt::Debug, message: impl std::fmt::Display) -> Json {
    json!({ "raises": format!("{kind:?}"), "message": message.to_string() })
}

fn get<P: Python>(world: &World<P>, stack: &DataStack<Machine<P>>, object: &Value<P>, name: &str) -> Json {
    if ATTRIBUTES.find::<P>(name).is_none() {
        let refusal = ATTRIBUTES.unknown();
        return attribute_error(refusal.error, refusal.message(name));
    }
    let frame = object.frame();
    let found = match name {
        "f_back" => frame.back(stack.vm()),
        "f_builtins" => frame.builtins(),
        "f_code" => frame.code(),
        "f_generator" => frame.generator(),
        "f_globals" => frame.globals(),
        "f_trace" => frame.trace(),
        "f_trace_lines" => return frame.trace_lines().into(),
        "f_trace_opcodes" => return frame.trace_opcodes().into(),
        other => panic!("scenarios do not ask for {other}"),
    };
    world.show(found.as_ref())
}

/// Sets an attribute, or deletes it.
fn change<P: Python>(world: &Rc<World<P>>, object: &Value<P>, name: &str, value: Option<&Json>) -> Json {
    let Some(attribute) = ATTRIBUTES.find::<P>(name) else {
        let refusal = ATTRIBUTES.unknown_to_change::<P>();
        return attribute_error(refusal.error, refusal.message(name));
    };
    let (change, frame) = (if value.is_some() { attribute.set } else { attribute.delete }, object.frame());
    let refusal = match (change, value) {
        (Change::Refuses(refusal), _) => Some(refusal),
        (Change::Any, value) => {
            assert_eq!(name, "f_trace", "the only one that takes anything");
            let value = value.filter(|value| !value.is_null()).map(|value| match value.as_str() {
                Some("callable") => world.function("main"),
                _ => Value::new(world, Kind::Plain(value.clone())),
            });
            drop(frame.set_trace(value));
            None
        }
        (Change::Bool(_), Some(Json::Bool(traced))) => {
            match name {
                "f_trace_lines" => frame.set_trace_lines(*traced),
                "f_trace_opcodes" => frame.set_trace_opcodes(*traced),
                other => panic!("{other} is no flag"),
            }
            None
        }
        (Change::Bool(refusal), _) => Some(refusal),
        (Change::Str(_), _) => unreachable!("no text belongs to a frame object"),
        // Nothing traces any frame here.
        (Change::Line { untraced, .. }, Some(Json::Number(line))) if line.is_i64() => Some(untraced),
        (Change::Line { other, .. }, _) => Some(other),
    };
    refusal.map_or(json!({ "ok": null }), |refusal| attribute_error(refusal.error, refusal.message(name)))
}
