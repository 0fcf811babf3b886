//! One method of [`Running`] for each instruction that is about frames, named after it.
//!
//! | instruction | stack | version | method |
//! |---|---|---|---|
//! | `COPY_FREE_VARS` | as it was | 3.11 | [`copy_free_vars`](Running::copy_free_vars) |
//! | `MAKE_CELL` | as it was | 3.11 | [`make_cell`](Running::make_cell) |
//! | `LOAD_DEREF` | + value, if the cell is full | 3.11 | [`load_deref`](Running::load_deref) |
//! | `STORE_DEREF` | - value | 3.11 | [`store_deref`](Running::store_deref) |
//! | `DELETE_DEREF` | as it was | 3.11 | [`delete_deref`](Running::delete_deref) |
//! | `LOAD_CLASSDEREF` | + value | 3.11 only | [`load_classderef`](Running::load_classderef) |
//! | `LOAD_FROM_DICT_OR_DEREF` | mapping to value | 3.12 | [`load_from_dict_or_deref`](Running::load_from_dict_or_deref) |
//! | `LOAD_FAST`, `LOAD_CLOSURE` | + value | 3.11 | [`load_fast`](Running::load_fast) |
//! | `LOAD_FAST_CHECK` | + value, if bound | 3.12 | [`load_fast_check`](Running::load_fast_check) |
//! | `LOAD_FAST_BORROW` | + value, not counted | 3.14 | [`load_fast_borrow`](Running::load_fast_borrow) |
//! | `LOAD_FAST_AND_CLEAR` | + value or null | 3.12 | [`load_fast_and_clear`](Running::load_fast_and_clear) |
//! | `STORE_FAST` | - value | 3.11 | [`store_fast`](Running::store_fast) |
//! | `DELETE_FAST` | as it was | 3.11 | [`delete_fast`](Running::delete_fast) |
//! | `PUSH_NULL` | + null | 3.11 | [`push_null`](Running::push_null) |
//! | `POP_TOP`, `POP_ITER`, `END_FOR` | - value | 3.11 | [`pop_top`](Running::pop_top) |
//! | `COPY` | + the entry so deep, from 1 | 3.11 | [`copy`](Running::copy) |
//! | `SWAP` | top and the entry so deep | 3.11 | [`swap`](Running::swap) |
//! | `PUSH_EXC_INFO` | exception to what was handled, exception | 3.11 | [`push_exc_info`](Running::push_exc_info) |
//! | `POP_EXCEPT` | - what was handled | 3.11 | [`pop_except`](Running::pop_except) |
//! | `RERAISE` | - exception | 3.11 | [`reraise`](Running::reraise) |
//! | `CALL` and its like | - callable, arguments | 3.11 | [`call`](Running::call), [`call_trampoline`](Running::call_trampoline) |
//! | `RETURN_VALUE`, `RETURN_CONST` | - value; the caller: + value | 3.11; 3.12 and 3.13 | [`return_value`](Running::return_value) |
//! | `INTERPRETER_EXIT` | | 3.12 | [`Returned::Left`]: the loop is left |
//! | `RETURN_GENERATOR` | the caller: + generator | 3.11 | [`return_generator`](Running::return_generator); the frame alone: [`make_generator`](Running::make_generator) |
//! | `SEND` | receiver, value to receiver, what it yielded; the generator's: + value | 3.11 | [`send_value`](Running::send_value); one's own: [`send`](Running::send) |
//! | `FOR_ITER` over a generator | + what it yielded; the generator's: + `None` | 3.12 | [`for_iter_generator`](Running::for_iter_generator) |
//! | `YIELD_VALUE` | - value; the resumer: + value | 3.11 | [`yield_value`](Running::yield_value); the frame alone: [`suspend`](Running::suspend) |
//! | `RETURN_VALUE`, `RETURN_CONST` of a body | - value; the resumer: + value | 3.11; 3.12 and 3.13 | [`return_from_body`](Running::return_from_body); of any frame: [`return_or_finish`](Running::return_or_finish) |
//! | `RESUME` | as it was | 3.11 | [`Resumes`](crate::generator::Resumes) |
//! | `END_SEND` | receiver, value to value | 3.12 | [`end_send`](Running::end_send) |
//! | `CLEANUP_THROW` | receiver, last sent, exception to `None`, value | 3.12 | [`cleanup_throw`](Running::cleanup_throw) |
//! | `GET_AWAITABLE` | object to iterator | 3.11 | [`get_awaitable`](Running::get_awaitable) |
//! | `GET_AITER` | object to asynchronous iterator | 3.11 | [`get_aiter`](Running::get_aiter) |
//! | `GET_ANEXT` | + awaitable | 3.11 | [`get_anext`](Running::get_anext) |
//! | `END_ASYNC_FOR` | - asynchronous iterator, exception | 3.11 | [`end_async_for`](Running::end_async_for) |
//! | `GET_YIELD_FROM_ITER`; `GET_ITER` 3 | object to iterator; since 3.15 and index or null | 3.11 to 3.14; 3.15 | [`get_yield_from_iter`](Running::get_yield_from_iter) |
//! | `ASYNC_GEN_WRAP`; `CALL_INTRINSIC_1` 4 | value to wrapped value | 3.11; 3.12 | [`async_gen_wrap`](Running::async_gen_wrap) |
//! | `CALL_INTRINSIC_1` 3 | exception to exception | 3.12 | [`stop_iteration_error`](Running::stop_iteration_error) |
//!
//! In 3.15 an index or null lies on top of a receiver. "3.11" is since 3.11. What an instruction does besides, such as raising `UnboundLocalError`, is the loop's.

use core::ops::ControlFlow;

use crate::bounds::Bounds;
use crate::entry::Entry;
use crate::generator_frame::NoMemory;
use crate::machine::Gone;
use crate::machine::owner::OnPop;
use crate::running::{Returned, Running};
use crate::stack_ref::StackRef;
use crate::version::{Frames, FramesOf};
use crate::vm::{FrameCode, FrameVm, Value};

/// Who goes on with a value: a frame, on whose stack it is, or whoever entered the loop.
pub type Passed<'t, V, B> = ControlFlow<(Entry<'t, V, B>, StackRef<V>), Running<'t, V, crate::running::Any, B>>;

impl<'t, V: FrameVm, O, B: Bounds> Running<'t, V, O, B> {
    /// `COPY_FREE_VARS`: puts the cells of the function's closure into its free variables, the last so many locals.
    ///
    /// # Panics
    ///
    /// If the function has not as many cells, or the code not as many locals.
    #[inline(always)]
    pub fn copy_free_vars(&mut self, count: u32) {
        let locals = self.code().nlocalsplus();
        let Some(first) = locals.checked_sub(count) else { no_closure() };
        for index in 0..count {
            let cell = self.function().and_then(|function| {
                let closure = function.as_function()?.closure;
                closure.get(index as usize).filter(|_| closure.len() == count as usize).cloned()
            });
            let Some(cell) = cell else { no_closure() };
            // Nothing was there: the frame has just begun.
            drop(self.set_local(first + index, StackRef::owned(cell)));
        }
    }

    /// `MAKE_CELL`: makes a cell that holds what the local has, and puts it there.
    ///
    /// # Errors
    ///
    /// [`NoMemory`], with the handle as it was, if the VM made none.
    ///
    /// # Panics
    ///
    /// If there is no such local.
    #[inline(always)]
    pub fn make_cell(self, index: u32) -> Result<Self, NoMemory<Self>> {
        self.aside().make_cell_of(index)
    }

    #[inline(never)]
    fn make_cell_of(self, index: u32) -> Result<Self, NoMemory<Self>> {
        let content = self.local(index).duplicate().into_value();
        let (mut running, cell) = self.escape(|stack| stack.vm().make_cell(content));
        let Some(cell) = cell else { return Err(NoMemory(running)) };
        let content = running.set_local(index, StackRef::owned(cell));
        Ok(running.release(content))
    }

    /// `LOAD_FAST`: pushes a local, which must be bound.
    #[inline(always)]
    pub fn load_fast(&mut self, index: u32) {
        let value = self.local(index).duplicate();
        self.push(value);
    }

    /// `LOAD_FAST_CHECK`: pushes a local, unless it is not bound: then it says `false`, and the loop raises.
    #[inline(always)]
    pub fn load_fast_check(&mut self, index: u32) -> bool {
        let bound = !self.local(index).is_null();
        if bound {
            self.load_fast(index);
        }
        bound
    }

    /// `LOAD_FAST_BORROW`: pushes a local without counting. A loop that is not [trusted](Entry::trusted) counts it all the
    /// same.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the local keeps what is borrowed")]
    pub fn load_fast_borrow(&mut self, index: u32) {
        if B::CHECKS {
            return self.load_fast(index);
        }
        // SAFETY: whoever made the loop a trusted one promised that the local keeps its value for as long as the entry, and
        // what it is moved to, is there.
        let value = unsafe { self.local(index).borrow() };
        self.push(value);
    }

    /// `LOAD_FAST_AND_CLEAR`: moves a local to the stack, bound or not.
    #[inline(always)]
    pub fn load_fast_and_clear(&mut self, index: u32) {
        let value = self.set_local(index, StackRef::null());
        self.push(value);
    }

    /// `STORE_FAST`: moves the top of the stack to a local, which counts it from then on.
    #[inline(always)]
    pub fn store_fast(mut self, index: u32) -> Self {
        let value = self.pop().into_owned();
        let old = self.set_local(index, value);
        self.release(old)
    }

    /// `DELETE_FAST`: unbinds a local. `false` if it was not bound: the loop raises.
    #[inline(always)]
    pub fn delete_fast(mut self, index: u32) -> (Self, bool) {
        let old = self.set_local(index, StackRef::null());
        let bound = !old.is_null();
        (self.release(old), bound)
    }

    /// `PUSH_NULL`
    #[inline(always)]
    pub fn push_null(&mut self) {
        self.push(StackRef::null());
    }

    /// `POP_TOP`
    #[inline(always)]
    pub fn pop_top(mut self) -> Self {
        let value = self.pop();
        self.release(value)
    }

    /// `COPY`: pushes the entry so deep, from 1.
    ///
    /// # Panics
    ///
    /// If the stack is not as deep, or `depth` is 0.
    #[inline(always)]
    pub fn copy(&mut self, depth: u32) {
        let value = self.peek(depth.wrapping_sub(1)).duplicate();
        self.push(value);
    }

    /// `SWAP`: exchanges the top and the entry so deep, from 1.
    ///
    /// # Panics
    ///
    /// If the stack is not as deep, or `depth` is 0.
    #[inline(always)]
    pub fn swap(&mut self, depth: u32) {
        if depth != 1 {
            let top = self.replace(0, StackRef::null());
            let other = self.replace(depth.wrapping_sub(1), top);
            // What is replaced is the null of above.
            drop(self.replace(0, other));
        }
    }

    /// `PUSH_EXC_INFO`: the exception on top of the stack is the one that is being handled; what was before lies below it
    /// from now on, or null.
    #[inline(always)]
    pub fn push_exc_info(&mut self) {
        let exception = self.pop();
        let before = self.stack().replace_handled(exception.duplicate().into_value());
        self.push(before.map_or(StackRef::null(), StackRef::owned));
        self.push(exception);
    }

    /// `POP_EXCEPT`: what is on top of the stack, or nothing, is what is being handled again.
    #[inline(always)]
    pub fn pop_except(mut self) -> Self {
        let before = self.pop().into_value();
        match self.stack().replace_handled(before) {
            Some(exception) => self.release(StackRef::owned(exception)),
            None => self,
        }
    }

    /// `RETURN_VALUE`: ends the activation and hands the top of its stack to the caller, counted.
    #[inline(always)]
    pub fn return_value(mut self) -> Passed<'t, V, B>
    where
        O: OnPop<V::Python, Gone> + 'static,
    {
        // The value stays on the stack until nothing is made any more: a collector may move it.
        let seen = self.foresee_end();
        let value = self.pop().into_owned();
        match self.end_foreseen(<FramesOf<V> as Frames>::AFTER_RETURN, seen) {
            Returned::Frame(mut caller) => {
                caller.push(value);
                ControlFlow::Continue(caller)
            }
            Returned::Left(entry) => ControlFlow::Break((entry, value)),
        }
    }
}

#[cold]
#[inline(never)]
fn no_closure() -> ! {
    panic!("the function has not as many cells as its code has free variables")
}
