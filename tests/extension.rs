//! A VM whose frames have more than CPython's: an owner, a state and a field of its own, on the runtime as it is.

#[path = "runtime/machine.rs"]
#[expect(dead_code, reason = "the objects of the runtime's own tests, of which few are needed")]
#[expect(unsafe_code, reason = "a VM promises what memory safety rests on")]
mod machine;

use frame_runtime::data_stack::DataStack;
use frame_runtime::generator_frame::GeneratorFrame;
use frame_runtime::machine::generator::{Created, Executing, Suspended};
use frame_runtime::machine::{Answer, Error, Numbers, Outcome, Runs, StateType};
use frame_runtime::running::{ByOwner, Returned};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Activation, Cpython3_14, Version};
use frame_runtime::vm::Vm;
use machine::{Value, live};

frame_macros::frame_spec! {
    version Scheduled extends 3.14 "CPython 3.14 with a scheduler that parks generators.";

    machine generator {
        states {
            parked "waits for its turn; the scheduler has it";
        }
        group waiting = parked;
        on park "The scheduler takes it." needs "a generator that waits" {
            suspended, suspended_yield_from -> parked;
            else => illegal;
        }
        // Nobody but the scheduler may close what it has.
        on close {
            parked => RuntimeError "cannot close a parked {kind}";
        }
    }

    machine owner {
        states {
            scheduler "in the queue of the scheduler";
        }
        on enqueue "The scheduler takes it." needs "a frame in a generator" {
            generator -> scheduler;
            else => illegal;
        }
        on dequeue "Its turn has come." needs "a frame in the queue" {
            scheduler -> generator;
            else => illegal;
        }
        on free {
            scheduler -> end;
        }
    }

    layout interpreter_frame {
        extra turns u32 "How often it was its turn.";
        extra urgent bool;
    }

    table turn "Which turn each code unit had." {
        unit 2 bytes;
        number far digits 7 bits, high first, at most 5, signed;
        row {
            number kept "the turn";
            type absent "what kind of turn";
        }
        entry {
            code 3 bits signed, length 5 bits + 1 at most 30;
            -4 none absent {}
            -3..=2 near drops type { number += code; }
            3 long { number += far; type = byte - 1; }
        }
    }
}

/// A file with two bit splits of its own, and nothing else.
mod tables {
    frame_macros::frame_spec!("macros/small.table");
}

#[derive(Default)]
struct Scheduler;

impl Vm for Scheduler {
    type Python = Scheduled;
    type Value = Value;
    type FrameExtra = FrameExtra;
}

// SAFETY: it has no frame objects.
#[expect(unsafe_code, reason = "a VM promises what memory safety rests on")]
unsafe impl frame_runtime::vm::FrameVm for Scheduler {}

fn park<S, N>(mut frame: GeneratorFrame<Scheduler, S>) -> GeneratorFrame<Scheduler, N>
where
    S: generator::OnPark<Scheduled, N>,
    owner::Generator: owner::OnEnqueue<Scheduled, owner::Scheduler>,
    Scheduled: Numbers<N>,
{
    frame.note_owner::<owner::Scheduler>();
    frame.transition()
}

fn slot(name: &str) -> StackRef<Scheduler> {
    StackRef::owned(Value::new(name))
}

#[test]
fn a_parked_generator_runs_on() {
    let stack: DataStack<Scheduler> = DataStack::default();
    let entered = stack.enter(Value::new("shim"), |entry| {
        let f = entry.call(Value::function(1, 2), &mut [slot("argument")]).expect("a call");
        let ByOwner::Thread(mut f) = f.by_owner() else { panic!("on the data stack") };
        f.extra().turns.set(1);
        f.fetch();
        let (returned, created) = f.make_generator().expect("memory");
        let created: GeneratorFrame<_, Created> = created;
        let Returned::Left(entry) = returned else { panic!("the entry") };
        let mut g = entry.send(created).expect("resumed");
        g.fetch();
        g.push(slot("kept"));
        let (returned, suspended) = g.suspend::<Suspended>();
        let Returned::Left(entry) = returned else { panic!("the entry") };

        let parked: GeneratorFrame<_, generator::Parked> = park(suspended);
        let states = <Scheduled as Runs<generator::Machine>>::RULES;
        let owners = <Scheduled as Runs<owner::Machine>>::RULES;
        assert_eq!(states.state(parked.raw_state()), Ok(generator::state::PARKED));
        assert_eq!(owners.state(parked.raw_owner()), Ok(owner::state::SCHEDULER));
        parked.extra().turns.set(parked.extra().turns.get() + 1);

        // The row of ours for `waiting`, which the extension made larger.
        let mut g = entry.send(parked).expect("resumed");
        assert_eq!(g.pop().as_value().expect("what was kept").name(), "kept");
        assert_eq!((g.extra().turns.get(), g.extra().urgent.get()), (2, false));
        let (_, over) = g.finish::<frame_runtime::machine::generator::Cleared>();
        drop(over);
    });
    entered.expect("nobody holds a frame");
    assert_eq!(live(), 0);
}

#[test]
fn rows_of_the_extension_come_first_and_ours_stay() {
    let rules = <Scheduled as Runs<generator::Machine>>::RULES;
    let ours = <Cpython3_14 as Runs<generator::Machine>>::RULES;
    use frame_runtime::machine::generator::{event, state};
    let coroutine = frame_runtime::machine::generator::Flavour::Coroutine as u8;
    let close = |state| rules.step(state, event::CLOSE, coroutine, |_| false);
    let Outcome::Refuses(Error::RuntimeError, message) = close(generator::state::PARKED).outcome else {
        panic!("a parked generator is not closed")
    };
    let words = [("kind", rules.table.shown(coroutine))];
    assert_eq!(message.fill(&words).to_string(), "cannot close a parked coroutine");
    for &state in ours.table.states {
        assert_eq!(
            close(state),
            ours.step(state, event::CLOSE, coroutine, |_| false),
            "{}",
            ours.table.state_name(state)
        );
        assert_eq!(rules.number(state), ours.number(state));
    }
    let park = |state| rules.step(state, generator::event::PARK, 0, |_| false);
    assert_eq!(park(state::SUSPENDED).next, Some(generator::state::PARKED));
    assert_eq!(park(state::EXECUTING).outcome, Outcome::Answers(Answer::Illegal));
    assert_eq!(generator::Parked::STATE, generator::state::PARKED);
    assert_eq!(rules.version, Scheduled::NAME);
    // No number is given twice.
    let mut numbers: Vec<i8> = rules.numbers.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), ours.numbers.len() + 1);
    assert!(!ours.numbers.iter().any(|(_, number)| *number == <Scheduled as Numbers<generator::Parked>>::RAW));
}

/// Machines that the extension leaves alone are those of 3.14, as types and as values.
#[test]
fn other_machines_are_those_of_the_version() {
    fn send<V, S: frame_runtime::machine::asend::OnSend<V, N>, N>() {}
    send::<Scheduled, frame_runtime::machine::asend::Init, frame_runtime::machine::asend::Iter>();
    let rules = <Scheduled as Runs<frame_runtime::machine::asend::Machine>>::RULES;
    let ours = <Cpython3_14 as Runs<frame_runtime::machine::asend::Machine>>::RULES;
    assert_eq!(rules.numbers, ours.numbers);
    fn frames<V: Activation<Frames = Cpython3_14>>() {}
    frames::<Scheduled>();
    fn resumable<S: frame_runtime::machine::generator::OnNext<Scheduled, Executing>>() {}
    resumable::<generator::Parked>();
    resumable::<Suspended>();
}

/// A table beside a version: its row and its format are data in this crate.
#[test]
fn a_table_of_ones_own_is_a_row_and_a_format() {
    use frame_runtime::table::{Column, Row, Source};
    let row = turn::TurnRow { number: 7, r#type: -1 };
    assert_eq!(row.to_columns(), [7, -1]);
    assert_eq!(turn::TurnRow::from_columns([7, -1]), row);
    let format = turn::TurnRow::FORMAT;
    assert_eq!((format.name, format.unit_bytes, format.columns), ("turn", 2, [Column::Kept, Column::Absent]));
    let (code, length) = (format.head.code.expect("a code"), format.head.length.expect("a length"));
    assert_eq!((code.low, code.width, code.signed), (5, 3, true));
    assert_eq!((length.low, length.width, length.plus, length.at_most), (0, 5, 1, 30));
    let forms: Vec<_> = format.forms.iter().map(|form| (form.name, form.codes, form.absent, form.drops)).collect();
    assert_eq!(forms, [("none", (-4, -4), true, 0), ("near", (-3, 2), false, 0b10), ("long", (3, 3), false, 0)]);
    let [first, second] = format.forms[2].steps else { panic!("two steps") };
    assert!(matches!(first.source, Source::Number(far) if far.signed && !far.low_first && far.digit == 7));
    assert_eq!((second.column, second.base, second.source, second.plus), (1, None, Source::Byte, -1));
}

#[test]
fn a_file_of_tables_becomes_their_modules() {
    use frame_runtime::table::{Head, Piece, Row, Source};
    let format = tables::small::SmallRow::FORMAT;
    let Source::Bits(pieces) = format.forms[0].steps[0].source else { panic!("bits") };
    assert_eq!(pieces, [Piece::Code, Piece::Byte { low: 2, width: 6 }]);
    let head = tables::lone::LoneRow::FORMAT.head;
    assert_eq!(head, Head { bits: 1, mark: true, code: None, length: None, skip: None });
    let step = tables::lone::LoneRow::FORMAT.forms[0].steps[0];
    assert_eq!(step.low, Some((1, 2)));
    assert_eq!(tables::lone::LoneRow { high: 1, low: 2 }.to_columns(), [1, 2]);
}

/// CPython's tables are data like one's own, and every layout says which it has.
#[test]
fn layouts_say_their_tables() {
    use frame_runtime::layout::Layout;
    use frame_runtime::table::{ExceptionRow, LineRow, Lines, LnotabRow, LocationRow, Row};
    for layout in Layout::all() {
        let minor: u8 = layout.version.trim_start_matches("3.").parse().expect("a version");
        let lines = match minor {
            ..=9 => Lines::Lnotab,
            10 => Lines::Line,
            _ => Lines::Location,
        };
        assert_eq!((layout.lines, layout.exceptions), (lines, minor >= 11), "{}", layout.version);
    }
    assert_eq!(LocationRow::FORMAT.forms.len(), 5);
    assert_eq!(ExceptionRow::FORMAT.head.bits, 1);
    assert_eq!(LineRow::FORMAT.head.length.map(|length| length.at_most), Some(254));
    assert_eq!(LnotabRow::FORMAT.head.skip.map(|skip| (skip.low, skip.at_most)), Some((8, 255)));
}
