//! What the cases of `ui/fail` do wrong, done right.

use std::ops::ControlFlow;
use std::thread;

use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::{Entry, Held};
use frame_runtime::generator::{Generator, GeneratorVm, Resume, Started, Yield};
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Cleared, Created, Suspended};
use frame_runtime::machine::owner::{self, Thread};
use frame_runtime::running::{Arguments, ByOwner, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_14};
use frame_runtime::vm::{Blank, FrameVm};

/// A frame's own entry may be left, and what comes out is none of its handles.
fn enter<V: FrameVm>(stack: &DataStack<V>, shim: V::Value, function: V::Value) -> Result<usize, Held> {
    stack.enter(shim, |entry| match entry.call(function, &mut []) {
        Ok(frame) => {
            let depth = frame.depth();
            let _entry = frame.leave();
            depth
        }
        Err(refused) => {
            let _entry = refused.caller;
            0
        }
    })
}

/// Whoever takes the handle gives it back.
fn look<V: FrameVm>(frame: Running<'_, V>) -> (usize, usize) {
    let (mut frame, bytes) = frame.escape(|stack| stack.bytes());
    let top = frame.pop();
    let frame = frame.release(top);
    (bytes, frame.depth())
}

/// What is looked at is looked at before the frame changes.
fn slots<V: FrameVm>(frame: &mut Running<'_, V>) -> bool {
    let empty = frame.peek(0).is_null();
    let local = frame.local(0).duplicate();
    frame.push(local);
    drop(frame.set_local(0, StackRef::null()));
    empty
}

fn function<V: FrameVm>(frame: &Running<'_, V>) -> Option<V::Value> {
    frame.function().map(|function| V::Value::clone(&function))
}

fn call<V: FrameVm>(frame: Running<'_, V>, function: V::Value) -> u16 {
    let cache = frame.unit(0).get();
    let _callee = frame.call(function, Arguments::default(), Site::default());
    cache
}

/// A frame ends as its owner says.
fn end<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V>) -> Returned<'_, V> {
    match frame.by_owner() {
        ByOwner::Thread(frame) => frame.ret(),
        ByOwner::Generator(frame) => frame.finish::<Cleared>().0,
    }
}

fn make<V: FrameVm<Python = Cpython3_11>>(frame: Running<'_, V, Thread>) -> Option<GeneratorFrame<V, Created>> {
    frame.make_generator().ok().map(|(_, generator)| generator)
}

fn suspend<V: FrameVm<Python = Cpython3_12>>(frame: Running<'_, V, owner::Generator>) -> GeneratorFrame<V, Suspended> {
    frame.suspend().1
}

/// A generator runs, waits and runs again.
fn resume_twice<V>(entry: Entry<'_, V>, generator: GeneratorFrame<V, Created>)
where
    V: FrameVm<Python = Cpython3_14>,
{
    let Ok(running) = entry.send(generator) else { return };
    let (Returned::Left(entry), waiting) = running.suspend::<Suspended>() else { return };
    let _running = entry.send(waiting);
}

fn release<V>(generator: GeneratorFrame<V, Created>) -> GeneratorFrame<V, Cleared>
where
    V: FrameVm<Python = Cpython3_14>,
{
    generator.release()
}

/// A handle that is taken is put back.
fn stands_at<V: FrameVm<Python = Cpython3_14>>(generator: &Generator<V>) -> Option<isize> {
    let frame = generator.take::<Suspended>()?;
    let at = frame.lasti();
    frame.put_back();
    at
}

/// A generator's frame that runs yields; what begins a loop begins one.
#[expect(dead_code, reason = "no VM here has generators")]
fn yields<V: GeneratorVm>(entry: Entry<'_, V>, resume: Resume<V>) {
    if let Started::Sent(frame) = resume.start(entry) {
        let _resumer = frame.yield_value(Yield::Own);
    }
}

/// Who owns a frame is asked before it yields.
#[expect(dead_code, reason = "no VM here has generators")]
fn yields_if_it_can<V: GeneratorVm>(frame: Running<'_, V>) {
    if let ByOwner::Generator(frame) = frame.by_owner() {
        let _resumer = frame.yield_value(Yield::From);
    }
}

/// What is in a cell outlives its object.
fn content<V: FrameVm>(object: V::Value) -> Option<V::Value> {
    let content = V::cell(&object)?.get();
    drop(object);
    content
}

/// A walk finds the frame's object.
fn topmost<V: FrameVm>(stack: &DataStack<V>) -> Result<Option<V::Value>, Held> {
    let found = stack.walk(|view| ControlFlow::Break(view.object()))?;
    Ok(found.flatten())
}

/// A stack whose references may go to another thread goes there.
#[expect(dead_code, reason = "references of the VMs here are of no thread")]
fn send<V: FrameVm + Send>(stack: DataStack<V>)
where
    V::Value: Send,
    V::FrameExtra: Send,
{
    thread::spawn(move || drop(stack));
}

fn main() {
    type Machine = Blank<Cpython3_14>;
    let _ = (enter::<Machine>, look::<Machine>, slots::<Machine>, function::<Machine>, call::<Machine>);
    let _ = (end::<Machine>, make::<Blank<Cpython3_11>>, suspend::<Blank<Cpython3_12>>);
    let _ = (stands_at::<Machine>, content::<Machine>);
    let _ = (resume_twice::<Machine>, release::<Machine>, topmost::<Machine>);
}
