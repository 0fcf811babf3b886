//! Enums and groups of constants: names once, numbers that Rust can hold.

use std::collections::BTreeMap;

use super::name::{name_reserved, name_syntax, same_name};
use crate::diag::{Diagnostic, Sink};
use crate::emit::{group_is_number, name, rust_names};
use crate::model::facts::{Constant, Facts};
use crate::source::At;

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    group_twice(facts, sink);
    for item in &facts.content.enums {
        check_enum(&item.name, &item.values, sink);
    }
    for group in &facts.content.constants {
        if group_is_number(&group.name) {
            check_enum(&group.name, &group.values, sink);
            continue;
        }
        if name_syntax(&group.name, sink) {
            name_reserved(&group.name, &group.name, &["observed"], sink);
        }
        constant_twice(&group.values, sink);
        for constant in &group.values {
            check_constant(&constant.name, sink);
        }
    }
}

/// The rules of a constant, also of an observed one.
pub(super) fn check_constant(name: &At<String>, sink: &mut Sink) {
    if name_syntax(name, sink) {
        name_reserved(name, name, &[], sink);
    }
}

/// The rules of an enum, also of an observed one.
pub(super) fn check_enum(c_name: &At<String>, values: &[Constant], sink: &mut Sink) {
    let mut right = name_syntax(c_name, sink);
    for value in values {
        right &= name_syntax(&value.name, sink);
    }
    enum_empty(c_name, values, sink);
    constant_twice(values, sink);
    enum_value_twice(c_name, values, sink);
    enum_range(values, sink);
    if right {
        let (ty, variants) = rust_names(c_name, values);
        name_reserved(c_name, &ty, name::TAKEN, sink);
        for (variant, value) in variants.iter().zip(values) {
            name_reserved(&value.name, variant, &[], sink);
        }
        variant_clash(values, &variants, sink);
    }
}

/// Each name once in its enum or group.
fn constant_twice(values: &[Constant], sink: &mut Sink) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for value in values {
        if let Some(first) = seen.insert(&value.name.value, &value.name) {
            sink.report(
                Diagnostic::error("constant-twice", format!("the constant `{}` is there twice", value.name))
                    .at(value.name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// Each enum and group once, under one name in Rust.
fn group_twice(facts: &Facts, sink: &mut Sink) {
    let rust = |name: &At<String>, is_enum: bool| match is_enum || group_is_number(name) {
        true => rust_names(name, &[]).0,
        false => name.value.clone(),
    };
    let enums = facts.content.enums.iter().map(|item| ("enum", &item.name, rust(&item.name, true)));
    let groups = facts.content.constants.iter().map(|group| ("group", &group.name, rust(&group.name, false)));
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for (kind, name, rust) in enums.chain(groups) {
        if let Some(first) = seen.insert(rust.clone(), name) {
            sink.report(
                Diagnostic::error("group-twice", same_name(kind, first, name, &rust))
                    .at(name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// An enum has a value: a byte can be converted to something.
fn enum_empty(name: &At<String>, values: &[Constant], sink: &mut Sink) {
    if values.is_empty() {
        sink.report(
            Diagnostic::error("enum-empty", format!("the enum `{name}` has no values")).at(name.span, "at least one"),
        );
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
                    format!("`{}` and `{}` of `{name}` are both {}", first.name, value.name, value.value),
                )
                .at(value.value.span, "the second one")
                .and(first.value.span, "the first one")
                .help(
                    "a second name for a value, or a count, belongs under `except` in codegen/src/import/wanted.yaml",
                ),
            );
        }
    }
}

/// Values fit a C int.
fn enum_range(values: &[Constant], sink: &mut Sink) {
    for value in values.iter().filter(|value| i32::try_from(value.value.value).is_err()) {
        sink.report(
            Diagnostic::error("enum-range", format!("`{}` is {}, which no C int holds", value.name, value.value))
                .at(value.value.span, "-2147483648 to 2147483647"),
        );
    }
}

/// Two values do not get the same name in Rust.
fn variant_clash(values: &[Constant], variants: &[String], sink: &mut Sink) {
    let mut seen: BTreeMap<&str, &Constant> = BTreeMap::new();
    for (variant, value) in variants.iter().zip(values) {
        let Some(first) = seen.insert(variant, value).filter(|first| first.name != value.name) else { continue };
        sink.report(
            Diagnostic::error("variant-clash", same_name("value", &first.name, &value.name, variant))
                .at(value.name.span, "the second one")
                .and(first.name.span, "the first one")
                .help("prefixes are taken off in codegen/src/emit/number.rs"),
        );
    }
}
