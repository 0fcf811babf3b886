//! A .pyc file becomes text.

use std::fmt;

use frame_runtime::code::Code;
use frame_runtime::plain::{Object, Plain};
use frame_runtime::pyc::{self, Header, PycError};
use frame_runtime::table::DecodeError;
use frame_runtime::version::{self, Version};

use crate::page::{Endless, Page, Style};
use crate::{json, listing, repr};

/// What a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A listing for people.
    Listing(Style),
    /// One JSON object a line.
    Json,
}

/// What is wrong with a file: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(String);

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a code object is not shown to its end.
pub(crate) enum Stop {
    Endless,
    Table(DecodeError),
}

impl From<Endless> for Stop {
    fn from(_: Endless) -> Stop {
        Stop::Endless
    }
}

impl From<DecodeError> for Stop {
    fn from(error: DecodeError) -> Stop {
        Stop::Table(error)
    }
}

/// The text that a .pyc file of any version becomes. `path` is what a listing calls it.
///
/// The outermost code object comes first, then those among its constants, each followed by its own.
///
/// # Errors
///
/// [`Damage`]: the file cannot be read to its end, with the byte of the file; or a table of one of its code objects cannot,
/// with the byte of the table; or it would become very much longer than it is.
pub fn show(path: &str, bytes: &[u8], form: Form) -> Result<String, Damage> {
    let header = Header::read(bytes).map_err(|error| Damage(error.to_string()))?;
    let show = match header.version {
        "3.8" => show_as::<version::Cpython3_8>,
        "3.9" => show_as::<version::Cpython3_9>,
        "3.10" => show_as::<version::Cpython3_10>,
        "3.11" => show_as::<version::Cpython3_11>,
        "3.12" => show_as::<version::Cpython3_12>,
        "3.13" => show_as::<version::Cpython3_13>,
        "3.14" => show_as::<version::Cpython3_14>,
        "3.15" => show_as::<version::Cpython3_15>,
        _ => return Err(Damage(PycError::Magic(header.magic).to_string())),
    };
    show(path, bytes, form)
}

fn show_as<P: Version>(path: &str, bytes: &[u8], form: Form) -> Result<String, Damage> {
    let (header, code) = pyc::read(&Plain::<P>::default(), bytes).map_err(|error| Damage(error.to_string()))?;
    let mut page = match form {
        Form::Listing(style) => Page::new(bytes.len(), style),
        Form::Json => Page::new(bytes.len(), Style::Plain),
    };
    let endless =
        || Damage(format!("byte {}: its code objects hold each other so often that there is no end", Header::SIZE));
    if matches!(form, Form::Listing(_)) {
        listing::show_header(&mut page, path, &header).map_err(|_| endless())?;
    }
    let mut codes: Vec<&Code<Plain<P>>> = vec![&code];
    while let Some(code) = codes.pop() {
        let shown = match form {
            Form::Listing(_) => listing::show(&mut page, code),
            Form::Json => json::show(&mut page, code),
        };
        shown.map_err(|stop| match stop {
            Stop::Endless => endless(),
            Stop::Table(error) => Damage(format!("{}: {error}", repr::code(code))),
        })?;
        let within = code.consts().iter().rev().filter_map(|constant| match constant.object() {
            Object::Code(code) => Some(&**code),
            _ => None,
        });
        codes.extend(within);
    }
    Ok(page.into_text())
}
