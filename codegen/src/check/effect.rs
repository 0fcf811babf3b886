//! Stack effects: a row for every opcode, no row for nothing, and formulas that can be reckoned.

use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::Facts;
use crate::model::formula::{Formula, Operator};
use crate::model::observed::Effect;

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    for row in &spec.observed.effects {
        effect_range(row, sink);
    }
    for facts in &spec.layouts {
        effect_missing(spec, facts, sink);
    }
}

pub(super) fn check_used(spec: &Spec, sink: &mut Sink) {
    for row in &spec.observed.effects {
        effect_unused(spec, row, sink);
    }
}

/// Every opcode has a stack effect, by itself or through what it stands for.
fn effect_missing(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    // Without that topic nothing about effects is claimed.
    if spec.observed.effects.is_empty() {
        return;
    }
    let minor = facts.version.value;
    for opcode in facts.content.opcodes.iter().filter(|opcode| opcode.deopt.is_none()) {
        if spec.observed.effect(&opcode.name, minor).is_none() {
            sink.report(
                Diagnostic::error("effect-missing", format!("`{}` has no stack effect on {minor}", opcode.name))
                    .at(opcode.name.span, "an opcode of this version")
                    .help(format!(
                        "add to spec/observed/stack_effects.yaml what python{minor} -c 'import dis; print(dis.stack_effect({}{}))' prints",
                        opcode.number,
                        if opcode.argument.is_some() { ", ARGUMENT" } else { "" }
                    )),
            );
        }
    }
}

/// A row speaks for some version that has the opcode.
fn effect_unused(spec: &Spec, row: &Effect, sink: &mut Sink) {
    let mut having = spec.layouts.iter().filter(|facts| facts.find_opcode(&row.opcode).is_some());
    if spec.layouts.is_empty() || having.clone().any(|facts| row.range.contains(facts.version.value)) {
        return;
    }
    let diagnostic = match having.next() {
        None => Diagnostic::error("effect-unused", format!("no version has an opcode `{}`", row.opcode))
            .at(row.opcode.span, "no such opcode"),
        Some(facts) => {
            let opcode = facts.find_opcode(&row.opcode);
            Diagnostic::error("effect-unused", format!("a row for `{}` is for no version that has it", row.opcode))
                .at(row.opcode.span, format!("its range: {}", row.range))
                .and(opcode.and_then(|opcode| opcode.name.span), format!("{} has it", facts.version))
        }
    };
    sink.report(diagnostic);
}

/// No argument makes a formula leave the numbers that it is reckoned in.
fn effect_range(row: &Effect, sink: &mut Sink) {
    for formula in [&row.fall, &row.jump].into_iter().flatten() {
        if let Err((what, label)) = bounds(formula) {
            sink.report(
                Diagnostic::error("effect-range", format!("the effect of `{}` {what}", row.opcode))
                    .at(formula.span, label),
            );
        }
    }
}

/// The least and the greatest value over all arguments; or what a formula does that Rust cannot, at compile time or at
/// run time.
fn bounds(formula: &Formula) -> Result<(i128, i128), (&'static str, &'static str)> {
    let found = match formula {
        Formula::Number(number) => (i128::from(*number), i128::from(*number)),
        Formula::Argument => (0, i128::from(u32::MAX)),
        Formula::Negate(inner) => {
            let (least, most) = bounds(inner)?;
            (-most, -least)
        }
        Formula::Popcount(inner) => {
            if bounds(inner)?.0 < 0 {
                return Err(("counts the bits of a negative number", "for some argument"));
            }
            if !is_wide(inner) {
                return Err(("counts the bits of a constant", "write their number"));
            }
            (0, 64)
        }
        Formula::Binary(operator, left, right) => {
            let ((a, b), (c, d)) = (bounds(left)?, bounds(right)?);
            match operator {
                Operator::Add => (a + c, b + d),
                Operator::Subtract => (a - d, b - c),
                Operator::Multiply => {
                    let corners = [a * c, a * d, b * c, b * d];
                    (corners.into_iter().min().unwrap_or(0), corners.into_iter().max().unwrap_or(0))
                }
                Operator::ShiftRight => {
                    if c < 0 || d > 31 {
                        return Err(("shifts by a number of bits that is not 0 to 31", "for some argument"));
                    }
                    (a.min(0), b.max(0))
                }
                // A number that is not negative masks the other one.
                Operator::And if a >= 0 && c >= 0 => (0, b.min(d)),
                Operator::And if a >= 0 => (0, b),
                Operator::And if c >= 0 => (0, d),
                Operator::And => (-a.min(c).unsigned_abs().next_power_of_two().cast_signed(), b.max(d).max(0)),
                Operator::Equal | Operator::NotEqual | Operator::Less | Operator::GreaterEqual => (0, 1),
            }
        }
        Formula::If(condition, yes, no) => {
            bounds(condition)?;
            let ((a, b), (c, d)) = (bounds(yes)?, bounds(no)?);
            (a.min(c), b.max(d))
        }
    };
    let fits = |value: i128| if is_wide(formula) { i64::try_from(value).is_ok() } else { i32::try_from(value).is_ok() };
    match fits(found.0) && fits(found.1) {
        true => Ok(found),
        false if is_wide(formula) => Err(("leaves 64 bits", "for some argument from 0 to 4294967295")),
        false => Err(("leaves 32 bits", "numbers without `arg` have 32 bits")),
    }
}

/// Whether Rust reckons a formula in 64 bits because the argument is in it; alone, numbers have 32.
fn is_wide(formula: &Formula) -> bool {
    match formula {
        Formula::Number(_) => false,
        Formula::Argument | Formula::Popcount(_) => true,
        Formula::Negate(inner) => is_wide(inner),
        Formula::Binary(Operator::ShiftRight, left, _) => is_wide(left),
        Formula::Binary(_, left, right) | Formula::If(_, left, right) => is_wide(left) || is_wide(right),
    }
}
