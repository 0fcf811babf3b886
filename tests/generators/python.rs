//! Versions whose generators are played: what needs to be known of their transitions at compile time.

use frame_runtime::bounds::Checked;
use frame_runtime::generator::Generator;
use frame_runtime::machine::generator::{Created, Flavour, Suspended, SuspendedYieldFrom};
use frame_runtime::machine::owner;
use frame_runtime::ops::Passed;
use frame_runtime::running::{Returned, Running};
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};

use super::vm::{Machine, Value};

/// A frame that runs.
pub(crate) type Frame<'t, P> = Running<'t, Machine<P>>;
/// Who goes on with a value.
pub(crate) type Next<'t, P> = Passed<'t, Machine<P>, Checked>;
/// Who goes on with an exception.
pub(crate) type Back<'t, P> = Returned<'t, Machine<P>>;

/// A version whose generators are played.
pub(crate) trait Python: Activation {
    /// `RETURN_GENERATOR`
    fn return_generator<'t>(
        frame: Running<'t, Machine<Self>, owner::Thread>,
        flavour: Flavour,
    ) -> Result<Next<'t, Self>, (Back<'t, Self>, Value<Self>)>;

    /// `RETURN_VALUE`
    fn finish(frame: Frame<'_, Self>) -> Next<'_, Self>;

    /// An exception leaves a frame.
    fn leave(frame: Frame<'_, Self>) -> Back<'_, Self>;

    /// Takes the frame of a generator that waits, and drops it: nothing of the body runs.
    fn end(generator: &Generator<Machine<Self>>);
}

macro_rules! python {
    ($python:ident: $($state:ident),+) => {
        impl Python for $python {
            fn return_generator<'t>(
                frame: Running<'t, Machine<Self>, owner::Thread>,
                flavour: Flavour,
            ) -> Result<Next<'t, Self>, (Back<'t, Self>, Value<Self>)> {
                frame.return_generator(flavour)
            }

            fn finish(frame: Frame<'_, Self>) -> Next<'_, Self> {
                frame.return_or_finish()
            }

            fn leave(frame: Frame<'_, Self>) -> Back<'_, Self> {
                frame.leave_by_exception()
            }

            fn end(generator: &Generator<Machine<Self>>) {
                $(drop(generator.take::<$state>());)+
            }
        }
    };
}

python!(Cpython3_11: Created, Suspended);
python!(Cpython3_12: Created, Suspended);
python!(Cpython3_13: Created, Suspended, SuspendedYieldFrom);
python!(Cpython3_14: Created, Suspended, SuspendedYieldFrom);
python!(Cpython3_15: Created, Suspended, SuspendedYieldFrom);
