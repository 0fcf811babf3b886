//! What interpreters did with cells is done again on the runtime's: `tests/oracle/cells.py` asked them,
//! `tests/vectors/cells` is what they answered.

#![expect(unsafe_code, reason = "a VM promises what memory safety rests on")]

#[path = "cells/vm.rs"]
mod vm;

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::process::Command;

use frame_runtime::attribute::Refusal;
use frame_runtime::cell::{Cell, Compared, EMPTY, Operator, UNHASHABLE, Unbound};
use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::machine::owner;
use frame_runtime::running::{Arguments, ByOwner, Returned, Running, Site};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{
    Activation, Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15,
    Version,
};
use frame_runtime::visit::Visit;
use frame_runtime::vm::FrameVm;
use frame_tests::{files, pythons, root};
use serde_json::{Value as Json, json};
use vm::{Kind, Machine, Object, Units};

const SIGNS: [(&str, Operator); 6] = [
    ("<", Operator::Lt),
    ("<=", Operator::Le),
    ("==", Operator::Eq),
    ("!=", Operator::Ne),
    (">", Operator::Gt),
    (">=", Operator::Ge),
];

fn sign(operator: Operator) -> &'static str {
    SIGNS.iter().find(|(_, known)| *known == operator).expect("an operator").0
}

fn object<P: Activation>(value: &Json) -> Object<P> {
    let text = || value[1].as_str().expect("a text").to_owned();
    Object::new(match value[0].as_str().expect("a word") {
        "none" => Kind::None,
        "int" => Kind::Int(value[1].as_i64().expect("a number")),
        "str" => Kind::Str(text()),
        "nan" => Kind::Nan,
        "odd" => Kind::Odd,
        "bad" => Kind::Bad,
        "mark" => Kind::Mark(value[1].as_u64().expect("a number")),
        "named" => Kind::Named(text()),
        "deque" => Kind::Deque,
        other => panic!("there are no {other}"),
    })
}

fn shown<P: Activation>(value: &Object<P>) -> Json {
    match value.kind() {
        Kind::None => json!(["none"]),
        Kind::Int(number) => json!(["int", number]),
        Kind::Str(text) => json!(["str", text]),
        Kind::Mark(number) => json!(["mark", number]),
        _ => json!([value.type_name()]),
    }
}

fn full<P: Activation>(content: &Json) -> Cell<Machine<P>> {
    Cell::new((!content.is_null()).then(|| object(content)))
}

fn raises(refusal: Refusal) -> Json {
    json!({ "raises": refusal.error.name(), "text": refusal.message("x").to_string() })
}

fn repr<P: Activation>(cell: &Cell<Machine<P>>) -> Json {
    let text = cell.repr(0, |content| (content.type_name().to_owned(), 0)).to_string();
    json!({ "value": ["str", text] })
}

/// `PyObject_RichCompare` of what is in cells.
fn compare<P: Activation>(left: &Object<P>, right: &Object<P>, operator: Operator) -> Json {
    let reflected = match operator {
        Operator::Lt => Operator::Gt,
        Operator::Le => Operator::Ge,
        Operator::Gt => Operator::Lt,
        Operator::Ge => Operator::Le,
        same => same,
    };
    let bad = |operator| json!({ "raises": "ValueError", "text": format!("bad {}", sign(operator)) });
    let odd = |operator| json!({ "value": ["str", format!("odd {}", sign(operator))] });
    let order = |order: Ordering| json!({ "value": operator.holds(order) });
    match (left.kind(), right.kind()) {
        (Kind::Bad, _) => bad(operator),
        (Kind::Odd, _) => odd(operator),
        (_, Kind::Bad) => bad(reflected),
        (_, Kind::Odd) => odd(reflected),
        (Kind::Int(left), Kind::Int(right)) => order(left.cmp(right)),
        (Kind::Str(left), Kind::Str(right)) => order(left.cmp(right)),
        (Kind::Nan, Kind::Nan | Kind::Int(_)) | (Kind::Int(_), Kind::Nan) => {
            json!({ "value": operator == Operator::Ne })
        }
        (Kind::None, Kind::None) if matches!(operator, Operator::Eq | Operator::Ne) => order(Ordering::Equal),
        _ if operator == Operator::Eq => json!({ "value": false }),
        _ if operator == Operator::Ne => json!({ "value": true }),
        _ => {
            let (sign, left, right) = (sign(operator), left.type_name(), right.type_name());
            let text = format!("'{sign}' not supported between instances of '{left}' and '{right}'");
            json!({ "raises": "TypeError", "text": text })
        }
    }
}

fn compared<P: Activation>(line: &Json) -> Json {
    let operator = SIGNS.iter().find(|(sign, _)| line["operator"] == *sign).expect("an operator").1;
    let did = if let Some(same) = line.get("same") {
        let cell = full::<P>(same);
        cell.compare(Some(&cell), operator, compare)
    } else {
        let other = (line["right"] != "other").then(|| full::<P>(&line["right"]));
        full::<P>(&line["left"]).compare(other.as_ref(), operator, compare)
    };
    match did {
        Compared::NotImplemented => json!({ "value": "NotImplemented" }),
        Compared::Order(holds) => json!({ "value": holds }),
        Compared::Contents(did) => did,
    }
}

fn new<P: Activation>(line: &Json) -> Json {
    let arguments: Vec<Object<P>> = line["new"].as_array().expect("arguments").iter().map(object).collect();
    let has_keywords = line["keywords"] != json!([]);
    match Cell::<Machine<P>>::from_arguments(&arguments, has_keywords) {
        Ok(cell) => repr(&cell),
        Err(error) => json!({ "raises": "TypeError", "text": error.to_string() }),
    }
}

/// The versions that have frames here.
trait Python: Activation {
    fn pop<'t>(frame: Running<'t, Machine<Self>, owner::Thread>) -> Returned<'t, Machine<Self>>;
}

macro_rules! pythons {
    ($($version:ty)*) => {$(
        impl Python for $version {
            fn pop<'t>(frame: Running<'t, Machine<Self>, owner::Thread>) -> Returned<'t, Machine<Self>> {
                frame.ret()
            }
        }
    )*};
}

pythons! { Cpython3_11 Cpython3_12 Cpython3_13 Cpython3_14 Cpython3_15 }

type Frame<'t, P> = Running<'t, Machine<P>>;

fn nothing<P: Activation>(_: ()) -> Json {
    json!({ "value": shown::<P>(&Object::new(Kind::None)) })
}

/// What an instruction did: nothing, or it found nothing in the cell.
fn done<T: Version>(did: Result<Json, Unbound>) -> Json {
    did.unwrap_or_else(|unbound| {
        let mut did = raises(unbound.refusal::<T>());
        if unbound.says_name::<T>() {
            did["name"] = json!("x");
        }
        did
    })
}

fn popped<'t, P: Activation>(frame: &mut Frame<'t, P>) -> Json {
    json!({ "value": shown(&frame.pop().into_value().expect("a value")) })
}

fn function<P: Activation>(kind: &str, closure: Vec<Object<P>>) -> Object<P> {
    let kind = P::LOCALSPLUS.bits(kind).expect("a kind");
    Object::new(Kind::Function { code: Object::new(Kind::Code(Units::of(kind))), closure })
}

/// The body of a class reads the variable.
fn load_class<'t, P: Python>(
    frame: Frame<'t, P>,
    cell: &Object<P>,
    found: Option<Object<P>>,
) -> (Frame<'t, P>, Result<Json, Unbound>) {
    let body = function("free", vec![cell.clone()]);
    let mut body = frame.call(body, Arguments::default(), Site::default()).expect("room for a frame");
    body.copy_free_vars(1);
    let did = if P::LAYOUT.minor() == 11 {
        body.load_classderef(0, found)
    } else {
        body.push(StackRef::owned(Object::new(Kind::Mark(0))));
        let (back, did) = body.load_from_dict_or_deref(0, found);
        body = back;
        did
    };
    assert_eq!(body.depth(), usize::from(did.is_ok() || P::LAYOUT.minor() > 11));
    let did = did.map(|()| popped(&mut body));
    // The end of the frame takes the mapping along.
    let ByOwner::Thread(body) = body.by_owner() else { panic!("a function's frame") };
    let Returned::Frame(frame) = P::pop(body) else { panic!("a frame called it") };
    (frame, did)
}

/// One operation of a script.
fn operation<'t, T: Version, P: Python>(mut frame: Frame<'t, P>, op: &Json) -> (Frame<'t, P>, Json) {
    let object_of_cell = frame.local(0).as_value().expect("a cell").clone();
    let cell = Machine::<P>::cell(&object_of_cell).expect("a cell");
    let given = || object(&op[1]);
    match op[0].as_str().expect("a word") {
        "load" => {
            let did = frame.load_deref(0).map(|()| popped(&mut frame));
            (frame, done::<T>(did))
        }
        "store" => {
            frame.push(StackRef::owned(given()));
            (frame.store_deref(0), nothing::<P>(()))
        }
        "delete" => {
            let (frame, did) = frame.delete_deref(0);
            (frame, done::<T>(did.map(nothing::<P>)))
        }
        "load_class" => {
            let found = (!op[1].is_null()).then(given);
            let (frame, did) = load_class(frame, &object_of_cell, found);
            (frame, done::<T>(did))
        }
        "contents" => (frame, cell.contents().map_or_else(raises, |content| json!({ "value": shown(&content) }))),
        "set" => {
            drop(cell.set(given()));
            (frame, nothing::<P>(()))
        }
        "take" => {
            drop(cell.take());
            (frame, nothing::<P>(()))
        }
        other => panic!("nobody does {other}"),
    }
}

fn operations<T: Version, P: Python>(line: &Json) -> Json {
    let stack = DataStack::new(Machine::<P>(PhantomData), Limits::default());
    let shim = Object::new(Kind::None);
    let own = line["place"] == "own";
    let function = if own {
        function("cell", Vec::new())
    } else {
        function("free", vec![Object::new(Kind::Cell(Cell::new(None)))])
    };
    let did = stack.enter(shim, |entry| {
        let mut frame = entry.call(function, &mut []).expect("room for a frame");
        let _ = frame.fetch();
        if own {
            frame = frame.make_cell(0).expect("a cell");
        } else {
            frame.copy_free_vars(1);
        }
        let mut all = Vec::new();
        for op in line["ops"].as_array().expect("operations") {
            drop(vm::died());
            let (back, mut did) = operation::<T, P>(frame, op);
            frame = back;
            // 0 is the mapping of a class's body.
            let died: Vec<u64> = vm::died().into_iter().filter(|mark| *mark != 0).collect();
            if !died.is_empty() {
                did["died"] = json!(died);
            }
            all.push(did);
        }
        let _entry = frame.leave();
        Json::Array(all)
    });
    did.expect("nothing holds the stack")
}

/// `T` has the texts, `P` the frames: those of 3.8 to 3.10 are of another kind.
fn replay<T: Version, P: Python>(line: &Json) -> Json {
    if line.get("new").is_some() {
        new::<P>(line)
    } else if line.get("operator").is_some() {
        compared::<P>(line)
    } else if let Some(content) = line.get("repr") {
        repr(&full::<P>(content))
    } else if line.get("hash").is_some() {
        raises(UNHASHABLE)
    } else {
        operations::<T, P>(line)
    }
}

#[test]
fn cells_do_what_those_of_interpreters_did() {
    let paths = files(&root().join("tests/vectors/cells"), "jsonl");
    assert!(paths.len() >= 10, "vectors of all versions");
    let mut wrong = Vec::new();
    for path in &paths {
        let release = path.file_stem().expect("a name").to_string_lossy();
        let replay = match release.split('.').nth(1).expect("a minor version") {
            "8" => replay::<Cpython3_8, Cpython3_11>,
            "9" => replay::<Cpython3_9, Cpython3_11>,
            "10" => replay::<Cpython3_10, Cpython3_11>,
            "11" => replay::<Cpython3_11, Cpython3_11>,
            "12" => replay::<Cpython3_12, Cpython3_12>,
            "13" => replay::<Cpython3_13, Cpython3_13>,
            "14" => replay::<Cpython3_14, Cpython3_14>,
            "15" => replay::<Cpython3_15, Cpython3_15>,
            other => panic!("3.{other} has vectors, and no version here"),
        };
        let text = std::fs::read_to_string(path).expect("a readable file");
        assert!(text.lines().count() > 700, "{release} has few cases");
        for line in text.lines() {
            let line: Json = serde_json::from_str(line).expect("JSON");
            let did = replay(&line);
            if did != line["did"] {
                wrong.push(format!("{release}: {line}\n    here: {did}"));
            }
            assert_eq!(vm::live(), 0, "{release}: {line} leaves objects");
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn installed_interpreters_do_the_same() {
    for python in pythons() {
        let path = root().join("tests/vectors/cells").join(format!("{}.jsonl", python.release));
        let Ok(committed) = std::fs::read(path) else { continue };
        let output = Command::new(&python.path).arg(root().join("tests/oracle/cells.py")).output().expect("it runs");
        assert!(output.status.success(), "{}: {}", python.release, String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == committed, "{} does something else now", python.release);
    }
}

/// Puts another reference where one was.
struct Moves(Object<Cpython3_14>, usize);

// SAFETY: the other reference is forgotten with what was in the cell, as promised: both are owned.
unsafe impl Visit<Machine<Cpython3_14>> for Moves {
    fn owned(&mut self, reference: &mut ManuallyDrop<Object<Cpython3_14>>) {
        self.1 += 1;
        drop(ManuallyDrop::into_inner(std::mem::replace(reference, ManuallyDrop::new(self.0.clone()))));
    }

    fn borrowed(&mut self, _: &mut ManuallyDrop<Object<Cpython3_14>>) {
        panic!("a cell borrows nothing");
    }
}

#[test]
fn collectors_see_and_move_what_is_in_a_cell() {
    let mut moves = Moves(Object::new(Kind::Mark(2)), 0);
    let cell = Cell::new(Some(Object::new(Kind::Mark(1))));
    cell.visit(&mut moves);
    let Moves(object, 1) = &moves else { panic!("there is one reference") };
    assert!(matches!(object.kind(), Kind::Mark(2)));
    assert!(matches!(cell.take().expect("it is full").kind(), Kind::Mark(2)));
    cell.visit(&mut moves);
    assert_eq!((moves.1, cell.contents().err()), (1, Some(EMPTY)), "an empty cell shows nothing");
}

/// What is no cell is the mistake of whoever made the code.
#[test]
fn instructions_find_out_what_is_no_cell() {
    let run = |body: fn(Frame<'_, Cpython3_14>)| {
        let stack = DataStack::new(Machine::<Cpython3_14>(PhantomData), Limits::default());
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = stack.enter(Object::new(Kind::None), |entry| {
                body(entry.call(function("local", Vec::new()), &mut []).expect("room for a frame"));
            });
        }));
        let panic = caught.err().unwrap_or_else(|| panic!("it goes on"));
        (*panic.downcast_ref::<&str>().expect("a text")).to_owned()
    };
    let none = "there is no cell in the local";
    assert_eq!(run(|mut frame| assert!(frame.load_deref(0).is_ok())), none);
    assert_eq!(run(|frame| assert!(frame.delete_deref(0).1.is_ok())), none);
    assert_eq!(
        run(|mut frame| {
            drop(frame.set_local(0, StackRef::owned(Object::new(Kind::Int(1)))));
            frame.push(StackRef::owned(Object::new(Kind::Int(2))));
            let _ = frame.store_deref(0);
        }),
        none
    );
    assert_eq!(
        run(|mut frame| {
            frame.push_null();
            let _ = frame.store_deref(0);
        }),
        "there is nothing to put into the cell"
    );
    assert_eq!(vm::live(), 0);
}
