//! A layout lies where its version says, is seen on something, and is said once.

use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::{Build, Facts};
use crate::source::Sources;

pub(super) fn check(facts: &Facts, sources: &Sources, sink: &mut Sink) {
    facts_misplaced(facts, sources, sink);
    facts_minor(facts, sink);
    facts_unseen(facts, sink);
    facts_name(facts, sink);
    pyc_magic_range(facts, sink);
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
            Diagnostic::error("facts-misplaced", format!("facts of {} lie in the folder `{folder}`", facts.folder()))
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
            Diagnostic::error("facts-unseen", "the layout was seen on no build")
                .at(facts.version.span, "verified and unwitnessed are both empty")
                .help("facts come from `framespec import`"),
        );
    }
}

/// The file is named after one of its builds.
fn facts_name(facts: &Facts, sink: &mut Sink) {
    let named_after = |build: &Build| {
        let suffix = build.micro.suffix();
        facts.stem.strip_prefix(suffix.as_str()).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('-').is_some_and(|count| count.parse::<u32>().is_ok_and(|n| n > 1))
        })
    };
    if facts.builds().next().is_some() && !facts.builds().any(named_after) {
        sink.report(
            Diagnostic::error("facts-name", format!("`{}.yaml` is named after none of its builds", facts.stem))
                .at(facts.builds().next().and_then(|build| build.micro.span), "the first build")
                .help("the file of 3.14.10 is 10.yaml"),
        );
    }
}

/// A .pyc file has two bytes for its magic number.
fn pyc_magic_range(facts: &Facts, sink: &mut Sink) {
    if let Some(magic) = facts.content.pyc_magic.as_ref().filter(|magic| u16::try_from(magic.value).is_err()) {
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
                        .at(build.micro.span, "listed again")
                        .and(known.micro.span, "listed here")
                        .help("a build has one layout: remove the wrong one and import it again"),
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
                    .at(facts.version.span, "this one")
                    .and(other.version.span, "and this one")
                    .help("keep the first and list all builds in it"),
            );
        }
    }
}
