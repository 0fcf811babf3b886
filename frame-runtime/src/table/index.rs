//! Look-ups in a table: by reading it from its start, or through marks that are set once.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{DecodeError, Entries, Entry, Mark, Row};

/// Units from one mark of an [`Index`] to the next.
const BLOCK: u32 = 32;

/// Where reading a table begins for each of its units, so that a look-up takes as long at the end of a long function as at
/// its start.
///
/// It is made once and never changes. It takes 12 bytes for every 32 units of code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    marks: Box<[Compact]>,
}

/// A [`Mark`] of a table that keeps one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Compact {
    byte: u32,
    start: u32,
    kept: i32,
}

/// The entry that covers a unit, by reading from the start of the table; `None` where the table does not reach.
///
/// # Errors
///
/// [`DecodeError`], if something is wrong in front of that entry's end.
pub fn find<R: Row<N>, const N: usize>(bytes: &[u8], kept: i32, unit: u32) -> Result<Option<Entry<R>>, DecodeError> {
    find_from(Entries::new(bytes, kept), unit)
}

fn find_from<R: Row<N>, const N: usize>(
    entries: Entries<'_, R, N>,
    unit: u32,
) -> Result<Option<Entry<R>>, DecodeError> {
    // Where rows end with the next one's beginning, the first one begins before all entries.
    let mut before = R::FORMAT.head.skip.map(|_| entries.before());
    for entry in entries {
        let entry = entry?;
        if R::FORMAT.head.skip.is_some() {
            // It ends where the next one begins.
            if entry.start > unit {
                return Ok(before);
            }
            before = Some(entry);
        } else if unit.wrapping_sub(entry.start) < entry.length {
            return Ok(Some(entry));
        }
    }
    Ok(before)
}

impl Index {
    /// The index of a table for the first `units` units. What is wrong with the table is told by the look-ups.
    pub fn new<R: Row<N>, const N: usize>(bytes: &[u8], kept: i32, units: u32) -> Index {
        let mut marks = Vec::new();
        let mut entries = Entries::<R, N>::new(bytes, kept);
        let mut next = BLOCK;
        while let Some(mark) = entries.mark()
            && let Some(Ok(entry)) = entries.next()
            && next < units
        {
            let end = match R::FORMAT.head.skip {
                // The mark is good for what is behind this entry's start.
                Some(_) => entry.start,
                None => entry.start + entry.length,
            };
            while next < end && next < units {
                marks.push(Compact { byte: mark.byte, start: mark.start, kept: mark.kept[Self::column::<R, N>()] });
                next += BLOCK;
            }
        }
        Index { marks: marks.into_boxed_slice() }
    }

    /// The entry that covers a unit of the table that this index is of; `None` where the table does not reach.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong in front of that entry's end.
    pub fn find<R: Row<N>, const N: usize>(
        &self,
        bytes: &[u8],
        kept: i32,
        unit: u32,
    ) -> Result<Option<Entry<R>>, DecodeError> {
        let block = (unit / BLOCK) as usize;
        // Behind the last mark reading goes on from it.
        let Some(mark) = block.min(self.marks.len()).checked_sub(1).map(|index| self.marks[index]) else {
            return find(bytes, kept, unit);
        };
        let mut all = [kept; N];
        all[Self::column::<R, N>()] = mark.kept;
        find_from(Entries::from_mark(bytes, &Mark { byte: mark.byte, start: mark.start, kept: all }), unit)
    }

    /// The column that is kept.
    const fn column<R: Row<N>, const N: usize>() -> usize {
        const {
            let mut found = N;
            let mut index = 0;
            while index < N {
                if matches!(R::FORMAT.columns[index], super::Column::Kept) {
                    assert!(found == N, "an index keeps one column");
                    found = index;
                }
                index += 1;
            }
            assert!(found < N, "an index keeps one column");
            found
        }
    }
}
