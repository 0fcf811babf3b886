//! The machines, positions and clear orders of the spec are what interpreters do: `tests/oracle/machines.py` looked,
//! `tests/vectors/machines` is what it saw. Then every row of every machine is broken in every way, and that is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use frame_codegen::ast::Direction;
use frame_codegen::model::Spec;
use frame_codegen::model::layout::{Place, Purpose, SITUATIONS};
use frame_codegen::model::machine::{AtVersion, EventAt, ILLEGAL, Machine, Next, Outcome, Row, RowAt};
use frame_codegen::model::version::{Flavour, Minor};
use frame_codegen::source::{At, Sources};
use frame_tests::{ask_again, committed_spec, compare, root};
use serde_json::Value;

#[path = "machines/observed.rs"]
mod observed;

use observed::{Case, Cell, View, load};

fn folder() -> PathBuf {
    root().join("tests/vectors/machines")
}

/// Every machine in every version that vectors are there for.
fn versions(spec: &Spec) -> BTreeMap<Minor, Vec<AtVersion<'_>>> {
    let exists = |minor: Minor| {
        let machines = spec.meaning.machines.iter().filter(move |machine| machine.exists(minor));
        (minor, machines.map(|machine| machine.at(minor)).collect())
    };
    spec.minors().into_iter().map(exists).collect()
}

fn shown(minors: &BTreeSet<Minor>) -> String {
    minors.iter().map(Minor::to_string).collect::<Vec<_>>().join(" ")
}

// ---- the vectors ----

/// The lines of a committed list, without its comments.
fn lines(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(file)).expect("a readable file");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Situations in which the machines do not follow the interpreter, and versions.
fn exceptions() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for line in lines("exceptions.txt") {
        let (key, reason) = line.split_once(": ").expect("a reason");
        assert!(!reason.is_empty());
        let (situation, versions) = key.rsplit_once("] ").expect("versions");
        found.extend(versions.split(' ').map(|version| (format!("{situation}]"), version.to_owned())));
    }
    found
}

fn excepted(case: &Case, exceptions: &BTreeSet<(String, String)>) -> bool {
    case.section == "generator" && exceptions.contains(&(case.situation(), case.minor.to_string()))
}

/// The spec says of every row what was seen; nothing that it says is unseen, but what is listed.
#[test]
fn the_machines_are_what_interpreters_do() {
    let (spec, _) = committed_spec();
    let versions = versions(&spec);
    let exceptions = exceptions();
    let mut needed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let mut compared: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut asked: BTreeMap<Minor, BTreeSet<Cell>> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    let mut older: Vec<(String, Vec<String>)> = Vec::new();
    for vectors in load() {
        let view = View::new(&versions[&vectors.minor]);
        for case in vectors.cases() {
            if let Some(reason) = case.skipped() {
                *skipped.entry(reason).or_default() += 1;
                continue;
            }
            let result = view.compare(&case);
            let cells = view.asked.take();
            if result.is_ok() && vectors.followed() {
                asked.entry(vectors.minor).or_default().extend(cells);
            }
            *compared.entry((vectors.release.clone(), case.section)).or_default() += 1;
            match result {
                Ok(()) if excepted(&case, &exceptions) => wrong.push(format!("no exception: {}", case.text)),
                Ok(()) => {}
                Err(_) if excepted(&case, &exceptions) => {
                    needed.insert((case.situation(), case.minor.to_string()));
                }
                Err(said) if !vectors.followed() => {
                    let line = format!("{} {}: {said}", case.release, case.situation());
                    match older.iter_mut().find(|(known, _)| *known == line) {
                        Some((_, flavours)) => flavours.push(case.flavour.clone()),
                        None => older.push((line, vec![case.flavour.clone()])),
                    }
                }
                Err(said) => wrong.push(format!("{} {}\n    {}\n    {said}", case.release, case.section, case.text)),
            }
        }
    }
    for ((release, section), count) in &compared {
        eprintln!("{release} {section}: {count} compared");
    }
    for (reason, count) in &skipped {
        eprintln!("skipped {count}: {reason}");
    }
    let total: usize = compared.values().sum();
    eprintln!("{total} compared, {} exceptions", exceptions.len());
    assert!(wrong.is_empty(), "{} of {total} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(needed, exceptions, "exceptions that no vector needs");
    assert!(total > 8_000, "{total}");
    assert_eq!(asked.len(), versions.len(), "a version has no vectors");
    let lines = older.iter().map(|(line, flavours)| format!("{line} ({})\n", flavours.join(", ")));
    let heading = "# What older micro versions do differently; the machines follow the newest.\n";
    compare(&folder().join("older.txt"), &format!("{heading}{}", lines.collect::<String>()));
    compare(&folder().join("unobserved.txt"), &unobserved(&versions, &asked));
}

/// What the spec decides and no vector shows.
fn unobserved(versions: &BTreeMap<Minor, Vec<AtVersion<'_>>>, asked: &BTreeMap<Minor, BTreeSet<Cell>>) -> String {
    let mut cells: BTreeMap<(usize, usize, usize, String), BTreeSet<Minor>> = BTreeMap::new();
    let mut names: BTreeMap<(usize, usize, usize), String> = BTreeMap::new();
    for (minor, machines) in versions {
        for at in machines {
            let order = machines.iter().position(|other| other.machine.name == at.machine.name).unwrap_or(0);
            for event in &at.events {
                for &state in &at.states {
                    let unseen = (0..at.machine.flavour_count()).filter(|&flavour| {
                        let rows = event.deciding(state, flavour);
                        let decided = rows.iter().any(|row| !is_illegal(row.row));
                        let cell = (at.machine.name.value.clone(), event.index, state, flavour);
                        decided && !asked[minor].contains(&cell)
                    });
                    let unseen: Vec<usize> = unseen.collect();
                    if unseen.is_empty() {
                        continue;
                    }
                    let all = unseen.len() == at.machine.flavour_count();
                    let flavours = unseen.iter().filter_map(|&index| at.machine.flavours.get(index));
                    let flavours: Vec<&str> = flavours.map(|flavour| flavour.name.as_str()).collect();
                    let which = if all { String::new() } else { format!(" of {}", flavours.join(", ")) };
                    let key = (order, event.index, state);
                    let state = &at.machine.states[state].name;
                    names.insert(key, format!("{} {} in {state}", at.machine.name, event.event.name));
                    cells.entry((key.0, key.1, key.2, which)).or_default().insert(*minor);
                }
            }
        }
    }
    let mut text = String::from(
        "# What the spec decides and no vector shows: the object is gone when it has happened, the C functions for it\n\
         # are no part of Python, or nobody can ask it (only its finalizer closes the core of an async generator, and\n\
         # a coroutine waits in an `await` only).\n",
    );
    for ((order, event, state, which), minors) in &cells {
        let _ = writeln!(text, "{}{which}: {}", names[&(*order, *event, *state)], shown(minors));
    }
    text
}

fn is_illegal(row: &Row) -> bool {
    matches!(&row.outcome, Outcome::Answers(answer) if answer.value == ILLEGAL)
}

// ---- positions and clear orders ----

/// The situation of the spec that one of the vectors is, if any.
fn situation(row: &Value, minor: Minor) -> Option<&'static str> {
    let warm = row["warm"] == true;
    let inlined = |since: Minor| if minor >= since { "calling" } else { "running" };
    match row["situation"].as_str()? {
        "created" => Some("created"),
        "suspended" => Some("suspended"),
        "suspended_delegating" => Some("delegating"),
        // 3.11 specialises `PRECALL` to do the work of the `CALL` behind it.
        "in_c_call" if minor == Minor::new(3, 11) && warm => None,
        "executing" | "in_c_call" | "in_foreign_delegate" => Some("running"),
        "in_call" => Some("calling"),
        "in_delegate" => Some(inlined(Minor::new(3, 12))),
        // 3.12 does so when it is specialised.
        "in_for_iter" if minor == Minor::new(3, 12) => Some(if warm { "calling" } else { "running" }),
        "in_for_iter" => Some(inlined(Minor::new(3, 13))),
        other => panic!("what is `{other}`?"),
    }
}

/// The unit that a place names, from what is known of the instruction.
fn unit(place: &Place, row: &Value) -> Option<i64> {
    let instruction = row["anchor_units"].as_i64();
    let next = row["after_anchor"][0].as_i64();
    let anchor = match place.anchor.as_str() {
        "start" => Some(0),
        "instruction" => instruction,
        "next" => next,
        _ => None,
    };
    let caches = if place.caches { next? - instruction? - 1 } else { 0 };
    (!place.return_offset).then_some(anchor? + caches + place.plus)
}

#[test]
fn stored_positions_are_where_interpreters_store_them() {
    let (spec, _) = committed_spec();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut compared = 0;
    for vectors in load() {
        let mut positions = spec.meaning.positions.iter();
        let position = positions.find(|position| position.range.contains(vectors.minor)).expect("a position");
        for row in &vectors.rows["position"] {
            let Some(situation) = situation(row, vectors.minor) else { continue };
            let place = position.place(situation, vectors.minor).expect("every situation");
            assert_eq!(unit(place, row), row["lasti_units"].as_i64(), "{} {row} is `{situation}`", vectors.release);
            seen.insert(situation);
            compared += 1;
        }
    }
    eprintln!("{compared} positions compared");
    let unseen: Vec<&str> = SITUATIONS.iter().map(|(name, _)| *name).filter(|name| !seen.contains(name)).collect();
    // No Python code runs there, or it would have to be a debugger.
    assert_eq!(unseen, ["new", "jumped", "handling", "returned", "yielded"]);
    assert!(compared > 150);
}

#[test]
fn frames_drop_what_they_hold_in_the_order_of_interpreters() {
    let (spec, _) = committed_spec();
    for vectors in load() {
        let minor = vectors.minor;
        let frame =
            spec.meaning.frame(minor).or_else(|| spec.meaning.layout_of("PyFrameObject", minor)).expect("a frame");
        let order = frame.order(Purpose::Clear, minor).expect("an order");
        let slots = order.fields.iter().position(|(_, direction)| direction.is_some()).expect("slots");
        let direction = order.fields[slots].1.as_ref().expect("a direction").value;
        let function = frame.by_role("function", minor, Flavour::Default);
        let function = function.map(|member| {
            order.fields.iter().position(|(name, _)| name.value == member.name.value).expect("the function is dropped")
        });
        let mut deaths = match direction {
            Direction::Ascending => vec!["a", "b", "c"],
            Direction::Descending => vec!["c", "b", "a"],
        };
        for row in &vectors.rows["clear_order"] {
            assert_eq!(row["order"], direction.to_string(), "{} {row}", vectors.release);
            if row["way"] == "generator_alone" {
                // A frame that does not hold its function outlives it.
                let at = if function.is_some_and(|function| function > slots) { deaths.len() } else { 0 };
                deaths.insert(at, "function");
                assert_eq!(row["deaths"], serde_json::json!(deaths), "{} {row}", vectors.release);
            }
        }
        assert!(vectors.rows["clear_order"].iter().any(|row| row["way"] == "generator_alone"));
    }
}

// ---- the tables ----

/// What an outcome is, in words.
fn outcome(at: &AtVersion<'_>, row: &RowAt<'_>, state: usize) -> String {
    let next = match row.next(state) {
        Next::State(next) => at.machine.states[next].name.value.as_str(),
        Next::End => "end",
    };
    let stays = row.next(state) == Next::State(state);
    let says = match &row.row.outcome {
        Outcome::Goes => return format!("-> {next}"),
        Outcome::Refuses { kind, message: Some(message) } => format!("{kind} {:?}", message.value),
        Outcome::Refuses { kind, message: None } => kind.value.clone(),
        Outcome::Answers(answer) => answer.value.clone(),
    };
    if stays { says } else { format!("{says} -> {next}") }
}

/// What an event does in a state, one line for all flavours for which it is the same.
fn print_cell(at: &AtVersion<'_>, event: &EventAt<'_>, state: usize) -> String {
    let mut by_text: Vec<(String, Vec<&str>)> = Vec::new();
    for flavour in 0..at.machine.flavour_count() {
        let mut parts: Vec<String> = Vec::new();
        for row in event.deciding(state, flavour) {
            let tests: Vec<String> = row
                .row
                .tests
                .iter()
                .map(|test| format!("{}{}", if test.holds { "" } else { "not " }, test.guard))
                .collect();
            let condition = if tests.is_empty() { String::new() } else { format!("if {}: ", tests.join(" and ")) };
            parts.push(format!("{condition}{}", outcome(at, row, state)));
        }
        let text = parts.join("; ");
        let name = at.machine.flavours.get(flavour).map_or("", |flavour| flavour.name.as_str());
        match by_text.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => by_text.push((text, vec![name])),
        }
    }
    let mut lines = String::new();
    let alone = by_text.len() == 1;
    for (text, flavours) in by_text {
        let which = if alone { String::new() } else { format!(" ({})", flavours.join(", ")) };
        let _ = writeln!(lines, "    {}{which}: {text}", event.event.name);
    }
    lines
}

fn print_event(at: &AtVersion<'_>, event: &EventAt<'_>) -> String {
    at.states.iter().map(|&state| print_cell(at, event, state)).collect::<Vec<_>>().join("\n")
}

fn print_tables(machine: &Machine, minors: &[Minor]) -> String {
    let mut tables: Vec<(BTreeSet<Minor>, String)> = Vec::new();
    for &minor in minors.iter().filter(|minor| machine.exists(**minor)) {
        let at = machine.at(minor);
        let mut text = String::new();
        for &state in &at.states {
            let start = if at.starts.contains(&state) { ", where it may begin" } else { "" };
            let _ = writeln!(text, "  {}{start}", machine.states[state].name);
            for event in &at.events {
                text.push_str(&print_cell(&at, event, state));
            }
        }
        match tables.last_mut().filter(|(_, known)| *known == text) {
            Some((minors, _)) => _ = minors.insert(minor),
            None => tables.push((BTreeSet::from([minor]), text)),
        }
    }
    tables.iter().map(|(minors, text)| format!("{} {}\n{text}\n", machine.name, shown(minors))).collect()
}

#[test]
fn the_tables_are_those_that_were_read() {
    let (spec, _) = committed_spec();
    let minors = spec.minors();
    let text: String = spec.meaning.machines.iter().map(|machine| print_tables(machine, &minors)).collect();
    compare(&folder().join("tables.txt"), &text);
}

// ---- mutations ----

/// A row with one thing changed, or none when it is left out.
struct Mutation {
    what: &'static str,
    row: Option<Row>,
}

fn mutations(at: &AtVersion<'_>, event: &EventAt<'_>, row: &RowAt<'_>) -> Vec<Mutation> {
    let decides = |state: usize, flavour: usize| {
        event.deciding(state, flavour).iter().any(|known| std::ptr::eq(known.row, row.row))
    };
    let mut reached = row.from.clone();
    reached.retain(|&state| (0..at.machine.flavour_count()).any(|flavour| decides(state, flavour)));
    let mut found = vec![Mutation { what: "dropped", row: None }];
    let mut change = |what: &'static str, change: &dyn Fn(&mut Row)| {
        let mut changed = row.row.clone();
        change(&mut changed);
        found.push(Mutation { what, row: Some(changed) });
    };
    for &next in &at.states {
        if reached.iter().any(|&state| row.next(state) != Next::State(next)) {
            change("next", &|row| row.next = Some(Next::State(next)));
        }
    }
    for index in 0..row.row.tests.len() {
        change("condition dropped", &|row| _ = row.tests.remove(index));
        change("condition turned", &|row| row.tests[index].holds ^= true);
    }
    let other = |name: &str, one: &str, another: &str| At::nowhere(if name == one { another } else { one }.to_owned());
    match &row.row.outcome {
        Outcome::Goes => change("kind", &|row| row.outcome = Outcome::Answers(At::nowhere("none".to_owned()))),
        Outcome::Answers(answer) => {
            let answer = other(answer, "none", "propagate");
            change("answer", &|row| row.outcome = Outcome::Answers(answer.clone()));
            change("kind", &|row| row.outcome = Outcome::Goes);
        }
        Outcome::Refuses { kind, message } => {
            let kind = other(kind, "ValueError", "TypeError");
            change("kind", &|row| row.outcome = Outcome::Refuses { kind: kind.clone(), message: message.clone() });
            change("kind", &|row| row.outcome = Outcome::Goes);
            if let Some(message) = message {
                let message = Some(At::nowhere(format!("{message}x")));
                let kind = match &row.row.outcome {
                    Outcome::Refuses { kind, .. } => kind.clone(),
                    _ => unreachable!("it refuses"),
                };
                change("message", &|row| {
                    row.outcome = Outcome::Refuses { kind: kind.clone(), message: message.clone() }
                });
            }
        }
    }
    found
}

/// The text of a row, on one line.
fn source_text(row: &Row, sources: &Sources) -> String {
    let span = row.span.expect("a place");
    let text = &sources.file(span.source).text[span.start as usize..span.end as usize];
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Machine, event, row and what can be changed of it unseen, to its text and versions; in the order of the spec.
type Unseen = BTreeMap<(usize, usize, usize, Vec<&'static str>), (String, BTreeSet<Minor>)>;

/// No row can be changed, in any version, without the vectors or, where nobody can look, the tables telling.
#[test]
fn every_row_counts() {
    let (spec, sources) = committed_spec();
    let versions = versions(&spec);
    let exceptions = exceptions();
    let (mut by_vectors, mut by_tables) = (0, 0);
    let mut unseen: Unseen = BTreeMap::new();
    for vectors in load().into_iter().filter(observed::Vectors::followed) {
        let machines = &versions[&vectors.minor];
        // Which vectors ask an event of a machine.
        let mut asking: BTreeMap<(String, usize), Vec<&Case>> = BTreeMap::new();
        let mut cases = vectors.cases();
        cases.retain(|case| case.skipped().is_none() && !excepted(case, &exceptions));
        for case in &cases {
            let view = View::new(machines);
            view.compare(case).unwrap_or_else(|said| panic!("{said}: {}", case.text));
            let asked = view.asked.into_inner();
            let events: BTreeSet<_> = asked.into_iter().map(|(machine, event, _, _)| (machine, event)).collect();
            for event in events {
                asking.entry(event).or_default().push(case);
            }
        }
        for (order, at) in machines.iter().enumerate() {
            for event in &at.events {
                let none = Vec::new();
                let asking = asking.get(&(at.machine.name.value.clone(), event.index)).unwrap_or(&none);
                let table = print_event(at, event);
                let mut machine = at.machine.clone();
                for row in &event.rows {
                    let rows = &at.machine.events[event.index].rows;
                    let index = rows.iter().position(|known| std::ptr::eq(known, row.row)).expect("a row");
                    let mut survived: BTreeSet<&str> = BTreeSet::new();
                    for mutation in mutations(at, event, row) {
                        let mut changed = rows.clone();
                        match mutation.row {
                            Some(row) => changed[index] = row,
                            None => _ = changed.remove(index),
                        }
                        machine.events[event.index].rows = changed;
                        let mutant = machine.at(vectors.minor);
                        let mutated = mutant.events.iter().find(|known| known.index == event.index).expect("it");
                        let name = source_text(row.row, &sources);
                        assert_ne!(print_event(&mutant, mutated), table, "{} of `{name}` shows nowhere", mutation.what);
                        let others = machines.iter().filter(|other| other.machine.name != at.machine.name);
                        let view = View::new(others.chain([&mutant]));
                        if asking.iter().any(|case| view.compare(case).is_err()) {
                            by_vectors += 1;
                        } else {
                            by_tables += 1;
                            survived.insert(mutation.what);
                        }
                    }
                    if survived.is_empty() {
                        continue;
                    }
                    let key = (order, event.index, index, survived.into_iter().collect());
                    let text = || (source_text(row.row, &sources), BTreeSet::new());
                    unseen.entry(key).or_insert_with(text).1.insert(vectors.minor);
                }
            }
        }
    }
    eprintln!("{by_vectors} mutations killed by vectors, {by_tables} by the tables only");
    let mut text = String::from(
        "# Rows that can be changed without a vector telling (unobserved.txt says why), and what can; tables.txt tells.\n",
    );
    for ((order, event, _, what), (row, minors)) in &unseen {
        let machine = &versions.values().next_back().expect("versions")[*order].machine;
        let (name, event) = (&machine.name, &machine.events[*event].name);
        let _ = writeln!(text, "{name} {event}: {row} [{}] {}", what.join(", "), shown(minors));
    }
    compare(&folder().join("unseen_rows.txt"), &text);
    assert!(by_vectors > 4_000, "{by_vectors}");
}

// ---- interpreters ----

/// The installed interpreters do what they were seen doing.
#[test]
fn installed_interpreters_do_it_again() {
    ask_again("machines.py", "machines", "does something else now");
}
