//! Generators of a small VM, whose objects are one allocation each: made, resumed for the first time and again, through
//! delegates, closed and dropped. Beside them, in the same run, what a state machine written in Rust takes with objects of the
//! same size (`generators/limit.rs`).
//!
//! A resume is one by the driver, as `next()` asks, and runs the loop of `generators/run.rs`; inside of it delegates are
//! resumed inline. What is allocated after a first run is printed as well; `tests/generator_memory.rs` tests it.
//!
//! The slope of delegation is what one more level costs a resume. With `python3.14` on `PATH` (or what `FRAME_PYTHON` names)
//! `generators/delegation.py` measures that of CPython here as well:
//! `cargo bench -p frame-benches --bench generators -- --exact none`.

#[path = "frames/count.rs"]
mod count;
#[path = "generators/limit.rs"]
mod limit;
#[path = "generators/object.rs"]
#[allow(dead_code, reason = "the tests of memory do more with it")]
mod object;
#[path = "generators/run.rs"]
#[allow(dead_code, reason = "the tests of memory do more with it")]
mod run;
#[path = "generators/vm.rs"]
mod vm;

use std::hint::black_box;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frame_runtime::generator::Sent;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_12, Cpython3_14};
use limit::Hand;
use object::{Value, with_destructors};
use run::{Body, Op, Stack, Supports, call};

#[global_allocator]
static COUNTING: count::Counting = count::Counting;

/// Generators in one run of a way, or resumes of one.
const TIMES: u32 = 10_000;
const DEPTHS: [u32; 4] = [1, 10, 100, 1_000];

/// One way to do something, with its name: how long that took, without what it prepared.
type Way<'a> = (&'a str, &'a dyn Fn() -> Duration);

/// The best of many interleaved runs, in nanoseconds for each of `count`, and in multiples of the first; what each
/// allocates after all these runs. Returns the nanoseconds.
fn ratios(title: &str, count: u32, ways: &[Way<'_>]) -> Vec<f64> {
    let mut best = vec![Duration::MAX; ways.len()];
    for _ in 0..40 {
        for (best, (_, run)) in best.iter_mut().zip(ways) {
            *best = (*best).min(run());
        }
    }
    println!("{title}: ns each, multiples of the first");
    let each = |time: &Duration| time.as_secs_f64() * 1e9 / f64::from(count);
    for (time, (name, _)) in best.iter().zip(ways) {
        println!("  {name:<32}{:>9.2}  ratio {:>6.2}", each(time), each(time) / each(&best[0]));
    }
    best.iter().map(each).collect()
}

/// The ratios of these ways, and each in criterion.
fn compare(criterion: &mut Criterion, title: &str, count: u32, ways: &[Way<'_>]) -> Vec<f64> {
    let each = ratios(title, count, ways);
    let mut group = criterion.benchmark_group(title);
    group.sample_size(20).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300));
    group.throughput(Throughput::Elements(count.into()));
    for (name, run) in ways {
        group.bench_function(*name, |bencher| bencher.iter_custom(|times| (0..times).map(|_| run()).sum()));
    }
    group.finish();
    each
}

/// How long something takes.
fn timed<R>(body: impl FnOnce() -> R) -> Duration {
    let start = Instant::now();
    black_box(body());
    start.elapsed()
}

#[expect(unsafe_code, reason = "the line that trusts the bodies' stacksize")]
fn trusting<P: Supports>() -> Stack<P> {
    let stack = vm::stack(1_000_000);
    // SAFETY: the bodies below push three slots at most, as they say, use the one local that they have, and end in a jump or a return;
    // borrowed locals are not pushed.
    unsafe { stack.vm().trust() };
    stack
}

/// `held = ...; while True: yield 1`
fn counter<P: Supports>() -> Value<P> {
    let ops = [
        Op::ReturnGenerator,
        Op::PopTop,
        Op::Resume,
        Op::LoadConst(2),
        Op::StoreFast(0),
        Op::LoadConst(1),
        Op::Yield(0),
        Op::Resume,
        Op::PopTop,
        Op::JumpBackward(5),
    ];
    Body::new(1, &ops, &[Value::none(), Value::integer(1), Value::text("held")]).stacksize(3).function("counter")
}

/// `return (yield from inner)`, of which `inner` is the argument
fn outer<P: Supports>() -> Value<P> {
    let mut ops = vec![Op::ReturnGenerator, Op::PopTop, Op::Resume, Op::LoadFast(0)];
    run::delegate::<P>(&mut ops);
    ops.push(Op::Return);
    Body::new(1, &ops, &[Value::none()]).stacksize(3).function("outer")
}

fn made<P: Supports>(stack: &Stack<P>, function: &Value<P>) -> Value<P> {
    call(stack, function).expect("a generator")
}

fn next<P: Supports>(stack: &Stack<P>, object: &Value<P>) {
    match object.generator().next(stack) {
        Ok(Sent::Yielded(value)) => drop(black_box(value)),
        other => panic!("{other:?}"),
    }
}

/// What happens to generators one after the other: so many are prepared, and then something is done with each.
struct Life<'a, P: Supports> {
    stack: &'a Stack<P>,
    function: Value<P>,
}

impl<P: Supports> Life<'_, P> {
    fn begun(&self) -> Vec<Value<P>> {
        let prepared: Vec<_> = (0..TIMES).map(|_| made(self.stack, &self.function)).collect();
        prepared.iter().for_each(|object| next(self.stack, object));
        prepared
    }

    fn make(&self) -> Duration {
        let mut all = Vec::with_capacity(TIMES as usize);
        timed(|| all.extend((0..TIMES).map(|_| made(self.stack, &self.function))))
    }

    fn first_resume(&self) -> Duration {
        let all: Vec<_> = (0..TIMES).map(|_| made(self.stack, &self.function)).collect();
        timed(|| all.iter().for_each(|object| next(self.stack, object)))
    }

    fn close(&self) -> Duration {
        let all = self.begun();
        timed(|| all.iter().for_each(|object| drop(object.generator().close(self.stack).expect("it ends"))))
    }

    fn drop(&self) -> Duration {
        let mut all = self.begun();
        with_destructors(self.stack, || timed(|| all.drain(..).for_each(drop)))
    }

    fn resume(&self) -> Duration {
        let object = made(self.stack, &self.function);
        next(self.stack, &object);
        timed(|| (0..TIMES).for_each(|_| next(self.stack, &object)))
    }
}

/// The same by hand.
struct ByHand {
    function: Value<Cpython3_14>,
    name: Value<Cpython3_14>,
}

impl ByHand {
    fn made(&self) -> Vec<Rc<Hand>> {
        (0..TIMES).map(|_| Hand::counter(&self.function, &self.name)).collect()
    }

    fn begun(&self) -> Vec<Rc<Hand>> {
        let all = self.made();
        all.iter().for_each(|hand| drop(hand.resume()));
        all
    }

    fn make(&self) -> Duration {
        let mut all = Vec::with_capacity(TIMES as usize);
        timed(|| all.extend((0..TIMES).map(|_| Hand::counter(&self.function, &self.name))))
    }

    fn first_resume(&self) -> Duration {
        let all = self.made();
        timed(|| all.iter().for_each(|hand| drop(black_box(hand.resume()))))
    }

    fn close(&self) -> Duration {
        let all = self.begun();
        timed(|| all.iter().for_each(|hand| hand.close()))
    }

    fn drop(&self) -> Duration {
        let mut all = self.begun();
        timed(|| all.drain(..).for_each(drop))
    }

    fn resume(&self) -> Duration {
        let hand = Hand::counter(&self.function, &self.name);
        timed(|| (0..TIMES).for_each(|_| drop(black_box(black_box(&hand).resume()))))
    }
}

fn life(criterion: &mut Criterion) {
    let (checked, new, old) = (vm::stack(1_000), trusting(), trusting());
    let by_hand = ByHand { function: counter(), name: Value::text("counter") };
    let checked = Life::<Cpython3_14> { stack: &checked, function: counter() };
    let new = Life::<Cpython3_14> { stack: &new, function: counter() };
    let old = Life::<Cpython3_12> { stack: &old, function: counter() };
    let before = object::bytes();
    let object = made(new.stack, &new.function);
    let bytes = object::bytes() - before;
    drop(object);
    println!("a generator with its object has {bytes} bytes, one by hand {}", limit::BYTES);
    macro_rules! way {
        ($title:literal, $what:ident) => {
            compare(
                criterion,
                $title,
                TIMES,
                &[
                    ("limit", &|| by_hand.$what()),
                    ("3.14, trusted", &|| new.$what()),
                    ("3.14, checked", &|| checked.$what()),
                    ("3.12, trusted", &|| old.$what()),
                ],
            );
        };
    }
    way!("make", make);
    way!("first resume", first_resume);
    way!("resume", resume);
    way!("close a suspended one", close);
    way!("drop a suspended one", drop);
    allocations(&new);
}

/// What the steps of a life allocate on a warm stack.
fn allocations(life: &Life<'_, Cpython3_14>) {
    let (make, object) = count::allocations(|| made(life.stack, &life.function));
    let (first, ()) = count::allocations(|| next(life.stack, &object));
    let (again, ()) = count::allocations(|| next(life.stack, &object));
    let (close, _) = count::allocations(|| object.generator().close(life.stack));
    let (ends, ()) = count::allocations(|| drop(object));
    println!("allocations: make {make}, first resume {first}, resume {again}, close {close}, drop {ends}");
}

/// The chain of so many delegating generators around one that yields.
fn chain<P: Supports>(stack: &Stack<P>, depth: u32) -> Value<P> {
    let outer = outer();
    let object = (0..depth).fold(made(stack, &counter()), |inner, _| {
        run::call_with(stack, &outer, &mut [StackRef::owned(inner)]).expect("a generator")
    });
    next(stack, &object);
    object
}

/// Resumes of a chain in one run.
const RESUMES: u32 = 200;

fn delegation(criterion: &mut Criterion) {
    let (new, old) = (trusting::<Cpython3_14>(), trusting::<Cpython3_12>());
    let (function, name) = (counter(), Value::text("counter"));
    let mut times = Vec::new();
    for depth in DEPTHS {
        let hand = (0..depth).fold(Hand::counter(&function, &name), |inner, _| Hand::outer(&function, &name, inner));
        let (newer, older) = (chain(&new, depth), chain(&old, depth));
        let title = format!("resume through {depth} delegating ones");
        let each = compare(
            criterion,
            &title,
            RESUMES,
            &[
                ("limit", &|| timed(|| (0..RESUMES).for_each(|_| drop(black_box(black_box(&hand).resume()))))),
                ("3.14, trusted", &|| timed(|| (0..RESUMES).for_each(|_| next(&new, &newer)))),
                ("3.12, trusted", &|| timed(|| (0..RESUMES).for_each(|_| next(&old, &older)))),
            ],
        );
        let (allocated, ()) = count::allocations(|| next(&new, &newer));
        println!("  allocations of a resume: {allocated}");
        times.push(each);
        // Dropping nests, one level in the other: as deep as a chain is, that is its VM's to flatten.
        std::mem::forget((newer, older, hand));
    }
    let theirs = cpython();
    for (nth, at) in [2, 3].into_iter().enumerate() {
        let levels = f64::from(DEPTHS[at] - DEPTHS[0]);
        let slope = |way: usize| (times[at][way] - times[0][way]) / levels;
        let (by_hand, newer, older) = (slope(0), slope(1), slope(2));
        println!("one more level costs a resume, up to {}:", DEPTHS[at]);
        println!("  limit {by_hand:.2} ns, 3.14 {newer:.2} ns, 3.12 {older:.2} ns");
        match &theirs {
            Some((version, slopes)) => {
                let theirs = slopes[nth];
                println!("  CPython {version}: {theirs:.2} ns, ours of 3.14 is {:.2} times that", newer / theirs);
            }
            None => println!("  CPython: no python3.14 on PATH, and FRAME_PYTHON names none"),
        }
    }
}

/// What an installed CPython says of its own slopes: its release, and nanoseconds up to 100 and 1,000 levels.
fn cpython() -> Option<(String, [f64; 2])> {
    let python = std::env::var_os("FRAME_PYTHON").unwrap_or_else(|| "python3.14".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/generators/delegation.py");
    let output = Command::new(python).arg(script).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.lines().last()?.split(' ');
    let (version, mut slopes) = (words.next()?.to_owned(), words.map(str::parse));
    Some((version, [slopes.next()?.ok()?, slopes.next()?.ok()?]))
}

criterion_group!(benches, life, delegation);
criterion_main!(benches);
