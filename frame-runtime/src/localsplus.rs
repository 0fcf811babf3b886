//! What lies in the slots of a frame, in the order of the slots.
//!
//! From 3.11 on a byte of bits says what a variable is (`co_localspluskinds`); before, the three tuples of names did.

/// Regions of a frame's slots, and the bits of a variable's kind.
#[derive(Debug)]
pub struct Localsplus {
    /// Whether the cell of a captured argument lies in the argument's slot; otherwise it has one of its own.
    pub argument_cells_share: bool,
    /// Bits of a variable's kind; none before 3.11.
    pub kinds: &'static [Kind],
    /// Regions, in the order of the slots; the evaluation stack is the last one.
    pub regions: &'static [Region],
}

/// A bit of a variable's kind, or a union of bits.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the spec, `hidden`.
    pub name: &'static str,
    /// Its bits in `co_localspluskinds`.
    pub bits: u8,
}

/// Slots that lie together.
#[derive(Debug)]
pub struct Region {
    /// Its name in the spec, `cells`.
    pub name: &'static str,
    /// A variable there has one of these bits; 0 where no kind says so.
    pub holds: u8,
    /// A variable there has none of these bits.
    pub without: u8,
}

impl Localsplus {
    /// The bits of a kind, if the version has it.
    ///
    /// ```
    /// use frame_runtime::version::{Cpython3_11, Cpython3_14, Version};
    ///
    /// assert_eq!(Cpython3_14::LOCALSPLUS.bits("hidden"), Some(0x10));
    /// assert_eq!(Cpython3_11::LOCALSPLUS.bits("hidden"), None);
    /// ```
    pub const fn bits(&self, kind: &str) -> Option<u8> {
        let mut at = 0;
        while at < self.kinds.len() {
            if same(self.kinds[at].name.as_bytes(), kind.as_bytes()) {
                return Some(self.kinds[at].bits);
            }
            at += 1;
        }
        None
    }

    /// The first region that may hold a variable of a kind byte; `None` for a byte without meaning.
    ///
    /// Arguments and other locals have the same bits: both are in the first region that holds locals.
    ///
    /// ```
    /// use frame_runtime::version::{Cpython3_14, Version};
    ///
    /// let region = |kind| Cpython3_14::LOCALSPLUS.region(kind).map(|region| region.name);
    /// assert_eq!(region(0x60), Some("arguments")); // a captured argument: local and cell, one slot
    /// assert_eq!(region(0x40), Some("cells"));
    /// assert_eq!(region(0x80), Some("free"));
    /// assert_eq!(region(0), None);
    /// ```
    pub fn region(&self, kind: u8) -> Option<&'static Region> {
        self.regions.iter().find(|region| region.holds & kind != 0 && region.without & kind == 0)
    }
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    match (left, right) {
        ([], []) => true,
        ([first, rest @ ..], [other, others @ ..]) => *first == *other && same(rest, others),
        _ => false,
    }
}
