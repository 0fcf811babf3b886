//! `for`.

use std::cell::Cell;

use frame_runtime::v3_14::opcode::Opcode;

use super::{look, outside};
use crate::eval::{Frame, Slot, Step};
use crate::iterator::Iter;
use crate::object::{Object, Value, int};
use crate::protocol;

const CACHES: i32 = Opcode::FOR_ITER.caches() as i32;

/// The next item of what is iterated, if that is a range of small numbers; `None` in it: there is no more.
#[inline(always)]
pub(crate) fn range(f: &Frame<'_>) -> Option<Option<Value>> {
    let iterator = f.peek(0).as_value()?;
    let Some(Object::Iter(iter)) = iterator.object() else { return None };
    match &**iter {
        Iter::Range { next, step, left } => Some(next_in_range(next, *step, left)),
        _ => None,
    }
}

#[inline(always)]
fn next_in_range(next: &Cell<i64>, step: i64, left: &Cell<u64>) -> Option<Value> {
    let remaining = left.get().checked_sub(1)?;
    left.set(remaining);
    let item = next.get();
    next.set(item.wrapping_add(step));
    Some(int(item))
}

/// `FOR_ITER`: the next item on top of the iterator, or the jump over the loop.
#[inline(never)]
pub(crate) fn for_iter<'t>(f: Frame<'t>, arg: u32) -> Step<'t> {
    let iterator = look(&f, 0);
    let (mut frame, item) = outside(f, |stack| {
        let iterator = iterator;
        protocol::next(stack, &iterator)
    })?;
    match item {
        Some(item) => {
            frame.push(Slot::owned(item));
            frame.jump(CACHES);
        }
        // Over END_FOR as well.
        None => frame.jump(CACHES + arg as i32 + 1),
    }
    Ok(frame)
}
