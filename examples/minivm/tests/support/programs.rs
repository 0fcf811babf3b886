//! Runs `minivm` on programs, many at a time, and says what is not as it should be.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// No program takes a tenth of it; what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(180);

/// Lines of a difference that are shown.
const SHOWN: usize = 6;

/// What a process wrote, and how it ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; -1 for a signal.
    pub(crate) code: i32,
}

/// The folder of the package, where programs run: their .pyc name the source from there.
pub(crate) fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder that end so, by name.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

/// A folder for one test, emptied first.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("minivm-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
}

/// Runs `minivm` on a .pyc.
///
/// Output goes to files and not to pipes: nobody need read while it runs, and what it wrote before it was killed is there.
pub(crate) fn run(pyc: &Path, scratch: &Path) -> Outcome {
    let name = pyc.file_stem().expect("it has a name").to_string_lossy();
    let [out, err] = ["out", "err"].map(|kind| scratch.join(format!("{name}.{kind}")));
    let make = |path: &Path| Stdio::from(File::create(path).expect("a temporary file can be made"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_minivm"));
    command.current_dir(home()).env_remove("RUST_BACKTRACE");
    command.arg(pyc.strip_prefix(home()).unwrap_or(pyc)).stdin(Stdio::null()).stdout(make(&out)).stderr(make(&err));
    let mut child = command.spawn().expect("minivm runs");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break Some(status);
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("it was made")).into_owned();
    let mut outcome = Outcome { stdout: read(&out), stderr: read(&err), code: -1 };
    match status {
        Some(status) => outcome.code = status.code().unwrap_or(-1),
        None => outcome.stderr.push_str("killed: it took too long\n"),
    }
    outcome
}

/// Asks about each of these at once, on as many threads as the machine has, and fails with every answer that is not empty.
pub(crate) fn check_all(items: &[PathBuf], wrong: impl Fn(&Path) -> String + Sync) {
    let (pending, found) = (Mutex::new(items.iter()), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = pending.lock().expect("nobody panics with it").next();
                    let Some(path) = next else { break };
                    let answer = wrong(path);
                    if !answer.is_empty() {
                        found.lock().expect("nobody panics with it").push((path, answer));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().expect("nobody panics with it");
    found.sort();
    let answers: Vec<String> = found
        .iter()
        .map(|(path, answer)| format!("{}\n{answer}", path.strip_prefix(home()).unwrap_or(path).display()))
        .collect();
    assert!(answers.is_empty(), "{} of {} differ\n\n{}", answers.len(), items.len(), answers.join("\n"));
}

/// The first lines that differ, `-` for what was expected and `+` for what came; empty where nothing does.
pub(crate) fn difference(what: &str, expected: &str, found: &str) -> String {
    if expected == found {
        return String::new();
    }
    let (wanted, came): (Vec<&str>, Vec<&str>) =
        (expected.split_inclusive('\n').collect(), found.split_inclusive('\n').collect());
    let same = wanted.iter().zip(&came).take_while(|(wanted, came)| wanted == came).count();
    let mut text = format!("  {what}, from line {}:\n", same + 1);
    for (mark, lines) in [('-', &wanted), ('+', &came)] {
        for line in lines.iter().skip(same).take(SHOWN) {
            // A line that does not end where the other does must not look the same.
            let end = if line.ends_with('\n') { "" } else { " (no newline)" };
            text.push_str(&format!("  {mark} {}{end}\n", line.trim_end_matches('\n')));
        }
        match lines.len().saturating_sub(same + SHOWN) {
            0 => {}
            more => text.push_str(&format!("  {mark} ... {more} lines more\n")),
        }
    }
    text
}
