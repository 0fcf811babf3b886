//! Facts to the YAML of a facts file: one row a line, the same bytes for the same facts.

use std::fmt::Write as _;

use crate::model::facts::{Build, Constant, Facts, Field, Opcode};

/// The text of a facts file.
pub fn write_facts(facts: &Facts) -> String {
    let mut text = String::new();
    write(&mut text, facts).expect("writing to a string does not fail");
    text
}

fn write(text: &mut String, facts: &Facts) -> std::fmt::Result {
    writeln!(text, "# {}.", facts.title())?;
    writeln!(text, "# Written by `framespec import`, never edited by hand; spec/README.md explains every key.")?;
    writeln!(text, "version: \"{}\"", facts.version)?;
    writeln!(text, "flavour: {}", facts.flavour)?;
    writeln!(text, "architecture: {}", facts.architecture)?;
    write_builds(text, "verified", &facts.verified)?;
    write_builds(text, "unwitnessed", &facts.unwitnessed)?;
    let content = &facts.content;
    if let Some(magic) = &content.pyc_magic {
        writeln!(text, "pyc_magic: {magic}")?;
    }
    writeln!(text, "\nstructs:{}", empty(&content.structs))?;
    for (index, item) in content.structs.iter().enumerate() {
        if index > 0 {
            writeln!(text)?;
        }
        writeln!(text, "  - name: {}", item.name)?;
        writeln!(text, "    header: {}", item.header)?;
        if let Some(size) = &item.size {
            writeln!(text, "    size_bytes: {}", size.bytes)?;
            writeln!(text, "    align_bytes: {}", size.align)?;
        }
        writeln!(text, "    fields:{}", empty(&item.fields))?;
        for field in &item.fields {
            write_field(text, field)?;
        }
    }
    writeln!(text, "\nenums:{}", empty(&content.enums))?;
    for item in &content.enums {
        writeln!(text, "  - name: {}", item.name)?;
        writeln!(text, "    header: {}", item.header)?;
        writeln!(text, "    values:{}", empty(&item.values))?;
        write_constants(text, &item.values, false)?;
    }
    writeln!(text, "\nconstants:{}", empty(&content.constants))?;
    for group in &content.constants {
        writeln!(text, "  - group: {}", group.name)?;
        writeln!(text, "    header: {}", group.header)?;
        writeln!(text, "    values:{}", empty(&group.values))?;
        write_constants(text, &group.values, group.name.ends_with("flags"))?;
    }
    writeln!(text, "\nopcodes:{}", empty(&content.opcodes))?;
    for opcode in &content.opcodes {
        write_opcode(text, opcode)?;
    }
    Ok(())
}

fn empty<T>(items: &[T]) -> &'static str {
    if items.is_empty() { " []" } else { "" }
}

fn write_builds(text: &mut String, key: &str, builds: &[Build]) -> std::fmt::Result {
    if builds.is_empty() {
        return Ok(());
    }
    writeln!(text, "{key}:")?;
    for build in builds {
        write!(text, "  - {{ micro: \"{}\"", build.micro)?;
        if !build.defines.is_empty() {
            let quoted: Vec<String> = build.defines.iter().map(|define| format!("\"{define}\"")).collect();
            write!(text, ", defines: [{}]", quoted.join(", "))?;
        }
        writeln!(text, " }}")?;
    }
    Ok(())
}

fn write_field(text: &mut String, field: &Field) -> std::fmt::Result {
    let ty = field.ty.to_string();
    // `*` and `[` mean something else to YAML at the start of a plain value.
    let ty = if ty.starts_with(['*', '[']) { format!("\"{ty}\"") } else { ty };
    write!(text, "      - {{ name: {}, type: {ty}, offset_bytes: {}", field.name, field.offset)?;
    if let Some(bits) = &field.bits {
        write!(text, ", first_bit: {}, width_bits: {}", bits.start, bits.width)?;
    }
    if let Some(other) = &field.overlays {
        write!(text, ", overlays: {other}")?;
    }
    writeln!(text, " }}")
}

fn write_constants(text: &mut String, values: &[Constant], hexadecimal: bool) -> std::fmt::Result {
    for constant in values {
        if hexadecimal && constant.value.value >= 0 {
            writeln!(text, "      - {{ name: {}, value: {:#x} }}", constant.name, constant.value.value)?;
        } else {
            writeln!(text, "      - {{ name: {}, value: {} }}", constant.name, constant.value)?;
        }
    }
    Ok(())
}

fn write_opcode(text: &mut String, opcode: &Opcode) -> std::fmt::Result {
    write!(text, "  - {{ number: {}, name: {}", opcode.number, opcode.name)?;
    if let Some(argument) = &opcode.argument {
        write!(text, ", argument: {}", argument.name())?;
    }
    if opcode.caches.value > 0 {
        write!(text, ", cache_units: {}", opcode.caches)?;
    }
    if let Some(base) = &opcode.deopt {
        write!(text, ", deopt: {base}")?;
    }
    writeln!(text, " }}")
}
