//! What interpreters do with the locals of frames is done again on the runtime's: `tests/oracle/locals.py` makes the scripts
//! and asks them, `tests/vectors/locals` is what they answered.
//!
//! ```sh
//! FRAME_VECTORS=FILE cargo test -p frame-tests --test locals      # such a file; its name, or FRAME_VERSION, is the release
//! LOCALS_SCRIPTS=20000 LOCALS_SEED=7 cargo test -p frame-tests --test locals fresh -- --nocapture
//! ```
//!
//! What is done otherwise is in `locals/deviations.rs`, and nothing else may differ.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

#[path = "locals/body.rs"]
mod body;
#[path = "locals/compare.rs"]
mod compare;
#[path = "locals/deviations.rs"]
mod deviations;
#[path = "locals/dict.rs"]
mod dict;
#[path = "locals/operations.rs"]
mod operations;
#[path = "locals/python.rs"]
mod python;
#[path = "locals/replay.rs"]
mod replay;
#[path = "locals/values.rs"]
mod values;
#[path = "locals/vm.rs"]
mod vm;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use deviations::Known;
use frame_runtime::data_stack::Limits;
use frame_runtime::pyc::marshal;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use frame_tests::{files, pythons, root};
use python::Python;
use replay::Replay;
use serde_json::Value as Json;
use vm::{Machine, Stack, Value};

/// The releases that are asked.
const RELEASES: [&str; 7] = ["3.11.2", "3.11.7", "3.12.1", "3.13.0", "3.13.18", "3.14.10", "3.15.2"];

/// Reports of a release that are shown.
const SHOWN: usize = 5;

/// What came of the scripts of a release.
struct Outcome {
    release: String,
    compared: usize,
    /// How many of these are otherwise as it is known.
    known: usize,
    wrong: Vec<String>,
    /// What is listed, and did not come up.
    unseen: Vec<String>,
}

fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = digits.iter().position(|known| *known == digit).expect("a digit");
        bits = bits << 6 | u32::try_from(value).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("eight bits"));
        }
    }
    bytes
}

/// The code objects of a file.
fn codes<P: Python>(vm: &Machine<P>, lines: &[Json]) -> BTreeMap<String, Value<P>> {
    let read = |line: &Json| {
        let name = line["code"].as_str()?.to_owned();
        let bytes = base64(line["marshal"].as_str().expect("digits"));
        let code = marshal::read(vm, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        Some((name, code))
    };
    lines.iter().filter_map(read).collect()
}

/// The first operation that came to something else, and what.
fn difference(line: &Json, did: &[Json]) -> Option<String> {
    let expected = line["did"].as_array().expect("results");
    let at = (0..expected.len().max(did.len())).find(|at| expected.get(*at) != did.get(*at))?;
    let null = Json::Null;
    let (expected, did) = (expected.get(at).unwrap_or(&null), did.get(at).unwrap_or(&null));
    let ops: Vec<String> = (0..=at).map(|at| line["ops"][at].to_string()).collect();
    let before = ops[..at].join(" ");
    Some(format!("    {before}\n    {}\n    interpreter: {expected}\n    here:        {did}", ops[at]))
}

fn compare<P: Python>(release: &str, lines: &[Json]) -> Outcome {
    let mut outcome =
        Outcome { release: release.to_owned(), compared: 0, known: 0, wrong: Vec::new(), unseen: Vec::new() };
    let mut known = Known::new(release);
    let vm = Machine::<P>::default();
    let codes = codes(&vm, lines);
    vm.keep_all();
    let stack = Stack::new(vm, Limits::default());
    // Names are kept by the stack, and made when they are said first.
    for line in lines.iter().filter(|line| line.get("ops").is_some()) {
        let name = format!("{release}, {}, {}", line["situation"], line["name"]);
        outcome.compared += 1;
        let Ok(did) = catch_unwind(AssertUnwindSafe(|| Replay::play(&stack, &codes, line))) else {
            outcome.wrong.push(format!("{name}: it panics\n    {}", line["ops"]));
            std::mem::forget(stack);
            return outcome;
        };
        let left = stack.vm().living();
        if left != 0 {
            outcome.wrong.push(format!("{name}: {left} objects are left\n    {}", line["ops"]));
            stack.vm().keep_all();
        }
        let (expected, is_known) = known.expected(line, &did);
        outcome.known += usize::from(is_known);
        if let Some(difference) = difference(&expected, &did) {
            outcome.wrong.push(format!("{name}:\n{difference}"));
        }
    }
    outcome.unseen = known.unseen();
    outcome
}

fn replay(release: &str, lines: &[Json]) -> Outcome {
    let minor = release.strip_prefix("3.").and_then(|rest| rest.split('.').next());
    let run = || match minor {
        Some("11") => compare::<Cpython3_11>(release, lines),
        Some("12") => compare::<Cpython3_12>(release, lines),
        Some("13") => compare::<Cpython3_13>(release, lines),
        Some("14") => compare::<Cpython3_14>(release, lines),
        Some("15") => compare::<Cpython3_15>(release, lines),
        _ => panic!("{release} is no release from 3.11 to 3.15: FRAME_VERSION says which one a file is of"),
    };
    // Objects are counted by thread.
    let ran = std::thread::scope(|scope| scope.spawn(run).join());
    ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Fails with the first reports, if there are any.
fn agree(outcomes: &[Outcome]) {
    let mut said = String::new();
    for Outcome { release, compared, known, wrong, .. } in outcomes {
        let _ = writeln!(
            std::io::stderr(),
            "{release}: {compared} scripts, {} differing, {known} otherwise as listed",
            wrong.len()
        );
        said.extend(wrong.iter().take(SHOWN).map(|report| format!("{report}\n")));
    }
    let wrong: usize = outcomes.iter().map(|outcome| outcome.wrong.len()).sum();
    assert!(wrong == 0, "{wrong} scripts differ; the first of each release:\n{said}");
}

/// The committed scripts.
#[test]
fn locals_are_what_interpreters_have() {
    let mut outcomes = Vec::new();
    for path in files(&root().join("tests/vectors/locals"), "jsonl") {
        let release = path.file_stem().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        outcomes.push(replay(&release, &lines(&text)));
    }
    let releases: Vec<&str> = outcomes.iter().map(|outcome| &*outcome.release).collect();
    assert_eq!(releases, RELEASES, "vectors of all releases");
    assert!(outcomes.iter().all(|outcome| outcome.compared > 200), "many scripts");
    agree(&outcomes);
    let unseen: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.unseen).collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}

/// What `FRAME_VECTORS` names, if it names a file.
#[test]
fn a_file_agrees() {
    let Some(path) = std::env::var_os("FRAME_VECTORS") else { return };
    let path = Path::new(&path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let release = std::env::var("FRAME_VERSION").unwrap_or(stem);
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    agree(&[replay(&release, &lines(&text))]);
}

/// New scripts on the interpreters that are installed: `LOCALS_SCRIPTS` of them (100), from `LOCALS_SEED` (1000000).
#[test]
fn fresh_scripts_agree() {
    let number = |name, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let (count, seed) = (number("LOCALS_SCRIPTS", "100"), number("LOCALS_SEED", "1000000"));
    let mut outcomes = Vec::new();
    for python in pythons().into_iter().filter(|python| RELEASES.contains(&&*python.release)) {
        let mut command = Command::new(&python.path);
        command.arg(root().join("tests/oracle/locals.py")).args(["--random", &count, "--seed", &seed]);
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", python.release);
        outcomes.push(replay(&python.release, &lines(&String::from_utf8_lossy(&output.stdout))));
    }
    agree(&outcomes);
}

/// The installed interpreters still say what is committed.
#[test]
fn installed_interpreters_do_the_same() {
    for python in pythons().into_iter().filter(|python| RELEASES.contains(&&*python.release)) {
        let path = root().join("tests/vectors/locals").join(format!("{}.jsonl", python.release));
        let committed = std::fs::read(path).expect("a readable file");
        let output = Command::new(&python.path).arg(root().join("tests/oracle/locals.py")).output().expect("it runs");
        assert!(output.status.success(), "{}: {}", python.release, String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == committed, "{} does something else now", python.release);
    }
}
