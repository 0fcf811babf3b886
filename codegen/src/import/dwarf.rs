//! Structs, enums and constants out of a probe's DWARF.
//!
//! Types are told by kind and size, never by a compiler's name for them, so that every compiler gives the same facts.
//! Debug information is input: offsets that lead nowhere, types that contain themselves and absurd sizes are errors.

mod facts;

use std::cell::Cell;
use std::collections::BTreeMap;

use gimli::constants as dw;
use gimli::{AttributeValue, DwTag, Dwarf, EndianSlice, LittleEndian, SectionId, Unit};

pub(crate) use facts::ArrayShape;

use super::object_file::ObjectFile;

/// Why the debug information could not be used.
pub type DwarfError = String;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// An import of all of CPython's structs looks at some 20,000 entries.
const MOST_STEPS: u32 = 2_000_000;

/// The entries of an object file's DWARF, by their place in `.debug_info`.
#[derive(Debug, Default)]
pub struct Debug {
    entries: BTreeMap<usize, Entry>,
    /// Variables by name.
    variables: BTreeMap<String, usize>,
    /// Which structs of the import list have which entry; pointers to them bear the list's name.
    named: BTreeMap<usize, String>,
    /// Entries looked at: damaged types can refer to each other in ways that would take for ever to follow.
    steps: Cell<u32>,
}

#[derive(Debug, Default)]
struct Entry {
    kind: Kind,
    name: Option<String>,
    ty: Option<usize>,
    byte_size: Option<u64>,
    encoding: Option<u64>,
    location: Option<u64>,
    bit_offset: Option<u64>,
    /// The form before DWARF 4: counted from the unit's high end.
    high_bit_offset: Option<u64>,
    bit_size: Option<u64>,
    value: Option<i64>,
    count: Option<u64>,
    header: Option<String>,
    declaration: bool,
    children: Vec<usize>,
}

/// The tags that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    Base,
    Pointer,
    Struct,
    Union,
    Enum,
    Enumerator,
    Member,
    Array,
    Subrange,
    Typedef,
    Qualifier,
    Function,
    Variable,
    #[default]
    Other,
}

impl From<DwTag> for Kind {
    fn from(tag: DwTag) -> Self {
        match tag {
            dw::DW_TAG_base_type => Kind::Base,
            dw::DW_TAG_pointer_type => Kind::Pointer,
            dw::DW_TAG_structure_type => Kind::Struct,
            dw::DW_TAG_union_type => Kind::Union,
            dw::DW_TAG_enumeration_type => Kind::Enum,
            dw::DW_TAG_enumerator => Kind::Enumerator,
            dw::DW_TAG_member => Kind::Member,
            dw::DW_TAG_array_type => Kind::Array,
            dw::DW_TAG_subrange_type => Kind::Subrange,
            dw::DW_TAG_typedef => Kind::Typedef,
            dw::DW_TAG_const_type | dw::DW_TAG_volatile_type | dw::DW_TAG_atomic_type | dw::DW_TAG_restrict_type => {
                Kind::Qualifier
            }
            dw::DW_TAG_subroutine_type => Kind::Function,
            dw::DW_TAG_variable => Kind::Variable,
            _ => Kind::Other,
        }
    }
}

impl Debug {
    /// Reads the DWARF of an ELF object file.
    ///
    /// # Errors
    ///
    /// The bytes are no ELF object, or their debug information is damaged.
    pub fn read(bytes: &[u8]) -> Result<Debug, DwarfError> {
        let object = ObjectFile::parse(bytes)?;
        Debug::from_object(&object)
    }

    pub(crate) fn from_object(object: &ObjectFile<'_>) -> Result<Debug, DwarfError> {
        let fault = |error: gimli::Error| format!("damaged debug information: {error}");
        let mut sections: BTreeMap<&'static str, Vec<u8>> = BTreeMap::new();
        for id in [
            SectionId::DebugAbbrev,
            SectionId::DebugAddr,
            SectionId::DebugInfo,
            SectionId::DebugLine,
            SectionId::DebugLineStr,
            SectionId::DebugStr,
            SectionId::DebugStrOffsets,
        ] {
            sections.insert(id.name(), object.section(id.name())?);
        }
        let dwarf: Dwarf<Slice<'_>> = Dwarf::load(|id| {
            let bytes = sections.get(id.name()).map_or(&[][..], Vec::as_slice);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        })
        .map_err(fault)?;
        let mut debug = Debug::default();
        let mut units = dwarf.units();
        while let Some(header) = units.next().map_err(fault)? {
            let unit = dwarf.unit(header).map_err(fault)?;
            debug.read_unit(&dwarf, &unit).map_err(fault)?;
        }
        if debug.entries.is_empty() {
            return Err("the object file has no debug information".to_owned());
        }
        Ok(debug)
    }

    fn read_unit(&mut self, dwarf: &Dwarf<Slice<'_>>, unit: &Unit<Slice<'_>>) -> Result<(), gimli::Error> {
        let files = file_names(dwarf, unit);
        let place = |offset: gimli::UnitOffset| {
            unit.header.offset().0.checked_add(offset.0).ok_or(gimli::Error::OffsetOutOfBounds(0))
        };
        let mut parents: Vec<usize> = Vec::new();
        let mut cursor = unit.entries();
        while let Some(die) = cursor.next_dfs()? {
            let mut entry = Entry { kind: die.tag().into(), ..Entry::default() };
            for attribute in die.attrs() {
                let value = attribute.value();
                match attribute.name() {
                    dw::DW_AT_name => {
                        entry.name = Some(dwarf.attr_string(unit, value)?.to_string_lossy().into_owned());
                    }
                    dw::DW_AT_type => {
                        entry.ty = match value {
                            AttributeValue::UnitRef(offset) => Some(place(offset)?),
                            AttributeValue::DebugInfoRef(offset) => Some(offset.0),
                            _ => None,
                        }
                    }
                    dw::DW_AT_byte_size => entry.byte_size = value.udata_value(),
                    dw::DW_AT_encoding => {
                        entry.encoding = match value {
                            AttributeValue::Encoding(encoding) => Some(u64::from(encoding.0)),
                            other => other.udata_value(),
                        }
                    }
                    dw::DW_AT_data_member_location => entry.location = value.udata_value(),
                    dw::DW_AT_data_bit_offset => entry.bit_offset = value.udata_value(),
                    dw::DW_AT_bit_offset => entry.high_bit_offset = value.udata_value(),
                    dw::DW_AT_bit_size => entry.bit_size = value.udata_value(),
                    dw::DW_AT_const_value => entry.value = constant_value(&value),
                    dw::DW_AT_count => entry.count = value.udata_value(),
                    // A compiler may write the bound of `[0]` as -1.
                    dw::DW_AT_upper_bound => {
                        entry.count = match value.sdata_value() {
                            Some(-1) => Some(0),
                            _ => value.udata_value().and_then(|last| last.checked_add(1)),
                        }
                    }
                    dw::DW_AT_declaration => entry.declaration = true,
                    dw::DW_AT_decl_file => {
                        let index = match value {
                            AttributeValue::FileIndex(index) => Some(index),
                            other => other.udata_value(),
                        };
                        entry.header = index.and_then(|index| files.get(&index)).cloned();
                    }
                    _ => {}
                }
            }
            let at = place(die.offset())?;
            let depth = usize::try_from(die.depth()).unwrap_or(0);
            parents.truncate(depth);
            if let Some(parent) = parents.last().and_then(|parent| self.entries.get_mut(parent)) {
                parent.children.push(at);
            }
            parents.push(at);
            if entry.kind == Kind::Variable
                && depth == 1
                && let Some(name) = &entry.name
            {
                self.variables.insert(name.clone(), at);
            }
            self.entries.insert(at, entry);
        }
        Ok(())
    }

    fn entry(&self, at: usize) -> Result<&Entry, DwarfError> {
        self.steps.set(self.steps.get().saturating_add(1));
        if self.steps.get() > MOST_STEPS {
            return Err("damaged debug information: types without end".to_owned());
        }
        self.entries.get(&at).ok_or_else(|| "damaged debug information: a type that is not there".to_owned())
    }
}

fn constant_value(value: &AttributeValue<Slice<'_>>) -> Option<i64> {
    match value {
        // Plain data has no sign; compilers write negative enumerators as sdata.
        AttributeValue::Data1(byte) => Some(i64::from(*byte)),
        AttributeValue::Data2(half) => Some(i64::from(*half)),
        AttributeValue::Data4(word) => Some(i64::from(*word)),
        AttributeValue::Data8(long) => Some(long.cast_signed()),
        AttributeValue::Udata(long) => Some(long.cast_signed()),
        other => other.sdata_value(),
    }
}

/// The unit's source files by index: folder and name.
fn file_names(dwarf: &Dwarf<Slice<'_>>, unit: &Unit<Slice<'_>>) -> BTreeMap<u64, String> {
    let mut names = BTreeMap::new();
    let Some(program) = &unit.line_program else { return names };
    let header = program.header();
    let count = u64::try_from(header.file_names().len()).unwrap_or(0);
    for index in 0..=count {
        let Some(file) = header.file(index) else { continue };
        let text = |value| dwarf.attr_string(unit, value).map(|slice| slice.to_string_lossy().into_owned());
        let Ok(name) = text(file.path_name()) else { continue };
        let folder = file.directory(header).and_then(|folder| text(folder).ok());
        names.insert(
            index,
            match folder {
                Some(folder) if !name.starts_with('/') => format!("{folder}/{name}"),
                _ => name,
            },
        );
    }
    names
}
