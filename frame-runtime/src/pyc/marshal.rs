//! The marshal format, as .pyc files hold it: objects one within another, each a type byte and what belongs to it.
//!
//! Nothing is recursive, and nothing is as large as a count says before as many objects have come.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

pub use super::error::{Fault, ReadError};
pub use super::text::TextError;
use super::{minor_of, text};
use crate::code::{Code, Fields, Variables};
use crate::version::Version;
use crate::vm::{Constant, Int, Objects, Shape, Vm};

/// How deep objects may be nested.
///
/// Source: `MAX_MARSHAL_STACK_DEPTH`, Python/marshal.c (fewer on Windows).
const DEPTH: usize = 2000;

/// The bit of a type byte that says: later objects may refer to this one.
pub(super) const FLAG_REF: u8 = 0x80;

/// Bytes that references may multiply into, for each byte of the input: a code object has its own copy of tuples and
/// bytes that several of them share in the file.
pub(super) const COPIED_PER_BYTE: usize = 64;

/// Reads one object. Bytes behind it are not looked at.
///
/// Source: `marshal.loads`.
///
/// # Errors
///
/// [`ReadError`], with CPython's reason.
pub fn read<V: Objects>(vm: &V, bytes: &[u8]) -> Result<V::Value, ReadError<V::Exception>> {
    match Reader::new(vm, bytes).run()? {
        Whole::Object(object) => Ok(object.value),
        Whole::Code(code) => vm.make_code(*code).map_err(|error| ReadError { at: 0, what: Fault::Raised(error) }),
        Whole::Null => Err(ReadError { at: 0, what: Fault::Null("object") }),
    }
}

/// Reads one code object. Bytes behind it are not looked at.
///
/// # Errors
///
/// [`ReadError`], with CPython's reason; [`Fault::NoCode`] for any other object.
pub fn read_code<V: Objects>(vm: &V, bytes: &[u8]) -> Result<Code<V>, ReadError<V::Exception>> {
    match Reader::new(vm, bytes).run()? {
        Whole::Object(_) => Err(ReadError { at: 0, what: Fault::NoCode }),
        Whole::Code(code) => Ok(*code),
        Whole::Null => Err(ReadError { at: 0, what: Fault::Null("object") }),
    }
}

/// What has been read.
enum Whole<V: Vm> {
    Object(Object<V>),
    /// The outermost object, which no VM has to make an object of.
    Code(Box<Code<V>>),
    /// The end of a dict; nothing, anywhere else.
    Null,
}

struct Object<V: Vm> {
    value: V::Value,
    /// Where the content of a bytes object stands: a VM is not asked for it.
    bytes: Option<Range<usize>>,
}

impl<V: Vm> Object<V> {
    fn plain(value: V::Value) -> Self {
        Object { value, bytes: None }
    }

    fn duplicate(&self) -> Self {
        Object { value: self.value.clone(), bytes: self.bytes.clone() }
    }
}

/// An object of which not all parts have come.
struct Open<V: Vm> {
    /// Its type byte.
    at: usize,
    /// Its place among the objects that may be referred to.
    slot: Option<usize>,
    parts: Parts<V>,
}

enum Parts<V: Vm> {
    Sequence { kind: Sequence, missing: usize, items: Vec<V::Value> },
    Mapping { frozen: bool, complete: bool, key: Option<V::Value>, pairs: Vec<(V::Value, V::Value)> },
    Slice { items: Vec<V::Value>, null: bool },
    Code(Box<CodeParts<V>>),
}

#[derive(Clone, Copy)]
enum Sequence {
    Tuple,
    List,
    Set,
    FrozenSet,
}

impl Sequence {
    /// What CPython's messages call it.
    fn name(self) -> &'static str {
        match self {
            Sequence::Tuple => "tuple",
            Sequence::List => "list",
            Sequence::Set | Sequence::FrozenSet => "set",
        }
    }
}

struct CodeParts<V: Vm> {
    /// Counts and flags, in the order of the file.
    numbers: [i32; 6],
    objects: Vec<Object<V>>,
    firstlineno: i32,
    /// Whether the version has [`Reader::localsplus`].
    localsplus: bool,
    /// Whether an object was missing: before 3.11 then the code object is.
    null: bool,
}

impl<V: Vm> CodeParts<V> {
    /// How many objects it consists of.
    fn expected(&self) -> usize {
        if self.localsplus { 10 } else { 9 }
    }
}

/// An object that may be referred to.
enum Slot<V: Vm> {
    Complete(Object<V>),
    /// Not complete; CPython would make an object that holds itself.
    Open,
    /// Not complete, and CPython refuses it.
    Reserved,
}

struct Reader<'a, V: Objects> {
    vm: &'a V,
    bytes: &'a [u8],
    at: usize,
    slots: Vec<Slot<V>>,
    open: Vec<Open<V>>,
    /// Bytes that may still be copied.
    copies: usize,
    minor: u16,
    /// Whether variables stand in one tuple, with their kinds.
    localsplus: bool,
}

type Outcome<T, V> = Result<T, ReadError<<V as Objects>::Exception>>;

impl<'a, V: Objects> Reader<'a, V> {
    fn new(vm: &'a V, bytes: &'a [u8]) -> Self {
        let layout = V::Python::LAYOUT;
        let code = layout.find_struct("PyCodeObject");
        Reader {
            vm,
            bytes,
            at: 0,
            slots: Vec::new(),
            open: Vec::new(),
            copies: bytes.len().saturating_mul(COPIED_PER_BYTE),
            minor: minor_of(layout),
            localsplus: code.is_some_and(|code| code.field("co_localsplusnames").is_some()),
        }
    }

    fn run(mut self) -> Outcome<Whole<V>, V> {
        loop {
            let Some(mut whole) = self.begin()? else { continue };
            loop {
                let Some(open) = self.open.last_mut() else { return Ok(whole) };
                if !open.take(whole)? {
                    break;
                }
                whole = self.finish()?;
            }
            if self.line_follows() {
                let line = self.i32()?;
                if let Some(Open { parts: Parts::Code(parts), .. }) = self.open.last_mut() {
                    parts.firstlineno = line;
                }
            }
        }
    }

    /// Whether the line of a code object comes next: it stands behind the eighth object in every version.
    fn line_follows(&self) -> bool {
        matches!(self.open.last(), Some(Open { parts: Parts::Code(parts), .. }) if parts.objects.len() == 8)
    }

    /// Reads a type byte and what belongs to it. `None`: an object was opened whose parts follow.
    fn begin(&mut self) -> Outcome<Option<Whole<V>>, V> {
        let at = self.at;
        let byte = self.bytes.get(at).copied().ok_or_else(|| self.fault(Fault::ObjectMissing))?;
        self.at += 1;
        let error = |what| Err(ReadError { at, what });
        if self.open.len() >= DEPTH {
            return error(Fault::TooDeep);
        }
        let kind = byte & !FLAG_REF;
        let flagged = byte & FLAG_REF != 0;
        let constant = match kind {
            b'0' => return Ok(Some(Whole::Null)),
            b'N' => Constant::None,
            b'F' => Constant::Bool(false),
            b'T' => Constant::Bool(true),
            b'.' => Constant::Ellipsis,
            b'S' => Constant::StopIteration,
            b'i' => {
                let value = i64::from(self.i32()?);
                return self.integer(at, flagged, value).map(Some);
            }
            b'I' => {
                let value = i64::from_le_bytes(self.array()?);
                return self.integer(at, flagged, value).map(Some);
            }
            b'l' => {
                let digits = self.digits(at)?;
                let constant = Constant::Int(Int { negative: digits.0, digits: &digits.1 });
                return self.scalar(at, flagged, constant, None).map(Some);
            }
            b'g' => Constant::Float(f64::from_le_bytes(self.array()?)),
            b'y' => Constant::Complex(f64::from_le_bytes(self.array()?), f64::from_le_bytes(self.array()?)),
            b'f' => Constant::Float(self.decimal(at)?),
            b'x' => Constant::Complex(self.decimal(at)?, self.decimal(at)?),
            b's' => {
                let size = self.size(at, "bytes object")?;
                let start = self.at;
                let constant = Constant::Bytes(self.take(size)?);
                return self.scalar(at, flagged, constant, Some(start..start + size)).map(Some);
            }
            b'a' | b'A' | b'z' | b'Z' => {
                let size = if kind | 0x20 == b'a' { self.size(at, "string")? } else { self.count_byte()? };
                let bytes = self.take(size)?;
                let interned = kind.is_ascii_uppercase();
                if bytes.is_ascii() {
                    Constant::Str { text: bytes, interned }
                } else {
                    let text = text::latin1(bytes);
                    let constant = Constant::Str { text: text.as_bytes(), interned };
                    return self.scalar(at, flagged, constant, None).map(Some);
                }
            }
            b'u' | b't' => {
                let size = self.size(at, "string")?;
                let start = self.at;
                let text = self.take(size)?;
                text::check(text).map_err(|error| ReadError { at: start + error.start, what: Fault::Text(error) })?;
                Constant::Str { text, interned: kind == b't' }
            }
            b'(' | b')' => {
                let missing = if kind == b'(' { self.size(at, "tuple")? } else { self.count_byte()? };
                return self.open_sequence(at, flagged, Sequence::Tuple, missing);
            }
            b'[' => {
                let missing = self.size(at, "list")?;
                return self.open_sequence(at, flagged, Sequence::List, missing);
            }
            b'<' | b'>' => {
                let missing = self.size(at, "set")?;
                let kind = if kind == b'<' { Sequence::Set } else { Sequence::FrozenSet };
                return self.open_sequence(at, flagged, kind, missing);
            }
            // `}` came with version 6 of the format, which is 3.15's; `:` with version 5, 3.14's.
            b'{' | b'}' if kind == b'{' || self.minor >= 15 => {
                let frozen = kind == b'}';
                let parts = Parts::Mapping { frozen, complete: false, key: None, pairs: Vec::new() };
                self.open_object(at, flagged, if frozen { Slot::Reserved } else { Slot::Open }, parts);
                return Ok(None);
            }
            b':' if self.minor >= 14 => {
                let parts = Parts::Slice { items: Vec::new(), null: false };
                self.open_object(at, flagged, Slot::Reserved, parts);
                return Ok(None);
            }
            b'c' => {
                let mut numbers = [0; 6];
                for (index, number) in numbers.iter_mut().enumerate() {
                    // The number of locals is not in the file since 3.11.
                    if index != 3 || !self.localsplus {
                        *number = self.i32()?;
                    }
                }
                let parts = CodeParts {
                    numbers,
                    objects: Vec::new(),
                    firstlineno: 0,
                    localsplus: self.localsplus,
                    null: false,
                };
                self.open_object(at, flagged, Slot::Reserved, Parts::Code(Box::new(parts)));
                return Ok(None);
            }
            b'r' => {
                let index = self.i32()?;
                return match usize::try_from(index).ok().and_then(|index| self.slots.get(index)) {
                    Some(Slot::Complete(object)) => Ok(Some(Whole::Object(object.duplicate()))),
                    Some(Slot::Open) => error(Fault::Cycle(index)),
                    Some(Slot::Reserved) | None => error(Fault::Reference(index)),
                };
            }
            _ => return error(Fault::UnknownType(byte)),
        };
        // What there is only one of is never referred to, whatever the flag says.
        let unique =
            matches!(constant, Constant::None | Constant::Bool(_) | Constant::Ellipsis | Constant::StopIteration);
        self.scalar(at, flagged && !unique, constant, None).map(Some)
    }

    /// Makes the outermost open object, all parts of which have come.
    fn finish(&mut self) -> Outcome<Whole<V>, V> {
        let Some(Open { at, slot, parts }) = self.open.pop() else { return Ok(Whole::Null) };
        let vm = self.vm;
        let made = match parts {
            Parts::Sequence { kind, items, .. } => vm.make(match kind {
                Sequence::Tuple => Constant::Tuple(&items),
                Sequence::List => Constant::List(&items),
                Sequence::Set => Constant::Set(&items),
                Sequence::FrozenSet => Constant::FrozenSet(&items),
            }),
            Parts::Mapping { frozen: false, pairs, .. } => vm.make(Constant::Dict(&pairs)),
            Parts::Mapping { frozen: true, pairs, .. } => vm.make(Constant::FrozenDict(&pairs)),
            Parts::Slice { null: true, .. } => return Ok(Whole::Null),
            Parts::Slice { items, .. } => match <&[V::Value; 3]>::try_from(items.as_slice()) {
                Ok(items) => vm.make(Constant::Slice(items)),
                Err(_) => return Ok(Whole::Null),
            },
            Parts::Code(parts) if parts.null => return Ok(Whole::Null),
            Parts::Code(parts) => {
                let fields = self.fields(*parts).map_err(|what| ReadError { at, what })?;
                let code = Code::unmarshal(vm, fields).map_err(|error| ReadError { at, what: Fault::Code(error) })?;
                if self.open.is_empty() {
                    return Ok(Whole::Code(Box::new(code)));
                }
                vm.make_code(code)
            }
        };
        let object = Object::plain(made.map_err(|error| ReadError { at, what: Fault::Raised(error) })?);
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = Slot::Complete(object.duplicate());
        }
        Ok(Whole::Object(object))
    }

    fn open_object(&mut self, at: usize, flagged: bool, slot: Slot<V>, parts: Parts<V>) {
        let slot = flagged.then(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        self.open.push(Open { at, slot, parts });
    }

    fn open_sequence(
        &mut self,
        at: usize,
        flagged: bool,
        kind: Sequence,
        missing: usize,
    ) -> Outcome<Option<Whole<V>>, V> {
        let slot = if matches!(kind, Sequence::FrozenSet) { Slot::Reserved } else { Slot::Open };
        // The count is only believed as far as it costs little.
        let items = Vec::with_capacity(missing.min(32));
        self.open_object(at, flagged, slot, Parts::Sequence { kind, missing, items });
        if missing == 0 { self.finish().map(Some) } else { Ok(None) }
    }

    /// An object without parts.
    fn scalar(
        &mut self,
        at: usize,
        flagged: bool,
        constant: Constant<'_, V>,
        bytes: Option<Range<usize>>,
    ) -> Outcome<Whole<V>, V> {
        let value = self.vm.make(constant).map_err(|error| ReadError { at, what: Fault::Raised(error) })?;
        let object = Object { value, bytes };
        if flagged {
            self.slots.push(Slot::Complete(object.duplicate()));
        }
        Ok(Whole::Object(object))
    }

    fn integer(&mut self, at: usize, flagged: bool, value: i64) -> Outcome<Whole<V>, V> {
        let mut digits = [0; 5];
        let mut length = 0;
        let mut rest = value.unsigned_abs();
        for digit in &mut digits {
            if rest != 0 {
                *digit = (rest & 0x7fff) as u16;
                rest >>= 15;
                length += 1;
            }
        }
        let digits = digits.get(..length).unwrap_or_default();
        self.scalar(at, flagged, Constant::Int(Int { negative: value < 0, digits }), None)
    }

    /// The sign and the digits of an `int` of any size.
    fn digits(&mut self, at: usize) -> Outcome<(bool, Vec<u16>), V> {
        let size = self.i32()?;
        let Ok(count) = i32::try_from(size.unsigned_abs()) else {
            return Err(ReadError { at, what: Fault::Size { of: "long", size } });
        };
        let mut digits = Vec::new();
        for left in (0..count).rev() {
            let place = self.at;
            let digit = u16::from_le_bytes(self.array()?);
            let what = match digit {
                0x8000.. => Fault::Digit(digit),
                0 if left == 0 => Fault::Unnormalized,
                _ => {
                    digits.push(digit);
                    continue;
                }
            };
            return Err(ReadError { at: place, what });
        }
        Ok((size < 0, digits))
    }

    /// A number as text: what versions 0 and 1 of the format wrote, and all of them read.
    fn decimal(&mut self, at: usize) -> Outcome<f64, V> {
        let size = self.count_byte()?;
        let bytes = self.take(size)?;
        // CPython's text ends at its first 0, and its message after 200 bytes.
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        core::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
            let text = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).into_owned();
            ReadError { at, what: Fault::Number(text) }
        })
    }

    /// A size of four bytes.
    fn size(&mut self, at: usize, of: &'static str) -> Outcome<usize, V> {
        let size = self.i32()?;
        usize::try_from(size).map_err(|_| ReadError { at, what: Fault::Size { of, size } })
    }

    /// A size of one byte.
    fn count_byte(&mut self) -> Outcome<usize, V> {
        let byte = self.bytes.get(self.at).copied();
        let missing = if self.minor >= 11 { Fault::ByteMissing } else { Fault::ObjectMissing };
        let byte = byte.ok_or_else(|| self.fault(missing))?;
        self.at += 1;
        Ok(usize::from(byte))
    }

    fn i32(&mut self) -> Outcome<i32, V> {
        self.array().map(i32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N], V> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.fault(Fault::TooShort)),
        }
    }

    fn take(&mut self, size: usize) -> Outcome<&'a [u8], V> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..size)) {
            Some(bytes) => {
                self.at += size;
                Ok(bytes)
            }
            None => Err(self.fault(Fault::TooShort)),
        }
    }

    /// An error where the input ends.
    fn fault(&self, what: Fault<V::Exception>) -> ReadError<V::Exception> {
        ReadError { at: self.bytes.len(), what }
    }

    /// What a code object is made of.
    fn fields(&mut self, parts: CodeParts<V>) -> Result<Fields<V>, Fault<V::Exception>> {
        let CodeParts { numbers, objects, firstlineno, .. } = parts;
        let [argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize, flags] = numbers;
        let mut objects = objects.into_iter();
        let mut next = || objects.next().ok_or(Fault::Null("code object"));
        let code = self.bytes_of(&next()?, "co_code")?;
        let consts = self.items_of(&next()?, "co_consts")?;
        let names = self.items_of(&next()?, "co_names")?;
        let variables = if self.localsplus {
            Variables::Localsplus {
                names: self.items_of(&next()?, "co_localsplusnames")?,
                kinds: self.bytes_of(&next()?, "co_localspluskinds")?,
            }
        } else {
            let varnames = self.items_of(&next()?, "co_varnames")?;
            let freevars = self.items_of(&next()?, "co_freevars")?;
            let cellvars = self.items_of(&next()?, "co_cellvars")?;
            Variables::Separate { nlocals, varnames, cellvars, freevars }
        };
        let filename = next()?.value;
        let name = next()?.value;
        let qualname = if self.localsplus { Some(next()?.value) } else { None };
        let linetable = self.bytes_of(&next()?, "co_linetable")?;
        let exceptiontable = if self.localsplus { self.bytes_of(&next()?, "co_exceptiontable")? } else { Vec::new() };
        Ok(Fields {
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            flags,
            firstlineno,
            code,
            consts,
            names,
            variables,
            filename,
            name,
            qualname,
            linetable,
            exceptiontable,
        })
    }

    fn bytes_of(&mut self, object: &Object<V>, name: &'static str) -> Result<Vec<u8>, Fault<V::Exception>> {
        let bytes = object.bytes.clone().and_then(|range| self.bytes.get(range));
        let bytes = bytes.ok_or(Fault::Field { name, wanted: "a bytes object" })?;
        self.count_copy(bytes.len())?;
        Ok(bytes.to_vec())
    }

    fn items_of(&mut self, object: &Object<V>, name: &'static str) -> Result<Vec<V::Value>, Fault<V::Exception>> {
        match self.vm.shape(&object.value) {
            Shape::Tuple(items) => {
                self.count_copy(size_of_val(items))?;
                Ok(items.to_vec())
            }
            _ => Err(Fault::Field { name, wanted: "a tuple" }),
        }
    }

    fn count_copy(&mut self, bytes: usize) -> Result<(), Fault<V::Exception>> {
        self.copies = self.copies.checked_sub(bytes).ok_or(Fault::Expansion)?;
        Ok(())
    }
}

impl<V: Vm> Open<V> {
    /// Takes the next part. Returns whether it was the last one.
    fn take<E>(&mut self, part: Whole<V>) -> Result<bool, ReadError<E>> {
        let object = match part {
            Whole::Object(object) => Some(object),
            // Only the outermost object is handed out so.
            Whole::Code(_) | Whole::Null => None,
        };
        let null = |of| ReadError { at: self.at, what: Fault::Null(of) };
        match &mut self.parts {
            Parts::Sequence { kind, missing, items } => {
                items.push(object.ok_or_else(|| null(kind.name()))?.value);
                *missing -= 1;
                Ok(*missing == 0)
            }
            // CPython ends a dict also where a value should be, without its key.
            Parts::Mapping { complete, key, pairs, .. } => {
                match (object, key.take()) {
                    (None, _) => *complete = true,
                    (Some(object), None) => *key = Some(object.value),
                    (Some(object), Some(key)) => pairs.push((key, object.value)),
                }
                Ok(*complete)
            }
            Parts::Slice { items, null } => {
                match object {
                    Some(object) => items.push(object.value),
                    None => *null = true,
                }
                Ok(*null || items.len() == 3)
            }
            Parts::Code(parts) => {
                match object {
                    Some(object) => parts.objects.push(object),
                    None if parts.localsplus => return Err(null("code object")),
                    None => parts.null = true,
                }
                Ok(parts.null || parts.objects.len() == parts.expected())
            }
        }
    }
}
