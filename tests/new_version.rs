//! A new CPython needs facts and declarations, and no change to Rust that was written by hand.

use expect_test::expect;
use frame_codegen::diag::{Sink, Style};
use frame_codegen::model::facts::Facts;
use frame_codegen::source::Sources;
use frame_tests::committed_spec;
use frame_tests::next::{
    declare_what_is_new, run_the_runtimes_tests, spec_with, with_everything_moved, with_something_new,
};

/// What `framespec check` says of a spec, without the places.
fn findings(spec: &std::path::Path) -> String {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let whole = frame_codegen::read(spec, &mut sources, &mut sink);
    frame_codegen::check::check(&whole, &sources, &mut sink);
    let text = sink.render(&sources, Style::Plain);
    let lines = text.lines().filter(|line| line.starts_with("error") || line.trim_start().starts_with("= help"));
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

/// A field and a state more: the checker asks for what is to be declared; when it is, everything holds.
#[test]
fn something_new_is_asked_for_and_then_runs() {
    let spec = spec_with("3.16-spec", &with_something_new());
    expect![[r#"
        error[field-meaning]: nothing says what `f_inserted` of `_PyInterpreterFrame` means in CPython 3.16, default build, x86_64-linux
        = help: add `f_inserted OWNERSHIP since 3.16 "what it is for";`, where OWNERSHIP is strong, borrowed from FIELD, link, pointer, plain, embedded
        error[state-number-missing]: `FRAME_INSERTED` of CPython 3.16 is no state of the machine `generator`
        = help: declare it: `inserted FRAME_INSERTED since 3.16 "what it promises";`, and what may happen in it"#]].assert_eq(&findings(&spec));
    declare_what_is_new(&spec);
    assert_eq!(findings(&spec), "");
    let ran = run_the_runtimes_tests(&spec, "3.16-crate");
    let new = ran.iter().find(|(version, _)| version == "Cpython3_16").expect("the new version has tests");
    assert!(new.1 >= 15 && ran.iter().all(|(_, count)| *count == new.1), "{ran:?}");
    std::fs::remove_dir_all(&spec).expect("the folder can be removed");
}

/// All fields of the frame structs permuted, all owners, states and events renumbered: nothing that the runtime knows of a
/// version stands in Rust by hand.
#[test]
fn everything_moved_runs_as_before() {
    let moved = with_everything_moved();
    assert_that_everything_moved(&moved);
    let spec = spec_with("3.99-spec", &moved);
    assert_eq!(findings(&spec), "");
    let ran = run_the_runtimes_tests(&spec, "3.99-crate");
    let new = ran.iter().find(|(version, _)| version == "Cpython3_99").expect("the moved version has tests");
    assert!(new.1 >= 15 && ran.iter().all(|(_, count)| *count == new.1), "{ran:?}");
    std::fs::remove_dir_all(&spec).expect("the folder can be removed");
}

fn assert_that_everything_moved(moved: &Facts) {
    let (committed, _) = committed_spec();
    let newest = committed.minors().pop().expect("facts");
    let known = committed.newest(newest, Default::default()).expect("a default build");
    let fixed = ["ob_base", "localsplus", "_f_frame_data", "data", "gi_iframe", "cr_iframe", "ag_iframe"];
    let mut compared = 0;
    for name in ["_PyInterpreterFrame", "PyFrameObject", "PyGenObject", "PyCoroObject", "PyAsyncGenObject"] {
        let (before, after) = (known.find_struct(name).expect(name), moved.find_struct(name).expect(name));
        assert_eq!(before.fields.len(), after.fields.len());
        for field in before.fields.iter().filter(|field| !fixed.contains(&field.name.value.as_str())) {
            let other = after.field(&field.name).expect("the same fields");
            assert_ne!(field.offset.value, other.offset.value, "{name}.{}", field.name);
            compared += 1;
        }
    }
    let events = |facts: &'_ Facts| {
        let mut groups = facts.content.constants.iter();
        groups.find(|group| group.name.value == "monitoring_events").expect("a group").values.clone()
    };
    for (before, after) in events(known).iter().zip(&events(moved)) {
        assert_ne!(before.value.value, after.value.value, "{}", before.name);
        compared += 1;
    }
    for (before, after) in known.content.enums.iter().zip(&moved.content.enums) {
        for (before, after) in before.values.iter().zip(&after.values) {
            assert_ne!(before.value.value, after.value.value, "{}", before.name);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared} fields and numbers were compared");
}
