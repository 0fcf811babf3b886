//! The VM: what its one thread has, and what the runtime asks when it loads code.
//!
//! A VM on `frame-runtime` answers five traits. [`Vm`] names the version, the references and what frames have besides;
//! [`CountedVm`] says what objects are, which the runtime then keeps, so that nothing here is unsafe; [`Objects`] makes
//! constants out of .pyc files; `GeneratorVm` (in `generators`) and `LocalsVm` (in `locals`) are for what their names say.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::io::{BufWriter, Stdout, stdout};
use std::rc::Rc;

use frame_runtime::arguments::Strings;
use frame_runtime::code::Code;
use frame_runtime::counted::{Counted, CountedVm, Pool, View};
use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{Constant, Objects, Shape, Vm};
use num_bigint::BigInt;

use crate::cache::Caches;
use crate::class::Types;
use crate::dict::new_dict;
use crate::names::Names;
use crate::object::{ELLIPSIS, FunctionData, NONE, Object, Stack, Value, boolean, float, string, tuple};
use crate::set::Set;
use crate::text::as_str;
use crate::watch::Watch;
use crate::{builtins, class, number, sys, text};

/// The VM.
pub(crate) struct Mini {
    pub(crate) types: Types,
    /// The dict of the module `builtins`.
    pub(crate) builtins: Value,
    /// `sys.modules`: a dict.
    pub(crate) modules: Value,
    /// One `str` for each name: names in code are these, so that most look-ups compare pointers.
    interned: RefCell<HashMap<Box<str>, Value>>,
    /// The names that the VM itself asks for.
    pub(crate) names: Names,
    pub(crate) out: RefCell<BufWriter<Stdout>>,
    /// `sys.argv`
    pub(crate) argv: Vec<String>,
    pub(crate) settings: sys::Settings,
    /// What runs between an object with `__init__` and its caller, by the number of its arguments: see `construct`.
    pub(crate) constructors: RefCell<Vec<Value>>,
    /// What `--trace` and `--stats` want to know.
    pub(crate) watch: Watch,
    /// Where the program wanted what this VM has not.
    pub(crate) refused: OnceCell<String>,
    /// How deep the VM's own functions are within each other.
    pub(crate) nesting: Cell<u32>,
}

impl Mini {
    /// A VM with the arguments of the program.
    pub(crate) fn new(argv: Vec<String>, watch: Watch) -> Mini {
        let interned = RefCell::new(HashMap::new());
        let names = Names::new(|text| intern(&interned, text));
        let types = Types::new(&|text| intern(&interned, text));
        Mini {
            types,
            builtins: new_dict(),
            modules: new_dict(),
            interned,
            names,
            out: RefCell::new(BufWriter::with_capacity(1 << 16, stdout())),
            argv,
            settings: sys::Settings::default(),
            constructors: RefCell::default(),
            watch,
            refused: OnceCell::new(),
            nesting: Cell::new(0),
        }
    }

    /// The one `str` with this text.
    pub(crate) fn name(&self, text: &str) -> Value {
        intern(&self.interned, text)
    }
}

fn intern(interned: &RefCell<HashMap<Box<str>, Value>>, text: &str) -> Value {
    if let Some(name) = interned.borrow().get(text) {
        return name.clone();
    }
    let name = string(text);
    interned.borrow_mut().insert(text.into(), name.clone());
    name
}

impl Vm for Mini {
    type Python = Cpython3_14;
    type Value = Counted<Mini>;
    type FrameExtra = ();
}

impl CountedVm for Mini {
    type Object = Object;
    type Function = FunctionData;
    type Code = Caches;

    fn has_finalizer(object: &Object) -> bool {
        class::has_finalizer(object)
    }

    /// Generators are closed when nobody holds them any more, coroutines complain if they were not awaited.
    fn finalize(object: &Value) {
        let _ = with_stack(|stack| match object.part() {
            Some(part) => part.finalize(stack, object),
            None => class::finalize(stack, object),
        });
    }

    fn allocated() {
        Watch::allocated();
    }

    #[inline(always)]
    fn with_pool(body: impl FnOnce(&Pool)) {
        // Sanitizers see what is used after its end only if its memory is freed.
        if cfg!(debug_assertions) {
            return;
        }
        // When the thread ends, the pool may be gone before the last objects.
        let _ = POOL.try_with(body);
    }
}

thread_local! {
    /// Memory that objects left, for those that come.
    static POOL: Pool = const { Pool::new() };
}

thread_local! {
    /// The frames of this thread: destructors find them here, since they are handed nothing.
    static STACK: OnceCell<Rc<Stack>> = const { OnceCell::new() };
}

/// Makes the VM's one thread.
pub(crate) fn start(vm: Mini) -> Rc<Stack> {
    let stack = Rc::new(DataStack::new(vm, Limits::default()));
    STACK.with(|this| this.set(Rc::clone(&stack)).unwrap_or_else(|_| unreachable!("it is started once")));
    builtins::fill(&stack);
    stack
}

/// Does something with the thread's frames, unless they are gone.
fn with_stack<R>(body: impl FnOnce(&Stack) -> R) -> Option<R> {
    let stack = STACK.try_with(|stack| stack.get().cloned()).ok()??;
    Some(body(&stack))
}

/// A `frozenset` of constants: hashing and comparing them runs no code of the program.
fn frozen_set(items: &[Value]) -> Result<Value, String> {
    let set = Set::new();
    with_stack(|stack| items.iter().try_for_each(|item| set.add(stack, item.clone()).map(drop)))
        .ok_or("there are no frames")?
        .map_err(|_| "a set of constants that cannot be hashed".to_owned())?;
    Ok(Value::new(Object::FrozenSet(set)))
}

/// What .pyc files consist of becomes objects.
impl Objects for Mini {
    type Exception = String;

    fn make(&self, constant: Constant<'_, Self>) -> Result<Value, String> {
        Ok(match constant {
            Constant::None => NONE,
            Constant::Bool(value) => boolean(value),
            Constant::Ellipsis => ELLIPSIS,
            Constant::Int(int) => match int.to_i64() {
                Some(value) => crate::object::int(value),
                None => {
                    let digits: Vec<u32> = int.digits.iter().map(|digit| u32::from(*digit)).collect();
                    let size = digits.iter().rev().fold(BigInt::ZERO, |size, digit| (size << 15) + *digit);
                    number::from_big(if int.negative { -size } else { size })
                }
            },
            Constant::Float(value) => float(value),
            Constant::Str { text, interned } => {
                let text =
                    str::from_utf8(text).map_err(|_| "a string with lone surrogates is not in this VM".to_owned())?;
                if interned { self.name(text) } else { string(text) }
            }
            Constant::Bytes(bytes) => Value::new(Object::Bytes(bytes.into())),
            Constant::Tuple(items) => tuple(items),
            Constant::FrozenSet(items) => frozen_set(items)?,
            Constant::Slice(slice) => Value::new(Object::Slice(Box::new(slice.clone()))),
            Constant::Complex(..) => return Err("a complex number is not in this VM".to_owned()),
            _ => return Err("an object that no compiler writes".to_owned()),
        })
    }

    fn make_code(&self, code: Code<Self>) -> Result<Value, String> {
        // What cannot be run is not loaded: frames take verified code alone.
        let code = code.into_verified().map_err(|(_, why)| why.to_string())?;
        let caches = Caches::new(&code);
        Ok(Value::new_code(code, caches))
    }

    fn shape<'a>(&self, value: &'a Value) -> Shape<'a, Self> {
        match value.view() {
            View::Integer(_) => Shape::Exact(0),
            View::Code(code) => Shape::Code(code),
            View::Object(Object::Int(_)) => Shape::Exact(0),
            View::Object(Object::Str(_)) => Shape::Exact(1),
            View::Object(Object::Bytes(_)) => Shape::Exact(2),
            View::Object(Object::Float(value)) => Shape::Float(*value),
            View::Object(Object::Tuple(items)) => Shape::Tuple(items),
            View::Object(Object::Slice(slice)) => Shape::Slice([&slice[0], &slice[1], &slice[2]]),
            _ if *value == boolean(true) || *value == boolean(false) => Shape::Exact(3),
            _ => Shape::Other,
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> bool {
        match (left.object(), right.object()) {
            (Some(Object::Str(left)), Some(Object::Str(right))) => left.as_str() == right.as_str(),
            (Some(Object::Bytes(left)), Some(Object::Bytes(right))) => left == right,
            _ => number::compare(left, right) == Some(Some(std::cmp::Ordering::Equal)),
        }
    }

    fn hash(&self, value: &Value) -> Result<i64, String> {
        match value.object() {
            Some(Object::Str(text)) => Ok(text.hash().cast_signed()),
            Some(Object::Bytes(bytes)) => Ok(self.hash_bytes(bytes)),
            _ => number::hash(value).ok_or_else(|| "a constant without a hash".to_owned()),
        }
    }

    fn hash_bytes(&self, bytes: &[u8]) -> i64 {
        text::hash_bytes(bytes).cast_signed()
    }

    fn text<'a>(&self, value: &'a Value) -> Option<Cow<'a, [u8]>> {
        as_str(value).map(|text| Cow::Borrowed(text.as_str().as_bytes()))
    }

    fn type_name<'a>(&self, value: &'a Value) -> Cow<'a, str> {
        Cow::Owned(class::type_name(self, value).into_owned())
    }

    fn intern(&self, value: Value) -> Value {
        match as_str(&value) {
            Some(text) => self.name(text.as_str()),
            None => value,
        }
    }
}

/// Keywords of calls are exact strings here.
impl Strings for Mini {}
