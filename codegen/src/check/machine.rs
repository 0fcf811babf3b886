//! Machines: every state of CPython's enum is there, every event is decided, nothing is in vain.

use std::collections::{BTreeMap, BTreeSet};

use super::name::{chosen_name_reserved, same_name};
use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::lower::meaning::nearest;
use crate::model::Spec;
use crate::model::facts::Constant;
use crate::model::machine::{AtVersion, Machine, Next, Numbering, Outcome, Row, RowAt};
use crate::model::version::Minor;
use crate::source::At;

/// Names that the module of a machine has for itself.
const TAKEN: &[&str] = &[
    "Answer",
    "Error",
    "Event",
    "EventRows",
    "Flavour",
    "Gone",
    "Guard",
    "Machine",
    "Numbered",
    "Numbers",
    "Row",
    "Rules",
    "Runs",
    "State",
    "StateType",
    "Table",
];

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    let minors = minors(spec);
    for machine in &spec.meaning.machines {
        let versions: Vec<AtVersion<'_>> =
            minors.iter().filter(|minor| machine.exists(**minor)).map(|minor| machine.at(*minor)).collect();
        if machine_empty(spec, machine, &versions, sink) {
            continue;
        }
        check_names(machine, sink);
        state_number_missing(spec, machine, sink);
        state_number_unknown(spec, machine, sink);
        condition_twice(machine, sink);
        error_message(machine, sink);
        start_missing(machine, &versions, sink);
        next_missing(machine, &versions, sink);
        event_undecided(machine, &versions, sink);
        let mut told = row_ambiguous(&versions, sink);
        row_unreachable(machine, &versions, &mut told, sink);
        state_unreachable(machine, &versions, &told, sink);
    }
}

/// Rows that a finding was told of.
type Told = BTreeSet<*const Row>;

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

/// A machine has states and events, in some version; says whether it does not.
fn machine_empty(spec: &Spec, machine: &Machine, versions: &[AtVersion<'_>], sink: &mut Sink) -> bool {
    let (title, label) = if machine.states.is_empty() {
        (format!("the machine `{}` has no states", machine.name), "needs at least one state")
    } else if machine.events.is_empty() {
        (format!("the machine `{}` has no events", machine.name), "needs at least one event")
    } else if versions.is_empty() && spec.meaning.version.is_some() {
        // Of the version that is extended, or of none: it does not exist there.
        return true;
    } else if versions.is_empty() && spec.layouts.is_empty() {
        (
            format!("the machine `{}` exists in no version", machine.name),
            "leave `since` and `until` out: no facts are there",
        )
    } else if versions.is_empty() {
        (
            format!("the machine `{}` exists in no known CPython", machine.name),
            "it, or each of its states, is limited to other versions",
        )
    } else {
        return false;
    };
    sink.report(Diagnostic::error("machine-empty", title).at(machine.name.span, label));
    true
}

fn check_names(machine: &Machine, sink: &mut Sink) {
    chosen_name_reserved(&machine.name, &machine.name, &[], sink);
    let (states, events) =
        (machine.states.iter().map(|state| &state.name), machine.events.iter().map(|event| &event.name));
    // Types of states, traits of events and of groups lie in one module; states and events have constants as well.
    let types = states.clone().map(|at| (at, name::state_type(at)));
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    let types = types.chain(events.clone().map(|at| (at, name::event_trait(at))));
    let types = types.chain(machine.groups.iter().map(|(at, _)| (at, name::state_type(at))));
    state_clash(types, &mut told, sink);
    state_clash(states.map(|at| (at, at.to_ascii_uppercase())), &mut told, sink);
    state_clash(events.map(|at| (at, at.to_ascii_uppercase())), &mut told, sink);
    let flavours = machine.flavours.iter().map(|flavour| &flavour.name);
    let guards = machine.guards.iter().flatten().map(|(name, _)| name);
    let errors = machine.errors.iter().flatten().map(|(name, _)| name);
    state_clash(flavours.clone().map(|at| (at, name::state_type(at))), &mut told, sink);
    state_clash(guards.clone().map(|at| (at, name::state_type(at))), &mut told, sink);
    state_clash(errors.clone().map(|at| (at, name::state_type(at))), &mut told, sink);
    for at in machine.states.iter().map(|state| &state.name).chain(machine.groups.iter().map(|(at, _)| at)) {
        chosen_name_reserved(at, &name::state_type(at), TAKEN, sink);
    }
    let mut events: BTreeSet<&str> = BTreeSet::new();
    for event in machine.events.iter().filter(|event| events.insert(&event.name.value)) {
        chosen_name_reserved(&event.name, &name::state_type(&event.name), &[], sink);
    }
    for other in flavours.chain(guards).chain(errors) {
        chosen_name_reserved(other, &name::state_type(other), &[], sink);
    }
}

/// Two names of a machine are two names in Rust.
fn state_clash<'a>(
    names: impl Iterator<Item = (&'a At<String>, String)>,
    told: &mut BTreeSet<(&'a str, &'a str)>,
    sink: &mut Sink,
) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for (at, rust) in names {
        let Some(first) = seen.get(&rust) else {
            seen.insert(rust, at);
            continue;
        };
        // An event is there once in each version; what is nothing in Rust has a finding of its own.
        if first.value != at.value && !rust.is_empty() && told.insert((&first.value, &at.value)) {
            sink.report(
                Diagnostic::error("state-clash", same_name("name", first, at, &rust))
                    .at(at.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// What numbers the states of a machine, in each layout of a version, from headers or observed.
fn numbers<'a>(spec: &'a Spec, numbering: &Numbering, minor: Minor) -> Vec<&'a [Constant]> {
    let of_version = spec.layouts.iter().filter(|facts| facts.version.value == minor);
    of_version.filter_map(|facts| facts.numbers(numbering)).chain(spec.observed.numbers(numbering, minor)).collect()
}

/// What a numbering is, in words.
fn numbered_by(numbering: &Numbering) -> &'static str {
    if numbering.is_group { "group of constants" } else { "enum" }
}

/// A version has what numbers the states.
fn enum_missing(spec: &Spec, machine: &Machine, numbering: &Numbering, minor: Minor, sink: &mut Sink) {
    let (name, what) = (&numbering.name, numbered_by(numbering));
    let other = Numbering { is_group: !numbering.is_group, ..numbering.clone() };
    let from = |numbering: &Numbering| if numbering.is_group { "from group" } else { "from" };
    let help = match numbers(spec, &other, minor).is_empty() {
        true => format!("say in which versions: `states {} NAME since 3.N`", from(numbering)),
        false => format!("write `states {} {name}`", from(&other)),
    };
    sink.report(
        Diagnostic::error("enum-missing", format!("CPython {minor} has no {what} `{name}`"))
            .at(name.span, format!("numbers the states of `{}`", machine.name))
            .help(help),
    );
}

/// Every value of the enum or group is a state.
fn state_number_missing(spec: &Spec, machine: &Machine, sink: &mut Sink) {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for minor in spec.minors() {
        let Some(numbering) = machine.numbering(minor).filter(|_| machine.range.contains(minor)) else { continue };
        let enums = numbers(spec, numbering, minor);
        if enums.is_empty() {
            if told.insert("") {
                enum_missing(spec, machine, numbering, minor, sink);
            }
            continue;
        }
        let forms = machine.states.iter().filter_map(|state| Some((state, state.at(minor)?)));
        for value in enums.iter().copied().flatten() {
            let known = forms.clone().any(|(state, form)| match &form.c_name {
                Some(c_name) => c_name.value == value.name.value || meant(c_name, &enums) == Some(&value.name.value),
                // Its number is asked for where it stands.
                None => suggested(&value.name, machine, minor) == state.name.value,
            });
            if known || !told.insert(&value.name.value) {
                continue;
            }
            sink.report(
                Diagnostic::error(
                    "state-number-missing",
                    format!("`{}` of CPython {minor} is no state of the machine `{}`", value.name, machine.name),
                )
                .at(value.name.span, format!("a value of `{}`", numbering.name))
                .and(numbering.name.span, "the states are here")
                .help(format!(
                    "declare it: `{} {} since {minor} \"what it promises\";`, and what may happen in it",
                    suggested(&value.name, machine, minor),
                    value.name
                )),
            );
        }
    }
}

/// The value that a name means which is none.
fn meant<'a>(c_name: &str, enums: &[&'a [Constant]]) -> Option<&'a str> {
    let values: Vec<&str> = enums.iter().copied().flatten().map(|value| value.name.value.as_str()).collect();
    if values.contains(&c_name) { None } else { nearest(c_name, &values) }
}

/// A state's name for a value: the value's without the prefix that those of the other states have.
fn suggested(c_name: &str, machine: &Machine, minor: Minor) -> String {
    let named = machine.states.iter().filter_map(|state| Some((&state.name, state.at(minor)?.c_name.as_ref()?)));
    let prefix = named
        .filter_map(|(name, known)| known.value.to_ascii_lowercase().strip_suffix(&name.value).map(str::len))
        .find(|&length| length > 0)
        .unwrap_or(0);
    c_name.get(prefix..).unwrap_or(c_name).to_ascii_lowercase()
}

/// Every state has a number where an enum numbers them; where a group of constants does, it may have none.
fn state_number_unknown(spec: &Spec, machine: &Machine, sink: &mut Sink) {
    if machine.numbers.is_none() {
        let forms = machine.states.iter().flat_map(|state| &state.forms);
        if let Some(c_name) = forms.filter_map(|form| form.c_name.as_ref()).next() {
            sink.report(
                Diagnostic::error("state-number-unknown", format!("`{c_name}` is a value of no enum"))
                    .at(c_name.span, "the number of a state")
                    .and(machine.name.span, "its states have no numbers")
                    .help("write `states from ENUM { ... }`; a second state begins behind a `;`"),
            );
        }
        return;
    }
    for state in &machine.states {
        for form in &state.forms {
            let wrong = spec.minors().into_iter().find_map(|minor| {
                if !(machine.range.contains(minor) && form.range.contains(minor)) {
                    return None;
                }
                let numbering = machine.numbering(minor)?;
                let enums = numbers(spec, numbering, minor);
                let meant = match &form.c_name {
                    Some(c_name) => meant(c_name, &enums),
                    None => {
                        let mut values = enums.iter().copied().flatten().map(|value| value.name.value.as_str());
                        values.find(|value| suggested(value, machine, minor) == state.name.value)
                    }
                };
                let known = |c_name: &At<String>| {
                    enums.iter().any(|values| values.iter().any(|value| value.name.value == c_name.value))
                };
                let may_have_none = numbering.is_group && form.c_name.is_none() && meant.is_none();
                let wrong = !enums.is_empty() && !may_have_none && !form.c_name.as_ref().is_some_and(known);
                wrong.then_some((minor, numbering, meant))
            });
            let Some((minor, numbering, meant)) = wrong else { continue };
            let numbers = &numbering.name;
            let diagnostic = match &form.c_name {
                Some(c_name) => Diagnostic::error(
                    "state-number-unknown",
                    format!("`{c_name}` is no value of `{numbers}` in CPython {minor}"),
                )
                .at(c_name.span, "not there")
                .help(match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "say in which versions: `since 3.N`, `until 3.N`".to_owned(),
                }),
                None => Diagnostic::error("state-number-unknown", format!("the state `{}` has no number", state.name))
                    .at(form.span, format!("which value of `{numbers}` is it in CPython {minor}?"))
                    .help(match meant {
                        Some(meant) => format!("write `{} {meant}`", state.name),
                        None => "name its value behind it, or say since when it has none: `states from NAME since 3.N`"
                            .to_owned(),
                    }),
            };
            sink.report(diagnostic.and(numbers.span, format!("the {}", numbered_by(numbering))));
        }
    }
}

/// A row does not ask for a condition and for its opposite, or twice for the same.
fn condition_twice(machine: &Machine, sink: &mut Sink) {
    for row in machine.events.iter().flat_map(|event| &event.rows) {
        for (index, test) in row.tests.iter().enumerate() {
            if let Some(first) = row.tests[..index].iter().find(|first| first.guard == test.guard) {
                sink.report(
                    Diagnostic::error("condition-twice", format!("one row asks for `{}` twice", test.guard))
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
                    .at(kind.span, "needs a message, in quotes")
                    .help(format!("write `=> {kind} \"MESSAGE\"` as CPython words it")),
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
    // What is open in the same states, of the same versions and flavours, is one finding: a state is new.
    type Open = BTreeMap<usize, (BTreeSet<Minor>, BTreeSet<usize>)>;
    let mut findings: Vec<(Open, Vec<&At<String>>)> = Vec::new();
    for (event_index, event) in machine.events.iter().enumerate() {
        let mut open = Open::new();
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
        match findings.iter_mut().find(|(known, _)| *known == open) {
            Some((_, events)) => events.push(&event.name),
            None => findings.push((open, vec![&event.name])),
        }
    }
    let quoted = |names: &[&At<String>]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    for (open, events) in findings {
        let states: Vec<&At<String>> = open.keys().map(|&state| &machine.states[state].name).collect();
        let minors: BTreeSet<Minor> = open.values().flat_map(|(minors, _)| minors.iter().copied()).collect();
        let flavours: BTreeSet<usize> = open.values().flat_map(|(_, flavours)| flavours.iter().copied()).collect();
        let does = if events.len() == 1 { "does" } else { "do" };
        let mut diagnostic = Diagnostic::error(
            "event-undecided",
            format!(
                "what {} {does} in {}{} is not decided",
                quoted(&events),
                quoted(&states),
                of_version(versions, &minors)
            ),
        );
        if let [event] = events.as_slice() {
            diagnostic = diagnostic.at(event.span, "no row without a condition speaks of it");
            for state in states {
                diagnostic = diagnostic.and(state.span, "this state");
            }
        } else {
            for state in states {
                diagnostic = diagnostic.at(state.span, "no row without a condition speaks of it");
            }
        }
        if flavours.len() < machine.flavours.len() {
            let names: Vec<&str> =
                flavours.iter().filter_map(|&index| Some(machine.flavours.get(index)?.name.value.as_str())).collect();
            diagnostic = diagnostic.note(format!("for the flavour {}", names.join(", ")));
        }
        sink.report(diagnostic.help("add a row; `else => illegal;` says that the others cannot happen"));
    }
}

/// Two rows without a condition do not decide the same; one that is limited to some flavours may come before one that
/// is not.
fn row_ambiguous(versions: &[AtVersion<'_>], sink: &mut Sink) -> Told {
    let mut told = Told::new();
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
                    if !told.insert(std::ptr::from_ref(second.row)) {
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
                        .and(first.row.span, "the first one")
                        .help(
                            "without `if` only one row can decide; limit both with `since` and `until`, or with `for`",
                        ),
                    );
                }
            }
        }
    }
    told
}

/// Every row decides something in some version.
fn row_unreachable(machine: &Machine, versions: &[AtVersion<'_>], told: &mut Told, sink: &mut Sink) {
    let mut used = Told::new();
    for at in versions {
        for event in &at.events {
            for &state in &at.states {
                for flavour in 0..machine.flavour_count() {
                    let rows = event.deciding(state, flavour);
                    for (index, at) in rows.iter().enumerate() {
                        // A row that asks for less has decided before.
                        let asks = |first: &&RowAt<'_>| first.row.tests.iter().all(|test| at.row.tests.contains(test));
                        if !rows[..index].iter().any(asks) {
                            used.insert(std::ptr::from_ref(at.row));
                        }
                    }
                }
            }
        }
    }
    for event in &machine.events {
        for row in event.rows.iter().filter(|row| !row.inherited && !used.contains(&std::ptr::from_ref(*row))) {
            // Rows that say the same as one before have a finding of their own.
            if told.insert(std::ptr::from_ref(row)) {
                sink.report(
                    Diagnostic::error("row-unreachable", format!("a row of `{}` decides nothing", event.name))
                        .at(row.span, "rows before it, or the versions, leave nothing to it"),
                );
            }
        }
    }
}

/// Every state can be entered in every version in which it exists.
///
/// Rows that a finding was told of count: the finding is not repeated as one about the state.
fn state_unreachable(machine: &Machine, versions: &[AtVersion<'_>], told: &Told, sink: &mut Sink) {
    let mut never: BTreeMap<usize, BTreeSet<Minor>> = BTreeMap::new();
    for at in versions.iter().filter(|at| !at.starts.is_empty()) {
        let mut reached: BTreeSet<usize> = at.starts.iter().copied().collect();
        let mut open: Vec<usize> = at.starts.clone();
        while let Some(state) = open.pop() {
            for event in &at.events {
                let wrong = event.rows.iter().filter(|at| told.contains(&std::ptr::from_ref(at.row)));
                let wrong = wrong.filter(|at| at.from.contains(&state));
                let deciding = (0..machine.flavour_count()).flat_map(|flavour| event.deciding(state, flavour));
                for row in deciding.chain(wrong) {
                    if let Next::State(next) = row.next(state)
                        && reached.insert(next)
                    {
                        open.push(next);
                    }
                }
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
