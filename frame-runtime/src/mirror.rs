//! Reading structs of a foreign process, as the generated mirrors describe them.
//!
//! A mirror is a value: bytes in, struct out. Nothing here follows an address; that is the reader's business, who knows
//! how to get at the other process's memory. Bytes from outside are input, not truth: too few of them are an error, and
//! no bit pattern is refused, since every field is an integer, a float or an [`Addr`].

use core::fmt;
use core::marker::PhantomData;

/// An address in another process; `u64` wide, may be null.
///
/// `T` is what lies there, for the reader's types only; `Addr<()>` where that has no mirror.
#[repr(transparent)]
pub struct Addr<T>(u64, PhantomData<fn() -> T>);

impl<T> Addr<T> {
    /// The null address.
    pub const NULL: Addr<T> = Addr::new(0);

    /// The address `raw`.
    pub const fn new(raw: u64) -> Self {
        Addr(raw, PhantomData)
    }

    /// The address as a number.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Whether it is null.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The same address, of something else.
    pub const fn cast<U>(self) -> Addr<U> {
        Addr::new(self.0)
    }

    /// The address `bytes` further on; wraps at the end of the address space.
    pub const fn byte_add<U>(self, bytes: u64) -> Addr<U> {
        Addr::new(self.0.wrapping_add(bytes))
    }
}

impl<T> Clone for Addr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Addr<T> {}

impl<T> PartialEq for Addr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Addr<T> {}

impl<T> PartialOrd for Addr<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Addr<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> core::hash::Hash for Addr<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Addr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl<T> fmt::LowerHex for Addr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}

/// Where a field of type `T` lies in a struct, in bytes from its start.
///
/// The structs of which only some offsets are kept (`PyThreadState`, ...) have one constant of this type per field.
pub struct Offset<T>(u64, PhantomData<fn() -> T>);

impl<T> Offset<T> {
    /// `bytes` from the start of the struct.
    pub const fn new(bytes: u64) -> Self {
        Offset(bytes, PhantomData)
    }

    /// Bytes from the start of the struct.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The field's address, in a struct at `start`.
    pub const fn at<S>(self, start: Addr<S>) -> Addr<T> {
        start.byte_add(self.0)
    }
}

impl<T> Clone for Offset<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Offset<T> {}

impl<T> fmt::Debug for Offset<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

/// A value that can be read out of another process's bytes.
pub trait Mirror: Sized {
    /// Size in that process, in bytes.
    const SIZE: usize;
    /// CPython's name of the struct, or Rust's of the scalar.
    const NAME: &'static str;

    /// Reads the value from the front of `bytes`; what follows [`Mirror::SIZE`] bytes is not looked at.
    ///
    /// # Errors
    ///
    /// [`Truncated`] when there are fewer bytes than [`Mirror::SIZE`].
    fn read(bytes: &[u8]) -> Result<Self, Truncated>;
}

/// Too few bytes for a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// What was to be read.
    pub name: &'static str,
    /// How many bytes it has.
    pub needed: usize,
    /// How many there were.
    pub got: usize,
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has {} bytes, only {} are there", self.name, self.needed, self.got)
    }
}

impl core::error::Error for Truncated {}

/// The bytes of one struct, long enough for it; what the generated `read` functions are made of.
#[derive(Clone, Copy, Debug)]
pub struct StructBytes<'a>(&'a [u8]);

impl<'a> StructBytes<'a> {
    /// The front of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Truncated`] when there are fewer than [`Mirror::SIZE`].
    #[inline]
    pub fn of<T: Mirror>(bytes: &'a [u8]) -> Result<Self, Truncated> {
        match bytes.get(..T::SIZE) {
            Some(bytes) => Ok(StructBytes(bytes)),
            None => Err(Truncated { name: T::NAME, needed: T::SIZE, got: bytes.len() }),
        }
    }

    /// The field at `offset`.
    ///
    /// # Errors
    ///
    /// [`Truncated`] when the field does not end inside the struct.
    #[inline]
    pub fn field<T: Mirror>(self, offset: usize) -> Result<T, Truncated> {
        T::read(self.0.get(offset..).unwrap_or_default())
    }
}

macro_rules! scalar {
    ($($scalar:ident)*) => {$(
        impl Mirror for $scalar {
            const SIZE: usize = size_of::<$scalar>();
            const NAME: &'static str = stringify!($scalar);

            #[inline]
            fn read(bytes: &[u8]) -> Result<Self, Truncated> {
                match bytes.first_chunk() {
                    Some(bytes) => Ok($scalar::from_le_bytes(*bytes)),
                    None => Err(Truncated { name: Self::NAME, needed: Self::SIZE, got: bytes.len() }),
                }
            }
        }
    )*};
}

scalar!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl<T> Mirror for Addr<T> {
    const SIZE: usize = 8;
    const NAME: &'static str = "address";

    #[inline]
    fn read(bytes: &[u8]) -> Result<Self, Truncated> {
        match bytes.first_chunk() {
            Some(bytes) => Ok(Addr::new(u64::from_le_bytes(*bytes))),
            None => Err(Truncated { name: Self::NAME, needed: Self::SIZE, got: bytes.len() }),
        }
    }
}

impl<T: Mirror + Copy, const N: usize> Mirror for [T; N] {
    const SIZE: usize = T::SIZE * N;
    const NAME: &'static str = T::NAME;

    fn read(bytes: &[u8]) -> Result<Self, Truncated> {
        let all = StructBytes::of::<Self>(bytes)?;
        let mut failed = None;
        let values = core::array::from_fn(|index| match all.field::<T>(index * T::SIZE) {
            Ok(value) => Some(value),
            Err(truncated) => {
                failed = Some(truncated);
                None
            }
        });
        match failed {
            Some(truncated) => Err(truncated),
            None => Ok(values.map(|value| value.expect("no element failed"))),
        }
    }
}
