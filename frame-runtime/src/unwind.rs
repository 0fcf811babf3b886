//! Exceptions on their way through frames: handlers are found in the table of the code, and what stood on the stack above
//! them is released.
//!
//! ```text
//! exception = ...;
//! loop {
//!     (f, entry) = f.traceback_entry();          // unless it is raised again
//!     f = match f.unwind(exception) {
//!         Unwound::Handled(f) => break f,        // the loop goes on at the handler
//!         Unwound::Unhandled(f, again) => {      // the frame ends, the one below goes on with the exception
//!             exception = again;
//!             match f.by_owner() {
//!                 ByOwner::Thread(f) => f.raise(),
//!                 ByOwner::Generator(f) => f.fail().0,
//!             }                                  // Returned::Left: the exception leaves the loop
//!         }
//!     }
//! }
//! ```

use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::frame::FramePtr;
use crate::running::Running;
use crate::stack_ref::{StackRef, Unpacked};
use crate::version::{Frames, FramesOf};
use crate::vm::{FrameCode, FrameVm};

/// What became of a frame that an exception came to.
#[must_use = "the frame in it goes on, or ends"]
pub enum Unwound<'t, V: FrameVm, O, B: Bounds> {
    /// A handler is next. The stack is as deep as it says; on top of that lie the index of the instruction that raised, if
    /// the handler wants it, and the exception.
    Handled(Running<'t, V, O, B>),
    /// There is none, and nothing is left on the stack. The frame ends next: by [`Running::raise`], or a generator's by
    /// [`fail`](Running::fail).
    Unhandled(Running<'t, V, O, B>, V::Value),
}

/// One line of a traceback: an activation, and where it stood.
///
/// Source: `PyTracebackObject`, Include/cpython/traceback.h; `PyTraceBack_Here`, Python/traceback.c.
#[derive(Clone)]
pub struct TracebackEntry<T> {
    /// The frame object (`tb_frame`).
    pub frame: T,
    /// Where the frame stood, in bytes of code (`tb_lasti`); also when it goes on.
    pub lasti: i32,
}

impl<T> TracebackEntry<T> {
    /// The line (`tb_lineno`); computed when somebody asks. `None` where the instruction has none.
    pub fn line<V: FrameVm<Value = T>>(&self) -> Option<i32> {
        V::frame_object(&self.frame)?.line_at(self.lasti)
    }
}

/// Code units between an instruction that waits and where its frame stands.
const fn behind_yield<V: FrameVm>() -> u32 {
    <FramesOf<V> as Frames>::SUSPENDED.plus.unsigned_abs() as u32
}

#[cold]
#[inline(never)]
fn traceback_entry<V: FrameVm>(stack: &DataStack<V>, frame: FramePtr<V>) -> Option<TracebackEntry<V::Value>> {
    let lasti = frame.lasti();
    let frame = frame.is_complete().then(|| frame.object(stack.vm())).flatten()?;
    Some(TracebackEntry { frame, lasti })
}

impl<'t, V: FrameVm, O, B: Bounds> Running<'t, V, O, B> {
    /// The line that this frame adds to a traceback, with its frame object. `None`: the frame has not begun, so nobody sees
    /// it, or there is no memory.
    ///
    /// The next instruction must be the one behind the raising one.
    #[inline(always)]
    pub fn traceback_entry(self) -> (Self, Option<TracebackEntry<V::Value>>) {
        let frame = self.frame;
        self.escape(|stack| traceback_entry(stack, frame))
    }

    /// Looks for what handles an exception that the instruction before the next one raised, and goes there.
    ///
    /// What is on the stack above the handler's depth is released, the top first, while the frame is still seen.
    ///
    /// Source: `exception_unwind`, Python/ceval.c; `get_exception_handler`.
    ///
    /// It is put where it is called: a loop calls it in one place, aside from its instructions.
    ///
    /// # Panics
    ///
    /// If the handler is not in the code, or deeper than the stack may be.
    #[inline(always)]
    pub fn unwind(self, exception: V::Value) -> Unwound<'t, V, O, B> {
        let raised = self.instruction();
        self.unwind_here(exception, raised, raised)
    }

    /// `RERAISE`: unwinds with the exception on top of the stack, which is popped. If `depth` is not 0, the slot so far below
    /// it holds the index of the instruction that raised first: there the frame stands again.
    ///
    /// Stack: `depth` entries, exception; the exception is gone. A traceback gets no further line.
    ///
    /// Source: `RERAISE`, Python/bytecodes.c.
    ///
    /// # Panics
    ///
    /// As [`unwind`](Self::unwind), and if the stack is not as deep. Without an exception there it unwinds nothing.
    #[inline(always)]
    pub fn reraise(self, depth: u32) -> Result<Unwound<'t, V, O, B>, Self> {
        self.aside().reraise_top(depth)
    }

    #[cold]
    #[inline(never)]
    fn reraise_top(mut self, depth: u32) -> Result<Unwound<'t, V, O, B>, Self> {
        let handler = self.instruction();
        let mut raised = handler;
        if depth != 0 {
            let index = match self.peek(depth).duplicate().unpack() {
                Unpacked::Integer(index) => u32::try_from(index).ok(),
                Unpacked::Value(value) => V::instruction_index(&value),
                Unpacked::Null => None,
            };
            let units = self.code().units().len();
            raised = index.filter(|index| (*index as usize) < units).unwrap_or(handler);
        }
        match self.pop().into_value() {
            Some(exception) => Ok(self.unwind_at(exception, handler, raised)),
            None => Err(self),
        }
    }

    /// The same for an exception that was thrown into a generator's frame ([`Started::Thrown`](crate::generator::Started::Thrown)):
    /// what waits there handles it, the `yield`, but from 3.13 on the frame stands behind that.
    #[inline(always)]
    pub fn unwind_thrown(self, exception: V::Value) -> Unwound<'t, V, O, B> {
        self.aside().unwind_where_thrown(exception)
    }

    #[cold]
    #[inline(never)]
    fn unwind_where_thrown(self, exception: V::Value) -> Unwound<'t, V, O, B> {
        let raised = self.instruction();
        self.unwind_at(exception, raised.saturating_sub(behind_yield::<V>()), raised)
    }

    /// A frame into which an exception is thrown, from the instruction behind the one that waits to where it stands.
    pub(crate) fn stand_where_thrown(mut self) -> Self {
        self.jump(behind_yield::<V>().cast_signed());
        self
    }

    /// The index of the instruction before the next one, in code units.
    fn instruction(&self) -> u32 {
        u32::try_from(self.next_index()).unwrap_or(u32::MAX).saturating_sub(1)
    }

    /// Releases what is on the stack above a depth, the top first.
    #[inline(always)]
    fn release_above(mut self, base: *mut StackRef<V>, depth: usize) -> Self {
        while self.depth_above(base) > depth {
            let value = self.pop();
            self = self.release(value);
        }
        self
    }

    /// `unit` is where a handler is looked for, `raised` where the frame shall stand.
    fn unwind_at(mut self, exception: V::Value, unit: u32, raised: u32) -> Unwound<'t, V, O, B> {
        self.go_to(raised.saturating_add(1));
        self.unwind_here(exception, unit, raised)
    }

    /// The same, where the frame stands there, or at its beginning.
    #[inline(always)]
    fn unwind_here(mut self, exception: V::Value, unit: u32, raised: u32) -> Unwound<'t, V, O, B> {
        // Asked once: what is released below might change it, as far as the compiler knows.
        let code = self.code();
        let (handler, base) = (code.handler_at(unit), self.frame.slots().wrapping_add(code.nlocalsplus() as usize));
        let Some(handler) = handler else { return Unwound::Unhandled(self.release_above(base, 0), exception) };
        let depth = handler.depth as usize;
        self = self.release_above(base, depth);
        // An instruction that raises leaves as many as its handler keeps; a trace function may raise at another.
        while self.depth_above(base) < depth {
            self.push(StackRef::null());
        }
        if handler.lasti {
            self.push(StackRef::null());
        }
        self.push(StackRef::owned(exception));
        if handler.lasti {
            // The exception is in its place: making an integer may run a collector.
            let (mut running, index) = match StackRef::integer(raised as isize) {
                Some(index) => (self, index),
                None => {
                    let make = |stack: &DataStack<V>| stack.vm().make_instruction_index(raised);
                    let (running, index) = self.escape(make);
                    (running, index.map_or(StackRef::null(), StackRef::owned))
                }
            };
            drop(running.replace(1, index));
            self = running;
        }
        self.go_to(handler.target);
        Unwound::Handled(self)
    }
}
