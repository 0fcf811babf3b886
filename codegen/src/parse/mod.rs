//! Text to rows: shape only, no meaning yet.

pub(crate) mod spec;
pub(crate) mod yaml;
