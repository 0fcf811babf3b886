//! Where trace functions may jump to: from every position of the functions in `tests/oracle/jumps_cases.py` to every line, as
//! seven interpreters have it. `tests/oracle/jumps.py` asked them, `tests/vectors/jumps` is what they answered.
//!
//! ```sh
//! FRAME_VECTORS=FILE cargo test -p frame-tests --test jumps      # such a file; its name is the release
//! ```
//!
//! What is decided otherwise is in `jumps/deviations.txt`, with a reason of `jumps/deviations.rs`, the positions and the lines;
//! nothing else may differ, and none of it may agree.

#[path = "jumps/deviations.rs"]
mod deviations;
#[path = "jumps/frames.rs"]
mod frames;
#[path = "jumps/random.rs"]
mod random;
#[path = "jumps/vectors.rs"]
mod vectors;
#[path = "jumps/vm.rs"]
mod vm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deviations::Reason;
use frame_tests::{files, root};
use vectors::{Outcome, cases};

/// What was asked.
const RELEASES: [&str; 7] = ["3.11.2", "3.11.7", "3.12.1", "3.13.0", "3.13.18", "3.14.10", "3.15.2"];

/// Refusals that the trace event is the reason of, whatever the line.
const EVENTS: [&str; 4] = [
    "ValueError: can't jump from the 'call' trace event of a new frame",
    "ValueError: can only jump from a 'line' trace event",
    "ValueError: can't jump during a call",
    "SystemError: unexpected event type",
];

fn release(path: &Path) -> String {
    path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
}

/// What there is to say of a file.
#[derive(Default)]
struct Compared {
    agree: usize,
    /// What differs for a known reason, as in `jumps/deviations.txt`.
    known: Vec<String>,
    /// What differs for none.
    unknown: Vec<String>,
}

fn compare(path: &Path) -> Compared {
    let release = release(path);
    let mut compared = Compared::default();
    for case in cases(path) {
        let source = case.code.jumps().expect("code of 3.11 and later");
        // Positions, by the event, the reason and the lines.
        let mut groups: BTreeMap<(&str, Reason, String), Vec<String>> = BTreeMap::new();
        for at in &case.at {
            let unit = u32::try_from(at.lasti / 2).expect("a position in the code");
            let yielded = at.event == "yield";
            let mut known: BTreeMap<Reason, Vec<String>> = BTreeMap::new();
            for (line, theirs) in at.outcomes() {
                if let Outcome::Refused(text) = &theirs.found
                    && EVENTS.contains(&text.as_str())
                {
                    assert!(at.event != "line" && !yielded, "{release} {} {}", case.name, at.event);
                    continue;
                }
                let ours = source.find(unit, yielded, line);
                let outcome = match &ours {
                    Ok(jump) => Outcome::Unit(jump.unit),
                    Err(why) => Outcome::Refused(format!("ValueError: {why}")),
                };
                if theirs.found == outcome {
                    compared.agree += 1;
                    continue;
                }
                match Reason::of(&release, &case.name, &source, yielded, &theirs, &ours) {
                    Some(reason) => known.entry(reason).or_default().push(line.to_string()),
                    None => compared.unknown.push(format!(
                        "{release} {} {} {unit} line {line}: {:?} {:?}, ours {outcome:?}",
                        case.name, at.event, theirs.found, theirs.killed
                    )),
                }
            }
            for (reason, lines) in known {
                groups.entry((&at.event, reason, lines.join(" "))).or_default().push(unit.to_string());
            }
        }
        for ((event, reason, lines), units) in groups {
            let units = units.join(" ");
            compared.known.push(format!("{release} {} {event} {reason:?} {units}: {lines}", case.name));
        }
    }
    compared
}

/// All files, each on a thread.
fn compare_all(paths: &[PathBuf]) -> Vec<Compared> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = paths.iter().map(|path| scope.spawn(|| compare(path))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the comparison ends")).collect()
    })
}

#[test]
fn every_jump_is_decided_as_by_the_interpreter() {
    if let Some(path) = std::env::var_os("FRAME_VECTORS") {
        let compared = compare(Path::new(&path));
        println!("{} agree, {} groups differ for known reasons", compared.agree, compared.known.len());
        assert!(compared.unknown.is_empty(), "{}", compared.unknown.join("\n"));
        return;
    }
    let paths = files(&root().join("tests/vectors/jumps"), "jsonl");
    let releases: Vec<String> = paths.iter().map(|path| release(path)).collect();
    assert_eq!(releases, RELEASES);
    let (mut known, mut unknown) = (String::new(), Vec::new());
    for (release, compared) in releases.iter().zip(compare_all(&paths)) {
        assert!(compared.agree > 18_000, "{release}: only {} agree", compared.agree);
        unknown.extend(compared.unknown);
        known.extend(compared.known.into_iter().map(|line| line + "\n"));
    }
    assert!(unknown.is_empty(), "{} differ for no known reason:\n{}", unknown.len(), unknown.join("\n"));
    frame_tests::compare(&root().join("tests/jumps/deviations.txt"), &known);
}
