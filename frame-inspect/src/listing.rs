//! A code object as a listing for people.

use std::collections::BTreeSet;

use frame_runtime::code::{Code, Instructions};
use frame_runtime::plain::{Plain, Value};
use frame_runtime::pyc::{Header, Source};
use frame_runtime::table::{Handler, LineRange, LocationRow};
use frame_runtime::version::Version;

use crate::meaning::{Meanings, has_argument, instruction_set};
use crate::page::{Endless, Page, Paint};
use crate::pyc::Stop;
use crate::repr::{code as code_repr, name_of};
use crate::text::shown;

/// Writes what the header says.
pub(crate) fn show_header(page: &mut Page, path: &str, header: &Header) -> Result<(), Endless> {
    page.paint(Paint::Heading, &shown(path.as_bytes()))?;
    page.write(format_args!(": CPython {}, magic number {}, ", header.version, header.magic))?;
    match header.source {
        Source::Timestamp { mtime, size } => {
            page.write(format_args!("source of {size} bytes, changed {mtime} s after 1970\n"))
        }
        Source::Hash { hash, check } => {
            let checked = if check { "checked" } else { "not checked" };
            page.write(format_args!("source with hash {:016x}, {checked}\n", u64::from_be_bytes(hash)))
        }
    }
}

/// Writes a code object.
pub(crate) fn show<P: Version>(page: &mut Page, code: &Code<Plain<P>>) -> Result<(), Stop> {
    page.push("\n")?;
    page.paint(Paint::Heading, &code_repr(code))?;
    page.push("\n")?;
    if let Some(qualname) = code.qualname() {
        page.write(format_args!("  qualified name  {}\n", name_of(qualname)))?;
    }
    page.write(format_args!("  arguments       {}", code.argcount()))?;
    if code.posonlyargcount() > 0 {
        page.write(format_args!(", {} of them positional-only", code.posonlyargcount()))?;
    }
    if code.kwonlyargcount() > 0 {
        page.write(format_args!(", and {} keyword-only", code.kwonlyargcount()))?;
    }
    page.write(format_args!(
        "\n  stack           {}\n  flags           {}\n",
        code.stacksize(),
        flags::<P>(code.flags())
    ))?;
    show_variables(page, code)?;
    show_instructions(page, code)?;
    show_handlers(page, code)?;
    Ok(())
}

/// Names of the bits, and what is left.
fn flags<P: Version>(flags: u32) -> String {
    let mut left = flags;
    let mut names = Vec::new();
    for (name, bit) in P::LAYOUT.find_numbers("code_flags").map_or(&[][..], |group| group.values) {
        let bit = u32::try_from(*bit).unwrap_or(0);
        if bit != 0 && left & bit == bit {
            left &= !bit;
            names.push(name.trim_start_matches("CO_").to_owned());
        }
    }
    if left != 0 || names.is_empty() {
        names.push(format!("{left:#x}"));
    }
    names.join(" | ")
}

/// The map of slots.
fn show_variables<P: Version>(page: &mut Page, code: &Code<Plain<P>>) -> Result<(), Endless> {
    let mut row = |slot: usize, name: &Value<P>, kinds: &str| {
        page.write(format_args!("  slot {slot:<10} "))?;
        page.paint(Paint::Meaning, &name_of(name))?;
        page.write(format_args!(": {kinds}\n"))
    };
    if code.qualname().is_some() {
        for (slot, (name, kind)) in code.localsplusnames().iter().zip(code.localspluskinds()).enumerate() {
            let bits =
                P::LOCALSPLUS.kinds.iter().filter(|known| known.bits.is_power_of_two() && known.bits & kind != 0);
            let kinds: Vec<String> = bits.map(|known| known.name.replace('_', " ")).collect();
            row(slot, name, &if kinds.is_empty() { format!("kind {kind:#04x}") } else { kinds.join(", ") })?;
        }
    } else {
        let local = code.varnames().map(|name| (name, "local"));
        let cell = code.cellvars().map(|name| (name, "cell"));
        let free = code.freevars().map(|name| (name, "free"));
        for (slot, (name, kind)) in local.chain(cell).chain(free).enumerate() {
            row(slot, name, kind)?;
        }
    }
    Ok(())
}

fn show_instructions<P: Version>(page: &mut Page, code: &Code<Plain<P>>) -> Result<(), Stop> {
    let set = instruction_set::<P>();
    let meanings = Meanings::new(code);
    let lines: Vec<LineRange> = code.co_lines().collect::<Result<_, _>>()?;
    let rows: Vec<LocationRow> = code.co_positions().collect::<Result<_, _>>()?;
    let handlers: Vec<Handler> = code.exception_table().entries().collect::<Result<_, _>>()?;
    let mut targets: BTreeSet<i64> = handlers.iter().map(|handler| i64::from(handler.target)).collect();
    targets.extend(Instructions::new(set, code.co_code()).filter_map(|instruction| set.target(&instruction)));
    page.push("\n")?;
    page.paint(Paint::Faint, &format!("  {:>6} {:>12} {:>7}  {}\n", "line", "columns", "byte", "instruction"))?;
    let mut last_line = None;
    for instruction in Instructions::new(set, code.co_code()) {
        let byte = u32::try_from(instruction.unit * 2).unwrap_or(u32::MAX);
        let range = lines.get(lines.partition_point(|range| range.end <= byte));
        let line = range.filter(|range| range.start <= byte).and_then(|range| range.line);
        let text = match line {
            _ if last_line == Some(line) => String::new(),
            Some(line) => line.to_string(),
            None => "-".to_owned(),
        };
        last_line = Some(line);
        page.paint(Paint::Line, &format!("  {text:>6}"))?;
        page.paint(Paint::Faint, &format!(" {:>12}", rows.get(instruction.unit).map_or_else(String::new, columns)))?;
        let starts = instruction.first..=instruction.unit;
        let targeted = starts.into_iter().any(|unit| i64::try_from(unit).is_ok_and(|unit| targets.contains(&unit)));
        page.paint(Paint::Target, if targeted { " >>" } else { "   " })?;
        page.write(format_args!(" {byte:>4}  "))?;
        let argued = has_argument(P::LAYOUT, instruction.base);
        let name = match set.name(instruction.opcode) {
            "?" => format!("<{}>", instruction.opcode),
            name => name.to_owned(),
        };
        if !argued {
            page.paint(Paint::Opcode, &name)?;
        } else {
            page.paint(Paint::Opcode, &format!("{name:<27}"))?;
            page.write(format_args!(" {:>4}", instruction.argument))?;
            let meaning = meanings.of(&instruction);
            if !meaning.is_empty() {
                page.push("  ")?;
                page.paint(Paint::Meaning, &meaning)?;
            }
        }
        page.push("\n")?;
    }
    Ok(())
}

/// `4-9`; `4-+2:9` where it ends two lines below; nothing where there are no columns.
fn columns(row: &LocationRow) -> String {
    let [line, end_line, column, end_column] = row.position();
    let (Some(column), Some(end_column)) = (column, end_column) else { return String::new() };
    match (line, end_line) {
        (Some(line), Some(end)) if end != line => {
            format!("{column}-{:+}:{end_column}", i64::from(end) - i64::from(line))
        }
        _ => format!("{column}-{end_column}"),
    }
}

fn show_handlers<P: Version>(page: &mut Page, code: &Code<Plain<P>>) -> Result<(), Stop> {
    for (index, handler) in code.exception_table().entries().enumerate() {
        if index == 0 {
            page.push("\n")?;
            page.paint(Paint::Faint, "  exceptions in bytes, handled at, with so many stack entries kept\n")?;
        }
        let handler = handler?;
        let [start, end, target] = [handler.start, handler.end, handler.target].map(|unit| u64::from(unit) * 2);
        page.write(format_args!("  {:>14}  ", format!("{start}..{end}")))?;
        page.paint(Paint::Target, &format!(">> {target}"))?;
        let lasti = if handler.lasti { ", lasti" } else { "" };
        page.write(format_args!("  depth {}{lasti}\n", handler.depth))?;
    }
    Ok(())
}
