//! Where facts go: into a file of their own, or as one more micro into the file that already says the same.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::diag::Diagnostic;
use crate::model::Spec;
use crate::model::facts::{Build, Facts};
use crate::source::{Sources, slashed};
use crate::write::write_facts;

/// What became of the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A layout that was not known: a new file.
    New,
    /// A known layout, seen on one more build.
    Added,
    /// The same build with other content: the file was written anew.
    Replaced,
    /// Nothing that was not there.
    Unchanged,
}

/// A file to be written.
#[derive(Debug)]
pub struct Placement {
    /// Below the spec folder.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Why.
    pub written: Written,
}

/// Finds the place of imported facts in a spec.
///
/// # Errors
///
/// The same build is recorded with other content in a file that other builds share, or was verified and is now known
/// from headers alone.
pub fn place(spec: &Spec, sources: &Sources, folder: &Path, facts: &Facts) -> Result<Placement, Failure> {
    let mut facts = facts.clone();
    let minor_folder = folder.join("cpython").join(facts.folder());
    let siblings: Vec<&Facts> =
        spec.layouts.iter().filter(|other| other.version == facts.version && other.flavour == facts.flavour).collect();
    let of_machine = || siblings.iter().filter(|known| known.architecture == facts.architecture);
    let path_of = |known: &Facts| {
        known
            .source
            .map_or_else(|| minor_folder.join(format!("{}.yaml", known.stem)), |id| sources.file(id).path.clone())
    };
    let Some(build) = facts.builds().next().cloned() else {
        return Err(Diagnostic::error("import-nothing", "the facts are of no build").into());
    };
    let same_build = |other: &Build| *other == build;

    if let Some(known) = of_machine().find(|known| known.content == facts.content) {
        let mut merged = (*known).clone();
        if facts.verified.is_empty() {
            if !merged.builds().any(same_build) {
                merged.unwitnessed.push(build.clone());
            }
        } else {
            merged.unwitnessed.retain(|other| !same_build(other));
            if !merged.verified.iter().any(same_build) {
                merged.verified.push(build.clone());
            }
        }
        merged.verified.sort_by(|a, b| (a.micro.value, &a.defines).cmp(&(b.micro.value, &b.defines)));
        merged.unwitnessed.sort_by(|a, b| (a.micro.value, &a.defines).cmp(&(b.micro.value, &b.defines)));
        let text = write_facts(&merged);
        let old = known.source.map(|id| sources.file(id).text.as_str());
        let written = if old == Some(text.as_str()) { Written::Unchanged } else { Written::Added };
        return Ok(Placement { path: path_of(known), text, written });
    }

    if let Some(known) = of_machine().find(|known| known.builds().any(same_build)) {
        let path = path_of(known);
        if facts.verified.is_empty() && known.verified.iter().any(same_build) {
            return Err(Diagnostic::error(
                "import-conflict",
                format!("these headers say something else of {} than its interpreter did", build.micro),
            )
            .note(format!("{} was verified with the interpreter", slashed(&path)))
            .help("import with the interpreter; changed headers are filed under a release of their own with --as")
            .into());
        }
        let others: Vec<String> =
            known.builds().filter(|other| !same_build(other)).map(|other| other.micro.to_string()).collect();
        if !others.is_empty() {
            return Err(Diagnostic::error(
                "import-conflict",
                format!("{} says something else of {} than this import", slashed(&path), build.micro),
            )
            .note(format!("the file also speaks for {}", others.join(", ")))
            .help("if the import list has grown, remove the file and import each of its builds again")
            .into());
        }
        facts.stem.clone_from(&known.stem);
        return Ok(Placement { path, text: write_facts(&facts), written: Written::Replaced });
    }

    // Another build of the same micro, made with other options, may have taken the name.
    let mut count = 1;
    let stem = facts.stem.clone();
    while siblings.iter().any(|known| known.stem == facts.stem) {
        count += 1;
        facts.stem = format!("{stem}-{count}");
    }
    let path = minor_folder.join(format!("{}.yaml", facts.stem));
    Ok(Placement { path, text: write_facts(&facts), written: Written::New })
}

impl Placement {
    /// Writes the file, whole or not at all; nothing when it would not change.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn write(&self) -> Result<(), Failure> {
        if self.written == Written::Unchanged {
            return Ok(());
        }
        write_whole(&self.path, &self.text).map_err(|error| {
            Diagnostic::error("import-write", format!("cannot write {}: {error}", slashed(&self.path)))
                .help("name a spec folder that can be written with --spec DIR")
                .into()
        })
    }
}

/// Writes beside the file, then renames: nobody ever sees half of it.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension("yaml.new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
