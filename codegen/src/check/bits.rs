//! Bits of a table: numbers fit what holds them, and no bit is read twice.

use crate::diag::{Diagnostic, Sink};
use crate::model::table::{Bits, Form, Number, Piece, Source, Step, Table};
use crate::source::{At, Span};

/// A number fits the bytes that hold it, and the column that gets it.
pub(super) fn number_size(table: &Table, number: &Number, sink: &mut Sink) {
    let most = table.head.payload_bits() - 1;
    let (digit, at_most) = (u32::from(number.digit.value), u32::from(number.at_most.value));
    let title = format!("`{}` does not fit", number.name);
    if number.digit.value > most {
        let label =
            if most == 6 { "at most 6: a bit says that more follows, and one is the mark's" } else { "at most 7" };
        sink.report(Diagnostic::error("number-size", title).at(number.digit.span, label));
    } else if digit * (at_most - 1) >= 32 {
        let label = format!("{} digits hold 32 bits", 32_u32.div_ceil(digit));
        sink.report(Diagnostic::error("number-size", title).at(number.at_most.span, label));
    }
}

pub(super) fn number_unused(table: &Table, sink: &mut Sink) {
    let steps = || table.forms.iter().flat_map(|form| &form.steps);
    for (index, number) in table.numbers.iter().enumerate() {
        if !steps().any(|step| step.source.value == Source::Number(index)) {
            sink.report(
                Diagnostic::error("number-unused", format!("nothing in `{}` is a `{}`", table.name, number.name))
                    .at(number.name.span, "not used"),
            );
        }
    }
}

/// Bits behind a lone mark are those of a number.
pub(super) fn head_digit(table: &Table, form: &Form, sink: &mut Sink) {
    let head = &table.head;
    if head.parts.len() != 1 || head.part("mark").is_none() {
        return;
    }
    let first = form.steps.first();
    if !first.is_some_and(|step| matches!(step.source.value, Source::Number(_))) {
        let span = first.map_or(form.name.span, |step| step.source.span);
        sink.report(
            Diagnostic::error("head-digit", format!("the first byte of `{}` has bits that mean nothing", form.name))
                .at(span, "a number comes first")
                .and(head.parts[0].name.span, "one bit of that byte"),
        );
    }
}

/// Bits of the form's own byte are there, and are used once.
pub(super) fn byte_bits(table: &Table, form: &Form, sink: &mut Sink) {
    let payload = table.head.payload_bits();
    let mut used: Vec<(u8, u8, Option<Span>)> = Vec::new();
    let mut read: Option<&At<Source>> = None;
    for step in &form.steps {
        let Source::Bits(pieces) = &step.source.value else {
            read = Some(&step.source);
            continue;
        };
        for piece in pieces {
            let Bits::Byte { start, end } = piece.bits else { continue };
            let title = format!("`{}` has no such bits", form.name);
            let overlap = used.iter().find(|(from, to, _)| start < *to && *from < end);
            let diagnostic = Diagnostic::error("byte-bits", title);
            if end > payload {
                sink.report(diagnostic.at(piece.span, format!("bit {payload} of a byte is the mark's")));
            } else if let Some((.., first)) = overlap {
                sink.report(diagnostic.at(piece.span, "used again").and(*first, "used here"));
            } else if let Some(read) = read {
                let diagnostic = diagnostic.at(piece.span, "of the first byte behind the head");
                sink.report(diagnostic.and(read.span, "would be that byte"));
            }
            used.push((start, end, piece.span));
        }
    }
}

/// Pieces of a value stand side by side.
pub(super) fn piece_shift(table: &Table, step: &Step, sink: &mut Sink) {
    let Source::Bits(pieces) = &step.source.value else { return };
    let name = &table.columns[step.column.value].name;
    let report = |piece: &Piece, label: String, sink: &mut Sink| {
        sink.report(
            Diagnostic::error("piece-shift", format!("the bits of `{name}` are not side by side"))
                .at(piece.span, label),
        );
    };
    // From the low one up: each begins where the one behind it ends.
    let mut low = 0;
    for piece in pieces.iter().rev() {
        if piece.bits == Bits::Code && table.head.part("code").is_none() {
            sink.report(
                Diagnostic::error("code-missing", format!("the head of `{}` has no code", table.name))
                    .at(piece.span, "which bits are it?"),
            );
            return;
        }
        if u32::from(piece.shift) != low {
            let bits = if low == 1 { "bit" } else { "bits" };
            report(piece, format!("behind it are {low} {bits}"), sink);
            return;
        }
        if piece.bits == Bits::Code && signed_code(table) && pieces.len() > 1 {
            report(piece, "a code with a sign stands alone".to_owned(), sink);
            return;
        }
        low += u32::from(table.width(piece.bits));
    }
}

pub(super) fn signed_code(table: &Table) -> bool {
    table.head.part("code").is_some_and(|code| code.signed.is_some())
}
