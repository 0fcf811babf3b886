//! What the code of a script does by itself: statements, yields, comprehensions, and its end.

use frame_runtime::cell::Unbound;
use frame_runtime::code::Verified;
use frame_runtime::locals::{self, LocalsVm};
use frame_runtime::opcode::OpcodeInfo;
use frame_runtime::running::{ByOwner, Returned};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::vm::{FrameCode, FrameVm};
use serde_json::json;

use crate::python::{Frame, Next, Python, Waiting};
use crate::replay::{Replay, Stop, register, slot_number, text};
use crate::values::exception;
use crate::vm::{Kind, Machine, Stack, Value};

impl<P: Python> Replay<'_, P> {
    /// Runs the frame until it stops.
    pub(super) fn run<'t>(&mut self, frame: Frame<'t, P>) -> Next<'t, P> {
        let mut frame = frame;
        loop {
            let (back, stop) = frame.escape(|stack| self.look(&top(stack), "code"));
            frame = back;
            let Stop::Code(at) = stop else {
                // The interpreter ended here.
                self.finish();
                return ended_any(frame, &mut self.generator);
            };
            self.at = at + 1;
            self.begin();
            let op = self.op(at);
            frame = match self.word(at) {
                "return" => {
                    if self.at < self.limit() && self.word(self.at) == "names" {
                        let names = self.op(self.at)[1].as_array().expect("names");
                        for cell in names.iter().map(|item| &item[1]).filter(|desc| desc[0] == "cell") {
                            let slot = slot_number(register(&cell[1]));
                            let cell = frame.local(slot).as_value().map(|cell| Value::clone(&cell));
                            self.cells.insert(slot, cell.expect("a cell"));
                        }
                    }
                    return ended_any(frame, &mut self.generator);
                }
                word @ ("suspend" | "delegate") => {
                    let ByOwner::Generator(frame) = frame.by_owner() else { panic!("it yields") };
                    let (next, waiting) = P::suspend(frame, word == "delegate");
                    self.generator = Some(waiting);
                    return next;
                }
                "store" => self.store(frame, text(&op[1]), self.made(&op[2], None)),
                "delete" => self.delete(frame, text(&op[1])),
                "load" => {
                    self.load(&frame, text(&op[1]));
                    frame
                }
                "next" => {
                    self.inside = true;
                    let value = self.made(&op[2], None);
                    let slot =
                        slot_of(&frame, text(&op[1]), "hidden").or_else(|| slot_of(&frame, text(&op[1]), "local"));
                    self.store_slot(frame, slot.expect("a variable"), value)
                }
                "end" => {
                    self.inside = false;
                    self.restore(frame)
                }
                "locals" | "cached" => {
                    let borrowed = self.word(at) == "cached";
                    let (frame, found) = frame.escape(|stack| {
                        let object = top(stack);
                        if borrowed { locals::borrowed_locals(stack, &object) } else { locals::locals(stack, &object) }
                    });
                    match found {
                        Ok(mapping) => self.put(register(&op[1]), mapping),
                        Err(error) => {
                            let raised = exception(self.stack, error);
                            self.raised(&raised);
                        }
                    }
                    frame
                }
                "go" | "slots" => frame,
                other => panic!("code does no {other}"),
            };
        }
    }

    pub(super) fn store_slot<'t>(&self, mut frame: Frame<'t, P>, slot: u32, value: Value<P>) -> Frame<'t, P> {
        let cell = frame.local(slot).as_value().map(|cell| Value::clone(&cell)).filter(|_| is_shared(&frame, slot));
        match cell.as_ref().and_then(Machine::cell) {
            Some(cell) => {
                let old = cell.set(value);
                frame.release(old.map_or(StackRef::null(), StackRef::owned))
            }
            None => {
                let old = frame.set_local(slot, StackRef::owned(value));
                frame.release(old)
            }
        }
    }

    pub(super) fn store<'t>(&mut self, frame: Frame<'t, P>, name: &str, value: Value<P>) -> Frame<'t, P> {
        match slot_of(&frame, name, "local").filter(|_| is_optimized(&frame)) {
            Some(slot) => self.store_slot(frame, slot, value),
            None => {
                let (namespace, key) = (self.namespace.clone().expect("a namespace"), self.vm().interned(name));
                let (frame, did) = frame.escape(|stack| stack.vm().set_item(stack, &namespace, &key, value));
                if let Err(raised) = did {
                    self.raised(&raised);
                }
                frame
            }
        }
    }

    pub(super) fn unbound(&mut self, frame: &Frame<'_, P>, slot: u32, name: &str) {
        let free = P::LOCALSPLUS.bits("free").expect("a kind");
        let kind = frame.code().kind(slot).expect("a kind");
        let unbound = if kind & free == 0 { Unbound::Local } else { Unbound::Free };
        let refusal = unbound.refusal::<P>();
        self.say("raises", json!([refusal.error.name(), refusal.message(name).to_string()]));
    }

    pub(super) fn not_defined(&mut self, name: &str) {
        self.say("raises", json!(["NameError", format!("name '{name}' is not defined")]));
    }

    pub(super) fn delete<'t>(&mut self, mut frame: Frame<'t, P>, name: &str) -> Frame<'t, P> {
        let Some(slot) = slot_of(&frame, name, "local").filter(|_| is_optimized(&frame)) else {
            let (namespace, key) = (self.namespace.clone().expect("a namespace"), self.vm().interned(name));
            let (frame, did) = frame.escape(|stack| stack.vm().del_item(stack, &namespace, &key));
            if !did.is_ok_and(|removed| removed) {
                self.not_defined(name);
            }
            return frame;
        };
        let cell = frame.local(slot).as_value().map(|cell| Value::clone(&cell)).filter(|_| is_shared(&frame, slot));
        let old = match cell.as_ref().and_then(Machine::cell) {
            Some(cell) => cell.take().map_or(StackRef::null(), StackRef::owned),
            None => frame.set_local(slot, StackRef::null()),
        };
        if old.is_null() {
            self.unbound(&frame, slot, name);
        }
        frame.release(old)
    }

    pub(super) fn load(&mut self, frame: &Frame<'_, P>, name: &str) {
        let content = |slot: u32| {
            let value = frame.local(slot).as_value().map(|value| Value::clone(&value))?;
            match Machine::cell(&value).filter(|_| is_shared(frame, slot)) {
                Some(cell) => cell.get(),
                None => Some(value),
            }
        };
        if is_optimized(frame) {
            let slot = slot_of(frame, name, "local").expect("a variable");
            match content(slot) {
                Some(value) => self.say_value(&value),
                None => self.unbound(frame, slot, name),
            }
            return;
        }
        let hidden = slot_of(frame, name, "hidden").and_then(content);
        let free = slot_of(frame, name, "free").and_then(content);
        let key = self.vm().interned(name);
        let namespace = self.namespace.clone().expect("a namespace");
        let named = || self.vm().get_item(self.stack, &namespace, &key);
        let found = match hidden {
            Some(value) => Ok(Some(value)),
            None if self.inside => Ok(free),
            None => named(),
        };
        match found {
            Ok(Some(value)) => self.say_value(&value),
            Ok(None) => self.not_defined(name),
            Err(raised) => self.raised(&raised),
        }
    }

    /// A comprehension is over: what its variables had before is there again, as the script says.
    pub(super) fn restore<'t>(&self, mut frame: Frame<'t, P>) -> Frame<'t, P> {
        let changed = match self.script["ops"].get(self.at) {
            Some(next) if next[0] == "slots" => next[1].as_array().expect("slots").clone(),
            _ => Vec::new(),
        };
        for change in changed {
            let slot = slot_number(register(&change[0]));
            let value = self.slot(&change[1]);
            let old = frame.set_local(slot, value);
            frame = frame.release(old);
        }
        while frame.depth() > 0 {
            let left = frame.pop();
            frame = frame.release(left);
        }
        frame
    }
}

/// The frame object of the topmost frame.
pub(super) fn top<P: Python>(stack: &Stack<P>) -> Value<P> {
    stack.frame_object(0).expect("nobody holds the frame").expect("there is a frame")
}

/// Ends an activation.
pub(super) fn ended<'t, P: Python>(frame: Frame<'t, P>) -> Next<'t, P> {
    match frame.by_owner() {
        ByOwner::Thread(frame) => P::end(frame),
        ByOwner::Generator(_) => panic!("a generator's frame ends otherwise"),
    }
}

/// Ends an activation, whoever owns the frame.
pub(super) fn ended_any<'t, P: Python>(
    frame: Frame<'t, P>,
    generator: &mut Option<Waiting<P>>,
) -> Returned<'t, Machine<P>> {
    match frame.by_owner() {
        ByOwner::Thread(frame) => P::end(frame),
        ByOwner::Generator(frame) => {
            let (next, waiting) = P::stop(frame, false);
            *generator = Some(waiting);
            next
        }
    }
}

/// Goes behind an instruction, by the unit in which it is.
pub(super) fn stand_at<P: Python>(frame: &mut Frame<'_, P>, unit: impl FnOnce(&Verified<Machine<P>>) -> u32) {
    let unit = unit(frame.code());
    let next = i32::try_from(frame.next_index()).expect("short code");
    frame.jump(i32::try_from(unit).expect("short code") - next);
    frame.fetch();
}

pub(super) fn unit_of<P: Python>(code: &impl FrameCode, name: &str) -> u32 {
    let named = |info: &OpcodeInfo| info.name == name;
    let opcode = P::LAYOUT.opcodes.iter().flatten().find(|info| named(info)).expect("an opcode").number;
    let unit = code.units().iter().position(|unit| unit.instruction().opcode == opcode);
    slot_number(unit.expect("the instruction"))
}

pub(super) fn frame_start<P: Python>(code: &Verified<Machine<P>>) -> u32 {
    slot_number(code.first_traceable())
}

pub(super) fn generator_return<P: Python>(code: &Verified<Machine<P>>) -> u32 {
    unit_of::<P>(code, "RETURN_GENERATOR")
}

pub(super) fn is_optimized<P: Python>(frame: &Frame<'_, P>) -> bool {
    frame.code().variables().optimized
}

/// Whether the variable of a slot may have a cell there.
pub(super) fn is_shared<P: Python>(frame: &Frame<'_, P>, slot: u32) -> bool {
    let bits = |kind| P::LOCALSPLUS.bits(kind).expect("a kind");
    frame.code().kind(slot).is_some_and(|kind| kind & (bits("cell") | bits("free")) != 0)
}

/// The slot of a name: of "local" any, else one of that kind.
pub(super) fn slot_of<P: Python>(frame: &Frame<'_, P>, name: &str, kind: &str) -> Option<u32> {
    let bits = if kind == "local" { 0xff } else { P::LOCALSPLUS.bits(kind).unwrap_or(0) };
    let variables = frame.code().variables();
    let named = |known: &Value<P>| matches!(known.kind(), Kind::Str(text) if text == name);
    let mut found = variables.names.iter().zip(variables.kinds);
    found.position(|(known, kind)| kind & bits != 0 && named(known)).map(slot_number)
}
