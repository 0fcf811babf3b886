//! Every code object of an interpreter's own library is accepted, walked as `dis` does, and branches as it says.

use super::*;

/// A line of `tests/oracle/units.py`.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) code: Vec<u8>,
    pub(crate) stacksize: u32,
    pub(crate) flags: u32,
    pub(crate) consts: usize,
    pub(crate) names: usize,
    variables: Variables,
    pub(crate) handlers: Vec<Handler>,
    branches: Option<Vec<[i64; 3]>>,
    instructions: usize,
    digest: u32,
}

#[derive(Clone)]
enum Variables {
    Kinds(Vec<u8>),
    Counts([usize; 3]),
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn rows<const N: usize>(text: &str) -> Vec<[i64; N]> {
    let row = |row: &str| {
        let numbers: Vec<i64> = row.split(',').map(|number| number.parse().expect("a number")).collect();
        numbers.try_into().expect("as many numbers as the script wrote")
    };
    text.split(';').filter(|row| !row.is_empty()).map(row).collect()
}

impl Line {
    fn read(line: &str) -> Line {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, code, stacksize, flags, consts, names, variables, handlers, branches, instructions, digest] =
            fields[..]
        else {
            panic!("not a line of units.py: {line}")
        };
        let variables = if variables.contains(',') {
            Variables::Counts(rows::<3>(variables)[0].map(|count| count as usize))
        } else {
            Variables::Kinds(bytes(variables))
        };
        let handler = |[start, end, target, depth, lasti]: [i64; 5]| Handler {
            start: start as u32,
            end: end as u32,
            target: target as u32,
            depth: depth as u32,
            lasti: lasti != 0,
        };
        let number = |text: &str| text.parse().expect("a number");
        Line {
            name: name.to_owned(),
            code: bytes(code),
            stacksize: number(stacksize),
            flags: number(flags),
            consts: number(consts) as usize,
            names: number(names) as usize,
            variables,
            handlers: if handlers == "-" { Vec::new() } else { rows(handlers).into_iter().map(handler).collect() },
            branches: (branches != "-").then(|| rows(branches)),
            instructions: number(instructions) as usize,
            digest: number(digest),
        }
    }

    /// Code of no names and no handlers.
    pub(crate) fn of(code: Vec<u8>, stacksize: u32, flags: u32, consts: usize) -> Line {
        Line {
            name: String::from("assembled"),
            code,
            stacksize,
            flags,
            consts,
            names: 0,
            variables: Variables::Kinds(Vec::new()),
            handlers: Vec::new(),
            branches: None,
            instructions: 0,
            digest: 0,
        }
    }

    /// The kinds of its variables, since 3.11.
    pub(crate) fn kinds(&self) -> Option<&[u8]> {
        if let Variables::Kinds(kinds) = &self.variables { Some(kinds) } else { None }
    }

    pub(crate) fn unverified(&self) -> Unverified<'_> {
        Unverified {
            code: &self.code,
            stacksize: self.stacksize,
            consts: self.consts,
            names: self.names,
            variables: match &self.variables {
                Variables::Kinds(kinds) => VariableSlots::Kinds(kinds),
                Variables::Counts([locals, cells, frees]) => {
                    VariableSlots::Counts { locals: *locals, cells: *cells, frees: *frees }
                }
            },
            flags: self.flags,
            handlers: &self.handlers,
        }
    }
}

/// CRC-32 as zlib has it.
struct Crc(u32);

impl Crc {
    fn add(&mut self, number: u32) {
        for byte in number.to_le_bytes() {
            self.0 ^= u32::from(byte);
            for _ in 0..8 {
                self.0 = self.0 >> 1 ^ if self.0 & 1 == 1 { 0xEDB8_8320 } else { 0 };
            }
        }
    }
}

/// The four numbers that the script has for an instruction.
fn digest(set: &InstructionSet, item: &Instruction) -> [u32; 4] {
    let takes_argument = set.layout().opcodes[usize::from(item.base)].is_some_and(|_| has_argument(set, item.base));
    let target = set.target(item).map_or(u32::MAX, |unit| u32::try_from(unit * 2).expect("within the code"));
    [item.unit as u32 * 2, item.base.into(), if takes_argument { item.argument } else { u32::MAX }, target]
}

/// Whether `dis` shows an argument.
fn has_argument(set: &InstructionSet, opcode: u8) -> bool {
    let layout = set.layout();
    let limit = layout.find_numbers("limits").and_then(|limits| limits.value("HAVE_ARGUMENT")).expect("a limit");
    // Up to 3.12 the first opcode that has one, from 3.13 on the last that has none.
    let minor: u32 = layout.version[2..].parse().expect("a version");
    if minor >= 13 { i64::from(opcode) > limit } else { i64::from(opcode) >= limit }
}

fn set(release: &str) -> InstructionSet {
    InstructionSet::new(Layout::find(release, Flavour::Default).expect("a release of the facts"))
}

/// What the script says of so many files.
pub(crate) fn ask(python: &Python, files: usize, folder: &Path) -> Vec<Line> {
    let output: PathBuf = folder.join(&python.release);
    let mut command = Command::new(&python.path);
    command.arg(root().join("tests/oracle/units.py")).arg(files.to_string()).arg(&output).stderr(Stdio::inherit());
    let status = command.status().expect("the interpreter runs");
    assert!(status.success(), "{}: tests/oracle/units.py failed", python.release);
    let text = std::fs::read_to_string(&output).expect("what the script wrote");
    text.lines().map(Line::read).collect()
}

/// What the script said of `tests/oracle/shapes.py`.
pub(crate) fn vectors(version: &str) -> Vec<Line> {
    let text = std::fs::read_to_string(root().join("tests/vectors/units").join(version)).expect("a readable file");
    text.lines().map(Line::read).collect()
}

/// In what the verifier and the walk differ from the interpreter.
fn check(set: &InstructionSet, line: &Line) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    let mut crc = Crc(u32::MAX);
    let mut count = 0;
    for item in Instructions::new(set, &line.code) {
        digest(set, &item).into_iter().for_each(|number| crc.add(number));
        count += 1;
    }
    if (count, !crc.0) != (line.instructions, line.digest) {
        wrong.push(format!("{}: instructions are not those of dis", line.name));
    }
    let found = branches(set, &line.code).map(|all| all.map(|b| [b.source, b.left, b.right]).collect());
    if found != line.branches {
        wrong.push(format!("{}: branches {found:?}, not {:?}", line.name, line.branches));
    }
    match unproven_borrows(set, &line.unverified()) {
        Err(error) => wrong.push(format!("{}: {error}", line.name)),
        Ok(unproven) if unproven.is_empty() => {}
        Ok(unproven) => wrong.push(format!("{}: borrows are not proven at {unproven:?}", line.name)),
    }
    wrong
}

/// The same without an interpreter.
#[test]
fn vectors_are_accepted() {
    for layout in faults::LAYOUTS {
        let set = InstructionSet::new(layout);
        let lines = vectors(layout.version);
        assert!(lines.len() > 15);
        for line in lines {
            assert_eq!(check(&set, &line), Vec::<String>::new(), "{}", layout.version);
        }
    }
}

/// 60 files of each library; all of them with `FRAME_FULL=1`.
#[test]
fn libraries_are_accepted() {
    let files = if std::env::var_os("FRAME_FULL").is_some() { 0 } else { 60 };
    let folder = scratch("units");
    let mut findings: Vec<String> = Vec::new();
    for python in pythons_of_facts("libraries_are_accepted") {
        let set = set(&python.release);
        let lines = ask(&python, files, &folder);
        let wrong: Vec<String> = lines.iter().flat_map(|line| check(&set, line)).collect();
        let instructions: usize = lines.iter().map(|line| line.instructions).sum();
        let told: usize = lines.iter().map(|line| line.branches.as_ref().map_or(0, Vec::len)).sum();
        let handlers: usize = lines.iter().map(|line| line.handlers.len()).sum();
        eprintln!(
            "{}: {} code objects, {instructions} instructions, {told} branches, {handlers} handlers: {} wrong",
            python.release,
            lines.len(),
            wrong.len()
        );
        if !wrong.is_empty() {
            findings.push(format!("{}: {} wrong", python.release, wrong.len()));
            findings.extend(wrong.into_iter().take(20));
        }
        assert!(lines.len() > 500 && instructions > 20_000, "the library of {} is not here", python.release);
    }
    let _ = std::fs::remove_dir_all(folder);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
