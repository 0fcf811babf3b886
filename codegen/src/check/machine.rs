//! Machines: every state of CPython's enum is there, every event is decided, nothing is in vain.

use std::collections::{BTreeMap, BTreeSet};

use super::name::{name_reserved, name_syntax, same_name};
use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::model::Spec;
use crate::model::facts::Constant;
use crate::model::machine::{AtVersion, Machine, Next, Outcome, RowAt};
use crate::model::version::Minor;
use crate::source::{At, Span};

/// Names that the module of a machine has for itself.
const TAKEN: &[&str] = &["Error", "Event", "Flavour", "Gone", "Guard", "Machine", "Numbered", "Row", "State", "Table"];

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    let minors = minors(spec);
    for machine in &spec.meaning.machines {
        machine_empty(machine, sink);
        check_names(machine, sink);
        state_number_missing(spec, machine, sink);
        state_number_unknown(spec, machine, sink);
        condition_never(machine, sink);
        error_message(machine, sink);
        let versions: Vec<AtVersion<'_>> =
            minors.iter().filter(|minor| machine.exists(**minor)).map(|minor| machine.at(*minor)).collect();
        start_missing(machine, &versions, sink);
        next_missing(machine, &versions, sink);
        event_undecided(machine, &versions, sink);
        row_ambiguous(&versions, sink);
        row_unreachable(machine, &versions, sink);
        state_unreachable(machine, &versions, sink);
    }
}

/// Every version that facts are there for; a machine that stands alone has one nameless version.
fn minors(spec: &Spec) -> Vec<Minor> {
    let minors = spec.minors();
    let extends = spec.meaning.version.as_ref().and_then(|version| version.extends.as_ref());
    match (minors.as_slice(), extends) {
        ([], Some(minor)) => vec![minor.value],
        ([], None) => vec![Minor::OLDEST],
        _ => minors,
    }
}

/// `3.11`, `3.11 to 3.13`, `3.8, 3.11 to 3.13`.
pub(super) fn list_minors(found: &BTreeSet<Minor>, all: &[Minor]) -> String {
    let mut parts: Vec<(Minor, Minor)> = Vec::new();
    for minor in found {
        let before = all.iter().position(|known| known == minor).and_then(|index| all.get(index.checked_sub(1)?));
        match parts.last_mut() {
            Some((_, last)) if before == Some(last) => *last = *minor,
            _ => parts.push((*minor, *minor)),
        }
    }
    let parts = parts.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    format!("CPython {}", parts.collect::<Vec<_>>().join(", "))
}

fn of_version(versions: &[AtVersion<'_>], found: &BTreeSet<Minor>) -> String {
    let all: Vec<Minor> = versions.iter().map(|at| at.minor).collect();
    if all.len() == 1 { String::new() } else { format!(" of {}", list_minors(found, &all)) }
}

/// A machine has states and events.
fn machine_empty(machine: &Machine, sink: &mut Sink) {
    for (what, is_empty) in [("state", machine.states.is_empty()), ("event", machine.events.is_empty())] {
        if is_empty {
            sink.report(
                Diagnostic::error("machine-empty", format!("the machine `{}` has no {what}s", machine.name))
                    .at(machine.name.span, format!("needs at least one {what}")),
            );
        }
    }
}

fn check_names(machine: &Machine, sink: &mut Sink) {
    name_syntax(&machine.name, sink);
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    let states = machine.states.iter().map(|state| &state.name);
    let mut clash = |at: &'_ At<String>, rust: String, first: Option<&At<String>>| {
        if let Some(first) = first {
            sink.report(
                Diagnostic::error("state-clash", same_name("state, group or event", first, at, &rust))
                    .at(at.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    };
    for state in states {
        let rust = name::state_type(state);
        clash(state, rust.clone(), seen.insert(rust, state));
    }
    let mut events: BTreeMap<String, &At<String>> = BTreeMap::new();
    for event in &machine.events {
        let rust = name::event_trait(&event.name);
        let first = events.insert(rust.clone(), &event.name).filter(|first| first.value != event.name.value);
        clash(&event.name, rust, first);
    }
    for (group, _) in &machine.groups {
        let rust = name::state_type(group);
        clash(group, rust.clone(), seen.insert(rust, group));
    }
    for state in &machine.states {
        name_reserved(&state.name, &name::state_type(&state.name), TAKEN, sink);
    }
}

/// The enum of a machine in each layout of a version, from headers or observed.
fn enums<'a>(spec: &'a Spec, name: &str, minor: Minor) -> Vec<&'a [Constant]> {
    let of_version = spec.layouts.iter().filter(|facts| facts.version.value == minor);
    let imported = of_version.flat_map(|facts| &facts.content.enums).filter(|item| item.name.value == name);
    let observed = spec.observed.enums.iter().filter(|item| item.name.value == name && item.range.contains(minor));
    imported.map(|item| item.values.as_slice()).chain(observed.map(|item| item.values.as_slice())).collect()
}

/// Every value of the enum is a state.
fn state_number_missing(spec: &Spec, machine: &Machine, sink: &mut Sink) {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for minor in spec.minors() {
        let Some(numbers) = machine.enum_at(minor).filter(|_| machine.range.contains(minor)) else { continue };
        let enums = enums(spec, numbers, minor);
        if enums.is_empty() {
            if told.insert("") {
                sink.report(
                    Diagnostic::error("enum-missing", format!("CPython {minor} has no enum `{numbers}`"))
                        .at(numbers.span, format!("numbers the states of `{}`", machine.name))
                        .help("say in which versions: `states from NAME since 3.N`"),
                );
            }
            continue;
        }
        for value in enums.into_iter().flatten() {
            let forms = machine.states.iter().filter_map(|state| state.at(minor));
            let mut names = forms.filter_map(|form| form.c_name.as_ref());
            if names.any(|name| name.value == value.name.value) || !told.insert(&value.name.value) {
                continue;
            }
            sink.report(
                Diagnostic::error(
                    "state-number-missing",
                    format!("`{}` of CPython {minor} is no state of the machine `{}`", value.name, machine.name),
                )
                .at(value.name.span, format!("a value of `{numbers}`"))
                .and(numbers.span, "the states are here")
                .help(format!(
                    "declare it: `{} {} since {minor} \"what it promises\";`, and what may happen in it",
                    suggested(&value.name, machine, minor),
                    value.name
                )),
            );
        }
    }
}

/// A state's name for a value: the value's without the prefix that those of the other states have.
fn suggested(c_name: &str, machine: &Machine, minor: Minor) -> String {
    let named = machine.states.iter().filter_map(|state| Some((&state.name, state.at(minor)?.c_name.as_ref()?)));
    let prefix = named
        .filter_map(|(name, known)| known.value.to_ascii_lowercase().strip_suffix(&name.value).map(str::len))
        .next()
        .unwrap_or(0);
    c_name.get(prefix..).unwrap_or(c_name).to_ascii_lowercase()
}

/// Every state has a number where the enum numbers them.
fn state_number_unknown(spec: &Spec, machine: &Machine, sink: &mut Sink) {
    for state in &machine.states {
        for form in &state.forms {
            let wrong = spec.minors().into_iter().find_map(|minor| {
                if !(machine.range.contains(minor) && form.range.contains(minor)) {
                    return None;
                }
                let numbers = machine.enum_at(minor)?;
                let enums = enums(spec, numbers, minor);
                let known = |c_name: &At<String>| {
                    enums.iter().any(|values| values.iter().any(|value| value.name.value == c_name.value))
                };
                (!enums.is_empty() && !form.c_name.as_ref().is_some_and(known)).then_some((minor, numbers))
            });
            let Some((minor, numbers)) = wrong else { continue };
            let diagnostic = match &form.c_name {
                Some(c_name) => Diagnostic::error(
                    "state-number-unknown",
                    format!("`{c_name}` is no value of `{numbers}` in CPython {minor}"),
                )
                .at(c_name.span, "not there")
                .help("say until when: `until 3.N`"),
                None => Diagnostic::error("state-number-unknown", format!("the state `{}` has no number", state.name))
                    .at(form.span, format!("which value of `{numbers}` is it in CPython {minor}?")),
            };
            sink.report(diagnostic.and(numbers.span, "the enum"));
        }
    }
}

/// A row does not ask for a condition and for its opposite, or twice for the same.
fn condition_never(machine: &Machine, sink: &mut Sink) {
    for row in machine.events.iter().flat_map(|event| &event.rows) {
        for (index, test) in row.tests.iter().enumerate() {
            if let Some(first) = row.tests[..index].iter().find(|first| first.guard == test.guard) {
                sink.report(
                    Diagnostic::error("condition-twice", format!("`{}` is asked twice in a row", test.guard))
                        .at(test.guard.span, "the second one")
                        .and(first.guard.span, "the first one"),
                );
            }
        }
    }
}

/// An error says something, unless it is the end of an iteration.
fn error_message(machine: &Machine, sink: &mut Sink) {
    for row in machine.events.iter().flat_map(|event| &event.rows) {
        if let Outcome::Refuses { kind, message: None } = &row.outcome
            && machine.errors.is_none()
            && !kind.value.starts_with("Stop")
        {
            sink.report(
                Diagnostic::error("error-message", format!("the `{kind}` says nothing"))
                    .at(kind.span, "needs a message, in quotes"),
            );
        }
    }
}

/// Something begins in every version.
fn start_missing(machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) {
    let without: BTreeSet<Minor> = versions.iter().filter(|at| at.starts.is_empty()).map(|at| at.minor).collect();
    if !without.is_empty() && !machine.states.is_empty() {
        sink.report(
            Diagnostic::error(
                "start-missing",
                format!("the machine `{}`{} begins nowhere", machine.name, of_version(versions, &without)),
            )
            .at(machine.name.span, "no state that exists and is not reserved is a start")
            .help("write `start STATE;`"),
        );
    }
}

/// A row leads to a state that exists in its versions and is not reserved.
fn next_missing(machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) {
    for (event_index, event) in machine.events.iter().enumerate() {
        for row in &event.rows {
            let Some(Next::State(next)) = row.next else { continue };
            let wrong: BTreeSet<Minor> = versions
                .iter()
                .filter(|at| !at.states.contains(&next))
                .filter(|at| {
                    let events = at.events.iter().filter(|event| event.index == event_index);
                    events.flat_map(|event| &event.rows).any(|at| std::ptr::eq(at.row, row))
                })
                .map(|at| at.minor)
                .collect();
            if !wrong.is_empty() {
                let state = &machine.states[next];
                sink.report(
                    Diagnostic::error(
                        "next-missing",
                        format!(
                            "`{}` leads to `{}`, which is no state{}",
                            event.name,
                            state.name,
                            of_version(versions, &wrong)
                        ),
                    )
                    .at(row.span, "this row")
                    .and(state.forms.first().and_then(|form| form.span), "the state")
                    .help("limit the row with `since` and `until`; a reserved state cannot be entered"),
                );
            }
        }
    }
}

/// Every event is decided in every state, for every flavour and version.
fn event_undecided(machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) {
    for (event_index, event) in machine.events.iter().enumerate() {
        // State and flavour to versions.
        let mut open: BTreeMap<usize, (BTreeSet<Minor>, BTreeSet<usize>)> = BTreeMap::new();
        for at in versions {
            for event in at.events.iter().filter(|event| event.index == event_index) {
                for &state in &at.states {
                    for flavour in 0..machine.flavour_count() {
                        let rows = event.deciding(state, flavour);
                        if rows.last().is_none_or(|row| !row.row.tests.is_empty()) {
                            let (minors, flavours) = open.entry(state).or_default();
                            minors.insert(at.minor);
                            flavours.insert(flavour);
                        }
                    }
                }
            }
        }
        if open.is_empty() {
            continue;
        }
        let states: Vec<String> = open.keys().map(|&state| format!("`{}`", machine.states[state].name)).collect();
        let minors: BTreeSet<Minor> = open.values().flat_map(|(minors, _)| minors.iter().copied()).collect();
        let flavours: BTreeSet<usize> = open.values().flat_map(|(_, flavours)| flavours.iter().copied()).collect();
        let mut diagnostic = Diagnostic::error(
            "event-undecided",
            format!(
                "what `{}` does in {}{} is not decided",
                event.name,
                states.join(", "),
                of_version(versions, &minors)
            ),
        )
        .at(event.name.span, "no row without a condition speaks of it");
        for &state in open.keys() {
            diagnostic = diagnostic.and(machine.states[state].name.span, "this state");
        }
        if flavours.len() < machine.flavours.len() {
            let names: Vec<&str> =
                flavours.iter().filter_map(|&index| Some(machine.flavours.get(index)?.name.value.as_str())).collect();
            diagnostic = diagnostic.note(format!("for {}", names.join(", ")));
        }
        sink.report(diagnostic.help("add a row; `else => illegal;` says that the others cannot happen"));
    }
}

/// Two rows without a condition do not decide the same; one that is limited to some flavours may come before one that
/// is not.
fn row_ambiguous(versions: &[AtVersion<'_>], sink: &mut Sink) {
    let mut told: BTreeSet<(Option<Span>, Option<Span>)> = BTreeSet::new();
    for at in versions {
        for event in &at.events {
            let plain: Vec<&RowAt<'_>> =
                event.rows.iter().filter(|row| row.row.tests.is_empty() && row.row.from.is_some()).collect();
            for (index, second) in plain.iter().enumerate() {
                for first in &plain[..index] {
                    let shared = second.from.iter().find(|state| first.from.contains(state));
                    let flavours = (0..at.machine.flavour_count()).any(|f| first.covers(f) && second.covers(f));
                    let narrower = !first.row.flavours.is_empty() && second.row.flavours.is_empty();
                    let extends = second.row.inherited && !first.row.inherited;
                    let Some(&state) = shared.filter(|_| flavours && !narrower && !extends) else { continue };
                    if !told.insert((first.row.span, second.row.span)) {
                        continue;
                    }
                    sink.report(
                        Diagnostic::error(
                            "row-ambiguous",
                            format!(
                                "two rows decide what `{}` does in `{}`{}",
                                event.event.name,
                                at.machine.states[state].name,
                                of_version(versions, &BTreeSet::from([at.minor]))
                            ),
                        )
                        .at(second.row.span, "the second one")
                        .and(first.row.span, "the first one"),
                    );
                }
            }
        }
    }
}

/// Every row decides something in some version.
fn row_unreachable(machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) {
    let mut used: BTreeSet<*const crate::model::machine::Row> = BTreeSet::new();
    for at in versions {
        for event in &at.events {
            for &state in &at.states {
                for flavour in 0..machine.flavour_count() {
                    used.extend(event.deciding(state, flavour).iter().map(|row| std::ptr::from_ref(row.row)));
                }
            }
        }
    }
    for event in &machine.events {
        for row in event.rows.iter().filter(|row| !row.inherited && !used.contains(&std::ptr::from_ref(*row))) {
            // A finding of its own tells of rows that say the same as one before.
            let ambiguous = row.tests.is_empty() && row.from.is_some() && {
                let states = |row: &crate::model::machine::Row| -> Vec<usize> {
                    row.from.iter().flatten().flat_map(|named| named.states.clone()).collect()
                };
                let mine = states(row);
                let before = event.rows.iter().take_while(|other| !std::ptr::eq(*other, row));
                before.filter(|other| other.tests.is_empty() && other.from.is_some()).any(|other| {
                    let narrower = !other.flavours.is_empty() && row.flavours.is_empty();
                    !narrower
                        && other.range.overlap(&row.range).is_some()
                        && states(other).iter().any(|s| mine.contains(s))
                })
            };
            if !ambiguous {
                sink.report(
                    Diagnostic::error("row-unreachable", format!("a row of `{}` decides nothing", event.name))
                        .at(row.span, "rows before it, or its versions, leave nothing to it"),
                );
            }
        }
    }
}

/// Every state can be entered in every version in which it exists.
fn state_unreachable(machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) {
    let mut never: BTreeMap<usize, BTreeSet<Minor>> = BTreeMap::new();
    for at in versions.iter().filter(|at| !at.starts.is_empty()) {
        let mut reached: BTreeSet<usize> = at.starts.iter().copied().collect();
        loop {
            let mut next: BTreeSet<usize> = BTreeSet::new();
            for event in &at.events {
                for &state in &reached {
                    for flavour in 0..machine.flavour_count() {
                        next.extend(event.deciding(state, flavour).iter().filter_map(|row| match row.next(state) {
                            Next::State(state) => Some(state),
                            Next::End => None,
                        }));
                    }
                }
            }
            let before = reached.len();
            reached.extend(next);
            if reached.len() == before {
                break;
            }
        }
        for &state in at.states.iter().filter(|state| !reached.contains(state)) {
            never.entry(state).or_default().insert(at.minor);
        }
    }
    for (state, minors) in never {
        let state = &machine.states[state];
        let form = state.forms.iter().find(|form| minors.iter().any(|minor| form.range.contains(*minor)));
        sink.report(
            Diagnostic::error(
                "state-unreachable",
                format!("nothing leads to the state `{}`{}", state.name, of_version(versions, &minors)),
            )
            .at(form.and_then(|form| form.span), "no row goes there")
            .help("a state that is only in the enum is `reserved`"),
        );
    }
}
