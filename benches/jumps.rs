//! Where a trace function may jump to, beside verifying the same code in the same run: the largest functions of the standard
//! library of the interpreter that `FRAME_PYTHON` names, without it the largest ones among the tests' vectors.
//!
//! A verdict needs the lines, the verifier's depths and the stack model; what verifying has more is the operands.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use frame_runtime::code::Verified;
use frame_runtime::plain::Plain;
use frame_runtime::pyc::marshal;
use frame_runtime::version::{self, Version};
use frame_runtime::vm::FrameCode;
use serde_json::Value as Json;

/// Writes the version, then name and marshalled code in hexadecimal of the five largest functions.
const LARGEST: &str = r#"
import marshal, os, sys, types, warnings
warnings.simplefilter("ignore")
def within(code):
    yield code
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            yield from within(item)
found, root = [], os.path.dirname(os.__file__)
for folder, folders, files in os.walk(root):
    folders[:] = sorted(set(folders) - {"site-packages", "dist-packages", "test", "idlelib", "lib2to3"})
    for name in sorted(files):
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            try:
                module = compile(open(path, "rb").read(), path, "exec", dont_inherit=True)
            except (OSError, SyntaxError, ValueError):
                continue
            found += [(len(code.co_code), name + ":" + code.co_qualname, code) for code in within(module) if code.co_flags & 1]
print("%d.%d" % sys.version_info[:2])
for _, name, code in sorted(found, key=lambda row: row[:2])[-5:]:
    consts = tuple(None if isinstance(item, types.CodeType) else item for item in code.co_consts)
    print(name, marshal.dumps(code.replace(co_consts=consts)).hex())
"#;

/// A function: its name, units, what verifies it, and what decides on a jump from its beginning to its last line.
struct Function {
    name: String,
    units: usize,
    verify: Box<dyn Fn() -> bool>,
    find: Box<dyn Fn() -> bool>,
}

fn function<P: Version>(name: &str, bytes: &[u8]) -> Function {
    let code = marshal::read_code(&Plain::<P>::default(), bytes).expect("what CPython marshalled");
    let last = code.co_lines().flatten().filter_map(|range| range.line).max().expect("a line");
    let code: &'static Verified<Plain<P>> =
        Box::leak(Box::new(code.into_verified().map_err(|(_, why)| why).expect("what CPython compiled")));
    let first = code.instructions().map(|item| item.first).find(|first| *first > code.first_traceable());
    let first = first.expect("an instruction behind the first") as u32;
    Function {
        name: name.to_owned(),
        units: code.co_code().len() / 2,
        verify: Box::new(move || code.verify().is_ok()),
        find: Box::new(move || {
            code.jumps().expect("code of 3.11 and later").find(black_box(first), false, last).is_ok()
        }),
    }
}

fn load(minor: &str, name: &str, bytes: &[u8]) -> Function {
    match minor {
        "3.11" => function::<version::Cpython3_11>(name, bytes),
        "3.12" => function::<version::Cpython3_12>(name, bytes),
        "3.13" => function::<version::Cpython3_13>(name, bytes),
        "3.14" => function::<version::Cpython3_14>(name, bytes),
        "3.15" => function::<version::Cpython3_15>(name, bytes),
        other => panic!("CPython {other} is not known here"),
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).expect("base64") as u32;
    let digits: Vec<u32> = text.bytes().take_while(|byte| *byte != b'=').map(digit).collect();
    let whole = |four: &[u32]| {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | four.get(at).copied().unwrap_or(0));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(whole).collect()
}

fn functions() -> Vec<Function> {
    if let Some(python) = std::env::var_os("FRAME_PYTHON") {
        let output = Command::new(python).args(["-c", LARGEST]).output().expect("the interpreter runs");
        let text = String::from_utf8(output.stdout).expect("ASCII");
        let mut lines = text.lines();
        let minor = lines.next().expect("the version").to_owned();
        return lines
            .map(|line| line.split_once(' ').expect("name and code"))
            .map(|(name, code)| load(&minor, name, &hex(code)))
            .collect();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/jumps/3.14.10.jsonl");
    let text = std::fs::read_to_string(path).expect("committed vectors");
    let lines = text.lines().skip(1).map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    let text = |line: &Json, key: &str| line[key].as_str().expect("a text").to_owned();
    let mut all: Vec<Function> =
        lines.map(|line| load("3.14", &text(&line, "name"), &base64(&text(&line, "code")))).collect();
    all.sort_by_key(|function| function.units);
    all.split_off(all.len() - 5)
}

/// The best of many interleaved runs.
fn best(ways: [&dyn Fn() -> bool; 2]) -> [Duration; 2] {
    let mut best = [Duration::MAX; 2];
    for _ in 0..60 {
        for (best, run) in best.iter_mut().zip(ways) {
            let start = Instant::now();
            black_box(run());
            *best = (*best).min(start.elapsed());
        }
    }
    best
}

fn jumps(criterion: &mut Criterion) {
    let functions = functions();
    println!("{:<44}{:>8}{:>14}{:>14}{:>8}", "function", "units", "verify, ns", "jump, ns", "ratio");
    for function in &functions {
        let [verify, find] = best([&*function.verify, &*function.find]).map(|time| time.as_secs_f64() * 1e9);
        let each = |time: f64| time / function.units as f64;
        println!(
            "{:<44}{:>8}{:>14.0}{:>14.0}{:>8.2}   ({:.1} and {:.1} per unit)",
            function.name,
            function.units,
            verify,
            find,
            find / verify,
            each(verify),
            each(find)
        );
    }
    let mut group = criterion.benchmark_group("jump");
    let largest = functions.last().expect("a function");
    group.bench_function("verify", |bencher| bencher.iter(&largest.verify));
    group.bench_function("find", |bencher| bencher.iter(&largest.find));
    group.finish();
}

criterion_group!(benches, jumps);
criterion_main!(benches);
