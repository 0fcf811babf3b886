//! Code that no program has: it runs between a caller and what that calls, in a frame that nobody sees, since it has no
//! `RESUME` ([`Running::call_trampoline`](frame_runtime::running::Running::call_trampoline)).

use frame_runtime::code::{Code, Fields, Variables};
use frame_runtime::running::{Arguments, Site};
use frame_runtime::v3_14::opcode::Opcode;

use crate::cache::Caches;
use crate::eval::{Frame, Step};
use crate::instructions::calls;
use crate::object::{Value, string};
use crate::vm::Mini;

/// Instructions that such code begins with and that are never run: for the verifier, they push two values that come onto the
/// stack without them.
const NOT_RUN: [(Opcode, u8); 2] = [(Opcode::LOAD_CONST, 0); 2];

/// Runs such code on top of a frame, with arguments as entries of its stack.
pub(crate) fn enter<'t>(f: Frame<'t>, code: Value, arguments: Arguments, site: Site) -> Step<'t> {
    let mut frame = match f.call_trampoline(code, arguments, site) {
        Ok(frame) => frame,
        Err(refused) => return calls::refused(refused.caller, refused.reason),
    };
    for _ in NOT_RUN {
        let _ = frame.fetch();
    }
    Ok(frame)
}

/// A code object of these instructions, verified as any other; `None` if it does not pass. It begins with two values on its stack,
/// and has the constant 0.
pub(crate) fn code(vm: &Mini, units: &[(Opcode, u8)], consts: Vec<Value>, stacksize: usize) -> Option<Value> {
    let name = || string("<trampoline>");
    let fields = Fields {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: i32::try_from(stacksize).ok()?,
        flags: 0,
        firstlineno: 1,
        code: NOT_RUN.iter().chain(units).flat_map(|(opcode, argument)| [opcode.number(), *argument]).collect(),
        consts,
        names: Vec::new(),
        variables: Variables::Localsplus { names: Vec::new(), kinds: Vec::new() },
        filename: name(),
        name: name(),
        qualname: Some(name()),
        linetable: Vec::new(),
        exceptiontable: Vec::new(),
    };
    let code = Code::new(vm, fields).ok()?.into_verified().ok()?;
    let caches = Caches::new(&code);
    Some(Value::new_code(code, caches))
}
