//! The eval loop: instructions, by their names.

use std::ops::ControlFlow;
use std::rc::Rc;

use frame_runtime::bounds::Checked;
use frame_runtime::entry::Entry;
use frame_runtime::generator::{GeneratorVm, Resume, Resumes, Started, Yield};
use frame_runtime::running::{Any, ByOwner, Returned, Site};
use frame_runtime::stack_ref::{StackRef, Unpacked};
use frame_runtime::unwind::Unwound;
use frame_runtime::version::Version;
use serde_json::{Value as Json, json};

use super::assemble::SLOTS;
use super::compile::Native;
use super::errors::Class;
use super::python::{Back, Frame, Next, Python};
use super::vm::{Kind, Machine, Stack, Value};
use super::world::{Me, World};

/// What an instruction is called, and its code units of cache.
type Named = (&'static str, u8);

/// The instructions of a version, by their numbers.
pub(crate) struct Instructions([Named; 256]);

impl Instructions {
    pub(crate) fn of<P: Version>() -> Self {
        let mut all = [("", 0); 256];
        for (named, info) in all.iter_mut().zip(P::LAYOUT.opcodes) {
            if let Some(info) = info {
                *named = (info.name, info.caches);
            }
        }
        Instructions(all)
    }
}

/// Who goes on, and with what.
enum Flow<'t, P: Python> {
    On(Frame<'t, P>),
    /// The instruction before the next one raised.
    Raise(Frame<'t, P>, Value<P>),
    Unwound(Unwound<'t, Machine<P>, Any, Checked>),
    Passed(Next<'t, P>),
    /// A frame ended with an exception.
    Back(Back<'t, P>, Value<P>),
}

/// Calls a function.
pub(crate) fn call<P: Python>(
    world: &Rc<World<P>>,
    function: Value<P>,
    values: &mut [StackRef<Machine<P>>],
) -> Result<Value<P>, Value<P>> {
    let entered = world.stack.enter(world.none(), |entry| match entry.call(function, values) {
        Ok(frame) => run(world, Flow::On(frame)),
        Err(refused) => panic!("{}", refused.reason),
    });
    entered.expect("nobody holds a frame")
}

/// Runs a generator's frame.
pub(crate) fn resume<P: Python>(
    entry: Entry<'_, Machine<P>>,
    resume: Resume<Machine<P>>,
) -> Result<Value<P>, Value<P>> {
    let world = entry.stack().vm().world();
    let flow = match resume.start(entry) {
        Started::Sent(frame) => Flow::On(frame.any()),
        Started::Thrown(frame, exception) => Flow::Unwound(frame.any().unwind_thrown(exception)),
    };
    run(&world, flow)
}

fn run<'t, P: Python>(world: &Rc<World<P>>, mut flow: Flow<'t, P>) -> Result<Value<P>, Value<P>> {
    loop {
        flow = match flow {
            Flow::On(frame) => step(world, frame),
            Flow::Raise(frame, exception) => Flow::Unwound(frame.unwind(exception)),
            Flow::Unwound(Unwound::Handled(frame)) => Flow::On(frame),
            Flow::Unwound(Unwound::Unhandled(frame, exception)) => Flow::Back(P::leave(frame), exception),
            Flow::Passed(ControlFlow::Continue(frame)) => Flow::On(frame),
            Flow::Passed(ControlFlow::Break((_, value))) => return Ok(value.into_value().expect("a value")),
            Flow::Back(Returned::Frame(frame), exception) => Flow::Raise(frame, exception),
            Flow::Back(Returned::Left(_), exception) => return Err(exception),
        };
    }
}

fn step<'t, P: Python>(world: &Rc<World<P>>, mut frame: Frame<'t, P>) -> Flow<'t, P> {
    let minor = P::LAYOUT.minor();
    let mut instruction = frame.fetch();
    let mut argument = u32::from(instruction.argument);
    while world.instructions.0[usize::from(instruction.opcode)].0 == "EXTENDED_ARG" {
        instruction = frame.fetch();
        argument = argument << 8 | u32::from(instruction.argument);
    }
    let (name, caches) = world.instructions.0[usize::from(instruction.opcode)];
    let site = Site { caches, jump: u16::try_from(argument).unwrap_or(u16::MAX) };
    let distance = argument.cast_signed();
    match name {
        "SEND" => return done(frame.send_value(site)),
        "FOR_ITER" => return for_iter(world, frame, site),
        "JUMP_FORWARD" => frame.jump(i32::from(caches) + distance),
        "JUMP_BACKWARD" | "JUMP_BACKWARD_NO_INTERRUPT" => frame.jump(i32::from(caches) - distance),
        "POP_JUMP_IF_FALSE" | "POP_JUMP_FORWARD_IF_FALSE" => {
            let top = frame.pop().into_value().expect("a value");
            let jumps = matches!(top.kind(), Kind::Bool(false));
            frame.jump(i32::from(caches) + if jumps { distance } else { 0 });
            frame = frame.release(StackRef::owned(top));
        }
        "YIELD_VALUE" => {
            let delegates = match minor {
                13.. => argument == 1,
                _ => Resumes::of::<P>(frame.unit(0).instruction().argument).delegates(),
            };
            let ByOwner::Generator(frame) = frame.by_owner() else { panic!("a function yields") };
            return Flow::Passed(frame.yield_value(if delegates { Yield::From } else { Yield::Own }));
        }
        "RETURN_VALUE" => return Flow::Passed(P::finish(frame)),
        "RETURN_GENERATOR" => {
            let flavour = frame.code().flavour;
            let ByOwner::Thread(frame) = frame.by_owner() else { panic!("a generator becomes one") };
            return match P::return_generator(frame, flavour) {
                Ok(passed) => Flow::Passed(passed),
                Err((back, exception)) => Flow::Back(back, exception),
            };
        }
        "RERAISE" => {
            let Ok(unwound) = frame.reraise(argument) else { panic!("there is no exception") };
            return Flow::Unwound(unwound);
        }
        "RAISE_VARARGS" => {
            let cause = if argument == 2 { frame.pop().into_value() } else { None };
            let value = if argument > 0 { frame.pop().into_value() } else { None };
            let (frame, exception) = frame.escape(|_| match value {
                Some(value) => world.raise(value, cause),
                None => world.reraise(),
            });
            return Flow::Raise(frame, exception);
        }
        _ => match plain(world, frame, name, argument) {
            Flow::On(mut next) => {
                next.jump(caches.into());
                return Flow::On(next);
            }
            other => return other,
        },
    }
    Flow::On(frame)
}

/// Instructions that neither jump nor end anything.
fn plain<'t, P: Python>(
    world: &Rc<World<P>>,
    mut frame: Frame<'t, P>,
    name: &'static str,
    argument: u32,
) -> Flow<'t, P> {
    let minor = P::LAYOUT.minor();
    match name {
        "RESUME" => {}
        "POP_TOP" | "END_FOR" if minor > 12 || name == "POP_TOP" => frame = frame.pop_top(),
        "POP_ITER" if minor == 14 => frame = frame.pop_top(),
        "POP_ITER" | "END_FOR" => frame = frame.pop_top().pop_top(),
        "PUSH_NULL" => frame.push_null(),
        "COPY" => frame.copy(argument),
        "SWAP" => frame.swap(argument),
        "LOAD_CONST" | "LOAD_COMMON_CONSTANT" => frame.push(StackRef::owned(world.none())),
        "LOAD_FAST" if frame.local(argument).is_null() => frame.push(StackRef::owned(world.none())),
        "LOAD_FAST" => frame.load_fast(argument),
        "STORE_FAST" => frame = frame.store_fast(argument),
        "LOAD_NAME" => return native(world, frame, argument),
        "PUSH_EXC_INFO" => frame.push_exc_info(),
        "POP_EXCEPT" => frame = frame.pop_except(),
        "CHECK_EXC_MATCH" => {
            let class = frame.pop();
            let matches = {
                let (class, top) = (class.as_value().expect("a class"), frame.peek(0).as_value());
                let error = top.as_ref().and_then(|top| top.error()).expect("an exception");
                if let Kind::Class(class) = class.kind() { error.class.is(class.name) } else { false }
            };
            frame.push(StackRef::owned(world.object(Kind::Bool(matches))));
            frame = frame.release(class);
        }
        "END_SEND" => frame = frame.end_send(),
        "CLEANUP_THROW" => return done(frame.cleanup_throw()),
        "END_ASYNC_FOR" => return done(frame.end_async_for()),
        "CALL_INTRINSIC_1" if argument == 3 => {
            let flavour = frame.code().flavour;
            frame = frame.stop_iteration_error(flavour);
        }
        "CALL_INTRINSIC_1" | "ASYNC_GEN_WRAP" => return done(frame.async_gen_wrap()),
        "GET_YIELD_FROM_ITER" => {
            let flavour = frame.code().flavour;
            return done(frame.get_yield_from_iter(flavour));
        }
        "GET_ITER" if argument > 0 => {
            let flavour = frame.code().flavour;
            return done(frame.get_yield_from_iter(flavour));
        }
        "GET_ITER" => return get_iter(world, frame),
        "GET_AWAITABLE" => return done(frame.get_awaitable(argument)),
        "GET_AITER" => return done(frame.get_aiter()),
        "GET_ANEXT" => return done(frame.get_anext()),
        other => panic!("no instruction {other} {argument}"),
    }
    Flow::On(frame)
}

fn done<'t, P: Python>(done: frame_runtime::generator::Done<'t, Machine<P>, Any, Checked>) -> Flow<'t, P> {
    match done {
        Ok(frame) => Flow::On(frame),
        Err(raised) => Flow::Raise(raised.frame, raised.exception),
    }
}

/// `GET_ITER`; since 3.15 what has items by index stays, with an index.
fn get_iter<'t, P: Python>(world: &Rc<World<P>>, mut frame: Frame<'t, P>) -> Flow<'t, P> {
    let is_new = P::LAYOUT.minor() >= 15;
    let value = frame.pop().into_value().expect("a value");
    if is_new && world.stack.vm().has_virtual_iterator(&value) {
        frame.push(StackRef::owned(value));
        frame.push(StackRef::integer(0).expect("0 fits"));
        return Flow::On(frame);
    }
    let (mut frame, made) = frame.escape(|_| {
        let made = world.iter(&value);
        drop(value);
        made
    });
    match made {
        Ok(value) => {
            frame.push(StackRef::owned(value));
            if is_new {
                frame.push_null();
            }
            Flow::On(frame)
        }
        Err(exception) => Flow::Raise(frame, exception),
    }
}

fn for_iter<'t, P: Python>(world: &Rc<World<P>>, frame: Frame<'t, P>, site: Site) -> Flow<'t, P> {
    let mut frame = match frame.for_iter_generator(site) {
        Ok(frame) => return Flow::On(frame),
        Err(frame) => frame,
    };
    let minor = P::LAYOUT.minor();
    let index = match frame.peek(0).duplicate().unpack() {
        Unpacked::Integer(index) => Some(index),
        _ => None,
    };
    let iterator = frame.peek(u32::from(minor >= 15)).duplicate().into_value().expect("an iterator");
    let (back, found) = frame.escape(|_| match index {
        Some(index) => Ok(world.item(&iterator, index.unsigned_abs())),
        None => {
            let found = world.next(&iterator);
            drop(iterator);
            found
        }
    });
    frame = back;
    let found = match found {
        Err(exception) if exception.error().is_some_and(|error| error.class.is("StopIteration")) => {
            frame = frame.release(StackRef::owned(exception));
            None
        }
        Err(exception) => return Flow::Raise(frame, exception),
        Ok(found) => found,
    };
    let over = i32::from(site.caches) + i32::from(site.jump);
    match found {
        Some(value) => {
            if let Some(index) = index {
                drop(frame.replace(0, StackRef::integer(index + 1).expect("a small index")));
            }
            frame.push(StackRef::owned(value));
            frame.jump(site.caches.into());
        }
        None => {
            frame.jump(match minor {
                12 | 14.. => over + 1,
                13 => over + 2,
                _ => over,
            });
            if minor < 14 {
                frame = frame.pop_top();
            }
        }
    }
    Flow::On(frame)
}

/// Whether a value of the script asks for a slot.
fn uses(value: &Json, slot: u32) -> bool {
    let Some(parts) = value.as_array() else { return false };
    match parts.first().and_then(Json::as_str) {
        Some("s") => parts[1] == slot,
        _ => parts.iter().any(|part| uses(part, slot)),
    }
}

/// Calls a native of the body, which pushes what it returns.
fn native<'t, P: Python>(world: &Rc<World<P>>, frame: Frame<'t, P>, index: u32) -> Flow<'t, P> {
    let natives = Rc::clone(&frame.code().natives);
    let native = &natives[index as usize];
    let slots: Vec<Option<Value<P>>> = match native {
        Native::Value(value) | Native::Store(_, value) | Native::Log(value) => (0..SLOTS)
            .map(|slot| if uses(value, slot) { frame.local(slot).duplicate().into_value() } else { None })
            .collect(),
        _ => Vec::new(),
    };
    let (mut frame, result) = frame.escape(|stack| {
        let result = perform(world, stack, native, &slots);
        drop(slots);
        result
    });
    match result {
        Ok(value) => {
            frame.push(StackRef::owned(value));
            Flow::On(frame)
        }
        Err(exception) => Flow::Raise(frame, exception),
    }
}

fn perform<P: Python>(
    world: &Rc<World<P>>,
    stack: &Stack<P>,
    native: &Native,
    slots: &[Option<Value<P>>],
) -> Result<Value<P>, Value<P>> {
    let generator = stack.walk(|frame| ControlFlow::Break(frame.generator()));
    let generator = generator.ok().flatten().flatten();
    let me = generator.map_or(Me::Nobody, |generator| Me::Own(generator.own()));
    match native {
        Native::Value(value) => return world.value_of(value, &me, slots),
        Native::Store(register, value) => {
            let value = world.value_of(value, &me, slots)?;
            world.set_register(*register, Some(value));
        }
        Native::Log(value) => {
            let value = world.value_of(value, &me, slots)?;
            let said = world.encode(&value);
            world.say(json!(["log", said]));
        }
        Native::Handled => world.say_handled(),
        Native::Operation(operation) => {
            let event = world.perform(operation, &me);
            world.say(json!(["op", event]));
        }
        Native::Class(name) => return Ok(world.object(Kind::Class(Class::find(name)))),
    }
    Ok(world.none())
}
