//! `Class(...)` where `__init__` is a function of the program: no Rust function waits for it.
//!
//! CPython has a frame of three instructions between the caller and `__init__`, which keeps the new object, checks that `__init__()`
//! returned `None`, and returns the object. Nobody sees that frame, since it has no `RESUME`. The same is done here
//! ([`Running::call_trampoline`](frame_runtime::running::Running::call_trampoline)).

use frame_runtime::running::{Arguments, Site};
use frame_runtime::v3_14::opcode::Opcode;

use crate::eval::{Frame, Slot, Step};
use crate::exception::refuse;
use crate::instructions::{calls, perform};
use crate::object::{NONE, Value};
use crate::trampoline;
use crate::vm::Mini;

/// What runs between the caller and `__init__` of so many arguments.
fn code(vm: &Mini, arguments: usize) -> Option<Value> {
    if let Some(code) = vm.constructors.borrow().get(arguments) {
        return Some(code.clone());
    }
    let mut made = vm.constructors.borrow().len();
    while made <= arguments {
        let units = [Opcode::EXIT_INIT_CHECK, Opcode::RETURN_VALUE];
        // The object, and the arguments of `__init__`, of which the object is the first.
        let code = trampoline::code(vm, &units.map(|opcode| (opcode, 0)), vec![NONE], made + 2)?;
        vm.constructors.borrow_mut().push(code);
        made += 1;
    }
    vm.constructors.borrow().get(arguments).cloned()
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
    let frame = trampoline::enter(f, code, Arguments { count: count + 2, under: 0 }, site)?;
    let (arguments, site) = (Arguments { count: count + 1, under: 0 }, Site::default());
    if calls::takes_exactly(&init, count + 1) {
        return calls::called::<WATCHED>(frame.call(init, arguments, site));
    }
    calls::bound::<WATCHED>(frame, init, arguments, &[], site)
}
