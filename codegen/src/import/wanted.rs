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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sink;
    use crate::source::Sources;

    /// An entry that no version ever had is a misspelt one.
    #[test]
    fn every_entry_is_found_in_some_version() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
        let spec = crate::read(&folder, &mut Sources::default(), &mut Sink::new());
        let wanted = Wanted::built_in();
        for item in &wanted.structs {
            let known: Vec<_> = spec.layouts.iter().filter_map(|facts| facts.find_struct(&item.name)).collect();
            assert!(!known.is_empty(), "{}", item.name);
            for field in &item.only {
                assert!(known.iter().any(|found| found.field(field).is_some()), "{}.{field}", item.name);
            }
        }
        let contents = || spec.layouts.iter().map(|facts| &facts.content);
        for item in &wanted.enums {
            assert!(
                contents().any(|content| content.enums.iter().any(|found| found.name.value == item.name)),
                "{}",
                item.name
            );
        }
        for group in &wanted.constants {
            let found: Vec<_> = contents()
                .flat_map(|content| content.constants.iter().filter(|found| found.name.value == group.group))
                .flat_map(|found| found.values.iter().map(|value| value.name.value.as_str()))
                .collect();
            assert!(!found.is_empty(), "{}", group.group);
            for name in group.names.iter().chain(&group.objects) {
                assert!(found.contains(&name.as_str()), "{} {name}", group.group);
            }
        }
    }
}
