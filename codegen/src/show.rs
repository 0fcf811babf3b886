//! One layout for a person's eyes: what there is, and a struct as a map of its bytes.

mod map;

use std::fmt::Write as _;

use crate::diag::Style;
use crate::diff::{opcode_fact, words};
use crate::lookup::Item;
use crate::model::facts::{Build, Constant, Facts, Opcode, Struct};
use crate::model::observed::Observed;
use crate::terminal::{Ink, paint, printable, push_list};

/// What a layout holds: builds, structs with their sizes, enums, constants, how many opcodes.
pub fn overview(facts: &Facts, observed: &Observed, style: Style) -> String {
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
    let width = names.max().unwrap_or(0).min(40);

    heading(&mut text, &format!("structs{:1$}bytes  align  fields", "", width.saturating_sub(4)));
    for (items, from) in [(&content.structs, true), (&laid_out, false)] {
        for item in items {
            let (size, align) = match &item.size {
                Some(size) => (size.bytes.to_string(), size.align.to_string()),
                None => ("-".to_owned(), "-".to_owned()),
            };
            let some = if item.is_partial() { ", only these fields are kept" } else { "" };
            let from = if from { "" } else { "observed: " };
            let header = paint(style, Ink::Faint, &format!("{from}{}{some}", printable(&item.header)));
            let (name, fields) = (printable(&item.name), item.fields.len());
            let _ = writeln!(text, "  {name:width$} {size:>6} {align:>6} {fields:>7}  {header}");
        }
    }
    let enums = content.enums.iter().map(|item| (&item.name, &item.values, "", &item.header));
    let enums = enums.chain(observed_enums.iter().map(|item| (&item.name, &item.values, "observed: ", &item.from)));
    let groups = content.constants.iter().map(|group| (&group.name, &group.values, "", &group.header));
    let rows: [(&str, Vec<_>); 2] = [("enums", enums.collect()), ("constants", groups.collect())];
    for (title, rows) in rows {
        if rows.is_empty() {
            continue;
        }
        heading(&mut text, title);
        for (name, values, from, header) in rows {
            let header = paint(style, Ink::Faint, &format!("{from}{}", printable(header)));
            let _ = writeln!(text, "  {:width$} {:>6} values         {header}", printable(name), values.len());
        }
    }
    let single: Vec<String> = observed
        .constants
        .iter()
        .filter(|item| item.range.contains(minor))
        .map(|item| format!("{} {} {}", printable(&item.constant.name), item.constant.value, printable(&item.unit)))
        .collect();
    if !single.is_empty() {
        push_list(&mut text, "  observed:", 4, &single);
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

/// `3.15.2 (_Py_JIT, _Py_TIER2=3)`.
fn build(build: &Build) -> String {
    if build.defines.is_empty() {
        return build.micro.to_string();
    }
    format!("{} ({})", build.micro, printable(&build.defines.join(", ")))
}

/// One thing of a layout: a struct as a map of its bytes, values with their numbers, an opcode with all that is known.
pub fn item(item: &Item<'_>, facts: &Facts, observed: &Observed, style: Style) -> String {
    let mut text = String::new();
    let mut title = |name: &str, what: &str, header: &str| {
        let _ = write!(text, "{}", paint(style, Ink::Strong, &printable(name)));
        let header = if header.is_empty() { String::new() } else { format!(", {}", printable(header)) };
        let _ = writeln!(text, ": {what}{header}");
        let _ = writeln!(text, "{}\n", paint(style, Ink::Faint, &printable(&facts.title())));
    };
    match item {
        Item::Struct(item) => {
            let what = match &item.size {
                Some(size) => format!("{}, align {}", words::bytes(size.bytes.value), size.align),
                None => "only these fields are kept".to_owned(),
            };
            title(&item.name, &what, &item.header);
            let size_of = |name: &str| {
                let known = facts.find_struct(name)?;
                known.size.as_ref().map(|size| size.bytes.value)
            };
            text.push_str(&map::draw(item, &size_of, style));
        }
        Item::Enum { name, header, values } => {
            title(name, &format!("enum, {}", count(values.len())), header);
            push_values(&mut text, values, false);
        }
        Item::Group(group) => {
            title(&group.name, &format!("constants, {}", count(group.values.len())), &group.header);
            push_values(&mut text, &group.values, group.name.ends_with("flags"));
        }
        Item::Constant { holder, constant } => {
            let hexadecimal = if constant.value.value > 9 { format!(", {:#x}", constant.value.value) } else { String::new() };
            title(&constant.name, &format!("{}{hexadecimal}", constant.value), &format!("in {holder}"));
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
    let none = || "none".to_owned();
    let caches = if fact.cache_units == 0 { none() } else { words::units(fact.cache_units) };
    let rows = [
        ("argument", fact.argument.unwrap_or_else(none)),
        ("inline cache", caches),
        ("stack effect", words::effect(fact.stack_effect.as_ref())),
        ("stands for", fact.base.as_deref().map_or_else(none, printable)),
    ];
    for (what, said) in rows {
        let _ = writeln!(text, "  {what:12}  {said}");
    }
    let forms = facts.content.opcodes.iter().filter(|form| {
        form.deopt.as_ref().is_some_and(|base| base.value == opcode.name.value) && form.name != opcode.name
    });
    let forms: Vec<String> = forms.map(|form| format!("{} {}", printable(&form.name), form.number)).collect();
    if !forms.is_empty() {
        push_list(text, "  forms of it  ", 16, &forms);
    }
}
