//! Reading a frame out of bytes through its mirror, beside the fields picked by hand at their offsets; and walking code
//! through the opcode table, beside the same walk over a bare array of cache counts.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frame_runtime::mirror::Mirror;
use frame_runtime::v3_14::layout::InterpreterFrame;
use frame_runtime::v3_14::opcode::Opcode;

/// What a profiler needs of a frame: executable, previous, instruction pointer, owner.
type Wanted = (u64, u64, u64, u8);

fn by_hand(bytes: &[u8]) -> Option<Wanted> {
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    Some((word(0)?, word(8)?, word(56)?, *bytes.get(74)?))
}

fn through_mirror(bytes: &[u8]) -> Option<Wanted> {
    let frame = InterpreterFrame::read(bytes).ok()?;
    Some((frame.f_executable.bits, frame.previous.raw(), frame.instr_ptr.raw(), frame.owner.cast_unsigned()))
}

fn frames(criterion: &mut Criterion) {
    let memory: Vec<u8> =
        (0..InterpreterFrame::SIZE * 1000).map(|at| u8::try_from(at % 251).expect("a byte")).collect();
    let mut group = criterion.benchmark_group("read 1000 frames");
    group.throughput(Throughput::Elements(1000));
    let sum = |read: fn(&[u8]) -> Option<Wanted>| {
        let mut sum = 0_u64;
        for bytes in black_box(&memory).chunks_exact(InterpreterFrame::SIZE) {
            let Some((a, b, c, d)) = read(bytes) else { return 0 };
            sum = sum.wrapping_add(a ^ b ^ c ^ u64::from(d));
        }
        sum
    };
    assert_eq!(sum(by_hand), sum(through_mirror));
    group.bench_function("fields by hand", |bencher| bencher.iter(|| sum(by_hand)));
    group.bench_function("mirror", |bencher| bencher.iter(|| sum(through_mirror)));
    group.finish();
}

fn walk(criterion: &mut Criterion) {
    // A loop body as 3.14 compiles it, over and over: opcode, argument, and zeros for the caches.
    let body =
        [Opcode::LOAD_GLOBAL, Opcode::LOAD_FAST, Opcode::CALL, Opcode::POP_TOP, Opcode::LOAD_ATTR, Opcode::BINARY_OP];
    let mut code = Vec::new();
    for opcode in body.into_iter().cycle().take(6000) {
        code.extend([opcode.number(), 0]);
        code.extend(std::iter::repeat_n(0, usize::from(opcode.caches()) * 2));
    }
    let caches: [u8; 256] = std::array::from_fn(|number| {
        u8::try_from(number).ok().and_then(|number| Opcode::from_u8(number).ok()).map_or(0, Opcode::caches)
    });
    let bare = |code: &[u8]| {
        let (mut at, mut count) = (0, 0);
        while let Some(&number) = code.get(at) {
            count += 1;
            at += 2 + 2 * usize::from(caches[usize::from(number)]);
        }
        count
    };
    let checked = |code: &[u8]| {
        let (mut at, mut count) = (0, 0);
        while let Some(opcode) = code.get(at).and_then(|&number| Opcode::from_u8(number).ok()) {
            count += 1;
            at += 2 + 2 * usize::from(opcode.caches());
        }
        count
    };
    assert_eq!((bare(&code), checked(&code)), (6000, 6000));
    let mut group = criterion.benchmark_group("walk 6000 instructions");
    group.throughput(Throughput::Elements(6000));
    group.bench_function("array of cache counts, unknown opcodes not noticed", |bencher| {
        bencher.iter(|| bare(black_box(&code)))
    });
    group.bench_function("opcode table, unknown opcodes refused", |bencher| bencher.iter(|| checked(black_box(&code))));
    group.finish();
}

criterion_group!(benches, frames, walk);
criterion_main!(benches);
