//! What the entries mean: structs with their fields, enums, constants.

use std::collections::BTreeMap;

use gimli::constants as dw;

use super::{Debug, DwarfError, Kind};
use crate::model::facts::{Bits, Constant, Enum, Field, Size, Struct};
use crate::model::ty::Type;
use crate::source::At;

/// A type nested deeper than this is taken as bytes, or refused where it can only be a loop.
const DEEPEST: usize = 24;

/// Structs inside structs are opened up to this depth.
const OPENED: usize = 4;

impl Debug {
    /// The type of a variable.
    fn variable(&self, name: &str) -> Option<usize> {
        self.entries.get(self.variables.get(name)?)?.ty
    }

    /// Behind typedefs and qualifiers; `None` stands for C's `void`.
    fn strip(&self, at: Option<usize>) -> Result<Option<usize>, DwarfError> {
        let mut at = at;
        for _ in 0..DEEPEST {
            let Some(place) = at else { return Ok(None) };
            let entry = self.entry(place)?;
            match entry.kind {
                Kind::Typedef | Kind::Qualifier => at = entry.ty,
                _ => return Ok(Some(place)),
            }
        }
        Err("damaged debug information: typedefs without end".to_owned())
    }

    /// The last typedef on the way to a type, for types that have no tag of their own.
    fn typedef_name(&self, at: Option<usize>) -> Option<&str> {
        let mut at = at;
        let mut name = None;
        for _ in 0..DEEPEST {
            let entry = self.entries.get(&at?)?;
            match entry.kind {
                Kind::Typedef => {
                    name = entry.name.as_deref();
                    at = entry.ty;
                }
                Kind::Qualifier => at = entry.ty,
                _ => return name,
            }
        }
        None
    }

    /// What the variable `probe_struct_NAME`, a pointer, points to, if it is a complete struct or union.
    fn wanted_struct(&self, name: &str) -> Result<Option<usize>, DwarfError> {
        let Some(pointer) = self.strip(self.variable(&format!("probe_struct_{name}")))? else { return Ok(None) };
        let Some(target) = self.strip(self.entry(pointer)?.ty)? else { return Ok(None) };
        let entry = self.entry(target)?;
        let complete = matches!(entry.kind, Kind::Struct | Kind::Union) && !entry.declaration;
        Ok(complete.then_some(target))
    }

    /// Says which structs have a name of the import list, before any is read.
    pub fn name_structs<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), DwarfError> {
        for name in names {
            if let Some(at) = self.wanted_struct(name)? {
                self.named.entry(at).or_insert_with(|| name.to_owned());
            }
        }
        Ok(())
    }

    /// One struct of the import list; `None` when these headers have none of that name.
    pub fn find_struct(&self, name: &str, only: &[String]) -> Result<Option<Struct>, DwarfError> {
        let Some(at) = self.wanted_struct(name)? else { return Ok(None) };
        let entry = self.entry(at)?;
        let header = entry.header.clone().unwrap_or_default();
        let mut fields = Vec::new();
        let size = if only.is_empty() {
            fields = self.opened(at)?;
            let bytes = entry.byte_size.ok_or("damaged debug information: a struct without a size")?;
            Some(Size { bytes: At::nowhere(bytes), align: At::nowhere(self.align(at, 0)?) })
        } else {
            for path in only {
                if let Some(mut field) = self.follow(at, path)? {
                    field.name = At::nowhere(path.clone());
                    fields.push(field);
                }
            }
            None
        };
        Ok(Some(Struct { name: At::nowhere(name.to_owned()), header, size, fields: self.arrange(fields)? }))
    }

    /// A member by a dotted path, through structs of any name.
    fn follow(&self, at: usize, path: &str) -> Result<Option<Field>, DwarfError> {
        let mut at = at;
        let mut offset = 0_u64;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let Some((member, within)) = self.member(at, part, 0)? else { return Ok(None) };
            offset = offset.checked_add(within).ok_or("damaged debug information: an offset out of range")?;
            let ty = self.entry(member)?.ty;
            if parts.peek().is_none() {
                let ty = self.type_of(ty, 0)?;
                return Ok(Some(Field {
                    name: At::nowhere(part.to_owned()),
                    ty: At::nowhere(ty),
                    offset: At::nowhere(offset),
                    bits: None,
                    overlays: None,
                }));
            }
            match self.strip(ty)? {
                Some(inner) => at = inner,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// `sizeof` of a struct of the import list, also where only some of its fields are kept.
    pub(crate) fn size(&self, name: &str) -> Result<Option<u64>, DwarfError> {
        match self.wanted_struct(name)? {
            Some(at) => Ok(self.entry(at)?.byte_size),
            None => Ok(None),
        }
    }

    /// `offsetof` of a member of a struct of the import list, by a dotted path.
    pub(crate) fn offset(&self, name: &str, path: &str) -> Result<Option<u64>, DwarfError> {
        match self.wanted_struct(name)? {
            Some(at) => Ok(self.follow(at, path)?.map(|field| field.offset.value)),
            None => Ok(None),
        }
    }

    /// A member by its name, also inside anonymous members, and its offset.
    fn member(&self, at: usize, name: &str, depth: usize) -> Result<Option<(usize, u64)>, DwarfError> {
        if depth > OPENED {
            return Ok(None);
        }
        for &child in &self.entry(at)?.children {
            let entry = self.entry(child)?;
            if entry.kind != Kind::Member {
                continue;
            }
            let offset = entry.location.unwrap_or(0);
            match &entry.name {
                Some(found) if found == name => return Ok(Some((child, offset))),
                Some(_) => {}
                None => {
                    if let Some(inner) = self.strip(entry.ty)?
                        && let Some((member, within)) = self.member(inner, name, depth + 1)?
                    {
                        return Ok(Some((member, offset.saturating_add(within))));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Adds a member: itself when its type has a name of its own in the facts, else the members inside it.
    fn open(
        &self,
        member: usize,
        prefix: &str,
        base: u64,
        depth: usize,
        fields: &mut Vec<Field>,
    ) -> Result<(), DwarfError> {
        let entry = self.entry(member)?;
        if entry.kind != Kind::Member {
            return Ok(());
        }
        let offset =
            base.checked_add(entry.location.unwrap_or(0)).ok_or("damaged debug information: an offset out of range")?;
        let target = self.strip(entry.ty)?;
        let name = entry.name.as_deref();
        if let Some(target) = target
            && let inner = self.entry(target)?
            && matches!(inner.kind, Kind::Struct | Kind::Union)
            && !self.named.contains_key(&target)
            && depth < OPENED
        {
            let prefix = name.map_or(prefix.to_owned(), |name| format!("{prefix}{name}."));
            for &child in &inner.children {
                self.open(child, &prefix, offset, depth + 1, fields)?;
            }
            return Ok(());
        }
        // Padding bits have no name; anything else without one would be lost.
        let Some(name) = name else {
            return match entry.bit_size {
                Some(_) => Ok(()),
                None => Err("a struct is nested too deep to be opened".to_owned()),
            };
        };
        let ty = self.type_of(entry.ty, 0)?;
        let (offset, bits) = match entry.bit_size {
            None => (offset, None),
            Some(width) => {
                let unit = ty.size(&|_| None).filter(|size| *size > 0);
                let unit = unit.ok_or("damaged debug information: a bit field of no integer")?;
                let unit_bits = unit * 8;
                let (start_bit, from) = match (entry.bit_offset, entry.high_bit_offset) {
                    (Some(bit), _) => (bit, base),
                    (None, Some(high)) => {
                        let low = unit_bits.checked_sub(high).and_then(|bits| bits.checked_sub(width));
                        (low.ok_or("damaged debug information: a bit field outside its integer")?, offset)
                    }
                    (None, None) => (0, offset),
                };
                let start = start_bit / unit_bits * unit;
                let offset = from.checked_add(start).ok_or("damaged debug information: an offset out of range")?;
                let bits = Bits { start: At::nowhere(start_bit % unit_bits), width: At::nowhere(width) };
                (offset, Some(bits))
            }
        };
        fields.push(Field {
            name: At::nowhere(format!("{prefix}{name}")),
            ty: At::nowhere(ty),
            offset: At::nowhere(offset),
            bits,
            overlays: None,
        });
        Ok(())
    }

    /// Sorts by offset, widest first, and says which field shares the bytes of which.
    fn arrange(&self, mut fields: Vec<Field>) -> Result<Vec<Field>, DwarfError> {
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        for (&at, name) in &self.named {
            sizes.insert(name.clone(), self.entry(at)?.byte_size.unwrap_or(0));
        }
        let size = |field: &Field| field.ty.size(&|name| sizes.get(name).copied()).unwrap_or(0);
        let bit = |field: &Field| field.bits.as_ref().map_or(0, |bits| bits.start.value);
        fields.sort_by_key(|field| (field.offset.value, bit(field), std::cmp::Reverse(size(field))));
        let mut storage: Vec<(u64, u64, String)> = Vec::new();
        for field in &mut fields {
            let bits = match &field.bits {
                Some(bits) => (bits.start.value, bits.width.value),
                None => (0, size(field).saturating_mul(8)),
            };
            let start = field.offset.value.saturating_mul(8).saturating_add(bits.0);
            let end = start.saturating_add(bits.1);
            match storage.iter().find(|(from, to, _)| *from < end && start < *to) {
                Some((_, _, other)) => field.overlays = Some(At::nowhere(other.clone())),
                None => storage.push((start, end, field.name.value.clone())),
            }
        }
        Ok(fields)
    }

    /// A type by kind and size.
    fn type_of(&self, at: Option<usize>, depth: usize) -> Result<Type, DwarfError> {
        if depth > DEEPEST {
            return Err("damaged debug information: a type without end".to_owned());
        }
        let Some(place) = self.strip(at)? else { return Ok(Type::Void) };
        let entry = self.entry(place)?;
        let bytes = entry.byte_size.unwrap_or(0);
        let small = || u8::try_from(bytes).ok().filter(|bytes| matches!(bytes, 1 | 2 | 4 | 8));
        Ok(match entry.kind {
            Kind::Base => {
                let encoding = entry.encoding.and_then(|encoding| u8::try_from(encoding).ok()).map(gimli::DwAte);
                match (encoding, small()) {
                    (Some(dw::DW_ATE_boolean), Some(1)) => Type::Bool,
                    (Some(dw::DW_ATE_float), Some(bytes @ (4 | 8))) => Type::Float { bytes },
                    (Some(dw::DW_ATE_signed | dw::DW_ATE_signed_char), Some(bytes)) => {
                        Type::Int { signed: true, bytes }
                    }
                    (Some(dw::DW_ATE_unsigned | dw::DW_ATE_unsigned_char | dw::DW_ATE_UTF), Some(bytes)) => {
                        Type::Int { signed: false, bytes }
                    }
                    _ => Type::Bytes(bytes),
                }
            }
            Kind::Enum => {
                let signed = entry.children.iter().any(|child| {
                    self.entries.get(child).is_some_and(|child| child.value.is_some_and(|value| value < 0))
                });
                small().map_or(Type::Bytes(bytes), |bytes| Type::Int { signed, bytes })
            }
            Kind::Pointer => Type::Pointer(Box::new(self.pointee(entry.ty, depth + 1)?)),
            Kind::Array => {
                let mut ty = self.type_of(entry.ty, depth + 1)?;
                if matches!(ty, Type::Void | Type::Function) {
                    return Err("damaged debug information: an array of nothing".to_owned());
                }
                let ranges: Vec<u64> = entry
                    .children
                    .iter()
                    .filter_map(|child| self.entries.get(child))
                    .filter(|child| child.kind == Kind::Subrange)
                    .map(|child| child.count.unwrap_or(0))
                    .collect();
                for length in ranges.into_iter().rev().take(DEEPEST) {
                    ty = Type::Array(Box::new(ty), length);
                }
                ty
            }
            Kind::Struct | Kind::Union => match self.named.get(&place) {
                Some(name) => Type::Named(name.clone()),
                None => Type::Bytes(bytes),
            },
            Kind::Function => Type::Function,
            _ => Type::Bytes(bytes),
        })
    }

    /// What a pointer points to: structs by name, everything else as a value of that type.
    fn pointee(&self, at: Option<usize>, depth: usize) -> Result<Type, DwarfError> {
        let Some(place) = self.strip(at)? else { return Ok(Type::Void) };
        let entry = self.entry(place)?;
        match entry.kind {
            Kind::Struct | Kind::Union => {
                let name = self.named.get(&place).map(String::as_str);
                let name = name.or(entry.name.as_deref()).or_else(|| self.typedef_name(at));
                Ok(name
                    .filter(|name| crate::model::ty::is_c_name(name))
                    .map_or(Type::Void, |name| Type::Named(name.to_owned())))
            }
            _ => match self.type_of(at, depth)? {
                // An aggregate behind a pointer is not read through it.
                Type::Bytes(_) => Ok(Type::Void),
                other => Ok(other),
            },
        }
    }

    /// Alignment by the rules of the x86-64 and AArch64 System V ABIs: that of the most aligned member.
    fn align(&self, at: usize, depth: usize) -> Result<u64, DwarfError> {
        if depth > DEEPEST {
            return Err("damaged debug information: a type without end".to_owned());
        }
        let entry = self.entry(at)?;
        Ok(match entry.kind {
            Kind::Struct | Kind::Union => {
                let mut most = 1;
                for &child in &entry.children {
                    let member = self.entry(child)?;
                    if member.kind == Kind::Member
                        && let Some(ty) = self.strip(member.ty)?
                    {
                        most = self.align(ty, depth + 1)?.max(most);
                    }
                }
                most
            }
            Kind::Array => match self.strip(entry.ty)? {
                Some(element) => self.align(element, depth + 1)?,
                None => 1,
            },
            Kind::Pointer => 8,
            _ => entry.byte_size.unwrap_or(1).clamp(1, 16),
        })
    }

    /// An enum of the import list; `None` when these headers have none of that tag.
    pub fn find_enum(&self, name: &str) -> Result<Option<Enum>, DwarfError> {
        let Some(pointer) = self.strip(self.variable(&format!("probe_enum_{name}")))? else { return Ok(None) };
        let Some(target) = self.strip(self.entry(pointer)?.ty)? else { return Ok(None) };
        let entry = self.entry(target)?;
        if entry.kind != Kind::Enum || entry.declaration {
            return Ok(None);
        }
        let header = entry.header.clone().unwrap_or_default();
        Ok(Some(Enum { name: At::nowhere(name.to_owned()), header, values: self.enumerators(target)? }))
    }

    /// The probe's own enum: every constant of the import list.
    pub fn constants(&self) -> Result<Vec<Constant>, DwarfError> {
        let Some(target) = self.strip(self.variable("probe_constants"))? else {
            return Err("the probe has no constants".to_owned());
        };
        let all = self.enumerators(target)?.into_iter().filter_map(|constant| {
            let name = constant.name.value.strip_prefix("probe_constant_")?.to_owned();
            Some(Constant { name: At::nowhere(name), value: constant.value })
        });
        Ok(all.collect())
    }

    fn enumerators(&self, at: usize) -> Result<Vec<Constant>, DwarfError> {
        let mut values = Vec::new();
        for &child in &self.entry(at)?.children {
            let entry = self.entry(child)?;
            if let (Kind::Enumerator, Some(name), Some(value)) = (entry.kind, &entry.name, entry.value) {
                values.push(Constant { name: At::nowhere(name.clone()), value: At::nowhere(value) });
            }
        }
        Ok(values)
    }

    /// Size of one element of an array variable, and offset and size of each member of it.
    pub(crate) fn array_of_structs(&self, name: &str) -> Result<Option<ArrayShape>, DwarfError> {
        let Some(array) = self.strip(self.variable(name))? else { return Ok(None) };
        let Some(element) = self.strip(self.entry(array)?.ty)? else { return Ok(None) };
        let entry = self.entry(element)?;
        let mut members = BTreeMap::new();
        for &child in &entry.children {
            let member = self.entry(child)?;
            if let (Kind::Member, Some(name)) = (member.kind, &member.name) {
                let size = self.type_of(member.ty, 0)?.size(&|_| None).unwrap_or(0);
                members.insert(name.clone(), (member.location.unwrap_or(0), size));
            }
        }
        Ok(entry.byte_size.filter(|size| *size > 0).map(|stride| ArrayShape { stride, members }))
    }

    /// Every member of the struct behind `probe_struct_NAME`, opened to the last scalar, with dotted names.
    pub(crate) fn scalars(&self, name: &str) -> Result<Vec<Field>, DwarfError> {
        match self.wanted_struct(name)? {
            Some(at) => self.opened(at),
            None => Ok(Vec::new()),
        }
    }

    /// The members of a struct, each opened as far as [`Debug::open`] goes.
    fn opened(&self, at: usize) -> Result<Vec<Field>, DwarfError> {
        let mut fields = Vec::new();
        for &member in &self.entry(at)?.children {
            self.open(member, "", 0, 0, &mut fields)?;
        }
        Ok(fields)
    }
}

/// The shape of an array whose elements are structs.
#[derive(Debug)]
pub(crate) struct ArrayShape {
    pub(crate) stride: u64,
    /// Offset and size in bytes.
    pub(crate) members: BTreeMap<String, (u64, u64)>,
}
