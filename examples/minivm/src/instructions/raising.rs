//! Exceptions.

use frame_runtime::unwind::Unwound;

use super::{look, pop, push};
use crate::call::call;
use crate::eval::{Frame, How, Raise, Step};
use crate::exception::{self, Error, as_exception, raise};
use crate::object::{NONE, boolean};

/// `RAISE_VARARGS`: 0 raises again what is handled; 1 raises the top of the stack, 2 with the cause on top of it.
#[inline(never)]
pub(crate) fn raise_varargs<'t>(mut f: Frame<'t>, count: u32) -> Raise<'t> {
    let cause = (count > 1).then(|| pop(&mut f));
    let value = (count > 0).then(|| pop(&mut f));
    let (frame, (exception, how)) = f.escape(|stack| {
        let Some(value) = value else {
            return match stack.handled() {
                Some(handled) => (handled, How::Again),
                None => (raise(stack, Error::RuntimeError, "No active exception to reraise"), How::Raised),
            };
        };
        let exception = match exception::instance(stack, value) {
            Ok(exception) => exception,
            Err(other) => return (other, How::Raised),
        };
        if let Some(cause) = cause
            && let Err(other) = exception::set_cause(stack, &exception, cause)
        {
            return (other, How::Raised);
        }
        if let Some(handled) = stack.handled() {
            exception::set_context(&exception, handled);
        }
        (exception, How::Raised)
    });
    Raise { frame, exception, how }
}

/// `RERAISE`: the frame goes on at the next handler, or nothing in it handles the exception.
#[inline(never)]
pub(crate) fn reraise<'t>(f: Frame<'t>, depth: u32) -> Step<'t> {
    match f.reraise(depth) {
        Ok(Unwound::Handled(frame)) => Ok(frame),
        Ok(Unwound::Unhandled(frame, exception)) => Err(Raise { frame, exception, how: How::Unhandled }),
        Err(frame) => Ok(frame),
    }
}

/// `CHECK_EXC_MATCH`: exception, class; exception, `bool`.
#[inline(never)]
pub(crate) fn check_exc_match<'t>(mut f: Frame<'t>) -> Step<'t> {
    let class = pop(&mut f);
    let exception = look(&f, 0);
    push(f, |stack| {
        let (class, exception) = (class, exception);
        exception::matches(stack, &exception, &class).map(boolean)
    })
}

/// `WITH_EXCEPT_START`: `__exit__`, object or null, index, what was handled, exception; and what `__exit__` says to it.
#[inline(never)]
pub(crate) fn with_except_start<'t>(f: Frame<'t>) -> Step<'t> {
    let exception = look(&f, 0);
    let receiver = f.peek(3).duplicate().into_value();
    let exit = look(&f, 4);
    push(f, |stack| {
        let (class, traceback) = match as_exception(&exception) {
            Some(content) => (content.class.clone(), content.traceback.borrow().clone().unwrap_or(NONE)),
            None => (NONE, NONE),
        };
        let rest = [class, exception, traceback];
        match receiver {
            None => call(stack, &exit, &rest),
            Some(receiver) => {
                let [class, exception, traceback] = rest;
                call(stack, &exit, &[receiver, class, exception, traceback])
            }
        }
    })
}
