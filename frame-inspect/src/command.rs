//! Arguments, several files at a time, and exit codes.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::page::Style;
use crate::pyc::{self, Form};

/// Stack of a thread that shows files, in bytes: constants may be nested as deep as their texts are long.
const STACK: usize = 16 << 20;

/// How many files may be done and wait for one in front of them, for each thread.
const AHEAD: usize = 8;

/// Shows what CPython left behind.
#[derive(Debug, Parser)]
#[command(name = "frame-inspect", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Pyc(Pyc),
}

/// Shows the code objects of .pyc files of CPython 3.8 to 3.15
///
/// The listing has, for each code object, its variables by slots, its instructions with lines, columns, byte offsets and
/// what their arguments mean, and its exception handlers. `>>` stands where a jump or handler leads. Constants are cut off
/// after 2000 characters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  frame-inspect pyc __pycache__/spam.cpython-314.pyc
  frame-inspect pyc --json __pycache__/*.pyc | jq -r 'select(.stacksize > 20) | .qualname'
  find /usr/lib/python3 -name '*.pyc' -print0 | xargs -0 frame-inspect pyc --json > all.jsonl

With --json there is one object a line for each code object: an outer one first, then those
among its constants. Offsets are in bytes, `positions` has one entry per code unit of two bytes;
what a version does not have is null.

Exit codes:
  0  all files were shown
  1  a file is damaged: standard error says which, and at which byte. Nothing of it was shown,
     the others were
  2  usage
  3  a file cannot be read (the others were shown), or standard output cannot be written to")]
struct Pyc {
    /// .pyc files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One JSON object a line instead of a listing
    #[arg(long)]
    json: bool,
    /// When the listing has colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
    /// How many files are read at a time; as many as there are processors if it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let Verb::Pyc(pyc) = Arguments::parse().verb;
    let coloured = match pyc.color {
        Color::Always => true,
        Color::Never => false,
        // https://no-color.org: any value but an empty one.
        Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let style = if coloured { Style::Coloured } else { Style::Plain };
    let form = if pyc.json { Form::Json } else { Form::Listing(style) };
    let jobs = pyc.jobs.map(usize::from).or_else(|| thread::available_parallelism().ok().map(usize::from));
    let mut ended = Ended::default();
    print_all(&pyc.files, form, jobs.unwrap_or(1).min(pyc.files.len()), &mut ended);
    ExitCode::from(if ended.unreadable { 3 } else { u8::from(ended.damaged) })
}

#[derive(Debug, Default)]
struct Ended {
    damaged: bool,
    unreadable: bool,
}

/// What became of a file.
enum Shown {
    Text(String),
    Damaged(pyc::Damage),
    Unreadable(io::Error),
}

fn show(path: &Path, form: Form) -> Shown {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Shown::Unreadable(error),
    };
    match pyc::show(&path.to_string_lossy(), &bytes, form) {
        Ok(text) => Shown::Text(text),
        Err(damage) => Shown::Damaged(damage),
    }
}

/// How many files are printed. Nobody runs far ahead of that.
#[derive(Default)]
struct Printed {
    files: Mutex<usize>,
    more: Condvar,
}

impl Printed {
    fn wait_for(&self, enough: usize) {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let _files = self.more.wait_while(files, |files| *files < enough).unwrap_or_else(PoisonError::into_inner);
    }

    fn set(&self, files: usize) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
        self.more.notify_all();
    }
}

fn print_all(files: &[PathBuf], form: Form, jobs: usize, ended: &mut Ended) {
    let next = AtomicUsize::new(0);
    let printed = Printed::default();
    let (sender, receiver) = mpsc::channel();
    let ahead = jobs.saturating_mul(AHEAD);
    let bar = progress(files.len());
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, printed) = (sender.clone(), &next, &printed);
            let work = move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { return };
                    printed.wait_for((index + 1).saturating_sub(ahead));
                    if sender.send((index, show(path, form))).is_err() {
                        return;
                    }
                }
            };
            if let Err(error) = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
                complain(&bar, &format!("cannot start a thread: {error}"));
                ended.unreadable = true;
            }
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut done = 0;
        // The iterator ends when all threads have.
        for (index, shown) in receiver {
            waiting.insert(index, shown);
            while let (Some(shown), Some(path)) = (waiting.remove(&done), files.get(done)) {
                done += 1;
                bar.inc(1);
                if !print(&bar, path, shown, ended) {
                    // Nobody reads on: whoever has not begun need not begin.
                    next.store(files.len(), Ordering::Relaxed);
                    printed.set(usize::MAX);
                    return;
                }
                printed.set(done);
            }
        }
    });
    bar.finish_and_clear();
}

/// Prints what became of a file. Returns whether anybody wants more.
fn print(bar: &ProgressBar, path: &Path, shown: Shown, ended: &mut Ended) -> bool {
    match shown {
        Shown::Text(text) => {
            let mut out = io::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Ok(()) => return true,
                // A reader that has seen enough, such as `head`, is no failure.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => {
                    complain(bar, &format!("cannot write to standard output: {error}"));
                    ended.unreadable = true;
                }
            }
            return false;
        }
        Shown::Damaged(damage) => {
            complain(bar, &format!("{}: {damage}", path.display()));
            ended.damaged = true;
        }
        Shown::Unreadable(error) => {
            complain(bar, &format!("{}: {error}", path.display()));
            ended.unreadable = true;
        }
    }
    true
}

/// Writes to standard error; when nobody listens there, there is nobody to tell.
fn complain(bar: &ProgressBar, message: &str) {
    bar.suspend(|| {
        let _ = writeln!(io::stderr(), "frame-inspect: {message}");
    });
}

/// A bar on standard error, unless what is printed is progress enough.
fn progress(files: usize) -> ProgressBar {
    if files < 2 || !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(files).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} files, {eta} left") {
        bar.set_style(style);
    }
    bar
}
