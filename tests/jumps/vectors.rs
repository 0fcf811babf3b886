//! What `tests/oracle/jumps.py` wrote.

use std::path::Path;
use std::rc::Rc;

use frame_runtime::plain::Plain;
use frame_runtime::pyc::marshal;
use frame_runtime::version::{self, Version};
use frame_runtime::vm::FrameCode;
use serde_json::Value as Json;

/// A code object, and all that was tried with it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) code: Box<dyn FrameCode>,
    /// It, marshalled.
    pub(crate) bytes: Vec<u8>,
    /// Its tables, as bytes.
    pub(crate) lines: Vec<u8>,
    pub(crate) handlers: Vec<u8>,
    pub(crate) at: Vec<Position>,
}

/// Where a frame stood.
pub(crate) struct Position {
    pub(crate) event: String,
    pub(crate) lasti: i32,
    first: i32,
    row: Rc<str>,
    texts: Rc<Json>,
}

/// What became of an attempt.
pub(crate) struct Attempt {
    pub(crate) found: Outcome,
    /// The signal that the process ended with.
    pub(crate) killed: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The frame stands at this unit.
    Unit(u32),
    /// Type and message.
    Refused(String),
    /// The interpreter did not get that far.
    Lost,
}

impl Position {
    /// Each line, and what became of it.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (i32, Attempt)> {
        let runs = self.row.split(' ').flat_map(|run| {
            let (text, count) = run.split_once('*').unwrap_or((run, "1"));
            std::iter::repeat_n(text, count.parse().expect("a number"))
        });
        (self.first..).zip(runs).map(|(line, text)| (line, self.attempt(line, text)))
    }

    fn attempt(&self, line: i32, text: &str) -> Attempt {
        let (text, killed) = match text.split_once('!') {
            Some((text, signal)) => (text, Some(signal.parse().expect("a number"))),
            None => (text, None),
        };
        let found = match text {
            "" => Outcome::Lost,
            "<" => Outcome::Refused(format!("ValueError: line {line} comes before the current code block")),
            ">" => Outcome::Refused(format!("ValueError: line {line} comes after the current code block")),
            _ => match text.parse() {
                Ok(unit) => Outcome::Unit(unit),
                Err(_) => Outcome::Refused(self.texts[text].as_str().expect("a letter of the first line").to_owned()),
            },
        };
        Attempt { found, killed }
    }
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("{byte} in base64"),
    };
    let digits: Vec<u8> = text.bytes().take_while(|byte| *byte != b'=').map(digit).collect();
    let whole = |four: &[u8]| {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | u32::from(four.get(at).copied().unwrap_or(0)));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(whole).collect()
}

/// A code object and its tables.
type Loaded = (Box<dyn FrameCode>, Vec<u8>, Vec<u8>);

fn load<P: Version>(bytes: &[u8]) -> Loaded {
    let code = marshal::read_code(&Plain::<P>::default(), bytes).expect("what CPython marshalled");
    let (lines, handlers) = (code.linetable().to_vec(), code.exceptiontable().to_vec());
    (Box::new(code.into_verified().map_err(|(_, why)| why).expect("what CPython compiled")), lines, handlers)
}

fn code(release: &str, bytes: &[u8]) -> Loaded {
    match release.split('.').nth(1) {
        Some("11") => load::<version::Cpython3_11>(bytes),
        Some("12") => load::<version::Cpython3_12>(bytes),
        Some("13") => load::<version::Cpython3_13>(bytes),
        Some("14") => load::<version::Cpython3_14>(bytes),
        Some("15") => load::<version::Cpython3_15>(bytes),
        _ => panic!("CPython {release} is not known here"),
    }
}

/// All of a file, whose name is the release.
pub(crate) fn cases(path: &Path) -> Vec<Case> {
    let release = super::release(path);
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("a line of JSON"));
    let texts = Rc::new(lines.next().expect("the first line has the texts"));
    let read = |line: Json| {
        let text = |value: &Json| value.as_str().expect("a text").to_owned();
        let number = |value: &Json| i32::try_from(value.as_i64().expect("a number")).expect("a small number");
        let rows: Vec<Rc<str>> =
            line["rows"].as_array().expect("rows").iter().map(|row| row.as_str().expect("a row").into()).collect();
        let position = |at: &Json| Position {
            event: text(&at[0]),
            lasti: number(&at[1]),
            first: number(&line["first"]),
            row: rows[usize::try_from(number(&at[3])).expect("an index")].clone(),
            texts: texts.clone(),
        };
        let bytes = base64(line["code"].as_str().expect("base64"));
        let (code, lines, handlers) = code(&release, &bytes);
        Case {
            name: text(&line["name"]),
            code,
            bytes,
            lines,
            handlers,
            at: line["at"].as_array().expect("positions").iter().map(position).collect(),
        }
    };
    lines.map(read).collect()
}
