//! Code of the vectors with bytes turned round, in the instructions and in the tables: nothing panics, and a jump that is
//! accepted leads from and to what a walk of all ways finds.

use frame_runtime::code::jump::{Jump, Source};
use frame_runtime::code::{Instruction, InstructionSet, Instructions};
use frame_runtime::layout::{Flavour, Layout};
use frame_runtime::table::{Encoder, ExceptionTable, Handler, LineTable, LocationRow};
use frame_tests::{Random, files, root};

use super::vectors::cases;

/// What lies on a way: how many entries of the stack, and whether it is a generator that runs.
type State = (i64, bool);

/// The state at each unit, by the first way that is found; nothing here is checked.
fn walk(source: &Source<'_>) -> Vec<Option<State>> {
    let handlers: Vec<Handler> = source.handlers.entries().map_while(Result::ok).collect();
    let mut states = vec![None; source.code.len() / 2];
    let mut waiting = vec![(0, (0, false))];
    while let Some((unit, state)) = waiting.pop() {
        let Some(seen @ None) = usize::try_from(unit).ok().and_then(|unit| states.get_mut(unit)) else { continue };
        *seen = Some(state);
        let item = source.set.decode(source.code, usize::try_from(unit).expect("a unit")).expect("an instruction");
        waiting.extend(ways(source.set, &item, state, &handlers));
    }
    states
}

fn ways(set: &InstructionSet, item: &Instruction, (depth, made): State, handlers: &[Handler]) -> Vec<(i64, State)> {
    let name = set.name(item.base);
    let covers = |handler: &&Handler| (handler.start as usize..handler.end as usize).contains(&item.first);
    let handler = handlers.iter().find(covers);
    let mut ways: Vec<(i64, State)> = Vec::new();
    ways.extend(handler.map(|found| {
        let depth = i64::from(found.depth) + i64::from(found.lasti) + 1;
        (found.target.into(), (depth, made))
    }));
    let made = made || name == "RETURN_GENERATOR";
    let effect = |jump| set.effect(item.base, item.argument, jump);
    // `END_ASYNC_FOR` names a unit that it does not jump to.
    if let (Some(target), Some(effect)) = (set.target(item).filter(|_| name != "END_ASYNC_FOR"), effect(true)) {
        ways.push((target, (depth + effect, made)));
    }
    let ends = ["RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"].contains(&name)
        || ["JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"].contains(&name);
    if let Some(effect) = effect(false).filter(|_| !ends) {
        ways.push((item.next as i64, (depth + effect, made)));
    }
    ways
}

/// Where a frame may stand for the instruction of a unit: there, or behind its prefixes.
fn check(source: &Source<'_>, states: &[Option<State>], at: u32, yielded: bool, jump: &Jump) {
    let mut items = Instructions::new(source.set, source.code);
    let item = items.find(|item| (item.first..=item.unit).contains(&(at as usize))).expect("an instruction");
    let (depth, made) = states[item.first].expect("a way");
    let dropped = i64::try_from(jump.drops.len()).expect("a few") + i64::from(yielded);
    assert_eq!(depth - dropped, i64::from(jump.depth), "what stays and what goes is what there was");
    assert_eq!(states[jump.unit as usize], Some((i64::from(jump.depth), made)), "unit {}", jump.unit);
}

/// One of the bytes becomes another one.
fn turn(bytes: &mut [u8], random: &mut Random) {
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = match random.below(3) {
            0 => random.below(256) as u8,
            1 => bytes[at] ^ 1 << random.below(8),
            _ => bytes[random.below(bytes.len())],
        };
    }
}

#[test]
fn accepted_jumps_lead_to_what_the_verifier_found() {
    let mut random = Random(0x0F00_5E77);
    for path in files(&root().join("tests/vectors/jumps"), "jsonl") {
        let (mut accepted, mut verified) = (0, 0);
        for case in cases(&path) {
            let real = case.code.jumps().expect("code of 3.11 and later");
            for _ in 0..16 {
                let (mut code, mut lines, mut handlers) =
                    (real.code.to_vec(), case.lines.clone(), case.handlers.clone());
                for _ in 0..random.below(3) {
                    turn(&mut code, &mut random);
                }
                if random.below(2) == 0 {
                    turn(&mut lines, &mut random);
                }
                if random.below(2) == 0 {
                    turn(&mut handlers, &mut random);
                }
                let source = Source {
                    code: &code,
                    lines: LineTable::new(real.set.layout(), &lines, real.firstlineno, code.len()),
                    handlers: ExceptionTable::new(&handlers),
                    generator: real.generator ^ (random.below(50) == 0),
                    stacksize: real.stacksize + random.below(2) as u32,
                    ..real
                };
                let states = walk(&source);
                let before = accepted;
                for _ in 0..16 {
                    let at = random.below(code.len() / 2 + 3) as u32;
                    let yielded = random.below(4) == 0;
                    let line = real.firstlineno + random.below(30) as i32 - 2;
                    if let Ok(jump) = source.find(at, yielded, line) {
                        check(&source, &states, at, yielded, &jump);
                        accepted += 1;
                    }
                }
                verified += usize::from(accepted > before);
            }
        }
        assert!(accepted > 500 && verified > 200, "{}: only {accepted} in {verified}", path.display());
    }
}

/// Bytes without meaning.
#[test]
fn no_bytes_do_harm() {
    let mut random = Random(0xD0_0DAD);
    let sets: Vec<&'static InstructionSet> =
        Layout::all().iter().map(|layout| &*Box::leak(Box::new(InstructionSet::new(layout)))).collect();
    for _ in 0..20_000 {
        let mut bytes = |most: usize| -> Vec<u8> { (0..random.below(most)).map(|_| random.below(256) as u8).collect() };
        let (code, lines, handlers) = (bytes(30), bytes(20), bytes(20));
        let set = sets[random.below(sets.len())];
        let source = Source {
            set,
            code: &code,
            lines: LineTable::new(set.layout(), &lines, 1, code.len()),
            handlers: ExceptionTable::new(&handlers),
            firstlineno: 1,
            generator: random.below(2) == 0,
            stacksize: random.below(30) as u32,
        };
        let _ = source.find(random.below(20) as u32, random.below(2) == 0, random.below(9) as i32);
        let _ = source.find(u32::MAX, true, i32::MIN);
    }
}

/// Ways that go backward one after the other, where CPython goes over everything once for each of them.
#[test]
fn long_code_takes_its_time_and_no_more() {
    const BLOCKS: usize = 30_000;
    for release in ["3.11.7", "3.12.1", "3.13.18", "3.14.10", "3.15.2"] {
        let layout = Layout::find(release, Flavour::Default).expect("a release of the facts");
        let set: &'static InstructionSet = Box::leak(Box::new(InstructionSet::new(layout)));
        let opcode = |name: &str| layout.opcodes.iter().flatten().find(|info| info.name == name).expect(name);
        let extended = opcode("EXTENDED_ARG").number;
        let mut code = Vec::new();
        let mut emit = |name: &str, argument: usize| {
            let [high, middle, low] = [(argument >> 16) as u8, (argument >> 8) as u8, argument as u8];
            let caches = usize::from(opcode(name).caches);
            code.extend([extended, high, extended, middle, opcode(name).number, low]);
            code.extend(vec![0; 2 * caches]);
        };
        // The first one goes to the last, each to the one in front of it, and the second one behind all.
        let back = 3 + usize::from(opcode("JUMP_BACKWARD").caches);
        emit("JUMP_FORWARD", 3 + back * (BLOCKS - 1));
        emit("JUMP_FORWARD", back * BLOCKS);
        for block in 0..BLOCKS {
            emit("JUMP_BACKWARD", back + if block == 0 { 3 } else { back });
        }
        let end = 6 + back * BLOCKS;
        emit("LOAD_CONST", 0);
        emit("RETURN_VALUE", 0);
        let mut lines = Encoder::<LocationRow, 4>::new(1);
        for (units, line) in [(end, 1), (6, 2)] {
            let row = LocationRow { line, end_line: line, column: 0, end_column: 1 };
            lines.push(units as u32, row).expect("an ordinary row");
        }
        let lines = lines.finish();
        let source = Source {
            set,
            code: &code,
            lines: LineTable::new(layout, &lines, 1, code.len()),
            handlers: ExceptionTable::new(&[]),
            firstlineno: 1,
            generator: false,
            stacksize: 1,
        };
        let there = Jump { unit: end as u32, drops: Vec::new(), depth: 0 };
        assert_eq!(source.find(0, false, 2), Ok(there), "{release}");
    }
}
