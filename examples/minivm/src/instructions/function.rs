//! Functions and classes are made.

use std::cell::RefCell;

use super::{pop, push};
use crate::class;
use crate::dict::{as_dict, new_dict};
use crate::eval::{self, Frame, Step};
use crate::exception::{refuse, type_error};
use crate::object::{Args, Builtin, FunctionData, Module, NONE, Object, Outcome, Stack, Value, string};
use crate::sequence::as_tuple;
use crate::vm::Mini;

/// What a function has when it is made.
fn data(vm: &Mini, code: &Value, globals: Option<&Value>) -> FunctionData {
    let (name, qualname, doc) = match code.code() {
        Some(code) => {
            use frame_runtime::v3_14::constant::code_flags::CO_HAS_DOCSTRING;
            let doc = if code.flags() & CO_HAS_DOCSTRING != 0 { code.consts().first().cloned() } else { None };
            (code.name().clone(), code.qualname().unwrap_or(code.name()).clone(), doc)
        }
        None => (NONE, NONE, None),
    };
    let module = globals.and_then(as_dict).and_then(|globals| globals.get_str(&vm.names.__name__));
    FunctionData {
        name: RefCell::new(name),
        qualname: RefCell::new(qualname),
        defaults: RefCell::default(),
        kwdefaults: RefCell::default(),
        doc: RefCell::new(doc.unwrap_or(NONE)),
        module: RefCell::new(module.unwrap_or(NONE)),
        attributes: RefCell::default(),
    }
}

/// The function that a module's code is, and its globals.
pub(crate) fn main(stack: &Stack, code: Value) -> (Value, Value) {
    let vm = stack.vm();
    let globals = new_dict();
    if let Some(dict) = as_dict(&globals) {
        drop(dict.set_str(vm.names.__name__.clone(), vm.names.__main__.clone()));
        drop(dict.set_str(vm.names.__doc__.clone(), NONE));
        drop(dict.set_str(vm.name("__package__"), NONE));
        drop(dict.set_str(vm.name("__loader__"), NONE));
        drop(dict.set_str(vm.name("__spec__"), NONE));
        drop(dict.set_str(vm.names.__file__.clone(), string(vm.argv.first().map_or("", String::as_str))));
        drop(dict.set_str(vm.name("__cached__"), NONE));
        // The main module has the module here, functions have its dict.
        let builtins = Module { name: vm.name("builtins"), dict: vm.builtins.clone() };
        drop(dict.set_str(vm.names.__builtins__.clone(), Value::new(Object::Module(Box::new(builtins)))));
    }
    let data = data(vm, &code, Some(&globals));
    (Value::new_function(code, Some(globals.clone()), Some(vm.builtins.clone()), data), globals)
}

/// `MAKE_FUNCTION`: code; function. Globals and builtins are those of the frame.
#[inline(never)]
pub(crate) fn make_function<'t>(mut f: Frame<'t>) -> Step<'t> {
    let code = pop(&mut f);
    let globals = f.globals().map(|globals| globals.clone());
    let builtins = f.builtins().map(|builtins| builtins.clone());
    push(f, |stack| {
        let data = data(stack.vm(), &code, globals.as_ref());
        Ok(Value::new_function(code, globals, builtins, data))
    })
}

// What `SET_FUNCTION_ATTRIBUTE` sets: `MAKE_FUNCTION_*`, Include/internal/pycore_opcode_utils.h.
const DEFAULTS: u32 = 1;
const KWDEFAULTS: u32 = 2;
const ANNOTATIONS: u32 = 4;
const CLOSURE: u32 = 8;
const ANNOTATE: u32 = 16;

/// `SET_FUNCTION_ATTRIBUTE`: value, function; function.
#[inline(never)]
pub(crate) fn set_function_attribute<'t>(mut f: Frame<'t>, which: u32) -> Step<'t> {
    let function = pop(&mut f);
    let value = pop(&mut f);
    push(f, |stack| {
        let Some(content) = function.function() else { return Err(type_error(stack, "it is no function")) };
        let own = content.own();
        match which {
            DEFAULTS => *own.defaults.borrow_mut() = as_tuple(&value).unwrap_or_default().to_vec(),
            KWDEFAULTS => drop(own.kwdefaults.replace(Some(value))),
            CLOSURE => {
                let cells = as_tuple(&value).unwrap_or_default();
                drop(content.set_closure(cells.into()));
            }
            // Nobody can ask for annotations here.
            ANNOTATIONS | ANNOTATE => {}
            other => return Err(refuse(stack, format!("the function attribute {other}"))),
        }
        Ok(function)
    })
}

/// `__build_class__`: the body, the name, the bases. The body runs with a namespace of its own.
pub(crate) static BUILD_CLASS: Builtin = Builtin { name: "__build_class__", is_method: false, call: build_class };

fn build_class(stack: &Stack, args: Args<'_>) -> Outcome {
    let [body, name, bases @ ..] = args.positional else {
        return Err(type_error(stack, "__build_class__: not enough arguments"));
    };
    class::check_bases(stack, bases)?;
    let namespace = new_dict();
    let cell = eval::run_body(stack, body, namespace.clone())?;
    let class = class::build(stack, name, bases, &namespace, args.keywords)?;
    // What the methods' `__class__` and `super()` refer to.
    if let Some(cell) = cell.cell() {
        drop(cell.set(class.clone()));
    }
    Ok(class)
}
