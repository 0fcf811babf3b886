//! `__dict__` of a class: a mapping that shows its attributes. They are changed through the class alone, which tells inline caches.

use super::wrong_receiver;
use crate::exception::{refuse, type_error};
use crate::object::{Args, Builtin, Object, Outcome, Stack, Value};
use crate::{attribute, call, protocol};

/// The dict that it shows, if it is one.
pub(crate) fn shown(value: &Value) -> Option<&Value> {
    match value.object()? {
        Object::MappingProxy(dict) => Some(dict),
        _ => None,
    }
}

/// Each is what the dict does.
pub(super) static METHODS: &[Builtin] = &[
    Builtin { name: "__reversed__", is_method: true, call: |stack, args| forward(stack, "__reversed__", args) },
    Builtin { name: "copy", is_method: true, call: |stack, args| forward(stack, "copy", args) },
    Builtin { name: "get", is_method: true, call: |stack, args| forward(stack, "get", args) },
    Builtin { name: "items", is_method: true, call: |stack, args| forward(stack, "items", args) },
    Builtin { name: "keys", is_method: true, call: |stack, args| forward(stack, "keys", args) },
    Builtin { name: "values", is_method: true, call: |stack, args| forward(stack, "values", args) },
];

fn forward(stack: &Stack, name: &str, args: Args<'_>) -> Outcome {
    let Some((dict, rest)) = args.positional.split_first().and_then(|(proxy, rest)| Some((shown(proxy)?, rest))) else {
        return Err(wrong_receiver(stack, name, "mappingproxy", args));
    };
    if rest.len() > usize::from(name == "get") * 2 || !args.keywords.is_empty() {
        // CPython's texts are about the proxy's own methods.
        return Err(refuse(stack, format!("these arguments of mappingproxy.{name}()")));
    }
    let method = attribute::get(stack, dict, &stack.vm().name(name))?;
    call::call(stack, &method, rest)
}

/// `hash()` of one: that of the dict, which has none.
pub(crate) fn unhashable(stack: &Stack) -> Value {
    type_error(stack, "unhashable type: 'dict'")
}

/// `repr()` of one.
pub(crate) fn repr(stack: &Stack, dict: &Value) -> Outcome<String> {
    Ok(format!("mappingproxy({})", protocol::repr(stack, dict)?))
}
