//! The visits as files for the engines.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jadegate_bench_tracing::visits::{START, Visit};

use crate::Result;

/// Columns of little-endian 32-bit numbers: `holder.u32`, `place.u32`, `entered.u32`, `left.u32`,
/// and `cases.u32`.
pub(super) fn columns(folder: &Path, visits: &[Visit], cases: &[u32]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, of: fn(&Visit) -> u32| {
        numbers(&folder.join(name).with_extension("u32"), visits.iter().map(of))
    };
    write("holder", |v| v.holder)?;
    write("place", |v| v.place)?;
    write("entered", |v| v.entered)?;
    write("left", |v| v.left)?;
    numbers(&folder.join("cases.u32"), cases.iter().copied())
}

fn numbers(path: &Path, numbers: impl Iterator<Item = u32>) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for n in numbers {
        file.write_all(&n.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

/// A file for PostgreSQL's `COPY … (FORMAT binary)`: holder, place, begin and end, moments in
/// seconds from the town's beginning.
pub(super) fn copy_binary(path: &Path, visits: &[Visit]) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    // Signature, flags, length of the extension.
    file.write_all(b"PGCOPY\n\xff\r\n\0")?;
    file.write_all(&[0; 8])?;
    for v in visits {
        file.write_all(&4_u16.to_be_bytes())?;
        for n in [v.holder, v.place, v.entered - START, v.left - START] {
            file.write_all(&4_u32.to_be_bytes())?;
            file.write_all(&n.to_be_bytes())?;
        }
    }
    file.write_all(&u16::MAX.to_be_bytes())?;
    Ok(file.flush()?)
}
