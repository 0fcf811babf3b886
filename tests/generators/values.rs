//! Values of scripts, and what native code asks of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use frame_runtime::generator::{ErrorKind, Method, Slot};
use frame_runtime::stack_ref::StackRef;
use serde_json::{Value as Json, json};

use super::errors::Class;
use super::eval;
use super::family;
use super::foreign::Foreign;
use super::operations::{index, text};
use super::python::Python;
use super::vm::{Kind, Value};
use super::world::{Me, World};

type Made<P> = Result<Value<P>, Value<P>>;

impl<P: Python> World<P> {
    /// A value of the script.
    ///
    /// # Errors
    ///
    /// What making it raised.
    pub(crate) fn value(self: &Rc<Self>, value: &Json, me: &Me<P>) -> Made<P> {
        self.value_of(value, me, &[])
    }

    /// The same in a body, whose slots these are.
    pub(crate) fn value_of(self: &Rc<Self>, value: &Json, me: &Me<P>, slots: &[Option<Value<P>>]) -> Made<P> {
        let Some(parts) = value.as_array() else {
            return Ok(value.as_i64().map_or_else(|| self.none(), |number| self.object(Kind::Int(number))));
        };
        let (word, parts) = (text(&parts[0]), &parts[1..]);
        let of = |part: &Json| self.value_of(part, me, slots);
        let all = |parts: &[Json]| parts.iter().map(of).collect::<Result<Vec<_>, _>>();
        Ok(match word {
            "m" => self.labelled(Kind::Mark(parts[0].clone()), Some(parts[0].clone())),
            "r" => self.register(index(&parts[0])).unwrap_or_else(|| self.none()),
            "s" => slots.get(index(&parts[0])).cloned().flatten().unwrap_or_else(|| self.none()),
            "self" => me.get().unwrap_or_else(|| self.none()),
            "e" => self.numbered(text(&parts[0]), &parts[1]),
            "c" => self.object(Kind::Class(Class::find(text(&parts[0])))),
            "tb" => self.object(Kind::Traceback),
            "b" => self.body(index(&parts[0]), all(&parts[1..])?)?,
            "f" => {
                let number = self.foreigns.replace(self.foreigns.get() + 1);
                let foreign = Foreign::new(number, index(&parts[0]));
                self.labelled(Kind::Foreign(foreign), Some(json!(format!("f{number}"))))
            }
            "list" => self.object(Kind::List(all(parts)?.into())),
            "tuple" => self.object(Kind::Tuple(all(parts)?)),
            "range" => self.object(Kind::Range(parts[0].as_i64().expect("a number"))),
            "str" => self.text(text(&parts[0])),
            "iter" => {
                let value = of(&parts[0])?;
                if self.is_iterable(&value) { self.iter(&value)? } else { self.none() }
            }
            "frame" => self.frame_of(&of(&parts[0])?).unwrap_or_else(|| self.none()),
            word => {
                let parts = all(parts)?;
                family::made(self, word, &parts).inspect_err(|error| {
                    // Where that failed has what it was made of until somebody handles the exception.
                    let before = self.stack.replace_handled(Some(error.clone()));
                    drop(parts);
                    drop(self.stack.replace_handled(before));
                })?
            }
        })
    }

    /// The one exception of this class and number.
    fn numbered(self: &Rc<Self>, name: &str, number: &Json) -> Value<P> {
        let known = self.exceptions.borrow().iter().find(|known| known.0 == name && known.1 == *number).cloned();
        if let Some((_, _, exception)) = known {
            return exception;
        }
        let argument = self.object(Kind::Int(number.as_i64().expect("a number")));
        let made = match Class::find(name) {
            class if class.is_exception() => self.exception(class, vec![argument]),
            _ => argument,
        };
        self.exceptions.borrow_mut().push((name.to_owned(), number.clone(), made.clone()));
        made
    }

    /// Calls the function of a body, which makes an object that runs it.
    fn body(self: &Rc<Self>, index: usize, values: Vec<Value<P>>) -> Made<P> {
        let mut values: Vec<_> = values.into_iter().map(StackRef::owned).collect();
        let made = eval::call(self, self.function(index), &mut values)?;
        let number = self.made.replace(self.made.get() + 1);
        let name = Kind::Name(format!("b{index}"), number);
        let name = self.labelled(name, Some(json!(format!("o{number}"))));
        drop(family::generator(&made).expect("a generator").set_name(name));
        Ok(made)
    }

    /// The frame object of what runs a body.
    pub(crate) fn frame_of(&self, value: &Value<P>) -> Option<Value<P>> {
        family::generator(value)?.frame_object(self.stack.vm())
    }

    pub(crate) fn is_iterable(&self, value: &Value<P>) -> bool {
        match value.kind() {
            Kind::List(_) | Kind::Tuple(_) | Kind::Text(_) | Kind::Range(_) | Kind::Iterator(..) => true,
            Kind::Foreign(foreign) => self.spec(foreign).contains_key("iter"),
            Kind::Part(part) => part.as_ref().has_slot(Slot::Iter),
            _ => false,
        }
    }

    pub(crate) fn is_iterator(&self, value: &Value<P>) -> bool {
        match value.kind() {
            Kind::Iterator(..) => true,
            Kind::Foreign(foreign) => self.spec(foreign).contains_key("next"),
            Kind::Part(part) => part.as_ref().has_slot(Slot::Iternext),
            _ => false,
        }
    }

    /// `iter()`
    pub(crate) fn iter(self: &Rc<Self>, value: &Value<P>) -> Made<P> {
        let kind = match value.kind() {
            Kind::List(_) => "list_iterator",
            Kind::Tuple(_) => "tuple_iterator",
            Kind::Text(_) => "str_ascii_iterator",
            Kind::Range(_) => "range_iterator",
            _ if !self.is_iterable(value) => {
                let text = format!("'{}' object is not iterable", self.type_name(value));
                return Err(self.raised(ErrorKind::TypeError, &text));
            }
            Kind::Foreign(_) => {
                let found = self.called(value, "iter", &[])?;
                if self.is_iterator(&found) {
                    return Ok(found);
                }
                let kind = self.type_name(&found);
                let text = match P::LAYOUT.minor() {
                    15.. => format!("Foreign.__iter__() must return an iterator, not {kind}"),
                    _ => format!("iter() returned non-iterator of type '{kind}'"),
                };
                return Err(self.raised(ErrorKind::TypeError, &text));
            }
            _ => return Ok(value.clone()),
        };
        Ok(self.object(Kind::Iterator(kind, RefCell::new(Some(value.clone())), Cell::new(0))))
    }

    /// The item of a container with this index.
    pub(crate) fn item(&self, container: &Value<P>, index: usize) -> Option<Value<P>> {
        match container.kind() {
            Kind::List(list) => list.borrow().get(index).cloned(),
            Kind::Tuple(parts) => parts.get(index).cloned(),
            Kind::Text(text) => text.chars().nth(index).map(|char| self.text(&char.to_string())),
            Kind::Range(count) => {
                let index = i64::try_from(index).ok()?;
                (index < *count).then(|| self.object(Kind::Int(index)))
            }
            _ => None,
        }
    }

    /// `next()`; `None`: it is over.
    ///
    /// # Errors
    ///
    /// What it raises, also a `StopIteration`.
    pub(crate) fn next(self: &Rc<Self>, iterator: &Value<P>) -> Result<Option<Value<P>>, Value<P>> {
        match iterator.kind() {
            Kind::Iterator(_, container, at) => {
                let held = container.borrow().clone();
                let found = held.as_ref().and_then(|held| self.item(held, at.get()));
                drop(held);
                at.set(at.get() + 1);
                if found.is_none() {
                    drop(container.take());
                }
                Ok(found)
            }
            Kind::Foreign(_) if self.is_iterator(iterator) => self.called(iterator, "next", &[]).map(Some),
            Kind::Part(part) if self.is_iterator(iterator) => {
                part.as_ref().call_slot(&self.stack, iterator, Slot::Iternext)
            }
            _ => {
                let text = format!("'{}' object is not an iterator", self.type_name(iterator));
                Err(self.raised(ErrorKind::TypeError, &text))
            }
        }
    }

    /// Whether the type of an object has a method.
    pub(crate) fn has_method(&self, object: &Value<P>, method: Method) -> bool {
        match object.kind() {
            Kind::Foreign(foreign) => {
                let spec = self.spec(foreign);
                spec.contains_key(method.name())
                    || spec.get("lookup").is_some_and(|lookup| lookup.get(method.name()).is_some())
            }
            Kind::Part(part) => family::has(part.as_ref(), method.name()),
            _ => false,
        }
    }

    /// Looks a method up that the type has.
    ///
    /// # Errors
    ///
    /// What that raises.
    pub(crate) fn look_up(self: &Rc<Self>, object: &Value<P>, method: Method) -> Result<(), Value<P>> {
        let Kind::Foreign(foreign) = object.kind() else { return Ok(()) };
        let Some(error) = self.spec(foreign).get("lookup").and_then(|lookup| lookup.get(method.name())) else {
            return Ok(());
        };
        self.say(json!(["lookup", foreign.number, method.name()]));
        let error = self.value(error, &Me::Nobody)?;
        Err(self.raise(error, None))
    }

    pub(crate) fn call_method(self: &Rc<Self>, object: &Value<P>, method: Method, values: &[Value<P>]) -> Made<P> {
        match object.kind() {
            Kind::Part(part) => family::call(part.as_ref(), &self.stack, method, values),
            _ => self.called(object, method.name(), values),
        }
    }
}
