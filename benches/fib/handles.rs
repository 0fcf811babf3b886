//! The loop over the runtime's handles.

#![forbid(unsafe_code)]

use std::marker::PhantomData;

use frame_runtime::bounds::Bounds;
use frame_runtime::entry::Entry;
use frame_runtime::machine::Gone;
use frame_runtime::machine::owner::{OnPop, Thread};
use frame_runtime::running::{Arguments, ByOwner, Returned, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Activation;
use frame_runtime::vm::Vm;

use crate::object::{CALL_CACHES, Value, op};

/// The VM of the benchmark with the frames of version `P`.
pub(crate) struct Machine<P>(PhantomData<P>);

impl<P: Activation> Vm for Machine<P> {
    type Python = P;
    type Value = Value;
    type FrameExtra = ();
}

impl<P> Default for Machine<P> {
    fn default() -> Self {
        Machine(PhantomData)
    }
}

type Slot<P> = StackRef<Machine<P>>;

#[inline(always)]
fn integers<P: Activation>(left: Slot<P>, right: Slot<P>) -> (i64, i64) {
    let (Some(left), Some(right)) = (left.into_value(), right.into_value()) else { panic!("an empty slot") };
    let (Some(left), Some(right)) = (left.as_integer(), right.as_integer()) else { panic!("no integer") };
    (left, right)
}

#[inline(never)]
pub(crate) fn run<P: Activation, B: Bounds>(entry: Entry<'_, Machine<P>, B>, fib: Value, n: i64) -> i64
where
    Thread: OnPop<P, Gone>,
{
    let mut arguments = [Slot::<P>::owned(Value::integer(n))];
    let Ok(mut f) = entry.call(fib, &mut arguments) else { panic!("no call") };
    loop {
        let instruction = f.fetch();
        match instruction.opcode {
            op::RESUME => {}
            op::LOAD_FAST => {
                let value = f.local(instruction.argument.into()).duplicate();
                f.push(value);
            }
            op::LOAD_SMALL_INT => f.push(StackRef::owned(Value::integer(instruction.argument.into()))),
            op::LESS => {
                let right = f.pop();
                let (left, right) = integers(f.pop(), right);
                f.push(StackRef::owned(Value::integer((left < right).into())));
            }
            op::POP_JUMP_IF_FALSE => {
                let (condition, _) = integers(f.pop(), Slot::<P>::owned(Value::integer(0)));
                if condition == 0 {
                    f.jump(instruction.argument.into());
                }
            }
            op::LOAD_GLOBAL => {
                let Some(function) = f.function().map(|function| Value::clone(&function)) else {
                    panic!("no function")
                };
                f.push(StackRef::owned(function));
            }
            op::SUBTRACT => {
                let right = f.pop();
                let (left, right) = integers(f.pop(), right);
                f.push(StackRef::owned(Value::integer(left - right)));
            }
            op::ADD => {
                let right = f.pop();
                let (left, right) = integers(f.pop(), right);
                f.push(StackRef::owned(Value::integer(left + right)));
            }
            op::CALL => {
                let count = instruction.argument.into();
                let Some(function) = f.replace(count, StackRef::null()).into_value() else { panic!("no callable") };
                let site = Site { caches: CALL_CACHES, jump: 0 };
                f = match f.call(function, Arguments { count, under: 1 }, site) {
                    Ok(callee) => callee,
                    Err(refused) => panic!("{}", refused.reason),
                };
            }
            op::RETURN => {
                let value = f.pop();
                let ByOwner::Thread(returning) = f.by_owner() else { panic!("no generators here") };
                match returning.ret() {
                    Returned::Frame(caller) => {
                        f = caller;
                        f.push(value);
                    }
                    Returned::Left(_) => {
                        let value = value.into_value().and_then(|value| value.as_integer());
                        return value.expect("an integer");
                    }
                }
            }
            _ => panic!("no such opcode"),
        }
    }
}
