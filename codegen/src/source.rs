//! Files that were read, and places in them.
//!
//! Knows text and byte offsets; knows nothing of what the text means.

use std::path::{Path, PathBuf};

/// Which file of a [`Sources`] a place lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A half-open range of bytes `[start, end)` in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A value and where it was written; facts that were just imported have no place yet.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// What was written.
    pub value: T,
    /// Where, if it came out of a file.
    pub span: Option<Span>,
}

/// Two values are equal wherever they stand: a place is for messages, it is no part of a fact.
impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for At<T> {}

impl<T> At<T> {
    /// A value that stands in no file.
    pub fn nowhere(value: T) -> Self {
        At { value, span: None }
    }

    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At { value: f(self.value), span: self.span }
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: std::fmt::Display> std::fmt::Display for At<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

/// One file: the name that messages show, and its text.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as shown to the user, with `/` on every system.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// All files of a run.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not UTF-8.
    pub fn read(&mut self, path: &Path) -> std::io::Result<SourceId> {
        let text = std::fs::read_to_string(path)?;
        Ok(self.add(path, text))
    }

    /// Takes text that is already here, under the name of `path`.
    pub fn add(&mut self, path: &Path, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(SourceFile { name: slashed(path), path: path.to_owned(), text: text.into() });
        id
    }

    /// The file of an id.
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Line (from 1) and column (from 1, in characters) where a span starts.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let before = &self.file(span.source).text.as_bytes()[..span.start as usize];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        (line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1)
    }
}

/// A path with `/` between its parts on every system.
pub fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
        .replacen("//", "/", 1)
}
