//! How objects, exceptions and states are told.

use std::rc::Rc;

use frame_runtime::generator::{ErrorKind, Generator, While};
use frame_runtime::machine::Runs;
use frame_runtime::machine::generator::{Flavour, Machine as Life};
use serde_json::{Map, Value as Json, json};

use super::family;
use super::operations::text;
use super::python::Python;
use super::vm::{Kind, Machine, Value};
use super::world::{Me, World};

/// Text without addresses.
pub(crate) fn plain(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        found.push_str("0x");
        found.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()));
    }
    found
}

impl<P: Python> World<P> {
    pub(crate) fn encode(&self, value: &Value<P>) -> Json {
        match value.kind() {
            Kind::None => Json::Null,
            Kind::Bool(value) => json!(value),
            Kind::Int(number) => json!(number),
            Kind::Text(text) | Kind::Name(text, _) => json!(["str", plain(text)]),
            Kind::Mark(number) => json!(["m", number]),
            Kind::Class(class) => json!(["c", class.name]),
            Kind::Error(error) => match self.number_of(value) {
                Some(number) => json!(["e", error.class.name, number]),
                None => json!(["error", error.class.name]),
            },
            Kind::Foreign(foreign) => json!(["f", foreign.number]),
            Kind::List(parts) => self.encode_all("list", &parts.borrow()),
            Kind::Tuple(parts) => self.encode_all("tuple", parts),
            Kind::Part(_) => {
                let name = family::generator(value).and_then(Generator::name);
                match name.as_ref().map(Value::kind) {
                    Some(Kind::Name(_, number)) => json!(["o", number]),
                    _ => json!(["type", self.type_name(value)]),
                }
            }
            _ => json!(["type", self.type_name(value)]),
        }
    }

    fn encode_all(&self, kind: &str, parts: &[Value<P>]) -> Json {
        let mut all = vec![json!(kind)];
        all.extend(parts.iter().map(|part| self.encode(part)));
        all.into()
    }

    /// The number of an exception of the script.
    fn number_of(&self, error: &Value<P>) -> Option<Json> {
        let known = self.exceptions.borrow();
        known.iter().find(|known| known.2.same(error)).map(|known| known.1.clone())
    }

    /// An exception as it is told.
    pub(crate) fn told(&self, error: &Value<P>) -> Json {
        self.told_within(error, &mut Vec::new())
    }

    fn told_within(&self, value: &Value<P>, outer: &mut Vec<Value<P>>) -> Json {
        if let Some(level) = outer.iter().rev().position(|other| other.same(value)) {
            return json!(["again", level + 1]);
        }
        let error = value.error().expect("an exception");
        let text = if error.class.is("StopIteration") {
            error.arguments.iter().map(|part| self.encode(part)).collect()
        } else {
            json!(plain(&self.str(value)))
        };
        let mut more = Map::new();
        if let Some(number) = self.number_of(value) {
            more.insert("number".to_owned(), number);
        }
        outer.push(value.clone());
        let (cause, context) = (error.cause(), error.context());
        if let Some(cause) = &cause {
            more.insert("cause".to_owned(), self.told_within(cause, outer));
        }
        if let Some(context) = &context {
            let same = cause.as_ref().is_some_and(|cause| cause.same(context));
            let said = if same { json!("cause") } else { self.told_within(context, outer) };
            more.insert("context".to_owned(), said);
        }
        outer.pop();
        if error.suppress.get() {
            more.insert("suppress".to_owned(), json!(true));
        }
        if more.is_empty() { json!([error.class.name, text]) } else { json!([error.class.name, text, more]) }
    }

    /// `type(value).__name__`
    pub(crate) fn type_name(&self, value: &Value<P>) -> String {
        let name = match value.kind() {
            Kind::None => "NoneType",
            Kind::Bool(_) => "bool",
            Kind::Int(_) => "int",
            Kind::Text(_) => "str",
            Kind::Name(..) => "Name",
            Kind::Mark(_) => "Mark",
            Kind::Class(_) => "type",
            Kind::Error(error) => error.class.name,
            Kind::Foreign(_) => "Foreign",
            Kind::List(_) => "list",
            Kind::Tuple(_) => "tuple",
            Kind::Range(_) => "range",
            Kind::Iterator(kind, ..) => kind,
            Kind::Traceback => "traceback",
            Kind::Code(_) => "code",
            Kind::Function(_) | Kind::Hook(_) => "function",
            Kind::Frame(_) => "frame",
            Kind::Part(part) => part.as_ref().type_name(),
            Kind::Bound(..) => "method",
        };
        name.to_owned()
    }

    /// `str(value)`
    pub(crate) fn str(&self, value: &Value<P>) -> String {
        match value.kind() {
            Kind::Text(text) | Kind::Name(text, _) => text.clone(),
            Kind::Error(error) => match &error.arguments[..] {
                [] => String::new(),
                [one] => self.str(one),
                more => self.repr_all(more, "(", ")"),
            },
            _ => self.repr(value),
        }
    }

    /// `repr(value)`, without addresses.
    pub(crate) fn repr(&self, value: &Value<P>) -> String {
        match value.kind() {
            Kind::None => "None".to_owned(),
            Kind::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Kind::Int(number) => number.to_string(),
            Kind::Text(text) | Kind::Name(text, _) => format!("'{text}'"),
            Kind::Mark(_) => "mark".to_owned(),
            Kind::Class(class) if class.is_own => format!("<class '__main__.{}'>", class.name),
            Kind::Class(class) => format!("<class '{}'>", class.name),
            Kind::Error(error) => error.class.name.to_owned() + &self.repr_all(&error.arguments, "(", ")"),
            Kind::List(parts) => self.repr_all(&parts.borrow(), "[", "]"),
            Kind::Tuple(parts) if parts.len() == 1 => self.repr_all(parts, "(", ",)"),
            Kind::Tuple(parts) => self.repr_all(parts, "(", ")"),
            Kind::Range(count) => format!("range(0, {count})"),
            Kind::Foreign(_) => "<__main__.Foreign object at 0x>".to_owned(),
            _ => match family::generator(value) {
                Some(generator) => plain(&generator.repr(self.stack.vm(), 0).to_string()),
                None => format!("<{} object at 0x>", self.type_name(value)),
            },
        }
    }

    fn repr_all(&self, parts: &[Value<P>], begin: &str, end: &str) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.repr(part)).collect();
        format!("{begin}{}{end}", parts.join(", "))
    }

    // States.

    /// The state of an operation's target.
    pub(crate) fn state_of(&self, operation: &Json, me: &Me<P>) -> Option<Json> {
        if ["put", "drop", "hooks", "filter", "handling"].contains(&text(&operation[0])) {
            return None;
        }
        let target = &operation[1];
        let held = if target == "self" { me.get() } else { self.register(super::operations::index(target)) };
        self.state(&held?)
    }

    pub(crate) fn state(&self, value: &Value<P>) -> Option<Json> {
        family::state(self, value)
    }

    /// The state of a generator, coroutine or async generator.
    pub(crate) fn life(&self, generator: &Generator<Machine<P>>) -> Json {
        let mut flags = String::new();
        let is_async = generator.flavour() == Flavour::AsyncGenerator;
        let mut flag = |is: bool, letter: char| {
            if is {
                flags.push(letter);
            }
        };
        flag(generator.is_running(), 'r');
        let shown = |name: &str| generator.attributes().find::<P>(name).is_some();
        flag(generator.is_suspended() && (!is_async || shown("ag_suspended")), 's');
        if is_async {
            flag(generator.is_closed(), 'c');
            flag(generator.has_inited_hooks(), 'h');
        }
        let raw = family::state_name(<P as Runs<Life>>::RULES, generator.raw_state());
        let mut state = vec![json!(raw), json!(flags)];
        if let Some(delegate) = generator.delegate() {
            state.push(self.encode(&delegate));
        }
        state.into()
    }

    // Warnings, and what nobody can be told.

    pub(crate) fn warned(self: &Rc<Self>, kind: ErrorKind, text: &str) -> Result<(), Value<P>> {
        if self.strict.get() {
            return Err(self.raised(kind, text));
        }
        self.say(json!(["warn", kind.name(), plain(text)]));
        Ok(())
    }

    pub(crate) fn unraised(&self, exception: &Value<P>, doing: While, object: &Value<P>) {
        let told = self.told(exception);
        let row = if P::LAYOUT.minor() >= 14 {
            let text = format!("Exception ignored while {} {}", doing.words(), self.repr(object));
            json!(["unraisable", told, null, plain(&text)])
        } else {
            json!(["unraisable", told, self.encode(object), null])
        };
        self.say(row);
    }

    /// Logs what is handled.
    pub(crate) fn say_handled(&self) {
        let told = self.stack.handled().map(|handled| self.told(&handled));
        self.say(json!(["handled", told]));
    }
}
