//! `Class(...)` where `__init__` is a function of the program: no Rust function waits for it.
//!
//! CPython has a frame of three instructions between the caller and `__init__`, which keeps the new object, checks that `__init__()`
//! returned `None`, and returns the object. Nobody sees that frame, since it has no `RESUME`. The same is done here
//! ([`Running::call_trampoline`](frame_runtime::running::Running::call_trampoline)).

use frame_runtime::code::{Code, Fields, Variables};
use frame_runtime::running::{Arguments, Site};
use frame_runtime::v3_14::opcode::Opcode;

use crate::cache::Caches;
use crate::eval::{Frame, Slot, Step};
use crate::exception::refuse;
use crate::instructions::{calls, perform};
use crate::object::{NONE, Value, string};
use crate::vm::Mini;

/// Instructions that such code begins with and that are never run: for the verifier, they push two values that come onto the
/// stack without them.
const NOT_RUN: [Opcode; 2] = [Opcode::LOAD_CONST; 2];

/// What is run.
const RUN: [Opcode; 2] = [Opcode::EXIT_INIT_CHECK, Opcode::RETURN_VALUE];

/// What runs between the caller and `__init__` of so many arguments.
fn code(vm: &Mini, arguments: usize) -> Option<Value> {
    if let Some(code) = vm.constructors.borrow().get(arguments) {
        return Some(code.clone());
    }
    let mut made = vm.constructors.borrow().len();
    while made <= arguments {
        // The object, and the arguments of `__init__`, of which the object is the first.
        let code = make_code(vm, made + 2)?;
        vm.constructors.borrow_mut().push(code);
        made += 1;
    }
    vm.constructors.borrow().get(arguments).cloned()
}

/// A code object of these instructions, verified as any other; `None` if it does not pass. It begins with two values on its stack.
fn make_code(vm: &Mini, stacksize: usize) -> Option<Value> {
    let name = || string("<trampoline>");
    let fields = Fields {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: i32::try_from(stacksize).ok()?,
        flags: 0,
        firstlineno: 1,
        code: NOT_RUN.iter().chain(&RUN).flat_map(|opcode| [opcode.number(), 0]).collect(),
        consts: vec![NONE],
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

/// Calls `__init__` of a new object. Stack: class, null, arguments.
#[inline(never)]
pub(crate) fn construct<'t, const WATCHED: bool>(
    mut f: Frame<'t>,
    instance: Value,
    init: Value,
    count: u32,
    site: Site,
) -> Step<'t> {
    let Some(code) = code(f.stack().vm(), count as usize) else {
        return perform(f, |stack| Err(refuse(stack, "a call with so many arguments")));
    };
    let class = f.replace(count + 1, Slot::owned(instance.clone()));
    f = f.release(class);
    drop(f.replace(count, Slot::owned(instance)));
    let mut frame = match f.call_trampoline(code, Arguments { count: count + 2, under: 0 }, site) {
        Ok(frame) => frame,
        Err(refused) => return calls::refused(refused.caller, refused.reason),
    };
    for _ in NOT_RUN {
        let _ = frame.fetch();
    }
    let (arguments, site) = (Arguments { count: count + 1, under: 0 }, Site::default());
    if calls::takes_exactly(&init, count + 1) {
        return calls::called::<WATCHED>(frame.call(init, arguments, site));
    }
    calls::bound::<WATCHED>(frame, init, arguments, &[], site)
}
