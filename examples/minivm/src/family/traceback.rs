//! Traceback objects: the lines that an exception came through.

use super::{not_writable, readonly};
use crate::class;
use crate::exception::{self, Error, Traceback};
use crate::object::{NONE, Object, Outcome, Stack, Value, int};
use crate::vm::Mini;

fn as_traceback(value: &Value) -> Option<&Traceback> {
    match value.object()? {
        Object::Traceback(line) => Some(line),
        _ => None,
    }
}

/// `traceback.name`
pub(super) fn get(line: &Traceback, name: &str) -> Option<Value> {
    Some(match name {
        "tb_frame" => line.entry.frame.clone(),
        "tb_lasti" => int(line.entry.lasti),
        "tb_lineno" => line.entry.line::<Mini>().map_or(NONE, int),
        "tb_next" => line.next.borrow().clone().unwrap_or(NONE),
        _ => return None,
    })
}

/// `traceback.name = value`, or `del traceback.name`
pub(super) fn set(
    stack: &Stack,
    object: &Value,
    line: &Traceback,
    name: &str,
    value: Option<Value>,
) -> Option<Outcome<()>> {
    match name {
        "tb_frame" | "tb_lasti" => Some(readonly(stack)),
        "tb_lineno" => Some(not_writable(stack, "traceback", name)),
        "tb_next" => Some(set_next(stack, object, line, value)),
        _ => None,
    }
}

/// `traceback.tb_next = value`: a list that ends.
fn set_next(stack: &Stack, object: &Value, line: &Traceback, value: Option<Value>) -> Outcome<()> {
    let Some(value) = value else { return Err(exception::type_error(stack, "can't delete tb_next attribute")) };
    let next = if value == NONE {
        None
    } else if as_traceback(&value).is_some() {
        Some(value)
    } else {
        let is = class::type_name(stack.vm(), &value);
        return Err(exception::type_error(stack, format!("expected traceback object, got '{is}'")));
    };
    let mut at = next.clone();
    while let Some(current) = at {
        if current.is(object) {
            return Err(exception::raise(stack, Error::ValueError, "traceback loop detected"));
        }
        at = as_traceback(&current).and_then(|line| line.next.borrow().clone());
    }
    drop(line.next.replace(next));
    Ok(())
}
