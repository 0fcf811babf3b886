//! A table of bytes: its columns, how an entry begins, and which forms follow, with the bytes that choose them.

use std::fmt::Write as _;

use super::meaning::push_rows;
use crate::diag::Style;
use crate::diff::words::push_words;
use crate::model::table::{Bits, Fallback, Form, Number, Part, Source, Step, Table};
use crate::terminal::{Ink, paint, printable};

pub(super) fn push_table(text: &mut String, table: &Table, style: Style) {
    text.push_str("  ");
    push_words(text, 2, 2, &printable(&table.doc));
    let heading = |text: &mut String, title: &str| {
        let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, title));
    };
    heading(text, "columns of a row");
    let columns = table.columns.iter().map(|column| {
        let fallback = match &column.fallback {
            Fallback::Given => String::new(),
            Fallback::Kept => "kept".to_owned(),
            Fallback::Absent => "absent".to_owned(),
            Fallback::Like(other) => format!("like {}", table.columns[other.value].name),
        };
        [printable(&column.name), printable(&fallback), printable(&column.doc)]
    });
    push_rows(text, &columns.collect::<Vec<_>>());
    let unit = if table.unit == 1 { "1 byte".to_owned() } else { format!("{} bytes", table.unit) };
    heading(text, &format!("an entry begins with; a unit is {unit} of code"));
    let parts: Vec<[String; 2]> =
        table.head.parts.iter().map(|part| [part.name.value.clone(), say_part(part)]).collect();
    push_rows(text, &parts);
    if !table.numbers.is_empty() {
        heading(text, "numbers");
        let numbers: Vec<[String; 2]> =
            table.numbers.iter().map(|number| [printable(&number.name), say_number(number)]).collect();
        push_rows(text, &numbers);
    }
    heading(text, "forms: code, bytes of the head, what is read");
    let forms: Vec<[String; 4]> = table
        .forms
        .iter()
        .map(|form| {
            let codes = form.codes.range.map_or_else(String::new, say_codes);
            [codes, say_head(table, form), printable(&form.name), printable(&say_form(table, form))]
        })
        .collect();
    push_rows(text, &forms);
    for codes in table.reserved.iter().filter_map(|codes| codes.range) {
        let _ = writeln!(text, "    {}  in no entry", say_codes(codes));
    }
}

fn say_codes((first, last): (i64, i64)) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn bits(count: u8) -> String {
    if count == 1 { "1 bit".to_owned() } else { format!("{count} bits") }
}

fn say_part(part: &Part) -> String {
    let (first, last) = part.values();
    let mut said = bits(part.bits.value);
    if part.name.value == "mark" {
        said.push_str(", 1; 0 in all other bytes of an entry");
        return said;
    }
    let _ = write!(said, ", {first} to {last}");
    if let Some(at_most) = &part.at_most {
        let _ = write!(said, ", at most {at_most} is written");
    }
    said
}

fn say_number(number: &Number) -> String {
    let order = if number.low_first { "low" } else { "high" };
    let signed = if number.signed { "; bit 0 is the sign" } else { "" };
    format!("digits of {}, {order} first, at most {}{signed}", bits(number.digit.value), number.at_most)
}

/// The bytes of a head, in hexadecimal: `80-cf`.
fn say_head(table: &Table, form: &Form) -> String {
    let (mut least, mut most) = (0_u64, 0_u64);
    for part in &table.head.parts {
        let width = u32::from(part.bits.value);
        let mask = (1_u64 << width) - 1;
        let (from, to) = match (part.name.value.as_str(), form.codes.range) {
            ("mark", _) => (mask, mask),
            ("code", Some((first, last))) => (first.cast_unsigned() & mask, last.cast_unsigned() & mask),
            _ => (0, mask),
        };
        (least, most) = (least << width | from, most << width | to);
    }
    // Behind a lone mark are bits of a number.
    let size = table.head.bits();
    let rest = size.next_multiple_of(8) - size;
    let (least, most) = (least << rest, most << rest | ((1 << rest) - 1));
    let byte = |shift: u32| match ((least >> shift) & 0xff, (most >> shift) & 0xff) {
        (from, to) if from == to => format!("{from:02x}"),
        (from, to) => format!("{from:02x}-{to:02x}"),
    };
    let bytes: Vec<String> = (0..(size + rest) / 8).rev().map(|index| byte(index * 8)).collect();
    bytes.join(" ")
}

fn say_form(table: &Table, form: &Form) -> String {
    let mut said: Vec<String> = form.steps.iter().map(|step| say_step(table, step)).collect();
    if form.absent {
        said.push("no values".to_owned());
    }
    if !form.drops.is_empty() {
        let drops = form.drops.iter().map(|column| table.columns[column.value].name.value.as_str());
        said.push(format!("for rows without {}", drops.collect::<Vec<_>>().join(" or ")));
    }
    said.join("; ")
}

/// As the spec writes it.
fn say_step(table: &Table, step: &Step) -> String {
    let column = |index: usize| table.columns[index].name.value.as_str();
    let mut said = column(step.column.value).to_owned();
    if let Some((low, bits)) = &step.low {
        let _ = write!(said, " << {bits} | {}", column(low.value));
    }
    match &step.base {
        Some(base) if base.value == step.column.value => said.push_str(" += "),
        Some(base) => {
            let _ = write!(said, " = {} + ", column(base.value));
        }
        None => said.push_str(" = "),
    }
    match &step.source.value {
        Source::Byte => said.push_str("byte"),
        Source::Number(index) => said.push_str(&table.numbers[*index].name),
        Source::Bits(pieces) => {
            let pieces = pieces.iter().map(|piece| {
                let bits = match piece.bits {
                    Bits::Code => "code".to_owned(),
                    Bits::Byte { start, end } => format!("bits {start}..{end}"),
                };
                if piece.shift == 0 { bits } else { format!("{bits} << {}", piece.shift) }
            });
            said.push_str(&pieces.collect::<Vec<_>>().join(" | "));
        }
    }
    match step.plus {
        0 => {}
        plus if plus < 0 => {
            let _ = write!(said, " - {}", plus.unsigned_abs());
        }
        plus => {
            let _ = write!(said, " + {plus}");
        }
    }
    said
}
