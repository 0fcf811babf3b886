//! The YAML files of the spec, as they were written, every value with its place.
//!
//! The only module that knows the YAML library.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::{Location, Spanned};

use crate::diag::{Diagnostic, Sink};
use crate::source::{At, SourceId, Sources, Span};

/// One file below `spec/cpython/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactsFile {
    pub(crate) version: Spanned<String>,
    pub(crate) flavour: Spanned<String>,
    pub(crate) architecture: Spanned<String>,
    #[serde(default)]
    pub(crate) verified: Vec<BuildRow>,
    #[serde(default)]
    pub(crate) unwitnessed: Vec<BuildRow>,
    pub(crate) pyc_magic: Option<Spanned<u64>>,
    pub(crate) structs: Vec<StructRow>,
    pub(crate) enums: Vec<EnumRow>,
    pub(crate) constants: Vec<GroupRow>,
    pub(crate) opcodes: Vec<OpcodeRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildRow {
    pub(crate) micro: Spanned<String>,
    #[serde(default)]
    pub(crate) defines: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StructRow {
    pub(crate) name: Spanned<String>,
    pub(crate) header: String,
    pub(crate) size_bytes: Option<Spanned<u64>>,
    pub(crate) align_bytes: Option<Spanned<u64>>,
    pub(crate) fields: Vec<FieldRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldRow {
    pub(crate) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(crate) ty: Spanned<String>,
    pub(crate) offset_bytes: Spanned<u64>,
    pub(crate) first_bit: Option<Spanned<u64>>,
    pub(crate) width_bits: Option<Spanned<u64>>,
    pub(crate) overlays: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnumRow {
    pub(crate) name: Spanned<String>,
    pub(crate) header: String,
    pub(crate) values: Vec<ConstantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRow {
    pub(crate) group: Spanned<String>,
    pub(crate) header: String,
    pub(crate) values: Vec<ConstantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConstantRow {
    pub(crate) name: Spanned<String>,
    pub(crate) value: Spanned<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpcodeRow {
    pub(crate) number: Spanned<u64>,
    pub(crate) name: Spanned<String>,
    pub(crate) argument: Option<Spanned<String>>,
    pub(crate) cache_units: Option<Spanned<u64>>,
    pub(crate) deopt: Option<Spanned<String>>,
}

/// One file below `spec/observed/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedFile {
    pub(crate) topic: Spanned<String>,
    pub(crate) witness: String,
    #[serde(rename = "source")]
    pub(crate) _source: Option<String>,
    #[serde(default)]
    pub(crate) pyc_magic: Vec<MagicRow>,
    #[serde(default)]
    pub(crate) constants: Vec<ObservedConstantRow>,
    #[serde(default)]
    pub(crate) enums: Vec<ObservedEnumRow>,
    #[serde(default)]
    pub(crate) structs: Vec<ObservedStructRow>,
    #[serde(default)]
    pub(crate) stack_effects: Vec<EffectRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MagicRow {
    pub(crate) version: Spanned<String>,
    pub(crate) magic: Spanned<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedConstantRow {
    pub(crate) name: Spanned<String>,
    pub(crate) value: Spanned<i64>,
    pub(crate) unit: String,
    pub(crate) source: String,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedEnumRow {
    pub(crate) name: Spanned<String>,
    pub(crate) source: String,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
    pub(crate) values: Vec<ConstantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedStructRow {
    pub(crate) name: Spanned<String>,
    pub(crate) source: String,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
    pub(crate) fields: Vec<ObservedFieldRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedFieldRow {
    pub(crate) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(crate) ty: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EffectRow {
    pub(crate) opcode: Spanned<String>,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
    pub(crate) effect: Spanned<String>,
    pub(crate) jump: Option<Spanned<String>>,
}

/// Reads one file; what is wrong with its shape is reported under the rule `yaml`.
pub(crate) fn parse<T: DeserializeOwned>(sources: &Sources, source: SourceId, sink: &mut Sink) -> Option<T> {
    let text = &sources.file(source).text;
    // The default limits on anchors and depth stay: facts use neither.
    let options = serde_yaml::options! { strict_booleans: true };
    match serde_yaml::from_str_with_options(text, options) {
        Ok(file) => Some(file),
        Err(error) => {
            let place = error.location().map(|location| span(location, text, source));
            // The library ends its message with the place, which the snippet already shows.
            let message = error.without_snippet().to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let first = message.lines().next().unwrap_or_default();
            let mut diagnostic = Diagnostic::error("yaml", format!("this is not the YAML of a spec file: {first}"));
            if place.is_none() {
                diagnostic = diagnostic.note(format!("in {}", sources.file(source).name));
            }
            sink.report(diagnostic.at(place, "here").help("spec/README.md lists every key"));
            None
        }
    }
}

/// A value with its place.
pub(crate) fn at<T>(spanned: Spanned<T>, sources: &Sources, source: SourceId) -> At<T> {
    let place = span(spanned.referenced, &sources.file(source).text, source);
    At { value: spanned.value, span: Some(place) }
}

fn span(location: Location, text: &str, source: SourceId) -> Span {
    let place = location.span();
    let to_u32 = |at: usize| u32::try_from(at.min(text.len())).unwrap_or(u32::MAX);
    let bytes = match (place.byte_offset(), place.byte_len()) {
        (Some(start), Some(len)) => {
            let (start, len) = (usize::try_from(start), usize::try_from(len));
            start.ok().zip(len.ok())
        }
        _ => None,
    };
    // A place given in characters only is turned into bytes.
    let (start, len) = bytes.unwrap_or_else(|| {
        let at = |characters: usize| text.char_indices().nth(characters).map_or(text.len(), |(byte, _)| byte);
        let first = usize::try_from(place.offset()).unwrap_or(usize::MAX);
        let last = first.saturating_add(usize::try_from(place.len()).unwrap_or(0));
        let start = at(first);
        (start, at(last).saturating_sub(start))
    });
    Span { source, start: to_u32(start), end: to_u32(start.saturating_add(len)) }
}

/// Text that is part of this program: a mistake in it is caught by its own tests.
#[cfg(feature = "import")]
pub(crate) fn parse_trusted<T: DeserializeOwned>(text: &str) -> T {
    let options = serde_yaml::options! { strict_booleans: true };
    serde_yaml::from_str_with_options(text, options).expect("a built-in file is well-formed")
}
