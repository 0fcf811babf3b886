//! Enums and groups of constants: names once, numbers that Rust can hold.

use std::collections::BTreeMap;

use super::layout::name_syntax;
use crate::diag::{Diagnostic, Sink};
use crate::emit::{group_is_number, rust_names};
use crate::model::facts::{Constant, Facts};
use crate::source::At;

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    group_twice(facts, sink);
    for item in &facts.content.enums {
        check_names(&item.name, &item.values, sink);
        check_enum(&item.name, &item.values, sink);
    }
    for group in &facts.content.constants {
        check_names(&group.name, &group.values, sink);
        if group_is_number(&group.name) {
            check_enum(&group.name, &group.values, sink);
        }
    }
}

/// The rules of an enum, also of an observed one.
pub(super) fn check_enum(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    enum_empty(name, values, sink);
    enum_value_twice(name, values, sink);
    enum_range(values, sink);
    variant_clash(name, values, sink);
}

fn check_names(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    name_syntax(name, sink);
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for value in values {
        name_syntax(&value.name, sink);
        constant_twice(&value.name, seen.insert(&value.name.value, &value.name), sink);
    }
}

/// Each name once in its enum or group.
fn constant_twice(name: &At<String>, first: Option<&At<String>>, sink: &mut Sink) {
    if let Some(first) = first {
        sink.report(
            Diagnostic::error("constant-twice", format!("`{name}` is there twice"))
                .at(name.span, "again")
                .and(first.span, "first"),
        );
    }
}

/// Each enum and group once.
fn group_twice(facts: &Facts, sink: &mut Sink) {
    let enums = facts.content.enums.iter().map(|item| &item.name);
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for name in enums.chain(facts.content.constants.iter().map(|group| &group.name)) {
        if let Some(first) = seen.insert(&name.value, name) {
            sink.report(
                Diagnostic::error("group-twice", format!("`{name}` is there twice"))
                    .at(name.span, "again")
                    .and(first.span, "first"),
            );
        }
    }
}

/// An enum has a value: a byte can be converted to something.
fn enum_empty(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    if values.is_empty() {
        sink.report(Diagnostic::error("enum-empty", format!("`{name}` has no values")).at(name.span, "empty"));
    }
}

/// A number names one value.
fn enum_value_twice(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    let mut seen: BTreeMap<i64, &Constant> = BTreeMap::new();
    for value in values {
        if let Some(first) = seen.insert(value.value.value, value) {
            sink.report(
                Diagnostic::error(
                    "enum-value-twice",
                    format!("`{}` and `{}` of {name} are both {}", first.name, value.name, value.value),
                )
                .at(value.value.span, "again")
                .and(first.value.span, "first")
                .help("a second name for a value, or a count, belongs under `except` in the import list"),
            );
        }
    }
}

/// Values fit a C int.
fn enum_range(values: &[Constant], sink: &mut Sink) {
    for value in values.iter().filter(|value| i32::try_from(value.value.value).is_err()) {
        sink.report(
            Diagnostic::error("enum-range", format!("`{}` does not fit a C int", value.name))
                .at(value.value.span, "-2147483648 to 2147483647"),
        );
    }
}

/// Two values do not get the same name in Rust.
fn variant_clash(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    let (_, variants) = rust_names(name, values);
    let mut seen: BTreeMap<String, &Constant> = BTreeMap::new();
    for (variant, value) in variants.into_iter().zip(values) {
        if let Some(first) = seen.get(&variant)
            && first.name != value.name
        {
            sink.report(
                Diagnostic::error(
                    "variant-clash",
                    format!("`{}` and `{}` would both be called `{variant}` in Rust", first.name, value.name),
                )
                .at(value.name.span, "this one")
                .and(first.name.span, "and this one"),
            );
        } else {
            seen.insert(variant, value);
        }
    }
}
