//! Operators of one and two operands.
//!
//! For `left + right` numbers are added; else the class of `left` is asked for `__add__`, then that of `right` for `__radd__`, or
//! first if it derives from the left one's; then sequences are concatenated. `left += right` asks for `__iadd__` before.

use frame_runtime::v3_14::number::BinaryOperator::{self, *};

use crate::class::{self, class_of, is_subclass, special, special_of, type_name};
use crate::exception::{refuse, type_error};
use crate::object::{NONE, NOT_IMPLEMENTED, Object, Outcome, Stack, Value, string};
use crate::vm::Mini;
use crate::{call, dict, format, number, sequence, set};

/// What an operator is called.
struct Names<'a> {
    symbol: &'static str,
    method: &'a Value,
    /// Of the right operand.
    reflected: &'a Value,
    in_place: &'a Value,
}

fn names(vm: &Mini, operator: BinaryOperator) -> Option<Names<'_>> {
    let n = &vm.names;
    let (symbol, method, reflected, in_place) = match operator {
        Add => ("+", &n.__add__, &n.__radd__, &n.__iadd__),
        And => ("&", &n.__and__, &n.__rand__, &n.__iand__),
        FloorDivide => ("//", &n.__floordiv__, &n.__rfloordiv__, &n.__ifloordiv__),
        Lshift => ("<<", &n.__lshift__, &n.__rlshift__, &n.__ilshift__),
        MatrixMultiply => ("@", &n.__matmul__, &n.__rmatmul__, &n.__imatmul__),
        Multiply => ("*", &n.__mul__, &n.__rmul__, &n.__imul__),
        Remainder => ("%", &n.__mod__, &n.__rmod__, &n.__imod__),
        Or => ("|", &n.__or__, &n.__ror__, &n.__ior__),
        Power => ("**", &n.__pow__, &n.__rpow__, &n.__ipow__),
        Rshift => (">>", &n.__rshift__, &n.__rrshift__, &n.__irshift__),
        Subtract => ("-", &n.__sub__, &n.__rsub__, &n.__isub__),
        TrueDivide => ("/", &n.__truediv__, &n.__rtruediv__, &n.__itruediv__),
        Xor => ("^", &n.__xor__, &n.__rxor__, &n.__ixor__),
        _ => return None,
    };
    Some(Names { symbol, method, reflected, in_place })
}

/// The operator without its `=`, and whether it had one.
fn without_assignment(operator: BinaryOperator) -> (BinaryOperator, bool) {
    let plain = match operator {
        InplaceAdd => Add,
        InplaceAnd => And,
        InplaceFloorDivide => FloorDivide,
        InplaceLshift => Lshift,
        InplaceMatrixMultiply => MatrixMultiply,
        InplaceMultiply => Multiply,
        InplaceRemainder => Remainder,
        InplaceOr => Or,
        InplacePower => Power,
        InplaceRshift => Rshift,
        InplaceSubtract => Subtract,
        InplaceTrueDivide => TrueDivide,
        InplaceXor => Xor,
        operator => return (operator, false),
    };
    (plain, true)
}

/// `left + right`, `left += right`, `left[right]`
pub(crate) fn binary(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Outcome {
    let (plain, is_in_place) = without_assignment(operator);
    if let Some(result) = number::binary(stack, plain, left, right) {
        return result;
    }
    let Some(names) = names(stack.vm(), plain) else { return super::get_item(stack, left, right) };
    if is_in_place && let Some(method) = special(stack.vm(), left, names.in_place) {
        let result = call::call(stack, &method, &[left.clone(), right.clone()])?;
        if result != NOT_IMPLEMENTED {
            return Ok(result);
        }
    }
    // Some builtin types take anything on their right, before that is asked.
    if takes_anything(operator, left)
        && let Some(result) = by_containers(stack, operator, left, right)
    {
        return result;
    }
    if let Some(result) = by_methods(stack, &names, left, right)? {
        return Ok(result);
    }
    match by_containers(stack, operator, left, right) {
        Some(result) if result != Ok(NOT_IMPLEMENTED) => result,
        _ => Err(unsupported(stack, names.symbol, is_in_place, left, right)),
    }
}

/// `dict |= pairs`, `dict.keys() & iterable`, `"%d" % number`
fn takes_anything(operator: BinaryOperator, left: &Value) -> bool {
    match left.object() {
        Some(Object::Dict(_)) => operator == InplaceOr,
        Some(Object::View(_)) => true,
        Some(Object::Str(_) | Object::Bytes(_)) => matches!(operator, Remainder | InplaceRemainder),
        _ => false,
    }
}

fn by_containers(stack: &Stack, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Outcome> {
    match (operator, left.object()) {
        (Remainder | InplaceRemainder, Some(Object::Str(text))) => {
            Some(format::format_values(stack, text.as_str(), right).map(string))
        }
        (Remainder | InplaceRemainder, Some(Object::Bytes(_))) => {
            Some(Err(refuse(stack, "the formatting of bytes by %")))
        }
        // `int | str` is a type of both.
        (Or | InplaceOr, Some(Object::Class(_))) => Some(Err(refuse(stack, "a union of types"))),
        (Or | InplaceOr, _) if *left == NONE && matches!(right.object(), Some(Object::Class(_))) => {
            Some(Err(refuse(stack, "a union of types")))
        }
        (InplaceOr, Some(Object::MappingProxy(_))) => {
            Some(Err(type_error(stack, "'|=' is not supported by mappingproxy; use '|' instead")))
        }
        (Or, Some(Object::MappingProxy(dict))) => Some(binary(stack, operator, dict, right)),
        (Or, _) if let Some(dict) = class::shown(right) => Some(binary(stack, operator, left, dict)),
        (InplaceOr, Some(Object::Locals(content))) => {
            let is_taken = crate::locals::inplace_or(stack, content, right);
            Some(is_taken.map(|is_taken| if is_taken { left.clone() } else { NOT_IMPLEMENTED }))
        }
        (Or, Some(Object::Locals(_))) => Some(crate::locals::or(stack, left, right)),
        (Or, _) if matches!(right.object(), Some(Object::Locals(_))) => Some(crate::locals::or(stack, left, right)),
        _ => set::binary(stack, operator, left, right)
            .or_else(|| dict::binary(stack, operator, left, right))
            .or_else(|| sequence::binary(stack, operator, left, right)),
    }
}

/// What the operands' classes say, if they are the program's. `None`: they have no such methods, or these do not know.
fn by_methods(stack: &Stack, names: &Names<'_>, left: &Value, right: &Value) -> Outcome<Option<Value>> {
    let vm = stack.vm();
    let (left_class, right_class) = (class_of(vm, left), class_of(vm, right));
    let method = special(vm, left, names.method);
    let mut reflected = None;
    if !left_class.is(right_class) {
        reflected = special(vm, right, names.reflected);
    }
    // The class that derives from the other one goes first, if it changed the method.
    let knows_better = |method: &Value| {
        is_subclass(right_class, left_class)
            && special_of(left_class, names.reflected).is_none_or(|inherited| !inherited.is(method))
    };
    if reflected.as_ref().is_some_and(knows_better)
        && let Some(first) = reflected.take()
    {
        let result = call::call(stack, &first, &[right.clone(), left.clone()])?;
        if result != NOT_IMPLEMENTED {
            return Ok(Some(result));
        }
    }
    if let Some(method) = method {
        let result = call::call(stack, &method, &[left.clone(), right.clone()])?;
        if result != NOT_IMPLEMENTED {
            return Ok(Some(result));
        }
    }
    if let Some(reflected) = reflected {
        let result = call::call(stack, &reflected, &[right.clone(), left.clone()])?;
        if result != NOT_IMPLEMENTED {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

fn unsupported(stack: &Stack, symbol: &str, is_in_place: bool, left: &Value, right: &Value) -> Value {
    let symbol = match (symbol, is_in_place) {
        ("**", false) => "** or pow()".to_owned(),
        (symbol, false) => symbol.to_owned(),
        (symbol, true) => format!("{symbol}="),
    };
    let (left_name, right_name) = (type_name(stack.vm(), left), type_name(stack.vm(), right));
    let mut text = format!("unsupported operand type(s) for {symbol}: '{left_name}' and '{right_name}'");
    if symbol == ">>" && matches!(left.object(), Some(Object::Builtin(builtin)) if builtin.name == "print") {
        text += ". Did you mean \"print(<message>, file=<output_stream>)\"?";
    }
    type_error(stack, text)
}

/// `-value`
pub(crate) fn negative(stack: &Stack, value: &Value) -> Outcome {
    match number::negative(stack, value) {
        Some(result) => result,
        None => unary(stack, value, &stack.vm().names.__neg__, "-"),
    }
}

/// `~value`
pub(crate) fn invert(stack: &Stack, value: &Value) -> Outcome {
    match number::invert(stack, value) {
        Some(result) => result,
        None => unary(stack, value, &stack.vm().names.__invert__, "~"),
    }
}

/// `+value`
pub(crate) fn positive(stack: &Stack, value: &Value) -> Outcome {
    match number::positive(value) {
        Some(result) => Ok(result),
        None => unary(stack, value, &stack.vm().names.__pos__, "+"),
    }
}

fn unary(stack: &Stack, value: &Value, name: &Value, symbol: &str) -> Outcome {
    match special(stack.vm(), value, name) {
        Some(method) => call::call(stack, &method, std::slice::from_ref(value)),
        None => {
            let name = class::type_name(stack.vm(), value);
            Err(type_error(stack, format!("bad operand type for unary {symbol}: '{name}'")))
        }
    }
}
