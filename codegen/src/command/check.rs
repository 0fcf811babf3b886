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
        let meaning = &spec.meaning;
        let counts = [
            (spec.layouts.len(), "layout", "layouts"),
            (spec.observed.topics.len(), "topic of observed facts", "topics of observed facts"),
            (meaning.machines.len(), "machine", "machines"),
            (meaning.layouts.len(), "struct with a meaning", "structs with a meaning"),
            (meaning.mirrored.len(), "struct that is only read", "structs that are only read"),
            (meaning.localsplus.len(), "kind of slots", "kinds of slots"),
            (meaning.positions.len(), "position", "positions"),
            (meaning.tables.len(), "table", "tables"),
        ];
        let counts = counts
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }));
        let counts: Vec<String> = counts.collect();
        let counts = match &counts[..] {
            [] => "an empty spec".to_owned(),
            [only] => only.clone(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        };
        super::print_text(&format!("{counts}: nothing is wrong\n"))
    }
}
