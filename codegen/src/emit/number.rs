//! Numberings: enums whose values are CPython's, with checked conversion.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Body, Module, name};
use crate::model::facts::Constant;

/// How a numbering is called in Rust: CPython's name or ours for the group, the Rust type, the prefix that its values
/// lose, what it is. One without a row gets its name and prefix from CPython's.
const NAMES: &[(&str, &str, &str, &str)] = &[
    ("PyFrameState", "FrameState", "FRAME_", "Where a frame is in its life; kept in the generator from 3.11 on."),
    ("_frameowner", "FrameOwner", "FRAME_OWNED_BY_", "Who holds a frame's memory."),
    ("cmp_op", "CmpOp", "PyCmp_", "Comparison operators as `COMPARE_OP` numbers them."),
    (
        "AwaitableState",
        "AwaitableState",
        "AWAITABLE_STATE_",
        "Where an `asend`, `athrow` or `aclose` object is in its life.",
    ),
    ("binary_operators", "BinaryOperator", "NB_", "Argument of `BINARY_OP`."),
    ("comparisons", "Comparison", "Py_", "Rich comparisons."),
    ("intrinsics_1", "Intrinsic1", "INTRINSIC_", "Argument of `CALL_INTRINSIC_1`."),
    ("intrinsics_2", "Intrinsic2", "INTRINSIC_", "Argument of `CALL_INTRINSIC_2`."),
    ("common_constants", "CommonConstant", "CONSTANT_", "Argument of `LOAD_COMMON_CONSTANT`."),
    ("special_methods", "SpecialMethod", "SPECIAL_", "Argument of `LOAD_SPECIAL`."),
    ("monitoring_events", "MonitoringEvent", "PY_MONITORING_EVENT_", "Events of PEP 669."),
];

/// Whether a group of constants is a numbering, one name for each value, and not flags or limits.
pub(crate) fn group_is_number(group: &str) -> bool {
    NAMES.iter().any(|(c_name, ..)| *c_name == group)
}

/// Rust's name of an enum, and of each of its values.
pub(crate) fn rust_names(c_name: &str, values: &[Constant]) -> (String, Vec<String>) {
    let known = NAMES.iter().find(|(known, ..)| *known == c_name);
    let common = common_prefix(values);
    let (ty, prefix) = known.map_or((name::type_name(c_name), common.as_str()), |row| (row.1.to_owned(), row.2));
    (ty, values.iter().map(|value| name::variant_name(&value.name, prefix)).collect())
}

/// What all names start with, up to an underscore.
fn common_prefix(values: &[Constant]) -> String {
    let Some(first) = values.first() else { return String::new() };
    let shared = values.iter().fold(first.name.value.as_str(), |shared, value| {
        let same = shared.bytes().zip(value.name.bytes()).take_while(|(a, b)| a == b).count();
        shared.get(..same).unwrap_or_default()
    });
    shared.rfind('_').and_then(|end| shared.get(..=end)).unwrap_or_default().to_owned()
}

/// `number.rs` of one layout.
pub(super) fn emit(module: &Module<'_>) -> Body {
    let content = &module.facts.content;
    let minor = module.facts.version.value;
    let runtime = &module.runtime;
    let mut items = vec![quote!(use #runtime::number::Number;)];
    for item in &content.enums {
        items.extend(emit_number(module, &item.name, &item.header, &item.values));
    }
    for group in content.constants.iter().filter(|group| group_is_number(&group.name)) {
        items.extend(emit_number(module, &group.name, &group.header, &group.values));
    }
    for item in module.spec.observed.enums.iter().filter(|item| item.range.contains(minor)) {
        items.extend(emit_number(module, &item.name, &item.from, &item.values));
    }
    Body { title: format!("Enums of {}.", module.facts.title()), items }
}

fn emit_number(module: &Module<'_>, c_name: &str, source: &str, values: &[Constant]) -> Vec<TokenStream> {
    let (ty, variants) = rust_names(c_name, values);
    let what = NAMES.iter().find(|(known, ..)| *known == c_name).map_or("An enum of CPython's.", |row| row.3);
    let is_group =
        group_is_number(c_name) && module.facts.content.constants.iter().any(|group| group.name.value == c_name);
    let what = if is_group { format!(" {what}") } else { format!(" `{c_name}`: {what}") };
    let source = format!(" Source: {source}.");
    let ty = format_ident!("{ty}");
    let variants: Vec<_> = variants.iter().map(|variant| format_ident!("{variant}")).collect();
    let docs = values.iter().map(|value| format!(" `{}`", value.name));
    let numbers: Vec<_> = values.iter().map(|value| Literal::i64_unsuffixed(value.value.value)).collect();
    let names = values.iter().map(|value| value.name.value.as_str());
    let least = values.iter().map(|value| value.value.value).min().unwrap_or(0);
    let most = values.iter().map(|value| value.value.value).max().unwrap_or(0);
    let repr = if i8::try_from(least).is_ok() && i8::try_from(most).is_ok() {
        quote!(i8)
    } else if u8::try_from(least).is_ok() && u8::try_from(most).is_ok() {
        quote!(u8)
    } else {
        quote!(i32)
    };
    let version = module.version();
    let mut items = vec![quote! {
        #[doc = #what]
        #[doc = ""]
        #[doc = #source]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(#repr)]
        pub enum #ty {
            #(#[doc = #docs] #variants = #numbers),*
        }
    }];
    items.push(quote! {
        impl Number for #ty {
            const NAME: &'static str = #c_name;
            const VERSION: &'static str = #version;
            const ALL: &'static [Self] = &[#(Self::#variants),*];

            fn known(raw: i64) -> Option<Self> {
                Some(match raw {
                    #(#numbers => Self::#variants,)*
                    _ => return None,
                })
            }

            fn raw(self) -> i64 {
                self as i64
            }

            fn c_name(self) -> &'static str {
                match self {
                    #(Self::#variants => #names),*
                }
            }
        }
    });
    items
}
