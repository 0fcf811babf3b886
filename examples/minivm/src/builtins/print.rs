//! `print()`.

use std::io::Write;

use super::keywords;
use crate::attribute;
use crate::call::call;
use crate::class::type_name;
use crate::dict::as_dict;
use crate::exception::{refuse, type_error};
use crate::object::{Args, NONE, Object, Outcome, Stack, Value, string};
use crate::protocol;
use crate::text::as_str;

/// Where to print to.
enum File {
    /// The VM's own output.
    Out,
    /// Anything with `write()`.
    Object(Value),
}

pub(super) fn print(stack: &Stack, args: Args<'_>) -> Outcome {
    let [sep, end, file, flush] = keywords(stack, args, "print", ["sep", "end", "file", "flush"])?;
    let Some(file) = file_of(stack, file) else { return Ok(NONE) };
    let sep = text_of(stack, "sep", sep)?.unwrap_or(" ");
    let end = text_of(stack, "end", end)?.unwrap_or("\n");
    for (at, object) in args.positional.iter().enumerate() {
        if at > 0 {
            file.write(stack, sep)?;
        }
        match as_str(object) {
            Some(text) => file.write(stack, text.as_str())?,
            None => file.write(stack, &protocol::text(stack, object)?)?,
        }
    }
    file.write(stack, end)?;
    if let Some(flush) = flush
        && protocol::truth(stack, flush)?
    {
        file.flush(stack)?;
    }
    Ok(NONE)
}

/// The argument `sep` or `end`.
fn text_of<'a>(stack: &Stack, name: &str, value: Option<&'a Value>) -> Outcome<Option<&'a str>> {
    match value.filter(|value| !value.is(&NONE)) {
        None => Ok(None),
        Some(value) => match as_str(value) {
            Some(text) => Ok(Some(text.as_str())),
            None => {
                let kind = type_name(stack.vm(), value);
                Err(type_error(stack, format!("{name} must be None or a string, not {kind}")))
            }
        },
    }
}

/// The argument `file`, or `sys.stdout` as the program may have replaced it. `None`: it is `None`, and nothing is printed.
fn file_of(stack: &Stack, file: Option<&Value>) -> Option<File> {
    if let Some(file) = file.filter(|file| !file.is(&NONE)) {
        return Some(File::Object(file.clone()));
    }
    let vm = stack.vm();
    let sys = as_dict(&vm.modules).and_then(|modules| modules.get_str(&vm.name("sys")));
    let stdout = match sys.as_ref().and_then(Value::object) {
        Some(Object::Module(sys)) => as_dict(&sys.dict).and_then(|dict| dict.get_str(&vm.name("stdout"))),
        _ => None,
    };
    match stdout {
        Some(stdout) if stdout.is(&NONE) => None,
        Some(stdout) if matches!(stdout.object(), Some(Object::Instance(_))) => Some(File::Object(stdout)),
        _ => Some(File::Out),
    }
}

impl File {
    fn write(&self, stack: &Stack, text: &str) -> Outcome<()> {
        match self {
            File::Out => {
                let written = stack.vm().out.borrow_mut().write_all(text.as_bytes());
                written.map_err(|error| refuse(stack, format!("output that cannot be written ({error})")))
            }
            File::Object(file) => {
                let write = attribute::get(stack, file, &stack.vm().name("write"))?;
                call(stack, &write, &[string(text)]).map(drop)
            }
        }
    }

    fn flush(&self, stack: &Stack) -> Outcome<()> {
        match self {
            File::Out => {
                let flushed = stack.vm().out.borrow_mut().flush();
                flushed.map_err(|error| refuse(stack, format!("output that cannot be written ({error})")))
            }
            File::Object(file) => {
                let flush = attribute::get(stack, file, &stack.vm().name("flush"))?;
                call(stack, &flush, &[]).map(drop)
            }
        }
    }
}
