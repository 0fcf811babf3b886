//! The objects of scripts: made of what a line says, and said again; what the runtime asks of them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use frame_runtime::cell::Operator;
use frame_runtime::code::Verified;
use frame_runtime::generator::ErrorKind;
use frame_runtime::locals::{Error, FrameLocals, Item, LocalsVm, Variables};
use frame_runtime::version::Activation;
use frame_runtime::vm::Value as _;
use serde_json::{Value as Json, json};

use crate::compare::{self, Raises, repr, repr_text};
use crate::dict::Dict;
use crate::vm::{HOWS, How, Kind, Machine, Own, Stack, Value};

/// What the runtime raises, as an object.
pub(crate) fn exception<P: Activation>(stack: &Stack<P>, error: Error<Machine<P>>) -> Value<P> {
    match error {
        Error::Raised(raised) => raised,
        Error::New(ErrorKind::KeyError, text) => Value::exception("KeyError", repr_text(&text)),
        Error::New(kind, text) => Value::exception(kind.name(), text),
        Error::Key(key) => match repr(stack, &key) {
            Ok(text) => Value::exception("KeyError", text),
            Err(raised) => raised,
        },
    }
}

fn how(word: &Json) -> How {
    HOWS.iter().find(|(name, _)| *word == *name).expect("a way to be compared").1
}

fn word(how: How) -> &'static str {
    HOWS.iter().find(|(_, known)| *known == how).expect("it has a name").0
}

/// Makes the objects of one script.
pub(crate) struct Maker<P: Activation> {
    marks: RefCell<HashMap<u64, Own<P>>>,
}

impl<P: Activation> Default for Maker<P> {
    fn default() -> Self {
        Maker { marks: RefCell::default() }
    }
}

impl<P: Activation> Maker<P> {
    /// `look` has what registers and the frame are.
    pub(crate) fn made(&self, vm: &Machine<P>, desc: &Json, look: &dyn Fn(&Json) -> Option<Value<P>>) -> Value<P> {
        if let Some(number) = desc.as_i64() {
            return Value::new(Kind::Int(number));
        }
        if let Some(text) = desc.as_str() {
            return vm.interned(text);
        }
        let Some(parts) = desc.as_array() else { return vm.none_object() };
        let text = || parts[1].as_str().expect("a text").to_owned();
        let all = |items: &Json| -> Vec<Value<P>> {
            items.as_array().expect("items").iter().map(|item| self.made(vm, item, look)).collect()
        };
        let pairs = |items: &Json| {
            let mut dict = Dict::default();
            for pair in items.as_array().expect("pairs") {
                let [key, value] = &all(pair)[..] else { panic!("a pair") };
                drop(dict.set(key.clone(), value.clone()).unwrap_or_else(|_| panic!("keys of dicts are plain")));
            }
            RefCell::new(dict)
        };
        let kind = match parts[0].as_str().expect("a word") {
            "m" => {
                let number = parts[1].as_u64().expect("a number");
                let mut marks = self.marks.borrow_mut();
                if let Some(known) = marks.get(&number).and_then(Value::upgrade) {
                    return known;
                }
                let mark = Value::new(Kind::Mark(number));
                marks.insert(number, mark.weak());
                return mark;
            }
            "again" => {
                let number = parts[1].as_u64().expect("a number");
                let known = self.marks.borrow().get(&number).and_then(Value::upgrade);
                return known.unwrap_or_else(|| vm.none_object());
            }
            "fresh" => Kind::Str(text()),
            "sub" => Kind::Sub(text(), how(&parts[2])),
            "key" => Kind::Key(text(), how(&parts[2])),
            "t" => Kind::Tuple(all(&parts[1])),
            "l" => Kind::List(RefCell::new(all(&parts[1]))),
            "d" => Kind::Dict(pairs(&parts[1]), None),
            "map" => Kind::Map(pairs(&parts[1]), "Map"),
            "dd" => {
                let fails = ["same", "keys", "getitem"].into_iter().find(|word| parts[1] == *word);
                Kind::Dict(pairs(&parts[2]), Some(fails.expect("a way to fail")))
            }
            "o" => Kind::Other(text()),
            _ => return look(desc).unwrap_or_else(|| vm.none_object()),
        };
        Value::new(kind)
    }
}

/// A result as JSON.
pub(crate) fn shown<P: Activation>(namespace: Option<&Value<P>>, value: &Value<P>) -> Json {
    if namespace.is_some_and(|namespace| same(namespace, value)) {
        return json!(["namespace"]);
    }
    let shown = |value: &Value<P>| shown(namespace, value);
    let pairs = |dict: &RefCell<Dict<P>>| {
        let items = dict.borrow().items();
        items.iter().map(|(key, value)| json!([shown(key), shown(value)])).collect::<Vec<_>>()
    };
    match value.kind() {
        Kind::None => Json::Null,
        Kind::Bool(truth) => json!(truth),
        Kind::Int(number) => json!(number),
        Kind::Str(text) => json!(text),
        Kind::Sub(text, how) => json!(["sub", text, word(*how)]),
        Kind::Key(text, how) => json!(["key", text, word(*how)]),
        Kind::Mark(number) => json!(["m", number]),
        Kind::Tuple(items) => json!(["t", items.iter().map(shown).collect::<Vec<_>>()]),
        Kind::List(items) => json!(["l", items.borrow().iter().map(shown).collect::<Vec<_>>()]),
        Kind::Dict(dict, None) => json!(["d", pairs(dict)]),
        Kind::Dict(dict, Some(fails)) => json!(["dd", fails, pairs(dict)]),
        Kind::Proxy(_) => json!(["proxy"]),
        _ => json!(["o", value.class()]),
    }
}

/// What a mapping of the program's holds.
fn dict_of<P: Activation>(value: &Value<P>) -> Option<&RefCell<Dict<P>>> {
    match value.kind() {
        Kind::Dict(dict, _) | Kind::Map(dict, _) => Some(dict),
        _ => None,
    }
}

fn held<P: Activation>(value: &Value<P>) -> &RefCell<Dict<P>> {
    dict_of(value).expect("a mapping")
}

/// Empties a mapping of the program's.
pub(crate) fn empty<P: Activation>(mapping: &Value<P>) {
    let items = held(mapping).borrow_mut().take_all();
    drop(items);
}

/// Whether a namespace refuses to change this name.
fn refuses<P: Activation>(mapping: &Value<P>, key: &Value<P>, text: &str) -> Raises<(), P> {
    let Kind::Map(_, "Failing") = mapping.kind() else { return Ok(()) };
    let (Kind::Str(key) | Kind::Sub(key, _)) = key.kind() else { panic!("names are texts") };
    let known = ["aa", "bb", "xx"].contains(&key.as_str());
    if key == "__class__" || !known && !key.starts_with("__") {
        return Err(Value::exception("ValueError", text));
    }
    Ok(())
}

impl<P: Activation> LocalsVm for Machine<P> {
    fn variables(code: &Verified<Self>) -> Variables<'_, Value<P>> {
        code.variables()
    }

    fn frame_locals(object: &Value<P>) -> Option<&FrameLocals<Self>> {
        if let Kind::Proxy(locals) = object.kind() { Some(locals) } else { None }
    }

    fn is_dict(&self, object: &Value<P>) -> bool {
        matches!(object.kind(), Kind::Dict(..))
    }

    fn none(&self) -> Value<P> {
        self.none_object()
    }

    fn type_name<'a>(&self, object: &'a Value<P>) -> Cow<'a, str> {
        Cow::Borrowed(object.class())
    }

    fn new_dict(&self) -> Raises<Value<P>, P> {
        Ok(Value::new(Kind::Dict(RefCell::default(), None)))
    }

    fn dict_len(&self, dict: &Value<P>) -> usize {
        held(dict).borrow().len()
    }

    fn dict_items(&self, dict: &Value<P>) -> Vec<Item<Self>> {
        held(dict).borrow().items()
    }

    fn hash(&self, _: &Stack<P>, object: &Value<P>) -> Raises<i64, P> {
        compare::hash(object)
    }

    fn is_equal(&self, _: &Stack<P>, left: &Value<P>, right: &Value<P>) -> Raises<bool, P> {
        compare::equal(left, right)
    }

    fn compare(&self, _: &Stack<P>, left: &Value<P>, right: &Value<P>, operator: Operator) -> Raises<Value<P>, P> {
        compare::compare_dicts(left, right, operator)
    }

    fn repr(&self, stack: &Stack<P>, object: &Value<P>) -> Raises<String, P> {
        repr(stack, object)
    }

    fn get_item(&self, _: &Stack<P>, mapping: &Value<P>, key: &Value<P>) -> Raises<Option<Value<P>>, P> {
        if let Kind::Dict(_, Some("getitem")) = mapping.kind() {
            return Err(Value::exception("ValueError", "getitem"));
        }
        held(mapping).borrow().get(key)
    }

    fn set_item(&self, _: &Stack<P>, mapping: &Value<P>, key: &Value<P>, value: Value<P>) -> Raises<(), P> {
        refuses(mapping, key, "set")?;
        let before = held(mapping).borrow_mut().set(key.clone(), value)?;
        drop(before);
        Ok(())
    }

    fn del_item(&self, _: &Stack<P>, mapping: &Value<P>, key: &Value<P>) -> Raises<bool, P> {
        refuses(mapping, key, "delete")?;
        let removed = held(mapping).borrow_mut().remove(key)?;
        Ok(removed.is_some())
    }

    fn keys(&self, _: &Stack<P>, mapping: &Value<P>) -> Raises<Vec<Value<P>>, P> {
        if let Kind::Dict(_, Some("keys")) = mapping.kind() {
            return Err(Value::exception("ValueError", "keys"));
        }
        Ok(held(mapping).borrow().items().into_iter().map(|(key, _)| key).collect())
    }

    fn update(&self, _: &Stack<P>, dict: &Value<P>, mapping: &Value<P>) -> Raises<(), P> {
        // A dict is not asked for its keys.
        let Some(items) = dict_of(mapping).map(|dict| dict.borrow().items()) else {
            let text = format!("'{}' object has no attribute 'keys'", mapping.class());
            return Err(Value::exception("AttributeError", text));
        };
        for (key, value) in items {
            let before = held(dict).borrow_mut().set(key, value)?;
            drop(before);
        }
        Ok(())
    }
}

/// Whether both are the same object.
pub(crate) fn same<P: Activation>(left: &Value<P>, right: &Value<P>) -> bool {
    left.as_raw() == right.as_raw()
}
