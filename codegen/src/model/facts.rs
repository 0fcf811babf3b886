//! One layout of one CPython: what an import found.

use super::machine::Numbering;
use super::ty::Type;
use super::version::{Flavour, Micro, Minor};
use crate::source::{At, SourceId};

/// A build that a layout was seen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The release.
    pub micro: At<Micro>,
    /// The `-D` options that its own compilation of the core had, `NAME` or `NAME=VALUE`, sorted.
    pub defines: Vec<String>,
}

/// All that was imported for one distinct layout.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The file, if it came out of one.
    pub source: Option<SourceId>,
    /// The part of the file's name before `.yaml`: the first micro that the layout was seen on.
    pub stem: String,
    /// The minor version.
    pub version: At<Minor>,
    /// The build flavour.
    pub flavour: At<Flavour>,
    /// `x86_64-linux`.
    pub architecture: At<String>,
    /// Builds whose interpreter was there and agreed.
    pub verified: Vec<Build>,
    /// Builds of which only headers were there.
    pub unwitnessed: Vec<Build>,
    /// The content proper: what two builds must share to share a file.
    pub content: Content,
}

impl Facts {
    /// All builds, witnessed or not.
    pub fn builds(&self) -> impl Iterator<Item = &Build> {
        self.verified.iter().chain(&self.unwitnessed)
    }

    /// The newest micro that the layout was seen on.
    pub fn newest_micro(&self) -> Option<Micro> {
        self.builds().map(|build| build.micro.value).max()
    }

    /// `3.14`, `3.14t`: the folder.
    pub fn folder(&self) -> String {
        format!("{}{}", self.version, self.flavour.suffix())
    }

    /// `CPython 3.14, free-threaded build, x86_64-linux`, for messages and headers.
    pub fn title(&self) -> String {
        format!("CPython {}, {} build, {}", self.version, self.flavour.value, self.architecture)
    }

    /// A struct by its C name.
    pub fn find_struct(&self, name: &str) -> Option<&Struct> {
        self.content.structs.iter().find(|candidate| candidate.name.value == name)
    }

    /// The values of an enum, by its C name.
    pub fn enum_values(&self, name: &str) -> Option<&[Constant]> {
        self.content.enums.iter().find(|item| item.name.value == name).map(|item| item.values.as_slice())
    }

    /// What numbers the states of a machine.
    pub fn numbers(&self, numbering: &Numbering) -> Option<&[Constant]> {
        if !numbering.is_group {
            return self.enum_values(&numbering.name);
        }
        let mut groups = self.content.constants.iter();
        groups.find(|group| group.name.value == numbering.name.value).map(|group| group.values.as_slice())
    }

    /// The value of a constant, by its group and name.
    pub fn constant(&self, group: &str, name: &str) -> Option<i64> {
        let group = self.content.constants.iter().find(|item| item.name.value == group)?;
        group.values.iter().find(|constant| constant.name.value == name).map(|constant| constant.value.value)
    }

    /// An opcode by its name.
    pub fn find_opcode(&self, name: &str) -> Option<&Opcode> {
        self.content.opcodes.iter().find(|opcode| opcode.name.value == name)
    }
}

/// Structs, numbers and opcodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The pyc magic number, where a header holds it (from 3.14).
    pub pyc_magic: Option<At<u64>>,
    /// In the order of the import list.
    pub structs: Vec<Struct>,
    /// In the order of the import list.
    pub enums: Vec<Enum>,
    /// In the order of the import list.
    pub constants: Vec<Group>,
    /// By number.
    pub opcodes: Vec<Opcode>,
}

/// A C struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// CPython's name.
    pub name: At<String>,
    /// The header that defines it.
    pub header: String,
    /// Size and alignment in bytes; absent when only chosen fields are kept, since the rest moves between micros.
    pub size: Option<Size>,
    /// By offset, as declared where offsets are equal.
    pub fields: Vec<Field>,
}

impl Struct {
    /// A field by its name; members of nested anonymous structs have dotted names.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.value == name)
    }

    /// Whether only chosen fields are kept.
    pub fn is_partial(&self) -> bool {
        self.size.is_none()
    }
}

/// Size and alignment, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// `sizeof`.
    pub bytes: At<u64>,
    /// `_Alignof`.
    pub align: At<u64>,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// CPython's name; `outer.inner` for a member of an anonymous struct that is itself a named member.
    pub name: At<String>,
    /// Its type.
    pub ty: At<Type>,
    /// Bytes from the start of the struct. For a bit field: of the unit that holds it.
    pub offset: At<u64>,
    /// First bit and number of bits in the unit, low bit first.
    pub bits: Option<Bits>,
    /// The field whose bytes it shares: another member of the same C union.
    pub overlays: Option<At<String>>,
}

/// A bit field: `width` bits from bit `start` of its unit, low bit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Bits below it in the unit.
    pub start: At<u64>,
    /// How many bits.
    pub width: At<u64>,
}

/// A C enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// CPython's name: the typedef, else the tag.
    pub name: At<String>,
    /// The header that defines it.
    pub header: String,
    /// As declared.
    pub values: Vec<Constant>,
}

/// Constants that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Our name for the group, `code_flags`.
    pub name: At<String>,
    /// The header that defines the first of them.
    pub header: String,
    /// As declared.
    pub values: Vec<Constant>,
}

/// A named number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// CPython's name.
    pub name: At<String>,
    /// Its value.
    pub value: At<i64>,
}

/// One opcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// 0 to 255.
    pub number: At<u64>,
    /// CPython's name.
    pub name: At<String>,
    /// What the argument is; absent when the instruction takes none. Specialised and instrumented forms are as their base.
    pub argument: Option<At<Argument>>,
    /// Code units of inline cache that follow.
    pub caches: At<u64>,
    /// The opcode that this one stands for: the general form of a specialised or instrumented one.
    pub deopt: Option<At<String>>,
}

/// What an instruction's argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// A number that only the instruction understands.
    Integer,
    /// Index into `co_consts`.
    Const,
    /// Index into `co_names`, in some versions shifted to make room for flags.
    Name,
    /// Index of a local variable; two of four bits each in the paired instructions.
    Local,
    /// Index of a cell or free variable.
    Free,
    /// A comparison operator.
    Compare,
    /// Jump forward from the next instruction.
    JumpForward,
    /// Jump backward from the next instruction.
    JumpBackward,
    /// Jump to an address counted from the start of the code.
    JumpAbsolute,
}

impl Argument {
    /// All of them.
    pub const ALL: [Argument; 9] = [
        Argument::Integer,
        Argument::Const,
        Argument::Name,
        Argument::Local,
        Argument::Free,
        Argument::Compare,
        Argument::JumpForward,
        Argument::JumpBackward,
        Argument::JumpAbsolute,
    ];

    /// The name in a facts file.
    pub fn name(self) -> &'static str {
        match self {
            Argument::Integer => "integer",
            Argument::Const => "const",
            Argument::Name => "name",
            Argument::Local => "local",
            Argument::Free => "free",
            Argument::Compare => "compare",
            Argument::JumpForward => "jump_forward",
            Argument::JumpBackward => "jump_backward",
            Argument::JumpAbsolute => "jump_absolute",
        }
    }

    /// The kind of a name in a facts file.
    pub fn from_name(name: &str) -> Option<Self> {
        Argument::ALL.into_iter().find(|argument| argument.name() == name)
    }
}
