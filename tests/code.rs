//! Code objects are made, compared and hashed as interpreters do it: `tests/oracle/code_objects.py` asked them,
//! `tests/vectors/code` is what they answered. What is different on purpose is in `tests/deviations.md`.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

#[path = "code/machine.rs"]
mod machine;
#[path = "code/record.rs"]
mod record;

use std::collections::BTreeSet;

use frame_runtime::code::{Changes, Code, CodeError, ErrorKind, Fields, Variables};
use frame_runtime::version::{
    Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version,
};
use frame_tests::ask_again;
use machine::{Kind, Machine, Value};
use record::{World, hex, index, list, load, unhex};
use serde_json::{Value as Json, json};

/// Runs a generic function on every record, with the version of its release.
macro_rules! each {
    ($function:ident) => {{
        let mut total = 0;
        for record in load() {
            let release = record["python"].as_str().expect("a release").to_owned();
            total += match minor(&release) {
                8 => $function::<Cpython3_8>(&release, &record),
                9 => $function::<Cpython3_9>(&release, &record),
                10 => $function::<Cpython3_10>(&release, &record),
                11 => $function::<Cpython3_11>(&release, &record),
                12 => $function::<Cpython3_12>(&release, &record),
                13 => $function::<Cpython3_13>(&release, &record),
                14 => $function::<Cpython3_14>(&release, &record),
                15 => $function::<Cpython3_15>(&release, &record),
                other => panic!("3.{other} has vectors, and no version here"),
            };
        }
        total
    }};
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version")
}

// ---- deviations ----

/// What is said instead of what CPython does, and which deviation it is; `tests/deviations.md` says why.
fn deviation(label: &str, outcome: &Json) -> Option<(&'static str, Json)> {
    let error = |which, kind: &str, message: &str| Some((which, json!({ "error": [kind, message] })));
    if outcome.get("crash").is_some() {
        return error("end of the process", "SystemError", "non-string found in code slot");
    }
    if label.ends_with(" wrap") && outcome.get("code").is_some() {
        return error("parameters wrap", "ValueError", "code: co_varnames is too small");
    }
    if label == "replace: cell of a subclass" && outcome.get("code").is_some() {
        return error("cell of a subclass", "SystemError", "non-string found in code slot");
    }
    if label.starts_with("new: ") {
        return error("name of a subclass", "TypeError", "name tuples must contain only strings, not 'S'");
    }
    if ["filename", "name", "qualname"].iter().any(|field| label == format!("replace: {field} of a subclass")) {
        let message = "Objects/codeobject.c: bad argument to internal function";
        return error("own name of a subclass", "SystemError", message);
    }
    None
}

/// The deviations that a version needs.
fn deviations(minor: u32) -> BTreeSet<&'static str> {
    let mut needed = BTreeSet::from(["name of a subclass", "own name of a subclass"]);
    needed.extend((minor == 8).then_some("end of the process"));
    needed.extend((minor >= 11).then_some(["parameters wrap", "cell of a subclass"]).into_iter().flatten());
    needed
}

// ---- what is made ----

fn made<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for row in list(&record["made"]) {
        let [label, how, base, changes, outcome] = list(row) else { panic!("no row: {row}") };
        let (label, how) = (label.as_str().expect("a label"), how.as_str().expect("a way"));
        let result = world.make(how, index(base), changes.as_object().expect("changes"));
        if let Some((which, instead)) = deviation(label, outcome) {
            assert_ne!(instead, *outcome, "{label}: no deviation");
            seen.insert(which);
            let error = result.err().map(|error| describe(&error));
            if error != Some(instead) {
                wrong.push(format!("{label}: {error:?}"));
            }
            continue;
        }
        match (&result, outcome.get("code")) {
            (Ok(code), Some(differences)) => {
                let mut expected = record["codes"][index(base)].clone();
                for (field, to) in differences.as_object().expect("fields") {
                    expected[field] = to.clone();
                }
                let differs = world.differs(code, &expected);
                if !differs.is_empty() {
                    wrong.push(format!("{label}: {differs:?}"));
                }
            }
            (Err(error), None) if describe(error) == *outcome => {}
            _ => wrong.push(format!("{label}: {result:?} and not {outcome}")),
        }
    }
    assert!(wrong.is_empty(), "{release}: {} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, deviations(minor(release)), "{release}");
    list(&record["made"]).len()
}

fn describe(error: &CodeError) -> Json {
    json!({ "error": [format!("{:?}", error.kind), error.message] })
}

/// Every constructor, `replace` and unmarshalling: the same object, or the same error.
#[test]
fn code_objects_are_made_like_in_cpython() {
    let total: usize = each!(made);
    assert!(total > 10_000, "{total}");
}

// ---- comparison ----

fn compared<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    let mut count = 0;
    for row in list(&record["equal"]) {
        let [left, right, equal, same_hash] = list(row) else { panic!("no row: {row}") };
        let (left, right) = (world.code(index(left)), world.code(index(right)));
        let (left, right) = (left.code(), right.code());
        assert_eq!(json!(left.equals(&world.vm, right)), *equal, "{release} {row}");
        assert_eq!(json!(right.equals(&world.vm, left)), *equal, "{release} {row}, the other way round");
        let hashes = [left, right].map(|code| code.hash(&world.vm).expect("a hash"));
        assert_eq!(json!(hashes[0] == hashes[1]), *same_hash, "{release} {row}");
        count += 1;
    }
    for row in list(&record["hash"]) {
        let [code, expected] = list(row) else { panic!("no row: {row}") };
        let code = world.code(index(code));
        let found = match code.code().hash(&world.vm) {
            Ok(hash) => json!(hash),
            Err(message) => json!({ "error": ["TypeError", message] }),
        };
        assert_eq!(found, *expected, "{release} {row}");
        count += 1;
    }
    count
}

/// Which fields take part in `==` and `hash`, and every hash as it is.
#[test]
fn code_objects_are_compared_and_hashed_like_in_cpython() {
    let total: usize = each!(compared);
    assert!(total > 4_000, "{total}");
}

fn constants<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    let plain = world.code(0);
    for row in list(&record["constants"]) {
        let [left, right, equal, same_hash] = list(row) else { panic!("no row: {row}") };
        let numbers = [index(left), index(right)];
        let codes = numbers.map(|number| {
            let changes = Changes { consts: Some(vec![world.value(number)]), ..Changes::default() };
            plain.code().replace(&world.vm, changes).expect("a code object")
        });
        assert_eq!(json!(codes[0].equals(&world.vm, &codes[1])), *equal, "{release} {row}");
        // Hashes of others are addresses.
        if numbers.iter().all(|number| world.has_hash(*number)) {
            let hashes = codes.map(|code| code.hash(&world.vm).expect("a hash"));
            assert_eq!(json!(hashes[0] == hashes[1]), *same_hash, "{release} {row}");
        }
    }
    list(&record["constants"]).len()
}

/// Which constants are one constant.
#[test]
fn constants_are_compared_like_in_cpython() {
    let total: usize = each!(constants);
    assert!(total > 20_000, "{total}");
}

// ---- interning ----

/// Whether it is interned, or each of its members is.
fn interned<P: Version>(vm: &Machine<P>, value: &Value<P>) -> Json {
    match &value.object().kind {
        Kind::Str(_) => vm.is_interned(value).into(),
        Kind::Tuple(members) | Kind::FrozenSet(members) => members.iter().map(|member| interned(vm, member)).collect(),
        _ => Json::Null,
    }
}

/// Whether a member is another object than in the value that was given.
fn has_others<P: Version>(given: &Value<P>, found: &Value<P>) -> bool {
    match (&given.object().kind, &found.object().kind) {
        (Kind::Tuple(given), Kind::Tuple(found)) | (Kind::FrozenSet(given), Kind::FrozenSet(found)) => {
            given.iter().zip(found).any(|(given, found)| has_others(given, found))
        }
        _ => !given.is(found),
    }
}

fn interning<P: Version>(release: &str, record: &Json) -> usize {
    let rows = list(&record["interned"]);
    let mut remade = 0;
    for (at, row) in rows.iter().enumerate() {
        let mut world = World::<P>::new(record);
        let plain = world.code(0);
        let given = world.values(&row[0]);
        let names = at + 1 == rows.len();
        let mut changes = Changes::default();
        if names {
            let mut names = given.iter().cloned();
            (changes.filename, changes.name, changes.qualname) = (names.next(), names.next(), names.next());
        } else {
            changes.consts = Some(given.clone());
        }
        let code = plain.code().replace(&world.vm, changes).expect("a code object");
        let own: Vec<Value<P>> = [code.filename(), code.name()].into_iter().chain(code.qualname()).cloned().collect();
        let found = if names { &own } else { code.consts() };
        assert_eq!(found.len(), list(&row[1]).len());
        for ((given, found), answer) in given.iter().zip(found).zip(list(&row[1])) {
            assert_eq!(interned(&world.vm, found), answer[1], "{release} {row}");
            let same = given.is(found);
            if answer[0] == true && !same {
                // CPython changes the tuple itself.
                assert!(matches!(given.object().kind, Kind::Tuple(_)) && has_others(given, found), "{release} {row}");
                remade += 1;
            } else if !names {
                assert_eq!(json!(same), answer[0], "{release} {row}");
            }
        }
    }
    assert_eq!(remade, 2, "{release}: tuples that were made anew");
    rows.len()
}

/// Strings that could be names are interned among the constants, at any depth, and names from 3.13 on.
#[test]
fn strings_are_interned_like_in_cpython() {
    let total: usize = each!(interning);
    assert!(total >= 70, "{total}");
}

// ---- instructions ----

fn opcodes<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    let plain = world.code(0);
    for (opcode, outcome) in list(&record["opcodes"]).iter().enumerate() {
        let opcode = u8::try_from(opcode).expect("256 rows");
        let mut bytes = vec![0; 42];
        (bytes[0], bytes[1]) = (opcode, 1);
        let code = plain.code().replace(&world.vm, Changes { code: Some(bytes), ..Changes::default() });
        let code = code.expect("opcodes are not checked");
        let found = unhex(code.co_code());
        let found = found.as_str().expect("hex digits").trim_end_matches('0');
        // What needs something beside the code ends the process; so it may in 3.11, where 255 is `DO_TRACING`.
        let kept = outcome.get("crash").is_some() || minor(release) == 11 && opcode == u8::MAX;
        let expected = if kept { json!(format!("{opcode:02x}01")) } else { outcome.clone() };
        assert_eq!(found, expected, "{release} opcode {opcode}");
    }
    256
}

/// Any opcode can be given, and is shown in its general form.
#[test]
fn opcodes_are_shown_like_in_cpython() {
    let total: usize = each!(opcodes);
    assert_eq!(total, 2560);
}

fn adaptive<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    let plain = world.code(0);
    for row in list(&record["adaptive"]) {
        let [how, general, live, after] = list(row) else { panic!("no row: {row}") };
        let (general, live) = (hex(general), hex(live));
        assert_eq!(unhex(&general), *after, "{release}: co_code changes");
        assert_ne!(general, live, "{release}: nothing was specialised");
        let with = |code: &[u8]| Changes { code: Some(code.to_vec()), ..Changes::default() };
        let code = plain.code().replace(&world.vm, with(&general)).expect("a code object");
        let before = code.hash(&world.vm);
        for (unit, bytes) in code.units().iter().zip(live.chunks_exact(2)) {
            unit.set(u16::from_ne_bytes([bytes[0], bytes[1]]));
        }
        assert_eq!(code.co_code(), general, "{release} {how}");
        assert_eq!(code.hash(&world.vm), before, "{release} {how}");
        assert!(code.equals(&world.vm, &plain.code().replace(&world.vm, with(&general)).expect("a code object")));
        if how == "specialised" {
            let again = plain.code().replace(&world.vm, with(&live)).expect("a code object");
            assert_eq!(again.co_code(), general, "{release} {how}");
        }
    }
    list(&record["adaptive"]).len()
}

/// What is written to the units is not seen, and specialised instructions are made general again.
#[test]
fn co_code_is_stable_under_specialisation() {
    let total: usize = each!(adaptive);
    assert_eq!(total, 14);
}

fn varnames<P: Version>(release: &str, record: &Json) -> usize {
    let mut world = World::<P>::new(record);
    for row in list(&record["varname"]) {
        let [code, oparg, expected] = list(row) else { panic!("no row: {row}") };
        let code = world.code(index(code));
        let oparg = oparg.as_i64().and_then(|oparg| i32::try_from(oparg).ok()).expect("a number");
        let found = match code.code().varname_from_oparg(oparg) {
            Ok(name) => json!(name.object().number),
            Err(error) => describe(&error),
        };
        assert_eq!(found, *expected, "{release} {row}");
    }
    list(&record["varname"]).len()
}

/// `_varname_from_oparg`.
#[test]
fn variables_have_their_names() {
    let total: usize = each!(varnames);
    assert_eq!(total, 7 * 36);
}

// ---- what no interpreter answers ----

type Newest = Machine<Cpython3_14>;

/// A code object is as `Sync` as the VM's values, with nothing to be filled in later.
#[test]
fn code_objects_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Code<Newest>>();
    is_shared::<Code<Machine<Cpython3_8>>>();
}

fn string<P: Version>(text: &str) -> Value<P> {
    Value::recorded(Kind::Str(text.into()), None, Some(i64::try_from(text.len()).expect("short")))
}

fn int<P: Version>(number: i64) -> Value<P> {
    Value::recorded(Kind::Int(number.to_string()), None, Some(number))
}

fn fields<P: Version>(consts: Vec<Value<P>>) -> Fields<Machine<P>> {
    let (varnames, cellvars, freevars) = (vec![string("a")], vec![], vec![]);
    Fields {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 1,
        flags: 0,
        firstlineno: 1,
        code: vec![0, 0],
        consts,
        names: vec![],
        variables: Variables::Separate { nlocals: 1, varnames, cellvars, freevars },
        filename: string("f"),
        name: string("n"),
        qualname: Some(string("n")),
        linetable: vec![],
        exceptiontable: vec![],
    }
}

fn with_consts<P: Version>(vm: &Machine<P>, consts: Vec<Value<P>>) -> Code<Machine<P>> {
    Code::new(vm, fields(consts)).expect("a code object")
}

/// Comparison takes neither stack nor time that grows faster than what is compared.
#[test]
fn constants_are_compared_without_recursion() {
    let vm = Newest::new([(vec![], 0)].into());
    // The test's own objects are dropped recursively.
    let large = std::thread::Builder::new().stack_size(1 << 28);
    let compare = move || {
        let nested = |core: Value<_>| (0..20_000).fold(core, |inner, _| Value::new(Kind::Tuple(vec![inner])));
        let shared =
            |core: Value<_>| (0..100).fold(core, |inner, _| Value::new(Kind::Tuple(vec![inner.clone(), inner])));
        let sets = |core: Value<_>| {
            (0..5_000)
                .fold(core, |inner, at| Value::recorded(Kind::FrozenSet(vec![int(7), inner, int(at)]), None, Some(7)))
        };
        let large = |last: i64| {
            let members = (0..100_000).chain([last]).map(int).collect();
            Value::recorded(Kind::FrozenSet(members), None, Some(1))
        };
        let all = |core: i64| vec![nested(int(core)), shared(int(core)), sets(int(core)), large(core)];
        let [one, same, other] = [1, 1, 2].map(|core| with_consts(&vm, all(core * 1_000_000)));
        std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(1 << 17);
            let compare = || {
                assert!(one.equals(&vm, &same) && !one.equals(&vm, &other));
            };
            small.spawn_scoped(scope, compare).expect("a thread").join().expect("no panic");
        });
        for at in 0..4 {
            let mut consts = one.consts().to_vec();
            consts[at] = other.consts()[at].clone();
            assert!(!with_consts(&vm, consts).equals(&vm, &one), "constant {at}");
        }
    };
    large.spawn(compare).expect("a thread").join().expect("no panic");
}

/// Each kind of version is told only what it has.
#[test]
fn variables_are_those_of_the_version() {
    let localsplus = || Variables::Localsplus { names: vec![string("a")], kinds: vec![0x20] };
    let vm = Machine::<Cpython3_10>::new([].into());
    let error = Code::new(&vm, Fields { variables: localsplus(), ..fields(vec![]) }).expect_err("no kinds before 3.11");
    assert_eq!(error.kind, ErrorKind::SystemError);
    let vm = Newest::new([].into());
    let error = Code::new(&vm, Fields { qualname: None, ..fields(vec![]) }).expect_err("a qualname since 3.11");
    assert_eq!(error.to_string(), "SystemError: Objects/codeobject.c: bad argument to internal function");
}

/// Where CPython writes outside of its arrays.
#[test]
fn operands_and_kinds_out_of_range_are_harmless() {
    let vm = Newest::new([].into());
    let number = |name| {
        let infos = Cpython3_14::LAYOUT.opcodes.iter().flatten();
        infos.clone().find(|info| info.name == name).expect("an opcode").number
    };
    let (extends, saves) = (number("EXTENDED_ARG"), number("LOAD_FAST_AND_CLEAR"));
    let code = vec![extends, 255, extends, 255, extends, 255, saves, 255];
    let error = Code::new(&vm, Fields { code, ..fields(vec![]) }).expect_err("no such slot");
    assert_eq!(error.message, "code: LOAD_FAST_AND_CLEAR oparg -1 out of range");

    let names = vec![string("a"), string("b")];
    let variables = Variables::Localsplus { names, kinds: vec![0xff, 0xe0] };
    let code = Code::unmarshal(&vm, Fields { variables, ..fields(vec![]) }).expect("kinds are not checked");
    assert_eq!((code.nlocals(), code.ncellvars(), code.nfreevars()), (2, 2, 0));
    assert_eq!(code.freevars().count(), 2);
}

/// -1 is what a failing `hash()` returns in C.
#[test]
fn no_hash_is_minus_one() {
    let vm = Machine::<Cpython3_10>::new([(vec![0, 0], 0)].into());
    let named = |hash| {
        let name = Value::recorded(Kind::Str("n".into()), None, Some(hash));
        let code = Code::new(&vm, Fields { name, ..fields(vec![]) }).expect("a code object");
        code.hash(&vm).expect("a hash")
    };
    let hash = named(0);
    assert_eq!(named(!hash), -2);
    assert_eq!(named(hash ^ -3), -3);
}

/// A number is given once, and not copied.
#[test]
fn versions_are_not_copied() {
    let vm = Newest::new([].into());
    let mut code = with_consts(&vm, vec![]);
    assert_eq!(code.code_version(), 0);
    code.set_code_version(5);
    assert_eq!(code.code_version(), 5);
    assert_eq!(code.replace(&vm, Changes::default()).expect("a copy").code_version(), 0);
}

// ---- interpreters ----

/// The installed interpreters still answer the same.
#[test]
fn installed_interpreters_answer_the_same() {
    ask_again("code_objects.py", "code", "answers something else now");
}
