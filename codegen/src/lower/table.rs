//! Tables: parts, columns and numbers are looked up, values are taken apart.

use super::meaning::{name_twice, range, text, unknown, words};
use crate::ast::{self, Operand, Operator, Sign};
use crate::diag::{Diagnostic, Sink};
use crate::model::table::{
    Bits, Codes, Column, Fallback, Form, Head, Number, PARTS, Part, Piece, Source, Step, Table, WORDS,
};
use crate::source::{At, Span};

/// A table out of what has a meaning; the rest is reported.
pub(super) fn lower(item: ast::Table, sink: &mut Sink) -> Table {
    let mut table = Table {
        range: range(&item.versions, sink),
        name: item.name,
        doc: text(item.doc.as_ref()),
        unit: bounded(&item.unit, "a unit", "bytes", (1, 2), sink).map_or(1, |unit| unit.value),
        numbers: item.numbers.into_iter().map(|number| lower_number(number, sink)).collect(),
        columns: Vec::new(),
        head: Head { parts: Vec::new() },
        forms: Vec::new(),
        reserved: Vec::new(),
    };
    let columns: Vec<At<String>> = item.columns.iter().map(|column| column.name.clone()).collect();
    table_name(&table.numbers, &columns, sink);
    for column in item.columns {
        let fallback = match column.fallback {
            None => Fallback::Given,
            Some(ast::Fallback::Kept) => Fallback::Kept,
            Some(ast::Fallback::Absent) => Fallback::Absent,
            Some(ast::Fallback::Like(other)) => {
                find_column(&columns, &other, sink).map_or(Fallback::Absent, Fallback::Like)
            }
        };
        table.columns.push(Column { name: column.name, fallback, doc: column.doc.value });
    }
    table.head.parts = item.head.into_iter().filter_map(|part| lower_part(part, sink)).collect();
    name_twice("part-twice", "part", table.head.parts.iter().map(|part| &part.name), sink);
    let names = Names { columns: &columns, numbers: &table.numbers };
    for row in item.rows {
        match row {
            ast::EntryRow::Reserved(codes) => table.reserved.push(lower_codes(codes)),
            ast::EntryRow::Form(form) => table.forms.push(names.lower_form(form, sink)),
        }
    }
    name_twice("form-twice", "form", table.forms.iter().map(|form| &form.name), sink);
    table
}

/// A number between two others.
fn bounded(number: &At<u64>, what: &str, unit: &str, (first, last): (u8, u8), sink: &mut Sink) -> Option<At<u8>> {
    let value = u8::try_from(number.value).ok().filter(|value| (first..=last).contains(value));
    if value.is_none() {
        let is = if number.value == 1 { unit.trim_end_matches('s') } else { unit };
        sink.report(
            Diagnostic::error("table-range", format!("{what} cannot have {number} {is}"))
                .at(number.span, format!("{first} to {last}")),
        );
    }
    Some(At { value: value?, span: number.span })
}

/// A number that is added, or the largest that is written.
fn small(sign: Sign, number: &At<u64>, sink: &mut Sink) -> Option<At<i32>> {
    let value = i32::try_from(number.value).ok();
    if value.is_none() {
        sink.report(
            Diagnostic::error("table-range", format!("`{number}` is too large"))
                .at(number.span, format!("at most {}", i32::MAX)),
        );
    }
    let value = value?;
    Some(At { value: if sign == Sign::Plus { value } else { -value }, span: number.span })
}

/// One that is wrong keeps its name: entries that use it are not wrong as well.
fn lower_number(number: ast::Numeral, sink: &mut Sink) -> Number {
    let digit = bounded(&number.digit, "a digit", "bits", (1, 7), sink);
    let at_most = bounded(&number.at_most, "a number", "digits", (1, 32), sink);
    Number {
        digit: digit.unwrap_or(number.digit.map(|_| 1)),
        at_most: at_most.unwrap_or(number.at_most.map(|_| 1)),
        name: number.name,
        low_first: number.low_first,
        signed: number.signed,
    }
}

/// In a value a name stands for one thing.
fn table_name(numbers: &[Number], columns: &[At<String>], sink: &mut Sink) {
    let names = || numbers.iter().map(|number| &number.name).chain(columns);
    name_twice("table-name", "name", names(), sink);
    for name in names().filter(|name| words(WORDS).contains(&name.value.as_str())) {
        sink.report(
            Diagnostic::error("table-name", format!("`{name}` is a word of values"))
                .at(name.span, "stands for something else")
                .help("choose another name"),
        );
    }
}

fn find_column(columns: &[At<String>], name: &At<String>, sink: &mut Sink) -> Option<At<usize>> {
    let index = columns.iter().position(|column| column == name);
    if index.is_none() {
        let known: Vec<&str> = columns.iter().map(|column| column.value.as_str()).collect();
        sink.report(unknown("column-unknown", "column of the row", name, &known));
    }
    Some(At { value: index?, span: name.span })
}

fn lower_part(part: ast::Part, sink: &mut Sink) -> Option<Part> {
    let is_known = words(PARTS).contains(&part.name.value.as_str());
    if !is_known {
        sink.report(unknown("part-unknown", "part of a head", &part.name, &words(PARTS)));
    }
    let bits = bounded(&part.bits, "a part", "bits", (1, 16), sink);
    let plus = part.plus.as_ref().map(|(sign, number)| small(*sign, number, sink));
    let at_most = part.at_most.as_ref().map(|number| small(Sign::Plus, number, sink));
    Some(Part {
        name: Some(part.name).filter(|_| is_known)?,
        bits: bits?,
        plus: plus.flatten(),
        signed: part.signed,
        at_most: at_most.flatten(),
    })
}

fn lower_codes(codes: ast::Codes) -> Codes {
    match codes {
        ast::Codes::Else(place) => Codes { range: None, span: place.span },
        ast::Codes::Range(first, last) => {
            Codes { range: Some((first.value, last.value)), span: through(first.span, last.span) }
        }
    }
}

/// From the beginning of a place to the end of another.
fn through(first: Option<Span>, last: Option<Span>) -> Option<Span> {
    let (first, last) = (first?, last?);
    Some(Span { end: last.end, ..first })
}

/// What a value may name.
struct Names<'a> {
    columns: &'a [At<String>],
    numbers: &'a [Number],
}

/// A name in a value.
enum Named {
    Code,
    Byte,
    Number(usize),
    Column(usize),
}

impl Names<'_> {
    fn lower_form(&self, form: ast::Form, sink: &mut Sink) -> Form {
        Form {
            codes: lower_codes(form.codes),
            absent: form.absent,
            drops: form.drops.iter().filter_map(|name| find_column(self.columns, name, sink)).collect(),
            steps: form.steps.into_iter().filter_map(|step| self.lower_step(step, sink)).collect(),
            name: form.name,
        }
    }

    fn lower_step(&self, step: ast::Step, sink: &mut Sink) -> Option<Step> {
        let column = find_column(self.columns, &step.name, sink);
        let low = step.low.as_ref().map(|(bits, name)| {
            let bits = bounded(bits, "the low part of a value", "bits", (1, 31), sink);
            Some((find_column(self.columns, name, sink)?, bits?.value))
        });
        let shifts = |(operator, _): &(Option<Operator>, _)| matches!(operator, Some(Operator::Shift | Operator::Or));
        let own = column.clone().filter(|_| step.adds);
        let (base, source, plus) = if step.value.iter().any(shifts) {
            (own, self.pieces(&step, sink)?, 0)
        } else {
            self.sum(&step, own, sink)?
        };
        let low = match low {
            Some(low) => Some(low?),
            None => None,
        };
        Some(Step { column: column?, low, base, source, plus })
    }

    fn named(&self, name: &At<String>, sink: &mut Sink) -> Option<Named> {
        let number = || self.numbers.iter().position(|number| number.name == *name).map(Named::Number);
        let column = || self.columns.iter().position(|column| column == name).map(Named::Column);
        let found = match name.value.as_str() {
            "code" => Some(Named::Code),
            "byte" => Some(Named::Byte),
            _ => number().or_else(column),
        };
        if found.is_none() {
            let mut known = words(WORDS);
            known.extend(self.numbers.iter().map(|number| number.name.value.as_str()));
            known.extend(self.columns.iter().map(|column| column.value.as_str()));
            sink.report(unknown("operand-unknown", "value in an entry", name, &known));
        }
        found
    }

    /// `column + svarint - 1`: one thing that is read, a column to which it is added, and numbers.
    fn sum(
        &self,
        step: &ast::Step,
        own: Option<At<usize>>,
        sink: &mut Sink,
    ) -> Option<(Option<At<usize>>, At<Source>, i32)> {
        let (mut base, mut source, mut plus) = (own, None::<At<Source>>, 0_i32);
        for (operator, operand) in &step.value {
            let sign = if *operator == Some(Operator::Minus) { Sign::Minus } else { Sign::Plus };
            let found = match &operand.value {
                Operand::Number(number) => {
                    let number = small(sign, &At { value: *number, span: operand.span }, sink)?;
                    let Some(sum) = plus.checked_add(number.value) else {
                        return step_value(step, operand.span, "more than a column can hold", sink);
                    };
                    plus = sum;
                    continue;
                }
                Operand::Bits(start, end) => {
                    let bits = lower_bits(*start, *end, operand.span, sink)?;
                    Source::Bits(vec![Piece { bits, shift: 0, span: operand.span }])
                }
                Operand::Name(name) => match self.named(&At { value: name.clone(), span: operand.span }, sink)? {
                    Named::Column(_) if sign == Sign::Minus => {
                        return step_value(step, operand.span, "a column is added only", sink);
                    }
                    Named::Column(_) if base.is_some() => {
                        return step_value(step, operand.span, "a second column to add", sink);
                    }
                    Named::Column(column) => {
                        base = Some(At { value: column, span: operand.span });
                        continue;
                    }
                    Named::Code => Source::Bits(vec![Piece { bits: Bits::Code, shift: 0, span: operand.span }]),
                    Named::Byte => Source::Byte,
                    Named::Number(number) => Source::Number(number),
                },
            };
            if sign == Sign::Minus {
                return step_value(step, operand.span, "what is read is added only", sink);
            }
            if source.is_some() {
                return step_value(step, operand.span, "a second thing to read", sink);
            }
            source = Some(At { value: found, span: operand.span });
        }
        match source {
            Some(source) => Some((base, source, plus)),
            None => step_value(step, step.name.span, "nothing is read for it", sink),
        }
    }

    /// `code << 3 | bits 4..7`: bits that are there, beside each other.
    fn pieces(&self, step: &ast::Step, sink: &mut Sink) -> Option<At<Source>> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut shifted = false;
        for (operator, operand) in &step.value {
            let bits = match (operator, &operand.value) {
                (Some(Operator::Shift), Operand::Number(number)) if !shifted && !pieces.is_empty() => {
                    let number = At { value: *number, span: operand.span };
                    let shift = bounded(&number, "a shift", "bits", (1, 31), sink)?.value;
                    if let Some(piece) = pieces.last_mut() {
                        piece.shift = shift;
                        piece.span = through(piece.span, operand.span);
                    }
                    shifted = true;
                    continue;
                }
                (Some(Operator::Shift), _) => {
                    return step_value(step, operand.span, "a piece is shifted by one number", sink);
                }
                (Some(Operator::Plus | Operator::Minus), _) => {
                    return step_value(step, operand.span, "pieces stand beside each other, nothing is added", sink);
                }
                (_, Operand::Bits(start, end)) => lower_bits(*start, *end, operand.span, sink)?,
                (_, Operand::Name(name)) => match self.named(&At { value: name.clone(), span: operand.span }, sink)? {
                    Named::Code => Bits::Code,
                    _ => return step_value(step, operand.span, "a piece is the `code` or `bits a..b`", sink),
                },
                (_, Operand::Number(_)) => {
                    return step_value(step, operand.span, "a piece is the `code` or `bits a..b`", sink);
                }
            };
            shifted = false;
            pieces.push(Piece { bits, shift: 0, span: operand.span });
        }
        let span = through(pieces.first().and_then(|piece| piece.span), pieces.last().and_then(|piece| piece.span));
        Some(At { value: Source::Bits(pieces), span })
    }
}

fn lower_bits(start: u64, end: u64, span: Option<Span>, sink: &mut Sink) -> Option<Bits> {
    let bits = match (u8::try_from(start), u8::try_from(end)) {
        (Ok(start), Ok(end)) if start < end && end <= 8 => Some(Bits::Byte { start, end }),
        _ => None,
    };
    if bits.is_none() {
        let label = if start < end { "a byte has the bits 0..8" } else { "the end is not behind the start" };
        sink.report(Diagnostic::error("byte-bits", format!("there are no bits {start}..{end}")).at(span, label));
    }
    bits
}

/// A value that is none.
fn step_value<T>(step: &ast::Step, span: Option<Span>, label: &str, sink: &mut Sink) -> Option<T> {
    sink.report(
        Diagnostic::error("step-value", format!("`{}` cannot be read like this", step.name)).at(span, label).help(
            "a value is `code`, `byte`, `bits a..b` or a number's name, with a column and numbers added; or \
                   `code` and `bits` beside each other, `code << 3 | bits 4..7`",
        ),
    );
    None
}
