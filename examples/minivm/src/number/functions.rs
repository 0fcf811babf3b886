//! The builtin functions `abs`, `round`, `divmod`, `pow`, `bin`, `hex` and `oct`. Objects of the program's classes are asked.

use frame_runtime::v3_14::number::BinaryOperator;
use num_bigint::BigInt;

use super::{Number, absolute, binary, integer, real, to_big, to_float, view};
use crate::exception::{refuse, type_error};
use crate::object::{Args, Builtin, NONE, NOT_IMPLEMENTED, Outcome, Stack, Value, float, int, string, tuple};
use crate::parameters::named;
use crate::{call, class, protocol};

/// `abs round divmod pow bin hex oct`
pub(crate) static FUNCTIONS: &[Builtin] = &[
    Builtin { name: "abs", is_method: false, call: abs },
    Builtin { name: "round", is_method: false, call: round },
    Builtin { name: "divmod", is_method: false, call: divmod },
    Builtin { name: "pow", is_method: false, call: pow },
    Builtin { name: "bin", is_method: false, call: |stack, args| in_radix(stack, "bin", args) },
    Builtin { name: "hex", is_method: false, call: |stack, args| in_radix(stack, "hex", args) },
    Builtin { name: "oct", is_method: false, call: |stack, args| in_radix(stack, "oct", args) },
];

fn abs(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value] = call::exactly(stack, "abs", args)?;
    if let Some(size) = absolute(value) {
        return Ok(size);
    }
    match special(stack, value, &stack.vm().names.__abs__) {
        Some(method) => call::call(stack, &method, std::slice::from_ref(value)),
        None => Err(type_error(stack, format!("bad operand type for abs(): '{}'", name(stack, value)))),
    }
}

fn special(stack: &Stack, value: &Value, name: &Value) -> Option<Value> {
    class::special(stack.vm(), value, name)
}

fn name(stack: &Stack, value: &Value) -> String {
    class::type_name(stack.vm(), value).into_owned()
}

fn round(stack: &Stack, args: Args<'_>) -> Outcome {
    let [value, digits] = named(stack, "round", ["number", "ndigits"], 1, args)?;
    let Some(value) = value else { return Ok(NONE) };
    let digits = digits.filter(|digits| **digits != NONE);
    let number = match view(value) {
        Some(number) => number,
        None => return round_object(stack, value, digits),
    };
    let Some(digits) = digits else {
        return match number {
            Number::Small(small) => Ok(int(small)),
            Number::Big(_) => Ok(value.clone()),
            Number::Real(real) => real::round_to_int(stack, real),
        };
    };
    let digits = protocol::index(stack, digits)?;
    let digits = super::clamped(&digits).unwrap_or_default();
    match number {
        Number::Small(small) => integer::round(stack, &BigInt::from(small), digits),
        Number::Big(big) => integer::round(stack, big, digits),
        Number::Real(real) => real::round(stack, real, digits),
    }
}

fn round_object(stack: &Stack, value: &Value, digits: Option<&Value>) -> Outcome {
    let Some(method) = special(stack, value, &stack.vm().names.__round__) else {
        return Err(type_error(stack, format!("type {} doesn't define __round__ method", name(stack, value))));
    };
    match digits {
        Some(digits) => call::call(stack, &method, &[value.clone(), digits.clone()]),
        None => call::call(stack, &method, std::slice::from_ref(value)),
    }
}

fn divmod(stack: &Stack, args: Args<'_>) -> Outcome {
    let [left, right] = call::exactly(stack, "divmod", args)?;
    match (view(left), view(right)) {
        (Some(l), Some(r)) => divmod_numbers(stack, left, right, l, r),
        _ => divmod_objects(stack, left, right),
    }
}

fn divmod_numbers(stack: &Stack, left: &Value, right: &Value, l: Number<'_>, r: Number<'_>) -> Outcome {
    if matches!(l, Number::Real(_)) || matches!(r, Number::Real(_)) {
        let (quotient, rest) = real::divide(stack, to_float(stack, l)?, to_float(stack, r)?)?;
        return Ok(tuple([float(quotient), float(rest)]));
    }
    let compute = |operator| binary(stack, operator, left, right).unwrap_or(Ok(NOT_IMPLEMENTED));
    Ok(tuple([compute(BinaryOperator::FloorDivide)?, compute(BinaryOperator::Remainder)?]))
}

/// Asks the left one, then the right one; the right one first if its class derives from the left one's.
fn divmod_objects(stack: &Stack, left: &Value, right: &Value) -> Outcome {
    let vm = stack.vm();
    let (left_class, right_class) = (class::class_of(vm, left), class::class_of(vm, right));
    let same = left_class.is(right_class);
    let forward = special(stack, left, &vm.names.__divmod__);
    let reflected = vm.name("__rdivmod__");
    let backward = special(stack, right, &reflected).filter(|_| !same);
    let inherited = special(stack, left, &reflected);
    let overrides = backward.as_ref().is_some_and(|method| inherited.is_none_or(|inherited| !inherited.is(method)));
    let mut attempts = [forward.map(|method| (method, left, right)), backward.map(|method| (method, right, left))];
    if !same && overrides && class::is_subclass(right_class, left_class) {
        attempts.reverse();
    }
    for (method, receiver, other) in attempts.into_iter().flatten() {
        let answer = call::call(stack, &method, &[receiver.clone(), other.clone()])?;
        if answer != NOT_IMPLEMENTED {
            return Ok(answer);
        }
    }
    let (left, right) = (name(stack, left), name(stack, right));
    Err(type_error(stack, format!("unsupported operand type(s) for divmod(): '{left}' and '{right}'")))
}

fn pow(stack: &Stack, args: Args<'_>) -> Outcome {
    let [base, exponent, modulus] = named(stack, "pow", ["base", "exp", "mod"], 2, args)?;
    let (Some(base), Some(exponent)) = (base, exponent) else { return Ok(NONE) };
    match modulus.filter(|modulus| **modulus != NONE) {
        None => protocol::binary(stack, BinaryOperator::Power, base, exponent),
        Some(modulus) => pow_modulo(stack, base, exponent, modulus),
    }
}

fn pow_modulo(stack: &Stack, base: &Value, exponent: &Value, modulus: &Value) -> Outcome {
    let all = [base, exponent, modulus];
    if let [Some(base), Some(exponent), Some(modulus)] = all.map(to_big) {
        return integer::power_modulo(stack, &base, &exponent, &modulus);
    }
    let names = &stack.vm().names;
    let has = |value: &Value, name| special(stack, value, name).is_some();
    if all.iter().any(|value| has(value, &names.__pow__) || has(value, &names.__rpow__)) {
        return Err(refuse(stack, "pow() of objects with a third argument"));
    }
    let is_real = |value: &Value| matches!(view(value), Some(Number::Real(_)));
    // Whoever of them is a float has its say.
    if all.iter().any(|value| is_real(value)) {
        return Err(type_error(stack, "pow() 3rd argument not allowed unless all arguments are integers"));
    }
    let [base, exponent, modulus] = all.map(|value| name(stack, value));
    let text = format!("unsupported operand type(s) for ** or pow(): '{base}', '{exponent}', '{modulus}'");
    Err(type_error(stack, text))
}

fn in_radix(stack: &Stack, function: &str, args: Args<'_>) -> Outcome {
    let [value] = call::exactly(stack, function, args)?;
    let index = protocol::index(stack, value)?;
    let Some(value) = to_big(&index) else { return Ok(index) };
    let (prefix, radix) = match function {
        "bin" => ("0b", 2),
        "oct" => ("0o", 8),
        _ => ("0x", 16),
    };
    let sign = if value < BigInt::ZERO { "-" } else { "" };
    Ok(string(format!("{sign}{prefix}{}", value.magnitude().to_str_radix(radix))))
}
