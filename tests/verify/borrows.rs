//! Which locals are pushed without counting them, and what comes of those that should be counted:
//! `tests/verify/borrows.txt`.

use frame_runtime::code::{Code, Fields, Variables};
use frame_runtime::plain::{Object, Plain, Value};
use frame_runtime::version::Cpython3_14;

use super::faults::{LAYOUTS, assemble, cases};
use super::*;

#[test]
fn what_is_not_proven_is_said() {
    let (mut proven, mut refused) = (0, 0);
    cases(&root().join("tests/verify/borrows.txt"), |set, code| match unproven_borrows(set, code) {
        Ok(units) if units.is_empty() => {
            proven += 1;
            "proven".to_owned()
        }
        Ok(units) => {
            refused += 1;
            let units: Vec<String> = units.iter().map(usize::to_string).collect();
            format!("not proven: {}", units.join(" "))
        }
        Err(error) => error.to_string(),
    });
    assert!(proven > 20 && refused > 80, "{proven} {refused}");
}

/// What is said of more entries than are followed, and how long it takes to say it.
#[test]
fn many_borrows_are_given_up() {
    const UNITS: usize = 1 << 16;
    const NONE: &[usize] = &[];
    for layout in &LAYOUTS[6..] {
        let set = InstructionSet::new(layout);
        let said = |text: &str, times: usize, rest: &str, handlers: &[Handler]| {
            let mut code = assemble(layout, text).repeat(times);
            code.extend(assemble(layout, rest));
            let code = Unverified {
                code: &code,
                stacksize: u32::MAX,
                consts: 1,
                names: 1,
                variables: VariableSlots::Kinds(&[0x20; 2]),
                flags: 0,
                handlers,
            };
            unproven_borrows(&set, &code).expect("accepted")
        };
        // All that is on the stack at once, as long as there is not too much of it.
        let end = "LOAD_CONST; RETURN_VALUE";
        assert_eq!(said("LOAD_FAST_BORROW 0", 256, end, &[]), NONE);
        assert_eq!(said("LOAD_FAST_BORROW 0", 300, end, &[]), Vec::from_iter(256..300));
        assert_eq!(said("LOAD_FAST_BORROW 0; POP_TOP", UNITS, end, &[]), NONE);
        // At the most there can be, each instruction changes another local.
        let stores = format!("LOAD_FAST_BORROW 0;{} {end}", "LOAD_CONST; STORE_FAST 1;".repeat(UNITS));
        assert_eq!(said("LOAD_FAST_BORROW 0", 255, &stores, &[]), NONE);
        // One instruction that pushes more and more is one.
        assert_eq!(said("LOAD_FAST_BORROW 0", 1, &format!("{} {end}", "COPY 1;".repeat(1_000)), &[]), [0]);
        // A handler that keeps all of them.
        let handler = Handler { start: 40, end: 41, target: 40 + 2, depth: 40, lasti: false };
        let kept = format!("NOP; RETURN_VALUE; {end}");
        assert_eq!(said("LOAD_FAST_BORROW 0", 40, &kept, &[handler]), Vec::from_iter(32..40));
    }
}

/// Only from 3.14 on.
#[test]
fn what_counts_does_the_same() {
    for layout in Layout::all() {
        let set = InstructionSet::new(layout);
        let mut found = Vec::new();
        for info in layout.opcodes.iter().flatten() {
            let Some(counted) = set.counted(info.number) else { continue };
            found.push((info.name, set.name(counted)));
            assert_eq!(set.caches(info.number), set.caches(counted));
            assert_eq!(set.reach(info.base, 0), set.reach(counted, 0));
            assert_eq!(set.effect(info.base, 0, false), set.effect(counted, 0, false));
        }
        found.retain(|(name, _)| !name.starts_with("INSTRUMENTED"));
        let pair = ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST");
        let has = ["3.14", "3.15"].contains(&layout.version);
        let all = if has { vec![("LOAD_FAST_BORROW", "LOAD_FAST"), pair] } else { Vec::new() };
        assert_eq!(found, all, "{}", layout.version);
    }
}

#[test]
fn verified_code_counts_what_is_not_proven() {
    let layout = LAYOUTS[6];
    let vm = Plain::<Cpython3_14>::default();
    let text = |text: &str| Value::new(Object::Str(text.as_bytes().into()));
    let code = assemble(
        layout,
        "!EXTENDED_ARG 0; LOAD_FAST_BORROW 0; DELETE_FAST 0; LOAD_FAST_BORROW_LOAD_FAST_BORROW 17; LOAD_FAST_BORROW 1;
         STORE_FAST 1; BINARY_OP 0; BINARY_OP 0; LOAD_FAST_BORROW 1; BINARY_OP 0; RETURN_VALUE",
    );
    let fields = Fields {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 4,
        flags: 0,
        firstlineno: 1,
        code: code.clone(),
        consts: Vec::new(),
        names: Vec::new(),
        variables: Variables::Localsplus { names: vec![text("a"), text("b")], kinds: vec![0x20, 0x20] },
        filename: text("file"),
        name: text("name"),
        qualname: Some(text("name")),
        linetable: Vec::new(),
        exceptiontable: Vec::new(),
    };
    let code_object = Code::new(&vm, fields).expect("a code object");
    assert_eq!(code_object.verify(), Ok(()));
    assert_eq!(code_object.unproven_borrows(), Ok(vec![1, 3, 4]));
    let verified = code_object.into_verified().expect("it is accepted");
    // What is shown, walked and compared stays as it was.
    assert_eq!(verified.co_code(), code);
    let names = |code: &[u8]| -> Vec<(usize, String, u8)> {
        let units = code.chunks(2).enumerate();
        units
            .map(|(at, unit)| (at, layout.opcodes[usize::from(unit[0])].expect("known").name.into(), unit[1]))
            .collect()
    };
    let running: Vec<u8> = verified.units().iter().flat_map(|unit| unit.get().to_ne_bytes()).collect();
    let changed: Vec<_> = names(&running).into_iter().zip(names(&code)).filter(|(now, then)| now != then).collect();
    let one = |at, name: &str, argument| (at, name.to_owned(), argument);
    assert_eq!(
        changed,
        [
            (one(1, "LOAD_FAST", 0), one(1, "LOAD_FAST_BORROW", 0)),
            (one(3, "LOAD_FAST_LOAD_FAST", 17), one(3, "LOAD_FAST_BORROW_LOAD_FAST_BORROW", 17)),
            (one(4, "LOAD_FAST", 1), one(4, "LOAD_FAST_BORROW", 1)),
        ]
    );
    assert_eq!(verified.unproven_borrows(), Ok(Vec::new()));
    assert_eq!(verified.into_code().into_verified().map(drop).map_err(|(_, why)| why), Ok(()));
}
