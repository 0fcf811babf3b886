//! Plays a script: makes the frame that it begins with, and does what was done, on the runtime's frames.

use std::collections::BTreeMap;

use frame_runtime::frame_object::ClearError;
use frame_runtime::locals::{self, Locals, LocalsVm};
use frame_runtime::machine::generator::{self, Flavour, event, state};
use frame_runtime::machine::{Error, Guard, Outcome, Runs};
use frame_runtime::running::ByOwner;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Version;
use frame_runtime::vm::{FrameVm, Value as _};
use serde_json::{Value as Json, json};

use crate::body::{ended, frame_start, generator_return, stand_at, top};
use crate::compare::Raises;
use crate::operations;
use crate::python::{Python, Waiting};
use crate::values::{Maker, empty, exception, same, shown};
use crate::vm::{self, Kind, Machine, Stack, Value};

/// Why no code can be told what to do next.
pub(super) enum Stop {
    /// The script is over.
    Over,
    /// The operation at this place is the code's, or a generator's.
    Code(usize),
}

pub(crate) struct Replay<'a, P: Python> {
    pub(super) stack: &'a Stack<P>,
    pub(super) codes: &'a BTreeMap<String, Value<P>>,
    pub(super) script: &'a Json,
    pub(super) maker: Maker<P>,
    pub(super) registers: [Option<Value<P>>; 4],
    pub(super) held: Option<Value<P>>,
    pub(super) other: Option<Value<P>>,
    pub(super) namespace: Option<Value<P>>,
    /// The cells in the slots of the body of a class, which its namespace gets.
    pub(super) cells: BTreeMap<u32, Value<P>>,
    /// What the code around a comprehension keeps.
    pub(super) host: Option<Value<P>>,
    pub(super) generator: Option<Waiting<P>>,
    /// The next operation.
    pub(super) at: usize,
    /// Whether the code is in a comprehension.
    pub(super) inside: bool,
    pub(super) did: Vec<Json>,
    /// What the operation that was begun came to.
    pub(super) now: Option<Json>,
}

pub(super) fn slot_number(index: usize) -> u32 {
    u32::try_from(index).expect("few slots")
}

pub(super) fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

pub(super) fn register(json: &Json) -> usize {
    usize::try_from(json.as_u64().expect("a register")).expect("a register")
}

impl<'a, P: Python> Replay<'a, P> {
    /// What the operations of a script come to here.
    pub(crate) fn play(stack: &'a Stack<P>, codes: &'a BTreeMap<String, Value<P>>, script: &'a Json) -> Vec<Json> {
        let mut replay = Replay {
            stack,
            codes,
            script,
            maker: Maker::default(),
            registers: Default::default(),
            held: None,
            other: None,
            namespace: None,
            cells: BTreeMap::new(),
            host: None,
            generator: None,
            at: 0,
            inside: false,
            did: Vec::new(),
            now: None,
        };
        replay.begin_script();
        replay.outside();
        replay.end_script();
        replay.did
    }

    pub(super) fn vm(&self) -> &'a Machine<P> {
        self.stack.vm()
    }

    pub(super) fn op(&self, at: usize) -> &'a Json {
        &self.script["ops"][at]
    }

    pub(super) fn word(&self, at: usize) -> &'a str {
        text(&self.op(at)[0])
    }

    // What is said.

    pub(super) fn begin(&mut self) {
        self.finish();
        self.now = Some(json!({}));
    }

    pub(super) fn finish(&mut self) {
        let mut died = vm::died();
        died.retain(|mark| !self.script["unseen"].as_array().is_some_and(|unseen| unseen.contains(&json!(mark))));
        if let Some(mut did) = self.now.take() {
            if !died.is_empty() {
                did["died"] = json!(died);
            }
            self.did.push(did);
        }
    }

    pub(super) fn say(&mut self, key: &str, value: Json) {
        self.now.as_mut().expect("an operation was begun")[key] = value;
    }

    pub(super) fn say_value(&mut self, value: &Value<P>) {
        let value = self.shown(value);
        self.say("value", value);
    }

    pub(super) fn raised(&mut self, exception: &Value<P>) {
        let Kind::Exception(kind, text) = exception.kind() else { panic!("no exception") };
        self.say("raises", json!([kind, text]));
    }

    // Values.

    pub(super) fn shown(&self, value: &Value<P>) -> Json {
        shown(self.namespace.as_ref(), value)
    }

    pub(super) fn made(&self, desc: &Json, frame: Option<&Value<P>>) -> Value<P> {
        self.maker.made(self.vm(), desc, &|desc| match desc[0].as_str() {
            Some("namespace") => self.namespace.clone(),
            Some("reg") => self.registers[register(&desc[1])].clone(),
            _ => frame.cloned(),
        })
    }

    pub(super) fn all(&self, descs: &[Json], frame: Option<&Value<P>>) -> Vec<Value<P>> {
        descs.iter().map(|desc| self.made(desc, frame)).collect()
    }

    pub(super) fn slot(&self, desc: &Json) -> StackRef<Machine<P>> {
        let content = || {
            (!desc[1].is_null() || desc.as_array().is_some_and(|parts| parts.len() > 1))
                .then(|| self.made(&desc[1], None))
        };
        match desc[0].as_str() {
            None => StackRef::null(),
            Some("cell") => StackRef::owned(self.vm().make_cell(content()).expect("a cell")),
            Some(_) => StackRef::owned(self.made(&desc[1], None)),
        }
    }

    // The frame that a script begins with.

    /// A function of the code, with closure as its slots say, and these slots.
    pub(super) fn function(&self, code: &str, slots: &Json) -> (Value<P>, Vec<StackRef<Machine<P>>>) {
        let code = self.codes.get(code).unwrap_or_else(|| panic!("no code {code}")).clone();
        let free = P::LOCALSPLUS.bits("free").expect("a kind");
        let mut closure = Vec::new();
        let kinds = code.as_code().expect("code").localspluskinds().to_vec();
        let slots: Vec<_> = slots.as_array().expect("slots").iter().map(|desc| self.slot(desc)).collect();
        for (slot, kind) in slots.iter().zip(&kinds) {
            if kind & free != 0 {
                closure.extend(slot.as_value().map(|cell| Value::clone(&cell)));
            }
        }
        assert_eq!(slots.len(), kinds.len(), "slots of the code");
        (Value::new(Kind::Function { code, closure }), slots)
    }

    pub(super) fn begin_script(&mut self) {
        let other = self.function("other", &self.script["other"]);
        let shim = self.vm().none_object();
        let object = self.stack.enter(shim.clone(), |entry| {
            let mut frame = entry.call(other.0, &mut []).unwrap_or_else(|_| panic!("there is room"));
            for (index, slot) in other.1.into_iter().enumerate() {
                drop(frame.set_local(slot_number(index), slot));
            }
            stand_at(&mut frame, frame_start::<P>);
            let (frame, object) = frame.escape(|stack| top(stack));
            drop(ended(frame));
            object
        });
        self.other = object.ok();
        let names = &self.script["namespace"];
        if !names.is_null() {
            self.namespace = Some(self.made_namespace(names));
        }
        let (function, slots) = self.function(text(&self.script["situation"]), &self.script["slots"]);
        self.host = (self.script["host"] == true).then(|| function.clone());
        let mut around = match function.kind() {
            Kind::Function { closure, .. } if self.script["owner"] == "thread" => closure.clone(),
            _ => Vec::new(),
        };
        drop(vm::died());
        let entered = self.stack.enter(shim, |entry| {
            let mut frame = entry.call(function, &mut []).unwrap_or_else(|_| panic!("there is room"));
            for (index, slot) in slots.into_iter().enumerate() {
                drop(frame.set_local(slot_number(index), slot));
            }
            drop(frame.set_namespace(self.namespace.clone()));
            let lasti = self.script["lasti"].as_u64().expect("a place") / 2;
            let thread = self.script["owner"] == "thread";
            stand_at(&mut frame, move |code| {
                if thread { slot_number(usize::try_from(lasti).expect("a place")) } else { generator_return::<P>(code) }
            });
            for held in self.script["stack"].as_array().expect("a stack") {
                frame.push(self.slot(held));
            }
            if thread {
                drop(self.run(frame));
            } else {
                let ByOwner::Thread(frame) = frame.by_owner() else { panic!("it was called") };
                let (next, waiting) = P::make_generator(frame);
                self.generator = Some(waiting);
                drop(next);
            }
        });
        entered.expect("nobody holds the stack");
        if self.host.take().is_some() {
            self.finish();
        }
        // The function around ends, which has the cells in slots.
        if <P as Version>::LAYOUT.minor() >= 14 {
            around.reverse();
        }
        around.into_iter().for_each(drop);
        if self.now.is_none() {
            drop(vm::died());
        }
    }

    pub(super) fn made_namespace(&self, names: &Json) -> Value<P> {
        let kind = text(&names[0]);
        let items = |tag: &str| match tag {
            "dd" => json!(["dd", "same", names[1]]),
            tag => json!([tag, names[1]]),
        };
        match kind {
            "dict" | "two" => self.made(&items("d"), None),
            "subclass" => self.made(&items("dd"), None),
            _ => {
                let map = self.made(&items("d"), None);
                let Kind::Dict(dict, _) = map.kind() else { panic!("a dict") };
                let class = if kind == "failing" { "Failing" } else { "Names" };
                Value::new(Kind::Map(std::cell::RefCell::new(dict.take()), class))
            }
        }
    }

    // Whoever looks.

    /// Does what is not the code's, of a frame that waits.
    pub(super) fn look(&mut self, frame: &Value<P>, place: &str) -> Stop {
        loop {
            let at = self.at;
            if at >= self.limit() {
                return Stop::Over;
            }
            match self.word(at) {
                "trace" => {
                    // What the snapshot loses before is still of the operation before.
                    let called = locals::around_callback(self.stack, frame, |_| {
                        self.at += 1;
                        self.begin();
                        if let Stop::Code(at) = self.look(frame, "callback") {
                            self.at = at + 1;
                            self.begin();
                        }
                    });
                    if let Err(error) = called {
                        let raised = exception(self.stack, error);
                        self.raised(&raised);
                    }
                }
                "traced" | "store" | "delete" | "load" | "locals" | "cached" | "return" | "suspend" | "delegate"
                | "next" | "end" | "slots" | "go" => return Stop::Code(at),
                "resume" | "release" | "names" | "over" if place == "outside" => return Stop::Code(at),
                _ => {
                    self.at += 1;
                    self.begin();
                    self.deed(at, Some(frame));
                }
            }
        }
    }

    /// Operations of which there is to be a result.
    pub(super) fn limit(&self) -> usize {
        self.script["did"].as_array().expect("results").len()
    }

    pub(super) fn outside(&mut self) {
        while self.at < self.limit() && self.word(self.at) != "over" {
            let frame =
                self.generator.as_ref().and_then(|waiting| waiting.object(self.vm())).or_else(|| self.held.clone());
            let at = self.at;
            match self.word(at) {
                "resume" => {
                    drop(frame);
                    self.at += 1;
                    self.begin();
                    self.resume(false);
                }
                "release" => {
                    drop(frame);
                    self.at += 1;
                    self.begin();
                    self.release_generator();
                }
                "names" => {
                    self.at += 1;
                    self.begin();
                    for item in self.op(at)[1].as_array().expect("names") {
                        let key = self.made(&item[0], None);
                        let value = match item[1][0].as_str() {
                            Some("cell") => self.cells[&slot_number(register(&item[1][1]))].clone(),
                            _ => self.made(&item[1], None),
                        };
                        let namespace = self.namespace.clone().expect("a namespace");
                        assert!(self.vm().set_item(self.stack, &namespace, &key, value).is_ok());
                    }
                    self.cells.clear();
                }
                _ => {
                    self.at += 1;
                    self.begin();
                    self.deed(at, frame.as_ref());
                }
            }
        }
    }

    /// Resumes the generator: it runs on, or an exception is thrown into it that it does not handle.
    pub(super) fn resume(&mut self, raises: bool) {
        let Some(waiting) = self.generator.take() else { return };
        if !waiting.waits() {
            self.generator = Some(waiting);
            return;
        }
        let entered = self.stack.enter(self.vm().none_object(), |entry| {
            let frame = P::send(entry, waiting);
            if raises {
                // The exception's traceback holds the frame object.
                let (frame, object) = frame.escape(top);
                let ByOwner::Generator(frame) = frame.by_owner() else { panic!("a generator's") };
                let (next, waiting) = P::stop(frame, true);
                self.generator = Some(waiting);
                drop(next);
                drop(object);
            } else {
                drop(self.run(frame));
            }
        });
        entered.expect("nobody holds the stack");
    }

    /// The last reference to the generator goes, and an exception is thrown into it; but from 3.13 on where nothing handles
    /// it, and from 3.12 on, or in a coroutine, where it has not begun.
    pub(super) fn release_generator(&mut self) {
        let minor = <P as Version>::LAYOUT.minor();
        let guarded = self.script["situation"] != "generator_expression" || minor < 13;
        let closes = |waiting: &Waiting<P>| match waiting {
            Waiting::Created(_) => minor == 11 && self.script["owner"] != "coroutine",
            waiting => waiting.waits() && guarded,
        };
        if self.generator.as_ref().is_some_and(closes) {
            self.resume(true);
        }
        drop(self.generator.take());
    }

    pub(super) fn end_script(&mut self) {
        if self.at < self.limit() {
            self.begin();
        } else {
            self.finish();
        }
        for register in &mut self.registers {
            drop(register.take());
        }
        drop(self.held.take());
        self.release_generator();
        drop(self.other.take());
        if let Some(namespace) = self.namespace.take() {
            // That of a class holds itself, by way of a cell.
            empty(&namespace);
        }
        self.finish();
        self.now = None;
    }

    pub(super) fn put(&mut self, register: usize, mapping: Value<P>) {
        let is_dict = matches!(mapping.kind(), Kind::Dict(_, None));
        let known =
            (0..4).find(|index| is_dict && self.registers[*index].as_ref().is_some_and(|held| same(held, &mapping)));
        let is_namespace = self.namespace.as_ref().is_some_and(|namespace| same(namespace, &mapping));
        let is = match known {
            _ if is_namespace => json!("namespace"),
            Some(index) => json!(["same", index]),
            None if self.vm().is_dict(&mapping) => json!("dict"),
            None => json!("proxy"),
        };
        self.say("is", is);
        if is_dict && !is_namespace {
            self.say_value(&mapping);
        }
        self.registers[register] = Some(mapping);
    }

    pub(super) fn put_locals(&mut self, register: usize, frame: &Value<P>) {
        match locals::f_locals(self.stack, frame) {
            Ok(Locals::Mapping(mapping)) => self.put(register, mapping),
            Ok(Locals::Proxy(locals)) => self.put(register, Value::new(Kind::Proxy(locals))),
            Err(error) => {
                let raised = exception(self.stack, error);
                self.raised(&raised);
            }
        }
    }

    pub(super) fn deed(&mut self, at: usize, frame: Option<&Value<P>>) {
        let op = self.op(at);
        let looked = |frame: Option<&Value<P>>| frame.expect("a frame to look at").clone();
        match self.word(at) {
            "f_locals" => self.put_locals(register(&op[1]), &looked(frame)),
            "other" => self.put_locals(register(&op[1]), &self.other.clone().expect("another frame")),
            "drop" => self.registers[register(&op[1])] = None,
            "hold" => self.held = Some(looked(frame)),
            "let go" => self.held = None,
            "clear" => self.clear(&looked(frame)),
            _ => match self.ask(at, frame) {
                Ok(value) => self.say_value(&value),
                Err(raised) => self.raised(&raised),
            },
        }
    }

    pub(super) fn ask(&self, at: usize, frame: Option<&Value<P>>) -> Raises<Value<P>, P> {
        let op = self.op(at);
        let arguments = &op.as_array().expect("an operation")[1..];
        let target = self.registers[register(&arguments[0])].clone().expect("a mapping");
        match self.word(at) {
            "is" => {
                let other = self.registers[register(&arguments[1])].as_ref().expect("a mapping");
                Ok(operations::is(&target, other))
            }
            "new" => {
                let given = self.all(arguments[1].as_array().expect("arguments"), frame);
                let made = operations::new(self.stack, &given, &arguments[2]);
                last_first(given);
                made
            }
            "call" => {
                let given = self.all(arguments[2].as_array().expect("arguments"), frame);
                let returned = operations::call_named(self.stack, &target, text(&arguments[1]), &given);
                last_first(given);
                returned
            }
            word => operations::ask(self.stack, &target, word, &self.all(&arguments[1..], frame)),
        }
    }

    /// `clear()` of a frame object.
    pub(super) fn clear(&mut self, frame: &Value<P>) {
        let (kind, message) = match frame.frame().clear() {
            Ok(()) => return,
            Err(ClearError::Refused(kind, message)) => (kind, message),
            Err(ClearError::Generator(_)) => {
                let flavour = if self.script["owner"] == "coroutine" { Flavour::Coroutine } else { Flavour::Generator };
                let from = self.generator.as_ref().map_or(state::EXECUTING, Waiting::state);
                let delegates = matches!(self.generator, Some(Waiting::Delegating(_)));
                let rules = <P as Runs<generator::Machine>>::RULES;
                let step = rules
                    .step(from, event::FRAME_CLEAR, flavour as u8, |guard| guard == Guard::Delegating && delegates);
                match step.outcome {
                    Outcome::Refuses(kind, message) if kind != Error::RuntimeWarning => (kind, message),
                    _ => {
                        match step.next {
                            Some(state::EXECUTING) => self.resume(true),
                            Some(next) if next != from => self.generator = self.generator.take().map(P::clear),
                            _ => {}
                        }
                        return;
                    }
                }
            }
        };
        self.say("raises", json!([format!("{kind:?}"), message.pattern()]));
    }
}

/// Drops arguments as CPython does those of a tuple.
fn last_first<P: Python>(mut given: Vec<Value<P>>) {
    while given.pop().is_some() {}
}
