//! What is known of every opcode, whatever the version.

/// What an instruction's argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// There is none.
    None,
    /// A number that only the instruction understands.
    Integer,
    /// Index into `co_consts`.
    Const,
    /// Index into `co_names`, in some versions shifted to make room for flags.
    Name,
    /// Index of a local variable; two of four bits each in the paired instructions.
    Local,
    /// Index of a cell or free variable.
    Free,
    /// A comparison operator.
    Compare,
    /// Jump forward, counted from the next instruction (behind the caches of this one).
    JumpForward,
    /// Jump backward, counted from the next instruction (behind the caches of this one).
    JumpBackward,
    /// Jump to an address counted from the start of the code.
    JumpAbsolute,
}

/// One row of a version's opcode table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpcodeInfo {
    /// CPython's name.
    pub name: &'static str,
    /// The number.
    pub number: u8,
    /// What its argument is; a specialised or instrumented form has that of its base.
    pub argument: Argument,
    /// Code units of inline cache that follow; a specialised or instrumented form has those of its base.
    pub caches: u8,
    /// The number of the opcode that this one stands for; its own when it stands for itself.
    pub base: u8,
}

impl OpcodeInfo {
    /// A row, for the generated tables.
    pub const fn new(name: &'static str, number: u8, argument: Argument, caches: u8, base: u8) -> Self {
        OpcodeInfo { name, number, argument, caches, base }
    }
}
