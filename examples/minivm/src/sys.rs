//! The module `sys`: what it has of CPython's, and what the VM keeps for it.
//!
//! Anything else that CPython's module has is refused; so is setting what it has ([`check_set`]), since CPython would go by it.

mod finalize;
mod named;
mod report;
mod stream;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;

use frame_runtime::generator::Hooks;

use crate::dict::{as_dict, new_dict};
use crate::exception::{self, Error, as_exception};
use crate::object::{
    Args, Builtin, FALSE, Module, NONE, Object, Outcome, Stack, TRUE, Value, int, list, string, tuple,
};
use crate::sequence::as_tuple;
use crate::{attribute, call, class, known, protocol, text};

pub(crate) use finalize::finalize;
pub(crate) use report::{unraisable, warn};

/// What the functions of the module set, and what it has made.
#[derive(Default)]
pub(crate) struct Settings {
    /// `sys.set_asyncgen_hooks()`
    hooks: RefCell<Hooks<Value>>,
    /// Warnings that were printed: each is printed once for a line.
    warned: RefCell<HashSet<report::Warned>>,
    /// `sys.stdout` and `sys.stderr`
    streams: OnceCell<[Value; 2]>,
    /// The program is over, and its objects go: nothing is said of lines any more.
    pub(crate) is_finalizing: Cell<bool>,
}

impl Settings {
    /// `sys.get_asyncgen_hooks()`
    pub(crate) fn hooks(&self) -> Hooks<Value> {
        self.hooks.borrow().clone()
    }
}

/// Makes the module.
pub(crate) fn module(stack: &Stack) -> Outcome {
    let vm = stack.vm();
    let streams = stream::make(stack)?;
    let argv = vm.argv.iter().map(|argument| string(argument.as_str())).collect();
    let mut values = vec![
        ("__name__", string("sys")),
        ("argv", list(argv)),
        ("byteorder", string(if cfg!(target_endian = "little") { "little" } else { "big" })),
        ("maxsize", int(i64::MAX)),
        ("stdout", streams[0].clone()),
        ("stderr", streams[1].clone()),
        ("version_info", named::version_info(stack)?),
    ];
    values.extend(FUNCTIONS.iter().map(|function| (function.name, Value::new(Object::Builtin(function)))));
    drop(vm.settings.streams.set(streams));
    let dict = new_dict();
    if let Some(items) = as_dict(&dict) {
        for (name, value) in values {
            drop(items.set_str(vm.name(name), value));
        }
    }
    Ok(Value::new(Object::Module(Box::new(Module { name: vm.name("sys"), dict }))))
}

/// `import name`: there is no other module than this one.
pub(crate) fn import(stack: &Stack, name: &str) -> Outcome {
    let Some(modules) = as_dict(&stack.vm().modules).filter(|_| name == "sys") else {
        return Err(exception::refuse(stack, format!("the module {name}")));
    };
    let key = stack.vm().name(name);
    if let Some(module) = modules.get_str(&key) {
        return Ok(module);
    }
    let module = module(stack)?;
    drop(modules.set_str(key, module.clone()));
    Ok(module)
}

/// The exit code of a program that a `SystemExit` ends. `None`: it is another exception.
///
/// Source: `_Py_HandleSystemExitAndKeyboardInterrupt`, Python/pythonrun.c.
pub(crate) fn exit_code(stack: &Stack, exception: &Value) -> Option<u8> {
    if !exception::is(exception, Error::SystemExit) {
        return None;
    }
    let code = attribute::find(stack, exception, &stack.vm().name("code")).ok().flatten().unwrap_or(NONE);
    Some(match (code.as_integer(), code.object()) {
        // Of an `int` the system takes the low byte; one that is too large for C is -1.
        (Some(code), _) => code as u8,
        (None, Some(Object::Int(_))) => u8::MAX,
        _ if code == NONE || code == FALSE => 0,
        _ if code == TRUE => 1,
        _ => {
            report::tell(&(protocol::text(stack, &code).unwrap_or_default() + "\n"));
            1
        }
    })
}

/// A class of objects that the module has: its name as errors show it, and its methods.
fn new_class(stack: &Stack, name: &str, methods: &'static [Builtin]) -> Outcome {
    let vm = stack.vm();
    let (module, qualname) = name.split_once('.').unwrap_or(("sys", name));
    let namespace = new_dict();
    if let Some(names) = as_dict(&namespace) {
        drop(names.set_str(vm.name("__module__"), string(module)));
        drop(names.set_str(vm.name("__qualname__"), string(qualname)));
        for method in methods {
            drop(names.set_str(vm.name(method.name), Value::new(Object::Builtin(method))));
        }
    }
    class::build(stack, &string(name), &[], &namespace, &[])
}

/// Whether an attribute of a module may be set: `tracebacklimit` and the names of `sys` mean something to CPython.
pub(crate) fn check_set(stack: &Stack, module: &Module, name: &str) -> Outcome<()> {
    let is_sys = text::as_str(&module.name).is_some_and(|module| module.as_str() == "sys");
    if is_sys && (name == "tracebacklimit" || known::has_in_module("sys", name)) {
        return Err(exception::refuse(stack, format!("setting sys.{name}")));
    }
    Ok(())
}

/// The functions of the module.
pub(crate) static FUNCTIONS: &[Builtin] = &[
    function("_getframe", getframe),
    function("exc_info", exc_info),
    function("exception", exception),
    function("exit", exit),
    function("get_asyncgen_hooks", get_asyncgen_hooks),
    function("getrecursionlimit", getrecursionlimit),
    function("intern", intern),
    function("set_asyncgen_hooks", set_asyncgen_hooks),
    function("setrecursionlimit", setrecursionlimit),
];

const fn function(name: &'static str, call: fn(&Stack, Args<'_>) -> Outcome) -> Builtin {
    Builtin { name, is_method: false, call }
}

/// The arguments of a function that takes none by name. Its errors name the module, those of a wrong number do not.
fn positional<'a>(stack: &Stack, name: &str, args: Args<'a>, most: usize) -> Outcome<&'a [Value]> {
    if !args.keywords.is_empty() {
        return Err(exception::type_error(stack, format!("sys.{name}() takes no keyword arguments")));
    }
    call::between(stack, name, args, 0, most)
}

/// An `int` of C.
fn c_int(stack: &Stack, value: &Value) -> Outcome<i32> {
    let number = protocol::index(stack, value)?;
    let small = match (number.as_integer(), number.object()) {
        (Some(number), _) => i32::try_from(number).ok(),
        // It is larger than 60 bits.
        (None, Some(Object::Int(_))) => None,
        // `True` and `False`.
        _ => Some((number == TRUE).into()),
    };
    small.ok_or_else(|| exception::raise(stack, Error::OverflowError, "Python int too large to convert to C int"))
}

/// `sys._getframe(depth=0)`
fn getframe(stack: &Stack, args: Args<'_>) -> Outcome {
    let depth = match positional(stack, "_getframe", args, 1)? {
        [depth, ..] => c_int(stack, depth)?,
        [] => 0,
    };
    let frame = stack.frame_object(usize::try_from(depth).unwrap_or(0)).ok().flatten();
    frame.ok_or_else(|| exception::raise(stack, Error::ValueError, "call stack is not deep enough"))
}

/// `sys.exception()`
fn exception(stack: &Stack, args: Args<'_>) -> Outcome {
    call::exactly::<0>(stack, "sys.exception", args)?;
    Ok(stack.handled().unwrap_or(NONE))
}

/// `sys.exc_info()`: class, instance and traceback of the same.
fn exc_info(stack: &Stack, args: Args<'_>) -> Outcome {
    call::exactly::<0>(stack, "sys.exc_info", args)?;
    let handled = stack.handled().unwrap_or(NONE);
    let Some(exception) = as_exception(&handled) else { return Ok(tuple([NONE, NONE, NONE])) };
    let traceback = exception.traceback.borrow().clone().unwrap_or(NONE);
    Ok(tuple([exception.class.clone(), handled.clone(), traceback]))
}

/// `sys.exit(status=None)`
fn exit(stack: &Stack, args: Args<'_>) -> Outcome {
    let status = positional(stack, "exit", args, 1)?.first().filter(|status| **status != NONE);
    if let Some(exception) = status.filter(|status| exception::is(status, Error::SystemExit)) {
        return Err(exception.clone());
    }
    // A tuple is all arguments of the exception.
    let args = status.map_or(&[][..], |status| as_tuple(status).unwrap_or(std::slice::from_ref(status)));
    Err(exception::raise_with(stack, Error::SystemExit, args))
}

/// `sys.getrecursionlimit()`
fn getrecursionlimit(stack: &Stack, args: Args<'_>) -> Outcome {
    call::exactly::<0>(stack, "sys.getrecursionlimit", args)?;
    Ok(int(stack.limits().recursion))
}

/// `sys.setrecursionlimit(limit)`
fn setrecursionlimit(stack: &Stack, args: Args<'_>) -> Outcome {
    let [limit] = call::exactly(stack, "sys.setrecursionlimit", args)?;
    let limit = c_int(stack, limit)?;
    // None and fewer are the same mistake.
    let limit = u32::try_from(limit).unwrap_or(0);
    match stack.set_recursion_limit(limit) {
        Ok(()) => Ok(NONE),
        Err(low) if limit == 0 => Err(exception::raise(stack, Error::ValueError, low.to_string())),
        Err(low) => Err(exception::raise(stack, Error::RecursionError, low.to_string())),
    }
}

/// `sys.intern(string)`
fn intern(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value] = call::exactly(stack, "sys.intern", args)?;
    match text::as_str(value) {
        Some(text) => Ok(stack.vm().name(text.as_str())),
        None => {
            let is = class::type_name(stack.vm(), value);
            Err(exception::type_error(stack, format!("intern() argument must be str, not {is}")))
        }
    }
}

/// `sys.get_asyncgen_hooks()`
fn get_asyncgen_hooks(stack: &Stack, args: Args<'_>) -> Outcome {
    call::exactly::<0>(stack, "sys.get_asyncgen_hooks", args)?;
    named::asyncgen_hooks(stack, stack.vm().settings.hooks())
}

/// `sys.set_asyncgen_hooks(firstiter=None, finalizer=None)`: what is not given stays as it is.
fn set_asyncgen_hooks(stack: &Stack, args: Args<'_>) -> Outcome {
    let [firstiter, finalizer] = hook_arguments(stack, args)?;
    let finalizer = finalizer.map(|hook| hook_of(stack, "finalizer", hook)).transpose()?;
    let firstiter = firstiter.map(|hook| hook_of(stack, "firstiter", hook)).transpose()?;
    let before = stack.vm().settings.hooks();
    let hooks =
        Hooks { firstiter: firstiter.unwrap_or(before.firstiter), finalizer: finalizer.unwrap_or(before.finalizer) };
    drop(stack.vm().settings.hooks.replace(hooks));
    Ok(NONE)
}

/// Both arguments, by place or by name.
fn hook_arguments(stack: &Stack, args: Args<'_>) -> Outcome<[Option<Value>; 2]> {
    const NAMES: [&str; 2] = ["firstiter", "finalizer"];
    let given = args.positional.len() + args.keywords.len();
    if given > NAMES.len() {
        return Err(exception::type_error(stack, format!("function takes at most 2 arguments ({given} given)")));
    }
    let mut hooks = [args.positional.first().cloned(), args.positional.get(1).cloned()];
    for (name, value) in args.keywords {
        let name = text::as_str(name).map_or("", |name| name.as_str());
        let text = match NAMES.iter().position(|known| *known == name) {
            Some(index) if hooks[index].is_none() => {
                hooks[index] = Some(value.clone());
                continue;
            }
            Some(index) => format!("argument for function given by name ('{name}') and position ({})", index + 1),
            None => format!("this function got an unexpected keyword argument '{name}'"),
        };
        return Err(exception::type_error(stack, text));
    }
    Ok(hooks)
}

/// A hook: `None` is none.
fn hook_of(stack: &Stack, what: &str, hook: Value) -> Outcome<Option<Value>> {
    if hook == NONE {
        Ok(None)
    } else if is_callable(stack, &hook) {
        Ok(Some(hook))
    } else {
        let is = class::type_name(stack.vm(), &hook);
        Err(exception::type_error(stack, format!("callable {what} expected, got {is}")))
    }
}

fn is_callable(stack: &Stack, value: &Value) -> bool {
    match value.object() {
        Some(Object::Builtin(_) | Object::BoundBuiltin(_) | Object::Method(_) | Object::Class(_)) => true,
        Some(Object::Instance(_)) => class::special(stack.vm(), value, &stack.vm().name("__call__")).is_some(),
        _ => value.function().is_some(),
    }
}
