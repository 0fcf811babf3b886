//! The parts of an ELF file that an import reads: debug sections with their relocations done, and the bytes of symbols.
//!
//! The file is input, not truth: whatever it holds, the answer is a value or an error.

use std::borrow::Cow;

use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};
use object::{RelocationTarget, SectionIndex, SymbolIndex};

/// Why an object file could not be read.
pub(crate) type ObjectError = String;

/// An ELF file in memory.
pub(crate) struct ObjectFile<'data> {
    file: object::File<'data>,
}

impl<'data> ObjectFile<'data> {
    /// Reads the headers.
    pub(crate) fn parse(bytes: &'data [u8]) -> Result<Self, ObjectError> {
        let file = object::File::parse(bytes).map_err(|error| format!("not an object file: {error}"))?;
        if !file.is_little_endian() || !file.is_64() {
            return Err("not a 64-bit little-endian object file".to_owned());
        }
        Ok(ObjectFile { file })
    }

    /// The uncompressed bytes of a section, relocated; empty when there is none of that name.
    pub(crate) fn section(&self, name: &str) -> Result<Vec<u8>, ObjectError> {
        let Some(section) = self.file.section_by_name(name) else { return Ok(Vec::new()) };
        self.relocated(section.index())
    }

    fn relocated(&self, index: SectionIndex) -> Result<Vec<u8>, ObjectError> {
        let section = self.file.section_by_index(index).map_err(fault)?;
        let mut bytes = uncompressed(&section)?.into_owned();
        for (offset, relocation) in section.relocations() {
            let target = match relocation.target() {
                RelocationTarget::Symbol(symbol) => self.address(symbol)?,
                RelocationTarget::Absolute => 0,
                _ => continue,
            };
            let width = usize::from(relocation.size() / 8);
            let start = usize::try_from(offset).map_err(|_| "a relocation lies outside its section")?;
            let Some(place) = start.checked_add(width).and_then(|end| bytes.get_mut(start..end)) else {
                return Err("a relocation lies outside its section".to_owned());
            };
            let mut value = target.wrapping_add_signed(relocation.addend());
            if relocation.has_implicit_addend() {
                let mut old = [0; 8];
                old[..width.min(8)].copy_from_slice(&place[..width.min(8)]);
                value = value.wrapping_add(u64::from_le_bytes(old));
            }
            match width {
                4 => place.copy_from_slice(&value.to_le_bytes()[..4]),
                8 => place.copy_from_slice(&value.to_le_bytes()),
                _ => {}
            }
        }
        Ok(bytes)
    }

    fn address(&self, symbol: SymbolIndex) -> Result<u64, ObjectError> {
        self.file
            .symbol_by_index(symbol)
            .map(|symbol| symbol.address())
            .map_err(|error| format!("a relocation names no symbol: {error}"))
    }

    /// The initial bytes of a variable; `None` when there is no such symbol, or it has no bytes in the file.
    pub(crate) fn symbol(&self, name: &str) -> Option<Vec<u8>> {
        let mut symbols = self.file.symbols().chain(self.file.dynamic_symbols());
        let symbol = symbols.find(|symbol| symbol.name() == Ok(name) && symbol.is_definition())?;
        let section = self.file.section_by_index(symbol.section_index()?).ok()?;
        let data = uncompressed(&section).ok()?;
        let start = usize::try_from(symbol.address().checked_sub(section.address())?).ok()?;
        let size = usize::try_from(symbol.size()).ok()?;
        if matches!(section.kind(), object::SectionKind::UninitializedData) {
            return None;
        }
        data.get(start..start.checked_add(size)?).map(<[u8]>::to_vec)
    }
}

/// More than any probe has; a damaged header can claim any size.
const LARGEST_SECTION: u64 = 256 << 20;

fn fault(error: object::Error) -> ObjectError {
    format!("a section cannot be read: {error}")
}

/// A section's bytes, decompressed where its size can be believed.
fn uncompressed<'data>(section: &object::Section<'data, '_>) -> Result<Cow<'data, [u8]>, ObjectError> {
    let compressed = section.compressed_data().map_err(fault)?;
    if compressed.uncompressed_size > LARGEST_SECTION {
        return Err("a section cannot be read: it claims to be larger than 256 MiB".to_owned());
    }
    compressed.decompress().map_err(fault)
}

/// Consecutive little-endian 64-bit words.
pub(crate) fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect()
}
