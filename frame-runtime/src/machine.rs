//! What generated state machines are made of: states are types and values, events are traits and rows of tables.
//!
//! A machine is a module. Its states are types without values, and each event is a trait: the implementation
//! `impl OnSend<Cpython3_14, Executing> for Created {}` says that 3.14 allows `send` in `Created`, and where it leads.
//! Version and next state are parameters of the trait, and a method of a handle asks for them: what is illegal does not
//! compile, and says why.
//!
//! Where a state is known only at run time, [`Rules::step`] answers out of the table that came from the same rows.
//!
//! ```
//! use frame_runtime::machine::generator::{Flavour, event, state};
//! use frame_runtime::machine::{Error, Guard, Outcome, Runs};
//! use frame_runtime::version::Cpython3_14;
//!
//! let rules = <Cpython3_14 as Runs<_>>::RULES;
//! let step = rules.step(state::CREATED, event::SEND, Flavour::Coroutine as u8, |guard| guard == Guard::ValueGiven);
//! let Outcome::Refuses(error, message) = step.outcome else { panic!("a new coroutine takes only None") };
//! assert_eq!(error, Error::TypeError);
//! let text = message.fill(&[("kind", rules.table.shown(Flavour::Coroutine as u8))]).to_string();
//! assert_eq!(text, "can't send non-None value to a just-started coroutine");
//! assert_eq!(step.next, Some(state::CREATED));
//! ```

use core::fmt;
use core::marker::PhantomData;

pub use crate::generated::machine::*;

/// What is gone has this state: no handle is left, and the memory was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {}

/// A machine, as a type without values: what its states and events belong to.
pub trait Machine: Copy + Eq + fmt::Debug + 'static {
    /// Its name in the spec.
    const NAME: &'static str;
    /// Conditions that its rows ask for.
    type Guard: Copy + Eq + fmt::Debug + 'static;
    /// Errors that its rows name.
    type Error: Copy + Eq + fmt::Debug + 'static;
}

/// A state of a machine, as a value. The module `state` of each machine has them by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State<M>(u8, PhantomData<M>);

/// An event of a machine, as a value. The module `event` of each machine has them by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event<M>(u8, PhantomData<M>);

impl<M> State<M> {
    /// The state with an index in the table; for generated code.
    pub const fn new(index: u8) -> Self {
        State(index, PhantomData)
    }

    /// Its index in the table.
    pub const fn index(self) -> u8 {
        self.0
    }
}

impl<M> Event<M> {
    /// The event with an index in the table; for generated code.
    pub const fn new(index: u8) -> Self {
        Event(index, PhantomData)
    }

    /// Its index in the table.
    pub const fn index(self) -> u8 {
        self.0
    }
}

impl<M: Machine> fmt::Debug for State<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} state {}", M::NAME, self.0)
    }
}

impl<M: Machine> fmt::Debug for Event<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} event {}", M::NAME, self.0)
    }
}

/// A state as a type: the marker that handles carry.
pub trait StateType {
    /// The machine that it is a state of.
    type Machine: Machine;
    /// The same state as a value.
    const STATE: State<Self::Machine>;
}

/// The number that a version stores for the state `S`.
///
/// It is on the version, not on the state, so that a version can promise the numbers that its kind has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no number for the state `{S}`",
    note = "the state does not exist in this version of CPython, or is stored nowhere"
)]
pub trait Numbers<S> {
    /// The number, as CPython stores it: one signed byte.
    const RAW: i8;
}

/// The version has the machine `M`.
#[diagnostic::on_unimplemented(message = "`{Self}` has no machine `{M}`")]
pub trait Runs<M: Machine> {
    /// The machine's rows and numbers in this version.
    const RULES: &'static Rules<M>;
}

/// A machine in one version.
#[derive(Debug)]
pub struct Rules<M: Machine> {
    /// The version, `3.14`.
    pub version: &'static str,
    /// Rows; versions with the same rows share them.
    pub table: &'static Table<M>,
    /// The number that is stored for each state that has one.
    pub numbers: &'static [(State<M>, i8)],
}

/// The rows of a machine.
#[derive(Debug)]
pub struct Table<M: Machine> {
    /// Names of the states, by index; those of other versions are among them.
    pub state_names: &'static [&'static str],
    /// States of this table, in order.
    pub states: &'static [State<M>],
    /// States in which something begins.
    pub starts: &'static [State<M>],
    /// What messages call each flavour, by its number; one without a name when all are the same.
    pub flavours: &'static [&'static str],
    /// Events by index, `None` where the version has none.
    pub events: &'static [Option<EventRows<M>>],
}

/// An event and its rows.
#[derive(Debug)]
pub struct EventRows<M: Machine> {
    /// Its name.
    pub name: &'static str,
    /// What it needs, for messages: `a frame on a data stack`.
    pub needs: &'static str,
    /// In the order of the checks.
    pub rows: &'static [Row<M>],
}

/// One row: from which states, of which flavours, under which conditions; what happens, and what state is next.
#[derive(Clone, Copy, Debug)]
pub struct Row<M: Machine> {
    from: u64,
    flavours: u8,
    tests: &'static [(M::Guard, bool)],
    outcome: Outcome<M>,
    next: Next<M>,
}

#[derive(Clone, Copy, Debug)]
enum Next<M: Machine> {
    Same,
    State(State<M>),
    Gone,
}

impl<M: Machine> Row<M> {
    /// A row from some states that is illegal until said otherwise.
    pub const fn from(states: &[State<M>]) -> Self {
        let mut from = 0;
        let mut index = 0;
        while index < states.len() {
            from |= 1 << states[index].0;
            index += 1;
        }
        Row { from, flavours: u8::MAX, tests: &[], outcome: Outcome::Answers(Answer::Illegal), next: Next::Same }
    }

    /// Only for these flavours.
    pub const fn only(self, flavours: &[u8]) -> Self {
        let mut mask = 0;
        let mut index = 0;
        while index < flavours.len() {
            mask |= 1 << flavours[index];
            index += 1;
        }
        Row { flavours: mask, ..self }
    }

    /// Only if each guard answers so.
    pub const fn when(self, tests: &'static [(M::Guard, bool)]) -> Self {
        Row { tests, ..self }
    }

    /// It goes on; the state is next.
    pub const fn goes(self, next: State<M>) -> Self {
        Row { outcome: Outcome::Goes, next: Next::State(next), ..self }
    }

    /// It goes on; nothing is left.
    pub const fn ends(self) -> Self {
        Row { outcome: Outcome::Goes, next: Next::Gone, ..self }
    }

    /// An error or warning.
    pub const fn refuses(self, error: M::Error, message: &'static str) -> Self {
        Row { outcome: Outcome::Refuses(error, Message(message)), ..self }
    }

    /// Neither goes on nor is an error.
    pub const fn answers(self, answer: Answer) -> Self {
        Row { outcome: Outcome::Answers(answer), ..self }
    }

    /// The state after an error or answer, where it is not the same.
    pub const fn then(self, next: State<M>) -> Self {
        Row { next: Next::State(next), ..self }
    }

    /// Whether it speaks of a state and flavour.
    pub const fn covers(&self, state: State<M>, flavour: u8) -> bool {
        self.from >> state.0 & 1 != 0 && self.flavours >> flavour & 1 != 0
    }

    /// Conditions, and what each must be.
    pub const fn tests(&self) -> &'static [(M::Guard, bool)] {
        self.tests
    }

    /// What it says of a state that it covers.
    pub const fn step(&self, state: State<M>) -> Step<M> {
        let next = match self.next {
            Next::Same => Some(state),
            Next::State(next) => Some(next),
            Next::Gone => None,
        };
        Step { outcome: self.outcome, next }
    }
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<M: Machine> {
    /// The event is legal and goes on.
    Goes,
    /// An error is raised, or a warning issued.
    Refuses(M::Error, Message),
    /// Neither.
    Answers(Answer),
}

/// What happens, and the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<M: Machine> {
    /// What happens.
    pub outcome: Outcome<M>,
    /// The state after it; `None` when nothing is left.
    pub next: Option<State<M>>,
}

/// The text of an error, with names in braces where something is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message(&'static str);

impl Message {
    /// As it stands in the spec: `{kind} already executing`.
    pub const fn pattern(self) -> &'static str {
        self.0
    }

    /// With words for the names in braces. A name without a word stays as it is.
    pub fn fill<'a>(self, words: &'a [(&'a str, &'a str)]) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            let mut rest = self.0;
            while let Some((before, after)) = rest.split_once('{') {
                f.write_str(before)?;
                let (name, behind) = after.split_once('}').unwrap_or((after, ""));
                match words.iter().find(|(known, _)| *known == name) {
                    Some((_, word)) => f.write_str(word)?,
                    None => write!(f, "{{{name}}}")?,
                }
                rest = behind;
            }
            f.write_str(rest)
        })
    }
}

impl<M: Machine> Table<M> {
    /// The name of a state.
    pub fn state_name(&self, state: State<M>) -> &'static str {
        self.state_names.get(usize::from(state.0)).copied().unwrap_or("unknown")
    }

    /// What messages call a flavour.
    pub fn shown(&self, flavour: u8) -> &'static str {
        self.flavours.get(usize::from(flavour)).copied().unwrap_or_default()
    }

    /// An event with its rows; `None` when the version does not have it.
    pub fn event(&self, event: Event<M>) -> Option<&'static EventRows<M>> {
        self.events.get(usize::from(event.0))?.as_ref()
    }
}

impl<M: Machine> Rules<M> {
    /// What an event does in a state: the first row whose conditions hold.
    ///
    /// `asks` answers the conditions, in the order of the checks, and only those that are reached. A state or event that
    /// the version does not have is [`Answer::Illegal`].
    #[inline]
    pub fn step(
        &self,
        state: State<M>,
        event: Event<M>,
        flavour: u8,
        mut asks: impl FnMut(M::Guard) -> bool,
    ) -> Step<M> {
        let rows = self.table.event(event).map_or(&[][..], |event| event.rows);
        for row in rows.iter().filter(|row| row.covers(state, flavour)) {
            if row.tests.iter().all(|(guard, holds)| asks(*guard) == *holds) {
                return row.step(state);
            }
        }
        Step { outcome: Outcome::Answers(Answer::Illegal), next: Some(state) }
    }

    /// The number that is stored for a state; `None` when the version stores none.
    pub fn number(&self, state: State<M>) -> Option<i8> {
        self.numbers.iter().find(|(known, _)| known.0 == state.0).map(|(_, number)| *number)
    }

    /// The state of a stored number.
    ///
    /// # Errors
    ///
    /// [`UnknownState`] when the version stores no such number.
    pub fn state(&self, number: i8) -> Result<State<M>, UnknownState> {
        let unknown = UnknownState { machine: M::NAME, version: self.version, number };
        self.numbers.iter().find(|(_, known)| *known == number).map(|(state, _)| *state).ok_or(unknown)
    }
}

/// The `nth` number that no state of a version has, above all that are taken; for generated code.
///
/// # Panics
///
/// When no number of one signed byte is left: while compiling.
pub const fn free_number<M: Machine>(rules: &Rules<M>, nth: usize) -> i8 {
    let (mut most, mut index) = (0, 0);
    while index < rules.numbers.len() {
        if rules.numbers[index].1 > most {
            most = rules.numbers[index].1;
        }
        index += 1;
    }
    let number = most as usize + 1 + nth;
    assert!(number <= i8::MAX as usize, "no number is left for this state");
    number as i8
}

/// A number that no state of a version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownState {
    /// The machine.
    pub machine: &'static str,
    /// The version, `3.14`.
    pub version: &'static str,
    /// The number.
    pub number: i8,
}

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no state of `{}` in CPython {}", self.number, self.machine, self.version)
    }
}

impl core::error::Error for UnknownState {}
