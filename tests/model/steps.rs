//! The transitions that a model needs, for every version that allows them: so the rest is generic over the VM alone.

use frame_runtime::bounds::Checked;
use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::{GeneratorFrame, Stopped};
use frame_runtime::machine::Gone;
use frame_runtime::machine::generator::{
    Cleared, Created, Executing, OnRaise, OnRelease, OnReturn, OnSend, OnYield, Suspended,
};
use frame_runtime::machine::owner::{Generator, OnMakeGenerator, OnPop, Thread};
use frame_runtime::ops::Passed;
use frame_runtime::running::{Reason, Returned, Running, Site};
use frame_runtime::vm::Vm;

use crate::vms::{Stored, TestVm};

/// A frame that runs.
pub(crate) type Run<'t, V> = Running<'t, V>;

/// A generator's frame runs, or the reason why not; what went in comes out.
pub(crate) type Sent<'t, V, H> = Result<Run<'t, V>, (Reason, H, Stored<V>)>;

pub(crate) trait Steps: TestVm {
    fn end(f: Running<'_, Self, Thread>, raises: bool) -> Returned<'_, Self>;
    fn return_value(f: Running<'_, Self, Thread>) -> Passed<'_, Self, Checked>;
    fn make_generator(f: Running<'_, Self, Thread>) -> Stopped<'_, Self, Checked, Created>;
    fn suspend(f: Running<'_, Self, Generator>) -> Stopped<'_, Self, Checked, Suspended>;
    fn stop(f: Running<'_, Self, Generator>, raises: bool) -> Stopped<'_, Self, Checked, Cleared>;
    fn send<'t>(f: Run<'t, Self>, generator: Stored<Self>, site: Site) -> Sent<'t, Self, Run<'t, Self>>;
    fn send_first<'t>(entry: Entry<'t, Self>, generator: Stored<Self>) -> Sent<'t, Self, Entry<'t, Self>>;
    fn release(generator: Stored<Self>) -> Stored<Self>;
}

impl<V: TestVm> Steps for V
where
    Thread: OnPop<<V as Vm>::Python, Gone> + OnMakeGenerator<<V as Vm>::Python, Generator>,
    Created: OnSend<<V as Vm>::Python, Executing> + OnRelease<<V as Vm>::Python, Cleared>,
    Suspended: OnSend<<V as Vm>::Python, Executing> + OnRelease<<V as Vm>::Python, Cleared>,
    Executing: OnYield<<V as Vm>::Python, Suspended>
        + OnReturn<<V as Vm>::Python, Cleared>
        + OnRaise<<V as Vm>::Python, Cleared>,
{
    fn end(f: Running<'_, Self, Thread>, raises: bool) -> Returned<'_, Self> {
        if raises { f.raise() } else { f.ret() }
    }

    fn return_value(f: Running<'_, Self, Thread>) -> Passed<'_, Self, Checked> {
        f.return_value()
    }

    fn make_generator(f: Running<'_, Self, Thread>) -> Stopped<'_, Self, Checked, Created> {
        f.make_generator().unwrap_or_else(|_| panic!("no memory"))
    }

    fn suspend(f: Running<'_, Self, Generator>) -> Stopped<'_, Self, Checked, Suspended> {
        f.suspend()
    }

    fn stop(f: Running<'_, Self, Generator>, raises: bool) -> Stopped<'_, Self, Checked, Cleared> {
        if raises { f.fail() } else { f.finish() }
    }

    fn send<'t>(f: Run<'t, Self>, generator: Stored<Self>, site: Site) -> Sent<'t, Self, Run<'t, Self>> {
        match generator {
            Stored::Created(frame) => match f.send(frame, site) {
                Ok(running) => Ok(running.any()),
                Err(refused) => Err((refused.reason, refused.caller, Stored::Created(refused.callee))),
            },
            Stored::Suspended(frame) => match f.send(frame, site) {
                Ok(running) => Ok(running.any()),
                Err(refused) => Err((refused.reason, refused.caller, Stored::Suspended(refused.callee))),
            },
            Stored::Empty | Stored::Cleared(_) => panic!("it cannot be resumed"),
        }
    }

    fn send_first<'t>(entry: Entry<'t, Self>, generator: Stored<Self>) -> Sent<'t, Self, Entry<'t, Self>> {
        match generator {
            Stored::Created(frame) => match entry.send(frame) {
                Ok(running) => Ok(running.any()),
                Err(refused) => Err((refused.reason, refused.caller, Stored::Created(refused.callee))),
            },
            Stored::Suspended(frame) => match entry.send(frame) {
                Ok(running) => Ok(running.any()),
                Err(refused) => Err((refused.reason, refused.caller, Stored::Suspended(refused.callee))),
            },
            Stored::Empty | Stored::Cleared(_) => panic!("it cannot be resumed"),
        }
    }

    fn release(generator: Stored<Self>) -> Stored<Self> {
        Stored::Cleared(match generator {
            Stored::Created(frame) => frame.release(),
            Stored::Suspended(frame) => frame.release(),
            Stored::Cleared(frame) => frame,
            Stored::Empty => return Stored::Empty,
        })
    }
}

/// What everybody can see of a generator that does not run.
pub(crate) fn see_stored<V: TestVm>(stored: &Stored<V>) -> Vec<i64> {
    fn see<V: TestVm, S>(frame: &GeneratorFrame<V, S>, state: i8) -> Vec<i64> {
        let lasti = frame.lasti().map_or(i64::MIN, |unit| i64::try_from(unit).expect("small"));
        let extra = frame.extra().get().map_or(0, |value| V::id(&value));
        let mut seen = vec![state.into(), frame.raw_owner().into(), lasti, extra.into()];
        for index in 0.. {
            match frame.get(index) {
                Ok(slot) => seen.push(crate::drive::see_slot::<V>(slot)),
                Err(_) => break,
            }
        }
        seen
    }

    match stored {
        Stored::Empty => vec![-1],
        Stored::Created(frame) => see(frame, frame.raw_state()),
        Stored::Suspended(frame) => see(frame, frame.raw_state()),
        Stored::Cleared(frame) => see(frame, frame.raw_state()),
    }
}
