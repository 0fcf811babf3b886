//! Tables: a look-up in functions of 10, 1,000 and 100,000 code units through the index that is made at load, beside
//! reading the table from its start; handlers alike; rows, entries and encoding of the 3.14 tables among the tests'
//! vectors, beside summing their bytes and finding where entries start.
//!
//! RustPython's decoder and CPython's own stand beside ours in `benches/peers`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use frame_runtime::table::{Encoder, ExceptionRow, ExceptionTable, Handlers, LineIndex, LineTable, LocationRow, runs};
use frame_runtime::version::{Cpython3_14, Version};

const SIZES: [u32; 3] = [10, 1_000, 100_000];

/// A function of so many units: two or three to an instruction, a new line with every fourth.
fn locations(units: u32) -> Vec<u8> {
    let mut encoder = Encoder::<LocationRow, 4>::new(1);
    let (mut unit, mut index) = (0, 0);
    while unit < units {
        let length = (2 + index % 2).min(units - unit);
        let (line, column) = ((1 + index / 4).cast_signed(), (4 + index % 60).cast_signed());
        let row = LocationRow { line, end_line: line, column, end_column: column + 9 };
        encoder.push(length, row).expect("an ordinary row");
        (unit, index) = (unit + length, index + 1);
    }
    encoder.finish()
}

/// A handler for every ten units.
fn handlers(units: u32) -> Vec<u8> {
    let mut encoder = Encoder::<ExceptionRow, 5>::new(0);
    for start in (0..units.cast_signed()).step_by(10) {
        let row = ExceptionRow { start, size: 8, target: units.cast_signed(), depth: 1, lasti: 0 };
        encoder.push(0, row).expect("numbers below 2^30");
    }
    encoder.finish()
}

/// Where to look, in no order that could be guessed.
fn places(units: u32) -> Vec<u32> {
    let mut seed = 1_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(seed) * u64::from(units)) >> 32) as u32
    };
    (0..256).map(|_| next()).collect()
}

/// The best of many interleaved runs, in nanoseconds for each of `count`, and in multiples of the first.
fn ratios(title: &str, count: usize, ways: &[(&str, &dyn Fn() -> u64)]) {
    let mut best = vec![Duration::MAX; ways.len()];
    for _ in 0..60 {
        for (best, (_, run)) in best.iter_mut().zip(ways) {
            let start = Instant::now();
            black_box(run());
            *best = (*best).min(start.elapsed());
        }
    }
    println!("{title}, ns each; multiples of the first");
    for (time, (name, _)) in best.iter().zip(ways) {
        let each = time.as_secs_f64() * 1e9 / count as f64;
        println!("  {name:<44}{each:>10.2}{:>9.2}", time.as_secs_f64() / best[0].as_secs_f64());
    }
}

fn look_ups(criterion: &mut Criterion) {
    let layout = Cpython3_14::LAYOUT;
    let made: Vec<_> =
        SIZES.iter().map(|units| (*units, locations(*units), handlers(*units), places(*units))).collect();
    let made: Vec<_> = made
        .iter()
        .map(|(units, lines, handlers, places)| {
            let table = LineTable::new(layout, lines, 1, *units as usize * 2);
            let handlers = ExceptionTable::new(handlers);
            (*units, table, LineIndex::new(table), handlers, Handlers::new(handlers), places)
        })
        .collect();
    let mut group = criterion.benchmark_group("look-up");
    for (units, table, index, handlers, sorted, places) in &made {
        let line = |unit: u32| index.location_at(*table, unit * 2).ok().flatten().map_or(0, |row| row.line as u64);
        let scan = |unit: u32| table.location_at(unit * 2).ok().flatten().map_or(0, |row| row.line as u64);
        let handler = |unit: u32| sorted.find(*handlers, unit).ok().flatten().map_or(0, |found| u64::from(found.start));
        let bytes = |unit: u32| handlers.find(unit).ok().flatten().map_or(0, |found| u64::from(found.start));
        let all = |find: &dyn Fn(u32) -> u64| places.iter().map(|unit| find(*unit)).fold(0, u64::wrapping_add);
        assert_eq!(all(&line), all(&scan));
        assert_eq!(all(&handler), all(&bytes));
        ratios(
            &format!("look-up among {units} units"),
            places.len(),
            &[
                ("location, by the index", &|| all(&line)),
                ("location, from the table's start", &|| all(&scan)),
                ("handler, by the index", &|| all(&handler)),
                ("handler, on the bytes", &|| all(&bytes)),
            ],
        );
        group.bench_function(format!("location/{units}"), |bencher| bencher.iter(|| all(&line)));
        group.bench_function(format!("handler/{units}"), |bencher| bencher.iter(|| all(&handler)));
    }
    group.finish();
}

/// A code object's first line, number of units, and table.
type Sample = (i32, usize, Vec<u8>);

/// What the compiler of 3.14 made of the sources among the vectors.
fn samples() -> Vec<Sample> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/tables/3.14.10.json");
    let text = std::fs::read_to_string(path).expect("committed vectors");
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let lines = all["lines"].as_array().expect("cases").iter().filter(|case| case["code"].is_string());
    let bytes = |hex: &str| -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        (0..hex.len()).step_by(2).map(digit).collect()
    };
    lines
        .map(|case| {
            let number = |key: &str| case[key].as_i64().expect("a number");
            (number("firstlineno") as i32, number("units") as usize, bytes(case["table"].as_str().expect("bytes")))
        })
        .collect()
}

fn line_table((first, units, bytes): &Sample) -> LineTable<'_> {
    LineTable::new(Cpython3_14::LAYOUT, bytes, *first, units * 2)
}

fn encode(first: i32, rows: &[LocationRow]) -> Vec<u8> {
    let mut encoder = Encoder::<LocationRow, 4>::new(first);
    for (length, row) in runs(rows.iter().map(|row| (1, *row))) {
        encoder.push(length, row).expect("compiler output");
    }
    encoder.finish()
}

fn tables(criterion: &mut Criterion) {
    let samples = samples();
    let units: usize = samples.iter().map(|(_, units, _)| units).sum();
    let all_rows = |sample: &Sample| -> Vec<LocationRow> {
        line_table(sample).positions().map(|row| row.expect("compiler output")).collect()
    };
    let expanded: Vec<(i32, Vec<LocationRow>)> = samples.iter().map(|sample| (sample.0, all_rows(sample))).collect();
    for ((first, rows), (_, _, bytes)) in expanded.iter().zip(&samples) {
        assert_eq!(encode(*first, rows), *bytes);
    }
    let most = samples.iter().map(|(_, units, _)| *units).max().unwrap_or(0);
    let room = std::cell::RefCell::new(vec![LocationRow::NONE; most + 8]);
    let sum = |each: &dyn Fn(&Sample) -> u64| samples.iter().map(each).fold(0, u64::wrapping_add);
    let bytes = || sum(&|(_, _, bytes)| bytes.iter().map(|byte| u64::from(*byte)).sum());
    let starts = || sum(&|(_, _, bytes)| bytes.iter().filter(|byte| **byte & 0x80 != 0).count() as u64);
    let rows = || {
        sum(&|sample| {
            let mut room = room.borrow_mut();
            let count = line_table(sample).locations().fill(&mut room).unwrap_or(0);
            black_box(&room[..count]).last().map_or(0, |row| row.line as u64)
        })
    };
    let entries = || {
        let mixed = |row: LocationRow| (row.line ^ row.end_line ^ row.column ^ row.end_column) as u64;
        sum(&|sample| line_table(sample).locations().flatten().map(|entry| mixed(entry.row)).fold(0, u64::wrapping_add))
    };
    let encoded = || expanded.iter().map(|(first, rows)| encode(*first, rows).len() as u64).sum();
    ratios(
        &format!("{} location tables of 3.14, {units} units", samples.len()),
        units,
        &[
            ("floor: sum of the bytes", &bytes),
            ("floor: starts of entries", &starts),
            ("rows", &rows),
            ("entries", &entries),
            ("encode", &encoded),
        ],
    );
    let mut group = criterion.benchmark_group("location table");
    group.bench_function("rows", |bencher| bencher.iter(rows));
    group.bench_function("entries", |bencher| bencher.iter(entries));
    group.bench_function("encode", |bencher| bencher.iter(encoded));
    group.finish();
}

criterion_group!(benches, look_ups, tables);
criterion_main!(benches);
