//! What interpreters did with frames is done again on the runtime's frames: `tests/oracle/frame_facts.py` asked them,
//! `tests/vectors/frames` is what they answered. What is different on purpose is in `tests/deviations.md`.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

#[path = "frames/body.rs"]
mod body;
#[path = "frames/codes.rs"]
mod codes;
#[path = "frames/deviations.rs"]
mod deviations;
#[path = "frames/driver.rs"]
mod driver;
#[path = "frames/exceptions.rs"]
mod exceptions;
#[path = "frames/native.rs"]
mod native;
#[path = "frames/script.rs"]
mod script;
#[path = "frames/vm.rs"]
mod vm;

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use deviations::Comparison;
use driver::Python;
use frame_runtime::attribute::{Attribute, Change};
use frame_runtime::frame_object::ATTRIBUTES;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use frame_tests::{ask_again, files, root};
use serde_json::{Value as Json, json};

/// What each release did.
type Records = BTreeMap<String, Json>;

/// Runs a generic function on every record, with the version of its release: what it says is wrong must be nothing. On a
/// thread with a large stack: each call of a scenario is one of Rust's.
macro_rules! each {
    ($function:ident) => {{
        let records = load();
        let mut wrong = Vec::new();
        for release in records.keys() {
            let run = || match minor(release) {
                11 => $function::<Cpython3_11>(release, &records),
                12 => $function::<Cpython3_12>(release, &records),
                13 => $function::<Cpython3_13>(release, &records),
                14 => $function::<Cpython3_14>(release, &records),
                15 => $function::<Cpython3_15>(release, &records),
                other => panic!("3.{other} has vectors, and no version here"),
            };
            std::thread::scope(|scope| {
                let thread = std::thread::Builder::new().stack_size(1 << 28).spawn_scoped(scope, run);
                let ran = thread.expect("a thread").join();
                wrong.extend(ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            });
        }
        assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    }};
}

fn minor(release: &str) -> u32 {
    release.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version")
}

fn load() -> Records {
    let read = |path| {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let record: Json = serde_json::from_str(&text).expect("JSON");
        (record["python"].as_str().expect("a release").to_owned(), record)
    };
    files(&root().join("tests/vectors/frames"), "json").into_iter().map(read).collect()
}

/// The sections of a record that are compared row by row, by name; each row stands for itself.
const SECTIONS: [&str; 4] = ["positions", "lines", "tracebacks", "unwinding"];

/// What a release did in a case: the log of a scenario, with how it died; or the row.
fn done(record: &Json, section: &str, case: &str) -> Json {
    if section == "scenarios" {
        let scenario = &record[section][case];
        let mut log = scenario["log"].as_array().unwrap_or_else(|| panic!("no scenario {case}")).clone();
        log.extend(scenario.get("crash").map(|signal| json!({ "crash": signal })));
        return log.into();
    }
    let rows = record[section].as_array().unwrap_or_else(|| panic!("no section {section}"));
    rows.iter().find(|row| codes::name(row) == case).unwrap_or_else(|| panic!("no {case} in {section}")).clone()
}

fn cases<P: Python>(release: &str, records: &Records) -> Vec<String> {
    let record = &records[release];
    let other = |release: &str, section: &str, case: &str| done(&records[release], section, case);
    let mut comparison = Comparison::new(release, &other);
    for (case, scenario) in record["scenarios"].as_object().expect("scenarios") {
        let Ok(found) = catch_unwind(|| script::play::<P>(&scenario["bodies"])) else {
            // What it left behind is of no use to other cases.
            comparison.lines.push(format!("{release}, scenarios, {case} differ: it panics"));
            return comparison.lines;
        };
        comparison.compare("scenarios", case, &done(record, "scenarios", case), &found.into());
        if vm::live() != 0 {
            comparison.lines.push(format!("{release}, scenarios, {case}: {} objects are left", vm::live()));
            return comparison.lines;
        }
    }
    for section in SECTIONS {
        let rows = record[section].as_array().expect("rows");
        let found = codes::section::<P>(record, section);
        assert!(!rows.is_empty(), "{release} has no {section}");
        for (expected, (case, found)) in rows.iter().zip(found) {
            comparison.compare(section, &case, expected, &found);
        }
        if vm::live() != 0 {
            comparison.lines.push(format!("{release}, {section}: {} objects are left", vm::live()));
        }
    }
    comparison.unseen();
    comparison.lines
}

/// Every scenario step by step; where frames of compiled code stand, on which lines, who handles their exceptions.
#[test]
fn frames_do_what_those_of_interpreters_did() {
    each!(cases);
}

/// What is asked of the type of frame objects and is for the types of a VM, not for its frames.
const TYPES_OF_THE_VM: [&str; 14] = [
    "call",
    "subclass",
    "pickle",
    "copy",
    "deepcopy",
    "weakref",
    "hash",
    "order",
    "clear with an argument",
    "clear with a keyword",
    "sys._getframe too deep",
    "sys._getframe of text",
    "sys._getframe negative",
    "equal to itself",
];

fn types<P: Python>(release: &str, records: &Records) -> Vec<String> {
    let (mut wrong, mut left) = (Vec::new(), TYPES_OF_THE_VM.to_vec());
    for row in records[release]["types"].as_array().expect("rows") {
        let what = row[0].as_str().expect("a word");
        let names = |fields: bool| {
            let named = move |row: &&Attribute| row.name.starts_with("f_") == fields;
            json!(ATTRIBUTES.all::<P>().filter(named).map(|row| row.name).collect::<Vec<_>>())
        };
        let found = match what {
            "name" => json!(ATTRIBUTES.type_name),
            "methods" => names(false),
            "attributes" => names(true),
            "__dict__" => {
                assert!(ATTRIBUTES.find::<P>(what).is_none());
                let refusal = ATTRIBUTES.unknown();
                json!({ "raises": format!("{:?}", refusal.error), "message": refusal.message(what).to_string() })
            }
            _ => {
                let at = left.iter().position(|known| *known == what);
                left.remove(at.unwrap_or_else(|| panic!("{release}: nobody answers {what}")));
                continue;
            }
        };
        if row[1] != found {
            wrong.push(format!("{release}, types, {what} differ: expected {}, got {found}", row[1]));
        }
    }
    wrong.extend(left.iter().map(|what| format!("{release}, types, {what}: nobody asks for it")));
    wrong
}

/// Frame objects have the attributes that those of interpreters have; scenarios set and delete them.
#[test]
fn frame_objects_have_the_attributes_of_interpreters() {
    each!(types);
}

/// What the vectors do not hold: the versions before 3.11, whose frames are objects of another kind.
#[test]
fn attributes_are_those_of_classic_frames_too() {
    use frame_runtime::version::{Cpython3_8, Cpython3_9, Cpython3_10, Version};

    fn refusal<P: Version>(name: &str, deletes: bool) -> String {
        let attribute = ATTRIBUTES.find::<P>(name).expect("an attribute");
        match if deletes { attribute.delete } else { attribute.set } {
            Change::Refuses(refusal) => format!("{:?}: {}", refusal.error, refusal.message(name)),
            Change::Line { untraced, .. } => format!("{:?}: {}", untraced.error, untraced.message(name)),
            other => format!("{other:?}"),
        }
    }

    let readonly = "AttributeError: readonly attribute";
    assert_eq!(refusal::<Cpython3_8>("f_back", false), readonly);
    assert_eq!(refusal::<Cpython3_10>("f_globals", true), readonly);
    assert_eq!(refusal::<Cpython3_9>("f_lasti", false), readonly);
    let not_writable = "AttributeError: attribute 'f_lasti' of 'frame' objects is not writable";
    assert_eq!(refusal::<Cpython3_10>("f_lasti", false), not_writable);
    assert_eq!(refusal::<Cpython3_10>("f_trace_opcodes", true), "TypeError: can't delete numeric/char attribute");
    let line = "ValueError: f_lineno can only be set by a trace function";
    assert_eq!(refusal::<Cpython3_8>("f_lineno", false), line);
    let names = |all: Vec<&'static str>| assert_eq!((all.len(), all.first()), (11, Some(&"clear")));
    names(ATTRIBUTES.all::<Cpython3_8>().map(|row| row.name).collect());
    names(ATTRIBUTES.all::<Cpython3_9>().map(|row| row.name).collect());
    names(ATTRIBUTES.all::<Cpython3_10>().map(|row| row.name).collect());
}

/// The installed interpreters still do the same.
#[test]
fn installed_interpreters_do_the_same() {
    ask_again("frame_facts.py", "frames", "does something else now");
}
