//! Whole processes side by side in one run: `minivm`, python3.14 and python3.15 on the programs below `speed/`.
//!
//! The rounds are interleaved, so that what slows the machine down for a while slows all of them. The time of an empty
//! program, each interpreter's own, is subtracted. A program that prints something else than the others is an error.

#[path = "../tests/support/pythons.rs"]
mod pythons;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const HELP: &str = "\
Times minivm, python3.14 and python3.15 on the same programs.

Usage: cargo bench -p minivm --bench speed -- [OPTIONS] [FILTER]...

Arguments:
  FILTER         only programs whose name contains one of these

Options:
  --rounds N     how often each program runs in each interpreter (default 7)
  --minivm PATH  times this minivm, and not the one that was built for this; a full path
  --test         one round of each with a small count, without times (so without --bench, too)
  --help         prints this

Times are those on the wall, of whole processes. The first is the least, which noise cannot make smaller, and in
parentheses stands the median. Ratios are of the least: below 1 is faster than CPython.
";

/// What is subtracted.
const EMPTY: &str = "empty";

/// The programs, and the count that they get to be tried only.
const PROGRAMS: [Program; 8] = [
    (EMPTY, "1"),
    ("fib", "12"),
    ("calls", "1000"),
    ("generator", "1000"),
    ("yield_from", "100"),
    ("coroutines", "100"),
    ("deep", "1"),
    ("raises", "100"),
];

/// A program's name and its small count.
type Program = (&'static str, &'static str);

/// By program and interpreter.
type Times = BTreeMap<(&'static str, usize), Vec<Duration>>;

struct Options {
    rounds: usize,
    minivm: PathBuf,
    test: bool,
    filters: Vec<String>,
}

/// One of those that are compared.
struct Interpreter {
    name: String,
    program: PathBuf,
    /// Arguments in front of the file.
    arguments: &'static [&'static str],
    /// The folder with what it runs: `NAME.pyc`.
    compiled: PathBuf,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(why) => return fail(&why),
    };
    let scratch = std::env::temp_dir().join(format!("minivm-speed-{}", std::process::id()));
    let done = run(&options, &scratch);
    let _ = std::fs::remove_dir_all(&scratch);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("speed: {why}");
    ExitCode::FAILURE
}

/// `None`: help is wanted.
fn options(arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let minivm = PathBuf::from(env!("CARGO_BIN_EXE_minivm"));
    let mut options = Options { rounds: 7, minivm, test: false, filters: Vec::new() };
    let (mut arguments, mut bench) = (arguments, false);
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--help" => return Ok(None),
            "--bench" => bench = true,
            "--test" => options.test = true,
            "--rounds" => {
                let count = arguments.next().and_then(|count| count.parse().ok()).filter(|count| *count > 0);
                options.rounds = count.ok_or("--rounds wants a number from 1")?;
            }
            "--minivm" => options.minivm = arguments.next().ok_or("--minivm wants a path")?.into(),
            option if option.starts_with("--") => return Err(format!("no such option: {option}")),
            _ => options.filters.push(argument),
        }
    }
    // As `cargo test` calls what `cargo bench` calls with `--bench`.
    options.test |= !bench;
    Ok(Some(options))
}

fn run(options: &Options, scratch: &Path) -> Result<(), String> {
    let wanted =
        |name: &str| options.filters.is_empty() || options.filters.iter().any(|part| name.contains(part.as_str()));
    let programs: Vec<Program> = PROGRAMS.into_iter().filter(|(name, _)| *name == EMPTY || wanted(name)).collect();
    if programs.len() == 1 && !wanted(EMPTY) {
        return Err(format!("no program is called so; there are {}", PROGRAMS.map(|(name, _)| name).join(", ")));
    }
    let interpreters = interpreters(&options.minivm, scratch)?;
    let mut times = Times::new();
    for _ in 0..if options.test { 1 } else { options.rounds } {
        for (name, small) in &programs {
            let mut first: Option<Vec<u8>> = None;
            for (index, interpreter) in interpreters.iter().enumerate() {
                let (time, printed) = time(interpreter, name, options.test.then_some(*small))?;
                times.entry((*name, index)).or_default().push(time);
                let first = first.get_or_insert_with(|| printed.clone());
                if *first != printed {
                    let text = [&*first, &printed].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                    return Err(format!("{name}: {} prints {:?}, not {:?}", interpreter.name, text[1], text[0]));
                }
            }
        }
    }
    if options.test {
        println!("{} programs print the same everywhere", programs.len());
    } else {
        report(&interpreters, &programs, &mut times);
    }
    Ok(())
}

/// `minivm` first, and those of CPython that are installed.
fn interpreters(minivm: &Path, scratch: &Path) -> Result<Vec<Interpreter>, String> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("speed");
    let (name, program) = ("minivm".to_owned(), minivm.to_owned());
    let mut found = vec![Interpreter { name, program, arguments: &[], compiled: committed.clone() }];
    for minor in [14, 15] {
        let Some(python) = pythons::find(minor) else {
            println!("python3.{minor} is not installed");
            continue;
        };
        let compiled = if minor == 14 { committed.clone() } else { scratch.join(&python.release) };
        if minor != 14 {
            compile(&python.path, &committed, &compiled)?;
        }
        println!("CPython {}", python.release);
        // Neither user settings nor `site`: what they cost is not what is measured.
        let arguments = &["-I", "-S"];
        found.push(Interpreter { name: format!("3.{minor}"), program: python.path, arguments, compiled });
    }
    Ok(found)
}

/// Compiles what is in a folder, as `programs/make.py` does, for another version.
fn compile(python: &Path, sources: &Path, target: &Path) -> Result<(), String> {
    let script = "\
import pathlib, py_compile, sys
for path in pathlib.Path(sys.argv[1]).glob('*.py'):
    target = pathlib.Path(sys.argv[2], path.stem + '.pyc')
    py_compile.compile(str(path), str(target), 'speed/' + path.name, doraise=True, optimize=0,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
";
    std::fs::create_dir_all(target).map_err(|error| format!("{}: {error}", target.display()))?;
    let output = Command::new(python).args(["-c", script]).args([sources, target]).output();
    let output = output.map_err(|error| format!("{}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", python.display(), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(())
}

/// The time of one process, and what it printed.
fn time(interpreter: &Interpreter, name: &str, count: Option<&str>) -> Result<(Duration, Vec<u8>), String> {
    let mut command = Command::new(&interpreter.program);
    command.args(interpreter.arguments).arg(interpreter.compiled.join(format!("{name}.pyc"))).args(count);
    command.stdin(Stdio::null());
    let start = Instant::now();
    let output = command.output().map_err(|error| format!("{}: {error}", interpreter.program.display()))?;
    let time = start.elapsed();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {} ends with {}\n{said}", interpreter.name, output.status));
    }
    Ok((time, output.stdout))
}

/// The least and the median in seconds.
fn summary(times: &mut [Duration]) -> [f64; 2] {
    times.sort();
    [times[0], times[times.len() / 2]].map(|time| time.as_secs_f64())
}

fn report(interpreters: &[Interpreter], programs: &[Program], times: &mut Times) {
    let mut head = format!("{:<12}", "seconds");
    for interpreter in interpreters {
        head.push_str(&format!("{:>18}", interpreter.name));
    }
    for interpreter in &interpreters[1..] {
        head.push_str(&format!("{:>14}", format!("minivm/{}", interpreter.name)));
    }
    println!("{head}");
    let mut empty = vec![[0.0; 2]; interpreters.len()];
    for (name, _) in programs {
        let mut line = format!("{name:<12}");
        let mut least = Vec::new();
        for (index, empty) in empty.iter_mut().enumerate() {
            let mut found = summary(times.get_mut(&(*name, index)).expect("it ran"));
            if *name == EMPTY {
                *empty = found;
            } else {
                found = [found[0] - empty[0], found[1] - empty[1]];
            }
            let both = format!("{:.3} ({:.3})", found[0], found[1]);
            line.push_str(&format!("{both:>18}"));
            least.push(found[0]);
        }
        for other in &least[1..] {
            line.push_str(&format!("{:>14.2}", least[0] / other));
        }
        println!("{line}");
    }
}
