//! The machines that generators go by, and what follows from their rows for the instructions that ask no condition.

use crate::generator_frame::{TAKES_ANY, TAKES_NONE};
use crate::machine::generator::{self, Flavour, event, state};
use crate::machine::{Event, Guard, Outcome, Rules, Runs, State, asend, athrow};
use crate::version::Version;

/// The machines of a version, with what is looked up in them at each resume and yield.
#[derive(Debug)]
pub struct Machines {
    /// Of generators, coroutines and async generators.
    pub generator: &'static Rules<generator::Machine>,
    /// Of what `asend()` and `__anext__()` return.
    pub asend: &'static Rules<asend::Machine>,
    /// Of what `athrow()` and `aclose()` return.
    pub athrow: &'static Rules<athrow::Machine>,
    /// States by their numbers, -8 to 7, from which a value other than `None` can be sent.
    resumable: u16,
    /// The same for `None`.
    startable: u16,
    pub(super) executing: i8,
    pub(super) yields: i8,
    pub(super) yields_from: i8,
    pub(super) returns: i8,
    pub(super) raises: i8,
}

/// The numbers that one bit each stands for.
const fn bit(number: i8) -> u16 {
    assert!(number >= -8 && number < 8, "the number of a state is not from -8 to 7");
    1 << (number + 8)
}

/// What an event comes to in a state when no condition holds but, if so, that a value is given; `None`: not to a state.
const fn next(
    rules: &Rules<generator::Machine>,
    state: State<generator::Machine>,
    event: Event<generator::Machine>,
    flavour: Flavour,
    given: bool,
) -> Option<State<generator::Machine>> {
    let Some(event) = &rules.table.events[event.index() as usize] else { return None };
    let mut index = 0;
    while index < event.rows.len() {
        let row = &event.rows[index];
        index += 1;
        if row.covers(state, flavour as u8) && holds(row.tests(), given) {
            let step = row.step(state);
            return if matches!(step.outcome, Outcome::Goes) { step.next } else { None };
        }
    }
    None
}

const fn holds(tests: &[(Guard, bool)], given: bool) -> bool {
    let mut index = 0;
    while index < tests.len() {
        let (guard, wanted) = tests[index];
        if (given && matches!(guard, Guard::ValueGiven)) != wanted {
            return false;
        }
        index += 1;
    }
    true
}

const fn number(rules: &Rules<generator::Machine>, state: State<generator::Machine>) -> Option<i8> {
    let mut index = 0;
    while index < rules.numbers.len() {
        if rules.numbers[index].0.index() == state.index() {
            return Some(rules.numbers[index].1);
        }
        index += 1;
    }
    None
}

const fn stored(rules: &Rules<generator::Machine>, state: Option<State<generator::Machine>>) -> i8 {
    let Some(state) = state else { panic!("the machine has no state after what a body does") };
    let Some(number) = number(rules, state) else { panic!("the state has no number") };
    number
}

/// The states from which a flavour goes on executing.
const fn resumable(rules: &Rules<generator::Machine>, given: bool) -> u16 {
    let (mut bits, mut index) = (0, 0);
    while index < rules.numbers.len() {
        let (state, number) = rules.numbers[index];
        let next = next(rules, state, event::SEND, Flavour::Generator, given);
        if let Some(next) = next
            && next.index() == state::EXECUTING.index()
        {
            bits |= bit(number);
        }
        index += 1;
    }
    bits
}

impl Machines {
    /// The machines of a version.
    pub const fn of<P: Version>() -> Machines {
        Machines::new(
            <P as Runs<generator::Machine>>::RULES,
            <P as Runs<asend::Machine>>::RULES,
            <P as Runs<athrow::Machine>>::RULES,
        )
    }

    /// Machines of somebody's own.
    ///
    /// # Panics
    ///
    /// If what a body does leads to no state that has a number from -8 to 7.
    pub const fn new(
        generator: &'static Rules<generator::Machine>,
        asend: &'static Rules<asend::Machine>,
        athrow: &'static Rules<athrow::Machine>,
    ) -> Machines {
        let flavour = Flavour::Generator;
        let executing = state::EXECUTING;
        Machines {
            generator,
            asend,
            athrow,
            resumable: resumable(generator, true),
            startable: resumable(generator, false),
            executing: stored(generator, Some(executing)),
            yields: stored(generator, next(generator, executing, event::YIELD, flavour, false)),
            yields_from: stored(generator, next(generator, executing, event::YIELD_FROM, flavour, false)),
            returns: stored(generator, next(generator, executing, event::RETURN, flavour, false)),
            raises: stored(generator, next(generator, executing, event::RAISE, flavour, false)),
        }
    }

    /// What a generator in the state of this number takes from an instruction that sends.
    #[inline(always)]
    pub(super) fn takes(&self, number: i8) -> u8 {
        let (none, any) = (self.resumes(number, false), self.resumes(number, true));
        (u8::from(none) * TAKES_NONE) | (u8::from(any) * TAKES_ANY)
    }

    /// Whether a generator in the state of this number goes on at once when something is sent to it.
    #[inline(always)]
    pub(super) fn resumes(&self, number: i8, given: bool) -> bool {
        let states = if given { self.resumable } else { self.startable };
        u32::try_from(i32::from(number) + 8)
            .ok()
            .and_then(|bit| states.checked_shr(bit))
            .is_some_and(|bits| bits & 1 != 0)
    }
}
