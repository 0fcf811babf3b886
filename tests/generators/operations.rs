//! What is done from outside, and by natives that bodies call.

use std::rc::Rc;

use frame_runtime::attribute::Change;
use frame_runtime::frame_object::ClearError;
use frame_runtime::generator::{ErrorKind, Generator, Hooks, Method};
use frame_runtime::machine::generator::Flavour;
use serde_json::{Value as Json, json};

use super::family;
use super::foreign::Hook;
use super::python::Python;
use super::vm::{Kind, Value};
use super::world::{Me, World};

/// Why an operation has no result.
pub(crate) enum Stop<P: Python> {
    Raised(Value<P>),
    /// The target has no such thing.
    Absent(String),
    /// There is no target.
    Empty,
}

impl<P: Python> From<Value<P>> for Stop<P> {
    fn from(error: Value<P>) -> Self {
        Stop::Raised(error)
    }
}

type Done<P> = Result<Option<Value<P>>, Stop<P>>;

pub(crate) fn index(json: &Json) -> usize {
    json.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_else(|| panic!("no index: {json}"))
}

pub(crate) fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("no text: {json}"))
}

impl<P: Python> World<P> {
    pub(crate) fn operate(self: &Rc<Self>, operation: &Json, me: &Me<P>) -> Done<P> {
        let parts = &operation.as_array().expect("an operation")[1..];
        match text(&operation[0]) {
            "put" => {
                let value = self.value(&parts[1], me)?;
                self.set_register(index(&parts[0]), Some(value));
                Ok(None)
            }
            "drop" => {
                self.set_register(index(&parts[0]), None);
                Ok(None)
            }
            "next" => {
                let target = self.target(&parts[0], me)?;
                match self.next(&target)? {
                    Some(value) => Ok(Some(value)),
                    None => Err(self.bare("StopIteration").into()),
                }
            }
            "send" => {
                let target = self.method(&parts[0], me, Method::Send)?;
                let value = self.value(&parts[1], me)?;
                Ok(Some(self.call_method(&target, Method::Send, &[value])?))
            }
            "throw" => {
                let target = self.method(&parts[0], me, Method::Throw)?;
                let values: Result<Vec<_>, _> = parts[1..].iter().map(|part| self.value(part, me)).collect();
                Ok(Some(self.call_method(&target, Method::Throw, &values?)?))
            }
            "close" => {
                let target = self.method(&parts[0], me, Method::Close)?;
                Ok(Some(self.call_method(&target, Method::Close, &[])?))
            }
            "del" => {
                let target = self.target(&parts[0], me)?;
                match (target.kind(), target.part()) {
                    // It says that it died, and dies later.
                    (Kind::Mark(number), _) => self.died(number.clone()),
                    (_, Some(part)) if family::has(part, "__del__") => part.finalize(&self.stack, &target),
                    _ => return Err(Stop::Absent("__del__".to_owned())),
                }
                Ok(None)
            }
            "clear" => self.clear(&parts[0], me),
            "list" => {
                let target = self.target(&parts[0], me)?;
                self.list(&target).map(Some)
            }
            "read" => {
                let target = self.target(&parts[0], me)?;
                self.read(&target, text(&parts[1]))
            }
            "rename" => {
                let target = self.target(&parts[0], me)?;
                self.rename(&target, text(&parts[1]))
            }
            "repr" => {
                let target = self.target(&parts[0], me)?;
                match target.part() {
                    Some(_) => Ok(Some(self.text(&self.repr(&target)))),
                    None => Err(Stop::Absent("repr".to_owned())),
                }
            }
            "hooks" => {
                let make = |name, deed: &Json| {
                    let hook = Hook { name, deed: deed.clone() };
                    (!deed.is_null()).then(|| self.object(Kind::Hook(hook)))
                };
                let hooks = Hooks { firstiter: make("firstiter", &parts[0]), finalizer: make("finalizer", &parts[1]) };
                drop(self.hooks.replace(hooks));
                Ok(None)
            }
            "filter" => {
                self.strict.set(parts[0] == "error");
                Ok(None)
            }
            "handling" => {
                let error = match self.value(&parts[0], me) {
                    Ok(value) => self.raise(value, None),
                    Err(error) => error,
                };
                let before = self.stack.replace_handled(Some(error));
                for operation in parts[1].as_array().expect("operations") {
                    let event = self.perform(operation, me);
                    self.say(json!(["op", event]));
                }
                drop(self.stack.replace_handled(before));
                Ok(None)
            }
            other => panic!("no operation: {other}"),
        }
    }

    fn target(&self, target: &Json, me: &Me<P>) -> Result<Value<P>, Stop<P>> {
        let found = if target == "self" { me.get() } else { self.register(index(target)) };
        found.ok_or(Stop::Empty)
    }

    /// The target, whose method was looked up.
    fn method(self: &Rc<Self>, target: &Json, me: &Me<P>, method: Method) -> Result<Value<P>, Stop<P>> {
        let target = self.target(target, me)?;
        if !self.has_method(&target, method) {
            return Err(Stop::Absent(method.name().to_owned()));
        }
        self.look_up(&target, method)?;
        Ok(target)
    }

    fn clear(self: &Rc<Self>, target: &Json, me: &Me<P>) -> Done<P> {
        let frame = {
            let found = self.target(target, me)?;
            if let Kind::Frame(_) = found.kind() { Some(found) } else { self.frame_of(&found) }
        };
        let Some(frame) = frame else { return Err(Stop::Absent("frame".to_owned())) };
        let Kind::Frame(object) = frame.kind() else { panic!("a frame") };
        match object.clear() {
            Ok(()) => {}
            Err(ClearError::Refused(kind, message)) => {
                let text = message.fill(&[]).to_string();
                return Err(self.raised(kind.into(), &text).into());
            }
            Err(ClearError::Generator(generator)) => {
                let generator = generator.expect("a frame of a generator that is there");
                family::generator(&generator).expect("a generator").clear_frame(&self.stack, &generator)?;
            }
        }
        Ok(None)
    }

    /// At most 8 values, as a native loop asks for them.
    fn list(self: &Rc<Self>, target: &Value<P>) -> Result<Value<P>, Stop<P>> {
        let iterator = self.iter(target)?;
        let mut found = Vec::new();
        while found.len() < 8 {
            match self.next(&iterator) {
                Ok(Some(value)) => found.push(value),
                Err(error) if !error.error().is_some_and(|error| error.class.is("StopIteration")) => {
                    return Err(error.into());
                }
                _ => break,
            }
        }
        Ok(self.object(Kind::List(found.into())))
    }

    fn read(self: &Rc<Self>, target: &Value<P>, what: &str) -> Done<P> {
        let generator = family::generator(target);
        let name = match (what, generator.map(Generator::flavour)) {
            ("name" | "qualname", _) => format!("__{what}__"),
            (_, None) => what.to_owned(),
            (_, Some(Flavour::Generator | Flavour::TypesCoroutine)) => format!("gi_{what}"),
            ("yieldfrom", Some(Flavour::Coroutine)) => "cr_await".to_owned(),
            (_, Some(Flavour::Coroutine)) => format!("cr_{what}"),
            ("yieldfrom", Some(Flavour::AsyncGenerator)) => "ag_await".to_owned(),
            (_, Some(Flavour::AsyncGenerator)) => format!("ag_{what}"),
        };
        let Some(generator) = generator.filter(|found| found.attributes().find::<P>(&name).is_some()) else {
            return Err(Stop::Absent(name));
        };
        let boolean = |value| Some(self.object(Kind::Bool(value)));
        let copy = |name: Option<Value<P>>| name.map(|name| self.text(&self.str(&name)));
        Ok(match what {
            "name" => copy(generator.name()),
            "qualname" => copy(generator.qualname()),
            "frame" => generator.frame_object(self.stack.vm()),
            "running" => boolean(generator.is_running()),
            "suspended" => boolean(generator.is_suspended()),
            "yieldfrom" => generator.delegate(),
            "state" => Some(self.text(generator.state_name())),
            other => panic!("nobody reads {other}"),
        })
    }

    fn rename(self: &Rc<Self>, target: &Value<P>, name: &str) -> Done<P> {
        const QUALNAME: &str = "__qualname__";
        if let Some(generator) = family::generator(target) {
            let row = generator.attributes().find::<P>(QUALNAME);
            assert!(row.is_some_and(|row| matches!(row.set, Change::Str(_))), "a name can be set");
            drop(generator.set_qualname(self.text(name)));
            return Ok(None);
        }
        let text = match (target.part().and_then(family::attributes), target.kind()) {
            (Some(attributes), _) => attributes.unknown_to_change::<P>().message(QUALNAME).to_string(),
            // Objects of a class that was written in Python take any attribute.
            (None, Kind::Foreign(_)) => return Ok(None),
            _ => self.unknown(target, QUALNAME),
        };
        Err(self.raised(ErrorKind::AttributeError, &text).into())
    }

    fn unknown(&self, target: &Value<P>, name: &str) -> String {
        let more = if P::LAYOUT.minor() >= 13 { " and no __dict__ for setting new attributes" } else { "" };
        format!("'{}' object has no attribute '{name}'{more}", self.type_name(target))
    }
}
