//! What interpreters were seen doing (`tests/vectors/machines/*.json`), and what the machines of the spec say of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use frame_codegen::model::machine::{AtVersion, Next, Outcome};
use frame_codegen::model::version::{Micro, Minor};
use frame_tests::{files, root};
use serde_json::Value;

/// The releases that the machines follow: of each minor version the newest.
pub(crate) const FOLLOWED: [&str; 8] =
    ["3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.18", "3.14.10", "3.15.2"];

const CLASSIC_STATES: Minor = Minor::new(3, 10);
const CONVERTING_BODIES: Minor = Minor::new(3, 12);

/// What one interpreter was seen doing.
pub(crate) struct Vectors {
    pub(crate) release: String,
    pub(crate) minor: Minor,
    /// Rows by what they are about.
    pub(crate) rows: BTreeMap<String, Vec<Value>>,
}

impl Vectors {
    pub(crate) fn followed(&self) -> bool {
        FOLLOWED.contains(&self.release.as_str())
    }

    /// The rows about machines.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let machines = ["generator", "asend", "athrow", "aclose", "owner", "trace"];
        let rows = machines.iter().flat_map(|section| self.rows[*section].iter().map(move |row| (*section, row)));
        rows.map(|(section, row)| Case::new(section, self, row)).collect()
    }
}

pub(crate) fn load() -> Vec<Vectors> {
    let mut all: Vec<Vectors> = Vec::new();
    for path in files(&root().join("tests/vectors/machines"), "json") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut read: Value = serde_json::from_str(&text).expect("JSON");
        let release = string(&read["python"]).expect("a release");
        let minor = release.parse::<Micro>().expect("a release").minor;
        let rows = serde_json::from_value(read["machines"].take()).expect("lists of rows");
        all.push(Vectors { release, minor, rows });
    }
    all.sort_by_key(|vectors| vectors.release.parse::<Micro>().expect("a release"));
    all
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// One row about a machine.
pub(crate) struct Case {
    pub(crate) release: String,
    pub(crate) minor: Minor,
    /// `generator`, `asend`, `athrow`, `aclose`, `owner`, `trace`
    pub(crate) section: &'static str,
    pub(crate) flavour: String,
    pub(crate) state: Option<String>,
    pub(crate) event: String,
    pub(crate) given: BTreeSet<String>,
    pub(crate) outcome: Value,
    /// The state while the body ran, or when nothing of it did, afterwards.
    pub(crate) next: String,
    /// The state when all was over.
    pub(crate) after: Option<String>,
    result: Value,
    agen: Vec<String>,
    /// The row as it was written.
    pub(crate) text: String,
}

impl Case {
    fn new(section: &'static str, vectors: &Vectors, row: &Value) -> Case {
        let strings =
            |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().filter_map(string).collect() };
        Case {
            release: vectors.release.clone(),
            minor: vectors.minor,
            section,
            flavour: string(&row["flavour"]).unwrap_or_default(),
            state: string(&row["state"]),
            event: string(&row["event"]).expect("an event"),
            given: strings(&row["given"]).into_iter().collect(),
            outcome: row["outcome"].clone(),
            next: string(&row["next"]).expect("a next state"),
            after: string(&row["after"]),
            result: row["result"].clone(),
            agen: strings(&row["agen"]),
            text: row.to_string(),
        }
    }

    /// `close executing [delegate_throws,delegating]`, which all flavours share.
    pub(crate) fn situation(&self) -> String {
        let given: Vec<&str> = self.given.iter().map(String::as_str).collect();
        format!("{} {} [{}]", self.event, self.state.as_deref().unwrap_or("-"), given.join(","))
    }

    fn has(&self, word: &str) -> bool {
        self.given.contains(word)
    }

    /// Whether the body is told to finish.
    fn finishes(&self) -> bool {
        ["close", "finalize", "frame_clear"].contains(&self.event.as_str())
    }

    /// The state when all was over.
    fn last(&self) -> &str {
        self.after.as_deref().unwrap_or(&self.next)
    }

    /// Why this row cannot be compared, if so: the closed list.
    pub(crate) fn skipped(&self) -> Option<&'static str> {
        let stayed = self.section == "owner" && self.outcome["answer"] == "none";
        // 3.12 ends a generator that had not begun without letting go of its frame.
        stayed.then_some("nothing happened to the owner: an event of another machine only")
    }

    /// Whether a condition of a row held.
    fn holds(&self, guard: &str) -> bool {
        match guard {
            "value_given"
            | "bad_exception"
            | "delegate_throws"
            | "finalizer_hook"
            | "agen_running"
            | "agen_executing"
            | "agen_finished"
            | "agen_closed"
            | "just_begun"
            | "by_throw"
            | "by_close"
            | "stop_iteration"
            | "stop_async_iteration"
            | "untraced"
            | "frame_suspended" => self.has(guard),
            "delegating" => self.has(guard) || self.state.as_deref() == Some("suspended_yield_from"),
            "unguarded" => self.has(guard) && !self.has("traced"),
            // Of these two a cleared frame is kept; all others are closed, which throws something into them.
            "never_begun" => self.has("by_clear") && (self.flavour == "coroutine" || self.has("finalizer_hook")),
            _ => panic!("how is `{guard}` seen?"),
        }
    }
}

/// What came of an event, apart from the next state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Goes,
    /// Exception or warning, and message.
    Error(String, String),
    /// A bare `StopIteration` or `StopAsyncIteration`.
    Stop(String),
    /// `none`, `propagate`, `hook`, `illegal`.
    Answer(String),
    /// Something else that was seen.
    Other(String),
}

impl Said {
    fn seen(outcome: &Value) -> Said {
        let text = |key: &str| string(&outcome[key]).unwrap_or_default();
        if outcome["goes"] == true {
            Said::Goes
        } else if !outcome["raises"].is_null() {
            Said::Error(text("raises"), text("message"))
        } else {
            match text("answer").as_str() {
                "warn" => Said::Error("RuntimeWarning".to_owned(), text("message")),
                "stop" => Said::Stop(text("exception")),
                "" => Said::Other(outcome.to_string()),
                answer => Said::Answer(answer.to_owned()),
            }
        }
    }

    fn answer(word: &str) -> Said {
        Said::Answer(word.to_owned())
    }
}

/// A state of a machine that an event was decided for: machine, event, state, flavour.
pub(crate) type Cell = (String, usize, usize, usize);

/// The machines of one version, and which of their cells were asked.
pub(crate) struct View<'v, 'a> {
    pub(crate) machines: BTreeMap<&'v str, &'v AtVersion<'a>>,
    pub(crate) asked: RefCell<Vec<Cell>>,
}

/// What a machine says of one event.
struct Step {
    said: Said,
    next: String,
}

impl<'v, 'a> View<'v, 'a> {
    pub(crate) fn new(machines: impl IntoIterator<Item = &'v AtVersion<'a>>) -> Self {
        let machines = machines.into_iter().map(|at| (at.machine.name.value.as_str(), at)).collect();
        View { machines, asked: RefCell::default() }
    }

    fn decide(
        &self,
        (machine, flavour): (&str, &str),
        event: &str,
        state: &str,
        holds: impl Fn(&str) -> bool,
    ) -> Result<Step, String> {
        let at = self.machines.get(machine).ok_or("no such machine")?;
        let found = at.events.iter().find(|known| known.event.name.value == event);
        let found = found.ok_or_else(|| format!("no event `{event}`"))?;
        let index = at.machine.state(state).filter(|index| at.states.contains(index));
        let index = index.ok_or_else(|| format!("no state `{state}`"))?;
        let named = at.machine.flavours.iter().position(|known| known.name.value == flavour);
        if named.is_none() && !at.machine.flavours.is_empty() {
            return Err(format!("no flavour `{flavour}`"));
        }
        self.asked.borrow_mut().push((machine.to_owned(), found.index, index, named.unwrap_or(0)));
        let rows = found.deciding(index, named.unwrap_or(0));
        let row = rows.into_iter().find(|row| row.row.tests.iter().all(|test| holds(&test.guard) == test.holds));
        let row = row.ok_or("undecided")?;
        let next = match row.next(index) {
            Next::State(next) => at.machine.states[next].name.value.clone(),
            Next::End => "end".to_owned(),
        };
        let shown = named.map_or("", |index| at.machine.flavours[index].shown.as_str());
        let stop = if flavour == "async_generator" { "StopAsyncIteration" } else { "StopIteration" };
        let said = match &row.row.outcome {
            Outcome::Goes => Said::Goes,
            Outcome::Refuses { kind, message: None } => Said::Stop(kind.value.clone()),
            Outcome::Refuses { kind, message: Some(message) } => Said::Error(
                kind.value.clone(),
                message.replace("{kind}", shown).replace("{type}", "int").replace("{qualname}", "subject"),
            ),
            Outcome::Answers(answer) if answer.value == "stop" => Said::Stop(stop.to_owned()),
            Outcome::Answers(answer) => Said::Answer(answer.value.clone()),
        };
        Ok(Step { said, next })
    }

    /// Events that are legal one after the other, when no condition holds.
    fn go(&self, who: (&str, &str), events: &[&str], from: &str) -> Result<String, String> {
        let mut state = from.to_owned();
        for event in events {
            let step = self.decide(who, event, &state, |_| false)?;
            same("what it says", &step.said, &Said::Goes)?;
            state = step.next;
        }
        Ok(state)
    }

    /// An exception leaves the body of a generator: first what becomes of it, in every state it passes through.
    fn leave(&self, who: (&str, &str), case: &Case, from: &str, seen: &Said) -> Result<String, String> {
        // 3.10 tells the way from an exception to its handler apart.
        let mut states = vec![from.to_owned()];
        if case.minor == CLASSIC_STATES && from == "executing" {
            states.push(self.go(who, &["fail"], from)?);
        }
        for state in &states {
            let step = self.decide(who, "stop_iteration_error", state, |guard| case.holds(guard))?;
            same("what becomes of the exception", &step.said, seen)?;
            same("the state on its way", &step.next, state)?;
        }
        self.go(who, &["raise"], &states[states.len() - 1])
    }

    /// Whether the machines say what was seen.
    pub(crate) fn compare(&self, case: &Case) -> Result<(), String> {
        match case.section {
            "generator" => self.compare_generator(case),
            "owner" => self.compare_owner(case),
            "trace" => self.compare_trace(case),
            _ => self.compare_awaitable(case),
        }
    }

    fn compare_generator(&self, case: &Case) -> Result<(), String> {
        let who = ("generator", case.flavour.as_str());
        let state = case.state.as_deref().ok_or("no state")?;
        let classic = case.minor == CLASSIC_STATES;
        let body = match case.event.as_str() {
            event @ ("yield" | "return") => Some(self.go(who, &[event], state)?),
            "delegate_yield" => Some(self.go(who, &["yield_from"], state)?),
            "raise" => Some(self.leave(who, case, state, &what_left(case))?),
            _ => None,
        };
        if let Some(next) = body {
            return same("the next state", &next, &case.next);
        }
        if case.event == "stop_iteration_error" {
            same("the state on its way", state, &case.next)?;
            let last = self.leave(who, case, state, &Said::seen(&case.outcome))?;
            return same("the state afterwards", last.as_str(), case.last());
        }

        let step = self.decide(who, &case.event, state, |guard| case.holds(guard))?;
        same("what it says", &step.said, &Said::seen(&case.outcome))?;
        let nested = state == "executing";
        let refused = case.result["unraisable"].as_str().or(case.result["message"].as_str());
        if let Some(refused) = refused.filter(|_| nested) {
            // The delegate was asked once more; then to go on was refused.
            let step = self.decide(who, "next", state, |_| false)?;
            let Said::Error(kind, message) = step.said else { return Err("it would go on".to_owned()) };
            same(
                "what it refuses",
                &format!("{kind}: {message}"),
                &format!("ValueError: {}", refused.trim_start_matches("ValueError: ")),
            )?;
        }
        if step.said != Said::Goes || step.next != "executing" || nested {
            same("the next state", &step.next, &case.next)?;
            return same("the state afterwards", step.next.as_str(), case.last());
        }

        // It was resumed. First the state in which code of the body, of its delegate or of a trace function looked.
        let thrown = case.event == "throw" || case.finishes();
        let delegate_looked = case.has("delegate_throws") && !case.has("delegate_generator");
        let way: &[&str] = match (classic && thrown, case.next.as_str()) {
            (true, "unwinding") => &["fail"],
            (true, _) if !delegate_looked => &["fail", "handle"],
            _ => &[],
        };
        let looked = self.go(who, way, &step.next)?;
        same("the next state", &looked, &case.next)?;

        // Then what the body did.
        let mut last = match body_did(case)? {
            // From 3.12 on code of the body converts, and none of it covers the start.
            "raise" if state == "created" && case.minor >= CONVERTING_BODIES => {
                same("what becomes of the exception", &Said::answer("propagate"), &what_left(case))?;
                self.go(who, &["raise"], &looked)?
            }
            "raise" => self.leave(who, case, &looked, &what_left(case))?,
            act => {
                let ignores = case.has("ignores_exit");
                let step = self.decide(who, act, &looked, |guard| guard == "by_close" && case.finishes())?;
                let seen = if ignores { came_out(case).unwrap_or(Said::Goes) } else { Said::Goes };
                same("what it says", &step.said, &seen)?;
                step.next
            }
        };
        if case.event == "frame_clear" && case.minor <= CLASSIC_STATES {
            last = self.go(who, &["release"], &last)?;
        }
        same("the state afterwards", last.as_str(), case.last())
    }

    fn compare_awaitable(&self, case: &Case) -> Result<(), String> {
        let machine = if case.section == "asend" { "asend" } else { "athrow" };
        let who = (machine, case.section);
        let state = case.state.as_deref().ok_or("no state")?;
        let reaction = match case.event.as_str() {
            "yielded" => Some("yielded"),
            "awaited" => Some("awaited"),
            "returned" | "raised" | "exit_raised" => Some("failed"),
            _ => None,
        };
        if let Some(event) = reaction {
            let step = self.decide(who, event, state, |guard| case.holds(guard))?;
            let natural = (step.said == Said::Goes).then(|| handed_on(case).to_string());
            let said = natural.map_or(step.said, Said::Other);
            let seen = match &said {
                Said::Other(_) => Said::Other(case.outcome.to_string()),
                _ => Said::seen(&case.outcome),
            };
            same("what it says", &said, &seen)?;
            return same("the next state", &step.next, &case.next);
        }

        let step = self.decide(who, &case.event, state, |guard| case.holds(guard))?;
        let seen = Said::seen(&case.outcome);
        if step.said == Said::answer("none") {
            same("what nothing leads to", step.next.as_str(), state)?;
        }
        if step.said != Said::Goes {
            same("what it says", &step.said, &seen)?;
            same("the next state", &step.next, &case.next)?;
            return same("the state afterwards", step.next.as_str(), case.last());
        }
        if step.next == "closed" && state != "closed" {
            // It is over at once: the async generator is not asked, but something was done.
            same("what it says", &Said::answer("none"), &seen)?;
            same("the next state", &step.next, &case.next)?;
            return same("the state afterwards", step.next.as_str(), case.last());
        }

        // The async generator is asked; what it does is an event of the awaitable again.
        let begins = state == "init";
        let asked = match case.event.as_str() {
            "send" if machine == "asend" || !begins => "send",
            _ => "throw",
        };
        let core = case.agen.first().ok_or("nothing is known of the async generator")?;
        let holds = |guard: &str| asked == "send" && guard == "value_given" && case.holds(guard);
        let answer = self.decide(("generator", "async_generator"), asked, core, holds)?;
        let reacts = |guard: &str| match guard {
            "just_begun" => begins,
            "by_throw" => case.event == "throw",
            "by_close" => case.event == "close",
            _ => panic!("how is `{guard}` seen?"),
        };
        if answer.said != Said::Goes {
            let failed = self.decide(who, "failed", &step.next, reacts)?;
            same("what `failed` says", &failed.said, &Said::Goes)?;
            let swallowed = case.event == "close" && answer.said == Said::answer("propagate");
            let said = if swallowed { Said::answer("none") } else { answer.said };
            same("what it says", &said, &seen)?;
            same("the next state", &failed.next, &case.next)?;
            return same("the state afterwards", failed.next.as_str(), case.last());
        }
        same("what it says", &answer.said, &seen)?;
        if case.after.is_some() {
            same("the next state", &step.next, &case.next)?;
        }
        let waits = case.agen.get(1).is_some_and(|state| state.starts_with("suspended"));
        let act = match (waits, case.result["returned"].as_str()) {
            (false, _) => "failed",
            (true, Some("D")) => "awaited",
            (true, _) => "yielded",
        };
        let last = self.decide(who, act, &step.next, reacts)?;
        same("the state afterwards", last.next.as_str(), case.last())
    }

    fn compare_trace(&self, case: &Case) -> Result<(), String> {
        let state = case.state.as_deref().ok_or("no state")?;
        let step = self.decide(("trace", ""), &case.event, state, |guard| case.holds(guard))?;
        same("what it says", &step.said, &Said::seen(&case.outcome))?;
        // What was let through then did go to another line.
        same("whether it went", &case.result["raises"], &Value::Null)?;
        same("the next state", &step.next, &case.next)
    }

    fn compare_owner(&self, case: &Case) -> Result<(), String> {
        let at = self.machines.get("owner").ok_or("no such machine")?;
        let name = |state: usize| at.machine.states[state].name.value.as_str();
        match case.event.as_str() {
            // Where frames begin: a call, and what marks a call from C, where there are shims.
            "push" | "enter_from_c" => {
                let shim = at.machine.groups.iter().find(|(name, _)| name.value == "shim").ok_or("no shims")?;
                let shims: Vec<&str> =
                    at.starts.iter().filter(|&state| shim.1.contains(state)).map(|&s| name(s)).collect();
                let start = if case.event == "push" { "thread" } else { shims.first().copied().unwrap_or("thread") };
                if !at.starts.iter().any(|&state| name(state) == start) {
                    return Err(format!("nothing begins in `{start}`"));
                }
                same("the first state", start, case.next.as_str())
            }
            event => {
                let state = case.state.as_deref().ok_or("no state")?;
                same("the next state", &self.go(("owner", ""), &[event], state)?, &case.next)
            }
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, said: &T, seen: &T) -> Result<(), String> {
    if said == seen { Ok(()) } else { Err(format!("{what}: the spec has {said:?}, the interpreter {seen:?}")) }
}

/// The error that came out of an operation that went through, or that only the hook for unraisable ones saw.
fn came_out(case: &Case) -> Option<Said> {
    let text = |key: &str| case.result[key].as_str();
    let (kind, message) = match text("unraisable") {
        Some(said) => said.split_once(": ").unwrap_or((said, "")),
        None => (text("raised")?, text("message").unwrap_or_default()),
    };
    Some(Said::Error(kind.to_owned(), message.to_owned()))
}

/// What became of an exception that left the body.
fn what_left(case: &Case) -> Said {
    let converted = |said: &Said| matches!(said, Said::Error(_, message) if message.contains(" raised Stop"));
    came_out(case).filter(converted).unwrap_or_else(|| Said::answer("propagate"))
}

/// What the body of a generator did when it had been resumed.
fn body_did(case: &Case) -> Result<&'static str, String> {
    let delegates = case.holds("delegating");
    let value = case.result["returned"].as_str().or(case.result["value"].as_str());
    let act = match (value, case.result["raised"].as_str()) {
        _ if case.has("ignores_exit") => {
            if delegates {
                "yield_from"
            } else {
                "yield"
            }
        }
        _ if case.has("returns_on_exit") => "return",
        (_, Some("ThrownStop" | "ThrownAsyncStop")) => "raise",
        (Some("Y"), _) => "yield",
        (Some("D" | "T"), _) => "yield_from",
        (_, Some("StopIteration")) if case.flavour != "async_generator" => "return",
        (_, Some("StopAsyncIteration")) if case.flavour == "async_generator" => "return",
        (_, Some(_)) => "raise",
        // The `GeneratorExit` that came out was expected.
        (None, None) if case.finishes() => "raise",
        _ => return Err("nobody knows what the body did".to_owned()),
    };
    Ok(act)
}

/// What an awaitable makes of what the body did, when it takes it.
fn handed_on(case: &Case) -> Value {
    let stop = |value: Value| serde_json::json!({"raises": "StopIteration", "value": value});
    let raises = |kind: &str| serde_json::json!({"raises": kind});
    let expected = case.has("by_close") && case.event != "raised";
    match case.event.as_str() {
        "awaited" => serde_json::json!({"returned": "D"}),
        "raised" => serde_json::json!({"raises": "Left", "message": "X"}),
        _ if expected => serde_json::json!({"returned": null}),
        "yielded" => stop("Y".into()),
        _ if case.section == "aclose" => stop(Value::Null),
        "returned" => raises("StopAsyncIteration"),
        _ => raises("GeneratorExit"),
    }
}
