//! `framespec show`

use std::path::Path;

use crate::lookup::View;
use crate::model::version::Key;
use crate::{lookup, show};
use clap::Args;

use super::Ended;

/// Show a layout, one of its structs as a map of its bytes, or a state machine as a table
///
/// A struct whose fields have a declared meaning also says who owns what, when it may be null, what it is for, and
/// in which order it is dropped. A machine says what each event does in each state. A version is 3.14 (its newest release in the spec), 3.13.0 (that release), 3.14t
/// (free-threaded), 3.14d (debug) or 3.14td. A name may leave out case, leading
/// underscores and Py.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  framespec show 3.14
  framespec show 3.14 interpreterframe
  framespec show 3.15 PyFrameState
  framespec show 3.15 code_flags
  framespec show 3.15 CALL
  framespec show 3.14 generator
  framespec show 3.14 generator --mermaid
  framespec show 3.14 localsplus
  framespec show 3.14 positions
  framespec show 3.14 location"
)]
pub(super) struct Show {
    /// The layout
    #[arg(value_name = "VERSION")]
    version: Key,
    /// A struct, a machine; or an enum, a group of constants, one constant, an opcode, localsplus, positions, a table
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print the machine as a state diagram for Mermaid: legal transitions, and errors that change the state
    #[arg(long, requires = "name")]
    mermaid: bool,
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
            let view = View { facts, observed: &spec.observed, meaning: &spec.meaning };
            Ok(match &self.name {
                None => show::overview(&view, style),
                Some(name) if self.mermaid => show::mermaid(lookup::find_machine(&view, name)?, facts.version.value),
                Some(name) => show::item(&lookup::find(&view, name)?, &view, style),
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
