//! `framespec completions`

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, Ended};

/// Print completions for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Ended {
        // Into memory first: the library panics on a pipe that was closed.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "framespec", &mut text);
        super::print_text(&String::from_utf8_lossy(&text))
    }
}
