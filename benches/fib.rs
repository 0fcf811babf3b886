//! Calls: fib(27) in a loop of ten opcodes, three ways in one run: raw pointers by hand, with the header writes of
//! CPython 3.14; handles whose bounds are trusted; handles that check them.
//!
//! The loop over the handles is in `fib/handles.rs`, which forbids unsafe code. The one line of trust is here.

#[path = "fib/handles.rs"]
mod handles;
#[path = "header.rs"]
mod header;
#[path = "fib/object.rs"]
mod object;
#[path = "fib/raw.rs"]
mod raw;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use frame_runtime::data_stack::DataStack;
use frame_runtime::machine::Gone;
use frame_runtime::machine::owner::{OnPop, Thread};
use frame_runtime::version::Activation;
use frame_runtime::version::{Cpython3_12, Cpython3_14};
use frame_runtime::vm::FrameVm;
use handles::Machine;
use object::Value;

const N: i64 = 27;
const EXPECTED: i64 = 196_418;

// SAFETY: it has no frame objects.
#[expect(unsafe_code, reason = "a VM promises what memory safety rests on")]
unsafe impl<P: Activation> FrameVm for Machine<P> {}

fn checked<P: Activation>(stack: &DataStack<Machine<P>>, fib: &Value) -> i64
where
    Thread: OnPop<P, Gone>,
{
    stack.enter(Value::none(), |entry| handles::run(entry, fib.clone(), N)).expect("nobody holds a frame")
}

#[expect(unsafe_code, reason = "the line that trusts the code's stacksize")]
fn trusted<P: Activation>(stack: &DataStack<Machine<P>>, fib: &Value) -> i64
where
    Thread: OnPop<P, Gone>,
{
    // SAFETY: `object::fib` asks for one local and four slots, which is what its instructions use; it ends in a return, and
    // its one jump goes to an instruction. `handles::run` executes them as `raw::run` does, which is tested against it.
    stack
        .enter(Value::none(), |entry| handles::run(unsafe { entry.trusted() }, fib.clone(), N))
        .expect("nobody holds a frame")
}

/// One way to run it, with its name.
type Way<'a> = (&'a str, &'a dyn Fn() -> i64);

/// The best of many interleaved runs, which is what noise cannot make faster, in multiples of the first.
fn ratios(ways: &[Way<'_>]) {
    let mut best = vec![Duration::MAX; ways.len()];
    for _ in 0..40 {
        for (best, (_, run)) in best.iter_mut().zip(ways) {
            let start = Instant::now();
            assert_eq!(black_box(run()), EXPECTED);
            *best = (*best).min(start.elapsed());
        }
    }
    for (time, (name, _)) in best.iter().zip(ways) {
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        println!("{name:<24}{:>9.3} ms  ratio {ratio:.2}", time.as_secs_f64() * 1e3);
    }
}

fn fib(criterion: &mut Criterion) {
    let fib = object::fib();
    let raw = raw::Stack::new();
    let new = DataStack::<Machine<Cpython3_14>>::default();
    let old = DataStack::<Machine<Cpython3_12>>::default();
    let ways: [[Way<'_>; 3]; 2] = [
        [
            ("3.12, raw pointers", &|| raw.run::<false>(&fib, N)),
            ("3.12, handles, trusted", &|| trusted(&old, &fib)),
            ("3.12, handles, checked", &|| checked(&old, &fib)),
        ],
        [
            ("3.14, raw pointers", &|| raw.run::<true>(&fib, N)),
            ("3.14, handles, trusted", &|| trusted(&new, &fib)),
            ("3.14, handles, checked", &|| checked(&new, &fib)),
        ],
    ];
    for ways in &ways {
        ratios(ways);
    }
    let mut group = criterion.benchmark_group("fib(27)");
    group.sample_size(20);
    for (name, run) in ways.into_iter().flatten() {
        group.bench_function(name, |bencher| bencher.iter(run));
    }
    group.finish();
}

criterion_group!(benches, fib);
criterion_main!(benches);
