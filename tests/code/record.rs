//! What `tests/oracle/code_objects.py` saw, as objects of the test VM.

use std::collections::HashMap;
use std::path::PathBuf;

use frame_runtime::code::{Changes, Code, CodeError, Fields, Variables};
use frame_runtime::version::Version;
use frame_runtime::vm::Objects;
use frame_tests::{files, root};
use serde_json::{Map, Value as Json, json};

use crate::machine::{Kind, Machine, Value};

pub(crate) fn folder() -> PathBuf {
    root().join("tests/vectors/code")
}

/// All records, by release.
pub(crate) fn load() -> Vec<Json> {
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a readable file");
    files(&folder(), "json").iter().map(|path| serde_json::from_str(&read(path)).expect("JSON")).collect()
}

/// A record and the objects that it speaks of.
pub(crate) struct World<'r, P: Version> {
    pub(crate) vm: Machine<P>,
    pub(crate) record: &'r Json,
    values: HashMap<usize, Value<P>>,
    codes: HashMap<usize, Value<P>>,
}

pub(crate) fn hex(text: &Json) -> Vec<u8> {
    let text = text.as_str().expect("hex digits");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits")).collect()
}

pub(crate) fn unhex(bytes: &[u8]) -> Json {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

pub(crate) fn index(json: &Json) -> usize {
    json.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| panic!("no index: {json}"))
}

fn number(json: &Json) -> i32 {
    json.as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or_else(|| panic!("no number: {json}"))
}

pub(crate) fn list(json: &Json) -> &[Json] {
    json.as_array().unwrap_or_else(|| panic!("no list: {json}"))
}

fn float(json: &Json) -> f64 {
    f64::from_bits(u64::from_str_radix(json.as_str().expect("bits"), 16).expect("bits"))
}

impl<'r, P: Version> World<'r, P> {
    pub(crate) fn new(record: &'r Json) -> Self {
        let bytes = record["bytes"].as_object().expect("hashes").iter();
        let bytes = bytes.map(|(content, hash)| (hex(&json!(content)), hash.as_i64().expect("a hash")));
        World { vm: Machine::new(bytes.collect()), record, values: HashMap::new(), codes: HashMap::new() }
    }

    /// An object by its number.
    pub(crate) fn value(&mut self, number: usize) -> Value<P> {
        if let Some(value) = self.values.get(&number) {
            return value.clone();
        }
        let record = self.record;
        let [kind, content] = list(&record["values"][number]) else { panic!("no value {number}") };
        let kind = match kind.as_str().expect("a kind") {
            "code" => return self.code(index(content)),
            "int" => Kind::Int(content.as_str().expect("digits").to_owned()),
            "bool" => Kind::Bool(content == "1"),
            "float" => Kind::Float(float(content)),
            "complex" => Kind::Complex(float(&content[0]), float(&content[1])),
            "str" | "fresh" => Kind::Str(hex(content)),
            "bytes" => Kind::Bytes(hex(content)),
            "tuple" => Kind::Tuple(self.values(content)),
            "frozenset" => Kind::FrozenSet(self.values(content)),
            "list" => Kind::List,
            "slice" => Kind::Slice(self.values(content).try_into().ok().expect("three parts")),
            "strsub" => Kind::Other("S".to_owned()),
            "other" => Kind::Other(content.as_str().expect("a name").to_owned()),
            other => Kind::Other(other.to_owned()),
        };
        if let Kind::Str(text) = &kind
            && record["values"][number][0] == "fresh"
            && text.starts_with(b"_")
        {
            self.vm.intern(Value::new(Kind::Str(text.clone())));
        }
        let hash = record["hashes"][number.to_string()].as_i64();
        let value = Value::recorded(kind, Some(number), hash);
        self.values.insert(number, value.clone());
        value
    }

    /// Whether the object has the same hash in every run.
    pub(crate) fn has_hash(&self, number: usize) -> bool {
        self.record["hashes"][number.to_string()].is_i64()
    }

    pub(crate) fn values(&mut self, numbers: &Json) -> Vec<Value<P>> {
        list(numbers).iter().map(|number| self.value(index(number))).collect()
    }

    /// A code object by its number, read as from a .pyc file.
    pub(crate) fn code(&mut self, number: usize) -> Value<P> {
        if let Some(code) = self.codes.get(&number) {
            return code.clone();
        }
        let record = self.record;
        let snapshot = &record["codes"][number];
        let code = self.unmarshal(snapshot).expect("a code object that there was");
        let code = Value::new(Kind::Code(Box::new(code)));
        self.codes.insert(number, code.clone());
        let differs = self.differs(code.code(), snapshot);
        assert!(differs.is_empty(), "code object {number} differs: {differs:?}\n{snapshot}");
        code
    }

    /// What the constructor is told.
    fn fields(&mut self, all: &Json) -> Fields<Machine<P>> {
        let mut value = |field: &str| self.value(index(&all[field]));
        let (filename, name) = (value("filename"), value("name"));
        let qualname = all.get("qualname").map(|_| value("qualname"));
        Fields {
            argcount: number(&all["argcount"]),
            posonlyargcount: number(&all["posonlyargcount"]),
            kwonlyargcount: number(&all["kwonlyargcount"]),
            stacksize: number(&all["stacksize"]),
            flags: number(&all["flags"]),
            firstlineno: number(&all["firstlineno"]),
            code: hex(&all["code"]),
            consts: self.values(&all["consts"]),
            names: self.values(&all["names"]),
            variables: Variables::Separate {
                nlocals: number(&all["nlocals"]),
                varnames: self.values(&all["varnames"]),
                cellvars: self.values(&all["cellvars"]),
                freevars: self.values(&all["freevars"]),
            },
            filename,
            name,
            qualname,
            linetable: hex(&all["linetable"]),
            exceptiontable: all.get("exceptiontable").map(hex).unwrap_or_default(),
        }
    }

    fn unmarshal(&mut self, all: &Json) -> Result<Code<Machine<P>>, CodeError> {
        let mut fields = self.fields(all);
        if let Some(kinds) = all.get("kinds") {
            let names = self.values(&all["localsplusnames"]);
            fields.variables = Variables::Localsplus { names, kinds: hex(kinds) };
        }
        Code::unmarshal(&self.vm, fields)
    }

    fn changes(&mut self, all: &Map<String, Json>) -> Changes<Machine<P>> {
        let mut changes = Changes::default();
        for (field, to) in all {
            match field.as_str() {
                "argcount" => changes.argcount = Some(number(to)),
                "posonlyargcount" => changes.posonlyargcount = Some(number(to)),
                "kwonlyargcount" => changes.kwonlyargcount = Some(number(to)),
                "nlocals" => changes.nlocals = Some(number(to)),
                "stacksize" => changes.stacksize = Some(number(to)),
                "flags" => changes.flags = Some(number(to)),
                "firstlineno" => changes.firstlineno = Some(number(to)),
                "code" => changes.code = Some(hex(to)),
                "consts" => changes.consts = Some(self.values(to)),
                "names" => changes.names = Some(self.values(to)),
                "varnames" => changes.varnames = Some(self.values(to)),
                "cellvars" => changes.cellvars = Some(self.values(to)),
                "freevars" => changes.freevars = Some(self.values(to)),
                "filename" => changes.filename = Some(self.value(index(to))),
                "name" => changes.name = Some(self.value(index(to))),
                "qualname" => changes.qualname = Some(self.value(index(to))),
                "linetable" => changes.linetable = Some(hex(to)),
                "exceptiontable" => changes.exceptiontable = Some(hex(to)),
                other => panic!("no field {other}"),
            }
        }
        changes
    }

    /// Does what a row of `made` says.
    pub(crate) fn make(
        &mut self,
        how: &str,
        base: usize,
        changes: &Map<String, Json>,
    ) -> Result<Code<Machine<P>>, CodeError> {
        if how == "replace" {
            let base = self.code(base);
            let changes = self.changes(changes);
            return base.code().replace(&self.vm, changes);
        }
        let mut all = self.record["codes"][base].clone();
        for (field, to) in changes {
            all[field] = to.clone();
        }
        match how {
            "new" => {
                let fields = self.fields(&all);
                Code::new(&self.vm, fields)
            }
            "unmarshal" => self.unmarshal(&all),
            _ => panic!("no way of making one: {how}"),
        }
    }

    /// The attributes that are others: what is recorded, what there is.
    pub(crate) fn differs(&self, code: &Code<Machine<P>>, recorded: &Json) -> Vec<(String, Json, Json)> {
        let numbers = |values: &[Value<P>]| -> Json { values.iter().map(|value| value.object().number).collect() };
        let of = |values: &mut dyn Iterator<Item = &Value<P>>| -> Json { values.map(Self::number).collect() };
        let consts: Json = code.consts().iter().map(|value| self.constant(value)).collect();
        let found = |field: &str| match field {
            "argcount" => json!(code.argcount()),
            "posonlyargcount" => json!(code.posonlyargcount()),
            "kwonlyargcount" => json!(code.kwonlyargcount()),
            "nlocals" => json!(code.nlocals()),
            "stacksize" => json!(code.stacksize()),
            "flags" => json!(code.flags()),
            "firstlineno" => json!(code.firstlineno()),
            "code" => unhex(code.co_code()),
            "consts" => consts.clone(),
            "names" => numbers(code.names()),
            "varnames" => of(&mut code.varnames()),
            "cellvars" => of(&mut code.cellvars()),
            "freevars" => of(&mut code.freevars()),
            "filename" => json!(Self::number(code.filename())),
            "name" => json!(Self::number(code.name())),
            "qualname" => json!(code.qualname().map(Self::number)),
            "linetable" => unhex(code.linetable()),
            "exceptiontable" => unhex(code.exceptiontable()),
            "kinds" => unhex(code.localspluskinds()),
            "localsplusnames" => numbers(code.localsplusnames()),
            "firsttraceable" => json!(code.first_traceable()),
            "framesize" => json!(code.framesize()),
            "repr" => unhex(&code.repr(&self.vm, 0x1f0)),
            other => panic!("no field {other}"),
        };
        let fields = recorded.as_object().expect("fields").iter();
        let pairs = fields.map(|(field, recorded)| (field.clone(), recorded.clone(), found(field)));
        let mut pairs: Vec<_> = pairs.filter(|(_, recorded, found)| recorded != found).collect();
        let bits = |kind| P::LOCALSPLUS.bits(kind).unwrap_or(0);
        let (local, cell, free) = (bits("local"), bits("cell"), bits("free"));
        let kinds = code.localspluskinds().iter();
        let shared = kinds.clone().filter(|kind| **kind & (local | cell) == local | cell).count();
        let unknown = kinds.filter(|kind| **kind & (local | cell | free) == 0).count();
        let slots = (code.nlocals() + code.ncellvars() + code.nfreevars()) as usize + unknown - shared;
        if code.nlocalsplus() as usize != slots {
            pairs.push(("nlocalsplus".to_owned(), json!(slots), json!(code.nlocalsplus())));
        }
        pairs
    }

    fn number(value: &Value<P>) -> Json {
        json!(value.object().number)
    }

    /// The number of a constant; a code object has one in `values` too.
    fn constant(&self, value: &Value<P>) -> Json {
        if !matches!(value.object().kind, Kind::Code(_)) {
            return Self::number(value);
        }
        let number = self.codes.iter().find(|(_, code)| code.is(value)).map(|(number, _)| *number);
        let described = json!(["code", number]);
        list(&self.record["values"]).iter().position(|value| *value == described).into()
    }
}
