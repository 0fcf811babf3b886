//! Byte formats: every byte that a table may hold means one thing, and every row gets each of its columns from one place.

use std::collections::BTreeSet;

use super::bits::{byte_bits, head_digit, number_size, number_unused, piece_shift, signed_code};
use super::machine::list_minors;
use super::name::chosen_name_reserved;
use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::model::Spec;
use crate::model::table::{Bits, Codes, EXCEPTION, Fallback, Form, LINES, MOST_COLUMNS, Part, Source, Step, Table};
use crate::source::{At, Span};

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    let tables = &spec.meaning.tables;
    for table in tables {
        names(spec, table, sink);
        head_parts(table, sink);
        head_bits(table, sink);
        codes(table, sink);
        column_like(table, sink);
        for number in &table.numbers {
            number_size(table, number, sink);
        }
        number_unused(table, sink);
        for form in &table.forms {
            form_absent(table, form, sink);
            form_drops(table, form, sink);
            column_sets(table, form, sink);
            column_early(table, form, sink);
            step_split(table, form, sink);
            head_digit(table, form, sink);
            byte_bits(table, form, sink);
            for step in &form.steps {
                piece_shift(table, step, sink);
            }
        }
        form_unreachable(table, sink);
    }
    if !tables.is_empty() && !spec.layouts.is_empty() {
        table_unknown(spec, sink);
        table_missing(spec, sink);
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

// ---- names ----

/// Names become a module, a type, fields and constants.
fn names(spec: &Spec, table: &Table, sink: &mut Sink) {
    let count = table.columns.len();
    if count == 0 || count > MOST_COLUMNS {
        sink.report(
            Diagnostic::error("column-count", format!("a row of `{}` has {count} columns", table.name))
                .at(table.name.span, format!("1 to {MOST_COLUMNS}")),
        );
    }
    if let Some(machine) = spec.meaning.machine(&table.name) {
        sink.report(
            Diagnostic::error("item-twice", format!("a machine and a table are called `{}`", table.name))
                .at(table.name.span, "the table")
                .and(machine.name.span, "the machine"),
        );
    }
    chosen_name_reserved(&table.name, &table.name, &[], sink);
    let mut taken: Vec<String> = Vec::new();
    let columns = table.columns.iter().map(|column| &column.name);
    for at in columns.chain(table.numbers.iter().map(|number| &number.name)) {
        let constant = name::constant_name(at);
        let known: Vec<&str> = taken.iter().map(String::as_str).collect();
        // A keyword may be the name of a field, in its raw form.
        let field = name::field_name(at);
        let rust = if name::is_name(&field) { &constant } else { &field };
        chosen_name_reserved(at, rust, &known, sink);
        taken.push(constant);
    }
}

// ---- the head ----

fn head_parts(table: &Table, sink: &mut Sink) {
    let head = &table.head;
    if let Some((index, mark)) = head.parts.iter().enumerate().find(|(_, part)| part.name.value == "mark") {
        let label = if index > 0 {
            Some("it comes first")
        } else if mark.bits.value != 1 {
            Some("it is one bit")
        } else if mark.plus.is_some() || mark.signed.is_some() || mark.at_most.is_some() {
            Some("it is no number")
        } else {
            None
        };
        sink.extend(label.map(|label| {
            Diagnostic::error("head-mark", format!("the mark of `{}` is not the first bit of its entries", table.name))
                .at(mark.name.span, label)
        }));
    }
    if let (Some(length), Some(skip)) = (head.part("length"), head.part("skip")) {
        let (first, second) = if length.name.span < skip.name.span { (length, skip) } else { (skip, length) };
        sink.report(
            Diagnostic::error("head-units", format!("the entries of `{}` say twice where their rows lie", table.name))
                .at(second.name.span, "the second one")
                .and(first.name.span, "the first one")
                .help("`length` counts from the end of the last row, `skip` from its beginning"),
        );
    }
    for part in head.parts.iter().filter(|part| part.name.value != "mark") {
        sink.extend(part_range(part));
    }
}

/// The values of a part are what the runtime can count with.
fn part_range(part: &Part) -> Option<Diagnostic> {
    let (first, last) = part.values();
    let (span, label) = match part.name.value.as_str() {
        "code" => {
            if let Some(plus) = &part.plus {
                (plus.span, "a code is what the bits say".to_owned())
            } else if let Some(at_most) = &part.at_most {
                (at_most.span, "the forms say which codes there are".to_owned())
            } else if last > i64::from(i16::MAX) {
                (part.bits.span, "at most 15 bits, or 16 with a sign".to_owned())
            } else {
                return None;
            }
        }
        _ => {
            let signed = part.signed.as_ref();
            let at_most = part.at_most.as_ref().filter(|at_most| {
                let at_most = i64::from(at_most.value);
                at_most < 1 || at_most < first || at_most > last
            });
            if let Some(signed) = signed {
                (signed.span, "units are counted forwards".to_owned())
            } else if let Some(plus) = part.plus.as_ref().filter(|_| first < 0 || last > i64::from(i32::MAX)) {
                (plus.span, format!("it would be {first} to {last}"))
            } else if let Some(at_most) = at_most {
                (at_most.span, format!("the bits say {first} to {last}"))
            } else {
                return None;
            }
        }
    };
    Some(Diagnostic::error("part-range", format!("`{}` cannot be counted like this", part.name)).at(span, label))
}

/// An entry begins with whole bytes, or with a mark and the first digit of a number.
fn head_bits(table: &Table, sink: &mut Sink) {
    let head = &table.head;
    let marked = head.part("mark").is_some();
    let bits = head.bits();
    let label = match (marked, bits) {
        (true, 16) => "with a mark, the first bit of the second byte is 0",
        (_, 8 | 16) => return,
        (true, _) if head.parts.len() == 1 => return,
        (true, _) => "8 bits, or only the mark",
        (false, _) => "8 or 16 bits",
    };
    let first = head.parts.first().and_then(|part| part.name.span);
    let last = head.parts.last().and_then(|part| part.bits.span);
    let span = first.zip(last).map(|(first, last)| Span { end: last.end, ..first });
    let shown = if bits == 1 { "1 bit".to_owned() } else { format!("{bits} bits") };
    sink.report(Diagnostic::error("head-bits", format!("the head of `{}` has {shown}", table.name)).at(span, label));
}

// ---- codes ----

/// Every code means one thing.
fn codes(table: &Table, sink: &mut Sink) {
    let all = || table.forms.iter().map(|form| &form.codes).chain(&table.reserved);
    let Some(part) = table.head.part("code") else {
        if let Some(code) = all().find(|codes| codes.range.is_some()) {
            sink.report(
                Diagnostic::error("code-missing", format!("the head of `{}` has no code", table.name))
                    .at(code.span, "which bits say so?")
                    .help("add a part `code` to the head, or write `else`"),
            );
        } else if table.forms.len() != 1 || !table.reserved.is_empty() {
            sink.report(
                Diagnostic::error("code-missing", format!("the head of `{}` has no code", table.name))
                    .at(all().nth(1).and_then(|codes| codes.span).or(table.name.span), "one form, without a code"),
            );
        }
        return;
    };
    if let Some(codes) = all().find(|codes| codes.range.is_none()) {
        sink.report(
            Diagnostic::error("code-missing", "a form does not say its codes")
                .at(codes.span, "`else` is for heads without a code")
                .and(part.name.span, "chooses the form"),
        );
        return;
    }
    if part_range(part).is_some() {
        return;
    }
    let (first, last) = part.values();
    let mut known: Vec<(i64, i64, &Codes)> = Vec::new();
    for codes in all() {
        let Some((from, to)) = codes.range else { continue };
        if from > to || from < first || to > last {
            let label =
                if from > to { "the last one is before the first".to_owned() } else { format!("{first} to {last}") };
            sink.report(
                Diagnostic::error("code-range", format!("no entry of `{}` has these codes", table.name))
                    .at(codes.span, label)
                    .and(part.bits.span, "has these bits"),
            );
            return;
        }
        if let Some((.., other)) = known.iter().find(|(start, end, _)| from <= *end && *start <= to) {
            sink.report(
                Diagnostic::error("code-twice", format!("a code of `{}` means two things", table.name))
                    .at(codes.span, "the second one")
                    .and(other.span, "the first one"),
            );
            return;
        }
        known.push((from, to, codes));
    }
    known.sort_by_key(|(from, ..)| *from);
    let mut next = first;
    let mut missing = Vec::new();
    for (from, to, _) in known {
        if next < from {
            missing.push((next, from - 1));
        }
        next = to + 1;
    }
    if next <= last {
        missing.push((next, last));
    }
    if missing.is_empty() {
        return;
    }
    let shown = |(from, to): &(i64, i64)| if from == to { from.to_string() } else { format!("{from}..={to}") };
    let shown: Vec<String> = missing.iter().map(shown).collect();
    sink.report(
        Diagnostic::error("code-uncovered", format!("codes of `{}` mean nothing: {}", table.name, shown.join(", ")))
            .at(part.name.span, format!("{first} to {last}"))
            .help(format!("write a form for them, or `{} reserved;`", shown[0])),
    );
}

/// Nothing comes behind what takes every row.
fn form_unreachable(table: &Table, sink: &mut Sink) {
    let mut absent = table.forms.iter().filter(|form| form.absent);
    if let (Some(first), Some(second)) = (absent.next(), absent.next()) {
        sink.report(
            Diagnostic::error("form-unreachable", format!("no row is written as `{}`", second.name))
                .at(second.name.span, "for rows without a value")
                .and(first.name.span, "takes them already"),
        );
    }
}

// ---- columns ----

/// What a column is like has its value first.
fn column_like(table: &Table, sink: &mut Sink) {
    for (index, column) in table.columns.iter().enumerate() {
        let Fallback::Like(other) = &column.fallback else { continue };
        if other.value >= index {
            sink.report(
                Diagnostic::error("column-like", format!("`{}` is like a column behind it", column.name))
                    .at(other.span, "not before it in the row"),
            );
        }
    }
}

/// Every column gets its value once.
fn column_sets(table: &Table, form: &Form, sink: &mut Sink) {
    let mut set: Vec<&At<usize>> = Vec::new();
    for column in form.steps.iter().flat_map(Table::gets) {
        let name = &table.columns[column.value].name;
        if let Some(first) = set.iter().find(|known| known.value == column.value) {
            sink.report(
                Diagnostic::error("column-set-twice", format!("`{}` gets `{name}` twice", form.name))
                    .at(column.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
        set.push(column);
    }
    if form.absent {
        return;
    }
    let unset =
        table.columns.iter().enumerate().filter(|(index, column)| {
            column.fallback == Fallback::Given && !set.iter().any(|known| known.value == *index)
        });
    for (index, column) in unset {
        // What is dropped wrongly has a finding of its own.
        if form.drops.iter().any(|dropped| dropped.value == index) {
            continue;
        }
        sink.report(
            Diagnostic::error("column-unset", format!("`{}` says nothing of `{}`", form.name, column.name))
                .at(form.name.span, format!("has no `{}`", column.name))
                .and(column.name.span, "has no value of its own")
                .help("read it, or write `kept`, `like` or `absent` behind the column"),
        );
    }
}

/// What a value is added to is known by then.
fn column_early(table: &Table, form: &Form, sink: &mut Sink) {
    for (index, step) in form.steps.iter().enumerate() {
        let Some(base) = &step.base else { continue };
        let column = &table.columns[base.value];
        let sets = |steps: &[Step]| steps.iter().flat_map(Table::gets).any(|set| set.value == base.value);
        let kept = column.fallback == Fallback::Kept;
        let label = if base.value == step.column.value {
            // A value that is not kept is nothing to go on from.
            if kept { continue } else { "it is not kept from row to row" }
        } else if sets(&form.steps[..index]) {
            continue;
        } else if sets(&form.steps[index + 1..]) {
            "it is read behind this"
        } else if kept || matches!(column.fallback, Fallback::Like(_)) {
            continue;
        } else {
            "it has no value in this form"
        };
        sink.report(
            Diagnostic::error("column-early", format!("nothing can be added to `{}` here", column.name))
                .at(base.span, label),
        );
    }
}

/// A form for rows without a value reads none; one that drops columns does not set them.
fn form_absent(table: &Table, form: &Form, sink: &mut Sink) {
    if !form.absent {
        return;
    }
    let span = form.steps.first().and_then(|step| step.column.span);
    let span = span.or(form.drops.first().and_then(|column| column.span));
    if span.is_some() {
        sink.report(
            Diagnostic::error("form-absent", format!("`{}` of `{}` has no values", form.name, table.name))
                .at(span, "a value")
                .and(form.name.span, "is `absent`"),
        );
    }
}

fn form_drops(table: &Table, form: &Form, sink: &mut Sink) {
    let mut seen = BTreeSet::new();
    for dropped in form.drops.iter().filter(|_| !form.absent) {
        let column = &table.columns[dropped.value];
        let set = form.steps.iter().flat_map(Table::gets).find(|set| set.value == dropped.value);
        let title = format!("`{}` cannot drop `{}`", form.name, column.name);
        let diagnostic = Diagnostic::error("form-drops", title);
        if let Some(set) = set {
            sink.report(diagnostic.at(dropped.span, "dropped").and(set.span, "gets a value"));
        } else if column.fallback != Fallback::Absent {
            let diagnostic = diagnostic.at(dropped.span, "it has a value without being read");
            sink.report(diagnostic.and(column.name.span, "is not `absent`"));
        } else if !seen.insert(dropped.value) {
            sink.report(diagnostic.at(dropped.span, "it is there twice"));
        }
    }
}

/// A value that two columns share is what is read, and not negative.
fn step_split(table: &Table, form: &Form, sink: &mut Sink) {
    for step in &form.steps {
        let Some((low, _)) = &step.low else { continue };
        let negative = match &step.source.value {
            Source::Number(number) => table.numbers[*number].signed,
            Source::Bits(pieces) => pieces.iter().any(|piece| piece.bits == Bits::Code) && signed_code(table),
            Source::Byte => false,
        };
        let label = if let Some(base) = &step.base {
            (base.span, "added to a column")
        } else if step.plus != 0 {
            (step.source.span, "a number is added")
        } else if negative {
            (step.source.span, "may be negative")
        } else {
            continue;
        };
        let (high, low) = (&table.columns[step.column.value].name, &table.columns[low.value].name);
        let title = format!("`{high}` and `{low}` cannot share this value");
        sink.report(Diagnostic::error("step-split", title).at(label.0, label.1));
    }
}

// ---- versions ----

/// The runtime knows CPython's tables by their names.
fn table_unknown(spec: &Spec, sink: &mut Sink) {
    let known = || LINES.iter().map(|(name, _)| *name).chain([EXCEPTION]);
    for table in spec.meaning.tables.iter().filter(|table| !known().any(|name| name == table.name.value)) {
        sink.report(
            Diagnostic::error("table-unknown", format!("CPython has no table `{}` that the runtime knows", table.name))
                .at(table.name.span, "not known")
                .help(format!("known: {}; one of your own stands in `frame_spec!`", listed(known()))),
        );
    }
}

/// Every version has one table that tells lines.
fn table_missing(spec: &Spec, sink: &mut Sink) {
    let mut without = BTreeSet::new();
    let mut told = BTreeSet::new();
    for minor in spec.minors() {
        let is_line = |table: &&Table| LINES.iter().any(|(name, _)| *name == table.name.value);
        let lines: Vec<&Table> = spec.meaning.tables_of(minor).filter(is_line).collect();
        match lines[..] {
            [] => drop(without.insert(minor)),
            [_] => {}
            [first, second, ..] => {
                if told.insert((&first.name.value, &second.name.value)) {
                    let title = format!("CPython {minor} has two tables for its lines");
                    sink.report(
                        Diagnostic::error("table-missing", title)
                            .at(second.name.span, format!("the second one: {}", second.range))
                            .and(first.name.span, format!("the first one: {}", first.range)),
                    );
                }
            }
        }
    }
    if let Some(first) = without.first() {
        let place = spec.layouts.iter().find(|facts| facts.version.value == *first);
        let versions = list_minors(&without, &spec.minors());
        sink.report(
            Diagnostic::error("table-missing", format!("nothing tells the lines of {versions}"))
                .at(place.and_then(|facts| facts.version.span), "has no table for them")
                .help(format!("one of {} is needed", listed(LINES.iter().map(|(name, _)| *name)))),
        );
    }
}
