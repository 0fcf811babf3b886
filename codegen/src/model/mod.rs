//! What the spec means once it is read: values that can only be well-formed.

pub mod facts;
pub mod formula;
pub mod layout;
pub mod machine;
pub mod observed;
pub mod table;
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
    /// What it all means.
    pub meaning: Meaning,
    /// The files it came from.
    pub files: Vec<SourceId>,
}

/// All of `spec/machines/`, `spec/layouts/` and `spec/tables/`.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// State machines.
    pub machines: Vec<machine::Machine>,
    /// What fields mean.
    pub layouts: Vec<layout::Layout>,
    /// Structs that are only read: objects and states that no part of the runtime is.
    pub mirrored: Vec<crate::source::At<String>>,
    /// What lies in the variable part of a frame.
    pub localsplus: Vec<layout::Localsplus>,
    /// What instruction pointers stand for.
    pub positions: Vec<layout::Position>,
    /// Byte formats.
    pub tables: Vec<table::Table>,
    /// The version that an extension makes.
    pub version: Option<crate::ast::VersionItem>,
}

impl Meaning {
    /// A machine by its name.
    pub fn machine(&self, name: &str) -> Option<&machine::Machine> {
        self.machines.iter().find(|machine| machine.name.value == name)
    }

    /// The tables of a version.
    pub fn tables_of(&self, minor: version::Minor) -> impl Iterator<Item = &table::Table> {
        self.tables.iter().filter(move |table| table.exists(minor))
    }

    /// The layout of one of CPython's structs in a version.
    pub fn layout_of(&self, c_name: &str, minor: version::Minor) -> Option<&layout::Layout> {
        let of = |layout: &&layout::Layout| layout.of.as_ref().is_some_and(|of| of.value == c_name);
        self.layouts.iter().filter(|layout| layout.range.contains(minor)).find(of)
    }

    /// The layout of the runtime's own frame in a version.
    pub fn frame(&self, minor: version::Minor) -> Option<&layout::Layout> {
        let named = |layout: &&layout::Layout| layout.name.value == layout::FRAME_LAYOUT;
        self.layouts.iter().filter(|layout| layout.range.contains(minor)).find(named)
    }

    /// The layout that the runtime's own frame objects follow in a version.
    pub fn frame_object(&self, minor: version::Minor) -> Option<&layout::Layout> {
        let named = |layout: &&layout::Layout| layout.name.value == layout::OBJECT_LAYOUT;
        self.layouts.iter().filter(|layout| layout.range.contains(minor)).find(named)
    }
}

impl Spec {
    /// Every minor version of which facts are there, in order.
    pub fn minors(&self) -> Vec<version::Minor> {
        let minors: std::collections::BTreeSet<_> = self.layouts.iter().map(|facts| facts.version.value).collect();
        minors.into_iter().collect()
    }

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
