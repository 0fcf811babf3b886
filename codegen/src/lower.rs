//! Rows to model: versions, types, formulas and kinds get their meaning, and keep their places.

use std::str::FromStr;

use crate::diag::{Diagnostic, Sink};
use crate::model::facts::{Argument, Bits, Build, Constant, Content, Enum, Facts, Field, Group, Opcode, Size, Struct};
use crate::model::formula::Formula;
use crate::model::observed::{Effect, Observed, ObservedConstant, ObservedEnum, ObservedStruct, Topic};
use crate::model::ty::Type;
use crate::model::version::{Flavour, Micro, Minor, Range};
use crate::parse::yaml::{self, ConstantRow, FactsFile, FieldRow, ObservedFile};
use crate::source::{At, SourceId, Sources, Span};

struct Lowering<'a> {
    sources: &'a Sources,
    source: SourceId,
    sink: &'a mut Sink,
}

/// The facts of one file, or `None` when some value has no meaning; each such value is reported.
pub(crate) fn lower_facts(
    file: FactsFile,
    stem: String,
    sources: &Sources,
    source: SourceId,
    sink: &mut Sink,
) -> Option<Facts> {
    let mut lowering = Lowering { sources, source, sink };
    let version = lowering.version::<Minor>(file.version);
    let flavour = lowering.version::<Flavour>(file.flavour);
    let architecture = lowering.at(file.architecture);
    let mut builds = |rows: Vec<yaml::BuildRow>| {
        let lowered: Vec<Option<Build>> = rows
            .into_iter()
            .map(|row| Some(Build { micro: lowering.version::<Micro>(row.micro)?, defines: row.defines }))
            .collect();
        lowered.into_iter().collect::<Option<Vec<Build>>>()
    };
    let (verified, unwitnessed) = (builds(file.verified), builds(file.unwitnessed));
    let structs: Vec<Option<Struct>> = file
        .structs
        .into_iter()
        .map(|row| {
            let name = lowering.at(row.name);
            let size = lowering.size(&name, row.size_bytes, row.align_bytes);
            let fields: Vec<Option<Field>> = row.fields.into_iter().map(|field| lowering.field(field)).collect();
            Some(Struct { name, header: row.header, size: size?, fields: fields.into_iter().collect::<Option<_>>()? })
        })
        .collect();
    let enums = file
        .enums
        .into_iter()
        .map(|row| Enum { name: lowering.at(row.name), header: row.header, values: lowering.constants(row.values) })
        .collect();
    let constants = file
        .constants
        .into_iter()
        .map(|row| Group { name: lowering.at(row.group), header: row.header, values: lowering.constants(row.values) })
        .collect();
    let opcodes: Vec<Option<Opcode>> = file
        .opcodes
        .into_iter()
        .map(|row| {
            let argument = match row.argument {
                Some(argument) => Some(lowering.argument(argument)?),
                None => None,
            };
            Some(Opcode {
                number: lowering.at(row.number),
                name: lowering.at(row.name),
                argument,
                caches: row.cache_units.map_or(At::nowhere(0), |units| lowering.at(units)),
                deopt: row.deopt.map(|base| lowering.at(base)),
            })
        })
        .collect();
    Some(Facts {
        source: Some(source),
        stem,
        version: version?,
        flavour: flavour?,
        architecture,
        verified: verified?,
        unwitnessed: unwitnessed?,
        content: Content {
            pyc_magic: file.pyc_magic.map(|magic| yaml::at(magic, sources, source)),
            structs: structs.into_iter().collect::<Option<_>>()?,
            enums,
            constants,
            opcodes: opcodes.into_iter().collect::<Option<_>>()?,
        },
    })
}

/// Adds the rows of one file to what was observed; rows without a meaning are reported and left out.
pub(crate) fn lower_observed(
    file: ObservedFile,
    observed: &mut Observed,
    sources: &Sources,
    source: SourceId,
    sink: &mut Sink,
) {
    let mut lowering = Lowering { sources, source, sink };
    observed.topics.push(Topic { source, name: lowering.at(file.topic), witness: file.witness });
    for row in file.pyc_magic {
        let magic = lowering.at(row.magic);
        if let Some(version) = lowering.version::<Minor>(row.version) {
            observed.pyc_magic.push((version, magic));
        }
    }
    for row in file.constants {
        let constant = Constant { name: lowering.at(row.name), value: lowering.at(row.value) };
        if let Some(range) = lowering.range(row.since, row.until) {
            observed.constants.push(ObservedConstant { constant, unit: row.unit, from: row.source, range });
        }
    }
    for row in file.enums {
        let (name, values) = (lowering.at(row.name), lowering.constants(row.values));
        if let Some(range) = lowering.range(row.since, row.until) {
            observed.enums.push(ObservedEnum { name, from: row.source, range, values });
        }
    }
    for row in file.structs {
        let name = lowering.at(row.name);
        let fields: Vec<Option<(At<String>, At<Type>)>> =
            row.fields.into_iter().map(|field| Some((lowering.at(field.name), lowering.ty(field.ty)?))).collect();
        let range = lowering.range(row.since, row.until);
        if let (Some(range), Some(fields)) = (range, fields.into_iter().collect::<Option<Vec<_>>>()) {
            observed.structs.push(ObservedStruct { name, from: row.source, range, fields });
        }
    }
    for row in file.stack_effects {
        let opcode = lowering.at(row.opcode);
        let range = lowering.range(row.since, row.until);
        let fall = if row.effect.value == "none" { Some(None) } else { lowering.formula(row.effect).map(Some) };
        let jump = row.jump.map(|jump| lowering.formula(jump));
        if let (Some(range), Some(fall)) = (range, fall)
            && jump != Some(None)
        {
            observed.effects.push(Effect { opcode, range, fall, jump: jump.flatten() });
        }
    }
}

impl Lowering<'_> {
    fn at<T>(&self, spanned: serde_yaml::Spanned<T>) -> At<T> {
        yaml::at(spanned, self.sources, self.source)
    }

    fn version<T: FromStr<Err = crate::model::version::VersionError>>(
        &mut self,
        text: serde_yaml::Spanned<String>,
    ) -> Option<At<T>> {
        let text = self.at(text);
        match text.value.parse() {
            Ok(value) => Some(At { value, span: text.span }),
            Err(error) => {
                self.sink.report(
                    Diagnostic::error("version-syntax", error.to_string())
                        .at(text.span, format!("expected {}", error.wanted())),
                );
                None
            }
        }
    }

    fn range(
        &mut self,
        since: Option<serde_yaml::Spanned<String>>,
        until: Option<serde_yaml::Spanned<String>>,
    ) -> Option<Range> {
        let mut bound = |text: Option<serde_yaml::Spanned<String>>| match text {
            Some(text) => self.version::<Minor>(text).map(Some),
            None => Some(None),
        };
        let (since, until) = (bound(since), bound(until));
        let (since, until) = (since?, until?);
        if let (Some(since), Some(until)) = (&since, &until)
            && since.value > until.value
        {
            self.sink.report(
                Diagnostic::error("range-empty", format!("since {since} lies after until {until}"))
                    .at(since.span, "first version")
                    .and(until.span, "last version")
                    .help("both ends belong to the range"),
            );
            return None;
        }
        Some(Range { since: since.map(|at| at.value), until: until.map(|at| at.value) })
    }

    fn ty(&mut self, text: serde_yaml::Spanned<String>) -> Option<At<Type>> {
        let text = self.at(text);
        match text.value.parse() {
            Ok(value) => Some(At { value, span: text.span }),
            Err(error) => {
                self.sink.report(
                    Diagnostic::error("type-syntax", error.to_string())
                        .at(text.span, "not understood")
                        .help("types are i8 to i64, u8 to u64, f32, f64, bool, *T, *void, *fn, [T; n], bytes(n), or a struct's name"),
                );
                None
            }
        }
    }

    fn size(
        &mut self,
        name: &At<String>,
        bytes: Option<serde_yaml::Spanned<u64>>,
        align: Option<serde_yaml::Spanned<u64>>,
    ) -> Option<Option<Size>> {
        match (bytes, align) {
            (Some(bytes), Some(align)) => Some(Some(Size { bytes: self.at(bytes), align: self.at(align) })),
            (None, None) => Some(None),
            _ => {
                self.sink.report(
                    Diagnostic::error("struct-size", format!("`{name}` has one of size_bytes and align_bytes"))
                        .at(name.span, "needs both, or neither when only chosen fields are kept"),
                );
                None
            }
        }
    }

    fn field(&mut self, row: FieldRow) -> Option<Field> {
        let name = self.at(row.name);
        let ty = self.ty(row.ty);
        let bits = match (row.first_bit, row.width_bits) {
            (Some(start), Some(width)) => Some(Bits { start: self.at(start), width: self.at(width) }),
            (None, None) => None,
            _ => {
                self.sink.report(
                    Diagnostic::error("bit-field", format!("`{name}` has one of first_bit and width_bits"))
                        .at(name.span, "a bit field has both"),
                );
                return None;
            }
        };
        Some(Field {
            ty: ty?,
            offset: self.at(row.offset_bytes),
            bits,
            overlays: row.overlays.map(|other| self.at(other)),
            name,
        })
    }

    fn constants(&mut self, rows: Vec<ConstantRow>) -> Vec<Constant> {
        rows.into_iter().map(|row| Constant { name: self.at(row.name), value: self.at(row.value) }).collect()
    }

    fn argument(&mut self, text: serde_yaml::Spanned<String>) -> Option<At<Argument>> {
        let text = self.at(text);
        if let Some(value) = Argument::from_name(&text.value) {
            return Some(At { value, span: text.span });
        }
        let names: Vec<&str> = Argument::ALL.iter().map(|argument| argument.name()).collect();
        self.sink.report(
            Diagnostic::error("argument-kind", format!("`{text}` is no kind of argument"))
                .at(text.span, "unknown")
                .help(format!("the kinds are {}", names.join(", "))),
        );
        None
    }

    fn formula(&mut self, text: serde_yaml::Spanned<String>) -> Option<At<Formula>> {
        let text = self.at(text);
        match Formula::parse(&text.value) {
            Ok(value) => Some(At { value, span: text.span }),
            Err(error) => {
                let place = text.span.map(|span| self.inside(span, &text.value, error.at));
                self.sink.report(
                    Diagnostic::error("formula", format!("`{text}` is no stack effect: {}", error.message))
                        .at(place, "here")
                        .help("a formula uses arg, numbers, + - * >> &, popcount(x), and if c { x } else { y }"),
                );
                None
            }
        }
    }

    /// The place of one byte of a plain or quoted value.
    fn inside(&self, span: Span, value: &str, at: usize) -> Span {
        let written = &self.sources.file(span.source).text[span.start as usize..span.end as usize];
        let Some(quote) = written.find(value) else { return span };
        let start = span.start + u32::try_from(quote + at).unwrap_or(0);
        Span { source: span.source, start: start.min(span.end), end: (start + 1).min(span.end) }
    }
}
