//! A layout lies where its version says, is seen on something, and is said once.

use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::{Build, Facts};
use crate::source::{At, Sources};

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    facts_minor(facts, sink);
    facts_unseen(facts, sink);
    architecture(facts, sink);
    pyc_magic_range(facts, sink);
}

pub(super) fn check_place(facts: &Facts, sources: &Sources, sink: &mut Sink) {
    facts_misplaced(facts, sources, sink);
    facts_name(facts, sink);
}

pub(super) fn check_all(spec: &Spec, sink: &mut Sink) {
    build_twice(spec, sink);
    layout_twice(spec, sink);
}

/// The folder's name is the version and flavour.
fn facts_misplaced(facts: &Facts, sources: &Sources, sink: &mut Sink) {
    let Some(source) = facts.source else { return };
    let folder = sources.file(source).path.parent().and_then(|folder| folder.file_name());
    let folder = folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if folder != facts.folder() {
        sink.report(
            Diagnostic::error(
                "facts-misplaced",
                format!("the facts of {} lie in the folder `{folder}`", facts.folder()),
            )
            .at(facts.version.span, "the version")
            .and(facts.flavour.span, "the flavour")
            .help(format!("move the file to cpython/{}/", facts.folder())),
        );
    }
}

/// Every build is of the file's minor version.
fn facts_minor(facts: &Facts, sink: &mut Sink) {
    for build in facts.builds().filter(|build| build.micro.minor != facts.version.value) {
        sink.report(
            Diagnostic::error("facts-minor", format!("{} is no release of {}", build.micro, facts.version))
                .at(build.micro.span, "this build")
                .and(facts.version.span, "the version"),
        );
    }
}

/// A layout was seen on some build.
fn facts_unseen(facts: &Facts, sink: &mut Sink) {
    if facts.builds().next().is_none() {
        sink.report(
            Diagnostic::error("facts-unseen", format!("the facts of {} were seen on no build", facts.folder()))
                .at(facts.version.span, "`verified` and `unwitnessed` are both empty")
                .help("facts come from `framespec import`, which lists the build that they are of"),
        );
    }
}

/// The file is named after one of its builds.
fn facts_name(facts: &Facts, sink: &mut Sink) {
    let named_after = |build: &Build| {
        let suffix = build.micro.suffix();
        facts.stem.strip_prefix(suffix.as_str()).is_some_and(|rest| {
            // Spelt as Rust prints it: the name of the file becomes that of a module.
            let is_count = |text: &str| text.parse::<u32>().is_ok_and(|count| count > 1 && count.to_string() == text);
            rest.is_empty() || rest.strip_prefix('-').is_some_and(is_count)
        })
    };
    let Some(first) = facts.builds().min_by_key(|build| build.micro.value) else { return };
    if !facts.builds().any(named_after) {
        sink.report(
            Diagnostic::error("facts-name", format!("`{}.yaml` is named after none of its builds", facts.stem))
                .at(first.micro.span, "the first build")
                .help(format!("call it {0}.yaml, or {0}-2.yaml if there is one", first.micro.suffix())),
        );
    }
}

/// The architecture is a machine and a system.
fn architecture(facts: &Facts, sink: &mut Sink) {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !facts.architecture.split_once('-').is_some_and(|(machine, system)| is_word(machine) && is_word(system)) {
        sink.report(
            Diagnostic::error("architecture", format!("`{}` is no architecture", facts.architecture.escape_debug()))
                .at(facts.architecture.span, "a machine and a system, as x86_64-linux"),
        );
    }
}

/// A .pyc file has two bytes for its magic number.
fn pyc_magic_range(facts: &Facts, sink: &mut Sink) {
    if let Some(magic) = &facts.content.pyc_magic {
        magic_range(magic, sink);
    }
}

/// The rule of a magic number, also of an observed one.
pub(super) fn magic_range(magic: &At<u64>, sink: &mut Sink) {
    if u16::try_from(magic.value).is_err() {
        sink.report(
            Diagnostic::error("pyc-magic-range", format!("the pyc magic {magic} does not fit two bytes"))
                .at(magic.span, "0 to 65535"),
        );
    }
}

/// A build has one layout.
fn build_twice(spec: &Spec, sink: &mut Sink) {
    let mut seen: Vec<(&Facts, &Build)> = Vec::new();
    for facts in &spec.layouts {
        for build in facts.builds() {
            let first = seen.iter().find(|(other, known)| {
                *known == build && other.flavour == facts.flavour && other.architecture == facts.architecture
            });
            match first {
                Some((_, known)) => sink.report(
                    Diagnostic::error("build-twice", format!("{} is listed twice", build.micro))
                        .at(build.micro.span, "the second time")
                        .and(known.micro.span, "the first time")
                        .help("a build has one layout: remove the wrong one, or both, and import it again"),
                ),
                None => seen.push((facts, build)),
            }
        }
    }
}

/// Two files that say the same are one.
fn layout_twice(spec: &Spec, sink: &mut Sink) {
    for (index, facts) in spec.layouts.iter().enumerate() {
        let same = spec.layouts[..index].iter().find(|other| {
            other.version == facts.version
                && other.flavour == facts.flavour
                && other.architecture == facts.architecture
                && other.content == facts.content
        });
        if let Some(other) = same {
            sink.report(
                Diagnostic::error("layout-twice", format!("two files say the same of {}", facts.folder()))
                    .at(facts.version.span, "the second file")
                    .and(other.version.span, "the first file")
                    .help("keep one of them, with the builds of both"),
            );
        }
    }
}
