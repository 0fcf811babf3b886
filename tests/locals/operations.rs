//! What is done with mappings: those of the runtime, and those of the program.

use frame_runtime::cell::{Compared, Operator};
use frame_runtime::locals::{Answer, Error, FrameLocals, LocalsVm, Method, UNHASHABLE};
use frame_runtime::version::Activation;
use serde_json::Value as Json;
use std::cell::RefCell;

use crate::compare::{Raises, equal, hash_key, repr, sign, unordered};
use crate::values::{exception, same};
use crate::vm::{Kind, Machine, Stack, Value};

type Locals<P> = FrameLocals<Machine<P>>;

fn boolean<P: Activation>(truth: bool) -> Value<P> {
    Value::new(Kind::Bool(truth))
}

fn list<P: Activation>(items: Vec<Value<P>>) -> Value<P> {
    Value::new(Kind::List(RefCell::new(items)))
}

fn number<P: Activation>(number: usize) -> Value<P> {
    Value::new(Kind::Int(i64::try_from(number).expect("few names")))
}

fn unsupported<P: Activation>(sign: &str, left: &Value<P>, right: &Value<P>) -> Value<P> {
    let text = format!("unsupported operand type(s) for {sign}: '{}' and '{}'", left.class(), right.class());
    Value::exception("TypeError", text)
}

fn operator(word: &str) -> Option<(Operator, Operator)> {
    Some(match word {
        "eq" => (Operator::Eq, Operator::Eq),
        "ne" => (Operator::Ne, Operator::Ne),
        "lt" => (Operator::Lt, Operator::Gt),
        "le" => (Operator::Le, Operator::Ge),
        "gt" => (Operator::Gt, Operator::Lt),
        "ge" => (Operator::Ge, Operator::Le),
        _ => return None,
    })
}

/// One operation, by its name, on what a register holds.
pub(crate) fn ask<P: Activation>(
    stack: &Stack<P>,
    target: &Value<P>,
    name: &str,
    given: &[Value<P>],
) -> Raises<Value<P>, P> {
    let vm = stack.vm();
    let Some(locals) = Machine::frame_locals(target) else {
        return of_program(stack, target, name, given);
    };
    let raised = |error| exception(stack, error);
    if let Some((asked, reflected)) = operator(name) {
        return compare(stack, target, locals, &given[0], asked, reflected);
    }
    Ok(match (name, given) {
        ("getitem", [key]) => locals.get_item(stack, key).map_err(raised)?,
        ("setitem", [key, value]) => {
            locals.set_item(stack, key, value.clone()).map_err(raised)?;
            vm.none_object()
        }
        ("delitem", [key]) => {
            locals.del_item(stack, key).map_err(raised)?;
            vm.none_object()
        }
        ("contains", [key]) => boolean(locals.contains(stack, key).map_err(raised)?),
        ("len", []) => number(locals.len(stack).map_err(raised)?),
        ("bool", []) => boolean(!locals.is_empty(stack).map_err(raised)?),
        ("iter", []) => list(locals.keys(stack).map_err(raised)?),
        ("reversed", []) => return call(stack, target, locals, Method::Reversed, &[]),
        ("repr", []) => Value::new(Kind::Str(locals.repr(stack).map_err(raised)?)),
        ("hash", []) => {
            let refusal = UNHASHABLE;
            return Err(Value::exception(refusal.error.name(), refusal.message("").to_string()));
        }
        ("or", [other]) => or(stack, target, other, "|")?,
        ("ror", [other]) => {
            let found = FrameLocals::or(stack, other, target).map_err(raised)?;
            found.ok_or_else(|| unsupported("|", other, target))?
        }
        ("ior", [other]) => match locals.inplace_or(stack, other).map_err(raised)? {
            true => boolean(true),
            // `target = target | other` is another object.
            false => or(stack, target, other, "|=").map(|_| boolean(false))?,
        },
        other => panic!("no operation {other:?}", other = other.0),
    })
}

fn or<P: Activation>(stack: &Stack<P>, left: &Value<P>, right: &Value<P>, sign: &str) -> Raises<Value<P>, P> {
    let found = FrameLocals::or(stack, left, right).map_err(|error| exception(stack, error))?;
    found.ok_or_else(|| unsupported(sign, left, right))
}

fn compare<P: Activation>(
    stack: &Stack<P>,
    target: &Value<P>,
    locals: &Locals<P>,
    other: &Value<P>,
    asked: Operator,
    reflected: Operator,
) -> Raises<Value<P>, P> {
    let first = locals.compare(stack, other, asked).map_err(|error| exception(stack, error))?;
    let second = match Machine::frame_locals(other) {
        Some(other) => other.compare(stack, target, reflected).map_err(|error| exception(stack, error))?,
        None => Compared::NotImplemented,
    };
    match (first, second) {
        (Compared::Contents(answer), _) | (Compared::NotImplemented, Compared::Contents(answer)) => Ok(answer),
        (Compared::Order(holds), _) | (Compared::NotImplemented, Compared::Order(holds)) => Ok(boolean(holds)),
        _ if sign(asked) == "==" => equal(target, other).map(boolean),
        _ if sign(asked) == "!=" => equal(target, other).map(|equal| boolean(!equal)),
        _ => Err(unordered(target, other, asked)),
    }
}

/// A method by its name.
pub(crate) fn call_named<P: Activation>(
    stack: &Stack<P>,
    target: &Value<P>,
    name: &str,
    given: &[Value<P>],
) -> Raises<Value<P>, P> {
    let locals = Machine::frame_locals(target).expect("what is called is the runtime's");
    match Method::ALL.into_iter().find(|method| method.name() == name) {
        Some(method) => call(stack, target, locals, method, given),
        None => {
            let text = format!("'{}' object has no attribute '{name}'", target.class());
            Err(Value::exception("AttributeError", text))
        }
    }
}

fn call<P: Activation>(
    stack: &Stack<P>,
    _: &Value<P>,
    locals: &Locals<P>,
    method: Method,
    given: &[Value<P>],
) -> Raises<Value<P>, P> {
    Ok(match locals.call(stack, method, given).map_err(|error| exception(stack, error))? {
        Answer::None => stack.vm().none_object(),
        Answer::Value(value) => value,
        Answer::List(items) => list(items),
        Answer::Items(items) => {
            list(items.into_iter().map(|(key, value)| Value::new(Kind::Tuple(vec![key, value]))).collect())
        }
    })
}

/// Calls the type of what a register holds.
pub(crate) fn new<P: Activation>(stack: &Stack<P>, given: &[Value<P>], keywords: &Json) -> Raises<Value<P>, P> {
    let has_keywords = keywords.as_array().is_some_and(|keywords| !keywords.is_empty());
    let made = FrameLocals::from_arguments(stack, given, has_keywords);
    made.map(|locals| Value::new(Kind::Proxy(locals))).map_err(|error| exception(stack, error))
}

/// A mapping of the program's.
fn of_program<P: Activation>(
    stack: &Stack<P>,
    target: &Value<P>,
    name: &str,
    given: &[Value<P>],
) -> Raises<Value<P>, P> {
    let vm = stack.vm();
    let missing = |key: &Value<P>| exception(stack, Error::Key(key.clone()));
    let compares = operator(name);
    Ok(match (name, given) {
        ("getitem", [key]) => vm.get_item(stack, target, key)?.ok_or_else(|| missing(key))?,
        ("setitem", [key, value]) => {
            vm.set_item(stack, target, key, value.clone())?;
            vm.none_object()
        }
        ("delitem", [key]) if vm.del_item(stack, target, key)? => vm.none_object(),
        ("delitem", [key]) => return Err(missing(key)),
        ("contains", [key]) => boolean(vm.get_item(stack, target, key)?.is_some()),
        ("len", []) => number(vm.dict_len(target)),
        ("bool", []) => boolean(vm.dict_len(target) != 0),
        ("iter", []) => list(vm.keys(stack, target)?),
        ("reversed", []) => list(vm.keys(stack, target)?.into_iter().rev().collect()),
        ("repr", []) => Value::new(Kind::Str(repr(stack, target)?)),
        ("hash", []) => number(usize::try_from(hash_key(target)?).unwrap_or_default()),
        (_, [other]) if compares.is_some() && vm.is_dict(other) => {
            vm.compare(stack, target, other, compares.expect("it compares").0)?
        }
        _ => return Err(Value::exception("NotImplementedError", name)),
    })
}

/// Whether both registers hold the same.
pub(crate) fn is<P: Activation>(left: &Value<P>, right: &Value<P>) -> Value<P> {
    boolean(same(left, right))
}
