//! `generator.send(value)` and `coroutine.send(value)` in the loop: the body runs on top of the caller's frame, and no Rust
//! function waits for it.
//!
//! A body that yields hands the value to the frame below, which goes on as if its `SEND` were done. The caller is at a `CALL`; so
//! a frame of a few instructions stands between, and does what the method does: it sends, returns what is yielded, and raises
//! `StopIteration` with what is returned.

use frame_runtime::generator::{PartRef, Sent};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::running::{Arguments, Site};
use frame_runtime::v3_14::opcode::Opcode;

use crate::eval::{Frame, Slot, Step};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value};
use crate::trampoline;
use crate::vm::Mini;

/// Its stack begins with the generator and the value.
fn code(vm: &Mini) -> Option<Value> {
    if let Some(code) = vm.sender.get() {
        return Some(code.clone());
    }
    let units = [
        // What is yielded is behind it, what is returned one further.
        (Opcode::SEND, 1),
        (Opcode::CACHE, 0),
        (Opcode::RETURN_VALUE, 0),
        (Opcode::END_SEND, 0),
        // stop(value)
        (Opcode::LOAD_CONST, 1),
        (Opcode::SWAP, 2),
        (Opcode::PUSH_NULL, 0),
        (Opcode::SWAP, 2),
        (Opcode::CALL, 1),
        (Opcode::CACHE, 0),
        (Opcode::CACHE, 0),
        (Opcode::CACHE, 0),
        (Opcode::RETURN_VALUE, 0),
    ];
    let code = trampoline::code(vm, &units, vec![NONE, Value::new(Object::Builtin(&STOP))], 4)?;
    let _ = vm.sender.set(code.clone());
    Some(code)
}

/// Raises the `StopIteration` that says that a body returned.
static STOP: Builtin = Builtin { name: "stop", is_method: false, call: stop };

fn stop(stack: &Stack, args: Args<'_>) -> Outcome {
    Sent::Returned(args.positional.first().cloned().unwrap_or(NONE)).into_result(stack, Flavour::Generator)
}

/// Whether this is the method `send` of a generator or coroutine, and that what it is called with.
pub(crate) fn is_send(builtin: &Builtin, receiver: &Value) -> bool {
    builtin.name == "send"
        && builtin.is_method
        && matches!(receiver.part(), Some(PartRef::Generator(body)) if body.flavour() != Flavour::AsyncGenerator)
}

/// Sends. Stack: the method, a generator or coroutine, the value.
#[inline(never)]
pub(crate) fn send<'t>(mut f: Frame<'t>, site: Site) -> Step<'t> {
    let Some(code) = code(f.stack().vm()) else { unreachable!("the code above is sound") };
    let method = f.replace(2, Slot::null());
    f = f.release(method);
    trampoline::enter(f, code, Arguments { count: 2, under: 1 }, site)
}
