//! The committed output is what the committed spec says.

use frame_codegen::emit::{compare, emit};
use frame_tests::{committed_spec, root};

#[test]
fn generated_files_are_fresh() {
    let (spec, sources) = committed_spec();
    let files = emit(&spec, &sources);
    let drift = compare(&root().join("frame-runtime/src/generated"), &files).expect("a readable folder");
    assert!(drift.is_empty(), "run: cargo run --release -- generate\n{drift:#?}");
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    let (spec, sources) = committed_spec();
    let (again, sources_again) = committed_spec();
    assert_eq!(emit(&spec, &sources), emit(&again, &sources_again));
}

/// Nothing emitted needs a proof: the word does not even occur.
#[test]
fn nothing_emitted_is_unsafe() {
    let (spec, sources) = committed_spec();
    for file in emit(&spec, &sources) {
        assert!(!file.text.contains("unsafe"), "{}", file.path);
    }
}

/// The committed facts are what the writer writes: an import of the same build changes no byte.
#[test]
fn facts_are_written_as_they_were_read() {
    let (spec, sources) = committed_spec();
    for facts in &spec.layouts {
        let file = sources.file(facts.source.expect("committed facts have a file"));
        assert_eq!(frame_codegen::write::write_facts(facts), file.text, "{}", file.name);
    }
}

/// `frame-runtime` depends on nothing unless it is asked for the macros, and the generator not on the runtime.
#[test]
fn crates_know_whom_they_may_know() {
    let manifest =
        |name: &str| std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a readable manifest");
    let section = |text: &str, name: &str| -> String {
        let start = text.find(&format!("\n[{name}]\n"));
        start.map_or(String::new(), |start| {
            let rest = &text[start + name.len() + 4..];
            rest.split("\n[").next().unwrap_or_default().trim().to_owned()
        })
    };
    let runtime = manifest("frame-runtime");
    assert_eq!(section(&runtime, "dependencies"), "frame-macros = { workspace = true, optional = true }");
    assert!(!section(&runtime, "features").contains("default"));
    assert!(!section(&manifest("codegen"), "dependencies").contains("frame-runtime"));
}
