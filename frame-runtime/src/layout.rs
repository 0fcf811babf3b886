//! Every known layout as data, for readers that learn the version only at run time.

use core::fmt;

use crate::opcode::OpcodeInfo;
use crate::table::Lines;

/// How a CPython was configured, as far as it moves the structs of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// A release build with the GIL.
    Default,
    /// `Py_GIL_DISABLED`.
    FreeThreaded,
    /// `Py_DEBUG`.
    Debug,
    /// Both.
    FreeThreadedDebug,
}

impl Flavour {
    /// CPython's ABI letters, as in `3.14t`.
    pub const fn suffix(self) -> &'static str {
        match self {
            Flavour::Default => "",
            Flavour::FreeThreaded => "t",
            Flavour::Debug => "d",
            Flavour::FreeThreadedDebug => "td",
        }
    }
}

/// A build that a layout was seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The release, `3.14.10`.
    pub release: &'static str,
    /// The options that its core was compiled with, as far as they can move a struct.
    pub defines: &'static [&'static str],
    /// Whether an interpreter of that build confirmed it; else only its headers were seen.
    pub witnessed: bool,
}

/// One distinct layout.
#[derive(Debug)]
pub struct Layout {
    /// `3.14`
    pub version: &'static str,
    /// The build flavour.
    pub flavour: Flavour,
    /// `x86_64-linux`
    pub architecture: &'static str,
    /// What it was seen on.
    pub builds: &'static [Build],
    /// The magic number of this version's .pyc files: the first two bytes, little-endian.
    pub pyc_magic: u16,
    /// What an empty slot of the evaluation stack holds.
    pub null_slot: u64,
    /// The table that says which lines instructions come from.
    pub lines: Lines,
    /// Whether a table says who handles exceptions; else blocks of the frame do.
    pub exceptions: bool,
    /// The structs.
    pub structs: &'static [StructLayout],
    /// Enums and groups of constants: frame states, owners, operators, flags, tags.
    pub numbers: &'static [Numbers],
    /// The opcodes by number; `None` where a number has no meaning.
    pub opcodes: &'static [Option<OpcodeInfo>; 256],
    /// How an opcode with an argument changes the depth of the stack, in entries: when the next instruction follows, or
    /// (`true`) when it jumps. `None` for a number without meaning, and where CPython tells none.
    pub stack_effect: fn(u8, u32, bool) -> Option<i64>,
}

/// An enum, or a group of constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// CPython's name of the enum, ours of the group: `PyFrameState`, `code_flags`.
    pub name: &'static str,
    /// CPython's names and values, as declared.
    pub values: &'static [(&'static str, i64)],
}

impl Numbers {
    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<i64> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// A C struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructLayout {
    /// CPython's name.
    pub name: &'static str,
    /// Size in bytes; `None` where only some offsets are kept because the rest moves between micro releases.
    pub size: Option<usize>,
    /// By offset.
    pub fields: &'static [FieldLayout],
}

impl StructLayout {
    /// A field by CPython's name; `outer.inner` for members of a nested anonymous struct.
    pub fn field(&self, name: &str) -> Option<&'static FieldLayout> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field of a C struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLayout {
    /// CPython's name.
    pub name: &'static str,
    /// Its type by kind and size: `i32`, `*PyObject`, `[*PyObject; 1]`.
    pub ty: &'static str,
    /// Bytes from the start of the struct; for a bit field, of the integer that holds it.
    pub offset: usize,
    /// First bit and number of bits, low bit first.
    pub bits: Option<(u8, u8)>,
}

impl FieldLayout {
    /// A plain field, for the generated tables.
    pub const fn new(name: &'static str, ty: &'static str, offset: usize) -> Self {
        FieldLayout { name, ty, offset, bits: None }
    }

    /// A bit field, for the generated tables.
    pub const fn bits(name: &'static str, ty: &'static str, offset: usize, start: u8, width: u8) -> Self {
        FieldLayout { name, ty, offset, bits: Some((start, width)) }
    }
}

impl Layout {
    /// Every layout that this release of the crate knows.
    pub fn all() -> &'static [&'static Layout] {
        crate::generated::LAYOUTS
    }

    /// The layout of one release, `3.13.0`, and flavour.
    ///
    /// ```
    /// use frame_runtime::layout::{Flavour, Layout};
    ///
    /// let layout = Layout::find("3.14.10", Flavour::Default)?;
    /// let frame = layout.find_struct("_PyInterpreterFrame").expect("3.11 and later have it");
    /// assert_eq!(frame.field("previous").expect("every version has it").offset, 8);
    ///
    /// // Layouts move inside a minor version: a release that nobody looked at is an error, not its neighbour.
    /// assert!(Layout::find("3.14.250", Flavour::Default).is_err());
    /// # Ok::<(), frame_runtime::layout::UnknownLayout>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownLayout`]: nobody has looked at that release.
    pub fn find(release: &str, flavour: Flavour) -> Result<&'static Layout, UnknownLayout> {
        Layout::all()
            .iter()
            .find(|layout| layout.flavour == flavour && layout.builds.iter().any(|build| build.release == release))
            .copied()
            .ok_or(UnknownLayout { flavour })
    }

    /// The second number of the version: 14 of 3.14.
    ///
    /// ```
    /// use frame_runtime::version::{Cpython3_9, Cpython3_14, Version};
    ///
    /// assert_eq!((Cpython3_9::LAYOUT.minor(), Cpython3_14::LAYOUT.minor()), (9, 14));
    /// ```
    pub const fn minor(&self) -> u8 {
        let version = self.version.as_bytes();
        let (mut minor, mut at) = (0_u8, 2);
        while at < version.len() {
            minor = minor.saturating_mul(10).saturating_add(version[at].wrapping_sub(b'0'));
            at += 1;
        }
        minor
    }

    /// An enum by CPython's name, or a group of constants.
    pub fn find_numbers(&self, name: &str) -> Option<&'static Numbers> {
        self.numbers.iter().find(|item| item.name == name)
    }

    /// A struct by CPython's name.
    pub fn find_struct(&self, name: &str) -> Option<&'static StructLayout> {
        self.structs.iter().find(|item| item.name == name)
    }
}

/// A release whose layout is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLayout {
    /// The flavour that was asked for.
    pub flavour: Flavour,
}

impl fmt::Display for UnknownLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no layout of this release is known; of {:?} builds, known are", self.flavour)?;
        let mut first = true;
        for layout in Layout::all().iter().filter(|layout| layout.flavour == self.flavour) {
            for build in layout.builds {
                write!(f, "{} {}", if first { "" } else { "," }, build.release)?;
                first = false;
            }
        }
        if first { f.write_str(" none") } else { Ok(()) }
    }
}

impl core::error::Error for UnknownLayout {}
