//! Cells: variables that closures share.

use frame_runtime::cell::{ATTRIBUTES, Compared, Operator};

use super::{change, refused};
use crate::object::{NOT_IMPLEMENTED, Outcome, Stack, Value, boolean};
use crate::protocol;
use crate::vm::Mini;

type Cell = frame_runtime::cell::Cell<Mini>;

/// `cell.name`
pub(super) fn get(stack: &Stack, cell: &Cell, name: &str) -> Option<Outcome> {
    (name == "cell_contents").then(|| cell.contents().map_err(|refusal| refused(stack, refusal, name)))
}

/// `cell.name = value`, or `del cell.name`
pub(super) fn set(cell: &Cell, name: &str, value: Option<Value>) -> Option<Outcome<()>> {
    change(&ATTRIBUTES, name, value.is_none())?;
    drop(match value {
        Some(value) => cell.set(value),
        None => cell.take(),
    });
    Some(Ok(()))
}

/// `cell < other` and so on: by what is in both; an empty one is less than any other.
pub(super) fn compare(stack: &Stack, cell: &Cell, operator: Operator, other: &Value) -> Outcome {
    let compare = |left: &Value, right: &Value, operator| protocol::compare(stack, operator, left, right);
    match cell.compare(other.cell(), operator, compare) {
        Compared::NotImplemented => Ok(NOT_IMPLEMENTED),
        Compared::Order(holds) => Ok(boolean(holds)),
        Compared::Contents(result) => result,
    }
}
