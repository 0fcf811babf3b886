//! Observed facts against imported ones: nothing missing, nothing said twice, nothing that a header holds.

use std::collections::BTreeMap;

use super::layout::{LARGEST, type_range};
use super::name::{name_reserved, name_syntax, same_name};
use super::number::{check_constant, check_enum};
use super::version::magic_range;
use crate::diag::{Diagnostic, Sink};
use crate::emit::{name, rust_names};
use crate::model::Spec;
use crate::model::facts::{Constant, Facts};
use crate::model::observed::ObservedStruct;
use crate::model::ty::Type;
use crate::model::version::{Minor, Range};
use crate::source::{At, Span};

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    topic_twice(spec, sink);
    observed_twice(spec, sink);
    for (_, magic) in &spec.observed.pyc_magic {
        magic_range(magic, sink);
    }
    for item in &spec.observed.enums {
        check_enum(&item.name, &item.values, sink);
    }
    for item in &spec.observed.structs {
        if name_syntax(&item.name, sink) {
            name_reserved(&item.name, &name::type_name(&item.name), name::TAKEN, sink);
        }
        for (name, _) in &item.fields {
            if name_syntax(name, sink) {
                name_reserved(name, &name::field_name(name), &[], sink);
            }
        }
        field_twice(item, sink);
        size_range(spec, item, sink);
    }
    for row in &spec.observed.constants {
        check_constant(&row.constant.name, sink);
    }
    for facts in &spec.layouts {
        pyc_magic_missing(spec, facts, sink);
        observed_in_facts(spec, facts, sink);
        observed_type(spec, facts, sink);
    }
}

/// Each topic has one file.
fn topic_twice(spec: &Spec, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for topic in &spec.observed.topics {
        if let Some(first) = seen.insert(&topic.name.value, &topic.name) {
            sink.report(
                Diagnostic::error("topic-twice", format!("the topic `{}` has two files", topic.name))
                    .at(topic.name.span, "the second file")
                    .and(first.span, "the first file"),
            );
        }
    }
}

/// Two rows for the same thing do not speak for the same version.
fn observed_twice(spec: &Spec, sink: &mut Sink) {
    let observed = &spec.observed;
    twice(observed.effects.iter().map(|row| (row.opcode.value.clone(), &row.opcode, row.range)), sink);
    twice(observed.constants.iter().map(|row| (row.constant.name.value.clone(), &row.constant.name, row.range)), sink);
    twice(observed.enums.iter().map(|row| (rust_names(&row.name, &[]).0, &row.name, row.range)), sink);
    twice(observed.structs.iter().map(|row| (name::type_name(&row.name), &row.name, row.range)), sink);
    for (index, (version, _)) in observed.pyc_magic.iter().enumerate() {
        if let Some((first, _)) = observed.pyc_magic[..index].iter().find(|(other, _)| other == version) {
            sink.report(
                Diagnostic::error("observed-twice", format!("the pyc magic of {version} is there twice"))
                    .at(version.span, "the second row")
                    .and(first.span, "the first row"),
            );
        }
    }
}

/// Rows by what they are called in Rust, by CPython, and the versions that they speak for.
fn twice<'a>(rows: impl Iterator<Item = (String, &'a At<String>, Range)>, sink: &mut Sink) {
    let mut seen: Vec<(String, &At<String>, Range)> = Vec::new();
    for (rust, name, range) in rows {
        let first = seen.iter().find_map(|(other_rust, other, known)| {
            (*other_rust == rust).then(|| known.overlap(&range).map(|version| (*other, known, version))).flatten()
        });
        if let Some((first, known, version)) = first {
            let title = match first == name {
                true => format!("two rows speak for `{name}` on {version}"),
                false => format!("{} on {version}", same_name("row", first, name, &rust)),
            };
            let diagnostic = Diagnostic::error("observed-twice", title)
                .at(name.span, format!("its range: {range}"))
                .and(first.span, format!("its range: {known}"));
            sink.report(match range == *known {
                true => diagnostic,
                false => diagnostic.help("`since` and `until` both belong to the range"),
            });
        } else {
            seen.push((rust, name, range));
        }
    }
}

/// Each field of an observed struct once.
fn field_twice(item: &ObservedStruct, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for (name, _) in &item.fields {
        let rust = name::field_name(name);
        if let Some(first) = seen.insert(rust.clone(), name) {
            sink.report(
                Diagnostic::error("field-twice", same_name("field", first, name, &rust))
                    .at(name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// The magic number is in the headers or observed.
fn pyc_magic_missing(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    // A spec of facts alone, as after a first import into an empty folder, can be looked at but not judged.
    if spec.observed.topics.is_empty() {
        return;
    }
    let minor = facts.version.value;
    if facts.content.pyc_magic.is_none() && spec.observed.pyc_magic(minor).is_none() {
        sink.report(
            Diagnostic::error("pyc-magic-missing", format!("the pyc magic of {minor} is not known"))
                .at(facts.version.span, "its headers do not hold it")
                .help(format!(
                    "add to spec/observed/pyc_magic.yaml what python{minor} -c 'import importlib.util as u; print(int.from_bytes(u.MAGIC_NUMBER[:2], \"little\"))' prints"
                )),
        );
    }
}

/// What a header holds is not observed.
fn observed_in_facts(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    let (minor, observed) = (facts.version.value, &spec.observed);
    if let (Some(held), Some(observed)) = (&facts.content.pyc_magic, observed.pyc_magic(minor)) {
        report_held(twofold("the pyc magic", minor), observed.span, held.span, "remove the row", sink);
    }
    let constants = || facts.content.constants.iter().flat_map(|group| &group.values);
    for row in observed.constants.iter().filter(|row| row.range.contains(minor)) {
        let name = &row.constant.name;
        if let Some(held) = constants().find(|held: &&Constant| held.name == *name) {
            report_held(twofold(&format!("`{name}`"), minor), name.span, held.name.span, UNTIL, sink);
        }
    }
    // Structs and enums also when they would only have the same name in Rust.
    for row in observed.structs.iter().filter(|row| row.range.contains(minor)) {
        let rust = name::type_name(&row.name);
        let held = facts.content.structs.iter().map(|held| &held.name);
        if let Some(held) = held.into_iter().find(|held| name::type_name(held) == rust) {
            report_held(called(&row.name, held, &rust, minor), row.name.span, held.span, UNTIL, sink);
        }
    }
    for row in observed.enums.iter().filter(|row| row.range.contains(minor)) {
        let rust = |name: &str| rust_names(name, &[]).0;
        let groups = facts.content.constants.iter().map(|group| &group.name);
        let held = facts.content.enums.iter().map(|held| &held.name);
        let numbers = held.chain(groups.filter(|group| crate::emit::group_is_number(group)));
        if let Some(held) = numbers.into_iter().find(|held| rust(held) == rust(&row.name)) {
            report_held(called(&row.name, held, &rust(held), minor), row.name.span, held.span, UNTIL, sink);
        }
    }
}

const UNTIL: &str = "end the row with `until` at the version before";

fn twofold(what: &str, minor: Minor) -> String {
    format!("{what} is in the headers of {minor} and observed as well")
}

fn called(observed: &str, held: &str, rust: &str, minor: Minor) -> String {
    match observed == held {
        true => twofold(&format!("`{observed}`"), minor),
        false => format!("{} on {minor}", same_name("type", held, observed, rust)),
    }
}

fn report_held(title: String, observed: Option<Span>, held: Option<Span>, help: &str, sink: &mut Sink) {
    sink.report(
        Diagnostic::error("observed-in-facts", title).at(observed, "observed").and(held, "imported").help(help),
    );
}

/// The fields of an observed struct are of types that every version of its range has.
fn observed_type(spec: &Spec, facts: &Facts, sink: &mut Sink) {
    let minor = facts.version.value;
    for item in spec.observed.structs.iter().filter(|item| item.range.contains(minor)) {
        let unknown = item.fields.iter().filter(|(_, ty)| !is_known(spec, facts, ty));
        for (name, ty) in unknown {
            sink.report(
                Diagnostic::error(
                    "observed-type",
                    format!("`{name}` is of type `{ty}`, which {} does not have", facts.folder()),
                )
                .at(ty.span, "neither imported as a whole struct nor an observed enum")
                .and(facts.version.span, "the struct is for this version too"),
            );
        }
    }
}

/// An observed struct and what its fields point to is small enough for Rust; told once, of the first version.
fn size_range(spec: &Spec, item: &ObservedStruct, sink: &mut Sink) {
    let Some(facts) = spec.layouts.iter().find(|facts| item.range.contains(facts.version.value)) else { return };
    for (name, ty) in &item.fields {
        type_range(facts, name, ty, sink);
    }
    let bytes = spec.observed.lay_out(item, facts).and_then(|item| Some(item.size?.bytes.value));
    let is_known = item.fields.iter().all(|(_, ty)| is_known(spec, facts, ty));
    if is_known && bytes.is_none_or(|bytes| bytes > LARGEST) {
        sink.report(
            Diagnostic::error("size-range", format!("`{}` has more bytes than any struct", item.name))
                .at(item.name.span, format!("at most {LARGEST}")),
        );
    }
}

/// Whether a type is one of the language, or of the facts as a whole, or an enum that is observed on that version.
fn is_known(spec: &Spec, facts: &Facts, ty: &Type) -> bool {
    match ty {
        Type::Named(name) => {
            let enums = spec.observed.enums.iter().filter(|item| item.range.contains(facts.version.value));
            facts.find_struct(name).is_some_and(|known| known.size.is_some())
                || enums.into_iter().any(|item| item.name.value == *name)
        }
        Type::Array(element, _) => match &**element {
            // Enums are looked for by the name of the whole type.
            Type::Named(name) => facts.find_struct(name).is_some_and(|known| known.size.is_some()),
            element => is_known(spec, facts, element),
        },
        _ => true,
    }
}
