//! Frames, without an eval loop around them: push and pop of 4, 16 and 64 slots, a call loop within a chunk and on its
//! edge, depth, frame objects, and walks. Beside them, in the same run: what a bump stack by hand takes that stores, nulls
//! and clears the same (`frames/limit.rs`), the same in memory of `bumpalo`, and plain `Rc`s of the same size.
//!
//! A push is a call with everything that belongs to it: header, null slots, two counted references, the caller's
//! position. A pop is a return. What is allocated after a first run is printed as well; `tests/allocations.rs` tests it.

#[path = "frames/count.rs"]
mod count;
#[path = "frames/handles.rs"]
mod handles;
#[path = "header.rs"]
mod header;
#[path = "frames/limit.rs"]
mod limit;
#[path = "frames/vm.rs"]
mod vm;

use std::cell::RefCell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frame_runtime::bounds::{Checked, Trusted};
use frame_runtime::data_stack::{CHUNK_BYTES, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::frame::InterpreterFrame;
use frame_runtime::version::{Activation, Cpython3_12, Cpython3_14};
use handles::{Frame, Stack};
use limit::{Bumped, Limit};
use vm::{Machine, Object, Value};

#[global_allocator]
static COUNTING: count::Counting = count::Counting;

/// Calls in one run of a way.
const CALLS: u32 = 10_000;
const DEPTHS: [u32; 5] = [10, 100, 1_000, 10_000, 100_000];

/// One way to do something, with its name.
type Way<'a> = (&'a str, &'a dyn Fn());

/// The best of many interleaved runs, in nanoseconds for each of `count`, and in multiples of the first; what each
/// allocates after all these runs.
fn ratios(title: &str, count: u32, ways: &[Way<'_>]) {
    let mut best = vec![Duration::MAX; ways.len()];
    for _ in 0..40 {
        for (best, (_, run)) in best.iter_mut().zip(ways) {
            let start = Instant::now();
            run();
            *best = (*best).min(start.elapsed());
        }
    }
    println!("{title}: ns each, multiples of the first, allocations each");
    for (time, (name, run)) in best.iter().zip(ways) {
        let allocations = count::allocations(run).0 as f64 / f64::from(count);
        let nanoseconds = time.as_secs_f64() * 1e9 / f64::from(count);
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        println!("  {name:<32}{nanoseconds:>9.2}  ratio {ratio:>6.2}  allocations {allocations}");
    }
}

/// The ratios of these ways, and each in criterion.
fn compare(criterion: &mut Criterion, title: &str, count: u32, ways: &[Way<'_>]) {
    ratios(title, count, ways);
    let mut group = criterion.benchmark_group(title);
    group.sample_size(20).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300));
    group.throughput(Throughput::Elements(count.into()));
    for (name, run) in ways {
        group.bench_function(*name, |bencher| bencher.iter(run));
    }
    group.finish();
}

fn stack<P: Activation>() -> Stack<P> {
    Stack::new(Machine::default(), Limits { recursion: 1_000_000, ..Limits::default() })
}

/// Does something with the first frame of an entry.
fn checked<P: Activation, R>(
    stack: &Stack<P>,
    function: &Value<P>,
    body: impl FnOnce(Frame<'_, P, Checked>) -> R,
) -> R {
    // What stands for the native caller is never looked at: any object will do.
    stack.enter(function.clone(), |entry| body(handles::begin(entry, function))).expect("nobody holds a frame")
}

/// The same, with bounds trusted.
#[expect(unsafe_code, reason = "the line that trusts the code's stacksize")]
fn trusted<P: Activation, R>(
    stack: &Stack<P>,
    function: &Value<P>,
    body: impl FnOnce(Frame<'_, P, Trusted>) -> R,
) -> R {
    // SAFETY: of four units one is fetched; nothing is pushed, popped, looked at or jumped.
    let body = |entry: Entry<'_, _>| body(handles::begin(unsafe { entry.trusted() }, function));
    stack.enter(function.clone(), body).expect("nobody holds a frame")
}

fn push_and_pop(criterion: &mut Criterion) {
    for slots in [4, 16, 64] {
        let (new, old) = (stack::<Cpython3_14>(), stack::<Cpython3_12>());
        let (function, old_function) = (Value::function(slots, 0), Value::function(slots, 0));
        let (limit, bumped) = (Limit::new(1_000), RefCell::new(Bumped::new()));
        let title = format!("push and pop, {slots} slots");
        let ways: [Way<'_>; 5] = [
            ("limit", &|| limit.calls(&function, CALLS)),
            ("bumpalo", &|| bumped.borrow_mut().calls(&function, CALLS)),
            ("3.14, trusted", &|| trusted(&new, &function, |f| handles::done(handles::calls(f, &function, CALLS)))),
            ("3.14, checked", &|| checked(&new, &function, |f| handles::done(handles::calls(f, &function, CALLS)))),
            ("3.12, trusted", &|| {
                trusted(&old, &old_function, |f| handles::done(handles::calls(f, &old_function, CALLS)));
            }),
        ];
        compare(criterion, &title, CALLS, &ways);
    }
}

fn edge(criterion: &mut Criterion) {
    for slots in [4, 16] {
        let function = Value::<Cpython3_14>::function(slots, 0);
        let depth = handles::frames_to_edge(&stack(), &function);
        let (inner, outer) = (stack(), stack());
        let calls = |stack: &Stack<Cpython3_14>, depth| {
            trusted(stack, &function, |f| {
                handles::done(handles::calls(handles::down(f, &function, depth), &function, CALLS))
            });
        };
        let title = format!("call and return, {slots} slots");
        compare(
            criterion,
            &title,
            CALLS,
            &[("within a chunk", &|| calls(&inner, depth - 1)), ("on its edge", &|| calls(&outer, depth))],
        );
        assert_eq!((inner.bytes(), outer.bytes()), (CHUNK_BYTES, 2 * CHUNK_BYTES));
    }
}

fn depth(criterion: &mut Criterion) {
    for frames in DEPTHS {
        let stack = stack::<Cpython3_14>();
        let function = Value::function(4, 0);
        let (limit, bumped) = (Limit::new(frames as usize * 14 + 1), RefCell::new(Bumped::new()));
        let ways: [Way<'_>; 3] = [
            ("limit", &|| limit.deep(&function, frames)),
            ("bumpalo", &|| bumped.borrow_mut().deep(&function, frames)),
            ("3.14, trusted", &|| {
                trusted(&stack, &function, |f| {
                    handles::done(handles::up(handles::down(f, &function, frames), frames));
                });
            }),
        ];
        compare(criterion, &format!("{frames} frames down and up"), frames, &ways);
    }
}

/// Slots of a function whose frames get objects.
const SEEN: usize = 4;
/// Words of a frame object and the room for its frame.
const WORDS: usize = size_of::<Object<Cpython3_14>>() / size_of::<usize>()
    + InterpreterFrame::<Machine<Cpython3_14>>::SPECIALS_WORDS
    + SEEN;

/// Calls a function and returns, so many times; each callee does something that may look at it. What that returns is kept
/// until the callee has ended.
#[inline(always)]
fn calls_that<'t, R>(
    mut f: Frame<'t, Cpython3_14, Trusted>,
    function: &Value<Cpython3_14>,
    times: u32,
    look: impl Fn(&Stack<Cpython3_14>) -> R,
) -> Frame<'t, Cpython3_14, Trusted> {
    for _ in 0..times {
        let (callee, seen) = handles::call(f, function).escape(&look);
        f = handles::ret(callee);
        drop(seen);
    }
    f
}

fn frame_object(criterion: &mut Criterion) {
    let stack = stack::<Cpython3_14>();
    let function = Value::function(SEEN as u32, 0);
    let ways: [Way<'_>; 4] = [
        ("an Rc of the same size", &|| {
            trusted(&stack, &function, |f| {
                handles::done(calls_that(f, &function, CALLS, |_| drop(black_box(plain()))));
            });
        }),
        ("a frame object", &|| {
            trusted(&stack, &function, |f| {
                handles::done(calls_that(f, &function, CALLS, |stack| drop(black_box(handles::object(stack)))));
            });
        }),
        ("an Rc kept until the return", &|| {
            trusted(&stack, &function, |f| {
                handles::done(calls_that(f, &function, CALLS, |_| black_box(plain())));
            });
        }),
        ("a frame object that outlives it", &|| {
            trusted(&stack, &function, |f| handles::done(calls_that(f, &function, CALLS, handles::object)));
        }),
    ];
    compare(criterion, "call, look, return", CALLS, &ways);
}

/// Memory of the same size behind an `Rc`.
fn plain() -> Rc<[MaybeUninit<usize>; WORDS]> {
    Rc::new([MaybeUninit::uninit(); WORDS])
}

fn walk(criterion: &mut Criterion) {
    for frames in DEPTHS {
        let stack = stack::<Cpython3_14>();
        let function = Value::function(4, 0);
        let mut first = Duration::MAX;
        for _ in 0..5 {
            trusted(&stack, &function, |f| {
                let (f, time) = handles::down(f, &function, frames - 1).escape(|stack| {
                    let start = Instant::now();
                    assert_eq!(handles::back(stack), frames);
                    start.elapsed()
                });
                first = first.min(time);
                handles::done(f);
            });
        }
        trusted(&stack, &function, |f| {
            let (f, ()) = handles::down(f, &function, frames - 1).escape(|stack| {
                let ways: [Way<'_>; 2] = [
                    ("walk", &|| assert_eq!(handles::walk(stack), frames)),
                    ("f_back", &|| assert_eq!(handles::back(stack), frames)),
                ];
                compare(criterion, &format!("a walk of {frames} frames"), frames, &ways);
            });
            handles::done(f);
        });
        // As many of the same size, all there at once: what the memory alone takes.
        let mut memory = Duration::MAX;
        for _ in 0..5 {
            let mut kept = Vec::with_capacity(frames as usize);
            let start = Instant::now();
            kept.extend((0..frames).map(|_| plain()));
            memory = memory.min(start.elapsed());
            black_box(kept);
        }
        for (name, time) in [("f_back, objects made", first), ("Rcs of the same size made", memory)] {
            println!("  {name:<32}{:>9.2}", time.as_secs_f64() * 1e9 / f64::from(frames));
        }
    }
}

criterion_group!(benches, push_and_pop, edge, depth, frame_object, walk);
criterion_main!(benches);
