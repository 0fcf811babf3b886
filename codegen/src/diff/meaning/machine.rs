//! What changed in a state machine: states, events, and what an event does in a state.

use super::{EventFact, MachineFact, MeaningChange, RowFact, StateFact};
use crate::diff::{Pair, pair};
use crate::model::machine::{AtVersion, EventAt, Machine, Next, Outcome, RowAt, Test};
use crate::model::version::Minor;

pub(super) fn compare(machine: &Machine, old: Minor, new: Minor, changes: &mut Vec<MeaningChange>) {
    match (machine.exists(old), machine.exists(new)) {
        (false, false) => {}
        (false, true) => changes.push(MeaningChange::MachineAdded(machine_fact(machine, new))),
        (true, false) => changes.push(MeaningChange::MachineRemoved(machine_fact(machine, old))),
        (true, true) => Both { machine, old: machine.at(old), new: machine.at(new) }.compare(changes),
    }
}

/// A machine in two versions.
struct Both<'a> {
    machine: &'a Machine,
    old: AtVersion<'a>,
    new: AtVersion<'a>,
}

impl Both<'_> {
    fn compare(&self, changes: &mut Vec<MeaningChange>) {
        let machine = || self.machine.name.value.clone();
        let (was, is) = (machine_fact(self.machine, self.old.minor), machine_fact(self.machine, self.new.minor));
        if was.numbers != is.numbers {
            let (old, new) = (was.numbers, is.numbers);
            changes.push(MeaningChange::StateNumbersChanged { machine: machine(), old, new });
        }
        for pair in pair(&was.states, &is.states, |state| &state.name) {
            let machine = machine();
            changes.push(match pair {
                Pair::New(state) => MeaningChange::StateAdded { machine, state: state.clone() },
                Pair::Gone(state) => MeaningChange::StateRemoved { machine, state: state.clone() },
                Pair::Both(old, new) if old != new => {
                    MeaningChange::StateChanged { machine, old: old.clone(), new: new.clone() }
                }
                Pair::Both(..) => continue,
            });
        }
        for pair in pair(&self.old.events, &self.new.events, |event| &event.event.name) {
            let fact = |event: &EventAt<'_>| EventFact {
                name: event.event.name.value.clone(),
                what: event.event.doc.clone(),
                needs: event.event.needs.clone(),
            };
            match pair {
                Pair::New(event) => {
                    changes.push(MeaningChange::EventAdded { machine: machine(), event: fact(event) });
                }
                Pair::Gone(event) => {
                    changes.push(MeaningChange::EventRemoved { machine: machine(), event: fact(event) });
                }
                Pair::Both(old, new) => self.event(old, new, changes),
            }
        }
    }

    /// What an event does in the states that both versions store; states and flavours of one change stand together.
    fn event(&self, old: &EventAt<'_>, new: &EventAt<'_>, changes: &mut Vec<MeaningChange>) {
        type Rows = (Vec<RowFact>, Vec<RowFact>);
        // For each state, the flavours of each change.
        let mut found: Vec<(Vec<usize>, Vec<usize>, Rows)> = Vec::new();
        for state in self.old.states.iter().copied().filter(|state| self.new.states.contains(state)) {
            let mut of_state: Vec<(Vec<usize>, Rows)> = Vec::new();
            for flavour in 0..self.machine.flavour_count() {
                let rows = |event: &EventAt<'_>| -> Vec<RowFact> {
                    event.deciding(state, flavour).iter().map(|row| row_fact(row, state, self.machine)).collect()
                };
                let rows = (rows(old), rows(new));
                if rows.0 == rows.1 {
                    continue;
                }
                match of_state.iter_mut().find(|(_, known)| *known == rows) {
                    Some((flavours, _)) => flavours.push(flavour),
                    None => of_state.push((vec![flavour], rows)),
                }
            }
            for (flavours, rows) in of_state {
                match found.iter_mut().find(|(_, known, same)| *known == flavours && *same == rows) {
                    Some((states, ..)) => states.push(state),
                    None => found.push((vec![state], flavours, rows)),
                }
            }
        }
        for (states, flavours, (old, rows)) in found {
            let states = states.iter().map(|&state| self.machine.states[state].name.value.clone()).collect();
            let flavours = flavour_names(self.machine, &flavours);
            let (machine, event) = (self.machine.name.value.clone(), new.event.name.value.clone());
            let flavour_count = self.machine.flavour_count();
            let new = rows;
            changes.push(MeaningChange::EventChanged { machine, event, states, flavours, flavour_count, old, new });
        }
    }
}

/// Names of flavours; none when they are all.
pub(crate) fn flavour_names(machine: &Machine, flavours: &[usize]) -> Vec<String> {
    if flavours.len() >= machine.flavour_count() {
        return Vec::new();
    }
    flavours.iter().map(|&flavour| machine.flavours[flavour].name.value.clone()).collect()
}

/// A machine as it is in a version.
pub(crate) fn machine_fact(machine: &Machine, minor: Minor) -> MachineFact {
    let at = machine.at(minor);
    let states = machine.states.iter().enumerate().filter_map(|(index, state)| {
        let form = state.at(minor)?;
        Some(StateFact {
            name: state.name.value.clone(),
            c_name: form.c_name.as_ref().map(|name| name.value.clone()),
            reserved: form.reserved,
            start: at.starts.contains(&index),
            what: form.doc.clone(),
        })
    });
    MachineFact {
        machine: machine.name.value.clone(),
        what: machine.doc.clone(),
        numbers: machine.numbering(minor).map(|numbering| numbering.name.value.clone()),
        states: states.collect(),
        events: at.events.iter().map(|event| event.event.name.value.clone()).collect(),
    }
}

/// A row as it decides in a state.
pub(crate) fn row_fact(row: &RowAt<'_>, state: usize, machine: &Machine) -> RowFact {
    let (outcome, message) = match &row.row.outcome {
        Outcome::Goes => ("goes", None),
        Outcome::Refuses { kind, message } => (kind.as_str(), message.as_ref().map(|message| message.value.clone())),
        Outcome::Answers(answer) => (answer.as_str(), None),
    };
    // Where something goes on, it is said where to, even if it stays there.
    let next = match row.next(state) {
        Next::State(next) if next == state && row.row.outcome != Outcome::Goes => None,
        Next::State(next) => Some(machine.states[next].name.value.clone()),
        Next::End => Some("end".to_owned()),
    };
    RowFact { conditions: row.row.tests.iter().map(condition).collect(), outcome: outcome.to_owned(), message, next }
}

/// `value_given`, `not delegating`.
fn condition(test: &Test) -> String {
    format!("{}{}", if test.holds { "" } else { "not " }, test.guard)
}

/// One of the rows that decide an event in a state, and for which flavours it does.
pub(crate) struct Decision {
    /// What it says.
    pub(crate) row: RowFact,
    /// The flavours that it speaks of; all when empty.
    pub(crate) flavours: Vec<String>,
    /// Whether rows before it may decide first.
    pub(crate) otherwise: bool,
}

/// All rows that decide an event in a state for some flavour, in the order of the checks.
pub(crate) fn decisions(at: &AtVersion<'_>, event: &EventAt<'_>, state: usize) -> Vec<Decision> {
    let machine = at.machine;
    let reached =
        |row: &RowAt<'_>, flavour| event.deciding(state, flavour).iter().any(|it| std::ptr::eq(it.row, row.row));
    let mut found: Vec<Decision> = Vec::new();
    for row in &event.rows {
        let flavours: Vec<usize> = (0..machine.flavour_count()).filter(|&flavour| reached(row, flavour)).collect();
        if flavours.is_empty() {
            continue;
        }
        // A row for all that another row went before is just what is left.
        let named: &[usize] = if row.row.flavours.is_empty() { &[] } else { &flavours };
        let flavours = if named.is_empty() { Vec::new() } else { flavour_names(machine, named) };
        found.push(Decision { row: row_fact(row, state, machine), flavours, otherwise: !found.is_empty() });
    }
    found
}
