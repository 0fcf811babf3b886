//! What is written between the parentheses.

use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Path, Token, ext::IdentExt as _};

/// `"FILE", observed = "DIR", crate = PATH`
pub(crate) struct Layout {
    pub(crate) file: LitStr,
    pub(crate) observed: Option<LitStr>,
    pub(crate) runtime: Option<Path>,
}

impl Parse for Layout {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut layout = Layout { file: input.parse()?, observed: None, runtime: None };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "observed" if layout.observed.is_none() => layout.observed = Some(input.parse()?),
                "crate" if layout.runtime.is_none() => layout.runtime = Some(input.parse()?),
                "observed" | "crate" => return Err(syn::Error::new(key.span(), format!("`{key}` is given twice"))),
                _ => return Err(syn::Error::new(key.span(), "expected `observed = \"DIR\"` or `crate = PATH`")),
            }
        }
        Ok(layout)
    }
}
