//! Frame objects. The runtime has all that they do; here it gets its names.

use frame_runtime::attribute::Change;
use frame_runtime::frame_object::{ATTRIBUTES, ClearError, FrameObject, Lineno};
use frame_runtime::generator::PartRef;

use super::{Called, change, refused};
use crate::exception::{self, Error};
use crate::object::{Args, Builtin, FALSE, NONE, Object, Outcome, Stack, TRUE, Value, boolean, int};
use crate::vm::Mini;
use crate::{locals, text};

type Frame = FrameObject<Mini>;

/// Methods of frame objects.
pub(crate) static METHODS: &[Builtin] = &[Builtin { name: "clear", is_method: true, call: clear }];

/// `frame.clear()`
fn clear(stack: &Stack, args: Args<'_>) -> Outcome {
    let called = Called { ty: "frame", name: "clear" };
    let frame = args.positional.first().and_then(Value::frame);
    let (object, _) = called.arguments(stack, args, frame.is_some(), Some(0))?;
    let Some(frame) = frame else { return Err(called.wrong_object(stack, object)) };
    match frame.clear() {
        Ok(()) => Ok(NONE),
        Err(ClearError::Refused(error, message)) => {
            let error = frame_runtime::generator::ErrorKind::from(error);
            Err(exception::raise(stack, error.into(), message.pattern()))
        }
        // Only the generator knows whether it may be ended.
        Err(ClearError::Generator(Some(object))) => match object.part() {
            Some(PartRef::Generator(generator)) => generator.clear_frame(stack, &object).map(|()| NONE),
            _ => Ok(NONE),
        },
        Err(ClearError::Generator(None)) => Ok(NONE),
    }
}

/// `frame.name`
pub(super) fn get(stack: &Stack, object: &Value, frame: &Frame, name: &str) -> Option<Outcome> {
    let value = match name {
        "f_locals" => return Some(locals::of_frame(stack, object)),
        "f_globals" | "f_builtins" => return Some(namespace(stack, frame, name)),
        "f_back" => frame.back(stack.vm()),
        "f_code" => frame.code(),
        "f_generator" => frame.generator(),
        "f_lasti" => Some(int(frame.lasti())),
        "f_lineno" => frame.line().map(int),
        "f_trace" => frame.trace(),
        "f_trace_lines" => Some(boolean(frame.trace_lines())),
        "f_trace_opcodes" => Some(boolean(frame.trace_opcodes())),
        _ => return None,
    };
    Some(Ok(value.unwrap_or(NONE)))
}

/// A frame that was cleared has no function any more, which kept these.
fn namespace(stack: &Stack, frame: &Frame, name: &str) -> Outcome {
    let found = if name == "f_globals" { frame.globals() } else { frame.builtins() };
    found.ok_or_else(|| exception::refuse(stack, format!("{name} of a frame that was cleared")))
}

/// `frame.name = value`, or `del frame.name`
pub(super) fn set(stack: &Stack, frame: &Frame, name: &str, value: Option<Value>) -> Option<Outcome<()>> {
    Some(match change(&ATTRIBUTES, name, value.is_none())? {
        Change::Any => {
            drop(frame.set_trace(value.filter(|value| *value != NONE)));
            Ok(())
        }
        Change::Bool(refusal) => match value {
            Some(value) if value == TRUE || value == FALSE => {
                let set = if name == "f_trace_lines" { Frame::set_trace_lines } else { Frame::set_trace_opcodes };
                set(frame, value == TRUE);
                Ok(())
            }
            _ => Err(refused(stack, refusal, name)),
        },
        Change::Line { .. } => set_line(stack, frame, &value.unwrap_or(NONE)),
        Change::Str(refusal) | Change::Refuses(refusal) => Err(refused(stack, refusal, name)),
    })
}

/// `frame.f_lineno = value`: without trace functions the runtime always says why not.
fn set_line(stack: &Stack, frame: &Frame, value: &Value) -> Outcome<()> {
    let line = match (value.as_integer(), value.object()) {
        (Some(line), _) => Lineno::from(line),
        (None, Some(Object::Int(_))) => Lineno::TooLarge,
        _ => Lineno::NotAnInt,
    };
    frame.set_lineno(stack, line, |_| Ok::<_, Value>(NONE)).map_err(|why| {
        let error = why.kind().map_or(Error::ValueError, Error::from);
        exception::raise(stack, error, why.to_string())
    })
}

/// `repr(frame)`
pub(super) fn repr(frame: &Frame, address: usize) -> String {
    let code = frame.code();
    let code = code.as_ref().and_then(Value::code);
    let text = |value: Option<&Value>| value.and_then(text::as_str).map_or("", |text| text.as_str()).to_owned();
    let file = text::repr(&text(code.map(|code| code.filename())));
    frame.repr(address, &file, &text(code.map(|code| code.name()))).to_string()
}
