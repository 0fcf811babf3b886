//! Walking over instructions, branches and the verifier: over the libraries of the interpreters that are installed,
//! over code made to be refused or to count what it borrows, over bytes without meaning.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use frame_runtime::code::{
    Handler, Instruction, InstructionSet, Instructions, Unverified, VariableSlots, branches, unproven_borrows, verify,
};
use frame_runtime::layout::{Flavour, Layout};
use frame_tests::{Python, pythons_of_facts, root, scratch};

#[path = "verify/borrows.rs"]
mod borrows;
#[path = "verify/faults.rs"]
mod faults;
#[path = "verify/library.rs"]
mod library;
#[path = "verify/lifetimes.rs"]
mod lifetimes;
#[path = "verify/random.rs"]
mod random;
#[path = "verify/yields.rs"]
mod yields;
