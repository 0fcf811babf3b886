//! Who handles an exception: the table of a code object as it lies there, and an index over it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{DecodeError, Entries, ExceptionRow};

/// `co_exceptiontable`, since 3.11: reads the bytes as they lie there, and allocates nothing.
///
/// ```
/// use frame_runtime::table::{ExceptionTable, Handler};
///
/// let table = ExceptionTable::new(&[0x82, 0x15, 0x1f, 0x00, 0x9f, 0x0a, 0x33, 0x03]);
/// let cleanup = Handler { start: 31, end: 41, target: 51, depth: 1, lasti: true };
/// assert_eq!(table.find(35)?, Some(cleanup));
/// assert_eq!(table.find(24)?, None);
/// # Ok::<(), frame_runtime::table::DecodeError>(())
/// ```
///
/// Source: `get_exception_handler`, Python/ceval.c.
#[derive(Clone, Copy, Debug)]
pub struct ExceptionTable<'a> {
    bytes: &'a [u8],
}

/// An entry of an exception table. All addresses are in code units from the start of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handler {
    /// First unit that it covers.
    pub start: u32,
    /// The unit behind the last one.
    pub end: u32,
    /// Where the handler begins.
    pub target: u32,
    /// Entries that stay on the evaluation stack.
    pub depth: u32,
    /// Whether the index of the raising instruction is pushed before the exception.
    pub lasti: bool,
}

impl Handler {
    fn covers(&self, unit: u32) -> bool {
        self.start <= unit && unit < self.end
    }
}

impl From<ExceptionRow> for Handler {
    fn from(row: ExceptionRow) -> Handler {
        // No number of the table is below 0.
        let [start, size, target, depth] = [row.start, row.size, row.target, row.depth].map(i32::cast_unsigned);
        Handler { start, end: start.saturating_add(size), target, depth, lasti: row.lasti != 0 }
    }
}

impl<'a> ExceptionTable<'a> {
    /// Bytes up to which CPython reads the table from its start.
    const SHORT: usize = 40;

    /// The table in `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        ExceptionTable { bytes }
    }

    /// Its entries, in its order.
    pub fn entries(self) -> impl Iterator<Item = Result<Handler, DecodeError>> + Clone + 'a {
        Entries::<ExceptionRow, 5>::new(self.bytes, 0).map(|entry| Ok(entry?.row.into()))
    }

    /// The handler of an exception that a unit raises, found as CPython does: by halves down to 40 bytes, then entry by
    /// entry, until one covers the unit or begins behind it. In a table that is not sorted, or whose entries overlap, that
    /// is not always an entry that covers the unit, and not always the narrowest.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with an entry that is looked at.
    pub fn find(self, unit: u32) -> Result<Option<Handler>, DecodeError> {
        let (mut begin, mut end) = (0, self.bytes.len());
        if end > Self::SHORT && self.at(0)?.start > unit {
            return Ok(None);
        }
        while end - begin > Self::SHORT {
            let middle = begin + (end - begin) / 2;
            let marked = self.bytes[begin..=middle].iter().rposition(|byte| byte & 0x80 != 0);
            let middle = begin + marked.unwrap_or(0);
            if self.at(middle)?.start > unit {
                end = middle;
            } else if middle > begin {
                begin = middle;
            } else {
                // An entry of more than half of what is left: CPython's search would not end.
                break;
            }
        }
        for entry in Entries::<ExceptionRow, 5>::new(&self.bytes[begin..end], 0) {
            let handler: Handler = entry.map_err(|error| moved(error, begin))?.row.into();
            if handler.start > unit {
                break;
            }
            if handler.covers(unit) {
                return Ok(Some(handler));
            }
        }
        Ok(None)
    }

    /// The entry at a byte.
    fn at(self, byte: usize) -> Result<Handler, DecodeError> {
        let missing = DecodeError { table: "exception", byte, fault: super::Fault::Truncated };
        let first = Entries::<ExceptionRow, 5>::new(&self.bytes[byte..], 0).next();
        Ok(first.ok_or(missing)?.map_err(|error| moved(error, byte))?.row.into())
    }
}

/// An error of a part of a table as one of the table.
fn moved(error: DecodeError, by: usize) -> DecodeError {
    DecodeError { byte: error.byte + by, ..error }
}

/// An exception table that was read once, so that a look-up takes the logarithm of its entries' number.
///
/// Where the bytes are out of order, or are no table, look-ups go to them, with CPython's answers.
#[derive(Clone, Debug, Default)]
pub struct Handlers {
    sorted: Option<Box<[Handler]>>,
}

impl Handlers {
    /// Reads a table.
    pub fn new(table: ExceptionTable<'_>) -> Handlers {
        let mut entries: Vec<Handler> = Vec::new();
        for entry in table.entries() {
            match entry {
                Ok(entry) if entries.last().is_none_or(|before| before.end <= entry.start) => entries.push(entry),
                _ => return Handlers { sorted: None },
            }
        }
        Handlers { sorted: Some(entries.into_boxed_slice()) }
    }

    /// The handler of an exception that a unit raises. `table` is the one that was read.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with an entry that is looked at.
    #[inline]
    pub fn find(&self, table: ExceptionTable<'_>, unit: u32) -> Result<Option<Handler>, DecodeError> {
        let Some(sorted) = &self.sorted else { return table.find(unit) };
        if sorted.is_empty() {
            return Ok(None);
        }
        let behind = sorted.partition_point(|entry| entry.start <= unit);
        let found = behind.checked_sub(1).map(|index| sorted[index]);
        Ok(found.filter(|entry| entry.covers(unit)))
    }
}
