//! Small files that must not be lost or half written.

use std::fs::{File, OpenOptions};
use std::io::{Result, Write as _};
use std::path::Path;

/// Writes a new file that only its owner can read; fails if there is one.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut out = options.open(path)?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all())
}

/// Replaces a file in one step: a crash leaves the old one or the new one. When this returns, it is the
/// new one, whatever happens to the machine.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let fresh = path.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    create(&fresh, text)?;
    std::fs::rename(&fresh, path)?;
    // The new name is durable only when its folder is.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|d| d.sync_all())
}
