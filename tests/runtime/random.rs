//! Random operations on a stack of frames and generators; at the end nothing may be left, whatever happened.

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::Gone;
use frame_runtime::machine::generator::{Cleared, Created, Executing, OnRaise, OnReturn, OnSend, OnYield, Suspended};
use frame_runtime::machine::owner::{Generator, OnMakeGenerator, OnPop, Thread};
use frame_runtime::running::{Arguments, ByOwner, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Activation;

use crate::machine::{Machine, Value};

/// xorshift64: the same sequence for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A generator object: what state it is in is known at run time.
enum Stored<P: Activation> {
    Created(GeneratorFrame<Machine<P>, Created>),
    Suspended(GeneratorFrame<Machine<P>, Suspended>),
    Cleared(#[expect(dead_code, reason = "its end counts")] GeneratorFrame<Machine<P>, Cleared>),
}

const LOCALS: u32 = 3;
const STACK: u32 = 4;

struct Run<P: Activation> {
    random: Random,
    stored: Vec<Stored<P>>,
    functions: [Value; 2],
}

type Frame<'t, P> = Running<'t, Machine<P>>;

pub(crate) fn run<P: Activation>(seed: u64)
where
    Thread: OnPop<P, Gone> + OnMakeGenerator<P, Generator>,
    Created: OnSend<P, Executing>,
    Suspended: OnSend<P, Executing>,
    Executing: OnYield<P, Suspended> + OnReturn<P, Cleared> + OnRaise<P, Cleared>,
{
    let stack = DataStack::<Machine<P>>::new(Machine::default(), Limits { recursion: 40, ..Limits::default() });
    // Some frames are large, so that chunks are crossed all the time.
    let functions = [Value::function(LOCALS, STACK), Value::function(LOCALS, STACK + 700)];
    let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut run = Run { random, stored: Vec::new(), functions };
    for _ in 0..3 {
        let result = catch_unwind(AssertUnwindSafe(|| {
            stack.enter(Value::new("shim"), |entry| run.inside(entry)).expect("nobody holds a frame");
        }));
        if let Err(payload) = result {
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        }
        assert_eq!(stack.remaining(), 40, "seed {seed}");
    }
}

impl<P: Activation> Run<P>
where
    Thread: OnPop<P, Gone> + OnMakeGenerator<P, Generator>,
    Created: OnSend<P, Executing>,
    Suspended: OnSend<P, Executing>,
    Executing: OnYield<P, Suspended> + OnReturn<P, Cleared> + OnRaise<P, Cleared>,
{
    fn function(&mut self) -> Value {
        let large = self.random.below(4) == 0;
        self.functions[usize::from(large)].clone()
    }

    fn inside(&mut self, entry: Entry<'_, Machine<P>>) {
        let mut arguments = [Value::new("a").slot(), StackRef::null()];
        let Ok(mut f) = entry.call(self.function(), &mut arguments) else { return };
        for _ in 0..200 {
            let Some(next) = self.step(f) else { return };
            f = next;
        }
        f.leave();
    }

    fn step<'t>(&mut self, mut f: Frame<'t, P>) -> Option<Frame<'t, P>> {
        // Frames stay within a small part of their code, so that positions are always in it.
        if f.next_index() > 5 {
            f.jump(1 - i32::try_from(f.next_index()).expect("small"));
        }
        f.fetch();
        let depth = u32::try_from(f.depth()).expect("small");
        match self.random.below(17) {
            0..=2 if depth < STACK => f.push(Value::new("pushed").slot()),
            3 if depth > 0 => {
                let value = f.pop();
                f = f.release(value);
            }
            4 | 5 => {
                let index = u32::try_from(self.random.below(LOCALS.into())).expect("small");
                let old = f.set_local(index, Value::new("local").slot());
                f = f.release(old);
            }
            6 if depth < STACK => {
                let copy = f.local(0).duplicate();
                f.push(copy);
            }
            7..=9 => {
                let arguments = Arguments { count: depth.min(2), under: 0 };
                f = match f.call(self.function(), arguments, Site { caches: 1, jump: 0 }) {
                    Ok(callee) => callee,
                    Err(refused) => refused.caller,
                };
            }
            10 | 11 => return self.end(f),
            12 => {
                f = match f.by_owner() {
                    ByOwner::Generator(generator) => generator.any(),
                    ByOwner::Thread(thread) => {
                        let (returned, generator) = thread.make_generator().expect("memory");
                        self.stored.push(Stored::Created(generator));
                        return Self::go_on(returned);
                    }
                };
            }
            13 | 14 => return Some(self.resume(f)),
            15 => {
                let count = self.stored.len();
                if count > 0 {
                    let dropped =
                        self.stored.swap_remove(usize::try_from(self.random.below(count as u64)).expect("small"));
                    f = f.escape(|_| drop(dropped)).0;
                }
            }
            16 if self.random.below(12) == 0 => f = f.escape(|_| fail()).0,
            16 => {
                let (same, ()) = f.escape(|stack| {
                    if stack.remaining() > 5 {
                        stack.enter(Value::new("shim"), |entry| self.inside(entry)).expect("spilled");
                    }
                });
                f = same;
            }
            _ => {}
        }
        Some(f)
    }

    fn end<'t>(&mut self, f: Frame<'t, P>) -> Option<Frame<'t, P>> {
        match f.by_owner() {
            ByOwner::Thread(thread) => Self::go_on(thread.ret()),
            ByOwner::Generator(generator) => match self.random.below(3) {
                0 => {
                    let (returned, cleared) = generator.finish();
                    self.stored.push(Stored::Cleared(cleared));
                    Self::go_on(returned)
                }
                1 => Self::go_on(generator.fail().0),
                _ => {
                    let (returned, suspended) = generator.suspend();
                    self.stored.push(Stored::Suspended(suspended));
                    Self::go_on(returned)
                }
            },
        }
    }

    fn resume<'t>(&mut self, f: Frame<'t, P>) -> Frame<'t, P> {
        let site = Site { caches: 1, jump: 1 };
        match self.stored.pop() {
            None => f,
            Some(Stored::Created(generator)) => match f.send(generator, site) {
                Ok(running) => running.any(),
                Err(refused) => {
                    self.stored.push(Stored::Created(refused.callee));
                    refused.caller
                }
            },
            Some(Stored::Suspended(generator)) => match f.send(generator, site) {
                Ok(running) => running.any(),
                Err(refused) => {
                    self.stored.push(Stored::Suspended(refused.callee));
                    refused.caller
                }
            },
            Some(cleared @ Stored::Cleared(_)) => {
                self.stored.push(cleared);
                f
            }
        }
    }

    fn go_on<'t>(returned: Returned<'t, Machine<P>>) -> Option<Frame<'t, P>> {
        match returned {
            Returned::Frame(f) => Some(f),
            Returned::Left(_) => None,
        }
    }
}

fn fail() {
    panic!("on purpose");
}
