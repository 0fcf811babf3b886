//! What a script happens in: its objects, registers and settings, and what is told of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use frame_runtime::data_stack::Limits;
use frame_runtime::generator::Hooks;
use serde_json::{Map, Value as Json, json};

use super::compile::compile;
use super::eval::Instructions;
use super::operations::Stop;
use super::python::Python;
use super::vm::{Callable, Kind, Machine, Own, Stack, Value};

/// Registers of a script.
const REGISTERS: usize = 6;
/// Operations within operations, and all of a script.
const DEEPEST: u32 = 5;
const MOST: u32 = 200;

/// Whose body, method or hook it is that asks.
pub(crate) enum Me<P: Python> {
    Nobody,
    /// The object whose body runs.
    Own(Own<P>),
    /// An object that is held until its method returns.
    Held(RefCell<Option<Value<P>>>),
}

impl<P: Python> Me<P> {
    pub(crate) fn get(&self) -> Option<Value<P>> {
        match self {
            Me::Nobody => None,
            Me::Own(own) => own.get(),
            Me::Held(held) => held.borrow().clone(),
        }
    }
}

pub(crate) struct World<P: Python> {
    pub(crate) stack: Stack<P>,
    own: Weak<World<P>>,
    pub(crate) script: Json,
    pub(crate) instructions: Instructions,
    none: OnceCell<Value<P>>,
    functions: OnceCell<Vec<Value<P>>>,
    registers: RefCell<[Option<Value<P>>; REGISTERS]>,
    /// The exceptions of the script, by class and number.
    pub(crate) exceptions: RefCell<Vec<(String, Json, Value<P>)>>,
    pub(crate) hooks: RefCell<Hooks<Value<P>>>,
    /// Whether warnings are raised.
    pub(crate) strict: Cell<bool>,
    /// How many objects that run bodies there were, and foreign ones.
    pub(crate) made: Cell<u64>,
    pub(crate) foreigns: Cell<u64>,
    depth: Cell<u32>,
    done: Cell<u32>,
    over: Cell<bool>,
    states: RefCell<[Json; REGISTERS]>,
    logs: RefCell<Vec<Vec<Json>>>,
    deaths: RefCell<Vec<Vec<Json>>>,
    /// What is there of what has a label.
    living: RefCell<BTreeMap<String, (Json, isize)>>,
    /// All objects, to clear those that are in cycles.
    objects: RefCell<Vec<Own<P>>>,
}

/// A label as it is sorted.
fn by_text(label: &Json) -> String {
    label.as_str().map_or_else(|| label.to_string(), str::to_owned)
}

impl<P: Python> World<P> {
    pub(crate) fn new(script: &Json) -> Rc<World<P>> {
        let world = Rc::new_cyclic(|own| World {
            stack: Stack::new(Machine::new(own), Limits::default()),
            own: Weak::clone(own),
            script: script.clone(),
            instructions: Instructions::of::<P>(),
            none: OnceCell::new(),
            functions: OnceCell::new(),
            registers: RefCell::default(),
            exceptions: RefCell::default(),
            hooks: RefCell::default(),
            strict: Cell::default(),
            made: Cell::default(),
            foreigns: Cell::default(),
            depth: Cell::default(),
            done: Cell::default(),
            over: Cell::default(),
            states: RefCell::default(),
            logs: RefCell::new(vec![Vec::new()]),
            deaths: RefCell::new(vec![Vec::new()]),
            living: RefCell::default(),
            objects: RefCell::default(),
        });
        let _ = world.none.set(world.object(Kind::None));
        let bodies = script["bodies"].as_array().expect("bodies");
        let functions = (0..).zip(bodies).map(|(index, body): (u32, _)| {
            let name = format!("b{index}");
            let code = world.object(Kind::Code(compile::<P>(body)));
            world.object(Kind::Function(Callable { code, name }))
        });
        let _ = world.functions.set(functions.collect());
        world
    }

    // Objects.

    pub(crate) fn object(&self, kind: Kind<P>) -> Value<P> {
        self.labelled(kind, None)
    }

    /// An object whose death is recorded.
    pub(crate) fn labelled(&self, kind: Kind<P>, label: Option<Json>) -> Value<P> {
        if let Some(label) = &label {
            let mut living = self.living.borrow_mut();
            living.entry(by_text(label)).or_insert_with(|| (label.clone(), 0)).1 += 1;
        }
        let object = Value::new(&self.own, kind, label);
        self.objects.borrow_mut().push(object.own());
        object
    }

    pub(crate) fn died(&self, label: Json) {
        if let Some((_, count)) = self.living.borrow_mut().get_mut(&by_text(&label)) {
            *count -= 1;
        }
        self.deaths.borrow_mut().last_mut().expect("a list").push(label);
    }

    pub(crate) fn none(&self) -> Value<P> {
        self.none.get().expect("it is there from the beginning").clone()
    }

    pub(crate) fn text(&self, text: &str) -> Value<P> {
        self.object(Kind::Text(text.to_owned()))
    }

    pub(crate) fn function(&self, index: usize) -> Value<P> {
        self.functions.get().expect("they are there from the beginning")[index].clone()
    }

    // Registers.

    pub(crate) fn register(&self, index: usize) -> Option<Value<P>> {
        self.registers.borrow()[index].clone()
    }

    /// Changes a register; what was in it is dropped.
    pub(crate) fn set_register(&self, index: usize, value: Option<Value<P>>) {
        let old = std::mem::replace(&mut self.registers.borrow_mut()[index], value.filter(|value| !value.is_none()));
        drop(old);
    }

    // What is told.

    pub(crate) fn say(&self, entry: Json) {
        self.logs.borrow_mut().last_mut().expect("a log").push(entry);
    }

    /// Performs an operation, and tells what happened.
    pub(crate) fn perform(self: &Rc<Self>, operation: &Json, me: &Me<P>) -> Json {
        if self.over.get() || self.depth.get() >= DEEPEST || self.done.get() >= MOST {
            return json!({ "skipped": true });
        }
        self.logs.borrow_mut().push(Vec::new());
        self.deaths.borrow_mut().push(Vec::new());
        self.depth.set(self.depth.get() + 1);
        self.done.set(self.done.get() + 1);
        let mut event = self.attempt(operation, me);
        self.depth.set(self.depth.get() - 1);
        if self.depth.get() > 0 {
            if let Some(state) = self.state_of(operation, me) {
                event.insert("state".to_owned(), state);
            }
        } else {
            let states = self.changed_states();
            if !states.is_empty() {
                event.insert("states".to_owned(), states.into());
            }
        }
        let log = self.logs.borrow_mut().pop().expect("it was pushed");
        let mut deaths = self.deaths.borrow_mut().pop().expect("it was pushed");
        if !log.is_empty() {
            event.insert("log".to_owned(), log.into());
        }
        if !deaths.is_empty() {
            deaths.sort_by_key(by_text);
            event.insert("dies".to_owned(), deaths.into());
        }
        event.into()
    }

    fn attempt(self: &Rc<Self>, operation: &Json, me: &Me<P>) -> Map<String, Json> {
        let mut event = Map::new();
        let (key, said) = match self.operate(operation, me) {
            Ok(value) => {
                let said = value.map_or(Json::Null, |value| self.encode(&value));
                if said.is_null() {
                    return event;
                }
                ("value", said)
            }
            Err(Stop::Absent(name)) => ("absent", json!(name)),
            Err(Stop::Empty) => ("empty", json!(true)),
            Err(Stop::Raised(error)) => ("raises", self.told(&error)),
        };
        event.insert(key.to_owned(), said);
        event
    }

    fn changed_states(&self) -> Map<String, Json> {
        let mut changed = Map::new();
        for index in 0..REGISTERS {
            let held = self.register(index);
            let state = held.as_ref().and_then(|held| self.state(held)).unwrap_or_default();
            let mut states = self.states.borrow_mut();
            if states[index] != state {
                changed.insert(index.to_string(), state.clone());
                states[index] = state;
            }
        }
        changed
    }

    /// Does all that the script says: what happened, and what was never let go of.
    pub(crate) fn play(self: &Rc<Self>) -> (Vec<Json>, Vec<Json>) {
        let operations = self.script["ops"].as_array().expect("operations");
        let did = operations.iter().map(|operation| self.perform(operation, &Me::Nobody)).collect();
        let living = self.living.borrow();
        let alive = living
            .values()
            .flat_map(|(label, count)| std::iter::repeat_n(label.clone(), (*count).max(0).unsigned_abs()))
            .collect();
        (did, alive)
    }

    /// Lets go of everything, also of what is in cycles.
    pub(crate) fn dispose(&self) {
        self.over.set(true);
        for index in 0..REGISTERS {
            self.set_register(index, None);
        }
        drop(self.hooks.take());
        drop(self.exceptions.take());
        let objects = self.objects.take();
        for object in objects {
            if let Some(object) = object.get() {
                object.clear();
            }
        }
    }
}
