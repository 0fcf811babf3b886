//! What `frame_spec!` makes in somebody else's crate: machines of their own, and a version that extends one of ours.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::machine::{self, Base, MachineModule, MachineVersion, sentence};
use super::{name, table};
use crate::model::Meaning;
use crate::model::version::Minor;

/// Items for the module in which the macro stands.
///
/// `meaning` holds what is left of the whole after [`extend`](crate::extend::extend); `ours` what it was made from.
pub(super) fn emit(meaning: &Meaning, ours: &Meaning, runtime: &TokenStream) -> TokenStream {
    let version = meaning.version.as_ref();
    let marker = version.map(|version| format_ident!("{}", version.name.value));
    let minor = version.and_then(|version| version.extends.as_ref()).map(|minor| minor.value);
    let mut items = Vec::new();
    if let (Some(version), Some(marker)) = (version, &marker) {
        let doc = match (&version.doc, minor) {
            (Some(doc), _) => format!(" {}", sentence(doc)),
            (None, Some(minor)) => format!(" CPython {minor}, extended."),
            (None, None) => " A version.".to_owned(),
        };
        items.push(quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum #marker {}
        });
        if let Some(minor) = minor {
            items.push(extends(ours, marker, minor, runtime));
        }
    }
    for machine in &meaning.machines {
        let known = ours.machine(&machine.name);
        let base_marker = minor.map(|minor| base_marker(minor, runtime));
        let base = match (known, base_marker) {
            (Some(known), Some(marker)) => Some(Base {
                states: known.states.len(),
                events: known.event_names().len(),
                groups: known.groups.iter().map(|(name, _)| name.value.clone()).collect(),
                marker,
            }),
            _ => None,
        };
        let at = minor.unwrap_or(Minor::OLDEST);
        if known.is_some() && !(base.is_some() && machine.exists(at)) {
            continue;
        }
        let changed = known.is_none_or(|known| known != machine);
        let versions = vec![MachineVersion {
            marker: marker.clone(),
            shown: minor.map(|minor| minor.to_string()).unwrap_or_default(),
            minor: at,
            numbers: Vec::new(),
        }];
        let module = MachineModule { machine, versions, base, runtime: runtime.clone(), is_ours: false };
        let (name, doc) = (format_ident!("{}", machine.name.value), format!(" {}", sentence(&machine.doc)));
        let body = machine::emit(&module).items;
        items.push(if changed {
            quote! {
                #[doc = #doc]
                pub mod #name {
                    #(#body)*
                }
            }
        } else {
            quote! {
                #[doc(hidden)]
                #[allow(unused_imports, reason = "only the implementations count")]
                mod #name {
                    #(#body)*
                }
            }
        });
    }
    let own = |name: &str| ours.tables.iter().all(|known| known.name.value != name);
    for table in meaning.tables.iter().filter(|table| own(&table.name) && table::is_named(table)) {
        let body = table::emit(table, runtime);
        let (name, doc, items_of) = (format_ident!("{}", table.name.value), format!(" {}", body.title), body.items);
        items.push(quote! {
            #[doc = #doc]
            pub mod #name {
                #(#items_of)*
            }
        });
    }
    items.extend(extras(meaning));
    quote!(#(#items)*)
}

fn base_marker(minor: Minor, runtime: &TokenStream) -> TokenStream {
    let marker = format_ident!("{}", name::marker(minor));
    quote!(#runtime::version::#marker)
}

/// The marker is a version whose frames are those of ours.
fn extends(ours: &Meaning, marker: &Ident, minor: Minor, runtime: &TokenStream) -> TokenStream {
    let base = base_marker(minor, runtime);
    let family = if ours.frame(minor).is_some() {
        quote! {
            impl #runtime::version::Activation for #marker {
                type Frames = <#base as #runtime::version::Activation>::Frames;
            }
        }
    } else {
        quote!(impl #runtime::version::Classic for #marker {})
    };
    quote! {
        impl #runtime::version::Version for #marker {
            const NAME: &'static str = <#base as #runtime::version::Version>::NAME;
            const LAYOUT: &'static #runtime::layout::Layout = <#base as #runtime::version::Version>::LAYOUT;
            const LOCALSPLUS: &'static #runtime::localsplus::Localsplus = <#base as #runtime::version::Version>::LOCALSPLUS;
        }
        #family
    }
}

/// Fields that the extension adds to every frame.
fn extras(meaning: &Meaning) -> Option<TokenStream> {
    let extras: Vec<_> = meaning.layouts.iter().flat_map(|layout| &layout.extras).collect();
    if extras.is_empty() {
        return None;
    }
    let fields = extras.iter().map(|extra| {
        let (name, ty) = (format_ident!("{}", extra.name.value), format_ident!("{}", extra.ty.value));
        let doc = format!(" {}", sentence(&extra.doc));
        quote!(#[doc = #doc] pub #name: ::core::cell::Cell<#ty>)
    });
    Some(quote! {
        /// What every frame has besides CPython's fields: `Vm::FrameExtra`.
        #[derive(Debug, Default)]
        pub struct FrameExtra {
            #(#fields),*
        }
    })
}
