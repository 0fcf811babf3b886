//! Scripts of generators on the runtime's frames: bodies are compiled to the opcodes of the version, an eval loop runs
//! them, and everything else is the driver's. `tests/oracle/generators.py` says what scripts and events are.

mod assemble;
mod blocks;
mod compile;
mod errors;
mod eval;
mod family;
mod foreign;
mod hosted;
mod operations;
mod python;
mod show;
mod values;
mod vm;
mod world;

use frame_runtime::generator::Machines;
use frame_runtime::version::{Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};
use serde_json::{Value as Json, json};

use python::Python;
use world::World;

/// Does what a script says with the generators of a version, and tells what happened: `did`, and `alive`, as interpreters
/// do, and `leaked`, how many objects were still there after all that could be reached was let go of.
///
/// `machines`: what the driver goes by, if not the version's own. Operations within operations take some space on the
/// stack of the calling thread.
///
/// # Panics
///
/// If the version has no such generators, or the script says what the language does not have.
pub(crate) fn replay(minor: u8, line: &Json, machines: Option<&'static Machines>) -> Json {
    let replay = match minor {
        11 => play::<Cpython3_11>,
        12 => play::<Cpython3_12>,
        13 => play::<Cpython3_13>,
        14 => play::<Cpython3_14>,
        15 => play::<Cpython3_15>,
        other => panic!("3.{other} has no such generators"),
    };
    let _reset = Reset(vm::MACHINES.replace(machines));
    replay(line)
}

/// Puts the machines back, also where a script panics.
struct Reset(Option<&'static Machines>);

impl Drop for Reset {
    fn drop(&mut self) {
        vm::MACHINES.set(self.0);
    }
}

fn play<P: Python>(line: &Json) -> Json {
    let before = vm::live();
    let world = World::<P>::new(line);
    let (did, alive) = world.play();
    world.dispose();
    drop(world);
    let leaked = vm::live() - before;
    json!({ "did": did, "alive": alive, "leaked": leaked })
}
