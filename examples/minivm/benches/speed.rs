//! Whole processes side by side in one run: `minivm`, python3.14 and python3.15 on the programs below `speed/`.
//!
//! The rounds are interleaved, and every other one runs backwards: what slows the machine down for a while slows all of
//! them. The time of an empty program, each interpreter's own, is subtracted. A program that prints something else than the
//! others is an error.

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
  --beside PATH  compares with another build of minivm, too; a full path; may be given again
  --test         one round of each with a small count, without times (so without --bench, too)
  --help         prints this

Times are those on the wall, of whole processes: their median. A ratio is one of two times of the same round, the
median over all rounds, with the quartiles in parentheses; below 1 minivm takes less.
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
    beside: Vec<PathBuf>,
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
    let mut options = Options { rounds: 7, minivm, beside: Vec::new(), test: false, filters: Vec::new() };
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
            "--beside" => options.beside.push(arguments.next().ok_or("--beside wants a path")?.into()),
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
    let interpreters = interpreters(options, scratch)?;
    let mut times = Times::new();
    for round in 0..if options.test { 1 } else { options.rounds } {
        for (name, small) in &programs {
            let mut first: Option<Vec<u8>> = None;
            for turn in 0..interpreters.len() {
                let index = if round % 2 == 0 { turn } else { interpreters.len() - 1 - turn };
                let interpreter = &interpreters[index];
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
        report(&interpreters, &programs, &times);
    }
    Ok(())
}

/// `minivm` first, its other builds, and those of CPython that are installed.
fn interpreters(options: &Options, scratch: &Path) -> Result<Vec<Interpreter>, String> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("speed");
    let build = |name: &str, program: &Path| {
        let (name, program) = (name.to_owned(), program.to_owned());
        Interpreter { name, program, arguments: &[], compiled: committed.clone() }
    };
    let mut found = vec![build("minivm", &options.minivm)];
    for path in &options.beside {
        // By its folder, where it is called as all of them are.
        let parts = [path.file_name(), path.parent().and_then(Path::file_name)];
        let name = parts.into_iter().flatten().find(|part| *part != "minivm").unwrap_or(path.as_os_str());
        found.push(build(&name.to_string_lossy(), path));
    }
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

/// The lower quartile, the median and the upper quartile.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

fn report(interpreters: &[Interpreter], programs: &[Program], times: &Times) {
    let mut head = format!("{:<12}", "seconds");
    for interpreter in interpreters {
        head.push_str(&format!("{:>13}", interpreter.name));
    }
    for interpreter in &interpreters[1..] {
        head.push_str(&format!("{:>20}", format!("minivm/{}", interpreter.name)));
    }
    println!("{head}");
    let seconds = |name, index| times[&(name, index)].iter().map(Duration::as_secs_f64);
    let empty: Vec<f64> = (0..interpreters.len()).map(|index| quartiles(seconds(EMPTY, index).collect())[1]).collect();
    for (name, _) in programs {
        let mut line = format!("{name:<12}");
        let taken: Vec<Vec<f64>> = (0..interpreters.len())
            .map(|index| {
                let subtracted = if *name == EMPTY { 0.0 } else { empty[index] };
                seconds(*name, index).map(|taken| taken - subtracted).collect()
            })
            .collect();
        for taken in &taken {
            line.push_str(&format!("{:>13.3}", quartiles(taken.clone())[1]));
        }
        for other in &taken[1..] {
            let [low, median, high] = quartiles(taken[0].iter().zip(other).map(|(own, other)| own / other).collect());
            line.push_str(&format!("{:>20}", format!("{median:.2} ({low:.2}-{high:.2})")));
        }
        println!("{line}");
    }
}
