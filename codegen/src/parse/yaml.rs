//! The YAML files of the spec, as they were written, every value with its place.
//!
//! The only module that knows the YAML library.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::{Error, Location, Spanned, UserMessageFormatter};

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
    pub(crate) header: Spanned<String>,
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
    pub(crate) header: Spanned<String>,
    pub(crate) values: Vec<ConstantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRow {
    pub(crate) group: Spanned<String>,
    pub(crate) header: Spanned<String>,
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
    pub(crate) unit: Spanned<String>,
    pub(crate) source: Spanned<String>,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedEnumRow {
    pub(crate) name: Spanned<String>,
    pub(crate) source: Spanned<String>,
    pub(crate) since: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
    pub(crate) values: Vec<ConstantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservedStructRow {
    pub(crate) name: Spanned<String>,
    pub(crate) source: Spanned<String>,
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
            let written = place.map_or("", |place| text.get(place.start as usize..place.end as usize).unwrap_or(""));
            let (title, label, help) = words(error.without_snippet(), written);
            let mut diagnostic = Diagnostic::error("yaml", title).at(place, label).help(help);
            if place.is_none() {
                diagnostic = diagnostic.note(format!("in {}", sources.file(source).name));
            }
            sink.report(diagnostic);
            None
        }
    }
}

/// What the library found, said of a spec file: what is wrong, what is at its place, what to do.
fn words(error: &Error, written: &str) -> (String, String, String) {
    let readme = "spec/README.md lists every key";
    let (title, label, help) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the key `{key}` is there twice"), "again", "remove one of them".to_owned())
        }
        Error::SerdeUnknownField { field, expected, .. } => (
            format!("the key `{field}` has no meaning here"),
            "unknown",
            format!("keys here are {}", expected.join(", ")),
        ),
        Error::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing"), "should stand beside this one", readme.to_owned())
        }
        Error::InvalidScalar { ty, .. } => {
            let (what, range) = match *ty {
                "u64" => ("no whole number from 0 on", "0 to 18446744073709551615, as 16 or 0x10"),
                "i64" => ("no whole number of 64 bits", "-9223372036854775808 to 9223372036854775807, as 16 or 0x10"),
                _ => ("of another kind", readme),
            };
            (format!("`{}` is {what}", written.escape_debug()), "a number is expected", range.to_owned())
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            ("a list is expected".to_owned(), "no list", "an empty list is written []".to_owned())
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            ("keys with values are expected".to_owned(), "no key", readme.to_owned())
        }
        Error::Unexpected { expected: "string scalar", .. } => (
            "a text is expected".to_owned(),
            if written.starts_with('{') { "a mapping" } else { "a list" },
            "a text that begins with [ or { is written in quotes".to_owned(),
        ),
        Error::NullIntoString { .. } => {
            ("a text is expected".to_owned(), "nothing, for YAML", "the word itself is written in quotes".to_owned())
        }
        Error::UnknownAnchor { .. } => (
            "`*` begins an alias, which stands for nothing".to_owned(),
            "not in quotes",
            "a text that begins with * is written in quotes".to_owned(),
        ),
        Error::Eof { .. } => ("the file is empty".to_owned(), "its end", readme.to_owned()),
        Error::MultipleDocuments { .. } => {
            ("a second document begins".to_owned(), "its first key", "remove the line `---` before it".to_owned())
        }
        other => {
            // The library ends its message with the place, which the snippet already shows.
            let message = other.render_with_formatter(&UserMessageFormatter);
            let message = message.split(" at line ").next().unwrap_or_default();
            (format!("this is no YAML: {}", message.lines().next().unwrap_or_default()), "here", readme.to_owned())
        }
    };
    (title, label.to_owned(), help)
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
