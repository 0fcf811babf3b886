//! Versions of CPython that do not exist: a copy of the spec with one more, and the runtime's tests for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use frame_codegen::model::facts::{Build, Facts, Struct};
use frame_codegen::model::ty::Type;
use frame_codegen::model::version::Micro;
use frame_codegen::source::{At, Sources};
use frame_codegen::write::write_facts;

use crate::{committed_spec, root, scratch};

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copied file");
        }
    }
}

/// The facts of the newest committed version as those of another one.
fn newest_as(release: &str) -> Facts {
    let (committed, _) = committed_spec();
    let newest = committed.minors().pop().expect("facts");
    let mut facts = committed.newest(newest, Default::default()).expect("a default build").clone();
    let micro: Micro = release.parse().expect("a release");
    facts.version = At::nowhere(micro.minor);
    facts.stem = micro.suffix();
    facts.verified = Vec::new();
    facts.unwitnessed = vec![Build { micro: At::nowhere(micro), defines: Vec::new() }];
    facts
}

fn find<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Struct {
    let structs = &mut facts.content.structs;
    structs.iter_mut().find(|item| item.name.value == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Gives the fields of a struct the offsets that C would, in the order in which they stand.
fn lay_out(facts: &mut Facts, name: &str) {
    let before = facts.clone();
    let of = |name: &str| before.find_struct(name).and_then(|item| item.size.clone());
    let item = find(facts, name);
    let (mut end, mut most) = (0_u64, 1_u64);
    for field in &mut item.fields {
        let size = field.ty.size(&|name| Some(of(name)?.bytes.value)).expect("a known size");
        let align = field.ty.align(&|name| Some(of(name)?.align.value)).expect("a known alignment");
        field.offset = At::nowhere(end.next_multiple_of(align));
        end = field.offset.value + size;
        most = most.max(align);
    }
    let size = item.size.as_mut().expect("a whole struct");
    size.bytes = At::nowhere(end.next_multiple_of(most));
    size.align = At::nowhere(most);
}

/// What lies behind a frame in a struct that is kept in part moves with the frame's size.
fn make_room(facts: &mut Facts, before: &Facts) {
    const FRAME: &str = "_PyInterpreterFrame";
    let size = |facts: &Facts| {
        let size = facts.find_struct(FRAME).and_then(|item| item.size.as_ref());
        size.expect("a whole struct").bytes.value
    };
    let (old, new) = (size(before), size(facts));
    for item in facts.content.structs.iter_mut().filter(|item| item.is_partial()) {
        let frame = item.fields.iter().find(|field| matches!(&field.ty.value, Type::Named(name) if name == FRAME));
        let Some(at) = frame.map(|field| field.offset.value) else { continue };
        for field in item.fields.iter_mut().filter(|field| field.offset.value > at) {
            field.offset = At::nowhere(field.offset.value.wrapping_add(new).wrapping_sub(old));
        }
    }
}

/// A 3.16 whose frames have a field more and whose generators a state more.
pub fn with_something_new() -> Facts {
    let mut facts = newest_as("3.16.0a1");
    let before = facts.clone();
    let frame = find(&mut facts, "_PyInterpreterFrame");
    let at = frame.fields.iter().position(|field| field.name.value == "localsplus").expect("slots");
    let mut inserted = frame.fields[at].clone();
    inserted.name = At::nowhere("f_inserted".to_owned());
    inserted.ty = At::nowhere(Type::Pointer(Box::new(Type::Void)));
    frame.fields.insert(at - 1, inserted);
    for name in ["_PyInterpreterFrame", "PyGenObject", "PyCoroObject", "PyAsyncGenObject"] {
        lay_out(&mut facts, name);
    }
    make_room(&mut facts, &before);
    let states = facts.content.enums.iter_mut().find(|item| item.name.value == "PyFrameState").expect("states");
    let mut inserted = states.values[0].clone();
    inserted.name = At::nowhere("FRAME_INSERTED".to_owned());
    inserted.value = At::nowhere(77);
    states.values.insert(1, inserted);
    facts
}

/// A 3.99 in which every field of the frame structs lies elsewhere and every state, owner and event has another number.
pub fn with_everything_moved() -> Facts {
    let mut facts = newest_as("3.99.0");
    let before = facts.clone();
    let structs = [
        "_PyErr_StackItem",
        "_PyStackChunk",
        "_PyInterpreterFrame",
        "PyFrameObject",
        "PyGenObject",
        "PyCoroObject",
        "PyAsyncGenObject",
    ];
    for name in structs {
        let item = find(&mut facts, name);
        // The head of an object comes first, and what has no end comes last.
        let first = usize::from(item.fields[0].name.value == "ob_base");
        let open = ["localsplus", "_f_frame_data", "data"];
        let is_open = |name: &str| open.contains(&name) || name.ends_with("_iframe");
        let last = item.fields.iter().position(|field| is_open(&field.name.value)).unwrap_or(item.fields.len());
        item.fields[first..last].reverse();
        let before = before.find_struct(name).expect("the same structs");
        // Turned on until nothing lies where it was.
        let moved = (first..2 * last).any(|turn| {
            lay_out(&mut facts, name);
            let item = find(&mut facts, name);
            let mut fields = item.fields[first..last].iter();
            let moved = fields.all(|field| before.field(&field.name).is_some_and(|known| known.offset != field.offset));
            if !moved && turn + 1 == last {
                item.fields[first..last].reverse();
            } else if !moved {
                item.fields[first..last].rotate_left(1);
            }
            moved
        });
        assert!(moved || last - first < 2, "no order of `{name}` moves all its fields");
    }
    make_room(&mut facts, &before);
    for (name, number) in [("PyFrameState", 40_i64), ("_frameowner", 90)] {
        let item = facts.content.enums.iter_mut().find(|item| item.name.value == name).expect("an enum");
        for (index, value) in (0_i64..).zip(&mut item.values) {
            value.value = At::nowhere(number - 13 * index);
        }
    }
    let mut groups = facts.content.constants.iter_mut();
    let events = groups.find(|group| group.name.value == "monitoring_events").expect("a group");
    for (index, value) in (0_i64..).zip(&mut events.values) {
        value.value = At::nowhere(100 - 3 * index);
    }
    facts
}

/// A copy of the committed spec with one more version in it.
pub fn spec_with(name: &str, facts: &Facts) -> PathBuf {
    let spec = scratch(name);
    copy(&root().join("spec"), &spec);
    let folder = spec.join("cpython").join(facts.folder());
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("{}.yaml", facts.stem)), write_facts(facts)).expect("a facts file");
    spec
}

/// Declares what [`with_something_new`] and changed headers have more than 3.15, as a person would who follows CPython.
pub fn declare_what_is_new(spec: &Path) {
    let edit = |file: &str, from: &str, to: &str| {
        let path = spec.join(file);
        let text = std::fs::read_to_string(&path).expect("a spec file");
        assert!(text.contains(from), "{file} has no `{from}`");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("a spec file");
    };
    edit(
        "layouts/interpreter_frame.layout",
        "    localsplus as slots",
        "    f_inserted pointer null \"until it is needed\" since 3.16 \"Something new.\";\n    localsplus as slots",
    );
    let machine = "machines/generator.machine";
    edit(
        machine,
        "        executing FRAME_EXECUTING",
        "        inserted FRAME_INSERTED since 3.16 \"waits for something new\";\n        executing FRAME_EXECUTING",
    );
    edit(machine, "group waiting = suspended,", "group waiting = inserted, suspended,");
    edit(
        machine,
        "    on yield \"",
        "    on insert \"Something new happens.\" needs \"a generator that executes\" since 3.16 {\n        \
         executing -> inserted;\n        else => illegal;\n    }\n\n    on yield \"",
    );
}

/// Generates the runtime from a spec, in a copy, and runs its tests of frames; says which versions had how many tests.
///
/// # Panics
///
/// The generated runtime does not compile, or a test fails.
pub fn run_the_runtimes_tests(spec: &Path, name: &str) -> Vec<(String, usize)> {
    let workspace = scratch(name);
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let package = manifest.find("[workspace.package]").expect("a workspace");
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [\"frame-runtime\", \"suite\"]\n\n{}", &manifest[package..]);
    std::fs::write(workspace.join("Cargo.toml"), manifest).expect("a manifest");
    copy(&root().join("frame-runtime"), &workspace.join("frame-runtime"));
    // Without the feature that needs another crate.
    let runtime = workspace.join("frame-runtime/Cargo.toml");
    let manifest = std::fs::read_to_string(&runtime).expect("a manifest");
    let lines = manifest.lines().filter(|line| !line.contains("frame-macros"));
    std::fs::write(&runtime, lines.collect::<Vec<_>>().join("\n")).expect("a manifest");
    let (mut sources, mut sink) = (Sources::default(), frame_codegen::diag::Sink::new());
    let whole = frame_codegen::read(spec, &mut sources, &mut sink);
    frame_codegen::check::check(&whole, &sources, &mut sink);
    let findings = sink.render(&sources, frame_codegen::diag::Style::Plain);
    assert!(!sink.has_errors(), "{findings}");
    let generated = workspace.join("frame-runtime/src/generated");
    frame_codegen::emit::write(&generated, &frame_codegen::emit::emit(&whole, &sources)).expect("generated files");
    let suite = workspace.join("suite");
    std::fs::create_dir_all(&suite).expect("a folder");
    let (frames, model) = (root().join("tests/runtime/frames.rs"), root().join("tests/model.rs"));
    let manifest = format!(
        "[package]\nname = \"suite\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n[lib]\npath = \
         \"lib.rs\"\n\n[[test]]\nname = \"frames\"\npath = {frames:?}\n\n[[test]]\nname = \"model\"\npath = {model:?}\n\n\
         [dependencies]\nframe-runtime.workspace = true\n"
    );
    std::fs::write(suite.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::write(suite.join("lib.rs"), "//! Nothing.\n").expect("a file");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["test", "--offline", "-p", "suite", "--test", "frames", "--test", "model"])
        .env("FRAME_STEPS", "40000")
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .output()
        .expect("cargo");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    let mut versions: Vec<(String, usize)> = Vec::new();
    for line in said.lines().filter(|line| line.starts_with("test Cpython") && line.ends_with("ok")) {
        let version = line.trim_start_matches("test ").split("::").next().unwrap_or_default();
        match versions.iter_mut().find(|(known, _)| known == version) {
            Some((_, count)) => *count += 1,
            None => versions.push((version.to_owned(), 1)),
        }
    }
    std::fs::remove_dir_all(&workspace).expect("the folder can be removed");
    versions
}
