//! `framespec check`

use std::path::Path;

use clap::Args;

use super::Ended;

/// Check the spec: every rule, all findings at once
#[derive(Debug, Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(&self, folder: &Path) -> Ended {
        let (spec, sources, mut sink) = super::read_spec(folder);
        crate::check::check(&spec, &sources, &mut sink);
        super::print_findings(&sink, &sources);
        let (errors, warnings) = sink.counts();
        if errors > 0 {
            super::print_error(&format!("\n{errors} errors, {warnings} warnings\n"));
            return Ended::Findings;
        }
        super::print_text(&format!(
            "{} layouts and {} topics of observed facts: nothing is wrong\n",
            spec.layouts.len(),
            spec.observed.topics.len()
        ))
    }
}
