//! Observed facts against a real interpreter: runs `spec/observed/witness.py` in it and compares every number.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Failure;
use super::interpreter::Interpreter;
use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::Facts;
use crate::model::formula::Formula;
use crate::model::observed::Topic;
use crate::model::version::{Key, Micro};

/// The script, below the spec folder.
const SCRIPT: &str = "observed/witness.py";

/// What was compared.
#[derive(Debug)]
pub struct Report {
    /// The interpreter's release and flavour.
    pub key: Key,
    /// Topic, and how many numbers agreed.
    pub agreed: Vec<(String, usize)>,
}

/// What the script prints: each topic fills its own keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    stack_effects: BTreeMap<String, EffectAnswer>,
    pyc_magic: Option<u64>,
    constants: BTreeMap<String, i64>,
    enums: BTreeMap<String, BTreeMap<String, i64>>,
    structs: BTreeMap<String, StructAnswer>,
}

#[derive(Debug, Deserialize)]
struct EffectAnswer {
    number: u64,
    kind: String,
    fall: Vec<Option<i32>>,
    jump: Vec<Option<i32>>,
}

#[derive(Debug, Deserialize)]
struct StructAnswer {
    size_bytes: u64,
    fields: BTreeMap<String, u64>,
}

/// Runs every topic in `python`; disagreements go to `sink`, each with the row that is contradicted.
///
/// # Errors
///
/// The interpreter or the script cannot be run, or no layout of that release is in the spec.
pub fn witness(
    python: &Path,
    spec: &Spec,
    folder: &Path,
    sink: &mut Sink,
    progress: &dyn Fn(&str),
) -> Result<Report, Failure> {
    let interpreter = Interpreter::ask(python)?;
    let micro = interpreter.micro()?;
    let key = Key { minor: micro.minor, micro: Some(micro), flavour: interpreter.flavour() };
    let facts = find_layout(spec, micro, &key)?;
    let mut agreed = Vec::new();
    for topic in &spec.observed.topics {
        progress(&format!("{key}: {}", topic.name));
        let answer = run(python, folder, topic, facts)?;
        let mut comparison = Comparison { key: &key, sink, agreed: 0 };
        comparison.effects(spec, facts, &answer.stack_effects);
        comparison.magic(spec, facts, answer.pyc_magic);
        comparison.constants(spec, facts, &answer.constants);
        comparison.enums(spec, &answer.enums);
        comparison.structs(spec, facts, &answer.structs);
        let count = comparison.agreed;
        if count == 0 && !sink.has_errors() {
            sink.report(
                Diagnostic::error(
                    "witness-nothing",
                    format!("the witness of {} said nothing of CPython {key}", topic.name),
                )
                .at(topic.name.span, "nothing was compared")
                .help("correct what the script prints for this topic"),
            );
        }
        agreed.push((topic.name.value.clone(), count));
    }
    Ok(Report { key, agreed })
}

/// The layout of exactly this release; never that of a neighbour.
fn find_layout<'a>(spec: &'a Spec, micro: Micro, key: &Key) -> Result<&'a Facts, Failure> {
    spec.layouts
        .iter()
        .find(|facts| facts.flavour.value == key.flavour && facts.builds().any(|build| build.micro.value == micro))
        .ok_or_else(|| {
            Diagnostic::error("unknown-version", format!("the spec has no layout of CPython {key}"))
                .help("import it first: framespec import PYTHON")
                .into()
        })
}

fn run(python: &Path, folder: &Path, topic: &Topic, facts: &Facts) -> Result<Answer, Failure> {
    let script = folder.join(SCRIPT);
    let mut command = Command::new(python);
    command.arg(&script).arg(&topic.name.value).stdin(Stdio::null());
    // Only the topic of sizes looks into the thread state.
    let chunk = facts.find_struct("PyThreadState").and_then(|state| state.field("datastack_chunk"));
    if let (Some(field), "sizes") = (chunk, topic.name.value.as_str()) {
        command.arg("--offset").arg(format!("PyThreadState.datastack_chunk={}", field.offset));
    }
    let output = command.output().map_err(|error| {
        Diagnostic::error("import-interpreter", format!("cannot start {}: {error}", python.display()))
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Diagnostic::error(
            "witness",
            format!("{} {} failed: {}", script.display(), topic.name, output.status),
        )
        .note(said.lines().last().unwrap_or("it said nothing").to_owned())
        .into());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Diagnostic::error(
            "witness",
            format!("the answer of {} {} is not understood: {error}", script.display(), topic.name),
        )
        .into()
    })
}

struct Comparison<'a> {
    key: &'a Key,
    sink: &'a mut Sink,
    agreed: usize,
}

impl Comparison<'_> {
    fn differ(
        &mut self,
        span: Option<crate::source::Span>,
        declared: impl std::fmt::Display,
        seen: impl std::fmt::Display,
    ) {
        self.sink.report(
            Diagnostic::error("witness-differs", format!("CPython {} contradicts an observed fact", self.key))
                .at(span, format!("declared {declared}, the interpreter says {seen}")),
        );
    }

    fn effects(&mut self, spec: &Spec, facts: &Facts, answers: &BTreeMap<String, EffectAnswer>) {
        for (name, answer) in answers {
            let Some(opcode) = facts.find_opcode(name) else {
                self.sink.report(Diagnostic::error(
                    "witness-differs",
                    format!("CPython {} has an opcode {name} = {} that its facts do not have", self.key, answer.number),
                ));
                continue;
            };
            // A form without a row of its own has the effect of its base.
            let minor = self.key.minor;
            let base = opcode.deopt.as_ref().map(|base| base.value.as_str());
            let row = spec.observed.effect(name, minor).or_else(|| spec.observed.effect(base?, minor));
            let fall = row.and_then(|row| row.fall.as_ref());
            let jump = row.and_then(|row| row.jump.as_ref()).or(fall);
            for (formula, seen) in [(fall, &answer.fall), (jump, &answer.jump)] {
                let mut differing = None;
                for (argument, seen) in (0..).zip(seen) {
                    // No answer, no comparison: the interpreter refuses to say for this kind of opcode.
                    let Some(seen) = *seen else { continue };
                    let declared = formula.and_then(|formula: &crate::source::At<Formula>| formula.evaluate(argument));
                    if declared == Some(seen) {
                        self.agreed += 1;
                    } else if differing.is_none() {
                        differing = Some((argument, declared, seen));
                    }
                }
                let Some((argument, declared, seen)) = differing else { continue };
                match (formula, declared) {
                    (Some(formula), Some(declared)) => {
                        let declared = format!("{declared} for {name} {argument}");
                        self.differ(formula.span, declared, seen);
                    }
                    _ => self.sink.report(
                        Diagnostic::error(
                            "witness-differs",
                            format!(
                                "CPython {}: no stack effect is declared for the {} opcode {name}",
                                self.key, answer.kind
                            ),
                        )
                        .note(format!("the interpreter says {seen} for the argument {argument}"))
                        .help("add a row to spec/observed/stack_effects.yaml"),
                    ),
                }
            }
        }
    }

    fn magic(&mut self, spec: &Spec, facts: &Facts, answer: Option<u64>) {
        let Some(seen) = answer else { return };
        match facts.content.pyc_magic.as_ref().or(spec.observed.pyc_magic(self.key.minor)) {
            Some(declared) if declared.value == seen => self.agreed += 1,
            Some(declared) => self.differ(declared.span, declared, seen),
            None => self.sink.report(
                Diagnostic::error(
                    "witness-differs",
                    format!("the pyc magic of CPython {} is {seen}, and is declared nowhere", self.key),
                )
                .help("add a row to spec/observed/pyc_magic.yaml"),
            ),
        }
    }

    /// What was measured, against the observed row or the header that holds it; some builds cannot be measured.
    fn constants(&mut self, spec: &Spec, facts: &Facts, answers: &BTreeMap<String, i64>) {
        for (name, seen) in answers {
            let observed = spec
                .observed
                .constants
                .iter()
                .find(|row| row.range.contains(self.key.minor) && row.constant.name.value == *name);
            let imported = || {
                let mut all = facts.content.constants.iter().flat_map(|group| &group.values);
                all.find(|constant| constant.name.value == *name)
            };
            match observed.map(|row| &row.constant).or_else(imported) {
                Some(known) if known.value.value == *seen => self.agreed += 1,
                Some(known) => self.differ(known.value.span, &known.value, seen),
                None => self.sink.report(Diagnostic::error(
                    "witness-differs",
                    format!("CPython {} has a {name} of {seen}, which is neither imported nor observed", self.key),
                )),
            }
        }
    }

    fn enums(&mut self, spec: &Spec, answers: &BTreeMap<String, BTreeMap<String, i64>>) {
        for item in spec.observed.enums.iter().filter(|item| item.range.contains(self.key.minor)) {
            let Some(answer) = answers.get(&item.name.value) else { continue };
            for value in &item.values {
                match answer.get(&value.name.value) {
                    Some(seen) if *seen == value.value.value => self.agreed += 1,
                    Some(seen) => self.differ(value.value.span, &value.value, seen),
                    None => {}
                }
            }
        }
    }

    fn structs(&mut self, spec: &Spec, facts: &Facts, answers: &BTreeMap<String, StructAnswer>) {
        for item in spec.observed.structs.iter().filter(|item| item.range.contains(self.key.minor)) {
            let Some(answer) = answers.get(&item.name.value) else { continue };
            let Some(laid_out) = spec.observed.lay_out(item, facts) else { continue };
            let size = laid_out.size.as_ref().map_or(0, |size| size.bytes.value);
            if size == answer.size_bytes {
                self.agreed += 1;
            } else {
                self.differ(item.name.span, format!("{size} bytes"), format!("{} bytes", answer.size_bytes));
            }
            for field in &laid_out.fields {
                match answer.fields.get(&field.name.value) {
                    Some(seen) if *seen == field.offset.value => self.agreed += 1,
                    Some(seen) => self.differ(field.name.span, format!("offset {}", field.offset), seen),
                    None => {}
                }
            }
        }
    }
}
