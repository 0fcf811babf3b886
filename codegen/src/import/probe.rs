//! The C text of the probes.

use std::fmt::Write as _;

use super::headers::Headers;
use super::wanted::{Wanted, WantedGroup};
use crate::model::facts::{Facts, Struct};
use crate::model::ty::Type;

/// Includes every wanted header that there is; the opcode tables come with them.
pub(crate) fn includes(wanted: &Wanted) -> String {
    let mut text =
        String::from("#define Py_BUILD_CORE 1\n#define NEED_OPCODE_TABLES 1\n#define NEED_OPCODE_METADATA 1\n");
    for header in &wanted.headers {
        if header == "Python.h" {
            text.push_str("#include <Python.h>\n");
        } else {
            writeln!(text, "#if __has_include(<{header}>)\n#include <{header}>\n#endif").expect("string");
        }
    }
    text
}

/// Names of the constants that a group takes, in order of definition.
pub(crate) fn constants_of<'a>(group: &'a WantedGroup, headers: &'a Headers) -> Vec<&'a str> {
    let excluded = |name: &str| group.except.iter().any(|prefix| name.starts_with(prefix.as_str()));
    let mut names: Vec<&str> = Vec::new();
    let mut inside = false;
    for found in &headers.macros {
        if let Some(between) = &group.between {
            inside |= found.name == between.first;
            inside &= found.name != between.end;
        }
        let by_prefix = group.prefixes.iter().any(|prefix| found.name.starts_with(prefix.as_str()));
        // An include guard or a switch has no value.
        if (inside || by_prefix) && !excluded(&found.name) && !found.body.is_empty() {
            names.push(&found.name);
        }
    }
    names.extend(group.names.iter().map(String::as_str).filter(|name| headers.is_defined(name)));
    names
}

/// The constant structs of a group whose first word is wanted.
pub(crate) fn objects_of<'a>(group: &'a WantedGroup, headers: &'a Headers) -> Vec<&'a str> {
    group.objects.iter().map(String::as_str).filter(|name| headers.words.contains(*name)).collect()
}

/// What is always asked of the headers besides the groups.
pub(crate) const VERSION: &str = "PY_VERSION_HEX";
/// The pyc magic number, from 3.14.
pub(crate) const MAGIC: &str = "PYC_MAGIC_NUMBER";

/// The interpreter's own account of its layout, from 3.13.
pub(crate) const DEBUG_OFFSETS: &str = "_Py_DebugOffsets";

fn all_constants<'a>(wanted: &'a Wanted, headers: &'a Headers) -> Vec<&'a str> {
    let mut names: Vec<&str> = [VERSION, MAGIC].into_iter().filter(|name| headers.is_defined(name)).collect();
    for group in &wanted.constants {
        names.extend(constants_of(group, headers));
    }
    names
}

/// The first witness: one variable per struct and enum, every constant an enumerator, to be read out of the DWARF.
pub(crate) fn dwarf_probe(wanted: &Wanted, headers: &Headers) -> String {
    let mut text = includes(wanted);
    for item in wanted.structs.iter().filter(|item| headers.words.contains(&item.name)) {
        // A tag may have no typedef and a typedef no tag: asking for both would not compile.
        writeln!(text, "{0} *probe_struct_{0};", item.name).expect("string");
    }
    if headers.words.contains(DEBUG_OFFSETS) {
        writeln!(text, "{DEBUG_OFFSETS} *probe_struct_{DEBUG_OFFSETS};").expect("string");
    }
    for item in &wanted.enums {
        if headers.words.contains(item.c.strip_prefix("enum ").unwrap_or(&item.c)) {
            writeln!(text, "{} *probe_enum_{};", item.c, item.name).expect("string");
        }
    }
    text.push_str("enum probe_constants {\n");
    for name in all_constants(wanted, headers) {
        writeln!(text, "    probe_constant_{name} = ({name}),").expect("string");
    }
    text.push_str("    probe_constants_end\n} probe_constants;\n");
    for group in &wanted.constants {
        for name in objects_of(group, headers) {
            writeln!(text, "const void *probe_keep_{name} = &{name};").expect("string");
        }
    }
    text
}

/// The second witness: the same numbers from `sizeof`, `offsetof` and plain initialisers, to be read out of the data.
pub(crate) fn offset_probe(wanted: &Wanted, headers: &Headers, facts: &Facts) -> String {
    let mut text = includes(wanted);
    for item in &facts.content.structs {
        let name = &item.name;
        writeln!(text, "const unsigned long long witness_struct_{name}[] = {{").expect("string");
        let (size, align) = if item.is_partial() {
            ("0".to_owned(), "0".to_owned())
        } else {
            (format!("sizeof({name})"), format!("_Alignof({name})"))
        };
        writeln!(text, "    {size}, {align},").expect("string");
        for field in item.fields.iter().filter(|field| field.bits.is_none()) {
            // A flexible array has no size to ask for.
            let flexible = matches!(&field.ty.value, Type::Array(_, 0));
            let field = &field.name;
            let size = if flexible { "0".to_owned() } else { format!("sizeof((({name} *)0)->{field})") };
            writeln!(text, "    __builtin_offsetof({name}, {field}), {size},").expect("string");
        }
        text.push_str("};\n");
        for field in item.fields.iter().filter(|field| field.bits.is_some()) {
            writeln!(text, "const {name} {} = {{ .{} = -1 }};", bit_symbol(item, &field.name), field.name)
                .expect("string");
        }
    }
    text.push_str("const long long witness_constants[] = {\n");
    for name in all_constants(wanted, headers) {
        writeln!(text, "    (long long)({name}),").expect("string");
    }
    text.push_str("    0\n};\n");
    for item in &facts.content.enums {
        writeln!(text, "const long long witness_enum_{}[] = {{", item.name).expect("string");
        for value in &item.values {
            writeln!(text, "    (long long)({}),", value.name).expect("string");
        }
        text.push_str("    0\n};\n");
    }
    text
}

/// The names of [`offset_probe`]'s constants, in its order.
pub(crate) fn witness_constants<'a>(wanted: &'a Wanted, headers: &'a Headers) -> Vec<&'a str> {
    all_constants(wanted, headers)
}

/// The variable in which only the bits of one bit field are set.
pub(crate) fn bit_symbol(item: &Struct, field: &str) -> String {
    format!("witness_bits_{}_{}", item.name, field.replace('.', "_"))
}
