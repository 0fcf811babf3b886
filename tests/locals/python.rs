//! Versions whose frames are replayed: transitions, where states are known at run time only.

use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{self, Cleared, Created, Suspended, SuspendedYieldFrom, state};
use frame_runtime::machine::{State, owner};
use frame_runtime::running::{Returned, Running};
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version};

use crate::vm::{Machine, Value};

/// A running frame.
pub(crate) type Frame<'t, P> = Running<'t, Machine<P>>;
/// Who goes on when a frame stops.
pub(crate) type Next<'t, P> = Returned<'t, Machine<P>>;

/// The frame of a generator that does not run.
pub(crate) enum Waiting<P: Python> {
    Created(GeneratorFrame<Machine<P>, Created>),
    Suspended(GeneratorFrame<Machine<P>, Suspended>),
    Delegating(GeneratorFrame<Machine<P>, P::Delegating>),
    /// Cleared before it began, with all that it holds.
    Completed(#[expect(dead_code, reason = "what is held counts")] GeneratorFrame<Machine<P>, P::Completed>),
    Cleared(#[expect(dead_code, reason = "what is held counts")] GeneratorFrame<Machine<P>, Cleared>),
}

pub(crate) trait Python: Activation {
    /// The state of a generator that waits in a `yield from`.
    type Delegating: 'static;
    /// The state of one that was cleared before it began, and holds all it held.
    type Completed: 'static;

    fn send<'t>(entry: Entry<'t, Machine<Self>>, waiting: Waiting<Self>) -> Frame<'t, Self>;
    fn suspend<'t>(
        frame: Running<'t, Machine<Self>, owner::Generator>,
        delegating: bool,
    ) -> (Next<'t, Self>, Waiting<Self>);
    fn stop<'t>(frame: Running<'t, Machine<Self>, owner::Generator>, raises: bool) -> (Next<'t, Self>, Waiting<Self>);
    fn end<'t>(frame: Running<'t, Machine<Self>, owner::Thread>) -> Next<'t, Self>;
    fn make_generator<'t>(frame: Running<'t, Machine<Self>, owner::Thread>) -> (Next<'t, Self>, Waiting<Self>);
    /// `clear()` of the frame object of one that has not begun.
    fn clear(waiting: Waiting<Self>) -> Waiting<Self>;
}

impl<P: Python> Waiting<P> {
    /// The frame object; none of a generator that is over.
    pub(crate) fn object(&self, vm: &Machine<P>) -> Option<Value<P>> {
        match self {
            Waiting::Created(handle) => handle.object(vm),
            Waiting::Suspended(handle) => handle.object(vm),
            Waiting::Delegating(handle) => handle.object(vm),
            Waiting::Completed(_) | Waiting::Cleared(_) => None,
        }
    }

    pub(crate) fn state(&self) -> State<generator::Machine> {
        match self {
            Waiting::Created(_) => state::CREATED,
            Waiting::Suspended(_) => state::SUSPENDED,
            // It has this state only where a version has it.
            Waiting::Delegating(_) if <P as Version>::LAYOUT.minor() < 13 => state::SUSPENDED,
            Waiting::Delegating(_) => state::SUSPENDED_YIELD_FROM,
            Waiting::Completed(_) => state::COMPLETED,
            Waiting::Cleared(_) => state::CLEARED,
        }
    }

    /// Whether it can be resumed.
    pub(crate) fn waits(&self) -> bool {
        !matches!(self, Waiting::Completed(_) | Waiting::Cleared(_))
    }
}

macro_rules! python {
    ($python:ident delegating $delegating:ty, completed $completed:ty $(, cleared as $cleared:ident)?) => {
        impl Python for $python {
            type Delegating = $delegating;
            type Completed = $completed;

            fn send<'t>(entry: Entry<'t, Machine<Self>>, waiting: Waiting<Self>) -> Frame<'t, Self> {
                let sent = match waiting {
                    Waiting::Created(handle) => entry.send(handle).ok(),
                    Waiting::Suspended(handle) => entry.send(handle).ok(),
                    Waiting::Delegating(handle) => entry.send(handle).ok(),
                    Waiting::Completed(_) | Waiting::Cleared(_) => None,
                };
                sent.expect("it can be resumed").any()
            }

            fn suspend<'t>(
                frame: Running<'t, Machine<Self>, owner::Generator>,
                delegating: bool,
            ) -> (Next<'t, Self>, Waiting<Self>) {
                let (next, handle) = frame.suspend::<Suspended>();
                match delegating {
                    true => (next, Waiting::Delegating(handle.transition())),
                    false => (next, Waiting::Suspended(handle)),
                }
            }

            fn stop<'t>(
                frame: Running<'t, Machine<Self>, owner::Generator>,
                raises: bool,
            ) -> (Next<'t, Self>, Waiting<Self>) {
                let (next, handle) = if raises { frame.fail::<Cleared>() } else { frame.finish::<Cleared>() };
                (next, Waiting::Cleared(handle))
            }

            fn end<'t>(frame: Running<'t, Machine<Self>, owner::Thread>) -> Next<'t, Self> {
                frame.ret()
            }

            fn make_generator<'t>(
                frame: Running<'t, Machine<Self>, owner::Thread>,
            ) -> (Next<'t, Self>, Waiting<Self>) {
                let (next, handle) = frame.make_generator().unwrap_or_else(|_| panic!("there is memory"));
                (next, Waiting::Created(handle))
            }

            fn clear(waiting: Waiting<Self>) -> Waiting<Self> {
                match waiting {
                    $(Waiting::Created(handle) => Waiting::$cleared(handle.clear()),)?
                    waiting => waiting,
                }
            }
        }
    };
}

// A version without one of these states never comes to it.
python!(Cpython3_11 delegating Suspended, completed Cleared);
python!(Cpython3_12 delegating Suspended, completed generator::Completed, cleared as Completed);
python!(Cpython3_13 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);
python!(Cpython3_14 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);
python!(Cpython3_15 delegating SuspendedYieldFrom, completed Cleared, cleared as Cleared);
