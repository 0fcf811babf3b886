//! Opcodes: a number and a name each, in order, and bases that are bases.

use std::collections::BTreeMap;

use super::layout::name_syntax;
use crate::diag::{Diagnostic, Sink};
use crate::model::facts::{Facts, Opcode};

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    let mut names: BTreeMap<&str, &Opcode> = BTreeMap::new();
    let mut numbers: BTreeMap<u64, &Opcode> = BTreeMap::new();
    for opcode in &facts.content.opcodes {
        name_syntax(&opcode.name, sink);
        opcode_range(opcode, sink);
        opcode_name_twice(opcode, names.insert(&opcode.name.value, opcode), sink);
        opcode_number_twice(opcode, numbers.insert(opcode.number.value, opcode), sink);
        deopt_unknown(facts, opcode, sink);
        deopt_argument(opcode, sink);
    }
}

/// Numbers and caches fit a byte.
fn opcode_range(opcode: &Opcode, sink: &mut Sink) {
    for (what, number) in [("number", &opcode.number), ("count of cache units", &opcode.caches)] {
        if number.value > 255 {
            sink.report(
                Diagnostic::error("opcode-range", format!("the {what} of {} is {number}", opcode.name))
                    .at(number.span, "0 to 255"),
            );
        }
    }
}

/// Each name once.
fn opcode_name_twice(opcode: &Opcode, first: Option<&Opcode>, sink: &mut Sink) {
    if let Some(first) = first {
        sink.report(
            Diagnostic::error("opcode-name-twice", format!("{} is there twice", opcode.name))
                .at(opcode.name.span, "again")
                .and(first.name.span, "first"),
        );
    }
}

/// Each number once.
fn opcode_number_twice(opcode: &Opcode, first: Option<&Opcode>, sink: &mut Sink) {
    if let Some(first) = first {
        sink.report(
            Diagnostic::error(
                "opcode-number-twice",
                format!("{} and {} are both {}", first.name, opcode.name, opcode.number),
            )
            .at(opcode.number.span, "again")
            .and(first.number.span, "first"),
        );
    }
}

/// What an opcode stands for is an opcode that stands for itself.
fn deopt_unknown(facts: &Facts, opcode: &Opcode, sink: &mut Sink) {
    let Some(base) = &opcode.deopt else { return };
    match facts.find_opcode(base) {
        None => sink.report(
            Diagnostic::error("deopt-unknown", format!("{} stands for {base}, which is not here", opcode.name))
                .at(base.span, "no opcode of this version"),
        ),
        Some(target) if target.deopt.is_some() => sink.report(
            Diagnostic::error("deopt-unknown", format!("{} stands for {base}, which stands for another", opcode.name))
                .at(base.span, "not a base")
                .and(target.deopt.as_ref().and_then(|other| other.span), "its own base"),
        ),
        Some(_) => {}
    }
}

/// The argument of a form that stands for another is the other's, and is not said twice.
fn deopt_argument(opcode: &Opcode, sink: &mut Sink) {
    if let (Some(base), Some(argument)) = (&opcode.deopt, &opcode.argument) {
        sink.report(
            Diagnostic::error("deopt-argument", format!("{} has the argument of {base}", opcode.name))
                .at(argument.span, "not needed")
                .and(base.span, "what it stands for"),
        );
    }
}
