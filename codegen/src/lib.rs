//! The frame specification of CPython, from text to Rust: `read -> parse -> lower -> check -> emit`.
//!
//! *Facts are imported* from an installed CPython ([`import`], behind the feature of that name), *meaning is declared*,
//! *Rust is derived*. Each verb takes what the one before it made and never goes back; all findings of a run are
//! collected in a [`Sink`] and shown together.
//!
//! ```no_run
//! use frame_codegen::{check, diag::{Sink, Style}, emit, read, source::Sources};
//!
//! let mut sources = Sources::default();
//! let mut sink = Sink::new();
//! let spec = read("spec".as_ref(), &mut sources, &mut sink);
//! check::check(&spec, &sources, &mut sink);
//! if sink.has_errors() {
//!     eprint!("{}", sink.render(&sources, Style::Plain));
//! } else {
//!     for file in emit::emit(&spec, &sources) {
//!         println!("{}", file.path);
//!     }
//! }
//! ```
//!
//! This crate never depends on `frame-runtime`: a spec that cannot compile must not be able to stop the generator.

pub mod ast;
pub mod check;
#[cfg(feature = "cli")]
pub mod command;
pub mod diag;
pub mod diff;
pub mod emit;
pub mod extend;
#[cfg(feature = "import")]
pub mod import;
pub mod lookup;
mod lower;
pub mod model;
mod parse;
pub mod show;
pub mod source;
mod terminal;
pub mod write;

use std::path::{Path, PathBuf};

use diag::{Diagnostic, Sink};
use model::Spec;
use source::{SourceId, Sources};

/// Reads, parses and lowers everything below a spec folder: facts in `cpython/*/*.yaml` and `observed/*.yaml`, meaning in
/// `machines/*.machine`, `layouts/*.layout` and `tables/*.table`.
///
/// Files that cannot be read or understood are reported and left out.
pub fn read(root: &Path, sources: &mut Sources, sink: &mut Sink) -> Spec {
    let mut spec = Spec::default();
    if !root.is_dir() {
        sink.report(
            Diagnostic::error("spec-folder", format!("there is no spec folder {}", source::slashed(root)))
                .help("run in the project's root, or say where it is with --spec DIR"),
        );
        return spec;
    }
    for minor in entries(&root.join("cpython"), sink) {
        spec_stray(&minor, minor.is_dir(), "cpython/3.14/10.yaml", sink);
        for path in entries(&minor, sink) {
            let is_facts = path.extension().is_some_and(|ext| ext == "yaml");
            spec_stray(&path, is_facts, "cpython/3.14/10.yaml", sink);
            if !is_facts {
                continue;
            }
            let Some(source) = read_file(&path, sources, sink) else { continue };
            spec.files.push(source);
            spec.layouts.extend(parse_facts(sources, source, sink));
        }
    }
    spec.layouts.sort_by_key(|facts| {
        let first = facts.builds().map(|build| build.micro.value).min();
        (facts.version.value, facts.flavour.value, first, facts.stem.clone())
    });
    for path in entries(&root.join("observed"), sink) {
        let is_topic = path.extension().is_some_and(|ext| ext == "yaml");
        let is_witness = path.extension().is_some_and(|ext| ext == "py") || path.ends_with("__pycache__");
        spec_stray(&path, is_topic || is_witness, "observed/stack_effects.yaml", sink);
        if is_topic && let Some(source) = read_file(&path, sources, sink) {
            spec.files.push(source);
            parse_observed(sources, source, &mut spec.observed, sink);
        }
    }
    for (folder, extension, like) in [
        ("machines", "machine", "machines/generator.machine"),
        ("layouts", "layout", "layouts/interpreter_frame.layout"),
        ("tables", "table", "tables/location.table"),
    ] {
        for path in entries(&root.join(folder), sink) {
            let is_meaning = path.extension().is_some_and(|ext| ext == extension);
            spec_stray(&path, is_meaning, like, sink);
            if is_meaning && let Some(source) = read_file(&path, sources, sink) {
                spec.files.push(source);
                parse_meaning(sources, source, &mut spec.meaning, sink);
            }
        }
    }
    spec
}

/// What lies among the files and is none of them is not silently left out.
fn spec_stray(path: &Path, belongs: bool, like: &str, sink: &mut Sink) {
    if !belongs {
        sink.report(
            Diagnostic::warning("spec-stray", format!("{} is not read", source::slashed(path)))
                .help(format!("files of the spec are named like {like}")),
        );
    }
}

/// Parses and lowers one facts file; its name gives the layout's.
pub fn parse_facts(sources: &Sources, source: SourceId, sink: &mut Sink) -> Option<model::facts::Facts> {
    let stem =
        sources.file(source).path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let file = parse::yaml::parse(sources, source, sink)?;
    lower::lower_facts(file, stem, sources, source, sink)
}

/// Parses and lowers one file of observed facts.
pub fn parse_observed(sources: &Sources, source: SourceId, observed: &mut model::observed::Observed, sink: &mut Sink) {
    if let Some(file) = parse::yaml::parse(sources, source, sink) {
        lower::lower_observed(file, observed, sources, source, sink);
    }
}

/// Parses and lowers one file of the spec language.
pub fn parse_meaning(sources: &Sources, source: SourceId, meaning: &mut model::Meaning, sink: &mut Sink) {
    if let Some(items) = parse::spec::parse(sources, source, sink) {
        lower::meaning::lower(items, meaning, sink);
    }
}

/// The items of one file of the spec language, as they were written.
pub fn parse_items(sources: &Sources, source: SourceId, sink: &mut Sink) -> Option<Vec<ast::Item>> {
    parse::spec::parse(sources, source, sink)
}

/// Lowers items that were already read.
pub fn lower_items(items: Vec<ast::Item>, meaning: &mut model::Meaning, sink: &mut Sink) {
    lower::meaning::lower(items, meaning, sink);
}

fn read_file(path: &Path, sources: &mut Sources, sink: &mut Sink) -> Option<SourceId> {
    match sources.read(path) {
        Ok(source) => Some(source),
        Err(error) => {
            sink.report(Diagnostic::error("read", format!("cannot read {}: {error}", source::slashed(path))));
            None
        }
    }
}

/// What is in a folder, by name; nothing when it does not exist.
fn entries(folder: &Path, sink: &mut Sink) -> Vec<PathBuf> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Vec::new();
        }
        Err(error) => {
            sink.report(Diagnostic::error("read", format!("cannot list {}: {error}", source::slashed(folder))));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
