//! Frames against a model, on three VMs: counted pointers, `Rc`, and a collector that moves everything at every allocation.
//!
//! Random steps are taken by the runtime and by a model that has no memory to get wrong; after each, everything that can be
//! seen is compared: all slots of all frames, where they stand, who is there, how often each object is referred to, and in
//! which order objects ended. `FRAME_STEPS=10000000` takes so many steps in all.

#[path = "model/drive.rs"]
mod drive;
#[path = "model/facts.rs"]
mod facts;
#[path = "model/steps.rs"]
mod steps;
#[path = "model/transfers.rs"]
mod transfers;
mod vms;
#[path = "model/world.rs"]
mod world;

use std::time::Instant;

use steps::Steps;

/// Steps that are taken by one VM and version, if nobody asks for more.
const STEPS: u64 = 10_000;

fn run<V: Steps>(seed: u64, combinations: u64) {
    let asked = std::env::var("FRAME_STEPS").ok().map(|steps| steps.parse::<u64>().expect("a number of steps"));
    let steps = asked.map_or(STEPS, |steps| steps.div_ceil(combinations));
    let begin = Instant::now();
    drive::run::<V>(seed, steps);
    let (name, version) = (V::NAME, <V::Python as frame_runtime::version::Version>::NAME);
    let seconds = begin.elapsed().as_secs_f64();
    println!("{name}, {version}: {steps} steps, {:.0} a second", steps as f64 / seconds.max(1e-9));
}

/// The suite, once per VM.
macro_rules! vms {
    ($($vm:ident: $seed:literal $ty:ty;)*) => {
        $(mod $vm {
            use super::*;

            #[test]
            fn does_what_the_model_says() {
                run::<$ty>($seed, COMBINATIONS);
            }

            #[test]
            fn frames_change_hands() {
                transfers::change_hands::<$ty>();
            }

            #[test]
            fn what_went_wrong_once() {
                transfers::an_object_follows_its_frame::<$ty>();
                transfers::a_value_is_returned_while_objects_move::<$ty>();
                transfers::frames_are_seen_when_a_handle_was_lost::<$ty>();
            }
        })*
    };
}

/// And once per version.
macro_rules! versions {
    ($($python:ident)*) => {
        /// VMs and versions together.
        const COMBINATIONS: u64 = 3 * [$(stringify!($python)),*].len() as u64;

        $(#[allow(non_snake_case, reason = "named after the version")]
        mod $python {
            use frame_runtime::version::$python as P;

            use super::*;

            vms! {
                counted: 1 vms::counted::Counted<P>;
                rc: 2 vms::rc::Counting<P>;
                a_collector: 3 vms::moving::Moving<P>;
            }
        })*
    };
}

frame_runtime::for_each_activation!(versions);
