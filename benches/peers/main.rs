//! Table decoders beside each other, on every code object of a CPython's library and test suite: the floors, a decoder
//! written straight down, RustPython's, ours, and that CPython's own `co_positions()`.
//!
//! ```text
//! cargo run --release -- PYTHON      # an interpreter: python3.14
//! cargo run --release -- FILE        # what dump.py wrote
//! ```
//!
//! All of them run in turns in one process (CPython before that, in its own), over one slice of the tables after the
//! other; of each slice the fastest pass counts, so that other load on the machine hardly does. Read the ratios all the
//! same. That all decoders say the same is checked first.

mod ours;
mod peer;
mod plain;
mod tables;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tables::{Code, Row};

/// How often each one runs over each slice.
const PASSES: usize = 15;

/// Code objects in a slice: far less than a millisecond's work.
const SLICE: usize = 500;

/// One that is measured: a pass over some tables, to a number that depends on all of the work.
struct Contender {
    name: &'static str,
    pass: fn(&[Code], &mut Vec<Row>) -> u64,
}

/// What is measured by the same measure.
struct Group {
    name: &'static str,
    /// What the time is divided by.
    count: u64,
    /// What that counts.
    per: &'static str,
    /// The one that the others are set beside.
    beside: &'static str,
    contenders: Vec<Contender>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1).ok_or("usage: peers PYTHON | FILE")?;
    let path = Path::new(&argument);
    let head = std::fs::File::open(path).ok().map(|_| std::fs::read(path)).transpose()?;
    let is_program = head.as_ref().is_none_or(|bytes| bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"#!"));
    let bytes = if is_program {
        let file = std::env::temp_dir().join(format!("frame-peers-{}.bin", std::process::id()));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("dump.py");
        let output = Command::new(&argument).arg(script).arg(&file).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        println!("CPython: {}", String::from_utf8_lossy(&output.stdout).trim());
        let bytes = std::fs::read(&file)?;
        std::fs::remove_file(&file)?;
        bytes
    } else {
        head.unwrap_or_default()
    };
    let codes = tables::split(&bytes)?;
    check(&codes)?;
    for group in groups(&codes) {
        measure(&group, &codes);
    }
    Ok(())
}

/// All decoders say the same.
fn check(codes: &[Code]) -> Result<(), String> {
    let mut rows = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        plain::rows(code, &mut rows);
        let wrong = |who: &str| format!("code object {index}: {who} says something else");
        if rows.len() != code.units as usize {
            return Err(wrong("the table"));
        }
        if !peer::agrees(code, &rows) {
            return Err(wrong("RustPython"));
        }
        if !ours::agrees(code, &rows) {
            return Err(wrong("frame-runtime"));
        }
    }
    Ok(())
}

fn groups(codes: &[Code]) -> Vec<Group> {
    let units = codes.iter().map(|code| u64::from(code.units)).sum();
    let handlers = codes.iter().map(|code| plain::handlers(code).len() as u64).sum();
    println!("{} code objects, {units} units, {handlers} entries of exception tables", codes.len());
    let contender = |name, pass| Contender { name, pass };
    vec![
        Group {
            name: "location tables",
            count: units,
            per: "unit",
            beside: peer::ROWS,
            contenders: vec![
                contender("floor: sum of the bytes", plain::sum_bytes),
                contender("floor: starts of entries", plain::count_entries),
                contender("written straight down: rows", plain::fill_rows),
                contender("written straight down: entries", plain::sum_entries),
                contender(peer::ROWS, peer::fill_rows),
                contender("frame-runtime: rows", ours::fill_rows),
                contender("frame-runtime: entries", ours::sum_entries),
            ],
        },
        Group {
            name: "exception tables, all entries",
            count: handlers,
            per: "entry",
            beside: peer::HANDLERS,
            contenders: vec![
                contender(peer::HANDLERS, peer::sum_handlers),
                contender("frame-runtime: entries", ours::sum_handlers),
            ],
        },
        Group {
            name: "the handler of the first unit of each entry",
            count: handlers,
            per: "look-up",
            beside: peer::FIND,
            contenders: vec![
                contender(peer::FIND, peer::find_handlers),
                contender("frame-runtime: on the bytes", ours::find_handlers),
            ],
        },
    ]
}

fn measure(group: &Group, codes: &[Code]) {
    let mut rows = Vec::new();
    let mut total = vec![0.0; group.contenders.len()];
    for slice in codes.chunks(SLICE) {
        let mut best = vec![f64::INFINITY; group.contenders.len()];
        for _ in 0..PASSES {
            for (contender, best) in group.contenders.iter().zip(&mut best) {
                let start = Instant::now();
                black_box((contender.pass)(black_box(slice), &mut rows));
                *best = best.min(start.elapsed().as_nanos() as f64);
            }
        }
        for (total, best) in total.iter_mut().zip(best) {
            *total += best / group.count as f64;
        }
    }
    let named = group.contenders.iter().position(|contender| contender.name == group.beside);
    let beside = named.map_or(f64::NAN, |index| total[index]);
    println!("\n{}, ns per {}; how many times as fast as {}", group.name, group.per, group.beside);
    for (contender, total) in group.contenders.iter().zip(&total) {
        println!("  {:<56} {total:>8.3} {:>7.2}", contender.name, beside / total);
    }
}
