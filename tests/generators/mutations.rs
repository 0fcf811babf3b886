//! Nothing is decided by hand that a machine declares: each row is changed in turn, and the committed scripts tell.
//!
//! What none tells of is in `unseen_rows.txt`, with the reason (`UPDATE_EXPECT=1` writes it). Rows that say themselves that
//! they cannot happen are left alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frame_runtime::generator::Machines;
use frame_runtime::machine::{
    Answer, Error, EventRows, Guard, Machine, Outcome, Row, Rules, Runs, State, Table, asend, athrow, generator,
};
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version};
use serde_json::Value as Json;

use crate::compare::{Played, difference};
use crate::{FOLLOWED, each, minor, say, vectors};
use frame_tests::{compare, root};

/// Why no script tells of a change: machine, event, what the row has in the words of [`shown`], how the change begins. The
/// first that fits; empty is anything.
const REASONS: &[(&str, &str, &str, &str, &str)] = &[
    ("", "", "", CONTROL, "nothing is changed"),
    ("generator", "frame_clear", "cleared => None", "", "a frame that is over is cleared without asking"),
    ("generator", "", "created ->", "next", "GeneratorExit that is thrown into one that has not begun only ends it"),
    ("generator", "", "if Unguarded", "", "GeneratorExit that is thrown into one outside of every `try` only ends it"),
    ("generator", "release", "", "", "of handles that are taken: until 3.12 the driver releases nothing"),
    ("generator", "", "created -> completed", "kind none", "either is over, and keeps what its frame holds"),
    ("", "close", "init, iter -> closed", "kind none", "either is over without asking the body"),
    ("", "finalize", "", "next", "nobody asks an awaitable that ends for its state"),
    ("athrow", "send", "if AgenClosed => StopAsyncIteration", "message", "it has no arguments, and so no text"),
];

fn reason(mutant: &Mutant) -> Option<&'static str> {
    let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    let row = REASONS.iter().find(|(machine, event, row, what, _)| {
        fits(machine, mutant.machine)
            && fits(event, mutant.event)
            && mutant.row.contains(row)
            && mutant.what.starts_with(what)
    });
    row.map(|(.., reason)| *reason)
}

/// How long a script with a changed machine may take. One that never ends is different.
const PATIENCE: Duration = Duration::from_secs(10);

/// A machine with one row changed.
struct Mutant {
    machine: &'static str,
    event: &'static str,
    row: String,
    what: String,
    /// `None`: the runtime refuses them.
    machines: Option<&'static Machines>,
}

impl Mutant {
    fn place(&self) -> String {
        format!("{} {}: {}", self.machine, self.event, self.row)
    }
}

/// How many flavours there are; a machine whose objects are all the same has none, and asks for the first.
fn flavours<M: Machine>(table: &Table<M>) -> u8 {
    u8::try_from(table.flavours.len()).expect("few flavours").max(1)
}

/// A row in words: `created, suspended for coroutine if value_given: refuses ...`.
fn shown<M: Machine<Guard = Guard, Error = Error>>(table: &Table<M>, row: &Row<M>) -> String {
    let flavours = 0..flavours(table);
    let covers = |state: &&State<M>| flavours.clone().any(|flavour| row.covers(**state, flavour));
    let from: Vec<&State<M>> = table.states.iter().filter(covers).collect();
    let names: Vec<&str> = from.iter().map(|state| table.state_name(**state)).collect();
    let mut text = names.join(", ");
    if let Some(first) = from.first() {
        let only: Vec<String> = flavours
            .clone()
            .filter(|flavour| row.covers(**first, *flavour))
            .map(|flavour| flavour.to_string())
            .collect();
        if only.len() != flavours.len() {
            text += &format!(" of {}", only.join(", "));
        }
    }
    for (guard, holds) in row.tests() {
        text += &format!(" if {}{guard:?}", if *holds { "" } else { "not " });
    }
    if let Some(first) = from.first() {
        let step = row.step(**first);
        let next = step.next.map_or("gone", |next| table.state_name(next));
        text += &match step.outcome {
            Outcome::Goes => format!(" -> {next}"),
            Outcome::Refuses(error, message) => format!(" => {error:?} {:?} -> {next}", message.pattern()),
            Outcome::Answers(answer) => format!(" => {answer:?} -> {next}"),
        };
    }
    text
}

/// The row with one thing changed, each way that there is.
fn changed<M: Machine<Guard = Guard, Error = Error>>(rules: &Rules<M>, row: &Row<M>) -> Vec<(String, Row<M>)> {
    let table = rules.table;
    let flavours = flavours(table);
    let reached = |state: &State<M>| (0..flavours).any(|flavour| row.covers(*state, flavour));
    let from: Vec<State<M>> = table.states.iter().copied().filter(reached).collect();
    let Some(first) = from.first() else { return Vec::new() };
    let outcome = row.step(*first).outcome;
    if outcome == Outcome::Answers(Answer::Illegal) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for next in table.states.iter().copied().filter(|next| rules.number(*next).is_some()) {
        if from.iter().any(|state| row.step(*state).next != Some(next)) {
            found.push((format!("next {}", table.state_name(next)), row.then(next)));
        }
    }
    for at in 0..row.tests().len() {
        let mut tests = row.tests().to_vec();
        tests[at].1 ^= true;
        found.push((format!("turned {:?}", tests[at].0), row.when(Vec::leak(tests))));
    }
    match outcome {
        Outcome::Goes => found.push(("kind none".to_owned(), row.answers(Answer::None))),
        Outcome::Answers(answer) => {
            for other in [Answer::None, Answer::Stop, Answer::Propagate, Answer::Hook, Answer::Illegal] {
                if other != answer {
                    found.push((format!("answer {other:?}"), row.answers(other)));
                }
            }
        }
        Outcome::Refuses(error, message) => {
            let other = if error == Error::ValueError { Error::TypeError } else { Error::ValueError };
            found.push((format!("kind {other:?}"), row.refuses(other, message.pattern())));
            let longer = String::leak(format!("{}x", message.pattern()));
            found.push(("message".to_owned(), row.refuses(error, longer)));
            found.push(("kind none".to_owned(), row.answers(Answer::None)));
        }
    }
    found
}

/// All ways to change one row of a machine.
fn mutants<M: Machine<Guard = Guard, Error = Error>>(
    rules: &'static Rules<M>,
    machines: impl Fn(&'static Rules<M>) -> Machines,
) -> Vec<Mutant> {
    let table = rules.table;
    let mut found = Vec::new();
    for (place, event) in table.events.iter().enumerate() {
        let Some(event) = event else { continue };
        for (index, row) in event.rows.iter().enumerate() {
            // One that is not changed tells of nothing.
            let control = (index == 0).then(|| (CONTROL.to_owned(), *row));
            for (what, changed) in changed(rules, row).into_iter().chain(control) {
                let mut rows = event.rows.to_vec();
                rows[index] = changed;
                let event = EventRows { rows: Vec::leak(rows), ..*event };
                let mut events: Vec<Option<EventRows<M>>> =
                    table.events.iter().map(|event| event.as_ref().map(|event| EventRows { ..*event })).collect();
                let name = event.name;
                events[place] = Some(event);
                let table: &Table<M> = Box::leak(Box::new(Table { events: Vec::leak(events), ..*table }));
                let rules = Box::leak(Box::new(Rules { table, ..*rules }));
                // Where what a body does leads to no state that is stored they are no machines.
                let machines = catch_unwind(AssertUnwindSafe(|| machines(rules))).ok();
                let machines = machines.map(|machines| &*Box::leak(Box::new(machines)));
                found.push(Mutant { machine: M::NAME, event: name, row: shown(table, row), what, machines });
            }
        }
    }
    found
}

/// All mutants of a version.
fn all<P: Version>() -> Vec<Mutant> {
    let (generator, asend, athrow) = (
        <P as Runs<generator::Machine>>::RULES,
        <P as Runs<asend::Machine>>::RULES,
        <P as Runs<athrow::Machine>>::RULES,
    );
    let mut found = mutants(generator, |changed| Machines::new(changed, asend, athrow));
    found.extend(mutants(asend, |changed| Machines::new(generator, changed, athrow)));
    found.extend(mutants(athrow, |changed| Machines::new(generator, asend, changed)));
    found
}

/// Scripts that told of changes of an event, by their index.
type Telling = Mutex<BTreeMap<(&'static str, &'static str), Vec<usize>>>;

/// The script that tells of a mutant; `None` if none does.
fn told(minor: u8, lines: &Arc<Vec<Json>>, telling: &Telling, mutant: &Mutant) -> Option<String> {
    let Some(machines) = mutant.machines else { return Some("the runtime refuses it".to_owned()) };
    let key = (mutant.machine, mutant.event);
    let lock = || telling.lock().unwrap_or_else(PoisonError::into_inner);
    let mut order = lock().get(&key).cloned().unwrap_or_default();
    order.extend((0..lines.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>());
    let (send, receive) = channel();
    let lines = Arc::clone(lines);
    // A thread of its own, which is left alone if it does not come to an end.
    let thread = std::thread::Builder::new().name(MUTANT.to_owned()).stack_size(1 << 28);
    let run = thread.spawn(move || {
        for at in order {
            // Whoever waits has gone: nothing is left to do.
            if send.send(Asked::Begins).is_err() {
                return;
            }
            if difference(&lines[at], &Played::of(minor, &lines[at], Some(machines))).is_some() {
                let _ = send.send(Asked::Tells(at));
                return;
            }
        }
    });
    drop(run.expect("a thread"));
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(Asked::Begins) => {}
            Ok(Asked::Tells(at)) => {
                let mut telling = lock();
                let known = telling.entry(key).or_default();
                known.retain(|other| *other != at);
                known.insert(0, at);
                return Some(format!("script {at}"));
            }
            Err(RecvTimeoutError::Timeout) => return Some("it does not end".to_owned()),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

enum Asked {
    /// A script begins.
    Begins,
    /// A script tells.
    Tells(usize),
}

/// What is not changed at all.
const CONTROL: &str = "nothing";

/// What threads are called whose panics are results.
const MUTANT: &str = "a mutant";

#[test]
fn every_row_counts() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(MUTANT) {
            before(info);
        }
    }));
    let mut wrong = Vec::new();
    // Row and reason, to changes, to versions.
    let mut unseen: BTreeMap<(String, &str), BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for release in FOLLOWED {
        let minor = minor(release).expect("a minor version");
        // Those that differ without a mutation tell nothing.
        let mut lines = vectors(release);
        let agree = each(&lines, |line| difference(line, &Played::of(minor, line, None)).is_none());
        let mut agree = agree.into_iter();
        lines.retain(|_| agree.next().unwrap_or(false));
        let lines = Arc::new(lines);
        let mutants = std::thread::Builder::new().name(MUTANT.to_owned()).spawn(move || match minor {
            11 => all::<Cpython3_11>(),
            12 => all::<Cpython3_12>(),
            13 => all::<Cpython3_13>(),
            14 => all::<Cpython3_14>(),
            _ => all::<Cpython3_15>(),
        });
        let mutants = mutants.expect("a thread").join().expect("no panic");
        let telling = Telling::default();
        let told = each(&mutants, |mutant| told(minor, &lines, &telling, mutant));
        let mut by_scripts = 0;
        for (mutant, told) in mutants.iter().zip(&told) {
            match (told, reason(mutant)) {
                (Some(how), _) if mutant.what == CONTROL => {
                    wrong.push(format!("{}: not changed, but {how} tells", mutant.place()))
                }
                (Some(_), _) => by_scripts += 1,
                (None, Some(reason)) => {
                    let changes = unseen.entry((mutant.place(), reason)).or_default();
                    changes.entry(mutant.what.clone()).or_default().push(minor);
                }
                (None, None) => wrong.push(format!("{release}, {} [{}]: no script tells", mutant.place(), mutant.what)),
            }
        }
        say(&format!("{release}: scripts tell of {by_scripts} of {} changes of rows", mutants.len()));
        for machine in ["generator", "asend", "athrow"] {
            let told = mutants.iter().zip(&told).filter(|(mutant, told)| mutant.machine == machine && told.is_some());
            assert!(told.count() > 30, "{release}: scripts tell of too little of {machine}");
        }
    }
    assert!(wrong.is_empty(), "{} changes:\n{}", wrong.len(), wrong.join("\n"));
    let mut text = String::from("# What can be changed of rows without a committed script telling, and why.\n");
    for ((row, reason), changes) in unseen.iter().filter(|((_, reason), _)| *reason != "nothing is changed") {
        text += &format!("\n{row}\n    {reason}\n");
        for (what, minors) in changes {
            let minors: Vec<String> = minors.iter().map(|minor| format!("3.{minor}")).collect();
            text += &format!("    [{what}] {}\n", minors.join(" "));
        }
    }
    compare(&root().join("tests/generators/unseen_rows.txt"), &text);
}
