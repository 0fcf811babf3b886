//! .pyc files of CPython 3.8 to 3.15: the header, and the code object behind it.
//!
//! ```
//! use frame_runtime::pyc::Header;
//!
//! // What a .pyc of CPython 3.14 begins with: magic number, flags, time, size of the source.
//! let header = Header::read(b"\x2b\x0e\x0d\x0a\0\0\0\0\x39\x30\0\0\x07\0\0\0")?;
//! assert_eq!(header.version, "3.14");
//!
//! // Another magic number is an error that says whose it is.
//! let error = Header::read(b"\x48\x0d\x0d\x0a\0\0\0\0\0\0\0\0\0\0\0\0").unwrap_err();
//! assert_eq!(error.to_string(), "byte 0: magic number 3400 is of a development version of CPython 3.8");
//! # Ok::<(), frame_runtime::pyc::PycError>(())
//! ```

use core::fmt;

mod error;
pub mod marshal;
mod text;

use self::marshal::ReadError;
use crate::code::Code;
use crate::layout::Layout;
use crate::version::Version;
use crate::vm::Objects;

/// The first 16 bytes of a .pyc file.
///
/// Source: PEP 552; `_classify_pyc`, Lib/importlib/_bootstrap_external.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The magic number.
    pub magic: u16,
    /// The version whose it is: `3.14`.
    pub version: &'static str,
    /// How the file tells whether it is out of date.
    pub source: Source,
}

/// How a .pyc file tells whether it is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// By the source file's time and size.
    Timestamp {
        /// When the source was last changed, in seconds since 1970, the low 32 bits.
        mtime: u32,
        /// Bytes of the source, the low 32 bits.
        size: u32,
    },
    /// By a hash of the source.
    Hash {
        /// The hash.
        hash: [u8; 8],
        /// Whether the source is looked at at all.
        check: bool,
    },
}

impl Header {
    /// Bytes of a header.
    pub const SIZE: usize = 16;

    /// Reads the header of a .pyc file; what follows it is not looked at.
    ///
    /// # Errors
    ///
    /// [`PycError`]: no .pyc file, one of a version that is not known, or one that is cut off.
    pub fn read(bytes: &[u8]) -> Result<Header, PycError> {
        let Some((magic, rest)) = bytes.split_first_chunk::<4>() else { return Err(PycError::Truncated(bytes.len())) };
        let [low, high, b'\r', b'\n'] = *magic else { return Err(PycError::NoPyc) };
        let magic = u16::from_le_bytes([low, high]);
        let known = Layout::all().iter().find(|layout| layout.pyc_magic == magic);
        let version = known.ok_or(PycError::Magic(magic))?.version;
        let Some((&[flags, time, size], _)) = rest.as_chunks::<4>().0.split_first_chunk::<3>() else {
            return Err(PycError::Truncated(bytes.len()));
        };
        let source = match u32::from_le_bytes(flags) {
            0 => Source::Timestamp { mtime: u32::from_le_bytes(time), size: u32::from_le_bytes(size) },
            flags @ (0b01 | 0b11) => {
                let hash = u64::from(u32::from_le_bytes(size)) << 32 | u64::from(u32::from_le_bytes(time));
                Source::Hash { hash: hash.to_le_bytes(), check: flags & 0b10 != 0 }
            }
            // CPython looks at bit 1 only where bit 0 is set.
            0b10 => Source::Timestamp { mtime: u32::from_le_bytes(time), size: u32::from_le_bytes(size) },
            flags => return Err(PycError::Flags(flags)),
        };
        Ok(Header { magic, version, source })
    }
}

/// Why bytes do not begin like a .pyc file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PycError {
    /// The file ends within its header, at this byte.
    Truncated(usize),
    /// The third and fourth byte are not those that follow every magic number.
    NoPyc,
    /// The magic number of no version that is known.
    Magic(u16),
    /// Flags that no version has.
    Flags(u32),
    /// The file is of another version than the VM that shall read it.
    OtherVersion {
        /// The file's version.
        file: &'static str,
        /// The VM's.
        vm: &'static str,
    },
}

impl PycError {
    /// The byte at fault, from the start of the file; its length where a byte is missing.
    pub fn at(&self) -> usize {
        match self {
            PycError::Truncated(at) => *at,
            PycError::NoPyc => 2,
            PycError::Magic(_) | PycError::OtherVersion { .. } => 0,
            PycError::Flags(_) => 4,
        }
    }
}

/// What magic number 3.8 and the versions behind it began with. From 3.11 on a version begins at 2900 + 50 times its
/// minor number.
///
/// Source: Include/internal/pycore_magic_number.h; before 3.14 in Lib/importlib/_bootstrap_external.py.
const FIRST_MAGIC: [(u16, u16); 3] = [(3400, 8), (3420, 9), (3430, 10)];

/// The first magic number of 3.11.
const REGULAR_MAGIC: u16 = 2900 + 50 * 11;

/// All of Python 2 and older are above this, all of Python 3 below.
const PYTHON_2_MAGIC: u16 = 20_000;

impl fmt::Display for PycError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.at())?;
        match *self {
            PycError::Truncated(_) => write!(f, "the file ends within its header of {} bytes", Header::SIZE),
            PycError::NoPyc => f.write_str("no .pyc file: a magic number is followed by the bytes 0d 0a"),
            PycError::Magic(magic) => {
                write!(f, "magic number {magic} is of ")?;
                match magic {
                    PYTHON_2_MAGIC.. => f.write_str("Python 2 or older"),
                    ..3000 | 5000.. => f.write_str("no CPython"),
                    REGULAR_MAGIC.. => {
                        let minor = (magic - 2900) / 50;
                        let known = Layout::all().iter().any(|layout| minor_of(layout) == minor);
                        let which = if known { "a development version of CPython" } else { "the newer CPython" };
                        write!(f, "{which} 3.{minor}")
                    }
                    _ => match FIRST_MAGIC.iter().rev().find(|(first, _)| magic >= *first) {
                        Some((_, minor)) => write!(f, "a development version of CPython 3.{minor}"),
                        None => f.write_str("CPython 3.7 or older"),
                    },
                }
            }
            PycError::Flags(flags) => write!(f, "flags {flags:#x}: only the two low bits have a meaning"),
            PycError::OtherVersion { file, vm } => {
                write!(f, "the file is of CPython {file}, and what shall read it is of {vm}")
            }
        }
    }
}

impl core::error::Error for PycError {}

/// The minor version of a layout: 14 of `3.14`.
pub(crate) fn minor_of(layout: &Layout) -> u16 {
    layout.version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
}

/// Why a .pyc file cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadError<E> {
    /// Its header is at fault.
    Header(PycError),
    /// What follows is at fault; bytes are counted from the start of the file.
    Code(ReadError<E>),
}

impl<E> LoadError<E> {
    /// The byte at fault, from the start of the file; its length where a byte is missing.
    pub fn at(&self) -> usize {
        match self {
            LoadError::Header(error) => error.at(),
            LoadError::Code(error) => error.at,
        }
    }
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Header(error) => error.fmt(f),
            LoadError::Code(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for LoadError<E> {}

/// Reads a .pyc file of the VM's version. Bytes behind its code object are not looked at, as in CPython.
///
/// # Errors
///
/// [`LoadError`]: what is wrong, and at which byte.
pub fn read<V: Objects>(vm: &V, bytes: &[u8]) -> Result<(Header, Code<V>), LoadError<V::Exception>> {
    let header = Header::read(bytes).map_err(LoadError::Header)?;
    let own = V::Python::LAYOUT;
    if header.magic != own.pyc_magic {
        return Err(LoadError::Header(PycError::OtherVersion { file: header.version, vm: own.version }));
    }
    match marshal::read_code(vm, bytes.get(Header::SIZE..).unwrap_or_default()) {
        Ok(code) => Ok((header, code)),
        Err(error) => Err(LoadError::Code(ReadError { at: error.at + Header::SIZE, what: error.what })),
    }
}
