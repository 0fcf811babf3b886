//! A state machine in one version: its states, and what every event does in each of them.

use std::fmt::Write as _;

use super::table::{Cell, Table};
use crate::diag::Style;
use crate::diff::meaning::machine::{Decision, decisions};
use crate::diff::meaning::say::say_conditions;
use crate::diff::words::push_words;
use crate::lookup::View;
use crate::model::machine::{ANSWERS, AtVersion, ERRORS, EventAt, GUARDS, ILLEGAL, Machine};
use crate::model::version::Minor;
use crate::terminal::{Ink, paint, printable};

/// The cell of what cannot happen.
const NEVER: &str = "-";

/// States, then the table, then what its numbers stand for.
pub(super) fn draw(text: &mut String, machine: &Machine, view: &View<'_>, style: Style) {
    let at = machine.at(view.facts.version.value);
    text.push_str("  ");
    push_words(text, 2, 2, &printable(&machine.doc));
    push_flavours(text, machine);
    let heading = |text: &mut String, title: &str| {
        let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, title));
    };
    heading(
        text,
        &machine.numbering(at.minor).map_or_else(
            || "states, of which no number is stored".to_owned(),
            |numbering| format!("states, numbered by {}", printable(&numbering.name)),
        ),
    );
    push_states(text, &at, view);

    heading(text, "events");
    let width = at.events.iter().map(|event| event.event.name.chars().count()).max().unwrap_or(0);
    for event in &at.events {
        let _ = write!(text, "    {:width$} ", printable(&event.event.name));
        push_words(text, width + 5, width + 6, &printable(&event.event.doc));
    }

    heading(text, "what an event does in a state, in the order of the checks");
    let mut notes = Notes::default();
    table(&at, &mut notes, style).render(text);
    notes.push(text, machine, style);
}

fn push_flavours(text: &mut String, machine: &Machine) {
    if machine.flavours.is_empty() {
        return;
    }
    let flavours = machine.flavours.iter().map(|flavour| match flavour.shown == flavour.name.value {
        true => printable(&flavour.name),
        false => printable(&format!("{} (\"{}\")", flavour.name, flavour.shown)),
    });
    text.push_str("  flavours:");
    push_words(text, 11, 4, &flavours.collect::<Vec<_>>().join(", "));
}

fn push_states(text: &mut String, at: &AtVersion<'_>, view: &View<'_>) {
    let machine = at.machine;
    let values = machine.numbering(at.minor).and_then(|numbering| view.numbers(numbering)).unwrap_or_default();
    let number = |c_name: Option<&String>| {
        let value = c_name.and_then(|name| values.iter().find(|value| value.name.value == *name));
        value.map_or_else(String::new, |value| value.value.to_string())
    };
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (index, state) in machine.states.iter().enumerate() {
        let Some(form) = state.at(at.minor) else { continue };
        let mark = match (form.reserved, at.starts.contains(&index)) {
            (true, _) => "reserved: ",
            (false, true) => "start: ",
            (false, false) => "",
        };
        let number = number(form.c_name.as_ref().map(|name| &name.value));
        rows.push([printable(&state.name), number, printable(&format!("{mark}{}", form.doc))]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (names, digits) = (width(0), width(1));
    for [name, number, promise] in &rows {
        let _ = write!(text, "    {name:names$}  {number:>digits$} ");
        push_words(text, names + digits + 7, names + digits + 8, promise);
    }
}

fn table(at: &AtVersion<'_>, notes: &mut Notes, style: Style) -> Table {
    let name = |state: &usize| printable(&at.machine.states[*state].name);
    // All that an event does, state by state, so that the notes are numbered as they are read.
    let rows: Vec<(String, Vec<Cell>)> = at
        .events
        .iter()
        .map(|event| {
            let cells = at.states.iter().map(|&state| cell(&decisions(at, event, state), notes));
            (printable(&event.event.name), cells.collect())
        })
        .collect();
    // States in which all events do the same share a column.
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for index in 0..at.states.len() {
        let same = |other: usize| rows.iter().all(|(_, cells)| cells[other] == cells[index]);
        match columns.iter_mut().find(|column| same(column[0])) {
            Some(column) => column.push(index),
            None => columns.push(vec![index]),
        }
    }
    let head =
        columns.iter().map(|column| column.iter().map(|&index| name(&at.states[index])).collect::<Vec<_>>().join(", "));
    let rows = rows
        .iter()
        .map(|(name, cells)| (name.clone(), columns.iter().map(|column| cells[column[0]].clone()).collect()));
    Table { head: head.collect(), rows: rows.collect(), style }
}

fn cell(decisions: &[Decision], notes: &mut Notes) -> Cell {
    let mut lines = Vec::new();
    for decision in decisions {
        let row = &decision.row;
        let note = superscript(notes.of(decision));
        let next = row.next.as_ref().map(|next| format!("-> {next}"));
        lines.push(match (row.outcome.as_str(), next) {
            ("goes", next) => (format!("{}{note}", next.unwrap_or_default()), Ink::Plain),
            (ILLEGAL, _) => (NEVER.to_owned(), Ink::Faint),
            (outcome, None) => (format!("{outcome}{note}"), Ink::Type),
            (outcome, Some(next)) => (format!("{outcome}{note} {next}"), Ink::Type),
        });
    }
    lines.iter().map(|(line, ink)| (printable(line), *ink)).collect()
}

/// A number in small raised digits; nothing for none.
fn superscript(number: Option<usize>) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = number.map_or_else(String::new, |number| number.to_string());
    digits.bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect()
}

/// What the numbers in the table stand for; the same words have one number.
#[derive(Default)]
struct Notes {
    said: Vec<String>,
    conditions: Vec<String>,
    outcomes: Vec<String>,
}

impl Notes {
    /// The number of a row that has conditions, a message, or speaks of some flavours only.
    fn of(&mut self, decision: &Decision) -> Option<usize> {
        let row = &decision.row;
        let mut add = |list: fn(&mut Notes) -> &mut Vec<String>, name: &str| {
            if !list(self).iter().any(|known| known == name) {
                list(self).push(name.to_owned());
            }
        };
        for condition in &row.conditions {
            add(|notes| &mut notes.conditions, condition.trim_start_matches("not "));
        }
        add(|notes| &mut notes.outcomes, &row.outcome);
        let mut said = Vec::new();
        if !decision.flavours.is_empty() {
            said.push(format!("for {}", decision.flavours.join(", ")));
        }
        if !row.conditions.is_empty() {
            said.push(say_conditions(row).trim_start().to_owned());
        }
        let message = row.message.as_ref().map(|message| format!("\"{message}\""));
        let said = match (said.join(" "), message) {
            (when, Some(message)) if when.is_empty() => message,
            (when, Some(message)) => format!("{when}: {message}"),
            (when, None) if when.is_empty() => return None,
            (when, None) => when,
        };
        let known = self.said.iter().position(|known| *known == said);
        let at = known.unwrap_or_else(|| {
            self.said.push(said);
            self.said.len() - 1
        });
        Some(at + 1)
    }

    fn push(&self, text: &mut String, machine: &Machine, style: Style) {
        let outcome = |word: &str, what: &str| paint(style, Ink::Faint, &format!("  {word} {what}\n"));
        if self.outcomes.iter().any(|outcome| outcome == ILLEGAL) {
            text.push_str(&outcome(NEVER, "it cannot happen"));
        }
        let digits = self.said.len().to_string().len();
        if !self.said.is_empty() {
            text.push('\n');
        }
        for (index, said) in self.said.iter().enumerate() {
            let _ = write!(text, "  {:>digits$} ", index + 1);
            push_words(text, digits + 3, digits + 4, &printable(said));
        }
        let mut rows: Vec<(String, String)> = Vec::new();
        for condition in &self.conditions {
            rows.push((condition.clone(), meaning(condition, machine.guards.as_deref(), GUARDS)));
        }
        // What raises needs no word; what does not is said.
        for outcome in self.outcomes.iter().filter(|outcome| !["goes", ILLEGAL].contains(&outcome.as_str())) {
            let answer = ANSWERS.iter().find(|(name, _)| name == outcome).map(|(_, what)| (*what).to_owned());
            let what = answer.unwrap_or_else(|| meaning(outcome, machine.errors.as_deref(), ERRORS));
            if what != "raised" && !what.is_empty() {
                rows.push((outcome.clone(), what));
            }
        }
        if self.said.iter().any(|said| said.contains("{kind}")) {
            let same = machine.flavours.iter().all(|flavour| flavour.shown == flavour.name.value);
            let what = if same { "the flavour" } else { "the flavour, or its name in quotes above" };
            rows.push(("{kind}".to_owned(), what.to_owned()));
        }
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        if !rows.is_empty() {
            text.push('\n');
        }
        for (name, what) in rows {
            let _ = write!(text, "  {:width$} ", printable(&name));
            push_words(text, width + 3, width + 4, &printable(&what));
        }
    }
}

/// What a word means: in the machine's own list, or in the one that all share.
fn meaning(word: &str, own: Option<&[(crate::source::At<String>, String)]>, shared: &[(&str, &str)]) -> String {
    match own {
        Some(own) => own.iter().find(|(name, _)| name.value == word).map(|(_, what)| what.clone()).unwrap_or_default(),
        None => shared.iter().find(|(name, _)| *name == word).map(|(_, what)| (*what).to_owned()).unwrap_or_default(),
    }
}

/// A machine in one version as a diagram for Mermaid: its legal transitions, and errors that change the state.
pub fn mermaid(machine: &Machine, minor: Minor) -> String {
    let at = machine.at(minor);
    let mut text = format!("stateDiagram-v2\n    %% {} of CPython {minor}\n", machine.name);
    let name = |state: usize| machine.states[state].name.value.as_str();
    for &state in &at.starts {
        let _ = writeln!(text, "    [*] --> {}", name(state));
    }
    // By state: what leaves it stands together.
    for &state in &at.states {
        for event in &at.events {
            for line in edges(&at, event, state) {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    text
}

fn edges(at: &AtVersion<'_>, event: &EventAt<'_>, state: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for decision in decisions(at, event, state) {
        let row = &decision.row;
        let Some(next) = &row.next else { continue };
        let next = if next == "end" { "[*]" } else { next };
        let conditions = say_conditions(row);
        let when = match (&decision.flavours[..], conditions.trim_start()) {
            ([], "") if decision.otherwise => "else".to_owned(),
            ([], conditions) => conditions.trim_start_matches("if ").to_owned(),
            (flavours, _) => format!("for {}{conditions}", flavours.join(", ")),
        };
        let mut line = format!("{} --> {next}: {}", at.machine.states[state].name, event.event.name);
        if !when.is_empty() {
            let _ = write!(line, " [{when}]");
        }
        if row.outcome != "goes" {
            let _ = write!(line, " / {}", row.outcome);
        }
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}
