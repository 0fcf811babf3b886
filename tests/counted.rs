//! Objects that the runtime counts: each ends once, whatever it is, and what lies in a reference is no object.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use frame_runtime::code::{Code, Fields, Variables};
use frame_runtime::counted::{Counted, CountedVm, Pool, View};
use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::generator::{ErrorKind, GeneratorVm, Names, Resume, Started, Thrown, Yield};
use frame_runtime::machine::generator::Flavour;
use frame_runtime::running::ByOwner;
use frame_runtime::v3_14::opcode::Opcode;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{Constant, Objects, Shape, Vm};

struct Machine;

type Value = Counted<Machine>;
type Stack = DataStack<Machine>;

/// An object that notes its end.
enum Object {
    Text(String),
    Noted(Rc<Cell<u32>>),
    Panics(Rc<Cell<u32>>),
    /// Held again by its finalizer.
    Returns(Rc<RefCell<Vec<Value>>>, Rc<Cell<u32>>),
    Holds {
        _holds: Vec<Value>,
    },
}

impl Drop for Object {
    fn drop(&mut self) {
        match self {
            Object::Noted(ends) | Object::Returns(_, ends) => ends.set(ends.get() + 1),
            Object::Panics(ends) => {
                ends.set(ends.get() + 1);
                panic!("in a destructor");
            }
            _ => {}
        }
    }
}

impl Vm for Machine {
    type Python = Cpython3_14;
    type Value = Value;
    type FrameExtra = ();
}

impl CountedVm for Machine {
    type Object = Object;
    type Function = Rc<Cell<u32>>;
    type Code = u8;

    fn has_finalizer(object: &Object) -> bool {
        matches!(object, Object::Returns(..))
    }

    fn with_pool(body: impl FnOnce(&Pool)) {
        let _ = POOL.try_with(|pool| {
            if let Some(pool) = pool.get() {
                body(pool);
            }
        });
    }

    fn finalize(object: &Value) {
        if let Some(Object::Returns(held, _)) = object.object() {
            held.borrow_mut().push(object.clone());
        }
    }
}

thread_local! {
    /// Only threads that put one there have a pool.
    static POOL: OnceCell<Pool> = const { OnceCell::new() };
}

fn with_a_pool() {
    POOL.with(|pool| assert!(pool.set(Pool::new()).is_ok()));
}

const NONE: Value = Value::constant(0);

impl GeneratorVm for Machine {
    fn run(entry: Entry<'_, Self>, resume: Resume<Self>) -> Result<Value, Value> {
        let Started::Sent(mut f) = resume.start(entry) else { return Err(NONE) };
        // The bodies here do one thing: they yield what was sent.
        let _ = f.fetch();
        match f.yield_value(Yield::Own) {
            std::ops::ControlFlow::Break((_, value)) => Ok(value.into_value().unwrap_or(NONE)),
            std::ops::ControlFlow::Continue(_) => unreachable!("nothing resumes inline here"),
        }
    }

    fn names(&self, _: &Value) -> Names<Value> {
        Names { name: NONE, qualname: NONE }
    }

    fn shim(&self) -> Value {
        NONE
    }

    fn none(&self) -> Value {
        NONE
    }

    fn type_name<'a>(&self, _: &'a Value) -> Cow<'a, str> {
        "object".into()
    }

    fn text<'a>(&self, _: &'a Value) -> Cow<'a, str> {
        "".into()
    }

    fn make_exception(&self, _: ErrorKind, text: &str) -> Value {
        Value::new(Object::Text(text.to_owned()))
    }

    fn make_stop(&self, _: ErrorKind, value: Option<Value>) -> Value {
        value.unwrap_or(NONE)
    }

    fn stop_value(&self, _: &Value) -> Value {
        NONE
    }

    fn is_exception(&self, _: &Value, _: ErrorKind) -> bool {
        false
    }

    fn thrown(&self, _: &Value) -> Thrown {
        Thrown::Other
    }

    fn instantiate(&self, _: &Stack, class: &Value, _: Option<Value>) -> Result<Value, Value> {
        Ok(class.clone())
    }
}

impl Objects for Machine {
    type Exception = ();

    fn make(&self, _: Constant<'_, Self>) -> Result<Value, ()> {
        Ok(NONE)
    }

    fn make_code(&self, code: Code<Self>) -> Result<Value, ()> {
        Ok(Value::new_code(code.into_verified().map_err(drop)?, 7))
    }

    fn shape<'a>(&self, value: &'a Value) -> Shape<'a, Self> {
        match value.object() {
            Some(Object::Text(_)) => Shape::Exact(1),
            _ => Shape::Other,
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> bool {
        self.text_of(left) == self.text_of(right)
    }

    fn hash(&self, _: &Value) -> Result<i64, ()> {
        Ok(0)
    }

    fn hash_bytes(&self, _: &[u8]) -> i64 {
        0
    }

    fn text<'a>(&self, value: &'a Value) -> Option<Cow<'a, [u8]>> {
        self.text_of(value).map(|text| text.as_bytes().into())
    }

    fn type_name<'a>(&self, _: &'a Value) -> Cow<'a, str> {
        "object".into()
    }
}

impl Machine {
    fn text_of<'a>(&self, value: &'a Value) -> Option<&'a String> {
        if let Some(Object::Text(text)) = value.object() { Some(text) } else { None }
    }
}

fn noted(ends: &Rc<Cell<u32>>) -> Value {
    Value::new(Object::Noted(Rc::clone(ends)))
}

/// A generator function whose body yields what it was sent.
fn body() -> Value {
    let text = |text: &str| Value::new(Object::Text(text.to_owned()));
    let units = [Opcode::RETURN_GENERATOR, Opcode::POP_TOP, Opcode::RESUME, Opcode::LOAD_CONST, Opcode::YIELD_VALUE];
    let units = units.into_iter().chain([Opcode::RETURN_VALUE]);
    let code = Code::new(
        &Machine,
        Fields {
            argcount: 1,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 2,
            flags: 0x23,
            firstlineno: 1,
            code: units.flat_map(|opcode| [opcode.number(), 0]).collect(),
            consts: vec![NONE],
            names: Vec::new(),
            variables: Variables::Localsplus { names: vec![text("x")], kinds: vec![0x26] },
            filename: text("file"),
            name: text("f"),
            qualname: Some(text("f")),
            linetable: Vec::new(),
            exceptiontable: Vec::new(),
        },
    );
    Machine.make_code(code.expect("a code object")).expect("it can be run")
}

/// The generator that a call makes, with this argument.
fn generator(stack: &Stack, argument: Value, ends: &Rc<Cell<u32>>) -> Value {
    let function = Value::new_function(body(), None, None, Rc::clone(ends));
    let mut arguments = [frame_runtime::stack_ref::StackRef::owned(argument)];
    let made = stack.enter(NONE, |entry| {
        let mut f = entry.call(function, &mut arguments).expect("room for a frame");
        assert_eq!(f.fetch().opcode, Opcode::RETURN_GENERATOR.number());
        let ByOwner::Thread(f) = f.by_owner() else { unreachable!("it is on the data stack") };
        match f.return_generator(Flavour::Generator) {
            Ok(std::ops::ControlFlow::Break((_, made))) => made.into_value(),
            _ => None,
        }
    });
    made.expect("nothing runs").expect("a generator")
}

#[test]
fn every_object_ends_once() {
    let ends = Rc::new(Cell::new(0));
    let first = noted(&ends);
    let second = first.clone();
    assert_eq!((first.count(), first.is_unique(), ends.get()), (Some(2), false, 0));
    drop(first);
    assert!(second.is_unique());
    drop(second);
    assert_eq!(ends.get(), 1);

    let cell = Value::new_cell(Some(noted(&ends)));
    assert!(matches!(cell.view(), View::Cell(_)));
    drop(cell);
    assert_eq!(ends.get(), 2);

    let holder = Value::new(Object::Holds { _holds: vec![noted(&ends), noted(&ends)] });
    drop((holder.clone(), holder));
    assert_eq!(ends.get(), 4);
}

#[test]
fn an_object_goes_although_its_destructor_panics() {
    let ends = Rc::new(Cell::new(0));
    let object = Value::new(Object::Panics(Rc::clone(&ends)));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(object))).is_err());
    // The memory as well: the leak sanitizer looks.
    assert_eq!(ends.get(), 1);
}

#[test]
fn a_finalizer_is_called_once_and_may_hold_the_object() {
    let (held, ends) = (Rc::default(), Rc::new(Cell::new(0)));
    drop(Value::new(Object::Returns(Rc::clone(&held), Rc::clone(&ends))));
    assert_eq!((held.borrow().len(), ends.get()), (1, 0));
    let again = held.borrow_mut().pop().expect("it was held");
    assert_eq!(again.count(), Some(1));
    drop(again);
    assert_eq!((held.borrow().len(), ends.get()), (0, 1));
}

#[test]
fn what_is_finalized_early_is_not_finalized_again() {
    let (held, ends) = (Rc::default(), Rc::new(Cell::new(0)));
    let object = Value::new(Object::Returns(Rc::clone(&held), Rc::clone(&ends)));
    object.finalize();
    object.finalize();
    assert_eq!((held.borrow().len(), object.count()), (1, Some(2)));
    held.borrow_mut().clear();
    drop(object);
    assert_eq!((held.borrow().len(), ends.get()), (0, 1));
    Value::small(1).finalize();
}

#[test]
fn integers_and_constants_lie_in_the_reference() {
    for integer in [0, 1, -1, i64::from(i32::MIN), Value::MOST, -Value::MOST - 1] {
        let value = Value::integer(integer).expect("60 bits");
        assert_eq!((value.as_integer(), value.as_constant(), value.count()), (Some(integer), None, None));
        assert!(value.is(&value.clone()) && value.object().is_none());
    }
    for integer in [Value::MOST + 1, -Value::MOST - 2, i64::MAX, i64::MIN] {
        assert_eq!(Value::integer(integer), None);
    }
    for integer in [i32::MIN, -1, 0, i32::MAX] {
        assert_eq!(Value::small(integer).as_integer(), Some(integer.into()));
    }
    assert_eq!(Value::constant(u32::MAX).as_constant(), Some(u32::MAX));
    assert_ne!(Value::constant(3), Value::small(3));
}

#[test]
fn a_function_has_its_cells_from_the_beginning() {
    let ends = Rc::new(Cell::new(0));
    let code = body();
    assert_eq!(code.code().map(|code| *code.own()), Some(7));
    let function = Value::new_function(code, Some(noted(&ends)), None, Rc::clone(&ends));
    let content = function.function().expect("a function");
    assert!(content.closure().is_empty() && content.globals().is_some() && content.builtins().is_none());
    content.set_closure([Value::new_cell(None)].into()).expect("for the first time");
    assert!(content.set_closure([].into()).is_err(), "frames may have looked");
    assert_eq!(content.closure().len(), 1);
    drop(function);
    assert_eq!(ends.get(), 1);
}

#[test]
#[should_panic(expected = "a function is made of a code object")]
fn no_function_without_code() {
    let _ = Value::new_function(NONE, None, None, Rc::default());
}

#[test]
fn what_objects_leave_in_a_pool_others_take() {
    with_a_pool();
    let ends = Rc::new(Cell::new(0));
    let (first, second) = (noted(&ends), noted(&ends));
    let places = [first.address(), second.address()];
    drop(first);
    drop(second);
    let again = [noted(&ends), noted(&ends)];
    // What was left last is taken first.
    assert_eq!([again[1].address(), again[0].address()], places);
    drop(again);
    assert_eq!(ends.get(), 4);

    let object = Value::new(Object::Panics(Rc::clone(&ends)));
    let place = object.address();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(object))).is_err());
    let again = noted(&ends);
    assert_eq!(again.address(), place);
    drop(again);

    // More than a pool keeps: the rest goes back to the allocator, and what it keeps with the thread.
    let many: Vec<Value> = (0..1000).map(|_| noted(&ends)).collect();
    drop(many);
    assert_eq!(ends.get(), 1006);
}

#[test]
fn objects_of_all_sizes_come_from_a_pool() {
    with_a_pool();
    for _ in 0..3 {
        generators_end();
        frames_end();
    }
}

#[test]
fn a_frame_lies_in_its_object_when_it_is_over() {
    frames_end();
}

/// Looks at a frame that then ends by an exception: its object has what it held.
fn frames_end() {
    let stack = DataStack::new(Machine, Limits::default());
    let ends = Rc::new(Cell::new(0));
    let look = |argument: Value| {
        let function = Value::new_function(body(), None, None, Rc::clone(&ends));
        let mut arguments = [frame_runtime::stack_ref::StackRef::owned(argument)];
        let entry = stack.enter(NONE, |entry| {
            let mut f = entry.call(function, &mut arguments).expect("room for a frame");
            for _ in 0..3 {
                f.fetch();
            }
            let (f, entry) = f.traceback_entry();
            let ByOwner::Thread(f) = f.by_owner() else { unreachable!("it is on the data stack") };
            let _ = f.raise();
            entry
        });
        entry.expect("nothing runs").expect("it has begun").frame
    };
    let object = look(noted(&ends));
    let frame = object.frame().expect("a frame object");
    assert!(frame.is_over() && frame.get(0).is_ok_and(|slot| !slot.is_null()));
    assert_eq!((object.count(), ends.get()), (Some(1), 0));
    drop(object);
    assert_eq!(ends.get(), 1);

    let object = look(Value::new(Object::Panics(Rc::clone(&ends))));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(object))).is_err());
    assert_eq!(ends.get(), 2);
}

#[test]
fn a_generator_and_its_frame_end_with_its_object() {
    generators_end();
}

fn generators_end() {
    let stack = DataStack::new(Machine, Limits::default());
    let ends = Rc::new(Cell::new(0));
    let made = generator(&stack, noted(&ends), &ends);
    assert!(matches!(made.view(), View::Part(_)));
    drop(made);
    assert_eq!(ends.get(), 1, "one that did not begin");

    let made = generator(&stack, noted(&ends), &ends);
    let part = made.part().expect("a generator");
    assert!(part.next(&stack).is_ok());
    let again = made.clone();
    drop(made);
    assert_eq!(ends.get(), 1);
    let frame = match again.part() {
        Some(frame_runtime::generator::PartRef::Generator(generator)) => generator.frame_object(stack.vm()),
        _ => None,
    };
    let frame = frame.expect("it waits");
    assert!(matches!(frame.view(), View::Frame(_)));
    drop(again);
    // Its frame's object has what it held.
    assert_eq!(ends.get(), 1);
    drop(frame);
    assert_eq!(ends.get(), 2);
}
