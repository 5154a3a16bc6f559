//! What several commands share.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use jadegate_service::Settings;

use crate::config::Config;
use crate::failure::Failure;
use crate::wire::{self, Deployment};
use crate::world::{OsEntropy, SystemClock};

/// The exit code that says: done, but something needs attention.
pub(super) const ATTENTION: u8 = 2;

/// Opens the deployment alone, for a command that writes.
pub(super) async fn open(config: &Config) -> Result<Deployment, Failure> {
    let settings = Settings { serves: false, ..wire::settings(config, false)? };
    wire::open(config, settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await
}

/// A file, unpacked if it is gzip.
pub(super) fn open_file(path: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let buffered = BufReader::with_capacity(1 << 16, file);
    let gzip = path.extension().is_some_and(|e| e == "gz");
    Ok(if gzip { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) })
}
