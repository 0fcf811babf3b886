//! What is told on `stderr` while the program goes on: warnings, and exceptions that nobody can be told of.

use std::io::Write;

use crate::dict::as_dict;
use crate::exception::{self, Error, Traceback, as_exception};
use crate::object::{Object, Outcome, Stack, Value};
use crate::traceback::{self, Line};
use crate::{protocol, text};

/// A warning that was printed: its text, kind, line, and the module.
pub(super) type Warned = (String, &'static str, i32, String);

/// How the process ends when something was refused.
const REFUSED: i32 = 2;

/// Writes to `stderr`. Where that fails nobody can be told.
pub(super) fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Issues a warning about the line that runs, as CPython's filters do: each is printed once for a line, and a deprecation
/// only if the line is in the program itself. `has_source`: it is about an object, of which CPython could tell where it was
/// made.
///
/// Source: `warn_explicit`, Python/_warnings.c; `_formatwarnmsg_impl`, Lib/_py_warnings.py.
pub(crate) fn warn(stack: &Stack, kind: Error, text: &str, has_source: bool) {
    let category = kind.name();
    let settings = &stack.vm().settings;
    let place = if settings.is_finalizing.get() { None } else { Place::of_top(stack) };
    let (file, line, module) = match &place {
        Some(place) => (place.file.as_str(), place.line, place.module.as_str()),
        None => ("<sys>", 0, "sys"),
    };
    if kind == Error::DeprecationWarning && module != "__main__" {
        return;
    }
    let warned = (text.to_owned(), category, line, module.to_owned());
    if !settings.warned.borrow_mut().insert(warned) {
        return;
    }
    let mut shown = format!("{file}:{line}: {category}: {text}\n");
    if place.is_some() {
        if let Some(source) = traceback::source_line(file, line) {
            shown += &format!("  {source}\n");
        }
        if has_source {
            shown += &format!("{category}: Enable tracemalloc to get the object allocation traceback\n");
        }
    }
    tell(&shown);
}

/// Where the program is.
struct Place {
    file: String,
    line: i32,
    /// `__name__` of its globals.
    module: String,
}

impl Place {
    fn of_top(stack: &Stack) -> Option<Place> {
        let frame = stack.frame_object(0).ok().flatten()?;
        let frame = frame.frame()?;
        let code = frame.code()?;
        let as_text = |value: &Value| text::as_str(value).map(|text| text.as_str().to_owned());
        let module = frame.globals().and_then(|globals| {
            let name = as_dict(&globals)?.get_str(&stack.vm().name("__name__"))?;
            as_text(&name)
        });
        Some(Place {
            file: as_text(code.code()?.filename())?,
            line: frame.line().unwrap_or(-1),
            module: module.unwrap_or_else(|| "<string>".to_owned()),
        })
    }
}

/// Nobody can be told of an exception: it is printed as CPython's hook does, without its causes. A refusal ends the
/// program also here.
///
/// Source: `write_unraisable_exc_file`, Python/errors.c.
pub(crate) fn unraisable(stack: &Stack, exception: &Value, doing: &str, object: &Value) {
    match described(stack, exception, doing, object) {
        Ok(shown) => tell(&shown),
        Err(refusal) => {
            let _ = stack.vm().out.borrow_mut().flush();
            let noted = stack.vm().refused.get().cloned();
            let what = noted.unwrap_or_else(|| format!("{} is not in this VM", exception::refused(&refusal)));
            tell(&format!("minivm: {what}\n"));
            std::process::exit(REFUSED);
        }
    }
}

fn described(stack: &Stack, exception: &Value, doing: &str, object: &Value) -> Outcome<String> {
    if exception::is_refusal(exception) {
        return Err(exception.clone());
    }
    let mut shown = match protocol::repr(stack, object) {
        Ok(object) => format!("Exception ignored while {doing} {object}:\n"),
        Err(refusal) if exception::is_refusal(&refusal) => return Err(refusal),
        // Where the object cannot be shown CPython does not say what was being done.
        Err(_) => String::new(),
    };
    shown += &lines(stack, exception);
    if let Some(own) = as_exception(exception) {
        shown += &traceback::class_name(stack, &own.class);
    }
    let text = traceback::unless_failed(protocol::text(stack, exception), "exception str()")?;
    Ok(shown + ": " + &text + "\n")
}

/// The traceback of an exception; where it has none the line that runs.
fn lines(stack: &Stack, exception: &Value) -> String {
    let first = as_exception(exception).and_then(|exception| exception.traceback.borrow().clone());
    let mut lines = first.map_or_else(|| top(stack), |first| Line::all(&first));
    if lines.is_empty() {
        return String::new();
    }
    // As many as `PyTraceBack_Print` shows.
    let skipped = lines.len().saturating_sub(1000);
    lines.drain(..skipped);
    let with_source = !stack.vm().settings.is_finalizing.get();
    format!("Traceback (most recent call last):\n{}", Line::show_all(&lines, with_source))
}

/// The line that runs.
fn top(stack: &Stack) -> Vec<Line> {
    let Some(frame) = stack.frame_object(0).ok().flatten() else { return Vec::new() };
    let lasti = frame.frame().map_or(-1, |frame| frame.lasti());
    let entry = frame_runtime::unwind::TracebackEntry { frame, lasti };
    let line = Traceback { entry, next: Default::default() };
    Line::all(&Value::new(Object::Traceback(line)))
}
