//! What instructions take from the stack, where they go on, and what their operands must be: by their names.
//!
//! Net effects on the stack come from the layout; what is here is what a net effect does not say.

/// What the verifier knows of an opcode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Entries that must be there.
    pub(super) popped: Popped,
    /// How many of these are gone when it raises; `None`: all of them.
    pub(super) taken: Option<u8>,
    /// Whether it can raise, of itself.
    pub(super) raises: bool,
    /// Its net effect, where that is not what the layout says.
    pub(super) effect: Effect,
    /// Where it goes on.
    pub(super) flow: Flow,
    /// What its operand must be.
    pub(super) operand: Operand,
    /// Which of the entries that it takes or looks at are there afterwards.
    pub(super) left: Left,
    /// What it does to local variables.
    pub(super) slots: Slots,
}

/// Which of the entries that an instruction takes or looks at are there afterwards; all others that it leaves are its
/// own. Only where references can be borrowed, from 3.14 on, more than [`Taken`](Left::Taken) is said.
///
/// Source: `optimize_load_fast`, Python/flowgraph.c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// None.
    Taken,
    /// All but so many on the top stay where they are, or come again there.
    Below(u8),
    /// The topmost one may come again, so many above where the lowest one was.
    Top(u8),
    /// One is copied to the top.
    Copy,
    /// One changes places with the topmost one.
    Swap,
}

/// What an instruction does to local variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// It changes none, and pushes none that it does not count.
    Keeps,
    /// It pushes one without counting it. The opcode of this name does the same and counts.
    Borrows(&'static str),
    /// The same with two, of four bits of the operand each, the upper ones first.
    BorrowsPair(&'static str),
    /// It changes one. What a changing instruction takes from the stack goes into the variable.
    Changes,
    /// It changes that of the upper bits of a pair.
    ChangesFirst,
    /// It changes both of a pair.
    ChangesPair,
    /// It changes the free variables.
    ChangesFree,
}

impl Slots {
    /// Whether it pushes what it does not count.
    pub(super) const fn borrows(self) -> bool {
        matches!(self, Slots::Borrows(_) | Slots::BorrowsPair(_))
    }
}

/// A net effect on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The layout's.
    Layout,
    /// A number.
    Fixed(i8),
    /// Two more than the operand are popped, and a result is pushed.
    Call,
}

/// How many entries from the top an instruction takes or looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Popped {
    /// Always.
    fixed: u8,
    /// For each of the operand.
    times: u8,
    /// One for each of these bits that is set in the operand.
    bits: u8,
}

impl Popped {
    pub(super) const fn of(self, argument: u32) -> u64 {
        let bits = (argument & self.bits as u32).count_ones() as u64;
        self.fixed as u64 + self.times as u64 * argument as u64 + bits
    }
}

/// Where an instruction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// At the next one.
    Next,
    /// At its target.
    Jump,
    /// At the next one or at its target.
    Branch,
    /// At the next one, or at the end of its loop.
    Loop,
    /// At the next one; its operand leads back to the `END_SEND` of its loop, for those who watch branches.
    AsyncLoopEnd,
    /// At the next one; its target is a handler.
    Block,
    /// At its target, and when that ends at the next one.
    Finally,
    /// Nowhere: it returns or raises.
    Stop,
    /// At the next one, when what it made is sent a value.
    MakeGenerator,
    /// At the next one, when the generator is sent a value.
    Yield,
    /// It is part of the next one.
    Prefix,
    /// It never stands in a code object's `co_code`.
    Never,
    /// Nobody has said what it does.
    Unknown,
}

/// What an operand must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// Anything, also without meaning.
    Any,
    /// Index of a constant.
    Const,
    /// Index of a name, shifted to the left by so many bits.
    Name(u8),
    /// Index of a variable.
    Local,
    /// Two indexes of variables, of four bits each.
    Pair,
    /// Index of a variable that is a cell or free.
    Free,
    /// Index of a variable that is a cell.
    Cell,
    /// The number of free variables.
    FreeCount,
    /// A comparison, shifted to the left by so many bits.
    Compare(u8),
    /// A value of the group.
    Of(Group),
    /// From, to, both included.
    Within(u32, u32),
    /// One of these bits.
    OneBit(u32),
}

/// Groups of numbers that operands are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// `binary_operators`
    Binary,
    /// `intrinsics_1`
    Intrinsic1,
    /// `intrinsics_2`
    Intrinsic2,
    /// `common_constants`
    CommonConstant,
    /// `special_methods`
    SpecialMethod,
    /// `comparisons`, in 3.8 `cmp_op`
    Comparison,
}

impl Rule {
    const fn new(popped: u8) -> Rule {
        let popped = Popped { fixed: popped, times: 0, bits: 0 };
        Rule {
            popped,
            taken: None,
            raises: true,
            effect: Effect::Layout,
            flow: Flow::Next,
            operand: Operand::Any,
            left: Left::Taken,
            slots: Slots::Keeps,
        }
    }

    const fn times(mut self, times: u8) -> Rule {
        self.popped.times = times;
        self
    }

    const fn bits(mut self, bits: u8) -> Rule {
        self.popped.bits = bits;
        self
    }

    const fn takes(mut self, taken: u8) -> Rule {
        self.taken = Some(taken);
        self
    }

    const fn has(mut self, effect: Effect) -> Rule {
        self.effect = effect;
        self
    }

    const fn quiet(mut self) -> Rule {
        self.raises = false;
        self
    }

    const fn goes(mut self, flow: Flow) -> Rule {
        self.flow = flow;
        self
    }

    const fn needs(mut self, operand: Operand) -> Rule {
        self.operand = operand;
        self
    }

    const fn leaves(mut self, left: Left) -> Rule {
        self.left = left;
        self
    }

    const fn does(mut self, slots: Slots) -> Rule {
        self.slots = slots;
        self
    }

    /// The rule of an opcode that stands for itself, in version 3.`minor`.
    ///
    /// Source: Python/ceval.c (3.8 to 3.11), Python/bytecodes.c (from 3.12 on); from 3.13 on `_PyOpcode_num_popped`,
    /// Include/internal/pycore_opcode_metadata.h, says the same of the number of entries.
    pub(super) const fn of(name: &str, minor: u16) -> Rule {
        use Flow::*;
        use Left::{Below, Top};
        use Operand::*;
        use Slots::*;

        const fn plain(popped: u8) -> Rule {
            Rule::new(popped)
        }

        match name.as_bytes() {
            b"EXTENDED_ARG" => plain(0).goes(Prefix),
            b"CACHE"
            | b"RESERVED"
            | b"INTERPRETER_EXIT"
            | b"ENTER_EXECUTOR"
            | b"TRACE_RECORD"
            | b"DO_TRACING"
            | b"INSTRUMENTED_LINE"
            | b"INSTRUMENTED_INSTRUCTION" => plain(0).goes(Never),

            // Nothing, or only what lies outside the stack.
            b"NOP"
            | b"NOT_TAKEN"
            | b"RESUME"
            | b"PUSH_NULL"
            | b"LOAD_BUILD_CLASS"
            | b"LOAD_ASSERTION_ERROR"
            | b"LOAD_LOCALS"
            | b"LOAD_SMALL_INT"
            | b"SETUP_ANNOTATIONS"
            | b"POP_BLOCK"
            | b"BEGIN_FINALLY" => plain(0),
            b"KW_NAMES" | b"LOAD_CONST" => plain(0).needs(Const),
            b"LOAD_NAME" | b"DELETE_NAME" | b"DELETE_GLOBAL" => plain(0).needs(Name(0)),
            b"LOAD_GLOBAL" => plain(0).needs(Name(if minor >= 11 { 1 } else { 0 })),
            b"LOAD_FAST" | b"LOAD_FAST_CHECK" => plain(0).needs(Local),
            b"LOAD_FAST_LOAD_FAST" => plain(0).needs(Pair),
            b"LOAD_FAST_BORROW" => plain(0).needs(Local).does(Borrows("LOAD_FAST")),
            b"LOAD_FAST_BORROW_LOAD_FAST_BORROW" => plain(0).needs(Pair).does(BorrowsPair("LOAD_FAST_LOAD_FAST")),
            b"LOAD_FAST_AND_CLEAR" | b"DELETE_FAST" => plain(0).needs(Local).does(Changes),
            b"LOAD_CLOSURE" | b"LOAD_DEREF" | b"DELETE_DEREF" | b"LOAD_CLASSDEREF" => plain(0).needs(Free),
            // From 3.12 on a comprehension that was inlined may borrow the slot of a free variable.
            b"MAKE_CELL" => plain(0).needs(if minor >= 12 { Free } else { Cell }).does(Changes),
            b"COPY_FREE_VARS" => plain(0).needs(FreeCount).does(ChangesFree),
            b"LOAD_COMMON_CONSTANT" => plain(0).quiet().needs(Of(Group::CommonConstant)),
            b"GEN_START" => plain(1).needs(Within(0, 2)),

            // One entry.
            b"POP_TOP" | b"PRINT_EXPR" | b"IMPORT_STAR" => plain(1),
            b"UNARY_POSITIVE" | b"UNARY_NEGATIVE" | b"UNARY_NOT" | b"UNARY_INVERT" | b"GET_AITER"
            | b"LIST_TO_TUPLE" | b"ASYNC_GEN_WRAP" | b"BEFORE_WITH" | b"BEFORE_ASYNC_WITH" | b"EXIT_INIT_CHECK" => {
                plain(1)
            }
            // What they find may be what they are asked for.
            b"TO_BOOL" | b"FORMAT_SIMPLE" | b"GET_AWAITABLE" | b"GET_YIELD_FROM_ITER" => plain(1).leaves(Below(0)),
            // 3.15 leaves what it iterates over by an index.
            b"GET_ITER" if minor >= 15 => plain(1).needs(Within(0, 3)).leaves(Below(0)),
            b"GET_ITER" => plain(1),
            b"CONVERT_VALUE" => plain(1).needs(Within(1, 3)),
            b"FORMAT_VALUE" => plain(1).bits(4),
            b"CALL_INTRINSIC_1" => plain(1).needs(Of(Group::Intrinsic1)),
            b"LOAD_SPECIAL" => plain(1).needs(Of(Group::SpecialMethod)).leaves(Top(1)),
            b"UNPACK_SEQUENCE" | b"UNPACK_EX" => plain(1),
            b"STORE_FAST" => plain(1).needs(Local).does(Changes),
            b"STORE_FAST_LOAD_FAST" => plain(1).needs(Pair).does(ChangesFirst),
            b"STORE_DEREF" | b"LOAD_FROM_DICT_OR_DEREF" => plain(1).needs(Free),
            b"STORE_NAME" | b"STORE_GLOBAL" | b"DELETE_ATTR" | b"LOAD_METHOD" | b"LOAD_FROM_DICT_OR_GLOBALS" => {
                plain(1).needs(Name(0))
            }
            b"LOAD_ATTR" => plain(1).needs(Name(if minor >= 12 { 1 } else { 0 })).leaves(Top(1)),
            b"DUP_TOP" => plain(1).takes(0),

            // Looked at, and left where it is.
            b"GET_ANEXT" | b"GET_LEN" | b"MATCH_MAPPING" | b"MATCH_SEQUENCE" => plain(1).takes(0).leaves(Below(0)),
            b"IMPORT_FROM" => plain(1).takes(0).needs(Name(0)).leaves(Below(0)),
            b"MATCH_KEYS" => plain(2).takes(0).leaves(Below(0)),
            b"COPY_DICT_WITHOUT_KEYS" | b"DUP_TOP_TWO" | b"ROT_TWO" => plain(2).takes(0),
            b"ROT_THREE" => plain(3).takes(0),
            b"ROT_FOUR" => plain(4).takes(0),
            b"COPY" => plain(0).times(1).takes(0).needs(Within(1, u32::MAX)).leaves(Left::Copy),
            b"SWAP" => plain(0).times(1).takes(0).needs(Within(1, u32::MAX)).leaves(Left::Swap),
            b"ROT_N" => plain(0).times(1).takes(0).needs(Within(1, u32::MAX)),
            b"LIST_APPEND" | b"LIST_EXTEND" | b"SET_ADD" | b"SET_UPDATE" | b"DICT_UPDATE" => {
                plain(1).times(1).takes(1).needs(Within(1, u32::MAX)).leaves(Below(1))
            }
            b"MAP_ADD" => plain(2).times(1).takes(2).needs(Within(1, u32::MAX)).leaves(Below(2)),
            // The function that is called lies below, for the message.
            b"DICT_MERGE" => {
                plain(if minor >= 13 { 4 } else { 3 }).times(1).takes(1).needs(Within(1, u32::MAX)).leaves(Below(1))
            }

            // Two and more.
            b"BINARY_ADD"
            | b"BINARY_AND"
            | b"BINARY_FLOOR_DIVIDE"
            | b"BINARY_LSHIFT"
            | b"BINARY_MATRIX_MULTIPLY"
            | b"BINARY_MODULO"
            | b"BINARY_MULTIPLY"
            | b"BINARY_OR"
            | b"BINARY_POWER"
            | b"BINARY_RSHIFT"
            | b"BINARY_SUBSCR"
            | b"BINARY_SUBTRACT"
            | b"BINARY_TRUE_DIVIDE"
            | b"BINARY_XOR"
            | b"INPLACE_ADD"
            | b"INPLACE_AND"
            | b"INPLACE_FLOOR_DIVIDE"
            | b"INPLACE_LSHIFT"
            | b"INPLACE_MATRIX_MULTIPLY"
            | b"INPLACE_MODULO"
            | b"INPLACE_MULTIPLY"
            | b"INPLACE_OR"
            | b"INPLACE_POWER"
            | b"INPLACE_RSHIFT"
            | b"INPLACE_SUBTRACT"
            | b"INPLACE_TRUE_DIVIDE"
            | b"INPLACE_XOR"
            | b"DELETE_SUBSCR"
            | b"FORMAT_WITH_SPEC"
            | b"BUILD_TEMPLATE"
            | b"PREP_RERAISE_STAR"
            | b"CHECK_EG_MATCH" => plain(2),
            // 3.12 pops the iterator too.
            b"END_FOR" => plain(if minor >= 13 { 1 } else { 2 }).quiet(),
            b"CHECK_EXC_MATCH" => plain(2).takes(1).leaves(Below(1)),
            b"BINARY_OP" => plain(2).needs(Of(Group::Binary)),
            b"COMPARE_OP" => plain(2).needs(Compare(match minor {
                0..=11 => 0,
                12 => 4,
                _ => 5,
            })),
            b"IS_OP" | b"CONTAINS_OP" => plain(2).needs(Within(0, 1)),
            b"CALL_INTRINSIC_2" => plain(2).needs(Of(Group::Intrinsic2)),
            b"STORE_FAST_STORE_FAST" => plain(2).needs(Pair).does(ChangesPair),
            b"STORE_ATTR" => plain(2).needs(Name(0)),
            // 3.15: two bits say whether the import is lazy.
            b"IMPORT_NAME" => plain(2).needs(Name(if minor >= 15 { 2 } else { 0 })),
            b"SET_FUNCTION_ATTRIBUTE" => plain(2).needs(OneBit(if minor >= 14 { 31 } else { 15 })).leaves(Top(0)),
            b"STORE_SUBSCR" | b"BINARY_SLICE" | b"MATCH_CLASS" => plain(3),
            b"LOAD_SUPER_ATTR" => plain(3).needs(Name(2)).leaves(Top(1)),
            b"STORE_SLICE" => plain(4),
            b"BUILD_TUPLE"
            | b"BUILD_LIST"
            | b"BUILD_SET"
            | b"BUILD_STRING"
            | b"BUILD_LIST_UNPACK"
            | b"BUILD_MAP_UNPACK"
            | b"BUILD_MAP_UNPACK_WITH_CALL"
            | b"BUILD_SET_UNPACK"
            | b"BUILD_TUPLE_UNPACK"
            | b"BUILD_TUPLE_UNPACK_WITH_CALL" => plain(0).times(1),
            b"BUILD_SLICE" => plain(0).times(1).needs(Within(2, 3)),
            b"BUILD_MAP" => plain(0).times(2),
            b"BUILD_CONST_KEY_MAP" => plain(1).times(1),
            b"BUILD_INTERPOLATION" => plain(2).bits(1),
            b"MAKE_FUNCTION" if minor >= 13 => plain(1),
            b"MAKE_FUNCTION" => plain(if minor >= 11 { 1 } else { 2 }).bits(15).needs(Within(0, 15)),

            // Calls.
            b"CALL_FUNCTION" => plain(1).times(1),
            b"CALL_METHOD" | b"CALL_FUNCTION_KW" => plain(2).times(1),
            // The compiler of 3.11 counts the arguments at PRECALL.
            b"PRECALL" => plain(2).times(1).takes(0).has(Effect::Fixed(0)),
            b"CALL" => plain(2).times(1).has(Effect::Call),
            b"CALL_KW" => plain(3).times(1),
            b"CALL_FUNCTION_EX" => match minor {
                0..=10 => plain(2).bits(1),
                11..=13 => plain(3).bits(1),
                _ => plain(4),
            },

            // Exceptions and blocks. Before 3.11 what an exception pushes counts as six entries, also where there is
            // none.
            b"PUSH_EXC_INFO" => plain(1).takes(0).leaves(Top(1)),
            b"POP_EXCEPT" if minor >= 11 => plain(1).takes(0),
            b"POP_EXCEPT" => plain(3),
            b"WITH_EXCEPT_START" => match minor {
                0..=10 => plain(7).takes(0),
                11..=13 => plain(4).takes(0),
                _ => plain(5).takes(0).leaves(Below(0)),
            },
            b"CLEANUP_THROW" => plain(if minor >= 15 { 4 } else { 3 }),
            // What it raises is the exception that it took; the iterator stays.
            b"END_ASYNC_FOR" if minor >= 14 => plain(2).takes(1).goes(AsyncLoopEnd),
            b"END_ASYNC_FOR" if minor >= 11 => plain(2).takes(1),
            b"END_ASYNC_FOR" => plain(7),
            b"END_FINALLY" => plain(6),
            b"POP_FINALLY" => plain(6).bits(1).needs(Within(0, 1)),
            b"WITH_CLEANUP_START" => plain(7),
            b"WITH_CLEANUP_FINISH" => plain(9),
            b"CALL_FINALLY" => plain(0).goes(Finally),
            b"SETUP_FINALLY" => plain(0).goes(Block),
            b"SETUP_WITH" | b"SETUP_ASYNC_WITH" => plain(1).goes(Block),

            // Loops, jumps, ends.
            b"FOR_ITER" => plain(if minor >= 15 { 2 } else { 1 }).takes(0).leaves(Below(0)).goes(Loop),
            b"POP_ITER" => plain(if minor >= 15 { 2 } else { 1 }).quiet(),
            b"SEND" => plain(if minor >= 15 { 3 } else { 2 }).takes(1).leaves(Below(1)).goes(Branch),
            b"END_SEND" => plain(if minor >= 15 { 3 } else { 2 }).leaves(Top(0)),
            b"JUMP_FORWARD" | b"JUMP_ABSOLUTE" | b"JUMP_BACKWARD" | b"JUMP_BACKWARD_NO_INTERRUPT" => {
                plain(0).goes(Jump)
            }
            b"JUMP_IF_FALSE_OR_POP" | b"JUMP_IF_TRUE_OR_POP" => plain(1).takes(0).goes(Branch),
            b"JUMP_IF_NOT_EXC_MATCH" => plain(2).goes(Branch),
            b"POP_JUMP_IF_FALSE"
            | b"POP_JUMP_IF_TRUE"
            | b"POP_JUMP_IF_NONE"
            | b"POP_JUMP_IF_NOT_NONE"
            | b"POP_JUMP_FORWARD_IF_FALSE"
            | b"POP_JUMP_FORWARD_IF_TRUE"
            | b"POP_JUMP_FORWARD_IF_NONE"
            | b"POP_JUMP_FORWARD_IF_NOT_NONE"
            | b"POP_JUMP_BACKWARD_IF_FALSE"
            | b"POP_JUMP_BACKWARD_IF_TRUE"
            | b"POP_JUMP_BACKWARD_IF_NONE"
            | b"POP_JUMP_BACKWARD_IF_NOT_NONE" => plain(1).goes(Branch),
            // Until 3.12 the compiler does not count the value that the first send brings.
            b"RETURN_GENERATOR" => plain(0).has(Effect::Fixed(1)).goes(MakeGenerator),
            // What is thrown into a generator comes behind the value that it is sent with.
            b"YIELD_VALUE" => plain(1).takes(0).goes(Yield),
            b"YIELD_FROM" => plain(2).goes(Yield),
            b"RETURN_VALUE" => plain(1).quiet().goes(Stop),
            b"RETURN_CONST" => plain(0).goes(Stop).needs(Const),
            b"RAISE_VARARGS" => plain(0).times(1).goes(Stop).needs(Within(0, 2)),
            b"RERAISE" if minor >= 11 => plain(1).times(1).takes(1).goes(Stop),
            b"RERAISE" => plain(3).goes(Stop),
            _ => plain(0).goes(Unknown),
        }
    }
}
