//! Numbers that CPython gives names to: frame states, owners, operators.

use core::fmt;

/// An enum whose values are CPython's numbers.
pub trait Number: Copy + Sized + 'static {
    /// CPython's name of the enum.
    const NAME: &'static str;
    /// The layout's name, `3.14` or `3.14t`.
    const VERSION: &'static str;
    /// Every value, in the order of the declaration.
    const ALL: &'static [Self];

    /// The value of a number, if it has a name.
    fn known(raw: i64) -> Option<Self>;

    /// The number.
    fn raw(self) -> i64;

    /// CPython's name of the value.
    fn c_name(self) -> &'static str;

    /// The value of a number read from memory.
    ///
    /// # Errors
    ///
    /// [`UnknownNumber`] when this version has no such value: the bytes are of another version, or are not what they
    /// were taken for.
    fn from_raw(raw: impl Into<i64>) -> Result<Self, UnknownNumber> {
        let raw = raw.into();
        Self::known(raw).ok_or(UnknownNumber { name: Self::NAME, version: Self::VERSION, raw })
    }
}

/// A number that has no name in a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownNumber {
    /// CPython's name of the enum.
    pub name: &'static str,
    /// The layout's name, `3.14` or `3.14t`.
    pub version: &'static str,
    /// The number.
    pub raw: i64,
}

impl fmt::Display for UnknownNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no `{}` of CPython {}", self.raw, self.name, self.version)
    }
}

impl core::error::Error for UnknownNumber {}
