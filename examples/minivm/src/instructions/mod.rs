//! Instructions that are rare, or long: functions that take the handle of the frame, and give the one that goes on.
//!
//! They are not inlined into the loop, so that this stays small enough for its handle to be in registers.

pub(crate) mod attribute;
pub(crate) mod build;
pub(crate) mod calls;
pub(crate) mod function;
pub(crate) mod iteration;
pub(crate) mod matching;
pub(crate) mod names;
pub(crate) mod operators;
pub(crate) mod raising;

use frame_runtime::bounds::Trusted;
use frame_runtime::generator::Raised;
use frame_runtime::running::Any;
use frame_runtime::v3_14::opcode::Opcode;

use crate::eval::{Frame, How, Raise, Slot, Step, flavour};
use crate::exception::{Error, raise};
use crate::object::{NONE, Outcome, Stack, TRUE, Value, boolean};
use crate::vm::Mini;
use crate::{opcodes as op, protocol, send};

/// Takes the top of the stack.
#[inline(always)]
pub(crate) fn pop(f: &mut Frame<'_>) -> Value {
    match f.pop().into_value() {
        Some(value) => value,
        None => unreachable!("the instruction takes a value"),
    }
}

/// Looks at an entry of the stack, the top is 0.
#[inline(always)]
pub(crate) fn look(f: &Frame<'_>, depth: u32) -> Value {
    match f.peek(depth).duplicate().into_value() {
        Some(value) => value,
        None => unreachable!("the instruction looks at a value"),
    }
}

/// Takes the last `N` values off the stack, in the order in which they were pushed.
#[inline(always)]
pub(crate) fn take<const N: usize>(f: &mut Frame<'_>) -> [Value; N] {
    let mut values = [const { NONE }; N];
    for value in values.iter_mut().rev() {
        *value = pop(f);
    }
    values
}

/// Takes the last `N` values off the stack, and pushes what becomes of them.
#[inline(never)]
pub(crate) fn with<'t, const N: usize>(mut f: Frame<'t>, body: impl FnOnce(&Stack, [Value; N]) -> Outcome) -> Step<'t> {
    let values = take(&mut f);
    push(f, |stack| body(stack, values))
}

/// Does something outside of the frame: the frame again, and what comes of it.
#[inline(always)]
pub(crate) fn outside<'t, T>(
    f: Frame<'t>,
    body: impl FnOnce(&Stack) -> Outcome<T>,
) -> Result<(Frame<'t>, T), Raise<'t>> {
    let (frame, outcome) = f.escape(body);
    match outcome {
        Ok(value) => Ok((frame, value)),
        Err(exception) => Err(Raise::new(frame, exception)),
    }
}

/// Does something outside of the frame, and pushes what comes of it.
#[inline(always)]
pub(crate) fn push<'t>(f: Frame<'t>, body: impl FnOnce(&Stack) -> Outcome) -> Step<'t> {
    let (mut frame, value) = outside(f, body)?;
    frame.push(Slot::owned(value));
    Ok(frame)
}

/// Does something outside of the frame.
#[inline(always)]
pub(crate) fn perform<'t>(f: Frame<'t>, body: impl FnOnce(&Stack) -> Outcome<()>) -> Step<'t> {
    Ok(outside(f, body)?.0)
}

/// Any instruction that the loop does not do itself.
#[inline(never)]
pub(crate) fn rare<'t, const WATCHED: bool>(mut f: Frame<'t>, opcode: u8, arg: u32) -> Step<'t> {
    // Behind the inline cache of the instruction.
    let skip = |frame: Frame<'t>, caches: u8| {
        let mut frame = frame;
        frame.jump(caches.into());
        frame
    };
    match opcode {
        // Locals.
        op::LOAD_FAST_CHECK => {
            if f.load_fast_check(arg) {
                return Ok(f);
            }
            names::unbound_local(f, arg)
        }
        op::LOAD_FAST_AND_CLEAR => {
            f.load_fast_and_clear(arg);
            Ok(f)
        }
        op::DELETE_FAST => {
            let (frame, bound) = f.delete_fast(arg);
            if bound { Ok(frame) } else { names::unbound_local(frame, arg) }
        }
        op::LOAD_COMMON_CONSTANT => names::load_common_constant(f, arg),

        // Cells.
        op::MAKE_CELL => f.make_cell(arg).or_else(|no_memory| self::no_memory(no_memory.0)),
        op::COPY_FREE_VARS => {
            f.copy_free_vars(arg);
            Ok(f)
        }
        op::LOAD_DEREF => match f.load_deref(arg) {
            Ok(()) => Ok(f),
            Err(unbound) => names::unbound_cell(f, arg, unbound),
        },
        op::STORE_DEREF => Ok(f.store_deref(arg)),
        op::DELETE_DEREF => match f.delete_deref(arg) {
            (frame, Ok(())) => Ok(frame),
            (frame, Err(unbound)) => names::unbound_cell(frame, arg, unbound),
        },
        op::LOAD_FROM_DICT_OR_DEREF => names::load_from_dict_or_deref(f, arg),

        // Names.
        op::LOAD_GLOBAL => names::load_global(f, arg),
        op::LOAD_NAME => names::load_name(f, arg),
        op::STORE_NAME => names::store_name(f, arg),
        op::DELETE_NAME => names::delete_name(f, arg),
        op::STORE_GLOBAL => names::store_global(f, arg),
        op::DELETE_GLOBAL => names::delete_global(f, arg),
        op::LOAD_LOCALS => names::load_locals(f),
        op::LOAD_FROM_DICT_OR_GLOBALS => names::load_from_dict_or_globals(f, arg),
        op::LOAD_BUILD_CLASS => names::load_build_class(f),
        op::IMPORT_NAME => names::import_name(f, arg),
        op::IMPORT_FROM => names::import_from(f, arg),

        // Jumps.
        op::POP_JUMP_IF_NONE => Ok(jump_if_none(f, arg, true)),
        op::POP_JUMP_IF_NOT_NONE => Ok(jump_if_none(f, arg, false)),

        // Operators.
        op::BINARY_OP => Ok(skip(operators::binary(f, arg)?, Opcode::BINARY_OP.caches())),
        op::COMPARE_OP => Ok(skip(operators::compare(f, arg)?, Opcode::COMPARE_OP.caches())),
        op::CONTAINS_OP => Ok(skip(operators::contains(f, arg)?, Opcode::CONTAINS_OP.caches())),
        op::IS_OP => Ok(operators::is(f, arg)),
        op::TO_BOOL => Ok(skip(operators::to_bool(f)?, Opcode::TO_BOOL.caches())),
        op::UNARY_NOT => {
            let value = f.pop().into_value();
            f.push(Slot::owned(boolean(value != Some(TRUE))));
            Ok(f)
        }
        op::UNARY_NEGATIVE => with(f, |stack, [value]| protocol::negative(stack, &value)),
        op::UNARY_INVERT => with(f, |stack, [value]| protocol::invert(stack, &value)),
        op::STORE_SUBSCR => Ok(skip(operators::store_subscr(f)?, Opcode::STORE_SUBSCR.caches())),
        op::DELETE_SUBSCR => operators::delete_subscr(f),
        op::BINARY_SLICE => operators::binary_slice(f),
        op::STORE_SLICE => operators::store_slice(f),

        // Attributes.
        op::LOAD_ATTR => Ok(skip(attribute::load_attr(f, arg)?, Opcode::LOAD_ATTR.caches())),
        op::STORE_ATTR => Ok(skip(attribute::store_attr(f, arg)?, Opcode::STORE_ATTR.caches())),
        op::DELETE_ATTR => attribute::delete_attr(f, arg),
        op::LOAD_SUPER_ATTR => Ok(skip(attribute::load_super_attr(f, arg)?, Opcode::LOAD_SUPER_ATTR.caches())),
        op::LOAD_SPECIAL => attribute::load_special(f, arg),

        // Calls: the callee's frame, if it is a function, or this one with the result.
        op::CALL => calls::call::<WATCHED>(f, arg),
        op::CALL_KW => calls::call_kw::<WATCHED>(f, arg),
        op::CALL_FUNCTION_EX => calls::call_function_ex::<WATCHED>(f),
        op::CALL_INTRINSIC_1 => calls::call_intrinsic_1(f, arg),
        op::EXIT_INIT_CHECK => calls::exit_init_check(f),
        op::MAKE_FUNCTION => function::make_function(f),
        op::SET_FUNCTION_ATTRIBUTE => function::set_function_attribute(f, arg),

        // Iteration.
        op::GET_ITER => with(f, |stack, [object]| protocol::iter(stack, &object)),
        op::FOR_ITER => iteration::for_iter(f, arg),
        op::GET_YIELD_FROM_ITER => {
            let flavour = flavour(&f);
            Ok(f.get_yield_from_iter(flavour)?)
        }

        // Coroutines.
        op::GET_AWAITABLE => Ok(f.get_awaitable(arg)?),
        op::GET_AITER => Ok(f.get_aiter()?),
        op::GET_ANEXT => Ok(f.get_anext()?),
        op::END_ASYNC_FOR => f.end_async_for().map_err(again),

        // Exceptions.
        op::CLEANUP_THROW => f.cleanup_throw().map_err(again),
        op::RAISE_VARARGS => Err(raising::raise_varargs(f, arg)),
        op::PUSH_EXC_INFO => {
            f.push_exc_info();
            Ok(f)
        }
        op::POP_EXCEPT => Ok(f.pop_except()),
        op::CHECK_EXC_MATCH => raising::check_exc_match(f),
        op::RERAISE => raising::reraise(f, arg),
        op::WITH_EXCEPT_START => raising::with_except_start(f),

        // Containers, strings, patterns.
        op::BUILD_TUPLE => build::build_tuple(f, arg),
        op::BUILD_LIST => build::build_list(f, arg),
        op::BUILD_SET => build::build_set(f, arg),
        op::BUILD_MAP => build::build_map(f, arg),
        op::BUILD_STRING => build::build_string(f, arg),
        op::BUILD_SLICE => build::build_slice(f, arg),
        op::LIST_APPEND => build::list_append(f, arg),
        op::LIST_EXTEND => build::list_extend(f, arg),
        op::SET_ADD => build::set_add(f, arg),
        op::SET_UPDATE => build::set_update(f, arg),
        op::MAP_ADD => build::map_add(f, arg),
        op::DICT_UPDATE => build::dict_update(f, arg),
        op::DICT_MERGE => build::dict_merge(f, arg),
        op::UNPACK_SEQUENCE => Ok(skip(build::unpack_sequence(f, arg)?, Opcode::UNPACK_SEQUENCE.caches())),
        op::UNPACK_EX => build::unpack_ex(f, arg),
        op::CONVERT_VALUE => build::convert_value(f, arg),
        op::FORMAT_SIMPLE => build::format_simple(f),
        op::FORMAT_WITH_SPEC => build::format_with_spec(f),
        op::GET_LEN => matching::get_len(f),
        op::MATCH_MAPPING => matching::match_mapping(f),
        op::MATCH_SEQUENCE => matching::match_sequence(f),
        op::MATCH_KEYS => matching::match_keys(f),
        op::MATCH_CLASS => matching::match_class(f, arg),

        op::STOPPED => send::stopped(f),

        _ => refuse(f, opcode),
    }
}

/// What an instruction of the runtime raises again: the traceback has its line already.
fn again<'t>(raised: Raised<'t, Mini, Any, Trusted>) -> Raise<'t> {
    Raise { frame: raised.frame, exception: raised.exception, how: How::Again }
}

/// `POP_JUMP_IF_NONE`, and `POP_JUMP_IF_NOT_NONE`.
fn jump_if_none<'t>(mut f: Frame<'t>, arg: u32, wanted: bool) -> Frame<'t> {
    let value = f.pop();
    let is_none = value.as_value().is_some_and(|value| *value == NONE);
    f = f.release(value);
    f.jump(i32::from(Opcode::POP_JUMP_IF_NONE.caches()) + if is_none == wanted { arg as i32 } else { 0 });
    f
}

/// An instruction that this VM has not.
#[cold]
#[inline(never)]
pub(crate) fn refuse<'t>(f: Frame<'t>, opcode: u8) -> Step<'t> {
    let name = Opcode::from_u8(opcode).map_or("<unknown>", Opcode::name);
    perform(f, |stack| Err(crate::exception::refuse(stack, format!("the opcode {name}"))))
}

/// There was no memory for an object.
#[cold]
#[inline(never)]
pub(crate) fn no_memory<'t>(f: Frame<'t>) -> Step<'t> {
    perform(f, |stack| Err(raise(stack, Error::MemoryError, "")))
}
