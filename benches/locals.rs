//! `f_locals` of functions with 5, 50 and 500 names: one look-up, one write, one name of an iteration, one name of `len()`.
//!
//! With `python3.14` on `PATH` (or what `FRAME_PYTHON` names) `locals/proxy.py` measures CPython's proxy in the same run:
//! `cargo bench -p frame-benches --bench locals -- --exact none` prints ratios. Its times are those of bytecode that asks,
//! less those of the loop around it; ours are those of a VM's native code that asks.

#[path = "locals/run.rs"]
mod run;
#[path = "locals/vm.rs"]
mod vm;

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frame_runtime::version::{Cpython3_13, Cpython3_14};
use run::with_locals;
use vm::{Kind, Object};

const SIZES: [usize; 3] = [5, 50, 500];
/// Names in one run of a way.
const NAMES: usize = 2_000;

/// Something that takes time, with its name.
type Way<'a> = (&'a str, &'a dyn Fn());

/// The best of many interleaved runs, in nanoseconds a name.
fn best(ways: &[Way<'_>]) -> Vec<f64> {
    let mut best = vec![Duration::MAX; ways.len()];
    for _ in 0..200 {
        for (best, (_, run)) in best.iter_mut().zip(ways) {
            let start = Instant::now();
            run();
            *best = (*best).min(start.elapsed());
        }
    }
    best.into_iter().map(|time| time.as_secs_f64() * 1e9 / NAMES as f64).collect()
}

fn proxy(criterion: &mut Criterion) {
    let theirs = cpython();
    for (nth, size) in SIZES.into_iter().enumerate() {
        let rounds = NAMES / size;
        with_locals::<Cpython3_14>(size, |stack, locals, names| {
            // Writes are of 3.13: from 3.14 on what was there is kept for as long as the frame's object.
            with_locals::<Cpython3_13>(size, |older, written, older_names| {
                let values = [1, 2].map(|value| Object::new(Kind::Int(value)));
                let get = || {
                    for _ in 0..rounds {
                        for name in names {
                            black_box(locals.get_item(stack, black_box(name)).expect("it is bound"));
                        }
                    }
                };
                let set = || {
                    for round in 0..rounds {
                        for name in older_names {
                            let value = values[round & 1].clone();
                            written.set_item(older, black_box(name), value).expect("nothing is raised");
                        }
                    }
                };
                let iterate = || {
                    for _ in 0..rounds {
                        for name in locals.keys(stack).expect("nothing is raised") {
                            black_box(name);
                        }
                    }
                };
                let length = || {
                    for _ in 0..rounds {
                        black_box(locals.len(stack).expect("nothing is raised"));
                    }
                };
                let ways: [Way<'_>; 4] = [("get", &get), ("set", &set), ("iterate", &iterate), ("len", &length)];
                println!("{size} names: ns for each name");
                for (at, ((name, _), each)) in ways.iter().zip(best(&ways)).enumerate() {
                    match &theirs {
                        Some((version, times)) => {
                            let theirs = times[4 * nth + at];
                            println!(
                                "  {name:<8}{each:>9.2}  CPython {version}: {theirs:>9.2}  ratio {:>6.3}",
                                each / theirs
                            );
                        }
                        None => println!("  {name:<8}{each:>9.2}"),
                    }
                }
                let mut group = criterion.benchmark_group(format!("locals of {size} names"));
                group.throughput(Throughput::Elements(NAMES as u64));
                for (name, run) in &ways {
                    group.bench_function(*name, |bencher| bencher.iter(run));
                }
                group.finish();
            });
        });
    }
    if theirs.is_none() {
        println!("CPython: no python3.14 on PATH, and FRAME_PYTHON names none with a proxy");
    }
}

/// What an installed CPython says of its own proxy: its release, and nanoseconds for each size and way.
fn cpython() -> Option<(String, Vec<f64>)> {
    let python = std::env::var_os("FRAME_PYTHON").unwrap_or_else(|| "python3.14".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/locals/proxy.py");
    let output = Command::new(python).arg(script).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.lines().last()?.split(' ');
    let version = words.next()?.to_owned();
    let times: Vec<f64> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
    (times.len() == 4 * SIZES.len()).then_some((version, times))
}

criterion_group!(benches, proxy);
criterion_main!(benches);
