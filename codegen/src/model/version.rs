//! Version keys: minor, micro release, build flavour, architecture.

use std::fmt;
use std::str::FromStr;

/// A minor version, `3.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor {
    /// `3` of `3.14`.
    pub major: u8,
    /// `14` of `3.14`.
    pub minor: u8,
}

impl Minor {
    /// The oldest version that this project describes.
    pub const OLDEST: Minor = Minor { major: 3, minor: 8 };

    /// From the two numbers.
    pub const fn new(major: u8, minor: u8) -> Self {
        Minor { major, minor }
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Minor {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError { text: text.to_owned(), wanted: "a minor version such as 3.14" };
        let (major, minor) = text.split_once('.').ok_or_else(wrong)?;
        Ok(Minor { major: number(major).ok_or_else(wrong)?, minor: number(minor).ok_or_else(wrong)? })
    }
}

/// What a build is before its final release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `a1`
    Alpha(u8),
    /// `b1`
    Beta(u8),
    /// `rc1`
    Candidate(u8),
    /// A release proper.
    Final,
}

/// A release, `3.14.10` or `3.16.0a3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micro {
    /// `3.14` of `3.14.10`.
    pub minor: Minor,
    /// `10` of `3.14.10`.
    pub micro: u8,
    /// Final, or the stage before.
    pub stage: Stage,
}

impl Micro {
    /// The part after the minor version: `10`, `0a3`. Names the file of a layout.
    pub fn suffix(&self) -> String {
        match self.stage {
            Stage::Alpha(serial) => format!("{}a{serial}", self.micro),
            Stage::Beta(serial) => format!("{}b{serial}", self.micro),
            Stage::Candidate(serial) => format!("{}rc{serial}", self.micro),
            Stage::Final => self.micro.to_string(),
        }
    }

    /// Decodes `PY_VERSION_HEX`: one byte each of major, minor and micro, then the stage and its serial in four bits each.
    ///
    /// # Errors
    ///
    /// The stage is none of CPython's four.
    pub fn from_hex(hex: u32) -> Result<Self, VersionError> {
        let [major, minor, micro, rest] = hex.to_be_bytes();
        let serial = rest & 15;
        let stage = match rest >> 4 {
            0xA => Stage::Alpha(serial),
            0xB => Stage::Beta(serial),
            0xC => Stage::Candidate(serial),
            0xF => Stage::Final,
            _ => {
                return Err(VersionError {
                    text: format!("{hex:#010x}"),
                    wanted: "a PY_VERSION_HEX whose release level is alpha, beta, candidate or final",
                });
            }
        };
        Ok(Micro { minor: Minor { major, minor }, micro, stage })
    }
}

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minor, self.suffix())
    }
}

impl FromStr for Micro {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError { text: text.to_owned(), wanted: "a release such as 3.14.10 or 3.16.0a3" };
        let mut parts = text.splitn(3, '.');
        let (major, minor, last) = (parts.next(), parts.next(), parts.next());
        let (Some(major), Some(minor), Some(last)) = (major, minor, last) else { return Err(wrong()) };
        let digits = last.find(|c: char| !c.is_ascii_digit()).unwrap_or(last.len());
        let (micro, stage) = last.split_at(digits);
        let stage = if stage.is_empty() {
            Stage::Final
        } else if let Some(serial) = stage.strip_prefix("rc") {
            Stage::Candidate(number(serial).ok_or_else(wrong)?)
        } else if let Some(serial) = stage.strip_prefix('a') {
            Stage::Alpha(number(serial).ok_or_else(wrong)?)
        } else if let Some(serial) = stage.strip_prefix('b') {
            Stage::Beta(number(serial).ok_or_else(wrong)?)
        } else {
            return Err(wrong());
        };
        Ok(Micro {
            minor: Minor { major: number(major).ok_or_else(wrong)?, minor: number(minor).ok_or_else(wrong)? },
            micro: number(micro).ok_or_else(wrong)?,
            stage,
        })
    }
}

/// Digits without sign, space or leading zero: one spelling for each version.
fn number(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// How CPython was configured, as far as it moves the structs of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Flavour {
    /// A release build with the GIL.
    #[default]
    Default,
    /// `Py_GIL_DISABLED`, from 3.13.
    FreeThreaded,
    /// `Py_DEBUG`.
    Debug,
    /// Both.
    FreeThreadedDebug,
}

impl Flavour {
    /// All of them.
    pub const ALL: [Flavour; 4] = [Flavour::Default, Flavour::FreeThreaded, Flavour::Debug, Flavour::FreeThreadedDebug];

    /// From the two options that make it.
    pub fn new(free_threaded: bool, debug: bool) -> Self {
        match (free_threaded, debug) {
            (false, false) => Flavour::Default,
            (true, false) => Flavour::FreeThreaded,
            (false, true) => Flavour::Debug,
            (true, true) => Flavour::FreeThreadedDebug,
        }
    }

    /// The name in a facts file.
    pub fn name(self) -> &'static str {
        match self {
            Flavour::Default => "default",
            Flavour::FreeThreaded => "free-threaded",
            Flavour::Debug => "debug",
            Flavour::FreeThreadedDebug => "free-threaded-debug",
        }
    }

    /// CPython's own ABI letters, which end the folder's name: `3.14t`.
    pub fn suffix(self) -> &'static str {
        match self {
            Flavour::Default => "",
            Flavour::FreeThreaded => "t",
            Flavour::Debug => "d",
            Flavour::FreeThreadedDebug => "td",
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flavour {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Flavour::ALL.into_iter().find(|flavour| flavour.name() == text).ok_or_else(|| VersionError {
            text: text.to_owned(),
            wanted: "one of default, free-threaded, debug, free-threaded-debug",
        })
    }
}

/// What a user types to name a layout: `3.14`, `3.14t`, `3.13.0`, `3.13.18t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The minor version.
    pub minor: Minor,
    /// One release, or the newest that is known.
    pub micro: Option<Micro>,
    /// The build flavour.
    pub flavour: Flavour,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.micro {
            Some(micro) => write!(f, "{micro}{}", self.flavour.suffix()),
            None => write!(f, "{}{}", self.minor, self.flavour.suffix()),
        }
    }
}

impl FromStr for Key {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let letters = text.len() - text.bytes().rev().take_while(|byte| matches!(byte, b't' | b'd')).count();
        let (version, suffix) = text.split_at(letters);
        let wrong = || VersionError { text: text.to_owned(), wanted: "a version such as 3.14, 3.14t or 3.13.0" };
        let flavour = Flavour::ALL.into_iter().find(|flavour| flavour.suffix() == suffix).ok_or_else(wrong)?;
        match version.parse::<Minor>() {
            Ok(minor) => Ok(Key { minor, micro: None, flavour }),
            Err(_) => {
                let micro: Micro = version.parse().map_err(|_| wrong())?;
                Ok(Key { minor: micro.minor, micro: Some(micro), flavour })
            }
        }
    }
}

/// A range of minor versions, both ends included, open where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Range {
    /// First version.
    pub since: Option<Minor>,
    /// Last version.
    pub until: Option<Minor>,
}

impl Range {
    /// Whether a version lies in it.
    pub fn contains(&self, minor: Minor) -> bool {
        self.since.is_none_or(|since| since <= minor) && self.until.is_none_or(|until| minor <= until)
    }

    /// The first version that lies in both, if any does.
    pub fn overlap(&self, other: &Range) -> Option<Minor> {
        let first = self.since.max(other.since).unwrap_or(Minor::OLDEST);
        (self.contains(first) && other.contains(first)).then_some(first)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.since, self.until) {
            (None, None) => f.write_str("every version"),
            (Some(since), None) => write!(f, "{since} on"),
            (None, Some(until)) => write!(f, "up to {until}"),
            (Some(since), Some(until)) if since == until => write!(f, "{since} only"),
            (Some(since), Some(until)) => write!(f, "{since} to {until}"),
        }
    }
}

/// Text that should have been a version, flavour or key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    text: String,
    wanted: &'static str,
}

impl VersionError {
    /// What would have been right.
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.text, self.wanted)
    }
}

impl std::error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_prints_as_it_was_read() {
        for text in ["3.8", "3.14", "3.14t", "3.13.0", "3.13.18td", "3.16.0a3", "3.16.0rc1t"] {
            assert_eq!(text.parse::<Key>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn keys_that_are_none() {
        for text in
            ["", "3", "3.", "3.014", "3.14x", "3.14.1.2", "3.14.1c1", "3.14tt", "three", "3.14dt", "3.999", "+3.1"]
        {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn releases_are_in_order_of_time() {
        let order = ["3.13.18", "3.14.0a1", "3.14.0a2", "3.14.0b1", "3.14.0rc1", "3.14.0", "3.14.1", "3.14.10"];
        let micros: Vec<Micro> = order.iter().map(|text| text.parse().expect(text)).collect();
        assert!(micros.is_sorted());
    }

    #[test]
    fn version_hex() {
        assert_eq!(Micro::from_hex(0x030E_0AF0).expect("final").to_string(), "3.14.10");
        assert_eq!(Micro::from_hex(0x0310_00A3).expect("alpha").to_string(), "3.16.0a3");
        assert!(Micro::from_hex(0x0310_0013).is_err());
    }
}
