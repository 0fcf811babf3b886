//! Objects of native code, and hooks: what they do when they are called.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::operations::text;
use super::python::Python;
use super::vm::{Kind, Value};
use super::world::{Me, World};

/// An object of native code.
pub(crate) struct Foreign {
    pub(crate) number: u64,
    /// Which one of the script's.
    spec: usize,
    calls: RefCell<BTreeMap<String, usize>>,
}

impl Foreign {
    pub(crate) fn new(number: u64, spec: usize) -> Self {
        Foreign { number, spec, calls: RefCell::default() }
    }
}

/// A hook of async generators.
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    pub(crate) deed: Json,
}

impl<P: Python> World<P> {
    /// The methods of a foreign object.
    pub(crate) fn spec(&self, foreign: &Foreign) -> &Map<String, Json> {
        self.script["foreigns"][foreign.spec].as_object().expect("methods")
    }

    /// A method of a foreign object is called.
    ///
    /// # Errors
    ///
    /// What it raises.
    pub(crate) fn called(
        self: &Rc<Self>,
        object: &Value<P>,
        method: &str,
        values: &[Value<P>],
    ) -> Result<Value<P>, Value<P>> {
        let Kind::Foreign(foreign) = object.kind() else { panic!("a foreign object") };
        let said: Vec<_> = values.iter().map(|value| self.encode(value)).collect();
        self.say(json!(["called", foreign.number, method, said]));
        let index = {
            let mut calls = foreign.calls.borrow_mut();
            let count = calls.entry(method.to_owned()).or_insert(0);
            *count += 1;
            *count - 1
        };
        if let Some(deed) = self.spec(foreign)[method].get(index) {
            let me = Me::Held(RefCell::new(Some(object.clone())));
            return self.deed(deed, me, values.first());
        }
        match method {
            "next" | "send" => Err(self.bare("StopIteration")),
            "anext" => Err(self.bare("StopAsyncIteration")),
            "throw" => Err(self.throws(values.first())),
            "close" => Ok(self.none()),
            _ => Ok(object.clone()),
        }
    }

    /// Raises what was thrown.
    fn throws(self: &Rc<Self>, thrown: Option<&Value<P>>) -> Value<P> {
        match thrown {
            Some(thrown) => self.raise(thrown.clone(), None),
            None => {
                let text = self.text("pop from empty list");
                self.in_context(self.exception(super::errors::Class::find("IndexError"), vec![text]))
            }
        }
    }

    fn deed(self: &Rc<Self>, deed: &Json, me: Me<P>, thrown: Option<&Value<P>>) -> Result<Value<P>, Value<P>> {
        for operation in deed[0].as_array().expect("operations") {
            let event = self.perform(operation, &me);
            self.say(json!(["op", event]));
        }
        let then = &deed[1];
        match text(&then[0]) {
            "thrown" => {
                drop(me);
                Err(self.throws(thrown))
            }
            word => {
                let value = self.value(&then[1], &me)?;
                drop(me);
                if word == "raise" { Err(self.raise(value, None)) } else { Ok(value) }
            }
        }
    }

    /// Calls a hook.
    ///
    /// # Errors
    ///
    /// What it raises.
    pub(crate) fn hooked(self: &Rc<Self>, hook: &Hook, generator: &Value<P>) -> Result<Value<P>, Value<P>> {
        let said = self.encode(generator);
        self.say(json!(["hook", hook.name, said]));
        self.deed(&hook.deed, Me::Held(RefCell::new(Some(generator.clone()))), None)
    }
}
