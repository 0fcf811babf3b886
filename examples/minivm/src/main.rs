//! A small VM that runs CPython 3.14's bytecode on `frame-runtime`: `minivm FILE.pyc [ARGS]`.
//!
//! Begin with `vm` (what a VM answers), `object` (what objects are) and `eval` (the loop). The README has the map.

#![deny(unsafe_code)]

mod attribute;
mod builtins;
mod bytes;
mod cache;
mod call;
mod class;
mod construct;
mod dict;
mod eval;
mod exception;
mod family;
mod format;
mod generators;
mod instructions;
mod iterator;
mod known;
mod locals;
mod names;
mod number;
mod object;
mod opcodes;
mod parameters;
mod protocol;
mod range;
mod send;
mod sequence;
mod set;
mod sys;
mod text;
mod traceback;
mod vm;
mod watch;

use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;

use crate::object::{Outcome, Stack, Value};
use crate::vm::Mini;
use crate::watch::Watch;

const HELP: &str = "\
Runs a program that CPython 3.14 compiled.

Usage: minivm [OPTIONS] FILE.pyc [ARGS]...

Arguments:
  FILE.pyc   what `python3.14 -m py_compile FILE.py` wrote
  ARGS       sys.argv[1:]

Options:
  --anchor   Prints to stderr where the topmost frame is noted, and which code lies where: for debuggers
  --stats    Prints to stderr how many frames, chunks, generators and objects were made
  --trace    Prints each push, return, yield, resumption and move of a frame to stderr
  --help     Prints this

What the VM cannot do it refuses, with the line that wants it.
Exit codes: the program's own; 1 an exception that nobody caught; 2 refused, or wrong usage.
";

/// Eval loops that natives start are within each other on the machine's stack: with the limit of 1000 frames there is room
/// for all of them, and for higher limits.
const STACK_BYTES: usize = 1 << 30;

fn main() -> ExitCode {
    let (mut watch, mut anchor) = (Watch::default(), false);
    let mut arguments = std::env::args().skip(1).peekable();
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        match &*option {
            "--anchor" => anchor = true,
            "--stats" => watch.counts = true,
            "--trace" => watch.tells = true,
            "--help" => {
                print!("{HELP}");
                return ExitCode::SUCCESS;
            }
            _ => return usage(&format!("no such option: {option}")),
        }
    }
    let argv: Vec<String> = arguments.collect();
    let Some(path) = argv.first().cloned() else { return usage("which file?") };
    let file = match std::fs::read(&path) {
        Ok(file) => file,
        Err(error) => return usage(&format!("{path}: {error}")),
    };
    let run = move || run(&path, &file, argv, watch, anchor);
    match std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => usage(&format!("no thread: {error}")),
    }
}

fn usage(why: &str) -> ExitCode {
    eprintln!("minivm: {why}\nTry `minivm --help`.");
    ExitCode::from(2)
}

/// Loads and runs a file. Returns the exit code.
fn run(path: &str, file: &[u8], argv: Vec<String>, watch: Watch, anchor: bool) -> u8 {
    let stack = vm::start(Mini::new(argv, watch));
    let code = match load(&stack, file) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("minivm: {path}: {why}");
            return 2;
        }
    };
    if anchor {
        let noted = std::ptr::from_ref::<Stack>(&stack).addr() + Stack::CURRENT_OFFSET;
        eprintln!("topmost frame noted at {noted:#x}");
        show_code(&code);
    }
    let (outcome, globals) = eval::module(&stack, code);
    let code = finish(&stack, outcome);
    sys::finalize(&stack, &globals);
    let _ = stack.vm().out.borrow_mut().flush();
    if stack.vm().watch.counts {
        stack.vm().watch.report();
    }
    // The process ends: so do its objects, all at once.
    std::mem::forget(Rc::clone(&stack));
    code
}

/// The code object in a file.
fn load(stack: &Stack, file: &[u8]) -> Result<Value, String> {
    let (header, code) = match frame_runtime::pyc::read(stack.vm(), file) {
        Ok(read) => read,
        Err(error) => return Err(error.to_string()),
    };
    if header.version != "3.14" {
        return Err(format!("compiled by CPython {}; this VM runs what 3.14 compiles", header.version));
    }
    frame_runtime::vm::Objects::make_code(stack.vm(), code)
}

/// Where code objects lie, their instructions, and what they are called: what a frame's `f_executable` and `instr_ptr` mean.
fn show_code(object: &Value) {
    let Some(code) = object.code() else { return };
    let name = code.qualname().and_then(text::as_str).map_or("?", |name| name.as_str());
    eprintln!("code {:#x} instructions {:#x} {name}", object.address(), code.units().as_ptr().addr());
    code.consts().iter().for_each(show_code);
}

/// What becomes of an exception that nobody caught.
fn finish(stack: &Stack, outcome: Outcome) -> u8 {
    let Err(exception) = outcome else { return 0 };
    let _ = stack.vm().out.borrow_mut().flush();
    if exception::is_refusal(&exception) {
        return refused(stack);
    }
    if let Some(code) = sys::exit_code(stack, &exception) {
        return code;
    }
    match traceback::print(stack, &exception) {
        Ok(text) => eprint!("{text}"),
        Err(_) => return refused(stack),
    }
    // CPython ends itself by the signal SIGINT, which is 130 for a shell.
    if exception::is(&exception, exception::Error::KeyboardInterrupt) { 130 } else { 1 }
}

/// The program wanted what this VM has not.
fn refused(stack: &Stack) -> u8 {
    eprintln!("minivm: {}", stack.vm().refused.get().map_or("refused", |text| text));
    2
}
