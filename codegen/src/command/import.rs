//! `framespec import`

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diag::{Diagnostic, Sink};
use crate::import::{self, Imported, Request, Written};
use crate::model::Spec;
use crate::model::facts::Facts;
use crate::model::version::Micro;
use crate::source::{Sources, slashed};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Ended;

/// Read the layout of an installed CPython into the spec
///
/// Compiles a probe against the interpreter's own headers with its own options, and files structs, enums, constants and
/// opcodes below SPEC/cpython. A layout that is known only gains the micro release; a different one gets its own file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  framespec import python3.14
  framespec import /opt/python/bin/python3.15 --include /opt/python/include/python3.15
  framespec import --include /usr/include/python3.14 --define Py_GIL_DISABLED=1
  framespec import --include ./Include --as 3.16.0a1")]
pub(super) struct Import {
    /// The interpreter: a path, or a name on PATH
    #[arg(value_name = "PYTHON", required_unless_present = "include")]
    python: Option<PathBuf>,
    /// A folder of headers, the one with Python.h first; without PYTHON the facts are marked unwitnessed
    #[arg(long, value_name = "DIR")]
    include: Vec<PathBuf>,
    /// An option that this CPython was compiled with, besides those it tells itself
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_define)]
    define: Vec<String>,
    /// The C compiler [default: $CC, cc, gcc, clang]
    #[arg(long, value_name = "PROGRAM")]
    cc: Option<PathBuf>,
    /// Leave the probes in this folder, and what the compiler made of them
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// File the facts under this release instead of the one that the headers name
    #[arg(long = "as", value_name = "VERSION", conflicts_with = "python")]
    present_as: Option<Micro>,
}

fn parse_define(text: &str) -> Result<String, String> {
    let name = text.split('=').next().unwrap_or_default();
    let first_is_digit = name.starts_with(|c: char| c.is_ascii_digit());
    if name.is_empty() || first_is_digit || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err("expected NAME or NAME=VALUE, as after the compiler's -D".to_owned());
    }
    Ok(text.to_owned())
}

impl Import {
    pub(super) fn run(&self, folder: &Path) -> Ended {
        let (mut sources, mut sink) = (Sources::default(), Sink::new());
        // An empty folder is a fine place to import into.
        let spec = if folder.exists() { crate::read(folder, &mut sources, &mut sink) } else { Spec::default() };
        if sink.has_errors() {
            super::print_findings(&sink, &sources);
            return Ended::Findings;
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(100));
        let request = Request {
            python: self.python.clone(),
            include: self.include.clone(),
            defines: self.define.clone(),
            compiler: self.cc.clone(),
            keep: self.keep.clone(),
            present_as: self.present_as,
        };
        let progress = |step: &str| {
            bar.set_message(step.to_owned());
            // Without a terminal nothing is drawn, so a log gets the steps as lines.
            if bar.is_hidden() {
                super::print_error(&format!("{step}\n"));
            }
        };
        let imported = import::import(&request, &progress);
        bar.finish_and_clear();
        let result = imported.and_then(|imported| {
            same_magic(&spec, &imported)?;
            let placement = import::place(&spec, &sources, folder, &imported.facts)?;
            placement.write()?;
            Ok((imported, placement))
        });
        match result {
            Ok((imported, placement)) => {
                super::print_text(&say(&imported, placement.written, &slashed(&placement.path), &spec))
            }
            Err(failure) => {
                let ended = if failure.rule() == "import-disagree" { Ended::Findings } else { Ended::Environment };
                sink.report(*failure);
                super::print_findings(&sink, &sources);
                ended
            }
        }
    }
}

/// Before 3.14 no header holds the pyc magic: the observed row must be what the interpreter says.
fn same_magic(spec: &Spec, imported: &Imported) -> Result<(), import::Failure> {
    let declared = spec.observed.pyc_magic(imported.facts.version.value);
    match (imported.pyc_magic, declared) {
        (Some(seen), Some(declared)) if seen != declared.value => {
            Err(Diagnostic::error("import-disagree", format!("the pyc magic is {seen} for the interpreter"))
                .at(declared.span, format!("declared {declared}"))
                .into())
        }
        _ => Ok(()),
    }
}

fn say(imported: &Imported, written: Written, path: &str, spec: &Spec) -> String {
    let facts = &imported.facts;
    let content = &facts.content;
    let build = facts.builds().next().map(|build| build.micro.to_string()).unwrap_or_default();
    let what = match written {
        Written::New => "a new layout",
        Written::Added => "a known layout, one more build",
        Written::Replaced => "the same build, imported anew",
        Written::Unchanged => "nothing new",
    };
    let fields: usize = content.structs.iter().map(|item| item.fields.len()).sum();
    let constants: usize = content.constants.iter().map(|group| group.values.len()).sum();
    let witness = match imported.interpreter_agreed {
        Some(count) => format!("{count} agree with the offsets that the interpreter itself carries"),
        None if facts.verified.is_empty() => "no interpreter: marked unwitnessed".to_owned(),
        None => "interpreters before 3.13 carry no offsets of their own".to_owned(),
    };
    let mut text = format!(
        "{path}: CPython {build}, {} build: {what}\n  \
         {} structs with {fields} fields, {} enums, {constants} constants, {} opcodes\n  \
         {} numbers agree with the compiler's own offsetof and sizeof\n  {witness}\n",
        facts.flavour,
        content.structs.len(),
        content.enums.len(),
        content.opcodes.len(),
        imported.compiler_agreed,
    );
    // What it can be compared with: another layout of the same version, else the version before.
    let before =
        spec.layouts.iter().rfind(|known| known.flavour == facts.flavour && known.version.value <= facts.version.value);
    if let (Written::New, Some(before)) = (written, before)
        && let Some(micro) = before.newest_micro()
    {
        let suffix = facts.flavour.suffix();
        // A struct that was moved to a header that nobody includes must not go unnoticed.
        let now = names(facts);
        let gone: Vec<String> = names(before).into_iter().filter(|name| !now.contains(name)).collect();
        if !gone.is_empty() {
            text.push_str(&format!(
                "  gone since {micro}{suffix}, or renamed, or in another header: {}\n",
                gone.join(", ")
            ));
        }
        text.push_str(&format!("  what changed: framespec diff {micro}{suffix} {build}{suffix}\n"));
    }
    text
}

/// What a layout has: structs, chosen fields of those that are kept in part, enums, groups of constants.
fn names(facts: &Facts) -> Vec<String> {
    let content = &facts.content;
    let mut names: Vec<String> = Vec::new();
    for item in &content.structs {
        names.push(item.name.value.clone());
        if item.is_partial() {
            names.extend(item.fields.iter().map(|field| format!("{}.{}", item.name, field.name)));
        }
    }
    names.extend(content.enums.iter().map(|item| item.name.value.clone()));
    names.extend(content.constants.iter().map(|group| group.name.value.clone()));
    names
}
