//! Calls from Rust, and the binding of arguments.
//!
//! A call in the program runs in the loop it is in (`eval`). One that a builtin makes, such as a key function of `sorted()`, enters the stack
//! again and runs a loop of its own: [`call`].

use frame_runtime::arguments::{BindError, CodeCall, Failure, Plan, Source, Spread};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Cpython3_14;

use crate::attribute;
use crate::class;
use crate::dict::{as_dict, new_dict};
use crate::eval;
use crate::exception::{Error, raise, type_error};
use crate::object::{Args, Object, Outcome, Stack, Value, tuple};
use crate::protocol;
use crate::vm::Mini;

/// Calls anything.
pub(crate) fn call(stack: &Stack, callable: &Value, args: &[Value]) -> Outcome {
    call_with(stack, callable, Args::new(args))
}

/// The same with keywords.
pub(crate) fn call_with(stack: &Stack, callable: &Value, args: Args<'_>) -> Outcome {
    if callable.function().is_some() {
        return eval::function(stack, callable, args);
    }
    match callable.object() {
        Some(Object::Builtin(builtin)) => (builtin.call)(stack, args),
        Some(Object::BoundBuiltin(bound)) => {
            let (builtin, receiver) = &**bound;
            with_receiver(receiver, args, |args| (builtin.call)(stack, args))
        }
        Some(Object::Method(method)) => {
            let [function, receiver] = &**method;
            with_receiver(receiver, args, |args| call_with(stack, function, args))
        }
        Some(Object::Class(_)) => class::instantiate(stack, callable, args),
        Some(Object::StaticMethod(function)) => call_with(stack, function, args),
        _ => match class::special(stack.vm(), callable, &stack.vm().names.__call__) {
            Some(method) => with_receiver(callable, args, |args| call_with(stack, &method, args)),
            None => {
                let name = class::type_name(stack.vm(), callable);
                Err(type_error(stack, format!("'{name}' object is not callable")))
            }
        },
    }
}

/// Puts what a method is bound to in front of its arguments.
fn with_receiver(receiver: &Value, args: Args<'_>, body: impl FnOnce(Args<'_>) -> Outcome) -> Outcome {
    let keywords = args.keywords;
    match args.positional {
        [] => body(Args { positional: std::slice::from_ref(receiver), keywords }),
        [one] => body(Args { positional: &[receiver.clone(), one.clone()], keywords }),
        many => {
            let positional: Vec<Value> = std::iter::once(receiver).chain(many).cloned().collect();
            body(Args { positional: &positional, keywords })
        }
    }
}

/// A call whose arguments have found their parameters.
pub(crate) struct Bound {
    pub(crate) plan: Plan,
    /// What parameters get that is no argument: defaults, the tuple of `*args`, the dict of `**kwargs`; in the order of the slots.
    pub(crate) supplied: Vec<StackRef<Mini>>,
}

/// Binds arguments to the parameters of a function, with CPython's messages where they do not fit.
///
/// `value` is the argument with this number: the positional ones first, then those of the keywords.
pub(crate) fn bind(
    stack: &Stack,
    function: &Value,
    positional: usize,
    keywords: &[Value],
    value: impl Fn(usize) -> Value,
) -> Outcome<Bound> {
    let vm = stack.vm();
    let Some(callee) = function.function() else { return Err(type_error(stack, "it is no function")) };
    let code = callee.code();
    let own = callee.own();
    let defaults: Vec<Value> = own.defaults.borrow().clone();
    let kwdefaults = own.kwdefaults.borrow().clone();
    let find = |name: &Value| kwdefaults.as_ref().and_then(as_dict)?.get_str(name);
    let qualname = own.qualname.borrow().clone();
    let mut call = CodeCall {
        vm,
        code,
        qualname: &qualname,
        positional,
        keywords,
        defaults: defaults.len(),
        keyword_default: |_, name: &Value| Ok(find(name).is_some()),
    };
    let plan = match Plan::new(&code.own().signature, &mut call) {
        Ok(plan) => plan,
        // Keywords that are no strings come from a dict, and who takes that apart says so.
        Err(BindError::TypeError(Failure::KeywordsNotStrings)) => return Err(keywords_not_strings(stack)),
        Err(BindError::TypeError(failure)) => {
            let text = failure.message(&call).to_string();
            return Err(type_error(stack, text));
        }
        Err(BindError::Raised(text)) => return Err(raise(stack, Error::SystemError, text)),
    };
    let mut supplied = Vec::new();
    for (slot, source) in plan.sources().enumerate() {
        let value = match source {
            Source::Argument(_) => continue,
            Source::Default(index) => defaults.get(index as usize).cloned(),
            Source::KeywordDefault(_) => code.localsplusnames().get(slot).and_then(find),
            Source::Rest => {
                let items: Vec<Value> = plan.rest().unwrap_or(0..0).map(&value).collect();
                Some(tuple(items))
            }
            Source::Keywords => {
                let dict = new_dict();
                if let (Some(pairs), Some(Object::Dict(content))) = (plan.keywords(), dict.object()) {
                    for (keyword, argument) in pairs {
                        if let Some(name) = keywords.get(keyword) {
                            drop(content.set_str(name.clone(), value(argument)));
                        }
                    }
                }
                Some(dict)
            }
        };
        supplied.push(value.map_or(StackRef::null(), StackRef::owned));
    }
    Ok(Bound { plan, supplied })
}

/// The `TypeError` of `f(**{1: 2})`.
pub(crate) fn keywords_not_strings(stack: &Stack) -> Value {
    type_error(stack, Spread::KeywordsNotStrings.message::<Cpython3_14>(b"").to_string())
}

/// The first locals of a frame, all in one list, for arguments that are on no stack.
pub(crate) fn locals(bound: Bound, all: &[Value]) -> Vec<StackRef<Mini>> {
    let mut supplied = bound.supplied.into_iter();
    let local = |source| match source {
        Source::Argument(argument) => all.get(argument as usize).cloned().map_or(StackRef::null(), StackRef::owned),
        _ => supplied.next().unwrap_or_default(),
    };
    bound.plan.sources().map(local).collect()
}

/// The arguments of a builtin that takes so many positional ones, and no keywords. The error is CPython's.
pub(crate) fn exactly<'a, const N: usize>(stack: &Stack, name: &str, args: Args<'a>) -> Outcome<&'a [Value; N]> {
    no_keywords(stack, name, args)?;
    match args.positional.try_into() {
        Ok(args) => Ok(args),
        Err(_) => {
            let given = args.positional.len();
            let text = match N {
                0 => format!("{name}() takes no arguments ({given} given)"),
                1 => format!("{name}() takes exactly one argument ({given} given)"),
                _ => format!("{name} expected {N} arguments, got {given}"),
            };
            Err(type_error(stack, text))
        }
    }
}

/// The same for a builtin that takes at least `least` and at most `most`.
pub(crate) fn between<'a>(
    stack: &Stack,
    name: &str,
    args: Args<'a>,
    least: usize,
    most: usize,
) -> Outcome<&'a [Value]> {
    no_keywords(stack, name, args)?;
    let given = args.positional.len();
    let s = |count| if count == 1 { "" } else { "s" };
    if given < least {
        let text = format!("{name} expected at least {least} argument{}, got {given}", s(least));
        return Err(type_error(stack, text));
    }
    if given > most {
        let text = format!("{name} expected at most {most} argument{}, got {given}", s(most));
        return Err(type_error(stack, text));
    }
    Ok(args.positional)
}

fn no_keywords(stack: &Stack, name: &str, args: Args<'_>) -> Outcome<()> {
    if args.keywords.is_empty() {
        Ok(())
    } else {
        Err(type_error(stack, format!("{name}() takes no keyword arguments")))
    }
}

/// How a callable is called in messages about `*` and `**`: `f()` with its module, or its `str()`.
pub(crate) fn shown(stack: &Stack, callable: &Value) -> Outcome<String> {
    let vm = stack.vm();
    let Some(qualname) = attribute::find(stack, callable, &vm.names.__qualname__)? else {
        return protocol::text(stack, callable);
    };
    let Some(qualname) = crate::text::as_str(&qualname) else { return protocol::text(stack, callable) };
    let module = attribute::find(stack, callable, &vm.names.__module__)?;
    Ok(match module.as_ref().and_then(crate::text::as_str) {
        Some(module) if module.as_str() != "builtins" => format!("{}.{}()", module.as_str(), qualname.as_str()),
        _ => format!("{}()", qualname.as_str()),
    })
}
