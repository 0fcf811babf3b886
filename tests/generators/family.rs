//! Objects of the runtime: generators, and what drives them.

use frame_runtime::attribute::Attributes;
use frame_runtime::generator::{self, Generator, Method, PartRef, attribute};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::machine::{Machine as AnyMachine, Rules, Runs, asend, athrow};
use serde_json::{Value as Json, json};

use super::python::Python;
use super::vm::{Kind, Machine, Stack, Value};
use super::world::World;

/// The generator, coroutine or async generator that an object is.
pub(crate) fn generator<P: Python>(object: &Value<P>) -> Option<&Generator<Machine<P>>> {
    if let PartRef::Generator(generator) = object.part()? { Some(generator) } else { None }
}

fn async_generator<P: Python>(object: &Value<P>) -> Option<&Generator<Machine<P>>> {
    generator(object).filter(|generator| generator.flavour() == Flavour::AsyncGenerator)
}

/// The attributes of its type; what a body yields has none.
pub(crate) fn attributes<P: Python>(part: PartRef<'_, Machine<P>>) -> Option<&'static Attributes> {
    match part {
        PartRef::Generator(generator) => Some(generator.attributes()),
        PartRef::CoroutineWrapper(_) => Some(&attribute::COROUTINE_WRAPPER),
        PartRef::Asend(_) => Some(&attribute::ASEND),
        PartRef::Athrow(_) => Some(&attribute::ATHROW),
        PartRef::AnextAwaitable(_) => Some(&attribute::ANEXT_AWAITABLE),
        PartRef::WrappedValue(_) => None,
    }
}

/// Whether its type has this attribute.
pub(crate) fn has<P: Python>(part: PartRef<'_, Machine<P>>, name: &str) -> bool {
    attributes(part).is_some_and(|attributes| attributes.find::<P>(name).is_some())
}

/// Calls a method.
pub(crate) fn call<P: Python>(
    part: PartRef<'_, Machine<P>>,
    stack: &Stack<P>,
    method: Method,
    values: &[Value<P>],
) -> Result<Value<P>, Value<P>> {
    let sent = match method {
        Method::Send => part.send(stack, values[0].clone())?,
        Method::Throw => part.throw_arguments(stack, values)?,
        Method::Close => return part.close(stack),
    };
    sent.into_result(stack, Flavour::Generator)
}

/// What a word of the language makes of values; of what has no such thing it makes null.
pub(crate) fn made<P: Python>(world: &World<P>, word: &str, values: &[Value<P>]) -> Result<Value<P>, Value<P>> {
    let (stack, of) = (&world.stack, &values[0]);
    let agen = async_generator(of);
    match (word, agen) {
        ("wrap", _) => match generator(of).filter(|generator| generator.flavour() == Flavour::Coroutine) {
            Some(coroutine) => coroutine.coroutine_await(stack, of),
            None => Ok(world.none()),
        },
        ("anext_default", _) => {
            let has_anext = match of.kind() {
                Kind::Foreign(foreign) => world.spec(foreign).contains_key("anext"),
                _ => of.part().is_some_and(|part| has(part, "__anext__")),
            };
            if has_anext { generator::anext(stack, of, Some(values[1].clone())) } else { Ok(world.none()) }
        }
        (_, None) => Ok(world.none()),
        ("anext", Some(agen)) => agen.anext(stack, of),
        ("asend", Some(agen)) => agen.asend(stack, of, values[1].clone()),
        ("athrow", Some(agen)) => agen.athrow(stack, of, &values[1..]),
        ("aclose", Some(agen)) => agen.aclose(stack, of),
        (other, _) => panic!("no value: {other}"),
    }
}

/// The state, of what has one.
pub(crate) fn state<P: Python>(world: &World<P>, object: &Value<P>) -> Option<Json> {
    match object.part()? {
        PartRef::Generator(generator) => Some(world.life(generator)),
        PartRef::CoroutineWrapper(wrapper) => state(world, &wrapper.coroutine()),
        PartRef::Asend(asend) => Some(json!([state_name(<P as Runs<asend::Machine>>::RULES, asend.raw_state())])),
        PartRef::Athrow(athrow) => Some(json!([state_name(<P as Runs<athrow::Machine>>::RULES, athrow.raw_state())])),
        PartRef::AnextAwaitable(_) | PartRef::WrappedValue(_) => None,
    }
}

/// What a version calls the state of this number.
pub(crate) fn state_name<M: AnyMachine>(rules: &Rules<M>, raw: i8) -> String {
    match rules.state(raw) {
        Ok(state) => rules.table.state_name(state).to_owned(),
        Err(unknown) => unknown.to_string(),
    }
}
