//! Constants that are not a numbering: flags, limits, tags.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::number::group_is_number;
use super::{Body, Module};
use crate::model::facts::Constant;

/// `constant.rs` of one layout.
pub(super) fn emit(module: &Module<'_>) -> Body {
    let mut items = Vec::new();
    for group in module.facts.content.constants.iter().filter(|group| !group_is_number(&group.name)) {
        let what = match group.name.value.as_str() {
            "code_flags" => "Flags of a code object, `co_flags`.",
            "local_kind_flags" => "Kinds of a local variable, one byte each in `co_localspluskinds`.",
            "limits" => "Limits and sizes.",
            "stack_references" => "Tags of a stack reference.",
            "comparison_masks" => "What a comparison says, as a mask in the low bits of `COMPARE_OP`'s argument.",
            _ => "Constants.",
        };
        let doc = format!(" {what}");
        let source = format!(" Source: {}.", group.header);
        let wide = group.name.value == "stack_references";
        let rows = group.values.iter().map(|constant| row(constant, wide, group.name.ends_with("flags"), None));
        let name = format_ident!("{}", group.name.value);
        items.push(quote! {
            #[doc = #doc]
            #[doc = ""]
            #[doc = #source]
            pub mod #name {
                #(#rows)*
            }
        });
    }
    let minor = module.facts.version.value;
    let observed: Vec<TokenStream> = module
        .spec
        .observed
        .constants
        .iter()
        .filter(|row| row.range.contains(minor))
        .map(|item| row(&item.constant, false, false, Some((&item.unit, &item.from))))
        .collect();
    if !observed.is_empty() {
        items.push(quote! {
            /// Numbers that no header holds; observed on interpreters.
            pub mod observed {
                #(#observed)*
            }
        });
    }
    Body { title: format!("Constants of {}.", module.facts.title()), items }
}

fn row(constant: &Constant, wide: bool, flag: bool, observed: Option<(&str, &str)>) -> TokenStream {
    let value = constant.value.value;
    let ty = if wide {
        quote!(u64)
    } else if value < 0 {
        if i32::try_from(value).is_ok() { quote!(i32) } else { quote!(i64) }
    } else if u32::try_from(value).is_ok() {
        quote!(u32)
    } else {
        quote!(u64)
    };
    let name = format_ident!("{}", constant.name.value);
    let literal: TokenStream = if flag && value > 9 {
        format!("{value:#x}").parse().unwrap_or_default()
    } else if wide {
        let literal = Literal::u64_unsuffixed(value.cast_unsigned());
        quote!(#literal)
    } else {
        let literal = Literal::i64_unsuffixed(value);
        quote!(#literal)
    };
    let upper = constant.name.value.chars().all(|c| !c.is_ascii_lowercase());
    let allow = (!upper).then(|| quote!(#[allow(non_upper_case_globals, reason = "CPython's own name")]));
    let doc = match observed {
        Some((unit, from)) => format!(" In {unit}. Source: {from}."),
        None if flag && value.count_ones() == 1 => format!(" Bit {}.", value.trailing_zeros()),
        None => format!(" `{}` is {value}.", constant.name),
    };
    quote! {
        #[doc = #doc]
        #allow
        pub const #name: #ty = #literal;
    }
}
