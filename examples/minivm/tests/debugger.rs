//! Somebody who knows the layout of CPython 3.14's frames walks those of a running minivm from outside.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};

use frame_runtime::mirror::Mirror;
use frame_runtime::number::Number;
use frame_runtime::v3_14::layout::InterpreterFrame;
use frame_runtime::v3_14::number::FrameOwner;

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("an address")
}

/// Waits until the process has stopped.
fn stop(pid: u32) {
    let sent = Command::new("kill").args(["-STOP", &pid.to_string()]).status().expect("kill");
    assert!(sent.success());
    loop {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is there");
        // Behind the name in parentheses.
        if status.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')) {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn frames_are_walked_from_outside() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_minivm"))
        .args(["--anchor", "speed/fib.pyc", "60"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::piped())
        .spawn()
        .map(Ends)
        .expect("minivm");
    let pid = child.0.id();
    let mut lines = BufReader::new(child.0.stderr.take().expect("a pipe")).lines().map_while(Result::ok);

    let first = lines.next().expect("the anchor");
    let anchor = hex(first.strip_prefix("topmost frame noted at ").expect("the anchor"));
    let mut names = HashMap::new();
    while !names.values().any(|(_, name)| name == "fib") {
        let line = lines.next().expect("code");
        let words: Vec<&str> = line.split(' ').collect();
        let [_, code, _, instructions, name] = words[..] else { panic!("{line}") };
        names.insert(hex(code), (hex(instructions), name.to_owned()));
    }

    // The program has begun when the function calls itself.
    let memory = File::open(format!("/proc/{pid}/mem"));
    let Ok(memory) = memory else {
        println!("skipped: this process may not read the memory of another");
        return;
    };
    let chain = loop {
        stop(pid);
        let chain = walk(&memory, anchor, &names);
        if chain.len() > 10 {
            break chain;
        }
        let sent = Command::new("kill").args(["-CONT", &pid.to_string()]).status().expect("kill");
        assert!(sent.success());
    };
    let (last, calls) = chain.split_last().expect("frames");
    assert_eq!(last.0, "<module>");
    assert!(calls.iter().all(|(name, _)| name == "fib"), "{chain:?}");
    // Where they stand: at one of the two calls, but for the topmost.
    let places: std::collections::BTreeSet<u64> = calls.iter().skip(1).map(|(_, lasti)| *lasti).collect();
    assert!((1..=2).contains(&places.len()), "{places:?}");
}

/// Names and positions, in bytes of code, from the topmost frame down to the way in.
fn walk(memory: &File, anchor: u64, names: &HashMap<u64, (u64, String)>) -> Vec<(String, u64)> {
    let mut word = [0; 8];
    memory.read_exact_at(&mut word, anchor).expect("where the frame is noted");
    let mut at = u64::from_ne_bytes(word);
    let mut chain = Vec::new();
    while at != 0 {
        let mut bytes = [0; InterpreterFrame::SIZE];
        memory.read_exact_at(&mut bytes, at).expect("a frame");
        let frame = InterpreterFrame::read(&bytes).expect("as many bytes as a frame has");
        match FrameOwner::from_raw(frame.owner).expect("an owner of 3.14") {
            // What is below is the shim of whoever entered.
            FrameOwner::Interpreter => break,
            FrameOwner::Thread => {}
            other => panic!("{other:?} in a program without generators"),
        }
        // The two low bits of a stack reference are not the pointer's.
        let code = frame.f_executable.bits & !3;
        let (instructions, name) = &names[&code];
        let lasti = (frame.instr_ptr.raw() - instructions) & !1;
        chain.push((name.clone(), lasti));
        at = frame.previous.raw();
    }
    chain
}
