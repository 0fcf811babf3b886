//! The import list: `wanted.yaml`, built into the program.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What an import looks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) headers: Vec<String>,
    pub(crate) structs: Vec<WantedStruct>,
    pub(crate) enums: Vec<WantedEnum>,
    pub(crate) constants: Vec<WantedGroup>,
    pub(crate) opcodes: WantedOpcodes,
    pub(crate) debug_offsets: Vec<DebugSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedStruct {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedEnum {
    pub(crate) name: String,
    pub(crate) c: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedGroup {
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) objects: Vec<String>,
    #[serde(default)]
    pub(crate) except: Vec<String>,
    pub(crate) between: Option<Between>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    pub(crate) first: String,
    pub(crate) end: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedOpcodes {
    pub(crate) headers: Vec<String>,
    pub(crate) except: Vec<String>,
    pub(crate) backward: Vec<String>,
    pub(crate) instrumented: String,
    pub(crate) compare: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DebugSection {
    pub(crate) section: String,
    /// The struct; a section without one is left out.
    pub(crate) of: Option<String>,
    #[serde(default)]
    pub(crate) renamed: BTreeMap<String, String>,
    /// Members that are no offset into it.
    #[serde(default)]
    pub(crate) left_out: Vec<String>,
}

impl Wanted {
    /// The list of this build.
    pub(crate) fn built_in() -> Wanted {
        crate::parse::yaml::parse_trusted(include_str!("wanted.yaml"))
    }
}
