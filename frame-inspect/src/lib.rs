//! `frame-inspect pyc`: what is in .pyc files of CPython 3.8 to 3.15, for people and as JSON.
//!
//! A file becomes text by [`pyc::show`], alone and in memory; the command runs several at a time and prints what they
//! became in the order of its arguments.

mod command;
mod json;
mod listing;
mod meaning;
mod page;
pub mod pyc;
mod repr;
mod text;

pub use command::run;
pub use page::Style;
