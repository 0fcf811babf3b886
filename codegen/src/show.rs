//! One layout for a person's eyes: what there is, a struct as a map of its bytes, a machine as a table of what may happen.

mod entry;
mod grid;
mod machine;
mod map;
mod meaning;
mod table;
#[cfg(test)]
mod tests;

pub use machine::mermaid;

use std::fmt::Write as _;

use crate::diag::Style;
use crate::diff::words::push_words;
use crate::diff::{opcode_fact, words};
use crate::lookup::{Item, View};
use crate::model::facts::{Build, Constant, Facts, Opcode, Struct};
use crate::model::observed::Observed;
use crate::terminal::{Ink, paint, printable, push_list};

/// What a layout holds: builds, structs with their sizes, enums, constants, machines, how many opcodes.
pub fn overview(view: &View<'_>, style: Style) -> String {
    let View { facts, observed, .. } = *view;
    let minor = facts.version.value;
    let content = &facts.content;
    let mut text = String::new();
    let heading = |text: &mut String, title: &str| {
        let _ = writeln!(text, "\n{}", paint(style, Ink::Strong, title));
    };
    let _ = writeln!(text, "{}", paint(style, Ink::Strong, &printable(&facts.title())));
    for (what, builds) in [("verified", &facts.verified), ("unwitnessed", &facts.unwitnessed)] {
        if !builds.is_empty() {
            push_list(&mut text, &format!("  {what:11} "), 15, &builds.iter().map(build).collect::<Vec<_>>());
        }
    }
    if let Some(magic) = content.pyc_magic.as_ref().or_else(|| observed.pyc_magic(minor)) {
        let _ = writeln!(text, "  {:11}  {magic}", "pyc magic");
    }

    let seen: Vec<_> = observed.structs.iter().filter(|item| item.range.contains(minor)).collect();
    let laid_out: Vec<Struct> = seen.iter().filter_map(|item| observed.lay_out(item, facts)).collect();
    let names = content.structs.iter().chain(&laid_out).map(|item| item.name.chars().count());
    let observed_enums: Vec<_> = observed.enums.iter().filter(|item| item.range.contains(minor)).collect();
    let names = names.chain(content.enums.iter().map(|item| item.name.chars().count()));
    let names = names.chain(content.constants.iter().map(|group| group.name.chars().count()));
    let slots = view.localsplus().map(|item| (&item.name, "localsplus", &item.doc));
    let slots: Vec<_> = slots.chain(view.positions().map(|item| (&item.name, "position", &item.doc))).collect();
    let names = names.chain(slots.iter().map(|(name, ..)| name.chars().count()));
    let names = names.chain(view.machines().map(|machine| machine.name.chars().count()));
    let tables: Vec<_> = view.meaning.tables_of(minor).collect();
    let names = names.chain(tables.iter().map(|table| table.name.chars().count()));
    let width = names.max().unwrap_or(0).min(40);

    let title = format!("structs{:1$}bytes  align  fields", "", width.saturating_sub(4));
    for (title, items) in [(title.as_str(), &content.structs), ("structs that no header holds", &laid_out)] {
        if items.is_empty() {
            continue;
        }
        heading(&mut text, title);
        for item in items {
            let (size, align) = match &item.size {
                Some(size) => (size.bytes.to_string(), size.align.to_string()),
                None => ("-".to_owned(), "-".to_owned()),
            };
            let some = if item.is_partial() { " (not whole)" } else { "" };
            let header = paint(style, Ink::Faint, &format!("{}{some}", place(&item.header, &item.name)));
            let (name, fields) = (printable(&item.name), item.fields.len());
            let _ = writeln!(text, "  {name:width$} {size:>6} {align:>6} {fields:>7}  {header}");
        }
    }
    let enums = content.enums.iter().map(|item| (&item.name, &item.values, &item.header));
    let enums = enums.chain(observed_enums.iter().map(|item| (&item.name, &item.values, &item.from)));
    let groups = content.constants.iter().map(|group| (&group.name, &group.values, &group.header));
    let rows: [(&str, Vec<_>); 2] = [("enums", enums.collect()), ("constants", groups.collect())];
    for (title, rows) in rows {
        if rows.is_empty() {
            continue;
        }
        heading(&mut text, title);
        for (name, values, header) in rows {
            let header = paint(style, Ink::Faint, &place(header, name));
            let (name, count) = (printable(name), values.len());
            let what = if count == 1 { "value" } else { "values" };
            let _ = writeln!(text, "  {name:width$} {count:>6} {what:14} {header}");
        }
    }
    let single: Vec<String> = observed
        .constants
        .iter()
        .filter(|item| item.range.contains(minor))
        .map(|item| format!("{} {} {}", printable(&item.constant.name), item.constant.value, printable(&item.unit)))
        .collect();
    if !single.is_empty() {
        push_list(&mut text, "  that no header holds:", 4, &single);
    }
    let machines: Vec<_> = view.machines().collect();
    if !machines.is_empty() {
        heading(&mut text, "machines");
    }
    for machine in machines {
        let at = machine.at(minor);
        let (states, events) = (at.states.len(), at.events.len());
        let _ = write!(text, "  {:width$} {states:>6} states {events:>3} events ", printable(&machine.name));
        push_words(&mut text, width + 28, width + 29, &printable(&machine.doc));
    }
    if !slots.is_empty() {
        heading(&mut text, "variables and positions");
    }
    for (name, what, doc) in slots {
        let _ = write!(text, "  {:width$}        {what:18} ", printable(name));
        push_words(&mut text, width + 28, width + 29, &printable(doc));
    }
    if !tables.is_empty() {
        heading(&mut text, "tables");
    }
    for table in tables {
        let (columns, forms) = (table.columns.len(), table.forms.len());
        let _ = write!(text, "  {:width$} {columns:>6} columns {forms:>2} forms  ", printable(&table.name));
        push_words(&mut text, width + 28, width + 29, &printable(&table.doc));
    }
    let instrumented = |opcode: &&Opcode| opcode.name.starts_with("INSTRUMENTED_");
    let count = content.opcodes.len();
    let traced = content.opcodes.iter().filter(instrumented).count();
    let forms = content.opcodes.iter().filter(|opcode| opcode.deopt.is_some() && !instrumented(opcode)).count();
    heading(&mut text, "opcodes");
    let general = count - forms - traced;
    let _ = writeln!(text, "  {count}: {general} general, {forms} specialised, {traced} instrumented");
    text
}

/// The header; of what no header holds, the `.c` file, without the name that it has there.
fn place(header: &str, name: &str) -> String {
    let file = header.strip_suffix(name).and_then(|file| file.strip_suffix(", "));
    printable(file.unwrap_or(header))
}

/// `3.15.2 (_Py_JIT, _Py_TIER2=3)`.
fn build(build: &Build) -> String {
    if build.defines.is_empty() {
        return build.micro.to_string();
    }
    format!("{} ({})", build.micro, printable(&build.defines.join(", ")))
}

/// One thing of a layout: a struct as a map of its bytes and what its fields mean, values with their numbers, an opcode
/// with all that is known, a machine as a table of its states and events.
pub fn item(item: &Item<'_>, view: &View<'_>, style: Style) -> String {
    let View { facts, observed, .. } = *view;
    let mut text = String::new();
    let mut title = |name: &str, what: &str, header: &str| {
        let _ = write!(text, "{}", paint(style, Ink::Strong, &printable(name)));
        let header = if header.is_empty() { String::new() } else { format!(", {}", printable(header)) };
        let _ = writeln!(text, ": {what}{header}");
        let _ = writeln!(text, "{}\n", paint(style, Ink::Faint, &printable(&facts.title())));
    };
    match item {
        Item::Machine(machine) => {
            let at = machine.at(facts.version.value);
            let what = format!("machine, {} states, {} events", at.states.len(), at.events.len());
            title(&machine.name, &what, "");
            machine::draw(&mut text, machine, view, style);
        }
        Item::Localsplus(item) => {
            title(&item.name, "localsplus, the slots of a frame", "");
            meaning::push_localsplus(&mut text, item, view, style);
        }
        Item::Position(item) => {
            title(&item.name, "position, where a frame is in its code", "");
            meaning::push_position(&mut text, item, view, style);
        }
        Item::Table(table) => {
            let what = format!("table, {} columns, {} forms", table.columns.len(), table.forms.len());
            title(&table.name, &what, "");
            entry::push_table(&mut text, table, style);
        }
        Item::Struct(item) => {
            let header = place(&item.header, &item.name);
            let what = match &item.size {
                Some(size) => format!("{}, align {}", words::bytes(size.bytes.value), size.align),
                None => "only these fields are kept".to_owned(),
            };
            title(&item.name, &what, &header);
            let size_of = |name: &str| {
                let known = facts.find_struct(name)?;
                known.size.as_ref().map(|size| size.bytes.value)
            };
            text.push_str(&map::draw(item, &size_of, style));
            meaning::push_struct(&mut text, item, view, style);
        }
        Item::Enum { name, header, values } => {
            title(name, &format!("enum, {}", count(values.len())), &place(header, name));
            push_values(&mut text, values, false);
        }
        Item::Group(group) => {
            title(&group.name, &format!("constants, {}", count(group.values.len())), &group.header);
            push_values(&mut text, &group.values, group.name.ends_with("flags"));
        }
        Item::Constant { holder, constant, unit } => {
            let value = constant.value.value;
            match unit {
                Some(unit) => {
                    title(&constant.name, &format!("{value} {}", printable(unit)), &place(holder, &constant.name))
                }
                None => title(&constant.name, &value.to_string(), &format!("in {holder}")),
            }
            text.pop();
        }
        Item::Opcode(opcode) => {
            title(&opcode.name, &format!("opcode {}", opcode.number), "");
            push_opcode(&mut text, opcode, facts, observed);
        }
    }
    text
}

fn count(values: usize) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

fn push_values(text: &mut String, values: &[Constant], hexadecimal: bool) {
    let width = values.iter().map(|value| value.name.chars().count()).max().unwrap_or(0).min(60);
    let numbers: Vec<String> = values.iter().map(|value| words::number(value.value.value, hexadecimal)).collect();
    let digits = numbers.iter().map(String::len).max().unwrap_or(0);
    for (value, number) in values.iter().zip(numbers) {
        let bits = match u64::try_from(value.value.value) {
            Ok(value) if hexadecimal && value.is_power_of_two() => format!("  bit {}", value.trailing_zeros()),
            _ => String::new(),
        };
        let _ = writeln!(text, "  {:width$}  {number:>digits$}{bits}", printable(&value.name));
    }
}

fn push_opcode(text: &mut String, opcode: &Opcode, facts: &Facts, observed: &Observed) {
    let fact = opcode_fact(opcode, facts, observed);
    // Facts leave to the base what a specialised or instrumented form shares with it.
    let none = || fact.base.as_ref().map_or_else(|| "none".to_owned(), |base| format!("as {}", printable(base)));
    let mut row = |what: &str, said: String| {
        let _ = writeln!(text, "  {what:12}  {said}");
    };
    row("argument", fact.argument.clone().unwrap_or_else(none));
    row("inline cache", if fact.cache_units == 0 { none() } else { words::units(fact.cache_units) });
    row("stack effect", words::effect(fact.stack_effect.as_ref()));
    if let Some(base) = &fact.base {
        row("stands for", printable(base));
    }
    let forms = facts.content.opcodes.iter().filter(|form| {
        form.deopt.as_ref().is_some_and(|base| base.value == opcode.name.value) && form.name != opcode.name
    });
    let forms: Vec<String> = forms.map(|form| format!("{} {}", printable(&form.name), form.number)).collect();
    if !forms.is_empty() {
        push_list(text, "  forms of it  ", 16, &forms);
    }
}
