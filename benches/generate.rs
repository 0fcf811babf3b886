//! The generator on the committed spec: each verb, beside reading the bytes of the same files.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use frame_codegen::diag::Sink;
use frame_codegen::source::Sources;

fn generate(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("spec");
    let read = || {
        let (mut sources, mut sink) = (Sources::default(), Sink::new());
        let spec = frame_codegen::read(&folder, &mut sources, &mut sink);
        assert!(!sink.has_errors());
        (spec, sources)
    };
    let (spec, sources) = read();
    let texts: Vec<&str> = spec.files.iter().map(|source| sources.file(*source).text.as_str()).collect();
    let mut group = criterion.benchmark_group("the committed spec");
    group.sample_size(20);
    group.bench_function("sum its bytes", |bencher| {
        bencher.iter(|| {
            texts.iter().flat_map(|text| text.bytes()).fold(0_u64, |sum, byte| sum + u64::from(black_box(byte)))
        });
    });
    group.bench_function("read, parse, lower", |bencher| bencher.iter(read));
    group.bench_function("check", |bencher| {
        bencher.iter(|| {
            let mut sink = Sink::new();
            frame_codegen::check::check(&spec, &sources, &mut sink);
            sink
        });
    });
    group.bench_function("emit", |bencher| bencher.iter(|| frame_codegen::emit::emit(&spec, &sources)));
    group.finish();
}

criterion_group!(benches, generate);
criterion_main!(benches);
