//! Small codes by hand, and what the verifier says of them: `tests/verify/faults.txt`.

use std::collections::BTreeSet;

use frame_runtime::version::{
    Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version,
};
use frame_tests::compare;

use super::*;

/// The newest layout of each version.
pub(crate) const LAYOUTS: [&Layout; 8] = [
    Cpython3_8::LAYOUT,
    Cpython3_9::LAYOUT,
    Cpython3_10::LAYOUT,
    Cpython3_11::LAYOUT,
    Cpython3_12::LAYOUT,
    Cpython3_13::LAYOUT,
    Cpython3_14::LAYOUT,
    Cpython3_15::LAYOUT,
];

/// Bytes out of `NAME ARGUMENT; NAME; ...`: prefixes and caches come by themselves, unless the name follows a `!`;
/// `#NUMBER` stands for an opcode by its number, and `.` for a lonely byte.
pub(crate) fn assemble(layout: &Layout, text: &str) -> Vec<u8> {
    let mut code = Vec::new();
    for item in text.split(';').map(str::trim).filter(|item| !item.is_empty()) {
        if item == "." {
            code.push(0);
            continue;
        }
        let (name, argument) = item.split_once(' ').unwrap_or((item, "0"));
        let argument: u32 = argument.trim().parse().unwrap_or_else(|_| panic!("no argument: {item}"));
        let (name, bare) = name.strip_prefix('!').map_or((name, false), |name| (name, true));
        let number = match name.strip_prefix('#') {
            Some(number) => number.parse().expect("a number"),
            None => number(layout, name),
        };
        let bytes = argument.to_be_bytes();
        let needed = if bare { 3 } else { bytes.iter().position(|&byte| byte != 0).unwrap_or(3) };
        for byte in &bytes[needed..3] {
            code.extend([self::number(layout, "EXTENDED_ARG"), *byte]);
        }
        code.extend([number, bytes[3]]);
        let caches = layout.opcodes[usize::from(number)].map_or(0, |info| info.caches);
        code.extend(vec![0; if bare { 0 } else { 2 * usize::from(caches) }]);
    }
    code
}

fn number(layout: &Layout, name: &str) -> u8 {
    let found = layout.opcodes.iter().flatten().find(|info| info.name == name);
    found.unwrap_or_else(|| panic!("{} has no {name}", layout.version)).number
}

/// What is around a code: `stack=2 consts=1 names=1 kinds=2060 counts=1,0,0 flags=32 handler=0-2>3@0!`.
struct Around {
    stacksize: u32,
    consts: usize,
    names: usize,
    kinds: Vec<u8>,
    counts: [usize; 3],
    flags: u32,
    handlers: Vec<Handler>,
}

impl Around {
    fn read(text: &str) -> Around {
        let mut around = Around {
            stacksize: 4,
            consts: 1,
            names: 1,
            kinds: Vec::new(),
            counts: [0; 3],
            flags: 0,
            handlers: Vec::new(),
        };
        for word in text.split_whitespace() {
            let (key, value) = word.split_once('=').expect("key=value");
            let number = || value.parse::<u32>().expect("a number");
            match key {
                "stack" => around.stacksize = number(),
                "consts" => around.consts = number() as usize,
                "names" => around.names = number() as usize,
                "kinds" => around.kinds = library::bytes(value),
                "counts" => {
                    let counts: Vec<usize> = value.split(',').map(|count| count.parse().expect("a number")).collect();
                    around.counts = counts.try_into().expect("three numbers");
                }
                "flags" => around.flags = number(),
                "handler" => {
                    let (value, lasti) = value.strip_suffix('!').map_or((value, false), |value| (value, true));
                    let mut numbers = value.split(['-', '>', '@']).map(|number| number.parse().expect("a number"));
                    let mut next = || numbers.next().expect("four numbers");
                    let (start, end, target, depth) = (next(), next(), next(), next());
                    around.handlers.push(Handler { start, end, target, depth, lasti });
                }
                _ => panic!("unknown: {word}"),
            }
        }
        around
    }
}

/// Compares a file of cases with what is said of each now.
pub(crate) fn cases(path: &Path, mut say: impl FnMut(&InstructionSet, &Unverified<'_>) -> String) {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let mut written = String::new();
    let mut versions = "";
    for line in text.lines() {
        if line.starts_with('#') || line.is_empty() {
            written += &format!("{line}\n");
            continue;
        }
        // Three lines are a case: versions and what is around the code, the code, what is said of it.
        if let Some(head) = line.strip_prefix("= ") {
            versions = head;
            written += &format!("{line}\n");
            continue;
        }
        let Some(code) = line.strip_prefix("  ") else { continue };
        written += &format!("{line}\n");
        let (versions, around) = versions.split_once(" with ").unwrap_or((versions, ""));
        let around = Around::read(around);
        let mut said: Vec<(String, String)> = Vec::new();
        for version in versions.split_whitespace() {
            let layout = LAYOUTS.into_iter().find(|layout| layout.version == version).expect("a version");
            let set = InstructionSet::new(layout);
            let [locals, cells, frees] = around.counts;
            let counts = VariableSlots::Counts { locals, cells, frees };
            let classic = ["3.8", "3.9", "3.10"].contains(&version);
            let message = say(
                &set,
                &Unverified {
                    code: &assemble(layout, code),
                    stacksize: around.stacksize,
                    consts: around.consts,
                    names: around.names,
                    variables: if classic { counts } else { VariableSlots::Kinds(&around.kinds) },
                    flags: around.flags,
                    handlers: &around.handlers,
                },
            );
            match said.iter_mut().find(|(_, known)| *known == message) {
                Some((versions, _)) => *versions += &format!(" {version}"),
                None => said.push((version.to_owned(), message)),
            }
        }
        for (versions, message) in said {
            written += &format!("-> {versions}: {message}\n");
        }
    }
    compare(path, &written);
}

#[test]
fn what_is_wrong_is_said() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    cases(&root().join("tests/verify/faults.txt"), |set, code| match verify(set, code) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => {
            let fault = format!("{:?}", error.fault);
            let fault = fault.rsplit("fault: ").next().expect("a name");
            seen.insert(fault.split(['(', ' ']).next().expect("a name").to_owned());
            error.to_string()
        }
    });
    // `TooLong` takes 2 GB of code, `NoRule` a version that nobody has looked at.
    let all = [
        "Depth",
        "Depths",
        "Empty",
        "EndInside",
        "EndsInCaches",
        "EndsInPrefix",
        "FallsOff",
        "HandlerDepth",
        "Index",
        "JumpInside",
        "JumpOutside",
        "LoopEnd",
        "MakesGenerator",
        "MaybeGenerator",
        "NoCell",
        "NoInstruction",
        "OddLength",
        "Operand",
        "Order",
        "Overflow",
        "Range",
        "Specialised",
        "StartInside",
        "TargetInside",
        "TargetOutside",
        "TooManyPrefixes",
        "Underflow",
        "UnknownOpcode",
        "Yield",
    ];
    assert_eq!(seen, all.map(str::to_owned).into(), "faults that no case shows, or that are new");
}

/// Each opcode that code objects may hold has a rule, and takes at least as many entries as its net effect says.
#[test]
fn every_opcode_has_a_rule() {
    for layout in Layout::all() {
        let set = InstructionSet::new(layout);
        let mut without: Vec<&str> = Vec::new();
        for info in layout.opcodes.iter().flatten().filter(|info| info.base == info.number) {
            if set.reach(info.number, 0).is_none() {
                without.push(info.name);
                continue;
            }
            for argument in (0..600).chain([u32::MAX]) {
                let reach = i64::try_from(set.reach(info.number, argument).expect("as for 0")).expect("small");
                let taken = i64::try_from(set.taken(info.number, argument).expect("as for 0")).expect("small");
                for jump in [false, true] {
                    let effect = set.effect(info.number, argument, jump).expect("an effect");
                    // What means nothing to these is refused as an operand.
                    let refused = info.name == "BUILD_SLICE" && ![2, 3].contains(&argument);
                    assert!(refused || reach + effect >= 0, "{} {} {argument}", layout.version, info.name);
                    assert!(taken <= reach, "{} {} {argument}", layout.version, info.name);
                }
            }
        }
        let never = [
            "CACHE",
            "DO_TRACING",
            "ENTER_EXECUTOR",
            "INSTRUMENTED_INSTRUCTION",
            "INSTRUMENTED_LINE",
            "INTERPRETER_EXIT",
            "RESERVED",
            "TRACE_RECORD",
        ];
        without.retain(|name| !never.contains(name));
        assert_eq!(without, Vec::<&str>::new(), "{}: no rule", layout.version);
    }
}
