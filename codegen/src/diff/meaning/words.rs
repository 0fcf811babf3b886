//! What changed in meaning, in words: under the machine, struct, variables or position that it is about.

use std::fmt::Write as _;

use super::change::{MeaningChange, StepFact};
use super::say::{
    same_fields, say_cells, say_meaning, say_meaning_change, say_place, say_region, say_rows, say_state, say_step,
    what_kind,
};
use crate::diff::words::{Words, push_words};
use crate::model::layout::Purpose;
use crate::terminal::{Ink, paint, printable};

/// What a change of meaning is said under.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::diff) enum Topic<'a> {
    Machine(&'a str),
    Layout(&'a str),
    Localsplus(&'a str),
    Table(&'a str),
    Position,
}

impl MeaningChange {
    pub(in crate::diff) fn topic(&self) -> Topic<'_> {
        use MeaningChange as Is;
        match self {
            Is::MachineAdded(fact) | Is::MachineRemoved(fact) => Topic::Machine(&fact.machine),
            Is::StateNumbersChanged { machine, .. }
            | Is::StateAdded { machine, .. }
            | Is::StateRemoved { machine, .. }
            | Is::StateChanged { machine, .. }
            | Is::EventAdded { machine, .. }
            | Is::EventRemoved { machine, .. }
            | Is::EventChanged { machine, .. } => Topic::Machine(machine),
            Is::LayoutAdded(fact) | Is::LayoutRemoved(fact) => Topic::Layout(&fact.structure),
            Is::MeaningAdded { structure, .. }
            | Is::MeaningChanged { structure, .. }
            | Is::OrderChanged { structure, .. } => Topic::Layout(structure),
            Is::LocalsplusAdded(fact) | Is::LocalsplusRemoved(fact) => Topic::Localsplus(&fact.localsplus),
            Is::KindAdded { localsplus, .. }
            | Is::KindRemoved { localsplus, .. }
            | Is::KindChanged { localsplus, .. }
            | Is::RegionsChanged { localsplus, .. }
            | Is::ArgumentCellsChanged { localsplus, .. } => Topic::Localsplus(localsplus),
            Is::TableAdded(fact) | Is::TableRemoved(fact) => Topic::Table(&fact.table),
            Is::PositionFieldChanged { .. } | Is::PositionUnitChanged { .. } | Is::PlaceChanged { .. } => {
                Topic::Position
            }
        }
    }
}

/// A name, and what is said of it.
struct Said {
    ink: Ink,
    name: String,
    text: String,
}

impl Said {
    fn new(ink: Ink, name: &str, text: String) -> Self {
        Said { ink, name: printable(name), text }
    }
}

/// One thing that an event does otherwise.
struct Difference {
    states: Vec<String>,
    /// All when empty.
    flavours: Vec<String>,
    /// ` if a and b`, or nothing.
    conditions: String,
    said: String,
}

impl Words {
    pub(in crate::diff) fn meaning(&mut self, topic: Topic<'_>, changes: &[&MeaningChange]) {
        match topic {
            Topic::Machine(name) => self.machine(name, changes),
            Topic::Layout(name) => self.layout(name, changes),
            Topic::Localsplus(name) => self.localsplus(name, changes),
            Topic::Table(name) => self.table(name, changes),
            Topic::Position => self.position(changes),
        }
    }

    /// The heading of what is new or gone.
    fn whole(&mut self, title: &str, ink: Ink, what: &str) {
        self.heading(title);
        let word = if ink == Ink::New { "new" } else { "gone" };
        let comma = if what.is_empty() { "" } else { "," };
        let _ = write!(self.text, ": {}{comma}", paint(self.style, ink, word));
        push_words(&mut self.text, title.chars().count() + word.len() + 3, 2, &printable(what));
    }

    fn said(&mut self, lines: &[Said]) {
        let width = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0).min(32);
        for line in lines {
            let name = format!("{:width$}", line.name);
            let _ = write!(self.text, "  {} ", paint(self.style, line.ink, &name));
            push_words(&mut self.text, name.chars().count() + 3, width + 4, &printable(&line.text));
        }
    }

    fn machine(&mut self, name: &str, changes: &[&MeaningChange]) {
        let title = format!("{} (machine)", printable(name));
        if let [MeaningChange::MachineAdded(fact) | MeaningChange::MachineRemoved(fact), ..] = changes {
            let new = matches!(changes[0], MeaningChange::MachineAdded(_));
            let names: Vec<String> = fact.states.iter().map(|state| printable(&state.name)).collect();
            let events: Vec<String> = fact.events.iter().map(|event| printable(event)).collect();
            self.whole(&title, if new { Ink::New } else { Ink::Gone }, &fact.what);
            self.list(if new { "states:" } else { "states were:" }, &names);
            if !events.is_empty() {
                self.list(if new { "events:" } else { "events were:" }, &events);
            }
            return;
        }
        self.heading(&title);
        self.text.push('\n');
        let mut lines = Vec::new();
        for change in changes {
            match change {
                MeaningChange::StateNumbersChanged { old, new, .. } => {
                    let text = match (old, new) {
                        (_, None) => "nothing any more".to_owned(),
                        (None, Some(new)) => format!("{new}; before, no number was stored"),
                        (Some(old), Some(new)) => format!("{new}, was {old}"),
                    };
                    lines.push(Said::new(Ink::Plain, "numbers", text));
                }
                MeaningChange::StateAdded { state, .. } => {
                    let text = format!("new {}: {}", what_kind(state), state.what);
                    lines.push(Said::new(Ink::New, &state.name, text));
                }
                MeaningChange::StateRemoved { state, .. } => {
                    let text = format!("gone, the {} was: {}", what_kind(state), state.what);
                    lines.push(Said::new(Ink::Gone, &state.name, text));
                }
                MeaningChange::StateChanged { old, new, .. } => {
                    lines.push(Said::new(Ink::Plain, &new.name, say_state(old, new)));
                }
                MeaningChange::EventAdded { event, .. } => {
                    lines.push(Said::new(Ink::New, &event.name, format!("new event: {}", event.what)));
                }
                MeaningChange::EventRemoved { event, .. } => {
                    lines.push(Said::new(Ink::Gone, &event.name, format!("gone, the event was: {}", event.what)));
                }
                _ => {}
            }
        }
        self.said(&lines);
        self.events(changes);
    }

    /// What events do now; states and flavours of which the same is said stand together.
    fn events(&mut self, changes: &[&MeaningChange]) {
        let mut current = None;
        let mut lines: Vec<Difference> = Vec::new();
        for change in changes {
            let MeaningChange::EventChanged { event, states, flavours, flavour_count, old, new, .. } = change else {
                continue;
            };
            if current != Some(event) {
                self.event(current, lines);
                lines = Vec::new();
                current = Some(event);
            }
            for (conditions, said) in say_rows(old, new) {
                let (states, mut flavours) = (states.clone(), flavours.clone());
                let same = |known: &&mut Difference| {
                    known.states == states && known.conditions == conditions && known.said == said
                };
                if let Some(known) = lines.iter_mut().find(same) {
                    known.flavours.append(&mut flavours);
                    if known.flavours.len() >= *flavour_count {
                        known.flavours.clear();
                    }
                } else {
                    lines.push(Difference { states, flavours, conditions, said });
                }
            }
        }
        self.event(current, lines);
    }

    fn event(&mut self, event: Option<&String>, lines: Vec<Difference>) {
        let Some(event) = event else { return };
        let mut together: Vec<Difference> = Vec::new();
        for mut line in lines {
            let same = |known: &&mut Difference| {
                known.flavours == line.flavours && known.conditions == line.conditions && known.said == line.said
            };
            match together.iter_mut().find(same) {
                Some(known) => known.states.append(&mut line.states),
                None => together.push(line),
            }
        }
        let _ = writeln!(self.text, "  on {}", printable(event));
        for Difference { states, flavours, conditions, said } in together {
            let mut when = states.join(", ");
            if !flavours.is_empty() {
                let _ = write!(when, " for {}", flavours.join(", "));
            }
            self.text.push_str("   ");
            push_words(&mut self.text, 3, 6, &printable(&format!("{when}{conditions}: {said}")));
        }
    }

    fn layout(&mut self, name: &str, changes: &[&MeaningChange]) {
        let title = format!("{} (meaning)", printable(name));
        let mut lines = Vec::new();
        for change in changes {
            match change {
                MeaningChange::LayoutAdded(fact) => {
                    self.whole(&title, Ink::New, &fact.what);
                    for field in &fact.fields {
                        lines.push(Said::new(Ink::Plain, &field.name, say_meaning(field)));
                    }
                    self.said(&lines);
                    self.order(Purpose::Clear.words(), None, fact.clear.as_deref());
                    self.order(Purpose::OwnClear.words(), None, fact.own_clear.as_deref());
                    self.order(Purpose::Traverse.words(), None, fact.traverse.as_deref());
                    return;
                }
                MeaningChange::LayoutRemoved(fact) => {
                    self.whole(&title, Ink::Gone, &format!("was: {}", fact.what));
                    return;
                }
                MeaningChange::MeaningAdded { field, .. } => {
                    lines.push(Said::new(Ink::New, &field.name, format!("new: {}", say_meaning(field))));
                }
                MeaningChange::MeaningChanged { old, new, .. } => {
                    lines.push(Said::new(Ink::Plain, &new.name, say_meaning_change(old, new)));
                }
                _ => {}
            }
        }
        self.heading(&title);
        self.text.push('\n');
        self.said(&lines);
        for change in changes {
            if let MeaningChange::OrderChanged { purpose, old, new, .. } = change {
                self.order(purpose, old.as_deref(), new.as_deref());
            }
        }
    }

    fn order(&mut self, purpose: &str, old: Option<&[StepFact]>, new: Option<&[StepFact]>) {
        let list = |steps: &[StepFact]| steps.iter().map(|step| printable(&say_step(step))).collect::<Vec<_>>();
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) if same_fields(old, new) => {
                for (old, new) in old.iter().zip(new).filter(|(old, new)| old != new) {
                    let direction = |step: &StepFact| step.direction.clone().unwrap_or_default();
                    let text = format!("{} {}, was {}", new.field, direction(new), direction(old));
                    let _ = writeln!(self.text, "  {purpose} order: {}", printable(&text));
                }
            }
            (None, Some(new)) => self.list(&format!("{purpose} order:"), &list(new)),
            (Some(old), None) => self.list(&format!("{purpose} order: none any more, was:"), &list(old)),
            (Some(old), Some(new)) => {
                self.list(&format!("{purpose} order: now:"), &list(new));
                self.list(&format!("{:1$}was:", "", purpose.len() + " order: ".len()), &list(old));
            }
        }
    }

    fn localsplus(&mut self, name: &str, changes: &[&MeaningChange]) {
        let title = format!("{} (localsplus)", printable(name));
        let mut lines = Vec::new();
        for change in changes {
            match change {
                MeaningChange::LocalsplusAdded(fact) | MeaningChange::LocalsplusRemoved(fact) => {
                    let new = matches!(change, MeaningChange::LocalsplusAdded(_));
                    if new {
                        self.whole(&title, Ink::New, &fact.what);
                    } else {
                        self.whole(&title, Ink::Gone, &format!("was: {}", fact.what));
                    }
                    if new {
                        let kinds: Vec<String> = fact.kinds.iter().map(|kind| printable(&kind.kind)).collect();
                        if !kinds.is_empty() {
                            self.list("kinds:", &kinds);
                        }
                        self.list("regions:", &fact.regions.iter().map(say_region).collect::<Vec<_>>());
                        let _ = writeln!(self.text, "  {}", say_cells(fact.argument_cells_share));
                    }
                    return;
                }
                MeaningChange::KindAdded { kind, .. } => {
                    let text = format!("new kind, {}: {}", kind.c_name, kind.what);
                    lines.push(Said::new(Ink::New, &kind.kind, text));
                }
                MeaningChange::KindRemoved { kind, .. } => {
                    let text = format!("kind gone, was {}: {}", kind.c_name, kind.what);
                    lines.push(Said::new(Ink::Gone, &kind.kind, text));
                }
                MeaningChange::KindChanged { old, new, .. } => {
                    let mut said = Vec::new();
                    if old.c_name != new.c_name {
                        said.push(format!("{}, was {}", new.c_name, old.c_name));
                    }
                    if old.what != new.what {
                        said.push(format!("\"{}\", was \"{}\"", new.what, old.what));
                    }
                    lines.push(Said::new(Ink::Plain, &new.kind, said.join("; ")));
                }
                _ => {}
            }
        }
        self.heading(&title);
        self.text.push('\n');
        self.said(&lines);
        for change in changes {
            match change {
                MeaningChange::RegionsChanged { old, new, .. } => {
                    self.list("regions:", &new.iter().map(say_region).collect::<Vec<_>>());
                    self.list("regions were:", &old.iter().map(say_region).collect::<Vec<_>>());
                }
                MeaningChange::ArgumentCellsChanged { new_share, .. } => {
                    let _ = writeln!(self.text, "  now {}", say_cells(*new_share));
                }
                _ => {}
            }
        }
    }

    fn table(&mut self, name: &str, changes: &[&MeaningChange]) {
        let title = format!("{} (table)", printable(name));
        for change in changes {
            let (fact, ink) = match change {
                MeaningChange::TableAdded(fact) => (fact, Ink::New),
                MeaningChange::TableRemoved(fact) => (fact, Ink::Gone),
                _ => continue,
            };
            self.whole(&title, ink, &fact.what);
            let new = ink == Ink::New;
            let names = |names: &[String]| names.iter().map(|name| printable(name)).collect::<Vec<_>>();
            self.list(if new { "columns:" } else { "columns were:" }, &names(&fact.columns));
            self.list(if new { "forms:" } else { "forms were:" }, &names(&fact.forms));
        }
    }

    fn position(&mut self, changes: &[&MeaningChange]) {
        let name = changes.iter().find_map(|change| match change {
            MeaningChange::PositionUnitChanged { position, .. } | MeaningChange::PlaceChanged { position, .. } => {
                Some(printable(position))
            }
            _ => None,
        });
        let mut lines = Vec::new();
        for change in changes {
            match change {
                MeaningChange::PositionFieldChanged { old, new } => match (old, new) {
                    (Some(old), Some(new)) => lines.push(Said::new(Ink::Plain, "field", format!("{new}, was {old}"))),
                    (None, Some(new)) => lines.push(Said::new(Ink::New, "field", format!("{new} is new"))),
                    (Some(old), None) => lines.push(Said::new(Ink::Gone, "field", format!("{old} is gone"))),
                    (None, None) => {}
                },
                MeaningChange::PositionUnitChanged { old, new, .. } => {
                    let say = |unit: &str| if unit == "units" { "code units".to_owned() } else { unit.to_owned() };
                    lines.push(Said::new(Ink::Plain, "counts", format!("{}, was {}", say(new), say(old))));
                }
                MeaningChange::PlaceChanged { situation, old, new, .. } => {
                    lines.push(Said::new(Ink::Plain, situation, say_place(old.as_ref(), new.as_ref())));
                }
                _ => {}
            }
        }
        self.heading(&name.map_or_else(|| "positions".to_owned(), |name| format!("{name} (position)")));
        self.text.push('\n');
        self.said(&lines);
    }
}
