//! `framespec witness`

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::import::witness;
use clap::Args;
use indicatif::ProgressBar;

use super::Ended;

/// Compare the observed facts, which no header holds, with real interpreters
///
/// Runs SPEC/observed/witness.py in each: stack effects of every opcode, pyc magic, sizes, awaitables.
#[derive(Debug, Args)]
pub(super) struct Witness {
    /// Interpreters whose layout is in the spec
    #[arg(value_name = "PYTHON", required = true)]
    pythons: Vec<PathBuf>,
}

impl Witness {
    pub(super) fn run(&self, folder: &Path) -> Ended {
        let (spec, sources, mut sink) = super::read_spec(folder);
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        let mut environment = false;
        for python in &self.pythons {
            if sink.has_errors() {
                break;
            }
            match witness::witness(python, &spec, folder, &mut sink, &|step| bar.set_message(step.to_owned())) {
                Ok(report) => {
                    let counts: Vec<String> =
                        report.agreed.iter().map(|(topic, count)| format!("{topic} {count}")).collect();
                    let line = format!("{}: agreed: {}\n", report.key, counts.join(", "));
                    bar.suspend(|| super::print_text(&line));
                }
                Err(failure) => {
                    environment = true;
                    sink.report(*failure);
                }
            }
        }
        bar.finish_and_clear();
        super::print_findings(&sink, &sources);
        match (sink.has_errors(), environment) {
            (false, _) => Ended::Fine,
            (true, true) => Ended::Environment,
            (true, false) => Ended::Findings,
        }
    }
}
