//! The programs below `programs/refused/`: they use what `minivm` does not have, and it says so instead of a wrong answer.
//!
//! The line that is refused ends in `# refused: WORD`. The message has the word and the number of the line; the exit code
//! is 2. Where `# not loaded: WORD` stands, the file is refused as a whole: there is no line yet. Beside each program lies
//! what is written to both streams, `NAME.expected`; `MINIVM_BLESS=1` writes it.

#[path = "support/programs.rs"]
mod programs;

use std::path::Path;

use programs::{check_all, difference, files, home, run, scratch};

/// The exit code of a refusal.
const REFUSED: i32 = 2;

/// The word that a message must have, and the number of the line if it must have that.
fn mark(source: &Path) -> (String, Option<usize>) {
    let text = std::fs::read_to_string(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    let mut marks = text.lines().zip(1..).filter_map(|(line, number)| {
        let refused = line.split_once("# refused: ").map(|(_, word)| (word.to_owned(), Some(number)));
        refused.or_else(|| line.split_once("# not loaded: ").map(|(_, word)| (word.to_owned(), None)))
    });
    let first = marks.next().unwrap_or_else(|| panic!("{}: no line is marked", source.display()));
    assert_eq!(marks.next(), None, "{}: two lines are marked", source.display());
    first
}

/// Whether a text has a number that is no part of a longer one.
fn has_number(text: &str, number: usize) -> bool {
    text.split(|character: char| !character.is_ascii_digit()).any(|digits| digits == number.to_string())
}

fn wrong(pyc: &Path, scratch: &Path) -> String {
    let source = pyc.with_extension("py");
    let (word, line) = mark(&source);
    let outcome = run(pyc, scratch);
    let said = &outcome.stderr;
    let mut text = String::new();
    if outcome.code != REFUSED {
        text.push_str(&format!("  exit code {}, not {REFUSED}\n", outcome.code));
    }
    if !said.to_lowercase().contains(&word.to_lowercase()) {
        text.push_str(&format!("  the message has no {word:?}: {said}\n"));
    }
    if let Some(line) = line
        && !has_number(said, line)
    {
        text.push_str(&format!("  the message has no line {line}: {said}\n"));
    }
    let written = format!("{}{said}", outcome.stdout);
    let expected = source.with_extension("expected");
    // What does not refuse at all is not blessed.
    if text.is_empty() && std::env::var_os("MINIVM_BLESS").is_some() {
        std::fs::write(&expected, &written).expect("an expected file can be written");
    }
    text.push_str(&difference("written", &std::fs::read_to_string(&expected).unwrap_or_default(), &written));
    text
}

#[test]
fn what_it_does_not_have_is_refused() {
    let (folder, scratch) = (home().join("programs/refused"), scratch("refused"));
    let compiled = files(&folder, "pyc");
    let named = |paths: Vec<std::path::PathBuf>| -> Vec<std::path::PathBuf> {
        paths.iter().map(|path| path.with_extension("")).collect()
    };
    assert_eq!(named(files(&folder, "py")), named(compiled.clone()), "programs and their .pyc");
    assert!(!compiled.is_empty(), "there are programs");
    check_all(&compiled, |pyc| wrong(pyc, &scratch));
    let _ = std::fs::remove_dir_all(&scratch);
}
