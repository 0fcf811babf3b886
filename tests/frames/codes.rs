//! Frames of code objects that interpreters compiled: where they stand in each situation, and on which line.

use std::rc::Rc;

use frame_runtime::data_stack::DataStack;
use frame_runtime::machine::Outcome as Says;
use frame_runtime::machine::generator::{self, Flavour, event, state};
use frame_runtime::machine::{Event, Guard, Runs};
use frame_runtime::opcode::OpcodeInfo;
use frame_runtime::running::{Arguments, ByOwner, Returned, Site};
use frame_runtime::vm::CodeUnit;
use serde_json::{Value as Json, json};

use crate::driver::{self, Frame, Next, Python};
use crate::exceptions;
use crate::script::execute;
use crate::vm::{Code, Kind, Machine, Tables, Value, Waiting, World};

/// The code objects of a record, as objects of one world.
pub(crate) struct Codes<'r, P: Python> {
    pub(crate) world: Rc<World<P>>,
    record: &'r Json,
}

pub(crate) fn number(json: &Json) -> u32 {
    json.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_else(|| panic!("no number: {json}"))
}

fn hex(text: &Json) -> Vec<u8> {
    let text = text.as_str().expect("hex digits");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits")).collect()
}

fn opcode<P: Python>(number: u8) -> Option<&'static OpcodeInfo> {
    P::LAYOUT.opcodes[usize::from(number)].as_ref()
}

/// An instruction, where it begins, and the argument in its own unit.
pub(crate) struct Instruction {
    pub(crate) unit: u32,
    pub(crate) info: &'static OpcodeInfo,
    pub(crate) argument: u8,
}

impl Instruction {
    pub(crate) fn site(&self) -> Site {
        Site { caches: self.info.caches, jump: 0 }
    }
}

impl Code {
    fn instructions<P: Python>(&self) -> Vec<Instruction> {
        let (mut at, mut found) = (0, Vec::new());
        while let Some(unit) = self.units.get(at) {
            let unit = unit.instruction();
            let info = opcode::<P>(unit.opcode).unwrap_or_else(|| panic!("{} is no opcode", unit.opcode));
            found.push(Instruction { unit: u32::try_from(at).expect("short code"), info, argument: unit.argument });
            at += 1 + usize::from(info.caches);
        }
        found
    }

    /// The instruction that a unit belongs to.
    pub(crate) fn instruction_at<P: Python>(&self, unit: u32) -> Instruction {
        self.instructions::<P>().into_iter().rfind(|found| found.unit <= unit).expect("there is a first instruction")
    }

    /// Where the first one of this name is.
    fn first<P: Python>(&self, name: &str) -> Option<u32> {
        self.instructions::<P>().into_iter().find(|found| found.info.name == name).map(|found| found.unit)
    }

    fn last<P: Python>(&self) -> u32 {
        self.instructions::<P>().pop().expect("there is an instruction").unit
    }

    fn is_generator<P: Python>(&self) -> bool {
        self.first::<P>("RETURN_GENERATOR").is_some()
    }
}

impl<'r, P: Python> Codes<'r, P> {
    pub(crate) fn new(record: &'r Json) -> Self {
        Codes { world: World::new(Vec::new()), record }
    }

    /// A function of a code object.
    pub(crate) fn function(&self, name: &Json) -> Value<P> {
        let row = &self.record["codes"][name.as_str().expect("a name")];
        let units = hex(&row["code"]).chunks(2).map(|unit| CodeUnit::new(unit[0], unit[1])).collect();
        let tables = Tables {
            layout: P::LAYOUT,
            lines: hex(&row["linetable"]),
            firstlineno: i32::try_from(number(&row["firstlineno"])).expect("a line"),
            exceptions: hex(&row["exceptiontable"]),
        };
        let mut code = Code {
            name: row["name"].as_str().expect("a name").to_owned(),
            nlocalsplus: u32::try_from(row["slots"].as_array().expect("slots").len()).expect("few slots"),
            stacksize: number(&row["stacksize"]),
            units,
            first_traceable: 0,
            handlers: Vec::new(),
            tables: Some(tables),
        };
        code.first_traceable = code.first::<P>("RESUME").expect("code has a RESUME") as usize;
        self.world.bare(code)
    }

    /// Calls a function with nothing below it; `body` has its frame.
    pub(crate) fn enter<R>(&self, function: &Value<P>, body: impl for<'t> FnOnce(Frame<'t, P>) -> R) -> R {
        self.enter_on(&self.world.stack, function, body)
    }

    /// The same, on top of what runs.
    pub(crate) fn enter_on<R>(
        &self,
        stack: &DataStack<Machine<P>>,
        function: &Value<P>,
        body: impl for<'t> FnOnce(Frame<'t, P>) -> R,
    ) -> R {
        let entered = self.world.enter(stack, |entry| {
            let Ok(frame) = entry.call(function.clone(), &mut []) else { panic!("there is room") };
            body(frame)
        });
        entered.expect("nobody holds a frame")
    }
}

/// What is seen of a frame.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    lasti: i32,
    line: Option<i32>,
}

impl Place {
    fn of<P: Python>(object: &Value<P>) -> Place {
        Place { lasti: object.frame().lasti(), line: object.frame().line() }
    }
}

/// The frame object `depth` below the topmost frame.
fn object<'t, P: Python>(frame: Frame<'t, P>, depth: usize) -> (Frame<'t, P>, Value<P>) {
    let (frame, object) = frame.escape(|stack| stack.frame_object(depth));
    (frame, object.expect("nobody holds a frame").expect("there are as many"))
}

pub(crate) fn code_of<P: Python>(function: &Value<P>) -> Value<P> {
    frame_runtime::vm::Value::as_function(function).expect("a function").code.clone()
}

/// Somebody who looks at the caller: the frame of a function that is called without native code.
fn look_from_callee<'t, P: Python>(frame: Frame<'t, P>, depth: usize) -> Place {
    let mut frame = frame;
    let first = u32::try_from(frame.code().first_traceable).expect("short code");
    execute(&mut frame, first);
    let (frame, object) = object(frame, depth);
    let place = Place::of(&object);
    let _ = frame.leave();
    place
}

// ---- positions ----

/// Where a frame stands in the situation of a row.
fn position<P: Python>(codes: &Codes<'_, P>, row: &Json) -> Json {
    let function = codes.function(&row["code"]);
    let code = code_of(&function);
    let code = code.code();
    let lasti = number(&row["f_lasti"]);
    let standing = code.instruction_at::<P>(lasti / 2);
    let callee = codes.function(&codes.callee());
    let found = match row["stands"].as_str().expect("a word") {
        // After an assignment to `f_lineno` the frame goes on as if that instruction had been fetched.
        "running" | "jumped" | "calling natively" => codes.enter(&function, |mut frame| {
            execute(&mut frame, standing.unit);
            let (frame, object) = object(frame, 0);
            drop(frame);
            Place::of(&object)
        }),
        "calling" if ["SEND", "FOR_ITER"].contains(&standing.info.name) => codes.enter(&function, |mut frame| {
            let (returned, waiting) = generator_of(frame, &callee_generator(codes));
            frame = returned;
            execute(&mut frame, standing.unit);
            let site = Site { jump: standing.argument.into(), ..standing.site() };
            let Ok(frame) = P::send(frame, waiting, site) else { panic!("there is room") };
            let (frame, object) = object(frame, 1);
            let _ = frame.leave();
            Place::of(&object)
        }),
        "calling" => codes.enter(&function, |mut frame| {
            execute(&mut frame, standing.unit);
            let Ok(frame) = frame.call(callee, Arguments::default(), standing.site()) else { panic!("room") };
            look_from_callee(frame, 1)
        }),
        "calling through a trampoline" => codes.enter(&function, |mut frame| {
            execute(&mut frame, standing.unit);
            let call = opcode_named::<P>("EXIT_INIT_CHECK");
            let units = vec![CodeUnit::new(call, 0)];
            let trampoline = Code { stacksize: 1, first_traceable: 1, units, ..Code::default() };
            let trampoline = Value::new(&codes.world, Kind::Code(trampoline));
            let called = frame.call_trampoline(trampoline, Arguments::default(), standing.site());
            let Ok(mut frame) = called else { panic!("there is room") };
            frame.fetch();
            let Ok(frame) = frame.call(callee, Arguments::default(), Site::default()) else { panic!("room") };
            look_from_callee(frame, 1)
        }),
        "created" => codes.enter(&function, |frame| {
            let (next, waiting) = created(frame);
            drop(next);
            Place::of(&driver::object(&codes.world, &waiting))
        }),
        "suspended" => codes.enter(&function, |frame| {
            let yields = suspended_at::<P>(code, lasti / 2);
            let waiting = suspended(frame, yields);
            Place::of(&driver::object(&codes.world, &waiting))
        }),
        "over" if code.is_generator::<P>() => {
            let situation = row["situation"].as_str().expect("a situation");
            let object = generator_over(codes, &function, situation, standing.unit);
            if situation.ends_with("_cleared") {
                object.frame().clear().expect("it is over");
            }
            Place::of(&object)
        }
        "over" => codes.enter(&function, |mut frame| {
            execute(&mut frame, standing.unit);
            let raises = standing.unit * 2 != lasti || standing.info.name.contains("RAISE");
            if raises && standing.info.caches > 0 {
                let called = frame.call(callee, Arguments::default(), standing.site());
                let Ok(called) = called else { panic!("there is room") };
                let Returned::Frame(back) = end(called, true) else { panic!("a frame called it") };
                frame = back;
            }
            let (frame, object) = object(frame, 0);
            drop(end(frame, raises));
            Place::of(&object)
        }),
        other => panic!("no frame stands {other}"),
    };
    let mut row = row.clone();
    (row["f_lasti"], row["f_lineno"]) = (json!(found.lasti), json!(found.line));
    row
}

fn opcode_named<P: Python>(name: &str) -> u8 {
    let found = P::LAYOUT.opcodes.iter().flatten().find(|info| info.name == name);
    found.unwrap_or_else(|| panic!("no opcode {name}")).number
}

/// The `YIELD_VALUE` at which a frame waits that stands at a unit: that one, or the one in front of it.
fn suspended_at<P: Python>(code: &Code, unit: u32) -> u32 {
    let yields = |found: &Instruction| found.info.name == "YIELD_VALUE" && found.unit <= unit;
    code.instructions::<P>().into_iter().rfind(yields).expect("it yields").unit
}

pub(crate) fn end<'t, P: Python>(frame: Frame<'t, P>, raises: bool) -> Next<'t, P> {
    match frame.by_owner() {
        ByOwner::Thread(frame) => P::end(frame, raises),
        ByOwner::Generator(_) => panic!("a generator's frame stops otherwise"),
    }
}

/// Calls a generator function up to its `RETURN_GENERATOR`.
pub(crate) fn created<'t, P: Python>(mut frame: Frame<'t, P>) -> (Next<'t, P>, Waiting<P>) {
    let at = frame.code().first::<P>("RETURN_GENERATOR").expect("it makes a generator");
    execute(&mut frame, at);
    let ByOwner::Thread(frame) = frame.by_owner() else { panic!("it is called") };
    let (next, handle) = P::make_generator(frame);
    (next, Waiting::Created(handle))
}

/// Makes a generator from a frame that goes on.
fn generator_of<'t, P: Python>(frame: Frame<'t, P>, function: &Value<P>) -> (Frame<'t, P>, Waiting<P>) {
    let called = frame.call(function.clone(), Arguments::default(), Site::default());
    let Ok(called) = called else { panic!("there is room") };
    match created(called) {
        (Returned::Frame(frame), waiting) => (frame, waiting),
        (Returned::Left(_), _) => panic!("a frame called it"),
    }
}

fn callee_generator<P: Python>(codes: &Codes<'_, P>) -> Value<P> {
    let names = codes.record["codes"].as_object().expect("codes").keys();
    let mut functions = names.map(|name| codes.function(&json!(name)));
    functions.find(|function| code_of(function).code().is_generator::<P>()).expect("a generator")
}

/// A generator that waits at a `YIELD_VALUE`.
fn suspended<P: Python>(frame: Frame<'_, P>, yields: u32) -> Waiting<P> {
    let (Returned::Left(entry), waiting) = created(frame) else { panic!("native code called it") };
    let Ok(mut frame) = P::send_in(entry, waiting) else { panic!("there is room") };
    execute(&mut frame, yields);
    let ByOwner::Generator(frame) = frame.by_owner() else { panic!("it is a generator's") };
    P::suspend(frame, false).1
}

/// The frame object of a generator that ended as a situation says.
fn generator_over<P: Python>(codes: &Codes<'_, P>, function: &Value<P>, situation: &str, last: u32) -> Value<P> {
    let code = code_of(function);
    let begun = !situation.contains("_unbegun");
    let yields = code.code().first::<P>("YIELD_VALUE").expect("it yields");
    let asks = |event: Event<generator::Machine>| {
        let from = if begun { state::SUSPENDED } else { state::CREATED };
        let rules = <P as Runs<generator::Machine>>::RULES;
        let step = rules.step(from, event, Flavour::Generator as u8, |guard| guard == Guard::Unguarded);
        assert_eq!(step.outcome, Says::Goes, "{situation}");
        step.next
    };
    let word = situation.split('_').nth(1).expect("how it ended");
    let next = match word {
        "returned" | "thrown" => Some(state::EXECUTING),
        "closed" => asks(event::CLOSE),
        "dropped" => asks(event::FINALIZE),
        other => panic!("no generator ends by being {other}"),
    };
    let waiting = codes.enter(function, |frame| match begun {
        true => suspended(frame, yields),
        false => created(frame).1,
    });
    let object = driver::object(&codes.world, &waiting);
    if next != Some(state::EXECUTING) {
        drop(P::release(waiting));
        return object;
    }
    let stands = driver::stands(&waiting);
    let entered = codes.world.enter(&codes.world.stack, |entry| {
        let Ok(mut frame) = P::send_in(entry, waiting) else { panic!("there is room") };
        // An exception is raised where the frame stands.
        execute(&mut frame, if word == "returned" { last } else { stands });
        let ByOwner::Generator(frame) = frame.by_owner() else { panic!("it is a generator's") };
        drop(P::stop(frame, word != "returned"));
    });
    entered.expect("nobody holds a frame");
    object
}

impl<P: Python> Codes<'_, P> {
    /// A code object that is called where it does not matter which.
    pub(crate) fn callee(&self) -> Json {
        let mut codes = self.record["codes"].as_object().expect("codes").iter();
        let (name, _) =
            codes.find(|(_, row)| row["flags"].as_u64().is_some_and(|flags| flags & 0x2a0 == 0)).expect("code");
        json!(name)
    }
}

// ---- lines ----

fn line<P: Python>(codes: &Codes<'_, P>, row: &Json) -> Json {
    let function = codes.function(&row["code"]);
    let code = code_of(&function);
    let last = code.code().last::<P>();
    let mut found = json!({ "what": row["what"], "table": row["table"], "code": row["code"] });
    let (object, entry) = match row["what"].as_str().expect("a word") {
        "yields" => {
            let waiting = codes.enter(&function, |frame| created(frame).1);
            found["created"] = json!(driver::object(&codes.world, &waiting).frame().line());
            drop(waiting);
            let yields = code.code().first::<P>("YIELD_VALUE").expect("it yields");
            let waiting = codes.enter(&function, |frame| suspended(frame, yields));
            (driver::object(&codes.world, &waiting), None)
        }
        what => codes.enter(&function, |mut frame| {
            execute(&mut frame, last);
            let entry;
            (frame, entry) = frame.traceback_entry();
            let (frame, object) = object(frame, 0);
            if what != "running" {
                drop(end(frame, what == "raises"));
            }
            (object, entry.filter(|_| what == "raises"))
        }),
    };
    found["f_lineno"] = json!(object.frame().line());
    if let Some(entry) = entry {
        found["tb_lineno"] = json!(entry.line::<Machine<P>>());
    }
    let name = &code.code().name;
    let shown = object.frame().repr(0x7f00, "'scenario.py'", name).to_string();
    found["repr"] = json!(shown.replace("0x7f00", "ADDRESS"));
    found
}

/// The rows of a section: their names, and what is found in their place.
pub(crate) fn section<P: Python>(record: &Json, section: &str) -> Vec<(String, Json)> {
    let codes = Codes::<P>::new(record);
    let rows = record[section].as_array().expect("rows").iter();
    let found = rows.map(|row| {
        let found = match section {
            "positions" => position(&codes, row),
            "lines" => line(&codes, row),
            "tracebacks" => exceptions::traceback(&codes, row),
            "unwinding" => exceptions::unwinding(&codes, row),
            other => panic!("no section {other}"),
        };
        (name(row), found)
    });
    found.collect()
}

/// What a row is called.
pub(crate) fn name(row: &Json) -> String {
    let of = ["situation", "what"].iter().find_map(|key| row[key].as_str()).expect("a name");
    let warm = if row["warm"] == true { ", warm" } else { "" };
    let table = row["table"].as_str().map(|table| format!(" with table {table}")).unwrap_or_default();
    format!("{of}{warm}{table}")
}
