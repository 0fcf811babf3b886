//! Looking at frames: the chain of those that run, the topmost first.

use core::marker::PhantomData;
use core::ops::ControlFlow;

use crate::data_stack::DataStack;
use crate::entry::Held;
use crate::frame::{Finally, FramePtr, NoSlot};
use crate::generator_frame::{self, Head};
use crate::localsplus::Region;
use crate::stack_ref::{Ref, StackRef};
use crate::visit::Visit;
use crate::vm::FrameVm;

/// A frame of the chain, while it is looked at.
///
/// It can be asked, and its slots be changed, but there is no reference into it: whatever is asked may run code of the
/// program.
pub struct FrameView<'a, V: FrameVm> {
    frame: FramePtr<V>,
    stack: &'a DataStack<V>,
    walk: PhantomData<&'a ()>,
}

impl<V: FrameVm> Clone for FrameView<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for FrameView<'_, V> {}

impl<V: FrameVm> FrameView<'_, V> {
    /// The frame's object, made if there is none. `None`: there is no memory.
    pub fn object(self) -> Option<V::Value> {
        self.frame.object(self.stack.vm())
    }

    /// The code object.
    ///
    /// Source: `PyUnstable_InterpreterFrame_GetCode`, Python/frame.c.
    pub fn code(self) -> Option<V::Value> {
        self.frame.executable().map(Ref::counted)
    }

    /// The function.
    pub fn function(self) -> Option<V::Value> {
        self.frame.function().map(Ref::counted)
    }

    /// The globals.
    pub fn globals(self) -> Option<V::Value> {
        self.frame.globals().map(Ref::counted)
    }

    /// The builtins.
    pub fn builtins(self) -> Option<V::Value> {
        self.frame.builtins().map(Ref::counted)
    }

    /// The mapping that holds the names of a module or class.
    pub fn namespace(self) -> Option<V::Value> {
        self.frame.namespace().map(Ref::counted)
    }

    /// Where it stands, in bytes of code; -1 before the first instruction.
    ///
    /// Source: `PyUnstable_InterpreterFrame_GetLasti`, Python/frame.c.
    pub fn lasti(self) -> i32 {
        self.frame.lasti()
    }

    /// The line; `None` where the instruction has none.
    ///
    /// Source: `PyUnstable_InterpreterFrame_GetLine`, Python/frame.c.
    pub fn line(self) -> Option<i32> {
        self.frame.line()
    }

    /// The generator that it is in.
    pub fn generator(self) -> Option<V::Value> {
        if self.frame.is_by_generator() { Head::of(self.frame).object() } else { None }
    }

    /// Whether a generator's block is where it lies.
    pub fn is_generator(self) -> bool {
        self.frame.is_by_generator()
    }

    /// CPython's number of the owner.
    pub fn raw_owner(self) -> i8 {
        self.frame.owner()
    }

    /// What the VM added to the frame.
    pub fn extra(&self) -> &V::FrameExtra {
        self.frame.extra()
    }

    /// Slots in use: the locals, then what is on the stack. 0 while an eval loop holds the frame.
    pub fn used(self) -> u32 {
        self.frame.used()
    }

    /// The region that a slot is in: an argument, another local, a cell, a free variable, the stack. `None` where the code
    /// does not say what kinds its variables are, and behind the last slot.
    pub fn region(self, index: u32) -> Option<&'static Region> {
        self.frame.region(index)
    }

    /// What is in a slot, counted.
    ///
    /// # Errors
    ///
    /// [`NoSlot`]
    pub fn get(self, index: u32) -> Result<StackRef<V>, NoSlot> {
        self.frame.get_slot(index)
    }
}

impl<V: FrameVm> DataStack<V> {
    /// Looks at the frames, the topmost first, until `look` breaks. Frames that have not begun, and shims, are skipped. Where
    /// nothing runs, frames that are [parked](crate::running::Running::park) are looked at.
    ///
    /// While it looks, code of the program may run on top, but nothing that is parked goes on.
    ///
    /// # Errors
    ///
    /// [`Held`] if an eval loop holds the topmost frame: it could end while it is looked at.
    pub fn walk<R>(&self, mut look: impl FnMut(FrameView<'_, V>) -> ControlFlow<R>) -> Result<Option<R>, Held> {
        let _walk = self.begin_walk()?;
        let top = self.current.get().or_else(|| self.parked.get().map(|parked| parked.top));
        let mut at = FramePtr::complete(top);
        while let Some(frame) = at {
            if let ControlFlow::Break(found) = look(FrameView { frame, stack: self, walk: PhantomData }) {
                return Ok(Some(found));
            }
            at = FramePtr::complete(frame.previous());
        }
        Ok(None)
    }

    /// Nothing that is parked goes on until what is returned is dropped.
    fn begin_walk(&self) -> Result<Finally<impl FnMut()>, Held> {
        if self.current.get().is_some_and(FramePtr::is_held) {
            return Err(Held);
        }
        self.walks.set(self.walks.get() + 1);
        Ok(Finally(|| self.walks.set(self.walks.get() - 1)))
    }

    /// The frame object `depth` below the topmost frame, which is 0. `None`: the chain is not as deep, or there is no
    /// memory.
    ///
    /// # Errors
    ///
    /// [`Held`] if an eval loop holds the topmost frame.
    ///
    /// Source: `sys._getframe`, Python/sysmodule.c.
    pub fn frame_object(&self, depth: usize) -> Result<Option<V::Value>, Held> {
        let mut left = depth;
        let found = self.walk(|frame| match left.checked_sub(1) {
            Some(less) => {
                left = less;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(frame.object()),
        })?;
        Ok(found.flatten())
    }

    /// Shows all references of all frames, parked ones included, and what the thread handles. Those of a frame whose first
    /// instructions have not run yet are among them.
    ///
    /// # Errors
    ///
    /// [`Held`] if an eval loop holds the topmost frame: what it has in registers cannot be seen.
    pub fn visit(&self, visit: &mut dyn Visit<V>) -> Result<(), Held> {
        let _walk = self.begin_walk()?;
        for top in [self.current.get(), self.parked.get().map(|parked| parked.top)] {
            let mut at = top;
            while let Some(frame) = at {
                if frame.is_by_generator() {
                    generator_frame::visit_block(frame, visit);
                } else {
                    frame.visit(visit);
                }
                at = frame.previous();
            }
        }
        self.handled.visit(visit);
        Ok(())
    }
}
