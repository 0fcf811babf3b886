//! Line events are due where interpreters tell them: `tests/oracle/trace.py` let functions run, and wrote down which
//! instructions ran and which line events were told in between. The instructions are replayed here.

use std::collections::{BTreeMap, BTreeSet};

use frame_runtime::code::{Code, InstructionSet, Instructions};
use frame_runtime::plain::{Object, Plain};
use frame_runtime::pyc::marshal;
use frame_runtime::table::{ExceptionTable, LineTable};
use frame_runtime::trace::LineEvents;
use frame_runtime::version::{self, Version};
use frame_tests::{Random, ask_again, files, root};
use serde_json::Value as Json;

/// A code object of the corpus and its line events.
struct Traced {
    name: String,
    events: LineEvents,
    firstlineno: i32,
    /// Units of `RESUME`.
    resumes: BTreeSet<u32>,
    /// Where handlers begin.
    handlers: BTreeSet<u32>,
    /// `RERAISE` that puts the frame where the exception had been raised.
    reraises: BTreeSet<u32>,
    /// Instructions that may jump.
    jumps: BTreeSet<u32>,
}

/// What one interpreter told.
struct Vectors {
    release: String,
    minor: u8,
    codes: Vec<Traced>,
    frames: Vec<(String, usize, Vec<Told>)>,
}

/// One event of a frame; `tests/oracle/trace.py` says what each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Begins(u32),
    Line(i32),
    Instruction(u32),
    Called(u32),
    Jumped(u32),
    Raised(u32),
    Other,
}

impl Told {
    fn read(text: &str) -> Told {
        let (letter, number) = text.split_at(1);
        let unit = || number.parse().unwrap_or_else(|_| panic!("no unit: {text}"));
        match letter {
            "c" => Told::Begins(unit()),
            "l" => Told::Line(number.parse().unwrap_or_else(|_| panic!("no line: {text}"))),
            "o" => Told::Instruction(unit()),
            "b" => Told::Called(unit()),
            "j" => Told::Jumped(unit()),
            "h" => Told::Raised(unit()),
            "e" | "r" => Told::Other,
            _ => panic!("what is `{text}`?"),
        }
    }
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no digit"),
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | u32::from(digit(byte));
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// Code objects, each before those among its constants.
fn code_objects<P: Version>(code: &Code<Plain<P>>, found: &mut Vec<Traced>, names: &[Json]) {
    let set = InstructionSet::new(P::LAYOUT);
    let (lines, handlers) = (code.line_table(), code.exception_table());
    let events = LineEvents::new(&set, code.co_code(), lines, handlers, code.first_traceable());
    let unit = |unit: usize| u32::try_from(unit).expect("a small function");
    let reraises = Instructions::new(&set, code.co_code())
        .filter(|found| set.name(found.base) == "RERAISE" && found.argument != 0);
    let jumps = Instructions::new(&set, code.co_code()).filter(|found| set.target(found).is_some());
    let resumes = Instructions::new(&set, code.co_code()).filter(|found| set.name(found.base) == "RESUME");
    found.push(Traced {
        name: names[found.len()].as_str().expect("a name").to_owned(),
        events: events.expect("a compiler's tables"),
        firstlineno: code.firstlineno(),
        resumes: resumes.map(|resume| unit(resume.unit)).collect(),
        handlers: handlers.entries().map(|handler| handler.expect("a compiler's table").target).collect(),
        reraises: reraises.map(|reraise| unit(reraise.unit)).collect(),
        jumps: jumps.map(|jump| unit(jump.unit)).collect(),
    });
    for constant in code.consts() {
        if let Object::Code(code) = constant.object() {
            code_objects(code, found, names);
        }
    }
}

fn read_codes<P: Version>(bytes: &[u8], names: &[Json]) -> Vec<Traced> {
    let modules = marshal::read(&Plain::<P>::default(), bytes).expect("marshalled");
    let Object::Tuple(modules) = modules.object() else { panic!("no tuple") };
    let mut found = Vec::new();
    for module in modules {
        let Object::Code(module) = module.object() else { panic!("no code object") };
        code_objects(module, &mut found, names);
    }
    assert_eq!(found.len(), names.len());
    found
}

fn load() -> Vec<Vectors> {
    let mut all = Vec::new();
    for path in files(&root().join("tests/vectors/trace"), "json") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let json: Json = serde_json::from_str(&text).expect("JSON");
        let list = |key: &str| json[key].as_array().unwrap_or_else(|| panic!("no {key}"));
        let string = |value: &Json| value.as_str().expect("a string").to_owned();
        let release = string(&json["python"]);
        let bytes = base64(&list("corpus").iter().map(&string).collect::<String>());
        let minor = release.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a release");
        let read = match minor {
            11 => read_codes::<version::Cpython3_11>,
            12 => read_codes::<version::Cpython3_12>,
            13 => read_codes::<version::Cpython3_13>,
            14 => read_codes::<version::Cpython3_14>,
            15 => read_codes::<version::Cpython3_15>,
            other => panic!("CPython 3.{other} is not known here"),
        };
        let frame = |row: &Json| {
            let code = row[1].as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
            (string(&row[0]), code, string(&row[2]).split(' ').map(Told::read).collect())
        };
        let frames = list("frames").iter().map(frame).collect();
        all.push(Vectors { codes: read(&bytes, list("codes")), release, minor, frames });
    }
    assert_eq!(all.len(), 7, "vectors of every release are committed");
    all
}

/// The line event that is due, as the answers of one kind of listener have it.
fn due(vectors: &Vectors, how: &str, code: &Traced, previous: Option<u32>, next: u32) -> Option<i32> {
    let events = &code.events;
    match how {
        "settrace" => events.settrace(previous, next),
        "monitoring" => events.monitoring(previous, next),
        "alone" => {
            // Nobody asks for PY_START or PY_RESUME: from 3.13 on a `RESUME` hides its own line.
            let resume = previous.filter(|unit| vectors.minor >= 13 && code.resumes.contains(unit));
            let hidden = resume.and_then(|resume| events.line(resume));
            events.monitoring(previous, next).filter(|line| hidden != Some(*line))
        }
        other => panic!("who is `{other}`?"),
    }
}

/// What differs and may: release, who is told, function, from where to where; `tests/vectors/trace/exceptions.txt` says why.
fn exceptions() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("tests/vectors/trace/exceptions.txt")).expect("a readable file");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").expect("a reason").0.to_owned()).collect()
}

/// What a replay of frames has found.
#[derive(Default)]
struct Found {
    frames: usize,
    instructions: usize,
    lines: usize,
    /// Each as in the list of what may differ, and what it is.
    differ: Vec<(String, String)>,
}

/// Replays a frame.
fn replay(vectors: &Vectors, how: &str, code: &Traced, told: &[Told], found: &mut Found) -> Result<(), String> {
    let (mut previous, mut called, mut last) = (None, false, None);
    let (mut lines, mut instructions) = (Vec::new(), 0);
    for event in told {
        match *event {
            Told::Line(line) => lines.push(line + code.firstlineno),
            Told::Instruction(next) => {
                if instructions == 0 && how == "alone" {
                    // Who asks for nothing else is not told where a frame begins.
                    previous = code.resumes.range(..next).next_back().copied();
                }
                if called && vectors.minor <= 12 && !code.handlers.contains(&next) {
                    previous = Some(next - 1);
                }
                ran(code, last.filter(|(_, opcode)| previous == Some(*opcode)), next)?;
                // Nobody says where it is then.
                let is_unknown = how != "monitoring" && previous.is_some_and(|unit| code.reraises.contains(&unit));
                let due: Vec<i32> = due(vectors, how, code, previous, next).into_iter().collect();
                if due != lines && !is_unknown {
                    let from = previous.map_or("-".to_owned(), |unit| unit.to_string());
                    let key = format!("{} {how} {} {from} {next}", vectors.release, code.name);
                    found.differ.push((key, format!("due {due:?}, told {lines:?}")));
                }
                instructions += 1;
                found.lines += lines.len();
                // What is told of at a prefix runs at its opcode.
                let opcode = (next..).find(|unit| code.events.is_instruction(*unit)).expect("an instruction");
                let opcode = if vectors.minor == 11 { opcode } else { next };
                (previous, called, last) = (Some(opcode), false, Some((next, opcode)));
                lines.clear();
            }
            Told::Begins(unit) | Told::Called(unit) if lines.is_empty() => {
                (previous, called) = (Some(unit), matches!(event, Told::Called(_)));
            }
            Told::Raised(unit) if lines.is_empty() => (previous, called) = (Some(unit), false),
            // The line that was told is not that of the instruction that runs then.
            Told::Jumped(unit) => {
                (previous, called) = (Some(unit), false);
                assert!(lines.pop().is_some_and(|_| lines.is_empty()), "one line was told");
            }
            Told::Other if lines.is_empty() => {}
            _ => return Err(format!("{lines:?} told before {event:?}")),
        }
    }
    found.frames += 1;
    found.instructions += instructions;
    if lines.is_empty() { Ok(()) } else { Err(format!("{lines:?} told at the end")) }
}

/// Instructions are told where they are due: here, and nowhere that the last one, told of at a unit and with its opcode at
/// another, went past.
fn ran(code: &Traced, last: Option<(u32, u32)>, next: u32) -> Result<(), String> {
    if !code.events.is_told(next) {
        return Err(format!("nothing is told at {next}"));
    }
    let Some((last, _)) = last.filter(|(last, opcode)| *last < next && !code.jumps.contains(opcode)) else {
        return Ok(());
    };
    let passed = (last + 1..next).find(|unit| code.events.is_told(*unit));
    match passed.filter(|_| !code.handlers.contains(&next)) {
        Some(passed) => Err(format!("{passed} is told between {last} and {next}")),
        None => Ok(()),
    }
}

/// Whatever bytes there are, they are no harm.
#[test]
fn code_that_no_compiler_made() {
    let sets = [version::Cpython3_10::LAYOUT, version::Cpython3_11::LAYOUT, version::Cpython3_15::LAYOUT];
    let sets = sets.map(InstructionSet::new);
    let mut random = Random(7);
    let mut made = 0;
    for round in 0..30_000 {
        let set = &sets[round % sets.len()];
        let mut bytes = |most: usize| -> Vec<u8> { (0..random.below(most)).map(|_| random.below(256) as u8).collect() };
        let (mut code, mut lines, mut handlers) = (bytes(60), bytes(30), bytes(12));
        // Every other one has tables.
        if round % 2 == 0 {
            // Lines without columns, and handlers: all numbers have one digit.
            lines.chunks_exact_mut(2).for_each(|entry| (entry[0], entry[1]) = (0xe8 | entry[0] & 7, entry[1] & 7));
            lines.truncate(lines.len() / 2 * 2);
            for (at, byte) in handlers.iter_mut().enumerate() {
                *byte = *byte & 31 | if at % 4 == 0 { 0x80 } else { 0 };
            }
            handlers.truncate(handlers.len() / 4 * 4);
        }
        let jumps = set.layout().opcodes.iter().flatten().filter(|info| info.name.contains("JUMP"));
        let jumps: Vec<u8> = jumps.map(|info| info.number).collect();
        for at in (0..code.len() / 2 * 2).step_by(2) {
            if random.below(3) == 0 {
                (code[at], code[at + 1]) = (jumps[random.below(jumps.len())], random.below(16) as u8);
            }
        }
        let lines = LineTable::new(set.layout(), &lines, random.below(50) as i32, code.len());
        let first = random.below(8);
        let Ok(events) = LineEvents::new(set, &code, lines, ExceptionTable::new(&handlers), first) else { continue };
        made += 1;
        for _ in 0..20 {
            let mut unit = || if random.below(20) == 0 { u32::MAX } else { random.below(34) as u32 };
            let (previous, next) = (Some(unit()).filter(|unit| *unit != 33), unit());
            let (settrace, monitoring) = (events.settrace(previous, next), events.monitoring(previous, next));
            // A tool is told no line that `settrace` is not.
            assert!(monitoring.is_none() || settrace == monitoring);
            assert!(settrace.is_none() || (next as usize) >= first);
            assert!(settrace.is_none() || events.line(next).is_some());
            assert!(!events.is_told(next) || (next as usize) >= first);
        }
    }
    assert!(made > 15_000, "{made} were no tables");
}

#[test]
fn lines_are_told_where_interpreters_tell_them() {
    let (mut wrong, mut differ) = (Vec::new(), BTreeMap::new());
    for vectors in load() {
        let mut all: BTreeMap<&str, Found> = BTreeMap::new();
        for (how, code, told) in &vectors.frames {
            let code = &vectors.codes[*code];
            if let Err(said) = replay(&vectors, how, code, told, all.entry(how).or_default()) {
                wrong.push(format!("{} {how} {}: {said}", vectors.release, code.name));
            }
        }
        let jumped =
            vectors.frames.iter().filter(|(_, _, told)| told.iter().any(|told| matches!(told, Told::Jumped(_))));
        assert_eq!(jumped.count(), 7, "{}", vectors.release);
        for (how, found) in all {
            let Found { frames, instructions, lines, .. } = found;
            eprintln!("{} {how}: {frames} frames, {instructions} instructions, {lines} lines", vectors.release);
            assert!(frames > 190 && instructions > 4_000 && lines > 800, "{} {how}", vectors.release);
            differ.extend(found.differ);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(differ.keys().cloned().collect::<BTreeSet<_>>(), exceptions(), "{differ:#?}");
}

/// The installed interpreters do what they were seen doing.
#[test]
fn installed_interpreters_do_it_again() {
    ask_again("trace.py", "trace", "tells other lines now");
}
