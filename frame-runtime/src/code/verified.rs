//! Code that may be run.

#![expect(unsafe_code, reason = "what the verifier found is what frames rely on")]

use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::jump::Source;
use super::verify::{self, Unverified, VariableSlots, VerifyError};
use super::{Branches, Code, Instruction, InstructionSet, Instructions, branches};
use crate::arguments::Signature;
use crate::generator::Resumes;
use crate::table::{DecodeError, Handler};
use crate::version::Version;
use crate::vm::{CodeUnit, FrameCode, Vm};

/// A code object that passed [`Code::verify`]: what its frames do stays within their slots and its units, and what its
/// [`units`](Code::units) push without counting is there as long as it is on the stack.
///
/// Where the latter is not proven ([`Code::unproven_borrows`]; never in what CPython's compiler makes) the units count:
/// `LOAD_FAST_BORROW` is `LOAD_FAST` there, and the pair is `LOAD_FAST_LOAD_FAST`. [`co_code`](Code::co_code) is as it was.
/// So an eval loop that runs the units, or what it made of them, borrows wherever it is told to, and asks nothing; one
/// that puts opcodes of `co_code` back into the units must ask [`unproven_borrows`](Code::unproven_borrows) before.
///
/// The only code of the runtime's own that a frame takes: [`FrameCode`] is implemented for this and not for [`Code`].
pub struct Verified<V: Vm> {
    code: Code<V>,
    /// Asked by each call.
    nlocalsplus: u32,
}

/// Why code is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// An instruction, a jump or a handler is at fault.
    Code(VerifyError),
    /// The exception table cannot be read.
    Handlers(DecodeError),
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::Code(error) => error.fmt(f),
            Rejected::Handlers(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Rejected {}

impl<V: Vm> Code<V> {
    /// The opcodes of its version.
    pub const fn instruction_set() -> &'static InstructionSet {
        const { &InstructionSet::new(V::Python::LAYOUT) }
    }

    /// The instructions in the order of the code, in their general form.
    pub fn instructions(&self) -> Instructions<'_> {
        Instructions::new(Self::instruction_set(), self.co_code())
    }

    /// The branches, in bytes: `co_branches()`. `None` before 3.14, which tells none.
    pub fn co_branches(&self) -> Option<Branches<'_>> {
        branches(Self::instruction_set(), self.co_code())
    }

    /// Checks that it can be run without leaving its units, its stack, its variables, constants and names; what that means
    /// is told at [`verify`]. It looks at the [units](Self::units) as they are: it is for code that did not run yet.
    ///
    /// # Errors
    ///
    /// The first fault, with the code unit or the byte that it is at.
    pub fn verify(&self) -> Result<(), Rejected> {
        self.ask(verify::verify)
    }

    /// The same, and the units of all opcodes that push a local without counting it where they should: see
    /// [`verify::unproven_borrows`]. Those that [`into_verified`](Self::into_verified) replaced are not among them.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify).
    pub fn unproven_borrows(&self) -> Result<Vec<usize>, Rejected> {
        self.ask(verify::unproven_borrows)
    }

    fn ask<R>(
        &self,
        verifier: impl FnOnce(&InstructionSet, &Unverified<'_>) -> Result<R, VerifyError>,
    ) -> Result<R, Rejected> {
        let handlers: Result<Vec<Handler>, _> = self.exception_table().entries().collect();
        let handlers = handlers.map_err(Rejected::Handlers)?;
        let bytes = |unit: &CodeUnit| {
            let unit = unit.instruction();
            [unit.opcode, unit.argument]
        };
        let code: Vec<u8> = self.units().iter().flat_map(bytes).collect();
        let variables = match V::Python::LAYOUT.find_numbers("local_kind_flags") {
            Some(_) => VariableSlots::Kinds(self.localspluskinds()),
            None => VariableSlots::Counts {
                locals: self.nlocals() as usize,
                cells: self.ncellvars() as usize,
                frees: self.nfreevars() as usize,
            },
        };
        let code = Unverified {
            code: &code,
            stacksize: self.stacksize(),
            consts: self.consts().len(),
            names: self.names().len(),
            variables,
            flags: self.flags(),
            handlers: &handlers,
        };
        verifier(Self::instruction_set(), &code).map_err(Rejected::Code)
    }

    /// The same code as one that frames take. Instructions of its [units](Self::units) that push a local without counting
    /// it where that is not proven are replaced by those that count.
    ///
    /// # Errors
    ///
    /// The code, and what [`verify`](Self::verify) says of it.
    #[expect(clippy::result_large_err, reason = "the code itself comes back")]
    pub fn into_verified(self) -> Result<Verified<V>, (Code<V>, Rejected)> {
        let unproven = match self.unproven_borrows() {
            Ok(unproven) => unproven,
            Err(why) => return Err((self, why)),
        };
        for unit in unproven.into_iter().filter_map(|unit| self.units().get(unit)) {
            let instruction = unit.instruction();
            if let Some(counted) = Self::instruction_set().counted(instruction.opcode) {
                unit.set(CodeUnit::new(counted, instruction.argument).get());
            }
        }
        let nlocalsplus = self.nlocalsplus();
        Ok(Verified { code: self, nlocalsplus })
    }
}

impl<V: Vm> Verified<V> {
    /// The code object. Its units stay as they are, also those that were replaced.
    pub fn into_code(self) -> Code<V> {
        self.code
    }

    /// The instruction that begins at a unit, if it has this name.
    fn named_at(&self, unit: usize, name: &str) -> Option<Instruction> {
        let set = Code::<V>::instruction_set();
        set.decode(self.code.co_code(), unit).filter(|found| set.name(found.base) == name)
    }

    /// What a `RESUME` says.
    fn resumes(resume: &Instruction) -> Resumes {
        Resumes::of::<V::Python>(resume.argument.to_le_bytes()[0])
    }
}

impl<V: Vm> Deref for Verified<V> {
    type Target = Code<V>;

    fn deref(&self) -> &Code<V> {
        &self.code
    }
}

impl<V: Vm> fmt::Debug for Verified<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.code).finish()
    }
}

// SAFETY: nothing here can be changed but the content of units, whose number and place stay. There is at least one: the
// verifier finds that empty code runs off its end. The methods read
// fields, or decode bytes that the verifier read.
unsafe impl<V: Vm> FrameCode for Verified<V> {
    #[inline]
    fn nlocalsplus(&self) -> u32 {
        self.nlocalsplus
    }

    #[inline]
    fn stacksize(&self) -> u32 {
        self.code.stacksize()
    }

    #[inline]
    fn units(&self) -> &[CodeUnit] {
        self.code.units()
    }

    #[inline]
    fn first_traceable(&self) -> usize {
        self.code.first_traceable()
    }

    fn kind(&self, slot: u32) -> Option<u8> {
        self.code.localspluskinds().get(slot as usize).copied()
    }

    fn parameters(&self) -> u32 {
        u32::try_from(Signature::of(&self.code).slots()).unwrap_or(u32::MAX)
    }

    fn line_at(&self, lasti: i32) -> Option<i32> {
        // A table that is none tells no line.
        self.code.line_at(lasti).ok().flatten()
    }

    // CPython's compiler notes it in the `RESUME` behind the `yield`, where the frame stands from 3.13 on.
    fn is_guarded_at(&self, unit: isize) -> bool {
        let resume = usize::try_from(unit).ok().and_then(|unit| self.named_at(unit, "RESUME"));
        !resume.is_some_and(|resume| Self::resumes(&resume).is_unguarded)
    }

    // The loop is `SEND`, `YIELD_VALUE`, `RESUME` and a jump back: whoever gets to the `yield` gets to the `SEND` as well, with
    // the same depth of the stack, so the verifier was where that jumps to.
    fn after_delegation(&self, unit: u32) -> Option<u32> {
        let set = Code::<V>::instruction_set();
        let yields = self.named_at(usize::try_from(unit).ok()?, "YIELD_VALUE")?;
        let resume = self.named_at(yields.next, "RESUME").filter(|resume| Self::resumes(resume).delegates())?;
        let back = self.named_at(resume.next, "JUMP_BACKWARD_NO_INTERRUPT")?;
        let send = self.named_at(usize::try_from(set.target(&back)?).ok()?, "SEND")?;
        if send.next != yields.first {
            return None;
        }
        u32::try_from(set.target(&send)?).ok()
    }

    fn jumps(&self) -> Option<Source<'_>> {
        let set = Code::<V>::instruction_set();
        (set.minor >= 11).then(|| Source {
            set,
            code: self.code.co_code(),
            lines: self.code.line_table(),
            handlers: self.code.exception_table(),
            firstlineno: self.code.firstlineno(),
            generator: self.code.flags() & set.generator != 0,
            stacksize: self.code.stacksize(),
        })
    }

    fn handler_at(&self, unit: u32) -> Option<Handler> {
        // The table was read when the code was verified.
        self.code.handler_at(unit).ok().flatten()
    }
}
