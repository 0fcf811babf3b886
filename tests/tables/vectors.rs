//! What ten interpreters said of tables: of compiler output, and of tables that no compiler made.

use std::fmt::Debug;

use frame_runtime::code::{InstructionSet, Instructions};
use frame_runtime::layout::{Flavour, Layout};
use frame_runtime::table::{
    Encoder, Entries, ExceptionRow, ExceptionTable, Handler, Handlers, LineIndex, LineRow, LineTable, Lines, LnotabRow,
    LocationRow, Row, runs,
};
use frame_tests::{files, root};
use serde_json::{Value, json};

/// All that is told of one code object, and where it is from.
struct Case<'a> {
    layout: &'static Layout,
    version: &'a str,
    what: &'a Value,
}

impl Case<'_> {
    fn same(&self, of: &str, ours: impl Debug + PartialEq<Value>, theirs: &Value) {
        assert!(
            ours == *theirs,
            "{} {} {}: {of}\n  table {}\n  ours {ours:?}\n  CPython's {theirs}",
            self.version,
            self.what["from"],
            self.what["name"],
            self.what["table"]
        );
    }

    fn number(&self, key: &str) -> i64 {
        self.what[key].as_i64().unwrap_or_else(|| panic!("{}: no {key}", self.what))
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        bytes(self.what[key].as_str().unwrap_or_else(|| panic!("{}: no {key}", self.what)))
    }

    fn is_malformed(&self) -> bool {
        self.what["malformed"] == true
    }

    /// Whether a compiler made it.
    fn is_compiled(&self) -> bool {
        self.what["code"].is_string()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn each(kind: &str, check: impl Fn(&Case<'_>)) {
    let mut count = 0;
    for path in files(&root().join("tests/vectors/tables"), "json") {
        let text = std::fs::read_to_string(&path).expect("committed vectors");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        let version = all["python"].as_str().expect("a version");
        let layout = Layout::find(version, Flavour::Default).expect("a known release");
        for what in all[kind].as_array().into_iter().flatten() {
            check(&Case { layout, version, what });
            count += 1;
        }
    }
    assert!(count > 400, "only {count} cases of {kind}");
}

fn table<'a>(case: &Case<'_>, bytes: &'a [u8]) -> LineTable<'a> {
    let first = i32::try_from(case.number("firstlineno")).expect("a line");
    let units = usize::try_from(case.number("units")).expect("a length");
    LineTable::new(case.layout, bytes, first, units * 2)
}

/// Neighbours that are equal, as one: their number or start, and what they are.
fn grouped(rows: impl IntoIterator<Item = [Option<i32>; 4]>) -> Value {
    let rows = runs(rows.into_iter().map(|row| (1, row)));
    rows.map(|(count, [line, end_line, column, end_column])| json!([count, line, end_line, column, end_column]))
        .collect()
}

#[test]
fn lines_are_those_of_the_interpreters() {
    each("lines", |case| {
        let bytes = case.bytes("table");
        let table = table(case, &bytes);
        if case.is_malformed() {
            return;
        }
        let fine = "what an interpreter reads";
        if case.what["co_lines"].is_array() {
            let found = table.lines().map(|range| range.expect(fine));
            let found: Value = found.map(|range| json!([range.start, range.end, range.line])).collect();
            case.same("co_lines", found, &case.what["co_lines"]);
        }
        let found: Value = table.starts().map(|start| json!(start.expect(fine))).collect();
        case.same("findlinestarts", found, &case.what["starts"]);
        if case.what["positions"].is_array() {
            let found = grouped(table.positions().map(|row| row.expect(fine).position()));
            case.same("co_positions", found, &case.what["positions"]);
        }
        if case.what["lnotab"].is_string() {
            let found: String = table.lnotab().expect(fine).iter().map(|byte| format!("{byte:02x}")).collect();
            case.same("co_lnotab", found, &case.what["lnotab"]);
        }
        let index = LineIndex::new(table);
        let covered = table.positions().count() * 2;
        let range = case.what["addresses"].as_array().expect("addresses");
        let [first, last] = [0, 1].map(|at| range[at].as_i64().and_then(|at| i32::try_from(at).ok()).expect("small"));
        // Of a long table only some.
        for address in (first..=last).step_by(1 + (last - first) as usize / 300) {
            let at = |key: &str| {
                let rows = case.what[key].as_array().map(Vec::as_slice).unwrap_or_default();
                let behind = rows.partition_point(|row| row[0].as_i64().is_some_and(|at| at <= i64::from(address)));
                behind.checked_sub(1).map_or(&Value::Null, |index| &rows[index])
            };
            let (line, location) = (&at("addr2line")[1], at("addr2location"));
            for found in [table.line_at(address), index.line_at(table, address)] {
                let found = found.expect(fine);
                case.same(&format!("the line at {address}"), json!(found.unwrap_or(-1)), line);
            }
            // In front of the code and behind it the C function makes up a row.
            if let Ok(address) = u32::try_from(address)
                && (address as usize) < covered
                && location.is_array()
            {
                for found in [table.location_at(address), index.location_at(table, address)] {
                    let row = found.expect(fine).expect("it is covered");
                    let found = json!([location[0], row.line, row.end_line, row.column, row.end_column]);
                    case.same(&format!("the place at {address}"), found, location);
                }
            }
        }
    });
}

/// What a compiler made is made again, byte for byte.
#[test]
fn rows_become_the_compilers_bytes() {
    each("lines", |case| {
        if !case.is_compiled() {
            return;
        }
        let bytes = case.bytes("table");
        let table = table(case, &bytes);
        let first = i32::try_from(case.number("firstlineno")).expect("a line");
        let made = match case.layout.lines {
            Lines::Location => {
                let rows: Vec<LocationRow> = table.positions().map(|row| row.expect("compiler output")).collect();
                let mut encoder = Encoder::<LocationRow, 4>::new(first);
                let pieces: Vec<(u32, LocationRow)> = if case.layout.minor() == 11 {
                    // Each instruction for itself.
                    let (set, code) = (InstructionSet::new(case.layout), case.bytes("code"));
                    let size = |item: frame_runtime::code::Instruction| (item.next - item.first) as u32;
                    Instructions::new(&set, &code).map(|item| (size(item), rows[item.first])).collect()
                } else {
                    runs(rows.into_iter().map(|row| (1, row))).collect()
                };
                pieces.into_iter().for_each(|(length, row)| encoder.push(length, row).expect("compiler output"));
                encoder.finish()
            }
            Lines::Line => {
                let mut encoder = Encoder::<LineRow, 1>::new(first);
                let rows = table.lines().map(|range| range.expect("compiler output"));
                let rows = rows.map(|range| (range.end - range.start, LineRow { line: range.line.unwrap_or(-1) }));
                runs(rows).for_each(|(length, row)| encoder.push(length, row).expect("compiler output"));
                encoder.finish()
            }
            Lines::Lnotab => {
                let mut encoder = Encoder::<LnotabRow, 1>::new(first);
                let pairs = Entries::<LnotabRow, 1>::new(&bytes, first);
                pairs.for_each(|pair| encoder.push_entry(pair.expect("pairs")).expect("a pair"));
                encoder.finish()
            }
        };
        assert_eq!(made, bytes, "{} {}", case.version, case.what["name"]);
    });
}

#[test]
fn handlers_are_those_of_the_interpreters() {
    each("exceptions", |case| {
        let bytes = case.bytes("table");
        let table = ExceptionTable::new(&bytes);
        if case.is_malformed() {
            return;
        }
        let entries: Vec<Handler> = table.entries().map(|entry| entry.expect("what an interpreter reads")).collect();
        let shown = |entry: &Handler| {
            json!([entry.start * 2, entry.end * 2, entry.target * 2, entry.depth, u8::from(entry.lasti)])
        };
        case.same("entries", entries.iter().map(shown).collect::<Value>(), &case.what["entries"]);
        let handlers = Handlers::new(table);
        for wanted in case.what["handlers"].as_array().into_iter().flatten() {
            let unit = wanted[0].as_u64().and_then(|unit| u32::try_from(unit).ok()).expect("a unit");
            for found in [table.find(unit), handlers.find(table, unit)] {
                let found = match found.expect("what an interpreter reads") {
                    Some(found) => json!([unit, found.target, found.depth, u8::from(found.lasti)]),
                    None => json!([unit, null]),
                };
                case.same(&format!("the handler of unit {unit}"), found, wanted);
            }
        }
        if case.is_compiled() {
            let mut encoder = Encoder::<ExceptionRow, 5>::new(0);
            let rows = Entries::<ExceptionRow, 5>::new(&bytes, 0).map(|entry| entry.expect("compiler output").row);
            rows.for_each(|row| encoder.push(0, row).expect("compiler output"));
            assert_eq!(encoder.finish(), bytes, "{} {}", case.version, case.what["name"]);
        }
    });
}

/// Whatever is cut off, and whatever was wrong from the start: an answer or an error with a place, never more.
#[test]
fn tables_may_end_anywhere() {
    fn cut<R: Row<N>, const N: usize>(bytes: &[u8], first: i32) {
        let whole: Vec<_> = Entries::<R, N>::new(bytes, first).map_while(Result::ok).collect();
        for end in 0..=bytes.len() {
            let mut entries = Entries::<R, N>::new(&bytes[..end], first);
            let mut count = 0;
            while let Some(entry) = entries.next() {
                match entry {
                    Ok(entry) => assert_eq!(Some(&entry), whole.get(count), "{bytes:02x?} up to {end}"),
                    Err(error) => {
                        assert!(error.byte <= end, "{error} of {end} bytes");
                        assert!(entries.next().is_none(), "nothing follows an error");
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    each("lines", |case| {
        let bytes = case.bytes("table");
        let first = i32::try_from(case.number("firstlineno")).expect("a line");
        // Long ones are not different.
        let bytes = &bytes[..bytes.len().min(120)];
        match case.layout.lines {
            Lines::Location => cut::<LocationRow, 4>(bytes, first),
            Lines::Line => cut::<LineRow, 1>(bytes, first),
            Lines::Lnotab => cut::<LnotabRow, 1>(bytes, first),
        }
        let table = table(case, bytes);
        let index = LineIndex::new(table);
        for address in (-1..400).step_by(13) {
            assert_eq!(index.line_at(table, address), table.line_at(address));
        }
    });
    each("exceptions", |case| {
        let mut bytes = case.bytes("table");
        bytes.truncate(120);
        cut::<ExceptionRow, 5>(&bytes, 0);
        for end in 0..=bytes.len() {
            let table = ExceptionTable::new(&bytes[..end]);
            let handlers = Handlers::new(table);
            for unit in (0..100).step_by(9) {
                assert_eq!(handlers.find(table, unit), table.find(unit));
            }
        }
    });
}
