//! Observed facts against imported ones: nothing missing, nothing said twice, nothing that a header holds.

use super::layout::name_syntax;
use super::number::check_enum;
use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::{Constant, Facts};
use crate::model::observed::Effect;
use crate::model::version::Range;
use crate::source::{At, Span};

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    observed_twice(spec, sink);
    for item in &spec.observed.enums {
        check_enum(&item.name, &item.values, sink);
    }
    for item in &spec.observed.structs {
        name_syntax(&item.name, sink);
        item.fields.iter().for_each(|(name, _)| name_syntax(name, sink));
    }
    for row in &spec.observed.constants {
        name_syntax(&row.constant.name, sink);
    }
    for row in &spec.observed.effects {
        effect_unused(spec, row, sink);
    }
    for facts in &spec.layouts {
        pyc_magic(spec, facts, sink);
        effect_missing(spec, facts, sink);
        observed_in_facts(spec, facts, sink);
        observed_type(spec, facts, sink);
    }
}

/// Two rows for the same thing do not speak for the same version.
fn observed_twice(spec: &Spec, sink: &mut Sink) {
    let observed = &spec.observed;
    twice(observed.effects.iter().map(|row| (&row.opcode, row.range)), sink);
    twice(observed.constants.iter().map(|row| (&row.constant.name, row.range)), sink);
    twice(observed.enums.iter().map(|row| (&row.name, row.range)), sink);
    twice(observed.structs.iter().map(|row| (&row.name, row.range)), sink);
    let topics: Vec<&At<String>> = observed.topics.iter().map(|topic| &topic.name).collect();
    twice(topics.into_iter().map(|name| (name, Range::default())), sink);
    for (index, (version, _)) in observed.pyc_magic.iter().enumerate() {
        if let Some((first, _)) = observed.pyc_magic[..index].iter().find(|(other, _)| other == version) {
            report_twice(&version.to_string(), version.span, first.span, version, sink);
        }
    }
}

fn twice<'a>(rows: impl Iterator<Item = (&'a At<String>, Range)>, sink: &mut Sink) {
    let mut seen: Vec<(&At<String>, Range)> = Vec::new();
    for (name, range) in rows {
        let first = seen.iter().find_map(|(other, known)| {
            (*other == name).then(|| known.overlap(&range).map(|version| (other.span, version))).flatten()
        });
        match first {
            Some((first, version)) => report_twice(name, name.span, first, &version, sink),
            None => seen.push((name, range)),
        }
    }
}

fn report_twice(
    name: &str,
    again: Option<Span>,
    first: Option<Span>,
    version: &dyn std::fmt::Display,
    sink: &mut Sink,
) {
    sink.report(
        Diagnostic::error("observed-twice", format!("two rows speak for `{name}` on {version}"))
            .at(again, "this one")
            .and(first, "and this one")
            .help("`since` and `until` both belong to the range"),
    );
}

/// The magic number is in the headers or observed, not both and not neither.
fn pyc_magic(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    // A spec of facts alone, as after a first import into an empty folder, can be looked at but not judged.
    if spec.observed.topics.is_empty() {
        return;
    }
    let minor = facts.version.value;
    match (&facts.content.pyc_magic, spec.observed.pyc_magic(minor)) {
        (None, None) => sink.report(
            Diagnostic::error("pyc-magic-missing", format!("the pyc magic of {minor} is not known"))
                .at(facts.version.span, "its headers do not hold it")
                .help("declare what `importlib.util.MAGIC_NUMBER` says in spec/observed/pyc_magic.yaml"),
        ),
        (Some(held), Some(observed)) => {
            report_held(&format!("the pyc magic of {minor}"), observed.span, held.span, sink)
        }
        (None, Some(observed)) if u16::try_from(observed.value).is_err() => sink.report(
            Diagnostic::error("pyc-magic-range", format!("the pyc magic {observed} does not fit two bytes"))
                .at(observed.span, "0 to 65535"),
        ),
        _ => {}
    }
}

/// A constant that a header holds is not observed.
fn observed_in_facts(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    let minor = facts.version.value;
    let held = |name: &str| -> Option<&Constant> {
        facts.content.constants.iter().flat_map(|group| &group.values).find(|constant| constant.name.value == name)
    };
    for row in spec.observed.constants.iter().filter(|row| row.range.contains(minor)) {
        if let Some(held) = held(&row.constant.name) {
            report_held(&format!("`{}` of {minor}", held.name), row.constant.name.span, held.name.span, sink);
        }
    }
    for row in spec.observed.structs.iter().filter(|row| row.range.contains(minor)) {
        if let Some(held) = facts.find_struct(&row.name) {
            report_held(&format!("`{}` of {minor}", held.name), row.name.span, held.name.span, sink);
        }
    }
    for row in spec.observed.enums.iter().filter(|row| row.range.contains(minor)) {
        if let Some(held) = facts.content.enums.iter().find(|held| held.name == row.name) {
            report_held(&format!("`{}` of {minor}", held.name), row.name.span, held.name.span, sink);
        }
    }
}

fn report_held(what: &str, observed: Option<Span>, held: Option<Span>, sink: &mut Sink) {
    sink.report(
        Diagnostic::error("observed-in-facts", format!("{what} is in its headers and observed as well"))
            .at(observed, "observed here")
            .and(held, "imported here")
            .help("end the row with `until` at the version before"),
    );
}

/// Every opcode has a stack effect, by itself or through what it stands for.
fn effect_missing(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    // Without that topic nothing about effects is claimed.
    if spec.observed.effects.is_empty() {
        return;
    }
    for opcode in facts.content.opcodes.iter().filter(|opcode| opcode.deopt.is_none()) {
        let minor = facts.version.value;
        if spec.observed.effect(&opcode.name, minor).is_none() {
            sink.report(
                Diagnostic::error("effect-missing", format!("{} has no stack effect on {minor}", opcode.name))
                    .at(opcode.name.span, "an opcode of this version")
                    .help(format!(
                        "ask python{minor} -c 'import dis; print(dis.stack_effect({}))' and declare it in spec/observed/stack_effects.yaml",
                        opcode.number
                    )),
            );
        }
    }
}

/// A row speaks for some version that has the opcode.
fn effect_unused(spec: &Spec, row: &Effect, sink: &mut Sink) {
    let used = spec
        .layouts
        .iter()
        .any(|facts| row.range.contains(facts.version.value) && facts.find_opcode(&row.opcode).is_some());
    if !used && !spec.layouts.is_empty() {
        sink.report(
            Diagnostic::error("effect-unused", format!("no version has an opcode {} ({})", row.opcode, row.range))
                .at(row.opcode.span, "speaks for nothing")
                .help("remove the row, or correct the name or the range"),
        );
    }
}

/// The fields of an observed struct are of types that every version of its range has.
fn observed_type(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    let minor = facts.version.value;
    for item in spec.observed.structs.iter().filter(|item| item.range.contains(minor)) {
        if spec.observed.lay_out(item, facts).is_none() {
            sink.report(
                Diagnostic::error("observed-type", format!("`{}` cannot be laid out on {}", item.name, facts.folder()))
                    .at(item.name.span, "a field is of a type that this version's facts do not have"),
            );
        }
    }
}
