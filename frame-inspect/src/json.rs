//! A code object as a line of JSON, in ASCII.

use frame_runtime::code::{Code, branches};
use frame_runtime::plain::{Object, Plain, Value};
use frame_runtime::table::{DecodeError, LocationRow};
use frame_runtime::version::Version;

use crate::meaning::{instruction_set, minor};
use crate::page::{Endless, Page};
use crate::pyc::Stop;
use crate::text::code_points;

/// Writes the line.
pub(crate) fn show<P: Version>(page: &mut Page, code: &Code<Plain<P>>) -> Result<(), Stop> {
    page.push("{\"name\":")?;
    push_name(page, Some(code.name()))?;
    page.push(",\"qualname\":")?;
    push_name(page, code.qualname())?;
    let numbers = [
        ("firstlineno", i64::from(code.firstlineno())),
        ("flags", i64::from(code.flags())),
        ("argcount", i64::from(code.argcount())),
        ("posonlyargcount", i64::from(code.posonlyargcount())),
        ("kwonlyargcount", i64::from(code.kwonlyargcount())),
        ("nlocals", i64::from(code.nlocals())),
        ("stacksize", i64::from(code.stacksize())),
    ];
    for (key, number) in numbers {
        page.write(format_args!(",\"{key}\":{number}"))?;
    }
    page.push(",\"varnames\":")?;
    list(page, code.varnames().map(Ok), |page, name| push_name(page, Some(name)))?;
    page.push(",\"cellvars\":")?;
    list(page, code.cellvars().map(Ok), |page, name| push_name(page, Some(name)))?;
    page.push(",\"freevars\":")?;
    list(page, code.freevars().map(Ok), |page, name| push_name(page, Some(name)))?;
    page.write(format_args!(",\"code_units\":{},\"lines\":", code.co_code().len() / 2))?;
    if minor::<P>() >= 10 {
        list(page, code.co_lines(), |page, range| {
            page.write(format_args!("[{},{},{}]", range.start, range.end, Known(range.line)))
        })?;
    } else {
        list(page, code.line_table().starts(), |page, (start, line)| {
            page.write(format_args!("[{start},{}]", Known(line)))
        })?;
    }
    page.push(",\"positions\":")?;
    if code.qualname().is_some() {
        list(page, code.co_positions(), push_position)?;
        page.push(",\"exceptiontable\":")?;
        list(page, code.exception_table().entries(), |page, entry| {
            let [start, end, target] = [entry.start, entry.end, entry.target].map(|unit| u64::from(unit) * 2);
            page.write(format_args!("[{start},{end},{target},{},{}]", entry.depth, u8::from(entry.lasti)))
        })?;
    } else {
        page.push("null,\"exceptiontable\":null")?;
    }
    page.push(",\"branches\":")?;
    match branches(instruction_set::<P>(), code.co_code()) {
        Some(branches) => list(page, branches.map(Ok), |page, branch| {
            page.write(format_args!("[{},{},{}]", branch.source, branch.left, branch.right))
        })?,
        None => page.push("null")?,
    }
    page.push("}\n")?;
    Ok(())
}

/// A number, or `null`.
struct Known(Option<i32>);

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("null"),
        }
    }
}

fn push_position(page: &mut Page, row: LocationRow) -> Result<(), Endless> {
    let [line, end_line, column, end_column] = row.position().map(Known);
    page.write(format_args!("[{line},{end_line},{column},{end_column}]"))
}

fn list<T>(
    page: &mut Page,
    items: impl Iterator<Item = Result<T, DecodeError>>,
    mut push: impl FnMut(&mut Page, T) -> Result<(), Endless>,
) -> Result<(), Stop> {
    page.push("[")?;
    for (index, item) in items.enumerate() {
        if index > 0 {
            page.push(",")?;
        }
        push(page, item?)?;
    }
    page.push("]")?;
    Ok(())
}

fn push_name<P: Version>(page: &mut Page, name: Option<&Value<P>>) -> Result<(), Endless> {
    let Some(Object::Str(name)) = name.map(Value::object) else { return page.push("null") };
    page.push("\"")?;
    for point in code_points(name) {
        match point {
            0x08 => page.push("\\b")?,
            0x09 => page.push("\\t")?,
            0x0a => page.push("\\n")?,
            0x0c => page.push("\\f")?,
            0x0d => page.push("\\r")?,
            0x22 => page.push("\\\"")?,
            0x5c => page.push("\\\\")?,
            0x20..0x7f => page.push(char::from_u32(point).unwrap_or('?').encode_utf8(&mut [0; 4]))?,
            0..0x1_0000 => page.write(format_args!("\\u{point:04x}"))?,
            _ => {
                let above = point - 0x1_0000;
                page.write(format_args!("\\u{:04x}\\u{:04x}", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff)))?;
            }
        }
    }
    page.push("\"")
}
