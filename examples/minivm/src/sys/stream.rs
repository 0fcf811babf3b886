//! `sys.stdout` and `sys.stderr`: objects that can be written to, and no more.

use std::io::Write;

use crate::class;
use crate::exception::{self, Error};
use crate::family::Called;
use crate::object::{Args, Builtin, NONE, Outcome, Stack, Value, int, string};
use crate::text::as_str;

const TYPE: &str = "_io.TextIOWrapper";

static METHODS: &[Builtin] = &[
    Builtin { name: "__getattr__", is_method: true, call: other_attribute },
    Builtin { name: "__init__", is_method: true, call: initialize },
    Builtin { name: "__repr__", is_method: true, call: repr },
    Builtin { name: "flush", is_method: true, call: flush },
    Builtin { name: "write", is_method: true, call: write },
];

/// Both of them.
pub(super) fn make(stack: &Stack) -> Outcome<[Value; 2]> {
    let class = super::new_class(stack, TYPE, METHODS)?;
    Ok([class::new_instance(&class), class::new_instance(&class)])
}

/// The stream, whether it is `sys.stderr`, and the other arguments.
fn split<'a>(stack: &Stack, name: &'static str, args: Args<'a>, count: usize) -> Outcome<(bool, &'a [Value])> {
    let is_one = |at: usize, stream: &Value| stack.vm().settings.streams.get().is_some_and(|both| both[at].is(stream));
    let fits = args.positional.first().is_some_and(|stream| is_one(0, stream) || is_one(1, stream));
    if fits && !args.keywords.is_empty() {
        return Err(exception::type_error(stack, format!("TextIOWrapper.{name}() takes no keyword arguments")));
    }
    let (stream, rest) = Called { ty: TYPE, name }.arguments(stack, args, fits, None)?;
    // Where the type's name has a module in front, CPython leaves that out here.
    if rest.len() != count {
        let takes = if count == 0 { "no arguments" } else { "exactly one argument" };
        let text = format!("TextIOWrapper.{name}() takes {takes} ({} given)", rest.len());
        return Err(exception::type_error(stack, text));
    }
    Ok((is_one(1, stream), rest))
}

/// `stream.write(text)`: how many characters there were.
fn write(stack: &Stack, args: Args<'_>) -> Outcome {
    let (is_stderr, rest) = split(stack, "write", args, 1)?;
    let [given] = rest else { return Ok(NONE) };
    let Some(text) = as_str(given) else {
        let is = class::type_name(stack.vm(), given);
        return Err(exception::type_error(stack, format!("write() argument must be str, not {is}")));
    };
    let text = text.as_str();
    let written = if is_stderr {
        std::io::stderr().write_all(text.as_bytes())
    } else {
        stack.vm().out.borrow_mut().write_all(text.as_bytes())
    };
    match written {
        Ok(()) => Ok(int(text.chars().count() as i64)),
        Err(why) => Err(exception::raise(stack, Error::OSError, why.to_string())),
    }
}

/// `stream.flush()`
fn flush(stack: &Stack, args: Args<'_>) -> Outcome {
    let (is_stderr, _) = split(stack, "flush", args, 0)?;
    let flushed = if is_stderr { Ok(()) } else { stack.vm().out.borrow_mut().flush() };
    match flushed {
        Ok(()) => Ok(NONE),
        Err(why) => Err(exception::raise(stack, Error::OSError, why.to_string())),
    }
}

/// `repr(stream)`
fn repr(stack: &Stack, args: Args<'_>) -> Outcome {
    let (is_stderr, _) = split(stack, "__repr__", args, 0)?;
    let name = if is_stderr { "stderr" } else { "stdout" };
    Ok(string(format!("<_io.TextIOWrapper name='<{name}>' mode='w' encoding='utf-8'>")))
}

/// What else CPython's streams have is refused.
fn other_attribute(stack: &Stack, args: Args<'_>) -> Outcome {
    let name = args.positional.get(1).and_then(as_str).map_or("", |name| name.as_str());
    Err(exception::refuse(stack, format!("the attribute {name} of sys.stdout and sys.stderr")))
}

/// The program makes none.
fn initialize(stack: &Stack, _: Args<'_>) -> Outcome {
    Err(exception::refuse(stack, "making an _io.TextIOWrapper"))
}
