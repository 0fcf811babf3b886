//! Bytes without meaning, and real code with a bit turned round: nothing panics, and what is accepted stays within its
//! bounds when it is walked at random by other rules than the verifier's.

use std::collections::BTreeMap;

use frame_runtime::opcode::Argument;
use frame_tests::Random;

use super::faults::{LAYOUTS, assemble};
use super::library::Line;
use super::*;

/// Walks and verifies; the walk covers all units, each once.
fn try_everything(set: &InstructionSet, unverified: &Unverified<'_>) -> bool {
    let units = unverified.code.len() / 2;
    let mut next = 0;
    for item in Instructions::new(set, unverified.code) {
        assert_eq!(item.first, next);
        assert!(item.first <= item.unit && item.unit < item.next && item.next <= units);
        assert_eq!(item.next, item.unit + 1 + usize::from(item.caches));
        assert_eq!(set.base(item.opcode), item.base);
        let _ = set.target(&item);
        let reach = set.reach(item.base, item.argument);
        assert!(set.taken(item.base, item.argument) <= reach);
        assert_eq!(reach.is_some(), set.effect(item.base, item.argument, true).is_some());
        next = item.next;
    }
    assert_eq!(next, units);
    assert!(branches(set, unverified.code).map_or(0, Iterator::count) <= units);
    assert_eq!(set.decode(unverified.code, units), None);
    assert_eq!(set.decode(unverified.code, usize::MAX), None);
    let unproven = unproven_borrows(set, unverified);
    assert_eq!(unproven.as_ref().err(), verify(set, unverified).as_ref().err());
    match unproven {
        Ok(unproven) => {
            // What is not proven is replaced, and then there is nothing left.
            let mut code = unverified.code.to_vec();
            for &unit in &unproven {
                code[2 * unit] = set.counted(code[2 * unit]).expect("only what borrows is named");
            }
            let counted = Unverified { code: &code, ..*unverified };
            assert!(unproven.is_empty() || unproven_borrows(set, &counted) == Ok(Vec::new()));
            true
        }
        Err(error) => {
            let first = unverified.handlers.iter().any(|handler| handler.start as usize == error.unit);
            assert!(error.unit <= units || first, "{error}");
            assert!(error.to_string().starts_with("unit "));
            false
        }
    }
}

#[test]
fn bytes_without_meaning_do_no_harm() {
    let mut random = Random(0x0DDB_1A5E);
    for layout in Layout::all() {
        let set = InstructionSet::new(layout);
        let bases: Vec<&str> =
            layout.opcodes.iter().flatten().filter(|info| info.base == info.number).map(|info| info.name).collect();
        let mut accepted = 0;
        for round in 0..4_000 {
            let length = random.below(40);
            // Half of them bytes, half of them opcodes that exist with small arguments, which get further.
            let mut code: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
            if round % 2 == 0 {
                let items: Vec<String> = (0..length / 3)
                    .map(|_| format!("{} {}", bases[random.below(bases.len())], random.below(4)))
                    .collect();
                code = assemble(layout, &items.join(";"));
                code.extend(assemble(layout, "LOAD_CONST; RETURN_VALUE"));
            }
            let kinds: Vec<u8> = (0..random.below(5)).map(|_| [0x20, 0x40, 0x60, 0x80, 0][random.below(5)]).collect();
            let units = code.len() / 2 + 2;
            let handlers: Vec<Handler> = (0..random.below(3))
                .map(|_| Handler {
                    start: random.below(units) as u32,
                    end: random.below(units) as u32,
                    target: random.below(units) as u32,
                    depth: random.below(3) as u32,
                    lasti: random.below(2) == 0,
                })
                .collect();
            let counts =
                VariableSlots::Counts { locals: random.below(3), cells: random.below(3), frees: random.below(3) };
            let unverified = Unverified {
                code: &code,
                stacksize: random.below(8) as u32,
                consts: 4,
                names: 4,
                variables: if random.below(4) == 0 { counts } else { VariableSlots::Kinds(&kinds) },
                flags: random.below(2) as u32 * 32,
                handlers: &handlers,
            };
            accepted += usize::from(try_everything(&set, &unverified));
        }
        assert!(accepted > 10, "{}: only {accepted} accepted", layout.version);
    }
}

/// Many units, and what could make a verifier slow or deep: jumps, prefixes, handlers.
#[test]
fn long_code_takes_its_time_and_no_more() {
    const UNITS: usize = 1 << 16;
    for layout in LAYOUTS {
        let set = InstructionSet::new(layout);
        let one = |text: &str| assemble(layout, text);
        let jump = if layout.version.len() == 3 { one("!JUMP_FORWARD 0") } else { one("JUMP_FORWARD 0") };
        let forms =
            [one("NOP"), jump, one("!EXTENDED_ARG 255"), one("LOAD_CONST"), one("LOAD_CONST; POP_TOP"), vec![255, 255]];
        for form in forms {
            let mut code: Vec<u8> = form.iter().copied().cycle().take(2 * UNITS / form.len() * form.len()).collect();
            code.extend(one("LOAD_CONST; RETURN_VALUE"));
            let handlers: Vec<Handler> = (0..UNITS as u32)
                .map(|unit| Handler { start: unit, end: unit + 1, target: UNITS as u32, depth: 0, lasti: false })
                .collect();
            for handlers in [&[], &handlers[..]] {
                let unverified = Unverified {
                    code: &code,
                    stacksize: u32::MAX,
                    consts: usize::MAX,
                    names: 0,
                    variables: VariableSlots::Kinds(&[]),
                    flags: 0,
                    handlers,
                };
                try_everything(&set, &unverified);
            }
        }
    }
}

/// What the headers say that an opcode takes and leaves, for 3.13 and later: `tests/vectors/popped`.
struct Headers(BTreeMap<String, [Vec<i64>; 2]>);

impl Headers {
    fn read(layout: &Layout) -> Option<Headers> {
        let text = std::fs::read_to_string(root().join("tests/vectors/popped").join(layout.version)).ok()?;
        let row = |line: &str| {
            let mut words = line.split(' ');
            let name = words.next().expect("a name").to_owned();
            let mut numbers =
                || words.next().expect("numbers").split(',').map(|n| n.parse().expect("a number")).collect();
            (name, [numbers(), numbers()])
        };
        Some(Headers(text.lines().map(row).collect()))
    }

    /// Entries taken and left; `None` where the vectors do not reach.
    fn of(&self, name: &str, argument: u32) -> Option<[i64; 2]> {
        let [popped, pushed] = self.0.get(name)?;
        let at = |numbers: &Vec<i64>| {
            if numbers.len() == 1 { Some(numbers[0]) } else { numbers.get(argument as usize).copied() }
        };
        Some([at(popped)?, at(pushed)?])
    }
}

/// The verifier's table is that of the headers.
#[test]
fn the_headers_say_the_same() {
    let mut compared = 0;
    for layout in LAYOUTS {
        let Some(headers) = Headers::read(layout) else { continue };
        let set = InstructionSet::new(layout);
        for info in layout.opcodes.iter().flatten().filter(|info| info.base == info.number) {
            for argument in 0..20 {
                let Some(reach) = set.reach(info.number, argument) else { continue };
                // Other arguments are refused.
                if info.name == "BUILD_SLICE" && ![2, 3].contains(&argument)
                    || ["SWAP", "COPY"].contains(&info.name) && argument == 0
                {
                    continue;
                }
                let [popped, pushed] = headers.of(info.name, argument).expect("an opcode of the headers");
                assert_eq!(i64::try_from(reach), Ok(popped), "{} {} {argument}", layout.version, info.name);
                assert_eq!(
                    set.effect(info.number, argument, false),
                    Some(pushed - popped),
                    "{} {}",
                    layout.version,
                    info.name
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 6_000, "{compared}");
}

/// A frame that runs nothing: where it stands, how deep its stack is, whether it is a generator's.
struct Walker<'a> {
    layout: &'static Layout,
    minor: u32,
    headers: Option<&'a Headers>,
    /// For reading operands and for what is left when something raises; nothing else of it is believed.
    set: &'a InstructionSet,
    code: &'a Unverified<'a>,
    /// Units at which an instruction begins.
    begins: Vec<bool>,
    unit: usize,
    depth: i64,
    made: bool,
}

impl Walker<'_> {
    fn new<'a>(set: &'a InstructionSet, headers: Option<&'a Headers>, code: &'a Unverified<'a>) -> Walker<'a> {
        let layout = set.layout();
        let mut begins = vec![false; code.code.len() / 2];
        let (mut unit, mut prefixed) = (0, false);
        while unit < begins.len() {
            begins[unit] = !prefixed;
            let info = layout.opcodes[usize::from(code.code[2 * unit])].expect("only opcodes are accepted");
            assert_eq!(info.base, info.number);
            prefixed = info.name == "EXTENDED_ARG";
            unit += 1 + usize::from(info.caches);
        }
        assert_eq!(unit, begins.len(), "the code ends within caches");
        let minor = layout.version[2..].parse().expect("a version");
        Walker { layout, minor, headers, set, code, begins, unit: 0, depth: 0, made: false }
    }

    /// One instruction, or an exception; `false` when the frame has ended.
    fn step(&mut self, random: &mut Random) -> bool {
        let first = self.unit;
        assert!(self.begins[first], "not at an instruction");
        let (mut unit, mut argument) = (first, 0_u32);
        let info = loop {
            let bytes = &self.code.code[2 * unit..2 * unit + 2];
            argument = argument << 8 | u32::from(bytes[1]);
            let info = self.layout.opcodes[usize::from(bytes[0])].expect("an opcode");
            unit += 1;
            if info.name != "EXTENDED_ARG" {
                break info;
            }
        };
        let next = unit + usize::from(info.caches);
        let kind = |index: u32| match self.code.variables {
            VariableSlots::Kinds(kinds) => kinds[index as usize],
            VariableSlots::Counts { .. } => unreachable!("since 3.11 there are kinds"),
        };
        match info.name {
            "LOAD_CONST" | "RETURN_CONST" => assert!((argument as usize) < self.code.consts),
            "LOAD_NAME" | "STORE_NAME" | "STORE_ATTR" => assert!((argument as usize) < self.code.names),
            "LOAD_GLOBAL" => assert!((argument as usize >> 1) < self.code.names),
            "LOAD_FAST" | "STORE_FAST" | "LOAD_FAST_BORROW" | "LOAD_FAST_CHECK" | "DELETE_FAST" => {
                kind(argument);
            }
            "LOAD_FAST_LOAD_FAST" | "STORE_FAST_STORE_FAST" | "STORE_FAST_LOAD_FAST" => {
                kind(argument >> 4);
                kind(argument & 15);
            }
            "LOAD_DEREF" | "STORE_DEREF" => assert!(kind(argument) & 0xC0 != 0),
            "MAKE_CELL" => assert!(kind(argument) & 0xC0 != 0),
            _ => {}
        }
        let effect = |jump| (self.layout.stack_effect)(info.number, argument, jump).expect("an effect");
        let known = self.headers.and_then(|headers| headers.of(info.name, argument));
        let [popped, pushed] = known.unwrap_or_else(|| match info.name {
            "CALL" | "PRECALL" if self.minor == 11 => {
                [i64::from(argument) + 2, if info.name == "CALL" { 1 } else { i64::from(argument) + 2 }]
            }
            "RETURN_GENERATOR" => [0, 1],
            _ => [(-effect(false)).max(0), effect(false).max(0)],
        });
        assert!(self.depth >= popped, "{} takes {popped} of {}", info.name, self.depth);
        if random.below(6) == 0 {
            let taken = self.set.taken(info.number, argument).expect("it runs");
            return self.raise(first, info.number, self.depth - i64::try_from(taken).expect("small"));
        }
        let mut depth = self.depth - popped + pushed;
        let mut to = next;
        let far = match info.argument {
            Argument::JumpForward => next.checked_add(argument as usize),
            Argument::JumpBackward => next.checked_sub(argument as usize),
            _ => None,
        };
        match info.name {
            "RETURN_VALUE" | "RETURN_CONST" | "RAISE_VARARGS" => return false,
            "RERAISE" => return self.raise(first, info.number, self.depth - 1),
            "RETURN_GENERATOR" => {
                assert!(!self.made && self.code.flags & 0x2A0 != 0);
                self.made = true;
            }
            "YIELD_VALUE" => assert!(self.made),
            "JUMP_FORWARD" | "JUMP_BACKWARD" | "JUMP_BACKWARD_NO_INTERRUPT" => to = far.expect("in front of nothing"),
            // An exhausted iterator, as each interpreter does it.
            "FOR_ITER" if random.below(3) == 0 => {
                let far = far.expect("in front of nothing");
                (to, depth) = match self.minor {
                    11 => (far, self.depth - 1),
                    12 => (far + 1, self.depth - 1),
                    13 => (far + 2, self.depth - 1),
                    _ => (far + 1, self.depth),
                };
            }
            "SEND" if random.below(2) == 0 => {
                (to, depth) = (far.expect("in front of nothing"), self.depth - i64::from(self.minor == 11));
            }
            name if name.starts_with("JUMP_IF") && random.below(2) == 0 => {
                (to, depth) = (far.expect("in front of nothing"), self.depth);
            }
            name if name.starts_with("POP_JUMP") && random.below(2) == 0 => to = far.expect("in front of nothing"),
            _ => {}
        }
        self.go(to, depth)
    }

    fn go(&mut self, unit: usize, depth: i64) -> bool {
        assert!(unit < self.begins.len(), "it leaves the code");
        assert!((0..=i64::from(self.code.stacksize)).contains(&depth), "the stack is {depth} deep");
        (self.unit, self.depth) = (unit, depth);
        true
    }

    /// The first handler of the table whose range holds the unit, as CPython finds it.
    fn raise(&mut self, unit: usize, opcode: u8, left: i64) -> bool {
        let unit = unit as u32;
        for handler in self.code.handlers {
            if handler.start > unit {
                break;
            }
            if unit < handler.end {
                // What cannot raise was interrupted by a trace function: the rest is filled with nulls.
                let enough = left >= i64::from(handler.depth) || !self.set.raises(opcode);
                assert!(enough, "the handler keeps {} of {left}", handler.depth);
                return self.go(handler.target as usize, i64::from(handler.depth) + i64::from(handler.lasti) + 1);
            }
        }
        false
    }
}

fn walk(set: &InstructionSet, headers: Option<&Headers>, code: &Unverified<'_>, random: &mut Random) {
    for _ in 0..4 {
        let mut walker = Walker::new(set, headers, code);
        for _ in 0..120 {
            if !walker.step(random) {
                break;
            }
        }
    }
}

/// Every bit of the code of `tests/vectors/units`, and of its handlers.
#[test]
fn what_is_accepted_stays_within_its_bounds() {
    let mut random = Random(7);
    for layout in LAYOUTS {
        let set = InstructionSet::new(layout);
        let headers = Headers::read(layout);
        let classic = ["3.8", "3.9", "3.10"].contains(&layout.version);
        let (mut accepted, mut refused) = (0, 0);
        for line in library::vectors(layout.version) {
            // Long code adds nothing.
            if line.code.len() > 400 {
                continue;
            }
            let mut check = |line: &Line| {
                let unverified = line.unverified();
                if !try_everything(&set, &unverified) {
                    refused += 1;
                    return;
                }
                accepted += 1;
                if !classic {
                    walk(&set, headers.as_ref(), &unverified, &mut random);
                }
            };
            check(&line);
            for at in 0..line.code.len() {
                for bit in 0..8 {
                    let mut changed = line.clone();
                    changed.code[at] ^= 1 << bit;
                    check(&changed);
                }
            }
            for at in 0..line.handlers.len() {
                for bit in 0..8 {
                    for field in 0..5 {
                        let mut changed = line.clone();
                        let handler = &mut changed.handlers[at];
                        match field {
                            0 => handler.start ^= 1 << bit,
                            1 => handler.end ^= 1 << bit,
                            2 => handler.target ^= 1 << bit,
                            3 => handler.depth ^= 1 << bit,
                            _ => handler.lasti ^= true,
                        }
                        check(&changed);
                    }
                }
            }
            for stacksize in 0..line.stacksize {
                let mut changed = line.clone();
                changed.stacksize = stacksize;
                check(&changed);
            }
        }
        eprintln!("{}: {accepted} accepted, {refused} refused", layout.version);
        assert!(accepted > 1_000 && refused > 1_000);
    }
}
