//! The CPython interpreters that are installed, as the tests of the workspace find them.

use std::path::PathBuf;
use std::process::Command;

/// A CPython that is installed here.
#[derive(Debug)]
pub(crate) struct Python {
    /// Its program.
    pub(crate) path: PathBuf,
    /// `3.14.10`
    pub(crate) release: String,
}

/// The newest 3.`minor` of those that `FRAMESPEC_PYTHONS` lists (separated by `:`), or else that are on `PATH`, below
/// pyenv's folder and in `~/.cache/pythons/bin`.
pub(crate) fn find(minor: u8) -> Option<Python> {
    let program = format!("python3.{minor}");
    let candidates: Vec<PathBuf> = match std::env::var_os("FRAMESPEC_PYTHONS") {
        Some(listed) => std::env::split_paths(&listed).collect(),
        None => folders().into_iter().map(|folder| folder.join(&program)).collect(),
    };
    let found = candidates.into_iter().filter(|path| path.is_file()).filter_map(|path| {
        let script = "import sys; assert sys.implementation.name == 'cpython'; print(*sys.version_info[:3])";
        let output = Command::new(&path).args(["-c", script]).output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let parts: Vec<u32> = said.split_whitespace().filter_map(|part| part.parse().ok()).collect();
        match parts[..] {
            [3, second, micro] if second == u32::from(minor) => Some((micro, path)),
            _ => None,
        }
    });
    let (micro, path) = found.max()?;
    Some(Python { path, release: format!("3.{minor}.{micro}") })
}

fn folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let mut folders: Vec<PathBuf> = Vec::new();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    if let Ok(versions) = std::fs::read_dir(pyenv.join("versions")) {
        folders.extend(versions.flatten().map(|entry| entry.path().join("bin")));
    }
    folders.push(home.join(".cache/pythons/bin"));
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders
}
