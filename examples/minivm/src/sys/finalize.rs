//! The end of the program: what its module still holds is finalized.
//!
//! CPython's collector finds the module and all that hangs on it at once, since functions refer to the module they are in. It
//! finalizes each object while all others are as they were, so that `__del__` finds its globals; those that are nearer to the module come first.

use std::collections::HashSet;

use frame_runtime::counted::View;

use crate::object::{Object, Stack, Value};
use crate::{exception, locals};

/// Finalizes what can be reached from the module's globals.
pub(crate) fn finalize(stack: &Stack, globals: &Value) {
    stack.vm().settings.is_finalizing.set(true);
    let mut walk = Walk::default();
    walk.object(globals.clone());
    loop {
        let step = std::mem::take(&mut walk.next);
        if step.is_empty() {
            break;
        }
        for found in &step {
            if let Found::Object(object) = found {
                object.finalize();
            }
        }
        for found in step {
            match found {
                Found::Object(object) => {
                    walk.children(stack, &object);
                    walk.seen.push(object);
                }
                Found::Group(objects) => walk.objects(objects),
            }
        }
    }
}

/// What the walk comes to.
enum Found {
    Object(Value),
    /// What CPython keeps in a dict or tuple that is no object here.
    Group(Vec<Value>),
}

/// A walk through objects, step by step away from where it begins.
#[derive(Default)]
struct Walk {
    next: Vec<Found>,
    /// Those that were found already, by address. They are held below, so that no other object gets the address.
    known: HashSet<usize>,
    seen: Vec<Value>,
}

impl Walk {
    fn object(&mut self, object: Value) {
        if object.count().is_some() && self.known.insert(object.address()) {
            self.next.push(Found::Object(object));
        }
    }

    fn objects(&mut self, objects: impl IntoIterator<Item = Value>) {
        for object in objects {
            self.object(object);
        }
    }

    fn group(&mut self, objects: impl IntoIterator<Item = Value>) {
        self.next.push(Found::Group(objects.into_iter().collect()));
    }

    /// What an object refers to, in CPython's order.
    fn children(&mut self, stack: &Stack, object: &Value) {
        match object.view() {
            View::Object(content) => self.children_of_object(content),
            View::Function(function) => {
                let own = function.own();
                let (defaults, kwdefaults) = (own.defaults.borrow().clone(), own.kwdefaults.borrow().clone());
                let attributes = own.attributes.borrow().clone();
                self.group(defaults.into_iter().rev());
                self.objects(kwdefaults);
                self.objects(attributes);
                self.group(function.closure().iter().rev().cloned());
            }
            View::Cell(cell) => self.objects(cell.get()),
            View::Frame(_) => {
                let variables = locals::items_of_frame(stack, object).unwrap_or_default();
                self.objects(variables.into_iter().map(|(_, value)| value));
            }
            // A body that was left behind has ended by now.
            View::Part(_) | View::Code(_) | View::Integer(_) | View::Constant(_) => {}
        }
    }

    fn children_of_object(&mut self, object: &Object) {
        match object {
            // The last item comes first.
            Object::Tuple(items) => self.objects(items.iter().rev().cloned()),
            Object::List(items) => {
                let items = items.borrow().clone();
                self.objects(items.into_iter().rev());
            }
            Object::Dict(dict) => self.objects(dict.items().into_iter().flat_map(|(key, value)| [key, value])),
            Object::Set(set) | Object::FrozenSet(set) => self.objects(set.items()),
            Object::Instance(instance) => {
                self.objects(instance.attributes().items().into_iter().map(|(_, value)| value));
                self.object(instance.class.clone());
            }
            Object::Class(class) => {
                self.group(class.dict().items().into_iter().map(|(_, value)| value));
                self.objects(class.base.clone());
            }
            Object::Exception(exception) => {
                self.objects(exception.attributes.borrow().clone());
                self.group(exception::args(exception).into_iter().rev());
                let others = [&exception.traceback, &exception.cause, &exception.context];
                self.objects(others.into_iter().filter_map(|other| other.borrow().clone()));
            }
            Object::Traceback(line) => {
                self.objects(line.next.borrow().clone());
                self.object(line.entry.frame.clone());
            }
            Object::Method(parts) => self.objects(parts.iter().cloned()),
            Object::BoundBuiltin(bound) => self.object(bound.1.clone()),
            Object::Property(property) => {
                self.objects([property.get.clone(), property.set.clone(), property.delete.clone()]);
            }
            Object::StaticMethod(function) | Object::ClassMethod(function) => self.object(function.clone()),
            Object::Super(parts) => self.objects([parts.class.clone(), parts.object.clone()]),
            Object::View(view) => self.object(view.dict.clone()),
            Object::MappingProxy(dict) => self.object(dict.clone()),
            _ => {}
        }
    }
}
