//! A diff in words: grouped by struct, enum, group and opcode table; everything is listed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::OBSERVED;
use super::change::{BitsFact, Change, Diff, EffectFact, FieldFact, Kind, OpcodeFact, ValueFact};
use super::meaning::words::Topic;
use crate::diag::Style;
use crate::terminal::{Ink, WIDTH, paint, printable, push_items, push_list};

/// Names are padded to the longest, up to here.
const NAME_WIDTH: usize = 48;

/// From so many on, fields that moved by the same distance are said together.
const MOVED_TOGETHER: usize = 3;

/// From so many on, opcodes whose number changed by the same amount are said together.
const RENUMBERED_TOGETHER: usize = 4;

impl Diff {
    /// What changed, for someone who follows CPython; lines stay within 100 columns.
    pub fn words(&self, style: Style) -> String {
        let mut words = Words { text: String::new(), style };
        words.title(self);
        if self.is_empty() {
            return words.text;
        }
        for section in self.changes.chunk_by(|a, b| Section::of(a) == Section::of(b)) {
            words.text.push('\n');
            match Section::of(&section[0]) {
                Section::Magic => words.magic(section),
                Section::Struct(name) => words.structure(name, section),
                Section::Enum(name) => words.values(&format!("{} (enum)", printable(name)), section, false),
                Section::Constants(name) => {
                    let what = if name == OBSERVED { "no header holds them" } else { "constants" };
                    words.values(&format!("{} ({what})", printable(name)), section, name.ends_with("flags"));
                }
                Section::Meaning(topic) => {
                    let meant = section.iter().filter_map(|change| match change {
                        Change::Meaning(change) => Some(change),
                        _ => None,
                    });
                    words.meaning(topic, &meant.collect::<Vec<_>>());
                }
                Section::Opcodes => words.opcodes(self, section),
                Section::Headers => words.headers(section),
            }
        }
        words.text
    }
}

/// What a change is said under.
#[derive(PartialEq)]
enum Section<'a> {
    Magic,
    Struct(&'a str),
    Enum(&'a str),
    Constants(&'a str),
    Meaning(Topic<'a>),
    Opcodes,
    Headers,
}

impl Section<'_> {
    fn of(change: &Change) -> Section<'_> {
        match change {
            Change::PycMagicChanged { .. } => Section::Magic,
            Change::StructAdded(fact) | Change::StructRemoved(fact) => Section::Struct(&fact.name),
            Change::SizeChanged { structure, .. }
            | Change::FieldAdded { structure, .. }
            | Change::FieldRemoved { structure, .. }
            | Change::FieldMoved { structure, .. }
            | Change::FieldRetyped { structure, .. }
            | Change::FieldResized { structure, .. }
            | Change::BitsMoved { structure, .. }
            | Change::OverlayChanged { structure, .. } => Section::Struct(structure),
            Change::EnumAdded(fact) | Change::EnumRemoved(fact) => Section::Enum(&fact.name),
            Change::EnumValueAdded { enumeration, .. }
            | Change::EnumValueRemoved { enumeration, .. }
            | Change::EnumValueRenumbered { enumeration, .. } => Section::Enum(enumeration),
            Change::GroupAdded(fact) | Change::GroupRemoved(fact) => Section::Constants(&fact.name),
            Change::ConstantAdded { group, .. }
            | Change::ConstantRemoved { group, .. }
            | Change::ConstantChanged { group, .. }
            | Change::ConstantRegrouped { new_group: group, .. } => Section::Constants(group),
            Change::OpcodeAdded(_)
            | Change::OpcodeRemoved(_)
            | Change::OpcodeRenumbered { .. }
            | Change::OpcodeArgumentChanged { .. }
            | Change::OpcodeCachesChanged { .. }
            | Change::OpcodeBaseChanged { .. }
            | Change::StackEffectChanged { .. } => Section::Opcodes,
            Change::HeaderMoved { .. } => Section::Headers,
            Change::Meaning(change) => Section::Meaning(change.topic()),
        }
    }
}

/// One line below a heading.
struct Line {
    ink: Ink,
    name: String,
    said: Vec<String>,
}

pub(super) struct Words {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Words {
    fn title(&mut self, diff: &Diff) {
        let (old, new) = (&diff.old, &diff.new);
        let either = |old: &str, new: &str| if old == new { old.to_owned() } else { format!("{old} -> {new}") };
        let heading = format!("CPython {} -> {}", old.name, new.name);
        let flavour = either(&old.flavour, &new.flavour);
        let architecture = either(&old.architecture, &new.architecture);
        let nothing = if diff.is_empty() { ": no difference" } else { "" };
        let heading = paint(self.style, Ink::Strong, &printable(&heading));
        let _ = writeln!(self.text, "{heading} ({flavour} build, {}){nothing}", printable(&architecture));
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.text.push_str(&paint(self.style, Ink::Strong, text));
    }

    fn lines(&mut self, lines: &[Line]) {
        let width = name_width(lines);
        for line in lines {
            self.line(line, width);
        }
    }

    fn line(&mut self, line: &Line, width: usize) {
        let name = format!("{:width$}", line.name);
        let column = 2 + name.chars().count() + 1;
        let _ = write!(self.text, "  {} ", paint(self.style, line.ink, &name));
        push_items(&mut self.text, column, width + 4, &line.said);
    }

    pub(super) fn list(&mut self, first: &str, items: &[String]) {
        push_list(&mut self.text, &format!("  {first}"), 4, items);
    }

    fn magic(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::PycMagicChanged { old, new } = change {
                let say = |magic: &Option<u64>| magic.map_or_else(|| "not known".to_owned(), |magic| magic.to_string());
                self.heading("pyc magic");
                let _ = writeln!(self.text, ": {} -> {}", say(old), say(new));
            }
        }
    }

    fn structure(&mut self, name: &str, changes: &[Change]) {
        self.heading(&printable(name));
        match changes {
            [Change::StructAdded(fact), ..] => {
                let size = match (fact.size_bytes, fact.align_bytes) {
                    (Some(size), Some(align)) => format!(", {}, align {align}", bytes(size)),
                    _ => ", chosen fields".to_owned(),
                };
                let new = paint(self.style, Ink::New, "new");
                let _ = writeln!(self.text, ": {new}{size}, {}", printable(&fact.header));
                let fields: Vec<String> = fact.fields.iter().map(place).collect();
                self.list("fields:", &fields);
                return;
            }
            [Change::StructRemoved(fact), ..] => {
                let size = fact.size_bytes.map_or_else(String::new, |size| format!(", was {}", bytes(size)));
                let gone = paint(self.style, Ink::Gone, "gone");
                let _ = writeln!(self.text, ": {gone}{size}");
                let fields: Vec<String> = fact.fields.iter().map(place).collect();
                self.list("fields were:", &fields);
                return;
            }
            [Change::SizeChanged { old_size_bytes, new_size_bytes, old_align_bytes, new_align_bytes, .. }, ..] => {
                match (old_size_bytes, new_size_bytes) {
                    (Some(old), Some(new)) if old != new => {
                        let _ = write!(self.text, ": {old} -> {}", bytes(*new));
                    }
                    (Some(old), None) => {
                        let _ = write!(self.text, ": was {}, now only chosen fields are kept", bytes(*old));
                    }
                    (None, Some(new)) => {
                        let _ = write!(self.text, ": {}, before only chosen fields were kept", bytes(*new));
                    }
                    _ => {}
                }
                if let (Some(old), Some(new)) = (old_align_bytes, new_align_bytes)
                    && old != new
                {
                    let between = if old_size_bytes == new_size_bytes { ":" } else { "," };
                    let _ = write!(self.text, "{between} align {old} -> {new}");
                }
            }
            _ => {}
        }
        self.text.push('\n');
        self.fields(changes);
    }

    /// The fields of one struct: each on a line, save those that only moved along with their neighbours.
    fn fields(&mut self, changes: &[Change]) {
        let by_field: Vec<&[Change]> = changes
            .chunk_by(|a, b| field_name(a).is_some() && field_name(a) == field_name(b))
            .filter(|changes| field_name(&changes[0]).is_some())
            .collect();
        let shift = |changes: &[Change]| match changes {
            [Change::FieldMoved { old_offset_bytes, new_offset_bytes, .. }] => {
                Some(i128::from(*new_offset_bytes) - i128::from(*old_offset_bytes))
            }
            _ => None,
        };
        let runs: Vec<&[&[Change]]> = by_field.chunk_by(|a, b| shift(a).is_some() && shift(a) == shift(b)).collect();
        let together = |run: &[&[Change]]| run.len() >= MOVED_TOGETHER;
        let singly =
            runs.iter().filter(|run| !together(run)).flat_map(|run| run.iter().map(|changes| line_of(changes)));
        let width = name_width(&singly.collect::<Vec<_>>());
        for run in runs {
            if together(run)
                && let (Some(by), Change::FieldMoved { old_offset_bytes, new_offset_bytes, .. }) =
                    (shift(run[0]), &run[0][0])
            {
                let names: Vec<String> = run.iter().map(|changes| line_of(changes).name).collect();
                let count = run.len();
                self.list(
                    &format!("{count} fields moved by {by:+}, {old_offset_bytes} -> {new_offset_bytes} and on:"),
                    &names,
                );
            } else {
                for changes in run {
                    self.line(&line_of(changes), width);
                }
            }
        }
    }

    /// An enum or a group of constants.
    fn values(&mut self, title: &str, changes: &[Change], hexadecimal: bool) {
        self.heading(title);
        let number = |value: i64| number(value, hexadecimal);
        let list = |values: &[ValueFact]| -> Vec<String> {
            values.iter().map(|value| format!("{} {}", printable(&value.name), number(value.value))).collect()
        };
        let was = |meaning: &Option<String>| {
            meaning.as_ref().map_or_else(String::new, |name| format!(", which was {}", printable(name)))
        };
        let line = |ink, name: &str, said: String| Line { ink, name: printable(name), said: vec![said] };
        let mut lines: Vec<Line> = Vec::new();
        for change in changes {
            let line = match change {
                Change::EnumAdded(super::EnumFact { header, values, .. })
                | Change::GroupAdded(super::GroupFact { header, values, .. }) => {
                    let new = paint(self.style, Ink::New, "new");
                    let _ = writeln!(self.text, ": {new}, {}", printable(header));
                    self.list("values:", &list(values));
                    return;
                }
                Change::EnumRemoved(super::EnumFact { values, .. })
                | Change::GroupRemoved(super::GroupFact { values, .. }) => {
                    let gone = paint(self.style, Ink::Gone, "gone");
                    let _ = writeln!(self.text, ": {gone}");
                    self.list("values were:", &list(values));
                    return;
                }
                Change::EnumValueAdded { name, value, number_was, .. } => {
                    line(Ink::New, name, format!("new: {}{}", number(*value), was(number_was)))
                }
                Change::ConstantAdded { name, value, .. } => line(Ink::New, name, format!("new: {}", number(*value))),
                Change::EnumValueRemoved { name, value, .. } | Change::ConstantRemoved { name, value, .. } => {
                    line(Ink::Gone, name, format!("gone, was {}", number(*value)))
                }
                Change::EnumValueRenumbered { name, old, new, number_was, .. } => {
                    line(Ink::Plain, name, format!("{} -> {}{}", number(*old), number(*new), was(number_was)))
                }
                Change::ConstantChanged { name, old, new, .. } => {
                    line(Ink::Plain, name, format!("{} -> {}", number(*old), number(*new)))
                }
                Change::ConstantRegrouped { name, old_group, new_group } => {
                    let said = match (old_group.as_str(), new_group.as_str()) {
                        (OBSERVED, _) => "now held by a header".to_owned(),
                        (_, OBSERVED) => format!("no longer held by a header, was in {}", printable(old_group)),
                        _ => format!("came here from {}", printable(old_group)),
                    };
                    line(Ink::Plain, name, said)
                }
                _ => continue,
            };
            match lines.last_mut() {
                Some(last) if last.name == line.name => last.said.extend(line.said),
                _ => lines.push(line),
            }
        }
        self.text.push('\n');
        self.lines(&lines);
    }

    fn opcodes(&mut self, diff: &Diff, changes: &[Change]) {
        let (mut new, mut gone, mut renumbered) = (Vec::new(), Vec::new(), Vec::new());
        let (mut arguments, mut caches, mut bases, mut effects) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let line = |name: &str, said: String| Line { ink: Ink::Plain, name: printable(name), said: vec![said] };
        for change in changes {
            match change {
                Change::OpcodeAdded(opcode) => new.push(opcode),
                Change::OpcodeRemoved(opcode) => gone.push(opcode),
                Change::OpcodeRenumbered { opcode, old, new } => renumbered.push((opcode.as_str(), *old, *new)),
                Change::OpcodeArgumentChanged { opcode, old, new } => {
                    arguments.push(line(opcode, format!("{} -> {}", or_none(old), or_none(new))));
                }
                Change::OpcodeCachesChanged { opcode, old_units, new_units } => {
                    caches.push(line(opcode, format!("{old_units} -> {}", units(*new_units))));
                }
                Change::OpcodeBaseChanged { opcode, old, new } => {
                    bases.push(line(opcode, format!("{} -> {}", or_none(old), or_none(new))));
                }
                Change::StackEffectChanged { opcode, old, new } => {
                    effects.push(line(opcode, format!("{} -> {}", effect(old.as_ref()), effect(new.as_ref()))));
                }
                _ => {}
            }
        }
        self.heading("opcodes");
        let mut counts = Vec::new();
        for (count, what) in [(new.len(), "new"), (gone.len(), "gone"), (renumbered.len(), "renumbered")] {
            if count > 0 {
                counts.push(format!("{count} {what}"));
            }
        }
        let (before, now) = (diff.old.opcode_count, diff.new.opcode_count);
        let total = if before == now { format!(": {now}") } else { format!(": {before} -> {now}") };
        let counts = if counts.is_empty() { String::new() } else { format!("; {}", counts.join(", ")) };
        let _ = writeln!(self.text, "{total}{counts}");

        let (general, forms): (Vec<&OpcodeFact>, Vec<&OpcodeFact>) =
            new.iter().partition(|opcode| opcode.base.is_none());
        self.sub(
            "new",
            general.iter().map(|opcode| {
                let name = printable(&opcode.name);
                Line { ink: Ink::New, name, said: say_opcode(opcode) }
            }),
        );
        self.forms("new, specialised or instrumented", &forms);
        let (general, forms): (Vec<&OpcodeFact>, Vec<&OpcodeFact>) =
            gone.iter().partition(|opcode| opcode.base.is_none());
        let names: Vec<String> =
            general.iter().map(|opcode| format!("{} {}", printable(&opcode.name), opcode.number)).collect();
        if !names.is_empty() {
            self.list("gone:", &names);
        }
        self.forms("gone, specialised or instrumented", &forms);
        self.sub("another argument", arguments);
        self.sub("another number of inline cache units", caches);
        self.sub("another base", bases);
        self.sub("another stack effect", effects);
        self.renumbered(&renumbered);
    }

    fn sub(&mut self, title: &str, lines: impl IntoIterator<Item = Line>) {
        let lines: Vec<Line> =
            lines.into_iter().map(|line| Line { name: format!("  {}", line.name), ..line }).collect();
        if !lines.is_empty() {
            let _ = writeln!(self.text, "  {title}:");
            self.lines(&lines);
        }
    }

    /// Opcodes that stand for others, by base.
    fn forms(&mut self, title: &str, opcodes: &[&OpcodeFact]) {
        if opcodes.is_empty() {
            return;
        }
        let mut by_base: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for opcode in opcodes {
            let base = opcode.base.as_deref().unwrap_or_default();
            by_base.entry(base).or_default().push(format!("{} {}", printable(&opcode.name), opcode.number));
        }
        let _ = writeln!(self.text, "  {title}:");
        for (base, names) in by_base {
            push_list(&mut self.text, &format!("    of {}:", printable(base)), 6, &names);
        }
    }

    fn renumbered(&mut self, renumbered: &[(&str, u64, u64)]) {
        let mut by_shift: BTreeMap<i128, Vec<&(&str, u64, u64)>> = BTreeMap::new();
        for row in renumbered {
            by_shift.entry(i128::from(row.2) - i128::from(row.1)).or_default().push(row);
        }
        for (shift, rows) in &by_shift {
            if rows.len() >= RENUMBERED_TOGETHER {
                let names: Vec<String> =
                    rows.iter().map(|(name, _, new)| format!("{} {new}", printable(name))).collect();
                self.list(&format!("{} renumbered by {shift:+}, now:", rows.len()), &names);
            }
        }
        let single = renumbered.iter().filter(|(_, old, new)| {
            by_shift.get(&(i128::from(*new) - i128::from(*old))).is_none_or(|rows| rows.len() < RENUMBERED_TOGETHER)
        });
        let names: Vec<String> = single.map(|(name, old, new)| format!("{} {old} -> {new}", printable(name))).collect();
        if !names.is_empty() {
            self.list("renumbered:", &names);
        }
    }

    fn headers(&mut self, changes: &[Change]) {
        self.heading("headers that define them");
        self.text.push('\n');
        let mut lines = Vec::new();
        for change in changes {
            if let Change::HeaderMoved { kind, name, old, new } = change {
                let what = match kind {
                    Kind::Struct => "",
                    Kind::Enum => " (enum)",
                    Kind::Constants => " (constants)",
                };
                let name = format!("{}{what}", printable(name));
                let said = vec![format!("{} -> {}", printable(old), printable(new))];
                lines.push(Line { ink: Ink::Plain, name, said });
            }
        }
        self.lines(&lines);
    }
}

/// Adds the words of a text to a line that has `column` columns, with a space between unless that is where further
/// lines are indented to.
pub(crate) fn push_words(text: &mut String, mut column: usize, indent: usize, said: &str) {
    for word in said.split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if column > indent && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column != indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// How far to pad names.
fn name_width<'a>(lines: impl IntoIterator<Item = &'a Line>) -> usize {
    lines.into_iter().map(|line| line.name.chars().count()).max().unwrap_or(0).min(NAME_WIDTH)
}

/// The field that a change is about.
fn field_name(change: &Change) -> Option<&str> {
    match change {
        Change::FieldAdded { field, .. } | Change::FieldRemoved { field, .. } => Some(&field.name),
        Change::FieldMoved { field, .. }
        | Change::FieldRetyped { field, .. }
        | Change::FieldResized { field, .. }
        | Change::BitsMoved { field, .. }
        | Change::OverlayChanged { field, .. } => Some(field),
        _ => None,
    }
}

/// What happened to one field.
fn line_of(changes: &[Change]) -> Line {
    let ink = match changes.first() {
        Some(Change::FieldAdded { .. }) => Ink::New,
        Some(Change::FieldRemoved { .. }) => Ink::Gone,
        _ => Ink::Plain,
    };
    let name = printable(changes.first().and_then(field_name).unwrap_or_default());
    Line { ink, name, said: changes.iter().filter_map(say_field).collect() }
}

fn say_field(change: &Change) -> Option<String> {
    let said = match change {
        Change::FieldAdded { field, in_place_of, .. } => {
            let instead =
                in_place_of.as_ref().map_or_else(String::new, |name| format!(", where {} was", printable(name)));
            format!("new at {}{}: {}{instead}", field.offset_bytes, detail(field), field.ty)
        }
        Change::FieldRemoved { field, .. } => {
            format!("gone, was {} at {}{}", field.ty, field.offset_bytes, detail(field))
        }
        Change::FieldMoved { old_offset_bytes, new_offset_bytes, .. } => {
            format!("moved {old_offset_bytes} -> {new_offset_bytes}")
        }
        Change::FieldRetyped { old_type, new_type, .. } => format!("retyped {old_type} -> {new_type}"),
        Change::FieldResized { ty, old_size_bytes, new_size_bytes, .. } => {
            let how = if old_size_bytes < new_size_bytes { "grew" } else { "shrank" };
            format!("{how} {old_size_bytes} -> {} ({ty})", bytes(*new_size_bytes))
        }
        Change::BitsMoved { old, new, .. } => match (old, new) {
            (Some(old), Some(new)) => format!("{} -> {}", bits(old), bits(new)),
            (None, Some(new)) => format!("now a bit field, {}", bits(new)),
            (Some(old), None) => format!("no bit field any more, was {}", bits(old)),
            (None, None) => return None,
        },
        Change::OverlayChanged { old, new, .. } => match (old, new) {
            (Some(old), Some(new)) => format!("shares bytes with {}, not {}", printable(new), printable(old)),
            (None, Some(new)) => format!("now shares bytes with {}", printable(new)),
            (Some(old), None) => format!("shares no bytes with {} any more", printable(old)),
            (None, None) => return None,
        },
        _ => return None,
    };
    Some(said)
}

/// Bits and overlays of a field, where it has them.
fn detail(field: &FieldFact) -> String {
    let mut text = field.bits.as_ref().map_or_else(String::new, |of| format!(" {}", bits(of)));
    if let Some(other) = &field.overlays {
        let _ = write!(text, " in the bytes of {}", printable(other));
    }
    text
}

/// `name: type at 8`.
fn place(field: &FieldFact) -> String {
    format!("{}: {} at {}{}", printable(&field.name), field.ty, field.offset_bytes, detail(field))
}

/// `bits 2..5`, half-open as everywhere.
fn bits(bits: &BitsFact) -> String {
    match bits.width_bits {
        1 => format!("bit {}", bits.first_bit),
        width => format!("bits {}..{}", bits.first_bit, u128::from(bits.first_bit) + u128::from(width)),
    }
}

pub(crate) fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

pub(crate) fn units(count: u64) -> String {
    if count == 1 { "1 code unit".to_owned() } else { format!("{count} code units") }
}

fn or_none(text: &Option<String>) -> String {
    text.as_deref().map_or_else(|| "none".to_owned(), printable)
}

/// A number as the facts files write it.
pub(crate) fn number(value: i64, hexadecimal: bool) -> String {
    if hexadecimal && value >= 0 { format!("{value:#x}") } else { value.to_string() }
}

/// `-1`, `1, on the jump -1`, `-1 - arg, as CALL`.
pub(crate) fn effect(effect: Option<&EffectFact>) -> String {
    let Some(effect) = effect else { return "not told".to_owned() };
    let mut text = effect.effect.clone();
    if let Some(jump) = &effect.jump {
        let _ = write!(text, " (if it jumps {jump})");
    }
    if let Some(base) = &effect.same_as {
        let _ = write!(text, " (as {})", printable(base));
    }
    text
}

fn say_opcode(opcode: &OpcodeFact) -> Vec<String> {
    let mut said = vec![format!("number {}", opcode.number)];
    said.extend(opcode.argument.as_ref().map(|argument| format!("argument {argument}")));
    if opcode.cache_units > 0 {
        said.push(format!("{} of cache", units(opcode.cache_units)));
    }
    said.extend(opcode.stack_effect.as_ref().map(|of| format!("stack effect {}", effect(Some(of)))));
    said
}
