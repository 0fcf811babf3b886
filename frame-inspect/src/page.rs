//! Text that is being written: with colours or without, and never longer than a file of its size can need.

use std::fmt;

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// No colours.
    Plain,
    /// Colours of a terminal.
    Coloured,
}

/// What a piece of text is, which is what it has its colour for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    Heading,
    Line,
    Faint,
    Opcode,
    Meaning,
    Target,
}

/// What a byte of a file may at most become. A large file has about 30.
const TEXT_PER_BYTE: usize = 2000;

/// There is no end to what a file would become: its code objects hold the same ones over and over.
#[derive(Debug)]
pub(crate) struct Endless;

/// The text.
pub(crate) struct Page {
    text: String,
    most: usize,
    style: Style,
}

impl Page {
    /// An empty page for a file of so many bytes.
    pub(crate) fn new(bytes: usize, style: Style) -> Page {
        Page { text: String::new(), most: bytes.saturating_mul(TEXT_PER_BYTE), style }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), Endless> {
        if self.text.len() + text.len() > self.most {
            return Err(Endless);
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) -> Result<(), Endless> {
        match text.as_str() {
            Some(text) => self.push(text),
            None => self.push(&text.to_string()),
        }
    }

    /// Pushes text in its colour.
    pub(crate) fn paint(&mut self, paint: Paint, text: &str) -> Result<(), Endless> {
        if self.style == Style::Plain || text.is_empty() {
            return self.push(text);
        }
        let colour = match paint {
            Paint::Heading => "1",
            Paint::Line => "33",
            Paint::Faint => "2",
            Paint::Opcode => "36",
            Paint::Meaning => "32",
            Paint::Target => "35",
        };
        self.write(format_args!("\x1b[{colour}m{text}\x1b[0m"))
    }
}
