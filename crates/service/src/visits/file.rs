//! The file beside the database. It is as sensitive as the visits: only its owner reads it, there is
//! always a whole one or none, and it goes rather than keep what was dropped.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jadegate_trace::{SavedError, SavedFrom, VisitIndex};

#[derive(Debug)]
pub(super) struct IndexFile {
    path: PathBuf,
    /// Written first and then put in the place of the other.
    fresh: PathBuf,
    /// Whoever asked for a write may have gone away while it goes on.
    one: Mutex<()>,
}

impl IndexFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let mut fresh = path.clone().into_os_string();
        fresh.push(".new");
        Self { path, fresh: fresh.into(), one: Mutex::default() }
    }

    /// Takes away what a crash left half written.
    pub(super) fn tidy(&self) -> io::Result<()> {
        gone(&self.fresh).map(drop)
    }

    /// What is in it; `None` if there is no file.
    pub(super) fn read(&self) -> Result<Option<(SavedFrom, VisitIndex)>, SavedError> {
        match File::open(&self.path) {
            Ok(mut file) => VisitIndex::load(&mut file).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(SavedError::Unreadable(e)),
        }
    }

    /// Writes it anew and puts it in place, durable on return; its bytes.
    pub(super) fn write(&self, from: &SavedFrom, index: &VisitIndex) -> io::Result<u64> {
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.write_fresh(from, index).and_then(|bytes| {
            fs::rename(&self.fresh, &self.path)?;
            self.sync_folder()?;
            Ok(bytes)
        });
        written.inspect_err(|_| {
            let _ = gone(&self.fresh);
        })
    }

    fn write_fresh(&self, from: &SavedFrom, index: &VisitIndex) -> io::Result<u64> {
        self.tidy()?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.fresh)?;
        index.save(from, &mut file)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }

    /// Takes it away, whole or half written.
    pub(super) fn remove(&self) -> io::Result<()> {
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = gone(&self.path);
        let half = gone(&self.fresh);
        if whole? | half? { self.sync_folder() } else { Ok(()) }
    }

    /// A name is durable, and gone for good, only when its folder is.
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// Removes a file that may not be there; was it?
fn gone(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn there_is_always_a_whole_file_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = IndexFile::new(dir.path().join("visits.index"));
        assert!(file.read().unwrap().is_none());
        // Left by a crash, readable by all.
        fs::write(&file.fresh, b"half").unwrap();
        let from = SavedFrom { store: [1; 16], days: Vec::new() };
        let bytes = file.write(&from, &VisitIndex::new()).unwrap();
        assert_eq!(file.read().unwrap().unwrap().0, from);
        let meta = fs::metadata(&file.path).unwrap();
        assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (bytes, 0o600));
        assert!(!file.fresh.exists());

        // What cannot be put in place leaves the old one as it was, and nothing half written.
        let blocked = IndexFile::new(dir.path().join("folder"));
        fs::create_dir(&blocked.path).unwrap();
        assert!(blocked.write(&from, &VisitIndex::new()).is_err());
        assert!(!blocked.fresh.exists());
        assert!(matches!(blocked.read(), Err(SavedError::Unreadable(_))));

        fs::write(&file.fresh, b"half").unwrap();
        file.tidy().unwrap();
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(file.read().unwrap().is_none());
    }
}
