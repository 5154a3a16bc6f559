//! Files as records: which, by whom, when, what came of them.

use std::io::Read;

use aws_lc_rs::digest::{Context, SHA256};
use jadegate_domain::id::ImportId;
use jadegate_domain::record::ImportKind;
use jadegate_domain::{AgencyId, StaffId, Timestamp};
use jadegate_store::{ImportCounts, ImportRun, Write};

use crate::app::App;
use crate::author::Author;
use crate::error::Result;

/// A file of which the digest is made while it is read.
pub(crate) struct Digesting<R> {
    file: R,
    context: Context,
}

impl<R: Read> Digesting<R> {
    pub(crate) fn new(file: R) -> Self {
        Self { file, context: Context::new(&SHA256) }
    }

    /// SHA-256 of all that was read.
    pub(crate) fn sha256(self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.context.finish().as_ref());
        digest
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.context.update(&buffer[..n]);
        Ok(n)
    }
}

impl App {
    /// Notes that a file of this digest is taken over, before the first line of it is.
    pub(crate) async fn begin_import(
        &self,
        kind: ImportKind,
        author: &Author,
        digest: [u8; 32],
    ) -> Result<ImportId> {
        self.begin_import_by(kind, (Some(author.agency), author.staff), digest).await
    }

    /// The same for a file that may be told for nobody's agency, by the machine's own command line.
    pub(crate) async fn begin_import_by(
        &self,
        kind: ImportKind,
        (agency, staff): (Option<AgencyId>, Option<StaffId>),
        digest: [u8; 32],
    ) -> Result<ImportId> {
        let now: Timestamp = self.now();
        let run = ImportRun {
            id: ImportId::from_random(self.deployment.rng.bits()),
            kind,
            agency,
            staff,
            started_at: now,
            digest,
            ended: None,
            withdrawn_at: None,
        };
        let id = run.id;
        self.commit("begin_import", vec![Write::AddImport(Box::new(run))]).await?;
        Ok(id)
    }

    /// Notes what it came to.
    pub(crate) async fn end_import(&self, id: ImportId, counts: ImportCounts) -> Result<()> {
        self.commit("end_import", vec![Write::EndImport { id, at: self.now(), counts }]).await
    }
}
