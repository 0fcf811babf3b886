//! What a trace function or monitoring tool is told: which event, and at which instructions a line begins.
//!
//! [`Event`] is what a thread tells at a time; the [machine](mod@crate::machine::trace) says what code that is told it may
//! do. [`LineEvents`] says where a line event is due. Who is told, and whether they asked for it, is the VM's.
//!
//! A loop whose thread is traced does, for each instruction that it fetched:
//!
//! - [`LineEvents::settrace`], told where the frame stood before: if that is a line and the frame object says
//!   [`trace_lines`](crate::frame_object::FrameObject::trace_lines), it [tells](crate::running::Running::tell) of
//!   [`event::LINE`], with the frame object's [`line`](crate::frame_object::FrameObject::set_line) set meanwhile;
//! - then, if it says [`trace_opcodes`](crate::frame_object::FrameObject::trace_opcodes) and [`LineEvents::is_told`] does,
//!   of [`event::INSTRUCTION`];
//! - what was told may have moved the frame: then it fetches anew, and runs nothing of what it had.
//!
//! The callback is called by [`locals::around_callback`](crate::locals::around_callback), which until 3.12 sees to the
//! snapshot of the frame's locals.
//!
//! ```
//! use frame_runtime::machine::trace::event::SET_LINENO;
//! use frame_runtime::machine::{Guard, Outcome, Runs};
//! use frame_runtime::trace::{Event, event};
//! use frame_runtime::version::{Cpython3_11, Cpython3_15};
//!
//! // What 3.15 says to code that sets `f_lineno`.
//! let may = |told: Event| <Cpython3_15 as Runs<_>>::RULES.step(told, SET_LINENO, 0, |_| false).outcome;
//! assert_eq!(may(event::LINE), Outcome::Goes);
//! let Outcome::Refuses(_, message) = may(event::CALL) else { panic!("no jump during a call") };
//! assert_eq!(message.pattern(), "can't jump during a call");
//!
//! // 3.11 asks about the frame, too.
//! let untraced = |guard| guard == Guard::Untraced;
//! let step = <Cpython3_11 as Runs<_>>::RULES.step(event::LINE, SET_LINENO, 0, untraced);
//! let Outcome::Refuses(_, message) = step.outcome else { panic!("only a trace function may") };
//! assert_eq!(message.pattern(), "f_lineno can only be set by a trace function");
//! ```

mod lines;
mod tell;

pub use crate::machine::trace::state as event;
pub use lines::LineEvents;
pub(crate) use tell::Delivery;
pub use tell::Told;

use crate::machine::{State, trace};

/// What a thread tells; [`event`] has them by name. 3.11 and later.
///
/// It is the thread's, not a frame's: [`event::IDLE`] until something is told, and what was told before once that is over.
///
/// Source: `what_event` of `PyThreadState` (3.11: `tracing_what`), Include/cpython/pystate.h.
pub type Event = State<trace::Machine>;
