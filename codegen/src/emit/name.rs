//! CPython's names to Rust's.

use crate::model::facts::Facts;

/// The module of a layout: `v3_14_10`, `v3_13t_18`.
pub fn module(facts: &Facts) -> String {
    format!("{}_{}", minor_module(facts), facts.stem.replace('-', "_"))
}

/// The name for the newest layout of a minor version and flavour: `v3_14`, `v3_13t`.
pub fn minor_module(facts: &Facts) -> String {
    format!("v{}", facts.folder().replace('.', "_"))
}

/// A struct or enum: `_PyInterpreterFrame` is `InterpreterFrame`, `PyCodeObject` stays, `_frameowner` is `Frameowner`.
///
/// The private prefix goes; a public name is kept as everybody knows it.
pub fn type_name(c_name: &str) -> String {
    let name = c_name.strip_prefix("_Py").filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    let name = name.unwrap_or(c_name);
    if name.starts_with("Py") && !name.contains('_') { name.to_owned() } else { camel(name) }
}

/// A field: C's own, but `outer.inner` is `outer_inner`, and a name that Rust keeps for itself is raw.
pub fn field_name(c_name: &str) -> String {
    let name = c_name.replace("._", "_").replace('.', "_");
    if is_name(&name) { name } else { format!("r#{name}") }
}

/// Types that the generated files use beside those they define.
pub const TAKEN: &[&str] = &[
    "Addr",
    "FieldLayout",
    "Mirror",
    "Number",
    "Offset",
    "Option",
    "Result",
    "StructBytes",
    "StructLayout",
    "Truncated",
];

/// Whether Rust takes a name, plain or raw: `self` and `_` are none in either form.
pub fn is_name(name: &str) -> bool {
    // `gen` is a keyword from the 2024 edition on, which syn does not ask about.
    name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// The constant of a field's offset: `current_frame` is `CURRENT_FRAME`.
pub fn constant_name(c_name: &str) -> String {
    c_name.trim_start_matches('_').replace("._", "_").replace('.', "_").to_ascii_uppercase()
}

/// A value of an enum without its prefix: `FRAME_OWNED_BY_THREAD` is `Thread`; `INTRINSIC_1_INVALID` keeps a letter in front.
pub fn variant_name(c_name: &str, prefix: &str) -> String {
    let rest = c_name.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(c_name);
    let name = camel(&rest.to_ascii_lowercase());
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name }
}

/// The type that stands for a version: `Cpython3_14`.
pub fn marker(minor: crate::model::version::Minor) -> String {
    format!("Cpython{}_{}", minor.major, minor.minor)
}

/// A state's type: `suspended_yield_from` is `SuspendedYieldFrom`.
pub fn state_type(name: &str) -> String {
    camel(name)
}

/// An event's trait: `make_generator` is `OnMakeGenerator`.
pub fn event_trait(name: &str) -> String {
    format!("On{}", camel(name))
}

/// `inplace_add` is `InplaceAdd`; letters after the first of a word are left as they are.
fn camel(name: &str) -> String {
    name.split('_')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(type_name("_PyInterpreterFrame"), "InterpreterFrame");
        assert_eq!(type_name("PyCodeObject"), "PyCodeObject");
        assert_eq!(type_name("_PyErr_StackItem"), "ErrStackItem");
        assert_eq!(type_name("PyErr_Thing"), "PyErrThing");
        assert_eq!(type_name("cmp_op"), "CmpOp");
        assert_eq!(type_name("CFrame"), "CFrame");
        assert_eq!(field_name("state.kind"), "state_kind");
        assert_eq!(field_name("ob_mutex._bits"), "ob_mutex_bits");
        assert_eq!(field_name("type"), "r#type");
        assert_eq!(field_name("gen"), "r#gen");
        assert_eq!(constant_name("_status"), "STATUS");
        assert_eq!(constant_name("threads.head"), "THREADS_HEAD");
        assert_eq!(variant_name("FRAME_OWNED_BY_THREAD", "FRAME_OWNED_BY_"), "Thread");
        assert_eq!(variant_name("INTRINSIC_1_INVALID", "INTRINSIC_"), "N1Invalid");
        assert_eq!(variant_name("SPECIAL___ENTER__", "SPECIAL_"), "Enter");
        assert_eq!(variant_name("Py_LT", "Py_"), "Lt");
    }

    #[test]
    fn names_that_rust_takes() {
        for name in ["f_locals", "r#type", "r#gen", "_status", "C"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "_", "r#_", "self", "r#self", "Self", "r#Self", "r#super", "r#crate", "type", "gen", "1st"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
