//! What a frame object has between its header and the room for its frame.

use core::cell::Cell;

use crate::frame::{Link, Plain};
use crate::vm::FrameVm;

/// The fields of a frame object, whichever a version has and wherever they are. For generated types; see
/// [`Vouched`](crate::version::Vouched).
///
/// They lie as far behind the header of the object as in CPython. All fields are cells: the frame, and whoever holds the
/// object, share it. Nothing is released with them; `Frames::OBJECT_CLEAR` is the order.
///
/// Source: `PyFrameObject`, Include/internal/pycore_frame.h.
pub trait ObjectFields<V: FrameVm>: Sized {
    /// Fields as CPython makes them for a new frame object: [`trace_lines`](Self::trace_lines) is 1, all else null or 0.
    ///
    /// Source: `_PyFrame_New_NoTrack`, Objects/frameobject.c.
    fn new() -> Self;
    /// The caller's frame object (`f_back`): strong, null while the activation lives and where there is no caller.
    fn back(&self) -> &Plain<V>;
    /// The frame (`f_frame`): not counted.
    fn frame(&self) -> &Link<V>;
    /// The trace function (`f_trace`): strong, null where nothing traces the frame.
    fn trace(&self) -> &Plain<V>;
    /// The line that a trace function is told, or went to (`f_lineno`), from 1 on. 0: the line table knows; from 3.13 on
    /// -1: it is asked once, and the answer kept.
    fn line(&self) -> &Cell<i32>;
    /// Whether lines are traced (`f_trace_lines`): 1 or 0.
    fn trace_lines(&self) -> &Cell<i8>;
    /// Whether instructions are traced (`f_trace_opcodes`): 1 or 0.
    fn trace_opcodes(&self) -> &Cell<i8>;
    /// Whether a snapshot of the locals was handed out, which goes back into the slots (`f_fast_as_locals`): 1 or 0. None
    /// from 3.13 on.
    fn fast_as_locals(&self) -> Option<&Cell<i8>>;
    /// The dict of names that are no local variables (`f_extra_locals`): strong, null until one is written. None until
    /// 3.12.
    fn extra_locals(&self) -> Option<&Plain<V>>;
    /// The dict of the locals that C borrows (`f_locals_cache`): strong, null until it asks. None until 3.12.
    fn locals_cache(&self) -> Option<&Plain<V>>;
    /// The tuple of values that were replaced from outside (`f_overwritten_fast_locals`): strong. Null here, as a list that
    /// no VM's object is for keeps them. None until 3.13.
    fn overwritten(&self) -> Option<&Plain<V>>;
}
