//! `framespec show`

use std::path::Path;

use crate::model::version::Key;
use crate::{lookup, show};
use clap::Args;

use super::Ended;

/// Show a layout, or draw one of its structs as a map of its bytes
///
/// A version is 3.14 (its newest release in the spec), 3.13.0 (that release), 3.14t
/// (free-threaded), 3.14d (debug) or 3.14td. A name may leave out case, leading underscores and Py.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  framespec show 3.14
  framespec show 3.14 interpreterframe
  framespec show 3.15 PyFrameState
  framespec show 3.15 code_flags
  framespec show 3.15 CALL"
)]
pub(super) struct Show {
    /// The layout
    #[arg(value_name = "VERSION")]
    version: Key,
    /// A struct; or an enum, a group of constants, one constant, an opcode
    #[arg(value_name = "STRUCT")]
    name: Option<String>,
}

impl Show {
    pub(super) fn run(&self, folder: &Path) -> Ended {
        let (spec, sources, mut sink) = super::read_spec(folder);
        if sink.has_errors() {
            super::print_findings(&sink, &sources);
            return Ended::Findings;
        }
        let style = super::output_style();
        let text = spec.find(&self.version).and_then(|facts| {
            Ok(match &self.name {
                None => show::overview(facts, &spec.observed, style),
                Some(name) => show::item(&lookup::find(facts, &spec.observed, name)?, facts, &spec.observed, style),
            })
        });
        match text {
            Ok(text) => super::print_text(&text),
            Err(error) => {
                sink.report(*error);
                super::print_findings(&sink, &sources);
                Ended::Findings
            }
        }
    }
}
