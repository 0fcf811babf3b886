//! Attributes of cells, generators and their like are those of interpreters: `tests/oracle/attributes.py` asked them,
//! `tests/vectors/attributes` is what they answered. Those of frame objects are compared with the frames (`tests/frames.rs`).

use std::collections::BTreeMap;
use std::process::Command;

use frame_runtime::attribute::{Attributes, Change, Refusal};
use frame_runtime::generator::attribute::{
    ANEXT_AWAITABLE, ASEND, ASYNC_GENERATOR, ATHROW, COROUTINE, COROUTINE_WRAPPER, GENERATOR,
};
use frame_runtime::version::{
    Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version,
};
use frame_runtime::{cell, frame_object};
use frame_tests::{files, pythons, root};
use serde_json::{Value as Json, json};

static TABLES: [&Attributes; 8] = [
    &cell::ATTRIBUTES,
    &GENERATOR,
    &COROUTINE,
    &ASYNC_GENERATOR,
    &COROUTINE_WRAPPER,
    &ASEND,
    &ATHROW,
    &ANEXT_AWAITABLE,
];

/// What the oracle gives, and whether it is a text.
const VALUES: [(&str, bool); 5] = [("int", false), ("str", true), ("Text", true), ("None", false), ("True", false)];

fn raises(refusal: Refusal, name: &str) -> Json {
    json!({ "raises": refusal.error.name(), "text": refusal.message(name).to_string() })
}

fn set(change: Change, name: &str, is_text: bool) -> Json {
    match change {
        Change::Any => json!("given"),
        Change::Str(_) if is_text => json!("given"),
        Change::Str(refusal) | Change::Refuses(refusal) => raises(refusal, name),
        Change::Bool(_) | Change::Line { .. } => panic!("{name} is of a frame"),
    }
}

/// What the tables say about an attribute, as the oracle writes it.
fn row<P: Version>(table: &Attributes, name: &str) -> Json {
    let unknown = table.unknown_to_change::<P>();
    let (known, given, deleted) = match table.find::<P>(name) {
        Some(row) => (true, row.set, row.delete),
        None => (false, Change::Refuses(unknown), Change::Refuses(unknown)),
    };
    let delete = match deleted {
        // Only a cell's can be deleted: what is asked for then is not there.
        Change::Any => raises(cell::EMPTY, name),
        other => set(other, name, false),
    };
    let given: BTreeMap<&str, Json> =
        VALUES.iter().map(|(word, is_text)| (*word, set(given, name, *is_text))).collect();
    let same = given.values().all(|did| *did == given["int"]);
    let given = if same { json!({ "any": given["int"] }) } else { json!(given) };
    let mut row = json!({ "type": table.type_name, "name": name, "set": given, "delete": delete });
    if !known {
        row["get"] = raises(table.unknown(), name);
    }
    row
}

/// All rows of a version: of each type its attributes by name, and one that there is not.
fn rows<P: Version>(types: &Json) -> Vec<Json> {
    let types = types.as_array().expect("names");
    let table = |name: &Json| *TABLES.iter().find(|table| *name == table.type_name).expect("a table");
    let of_type = |table: &'static Attributes| {
        let names = table.all::<P>().map(|row| row.name).chain(["unknown"]);
        names.map(|name| row::<P>(table, name))
    };
    types.iter().map(table).flat_map(of_type).collect()
}

#[test]
fn attributes_are_those_of_interpreters() {
    let paths = files(&root().join("tests/vectors/attributes"), "jsonl");
    assert!(paths.len() >= 10, "vectors of all versions");
    for path in &paths {
        let release = path.file_stem().expect("a name").to_string_lossy();
        let rows = match release.split('.').nth(1).expect("a minor version") {
            "8" => rows::<Cpython3_8>,
            "9" => rows::<Cpython3_9>,
            "10" => rows::<Cpython3_10>,
            "11" => rows::<Cpython3_11>,
            "12" => rows::<Cpython3_12>,
            "13" => rows::<Cpython3_13>,
            "14" => rows::<Cpython3_14>,
            "15" => rows::<Cpython3_15>,
            other => panic!("3.{other} has vectors, and no version here"),
        };
        let text = std::fs::read_to_string(path).expect("a readable file");
        let mut lines = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        let types = lines.next().expect("names")["types"].clone();
        let (expected, found): (Vec<Json>, Vec<Json>) = (lines.collect(), rows(&types));
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected, found, "{release}");
        }
        assert_eq!(expected.len(), found.len(), "{release}");
    }
}

#[test]
fn rows_are_sorted_and_one_for_each_version() {
    for table in TABLES.into_iter().chain([&frame_object::ATTRIBUTES]) {
        let names: Vec<_> = [
            table.all::<Cpython3_8>().map(|row| row.name).collect::<Vec<_>>(),
            table.all::<Cpython3_11>().map(|row| row.name).collect(),
            table.all::<Cpython3_15>().map(|row| row.name).collect(),
        ]
        .into();
        for names in names {
            assert!(names.is_sorted_by(|a, b| a < b), "{}: {names:?}", table.type_name);
        }
    }
}

#[test]
fn installed_interpreters_do_the_same() {
    for python in pythons() {
        let path = root().join("tests/vectors/attributes").join(format!("{}.jsonl", python.release));
        let Ok(committed) = std::fs::read(path) else { continue };
        let oracle = root().join("tests/oracle/attributes.py");
        let output = Command::new(&python.path).arg(oracle).output().expect("it runs");
        assert!(output.status.success(), "{}: {}", python.release, String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == committed, "{} does something else now", python.release);
    }
}
