//! Any bytes as code: the verifier answers, and code that it accepts is walked on all its ways, where every promise holds.
//! What it does not prove of borrowed locals is replaced, and then there is nothing left.
#![no_main]

use frame_runtime::code::{
    Handler, Instruction, InstructionSet, Instructions, Unverified, VariableSlots, unproven_borrows, verify,
};
use frame_runtime::layout::Layout;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let layouts = Layout::all();
    let set = InstructionSet::new(&layouts[usize::from(input.byte()) % layouts.len()]);
    let (stacksize, consts, names) = (u32::from(input.byte()), usize::from(input.byte()), usize::from(input.byte()));
    // Generators and coroutines are bits 5, 7 and 9.
    let flags = u32::from(input.byte()) << 2;
    let slots: Vec<u8> = (0..input.byte() % 16).map(|_| input.byte()).collect();
    let variables = if before_3_11(set.layout()) {
        let count = |index: usize| usize::from(slots.get(index).copied().unwrap_or(0));
        VariableSlots::Counts { locals: count(0), cells: count(1), frees: count(2) }
    } else {
        VariableSlots::Kinds(&slots)
    };
    let handlers: Vec<Handler> = (0..input.byte() % 8).map(|_| input.handler()).collect();
    let handlers = if before_3_11(set.layout()) { &[] } else { &handlers[..] };
    let code = Unverified { code: input.0, stacksize, consts, names, variables, flags, handlers };
    for item in Instructions::new(&set, code.code) {
        assert!(item.first <= item.unit && item.unit < item.next && item.next <= code.code.len() / 2);
        let _ = (set.target(&item), set.effect(item.base, item.argument, true));
    }
    let verified = verify(&set, &code);
    let unproven = unproven_borrows(&set, &code);
    assert_eq!(unproven.as_ref().err(), verified.as_ref().err());
    if let Ok(unproven) = unproven {
        assert!(unproven.is_sorted());
        let mut counted = code.code.to_vec();
        for unit in unproven {
            let opcode = &mut counted[2 * unit];
            *opcode = set.counted(*opcode).expect("only what borrows is named");
        }
        assert_eq!(unproven_borrows(&set, &Unverified { code: &counted, ..code }), Ok(Vec::new()));
    }
    if verified.is_ok() && !before_3_11(set.layout()) {
        Walk { set: &set, code: &code, depths: vec![None; code.code.len() / 2], waiting: Vec::new() }.all();
    }
});

fn before_3_11(layout: &Layout) -> bool {
    matches!(layout.version, "3.8" | "3.9" | "3.10")
}

/// Bytes, then zeros.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn handler(&mut self) -> Handler {
        let [start, size, target, depth] = [(); 4].map(|()| u32::from(self.byte()));
        Handler { start, end: start + size, target, depth: depth >> 1, lasti: depth & 1 != 0 }
    }
}

/// All ways through accepted code, from what is public of the instructions.
struct Walk<'a> {
    set: &'a InstructionSet,
    code: &'a Unverified<'a>,
    /// The depth of the stack at each unit that was reached.
    depths: Vec<Option<i64>>,
    waiting: Vec<usize>,
}

impl Walk<'_> {
    fn all(&mut self) {
        self.reach(0, 0, "the start");
        while let Some(unit) = self.waiting.pop() {
            let item = self.set.decode(self.code.code, unit).expect("an instruction");
            self.step(&item, self.depths[unit].expect("a depth"));
        }
    }

    fn reach(&mut self, unit: i64, depth: i64, from: &str) {
        let at = usize::try_from(unit).unwrap_or_else(|_| panic!("{from} leads to unit {unit}"));
        assert!(at < self.depths.len(), "{from} leads to unit {unit}, behind the end");
        assert!((0..=i64::from(self.code.stacksize)).contains(&depth), "{from} leaves {depth} entries at unit {unit}");
        match self.depths[at] {
            None => {
                self.depths[at] = Some(depth);
                self.waiting.push(at);
            }
            Some(known) => assert_eq!(known, depth, "two depths at unit {unit}, from {from}"),
        }
    }

    fn step(&mut self, item: &Instruction, depth: i64) {
        let name = self.set.name(item.opcode);
        assert_eq!(item.opcode, item.base, "{name} is a form of another");
        assert_eq!(item.next - item.unit - 1, usize::from(self.set.caches(item.opcode)), "{name} is cut off");
        let need = self.set.reach(item.base, item.argument).unwrap_or_else(|| panic!("{name} runs"));
        assert!(i64::try_from(need).is_ok_and(|need| need <= depth), "{name} needs {need} of {depth} entries");
        let taken = self.set.taken(item.base, item.argument).and_then(|taken| i64::try_from(taken).ok());
        let left = depth - taken.expect("a number");
        let unit = u32::try_from(item.unit).unwrap_or(u32::MAX);
        // The table says it for all units of an instruction alike; the first one that covers it counts.
        let covers = |handler: &&Handler| handler.start <= unit && unit < handler.end;
        if let Some(handler) = self.code.handlers.iter().find(covers) {
            assert!(i64::from(handler.depth) <= left, "{name} leaves {left}, its handler keeps {}", handler.depth);
            let depth = i64::from(handler.depth) + i64::from(handler.lasti) + 1;
            self.reach(handler.target.into(), depth, "a handler");
        }
        let effect = |jump| self.set.effect(item.base, item.argument, jump).expect("an effect");
        // `END_ASYNC_FOR` names a unit that it does not jump to.
        if let Some(target) = self.set.target(item).filter(|_| name != "END_ASYNC_FOR") {
            self.reach(target, depth + effect(true), name);
        }
        let ends = matches!(
            name,
            "RETURN_VALUE"
                | "RETURN_CONST"
                | "RAISE_VARARGS"
                | "RERAISE"
                | "JUMP_FORWARD"
                | "JUMP_BACKWARD"
                | "JUMP_BACKWARD_NO_INTERRUPT"
        );
        if !ends {
            self.reach(item.next as i64, depth + effect(false), name);
        }
    }
}
