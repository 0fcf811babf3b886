//! The kinds of difference; serialised, they are the JSON of `framespec diff --json`.

use serde::Serialize;

use super::meaning::MeaningChange;

/// All that differs between two layouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The layout that one comes from.
    pub old: Side,
    /// The layout that one goes to.
    pub new: Side,
    /// Pyc magic, structs, enums, constants, meaning, opcodes, headers; in each the order of the import list or the spec.
    pub changes: Vec<Change>,
}

/// One of the two layouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// `3.14`.
    pub version: String,
    /// `default`, `free-threaded`, ...
    pub flavour: String,
    /// `x86_64-linux`.
    pub architecture: String,
    /// Releases whose interpreter agreed.
    pub verified: Vec<String>,
    /// Releases of which only headers were there.
    pub unwitnessed: Vec<String>,
    /// How many opcodes there are.
    pub opcode_count: usize,
    /// The newest release, with the flavour's letters: `3.14.10t`.
    #[serde(skip)]
    pub(super) name: String,
}

/// One difference. In JSON, `change` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The number that a `.pyc` file begins with.
    PycMagicChanged {
        /// Absent when the spec does not know it.
        old: Option<u64>,
        /// Absent when the spec does not know it.
        new: Option<u64>,
    },
    /// A struct that was not there.
    StructAdded(StructFact),
    /// A struct that is no more.
    StructRemoved(StructFact),
    /// A struct has another size or alignment; absent where only chosen fields are kept.
    SizeChanged {
        /// CPython's name.
        #[serde(rename = "struct")]
        structure: String,
        /// `sizeof` before.
        old_size_bytes: Option<u64>,
        /// `sizeof` now.
        new_size_bytes: Option<u64>,
        /// `_Alignof` before.
        old_align_bytes: Option<u64>,
        /// `_Alignof` now.
        new_align_bytes: Option<u64>,
    },
    /// A field that was not there.
    FieldAdded {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: FieldFact,
        /// The one field that is gone and had exactly these bytes. That is all it says: not that the meaning is the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_place_of: Option<String>,
    },
    /// A field that is no more.
    FieldRemoved {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field as it was.
        field: FieldFact,
    },
    /// A field begins at another byte; of a bit field, its unit does.
    FieldMoved {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: String,
        /// Bytes from the start of the struct, before.
        old_offset_bytes: u64,
        /// Bytes from the start of the struct, now.
        new_offset_bytes: u64,
    },
    /// A field has another type.
    FieldRetyped {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: String,
        /// As in a facts file, before.
        old_type: String,
        /// As in a facts file, now.
        new_type: String,
    },
    /// A field's type has the same name but another size: an embedded struct has changed.
    FieldResized {
        /// The struct that holds the field.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: String,
        /// Its type.
        #[serde(rename = "type")]
        ty: String,
        /// Size before.
        old_size_bytes: u64,
        /// Size now.
        new_size_bytes: u64,
    },
    /// The bits of a bit field are others; absent on a side where the field is no bit field.
    BitsMoved {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: String,
        /// Bits in the unit before, low bit first.
        old: Option<BitsFact>,
        /// Bits in the unit now.
        new: Option<BitsFact>,
    },
    /// A member of a union shares its bytes with another field than before, or does so on one side only.
    OverlayChanged {
        /// The struct.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: String,
        /// The field it overlaid.
        old: Option<String>,
        /// The field it overlays.
        new: Option<String>,
    },
    /// An enum that was not there.
    EnumAdded(EnumFact),
    /// An enum that is no more.
    EnumRemoved(EnumFact),
    /// A value that was not there.
    EnumValueAdded {
        /// The enum.
        #[serde(rename = "enum")]
        enumeration: String,
        /// CPython's name.
        name: String,
        /// Its number.
        value: i64,
        /// What the number meant before, when it meant something else.
        #[serde(skip_serializing_if = "Option::is_none")]
        number_was: Option<String>,
    },
    /// A value that is no more.
    EnumValueRemoved {
        /// The enum.
        #[serde(rename = "enum")]
        enumeration: String,
        /// CPython's name.
        name: String,
        /// Its number before.
        value: i64,
    },
    /// A value has another number.
    EnumValueRenumbered {
        /// The enum.
        #[serde(rename = "enum")]
        enumeration: String,
        /// CPython's name.
        name: String,
        /// Its number before.
        old: i64,
        /// Its number now.
        new: i64,
        /// What the new number meant before, when it meant something else.
        #[serde(skip_serializing_if = "Option::is_none")]
        number_was: Option<String>,
    },
    /// A group of constants that was not there.
    GroupAdded(GroupFact),
    /// A group of constants that is no more.
    GroupRemoved(GroupFact),
    /// A constant that was not there.
    ConstantAdded {
        /// The group; `observed` holds what no header does.
        group: String,
        /// CPython's name.
        name: String,
        /// Its value.
        value: i64,
    },
    /// A constant that is no more.
    ConstantRemoved {
        /// The group.
        group: String,
        /// CPython's name.
        name: String,
        /// Its value before.
        value: i64,
    },
    /// A constant has another value.
    ConstantChanged {
        /// The group that holds it now.
        group: String,
        /// CPython's name.
        name: String,
        /// Its value before.
        old: i64,
        /// Its value now.
        new: i64,
    },
    /// A constant is filed elsewhere, as when a header takes over what had to be observed.
    ConstantRegrouped {
        /// CPython's name.
        name: String,
        /// The group that held it.
        old_group: String,
        /// The group that holds it.
        new_group: String,
    },
    /// An opcode that was not there.
    OpcodeAdded(OpcodeFact),
    /// An opcode that is no more.
    OpcodeRemoved(OpcodeFact),
    /// An opcode has another number.
    OpcodeRenumbered {
        /// CPython's name.
        opcode: String,
        /// Its number before.
        old: u64,
        /// Its number now.
        new: u64,
    },
    /// An opcode's argument is of another kind; absent when it takes none.
    OpcodeArgumentChanged {
        /// CPython's name.
        opcode: String,
        /// The kind before.
        old: Option<String>,
        /// The kind now.
        new: Option<String>,
    },
    /// Another number of inline cache entries follows an opcode.
    OpcodeCachesChanged {
        /// CPython's name.
        opcode: String,
        /// Code units before.
        old_units: u64,
        /// Code units now.
        new_units: u64,
    },
    /// An opcode stands for another one than before; absent when it stands for none.
    OpcodeBaseChanged {
        /// CPython's name.
        opcode: String,
        /// The base before.
        old: Option<String>,
        /// The base now.
        new: Option<String>,
    },
    /// An opcode does something else to the depth of the stack; absent where CPython does not tell.
    StackEffectChanged {
        /// CPython's name.
        opcode: String,
        /// Before.
        old: Option<EffectFact>,
        /// Now.
        new: Option<EffectFact>,
    },
    /// Another header defines a thing.
    HeaderMoved {
        /// What kind of thing.
        kind: Kind,
        /// Its name.
        name: String,
        /// The header before.
        old: String,
        /// The header now.
        new: String,
    },
    /// Something means something else.
    #[serde(untagged)]
    Meaning(MeaningChange),
}

/// What a header defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A struct or union.
    Struct,
    /// An enum.
    Enum,
    /// A group of constants.
    Constants,
}

/// A whole struct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StructFact {
    /// CPython's name.
    #[serde(rename = "struct")]
    pub name: String,
    /// The header that defines it.
    pub header: String,
    /// `sizeof`; absent when only chosen fields are kept.
    pub size_bytes: Option<u64>,
    /// `_Alignof`; absent when only chosen fields are kept.
    pub align_bytes: Option<u64>,
    /// By offset.
    pub fields: Vec<FieldFact>,
}

/// A field as it is, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFact {
    /// CPython's name.
    pub name: String,
    /// As in a facts file.
    #[serde(rename = "type")]
    pub ty: String,
    /// Bytes from the start of the struct.
    pub offset_bytes: u64,
    /// Which bits of the unit, for a bit field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<BitsFact>,
    /// The field whose bytes it shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlays: Option<String>,
}

/// Bits of a unit, low bit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BitsFact {
    /// Bits below it.
    pub first_bit: u64,
    /// How many bits.
    pub width_bits: u64,
}

/// A whole enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnumFact {
    /// CPython's name.
    #[serde(rename = "enum")]
    pub name: String,
    /// The header that defines it.
    pub header: String,
    /// As declared.
    pub values: Vec<ValueFact>,
}

/// A whole group of constants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupFact {
    /// The spec's name for it.
    #[serde(rename = "group")]
    pub name: String,
    /// The header that defines the first of them.
    pub header: String,
    /// As declared.
    pub values: Vec<ValueFact>,
}

/// A named number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueFact {
    /// CPython's name.
    pub name: String,
    /// Its value.
    pub value: i64,
}

/// A whole opcode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpcodeFact {
    /// CPython's name.
    #[serde(rename = "opcode")]
    pub name: String,
    /// 0 to 255.
    pub number: u64,
    /// Kind of argument; absent when it takes none.
    pub argument: Option<String>,
    /// Code units of inline cache that follow.
    pub cache_units: u64,
    /// The opcode that it stands for.
    pub base: Option<String>,
    /// What it does to the depth of the stack; absent where CPython does not tell.
    pub stack_effect: Option<EffectFact>,
}

/// What an instruction does to the depth of the stack, as formulas in its argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectFact {
    /// When the next instruction follows.
    pub effect: String,
    /// When it jumps, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jump: Option<String>,
    /// The base that it is the effect of, when the opcode has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
