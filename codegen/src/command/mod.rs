//! Arguments, and what all verbs share: the spec folder, colours, exit codes.
//!
//! Exit codes: 0 fine, 1 findings or drift, 2 usage, 3 the environment (no compiler, no headers, cannot write).

mod check;
mod completions;
mod diff;
mod generate;
mod import;
mod show;
mod witness;

use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::diag::{Diagnostic, Sink, Style};
use crate::model::Spec;
use crate::source::Sources;
use clap::{Parser, Subcommand};

/// Follows CPython's frames: imports their layout, says what changed, and generates the Rust that mirrors it.
#[derive(Debug, Parser)]
#[command(name = "framespec", version, max_term_width = 100)]
struct Arguments {
    /// The spec folder
    #[arg(long, global = true, value_name = "DIR", default_value = "spec")]
    spec: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Import(import::Import),
    Diff(diff::Diff),
    Show(show::Show),
    Check(check::Check),
    Generate(generate::Generate),
    Witness(witness::Witness),
    Completions(completions::Completions),
}

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Fine,
    Findings,
    Environment,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.verb {
        Verb::Import(import) => import.run(&arguments.spec),
        Verb::Diff(diff) => diff.run(&arguments.spec),
        Verb::Show(show) => show.run(&arguments.spec),
        Verb::Check(check) => check.run(&arguments.spec),
        Verb::Generate(generate) => generate.run(&arguments.spec),
        Verb::Witness(witness) => witness.run(&arguments.spec),
        Verb::Completions(completions) => completions.run(),
    };
    ExitCode::from(match ended {
        Ended::Fine => 0,
        Ended::Findings => 1,
        Ended::Environment => 3,
    })
}

/// Reads the spec; what is wrong with it is in the sink.
fn read_spec(folder: &std::path::Path) -> (Spec, Sources, Sink) {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let spec = crate::read(folder, &mut sources, &mut sink);
    (spec, sources, sink)
}

/// Prints findings to standard error, with colours on a terminal.
fn print_findings(sink: &Sink, sources: &Sources) {
    print_error(&sink.render(sources, style_for(&io::stderr())));
}

/// Writes to standard error; when nobody listens there, there is nobody to tell.
fn print_error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a verb's answer to standard output; a reader that has seen enough, such as `head`, is no failure.
fn print_text(text: &str) -> Ended {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let mut sink = Sink::new();
            sink.report(Diagnostic::error("write", format!("cannot write to standard output: {error}")));
            print_findings(&sink, &Sources::default());
            Ended::Environment
        }
        _ => Ended::Fine,
    }
}

/// The style of standard output.
fn output_style() -> Style {
    style_for(&io::stdout())
}

/// Colours on a terminal, unless `NO_COLOR` is set.
fn style_for(stream: &impl IsTerminal) -> Style {
    if stream.is_terminal() && std::env::var_os("NO_COLOR").is_none() { Style::Coloured } else { Style::Plain }
}
