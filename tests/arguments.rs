//! Arguments of calls go where interpreters put them, or the message is theirs: `tests/oracle/arguments_cases.py` asked
//! them, `tests/vectors/arguments` is what they answered.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use frame_runtime::arguments::{
    BindError, Call, CodeCall, Failure, Names, Plan, Signature, Source, Spread, says_qualname,
};
use frame_runtime::code::{Code, Fields, Variables};
use frame_runtime::plain::{Exception, Object, Plain, Value};
use frame_runtime::version::{
    Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version,
};
use frame_runtime::vm::Objects as _;
use frame_tests::{ask_again, files, pythons_of_facts, root};
use serde_json::{Map, Value as Json, json};

/// Runs a generic function with the version of a record.
macro_rules! with_version {
    ($record:expr, $function:ident) => {{
        let record: &Record = $record;
        match record.minor() {
            8 => $function::<Cpython3_8>(record),
            9 => $function::<Cpython3_9>(record),
            10 => $function::<Cpython3_10>(record),
            11 => $function::<Cpython3_11>(record),
            12 => $function::<Cpython3_12>(record),
            13 => $function::<Cpython3_13>(record),
            14 => $function::<Cpython3_14>(record),
            15 => $function::<Cpython3_15>(record),
            other => panic!("3.{other} has vectors, and no version here"),
        }
    }};
}

/// What one interpreter answered.
struct Record {
    /// `3.14.10`, and where the cases are from.
    name: String,
    cases: Vec<Json>,
    /// About `*` and `**`.
    spreads: Vec<Json>,
}

impl Record {
    fn read(text: &[u8], from: &str) -> Record {
        let json: Json = serde_json::from_slice(text).expect("the oracle writes JSON");
        let release = json["python"].as_str().expect("a release");
        let list = |key: &str| items(&json, key).to_vec();
        Record { name: format!("{release}{from}"), cases: list("cases"), spreads: list("spreads") }
    }

    fn minor(&self) -> u8 {
        self.name.split(['.', ' ']).nth(1).and_then(|minor| minor.parse().ok()).expect("a version")
    }
}

fn load() -> Vec<Record> {
    let records: Vec<Record> = files(&root().join("tests/vectors/arguments"), "json")
        .iter()
        .map(|path| Record::read(&std::fs::read(path).expect("a readable file"), ""))
        .collect();
    let minors: BTreeSet<u8> = records.iter().map(Record::minor).collect();
    assert!(minors.iter().copied().eq(8..=15), "vectors of versions {minors:?}");
    records
}

// ---- cases ----

/// Text as the oracle writes it.
fn text(json: &Json) -> Vec<u8> {
    match (json.as_str(), json["utf8"].as_str()) {
        (Some(text), _) => text.into(),
        (_, Some(hex)) => {
            let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
            digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
        }
        _ => panic!("no text: {json}"),
    }
}

fn untext(text: &[u8]) -> Json {
    match std::str::from_utf8(text) {
        Ok(text) => json!(text),
        Err(_) => json!({ "utf8": text.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
    }
}

fn count(case: &Json, key: &str) -> usize {
    case.get(key).map_or(0, |count| usize::try_from(count.as_u64().expect("a count")).expect("it fits"))
}

fn items<'a>(case: &'a Json, key: &str) -> &'a [Json] {
    case.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn signature(case: &Json) -> Signature {
    let number = |key| u32::try_from(count(case, key)).expect("it fits");
    Signature {
        argcount: number("argcount"),
        posonlyargcount: number("posonlyargcount"),
        kwonlyargcount: number("kwonlyargcount"),
        varargs: case["varargs"] == true,
        varkeywords: case["varkeywords"] == true,
    }
}

fn parameters(case: &Json) -> Vec<Vec<u8>> {
    match case["parameters"].as_u64() {
        Some(count) => (0..count).map(|at| format!("p{at}").into_bytes()).collect(),
        None => items(case, "parameters").iter().map(text).collect(),
    }
}

fn function_name<P: Version>(case: &Json) -> Vec<u8> {
    let names = items(case, "function");
    names.get(usize::from(says_qualname::<P>())).map_or(b"f".to_vec(), text)
}

/// Whether a key that raises is met when a default is looked up; else whether there is one.
fn keyword_default(case: &Json, name: &[u8]) -> Result<bool, String> {
    for default in items(case, "kwdefaults") {
        match default.as_array() {
            Some(raises) if text(&raises[0]) == name => {
                return Err(format!("key of {}", std::str::from_utf8(name).expect("these are ASCII")));
            }
            None if text(default) == name => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

// ---- a VM of cases ----

/// A keyword of a case.
struct Keyword {
    /// Of a `str`.
    text: Option<Vec<u8>>,
    interned: bool,
    /// What it has instead of `str.__eq__`.
    answer: Option<Json>,
    shown: Option<Vec<u8>>,
    type_name: String,
}

impl Keyword {
    fn read(json: &Json) -> Keyword {
        let part = |key: &str| json.get(key);
        let new = Keyword { text: None, interned: false, answer: None, shown: None, type_name: "str".to_owned() };
        if json.is_string() || part("utf8").is_some() {
            Keyword { text: Some(text(json)), interned: true, ..new }
        } else if let Some(name) = part("new") {
            Keyword { text: Some(text(name)), ..new }
        } else if let Some(name) = part("sub") {
            Keyword { text: Some(text(name)), answer: part("eq").cloned(), shown: part("str").map(text), ..new }
        } else if let Some(answer) = part("any") {
            let class = part("class").and_then(Json::as_str).unwrap_or("Any");
            Keyword { answer: Some(answer.clone()), type_name: class.to_owned(), ..new }
        } else {
            assert!(part("int").is_some(), "no keyword: {json}");
            Keyword { type_name: "int".to_owned(), ..new }
        }
    }

    /// Whether a dict takes both for one key.
    fn is_key(&self, other: &Keyword) -> bool {
        self.answer.is_none() && other.answer.is_none() && self.text == other.text
    }
}

struct CaseCall<'a, P> {
    case: &'a Json,
    parameters: Vec<Vec<u8>>,
    keywords: Vec<Keyword>,
    /// Comparisons that ran code.
    compared: Vec<Json>,
    /// The defaults of the function are gone.
    lost: bool,
    /// Each is asked once.
    looked_up: BTreeSet<usize>,
    version: std::marker::PhantomData<P>,
}

impl<'a, P> CaseCall<'a, P> {
    fn new(case: &'a Json) -> Self {
        CaseCall {
            case,
            parameters: parameters(case),
            keywords: items(case, "keywords").iter().map(Keyword::read).collect(),
            compared: Vec::new(),
            lost: false,
            looked_up: BTreeSet::new(),
            version: std::marker::PhantomData,
        }
    }
}

impl<P: Version> Names for CaseCall<'_, P> {
    type Python = P;

    fn function(&self) -> Cow<'_, [u8]> {
        Cow::Owned(function_name::<P>(self.case))
    }

    fn parameter(&self, slot: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.parameters[slot])
    }

    fn keyword(&self, keyword: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.keywords[keyword].text.as_ref().expect("names are asked of a str"))
    }

    fn keyword_str(&self, keyword: usize) -> Cow<'_, [u8]> {
        match &self.keywords[keyword].shown {
            Some(shown) => Cow::Borrowed(shown),
            None => self.keyword(keyword),
        }
    }

    fn keyword_type(&self, keyword: usize) -> Cow<'_, str> {
        Cow::Borrowed(&self.keywords[keyword].type_name)
    }
}

impl<P: Version> Call for CaseCall<'_, P> {
    type Exception = String;

    fn positional(&self) -> usize {
        count(self.case, "positional")
    }

    fn keywords(&self) -> usize {
        self.keywords.len()
    }

    fn is_string(&self, keyword: usize) -> bool {
        self.keywords[keyword].text.is_some()
    }

    fn is_parameter(&self, keyword: usize, slot: usize) -> bool {
        let keyword = &self.keywords[keyword];
        keyword.interned && keyword.text.as_ref() == Some(&self.parameters[slot])
    }

    fn equals_parameter(&mut self, keyword: usize, slot: usize) -> Result<bool, String> {
        let Keyword { text, answer, .. } = &self.keywords[keyword];
        let same = text.as_ref() == Some(&self.parameters[slot]);
        let Some(answer) = answer else { return Ok(same) };
        self.compared.push(json!([keyword, untext(&self.parameters[slot])]));
        match answer.as_str() {
            Some("raise") => Err(format!("keyword {keyword}")),
            Some("no defaults") => {
                self.lost = true;
                Ok(false)
            }
            Some(_) => Ok(same),
            None => Ok(*answer == true),
        }
    }

    fn defaults(&mut self) -> usize {
        if self.lost { 0 } else { count(self.case, "defaults") }
    }

    fn find_keyword_default(&mut self, slot: usize) -> Result<bool, String> {
        assert!(self.looked_up.insert(slot), "slot {slot} is asked twice");
        if self.lost { Ok(false) } else { keyword_default(self.case, &self.parameters[slot]) }
    }
}

/// The values of all slots, as the oracle writes them.
fn values<P: Version>(plan: &Plan, call: &CaseCall<'_, P>) -> Json {
    let argument = |number: usize| json!(format!("a{number}"));
    let rest = || plan.rest().expect("a slot takes them").map(argument).collect::<Vec<_>>();
    let keywords = || {
        let mut pairs: Vec<(usize, Json)> = Vec::new();
        for (keyword, value) in plan.keywords().expect("a slot takes them") {
            match pairs.iter_mut().find(|(known, _)| call.keywords[*known].is_key(&call.keywords[keyword])) {
                Some((_, known)) => *known = argument(value),
                None => pairs.push((keyword, argument(value))),
            }
        }
        json!({ "pairs": pairs })
    };
    let of_slot = |source| match source {
        Source::Argument(number) => argument(number as usize),
        Source::Default(number) => json!(format!("d{number}")),
        Source::KeywordDefault(slot) => {
            let name = std::str::from_utf8(&call.parameters[slot as usize]).expect("these are text");
            json!(format!("k:{name}"))
        }
        Source::Rest => Json::Array(rest()),
        Source::Keywords => keywords(),
    };
    plan.sources().map(of_slot).collect()
}

/// Unsafe code may move by a plan: each argument has one place, each slot one source.
fn check_places(plan: &Plan, signature: &Signature, call: &impl Call) {
    let mut places = Vec::new();
    let mut slots = 0;
    for (slot, source) in plan.sources().enumerate() {
        slots += 1;
        match source {
            Source::Argument(number) => places.push(number as usize),
            Source::KeywordDefault(of) => assert_eq!(of as usize, slot),
            Source::Default(_) => assert!(slot < signature.argcount as usize),
            Source::Rest => assert!(signature.varargs && slot == signature.parameters()),
            Source::Keywords => assert!(signature.varkeywords && slot + 1 == signature.slots()),
        }
    }
    assert_eq!(slots, signature.slots());
    places.extend(plan.rest().into_iter().flatten());
    places.extend(plan.keywords().into_iter().flatten().map(|(_, argument)| argument));
    places.sort_unstable();
    assert_eq!(plan.passed(), call.positional() + call.keywords());
    assert!(places.into_iter().eq(0..plan.passed()), "an argument has no place, or two");
}

fn error(kind: &str, message: &[u8]) -> Json {
    json!({ "error": [kind, untext(message)] })
}

/// What we make of a case, in the oracle's words.
fn bind<P: Version>(case: &Json) -> Json {
    let signature = signature(case);
    let mut call = CaseCall::<P>::new(case);
    let plan = Plan::new(&signature, &mut call);
    let exact = signature.takes_exactly(call.positional(), call.keywords());
    let mut found = match plan {
        Ok(plan) => {
            check_places(&plan, &signature, &call);
            let in_order = plan.sources().eq((0..signature.argcount).map(Source::Argument));
            assert_eq!(exact, in_order && plan.rest().is_none() && call.keywords() == 0, "{case}");
            json!({ "slots": values(&plan, &call) })
        }
        Err(BindError::TypeError(failure)) => {
            assert!(!exact, "{case}");
            let message = failure.message(&call);
            let bytes = message.to_bytes();
            assert_eq!(message.to_string(), lossy(&bytes));
            assert_eq!(
                failure.shows().is_some(),
                matches!(failure, Failure::UnexpectedKeyword { .. } | Failure::MultipleValues { .. })
            );
            error("TypeError", &bytes)
        }
        Err(BindError::Raised(message)) => error("Asked", message.as_bytes()),
    };
    if !call.compared.is_empty() {
        found["compared"] = Json::Array(call.compared);
    }
    found
}

/// A lone surrogate is one replacement character.
fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace("\u{fffd}\u{fffd}\u{fffd}", "\u{fffd}")
}

/// What the interpreter made of it.
fn answer(case: &Json) -> Json {
    let outcome = ["slots", "error", "compared"].into_iter();
    Json::Object(outcome.filter_map(|key| Some((key.to_owned(), case.get(key)?.clone()))).collect::<Map<_, _>>())
}

fn compare<P: Version>(record: &Record) {
    for case in &record.cases {
        assert_eq!(bind::<P>(case), answer(case), "{}: {case}", record.name);
    }
}

#[test]
fn arguments_go_where_cpython_puts_them() {
    for record in load() {
        assert!(record.cases.len() > 350, "{}: {} cases", record.name, record.cases.len());
        with_version!(&record, compare);
    }
}

fn compare_spreads<P: Version>(record: &Record) {
    let mut kinds = BTreeSet::new();
    for case in &record.spreads {
        let kind = case["kind"].as_str().expect("a kind");
        let (detail, callee) = (text(&case["detail"]), text(&case["callee"]));
        let type_name = || std::str::from_utf8(&detail).expect("types have such names");
        let spread = match kind {
            "NotMapping" => Spread::NotMapping { type_name: type_name() },
            "NotIterable" => Spread::NotIterable { type_name: type_name(), alone: false },
            "NotIterable alone" => Spread::NotIterable { type_name: type_name(), alone: true },
            "MultipleValues" => Spread::MultipleValues { key: &detail },
            "KeywordsNotStrings" => Spread::KeywordsNotStrings,
            other => panic!("no kind: {other}"),
        };
        let message = spread.message::<P>(&callee);
        assert_eq!(
            error("TypeError", &message.to_bytes()),
            json!({ "error": case["error"] }),
            "{}: {case}",
            record.name
        );
        assert_eq!(message.to_string(), lossy(&message.to_bytes()));
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 5, "{}: {kinds:?}", record.name);
}

#[test]
fn stars_are_refused_like_in_cpython() {
    for record in load() {
        with_version!(&record, compare_spreads);
    }
}

// ---- code objects and plain values ----

fn make_code<P: Version>(case: &Json, names: Vec<Value<P>>) -> Code<Plain<P>> {
    let signature = signature(case);
    let vm = Plain::<P>::default();
    let flags = P::LAYOUT.find_numbers("code_flags").expect("every version has them");
    let flag = |name, set| if set { flags.value(name).expect("every version has it") as i32 } else { 0 };
    let number = |count: u32| i32::try_from(count).expect("it fits");
    let name = |text: Vec<u8>| Value::new(Object::Str(text.into()));
    let functions = items(case, "function");
    Code::new(
        &vm,
        Fields {
            argcount: number(signature.argcount),
            posonlyargcount: number(signature.posonlyargcount),
            kwonlyargcount: number(signature.kwonlyargcount),
            stacksize: 1,
            flags: flag("CO_OPTIMIZED", true)
                | flag("CO_NEWLOCALS", true)
                | flag("CO_VARARGS", signature.varargs)
                | flag("CO_VARKEYWORDS", signature.varkeywords),
            firstlineno: 1,
            code: vec![0; 4],
            consts: Vec::new(),
            names: Vec::new(),
            variables: Variables::Separate {
                nlocals: i32::try_from(names.len()).expect("it fits"),
                varnames: names,
                cellvars: Vec::new(),
                freevars: Vec::new(),
            },
            filename: name(b"f.py".to_vec()),
            name: name(functions.first().map_or(b"f".to_vec(), text)),
            qualname: Some(name(functions.get(1).map_or(b"f".to_vec(), text))),
            linetable: Vec::new(),
            exceptiontable: Vec::new(),
        },
    )
    .expect("it is well-formed")
}

/// The same by code objects over plain data; `None` where a case has keywords that plain data has not.
fn bind_plain<P: Version>(case: &Json) -> Option<Json> {
    let mut objects: Vec<(Vec<u8>, Value<P>)> = Vec::new();
    let mut intern = |text: Vec<u8>| match objects.iter().find(|(known, _)| *known == text) {
        Some((_, value)) => value.clone(),
        None => {
            let value = Value::new(Object::Str(text.clone().into()));
            objects.push((text, value.clone()));
            value
        }
    };
    let mut keywords = Vec::new();
    for keyword in items(case, "keywords") {
        keywords.push(match Keyword::read(keyword) {
            Keyword { answer: None, shown: None, text: Some(text), interned: true, .. } => intern(text),
            Keyword { answer: None, shown: None, text: Some(text), .. } => Value::new(Object::Str(text.into())),
            Keyword { type_name, .. } if type_name == "int" => {
                Value::new(Object::Int { negative: false, digits: [3].into() })
            }
            _ => return None,
        });
    }
    let vm = Plain::<P>::default();
    let code = make_code(case, parameters(case).into_iter().map(&mut intern).collect());
    assert_eq!(Signature::of(&code), signature(case));
    let qualname = Value::new(Object::Str(function_name::<P>(case).into()));
    let mut call = CodeCall {
        vm: &vm,
        code: &code,
        qualname: &qualname,
        positional: count(case, "positional"),
        keywords: &keywords,
        defaults: count(case, "defaults"),
        keyword_default: |_: usize, name: &Value<P>| {
            let name = vm.text(name).expect("names are strings").into_owned();
            keyword_default(case, &name).map_err(|message| Exception { kind: "Asked", message })
        },
    };
    Some(match Plan::new(&Signature::of(&code), &mut call) {
        Ok(plan) => json!({ "slots": values(&plan, &CaseCall::<P>::new(case)) }),
        Err(BindError::TypeError(failure)) => error("TypeError", &failure.message(&call).to_bytes()),
        Err(BindError::Raised(Exception { kind, message })) => error(kind, message.as_bytes()),
    })
}

fn compare_plain<P: Version>(record: &Record) {
    let mut done = 0;
    for case in &record.cases {
        if let Some(found) = bind_plain::<P>(case) {
            assert_eq!(found, answer(case), "{}: {case}", record.name);
            done += 1;
        }
    }
    assert!(done > 300, "{}: {done} cases", record.name);
}

#[test]
fn code_objects_over_plain_data_do_the_same() {
    for record in load() {
        with_version!(&record, compare_plain);
    }
}

// ---- what the vectors hold ----

/// Every message in every form: what stands in it, in this order.
const MESSAGES: &[&[&str]] = &[
    &["() takes 0 positional arguments but 1 was given"],
    &["() takes 0 positional arguments but 2 were given"],
    &["() takes 1 positional argument but 2 were given"],
    &["() takes from 1 to 2 positional arguments but 3 were given"],
    &["() takes from -1 to 1 positional arguments but "],
    &[" but 1 positional argument (and 1 keyword-only argument) were given"],
    &[" but 2 positional arguments (and 2 keyword-only arguments) were given"],
    &["() missing 1 required positional argument: 'a'"],
    &["() missing 2 required positional arguments: 'a' and 'b'"],
    &["() missing 3 required positional arguments: 'a', 'b', and 'c'"],
    &["() missing 4 required positional arguments: 'a', 'b', 'c', and 'd'"],
    &["() missing 1 required keyword-only argument: 'k'"],
    &["() missing 2 required keyword-only arguments: 'k' and 'l'"],
    &["() missing 3 required keyword-only arguments: 'k', 'l', and 'm'"],
    &["\"it's\"", "'say \"'", "'\\'\"'", "'back\\\\'", "'tab\\t\\n\\r\\x00\\x7f'", "'\\ud800'"],
    &["() got multiple values for argument 'a'"],
    &["() got multiple values for argument 'shown'"],
    &["() got an unexpected keyword argument 'zzz'"],
    &["() got an unexpected keyword argument 'shown'"],
    &["() got some positional-only arguments passed as keyword arguments: 'a'"],
    &["() got some positional-only arguments passed as keyword arguments: 'a, b'"],
    &["() keywords must be strings"],
    &["sequence item 0: expected str instance, Any found"],
    &["sequence item 1: expected str instance, Any found"],
];

/// Whether the parts stand in a text, one behind the other.
fn holds(mut text: &str, parts: &[&str]) -> bool {
    parts.iter().all(|part| match text.split_once(part) {
        Some((_, behind)) => {
            text = behind;
            true
        }
        None => false,
    })
}

#[test]
fn every_message_is_in_the_vectors_of_every_version() {
    for record in load() {
        let said: Vec<&str> = record.cases.iter().filter_map(|case| case["error"][1].as_str()).collect();
        for parts in MESSAGES {
            assert!(said.iter().any(|text| holds(text, parts)), "{}: no {parts:?}", record.name);
        }
        let suggested = said.iter().filter(|text| holds(text, &["'. Did you mean '", "'?"])).count();
        assert_eq!(suggested > 10, record.minor() >= 13, "{}: {suggested} suggestions", record.name);
        let qualified = said.iter().filter(|text| text.starts_with("Outer.inner()")).count();
        let plain = said.iter().filter(|text| text.starts_with("inner()")).count();
        assert_eq!((qualified > 0, plain > 0), (record.minor() >= 10, record.minor() < 10), "{}", record.name);
        for outcome in ["Asked", "TypeError"] {
            assert!(record.cases.iter().any(|case| case["error"][0] == outcome), "{}: no {outcome}", record.name);
        }
    }
}

// ---- interpreters that are installed ----

#[test]
fn interpreters_still_say_what_is_committed() {
    ask_again("arguments_cases.py", "arguments", "binds in another way now");
}

/// Other calls on every run; `FRAME_SEED` repeats one that failed.
#[test]
fn interpreters_agree_on_calls_that_nobody_chose() {
    let given = std::env::var("FRAME_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
        u64::from(now.subsec_nanos()) ^ now.as_secs()
    });
    for python in pythons_of_facts("arguments") {
        let mut command = Command::new(&python.path);
        command.current_dir(root()).args(["tests/oracle/arguments_cases.py", "--count", "3000", "--seed"]);
        let output = command.arg(seed.to_string()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} FRAME_SEED={seed}: {said}", python.release);
        let record = Record::read(&output.stdout, &format!(" FRAME_SEED={seed}"));
        assert_eq!(record.cases.len(), 3000);
        with_version!(&record, compare);
        with_version!(&record, compare_plain);
    }
}
