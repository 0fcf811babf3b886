//! Text to rows: shape only, no meaning yet.

pub(crate) mod yaml;
