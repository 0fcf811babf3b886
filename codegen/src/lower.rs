//! Rows to model: versions, types, formulas and kinds get their meaning, and keep their places.

pub(crate) mod meaning;
mod table;

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
    let version = lowering.minor(file.version);
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
            let header = lowering.line(row.header);
            Some(Struct { name, header: header?, size: size?, fields: fields.into_iter().collect::<Option<_>>()? })
        })
        .collect();
    let enums: Vec<Option<Enum>> = file
        .enums
        .into_iter()
        .map(|row| {
            let (name, values) = (lowering.at(row.name), lowering.constants(row.values));
            Some(Enum { name, header: lowering.line(row.header)?, values })
        })
        .collect();
    let constants: Vec<Option<Group>> = file
        .constants
        .into_iter()
        .map(|row| {
            let (name, values) = (lowering.at(row.group), lowering.constants(row.values));
            Some(Group { name, header: lowering.line(row.header)?, values })
        })
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
            enums: enums.into_iter().collect::<Option<_>>()?,
            constants: constants.into_iter().collect::<Option<_>>()?,
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
        if let Some(version) = lowering.minor(row.version) {
            observed.pyc_magic.push((version, magic));
        }
    }
    for row in file.constants {
        let constant = Constant { name: lowering.at(row.name), value: lowering.at(row.value) };
        let (unit, from) = (lowering.line(row.unit), lowering.line(row.source));
        if let (Some(range), Some(unit), Some(from)) = (lowering.range(row.since, row.until), unit, from) {
            observed.constants.push(ObservedConstant { constant, unit, from, range });
        }
    }
    for row in file.enums {
        let (name, values) = (lowering.at(row.name), lowering.constants(row.values));
        let from = lowering.line(row.source);
        if let (Some(range), Some(from)) = (lowering.range(row.since, row.until), from) {
            observed.enums.push(ObservedEnum { name, from, range, values });
        }
    }
    for row in file.structs {
        let name = lowering.at(row.name);
        let fields: Vec<Option<(At<String>, At<Type>)>> =
            row.fields.into_iter().map(|field| Some((lowering.at(field.name), lowering.ty(field.ty)?))).collect();
        let range = lowering.range(row.since, row.until);
        let from = lowering.line(row.source);
        if let (Some(range), Some(from), Some(fields)) = (range, from, fields.into_iter().collect::<Option<Vec<_>>>()) {
            observed.structs.push(ObservedStruct { name, from, range, fields });
        }
    }
    for row in file.stack_effects {
        let opcode = lowering.at(row.opcode);
        let range = lowering.range(row.since, row.until);
        let none = (row.effect.value == "none").then(|| lowering.at(row.effect.clone()));
        let fall = if none.is_some() { Some(None) } else { lowering.formula(row.effect).map(Some) };
        let jump = row.jump.map(|jump| lowering.formula(jump));
        if let (Some(none), Some(Some(jump))) = (none, &jump) {
            lowering.sink.report(
                Diagnostic::error("effect-none", format!("`{opcode}` has no effect, and one when it jumps"))
                    .at(jump.span, "leave this out")
                    .and(none.span, "no effect, whether it jumps or not"),
            );
            continue;
        }
        if let (Some(range), Some(fall)) = (range, fall)
            && jump != Some(None)
        {
            observed.effects.push(Effect { opcode, range, fall, jump: jump.flatten() });
        }
    }
}

/// The parser of formulas names rules of its grammar; whoever writes one knows its pieces.
fn in_words(message: &str) -> &str {
    match message.strip_prefix("expected ") {
        Some("unary" | "expression" | "negate or primary") => "expected a number, `arg` or `popcount(x)`",
        Some("group") => "expected `(`",
        Some(rules) if rules.starts_with("EOI") => "expected an operator or the end",
        Some(rules) if rules.contains("plus") => "expected an operator or a closing bracket",
        _ => message,
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
                    Diagnostic::error("version-syntax", format!("`{}` is not understood", text.escape_debug()))
                        .at(text.span, format!("expected {}", error.wanted())),
                );
                None
            }
        }
    }

    /// A text that becomes part of a line of comment.
    fn line(&mut self, text: serde_yaml::Spanned<String>) -> Option<String> {
        let text = self.at(text);
        if !text.contains(char::is_control) {
            return Some(text.value);
        }
        self.sink.report(
            Diagnostic::error("text-line", format!("`{}` is not one plain line", text.escape_debug()))
                .at(text.span, "one line, without control characters"),
        );
        None
    }

    /// A minor version, which YAML would take for a number if it were not quoted: 3.10 for 3.1.
    fn minor(&mut self, text: serde_yaml::Spanned<String>) -> Option<At<Minor>> {
        let at = self.version::<Minor>(text)?;
        let span = at.span?;
        let written = &self.sources.file(span.source).text[span.start as usize..span.end as usize];
        if !written.starts_with(['"', '\'']) {
            self.sink.report(
                Diagnostic::error("version-quotes", format!("the version {at} is not in quotes"))
                    .at(at.span, format!("write \"{at}\""))
                    .help("without them YAML has a number here, and 3.10 is 3.1"),
            );
        }
        Some(at)
    }

    fn range(
        &mut self,
        since: Option<serde_yaml::Spanned<String>>,
        until: Option<serde_yaml::Spanned<String>>,
    ) -> Option<Range> {
        let mut bound = |text: Option<serde_yaml::Spanned<String>>| match text {
            Some(text) => self.minor(text).map(Some),
            None => Some(None),
        };
        let (since, until) = (bound(since), bound(until));
        let (since, until) = (since?, until?);
        if meaning::range_empty(since.as_ref(), until.as_ref(), self.sink) {
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
                        .at(text.span, "unknown")
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
            (bytes, align) => {
                let (there, missing, span) = match (bytes, align) {
                    (Some(bytes), _) => ("size_bytes", "align_bytes", self.at(bytes).span),
                    (None, align) => ("align_bytes", "size_bytes", align.and_then(|align| self.at(align).span)),
                };
                self.sink.report(
                    Diagnostic::error("struct-size", format!("`{name}` has {there} and no {missing}"))
                        .at(span, format!("{missing} is missing"))
                        .help("a struct has both, or neither when only some of its fields are kept"),
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
            (start, width) => {
                let (there, missing) = match start {
                    Some(_) => ("first_bit", "width_bits"),
                    None => ("width_bits", "first_bit"),
                };
                let span = start.or(width).and_then(|number| self.at(number).span);
                self.sink.report(
                    Diagnostic::error("bit-field", format!("the bit field `{name}` has {there} and no {missing}"))
                        .at(span, format!("{missing} is missing")),
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
            Diagnostic::error("argument-kind", format!("`{}` is no kind of argument", text.escape_debug()))
                .at(text.span, "unknown")
                .help(format!("the kinds are {}; an opcode without an argument has no such key", names.join(", "))),
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
                    Diagnostic::error("formula", format!("`{}` is no stack effect", text.escape_debug()))
                        .at(place, in_words(&error.message))
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
