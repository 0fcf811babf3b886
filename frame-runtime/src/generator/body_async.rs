//! Instructions that look for what is awaited or delegated to, and the one that marks what async generators yield.

use super::awaiting::{Awaiting, get_aiter, get_anext, get_awaitable, get_yield_from_iter};
use super::body::no_receiver;
use super::{Done, GeneratorVm, Raised, async_gen_wrap, since};
use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::machine::generator::Flavour;
use crate::running::Running;
use crate::stack_ref::StackRef;

impl<'t, V: GeneratorVm, O, B: Bounds> Running<'t, V, O, B> {
    /// `GET_AWAITABLE`: what is asked when something is awaited ([`get_awaitable`]). The argument says what for
    /// ([`Awaiting::of`]).
    ///
    /// Stack: object; iterator. Since 3.11.
    ///
    /// # Errors
    ///
    /// What comes up; the object is gone from the stack.
    ///
    /// # Panics
    ///
    /// If there is no object on the stack; so do the others here.
    ///
    /// Source: `GET_AWAITABLE`, Python/bytecodes.c.
    #[inline(always)]
    pub fn get_awaitable(self, argument: u32) -> Done<'t, V, O, B> {
        self.change_top(|stack, object| get_awaitable(stack, &object, Awaiting::of(argument)))
    }

    /// `GET_AITER`: what `async for` goes through ([`get_aiter`]).
    ///
    /// Stack: object; asynchronous iterator. Since 3.11.
    ///
    /// # Errors
    ///
    /// What comes up; the object is gone from the stack.
    ///
    /// Source: `GET_AITER`, Python/bytecodes.c.
    #[inline(always)]
    pub fn get_aiter(self) -> Done<'t, V, O, B> {
        self.change_top(|stack, object| get_aiter(stack, &object))
    }

    /// `GET_ANEXT`: what is awaited for the next value ([`get_anext`]).
    ///
    /// Stack: asynchronous iterator; the same, awaitable. Since 3.11.
    ///
    /// # Errors
    ///
    /// What comes up; the iterator is still on the stack.
    ///
    /// Source: `GET_ANEXT`, Python/bytecodes.c.
    #[inline(always)]
    pub fn get_anext(self) -> Done<'t, V, O, B> {
        let Some(iterator) = self.peek(0).duplicate().into_value() else { no_receiver() };
        let (mut frame, awaitable) = self.escape(|stack| {
            let awaitable = get_anext(stack, &iterator);
            drop(iterator);
            awaitable
        });
        match awaitable {
            Ok(awaitable) => {
                frame.push(StackRef::owned(awaitable));
                Ok(frame)
            }
            Err(exception) => Err(Raised { frame, exception }),
        }
    }

    /// `GET_YIELD_FROM_ITER`, `GET_ITER` 3 since 3.15: what a body of this flavour delegates to
    /// ([`get_yield_from_iter`]).
    ///
    /// Stack: object; iterator (3.15: and null; or the object and the index 0, if it
    /// [has items by index](GeneratorVm::has_virtual_iterator)). Since 3.11.
    ///
    /// # Errors
    ///
    /// What comes up; the object is gone from the stack.
    ///
    /// Source: `GET_YIELD_FROM_ITER`, `GET_ITER`, Python/bytecodes.c.
    #[inline(always)]
    pub fn get_yield_from_iter(mut self, running: Flavour) -> Done<'t, V, O, B> {
        if since::<V>(15)
            && self.peek(0).as_value().is_some_and(|object| self.stack().vm().has_virtual_iterator(&object))
        {
            self.push(StackRef::integer(0).unwrap_or(StackRef::null()));
            return Ok(self);
        }
        let mut frame = self.change_top(|stack, object| get_yield_from_iter(stack, &object, running))?;
        if since::<V>(15) {
            frame.push(StackRef::null());
        }
        Ok(frame)
    }

    /// `ASYNC_GEN_WRAP` in 3.11, `CALL_INTRINSIC_1` 4 (`INTRINSIC_ASYNC_GEN_WRAP`) since 3.12: marks what an async generator
    /// yields as its own ([`async_gen_wrap`]).
    ///
    /// Stack: value; the value, wrapped.
    ///
    /// # Errors
    ///
    /// There is no memory; the value is gone from the stack.
    ///
    /// Source: `ASYNC_GEN_WRAP`, Python/ceval.c; `INTRINSIC_ASYNC_GEN_WRAP`, Python/intrinsics.c.
    #[inline(always)]
    pub fn async_gen_wrap(self) -> Done<'t, V, O, B> {
        self.change_top(async_gen_wrap)
    }

    /// Takes the object on top of the stack for another one.
    #[inline(always)]
    fn change_top(
        mut self,
        change: impl FnOnce(&DataStack<V>, V::Value) -> Result<V::Value, V::Value>,
    ) -> Done<'t, V, O, B> {
        let Some(object) = self.pop().into_value() else { no_receiver() };
        let (mut frame, changed) = self.escape(|stack| change(stack, object));
        match changed {
            Ok(object) => {
                frame.push(StackRef::owned(object));
                Ok(frame)
            }
            Err(exception) => Err(Raised { frame, exception }),
        }
    }
}
