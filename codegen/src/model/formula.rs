//! Stack effects as formulas in the instruction's argument.
//!
//! The language is a small part of Rust's: what is read here is printed into Rust as it stands, and evaluated here in
//! the same arithmetic to be compared with real interpreters.

use std::fmt;

use pest::Parser;
use pest::iterators::Pair;

/// The derive makes a public `Rule` without docs; a module keeps it in here.
mod grammar {
    #![allow(missing_docs, reason = "the derive documents nothing")]

    #[derive(pest_derive::Parser)]
    #[grammar = "formula.pest"]
    pub(super) struct FormulaParser;
}

use grammar::{FormulaParser, Rule};

/// A formula in `arg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// A decimal number.
    Number(i32),
    /// The instruction's argument, from 0.
    Argument,
    /// `-x`
    Negate(Box<Formula>),
    /// `popcount(x)`: how many bits are set.
    Popcount(Box<Formula>),
    /// `x + y` and the like.
    Binary(Operator, Box<Formula>, Box<Formula>),
    /// `if c { x } else { y }`
    If(Box<Formula>, Box<Formula>, Box<Formula>),
}

/// An operator; a comparison gives 1 or 0 and stands only in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `>>`
    ShiftRight,
    /// `&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `>=`
    GreaterEqual,
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::ShiftRight => ">>",
            Operator::And => "&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::GreaterEqual => ">=",
        }
    }

    fn is_comparison(self) -> bool {
        matches!(self, Operator::Equal | Operator::NotEqual | Operator::Less | Operator::GreaterEqual)
    }
}

/// What is wrong with a formula, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaError {
    /// Bytes from the start of the formula.
    pub at: usize,
    /// What was expected there.
    pub message: String,
}

/// Longer formulas are refused, so that nesting cannot exhaust the stack.
const LONGEST: usize = 200;

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    ///
    /// The text is no formula, longer than 200 bytes, or compares outside a condition.
    pub fn parse(text: &str) -> Result<Formula, FormulaError> {
        if text.len() > LONGEST {
            return Err(FormulaError { at: LONGEST, message: format!("a formula has at most {LONGEST} bytes") });
        }
        let mut pairs = FormulaParser::parse(Rule::formula, text).map_err(|error| {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            FormulaError { at, message: error.variant.message().into_owned() }
        })?;
        let expression = pairs.next().and_then(|formula| formula.into_inner().next()).expect("grammar: one expression");
        let formula = build(expression)?;
        if formula.is_condition() {
            return Err(FormulaError { at: 0, message: "a comparison is a condition, not a stack effect".to_owned() });
        }
        Ok(formula)
    }

    fn is_condition(&self) -> bool {
        matches!(self, Formula::Binary(operator, ..) if operator.is_comparison())
    }

    /// The value for an argument; `None` when it leaves 32 bits.
    pub fn evaluate(&self, argument: i32) -> Option<i32> {
        Some(match self {
            Formula::Number(number) => *number,
            Formula::Argument => argument,
            Formula::Negate(inner) => inner.evaluate(argument)?.checked_neg()?,
            Formula::Popcount(inner) => i32::try_from(inner.evaluate(argument)?.count_ones()).ok()?,
            Formula::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(argument)?, right.evaluate(argument)?);
                match operator {
                    Operator::Add => left.checked_add(right)?,
                    Operator::Subtract => left.checked_sub(right)?,
                    Operator::Multiply => left.checked_mul(right)?,
                    Operator::ShiftRight => left.checked_shr(u32::try_from(right).ok()?)?,
                    Operator::And => left & right,
                    Operator::Equal => i32::from(left == right),
                    Operator::NotEqual => i32::from(left != right),
                    Operator::Less => i32::from(left < right),
                    Operator::GreaterEqual => i32::from(left >= right),
                }
            }
            Formula::If(condition, yes, no) => {
                if condition.evaluate(argument)? != 0 {
                    yes.evaluate(argument)?
                } else {
                    no.evaluate(argument)?
                }
            }
        })
    }

    /// The constant, if the argument does not matter.
    pub fn constant(&self) -> Option<i32> {
        match self {
            Formula::Number(number) => Some(*number),
            Formula::Negate(inner) => inner.constant()?.checked_neg(),
            _ => None,
        }
    }

    fn precedence(&self) -> u8 {
        match self {
            Formula::If(..) => 0,
            Formula::Binary(operator, ..) => match operator {
                _ if operator.is_comparison() => 1,
                Operator::And => 2,
                Operator::ShiftRight => 3,
                Operator::Add | Operator::Subtract => 4,
                _ => 5,
            },
            Formula::Negate(_) => 6,
            _ => 7,
        }
    }
}

fn build(pair: Pair<'_, Rule>) -> Result<Formula, FormulaError> {
    let at = pair.as_span().start();
    match pair.as_rule() {
        Rule::number => pair
            .as_str()
            .parse()
            .map(Formula::Number)
            .map_err(|_| FormulaError { at, message: "the number leaves 32 bits".to_owned() }),
        Rule::argument => Ok(Formula::Argument),
        Rule::popcount => Ok(Formula::Popcount(Box::new(build(only(pair))?))),
        Rule::unary => {
            let mut parts: Vec<_> = pair.into_inner().collect();
            let primary = parts.pop().expect("grammar: a primary ends it");
            let mut formula = build(primary)?;
            for _ in parts {
                formula = Formula::Negate(Box::new(formula));
            }
            Ok(formula)
        }
        Rule::conditional => {
            let mut parts = pair.into_inner();
            let mut next = || parts.next().expect("grammar: three parts");
            let condition = next();
            let condition_at = condition.as_span().start();
            let condition = build(condition)?;
            if !condition.is_condition() {
                return Err(FormulaError { at: condition_at, message: "expected a comparison".to_owned() });
            }
            Ok(Formula::If(Box::new(condition), Box::new(build(next())?), Box::new(build(next())?)))
        }
        Rule::comparison | Rule::mask | Rule::shift | Rule::sum | Rule::product => {
            let mut parts = pair.into_inner();
            let mut left = build(parts.next().expect("grammar: an operand"))?;
            while let (Some(operator), Some(right)) = (parts.next(), parts.next()) {
                let at = operator.as_span().start();
                let operator = match operator.as_str() {
                    "+" => Operator::Add,
                    "-" => Operator::Subtract,
                    "*" => Operator::Multiply,
                    ">>" => Operator::ShiftRight,
                    "&" => Operator::And,
                    "==" => Operator::Equal,
                    "!=" => Operator::NotEqual,
                    "<" => Operator::Less,
                    _ => Operator::GreaterEqual,
                };
                let right = build(right)?;
                if left.is_condition() || right.is_condition() {
                    return Err(FormulaError { at, message: "a comparison stands only after `if`".to_owned() });
                }
                left = Formula::Binary(operator, Box::new(left), Box::new(right));
            }
            Ok(left)
        }
        _ => build(only(pair)),
    }
}

fn only(pair: Pair<'_, Rule>) -> Pair<'_, Rule> {
    pair.into_inner().next().expect("grammar: one inner part")
}

/// Prints Rust, with parentheses only where the meaning needs them.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operand = |f: &mut fmt::Formatter<'_>, inner: &Formula, least: u8| {
            if inner.precedence() < least { write!(f, "({inner})") } else { write!(f, "{inner}") }
        };
        match self {
            Formula::Number(number) => write!(f, "{number}"),
            Formula::Argument => f.write_str("arg"),
            Formula::Negate(inner) => {
                f.write_str("-")?;
                operand(f, inner, 6)
            }
            Formula::Popcount(inner) => write!(f, "popcount({inner})"),
            Formula::Binary(operator, left, right) => {
                // Rust readers should not have to know how `&` binds.
                let least =
                    if matches!(operator, Operator::And | Operator::ShiftRight) { 6 } else { self.precedence() };
                operand(f, left, least)?;
                write!(f, " {} ", operator.symbol())?;
                operand(f, right, least.max(self.precedence() + 1))
            }
            Formula::If(condition, yes, no) => write!(f, "if {condition} {{ {yes} }} else {{ {no} }}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, argument: i32) -> i32 {
        Formula::parse(text).expect(text).evaluate(argument).expect(text)
    }

    #[test]
    fn values() {
        assert_eq!(value("-2 - (arg & 1)", 3), -3);
        assert_eq!(value("(arg & 255) + (arg >> 8)", 0x305), 8);
        assert_eq!(value("if arg == 3 { -2 } else { -1 }", 3), -2);
        assert_eq!(value("if arg == 3 { -2 } else { -1 }", 2), -1);
        assert_eq!(value("-popcount(arg & 15)", 0xFB), -3);
        assert_eq!(value("1 - 2 * arg", 4), -7);
        assert_eq!(value("1 - 1 - 1", 0), -1);
        assert_eq!(value("if (arg & 4) == 4 { -1 } else { 0 }", 4), -1);
    }

    #[test]
    fn printing_keeps_the_meaning() {
        for text in ["-2 - (arg & 1)", "1 - (arg - 2)", "-(arg + 1) * 3", "(arg & 3) == 0", "-popcount(arg & 15)"] {
            let whole = if text.contains("==") { format!("if {text} {{ 1 }} else {{ 2 }}") } else { text.to_owned() };
            let formula = Formula::parse(&whole).expect(&whole);
            let again = Formula::parse(&formula.to_string()).expect("printed text is a formula");
            assert_eq!(formula, again, "{whole}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, at) in
            [("", 0), ("arg +", 5), ("foo", 0), ("1 & 2 == 2", 0), ("if arg { 1 } else { 2 }", 3), ("99999999999", 0)]
        {
            assert_eq!(Formula::parse(text).expect_err(text).at, at, "{text:?}");
        }
        assert!(Formula::parse(&"(".repeat(100_000)).is_err());
    }

    #[test]
    fn leaving_32_bits_is_no_value() {
        assert_eq!(Formula::parse("arg * arg").expect("formula").evaluate(i32::MAX), None);
    }
}
