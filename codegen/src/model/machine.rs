//! State machines: which event is legal in which state of which version, and what follows.

use super::version::{Minor, Range};
use crate::source::{At, Span};

/// Conditions that the runtime can answer, and what they ask. Machines of CPython use no others.
pub const GUARDS: &[(&str, &str)] = &[
    ("value_given", "a value other than `None` is sent"),
    ("bad_exception", "what is thrown is no exception"),
    ("delegating", "it waits in a `yield from` or `await`, or a delegate handles what was thrown at it"),
    ("delegate_throws", "it delegates to something that has a `throw` method"),
    ("unguarded", "it waits at a `yield` outside every `try`, and nothing traces it"),
    ("never_begun", "its frame was cleared before anything was sent or thrown into it"),
    ("finalizer_hook", "it is not closed and a finalizer hook was captured when it was first iterated"),
    ("agen_running", "another awaitable of the async generator is being awaited"),
    ("agen_executing", "the body of the async generator runs right now"),
    ("agen_finished", "the async generator is over"),
    ("agen_closed", "`aclose()` was begun, or `StopAsyncIteration` or `GeneratorExit` has left the body"),
    ("just_begun", "this was the first thing asked of the awaitable"),
    ("by_throw", "it was asked by `throw()`"),
    ("by_close", "it was asked by `close()`, or by the finalizer of a generator"),
    ("stop_iteration", "what leaves the body is a `StopIteration`"),
    ("stop_async_iteration", "what leaves the body is a `StopAsyncIteration`"),
    ("untraced", "the frame has no `f_trace`"),
    ("frame_suspended", "the frame waits at a `yield`"),
];

/// Exceptions and warnings that machines of CPython name.
pub const ERRORS: &[(&str, &str)] = &[
    ("TypeError", "raised"),
    ("ValueError", "raised"),
    ("RuntimeError", "raised"),
    ("SystemError", "raised: what happened was not foreseen"),
    ("StopIteration", "raised"),
    ("StopAsyncIteration", "raised"),
    ("RuntimeWarning", "a warning, not raised unless warnings are errors"),
];

/// Answers that are no errors.
pub const ANSWERS: &[(&str, &str)] = &[
    ("none", "nothing is done; the result is `None`"),
    (
        "stop",
        "it is over and gives nothing: `StopIteration` or `StopAsyncIteration` where the caller wants an exception",
    ),
    ("propagate", "the exception that was thrown comes out as it is"),
    ("hook", "the captured finalizer hook is called and decides"),
    ("illegal", "it cannot happen; whoever reports it is wrong"),
];

/// Names in braces that a message may have.
pub const PLACEHOLDERS: &[(&str, &str)] =
    &[("kind", "what the flavour is called"), ("type", "the type of what was given"), ("qualname", "`__qualname__`")];

/// The answer that a row gives which declares something impossible.
pub const ILLEGAL: &str = "illegal";

/// A machine, for all versions at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: At<String>,
    /// What it describes.
    pub doc: String,
    /// In which versions it exists.
    pub range: Range,
    /// What numbers the states.
    pub numbers: Option<Numbering>,
    /// Kinds of things that it describes and that differ in some rows; empty when there is one.
    pub flavours: Vec<Flavour>,
    /// Conditions of its own; otherwise [`GUARDS`].
    pub guards: Option<Vec<(At<String>, String)>>,
    /// Errors of its own; otherwise [`ERRORS`].
    pub errors: Option<Vec<(At<String>, String)>>,
    /// In the order of the declaration.
    pub states: Vec<State>,
    /// Names for some states.
    pub groups: Vec<(At<String>, Vec<usize>)>,
    /// Where something begins.
    pub starts: Vec<(Named, Range)>,
    /// In the order of the declaration.
    pub events: Vec<Event>,
}

/// What numbers the states of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// The enum, or the group of constants.
    pub name: At<String>,
    /// Whether it is a group of constants. Then a state may be none of them: what is stored for it no header holds.
    pub is_group: bool,
    /// In which versions it does.
    pub range: Range,
}

/// One kind of thing that a machine describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flavour {
    /// Its name.
    pub name: At<String>,
    /// What messages call it.
    pub shown: String,
}

/// A state, for all versions at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: At<String>,
    /// What it is in some versions; no two of these overlap.
    pub forms: Vec<StateForm>,
}

/// A state in some versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateForm {
    /// CPython's name of its number.
    pub c_name: Option<At<String>>,
    /// In which versions.
    pub range: Range,
    /// In the enum, and never entered.
    pub reserved: bool,
    /// What it promises.
    pub doc: String,
    /// Where it stands.
    pub span: Option<Span>,
}

/// One or more states by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The state or group.
    pub name: At<String>,
    /// Indices of states.
    pub states: Vec<usize>,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: At<String>,
    /// What happens.
    pub doc: String,
    /// What it needs, for the compiler's message.
    pub needs: String,
    /// In which versions it exists.
    pub range: Range,
    /// In the order of the checks.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From which states; all that are left when `None`.
    pub from: Option<Vec<Named>>,
    /// All must hold.
    pub tests: Vec<Test>,
    /// Indices of flavours; all when empty.
    pub flavours: Vec<usize>,
    /// In which versions.
    pub range: Range,
    /// What happens.
    pub outcome: Outcome,
    /// Where it goes; where it was when `None`.
    pub next: Option<Next>,
    /// Whether it is one of ours, in a machine that is extended: then another row may come before it.
    pub inherited: bool,
    /// The whole row.
    pub span: Option<Span>,
}

/// A condition of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The guard's name.
    pub guard: At<String>,
    /// What it must be.
    pub holds: bool,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The event is legal and goes on.
    Goes,
    /// An error or a warning.
    Refuses {
        /// Its kind.
        kind: At<String>,
        /// Its message, with placeholders.
        message: Option<At<String>>,
    },
    /// One of [`ANSWERS`].
    Answers(At<String>),
}

/// Where a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// Index of a state.
    State(usize),
    /// What the machine describes is gone.
    End,
}

impl State {
    /// What it is in a version, if it exists there.
    pub fn at(&self, minor: Minor) -> Option<&StateForm> {
        self.forms.iter().find(|form| form.range.contains(minor))
    }
}

impl Machine {
    /// The state of a name.
    pub fn state(&self, name: &str) -> Option<usize> {
        self.states.iter().position(|state| state.name.value == name)
    }

    /// The names of its events, each once, in order.
    pub fn event_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for event in &self.events {
            if !names.contains(&event.name.value.as_str()) {
                names.push(&event.name.value);
            }
        }
        names
    }

    /// Whether it exists in a version.
    pub fn exists(&self, minor: Minor) -> bool {
        self.range.contains(minor) && self.states.iter().any(|state| state.at(minor).is_some())
    }

    /// What numbers the states of a version.
    pub fn numbering(&self, minor: Minor) -> Option<&Numbering> {
        self.numbers.as_ref().filter(|numbering| numbering.range.contains(minor))
    }

    /// How many flavours the rows tell apart, at least one.
    pub fn flavour_count(&self) -> usize {
        self.flavours.len().max(1)
    }

    /// What holds in one version.
    pub fn at(&self, minor: Minor) -> AtVersion<'_> {
        let exists = self.exists(minor);
        let states: Vec<usize> = (0..self.states.len())
            .filter(|&index| exists && self.states[index].at(minor).is_some_and(|form| !form.reserved))
            .collect();
        let mut starts: Vec<usize> = Vec::new();
        for (named, range) in &self.starts {
            if range.contains(minor) {
                starts.extend(named.states.iter().filter(|state| states.contains(state)));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let events = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| exists && event.range.contains(minor))
            .map(|(index, event)| EventAt { index, event, rows: rows_at(event, minor, &states) })
            .collect();
        AtVersion { machine: self, minor, states, starts, events }
    }
}

fn rows_at<'a>(event: &'a Event, minor: Minor, states: &[usize]) -> Vec<RowAt<'a>> {
    let mut rows = Vec::new();
    for row in event.rows.iter().filter(|row| row.range.contains(minor)) {
        let mut from: Vec<usize> = match &row.from {
            None => states.to_vec(),
            Some(named) => named.iter().flat_map(|named| named.states.iter().copied()).collect(),
        };
        from.retain(|state| states.contains(state));
        from.sort_unstable();
        from.dedup();
        if !from.is_empty() {
            rows.push(RowAt { row, from });
        }
    }
    rows
}

/// A machine in one version.
#[derive(Clone, Debug)]
pub struct AtVersion<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// The version.
    pub minor: Minor,
    /// States that exist and can be entered, in order.
    pub states: Vec<usize>,
    /// States in which something begins, in order.
    pub starts: Vec<usize>,
    /// Events that exist, in order.
    pub events: Vec<EventAt<'a>>,
}

/// An event in one version.
#[derive(Clone, Debug)]
pub struct EventAt<'a> {
    /// Its index in the machine.
    pub index: usize,
    /// The event.
    pub event: &'a Event,
    /// Rows that hold there, in the order of the checks.
    pub rows: Vec<RowAt<'a>>,
}

/// A row in one version.
#[derive(Clone, Debug)]
pub struct RowAt<'a> {
    /// The row.
    pub row: &'a Row,
    /// States from which it goes, in order.
    pub from: Vec<usize>,
}

impl RowAt<'_> {
    /// Whether it speaks of a flavour.
    pub fn covers(&self, flavour: usize) -> bool {
        self.row.flavours.is_empty() || self.row.flavours.contains(&flavour)
    }

    /// The state after it, from a state.
    pub fn next(&self, from: usize) -> Next {
        self.row.next.unwrap_or(Next::State(from))
    }
}

impl<'a> EventAt<'a> {
    /// The rows that may decide a state and flavour, in order, up to the one that needs no condition.
    pub fn deciding(&self, state: usize, flavour: usize) -> Vec<&RowAt<'a>> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.from.contains(&state) && row.covers(flavour)) {
            found.push(row);
            if row.row.tests.is_empty() {
                break;
            }
        }
        found
    }
}

impl AtVersion<'_> {
    /// States that an event can legally lead to from a state, of any flavour, in order.
    pub fn legal(&self, event: &EventAt<'_>, state: usize) -> Vec<Next> {
        let mut found: Vec<Next> = (0..self.machine.flavour_count())
            .flat_map(|flavour| event.deciding(state, flavour))
            .filter(|row| row.row.outcome == Outcome::Goes)
            .map(|row| row.next(state))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether two versions have the same states, events and rows: then one table serves both.
    pub fn same_as(&self, other: &AtVersion<'_>) -> bool {
        let same_row = |(one, other): (&RowAt<'_>, &RowAt<'_>)| {
            let (a, b) = (one.row, other.row);
            one.from == other.from
                && (&a.tests, &a.flavours, &a.outcome, a.next) == (&b.tests, &b.flavours, &b.outcome, b.next)
        };
        let same_event = |(one, other): (&EventAt<'_>, &EventAt<'_>)| {
            one.index == other.index
                && one.rows.len() == other.rows.len()
                && one.rows.iter().zip(&other.rows).all(same_row)
        };
        let same_events =
            self.events.len() == other.events.len() && self.events.iter().zip(&other.events).all(same_event);
        self.states == other.states && self.starts == other.starts && same_events
    }
}
