//! What the spec means once it is read: values that can only be well-formed.

pub mod facts;
pub mod formula;
pub mod observed;
pub mod ty;
pub mod version;

use crate::source::SourceId;

/// Everything below `spec/`.
#[derive(Debug, Default)]
pub struct Spec {
    /// One per imported layout, in order of version, flavour, and micro.
    pub layouts: Vec<facts::Facts>,
    /// What no header holds.
    pub observed: observed::Observed,
    /// The files it came from.
    pub files: Vec<SourceId>,
}

impl Spec {
    /// The layout that the runtime follows for a minor version and flavour: its newest micro.
    pub fn newest(&self, minor: version::Minor, flavour: version::Flavour) -> Option<&facts::Facts> {
        self.layouts
            .iter()
            .filter(|facts| facts.version.value == minor && facts.flavour.value == flavour)
            .rev()
            // Of two layouts of one release the witnessed one counts, then the first.
            .max_by_key(|facts| (facts.newest_micro(), !facts.verified.is_empty()))
    }
}
