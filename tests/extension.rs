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
}

struct Scheduler;

impl Vm for Scheduler {
    type Python = Scheduled;
    type Value = Value;
    type FrameExtra = FrameExtra;
}

fn park<S, N>(mut frame: GeneratorFrame<Scheduler, S>) -> GeneratorFrame<Scheduler, N>
where
    S: generator::OnPark<Scheduled, N>,
    owner::Generator: owner::OnEnqueue<Scheduled, owner::Scheduler>,
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
