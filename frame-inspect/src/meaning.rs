//! What an instruction's argument means, as `dis` says it.

use frame_runtime::code::{Code, Instruction, InstructionSet};
use frame_runtime::layout::Layout;
use frame_runtime::opcode::Argument;
use frame_runtime::plain::{Plain, Value};
use frame_runtime::version::Version;

use crate::repr::{name_of, repr};

/// Code and what its arguments refer to.
pub(crate) struct Meanings<'a, P: Version> {
    code: &'a Code<Plain<P>>,
    set: &'static InstructionSet,
    minor: u16,
    /// Variables by slots.
    variables: Vec<&'a Value<P>>,
    /// Where the slots of cells begin, if arguments count from there.
    cells: usize,
}

/// The instructions of a version.
pub(crate) fn instruction_set<P: Version>() -> &'static InstructionSet {
    const { &InstructionSet::new(P::LAYOUT) }
}

/// N of 3.N.
pub(crate) fn minor<P: Version>() -> u16 {
    P::LAYOUT.version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
}

/// Whether an opcode's argument means anything; other opcodes have none.
pub(crate) fn has_argument(layout: &Layout, opcode: u8) -> bool {
    layout.opcodes[usize::from(opcode)].is_none_or(|info| info.argument != Argument::None)
}

impl<'a, P: Version> Meanings<'a, P> {
    pub(crate) fn new(code: &'a Code<Plain<P>>) -> Self {
        let mut variables: Vec<&Value<P>> = code.localsplusnames().iter().collect();
        let mut cells = 0;
        if variables.is_empty() && code.qualname().is_none() {
            variables.extend(code.varnames());
            cells = variables.len();
            variables.extend(code.cellvars().chain(code.freevars()));
        }
        Meanings { code, set: instruction_set::<P>(), minor: minor::<P>(), variables, cells }
    }

    /// What the argument means; empty where nothing more is to be said than its number. What it refers to and is not there
    /// is told as such.
    pub(crate) fn of(&self, instruction: &Instruction) -> String {
        let argument = instruction.argument;
        let at = usize::try_from(argument).unwrap_or(usize::MAX);
        let opcode = self.set.name(instruction.base);
        let kind = P::LAYOUT.opcodes[usize::from(instruction.base)].map_or(Argument::Integer, |info| info.argument);
        match kind {
            Argument::None => String::new(),
            Argument::Const => self.code.consts().get(at).map_or_else(|| missing("constant"), repr),
            Argument::Name => self.name(opcode, argument),
            // The paired instructions have a variable in each four bits.
            Argument::Local if opcode.matches("_FAST").count() == 2 && !opcode.ends_with("_AND_CLEAR") => {
                format!("{}, {}", self.variable(at >> 4), self.variable(at & 15))
            }
            Argument::Local => self.variable(at),
            Argument::Free => self.variable(at.saturating_add(self.cells)),
            Argument::Compare => self.comparison(argument),
            Argument::JumpForward | Argument::JumpBackward | Argument::JumpAbsolute => {
                // It is told where the loop is that ends here; it never jumps there.
                let way = if opcode == "END_ASYNC_FOR" { "from" } else { "to" };
                self.set.target(instruction).map_or_else(String::new, |unit| format!("{way} {}", unit * 2))
            }
            Argument::Integer => self.number(opcode, argument),
        }
    }

    fn variable(&self, slot: usize) -> String {
        self.variables.get(slot).map_or_else(|| missing("variable"), |name| name_of(name))
    }

    fn name(&self, opcode: &str, argument: u32) -> String {
        // Low bits say something else.
        let bits = match opcode {
            "LOAD_GLOBAL" if self.minor >= 11 => 1,
            "LOAD_ATTR" if self.minor >= 12 => 1,
            "LOAD_SUPER_ATTR" => 2,
            "IMPORT_NAME" if self.minor >= 15 => 2,
            _ => 0,
        };
        let index = usize::try_from(argument >> bits).unwrap_or(usize::MAX);
        let name = self.code.names().get(index).map_or_else(|| missing("name"), name_of);
        match (opcode, argument & ((1 << bits) - 1)) {
            (_, 0) => name,
            // From 3.13 on the null comes behind the function.
            ("LOAD_GLOBAL", _) if self.minor >= 13 => name + " + NULL",
            ("LOAD_GLOBAL", _) => format!("NULL + {name}"),
            ("LOAD_ATTR" | "LOAD_SUPER_ATTR", low) if low & 1 == 1 && self.minor >= 13 => name + " + NULL|self",
            ("LOAD_ATTR" | "LOAD_SUPER_ATTR", low) if low & 1 == 1 => format!("NULL|self + {name}"),
            ("IMPORT_NAME", 1) => name + " + lazy",
            ("IMPORT_NAME", _) => name + " + eager",
            _ => name,
        }
    }

    fn comparison(&self, argument: u32) -> String {
        let (index, boolean) = match self.minor {
            ..=11 => (argument, false),
            12 => (argument >> 4, false),
            _ => (argument >> 5, argument & 16 != 0),
        };
        let name = group(&["cmp_op", "comparisons"], P::LAYOUT, index);
        let Some(name) = name else { return missing("comparison") };
        let symbol = match name.rsplit_once("Py_").or_else(|| name.split_once("Cmp_")).map_or(name, |(_, name)| name) {
            "LT" => "<",
            "LE" => "<=",
            "EQ" => "==",
            "NE" => "!=",
            "GT" => ">",
            "GE" => ">=",
            "IN" => "in",
            "NOT_IN" => "not in",
            "IS" => "is",
            "IS_NOT" => "is not",
            "EXC_MATCH" => "exception match",
            other => other,
        };
        if boolean { format!("bool({symbol})") } else { symbol.to_owned() }
    }

    fn number(&self, opcode: &str, argument: u32) -> String {
        let group_name = match opcode {
            "BINARY_OP" => "binary_operators",
            "CALL_INTRINSIC_1" => "intrinsics_1",
            "CALL_INTRINSIC_2" => "intrinsics_2",
            "LOAD_COMMON_CONSTANT" => "common_constants",
            "LOAD_SPECIAL" => "special_methods",
            "IS_OP" => return one_of(&["is", "is not"], argument),
            "CONTAINS_OP" => return one_of(&["in", "not in"], argument),
            "CONVERT_VALUE" => return one_of(&["", "str", "repr", "ascii"], argument),
            "FORMAT_VALUE" => {
                let conversion = one_of(&["", "str", "repr", "ascii"], argument & 3);
                return list([conversion.as_str(), if argument & 4 != 0 { "with format" } else { "" }]);
            }
            "MAKE_FUNCTION" | "SET_FUNCTION_ATTRIBUTE" => {
                let parts = ["defaults", "kwdefaults", "annotations", "closure", "annotate"];
                return list(std::array::from_fn::<_, 5, _>(
                    |bit| if argument >> bit & 1 == 1 { parts[bit] } else { "" },
                ));
            }
            _ => return String::new(),
        };
        group(&[group_name], P::LAYOUT, argument).map_or_else(|| missing("operation"), operation)
    }
}

fn one_of(words: &[&str], number: u32) -> String {
    let word = usize::try_from(number).ok().and_then(|number| words.get(number));
    word.map_or_else(|| missing("operation"), |word| (*word).to_owned())
}

/// Those that are not empty.
fn list<const N: usize>(words: [&str; N]) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The name that a number has in the first of these groups which the version has.
fn group(names: &[&str], layout: &Layout, number: u32) -> Option<&'static str> {
    let group = names.iter().find_map(|name| layout.find_numbers(name))?;
    group.values.iter().find(|(_, value)| *value == i64::from(number)).map(|(name, _)| *name)
}

/// How Python writes what has this name in C.
fn operation(name: &'static str) -> String {
    if let Some(method) = name.strip_prefix("SPECIAL_") {
        return method.to_lowercase();
    }
    let shown = match name {
        "CONSTANT_ASSERTIONERROR" => "AssertionError",
        "CONSTANT_NOTIMPLEMENTEDERROR" => "NotImplementedError",
        "CONSTANT_NONE" => "None",
        "CONSTANT_TRUE" => "True",
        "CONSTANT_FALSE" => "False",
        "CONSTANT_EMPTY_STR" => "''",
        "CONSTANT_MINUS_ONE" => "-1",
        "NB_ADD" => "+",
        "NB_AND" => "&",
        "NB_FLOOR_DIVIDE" => "//",
        "NB_LSHIFT" => "<<",
        "NB_MATRIX_MULTIPLY" => "@",
        "NB_MULTIPLY" => "*",
        "NB_REMAINDER" => "%",
        "NB_OR" => "|",
        "NB_POWER" => "**",
        "NB_RSHIFT" => ">>",
        "NB_SUBTRACT" => "-",
        "NB_TRUE_DIVIDE" => "/",
        "NB_XOR" => "^",
        "NB_INPLACE_ADD" => "+=",
        "NB_INPLACE_AND" => "&=",
        "NB_INPLACE_FLOOR_DIVIDE" => "//=",
        "NB_INPLACE_LSHIFT" => "<<=",
        "NB_INPLACE_MATRIX_MULTIPLY" => "@=",
        "NB_INPLACE_MULTIPLY" => "*=",
        "NB_INPLACE_REMAINDER" => "%=",
        "NB_INPLACE_OR" => "|=",
        "NB_INPLACE_POWER" => "**=",
        "NB_INPLACE_RSHIFT" => ">>=",
        "NB_INPLACE_SUBTRACT" => "-=",
        "NB_INPLACE_TRUE_DIVIDE" => "/=",
        "NB_INPLACE_XOR" => "^=",
        "NB_SUBSCR" => "[]",
        other => match other.strip_prefix("CONSTANT_BUILTIN_") {
            Some(builtin) => return builtin.to_lowercase(),
            None => other,
        },
    };
    shown.to_owned()
}

fn missing(what: &str) -> String {
    format!("(no such {what})")
}
