//! What code of CPython's compilers says of its `yield`s: by what each of them says in its exception table, and where its
//! `SEND` jumps to.

use frame_runtime::code::{Code, Fields, Variables, Verified};
use frame_runtime::plain::{Object, Plain, Value};
use frame_runtime::table::{Encoder, ExceptionRow};
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version};
use frame_runtime::vm::FrameCode as _;

use super::library::{Line, ask, vectors};
use super::*;

/// What was asked.
#[derive(Default)]
struct Seen {
    guarded: usize,
    unguarded: usize,
    delegations: usize,
    wrong: Vec<String>,
}

impl Seen {
    fn add(&mut self, name: &str, lines: &[Line]) {
        for line in lines {
            match name {
                "3.11" => self.read::<Cpython3_11>(line),
                "3.12" => self.read::<Cpython3_12>(line),
                "3.13" => self.read::<Cpython3_13>(line),
                "3.14" => self.read::<Cpython3_14>(line),
                "3.15" => self.read::<Cpython3_15>(line),
                other => panic!("{other} is not known here"),
            }
        }
    }

    fn read<P: Version>(&mut self, line: &Line) {
        let set = Code::<Plain<P>>::instruction_set();
        let named = |unit: usize, name: &str| {
            set.decode(&line.code, unit).filter(|instruction| set.name(instruction.base) == name)
        };
        let all: Vec<Instruction> = Instructions::new(set, &line.code).collect();
        if !all.iter().any(|instruction| set.name(instruction.base) == "YIELD_VALUE") {
            return;
        }
        let code = verified::<P>(line);
        // PEP 479's handler begins like this since 3.12.
        let is_around = |handler: &Handler| {
            let intrinsic = named(handler.target as usize, "CALL_INTRINSIC_1");
            intrinsic.is_some_and(|intrinsic| intrinsic.argument == 3)
        };
        for (index, instruction) in all.iter().enumerate() {
            let unit = instruction.first as u32;
            let yields = set.name(instruction.base) == "YIELD_VALUE";
            let send = index.checked_sub(1).map(|before| all[before]).filter(|_| yields);
            let send = send.filter(|before| set.name(before.base) == "SEND");
            let after = send.and_then(|send| set.target(&send));
            if code.after_delegation(unit).map(i64::from) != after {
                self.wrong.push(format!("{}: {unit} ends at {:?}", line.name, code.after_delegation(unit)));
            }
            self.delegations += usize::from(after.is_some());
            // Where the frame stands.
            let stands = all.get(index + 1).filter(|_| yields && set.layout().minor() >= 13);
            let Some(stands) = stands else {
                if !code.is_guarded_at(unit as isize) && named(unit as usize, "RESUME").is_none() {
                    self.wrong.push(format!("{}: {unit} is no yield", line.name));
                }
                continue;
            };
            let handler = line.handlers.iter().find(|handler| (handler.start..handler.end).contains(&unit));
            let guarded = handler.is_some_and(|handler| !is_around(handler));
            if code.is_guarded_at(stands.first.cast_signed()) != guarded {
                self.wrong.push(format!("{}: {unit} guarded: {}", line.name, !guarded));
            }
            *if guarded { &mut self.guarded } else { &mut self.unguarded } += 1;
        }
    }

    fn check(&self, name: &str, least: usize) {
        assert!(self.wrong.is_empty(), "{name}: {}", self.wrong[..self.wrong.len().min(20)].join("\n"));
        let later = !["3.11", "3.12"].contains(&name);
        for (count, what) in [(self.guarded, "guarded"), (self.unguarded, "not guarded")] {
            assert!(if later { count >= least } else { count == 0 }, "{name}: {count} {what}");
        }
        assert!(self.delegations >= least, "{name}: {} delegations", self.delegations);
    }
}

/// The code of a line, with names of its own.
fn verified<P: Version>(line: &Line) -> Verified<Plain<P>> {
    let text = |text: &str| Value::new(Object::Str(text.as_bytes().into()));
    let mut table = Encoder::<ExceptionRow, 5>::new(0);
    for handler in &line.handlers {
        let [start, size, target, depth] =
            [handler.start, handler.end - handler.start, handler.target, handler.depth].map(u32::cast_signed);
        let row = ExceptionRow { start, size, target, depth, lasti: handler.lasti.into() };
        table.push(0, row).expect("as the interpreter wrote it");
    }
    let kinds = line.kinds().expect("since 3.11").to_vec();
    let fields = Fields {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: line.stacksize.cast_signed(),
        flags: line.flags.cast_signed(),
        firstlineno: 1,
        code: line.code.clone(),
        consts: vec![text("constant"); line.consts],
        names: vec![text("name"); line.names],
        variables: Variables::Localsplus { names: (0..kinds.len()).map(|at| text(&format!("v{at}"))).collect(), kinds },
        filename: text("file"),
        name: text("name"),
        qualname: Some(text("name")),
        linetable: Vec::new(),
        exceptiontable: table.finish(),
    };
    let code = Code::new(&Plain::<P>::default(), fields).unwrap_or_else(|error| panic!("{}: {error}", line.name));
    code.into_verified().unwrap_or_else(|(_, why)| panic!("{}: {why}", line.name))
}

#[test]
fn vectors_say_of_their_yields() {
    for name in ["3.11", "3.12", "3.13", "3.14", "3.15"] {
        let mut seen = Seen::default();
        seen.add(name, &vectors(name));
        seen.check(name, 4);
    }
}

/// 60 files of each library; all of them with `FRAME_FULL=1`.
#[test]
fn libraries_say_of_their_yields() {
    let files = if std::env::var_os("FRAME_FULL").is_some() { 0 } else { 60 };
    let folder = scratch("yields");
    for python in pythons_of_facts("libraries_say_of_their_yields") {
        let name: String = python.release.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        if ["3.8", "3.9", "3.10"].contains(&&*name) {
            continue;
        }
        let mut seen = Seen::default();
        seen.add(&name, &ask(&python, files, &folder));
        let Seen { guarded, unguarded, delegations, .. } = &seen;
        eprintln!("{}: {guarded} guarded, {unguarded} not, {delegations} delegations", python.release);
        seen.check(&python.release[..4], 1);
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// What is no such loop has no end; nobody promises that a `SEND` is reached which nothing leads to.
#[test]
fn other_loops_have_no_end() {
    let layout = Cpython3_11::LAYOUT;
    let head = "RETURN_GENERATOR; POP_TOP; LOAD_CONST 0; LOAD_CONST 0";
    let tail = "RETURN_VALUE";
    let cases = [
        ("SEND 3; YIELD_VALUE; RESUME 2; JUMP_BACKWARD_NO_INTERRUPT 4", Some(8)),
        ("SEND 3; YIELD_VALUE; RESUME 3; JUMP_BACKWARD_NO_INTERRUPT 4", Some(8)),
        ("SEND 3; YIELD_VALUE; RESUME 1; JUMP_BACKWARD_NO_INTERRUPT 4", None),
        ("SEND 3; YIELD_VALUE; NOP; JUMP_BACKWARD_NO_INTERRUPT 4", None),
        ("SEND 3; YIELD_VALUE; RESUME 2; JUMP_BACKWARD 4", None),
        ("SEND 3; YIELD_VALUE; RESUME 2; JUMP_BACKWARD_NO_INTERRUPT 3", None),
        ("NOP; YIELD_VALUE; RESUME 2; JUMP_BACKWARD_NO_INTERRUPT 4; POP_TOP", None),
    ];
    for (text, end) in cases {
        let code = faults::assemble(layout, &format!("{head}; {text}; {tail}"));
        let line = Line::of(code, 3, 0x20, 1);
        assert_eq!(verified::<Cpython3_11>(&line).after_delegation(5), end, "{text}");
    }
}
