//! What interpreters did with generators, coroutines and async generators is done again on the runtime's:
//! `tests/oracle/generators.py` made the scripts and asked them, `tests/vectors/generators` is what they answered.
//!
//! ```sh
//! FRAME_VECTORS=FILE cargo test -p frame-tests --test generators      # such a file; its name, or FRAME_VERSION, is the release
//! GENERATOR_SCRIPTS=20000 GENERATOR_SEED=7 cargo test --release -p frame-tests --test generators fresh -- --nocapture
//! ```
//!
//! What is done otherwise is in `generators/deviations.rs`, and nothing else may differ. That no row of a machine can be
//! changed without a script telling is in `generators/mutations.rs`.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

#[path = "generators/compare.rs"]
mod compare;
#[path = "generators/deviations.rs"]
mod deviations;
#[path = "generators/mod.rs"]
mod generators;
#[path = "generators/mutations.rs"]
mod mutations;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use compare::{Played, difference};
use frame_tests::{files, pythons_of_facts, root};
use serde_json::Value as Json;

/// The releases that the runtime follows: the newest of each minor version.
pub(crate) const FOLLOWED: [&str; 5] = ["3.11.7", "3.12.1", "3.13.18", "3.14.10", "3.15.2"];

/// `3.14.10` is 14; `None` for what is no such release, or has no frames on a data stack.
fn minor(release: &str) -> Option<u8> {
    let minor = release.strip_prefix("3.")?.split('.').next()?.parse().ok()?;
    (11..=15).contains(&minor).then_some(minor)
}

/// The scripts of a file.
pub(crate) fn lines(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// The committed scripts of a release.
pub(crate) fn vectors(release: &str) -> Vec<Json> {
    lines(&root().join(format!("tests/vectors/generators/{release}.jsonl")))
}

/// Does something with each item, on as many threads as there are processors, whose stacks are large: each call of a script
/// is one of Rust's. What is found is in the order of the items.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], body: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((at, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
        {
            let result = body(item);
            found.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            std::thread::Builder::new().stack_size(1 << 28).spawn_scoped(scope, work).expect("a thread");
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, result)| result).collect()
}

/// Says something past the test runner, which would show it only for a test that fails.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What came of scripts.
struct Outcome {
    compared: usize,
    /// Reports of those that differ, and of listed ones that do not.
    wrong: Vec<String>,
    /// Those that differ as it is listed.
    listed: usize,
}

/// Replays what a release did, and compares.
fn compare(release: &str, lines: &[Json]) -> Outcome {
    let minor = minor(release).unwrap_or_else(|| panic!("{release} is no release from 3.11 to 3.15"));
    let compared = each(lines, |line| {
        let (expected, reason, mut wrong) = deviations::expected(release, line);
        let played = Played::of(minor, line, None);
        wrong.extend(difference(&expected, &played).map(|difference| difference.report(release, line)));
        (reason.is_some(), wrong)
    });
    let listed = compared.iter().filter(|(listed, _)| *listed).count();
    let wrong = compared.into_iter().flat_map(|(_, wrong)| wrong).collect();
    Outcome { compared: lines.len(), wrong, listed }
}

/// Fails with the first reports, if there are any.
fn agree(outcomes: &[(String, Outcome)]) {
    let mut said = String::new();
    for (release, Outcome { compared, wrong, listed }) in outcomes {
        let differing = wrong.len();
        say(&format!("{release}: {compared} scripts compared, {differing} differing, {listed} as listed"));
        said.extend(wrong.iter().take(3).map(|report| format!("{report}\n")));
    }
    let differing: usize = outcomes.iter().map(|(_, outcome)| outcome.wrong.len()).sum();
    let compared: usize = outcomes.iter().map(|(_, outcome)| outcome.compared).sum();
    assert!(differing == 0, "{differing} of {compared} scripts differ; the first of each release:\n\n{said}");
}

/// The committed scripts, those of older releases too.
#[test]
fn generators_do_what_those_of_interpreters_did() {
    let mut outcomes = Vec::new();
    for path in files(&root().join("tests/vectors/generators"), "jsonl") {
        let release = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if minor(&release).is_none() {
            continue;
        }
        let lines = lines(&path);
        let mut outcome = compare(&release, &lines);
        outcome.wrong.extend(deviations::unseen(&release, &lines));
        outcomes.push((release, outcome));
    }
    for release in FOLLOWED {
        assert!(outcomes.iter().any(|(known, outcome)| known == release && outcome.compared > 100), "{release}");
    }
    agree(&outcomes);
}

/// What `FRAME_VECTORS` names, if it names a file.
#[test]
fn a_file_agrees() {
    let Some(path) = std::env::var_os("FRAME_VECTORS") else { return };
    let path = Path::new(&path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let release = std::env::var("FRAME_VERSION").unwrap_or(stem);
    if minor(&release).is_none() {
        panic!(
            "FRAME_VERSION=3.14.10 says which release {} is of; its name does not. Releases from 3.11 to 3.15 are replayed.",
            path.display()
        );
    }
    let outcome = compare(&release, &lines(path));
    agree(&[(release, outcome)]);
}

/// New scripts on the interpreters that are installed: `GENERATOR_SCRIPTS` of them (300), from `GENERATOR_SEED` (1).
#[test]
fn fresh_scripts_agree() {
    let number = |name, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let (count, seed) = (number("GENERATOR_SCRIPTS", "300"), number("GENERATOR_SEED", "1"));
    let mut outcomes = Vec::new();
    for python in pythons_of_facts("generators") {
        if !FOLLOWED.contains(&&*python.release) {
            continue;
        }
        let mut command = Command::new(&python.path);
        command.current_dir(root()).args(["tests/oracle/generators.py", "--seed", &seed, "--count", &count]);
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", python.release);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len().to_string(), count, "{}", python.release);
        outcomes.push((python.release.clone(), compare(&python.release, &lines)));
    }
    agree(&outcomes);
}
