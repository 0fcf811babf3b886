//! Exceptions that nobody caught, as CPython prints them when it keeps no columns (`-X no_debug_ranges`).
//!
//! Source: Lib/traceback.py, whose order of questions is kept: the `str()` of an exception may be code of the program.

pub(crate) mod suggestion;

use std::path::Path;

use crate::class::as_class;
use crate::exception::{self, as_exception};
use crate::object::{NONE, Object, Outcome, Stack, Value, list, string};
use crate::text::as_str;
use crate::vm::Mini;
use crate::{attribute, protocol};

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

/// The whole text: causes and contexts first.
///
/// # Errors
///
/// A refusal that came up meanwhile.
pub(crate) fn print(stack: &Stack, exception: &Value) -> Outcome<String> {
    let mut text = String::new();
    for report in chain(stack, exception)?.iter().rev() {
        text += &report.lines;
        text += &report.text;
        text += &notes(stack, report.notes.as_ref())?;
        text += report.sentence;
    }
    Ok(text)
}

/// One exception of a chain.
struct Report {
    lines: String,
    /// Its class and its `str()`, with a suggestion.
    text: String,
    notes: Option<Value>,
    /// What stands between it and the exception that came of it.
    sentence: &'static str,
}

/// Asks an exception, then the one that it came from, and so on; each once.
fn chain(stack: &Stack, exception: &Value) -> Outcome<Vec<Report>> {
    let mut reports = Vec::new();
    let mut seen: Vec<Value> = Vec::new();
    let mut next = Some((exception.clone(), ""));
    while let Some((exception, sentence)) = next {
        reports.push(Report { sentence, ..report(stack, &exception)? });
        seen.push(exception.clone());
        let Some(own) = as_exception(&exception) else { break };
        let is_new = |value: &Value| !seen.iter().any(|one| one.is(value));
        let cause = own.cause.borrow().clone().filter(is_new);
        let context = own.context.borrow().clone().filter(is_new);
        next = match (cause, context) {
            (Some(cause), _) => Some((cause, CAUSE)),
            (None, Some(context)) if !own.suppress_context.get() => Some((context, CONTEXT)),
            _ => None,
        };
    }
    Ok(reports)
}

/// Asks one exception.
fn report(stack: &Stack, exception: &Value) -> Outcome<Report> {
    let Some(own) = as_exception(exception) else {
        return Err(exception::refuse(stack, "a traceback of what is no exception"));
    };
    let first = own.traceback.borrow().clone();
    let lines = first.as_ref().map_or_else(Vec::new, Line::all);
    let lines = match lines.as_slice() {
        [] => String::new(),
        lines => format!("Traceback (most recent call last):\n{}", Line::show_all(lines, true)),
    };
    let mut shown = unless_failed(protocol::text(stack, exception), "exception str()")?;
    let notes = find_notes(stack, exception)?;
    shown += &suggestion::of(stack, exception, first.as_ref())?;
    let class = class_name(stack, &own.class);
    let text = if shown.is_empty() { format!("{class}\n") } else { format!("{class}: {shown}\n") };
    Ok(Report { lines, text, notes, sentence: "" })
}

/// The text of an object of the program, or that it has none: `what` failed.
pub(crate) fn unless_failed(text: Outcome<String>, what: &str) -> Outcome<String> {
    match text {
        Err(error) if !exception::is_refusal(&error) => Ok(format!("<{what} failed>")),
        text => text,
    }
}

/// The name of a class, with the module where that is another than the program's own.
pub(crate) fn class_name(stack: &Stack, class: &Value) -> String {
    let Some(class) = as_class(class) else { return String::new() };
    let qualname = class.qualname.borrow().clone();
    let qualname = as_str(&qualname).map_or("", |name| name.as_str());
    let module = class.dict().get_str(&stack.vm().name("__module__"));
    match module.as_ref().map(|module| as_str(module).map(|name| name.as_str())) {
        None | Some(Some("__main__" | "builtins")) => qualname.to_owned(),
        Some(module) => format!("{}.{qualname}", module.unwrap_or("<unknown>")),
    }
}

/// What `__notes__` is.
fn find_notes(stack: &Stack, exception: &Value) -> Outcome<Option<Value>> {
    match attribute::find(stack, exception, &stack.vm().name("__notes__")) {
        Err(error) if !exception::is_refusal(&error) => {
            let error = unless_failed(protocol::repr(stack, &error), "__notes__ repr()")?;
            let note = format!("Ignored error getting __notes__: {error}");
            Ok(Some(list(vec![string(note)])))
        }
        found => found,
    }
}

/// The lines of notes: of a sequence each one's `str()`, of anything else its `repr()`.
fn notes(stack: &Stack, notes: Option<&Value>) -> Outcome<String> {
    let Some(notes) = notes.filter(|notes| **notes != NONE) else { return Ok(String::new()) };
    if !matches!(notes.object(), Some(Object::List(_) | Object::Tuple(_) | Object::Range(_))) {
        return Ok(unless_failed(protocol::repr(stack, notes), "__notes__ repr()")? + "\n");
    }
    let mut text = String::new();
    for note in protocol::collect(stack, notes)? {
        text += &unless_failed(protocol::text(stack, &note), "note str()")?;
        text += "\n";
    }
    Ok(text)
}

/// A line of a traceback.
#[derive(PartialEq, Eq)]
pub(crate) struct Line {
    file: String,
    /// `None`: the instruction has none.
    line: Option<i32>,
    /// The name of the function.
    name: String,
}

impl Line {
    /// The lines from one on, in the order of their calls.
    pub(crate) fn all(first: &Value) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut at = Some(first.clone());
        while let Some(value) = at {
            let Some(Object::Traceback(traceback)) = value.object() else { break };
            let code = traceback.entry.frame.frame().and_then(|frame| frame.code());
            let code = code.as_ref().and_then(Value::code);
            let text = |value: Option<&Value>| value.and_then(as_str).map_or("", |text| text.as_str()).to_owned();
            lines.push(Line {
                file: text(code.map(|code| code.filename())),
                line: traceback.entry.line::<Mini>(),
                name: text(code.map(|code| code.name())),
            });
            at = traceback.next.borrow().clone();
        }
        lines
    }

    /// All lines; where one comes more than three times in a row the rest is counted.
    pub(crate) fn show_all(lines: &[Line], with_source: bool) -> String {
        const SHOWN: usize = 3;
        let mut text = String::new();
        for same in lines.chunk_by(PartialEq::eq) {
            for line in same.iter().take(SHOWN) {
                text += &line.show(with_source);
            }
            match same.len().saturating_sub(SHOWN) {
                0 => {}
                1 => text += "  [Previous line repeated 1 more time]\n",
                more => text += &format!("  [Previous line repeated {more} more times]\n"),
            }
        }
        text
    }

    fn show(&self, with_source: bool) -> String {
        let Line { file, line, name } = self;
        let number = line.map_or("None".to_owned(), |line| line.to_string());
        let source = line.filter(|_| with_source).and_then(|line| source_line(file, line));
        let source = source.filter(|source| !source.is_empty());
        let source = source.map_or(String::new(), |source| format!("    {source}\n"));
        format!("  File \"{file}\", line {number}, in {name}\n{source}")
    }
}

/// A line of a file, without the blanks around it. Relative names are looked up from where the VM was started.
///
/// Source: `getline`, Lib/linecache.py.
pub(crate) fn source_line(file: &str, line: i32) -> Option<String> {
    if file.starts_with('<') && file.ends_with('>') {
        return None;
    }
    let text = std::fs::read(Path::new(file)).ok()?;
    let text = str::from_utf8(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)).ok()?;
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Some(text.split('\n').nth(index)?.trim().to_owned())
}

/// The frame in which an exception was raised: that of the last line.
fn last_frame(first: &Value) -> Option<Value> {
    let mut at = first.clone();
    loop {
        let Some(Object::Traceback(line)) = at.object() else { return None };
        let next = line.next.borrow().clone();
        match next {
            None => return Some(line.entry.frame.clone()),
            Some(next) => at = next,
        }
    }
}
