//! Where imported facts go: one file per distinct layout, and builds that share it. No compiler is needed.

use std::path::Path;

use expect_test::expect;
use frame_codegen::import::{Placement, Written, place};
use frame_codegen::model::Spec;
use frame_codegen::model::facts::Facts;
use frame_codegen::source::{At, Sources};
use frame_tests::read_example;

/// A layout as an import hands it over: of one build, in no file.
fn imported(micro: &str, magic: u64, witnessed: bool, defines: &[&str]) -> Facts {
    let list = if witnessed { "verified" } else { "unwitnessed" };
    let defines: Vec<String> = defines.iter().map(|define| format!("{define:?}")).collect();
    let text = format!(
        "version: \"3.14\"\nflavour: default\narchitecture: x86_64-linux\n{list}: [{{ micro: \"{micro}\", defines: [{}] }}]\n\
         pyc_magic: {magic}\nstructs: []\nenums: []\nconstants: []\nopcodes: []\n",
        defines.join(", ")
    );
    let (mut spec, _, _) = read_example(&text);
    let mut facts = spec.layouts.remove(0);
    facts.source = None;
    let stem = facts.builds().next().expect("a build").micro.suffix();
    facts.stem = stem;
    facts
}

/// Files one import after another, as the command does; gives the last placement and the whole spec.
fn file_all(imports: &[Facts]) -> (Vec<Written>, Spec, Sources) {
    let (mut spec, mut sources) = (Spec::default(), Sources::default());
    let mut written = Vec::new();
    for facts in imports {
        let placement = place(&spec, &sources, Path::new("spec"), facts).expect("a place");
        written.push(placement.written);
        take(&mut spec, &mut sources, placement);
    }
    (written, spec, sources)
}

fn take(spec: &mut Spec, sources: &mut Sources, placement: Placement) {
    let mut sink = frame_codegen::diag::Sink::new();
    let source = sources.add(&placement.path, placement.text);
    let facts = frame_codegen::parse_facts(sources, source, &mut sink).expect("what was written can be read");
    spec.layouts.retain(|known| {
        let path = known.source.map(|id| sources.file(id).path.clone());
        path.as_deref() != Some(placement.path.as_path())
    });
    spec.layouts.push(facts);
    assert!(!sink.has_errors());
}

fn files(spec: &Spec, sources: &Sources) -> Vec<String> {
    let mut names: Vec<String> = spec
        .layouts
        .iter()
        .map(|facts| {
            let list = |builds: &[frame_codegen::model::facts::Build]| {
                builds.iter().map(|build| build.micro.to_string()).collect::<Vec<_>>().join(" ")
            };
            let name = &sources.file(facts.source.expect("filed")).name;
            format!("{name}: {} / {}", list(&facts.verified), list(&facts.unwitnessed))
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_known_layout_gains_a_micro_and_a_different_one_a_file() {
    let imports = [
        imported("3.14.0", 1, true, &[]),
        imported("3.14.2", 1, true, &[]),
        imported("3.14.1", 1, true, &[]),
        imported("3.14.3", 2, true, &[]),
        imported("3.14.4", 1, true, &[]),
        imported("3.14.4", 1, true, &[]),
    ];
    let (written, spec, sources) = file_all(&imports);
    assert_eq!(
        written,
        [Written::New, Written::Added, Written::Added, Written::New, Written::Added, Written::Unchanged]
    );
    assert_eq!(
        files(&spec, &sources),
        ["spec/cpython/3.14/0.yaml: 3.14.0 3.14.1 3.14.2 3.14.4 / ", "spec/cpython/3.14/3.yaml: 3.14.3 / "]
    );
}

#[test]
fn a_witness_takes_the_mark_away_and_headers_do_not_put_it_back() {
    let imports = [
        imported("3.14.0", 1, false, &[]),
        imported("3.14.0", 1, true, &[]),
        imported("3.14.0", 1, false, &[]),
        imported("3.14.1", 1, false, &[]),
    ];
    let (written, spec, sources) = file_all(&imports);
    assert_eq!(written, [Written::New, Written::Added, Written::Unchanged, Written::Added]);
    assert_eq!(files(&spec, &sources), ["spec/cpython/3.14/0.yaml: 3.14.0 / 3.14.1"]);
}

#[test]
fn one_micro_built_in_two_ways_has_two_files_when_they_differ() {
    let imports = [
        imported("3.14.0", 1, true, &[]),
        imported("3.14.0", 2, true, &["_Py_JIT"]),
        imported("3.14.0", 1, true, &["_Py_TIER2=3"]),
    ];
    let (written, spec, sources) = file_all(&imports);
    assert_eq!(written, [Written::New, Written::New, Written::Added]);
    assert_eq!(
        files(&spec, &sources),
        ["spec/cpython/3.14/0-2.yaml: 3.14.0 / ", "spec/cpython/3.14/0.yaml: 3.14.0 3.14.0 / "]
    );
}

#[test]
fn a_build_imported_anew_replaces_its_own_file_but_not_one_that_others_share() {
    let (written, _, _) = file_all(&[imported("3.14.0", 1, true, &[]), imported("3.14.0", 2, true, &[])]);
    assert_eq!(written, [Written::New, Written::Replaced]);
    let (_, spec, sources) = file_all(&[imported("3.14.0", 1, true, &[]), imported("3.14.1", 1, true, &[])]);
    let failure = place(&spec, &sources, Path::new("spec"), &imported("3.14.1", 2, true, &[])).expect_err("shared");
    expect![[r#"
        error[import-conflict]: spec/cpython/3.14/0.yaml says something else of 3.14.1 than this import
         |
         = note: the file also speaks for 3.14.0
         = help: if the import list has grown, remove the file and import each of its builds again"#]]
    .assert_eq(&failure.render(&sources, frame_codegen::diag::Style::Plain));
}

/// Changed headers of a release that an interpreter confirmed do not take its place.
#[test]
fn headers_alone_do_not_replace_what_was_verified() {
    let (_, spec, sources) = file_all(&[imported("3.14.0", 1, true, &[])]);
    let failure = place(&spec, &sources, Path::new("spec"), &imported("3.14.0", 2, false, &[])).expect_err("verified");
    expect![[r#"
        error[import-conflict]: these headers say something else of 3.14.0 than its interpreter did
         |
         = note: spec/cpython/3.14/0.yaml was verified with the interpreter
         = help: import with the interpreter; changed headers are filed under a release of their own with --as"#]]
    .assert_eq(&failure.render(&sources, frame_codegen::diag::Style::Plain));
}

/// A layout is of one architecture: the same content on another machine is another file.
#[test]
fn architectures_do_not_share() {
    let mut arm = imported("3.14.0", 2, true, &[]);
    arm.architecture = At::nowhere("aarch64-linux".to_owned());
    let (written, spec, _) = file_all(&[imported("3.14.0", 1, true, &[]), arm]);
    assert_eq!(written, [Written::New, Written::New]);
    assert_eq!(spec.layouts.len(), 2);
}
