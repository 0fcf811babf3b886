//! The file that dump.py writes.

/// A code object's tables.
#[derive(Debug)]
pub struct Code<'a> {
    pub firstlineno: i32,
    pub units: u32,
    pub linetable: &'a [u8],
    pub exceptiontable: &'a [u8],
}

/// Line, end line, column, end column of a unit; -1 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Row {
    pub line: i32,
    pub end_line: i32,
    pub column: i32,
    pub end_column: i32,
}

/// The code objects in a file.
pub fn split(mut bytes: &[u8]) -> Result<Vec<Code<'_>>, String> {
    let whole = bytes.len();
    let mut codes = Vec::new();
    while !bytes.is_empty() {
        let at = whole - bytes.len();
        let code = split_one(&mut bytes).ok_or_else(|| format!("the file ends within the code object at byte {at}"))?;
        codes.push(code);
    }
    Ok(codes)
}

fn split_one<'a>(bytes: &mut &'a [u8]) -> Option<Code<'a>> {
    let mut take = |count: usize| {
        let (taken, rest) = bytes.split_at_checked(count)?;
        *bytes = rest;
        Some(taken)
    };
    let mut number = || Some(u32::from_le_bytes(take(4)?.try_into().ok()?));
    let (firstlineno, units, lines, handlers) = (number()?.cast_signed(), number()?, number()?, number()?);
    let (linetable, exceptiontable) = (take(lines as usize)?, take(handlers as usize)?);
    Some(Code { firstlineno, units, linetable, exceptiontable })
}
