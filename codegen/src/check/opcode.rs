//! Opcodes: a number and a name each, in order, and bases that are bases.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Sink};
use crate::model::facts::{Facts, Opcode};

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    let mut names: BTreeMap<&str, &Opcode> = BTreeMap::new();
    let mut numbers: BTreeMap<u64, &Opcode> = BTreeMap::new();
    opcode_order(facts, sink);
    for opcode in &facts.content.opcodes {
        opcode_name(opcode, sink);
        opcode_range(opcode, sink);
        opcode_name_twice(opcode, names.insert(&opcode.name.value, opcode), sink);
        opcode_number_twice(opcode, numbers.insert(opcode.number.value, opcode), sink);
        deopt_unknown(facts, opcode, sink);
        deopt_argument(opcode, sink);
    }
}

/// Names are in capitals, as CPython writes them: Rust has methods in small letters beside them.
fn opcode_name(opcode: &Opcode, sink: &mut Sink) {
    let name = &opcode.name;
    let letters = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !letters || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        sink.report(
            Diagnostic::error("opcode-name", format!("`{}` is no name of an opcode", name.escape_debug()))
                .at(name.span, "capital letters, digits and `_`, a letter first"),
        );
    }
}

/// Numbers and caches fit a byte.
fn opcode_range(opcode: &Opcode, sink: &mut Sink) {
    for (what, number) in [("number", &opcode.number), ("count of cache units", &opcode.caches)] {
        if number.value > 255 {
            sink.report(
                Diagnostic::error("opcode-range", format!("the {what} of `{}` is {number}", opcode.name))
                    .at(number.span, "0 to 255"),
            );
        }
    }
}

/// Opcodes stand in the order of their numbers.
fn opcode_order(facts: &Facts, sink: &mut Sink) {
    for pair in facts.content.opcodes.windows(2) {
        if pair[1].number.value < pair[0].number.value {
            sink.report(
                Diagnostic::error(
                    "opcode-order",
                    format!("`{}` stands after `{}` and has a lower number", pair[1].name, pair[0].name),
                )
                .at(pair[1].number.span, "the lower one")
                .and(pair[0].number.span, "the higher one"),
            );
        }
    }
}

/// Each name once.
fn opcode_name_twice(opcode: &Opcode, first: Option<&Opcode>, sink: &mut Sink) {
    if let Some(first) = first {
        sink.report(
            Diagnostic::error("opcode-name-twice", format!("the opcode `{}` is there twice", opcode.name))
                .at(opcode.name.span, "the second one")
                .and(first.name.span, "the first one"),
        );
    }
}

/// Each number once.
fn opcode_number_twice(opcode: &Opcode, first: Option<&Opcode>, sink: &mut Sink) {
    if let Some(first) = first {
        sink.report(
            Diagnostic::error(
                "opcode-number-twice",
                format!("`{}` and `{}` both have the number {}", first.name, opcode.name, opcode.number),
            )
            .at(opcode.number.span, "the second one")
            .and(first.number.span, "the first one"),
        );
    }
}

/// What an opcode stands for is an opcode that stands for itself.
fn deopt_unknown(facts: &Facts, opcode: &Opcode, sink: &mut Sink) {
    let Some(base) = &opcode.deopt else { return };
    match facts.find_opcode(base) {
        None => sink.report(
            Diagnostic::error("deopt-unknown", format!("`{}` stands for `{base}`, which is no opcode", opcode.name))
                .at(base.span, "not in this file"),
        ),
        Some(_) if *base == opcode.name => sink.report(
            Diagnostic::error("deopt-unknown", format!("`{}` stands for itself", opcode.name))
                .at(base.span, "another opcode")
                .help("leave `deopt` out: an opcode without it stands for itself"),
        ),
        Some(target) => {
            if let Some(other) = &target.deopt {
                sink.report(
                    Diagnostic::error(
                        "deopt-unknown",
                        format!("`{}` stands for `{base}`, which stands for `{other}`", opcode.name),
                    )
                    .at(base.span, "stands for another opcode itself")
                    .and(other.span, "that one"),
                );
            }
        }
    }
}

/// What an opcode has of the one that it stands for is not said twice.
fn deopt_argument(opcode: &Opcode, sink: &mut Sink) {
    let Some(base) = &opcode.deopt else { return };
    let argument = opcode.argument.as_ref().map(|argument| ("an argument", argument.span));
    let caches = opcode.caches.span.map(|span| ("caches", Some(span)));
    for (what, span) in [argument, caches].into_iter().flatten() {
        sink.report(
            Diagnostic::error(
                "deopt-argument",
                format!("`{}` stands for `{base}` and has {what} of its own", opcode.name),
            )
            .at(span, "leave this out")
            .and(base.span, "this one says it for both"),
        );
    }
}
