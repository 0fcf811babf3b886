//! Tables: the row as a struct, the format as data for the runtime's decoder and encoder.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::{format_ident, quote};

use super::machine::sentence;
use super::{Body, name};
use crate::model::table::{Bits, Column, Fallback, Form, LINES, Number, Part, Piece, Source, Step, Table};
use crate::model::version::Minor;
use crate::model::{Meaning, Spec};

/// Types of the runtime that a format is made of.
const FORMAT_TYPES: &[&str] = &["Column", "Form", "Format", "Head", "Number", "Part", "Piece", "Row", "Source", "Step"];

/// The files of `table/`.
pub(super) fn emit_all(spec: &Spec) -> Vec<(String, Body)> {
    let tables = &spec.meaning.tables;
    let mut files: Vec<(String, Body)> = Vec::new();
    for table in tables {
        files.push((format!("table/{}.rs", table.name), emit(table, &quote!(crate))));
    }
    let modules: Vec<Ident> = tables.iter().map(|table| format_ident!("{}", table.name.value)).collect();
    let rows = tables.iter().map(|table| format_ident!("{}", row_type(table)));
    let items = vec![quote!(#(mod #modules;)*), quote!(#(pub use #modules::#rows;)*)];
    files.push(("table/mod.rs".to_owned(), Body { title: "Tables of every version.".to_owned(), items }));
    files
}

/// Which tables a version has: what the runtime calls the one for lines, and whether there is one for exceptions.
pub(super) fn of_version(meaning: &Meaning, minor: Minor) -> (Ident, bool) {
    let has = |name: &str| meaning.tables_of(minor).any(|table| table.name.value == name);
    let lines = LINES.iter().find(|(name, _)| has(name));
    // Checked specs without one declare no tables at all.
    let lines = lines.unwrap_or(&LINES[0]);
    (format_ident!("{}", lines.1), has(crate::model::table::EXCEPTION))
}

/// `LocationRow`.
pub(super) fn row_type(table: &Table) -> String {
    format!("{}Row", name::state_type(&table.name))
}

/// Whether all names of a table are names in Rust. One that has findings may stand beside them in somebody's crate.
pub(super) fn is_named(table: &Table) -> bool {
    let columns = table.columns.iter().map(|column| &column.name.value);
    let mut names: Vec<&String> = columns.chain(table.numbers.iter().map(|number| &number.name.value)).collect();
    let right = |name: &&String| name::is_name(&name::field_name(name)) && name::is_name(&name::constant_name(name));
    let all = name::is_name(&table.name.value) && names.iter().all(right);
    let count = names.len();
    names.sort_by_key(|name| name::constant_name(name));
    names.dedup_by_key(|name| name::constant_name(name));
    all && names.len() == count
}

/// One table, where `runtime` is the path of `frame-runtime`.
pub(super) fn emit(table: &Table, runtime: &TokenStream) -> Body {
    let row = row_type(table);
    let ty = format_ident!("{row}");
    let fields: Vec<Ident> = table.columns.iter().map(|column| field(&column.name)).collect();
    let docs = table.columns.iter().map(|column| format!(" {}{}", sentence(&column.doc), absent(table, column)));
    let versions = if table.range.since.is_none() && table.range.until.is_none() {
        String::new()
    } else {
        format!(" CPython {}.", table.range)
    };
    let doc = format!(" A row of the table `{}`.{versions}", table.name);
    let count = Literal::usize_unsuffixed(table.columns.len());
    let item = quote! {
        #[doc = #doc]
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct #ty {
            #(#[doc = #docs] pub #fields: i32),*
        }
    };
    let mut constants = Vec::new();
    let used: BTreeSet<usize> = table.forms.iter().flat_map(columns_used).chain(likes(table)).collect();
    let indices = table.columns.iter().enumerate().filter(|(index, _)| used.contains(index)).map(|(index, column)| {
        let (name, index) = (constant(&column.name), Literal::usize_unsuffixed(index));
        quote!(const #name: usize = #index;)
    });
    let indices: Vec<TokenStream> = indices.collect();
    if !indices.is_empty() {
        constants.push(quote!(#(#indices)*));
    }
    constants.extend(table.numbers.iter().map(number));
    let format = format(table);
    let implementation = quote! {
        impl Row<#count> for #ty {
            const FORMAT: Format<#count> = #format;

            #[inline]
            fn from_columns([#(#fields),*]: [i32; #count]) -> Self {
                #ty { #(#fields),* }
            }

            #[inline]
            fn to_columns(self) -> [i32; #count] {
                [#(self.#fields),*]
            }
        }
    };
    let mut found = BTreeSet::new();
    for tokens in constants.iter().chain([&implementation]) {
        idents(tokens.clone(), &mut found);
    }
    let used = FORMAT_TYPES.iter().filter(|ty| found.contains(**ty)).map(|ty| format_ident!("{ty}"));
    let mut items = vec![quote!(use #runtime::table::{#(#used),*};), item];
    items.extend(constants);
    items.push(implementation);
    let doc = if table.doc.is_empty() { format!("The table `{}`.", table.name) } else { sentence(&table.doc) };
    Body { title: doc, items }
}

/// What a reader of a row has to know of a column that may have no value.
fn absent(table: &Table, column: &Column) -> &'static str {
    let may = column.fallback == Fallback::Absent || table.forms.iter().any(|form| form.absent);
    if may { " -1: none." } else { "" }
}

fn field(name: &str) -> Ident {
    let field = name::field_name(name);
    match field.strip_prefix("r#") {
        Some(plain) => Ident::new_raw(plain, proc_macro2::Span::call_site()),
        None => format_ident!("{field}"),
    }
}

fn constant(name: &str) -> Ident {
    format_ident!("{}", name::constant_name(name))
}

fn columns_used(form: &Form) -> impl Iterator<Item = usize> {
    let steps = form.steps.iter().flat_map(|step| Table::gets(step).chain(&step.base));
    form.drops.iter().chain(steps).map(|column| column.value)
}

fn likes(table: &Table) -> impl Iterator<Item = usize> {
    table.columns.iter().filter_map(|column| match &column.fallback {
        Fallback::Like(other) => Some(other.value),
        _ => None,
    })
}

fn idents(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(found.insert(ident.to_string())),
            TokenTree::Group(group) => idents(group.stream(), found),
            _ => {}
        }
    }
}

fn number(number: &Number) -> TokenStream {
    let name = constant(&number.name);
    let order = if number.low_first { "low" } else { "high" };
    let signed = if number.signed { "; bit 0 of the number is its sign" } else { "" };
    let bits = if number.digit.value == 1 { "bit" } else { "bits" };
    let doc = format!(" `{}`: digits of {} {bits}, the {order} one first{signed}.", number.name, number.digit);
    let digit = Literal::u8_unsuffixed(number.digit.value);
    let at_most = Literal::u8_unsuffixed(number.at_most.value);
    let (low_first, signed) = (number.low_first, number.signed);
    quote! {
        #[doc = #doc]
        const #name: Number = Number { digit: #digit, low_first: #low_first, at_most: #at_most, signed: #signed };
    }
}

fn format(table: &Table) -> TokenStream {
    let name = &table.name.value;
    let unit = Literal::u8_unsuffixed(table.unit);
    let head = head(table);
    let columns = table.columns.iter().map(|column| match &column.fallback {
        Fallback::Given => quote!(Column::Given),
        Fallback::Kept => quote!(Column::Kept),
        Fallback::Absent => quote!(Column::Absent),
        Fallback::Like(other) => {
            let other = column_constant(table, other.value);
            quote!(Column::Like(#other))
        }
    });
    let forms = table.forms.iter().map(|form| emit_form(table, form));
    quote! {
        Format {
            name: #name,
            unit_bytes: #unit,
            head: #head,
            columns: [#(#columns),*],
            forms: &[#(#forms),*],
        }
    }
}

fn head(table: &Table) -> TokenStream {
    let bits = Literal::u32_unsuffixed(table.head.bits());
    let mark = table.head.part("mark").is_some();
    let part = |name: &str| match table.head.part(name) {
        Some(part) => {
            let part = emit_part(part, table.head.low(name));
            quote!(Some(#part))
        }
        None => quote!(None),
    };
    let (code, length, skip) = (part("code"), part("length"), part("skip"));
    quote!(Head { bits: #bits, mark: #mark, code: #code, length: #length, skip: #skip })
}

fn emit_part(part: &Part, low: u32) -> TokenStream {
    let (low, width) = (Literal::u32_unsuffixed(low), Literal::u8_unsuffixed(part.bits.value));
    let signed = part.signed.is_some();
    let plus = signed_literal(part.plus.as_ref().map_or(0, |plus| i64::from(plus.value)));
    let at_most = part.at_most.as_ref().map_or(part.values().1, |at_most| i64::from(at_most.value));
    let at_most = signed_literal(at_most);
    quote!(Part { low: #low, width: #width, signed: #signed, plus: #plus, at_most: #at_most })
}

fn emit_form(table: &Table, form: &Form) -> TokenStream {
    let name = &form.name.value;
    let (first, last) = form.codes.range.unwrap_or_default();
    let (first, last) = (signed_literal(first), signed_literal(last));
    let absent = form.absent;
    let drops = if form.drops.is_empty() {
        quote!(0)
    } else {
        let drops = form.drops.iter().map(|column| column_constant(table, column.value));
        quote!(#(1 << #drops)|*)
    };
    let steps = form.steps.iter().map(|step| emit_step(table, step));
    quote! {
        Form {
            name: #name,
            codes: (#first, #last),
            absent: #absent,
            drops: #drops,
            steps: &[#(#steps),*],
        }
    }
}

fn emit_step(table: &Table, step: &Step) -> TokenStream {
    let column = column_constant(table, step.column.value);
    let low = match &step.low {
        Some((low, bits)) => {
            let (low, bits) = (column_constant(table, low.value), Literal::u8_unsuffixed(*bits));
            quote!(Some((#low, #bits)))
        }
        None => quote!(None),
    };
    let base = match &step.base {
        Some(base) => {
            let base = column_constant(table, base.value);
            quote!(Some(#base))
        }
        None => quote!(None),
    };
    let source = match &step.source.value {
        Source::Byte => quote!(Source::Byte),
        Source::Number(index) => {
            let number = constant(&table.numbers[*index].name);
            quote!(Source::Number(#number))
        }
        Source::Bits(pieces) => {
            let pieces = pieces.iter().map(piece);
            quote!(Source::Bits(&[#(#pieces),*]))
        }
    };
    let plus = signed_literal(i64::from(step.plus));
    quote!(Step { column: #column, low: #low, base: #base, source: #source, plus: #plus })
}

fn piece(piece: &Piece) -> TokenStream {
    match piece.bits {
        Bits::Code => quote!(Piece::Code),
        Bits::Byte { start, end } => {
            let width = Literal::u8_unsuffixed(end.saturating_sub(start));
            let low = Literal::u8_unsuffixed(start);
            quote!(Piece::Byte { low: #low, width: #width })
        }
    }
}

fn column_constant(table: &Table, column: usize) -> Ident {
    constant(&table.columns[column].name)
}

fn signed_literal(value: i64) -> TokenStream {
    let number = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 { quote!(-#number) } else { quote!(#number) }
}
