//! Code made at random is run on objects that are counted, by rules that are not the verifier's: what is borrowed by an
//! instruction that is proven is there as long as it is on the stack.

use frame_tests::Random;

use super::faults::{LAYOUTS, assemble};
use super::*;

/// Two locals, one that may become a cell, a free one.
const KINDS: [u8; 4] = [0x20, 0x20, 0x60, 0x80];

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Null,
    /// An object by its number; counted.
    Counted(usize),
    Borrowed(usize),
}

/// What code is made of: names, each with its arguments.
const FORMS: &[(&str, &[u32])] = &[
    ("LOAD_FAST_BORROW", &[0, 1, 2, 3]),
    ("LOAD_FAST_BORROW", &[0, 1, 2, 3]),
    ("LOAD_FAST_BORROW", &[0, 1, 2, 3]),
    ("LOAD_FAST_BORROW", &[0, 1, 2, 3]),
    ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", &[0x01, 0x10, 0x12, 0x23]),
    ("LOAD_FAST", &[0, 1, 2, 3]),
    ("LOAD_CONST", &[0]),
    ("STORE_FAST", &[0, 1, 2]),
    ("STORE_FAST_LOAD_FAST", &[0x01, 0x10, 0x21]),
    ("STORE_FAST_STORE_FAST", &[0x01, 0x10, 0x12]),
    ("DELETE_FAST", &[0, 1, 2]),
    ("LOAD_FAST_AND_CLEAR", &[0, 1]),
    ("MAKE_CELL", &[2]),
    ("COPY_FREE_VARS", &[1]),
    ("STORE_DEREF", &[2, 3]),
    ("COPY", &[1, 2, 3]),
    ("SWAP", &[2, 3]),
    ("POP_TOP", &[0]),
    ("NOP", &[0]),
    ("BINARY_OP", &[0]),
    ("UNARY_NOT", &[0]),
    ("BUILD_LIST", &[1, 2]),
    ("CALL", &[0, 1]),
    ("LOAD_ATTR", &[0, 1]),
    ("LOAD_SUPER_ATTR", &[0, 1]),
    ("LOAD_SPECIAL", &[0]),
    ("PUSH_EXC_INFO", &[0]),
    ("TO_BOOL", &[0]),
    ("FORMAT_SIMPLE", &[0]),
    ("GET_AWAITABLE", &[0]),
    ("GET_YIELD_FROM_ITER", &[0]),
    ("GET_ITER", &[0]),
    ("GET_LEN", &[0]),
    ("GET_ANEXT", &[0]),
    ("IMPORT_FROM", &[0]),
    ("MATCH_MAPPING", &[0]),
    ("MATCH_SEQUENCE", &[0]),
    ("MATCH_KEYS", &[0]),
    ("CHECK_EXC_MATCH", &[0]),
    ("WITH_EXCEPT_START", &[0]),
    ("LIST_APPEND", &[1, 2]),
    ("MAP_ADD", &[1]),
    ("DICT_MERGE", &[1]),
    ("SEND", &[0]),
    ("END_SEND", &[0]),
    ("SET_FUNCTION_ATTRIBUTE", &[1]),
    ("FOR_ITER", &[0]),
];

/// Code, and the table of its handlers.
struct Program {
    code: Vec<u8>,
    handlers: Vec<Handler>,
}

/// An instruction, the depth in front of it, and where in the code it begins.
struct Item {
    bytes: Vec<u8>,
    depth: i64,
    unit: usize,
    /// It jumps, behind a condition that takes an entry or back; the operand is found at the end.
    jump: Option<Jump>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Jump {
    Forward,
    Backward,
}

impl Program {
    /// One whose stack is as deep on every way.
    fn new(set: &InstructionSet, random: &mut Random) -> Program {
        let layout = set.layout();
        let number = |name: &str| layout.opcodes.iter().flatten().find(|info| info.name == name).map(|i| i.number);
        let (mut items, mut depth): (Vec<Item>, i64) = (Vec::new(), 0);
        let add = |items: &mut Vec<Item>, text: &str, depth: i64, jump| {
            items.push(Item { bytes: assemble(layout, text), depth, unit: 0, jump });
        };
        let length = 6 + random.below(36);
        while items.len() < length {
            if random.below(6) == 0 {
                add(&mut items, "LOAD_CONST", depth, None);
                add(&mut items, "POP_JUMP_IF_TRUE", depth + 1, Some(Jump::Forward));
                continue;
            }
            if random.below(12) == 0 {
                add(&mut items, "LOAD_CONST", depth, None);
                // Over the jump behind it: an instruction and its cache.
                add(&mut items, "POP_JUMP_IF_TRUE 2", depth + 1, None);
                add(&mut items, "JUMP_BACKWARD", depth, Some(Jump::Backward));
                continue;
            }
            let (name, arguments) = FORMS[random.below(FORMS.len())];
            let argument = arguments[random.below(arguments.len())];
            let Some(opcode) = number(name) else { continue };
            let reach = set.reach(opcode, argument).expect("it runs") as i64;
            let behind = depth + set.effect(opcode, argument, false).expect("it runs");
            // Seldom so deep that nothing happens to what is below.
            if reach > depth || behind > 7 {
                continue;
            }
            add(&mut items, &format!("{name} {argument}"), depth, None);
            if name == "FOR_ITER" {
                add(&mut items, "END_FOR", behind, None);
                continue;
            }
            depth = behind;
        }
        if depth == 0 {
            add(&mut items, "LOAD_CONST", depth, None);
            depth += 1;
        }
        add(&mut items, "RETURN_VALUE", depth, None);
        let mut unit = 0;
        for item in &mut items {
            item.unit = unit;
            unit += item.bytes.len() / 2;
        }
        for at in 0..items.len() {
            let Some(jump) = items[at].jump else { continue };
            let depth = items[at].depth - i64::from(jump == Jump::Forward);
            let next = items[at].unit + items[at].bytes.len() / 2;
            let candidates: Vec<usize> = items
                .iter()
                .filter(|item| item.depth == depth && (item.unit >= next) == (jump == Jump::Forward))
                // An `END_FOR` is entered by its loop alone.
                .filter(|item| set.name(item.bytes[0]) != "END_FOR")
                .map(|item| item.unit.abs_diff(next))
                .collect();
            if !candidates.is_empty() {
                items[at].bytes[1] = candidates[random.below(candidates.len())] as u8;
            }
        }
        let handlers = Program::handlers(set, &items, random);
        Program { code: items.into_iter().flat_map(|item| item.bytes).collect(), handlers }
    }

    /// Some, many of one instruction, which keep what is there all the time.
    fn handlers(set: &InstructionSet, items: &[Item], random: &mut Random) -> Vec<Handler> {
        let mut handlers: Vec<Handler> = Vec::new();
        let mut first = 0;
        for _ in 0..random.below(6) {
            let start = first + random.below(items.len() / 2);
            let end = start + 1 + random.below(2) * random.below(6);
            let Some(range) = items.get(start..end) else { continue };
            let target = &items[random.below(items.len())];
            let lasti = random.below(3) == 0;
            let depth = target.depth - 1 - i64::from(lasti);
            let keeps = |item: &Item| {
                let taken = set.taken(item.bytes[0], item.bytes[1].into()).expect("it runs") as i64;
                item.depth - taken >= depth || !set.raises(item.bytes[0])
            };
            if depth < 0 || !range.iter().all(keeps) || set.name(target.bytes[0]) == "END_FOR" {
                continue;
            }
            let last = &items[end - 1];
            let end_unit = last.unit + last.bytes.len() / 2;
            let [start_unit, end_unit, target, depth] =
                [range[0].unit, end_unit, target.unit, depth as usize].map(|number| number as u32);
            handlers.push(Handler { start: start_unit, end: end_unit, target, depth, lasti });
            first = end;
        }
        handlers
    }
}

/// A frame whose objects are counted.
struct Frame<'a> {
    set: &'a InstructionSet,
    program: &'a Program,
    /// How often each object is held; what is 0 is gone. The first one is held by the caller all the time.
    counts: Vec<u32>,
    /// What cells hold: number of the cell, content.
    cells: Vec<(usize, Slot)>,
    locals: Vec<Slot>,
    stack: Vec<Slot>,
    unit: usize,
}

/// A borrowed object was gone.
#[derive(Debug)]
struct Dangling;

impl Frame<'_> {
    fn make(&mut self) -> Slot {
        self.counts.push(1);
        Slot::Counted(self.counts.len() - 1)
    }

    fn drop(&mut self, slot: Slot) {
        let Slot::Counted(number) = slot else { return };
        self.counts[number] -= 1;
        if self.counts[number] == 0
            && let Some(at) = self.cells.iter().position(|(cell, _)| *cell == number)
        {
            let (_, content) = self.cells.swap_remove(at);
            self.drop(content);
        }
    }

    /// Counts what is borrowed.
    fn own(&mut self, slot: Slot) -> Result<Slot, Dangling> {
        let Slot::Borrowed(number) = slot else { return Ok(slot) };
        if self.counts[number] == 0 {
            return Err(Dangling);
        }
        self.counts[number] += 1;
        Ok(Slot::Counted(number))
    }

    fn count_again(&mut self, slot: Slot) -> Result<Slot, Dangling> {
        match slot {
            Slot::Counted(number) => self.own(Slot::Borrowed(number)),
            other => self.own(other),
        }
    }

    fn pop(&mut self) -> Slot {
        self.stack.pop().expect("verified code finds its entries")
    }

    /// As it is: that borrowed locals get into no local is part of what is proven.
    fn set_local(&mut self, index: u32, slot: Slot) {
        let old = std::mem::replace(&mut self.locals[index as usize], slot);
        self.drop(old);
    }

    /// All that is borrowed is there.
    fn check(&self) -> Result<(), Dangling> {
        let gone = |slot: &Slot| matches!(slot, Slot::Borrowed(number) if self.counts[*number] == 0);
        if self.stack.iter().chain(&self.locals).any(gone) { Err(Dangling) } else { Ok(()) }
    }

    /// An exception: to its handler, or out of the frame.
    fn raise(&mut self, handler: Option<Handler>) -> bool {
        let Some(handler) = handler else { return false };
        while self.stack.len() > handler.depth as usize {
            let slot = self.pop();
            self.drop(slot);
        }
        self.stack.resize(handler.depth as usize, Slot::Null);
        for _ in 0..=u32::from(handler.lasti) {
            let made = self.make();
            self.stack.push(made);
        }
        self.unit = handler.target as usize;
        true
    }

    /// Pushes what an instruction makes: something new, or what it took, counted.
    fn result(&mut self, taken: &[Slot], random: &mut Random) -> Result<(), Dangling> {
        let slot = match random.below(3) {
            0 if !taken.is_empty() => self.count_again(taken[random.below(taken.len())])?,
            _ => self.make(),
        };
        self.stack.push(slot);
        Ok(())
    }

    /// One instruction; `false` at the end. `borrows` says what pushes without counting.
    fn step(&mut self, random: &mut Random, borrows: impl Fn(usize) -> bool) -> Result<bool, Dangling> {
        let item = self.set.decode(&self.program.code, self.unit).expect("verified code goes on");
        let (name, argument) = (self.set.name(item.opcode), item.argument);
        let covers = |handler: &&Handler| (handler.start..handler.end).contains(&(item.first as u32));
        let handler = self.program.handlers.iter().find(covers).copied();
        // Before it, within it, behind it.
        let raises = handler.is_some().then(|| random.below(8));
        if raises == Some(0) {
            return Ok(self.raise(handler));
        }
        if raises == Some(1) {
            for _ in 0..self.set.taken(item.base, argument).expect("it runs") {
                let slot = self.pop();
                self.drop(slot);
            }
            return Ok(self.raise(handler));
        }
        self.unit = item.next;
        let target = self.set.target(&item).and_then(|target| usize::try_from(target).ok());
        let load = |frame: &mut Self, index: u32, counted: bool| {
            let slot = match frame.locals[index as usize] {
                Slot::Counted(number) | Slot::Borrowed(number) if !counted => Slot::Borrowed(number),
                other => frame.count_again(other)?,
            };
            frame.stack.push(slot);
            Ok(())
        };
        let depth = self.stack.len();
        match name {
            "RETURN_VALUE" => {
                let slot = self.pop();
                self.own(slot)?;
                return Ok(false);
            }
            "JUMP_BACKWARD" => self.unit = target.expect("a target"),
            "POP_JUMP_IF_TRUE" => {
                let slot = self.pop();
                self.drop(slot);
                if random.below(2) == 0 {
                    self.unit = target.expect("a target");
                }
            }
            "LOAD_FAST" => load(self, argument, true)?,
            "LOAD_FAST_BORROW" => load(self, argument, !borrows(item.unit))?,
            "LOAD_FAST_BORROW_LOAD_FAST_BORROW" => {
                load(self, argument >> 4, !borrows(item.unit))?;
                load(self, argument & 15, !borrows(item.unit))?;
            }
            "LOAD_FAST_AND_CLEAR" => {
                let slot = std::mem::replace(&mut self.locals[argument as usize], Slot::Null);
                self.stack.push(slot);
            }
            "STORE_FAST" => {
                let slot = self.pop();
                self.set_local(argument, slot);
            }
            "STORE_FAST_LOAD_FAST" => {
                let slot = self.pop();
                self.set_local(argument >> 4, slot);
                load(self, argument & 15, true)?;
            }
            "STORE_FAST_STORE_FAST" => {
                let slot = self.pop();
                self.set_local(argument >> 4, slot);
                self.check()?;
                let slot = self.pop();
                self.set_local(argument & 15, slot);
            }
            "DELETE_FAST" => self.set_local(argument, Slot::Null),
            "MAKE_CELL" => {
                let content = self.count_again(self.locals[argument as usize])?;
                let cell = self.make();
                let Slot::Counted(number) = cell else { unreachable!() };
                self.cells.push((number, content));
                self.set_local(argument, cell);
            }
            "COPY_FREE_VARS" => {
                let cell = self.make();
                let Slot::Counted(number) = cell else { unreachable!() };
                self.cells.push((number, Slot::Null));
                self.set_local(3, cell);
            }
            "STORE_DEREF" => {
                let slot = self.pop();
                let slot = self.own(slot)?;
                let held = self.locals[argument as usize];
                let of = |number: usize| self.cells.iter().position(|(cell, _)| *cell == number);
                let cell = if let Slot::Counted(number) | Slot::Borrowed(number) = held { of(number) } else { None };
                let old = match cell {
                    Some(at) => std::mem::replace(&mut self.cells[at].1, slot),
                    None => slot,
                };
                self.drop(old);
            }
            "COPY" => {
                let slot = self.stack[depth - argument as usize];
                let slot = if let Slot::Counted(_) = slot { self.count_again(slot)? } else { slot };
                self.stack.push(slot);
            }
            "SWAP" => self.stack.swap(depth - 1, depth - argument as usize),
            "LOAD_ATTR" | "LOAD_SUPER_ATTR" | "LOAD_SPECIAL" | "PUSH_EXC_INFO" => {
                let own = self.pop();
                if name == "LOAD_SUPER_ATTR" {
                    for _ in 0..2 {
                        let slot = self.pop();
                        self.drop(slot);
                    }
                }
                self.result(&[own], random)?;
                if argument & 1 == 1 || ["LOAD_SPECIAL", "PUSH_EXC_INFO"].contains(&name) {
                    self.stack.push(own);
                } else {
                    self.drop(own);
                }
            }
            "END_SEND" | "SET_FUNCTION_ATTRIBUTE" => {
                let top = self.pop();
                for _ in 1..self.set.reach(item.base, argument).expect("it runs") {
                    let slot = self.pop();
                    self.drop(slot);
                }
                self.stack.push(top);
            }
            // What may be what it was.
            "TO_BOOL" | "FORMAT_SIMPLE" | "GET_AWAITABLE" | "GET_YIELD_FROM_ITER" => {
                if random.below(2) == 0 {
                    let slot = self.pop();
                    self.result(&[slot], random)?;
                    self.drop(slot);
                }
            }
            // From 3.15 on what it iterates over, and an index.
            "GET_ITER" if self.set.effect(item.base, 0, false) == Some(1) => self.stack.push(Slot::Null),
            _ => {
                // Entries on the top that are taken; others are looked at.
                let takes = match name {
                    "GET_LEN" | "GET_ANEXT" | "IMPORT_FROM" | "MATCH_MAPPING" | "MATCH_SEQUENCE" | "MATCH_KEYS"
                    | "WITH_EXCEPT_START" | "FOR_ITER" => 0,
                    "CHECK_EXC_MATCH" | "LIST_APPEND" | "DICT_MERGE" | "SEND" => 1,
                    "MAP_ADD" => 2,
                    _ => self.set.reach(item.base, argument).expect("it runs") as usize,
                };
                let taken = self.stack.split_off(depth - takes);
                let effect = self.set.effect(item.base, argument, false).expect("it runs");
                for _ in 0..effect + takes as i64 {
                    self.result(&taken, random)?;
                }
                taken.into_iter().for_each(|slot| self.drop(slot));
            }
        }
        if raises == Some(2) {
            return Ok(self.raise(handler));
        }
        Ok(true)
    }
}

/// Whether all goes well, some times over.
fn run(
    set: &InstructionSet,
    program: &Program,
    random: &mut Random,
    borrows: impl Fn(usize) -> bool,
) -> Result<(), Dangling> {
    for _ in 0..8 {
        let mut frame = Frame {
            set,
            program,
            counts: vec![1; 3],
            cells: Vec::new(),
            // An argument may be borrowed from the caller.
            locals: vec![Slot::Counted(1), Slot::Borrowed(0), Slot::Counted(2), Slot::Null],
            stack: Vec::new(),
            unit: 0,
        };
        for _ in 0..80 {
            let goes_on = frame.step(random, &borrows)?;
            frame.check()?;
            if !goes_on {
                break;
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_borrowed_is_there() {
    let programs = if std::env::var_os("FRAME_FULL").is_some() { 2_000_000 } else { 10_000 };
    let mut random = Random(0xB0_44_0E);
    for layout in &LAYOUTS[6..] {
        let set = InstructionSet::new(layout);
        let (mut accepted, mut proven, mut unproven, mut dangling) = (0, 0, 0, 0);
        for _ in 0..programs {
            let program = Program::new(&set, &mut random);
            let code = Unverified {
                code: &program.code,
                stacksize: 12,
                consts: 1,
                names: 1,
                variables: VariableSlots::Kinds(&KINDS),
                flags: 0,
                handlers: &program.handlers,
            };
            let Ok(refused) = unproven_borrows(&set, &code) else { continue };
            accepted += 1;
            let borrows = Instructions::new(&set, &program.code).filter(|item| set.counted(item.base).is_some());
            proven += borrows.count() - refused.len();
            unproven += refused.len();
            let result = run(&set, &program, &mut random, |unit| refused.binary_search(&unit).is_err());
            assert!(result.is_ok(), "{}: {}, not proven: {refused:?}", layout.version, text(&set, &program));
            // Where all are borrowed it goes wrong: the objects here do find out.
            dangling += usize::from(run(&set, &program, &mut random, |_| true).is_err());
        }
        eprintln!(
            "{}: {accepted} of {programs} accepted, {proven} proven, {unproven} not; {dangling} would have gone wrong",
            layout.version
        );
        assert!(accepted * 2 > programs && proven > unproven && dangling * 20 > accepted);
    }
}

fn text(set: &InstructionSet, program: &Program) -> String {
    let items = Instructions::new(set, &program.code);
    let items: Vec<String> =
        items.map(|item| format!("{} {} {}", item.unit, set.name(item.base), item.argument)).collect();
    format!("{}; {:?}", items.join("; "), program.handlers)
}
