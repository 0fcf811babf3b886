//! `generator.send(value)` and `coroutine.send(value)` in the loop: the body runs on top of the caller's frame, and no Rust
//! function waits for it.
//!
//! What lies on the stack for such a call is what `SEND` finds, generator and value, and so the loop does a `SEND`. The frame goes on where it
//! would behind one: one unit further after a yield, one more after a return. Behind a `CALL` these units are its inline
//! cache, and in them stand two instructions that no program has: they do what is left of the call.

use frame_runtime::generator::{PartRef, Sent};
use frame_runtime::machine::generator::Flavour;

use crate::cache;
use crate::eval::{Frame, Raise, Step};
use crate::instructions::pop;

/// Whether the `CALL` of one argument calls `send` of a generator or coroutine; then what is left to do stands behind it.
#[inline(always)]
pub(crate) fn is_send(f: &Frame<'_>) -> bool {
    // One after the other: a match of both would make options of them first.
    let Some(method) = f.peek(2).as_value() else { return false };
    let Some(receiver) = f.peek(1).as_any_value() else { return false };
    let Some(PartRef::Generator(body)) = receiver.part() else { return false };
    let Some(send) = f.stack().vm().types.send(body.flavour()) else { return false };
    if !method.is(send) {
        return false;
    }
    cache::remember_send(f);
    true
}

/// The body yielded: that is what `send` returns. Stack: `send`, generator, value.
#[inline(always)]
pub(crate) fn sent<'t>(mut f: Frame<'t>) -> Frame<'t> {
    f.jump(cache::BEHIND_SENT);
    let value = f.pop().into_owned();
    let generator = f.pop();
    let method = f.replace(0, value);
    f.release(generator).release(method)
}

/// The body returned: `send` raises `StopIteration`. Stack: `send`, generator, value.
pub(crate) fn stopped<'t>(mut f: Frame<'t>) -> Step<'t> {
    // The CALL raises it, not what is in its cache.
    f.jump(cache::BEFORE_STOPPED);
    let value = pop(&mut f);
    let (frame, raised) = f.escape(|stack| Sent::Returned(value).into_result(stack, Flavour::Generator));
    match raised {
        Ok(value) => unreachable!("{value:?} was returned"),
        Err(exception) => Err(Raise::new(frame, exception)),
    }
}
